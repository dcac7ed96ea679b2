"""The exercises of notebook 08."""

import numpy as np

from nnutils.autograd import Value
from nnutils.exercises.judge import Case, Exercise, slip
from nnutils.exercises.kinds import table
from nnutils.exercises.late import nn, torch


def engine_sigmoid(z):
    """Return the sigmoid of the Value z: a Value with its record."""
    s = 1 / (1 + np.exp(-z.data))
    return Value(s, [(z, s * (1 - s))])


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


def repair_script(model, X, y, X_new, steps):
    """Return the loss before each step, and two answers about the new images."""
    torch.manual_seed(0)  # the same dropout in each run
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    losses = []
    for _ in range(steps):
        loss = nn.CrossEntropyLoss()(model(X), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        return losses, model(X_new), model(X_new)


def _script_with_faults(model, X, y, X_new, steps):
    """Return what the program in the stub of ``repair_script`` returns."""
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    losses = []
    for _ in range(steps):
        loss = nn.CrossEntropyLoss()(model(X).softmax(dim=1), y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return losses, model(X_new), model(X_new)


# --- Cases ----------------------------------------------------------------------------------------


def _z(number):
    return (Value(number, name="z"),)


def _observe_value(value):
    """Return the number of a Value and the gradient that it hands to z."""
    if not isinstance(value, Value):
        return value
    value.backward()
    gradients = [origin.grad for origin in value.origins() if origin.name == "z"]
    return {"value": value.data, "gradient of z": gradients[0] if gradients else None}


def _tensor(rng, *shape):
    return torch.tensor(rng.normal(size=shape).round(2), dtype=torch.float32)


def _weight_and_bias(rng, out):
    return _tensor(rng, out, 3), _tensor(rng, out)


def _script(rng, steps):
    """Return a small network with dropout, a batch with its classes, new images, and ``steps``."""
    from nnutils.training import make_mlp

    sizes = rng.permutation([3, 5, 6])
    model = make_mlp(*sizes, generator=torch.Generator().manual_seed(int(rng.integers(2**31))))
    model.insert(3, nn.Dropout(0.5))
    y = torch.tensor(rng.integers(sizes[-1], size=8))
    return model, _tensor(rng, 8, sizes[0]), y, _tensor(rng, 4, sizes[0]), steps


# fmt: off
EXERCISES = [
    Exercise(
        "engine_sigmoid",
        "Teach the engine a new operation",
        engine_sigmoid,
        minutes=6,
        observe=_observe_value,
        draw=lambda rng: _z(round(rng.normal(0, 2), 2)),
        cases=[
            Case(_z(0.0), "z = 0: half and half"),
            Case(_z(2.0), "z = 2"),
            Case(_z(-3.0), "z = −3"),
            Case(_z(0.7), "z = 0.7"),
        ],
        hints=[
            "The number is 1/(1 + e⁻ᶻ), with `np.exp(-z.data)`. `z` itself is a Value.",
            "The record is a list with one pair: who was used, `z`, and how fast the result "
            "follows it.",
            "The slope of the sigmoid is `s * (1 - s)`, so the record is `[(z, s * (1 - s))]`.",
        ],
        mistakes=[
            slip("no_record", "Value(s, [(z, s * (1 - s))])", "Value(s)",
                 "The number is right, but the record is empty: nothing would come back to z."),
            slip("a_plain_number", "Value(s, [(z, s * (1 - s))])", "s",
                 "That is a plain number. Return a `Value`: it holds the number and the record."),
            slip("slope_of_a_sum", "s * (1 - s))]", "1.0)]",
                 "The number is right. The slope 1 is that of a sum; a sigmoid follows z at most a "
                 "quarter as fast."),
            slip("slope_at_z", "s * (1 - s))]", "z.data * (1 - z.data))]",
                 "The slope s(1 − s) is to be taken from the result s, not from z."),
            slip("slope_without_the_rest", "s * (1 - s))]", "s)]",
                 "The number is right. You give s as the slope, as for exp; that of the sigmoid "
                 "has the factor 1 − s too."),
            slip("sign_of_z", "np.exp(-z.data)", "np.exp(z.data)",
                 "The number falls as z grows: the exponent is −z."),
            slip("slope_of_tanh", "s * (1 - s))]", "1 - s**2)]",
                 "1 − s² is the slope of tanh. That of the sigmoid is s(1 − s)."),
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
        "trap_of_curve",
        "Name the trap from its curve",
        right={"A": "ReLU on the logits", "B": "as it should be", "C": "no zero_grad",
               "D": "softmax twice"},
        remark="Compare its three curves with each other, and with 0.",
        hints=[
            "One panel needs no excuse: all three losses fall, and on towards 0.",
            "Softmax twice has a lowest loss, 1.46, for every seed. A dead class depends on the "
            "seed.",
            "Gradients that add up act like a ball that never loses its speed: down at once, then "
            "past the goal and back.",
        ],
        mistakes=[
            ("relu_for_softmax", {"A": "softmax twice", "D": "ReLU on the logits"},
             "You have exchanged A and D. One seed of A comes down as if nothing were wrong; with "
             "softmax twice none could."),
            ("zero_grad_for_relu", {"A": "no zero_grad", "C": "ReLU on the logits"},
             "You have exchanged A and C. The curves of A lie still where they end, those of C "
             "swing."),
            ("swings_for_softmax", {"C": "softmax twice", "D": "no zero_grad"},
             "You have exchanged C and D. Gradients that add up begin faster than all others; D "
             "begins slowest."),
        ],
    ),
    Exercise(
        "repair_script",
        "Repair a script",
        repair_script,
        stub=_script_with_faults,
        minutes=10,
        draw=lambda rng: _script(rng, int(rng.integers(2, 8))),
        cases=lambda: [
            Case(_script(np.random.default_rng(0), 5), "5 steps"),
            Case(_script(np.random.default_rng(1), 1), "a single step"),
            Case(_script(np.random.default_rng(2), 3), "3 steps"),
        ],
        hints=[
            "Each fault is one of the traps above. What does the loss want, what is left in "
            "`.grad` from the step before, and what must be switched off before the answers?",
            "`CrossEntropyLoss` applies softmax itself. `backward` adds to what is in `.grad`. "
            "Dropout is at work until `eval()`.",
            "`nn.CrossEntropyLoss()(model(X), y)`, then `optimizer.zero_grad()` before "
            "`loss.backward()`, and `model.eval()` after the loop.",
        ],
        mistakes=[
            slip("softmax_left", "model(X), y)", "model(X).softmax(dim=1), y)",
                 "One fault is left: the loss gets probabilities and applies softmax to them once "
                 "more. Give it the logits."),
            slip("zero_grad_left", "optimizer.zero_grad()", "pass",
                 "One fault is left: the gradients of all steps so far add up."),
            slip("eval_left", "model.eval()", "pass",
                 "One fault is left: the losses are right, but dropout is still at work on the "
                 "new images."),
            slip("eval_before_the_training", "model.train()", "model.eval()",
                 "Dropout is off during the training too. It belongs there; switch it off after "
                 "the loop."),
            slip("no_update", "optimizer.step()", "pass",
                 "Nothing is learned: the loss changes only by the dropout. Is `step` gone, or "
                 "does `zero_grad` stand between `backward` and `step`?"),
        ],
    ),
]
