"""What is special about the exercises of notebook 03; the contract tests cover the rest."""

import math

import numpy as np
import pytest
import torch

from nnutils import dice
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge

LOOP = find_exercise("double_loop")
ROLLS = dice.all_rolls()


def run_lines(program):
    """Run the double loop in the order of this program; return the answers for all rolls."""
    names = {"rolls": ROLLS, "weights": (1, 1, 1), "threshold": dice.BIG_FROM}
    exec(program, names)
    return names["answers"]


def test_the_ordered_lines_judge_all_rolls(program):
    np.testing.assert_array_equal(run_lines(program(LOOP, LOOP.reference())), dice.is_big(ROLLS))


def test_letters_may_come_in_any_usual_form():
    for answer in ("dafbec", "D, A, F, B, E, C", [*"DAFBEC"]):
        assert judge(LOOP, lambda answer=answer: answer).verdict == "solved"


def rolls_by_counting(counts):
    """Return how often each sum occurs with one more die, by counting throws of it one by one."""
    sums = [i + face for i, count in enumerate(counts) for _ in range(count) for face in range(6)]
    return np.bincount(sums, minlength=len(counts) + 5)


def roll_by_inner_product(roll, weights, threshold):
    return np.dot(roll, weights) >= threshold


def update_with_if(w, b, x, y):
    z = w @ x + b
    if y == 1 and z < 0:
        return w + x, b + 1
    if y == 0 and z >= 0:
        return w - x, b - 1
    return w, b


def in_single_precision(w, b, x, y):
    w, b = update_with_if(w, b, x, y)
    return torch.tensor(w).float(), torch.tensor(b).float()


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("one_die_more", rolls_by_counting),
        ("one_die_more", lambda counts: torch.tensor(rolls_by_counting(counts)).float()),
        ("judge_roll", roll_by_inner_product),
        ("judge_roll", lambda *args: float(roll_by_inner_product(*args))),
        ("update_weights", update_with_if),
        ("update_weights", in_single_precision),
        ("update_weights", lambda *args: [part.tolist() for part in in_single_precision(*args)]),
        ("fair_threshold", lambda n: math.floor(3.5 * n) + 1),
    ],
)
def test_other_right_ways_are_solved(name, function):
    assert judge(find_exercise(name), function).verdict == "solved"


def update_by(answer):
    """Return the update of the weights with another answer: ``answer(w, x, b)``."""
    return lambda w, b, x, y: (w + (y - answer(w, x, b)) * x, b + (y - answer(w, x, b)))


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("one_die_more", lambda counts: sorted(rolls_by_counting(counts))),
        ("one_die_more", lambda counts: rolls_by_counting(counts[::-1])),
        ("judge_roll", lambda roll, w, threshold: int(np.dot(roll, w) >= 11)),
        ("judge_roll", lambda roll, w, threshold: int(int(np.dot(roll, w)) >= threshold)),
        ("judge_roll", lambda roll, w, threshold: int(np.dot(roll, np.abs(w)) >= threshold)),
        ("judge_roll", lambda roll, w, threshold: int(max(np.multiply(roll, w)) >= threshold)),
        ("update_weights", update_by(lambda w, x, b: 0)),
        ("update_weights", update_by(lambda w, x, b: int(b >= 0))),
        ("update_weights", update_by(lambda w, x, b: int(w @ x - b >= 0))),
        ("update_weights", lambda *args: [np.round(part, 2) for part in update_with_if(*args)]),
        ("fair_threshold", {3: 11, 1: 4, 2: 8, 4: 15, 7: 25, 10: 36}.get),
    ],
)
def test_a_wrong_answer_is_neither_solved_nor_another_mistake(name, function):
    result = judge(find_exercise(name), function)
    assert (result.verdict, result.mistake) == ("wrong on this input", None)


def turned_update(w, b, x, y):
    return [2 * old - new for old, new in zip((w, b), update_with_if(w, b, x, y), strict=True)]


@pytest.mark.parametrize(
    ("name", "mistake", "function", "untrue"),
    [
        ("one_die_more", "one_too_long", lambda n: [0, *rolls_by_counting(n)], "face run"),
        ("judge_roll", "strictly_above", lambda r, w, t: 0 if np.dot(r, w) <= t else 1, "you have"),
        ("update_weights", "wrong_way", turned_update, "not y_hat"),
        ("fair_threshold", "counts_strictly_above", lambda n: int(3.5 * n), "You count"),
    ],
)
def test_a_sentence_does_not_say_how_the_answer_was_written(name, mistake, function, untrue):
    result = judge(find_exercise(name), function)
    assert result.mistake == mistake and untrue not in result.text
