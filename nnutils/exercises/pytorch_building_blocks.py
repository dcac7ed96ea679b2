"""The exercises of notebook 08."""

import functools

import numpy as np

from nnutils.exercises.judge import Case, Exercise, slip
from nnutils.exercises.kinds import table
from nnutils.exercises.late import nn, torch


def gradient(f, x):
    """Return the gradient of the number f(x): a tensor of the shape of x."""
    x = x.clone().requires_grad_()
    y = f(x)
    y.backward()
    return x.grad


def linear(W, b):
    """Return a linear layer with the weight W, shape (out, in), and the bias b, shape (out,)."""

    class MyLinear(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(W)
            self.bias = nn.Parameter(b)

        def forward(self, x):
            return x @ self.weight.T + self.bias

    return MyLinear()


def _observe_layer(layer):
    """Return a layer's parameters, its outputs, and its outputs after a step of learning."""
    if not isinstance(layer, nn.Module):
        return layer
    x, parameters = _tensor(np.random.default_rng(0), 5, 3), dict(layer.named_parameters())
    outputs = layer(x)
    if outputs.requires_grad:
        outputs.square().sum().backward()
    learned = {n: p if p.grad is None else p - 0.1 * p.grad for n, p in parameters.items()}
    after = torch.func.functional_call(layer, learned, x)
    return {"outputs": outputs, "outputs after a step of learning": after} | parameters


def copy_weights(arrays, model, x):
    """Copy the arrays [W1, b1, W2, b2, …] into the model; return its outputs for x."""
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays):
            parameter.copy_(torch.tensor(array))
        return model(x)


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


# --- Cases ----------------------------------------------------------------------------------------


def _sum_of_squares(x):
    return (x**2).sum()


def _product(x):
    return x.prod()


def _mixed(x):
    return torch.exp(x[0]) * x[1] + 3 * x[2]


def _weighted_sines(weights, x):
    return (weights * torch.sin(x)).sum()


def _tensor(rng, *shape):
    return torch.tensor(rng.normal(size=shape).round(2), dtype=torch.float32)


def _with_a_gradient(x):
    """Return x as an earlier call may have left it."""
    x.grad = torch.ones(x.shape)
    return x


def _draw_formula(rng):
    shape = rng.integers(2, 5, 2)
    return functools.partial(_weighted_sines, _tensor(rng, *shape)), _tensor(rng, *shape)


def _weight_and_bias(rng, out):
    return _tensor(rng, out, 3), _tensor(rng, out)


def _mlp(rng, sizes):
    from nnutils.training import make_mlp

    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    return make_mlp(*sizes, generator=generator)


def _arrays_and_model(rng, sizes):
    """Return arrays of float64, as a NumPy network has them, a model of these sizes, and inputs."""
    model = _mlp(rng, sizes)
    arrays = [rng.normal(size=p.shape).round(2) for p in model.parameters()]
    return arrays, model, _tensor(rng, 6, sizes[0])


def _training(rng, sizes, steps, optimizer, **settings):
    """Return a model of these sizes, an optimizer with these settings, a batch, and ``steps``."""
    text = ", ".join(f"{name}={value}" for name, value in settings.items())

    class Short(optimizer):  # its own text has a dozen lines
        def __repr__(self):
            return f"{optimizer.__name__}({text})"

    model, X = _mlp(rng, sizes), _tensor(rng, 6, sizes[0])
    y = torch.tensor(rng.integers(sizes[-1], size=6))
    return model, Short(model.parameters(), **settings), X, y, steps


def _draw_training(rng):
    sizes, steps = rng.permutation([3, 4, 5]), int(rng.integers(2, 8))
    return _training(rng, sizes, steps, torch.optim.SGD, lr=rng.integers(5, 50) / 100, momentum=0.5)


