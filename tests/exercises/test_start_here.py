"""What is special about the exercises of notebook 00; the contract tests cover the rest."""

import numpy as np
import pytest
import torch

from nnutils.exercises import start_here as module
from nnutils.exercises.base import judge
from nnutils.exercises.question import QuestionWidget
from nnutils.notebooks import ROOT, read

EXERCISES = {exercise.id: exercise for exercise in module.EXERCISES}
EXAMPLES = [(1.0, 2.0), (-0.5, 0.3), (2.0, -1.0), (0.0, 1.0)]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path))


def run_lines(order):
    """Run the lines of exercise 00.2 in this order; return the weight and the bias."""
    names = {"examples": EXAMPLES}
    exec("\n".join(module.STEPS[letter] for letter in order), names)
    return names["w"], names["b"]


def test_the_ordered_lines_train_as_torch_does():
    w, b = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=0.1)
    for x, y in EXAMPLES:
        optimizer.zero_grad()
        ((y - (w * x + b)) ** 2 / 2).sum().backward()
        optimizer.step()
    expected = torch.cat([w, b]).tolist()
    assert run_lines(module.steps_in_order()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("mistake", EXERCISES["00.2"].mistakes, ids=lambda m: m.function.__name__)
def test_the_mistaken_orders_do_not_run(mistake):
    with pytest.raises(NameError):
        run_lines(mistake.function())


def test_the_notebook_shows_the_lines_that_are_judged():
    cells = read(ROOT / "notebooks" / "00_start_here.ipynb").cells
    text = next(cell.source for cell in cells if "Exercise 00.2" in cell.source)
    for letter, line in module.STEPS.items():
        assert f"\n{letter}   {line}\n" in text


def test_a_wrong_order_is_told_where_it_begins():
    def told(order):
        return judge(EXERCISES["00.2"], lambda: order).text

    assert "No line is right. Line 1, `for x, y in examples:`, comes too early." in told("ECBDA")
    assert "The first line is right. Line 2, `y_hat = w * x + b`" in told("CBEDA")
    assert "The first 2 lines are right. Line 3, `w, b = w + 0.1" in told("CEABD")
    assert "exactly once" in told("CEB")


def swapped_factors(x, w, b):
    return b + x * w


def by_inner_product(x, w, b):
    return float(np.dot([x, 1.0], [w, b]))


@pytest.mark.parametrize("function", [swapped_factors, by_inner_product])
def test_other_right_ways_are_solved(function):
    assert judge(EXERCISES["00.1"], function).verdict == "solved"


@pytest.mark.parametrize("exercise", module.EXERCISES, ids=lambda exercise: exercise.id)
def test_reference_is_solved_and_each_mistake_is_known_as_itself(exercise):
    assert judge(exercise, exercise.reference).verdict == "solved"
    for mistake in exercise.mistakes:
        result = judge(exercise, mistake.function)
        assert (result.verdict, result.mistake) == (
            "wrong in a known way",
            mistake.function.__name__,
        )


def test_a_forgotten_return_is_named():
    assert "is a `return` missing?" in judge(EXERCISES["00.1"], lambda x, w, b: None).text


def test_the_question_with_several_answers_says_so():
    several = [q.id for q in module.QUIZ if sum(choice.correct for choice in q.choices) > 1]
    assert several == ["00.q2"]
    question = QuestionWidget(module.QUIZ[1])
    question.choose("A", "B")
    assert "more of the choices are right" in question.feedback
    question.choose("A", "B", "D")
    assert question.feedback.startswith("Right.")
