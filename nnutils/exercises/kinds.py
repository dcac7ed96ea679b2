"""Exercises that ask for no program: put lines in order, fill in a table."""

import re
from dataclasses import dataclass

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake
from nnutils.exercises.values import same


@dataclass(frozen=True)
class _OutOfOrder(Mistake):
    """Letters that follow each other in the wrong way, at any distance: "AD" is A before D."""

    letters: str = ""

    def of(self, exercise):
        """Return a function whose order makes this mistake."""
        right = exercise.reference()
        place = min(map(right.index, self.letters))
        others = "".join(letter for letter in right if letter not in self.letters)
        return lambda: others[:place] + self.letters + others[place:]

    def explains(self, exercise, cases, got):
        """Tell whether the learner's letters stand in this wrong way."""
        letters = _letters(got.outcomes[0].value)
        if sorted(letters) != sorted(exercise.reference()):
            return False
        rest = iter(letters)
        return all(letter in rest for letter in self.letters)


def order(name, title, right, hints, mistakes):
    """Return the exercise that puts lettered lines in order.

    ``right`` is the order, such as "DAFBEC", or a list of all the orders that are right.
    ``mistakes`` holds (name, letters, sentence): the letters follow each other, at any distance,
    in an order that is wrong. The learner may give the letters in any usual form.
    """
    orders = [right] if isinstance(right, str) else right

    def is_right(got, expected):
        return _letters(got) in orders

    def explain(got):
        letters = _letters(got)
        if sorted(letters) != sorted(orders[0]):
            return f"Use each of the letters {', '.join(sorted(orders[0]))} exactly once."
        place = max(_common(letters, order) for order in orders)
        first = {0: "No line is", 1: "The first line is"}.get(place, f"The first {place} lines are")
        return f"{first} right. {letters[place]}, in place {place + 1}, comes too early."

    return Exercise(
        name,
        title,
        reference=lambda: orders[0],
        cases=[Case()],
        hints=hints,
        mistakes=[_OutOfOrder(n, sentence, letters=wrong) for n, wrong, sentence in mistakes],
        compare=is_right,
        explain=explain,
        minutes=5,
    )


def table(name, title, right, hints, mistakes, remark=""):
    """Return the exercise that fills in a table, a dict of numbers or shapes.

    ``mistakes`` holds (name, entries, sentence): the entries that differ from the right ones.
    ``remark`` is said after "Look again at …".
    """

    def explain(got):
        if not isinstance(got, dict) or got.keys() != right.keys():
            return "Keep the names of the table as they are and fill in what is missing."
        wrong = next(key for key in right if not same(got[key], right[key]))
        if isinstance(right[wrong], int):
            said = "It is a number, not a shape."
        elif isinstance(got[wrong], int) and len(right[wrong]) == 1:
            said = "A shape with one axis has a comma, as in `(7,)`."
        else:
            said = remark
        return f"Look again at {_quoted(wrong)}. {said}".strip()

    def filled(entries):
        return lambda: right | entries

    return Exercise(
        name,
        title,
        reference=filled({}),
        cases=[Case()],
        hints=hints,
        mistakes=[Mistake(n, sentence, filled(entries)) for n, entries, sentence in mistakes],
        explain=explain,
        minutes=5,
    )


def _letters(value):
    """Return the letters of an order in any usual form: "dafbec", "D, A, F", a list of letters."""
    if isinstance(value, (list, tuple, np.ndarray)) and all(map(_is_letter, value)):
        value = "".join(value)
    return re.sub(r"[\s,;]", "", value).upper() if isinstance(value, str) else ""


def _is_letter(value):
    return isinstance(value, str) and len(value) == 1


def _common(one, other):
    """Return how many letters two texts have in common before they differ."""
    return next((k for k, (a, b) in enumerate(zip(one, other)) if a != b), len(one))


def _quoted(key):
    return f'"{key}"' if isinstance(key, str) else f"{key}"
