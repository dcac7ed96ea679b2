"""What is special about the exercises of notebook 03; the contract tests cover the rest."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest
import torch

from nnutils import dice
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge
from tools.notebooks import all_notebooks, exercise_of, read

LOOP = find_exercise("double_loop")
DIARY = find_exercise("update_weights")
TEXT = {  # of the cells above the exercises
    exercise_of(below): cell.source
    for cells in [read(all_notebooks()[3]).cells]
    for cell, below in pairwise(cells)
    if exercise_of(below) and not exercise_of(cell)
}


def program_in(name):
    """Return the program that stands in the text of an exercise."""
    return re.search(r"```python\n(.*?)```", TEXT[name], re.DOTALL)[1]


def test_the_program_to_be_mended_is_wrong_in_two_ways_and_one_does_not_show():
    names = {}
    exec(program_in("judge_roll"), names)
    judge_one, rolls = names["judge"], dice.all_rolls()
    answers = np.array([judge_one(roll, (1, 1, 1), 11) for roll in rolls])
    wrong = answers != dice.is_big(rolls)
    assert wrong.sum() == 27 and set(rolls[wrong].sum(axis=1)) == {11}
    assert judge_one((1, 1, 6), (1, 1, 0), 8) == 0 != judge_one((1, 2, 6), (1, 1, 0), 8)
    mended = find_exercise("judge_roll")
    for faulty in (judge_one, lambda roll, weights, t: int(np.sum(roll) > t)):
        assert judge(mended, faulty).mistake == "both_faults"


def sums_with_the_line_at(mark):
    """Return the weighted sums that reach the last line of the double loop, run for real."""
    lines = [line for line in program_in("double_loop").splitlines() if "= 0" not in line]
    (place,) = [k for k, line in enumerate(lines) if line.strip() == mark]
    lines[place] = lines[place].replace(mark, "weighted_sum = 0")
    lines[-1] = lines[-1].replace("1 if weighted_sum >= threshold else 0", "weighted_sum")
    rolls = [tuple(map(int, roll)) for roll in re.findall(r"\((\d), (\d), (\d)\)", TEXT[LOOP.name])]
    names = {"rolls": rolls, "weights": (1, 1, 1)}
    exec("\n".join(lines), names)
    return names["answers"]


def test_the_predicted_sums_are_those_of_the_program():
    assert LOOP.reference() == (sums_with_the_line_at("# above"), sums_with_the_line_at("# below"))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (([8, 12, 17, 33], [4, 2, 1, 6]), "In `above`, look again at the sum of roll 4."),
        (([8, 12, 17, 34], [4, 2, 1, 1]), "In `below`, look again at the sum of roll 4."),
        (([8, 12, 17, 34], [4, 2]), "`below` must hold four numbers"),
        ([8, 12, 17, 34], "Return two lists"),
    ],
)
def test_a_wrong_prediction_is_told_where(answer, says):
    assert says in judge(LOOP, lambda: answer).text


def test_the_diary_follows_the_rule_forwards_and_backwards():
    w, b = np.zeros(3), 0
    for key, entry in list(DIARY.reference().items())[:3]:
        *dots, kind = re.fullmatch(r"\d \((\d), (\d), (\d)\) (\w+)", key).groups()
        w, b = update_with_if(w, b, np.array(dots, dtype=int), int(kind == "big"))
        assert [*w, b] == entry
    torn = [
        [int(n.replace("−", "-")) for n in re.findall(r"−?\d+", row)]
        for row in re.findall(r"(?:−?\d+, ){3}−?\d+", TEXT[DIARY.name])
    ]
    assert len(torn) == 3
    for key, before, after in zip(list(DIARY.reference())[3:], torn, torn[1:], strict=False):
        *roll, y = DIARY.reference()[key]
        w, b = update_with_if(np.array(before[:3]), before[3], np.array(roll), y)
        assert [*w, b] == after


def test_an_entry_that_is_wrong_is_named():
    answer = DIARY.reference() | {"2 (4, 6, 5) big": [4, 6, 5, 1]}
    assert 'Look again at "2 (4, 6, 5) big"' in judge(DIARY, lambda: answer).text


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


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("one_die_more", rolls_by_counting),
        ("one_die_more", lambda counts: torch.tensor(rolls_by_counting(counts)).float()),
        ("judge_roll", roll_by_inner_product),
        ("judge_roll", lambda *args: float(roll_by_inner_product(*args))),
        ("double_loop", lambda: [tuple(sums) for sums in LOOP.reference()]),
        ("update_weights", lambda: {key: tuple(e) for key, e in DIARY.reference().items()}),
        ("fair_threshold", lambda n: math.floor(3.5 * n) + 1),
    ],
)
def test_other_right_ways_are_solved(name, function):
    assert judge(find_exercise(name), function).verdict == "solved"


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("one_die_more", lambda counts: sorted(rolls_by_counting(counts))),
        ("one_die_more", lambda counts: rolls_by_counting(counts[::-1])),
        ("judge_roll", lambda roll, w, threshold: int(np.dot(roll, w) >= 11)),
        ("judge_roll", lambda roll, w, threshold: int(int(np.dot(roll, w)) >= threshold)),
        ("judge_roll", lambda roll, w, threshold: int(np.dot(roll, np.abs(w)) >= threshold)),
        ("judge_roll", lambda roll, w, threshold: int(max(np.multiply(roll, w)) >= threshold)),
        ("fair_threshold", {3: 11, 1: 4, 2: 8, 4: 15, 7: 25, 10: 36}.get),
    ],
)
def test_a_wrong_answer_is_neither_solved_nor_another_mistake(name, function):
    result = judge(find_exercise(name), function)
    assert (result.verdict, result.mistake) == ("wrong on this input", None)


@pytest.mark.parametrize(
    ("name", "mistake", "function", "untrue"),
    [
        ("one_die_more", "one_too_long", lambda n: [0, *rolls_by_counting(n)], "face run"),
        ("judge_roll", "strictly_above", lambda r, w, t: 0 if np.dot(r, w) <= t else 1, "you have"),
        ("fair_threshold", "counts_strictly_above", lambda n: int(3.5 * n), "You count"),
    ],
)
def test_a_sentence_does_not_say_how_the_answer_was_written(name, mistake, function, untrue):
    result = judge(find_exercise(name), function)
    assert result.mistake == mistake and untrue not in result.text
