"""The exercises and questions of notebook 08."""

import torch
from torch import nn

from nnutils import pytorch
from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question

# --- 08.1: let torch find a gradient -------------------------------------------------------------


def gradient(f, x):
    """Return the gradient of the number f(x): a tensor of the shape of x."""
    x = x.clone().requires_grad_()
    y = f(x)
    y.backward()
    return x.grad


def _the_value(f, x):
    return f(x)


def _nothing(f, x):
    return None


def _the_input(f, x):
    return x


def _sum_of_squares(x):
    return (x**2).sum()


def _product(x):
    return x.prod()


def _mixed(x):
    return torch.exp(x[0]) * x[1] + 3 * x[2]


# --- 08.2: write a linear layer as a module ------------------------------------------------------


def linear(W, b, x):
    """Build a linear layer; return its outputs for x and its parameters by name and shape."""

    class MyLinear(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(W)
            self.bias = nn.Parameter(b)

        def forward(self, x):
            return x @ self.weight.T + self.bias

    layer = MyLinear()
    return layer(x).detach(), {name: tuple(p.shape) for name, p in layer.named_parameters()}


def _names_and_shapes(W, b):
    return {"weight": tuple(W.shape), "bias": tuple(b.shape)}


def _plain_tensors(W, b, x):
    return x @ W.T + b, {}


def _bias_is_no_parameter(W, b, x):
    return x @ W.T + b, {"weight": tuple(W.shape)}


def _without_bias(W, b, x):
    return x @ W.T, _names_and_shapes(W, b)


def _kept_turned(W, b, x):
    return x @ W.T + b, _names_and_shapes(W.T, b)


def _not_turned(W, b, x):
    return x @ W + b, _names_and_shapes(W, b)


# --- 08.3: a table of shapes ---------------------------------------------------------------------


def shapes():
    """Return the shapes on the way of 16 colour images through the network, and two weights."""
    return {
        "after Conv2d(3, 8, 5)": (16, 8, 28, 28),
        "after MaxPool2d(2)": (16, 8, 14, 14),
        "after Conv2d(8, 16, 3)": (16, 16, 12, 12),
        "after Flatten()": (16, 2304),
        "weight of Conv2d(3, 8, 5)": (8, 3, 5, 5),
        "weight of Linear(…, 10)": (10, 2304),
    }


def _filled(conv1, pool, conv2, flat):
    return shapes() | {
        "after Conv2d(3, 8, 5)": (16, 8, conv1, conv1),
        "after MaxPool2d(2)": (16, 8, pool, pool),
        "after Conv2d(8, 16, 3)": (16, 16, conv2, conv2),
        "after Flatten()": (16, flat),
        "weight of Linear(…, 10)": (10, flat),
    }


def _sizes_kept():
    return _filled(32, 16, 16, 16 * 16 * 16)


def _one_pixel_too_few():
    return _filled(27, 13, 10, 16 * 10 * 10)


def _flattened_with_the_batch():
    return shapes() | {"after Flatten()": (16 * 2304,)}


def _weights_turned():
    return shapes() | {
        "weight of Conv2d(3, 8, 5)": (3, 8, 5, 5),
        "weight of Linear(…, 10)": (2304, 10),
    }


def _channels_last():
    return shapes() | {
        "after Conv2d(3, 8, 5)": (16, 28, 28, 8),
        "after MaxPool2d(2)": (16, 14, 14, 8),
        "after Conv2d(8, 16, 3)": (16, 12, 12, 16),
    }


def _explain_shapes(got):
    if not isinstance(got, dict) or got.keys() != shapes().keys():
        return "Keep the names of the table as they are and fill in the shapes."
    wrong = next(name for name, shape in shapes().items() if got[name] != shape)
    return (
        f'Look again at "{wrong}". Images: (examples, channels, rows, columns). Weights: out first.'
    )


# --- 08.4: copy weights --------------------------------------------------------------------------


def copy_weights(arrays, model, x):
    """Copy the arrays [W1, b1, W2, b2, …] into the model; return its outputs for x."""
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays):
            parameter.copy_(torch.tensor(array))
        return model(x)


def _only_the_name(arrays, model, x):
    with torch.no_grad():
        return model(x)


def _only_weights(arrays, model, x):
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays):
            if array.ndim == 2:
                parameter.copy_(torch.tensor(array))
        return model(x)


def _turned(arrays, model, x):
    return copy_weights([array.T for array in arrays], model, x)


def _added(arrays, model, x):
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays):
            parameter.add_(torch.tensor(array))
        return model(x)


