"""The gradient formulas that notebook 06 shows and does not itself compare with measured slopes.

The formulas are taken from the notebook's own text and code, so that a change there is tested here.
"""

import re

import numpy as np
import pytest

from nnutils import activations, losses
from nnutils.datasets import make_moons
from nnutils.gradcheck import numeric_gradient, relative_error
from nnutils.network import Network
from tools import notebooks

NOTEBOOK = notebooks.read(notebooks.ROOT / "notebooks" / "06_backprop_by_hand.ipynb")
SHAPES = [(1, 1, 1), (5, 3, 4), (4, 2, 2), (2, 5, 1)]  # examples, inputs, outputs


def solution(name, **names):
    """Run the code of the folded solution of exercise ``name`` and return its function."""
    code = notebooks.solutions_in(NOTEBOOK)[name]
    names |= {"np": np, "sigmoid": activations.sigmoid}
    exec(code, names)
    return names[re.search(r"^def (\w+)", code, re.MULTILINE)[1]]


def table():
    """Return what the table of section 5 says: {"dW": "dZ.T @ X", …}."""
    text = next(c.source for c in NOTEBOOK.cells if "| forward | backward | shapes |" in c.source)
    return dict(re.findall(r"`(\w+) = ([^`]+)`", text))


def assert_agrees(gradient, f, x):
    assert np.shape(gradient) == x.shape
    assert relative_error(gradient, numeric_gradient(f, x)) < 1e-7


