"""Activations against PyTorch, SciPy and central differences."""

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nnutils import activations
from nnutils.gradcheck import numeric_gradient

TORCH = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
}
ELEMENTWISE = ["step", *TORCH]
ALL = [*ELEMENTWISE, "softmax", "log_softmax"]

moderate = st.floats(-30, 30)
any_shape = hnp.arrays(float, hnp.array_shapes(min_dims=0, max_dims=4), elements=moderate)
logits = hnp.arrays(float, hnp.array_shapes(min_dims=1, max_dims=3), elements=moderate)


def function(name):
    return getattr(activations, name), getattr(activations, f"{name}_grad")


@pytest.mark.parametrize("name", TORCH)
@settings(deadline=None)
@given(z=any_shape)
def test_values_and_derivatives_equal_torch(name, z):
    f, f_grad = function(name)
    t = torch.tensor(z, requires_grad=True)
    a = TORCH[name](t)
    a.sum().backward()
    np.testing.assert_allclose(f(z), a.detach().numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(f_grad(z), t.grad.numpy(), rtol=1e-9, atol=1e-12)
    assert np.shape(f(z)) == np.shape(f_grad(z)) == z.shape


@pytest.mark.parametrize("name", ELEMENTWISE)
@settings(deadline=None)
@given(z=hnp.arrays(float, 5, elements=st.floats(0.01, 8) | st.floats(-8, -0.01)))
def test_derivatives_equal_central_differences_away_from_the_kink(name, z):
    f, f_grad = function(name)
    numeric = numeric_gradient(lambda z: f(z).sum(), z.copy())
    np.testing.assert_allclose(f_grad(z), numeric, atol=1e-8)


@settings(deadline=None)
@given(z=logits)
def test_softmax_and_its_logarithm_equal_scipy(z):
    np.testing.assert_allclose(
        activations.softmax(z), scipy.special.softmax(z, axis=-1), rtol=1e-12
    )
    expected = scipy.special.log_softmax(z, axis=-1)
    np.testing.assert_allclose(activations.log_softmax(z), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@settings(deadline=None)
@given(z=hnp.arrays(float, st.integers(1, 6), elements=moderate))
def test_softmax_derivatives_equal_the_jacobian_of_torch(name, z):
    _, f_grad = function(name)
    torch_function = getattr(torch, name)
    jacobian = torch.autograd.functional.jacobian(lambda t: torch_function(t, -1), torch.tensor(z))
    np.testing.assert_allclose(f_grad(z), jacobian.numpy(), atol=1e-14)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_derivatives_of_a_batch_are_those_of_its_rows(name):
    _, f_grad = function(name)
    z = np.random.default_rng(0).normal(size=(2, 3, 4))
    assert f_grad(z).shape == (2, 3, 4, 4)
    np.testing.assert_allclose(f_grad(z)[1, 2], f_grad(z[1, 2]), rtol=1e-14)


@settings(deadline=None)
@given(z=logits, shift=st.floats(-1000, 1000))
def test_softmax_sums_to_one_and_ignores_a_shift(z, shift):
    p = activations.softmax(z)
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(activations.softmax(z + shift), p, rtol=1e-9, atol=1e-12)


def test_step_is_one_at_zero():
    np.testing.assert_array_equal(activations.step([-2, -1e-300, 0, -0.0, 1e-300]), [0, 0, 1, 1, 1])


@pytest.mark.parametrize(("name", "at_zero"), [("relu", 0), ("leaky_relu", 0.01), ("step", 0)])
def test_derivatives_at_the_kink(name, at_zero):
    _, f_grad = function(name)
    assert f_grad(0.0) == at_zero


@pytest.mark.parametrize("slope", [0, 0.2, 1, 3, -1])
def test_leaky_relu_takes_any_slope(slope):
    z = np.linspace(-2, 2, 9)
    t = torch.tensor(z, requires_grad=True)
    a = torch.nn.functional.leaky_relu(t, slope)
    a.sum().backward()
    np.testing.assert_allclose(activations.leaky_relu(z, slope), a.detach().numpy())
    np.testing.assert_allclose(activations.leaky_relu_grad(z, slope), t.grad.numpy())


def test_large_numbers_neither_overflow_nor_lose_digits():
    z = np.array([-1000, -700, -40, 40, 700, 1000.0])
    np.testing.assert_allclose(activations.sigmoid(z), scipy.special.expit(z), rtol=1e-13)
    assert np.isfinite(activations.sigmoid_grad(z)).all()
    np.testing.assert_array_equal(activations.softmax([-1000, 0, 1000]), [0, 0, 1])
    np.testing.assert_array_equal(activations.log_softmax([-1000, 0, 1000]), [-2000, -1000, 0])


@pytest.mark.parametrize("name", ALL)
def test_float32_stays_float32_and_nothing_is_changed_in_place(name):
    z = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    before = z.copy()
    for f in function(name):
        assert f(z).dtype == np.float32
        np.testing.assert_allclose(f(z), f(z.astype(float)), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(z, before)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
def test_whole_numbers_become_floats(name, dtype):
    z = np.array([0, 1, 1]).astype(dtype)
    for f in function(name):
        assert f(z).dtype == np.float64
        np.testing.assert_array_equal(f(z), f(z.astype(float)))


@pytest.mark.parametrize("name", ["softmax", "softmax_grad", "log_softmax", "log_softmax_grad"])
@pytest.mark.parametrize("z", [1.0, [], np.zeros((3, 0))])
def test_softmax_needs_an_axis_with_a_class(name, z):
    with pytest.raises(ValueError, match="logits must have shape"):
        getattr(activations, name)(z)
