"""One training step of a small network, taken apart into single operations on named numbers.

Derived in notebook 06. A number has the name that it has in NumPy: "W1[0,1]" is the weight of layer
1 from input 1 to neuron 0, "dz1[0]" the gradient of the loss L at z1[0]. An operation finds one
number from others. The same list of operations goes forward, goes back, updates the weights, and
gives the central differences that check it.
"""

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from nnutils import losses
from nnutils.activations import softmax
from nnutils.network import ACTIVATIONS

NAME = re.compile(r"d?[Wabxyz]\d?\[\d(?:,\d)?\]|rate")  # of a number, inside a formula
SLOPES = {
    "sigmoid": "{a}·(1 − {a})",
    "tanh": "(1 − {a}²)",
    "relu": "({z} > 0)",
}
LOSSES = ("squared error", "cross-entropy")


class Operation(NamedTuple):
    """Hold how one number is found from others.

    ``thing`` is the part of the network that it belongs to: an input "x[1]", a weight "W1[0,1]", a
    bias "b1[0]", a neuron "a1[0]" or the loss "L". ``find(values)`` returns the number. A gradient
    has a ``slope``: ("L", "z1[0]") says that it is the slope of L in z1[0].
    """

    phase: str  # "forward", "local", "backward" or "update"
    line: str  # of NumPy code, to which the operation belongs
    thing: str
    name: str
    formula: str
    find: Callable
    slope: tuple = ()


class Reading(NamedTuple):
    """Hold what is known about one number of a thing; None where it is not computed yet."""

    operation: Operation
    numbers: str | None  # the formula with the numbers put in
    value: float | None
    central_difference: float | None  # None too where there is nothing to compare
    agrees: bool | None  # whether it differs from the value by less than 1e-7, or 1e-7 of both


class Program(NamedTuple):
    """Hold the operations of one training step, and the local derivatives beside them."""

    sizes: tuple
    operations: tuple
    local: tuple


@cache
def make_program(sizes, activation="sigmoid", loss="squared error"):
    """Return the ``Program`` that trains a network of these ``sizes`` on one example.

    ``sizes`` is a tuple of widths, inputs first. ``activation`` is "sigmoid", "tanh" or "relu".
    With the loss "squared error" it follows every layer; with "cross-entropy" the last layer has a
    sigmoid (one output) or a softmax (several) instead. Raises ValueError for unknown names, for
    fewer than two sizes, and for sizes outside 1 … 9. Derived in notebook 06.
    """
    if len(sizes) < 2 or min(sizes) < 1 or max(sizes) > 9:
        raise ValueError(f"sizes must hold at least two widths of 1 … 9, got {sizes}")
    if activation not in SLOPES:
        raise ValueError(f"activation must be one of {', '.join(SLOPES)}, got {activation!r}")
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {loss!r}")
    last = len(sizes) - 1
    forward, backward, update, local = [], [], [], []
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        forward += weighted_sums(layer, n_in, n_out)
        local += sum_slopes(layer, n_in, n_out)
        update += updates(layer, n_in, n_out)
        back = []
        if layer == last and loss == "cross-entropy":
            forward += [*probabilities(layer, n_out), *cross_entropy(layer, n_out)]
            back += logit_gradients(layer, n_out)
            local += loss_slopes(back)
        else:
            forward += activate(layer, n_out, activation)
            local += activation_slopes(layer, n_out, activation)
            if layer == last:
                forward += squared_error(layer, n_out)
                back += output_gradients(layer, n_out)
                local += loss_slopes(back)
            else:
                back += back_through_weights(layer, n_out, sizes[layer + 1])
            back += back_through_activation(layer, n_out, activation)
        back += [*weight_gradients(layer, n_in, n_out), *bias_gradients(layer, n_out)]
        backward = back + backward
    return Program(tuple(sizes), (*forward, *backward, *update), tuple(local))


def source(layer):
    """Return the name of the array that goes into ``layer``."""
    return "x" if layer == 1 else f"a{layer - 1}"


def dot(pairs):
    """Return the formula of a sum of products of named numbers, and the function that finds it."""
    formula = " + ".join(f"{p}·{q}" for p, q in pairs)
    return formula, lambda v: sum(v[p] * v[q] for p, q in pairs)


# --- Forward -------------------------------------------------------------------------------------


