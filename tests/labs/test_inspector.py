"""The inspector against autograd, NumPy's own lines, and plain arithmetic."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nnutils.labs import inspector
from nnutils.labs.inspector import (
    LOSSES,
    central_difference,
    make_program,
    name_numbers,
    names_in,
    put_in,
    read,
    run,
    shown,
    take_over,
)
from nnutils.network import Network

NOTEBOOK = (
    [np.array([[0.1, 0.3], [0.2, 0.4]]), np.array([[0.5, 0.6]])],
    [np.array([0.1, 0.2]), np.array([0.3])],
)
WHOLE_NAME = r"\bd?[a-zA-Z]\d?\[[\d,]+\]|\brate\b"
MINUS = "\N{MINUS SIGN}"
networks = st.tuples(
    st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple),
    st.sampled_from(["sigmoid", "tanh", "relu"]),
    st.sampled_from(LOSSES),
    st.integers(0, 10**6),
)


def random_start(sizes, seed, rate=0.3):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(o, i)) for i, o in zip(sizes[:-1], sizes[1:], strict=True)]
    biases = [rng.normal(size=o) for o in sizes[1:]]
    y = np.eye(sizes[-1])[rng.integers(sizes[-1])] * rng.integers(0, 2) ** (sizes[-1] == 1)
    return weights, biases, rng.normal(size=sizes[0]), y, rate


def array(values, name):
    """Return the numbers called name[…] as one array."""
    places = {
        tuple(map(int, key[len(name) + 1 : -1].split(","))): number
        for key, number in values.items()
        if key.startswith(name + "[")
    }
    found = np.zeros(np.max(list(places), axis=0) + 1)
    for place, number in places.items():
        found[place] = number
    return found


def autograd(sizes, activation, loss, weights, biases, x, y):
    """Return every number of a forward pass, and its gradient, by torch."""
    tensors = {"x": torch.tensor(x)}
    a, y = tensors["x"], torch.tensor(y)
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
        W, b = (torch.tensor(p, requires_grad=True) for p in (W, b))
        z = W @ a + b
        f = getattr(torch, activation)
        if layer == len(weights) and loss == "cross-entropy":
            f = torch.sigmoid if len(y) == 1 else lambda z: torch.softmax(z, 0)
        a = f(z)
        for name, t in (("W", W), ("b", b), ("z", z), ("a", a)):
            t.retain_grad()
            tensors[f"{name}{layer}"] = t
    if loss == "squared error":
        L = torch.nn.functional.mse_loss(a, y)
    elif len(y) == 1:
        L = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
    else:
        L = torch.nn.functional.cross_entropy(z, y)
    L.backward()
    gradients = {f"d{name}": t.grad for name, t in tensors.items() if t.grad is not None}
    return L.item(), {name: t.detach().numpy() for name, t in (tensors | gradients).items()}


@given(networks)
@settings(max_examples=60, deadline=None)
def test_every_number_equals_autograd(network):
    sizes, activation, loss, seed = network
    start = random_start(sizes, seed)
    program = make_program(sizes, activation, loss)
    values = run(program.operations, name_numbers(*start))
    L, tensors = autograd(sizes, activation, loss, *start[:-1])
    assert values["L"] == pytest.approx(L)
    names = {o.name.split("[")[0] for o in program.operations if o.phase != "update"}
    assert names == {name for name in tensors if name[0] not in "xWb"} | {"L"}
    for name in names - {"L"}:
        np.testing.assert_allclose(array(values, name), tensors[name], rtol=1e-9, atol=1e-12)


@given(networks)
@settings(max_examples=40, deadline=None)
def test_every_formula_gives_the_value_that_is_stated(network):
    sizes, activation, loss, seed = network
    program = make_program(sizes, activation, loss)
    values = run(program.operations, name_numbers(*random_start(sizes, seed)))
    functions = {
        "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
        "tanh": math.tanh,
        "exp": math.exp,
        "ln": math.log,
        "max": max,
    }
    for operation in (*program.operations, *program.local):
        code = operation.formula.replace("·", "*").replace(MINUS, "-").replace("²", "**2")
        code = re.sub(WHOLE_NAME, lambda match: f"({values[match[0]]!r})", code)
        value = float(operation.find(values))
        assert float(eval(code, functions)) == pytest.approx(value, rel=1e-9, abs=1e-12)
        assert values.get(operation.name, value) == value


@given(networks)
@settings(max_examples=40, deadline=None)
def test_the_formula_with_numbers_is_the_formula(network):
    sizes, activation, loss, seed = network
    program = make_program(sizes, activation, loss)
    values = run(program.operations, name_numbers(*random_start(sizes, seed)))
    number = MINUS + r"?\d+(?:\.\d+)?(?:e" + MINUS + r"?\d+)?"
    for operation in (*program.operations, *program.local):
        names = names_in(operation.formula)
        between = map(re.escape, re.split(WHOLE_NAME, operation.formula))
        pattern = rf"\(?({number})\)?".join(between)
        match = re.fullmatch(pattern, put_in(operation.formula, values))
        assert match, (operation.formula, put_in(operation.formula, values))
        put = [float(text.replace(MINUS, "-")) for text in match.groups()]
        np.testing.assert_allclose(put, [values[name] for name in names], rtol=6e-4, atol=1e-12)


@given(networks)
@settings(max_examples=40, deadline=None)
def test_the_lines_of_numpy_give_the_same_arrays(network):
    sizes, activation, loss, seed = network
    weights, biases, x, y, rate = random_start(sizes, seed)
    program = make_program(sizes, activation, loss)
    values = run(program.operations, name_numbers(weights, biases, x, y, rate))
    arrays = {
        "np": np,
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
        "softmax": lambda z: np.exp(z) / np.exp(z).sum(),
        "mse": lambda a, y: np.mean((a - y) ** 2),
        "cross_entropy": lambda z, label: -np.log(np.exp(z[label]) / np.exp(z).sum()),
        "binary_cross_entropy": lambda z, y: np.mean(np.log1p(np.exp(z)) - y * z),
        "label": np.argmax(y),
        "x": x,
        "y": y,
        "rate": rate,
    }
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
        arrays |= {f"W{layer}": W, f"b{layer}": b}
    for line in dict.fromkeys(operation.line for operation in program.operations):
        exec(line, arrays)
        name = line.split(" = ")[0]
        stated = values["L"] if name == "L" else array(values, name)
        if "rate" in line:
            stated = array(values, f"new {name}")
        np.testing.assert_allclose(arrays[name], stated, rtol=1e-9, atol=1e-12)


@given(networks)
@settings(max_examples=25, deadline=None)
def test_every_operation_uses_only_numbers_that_are_known(network):
    sizes, activation, loss, seed = network
    program = make_program(sizes, activation, loss)
    known = set(name_numbers(*random_start(sizes, seed)))
    for operation in program.operations:
        assert set(names_in(operation.formula)) <= known
        assert operation.name not in known
        known.add(operation.name)
    phases = [operation.phase for operation in program.operations]
    assert phases == sorted(phases, key=("forward", "backward", "update").index)
    parameters = sum(i * o + o for i, o in zip(sizes[:-1], sizes[1:], strict=True))
    assert phases.count("update") == parameters


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sizes", [(2, 2, 1), (1, 1), (4, 4, 4, 4), (3, 2, 3)])
def test_central_differences_agree_everywhere(sizes, activation, loss):
    program = make_program(sizes, activation, loss)
    values = run(program.operations, name_numbers(*random_start(sizes, 3)))
    things = dict.fromkeys(o.thing for o in (*program.operations, *program.local))
    compared = 0
    for thing in things:
        for reading in read(program, thing, values):
            assert (reading.central_difference is None) == (not reading.operation.slope)
            if reading.operation.slope:
                compared += 1
                assert reading.value == pytest.approx(reading.central_difference, abs=1e-7)
                assert reading.agrees
    assert compared == sum(bool(o.slope) for o in (*program.operations, *program.local))


def test_a_wrong_gradient_does_not_agree():
    program = make_program((2, 3, 2))
    start = name_numbers(*random_start((2, 3, 2), 5))
    for name in ("dW1[1,0]", "dz1[2]", "da1[0]", "db2[1]"):
        wrong = tuple(
            o._replace(find=lambda v, o=o: 1.01 * o.find(v)) if o.name == name else o
            for o in program.operations
        )
        program_with_fault = program._replace(operations=wrong)
        values = run(wrong, start)
        thing = next(o.thing for o in wrong if o.name == name)
        verdicts = {r.operation.name: r.agrees for r in read(program_with_fault, thing, values)}
        assert verdicts[name] is False


def test_a_nudged_number_in_the_middle_changes_what_comes_after_it():
    program = make_program((2, 2, 1))
    start = name_numbers(*NOTEBOOK, [1, 2], [1], 0.5)
    values = run(program.operations, start)
    nudged = run(program.operations, start, "a1[1]", 0.1)
    assert nudged["a1[1]"] == pytest.approx(values["a1[1]"] + 0.1)
    assert nudged["z2[0]"] == pytest.approx(values["z2[0]"] + 0.6 * 0.1)
    assert nudged["z1[1]"] == values["z1[1]"] and nudged["a1[0]"] == values["a1[0]"]
    assert start == name_numbers(*NOTEBOOK, [1, 2], [1], 0.5)
    slope = central_difference(program, values, "z2[0]", "a1[1]")
    assert slope == pytest.approx(0.6)


def test_the_network_of_the_notebook():
    program = make_program((2, 2, 1))
    runs = [
        run(program.operations, name_numbers(*NOTEBOOK, x, y, 0.5))
        for x, y in (([1, 2], [1]), ([3, 4], [0]))
    ]
    assert [round(values["a2[0]"], 4) for values in runs] == [0.7514, 0.7801]
    assert round(np.mean([values["L"] for values in runs]), 4) == 0.3352
    network = Network([2, 2, 1], np.random.default_rng(0), "sigmoid", "sigmoid", "mse", np.float64)
    for layer, W, b in zip(network.layers[::2], *NOTEBOOK, strict=True):
        layer.W, layer.b = W.copy(), b.copy()
    X, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [0.0]])
    network.backward(network.loss_grad(network.forward(X), y))
    for name, gradient in zip(("dW1", "db1", "dW2", "db2"), network.gradients(), strict=True):
        mean = np.mean([array(values, name) for values in runs], axis=0)
        np.testing.assert_allclose(mean, gradient, rtol=1e-12)


@given(networks)
@settings(max_examples=15, deadline=None)
def test_several_steps_equal_gradient_descent_by_torch(network):
    sizes, activation, loss, seed = network
    weights, biases, x, y, rate = random_start(sizes, seed, rate=0.1)
    program = make_program(sizes, activation, loss)
    values = name_numbers(weights, biases, x, y, rate)
    for _ in range(3):
        _, tensors = autograd(sizes, activation, loss, weights, biases, x, y)
        weights = [W - rate * tensors[f"dW{k}"] for k, W in enumerate(weights, start=1)]
        biases = [b - rate * tensors[f"db{k}"] for k, b in enumerate(biases, start=1)]
        values = take_over(run(program.operations, values))
        assert values == pytest.approx(name_numbers(weights, biases, x, y, rate), rel=1e-9)


def test_what_is_not_known_yet_is_not_told():
    program = make_program((2, 2, 1))
    start = name_numbers(*NOTEBOOK, [1, 2], [1], 0.5)
    for done in range(len(program.operations) + 1):
        values = run(program.operations[:done], start)
        for thing in ("a1[0]", "W1[0,1]", "b2[0]", "L", "a2[0]"):
            for reading in read(program, thing, values):
                if reading.operation.phase != "local":
                    assert (reading.value is not None) == (reading.operation.name in values)
    names = [r.operation.name for r in read(program, "a1[0]", start)]
    assert names == ["z1[0]", "a1[0]", "∂a1[0]/∂z1[0]", "da1[0]", "dz1[0]"]
    names = [r.operation.name for r in read(program, "W1[0,1]", start)]
    assert names == ["∂z1[0]/∂W1[0,1]", "dW1[0,1]", "new W1[0,1]"]
    assert read(program, "x[0]", start) == []


@pytest.mark.parametrize("number", [0.1, -0.00993, 2.0, -0.0, 0.0, 12345.678, -1.5e-7, 3e22])
def test_numbers_are_shown_to_four_digits(number):
    text = shown(number)
    assert "-" not in text and "+" not in text and "e0" not in text
    assert float(text.replace(MINUS, "-")) == pytest.approx(number, rel=5e-4)
    assert len(text) <= 10


def test_negative_numbers_get_brackets_where_they_need_them():
    values = {"W1[0,0]": -0.5, "x[0]": -2.0, "b1[0]": 1.0, "z1[0]": -1.0, "a1[0]": -0.3}
    assert put_in("W1[0,0]·x[0] + b1[0]", values) == "−0.5·(−2) + 1"
    assert put_in("max(0, z1[0])", values) == "max(0, −1)"
    assert put_in("(1 − a1[0]²)", values) == "(1 − (−0.3)²)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((3,),), "sizes must hold at least two widths of 1 … 9, got"),
        (((3, 0, 1),), "sizes must hold at least two widths of 1 … 9, got"),
        (((3, 10),), "sizes must hold at least two widths of 1 … 9, got"),
        (((2, 1), "step"), "activation must be one of sigmoid, tanh, relu, got 'step'"),
        (((2, 1), "tanh", "l1"), "loss must be one of squared error, cross-entropy, got 'l1'"),
    ],
)
def test_what_cannot_be_built_is_refused(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make_program(*arguments)


def test_names_are_found_whole():
    formula = "dz1[0]·W2[1,0] + sigmoid(z1[3]) − rate·dW2[1,0] + exp(x[2]) + max(0, y[0])"
    assert names_in(formula) == [
        "dz1[0]", "W2[1,0]", "z1[3]", "rate", "dW2[1,0]", "x[2]", "y[0]",
    ]  # fmt: skip
    assert inspector.SLOPES.keys() == {"sigmoid", "tanh", "relu"}
