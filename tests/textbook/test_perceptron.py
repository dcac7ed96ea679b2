from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linprog, minimize
from sklearn.linear_model import Perceptron as SklearnPerceptron

from nnutils.perceptron import (
    FitReport,
    Perceptron,
    add,
    full_adder,
    half_adder,
    mistake_bound,
    step_unit,
)

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def separable(seed, n=60, d=2, gap=0.3):
    """Points of a cube at least gap away from a random plane, their labels and the plane."""
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=d), rng.normal() * 0.3
    X = rng.uniform(-2, 2, size=(50 * n, d))
    distance = (X @ w + b) / np.linalg.norm(w)
    keep = np.concatenate(
        [np.flatnonzero(distance > gap)[: n // 2], np.flatnonzero(distance < -gap)[: n // 2]]
    )
    keep = rng.permutation(keep)
    return X[keep], (distance[keep] > 0).astype(int), w, b


# step_unit and the networks by hand


def test_step_gives_one_from_zero_on():
    assert_array_equal(step_unit([[-1.0], [-1e-12], [0.0], [1e-12]], [1.0], 0.0), [0, 0, 1, 1])


@pytest.mark.parametrize(
    ("gate", "w", "b"),
    [
        (np.logical_and, [1, 1], -1.5),
        (np.logical_or, [1, 1], -0.5),
        (lambda p, q: ~np.logical_and(p, q), [-1, -1], 1.5),
    ],
)
def test_gates_by_hand(gate, w, b):
    assert_array_equal(step_unit(CORNERS, w, b), gate(*CORNERS.T.astype(bool)).astype(int))


def test_a_layer_is_its_units_side_by_side():
    rng = np.random.default_rng(0)
    X, W, b = rng.normal(size=(20, 3)), rng.normal(size=(4, 3)), rng.normal(size=4)
    columns = [[int(sum(x * w) + bias >= 0) for x in X] for w, bias in zip(W, b, strict=True)]
    assert_array_equal(step_unit(X, W, b), np.transpose(columns))


@pytest.mark.parametrize(("adder", "inputs"), [(half_adder, 2), (full_adder, 3)])
def test_adders_count_the_ones(adder, inputs):
    rows = list(product([0, 1], repeat=inputs))
    for row, (digit, carry) in zip(rows, adder(rows), strict=True):
        assert 2 * carry + digit == sum(row)
        assert_array_equal(adder(row), [digit, carry])


def test_the_sum_of_the_half_adder_is_xor():
    assert_array_equal(half_adder(CORNERS)[:, 0], CORNERS[:, 0] ^ CORNERS[:, 1])
    assert half_adder([1, 0])[0] == 1


def bits_of(number, places):
    return [int(bit) for bit in f"{number:0{places}b}"]


def test_add_is_the_sum_of_python():
    for a, b in product(range(16), repeat=2):
        assert add(bits_of(a, 4), bits_of(b, 4)) == bits_of(a + b, 5)
    a, b = 2**40 - 1, 987_654_321
    assert add(np.array(bits_of(a, 40)), bits_of(b, 40)) == bits_of(a + b, 41)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1, 0], [1], r"lists of the same length, got \[1 0\] and \[1\]"),
        (3, 1, "lists of the same length, got 3 and 1"),
        ([[1, 0]], [[0, 1]], "lists of the same length"),
        ([1, 2], [0, 1], r"the bits 0 and 1, got \[1 2\] and \[0 1\]"),
        ([1, 0], [0, -1], r"the bits 0 and 1, got \[1 0\] and \[ 0 -1\]"),
        ([1, 0], [0, 0.5], "the bits 0 and 1"),
    ],
)
def test_add_takes_bits_only(a, b, message):
    with pytest.raises(ValueError, match=message):
        add(a, b)


@pytest.mark.parametrize(("adder", "inputs"), [(half_adder, 2), (full_adder, 3)])
def test_adders_need_their_number_of_bits(adder, inputs):
    with pytest.raises(ValueError, match="does not fit weights"):
        adder([[0] * (inputs + 1)])