def linear_problem(n, n_in, n_out):
    rng = np.random.default_rng(0)
    shapes = {"X": (n, n_in), "W": (n_out, n_in), "b": n_out, "dZ": (n, n_out), "y": (n, n_out)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", ["dW", "db", "dX"])
@pytest.mark.parametrize("shape", SHAPES)
def test_06_section_5_table_linear_layer(shape, name):
    """dW = dZ.T @ X, db = dZ.sum(axis=0), dX = dZ @ W, for a loss whose gradient at Z is dZ."""
    values = linear_problem(*shape)
    formulas = table()

    def loss(_):
        return np.sum(values["dZ"] * eval(formulas["Z"], values))

    gradient = eval(formulas[name], values)
    assert_agrees(gradient, loss, values[name[1:]])


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu"])
def test_06_section_5_table_activation(name):
    """dZ = dA * f′(Z), for any f, element by element."""
    f, f_grad = getattr(activations, name), getattr(activations, f"{name}_grad")
    rng = np.random.default_rng(0)
    Z, dA = rng.normal(size=(2, 4, 3))
    formula = table()["dZ"].replace("f′(Z)", "f_grad(Z)")
    assert "f_grad" in formula
    dZ = eval(formula, {"dA": dA, "f_grad": f_grad, "Z": Z})
    assert_agrees(dZ, lambda Z: np.sum(dA * f(Z)), Z)


@pytest.mark.parametrize("shape", SHAPES)
def test_06_section_5_table_squared_error(shape):
    """dA = 2 * (A - y) / A.size, with several outputs too."""
    values = linear_problem(*shape)
    values |= {"A": values.pop("dZ"), "np": np}
    formulas = table()
    gradient = eval(formulas["dA"], values)
    assert_agrees(gradient, lambda _: eval(formulas["loss"], values), values["A"])


def test_06_exercise_1_by_pencil():
    """dv = 2·v, du = dv, db = du·a, da = du·b + dv at a = 3, b = −2."""
    a, b = 3.0, -2.0

    def loss(numbers):
        a, b = numbers
        return (a * b + a) ** 2

    dv, du, db, da = solution("by_pencil")()
    assert_agrees(np.array([da, db], dtype=float), loss, np.array([a, b]))
    assert dv == du == 2 * (a * b + a)


def test_06_section_3_derivatives_of_sigmoid_and_tanh():
    """σ′(z) = σ(z)·(1 − σ(z)) and tanh′(z) = 1 − tanh²(z)."""
    z = np.linspace(-6, 6, 25)
    sigmoid = 1 / (1 + np.exp(-z))
    assert_agrees(sigmoid * (1 - sigmoid), lambda z: np.sum(1 / (1 + np.exp(-z))), z)
    assert_agrees(1 - np.tanh(z) ** 2, lambda z: np.sum(np.tanh(z)), z)


def test_06_section_13_slope_of_the_sigmoid():
    """σ′ is at most 1/4, and 1/4⁷ = 1/16,384."""
    z = np.linspace(-10, 10, 2001)
    slopes = (activations.sigmoid(z + 1e-5) - activations.sigmoid(z - 1e-5)) / 2e-5
    assert slopes.max() == pytest.approx(1 / 4, abs=1e-9)
    assert z[slopes.argmax()] == pytest.approx(0, abs=1e-2)
    stated = "".join(cell.source for cell in NOTEBOOK.cells)
    assert f"1/4^7 = 1/{4**7:,}".replace(",", "{,}") in stated


def test_06_section_7_delta_of_squared_error_behind_a_sigmoid():
    """2·(a − y)·a·(1 − a), where cross-entropy has a − y."""
    y = np.array([1.0, 0.0, 1.0, 0.0])
    z = np.array([-5.0, -1.0, 0.5, 3.0])
    a = 1 / (1 + np.exp(-z))
    assert_agrees(2 * (a - y) * a * (1 - a), lambda z: np.sum((1 / (1 + np.exp(-z)) - y) ** 2), z)
    assert_agrees(a - y, lambda z: 4 * losses.binary_cross_entropy(z, y), z)


def test_06_section_13_how_far_the_error_fades():
    """Over twenty draws 1,500 to 68,000 times with sigmoids, less than 8 times with ReLUs."""
    rng = np.random.default_rng(0)
    X, y = make_moons(300, 0.15, rng)
    factors = {"sigmoid": [], "relu": []}
    for name, found in factors.items():
        for seed in range(20):
            network = Network([2] + 7 * [16] + [2], np.random.default_rng(seed), name, dtype=float)
            network.backward(network.loss_grad(network.forward(X), y))
            last, first = (np.linalg.norm(network.gradients()[k]) for k in (-2, 0))
            found.append(last / first)
    sigmoid, relu = (np.array(found) for found in factors.values())
    assert (round(sigmoid.min(), -2), round(sigmoid.max(), -3)) == (1500, 68000)
    assert round(np.median(sigmoid), -3) == 21000
    assert relu.max() < 8


def test_06_question_8_how_far_it_fades_in_fourteen_layers():
    """About 420 million times, the square of 20,000; with He's weights over 10 million."""
    X, y = make_moons(300, 0.15, np.random.default_rng(0))
    factors = {"as drawn": [], "He": []}
    for name, found in factors.items():
        for seed in range(20):
            rng = np.random.default_rng(seed)
            network = Network([2] + 14 * [16] + [2], rng, "sigmoid", dtype=float)
            if name == "He":
                for layer in network.layers[::2]:
                    layer.W = rng.normal(0, np.sqrt(2 / layer.W.shape[1]), layer.W.shape)
            network.backward(network.loss_grad(network.forward(X), y))
            last, first = (np.linalg.norm(network.gradients()[k]) for k in (-2, 0))
            found.append(last / first)
    assert round(np.median(factors["as drawn"]), -7) == 4.2e8
    assert np.median(factors["He"]) > 1e7


def test_06_section_10_five_sound_networks_read_the_moons_as_well():
    """99 % with and without the biases' gradient, by the notebook's own training loop."""
    names = {"np": np}
    exec(next(c.source for c in NOTEBOOK.cells if "def train(network" in c.source), names)
    rng = np.random.default_rng(0)
    moons, moons_test = (make_moons(size, 0.15, rng) for size in (300, 1000))
    for forget_bias in (False, True):
        shares = []
        for seed in range(5):
            network = Network([2, 16, 16, 2], np.random.default_rng(seed))
            names["train"](network, *moons, 100, 0.5, rng, forget_bias)
            shares.append(network.accuracy(*moons_test))
        assert round(100 * np.mean(shares)) == 99


def test_06_section_7_delta_of_softmax_and_cross_entropy():
    """dZ = (probabilities − 1 at the right class) / n, for a batch."""
    rng = np.random.default_rng(0)
    Z, y = rng.normal(size=(6, 4)), rng.integers(4, size=6)
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)

    def loss(Z):
        return np.mean([np.log(np.sum(np.exp(z))) - z[right] for z, right in zip(Z, y)])

    assert loss(Z) == pytest.approx(losses.cross_entropy(Z, y))
    assert_agrees((P - np.eye(4)[y]) / 6, loss, Z)


