"""A question on the page: its choices, an *Answer* button and the feedback."""

import html
import re
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

from nnutils.learner import progress
from nnutils.learner.view import script, stylesheet, view_of


class Asking(anywidget.AnyWidget):
    """Ask something on the page: native inputs, a button, and a place for what is then said.

    What stands in the inputs arrives as a custom message when the button is pressed: a list of the
    numbers of what is chosen. A page without a kernel shows the question and its choices as text.
    """

    _esm = script(Path(__file__).with_name("question.js"))
    _css = stylesheet(Path(__file__).with_name("question.css"))
    _ipython_display_ = None  # ipywidgets 7 has one, which would not show the text
    kind = traitlets.Unicode("choice").tag(sync=True)
    heading = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    several = traitlets.Bool().tag(sync=True)
    button = traitlets.Unicode().tag(sync=True)
    feedback_html = traitlets.Unicode().tag(sync=True)

    def __init__(self, heading, lines, **traits):
        self.feedback = ""
        self._heading, self._lines = heading, lines
        super().__init__(heading=to_html(heading), choices=[*map(to_html, lines)], **traits)

    def say(self, text):
        """Show ``text`` below the button."""
        self.feedback = text
        self.feedback_html = to_html(text)

    @property
    def static(self):
        """The question as plain text and as Markdown, for a page without a kernel."""
        return {
            "text/plain": "\n".join([self._heading, *self._lines]),
            "text/markdown": "\n".join(
                [f"**{self._heading}**\n", *(f"- {s}" for s in self._lines)]
            ),
        }

    def _repr_mimebundle_(self, **_):
        data, metadata = super()._repr_mimebundle_()
        return data | self.static, metadata


class QuestionWidget(Asking):
    """Show a question; without a browser, ``choose("B")`` answers it and ``feedback`` is the text.

    ``number`` is the question's, such as "03.2".
    """

    def __init__(self, question, number):
        self.question = question
        self.letters = "ABCDEFGH"[: len(question.choices)]
        self._correct = [k for k, choice in enumerate(question.choices) if choice.correct]
        several = len(self._correct) > 1
        super().__init__(
            f"Question {number}: {question.text}" + " (Choose all that are right.)" * several,
            [f"{letter}. {choice.text}" for letter, choice in zip(self.letters, question.choices)],
            several=several,
            button="Answer",
        )
        self.on_msg(lambda _, chosen, __: self._answer(chosen))

    def choose(self, *letters):
        """Choose the answers with these letters, and no other, and press *Answer*.

        Raises ValueError for a letter that no choice has.
        """
        if not set(letters) <= set(self.letters):
            raise ValueError(f"letters must be among {', '.join(self.letters)}, got {letters}")
        self._answer([self.letters.index(letter) for letter in dict.fromkeys(letters)])

    def _answer(self, chosen):
        right = sorted(chosen) == self._correct
        if not chosen:
            lines = ["Choose an answer first."]
        else:
            lines = ["Right." if right else "Not yet."]
            lines += [f"{self.letters[k]}: {self.question.choices[k].feedback}" for k in chosen]
            if set(chosen) < set(self._correct):
                lines.append("So far so good, but more of the choices are right.")
            progress.record(self.question.name, "solved" if right else "wrong")
        self.say("\n".join(lines))


class Quiz:
    """Show several ``questions``, each a ``QuestionWidget``, one below the other."""

    def __init__(self, questions):
        self.questions = questions
        self._box = widgets.VBox(questions)

    def _repr_mimebundle_(self, **_):
        data, metadata = view_of(self._box, self.questions[0])
        for kind in ("text/plain", "text/markdown"):
            data[kind] = "\n\n".join(question.static[kind] for question in self.questions)
        return data, metadata


def to_html(text):
    """Escape ``text`` for HTML: `backticks` make code, *stars* emphasis, ends of lines breaks."""

    def marked(found):
        code, stressed = found.groups()
        return f"<code>{code}</code>" if code else f"<em>{stressed}</em>"

    pattern = r"`([^`]+)`|(?<!\w)\*(\w[^*`]*)\*(?!\w)"
    return re.sub(pattern, marked, html.escape(text)).replace("\n", "<br>")