# --- 08.5: training steps ------------------------------------------------------------------------


def training(model, optimizer, X, y, steps):
    """Take some steps on one batch; return the loss before each of them."""
    loss_function = nn.CrossEntropyLoss()
    losses = []
    for _ in range(steps):
        loss = loss_function(model(X), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def _train(model, optimizer, X, y, steps, output=lambda logits: logits, zero_grad=True):
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(output(model(X)), y)
        losses.append(loss.item())
        if zero_grad:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def _without_zero_grad(model, optimizer, X, y, steps):
    return _train(model, optimizer, X, y, steps, zero_grad=False)


def _without_an_update(model, optimizer, X, y, steps):
    return [nn.functional.cross_entropy(model(X), y).item()] * steps


def _softmax_before_the_loss(model, optimizer, X, y, steps):
    return _train(model, optimizer, X, y, steps, lambda logits: logits.softmax(dim=1))


def _relu_on_the_logits(model, optimizer, X, y, steps):
    return _train(model, optimizer, X, y, steps, torch.relu)


# --- Cases ---------------------------------------------------------------------------------------


def _tensor(*shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _small_mlp(*sizes):
    return pytorch.make_mlp(*sizes, generator=torch.Generator().manual_seed(0))


def _arrays(*shapes):
    """Return arrays of float64 as a NumPy network has them: [W1, b1, W2, b2, …]."""
    return [_tensor(*shape, seed=k).double().numpy() for k, shape in enumerate(shapes)]


def _training_case(optimizer, label, **settings):
    model = _small_mlp(4, 5, 3)
    X, y = _tensor(6, 4, seed=1), torch.tensor([0, 1, 2, 2, 1, 0])
    return Case((model, optimizer(model.parameters(), **settings), X, y, 5), label)


EXERCISES = [
    Exercise(
        id="08.1",
        title="Let PyTorch find a gradient",
        function="my_gradient",
        reference=gradient,
        cases=[
            Case((_sum_of_squares, torch.tensor([1.0, -2.0, 3.0])), "the sum of the squares"),
            Case((_product, torch.tensor([2.0, 5.0])), "the product of all numbers"),
            Case((_sum_of_squares, torch.tensor([[1.0, 2.0], [3.0, 4.0]])), "a table of numbers"),
            Case((_mixed, torch.tensor([0.5, 2.0, -1.0])), "exp(x[0]) · x[1] + 3 · x[2]"),
        ],
        hints=(
            "Torch records only what is computed from a tensor with `requires_grad`. Work on a "
            "copy, so that the caller's tensor stays as it is.",
            "`x.clone().requires_grad_()` is such a copy. `y.backward()` goes back through the "
            "record.",
            "`backward` returns nothing. The gradient is then in `x.grad`.",
        ),
        mistakes=[
            Mistake(
                _the_value,
                "That is the value of f at x. Its gradient says how this value changes with each "
                "number of x.",
            ),
            Mistake(
                _nothing,
                "The answer is `None`. `backward()` returns nothing, and `y.grad` is empty too: "
                "the gradient is left in `x.grad`.",
            ),
            Mistake(_the_input, "That is x itself. The gradient is beside it, in `x.grad`."),
        ],
    ),
    Exercise(
        id="08.2",
        title="Write a linear layer as a module",
        function="my_linear",
        reference=linear,
        cases=[
            Case((_tensor(2, 3, seed=0), _tensor(2, seed=1), _tensor(4, 3, seed=2)), "3 → 2"),
            Case((_tensor(3, 3, seed=3), _tensor(3, seed=4), _tensor(2, 3, seed=5)), "3 → 3"),
            Case((_tensor(1, 5, seed=6), _tensor(1, seed=7), _tensor(3, 5, seed=8)), "5 → 1"),
        ],
        hints=(
            "Before a module can take note of anything, `super().__init__()` must have run.",
            "A tensor becomes a parameter by `nn.Parameter(W)`. A plain tensor is overlooked.",
            "forward: x @ self.weight.T + self.bias, the formula of every layer in this course.",
        ),
        mistakes=[
            Mistake(
                _plain_tensors,
                "The outputs are right, but the layer has no parameters: an optimizer would find "
                "nothing to learn. Wrap each tensor in `nn.Parameter`.",
            ),
            Mistake(
                _bias_is_no_parameter,
                "The outputs are right, but the bias is a plain tensor: it would never learn. "
                "Wrap it in `nn.Parameter` too.",
            ),
            Mistake(_without_bias, "The bias is missing in `forward`: it is added to every row."),
            Mistake(
                _kept_turned,
                "The outputs are right, but the weight is kept as (in, out). Keep it as it comes, "
                "(out, in), as torch does, and turn it in `forward`.",
            ),
            Mistake(
                _not_turned,
                "The weight must be turned in `forward`: x @ W.T, because W has the shape "
                "(out, in). With a square W nothing would complain.",
            ),
        ],
    ),
    Exercise(
        id="08.3",
        title="Fill in the table of shapes",
        function="my_shapes",
        reference=shapes,
        cases=[Case(())],
        hints=(
            "The 16 examples stand in front all the way. A window of 5 pixels fits into a row of "
            "32 at 32 − 5 + 1 places.",
            "MaxPool2d(2) halves rows and columns and leaves the channels. Flatten() multiplies "
            "all axes but the first.",
            "Weights have the outputs first: (out, in) for Linear, (out, in, rows, columns) for "
            "Conv2d. The batch does not occur in them.",
        ),
        mistakes=[
            Mistake(
                _sizes_kept,
                "You keep the size of the images. Without padding a window of 5 pixels fits at "
                "32 − 5 + 1 places only.",
            ),
            Mistake(
                _one_pixel_too_few,
                "One place is missing: a window of k pixels fits into a row of n at n − k + 1 "
                "places, not at n − k.",
            ),
            Mistake(
                _flattened_with_the_batch,
                "Flatten() leaves the first axis alone: each of the 16 examples becomes a row.",
            ),
            Mistake(
                _weights_turned,
                "The weights are turned: the outputs come first, (out, in) and "
                "(out, in, rows, columns).",
            ),
            Mistake(
                _channels_last,
                "You put the channels last, as picture files have them. Torch has them right "
                "behind the examples.",
            ),
        ],
        explain=_explain_shapes,
    ),
    Exercise(
        id="08.4",
        title="Copy weights",
        function="my_copy_weights",
        reference=copy_weights,
        cases=[
            Case(
                (_arrays((3, 4), (3,), (2, 3), (2,)), _small_mlp(4, 3, 2), _tensor(5, 4, seed=9)),
                "4–3–2",
            ),
            Case(
                (_arrays((3, 3), (3,), (3, 3), (3,)), _small_mlp(3, 3, 3), _tensor(2, 3, seed=9)),
                "3–3–3",
            ),
        ],
        hints=(
            "`parameter = …` only gives a name to something else. The numbers inside the "
            "parameter must change.",
            "A tensor has a method for that: `copy_`. The low line at its end says that it works "
            "in place.",
            "It takes a tensor, and `torch.tensor(array)` makes one.",
        ),
        mistakes=[
            Mistake(
                _only_the_name,
                "The model still has its own weights. `parameter = …` gives the name to another "
                "tensor and leaves the model alone: use `parameter.copy_(…)`.",
            ),
            Mistake(_only_weights, "The weights have arrived, the biases have not."),
            Mistake(
                _turned,
                "The weights are turned. Both sides keep them as (out, in): copy them as they are.",
            ),
            Mistake(
                _added,
                "The arrays were added to the model's own weights. They are to take their place.",
            ),
        ],
    ),
    Exercise(
        id="08.5",
        title="Take training steps",
        function="my_training",
        reference=training,
        cases=[
            _training_case(torch.optim.SGD, "SGD with rate 0.1", lr=0.1),
            _training_case(torch.optim.SGD, "SGD with momentum", lr=0.05, momentum=0.9),
            _training_case(torch.optim.Adam, "Adam", lr=0.01),
        ],
        hints=(
            "Forward, loss, wipe out the old gradients, backward, update.",
            "`loss_function(model(X), y)` takes logits: no softmax, no ReLU on them.",
            "The last three lines: optimizer.zero_grad(), loss.backward(), optimizer.step().",
        ),
        mistakes=[
            Mistake(
                _without_zero_grad,
                "`zero_grad` is missing: the gradients of all steps so far are added up, and the "
                "steps grow too large.",
            ),
            Mistake(
                _without_an_update,
                "The loss never changes. Either `backward` or `step` is missing, or `zero_grad` "
                "stands between them and wipes the gradients out before they are used.",
            ),
            Mistake(
                _softmax_before_the_loss,
                "`CrossEntropyLoss` applies softmax itself. You have applied it twice: hand over "
                "the logits.",
            ),
            Mistake(
                _relu_on_the_logits,
                "There is a ReLU on the logits. A class whose logit is negative gets no gradient.",
            ),
        ],
    ),
]

QUIZ = [
    Question(
        "08.w1",
        "From notebook 02: a layer of 5 neurons looks at 3 inputs. Its weights stand in an array "
        "with one row for each neuron. What is the shape of the array?",
        [
            Choice(
                "(3, 5)",
                False,
                "That has one row for each input. A neuron's weights stand side by side in a row.",
            ),
            Choice(
                "(5, 3)",
                True,
                "(out, in): five rows of three weights. PyTorch keeps them the same way.",
            ),
            Choice(
                "(15,)",
                False,
                "Fifteen weights it is, but in rows: one for each neuron.",
            ),
        ],
    ),
    Question(
        "08.w2",
        "From notebook 05: a network tells ten classes apart. What does its last layer hand to the "
        "cross-entropy loss?",
        [
            Choice(
                "ten probabilities, after softmax",
                False,
                "Softmax is inside the loss. Today you will see what a second one does.",
            ),
            Choice(
                "the number of the likeliest class",
                False,
                "That is the prediction. It jumps from class to class, so it has no gradient.",
            ),
            Choice(
                "ten logits",
                True,
                "Plain weighted sums, of any size and sign. Softmax is part of the loss.",
            ),
        ],
    ),
    Question(
        "08.w3",
        "From notebook 07: a window of 5 pixels slides along a row of 28, one pixel at a time and "
        "without padding. At how many places does it fit?",
        [
            Choice(
                "24",
                True,
                "28 − 5 + 1: the first place counts too.",
            ),
            Choice(
                "23",
                False,
                "28 − 5 is how often it can move on. It has fitted once before the first move.",
            ),
            Choice(
                "28",
                False,
                "That takes padding: two zeros on either side of the row.",
            ),
        ],
    ),
    Question(
        "08.q1",
        "A module keeps its layers in a plain list: `self.layers = [nn.Linear(4, 3), "
        "nn.Linear(3, 2)]`. Its `forward` uses them in turn. What happens?",
        [
            Choice(
                "Python complains when the list is made",
                False,
                "A list may hold anything, and `forward` even works. That is why the mistake is "
                "hard to see.",
            ),
            Choice(
                "it works as if each layer had a name of its own",
                False,
                "A module takes note of modules and parameters that are set as attributes. It does "
                "not look into a plain list, only into an `nn.ModuleList`.",
            ),
            Choice(
                "`forward` works, but `parameters()` is empty: nothing can learn",
                True,
                "The optimizer gets no parameters from these layers, and `to(device)` leaves them "
                "where they are. `nn.Sequential` or `nn.ModuleList` avoid it.",
            ),
        ],
    ),
    Question(
        "08.q2",
        "The batch grows from 64 to 128 images. What happens to the 90,550 parameters of the "
        "network above?",
        [
            Choice(
                "nothing",
                True,
                "Parameters belong to the blocks. The batch is the first axis of what flows "
                "through them, and of nothing else.",
            ),
            Choice(
                "they double",
                False,
                "What flows through the network doubles. The weights are the same for every image.",
            ),
            Choice(
                "only those of the last layer double",
                False,
                "`Linear(8000, 10)` has 8000 · 10 + 10 numbers, whether one image comes or a "
                "thousand.",
            ),
        ],
    ),
    Question(
        "08.q3",
        "With ten classes the training loss falls nicely, to 1.47, and then stands still. The "
        "accuracy is high. What do you suspect?",
        [
            Choice(
                "overfitting",
                False,
                "Then the *training* loss would go on towards 0. Here it stands still.",
            ),
            Choice(
                "softmax in the network as well as in the loss",
                True,
                "Its lowest value with ten classes is ln(e + 9) − 1 = 1.461. The order of the "
                "logits is still right, so the accuracy looks well.",
            ),
            Choice(
                "`zero_grad` is missing",
                False,
                "Then the loss would swing up and down. It would not come to rest.",
            ),
        ],
    ),
    Question(
        "08.q4",
        "You ask the same network about the same image twice and get two different answers. Which "
        "line is missing?",
        [
            Choice(
                "`with torch.no_grad():`",
                False,
                "It saves memory. The numbers are the same with and without it.",
            ),
            Choice(
                "`optimizer.zero_grad()`",
                False,
                "Gradients play no part in an answer. They matter only when the weights change.",
            ),
            Choice(
                "`model.eval()`",
                True,
                "Dropout is still at work and leaves out other neurons each time.",
            ),
        ],
    ),
]