# fmt: off
EXERCISES = [
    Exercise(
        "gradient",
        "Let PyTorch find a gradient",
        gradient,
        draw=_draw_formula,
        cases=lambda: [
            Case((_sum_of_squares, torch.tensor([1.0, -2.0, 3.0])), "the sum of the squares"),
            Case((_product, torch.tensor([2.0, 5.0])), "the product of all numbers"),
            Case((_sum_of_squares, torch.tensor([[1.0, 2.0], [3.0, 4.0]])), "a table of numbers"),
            Case((_mixed, torch.tensor([0.5, 2.0, -1.0])), "exp(x[0]) · x[1] + 3 · x[2]"),
            Case((_product, _with_a_gradient(torch.tensor([3.0, 7.0]))),
                 "x.grad holds [1, 1], the gradient of something else"),
        ],
        hints=[
            "Torch records only what is computed from a tensor with `requires_grad`. Work on a "
            "copy, so that the caller's tensor stays as it is.",
            "`x.clone().requires_grad_()` is such a copy. `y.backward()` goes back through the "
            "record.",
            "`backward` returns nothing. The gradient is then in `x.grad`.",
        ],
        mistakes=[
            slip("the_value", "return x.grad", "return y",
                 "That is the value of `f` at `x`. Its gradient says how this value changes with "
                 "each number of `x`."),
            slip("nothing", "return x.grad", "return None",
                 "The answer is `None`: is a `return` missing? `backward()` returns nothing: it "
                 "leaves the gradient in the tensor on which you called `requires_grad_()`, "
                 "not in `y`."),
            slip("the_input", "return x.grad", "return x",
                 "That is `x` itself. The gradient is beside it, in `x.grad`."),
            slip("without_a_copy", ".clone()", "",
                 "`x` still holds a gradient from before, and `backward` adds to it: work on a "
                 "copy of `x`."),
        ],
    ),
    Exercise(
        "linear",
        "Write a linear layer as a module",
        linear,
        minutes=10,
        draw=lambda rng: _weight_and_bias(rng, rng.integers(4, 7)),
        observe=_observe_layer,
        cases=lambda: [
            Case(_weight_and_bias(np.random.default_rng(0), out=2), "3 → 2"),
            Case(_weight_and_bias(np.random.default_rng(1), out=3), "3 → 3"),
            Case(_weight_and_bias(np.random.default_rng(2), out=1), "3 → 1"),
        ],
        hints=[
            "Before a module can take note of anything, `super().__init__()` must have run.",
            "A tensor becomes a parameter by `nn.Parameter(W)`. A plain tensor is overlooked.",
            "In `forward`: `x @ self.weight.T + self.bias`, the formula of every layer in this "
            "course.",
        ],
        mistakes=[
            slip("plain_tensors",
                 "nn.Parameter(W)\n            self.bias = nn.Parameter(b)",
                 "W\n            self.bias = b",
                 "The outputs are right, but the layer has no parameters: an optimizer would "
                 "find nothing to learn. Each tensor must be an `nn.Parameter`, and an attribute "
                 "of the module."),
            slip("bias_is_no_parameter", "nn.Parameter(b)", "b",
                 "The outputs are right, but the bias is no parameter of the layer: it would never "
                 "learn. It must be an `nn.Parameter` too."),
            slip("parameters_unused", "self.weight.T + self.bias", "W.T + b",
                 "The outputs are right, but they do not learn: `forward` must compute with "
                 "`self.weight` and `self.bias` themselves."),
            slip("without_bias", " + self.bias", "",
                 "The bias is missing in `forward`: it is added to every row."),
            slip("kept_turned",
                 "nn.Parameter(W)\n            self.bias = nn.Parameter(b)\n\n"
                 "        def forward(self, x):\n            return x @ self.weight.T",
                 "nn.Parameter(W.T)\n            self.bias = nn.Parameter(b)\n\n"
                 "        def forward(self, x):\n            return x @ self.weight",
                 "The outputs are right, but the weight is kept as (in, out). Keep it as it "
                 "comes, (out, in), as torch does, and turn it in `forward`."),
            slip("not_turned", "self.weight.T", "self.weight",
                 "The weight must be turned in `forward`, `x @ self.weight.T`, because it has the "
                 "shape (out, in). With a square one nothing would complain."),
        ],
    ),
    table(
        "module_shapes",
        "Fill in the table of shapes",
        right={
            "after Conv2d(3, 8, 5)": (16, 8, 28, 28),
            "after MaxPool2d(2)": (16, 8, 14, 14),
            "after Conv2d(8, 16, 3)": (16, 16, 12, 12),
            "after Flatten()": (16, 2304),
            "weight of Conv2d(3, 8, 5)": (8, 3, 5, 5),
            "weight of Linear(…, 10)": (10, 2304),
        },
        remark="Images: (examples, channels, rows, columns). Weights: out first.",
        hints=[
            "The 16 examples stand in front all the way. A window of 5 pixels fits into a row of "
            "32 at 32 − 5 + 1 places.",
            "MaxPool2d(2) halves rows and columns and leaves the channels. Flatten() multiplies "
            "all axes but the first.",
            "Weights have the outputs first: (out, in) for Linear, (out, in, rows, columns) for "
            "Conv2d. The batch does not occur in them.",
        ],
        mistakes=[
            ("sizes_kept",
             {"after Conv2d(3, 8, 5)": (16, 8, 32, 32), "after MaxPool2d(2)": (16, 8, 16, 16),
              "after Conv2d(8, 16, 3)": (16, 16, 16, 16), "after Flatten()": (16, 4096),
              "weight of Linear(…, 10)": (10, 4096)},
             "You keep the size of the images. Without padding a window of 5 pixels fits at "
             "32 − 5 + 1 places only."),
            ("one_pixel_too_few",
             {"after Conv2d(3, 8, 5)": (16, 8, 27, 27), "after MaxPool2d(2)": (16, 8, 13, 13),
              "after Conv2d(8, 16, 3)": (16, 16, 10, 10), "after Flatten()": (16, 1600),
              "weight of Linear(…, 10)": (10, 1600)},
             "One place is missing: a window of k pixels fits into a row of n at n − k + 1 places, "
             "not at n − k."),
            ("flattened_with_the_batch", {"after Flatten()": (16 * 2304,)},
             "Flatten() leaves the first axis alone: each of the 16 examples becomes a row."),
            ("weights_turned",
             {"weight of Conv2d(3, 8, 5)": (3, 8, 5, 5), "weight of Linear(…, 10)": (2304, 10)},
             "The weights are turned: the outputs come first, (out, in) and "
             "(out, in, rows, columns)."),
            ("channels_last",
             {"after Conv2d(3, 8, 5)": (16, 28, 28, 8), "after MaxPool2d(2)": (16, 14, 14, 8),
              "after Conv2d(8, 16, 3)": (16, 12, 12, 16)},
             "You put the channels last, as picture files have them. Torch has them right behind "
             "the examples."),
        ],
    ),
    Exercise(
        "copy_weights",
        "Copy weights",
        copy_weights,
        draw=lambda rng: _arrays_and_model(rng, rng.permutation([2, 3, 4, 5])[rng.integers(3) :]),
        cases=lambda: [
            Case(_arrays_and_model(np.random.default_rng(0), (4, 3, 2)), "4–3–2"),
            Case(_arrays_and_model(np.random.default_rng(1), (3, 3, 3)), "3–3–3"),
            Case(_arrays_and_model(np.random.default_rng(2), (2, 5, 4, 3)), "2–5–4–3"),
        ],
        hints=[
            "`parameter = …` only gives a name to something else. The numbers inside the parameter "
            "must change.",
            "A tensor has a method for that: `copy_`. The low line at its end says that it works "
            "in place.",
            "It takes a tensor, and `torch.tensor(array)` makes one.",
        ],
        mistakes=[
            slip("only_the_name", "parameter.copy_(torch.tensor(array))",
                 "parameter = torch.tensor(array)",
                 "The model still has its own weights. The numbers of each array must go into its "
                 "parameter, as with `parameter.copy_(…)`; `parameter = …` only changes what the "
                 "name stands for."),
            slip("only_weights", "parameter.copy_", "if array.ndim == 2: parameter.copy_",
                 "The weights have arrived, the biases have not."),
            slip("turned", "tensor(array)", "tensor(array.T)",
                 "The weights are turned. Both sides keep them as (out, in): copy them as they "
                 "are."),
            slip("added", "parameter.copy_", "parameter.add_",
                 "The arrays were added to the model's own weights. They are to take their place."),
        ],
    ),
    Exercise(
        "training",
        "Take training steps",
        training,
        minutes=10,
        draw=_draw_training,
        cases=lambda: [
            Case(_training(np.random.default_rng(0), (4, 5, 3), 5, torch.optim.SGD, lr=0.1),
                 "SGD with rate 0.1"),
            Case(_training(np.random.default_rng(1), (4, 5, 3), 3, torch.optim.SGD, lr=0.05,
                           momentum=0.9),
                 "SGD with momentum"),
            Case(_training(np.random.default_rng(2), (2, 4, 3), 4, torch.optim.Adam, lr=0.01),
                 "Adam"),
        ],
        hints=[
            "Forward, loss, wipe out the old gradients, backward, update.",
            "`loss_function(model(X), y)` takes logits: no softmax, no ReLU on them.",
            "The last three lines: `optimizer.zero_grad()`, `loss.backward()`, "
            "`optimizer.step()`.",
        ],
        mistakes=[
            slip("without_zero_grad", "optimizer.zero_grad()", "pass",
                 "The gradients of all steps so far are added up: `zero_grad` is missing in the "
                 "loop."),
            slip("without_an_update", "optimizer.step()", "pass",
                 "The loss never changes. Either `backward` or `step` is missing in the loop, or "
                 "`zero_grad` stands between them and wipes the gradients out before they are "
                 "used."),
            slip("softmax_before_the_loss", "model(X)", "model(X).softmax(dim=1)",
                 "`CrossEntropyLoss` applies softmax itself. You have applied it twice: hand over "
                 "the logits."),
            slip("relu_on_the_logits", "model(X)", "model(X).relu()",
                 "There is a ReLU on the logits. A class whose logit is negative gets no "
                 "gradient."),
        ],
    ),
]
