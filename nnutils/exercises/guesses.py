"""What learners guess before a lesson tells it, as it is written in Markdown::

## name_of_the_guess

The question?

> number: mV

The last lines say what is asked: ``> number``, with a unit if it has one, ``> mark`` for a place in
a picture, or the choices, without boxes::

- up
- down

A number may be any, so that 20 and 718 can be compared; of the choices one is right. The lesson
itself computes the answer: it stands nowhere in the file.
"""

import contextlib
import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real

from nnutils.exercises.question import blocks_in, is_question, joined
from nnutils.learner import progress

GUESSED, REVEALED = "guessed", "revealed"  # results in the file of progress
FAR = 100  # from this factor on, the factor tells more than the difference
NOT_YET = "You have not guessed yet."


@dataclass(frozen=True)
class Guess:
    """What is to be guessed; its name lasts.

    ``kind`` is what the page calls this kind of guess, ``missing`` what it says to whoever presses
    the button and has filled in nothing.
    """

    name: str
    text: str

    @property
    def heading(self):
        """What stands above the field, the choices or the picture."""
        return f"Guess: {self.text}"

    def said(self, guess):
        """Return what was guessed, in words without a full stop."""
        return f"You guessed {self.shown(guess)}"

    def told(self, value):
        """Return the sentence that tells the answer."""
        return f"It is {self.shown(value)}."


@dataclass(frozen=True)
class NumberGuess(Guess):
    """A number is to be guessed, in a unit such as "mV" or "points", or in none."""

    unit: str = ""
    kind = "number"
    missing = "Type a number first."

    @property
    def heading(self):
        """What stands above the field."""
        return f"Guess, in {self.unit}: {self.text}" if self.unit else super().heading

    def checked(self, value):
        """Return ``value`` as an int or a float; raise ValueError when it is no finite number."""
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise ValueError(f"value must be a finite number for {self.name!r}, got {value!r}")
        return int(value) if isinstance(value, Integral) else float(value)

    def shown(self, value):
        """Return a number with its unit, as a text."""
        text = number_text(value)
        word = self.unit if len(self.unit) > 3 else ""  # not a symbol such as ms
        unit = word.removesuffix("s") if text == "1" and word else self.unit
        return f"{text} {unit}".strip()

    def compared(self, guess, value):
        """Return the sentence that tells the answer and how far off the guess was."""
        if guess == rounded(value):
            return f"{self.said(guess)}: exactly right."
        return f"{self.said(guess)}; it is {self.shown(value)}: {_off(guess, rounded(value))}."


@dataclass(frozen=True)
class ChoiceGuess(Guess):
    """One of several choices is to be guessed."""

    choices: Sequence[str] = ()
    kind = "choice"
    missing = "Choose an answer first."

    def checked(self, value):
        """Return ``value``; raise ValueError when it is the text of no choice."""
        if not isinstance(value, str) or value not in self.choices:
            choices = ", ".join(map(repr, self.choices))
            raise ValueError(f"value must be one of {choices} for {self.name!r}, got {value!r}")
        return str(value)

    def shown(self, value):
        """Return a choice in quotation marks."""
        return f"“{value}”"

    def told(self, value):
        """Return the sentence that tells the answer."""
        return f"The answer is {self.shown(value)}."

    def compared(self, guess, value):
        """Return the sentence that tells the answer and whether the guess was right."""
        if guess == value:
            return f"{self.said(guess)}: right."
        return f"{self.said(guess)}; the answer is {self.shown(value)}."


@dataclass(frozen=True)
class MarkGuess(Guess):
    """A place (x, y) in a picture is to be guessed, in the units of its axes."""

    kind = "mark"
    missing = "Click on the picture first."

    def checked(self, value):
        """Return ``value`` as [x, y]; raise ValueError when it is no pair of finite numbers."""
        with contextlib.suppress(TypeError, ValueError):
            x, y = value
            if all(isinstance(number, Real) and math.isfinite(number) for number in (x, y)):
                return [float(x), float(y)]
        raise ValueError(f"value must be a place (x, y) for {self.name!r}, got {value!r}")

    def shown(self, value):
        """Return a place as a text, such as "(3.1, 0.62)"."""
        return f"({', '.join(map(number_text, value))})"

    def said(self, guess):
        """Return what was marked, in words without a full stop."""
        return f"You marked {self.shown(guess)}"

    def told(self, value):
        """Return the sentence that tells the answer."""
        return f"It is at {self.shown(value)}."

    def compared(self, guess, value):
        """Return the sentence that tells the answer and how far off the mark was."""
        right, up = (rounded(rounded(there) - here) for here, there in zip(guess, value))
        ways = (right, "further right", "further left"), (up, "higher", "lower")
        off = [
            f"{number_text(abs(far))} {way if far > 0 else back}" for far, way, back in ways if far
        ]
        if not off:
            return f"{self.said(guess)}: exactly right."
        return f"{self.said(guess)}; it is at {self.shown(value)}: {' and '.join(off)}."