def weighted_sums(layer, n_in, n_out):
    """Yield the operations of z = Wa + b."""
    x = source(layer)
    for j in range(n_out):
        bias = f"b{layer}[{j}]"
        formula, products = dot([(f"W{layer}[{j},{i}]", f"{x}[{i}]") for i in range(n_in)])
        yield Operation(
            phase="forward",
            line=f"z{layer} = W{layer} @ {x} + b{layer}",
            thing=f"a{layer}[{j}]",
            name=f"z{layer}[{j}]",
            formula=f"{formula} + {bias}",
            find=lambda v, products=products, bias=bias: products(v) + v[bias],
        )


def activate(layer, n_out, activation):
    """Yield the operations of a = f(z)."""
    f, _ = ACTIVATIONS[activation]
    formula = "max(0, {z})" if activation == "relu" else activation + "({z})"
    for j in range(n_out):
        z = f"z{layer}[{j}]"
        yield Operation(
            phase="forward",
            line=f"a{layer} = {activation}(z{layer})",
            thing=f"a{layer}[{j}]",
            name=f"a{layer}[{j}]",
            formula=formula.format(z=z),
            find=lambda v, z=z: f(v[z]),
        )


def probabilities(layer, n_out):
    """Yield the operations of the sigmoid of one logit, or of the softmax of several."""
    if n_out == 1:
        yield from activate(layer, 1, "sigmoid")
        return
    logits = [f"z{layer}[{k}]" for k in range(n_out)]
    total = " + ".join(f"exp({z})" for z in logits)
    for k, z in enumerate(logits):
        yield Operation(
            phase="forward",
            line=f"a{layer} = softmax(z{layer})",
            thing=f"a{layer}[{k}]",
            name=f"a{layer}[{k}]",
            formula=f"exp({z}) / ({total})",
            find=lambda v, k=k: softmax([v[z] for z in logits])[k],
        )


def squared_error(last, n_out):
    """Yield the one operation of the loss: the mean of (a − y)² over the outputs."""
    outputs, targets = outputs_and_targets(last, n_out)
    squares = [f"({a} − {y})²" for a, y in zip(outputs, targets)]
    yield Operation(
        phase="forward",
        line=f"L = mse(a{last}, y)",
        thing="L",
        name="L",
        formula=squares[0] if n_out == 1 else f"({' + '.join(squares)}) / {n_out}",
        find=lambda v: losses.mse([v[a] for a in outputs], [v[y] for y in targets]),
    )


def cross_entropy(last, n_out):
    """Yield the one operation of the loss, found from the logits: no logarithm meets a 0."""
    outputs, targets = outputs_and_targets(last, n_out)
    if n_out == 1:
        (a,), (y,) = outputs, targets
        yield Operation(
            phase="forward",
            line=f"L = binary_cross_entropy(z{last}, y)",
            thing="L",
            name="L",
            formula=f"−{y}·ln({a}) − (1 − {y})·ln(1 − {a})",
            find=lambda v: losses.binary_cross_entropy([v[f"z{last}[0]"]], [v[y]]),
        )
        return

    def from_logits(v):
        logits = [v[f"z{last}[{k}]"] for k in range(n_out)]
        return losses.cross_entropy([logits], [int(np.argmax([v[y] for y in targets]))])

    yield Operation(
        phase="forward",
        line=f"L = cross_entropy(z{last}, label)",
        thing="L",
        name="L",
        formula=f"−({' + '.join(f'{y}·ln({a})' for a, y in zip(outputs, targets))})",
        find=from_logits,
    )


def outputs_and_targets(last, n_out):
    """Return the names of the outputs and of their targets."""
    return [f"a{last}[{k}]" for k in range(n_out)], [f"y[{k}]" for k in range(n_out)]


# --- Backward ------------------------------------------------------------------------------------


def output_gradients(last, n_out):
    """Yield the operations of da = 2·(a − y) / number of outputs: back through squared error."""
    share = "" if n_out == 1 else f" / {n_out}"
    for a, y in zip(*outputs_and_targets(last, n_out)):
        yield Operation(
            phase="backward",
            line=f"da{last} = 2 * (a{last} - y)" + share,
            thing=a,
            name=f"d{a}",
            formula=f"2·({a} − {y})" + share,
            find=lambda v, a=a, y=y: 2 * (v[a] - v[y]) / n_out,
            slope=("L", a),
        )


