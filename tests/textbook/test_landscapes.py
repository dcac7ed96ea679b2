"""The landscapes against closed formulas, central differences and SciPy's minimizer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from nnutils import landscapes
from nnutils.gradcheck import numeric_gradient

NAMES = ["bowl", "ravine", "saddle", "many_minima"]
GRID = np.stack(np.meshgrid(*[np.linspace(-3, 3, 121)] * 2), axis=-1)


def functions(name):
    return getattr(landscapes, name), getattr(landscapes, f"{name}_grad")


def curvatures(name, place):
    """Return the eigenvalues of the second derivatives at ``place``, by central differences."""
    _, gradient = functions(name)
    steps = 1e-5 * np.eye(2)
    columns = [(gradient(place + h) - gradient(place - h)) / 2e-5 for h in steps]
    return np.linalg.eigvalsh(np.array(columns))


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(x=st.floats(-4, 4), y=st.floats(-4, 4))
def test_gradient_equals_central_differences(name, x, y):
    loss, gradient = functions(name)
    numeric = numeric_gradient(loss, np.array([x, y]))
    np.testing.assert_allclose(gradient([x, y]), numeric, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_grid_of_places_gives_a_grid_of_losses(name):
    loss, gradient = functions(name)
    assert loss(GRID).shape == (121, 121) and gradient(GRID).shape == (121, 121, 2)
    assert loss(GRID)[7, 30] == loss(GRID[7, 30])
    np.testing.assert_array_equal(gradient(GRID)[7, 30], gradient(GRID[7, 30]))
    assert loss(GRID).min() >= 0


@pytest.mark.parametrize(
    ("name", "place"),
    [("bowl", (0, 0)), ("ravine", (0, 0)), ("saddle", (0, 2**0.5)), ("many_minima", (0, 0))],
)
def test_the_lowest_place_has_the_loss_zero(name, place):
    loss, gradient = functions(name)
    found = minimize(loss, np.array(place) + 0.2, jac=gradient)
    np.testing.assert_allclose(found.x, place, atol=1e-4)
    assert loss(np.array(place)) == pytest.approx(0, abs=1e-15)
    assert (curvatures(name, np.array(place)) > 0).all()


def test_curvatures_are_those_of_the_docstrings():
    place = np.array([0.7, -0.3])
    np.testing.assert_allclose(curvatures("bowl", place), [2, 2], rtol=1e-6)
    np.testing.assert_allclose(curvatures("ravine", place), [0.2, 10], rtol=1e-6)
    np.testing.assert_allclose(curvatures("saddle", np.zeros(2)), [-2, 2], rtol=1e-6)


def test_the_saddle_lies_between_two_minima():
    assert landscapes.saddle([0, 0]) == 1
    np.testing.assert_array_equal(landscapes.saddle_grad([0, 0]), [0, 0])
    np.testing.assert_array_equal(landscapes.saddle_grad([1.3, 0])[1], 0)  # the ridge
    np.testing.assert_allclose(landscapes.saddle([[0, 2**0.5], [0, -(2**0.5)]]), 0, atol=1e-15)


def test_many_minima_are_nine_in_the_picture():
    fine = np.stack(np.meshgrid(*[np.linspace(-3, 3, 601)] * 2), axis=-1)
    z = landscapes.many_minima(fine)
    inner = z[1:-1, 1:-1]
    neighbours = [z[:-2, 1:-1], z[2:, 1:-1], z[1:-1, :-2], z[1:-1, 2:]]
    assert np.all([inner < n for n in neighbours], axis=0).sum() == 9


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("p", [3.0, [1, 2, 3], np.zeros((2, 1))])
def test_what_is_no_place_in_the_plane_is_refused(name, p):
    for function in functions(name):
        with pytest.raises(ValueError, match=r"a place must have shape \(…, 2\), got \("):
            function(p)
