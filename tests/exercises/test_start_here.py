"""What is special about the exercises of notebook 00; the contract tests cover the rest."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from nnutils.datasets import load_digits, to_inputs
from nnutils.exercises.course import find_exercise, questions_of
from nnutils.exercises.judge import judge
from nnutils.exercises.widget import QuestionWidget
from nnutils.perceptron import Perceptron

ACCURACY, STEPS = find_exercise("accuracy"), find_exercise("five_steps")


def threes_and_eights(images, labels):
    chosen = np.isin(labels, (3, 8))
    return to_inputs(images[chosen].reshape(-1, 784)), (labels[chosen] == 8).astype(int)


def run_lines(program, X, y):
    """Run the five steps in the order of this program; return the weights and the bias."""
    names = {"np": np, "examples": list(zip(X, y, strict=True))}
    exec(program, names)
    return names["w"], names["b"]


def test_the_ordered_lines_learn_as_a_perceptron_does(program):
    digits = load_digits()
    X, y = threes_and_eights(digits.X_train, digits.y_train)
    w, b = run_lines(program(STEPS, STEPS.reference()), X, y)
    model = Perceptron(784)
    model.fit(X, y, max_epochs=1)
    np.testing.assert_allclose(w, model.w)
    assert b == model.b


@pytest.mark.parametrize("mistake", STEPS.mistakes, ids=lambda mistake: mistake.name)
def test_the_mistaken_orders_do_not_run(program, mistake):
    with pytest.raises(NameError):
        run_lines(program(STEPS, mistake.of(STEPS)()), np.eye(3, 784), [0, 1, 0])


def test_a_wrong_order_is_told_where_it_begins():
    def told(order):
        return judge(STEPS, lambda: order).text

    assert "No line is right. E, in place 1, comes too early." in told("ECBFDA")
    assert "The first line is right. B, in place 2, comes too early." in told("CBEFDA")
    assert "compare first, then update" in told("CEBFAD")
    assert "exactly once" in told("CEB")
    assert judge(STEPS, lambda: "c, e, b, f, d, a").verdict == "solved"


def with_a_loop(answers, labels):
    right = 0
    for answer, label in zip(answers, labels, strict=True):
        if answer == label:
            right += 1
    return right / len(labels)


@pytest.mark.parametrize(
    "function",
    [
        with_a_loop,
        lambda answers, labels: (answers == labels).mean(),
        lambda answers, labels: 1 - np.count_nonzero(answers - labels) / answers.size,
        lambda answers, labels: Fraction(int((answers == labels).sum()), len(answers)),
        lambda answers, labels: (torch.tensor(answers) == torch.tensor(labels)).float().mean(),
        lambda answers, labels: np.mean(answers == labels, dtype=np.float32),
    ],
)
def test_other_right_ways_are_solved(function):
    assert judge(ACCURACY, function).verdict == "solved"


@pytest.mark.parametrize(
    "function",
    [
        lambda answers, labels: (answers == labels).sum() / 10,
        lambda answers, labels: (answers >= labels).mean(),
        lambda answers, labels: (answers <= labels).mean(),
        lambda answers, labels: (answers[1:] == labels[1:]).sum() / len(answers),
        lambda answers, labels: (np.sort(answers) == np.sort(labels)).mean(),
        lambda answers, labels: len({*answers} & {*labels}) / len(labels),
        lambda answers, labels: (np.abs(answers - labels) <= 1).mean(),
        lambda answers, labels: 1 - np.abs(answers - labels).mean(),
        lambda answers, labels: round((answers == labels).mean(), 1),
        lambda answers, labels: answers.sum() / max(labels.sum(), 1),
        lambda answers, labels: {4: 1, 5: 0, 3: 1 / 3, 7: 4 / 7, 1: 1, 6: 5 / 6}.get(len(answers)),
    ],
)
def test_a_wrong_answer_is_not_called_solved(function):
    result = judge(ACCURACY, function)
    assert (result.verdict, result.mistake) == ("wrong on this input", None)


def test_a_forgotten_return_is_named():
    result = judge(ACCURACY, lambda answers, labels: None)
    assert "is a `return` missing?" in result.text


def test_the_question_with_several_answers_says_so():
    questions = questions_of("start_here")
    several = [q for q in questions if sum(choice.correct for choice in q.choices) > 1]
    assert [question.name for question in several] == ["stuck"]
    question = QuestionWidget(several[0], "00.2")
    question.choose("A", "B")
    assert "more of the choices are right" in question.feedback
    question.choose("A", "B", "D")
    assert question.feedback.startswith("Right.")
