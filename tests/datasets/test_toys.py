import numpy as np
import pytest
from numpy.random import default_rng

from nnutils.datasets import (
    make_blobs,
    make_circles,
    make_moons,
    make_spiral,
    make_xor,
)

TOY_SETS = [make_moons, make_circles, make_spiral, make_xor, make_blobs]


@pytest.mark.parametrize("make", TOY_SETS)
@pytest.mark.parametrize("n", [1, 2, 7, 200])
def test_toy_sets_have_n_examples_and_balanced_labels(make, n):
    X, y = make(n, 0.1, default_rng(0))
    assert X.shape == (n, 2) and X.dtype == np.float64
    assert y.shape == (n,) and y.dtype == np.int64
    counts = np.bincount(y, minlength=2)
    assert len(counts) == 2 and abs(counts[0] - counts[1]) <= 1


@pytest.mark.parametrize("make", TOY_SETS)
def test_toy_sets_repeat_with_the_seed_and_mix_the_classes(make):
    X, y = make(100, 0.2, default_rng(3))
    X_again, y_again = make(100, 0.2, default_rng(3))
    X_other, _ = make(100, 0.2, default_rng(4))
    assert np.array_equal(X, X_again) and np.array_equal(y, y_again)
    assert not np.array_equal(X, X_other)
    assert 30 < (np.diff(y) != 0).sum() < 70  # neither sorted nor alternating


@pytest.mark.parametrize("make", TOY_SETS)
def test_noise_is_the_standard_deviation_of_the_shift(make):
    still, y = make(5000, 0, default_rng(0))
    moved, y_moved = make(5000, 0.3, default_rng(0))
    assert np.array_equal(y, y_moved)
    assert (moved - still).std(axis=0) == pytest.approx([0.3, 0.3], rel=0.05)
    assert (moved - still).mean(axis=0) == pytest.approx([0, 0], abs=0.02)


def test_moons_lie_on_two_half_circles():
    X, y = make_moons(1000, 0, default_rng(0))
    for label, centre, up in ((0, (0, 0), 1), (1, (1, 0.5), -1)):
        arm = X[y == label] - centre
        assert np.allclose(np.hypot(*arm.T), 1)
        assert (up * arm[:, 1] >= 0).all()
        assert arm[:, 0].min() < -0.99 and arm[:, 0].max() > 0.99


def test_moons_are_those_of_scikit_learn():
    from sklearn.datasets import make_moons as sklearn_moons

    dense, y_dense = sklearn_moons(4000, noise=None)
    X, y = make_moons(300, 0, default_rng(0))
    for label in (0, 1):
        gaps = X[y == label][:, None] - dense[y_dense == label]
        assert np.hypot(*np.moveaxis(gaps, -1, 0)).min(axis=1).max() < 1e-3


def test_circles_have_radius_1_and_one_half():
    X, y = make_circles(1000, 0, default_rng(0))
    assert np.allclose(np.hypot(*X.T), np.where(y == 0, 1, 0.5))
    for label in (0, 1):  # all the way round
        angles = np.sort(np.arctan2(*X[y == label].T))
        assert np.diff(angles).max() < 0.2


def test_spiral_arms_grow_with_the_angle_and_are_half_a_turn_apart():
    X, y = make_spiral(2000, 0, default_rng(0))
    radius = np.hypot(*X.T)
    assert 0.1 <= radius.min() < 0.11 and 0.99 < radius.max() <= 1
    turned = np.where(y[:, None] == 0, X, -X)  # arm 1 turned by half a turn lies on arm 0
    angle = 2.5 * np.pi * (radius - 0.1) / 0.9
    assert np.allclose(turned, radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]))


def test_xor_gives_1_where_the_signs_differ():
    X, y = make_xor(400, 0, default_rng(0))
    corners, counts = np.unique(X, axis=0, return_counts=True)
    assert corners.tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    assert counts.tolist() == [100] * 4
    assert np.array_equal(y, (X[:, 0] * X[:, 1] < 0).astype(int))


def test_blobs_lie_at_their_centres():
    centres = np.array([[0, 0], [3, 0], [0, 4]])
    X, y = make_blobs(3001, 0.5, default_rng(0), centres=centres)
    assert np.bincount(y).tolist() == [1001, 1000, 1000]
    for label, centre in enumerate(centres):
        assert X[y == label].mean(axis=0) == pytest.approx(centre, abs=0.06)
        assert X[y == label].std(axis=0) == pytest.approx([0.5, 0.5], rel=0.08)


@pytest.mark.parametrize("make", TOY_SETS)
@pytest.mark.parametrize(
    ("n", "noise", "rng", "message"),
    [
        (0, 0.1, default_rng(0), "n must be a whole number of at least 1, got 0"),
        (2.5, 0.1, default_rng(0), "n must be a whole number of at least 1, got 2.5"),
        (10, -0.1, default_rng(0), "noise must be a finite number of at least 0, got -0.1"),
        (
            10,
            float("nan"),
            default_rng(0),
            "noise must be a finite number of at least 0, got nan",
        ),
        (10, 0.1, 42, "rng must be a numpy.random.Generator, got 42"),
    ],
)
def test_toy_sets_refuse_bad_arguments(make, n, noise, rng, message):
    with pytest.raises(ValueError, match=message):
        make(n, noise, rng)


@pytest.mark.parametrize(
    ("centres", "message"),
    [
        ((1, 2), r"centres must have shape \(C, 2\), C at least 1, got \(2,\)"),
        (np.zeros((0, 2)), r"centres must have shape \(C, 2\), C at least 1, got \(0, 2\)"),
        ([(0, np.nan)], "centres must hold finite numbers, got"),
    ],
)
def test_blobs_refuse_centres_that_are_none(centres, message):
    with pytest.raises(ValueError, match=message):
        make_blobs(10, 0.1, default_rng(0), centres=centres)
