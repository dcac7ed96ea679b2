"""What the notebooks ask: `check`, `guess`, `quiz`; and what they tell: `reveal`, `card`."""

from nnutils.exercises import guesses
from nnutils.exercises.course import find_guess, find_question, numbers, questions_of
from nnutils.exercises.judge import check
from nnutils.exercises.machine import card

__all__ = ["card", "check", "guess", "quiz", "reveal"]


def quiz(name, *more):
    """Show the question ``name``, or several: choices, an *Answer* button, and feedback.

    Raises ValueError when there is no such question.
    """
    from nnutils.exercises.widget import QuestionWidget, Quiz  # imports ipywidgets

    number = numbers(questions_of)
    questions = [QuestionWidget(find_question(each), number[each]) for each in (name, *more)]
    return Quiz(questions) if more else questions[0]


def guess(name, figure=None, alt=""):
    """Ask for the guess ``name``: a number, one of several choices, or a mark on ``figure``.

    A mark is made in the units of the figure's first axes; ``alt`` is one sentence that says what
    the figure shows. Raises ValueError when there is no such guess, and when a mark has no figure.
    """
    from nnutils.exercises.guess_widget import GuessWidget  # imports ipywidgets

    return GuessWidget(find_guess(name), figure, alt)


def reveal(name, value):
    """Tell the answer to the guess ``name``, and how far off the learner's guess was.

    ``value`` is a number, the text of a choice, or a place (x, y). Where nobody has guessed, the
    answer is folded. Raises ValueError when there is no such guess or ``value`` is of another kind.
    """
    return guesses.reveal(find_guess(name), value)
