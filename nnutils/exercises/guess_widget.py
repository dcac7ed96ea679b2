"""A guess on the page: a number, choices or a cross on a picture, and a *Guess* button."""

import math
from base64 import b64encode

import traitlets

from nnutils import plotting
from nnutils.exercises.guesses import GUESSED, made_before
from nnutils.exercises.widget import Asking
from nnutils.learner import progress


class GuessWidget(Asking):
    """Ask for a guess; without a browser, ``give(20)`` makes it and ``feedback`` is the text.

    A mark is made on ``figure``, in the units of its first axes; ``alt`` says what the figure
    shows. The figure is closed. Raises ValueError when a mark has no figure, or no description,
    and when something else has a figure.

    The page sends a number as a text, a choice as a list with its number, a mark as [x, y] in
    fractions of the axes counted from their upper left corner; ``{"cross": [x, y]}`` says where the
    cross is before the button is pressed. ``given`` is what the page shows at first, in this form.
    """

    picture = traitlets.Unicode().tag(sync=True)  # PNG, in base64
    alt = traitlets.Unicode().tag(sync=True)
    axes_box = traitlets.List().tag(sync=True)  # left, top, width, height as shares of the picture
    given = traitlets.Any(None, allow_none=True).tag(sync=True)

    def __init__(self, guess, figure=None, alt=""):
        self.guess = guess
        marked = guess.kind == "mark"
        if marked != (figure is not None):
            needed = "a Matplotlib figure" if marked else "left out"
            raise ValueError(f"figure must be {needed} for {guess.name!r}, got {figure!r}")
        if marked and not alt.strip():
            raise ValueError("alt must say in a sentence what the figure shows, got an empty text")
        self._axes = figure.axes[0] if marked else None
        made, seen = made_before(guess)
        super().__init__(
            guess.heading,
            getattr(guess, "choices", []),
            kind=guess.kind,
            button="Guess",
            alt=alt,
            **(self._taken(figure) if marked else {}),
        )
        if made is not None:
            self._tell(made, seen)
        elif marked:
            self.say("Click on the picture, or move a cross with the arrow keys; then press Guess.")
        self.on_msg(lambda _, content, __: self._received(content))

    def give(self, value):
        """Guess ``value``; once the answer has been shown, the guess before that stays.

        Raises ValueError when it is not what is asked for.
        """
        value = self.guess.checked(value)
        made, seen = made_before(self.guess)
        if not seen:
            progress.record(self.guess.name, GUESSED, guess=value)
        self._tell(made if seen else value, seen)

    def _tell(self, made, seen):
        self.given = self._to_page(made)
        then = "You can change it until the answer is shown."
        if seen:
            then = "You have seen the answer since then, so this guess stays."
        self.say(f"{self.guess.said(made)}. {then}")

    def _received(self, content):
        if isinstance(content, dict):
            self.say(f"The cross is at {self.guess.shown(self._place(content['cross']))}.")
        elif content:
            self.give(self._from_page(content))
        else:
            self.say(self.guess.missing)

    def _from_page(self, content):
        if self.guess.kind == "choice":
            return self.guess.choices[content[0]]
        if self.guess.kind == "mark":
            return self._place(content)
        number = float(content)
        return int(number) if number.is_integer() else number

    def _to_page(self, value):
        if self.guess.kind == "choice":
            return [self.guess.choices.index(value)]
        if self.guess.kind == "mark":
            x, y = (self._axes.transData - self._axes.transAxes).transform(value)
            return [float(x), float(1 - y)]
        return f"{value}"

    def _taken(self, figure):
        """Take the picture of ``figure``, close it, and return what the page needs of both."""
        png = plotting.picture_of(figure)
        (left, bottom), (right, top) = self._axes.get_position().get_points().tolist()
        box = [left, 1 - top, right - left, top - bottom]
        return {"picture": b64encode(png).decode(), "axes_box": box}

    def _place(self, shares):
        """Return the place in the units of the axes, rounded to what a pixel can tell."""
        to_data = self._axes.transData.inverted()
        x, y = shares
        pixel = self._axes.transAxes.transform((x, 1 - y))
        here, next_to_it = to_data.transform([pixel, pixel + 1])
        return [
            round(float(number), max(0, -math.floor(math.log10(abs(step)))))
            for number, step in zip(here, next_to_it - here)
        ]

    def _repr_mimebundle_(self, **_):
        data, metadata = super()._repr_mimebundle_()
        if self.picture:
            del data["text/markdown"]  # it would be shown in place of the picture
            data |= {"image/png": self.picture, "text/plain": f"{self._heading}\n{self.alt}"}
            metadata = metadata | {"image/png": {"alt": self.alt}}
        return data, metadata