def test_no_line_does_xor():
    """The four conditions of XOR on (w1, w2, b) have no solution, says linear programming."""
    signs = 2 * (CORNERS[:, 0] ^ CORNERS[:, 1]) - 1
    conditions = -signs[:, None] * np.column_stack([CORNERS, np.ones(4)])
    margins = np.full(4, -1e-3)  # any separator can be scaled to leave this margin
    assert linprog(np.zeros(3), conditions, margins, bounds=(None, None)).status == 2
    report = Perceptron(2).fit(CORNERS, CORNERS[:, 0] ^ CORNERS[:, 1], max_epochs=200)
    assert not report.converged and report.wrong > 0


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"X of shape \(4, 2\) .* weights of shape \(3,\)"):
        step_unit(CORNERS, [1, 2, 3], 0)
    with pytest.raises(ValueError, match=r"\(3,\)"):
        Perceptron(2).predict([1, 2, 3])


# update


def test_start_calls_everything_one():
    unit = Perceptron(3)
    assert_array_equal(unit.w, np.zeros(3))
    assert unit.b == 0
    assert_array_equal(unit.predict(np.random.default_rng(0).normal(size=(5, 3))), np.ones(5))


def test_update_by_hand():
    unit = Perceptron(2, rate=0.5)
    assert not unit.update([2.0, -1.0], 1)  # predicted 1, and it is 1
    assert unit.update([2.0, -1.0], 0)
    assert_array_equal(unit.w, [-1.0, 0.5])
    assert unit.b == -0.5
    assert unit.update([1.0, 1.0], 1)  # z = -1 + 0.5 - 0.5 = -1
    assert_array_equal(unit.w, [-0.5, 1.0])
    assert unit.b == 0


@given(seed=st.integers(0, 10_000), label=st.integers(0, 1))
@settings(max_examples=60, deadline=None)
def test_update_moves_the_sum_of_that_example_the_right_way(seed, label):
    rng = np.random.default_rng(seed)
    unit = Perceptron(3, rate=rng.uniform(0.1, 2))
    unit.w, unit.b = rng.normal(size=3), rng.normal()
    x = rng.normal(size=3)
    z, right = unit.w @ x + unit.b, unit.predict(x) == label
    assert unit.update(x, label) is not bool(right)
    expected = 0 if right else (2 * label - 1) * unit.rate * (x @ x + 1)
    assert_allclose(unit.w @ x + unit.b - z, expected, atol=1e-12)


def test_update_never_changes_the_caller_or_the_record():
    X, y = np.array([[1.0, 2.0], [-1.0, -1.0]]), np.array([0, 1])
    report = Perceptron(2).fit(X, y)
    assert_array_equal(X, [[1, 2], [-1, -1]])
    kept = [update.w.copy() for update in report.updates]
    Perceptron(2).fit(X, y)
    for update, w in zip(report.updates, kept, strict=True):
        assert_array_equal(update.w, w)


# fit


@pytest.mark.parametrize("seed", range(8))
def test_separates_what_scikit_learn_separates(seed):
    X, y, _, _ = separable(seed, d=2 + seed % 3)
    unit = Perceptron(X.shape[1])
    report = unit.fit(X, y)
    other = SklearnPerceptron(tol=None, max_iter=1000, shuffle=False).fit(X, y)
    assert report.converged and report.wrong == 0
    assert_array_equal(unit.predict(X), y)
    assert_array_equal(other.predict(X), y)


def test_same_weights_as_scikit_learn():
    """From zero, with the same order: scikit-learn updates on sign(z)·z <= 0, so the first example
    must be of class 0 for both to agree (z = 0 counts as class 1 here)."""
    for seed in range(6):
        X, y, _, _ = separable(seed)
        order = np.argsort(y, kind="stable")[:1]
        order = np.concatenate([order, np.delete(np.arange(len(y)), order)])
        X, y = X[order], y[order]
        unit = Perceptron(2)
        unit.fit(X, y)
        other = SklearnPerceptron(tol=None, max_iter=1000, shuffle=False).fit(X, y)
        assert_allclose(unit.w, other.coef_[0], atol=1e-9)
        assert_allclose(unit.b, other.intercept_[0], atol=1e-9)


