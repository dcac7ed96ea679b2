"""The dice model against counting, the binomial formula for sums, and known distributions."""

from math import comb

import numpy as np
import pytest
from scipy import optimize, stats

from nnutils import dice


def ways(total, n, sides=6):
    """Count the rolls of n dice with this sum by inclusion and exclusion (a closed formula)."""
    return sum(
        (-1) ** k * comb(n, k) * comb(total - sides * k - 1, n - 1)
        for k in range((total - n) // sides + 1)
    )


def test_all_rolls_are_all_and_different():
    rolls = dice.all_rolls()
    assert rolls.shape == (216, 3)
    assert len({tuple(roll) for roll in rolls}) == 216
    assert rolls.min() == 1 and rolls.max() == 6
    assert dice.all_rolls(2, 4).shape == (16, 2)


def test_half_of_all_rolls_are_big():
    rolls = dice.all_rolls()
    big = dice.is_big(rolls)
    assert big.sum() == 108
    assert dice.is_big([[1, 3, 4], [3, 5, 6], [6, 4, 1], [6, 3, 1]]).tolist() == [0, 1, 1, 0]
    # Turned upside down (7 − dots), every roll changes sides.
    assert (dice.is_big(7 - rolls) == 1 - big).all()


@pytest.mark.parametrize(
    ("n", "sides"), [(1, 6), (2, 6), (3, 6), (5, 4), (10, 6), (24, 6), (25, 6), (60, 6), (63, 2)]
)
def test_sum_distribution_equals_the_closed_formula(n, sides):
    sums, counts = dice.sum_distribution(n, sides)
    assert sums.tolist() == list(range(n, sides * n + 1))
    assert counts.tolist() == [ways(int(s), n, sides) for s in sums]
    assert counts.sum() == sides**n


def test_nine_and_ten_as_galileo_found():
    sums, counts = dice.sum_distribution(3)
    assert counts[sums == 9] == 25 and counts[sums == 10] == 27


def test_rolls_follow_the_chances():
    fair = dice.roll_dice(20_000, np.random.default_rng(0))
    assert stats.chisquare(np.bincount(fair.ravel(), minlength=7)[1:]).pvalue > 0.001
    chances = np.array([1, 1, 1, 1, 1, 15]) / 20
    loaded = dice.roll_dice(20_000, np.random.default_rng(0), chances=chances)
    counts = np.bincount(loaded.ravel(), minlength=7)[1:]
    assert stats.chisquare(counts, chances * counts.sum()).pvalue > 0.001


def test_the_casino_hides_three_weights_and_a_threshold():
    weights, threshold = dice.casino_rule()
    rolls = dice.all_rolls()
    paid = np.array(
        [
            sum(w * dots for w, dots in zip(weights, roll, strict=True)) >= threshold
            for roll in rolls
        ]
    )
    assert weights.tolist() == [3, -2, 1] and threshold == 8  # what notebook 03 says of them
    assert (dice.casino_pays(rolls) == paid).all() and paid.sum() == 102
    assert dice.casino_pays([4, 1, 1]) == 1 and dice.casino_pays([4, 6, 6]) == 0


def test_rolls_leave_the_ratios_of_the_casinos_weights_open():
    """Bounds by linear programming: with the first weight 1, the others have room on both sides."""
    rolls = dice.all_rolls()
    signs = 1 - 2 * dice.casino_pays(rolls)  # −1: w · x ≥ t, 1: w · x ≤ t
    A, b = signs[:, None] * np.column_stack([rolls[:, 1:], -np.ones(216)]), -signs * rolls[:, 0]
    for k, (low, high) in enumerate([(-0.7333, -0.6), (0.2667, 0.4)]):
        ends = [
            optimize.linprog(sign * np.eye(3)[k], A, b, bounds=(None, None)).x[k]
            for sign in (1, -1)
        ]
        np.testing.assert_allclose(ends, [low, high], atol=1e-4)


def test_the_same_seed_gives_the_same_rolls():
    first, second = (dice.roll_dice(9, np.random.default_rng(5)) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dice.all_rolls(0), "dice must be a whole number of at least 1, got 0"),
        (lambda: dice.all_rolls(9), r"must be at most 2000000 rolls, got 6\*\*9"),
        (lambda: dice.all_rolls(10**9), r"must be at most 2000000 rolls, got 6\*\*1000000000"),
        (lambda: dice.all_rolls(3, 2.5), "sides must be a whole number of at least 1, got 2.5"),
        (
            lambda: dice.roll_dice(1, np.random.default_rng(0), chances=[0.5, 0.5]),
            r"chances must have shape \(6,\), got \(2,\)",
        ),
        (
            lambda: dice.roll_dice(1, np.random.default_rng(0), chances=[0.5] * 6),
            "chances must be at least 0 and sum to 1",
        ),
        (lambda: dice.roll_dice(-1, np.random.default_rng(0)), "n must be"),
        (lambda: dice.sum_distribution(0), "dice must be a whole number of at least 1, got 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