def test_06_exercise_4_two_layers():
    """dZ2 = (P − one-hot)/n, dW2, db2, dZ1 = (dZ2 @ W2)·(Z1 > 0), dW1, db1."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(7, 3)), rng.integers(4, size=7)
    parameters = [rng.normal(size=shape) for shape in ((5, 3), 5, (4, 5), 4)]
    W1, b1, W2, b2 = parameters

    def loss(_):
        return losses.cross_entropy(np.maximum(X @ W1.T + b1, 0) @ W2.T + b2, y)

    backward = solution("backward", relu=activations.relu, relu_grad=activations.relu_grad)
    for gradient, array in zip(backward(X, y, *parameters), parameters, strict=True):
        assert_agrees(gradient, loss, array)


def sigmoid_network(X, W1, b1, W2, b2):
    hidden = 1 / (1 + np.exp(-(X @ W1.T + b1)))
    return 1 / (1 + np.exp(-(hidden @ W2.T + b2)))


def sigmoid_problem():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(5, 2)), rng.uniform(size=(5, 1))
    return X, y, [rng.normal(size=shape) for shape in ((3, 2), 3, (1, 3), 1)]


def test_06_exercise_5_repaired_program():
    """delta2 = 2·(ŷ − y)/n·ŷ·(1 − ŷ), and what follows from it."""
    X, y, parameters = sigmoid_problem()
    loss, *gradients = solution("repaired_gradients")(X, y, *parameters)
    assert loss == pytest.approx(np.mean((sigmoid_network(X, *parameters) - y) ** 2))
    for gradient, array in zip(gradients, parameters, strict=True):
        assert_agrees(
            gradient, lambda _: np.mean((sigmoid_network(X, *parameters) - y) ** 2), array
        )


def test_06_section_8_the_tutorials_program_has_the_faults_that_the_text_names():
    """Its delta2 is the gradient of the summed cross-entropy at Z2; its biases are not summed."""
    X, y, parameters = sigmoid_problem()
    source = next(c.source for c in NOTEBOOK.cells if "def tutorial_gradients" in c.source)
    names = {"np": np, "sigmoid": activations.sigmoid}
    exec(source, names)
    loss, dW1, db1, dW2, db2 = names["tutorial_gradients"](X, y, *parameters)
    assert loss == pytest.approx(np.mean((sigmoid_network(X, *parameters) - y) ** 2))
    assert (db1.shape, db2.shape) == ((5, 3), (5, 1))

    def summed_cross_entropy(_):
        p = sigmoid_network(X, *parameters)
        return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))

    found = dW1, db1.sum(axis=0), dW2, db2.sum(axis=0)
    for gradient, array in zip(found, parameters, strict=True):
        assert_agrees(gradient, summed_cross_entropy, array)


def test_06_section_8_a_bias_for_every_example_learns_and_then_fails_on_another_batch():
    """With `b = b − …` the tutorial's loss falls; three examples no longer fit."""
    X, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [0.0]])
    source = next(c.source for c in NOTEBOOK.cells if "def tutorial_gradients" in c.source)
    names = {"np": np, "sigmoid": activations.sigmoid}
    exec(source, names)
    parameters = [np.array([[0.1, 0.3], [0.2, 0.4]]), np.array([0.1, 0.2])]
    parameters += [np.array([[0.5, 0.6]]), np.array([0.3])]
    losses_seen = []
    for _ in range(100):
        loss, *gradients = names["tutorial_gradients"](X, y, *parameters)
        losses_seen.append(loss)
        parameters = [p - 0.5 * g for p, g in zip(parameters, gradients, strict=True)]
    assert losses_seen[0] == pytest.approx(0.3352, abs=5e-5)
    assert losses_seen[-1] < 0.1 * losses_seen[0]
    with pytest.raises(ValueError, match="broadcast"):
        names["tutorial_gradients"](np.ones((3, 2)), np.ones((3, 1)), *parameters)


def test_06_section_9_classes():
    """Linear.backward and Sigmoid.backward, chained through a list of layers."""
    X, y, parameters = sigmoid_problem()
    W1, b1, W2, b2 = parameters
    names = {"np": np, "sigmoid": activations.sigmoid}
    for start in ("class Linear:", "class Sigmoid:"):
        source = next(c.source for c in NOTEBOOK.cells if c.source.startswith(start))
        exec(source.split("\n\n")[0], names)
    Linear, Sigmoid = names["Linear"], names["Sigmoid"]
    layers = [Linear(W1, b1), Sigmoid(), Linear(W2, b2), Sigmoid()]
    A = X
    for layer in layers:
        A = layer.forward(A)
    np.testing.assert_allclose(A, sigmoid_network(X, *parameters))
    d = 2 * (A - y) / len(X)
    for layer in reversed(layers):
        d = layer.backward(d)
    gradients = layers[0].dW, layers[0].db, layers[2].dW, layers[2].db, d
    for gradient, array in zip(gradients, (*parameters, X), strict=True):
        assert_agrees(
            gradient, lambda _: np.mean((sigmoid_network(X, *parameters) - y) ** 2), array
        )