def test_record_replays_to_the_final_weights():
    X, y, _, _ = separable(3, gap=0.05)
    unit = Perceptron(2, rate=0.25)
    report = unit.fit(X, y, rng=np.random.default_rng(1))
    w, b = np.zeros(2), 0.0
    epochs = [update.epoch for update in report.updates]
    assert epochs == sorted(epochs) and epochs[0] == 1 and epochs[-1] <= report.epochs
    for update in report.updates:
        x, label = X[update.example], y[update.example]
        predicted = int(w @ x + b >= 0)
        assert update.error == label - predicted != 0
        w, b = w + 0.25 * update.error * x, b + 0.25 * update.error
        assert_allclose(update.w, w)
        assert_allclose(update.b, b)
    assert_allclose(unit.w, w)


def test_order_is_that_of_the_rows_or_of_the_generator():
    X, y, _, _ = separable(5, gap=0.02)
    examples = [u.example for u in Perceptron(2).fit(X, y).updates if u.epoch == 1]
    assert examples == sorted(examples)
    shuffled = [Perceptron(2).fit(X, y, rng=np.random.default_rng(7)).updates for _ in range(2)]
    assert [u.example for u in shuffled[0]] == [u.example for u in shuffled[1]]
    first = [u.example for u in shuffled[0] if u.epoch == 1]
    assert first != sorted(first)


def test_fit_goes_on_from_the_present_weights():
    X, y, _, _ = separable(2)
    unit = Perceptron(2)
    assert unit.fit(X, y).updates
    again = unit.fit(X, y)
    assert again.converged and again.epochs == 1 and again.updates == []


def test_without_a_line_it_stops_and_says_so():
    X = np.array([[0.0], [1.0], [0.0]])
    report = Perceptron(1).fit(X, [0, 1, 1], max_epochs=30)
    assert isinstance(report, FitReport)
    assert not report.converged
    assert report.epochs == 30 and report.wrong >= 1 and len(report.updates) >= 30
    assert str(report).startswith("not converged after 30 epochs")
    assert "no line separates" in str(report)


def test_report_of_success():
    report = Perceptron(2).fit(CORNERS, [0, 0, 0, 1])
    assert report.converged and report.wrong == 0
    assert str(report) == (
        f"converged after {report.epochs} epochs and {len(report.updates)} updates: 0 wrong"
    )


# the bound


@given(
    seed=st.integers(0, 10_000),
    d=st.integers(1, 4),
    gap=st.floats(0.05, 0.8),
    rate=st.sampled_from([0.1, 1.0, 30.0]),
)
@settings(max_examples=40, deadline=None)
def test_updates_stay_below_the_bound_of_any_separator(seed, d, gap, rate):
    X, y, w, b = separable(seed, n=30, d=d, gap=gap)
    if len(np.unique(y)) < 2:
        return
    bound = mistake_bound(X, y, w, b)
    report = Perceptron(d, rate).fit(X, y, max_epochs=int(bound) + 2)
    assert report.converged
    assert len(report.updates) <= bound


@pytest.mark.parametrize("seed", range(4))
def test_bound_is_least_for_the_widest_margin(seed):
    """The widest margin from SciPy: the shortest v with s·(x, 1)·v >= 1 has the margin 1/|v|."""
    X, y, w, b = separable(seed, n=20)
    inputs = np.column_stack([X, np.ones(len(X))])
    signed = (2 * y - 1)[:, None] * inputs
    start = np.append(w, b) / (signed @ np.append(w, b)).min()
    found = minimize(
        lambda v: v @ v,
        start,
        jac=lambda v: 2 * v,
        constraints={"type": "ineq", "fun": lambda v: signed @ v - 1, "jac": lambda v: signed},
    )
    assert found.success
    v = found.x
    least = mistake_bound(X, y, v[:2], v[2])
    assert_allclose(least, (inputs**2).sum(axis=1).max() * (v @ v), rtol=1e-5)
    assert len(Perceptron(2).fit(X, y).updates) <= least <= mistake_bound(X, y, w, b) + 1e-6


def test_bound_by_hand():
    # (x, 1) = (3, 1) and (-1, 1); separator (1, 0): distances 3 and 1, so R² = 10 and γ = 1
    assert mistake_bound([[3.0], [-1.0]], [1, 0], [1.0], 0.0) == pytest.approx(10)
    assert mistake_bound([[3.0], [-1.0]], [1, 0], [7.0], 0.0) == pytest.approx(10)