@dataclass(frozen=True)
class Revealed:
    """The answer, in a sentence; ``folded`` when nobody has guessed."""

    text: str
    folded: bool

    def __repr__(self):
        return f"{NOT_YET} {self.text}" if self.folded else self.text

    def _repr_mimebundle_(self, **_):
        told = f"<p>{html.escape(self.text)}</p>"
        if self.folded:
            what = f"{NOT_YET} Guess above and run this cell again, or open the answer here."
            told = f"<details><summary>{what}</summary>{told}</details>"
        return {"text/plain": repr(self), "text/html": told}


def reveal(guess, value):
    """Return the answer ``value`` to a ``Guess`` as a ``Revealed``; from now on the guess stays.

    Raises ValueError when ``value`` is not what is asked for.
    """
    value = guess.checked(value)
    made, seen = made_before(guess)
    if made is None:
        return Revealed(guess.told(value), folded=True)
    if not seen:
        progress.record(guess.name, REVEALED)
    return Revealed(guess.compared(made, value), folded=False)


def made_before(guess):
    """Return what the learner has guessed, None if nothing, and whether the answer was shown since.

    Of several guesses the last one before that counts.
    """
    made = None
    for answer in progress.answers_to(guess.name):
        if answer["result"] == REVEALED and made is not None:
            return made, True
        if answer["result"] == GUESSED:
            with contextlib.suppress(ValueError):  # the file may come from anywhere
                made = guess.checked(answer.get("guess"))
    return made, False


def read_guesses(text):
    """Return the guesses in ``text``, in its order; an end of a line counts as a space.

    Raises ValueError for one that does not say what is asked.
    """
    return [_read_guess(name, body) for name, body in blocks_in(text) if not is_question(body)]


def _read_guess(name, body):
    asked, *choices = re.split(r"^- ", body, flags=re.MULTILINE)
    if len(choices) > 1 and joined(asked):
        return ChoiceGuess(name, joined(asked), [joined(choice) for choice in choices])
    found = re.fullmatch(r"(.+)^> (number|mark)(?:: (.+))?", body.strip(), re.DOTALL | re.MULTILINE)
    if found and found[2] == "number":
        return NumberGuess(name, joined(found[1]), found[3] or "")
    if found and not found[3]:
        return MarkGuess(name, joined(found[1]))
    raise ValueError(
        f"a guess needs a text, and ends with > number, > mark or its choices, got:\n{name}\n{body}"
    )


def number_text(value):
    """Return a number as a text: whole ones exactly, others with at most 4 significant digits."""
    text = f"{value:,}" if isinstance(value, int) else f"{rounded(value):,.12g}"
    if 1e-8 < abs(value) < 1e-4:  # 0.0000454 is plainer than 4.54e-05
        text = f"{rounded(value):.12f}".rstrip("0")
    return text.replace("-", "−", 1) if value < 0 else text


def rounded(value, digits=4):
    """Return a whole number as it is, any other with so many significant digits."""
    return value if isinstance(value, int) else float(f"{value:.{digits}g}") + 0.0  # no -0.0


def _off(guess, value):
    """Say by how much, or by what factor, the answer ``value`` differs from ``guess``."""
    if guess * value > 0:
        factor = value / guess
        if factor >= FAR:
            return f"about {number_text(rounded(factor, 2))} times your guess"
        if factor <= 1 / FAR:
            return f"your guess was about {number_text(rounded(1 / factor, 2))} times as much"
    more = value - guess
    counted = isinstance(value, int) and min(guess, value) >= 0
    return f"{number_text(abs(more))} {'more' if more > 0 else 'fewer' if counted else 'less'}"
