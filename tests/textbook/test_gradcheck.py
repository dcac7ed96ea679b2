"""Central differences against closed formulas; the gradient check against planted faults."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nnutils.gradcheck import check_gradients, numeric_gradient, relative_error
from nnutils.network import Activation, Linear, Network

any_array = hnp.arrays(
    float, hnp.array_shapes(min_dims=0, max_dims=3, max_side=4), elements=st.floats(-3, 3)
)


@settings(deadline=None)
@given(x=any_array)
def test_numeric_gradient_of_a_formula(x):
    before = x.copy()
    gradient = numeric_gradient(lambda x: np.sum(np.sin(x) + x**2), x)
    np.testing.assert_allclose(gradient, np.cos(x) + 2 * x, atol=1e-8)
    np.testing.assert_array_equal(x, before)
    assert gradient.shape == x.shape


@pytest.mark.parametrize("h", [0.5, 0.1, 0.01])
def test_differences_are_central(h):
    """((x + h)³ − (x − h)³) / 2h is 3x² + h²; the forward difference has a term 3xh more."""
    x = np.array([1.0, -2.0])
    gradient = numeric_gradient(lambda x: np.sum(x**3), x, h)
    np.testing.assert_allclose(gradient, 3 * x**2 + h**2, rtol=1e-10)


def test_single_precision_is_too_coarse_for_the_check():
    x = np.linspace(1, 2, 5)
    exact = np.cos(x)
    double = numeric_gradient(lambda x: np.sin(x).sum(), x)
    single = numeric_gradient(lambda x: np.sin(x).sum(), x.astype(np.float32))
    assert relative_error(exact, double) < 1e-9
    assert relative_error(exact, single) > 1e-4


@pytest.mark.parametrize(
    ("x", "h", "message"),
    [
        (np.array([1, 2]), 1e-5, "x must hold floats, got int64"),
        (np.array([1.0]), 0, "h must be a finite number above 0, got 0"),
        (np.array([1.0]), -1e-5, "h must be a finite number above 0, got -1e-05"),
    ],
)
def test_numeric_gradient_refuses(x, h, message):
    with pytest.raises(ValueError, match=message):
        numeric_gradient(np.sum, x, h)


@pytest.mark.parametrize(
    ("a", "n", "error"),
    [
        ([3, 4], [3, 4], 0),
        ([0, 0], [0, 0], 0),
        ([3, 4], [0, 0], 1),
        ([3, 4], [-3, -4], 1),
        ([[3.0], [4.0]], [[6.0], [8.0]], 1 / 3),
        ([1.0, 0.0], [0.0, 1.0], np.sqrt(0.5)),
        (np.ones((2, 2, 2)), 3 * np.ones((2, 2, 2)), 0.5),
    ],
)
def test_relative_error(a, n, error):
    assert relative_error(a, n) == pytest.approx(error, abs=1e-15)


def test_relative_error_needs_one_shape():
    with pytest.raises(ValueError, match=r"one shape, got \(3,\) and \(3, 1\)"):
        relative_error(np.ones(3), np.ones((3, 1)))


def random_network(sizes, rng, **options):
    network = Network(sizes, rng, dtype=np.float64, **options)
    for p in network.parameters():
        p[:] = rng.normal(size=p.shape)
    return network


def problem(seed=0, sizes=(3, 4, 4, 2), **options):
    rng = np.random.default_rng(seed)
    network = random_network(sizes, rng, **options)
    return network, rng.normal(size=(6, sizes[0])), rng.integers(sizes[-1], size=6)


@settings(deadline=None, max_examples=30)
@given(
    sizes=st.lists(st.integers(2, 5), min_size=2, max_size=4),
    activation=st.sampled_from(["sigmoid", "tanh"]),
    loss=st.sampled_from(["cross_entropy", "binary_cross_entropy", "mse"]),
    seed=st.integers(0, 10**6),
)
def test_a_right_network_passes(sizes, activation, loss, seed):
    network, X, y = problem(seed, sizes, activation=activation, loss=loss)
    if loss != "cross_entropy":
        y = np.eye(sizes[-1])[y]
    before = [p.copy() for p in network.parameters()]
    report = check_gradients(network, X, y, tolerance=1e-6)
    assert report.all_ok, report.errors
    assert report.wrong_layer is None
    for p, value in zip(network.parameters(), before):
        np.testing.assert_array_equal(p, value)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_a_right_network_with_kinks_passes_too(activation):
    assert check_gradients(*problem(activation=activation)).all_ok


class NoSum(Linear):
    def backward(self, dZ):
        dX = super().backward(dZ)
        self.db = dZ
        return dX


class NoBias(Linear):
    def backward(self, dZ):
        dX = super().backward(dZ)
        self.db = np.zeros_like(self.b)
        return dX


class Doubled(Linear):
    def backward(self, dZ):
        dX = super().backward(dZ)
        self.dW = 2 * self.dW
        return dX


class NotFinite(Linear):
    def backward(self, dZ):
        dX = super().backward(dZ)
        self.dW = self.dW * np.nan
        return dX


class Turned(Linear):
    def backward(self, dZ):
        super().backward(dZ)
        return dZ @ self.W.T


class WrongArgument(Activation):
    def backward(self, dA):
        return dA * self.f_grad(self.f(self.Z))


@pytest.mark.parametrize(
    ("layer", "fault", "wrong"),
    [
        (0, NoSum, {"b1"}),
        (2, NoSum, {"b2"}),
        (4, NoBias, {"b3"}),
        (4, Doubled, {"W3"}),
        (0, Doubled, {"W1"}),
        (2, NotFinite, {"W2"}),
        (2, Turned, {"W1", "b1"}),
        (3, WrongArgument, {"W2", "b2", "W1", "b1"}),
        (1, WrongArgument, {"W1", "b1"}),
    ],
)
def test_a_planted_fault_is_found_in_its_layer(layer, fault, wrong):
    network, X, y = problem(activation="tanh")
    network.layers[layer].__class__ = fault
    report = check_gradients(network, X, y)
    assert {name for name, ok in report.ok.items() if not ok} == wrong
    assert report.wrong_layer == max(int(name[1:]) for name in wrong)
    assert f"from the output backwards: {report.wrong_layer}" in str(report)


def test_a_fault_in_the_loss_accuses_the_last_layer():
    network, X, y = problem(activation="tanh")
    right = network.loss_grad
    network.loss_grad = lambda Z, y: right(Z, y) * len(y)  # no division by the batch size
    report = check_gradients(network, X, y)
    assert not any(report.ok.values())
    assert report.wrong_layer == 3


def test_the_report_can_be_read():
    network, X, y = problem(sizes=(3, 4, 2), activation="tanh")
    assert list(check_gradients(network, X, y).errors) == ["W2", "b2", "W1", "b1"]
    assert str(check_gradients(network, X, y)) == (
        "dW2  below 1e-7: True\n"
        "db2  below 1e-7: True\n"
        "dW1  below 1e-7: True\n"
        "db1  below 1e-7: True\n"
        "Every gradient agrees with central differences."
    )
    network.layers[0].__class__ = NoBias
    report = check_gradients(network, X, y, tolerance=2.5e-6)
    assert repr(report) == (
        "dW2  below 2.5e-6: True\n"
        "db2  below 2.5e-6: True\n"
        "dW1  below 2.5e-6: True\n"
        "db1  below 2.5e-6: False\n"
        "First wrong layer, from the output backwards: 1"
    )
    assert report.errors["b1"] == 1
    assert not re.search(r"e-(0[89]|[1-9]\d)", repr(report))


def test_h_and_tolerance_are_used():
    network, X, y = problem(activation="tanh")
    coarse = check_gradients(network, X, y, h=0.1)
    assert not coarse.all_ok
    assert max(coarse.errors.values()) > 100 * max(check_gradients(network, X, y).errors.values())
    assert check_gradients(network, X, y, h=0.1, tolerance=0.1).all_ok


def test_a_network_of_single_precision_is_refused():
    network = Network([2, 2], np.random.default_rng(0))
    with pytest.raises(ValueError, match="network of float64, got float32"):
        check_gradients(network, np.ones((1, 2)), np.array([0]))
