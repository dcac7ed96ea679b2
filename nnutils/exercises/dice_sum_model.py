"""The exercises of notebook 03."""

import numpy as np

from nnutils import dice
from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.exercises.kinds import order


def one_die_more(counts):
    """Return how often each sum occurs once a further die is thrown in."""
    new = [0] * (len(counts) + 5)
    for i, count in enumerate(counts):
        for face in range(6):
            new[i + face] += count
    return new


def judge_roll(roll, weights, threshold):
    """Return 1 when the weighted sum of the dots reaches the threshold, else 0."""
    weighted_sum = 0
    for dots, weight in zip(roll, weights):
        weighted_sum += weight * dots
    return 1 if weighted_sum >= threshold else 0


def update_weights(w, b, x, y):
    """Return the weights and the bias after one example: changed only when the answer is wrong."""
    y_hat = 1 if w @ x + b >= 0 else 0
    w = w + (y - y_hat) * x
    b = b + (y - y_hat)
    return w, b


def fair_threshold(dice_thrown):
    """Return the smallest whole threshold that calls at most half of all rolls big."""
    sums, counts = dice.sum_distribution(dice_thrown)
    for threshold in sums:
        big = counts[sums >= threshold].sum()
        if big <= counts.sum() // 2:
            return int(threshold)


def _any_counts(rng):
    return (rng.integers(0, 20, size=rng.integers(3, 10)).tolist(),)


def _any_roll(rng):
    """Return three dice, weights, and a threshold that is at most 1/2 away from their sum."""
    roll, weights = rng.integers(1, 7, size=3), rng.integers(-6, 7, size=3) / 2
    threshold = weights @ roll + rng.integers(-1, 2) / 2
    return tuple(roll.tolist()), tuple(weights.tolist()), float(threshold)


def _any_example(rng):
    """Return weights, a bias, a roll and an answer; the sum is exact and at most 1 away from 0."""
    w, x = rng.integers(-24, 25, size=3) / 8, rng.integers(1, 7, size=3)
    return w, float(rng.integers(-2, 3) / 2 - w @ x), x, int(rng.integers(2))