@given(seed=st.integers(0, 10_000), power=st.integers(-6, 6))
@settings(max_examples=30, deadline=None)
def test_the_rate_changes_nothing_but_the_length_of_the_weights(seed, power):
    X, y, _, _ = separable(seed, gap=0.05)
    assume(0 < y.sum() < len(y))  # a plane may leave all points on one side
    one, other = Perceptron(2), Perceptron(2, rate=2.0**power)
    first, second = one.fit(X, y), other.fit(X, y)
    assert [u.example for u in first.updates] == [u.example for u in second.updates]
    assert_array_equal(one.w * 2.0**power, other.w)


@pytest.mark.parametrize(("w", "b"), [([0, 0], 0), ([1, 1], 0), ([np.nan, 1], 0)])
def test_bound_needs_a_separator(w, b):
    with pytest.raises(ValueError, match="does not separate"):
        mistake_bound(CORNERS, [0, 0, 0, 1], w, b)


def test_bound_of_unfitting_weights():
    with pytest.raises(ValueError, match=r"w must have shape \(2,\), got \(3,\)"):
        mistake_bound(CORNERS, [0, 0, 0, 1], [1, 1, 1], 0)


# bad input


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((0, 2)), [], "at least one example"),
        (np.zeros((2, 0)), [0, 1], "at least one example and one input"),
        ([1.0, 2.0], [0, 1], r"got \(2,\) and \(2,\)"),
        (CORNERS, [0, 1], r"got \(4, 2\) and \(2,\)"),
        (CORNERS, [[0], [1], [1], [0]], r"got \(4, 2\) and \(4, 1\)"),
        (CORNERS, [1, 1, 1, 1], "only the label 1"),
        (CORNERS, [0, 0, 0, 0], "only the label 0"),
        (CORNERS, [-1, 1, 1, -1], r"labels 0 and 1, got \[-1  1\]"),
        (CORNERS, [0, 1, 2, 0], r"got \[0 1 2\]"),
        (CORNERS, ["small", "big", "big", "small"], "labels 0 and 1"),
        (CORNERS, [0, 1, np.nan, 0], "labels 0 and 1"),
        ([[np.nan, 0], [1, 1]], [0, 1], "finite"),
        ([[np.inf, 0], [1, 1]], [0, 1], "finite"),
    ],
)
def test_bad_examples(X, y, message):
    with pytest.raises(ValueError, match=message):
        Perceptron(2).fit(X, y)
    with pytest.raises(ValueError, match=message):
        mistake_bound(X, y, [1.0, 1.0], 0.0)


@pytest.mark.parametrize("max_epochs", [None, 0, -1, 2.5])
def test_a_limit_on_epochs_is_needed(max_epochs):
    with pytest.raises(ValueError, match="max_epochs must be a whole number of at least 1"):
        Perceptron(2).fit(CORNERS, [0, 1, 1, 0], max_epochs=max_epochs)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1.0], 1, r"x must have shape \(2,\), got \(1,\)"),
        ([[1.0, 2.0]], 1, r"got \(1, 2\)"),
        ([1.0, np.nan], 1, "finite"),
        ([1.0, 2.0], -1, "y must be 0 or 1, got -1"),
        ([1.0, 2.0], 0.5, "y must be 0 or 1, got 0.5"),
    ],
)
def test_bad_update(x, y, message):
    with pytest.raises(ValueError, match=message):
        Perceptron(2).update(x, y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": 0}, "inputs"),
        ({"inputs": 1.5}, "inputs"),
        ({"inputs": 2, "rate": 0}, "rate must be a finite number above 0, got 0"),
        ({"inputs": 2, "rate": -1}, "rate"),
        ({"inputs": 2, "rate": float("nan")}, "rate"),
        ({"inputs": 2, "rate": float("inf")}, "rate"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        Perceptron(**options)


def test_wrong_number_of_inputs_in_fit():
    with pytest.raises(ValueError, match=r"x must have shape \(3,\), got \(2,\)"):
        Perceptron(3).fit(CORNERS, [0, 0, 0, 1])