def logit_gradients(last, n_out):
    """Yield the operations of dz = a − y: back through cross-entropy and softmax in one."""
    for k, (a, y) in enumerate(zip(*outputs_and_targets(last, n_out))):
        yield Operation(
            phase="backward",
            line=f"dz{last} = a{last} - y",
            thing=a,
            name=f"dz{last}[{k}]",
            formula=f"{a} − {y}",
            find=lambda v, a=a, y=y: v[a] - v[y],
            slope=("L", f"z{last}[{k}]"),
        )


def back_through_activation(layer, n_out, activation):
    """Yield the operations of dz = da · f′(z)."""
    _, f_grad = ACTIVATIONS[activation]
    f_slope = SLOPES[activation]
    code = f_slope.format(a=f"a{layer}", z=f"z{layer}")
    code = code.replace("·", " * ").replace("−", "-").replace("²", " ** 2")
    for j in range(n_out):
        a, z = f"a{layer}[{j}]", f"z{layer}[{j}]"
        yield Operation(
            phase="backward",
            line=f"dz{layer} = da{layer} * {code}",
            thing=a,
            name=f"d{z}",
            formula=f"d{a}·{f_slope.format(a=a, z=z)}",
            find=lambda v, a=a, z=z: v[f"d{a}"] * f_grad(v[z]),
            slope=("L", z),
        )


def weight_gradients(layer, n_in, n_out):
    """Yield the operations of dW: what comes back to a neuron times what went in."""
    x = source(layer)
    for j in range(n_out):
        for i in range(n_in):
            w = f"W{layer}[{j},{i}]"
            formula, product = dot([(f"dz{layer}[{j}]", f"{x}[{i}]")])
            yield Operation(
                phase="backward",
                line=f"dW{layer} = np.outer(dz{layer}, {x})",
                thing=w,
                name=f"d{w}",
                formula=formula,
                find=product,
                slope=("L", w),
            )


def bias_gradients(layer, n_out):
    """Yield the operations of db = dz."""
    for j in range(n_out):
        b, dz = f"b{layer}[{j}]", f"dz{layer}[{j}]"
        yield Operation(
            phase="backward",
            line=f"db{layer} = dz{layer}",
            thing=b,
            name=f"d{b}",
            formula=dz,
            find=lambda v, dz=dz: v[dz],
            slope=("L", b),
        )


def back_through_weights(layer, n_out, n_after):
    """Yield the operations of da = Wᵀdz: what comes back along the weights that lead away."""
    after = layer + 1
    for j in range(n_out):
        a = f"a{layer}[{j}]"
        formula, products = dot([(f"W{after}[{k},{j}]", f"dz{after}[{k}]") for k in range(n_after)])
        yield Operation(
            phase="backward",
            line=f"da{layer} = W{after}.T @ dz{after}",
            thing=a,
            name=f"d{a}",
            formula=formula,
            find=products,
            slope=("L", a),
        )


# --- Update --------------------------------------------------------------------------------------


def updates(layer, n_in, n_out):
    """Yield the operations of W − rate·dW, and of the same for b."""
    weights = [f"W{layer}[{j},{i}]" for j in range(n_out) for i in range(n_in)]
    for p in weights + [f"b{layer}[{j}]" for j in range(n_out)]:
        array = f"{p[0]}{layer}"
        yield Operation(
            phase="update",
            line=f"{array} = {array} - rate * d{array}",
            thing=p,
            name=f"new {p}",
            formula=f"{p} − rate·d{p}",
            find=lambda v, p=p: v[p] - v["rate"] * v[f"d{p}"],
        )


# --- Local derivatives ---------------------------------------------------------------------------


def local_derivative(thing, of, at, formula, find):
    """Return the slope of the number ``of`` in the number ``at``, which goes straight into it."""
    return Operation("local", "", thing, f"∂{of}/∂{at}", formula, find, (of, at))


def activation_slopes(layer, n_out, activation):
    """Yield the slopes f′(z) of the activations of a layer."""
    _, f_grad = ACTIVATIONS[activation]
    for j in range(n_out):
        a, z = f"a{layer}[{j}]", f"z{layer}[{j}]"
        formula = SLOPES[activation].format(a=a, z=z)
        yield local_derivative(a, a, z, formula, lambda v, z=z: f_grad(v[z]))


