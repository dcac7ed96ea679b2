"""Losses against PyTorch, closed formulas and central differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nnutils import losses
from nnutils.gradcheck import numeric_gradient

F = torch.nn.functional
TORCH = {
    "l1": F.l1_loss,
    "mse": F.mse_loss,
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "cross_entropy": F.cross_entropy,
}
SAME_SHAPE = ["l1", "mse", "binary_cross_entropy"]


def function(name):
    return getattr(losses, name), getattr(losses, f"{name}_grad")


def example(name, shape, seed):
    """Predictions or logits, and targets that belong to them."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 3, shape)
    if name == "cross_entropy":
        return z, rng.integers(shape[1], size=shape[0])
    if name == "binary_cross_entropy":
        return z, rng.integers(2, size=shape)
    return z, rng.normal(0, 3, shape)


any_shape = st.tuples(st.integers(1, 6), st.integers(1, 5))
any_seed = st.integers(0, 10**6)


@pytest.mark.parametrize("name", TORCH)
@settings(deadline=None)
@given(shape=any_shape, seed=any_seed)
def test_loss_and_gradient_equal_torch(name, shape, seed):
    loss, loss_grad = function(name)
    z, y = example(name, shape, seed)
    t = torch.tensor(z, requires_grad=True)
    target = torch.tensor(y) if name == "cross_entropy" else torch.tensor(y, dtype=t.dtype)
    expected = TORCH[name](t, target)
    expected.backward()
    assert loss(z, y) == pytest.approx(expected.item(), rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(loss_grad(z, y), t.grad.numpy(), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", TORCH)
@settings(deadline=None)
@given(shape=any_shape, seed=any_seed)
def test_gradient_equals_central_differences(name, shape, seed):
    loss, loss_grad = function(name)
    z, y = example(name, shape, seed)
    assume(name != "l1" or np.abs(z - y).min() > 1e-4)  # the kink of |ŷ − y|
    numeric = numeric_gradient(lambda z: loss(z, y), z.copy())
    np.testing.assert_allclose(loss_grad(z, y), numeric, rtol=1e-7, atol=1e-8)


@settings(deadline=None)
@given(
    z=hnp.arrays(float, 4, elements=st.floats(-30, 30)),
    y=hnp.arrays(float, 4, elements=st.floats(0, 1)),
)
def test_binary_cross_entropy_takes_targets_between_the_labels(z, y):
    expected = F.binary_cross_entropy_with_logits(torch.tensor(z), torch.tensor(y)).item()
    assert losses.binary_cross_entropy(z, y) == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_means_have_no_half_and_run_over_all_outputs():
    y_hat, y = np.array([[1.0, 2.0], [3.0, 8.0]]), np.zeros((2, 2))
    assert losses.mse(y_hat, y) == (1 + 4 + 9 + 64) / 4
    assert losses.l1(y_hat, y) == (1 + 2 + 3 + 8) / 4
    assert losses.mse(3.0, 1.0) == 4
    np.testing.assert_array_equal(losses.l1_grad([1.0, 2.0, 3.0], [2, 2, 2]), [-1 / 3, 0, 1 / 3])


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    assert losses.cross_entropy(np.zeros((5, 10)), np.arange(5)) == pytest.approx(math.log(10))
    assert losses.binary_cross_entropy(np.zeros(5), [0, 1, 0, 1, 1]) == pytest.approx(math.log(2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_of_a_thousand_are_no_trouble(dtype):
    z = np.array([[1000, -1000], [1000, -1000]], dtype)
    assert losses.cross_entropy(z, np.array([0, 1])) == 1000  # 0 and 2000
    np.testing.assert_array_equal(
        losses.cross_entropy_grad(z, np.array([0, 1])), [[0, 0], [0.5, -0.5]]
    )
    z, y = np.array([1000, -1000, 1000, -1000], dtype), np.array([1, 0, 0, 1])
    assert losses.binary_cross_entropy(z, y) == 500  # 0, 0, 1000 and 1000
    np.testing.assert_array_equal(losses.binary_cross_entropy_grad(z, y), [0, 0, 0.25, -0.25])


def test_a_confident_right_answer_costs_a_little_and_not_nothing():
    assert losses.binary_cross_entropy([50.0, -50.0], [1, 0]) == pytest.approx(math.exp(-50))
    assert losses.binary_cross_entropy_grad([-50.0], [0])[0] == pytest.approx(math.exp(-50))


@pytest.mark.parametrize("name", TORCH)
def test_float32_stays_float32_beside_targets_of_float64(name):
    loss, loss_grad = function(name)
    z, y = example(name, (4, 3), 0)
    assert loss_grad(z.astype(np.float32), y).dtype == np.float32
    assert loss(z.astype(np.float32), y) == pytest.approx(loss(z, y), rel=1e-5)
    assert type(loss(z, y)) is float


@pytest.mark.parametrize("name", TORCH)
def test_arguments_are_not_changed(name):
    z, y = example(name, (4, 3), 0)
    z_before, y_before = z.copy(), y.copy()
    for f in function(name):
        f(z, y)
    np.testing.assert_array_equal(z, z_before)
    np.testing.assert_array_equal(y, y_before)


@pytest.mark.parametrize("name", SAME_SHAPE)
@pytest.mark.parametrize(("shape", "other"), [((4, 1), (4,)), ((4,), (4, 1)), ((4,), ())])
def test_shapes_that_would_broadcast_are_refused(name, shape, other):
    for f in function(name):
        with pytest.raises(ValueError) as error:
            f(np.zeros(shape), np.zeros(other))
        assert str(error.value) == f"y must have shape {shape}, got {other}"


@pytest.mark.parametrize("name", SAME_SHAPE)
def test_no_examples_have_no_mean(name):
    for f in function(name):
        with pytest.raises(ValueError, match="at least one example"):
            f(np.zeros((0, 1)), np.zeros((0, 1)))


@pytest.mark.parametrize("labels", [[0, 2], [-1, 1], [0, float("nan")]])
def test_binary_labels_outside_the_range_are_refused(labels):
    for f in function("binary_cross_entropy"):
        with pytest.raises(ValueError, match=r"labels must lie in 0 … 1, got"):
            f(np.zeros(2), labels)


@pytest.mark.parametrize("name", SAME_SHAPE)
@pytest.mark.parametrize("words", [["0", "1"], [0j, 1]])
def test_targets_that_are_no_real_numbers_are_refused(name, words):
    for f in function(name):
        for arguments in ((np.zeros(2), words), (words, np.zeros(2))):
            with pytest.raises(ValueError, match="expected an array of real numbers, got one of"):
                f(*arguments)


def test_true_and_false_are_the_labels_1_and_0():
    z = np.random.default_rng(0).normal(size=(3, 2))
    for f in function("cross_entropy"):
        np.testing.assert_array_equal(f(z, [True, False, True]), f(z, [1, 0, 1]))


@pytest.mark.parametrize(
    ("z", "y", "message"),
    [
        (np.zeros((2, 3)), np.array([[0], [1]]), r"labels must have shape \(2,\), got \(2, 1\)"),
        (np.zeros((2, 3)), np.eye(3)[:2], r"labels must have shape \(2,\), got \(2, 3\)"),
        (np.zeros((2, 3)), np.array([0.0, 1.0]), "whole numbers .* got float64"),
        (np.zeros((2, 3)), np.array([0, 3]), "labels must lie in 0 … 2, got 0 … 3"),
        (np.zeros((2, 3)), np.array([-1, 2]), "labels must lie in 0 … 2, got -1 … 2"),
        (np.zeros((2, 3)), np.array(["0", "1"]), "whole numbers .* got <U1"),
        (np.zeros(3), np.array(0), r"logits must have shape \(n, C\).* got \(3,\)"),
        (np.zeros((0, 3)), np.zeros(0, int), r"logits must have shape .* got \(0, 3\)"),
        (np.zeros((2, 0)), np.zeros(2, int), r"logits must have shape .* got \(2, 0\)"),
    ],
)
def test_cross_entropy_refuses_what_is_not_logits_and_labels(z, y, message):
    for f in function("cross_entropy"):
        with pytest.raises(ValueError, match=message):
            f(z, y)
