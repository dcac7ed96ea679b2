"""The contract of every exercise, every question and every guess."""

import copy
import re
import subprocess
import sys

import numpy as np
import pytest

from nnutils.exercises import course
from nnutils.exercises.judge import Case, judge
from nnutils.exercises.running import SECONDS, run

EXERCISES = [each for slug in course.SLUGS for each in course.exercises_of(slug)]
QUESTIONS = [each for slug in course.SLUGS for each in course.questions_of(slug)]
GUESSES = [each for slug in course.SLUGS for each in course.guesses_of(slug)]
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]
ANSWERS = [each for each in EXERCISES if each.cases == [Case()]]  # without arguments

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
each_answer = pytest.mark.parametrize("exercise", ANSWERS, ids=lambda e: e.name)
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.name)
each_mistake = pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{e.name}-{m.name}" for e, m in MISTAKES]
)


# --- Exercises ------------------------------------------------------------------------------------


def test_names_last_and_so_are_unique_in_the_whole_course():
    names = [each.name for each in EXERCISES + QUESTIONS + GUESSES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) for name in names)


def test_no_exercise_imports_torch_before_it_is_needed():
    code = (
        "import sys; from nnutils.exercises import course\n"
        "for slug in course.SLUGS: assert course.exercises_of(slug)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@each_exercise
def test_an_exercise_is_complete(exercise):
    assert exercise.title and exercise.title == exercise.title.strip(" .")
    assert len(set(exercise.hints)) == 3 and all(hint.strip() for hint in exercise.hints)
    cases = exercise.all_cases
    assert cases and all(isinstance(case.args, tuple) for case in cases)
    assert exercise.mistakes, "what really goes wrong here?"
    names = [mistake.name for mistake in exercise.mistakes]
    assert len(set(names)) == len(names) and all(map(str.isidentifier, names))
    assert all(mistake.sentence.endswith((".", "?", "!")) for mistake in exercise.mistakes)


@each_exercise
def test_the_reference_is_accepted(exercise):
    result = judge(exercise, exercise.reference)
    assert result.verdict == "solved", result.text


@each_mistake
def test_a_mistake_is_recognised_as_itself(exercise, mistake):
    """This compiles each slip: what it edits stands in the reference, and once."""
    result = judge(exercise, mistake.of(exercise))
    assert (result.verdict, result.mistake) == ("wrong in a known way", mistake.name)
    assert mistake.sentence in result.text


@each_mistake
def test_a_mistake_is_more_than_an_error(exercise, mistake):
    """One that fails on every case would be recognised in any other failure of the same kind."""
    outcomes = run(mistake.of(exercise), exercise.all_cases, SECONDS, exercise.observe).outcomes
    assert any(outcome.error is None for outcome in outcomes)


def one_level_deeper(exercise):
    return lambda *args: [exercise.reference(*args)]


def failing(*args):
    raise RuntimeError("failing")


@each_exercise
def test_wrong_values_and_errors_are_survived(exercise, hostile):
    offer = f'For a hint: `check("{exercise.name}", hint=1)`'
    for wrong in (
        one_level_deeper(exercise),
        lambda *args: np.nan,
        lambda *args: None,
        lambda *args: "text",
        lambda *args: object,
        lambda *args: (n for n in range(3)),
        lambda *args: np.full((2, 0, 3), 1.0),
        lambda *args: [[1], [2, 3]],
        lambda *args: hostile,
    ):
        result = judge(exercise, wrong)
        assert result.verdict.startswith("wrong "), result.text
        assert result.text.endswith(offer)
    result = judge(exercise, failing)
    assert result.verdict == "raised this error" and "RuntimeError: failing" in result.text
    assert result.text.endswith(offer)


@each_exercise
def test_an_endless_loop_is_survived(exercise):
    def endless(*args):
        while True:
            pass

    result = judge(exercise, endless, seconds=0.1)
    assert result.text.startswith("wrong on this input: No answer after ")
    assert "restart" not in result.text


@each_exercise
def test_a_printing_function_is_accepted_in_silence(exercise, capsys):
    def printing(*args):
        print(*args)
        return exercise.reference(*args)

    assert judge(exercise, printing).verdict == "solved"
    assert capsys.readouterr() == ("", "")


def spoil(value):
    """Change an array or a list in place; tell whether that was possible."""
    if isinstance(value, list):
        value.append(None)
    elif isinstance(value, np.ndarray) and value.size:
        value.flat[0] = not value.flat[0] if value.dtype == bool else value.flat[0] + 1
    else:
        return False
    return True


@each_exercise
def test_a_function_that_changes_its_input_is_told_so(exercise):
    changed = []

    def changing(*args):
        answer = copy.deepcopy(exercise.reference(*args))
        changed.extend(map(spoil, args))
        return answer

    verdict = judge(exercise, changing).verdict
    assert verdict == ("solved, but" if any(changed) else "solved")
    assert judge(exercise, exercise.reference).verdict == "solved"


# --- Exercises without arguments ------------------------------------------------------------------


@each_answer
def test_an_answer_without_arguments_is_not_given_away(exercise):
    result = judge(exercise, lambda: None)
    assert result.verdict == "wrong in this place" and result.message
    assert repr(exercise.reference()) not in result.text
    assert all(repr(exercise.reference()) not in mistake.sentence for mistake in exercise.mistakes)


@each_answer
def test_the_lines_to_be_ordered_are_those_that_the_notebook_shows(exercise, lines_of):
    if isinstance(exercise.reference(), str):
        assert sorted(lines_of(exercise)) == sorted(exercise.reference())


# --- Questions ------------------------------------------------------------------------------------


@each_question
def test_a_question_is_complete(question):
    assert question.text.strip().endswith((".", "?"))
    assert 2 <= len(question.choices) <= 8
    texts = [choice.text for choice in question.choices]
    assert len(set(texts)) == len(texts)
    right = [choice.correct for choice in question.choices]
    assert any(right) and not all(right)
    assert all(choice.feedback.strip().endswith((".", "?", "!")) for choice in question.choices)


@each_question
def test_the_right_choice_is_not_given_away_by_its_length(question):
    lengths = {right: [] for right in (True, False)}
    for choice in question.choices:
        lengths[choice.correct].append(len(choice.text))
    assert max(lengths[True]) <= max(lengths[False])


# --- Guesses --------------------------------------------------------------------------------------


@pytest.mark.parametrize("guess", GUESSES, ids=lambda g: g.name)
def test_a_guess_is_complete(guess):
    assert guess.text.endswith("?")
    choices = getattr(guess, "choices", ["one", "another"])
    assert 2 <= len(set(choices)) == len(choices) <= 8
