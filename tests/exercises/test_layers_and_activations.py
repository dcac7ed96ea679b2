"""What is special about the exercises of notebook 04; the contract tests cover the rest."""

import numpy as np
import pytest
import torch

from nnutils import activations
from nnutils.exercises import layers_and_activations as module
from nnutils.exercises.base import judge
from nnutils.network import Network

EXERCISES = {exercise.id: exercise for exercise in module.EXERCISES}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path))


def run_lines(order, X, layers):
    """Run the lines of exercise 04.6 in this order and return the labels."""
    names = {"np": np, "X": X, "layers": layers}
    exec("\n".join(module.FORWARD_LINES[letter] for letter in order), names)
    return names["labels"]


def a_network():
    rng = np.random.default_rng(0)
    network = Network([2, 5, 4, 1], rng, "tanh", loss="binary_cross_entropy", dtype=float)
    for p in network.parameters():
        p += rng.normal(0, 0.5, p.shape)
    W1, b1, W2, b2, W3, b3 = network.parameters()
    return network, [(W1, b1), (W2, b2), (W3, b3)], rng.normal(size=(50, 2))


def test_the_ordered_lines_are_the_network():
    network, layers, X = a_network()
    labels = run_lines(module.forward_order(), X, layers)
    np.testing.assert_array_equal(labels, network.predict(X))
    assert 0 < labels.mean() < 1


def test_the_mistaken_orders_do_what_their_sentences_say():
    _, layers, X = a_network()
    with pytest.raises(NameError, match="Z"):
        run_lines(module._activation_first(), X, layers)
    with pytest.raises(ValueError, match="mismatch"):  # the last hidden layer's weights, once more
        run_lines(module._last_layer_too_early(), X, layers)


def test_a_wrong_order_is_told_where_it_begins():
    assert "Line 3, `A = np.tanh(Z)`" in judge(EXERCISES["04.6"], lambda: "FBGDCAE").text
    assert "exactly once" in judge(EXERCISES["04.6"], lambda: "FBD").text
    assert judge(EXERCISES["04.6"], lambda: "f b d g a c e").text.startswith("solved")


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
    assert {name: array.shape for name, array in right.items()} == module.shapes()


def test_a_wrong_shape_is_named_and_not_corrected():
    text = judge(EXERCISES["04.2"], lambda: module.shapes() | {"b2": (4,)}).text
    assert "The first wrong entry is 'b2'" in text
    assert "(3,)" not in text


def test_two_layers_equal_the_collapsed_one():
    rng = np.random.default_rng(2)
    W1, b1, W2, b2 = (rng.normal(size=s) for s in [(5, 3), (5,), (2, 5), (2,)])
    X = rng.normal(size=(20, 3))
    W, b = module.collapse(W1, b1, W2, b2)
    np.testing.assert_allclose(X @ W.T + b, (X @ W1.T + b1) @ W2.T + b2)


def test_the_leaky_relu_is_that_of_the_package_and_its_derivative_the_central_difference():
    z = np.array([-3.0, -0.2, 0.0, 0.4, 5.0])
    a, da = module.leaky_relu_and_derivative(z, 0.1)
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


def bump_as_polygon(x, left, right, ramp, height):
    return np.interp(x, [left, left + ramp, right - ramp, right], [0, height, height, 0])


@pytest.mark.parametrize(
    ("id", "function"),
    [
        ("04.1", layer_with_loops),
        ("04.1", layer_turned_twice),
        ("04.2", lambda: {name: list(shape) for name, shape in module.shapes().items()}),
        ("04.3", collapse_through_the_inputs),
        ("04.4", leaky_relu_as_maximum),
        ("04.5", bump_as_polygon),
    ],
)
def test_other_right_ways_are_accepted(id, function):
    assert judge(EXERCISES[id], function).text.startswith("solved")


@pytest.mark.parametrize("exercise", module.EXERCISES, ids=lambda exercise: exercise.id)
def test_every_known_mistake_is_recognised_as_itself(exercise):
    for mistake in exercise.mistakes:
        result = judge(exercise, mistake.function)
        assert result.verdict == "wrong in a known way"
        assert result.mistake == mistake.function.__name__
    assert judge(exercise, exercise.reference).text.startswith("solved")
