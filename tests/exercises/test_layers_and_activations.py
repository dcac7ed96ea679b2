"""What is special about the exercises of notebook 04; the contract tests cover the rest."""

import numpy as np
import pytest
import torch

from nnutils import activations
from nnutils.exercises import layers_and_activations as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge, slip
from nnutils.network import Network

FORWARD, SHAPES = find_exercise("forward_pass"), find_exercise("layer_shapes")


def run_lines(program, X, layers):
    """Run the forward pass in the order of this program and return the labels."""
    names = {"np": np, "X": X, "layers": layers}
    exec(program, names)
    return names["labels"]


def a_network():
    rng = np.random.default_rng(0)
    network = Network([2, 5, 4, 1], rng, "tanh", loss="binary_cross_entropy", dtype=float)
    for p in network.parameters():
        p += rng.normal(0, 0.5, p.shape)
    W1, b1, W2, b2, W3, b3 = network.parameters()
    return network, [(W1, b1), (W2, b2), (W3, b3)], rng.normal(size=(50, 2))


def test_the_ordered_lines_are_the_network(program):
    network, layers, X = a_network()
    labels = run_lines(program(FORWARD, FORWARD.reference()), X, layers)
    np.testing.assert_array_equal(labels, network.predict(X))
    assert 0 < labels.mean() < 1


def test_the_mistaken_orders_do_what_their_sentences_say(program):
    _, layers, X = a_network()
    assert judge(FORWARD, lambda: "FBGDACE").mistake == "activation_first"
    with pytest.raises(NameError, match="Z"):
        run_lines(program(FORWARD, "FBGDACE"), X, layers)
    assert judge(FORWARD, lambda: "FABDGCE").mistake == "last_layer_too_early"
    with pytest.raises(ValueError, match="mismatch"):  # the last hidden layer's weights, once more
        run_lines(program(FORWARD, "FABDGCE"), X, layers)


def test_a_wrong_order_is_told_where_it_begins():
    assert judge(FORWARD, lambda: "FBGDCAE").mistake == "activation_first"
    assert "C, in place 5, comes too early" in judge(FORWARD, lambda: "FBDGCAE").text
    assert "exactly once" in judge(FORWARD, lambda: "FBD").text
    assert judge(FORWARD, lambda: "f b d g a c e").text.startswith("solved")


def test_a_layer_equals_that_of_torch():
    rng = np.random.default_rng(1)
    X, W, b = rng.normal(size=(7, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)
    expected = torch.nn.functional.linear(*map(torch.tensor, (X, W, b))).numpy()
    np.testing.assert_allclose(module.layer(X, W, b), expected)


def test_the_table_holds_the_shapes_of_a_network():
    network = Network([6, 4, 3], np.random.default_rng(0))
    network.forward(np.zeros((32, 6)))
    first, activation, second = network.layers
    right = {"X": first.X, "W1": first.W, "b1": first.b, "Z1": activation.Z, "A1": second.X}
    right |= {"W2": second.W, "b2": second.b, "Z2": network.outputs}
    assert {name: array.shape for name, array in right.items()} == SHAPES.reference()


def test_a_wrong_shape_is_named_and_not_corrected():
    text = judge(SHAPES, lambda: SHAPES.reference() | {"b2": (4,)}).text
    assert 'Look again at "b2"' in text
    assert "(3,)" not in text


def test_two_layers_equal_the_collapsed_one():
    rng = np.random.default_rng(2)
    W1, b1, W2, b2 = (rng.normal(size=s) for s in [(5, 3), (5,), (2, 5), (2,)])
    X = rng.normal(size=(20, 3))
    W, b = module.collapse(W1, b1, W2, b2)
    np.testing.assert_allclose(X @ W.T + b, (X @ W1.T + b1) @ W2.T + b2)


def test_the_leaky_relu_is_that_of_the_package_and_its_derivative_the_central_difference():
    z = np.array([-3.0, -0.2, 0.0, 0.4, 5.0])
    a, da = module.leaky_relu(z, 0.1)
    np.testing.assert_array_equal(a, activations.leaky_relu(z, 0.1))
    np.testing.assert_array_equal(da, activations.leaky_relu_grad(z, 0.1))
    h, away = 1e-6, z != 0
    numeric = (activations.leaky_relu(z + h, 0.1) - activations.leaky_relu(z - h, 0.1)) / (2 * h)
    np.testing.assert_allclose(da[away], numeric[away], rtol=1e-8)


@pytest.mark.parametrize(("ramp", "height"), [(1.0, 2.0), (0.5, 3.0), (1.5, -1.0)])
def test_the_bump_is_the_polygon_through_its_corners(ramp, height):
    x = np.linspace(-2, 6, 401)
    corners = [1, 1 + ramp, 4 - ramp, 4]
    expected = np.interp(x, corners, [0, height, height, 0])
    np.testing.assert_allclose(module.bump(x, 1, 4, ramp, height), expected, atol=1e-12)


def layer_with_loops(X, W, b):
    return [[sum(x * w for x, w in zip(xs, ws)) + c for ws, c in zip(W, b)] for xs in X]


def layer_turned_twice(X, W, b):
    return (W @ X.T + b[:, None]).T


def collapse_through_the_inputs(W1, b1, W2, b2):
    """Send 0 and the unit vectors through both layers."""
    outputs = (np.vstack([np.zeros(W1.shape[1]), np.eye(W1.shape[1])]) @ W1.T + b1) @ W2.T + b2
    return (outputs[1:] - outputs[0]).T, outputs[0]


def leaky_relu_as_maximum(z, slope):
    return np.maximum(z, slope * z), slope + (1 - slope) * (z > 0)


def leaky_relu_in_torch(z, slope):
    z = torch.tensor(z, dtype=torch.float32, requires_grad=True)
    a = torch.nn.functional.leaky_relu(z, slope)
    a.sum().backward()
    return [a, z.grad]


def bump_as_polygon(x, left, right, ramp, height):
    return np.interp(x, [left, left + ramp, right - ramp, right], [0, height, height, 0])


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("layer", layer_with_loops),
        ("layer", layer_turned_twice),
        ("layer", lambda *args: torch.nn.functional.linear(*map(torch.Tensor, args))),
        ("layer_shapes", lambda: {name: list(shape) for name, shape in SHAPES.reference().items()}),
        ("collapse", collapse_through_the_inputs),
        ("leaky_relu", leaky_relu_as_maximum),
        ("leaky_relu", leaky_relu_in_torch),
        ("bump", bump_as_polygon),
        ("bump", lambda x, *args: bump_as_polygon(x.astype(np.float32), *args).tolist()),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).text.startswith("solved")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("layer", "Z = X @ W.T + b", "Z = np.maximum(X @ W.T + b, 0)"),
        ("leaky_relu", "z > 0, z, slope * z", "z > 0, z, 0.1 * z"),  # the slope of the notebook
        ("leaky_relu", "slope * z", "slope"),  # not np.maximum(z, slope)
        ("bump", "steepness = ", "x = X_GRID; steepness = "),
        ("bump", "steepness = ", "x = np.sort(x); steepness = "),
    ],
)
def test_what_is_wrong_on_some_inputs_is_wrong_in_no_known_way(name, old, new):
    exercise = find_exercise(name)
    result = judge(exercise, slip("wrong", old, new, "").of(exercise))
    assert (result.verdict, result.mistake) == ("wrong on this input", None)
