"""A question on the page: its choices, an *Answer* button and the feedback."""

import html
import re
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

from nnutils import progress


class QuestionWidget(anywidget.AnyWidget):
    """Show a question; without a browser, ``choose("B")`` answers it and ``feedback`` is the text.

    A page without a kernel shows the question and its choices as text.
    """

    _esm = Path(__file__).with_name("question.js")
    _css = Path(__file__).with_name("question.css")
    heading = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    several = traitlets.Bool().tag(sync=True)
    feedback_html = traitlets.Unicode().tag(sync=True)

    def __init__(self, question):
        self.question = question
        self.letters = "ABCDEFGH"[: len(question.choices)]
        self.feedback = ""
        self._correct = [k for k, choice in enumerate(question.choices) if choice.correct]
        several = len(self._correct) > 1
        self._heading = f"Question {question.id}: {question.text}"
        self._heading += " (Choose all that are right.)" if several else ""
        self._lines = [
            f"{letter}. {choice.text}" for letter, choice in zip(self.letters, question.choices)
        ]
        super().__init__(
            heading=to_html(self._heading),
            choices=[to_html(line) for line in self._lines],
            several=several,
        )
        self.on_msg(lambda _, chosen, __: self._answer(chosen))

    def choose(self, *letters):
        """Choose the answers with these letters, and no other, and press *Answer*.

        Raises ValueError for a letter that no choice has.
        """
        if not set(letters) <= set(self.letters):
            raise ValueError(f"letters must be among {', '.join(self.letters)}, got {letters}")
        self._answer([self.letters.index(letter) for letter in letters])

    def _answer(self, chosen):
        right = sorted(chosen) == self._correct
        if not chosen:
            lines = ["Choose an answer first."]
        else:
            lines = ["Right." if right else "Not yet."]
            lines += [f"{self.letters[k]}: {self.question.choices[k].feedback}" for k in chosen]
            if set(chosen) < set(self._correct):
                lines.append("So far so good, but more of the choices are right.")
            progress.record(self.question.id, "solved" if right else "wrong")
        self.feedback = "\n".join(lines)
        self.feedback_html = to_html(self.feedback)

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


class Quiz(widgets.VBox):
    """Show several questions, one below the other."""

    def _repr_mimebundle_(self, **_):
        data = super()._repr_mimebundle_()
        for kind in ("text/plain", "text/markdown"):
            data[kind] = "\n\n".join(question.static[kind] for question in self.children)
        return data


def to_html(text):
    """Escape ``text`` for HTML: words in `backticks` become code, in *stars* emphasis."""
    parts = re.split(r"`([^`]+)`", html.escape(text))
    parts[::2] = [
        re.sub(r"(?<!\w)\*(\w[^*]*)\*(?!\w)", r"<em>\1</em>", part) for part in parts[::2]
    ]
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return "".join(parts).replace("\n", "<br>")
