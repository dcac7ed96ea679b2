import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from nnutils.exercises import course, dice_sum_model
from nnutils.learner import progress
from tools.notebooks import all_notebooks, slug_of


def test_summary_counts_each_notebook(monkeypatch):
    def named(names):
        return lambda slug: [SimpleNamespace(name=name) for name in names[slug]]

    exercises = {"perceptron": ["neuron"], "dice_sum_model": ["one_die_more", "judge_roll"]}
    questions = {"perceptron": ["sum_and_bias"], "dice_sum_model": ["why_centre"]}
    notebooks = [course.Notebook(slug, slug.title(), "learn") for slug in exercises]
    monkeypatch.setattr(course, "NOTEBOOKS", notebooks)
    monkeypatch.setattr(course, "exercises_of", named(exercises))
    monkeypatch.setattr(course, "questions_of", named(questions))
    for name in ("one_die_more", "one_die_more", "why_centre", "no_longer_there"):
        progress.record(name, "solved")
    progress.record("how_many_are_big", "guessed", guess=100)
    progress.record("judge_roll", "wrong")
    assert course.summary() == [
        ("00", "Perceptron", 0, 1, 0, 1),
        ("01", "Dice_Sum_Model", 1, 2, 1, 1),
    ]


def test_summary_of_the_real_course():
    rows, paths = course.summary(), all_notebooks()
    assert [slug_of(path) for path in paths] == course.SLUGS
    assert [row.number for row in rows] == [path.stem[:2] for path in paths]
    assert [row.title for row in rows] == [notebook.title for notebook in course.NOTEBOOKS]
    assert all(row.solved == 0 < row.exercises for row in rows)
    assert all(row.answered == 0 < row.questions for row in rows)


@pytest.mark.parametrize("items_of", [course.exercises_of, course.questions_of])
def test_numbers_tell_the_notebook_and_count_up(items_of):
    numbers = iter(course.numbers(items_of).items())
    for k, slug in enumerate(course.SLUGS):
        for place, item in enumerate(items_of(slug), start=1):
            assert next(numbers) == (item.name, f"{k:02d}.{place}")
    assert not list(numbers)


def test_what_has_a_name_is_found_by_it():
    by_name = {exercise.name: exercise for exercise in course.exercises_of("dice_sum_model")}
    assert course.find_exercise("judge_roll") is by_name["judge_roll"]
    assert course.find_question("why_centre") in course.questions_of("dice_sum_model")
    message = re.escape("name must be one such as judge_roll, got 'judge_rol'")
    with pytest.raises(ValueError, match=message):
        course.find_exercise("judge_rol")
    with pytest.raises(ValueError, match="got 'judge_roll'"):
        course.find_question("judge_roll")


def test_an_exercise_inserted_in_the_middle_moves_nobodys_progress(monkeypatch):
    exercises = course.exercises_of("dice_sum_model")
    for exercise in exercises:
        progress.record(exercise.name, "solved")
    solved = progress.solved()
    new = replace(exercises[0], name="a_new_one", title="Do something new")
    monkeypatch.setattr(dice_sum_model, "EXERCISES", [exercises[0], new, *exercises[1:]])
    numbers = course.numbers(course.exercises_of)
    moved = [f"03.{k}" for k in range(3, len(exercises) + 2)]
    assert [numbers[e.name] for e in exercises] == ["03.1", *moved]
    assert progress.solved() == solved
    assert course.summary()[3][2:4] == (len(exercises), len(exercises) + 1)


def test_a_mistake_is_remembered_by_a_name_that_no_function_bears():
    exercise = course.find_exercise("one_die_more")
    assert all(mistake.of(exercise).__name__ != mistake.name for mistake in exercise.mistakes)