# fmt: off
EXERCISES = [
    Exercise(
        "one_die_more",
        "Throw in one more die",
        one_die_more,
        cases=[
            Case(([1],), "no die yet: one way to get the sum 0"),
            Case(([1, 1, 1, 1, 1, 1],), "one die"),
            Case(([1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1],), "two dice"),
            Case(([2, 0, 1],), "counts of a strange die"),
        ],
        draw=_any_counts,
        hints=[
            "Every way to get the old sum number i leads to six new sums: numbers i, i + 1, … "
            "i + 5 of the new list.",
            "Make a list of `len(counts) + 5` zeros. Two loops: over `i` and `count` of "
            "`enumerate(counts)`, and over `face` in `range(6)`.",
            "The line inside both loops is `new[i + face] += count`.",
        ],
        mistakes=[
            slip("overwrites", "+= count", "= count",
                 "A new sum can be reached in several ways and you keep only the last one: `+=` "
                 "adds them up."),
            Mistake("one_too_long",
                    "Your list is one too long and begins with a sum that cannot occur. Number 0 "
                    "of the new list is the smallest sum: number `i` of the old list leads to "
                    "numbers `i` to `i + 5`.",
                    lambda counts: [0, *one_die_more(counts)]),
            slip("adds_one", "+= count", "+= 1",
                 "You add 1 for each old sum, but an old sum can come about in several ways: add "
                 "its count."),
            slip("five_faces", "range(6)", "range(5)",
                 "The new die has six faces, in your list it has five."),
        ],
    ),
    Exercise(
        "judge_roll",
        "Judge one roll",
        judge_roll,
        cases=[
            Case(((1, 3, 4), (1, 1, 1), 11)),
            Case(((3, 5, 6), (1, 1, 1), 11)),
            Case(((6, 4, 1), (1, 1, 1), 11)),
            Case(((6, 6, 1), (1, 1, 0), 12)),
            Case(((6, 6, 2), (1, 0.5, 0), 10)),
            Case(((1, 1, 6), (0, 0, 2), 11)),
            Case(((5, 5, 1), (1, 1, -1), 10)),
            Case(((6, 1, 1), (3, 1, 0.5), 15), "the first die weighs most"),
            Case(((1, 2, 3), (-1, -2, 0.5), -3.5), "a negative threshold"),
            Case(((1, 2, 3), (-1, -2, 0.5), -3), "just too small for a negative threshold"),
            Case(((6, 5, 6), (1, 1, 1), 17.5), "just too small"),
        ],
        draw=_any_roll,
        hints=[
            "Two steps: first the weighted sum, then the comparison with the threshold.",
            "Start with `weighted_sum = 0` and add `weight * dots` for the three pairs of "
            "`zip(roll, weights)`.",
            "The answer is 1 when `weighted_sum >= threshold`, and 0 otherwise. Exactly the "
            "threshold counts as big.",
        ],
        mistakes=[
            slip("strictly_above", ">=", ">",
                 "A weighted sum of exactly the threshold must give 1: with all weights 1 and "
                 "threshold 11 the roll (6, 4, 1) is big."),
            slip("without_weights", "weight * dots", "dots",
                 "The dots are added up without their weights: multiply each by its weight first."),
            slip("turned_round", ">=", "<",
                 "The two answers are exchanged: 1 means big, the sum reaches the threshold."),
            slip("last_product_only", "+=", "=",
                 "Only the last die counts. Inside the loop add to the sum (`+=`), do not replace "
                 "it."),
            slip("the_sum_itself", "1 if weighted_sum >= threshold else 0", "float(weighted_sum)",
                 "That is the weighted sum. The second step is missing: compare it with the "
                 "threshold and return 1 or 0."),
        ],
    ),
    order(
        "double_loop",
        "Put the double loop in order",
        right="DAFBEC",
        hints=[
            "Indentation tells which line stands inside which loop. The outer loop goes through "
            "the rolls, the inner one through the three dice of one roll.",
            "The list `answers` is made once, before everything else. `weighted_sum` must be set "
            "to 0 again for every roll.",
            "It begins with D, then A, then F.",
        ],
        mistakes=[
            ("sum_set_once", "FA",
             "`weighted_sum = 0` stands before the outer loop, so the second roll would start "
             "with the sum of the first. It must be set to 0 for every roll."),
            ("list_made_anew", "ADC",
             "`answers = []` stands below the head of the outer loop. Inside it every roll would "
             "throw away the answers before it."),
        ],
    ),
    Exercise(
        "update_weights",
        "Update the weights",
        update_weights,
        cases=[
            Case((np.zeros(3), 0.0, np.array([1, 3, 4]), 0), "(1, 3, 4), small, from zero"),
            Case((np.zeros(3), 0.0, np.array([3, 5, 6]), 1), "already right: nothing changes"),
            Case((np.array([-1.0, -3.0, -4.0]), -1.0, np.array([3, 5, 6]), 1), "a missed big roll"),
            Case((np.array([1.0, 1.0, 1.0]), -11.0, np.array([1, 3, 4]), 0), "right and small"),
            Case((np.array([1.0, 1.0, 1.0]), -9.0, np.array([2, 2, 5]), 0), "exactly on the step"),
            Case((np.array([2.0, 0.0, 1.0]), -4.0, np.array([1, 6, 1]), 1), "missed by the bias"),
            Case((np.array([-1.0, 0.0, 2.0]), 5.0, np.array([1, 6, 2]), 0), "too big"),
            Case((np.array([0.125, 0.5, 2.0]), -3.0, np.array([6, 1, 4]), 0), "clearly too big"),
            Case((np.array([0.125, 0.5, 2.0]), -3.0, np.array([6, 1, 4]), 1), "right and big"),
        ],
        draw=_any_example,
        hints=[
            "First the answer: `y_hat` is 1 when `w @ x + b >= 0`, else 0. Then compare it with "
            "`y`.",
            "The error `y - y_hat` is 0 for a right answer, 1 for a missed big roll, −1 for a "
            "small roll called big.",
            "Add `(y - y_hat) * x` to `w` and `y - y_hat` to `b`, and return both: `return w, b`.",
        ],
        mistakes=[
            Mistake("wrong_way",
                    "Weights and bias move the wrong way: what is added is `(y - y_hat) * x`. "
                    "After a missed big roll the weighted sum has to grow.",
                    lambda w, b, x, y: [2 * old - new for old, new in
                                        zip((w, b), update_weights(w, b, x, y))]),
            slip("bias_forgotten", "b = b + (y - y_hat)", "b = b",
                 "The weights are right, the bias stays where it was. It is a weight too, on the "
                 "constant input 1: add the error to it."),
            slip("always_updates", "y_hat = 1 if w @ x + b >= 0 else 0", "y_hat = 1 - y",
                 "Your rule changes the weights after a right answer too. Nothing may change when "
                 "`y_hat` equals `y`."),
            slip("step_above_zero", ">= 0", "> 0",
                 "A sum of exactly 0 must count as big: the step gives 1 when `w @ x + b >= 0`."),
            slip("bias_left_out_of_the_answer", "w @ x + b >= 0", "w @ x >= 0",
                 "The bias is missing from the answer: `y_hat` is 1 when `w @ x + b >= 0`."),
            slip("without_the_step", "1 if w @ x + b >= 0 else 0", "w @ x + b",
                 "You compare `y` with the weighted sum. Compare it with the answer, which is 0 or "
                 "1: the step comes first."),
        ],
    ),
    Exercise(
        "fair_threshold",
        "Find a fair threshold for more dice",
        fair_threshold,
        cases=[Case((n,), f"{n} dice") for n in (3, 1, 2, 4, 7, 10, 25)],
        draw=lambda rng: (int(rng.integers(5, 21)),),
        hints=[
            "Try the thresholds one by one, from the smallest sum upwards, and stop at the first "
            "that calls at most half of the rolls big.",
            "`counts[sums >= threshold].sum()` is the number of rolls that a threshold calls big; "
            "`counts.sum()` is the number of all rolls.",
            "Inside the loop: `if counts[sums >= threshold].sum() <= counts.sum() // 2: "
            "return int(threshold)`.",
        ],
        mistakes=[
            Mistake("mean_of_the_sum",
                    "That is the mean of the sum. The threshold asked for is a whole number, the "
                    "first that calls at most half of the rolls big.",
                    lambda dice_thrown: 3.5 * dice_thrown),
            slip("counts_strictly_above", "sums >= threshold", "sums > threshold",
                 "Your threshold is one too small: it calls more than half of all rolls big, since "
                 "a roll on the threshold is big too."),
            slip("index_of_the_sum", "int(threshold)", "int(threshold) - dice_thrown",
                 "That is the place in the list. The sums start at the number of dice, not at 0: "
                 "return the sum that stands there."),
        ],
    ),
]