def sum_slopes(layer, n_in, n_out):
    """Yield the slope of z in each weight, which is its input, and in each bias, which is 1."""
    for j in range(n_out):
        z, b = f"z{layer}[{j}]", f"b{layer}[{j}]"
        for i in range(n_in):
            w, x = f"W{layer}[{j},{i}]", f"{source(layer)}[{i}]"
            yield local_derivative(w, z, w, x, lambda v, x=x: v[x])
        yield local_derivative(b, z, b, "1", lambda v: 1.0)


def loss_slopes(gradients):
    """Yield the slopes of the loss in what goes straight into it, whose gradients they are."""
    for gradient in gradients:
        yield local_derivative("L", *gradient.slope, gradient.formula, gradient.find)


# --- To run it, and to look at it ----------------------------------------------------------------


def name_numbers(weights, biases, x, y, rate):
    """Return the numbers that a training step begins with, by name, as a dict of floats.

    ``weights`` is a list of arrays (out, in), ``biases`` one of arrays (out,); ``x`` has shape
    (inputs,) and ``y`` (outputs,).
    """
    arrays = {"x": x, "y": y}
    for layer, (W, b) in enumerate(zip(weights, biases), start=1):
        arrays |= {f"W{layer}": W, f"b{layer}": b}
    values = {
        f"{name}[{','.join(map(str, index))}]": float(number)
        for name, array in arrays.items()
        for index, number in np.ndenumerate(array)
    }
    return values | {"rate": float(rate)}


def run(operations, values, nudged=None, by=0.0):
    """Return ``values`` and all the numbers that ``operations`` find from them, in order.

    The number named ``nudged`` is raised by ``by``, as soon as it is known.
    """
    values = dict(values)
    if nudged in values:
        values[nudged] += by
    for operation in operations:
        values[operation.name] = float(operation.find(values))
        if operation.name == nudged:
            values[nudged] += by
    return values


def take_over(values):
    """Return the numbers that the next step begins with: every new weight in place of the old."""
    given = (name for name in values if name == "rate" or name[0] in "Wbxy")
    return {name: values.get(f"new {name}", values[name]) for name in given}


def central_difference(program, values, of, at, h=1e-5):
    """Return the slope of the number ``of`` in the number ``at``, with no chain rule.

    Both are names. ``at`` is raised and lowered by ``h`` in two forward passes, which begin with
    the weights, biases, inputs and targets in ``values``. Derived in notebook 06.
    """
    forward = [operation for operation in program.operations if operation.phase == "forward"]
    above, below = (run(forward, values, at, by)[of] for by in (h, -h))
    return (above - below) / (2 * h)


def read(program, thing, values):
    """Return a ``Reading`` of every number that belongs to ``thing``, in the order of a step.

    ``values`` holds the numbers that are known so far.
    """
    operations = [o for o in (*program.operations, *program.local) if o.thing == thing]
    order = ("forward", "local", "backward", "update")
    operations.sort(key=lambda operation: order.index(operation.phase))
    return [_read_one(program, operation, values) for operation in operations]


def _read_one(program, operation, values):
    if operation.phase == "local":
        known = all(name in values for name in names_in(operation.formula))
    else:
        known = operation.name in values
    if not known:
        return Reading(operation, None, None, None, None)
    numbers, value = put_in(operation.formula, values), float(operation.find(values))
    if not operation.slope:
        return Reading(operation, numbers, value, None, None)
    slope = central_difference(program, values, *operation.slope)
    scale = max(1.0, abs(value), abs(values.get("L", 0.0)))
    return Reading(operation, numbers, value, slope, abs(value - slope) < 1e-7 * scale)


def names_in(formula):
    """Return the names of the numbers in ``formula``, in order."""
    return NAME.findall(formula)


def put_in(formula, values):
    """Return ``formula`` with the numbers in the places of their names, negative ones in ( )."""

    def number(match):
        text, before = shown(values[match[0]]), formula[: match.start()]
        bare = not text.startswith("−") or not before or before.endswith(("(", ", "))
        return text if bare else f"({text})"

    return NAME.sub(number, formula)


def shown(number, form=".4g"):
    """Return ``number`` as a short text, 4 significant digits as a rule, with a true minus sign."""
    text = f"{number + 0.0:{form}}".replace("e-0", "e-").replace("e+0", "e")
    return text.replace("e+", "e").replace("-", "−")
