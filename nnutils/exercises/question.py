"""Questions with their choices, as they are written in Markdown, beside guesses (``guesses.py``)::

## name_of_the_question

The text of the question.

- [ ] a wrong choice
  > What is said to those who choose it.
- [x] a right choice
  > What is said to those who choose it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

BOX = r"\[[ x]\] "


@dataclass(frozen=True)
class Choice:
    """One answer to a question, and what is said to those who choose it."""

    text: str
    correct: bool
    feedback: str


@dataclass(frozen=True)
class Question:
    """A question and its choices, of which one or several are correct; its name lasts."""

    name: str
    text: str
    choices: Sequence[Choice]


def read_questions(text):
    """Return the questions in ``text``; an end of a line counts as a space.

    Raises ValueError for a question that has no text, or a choice without feedback.
    """
    return [_read_question(name, body) for name, body in blocks_in(text) if is_question(body)]


def blocks_in(text):
    """Return the pairs of a name, ``## name``, and what stands below it, up to the next heading."""
    return re.findall(r"^## (.+?) *\n(.*?)(?=^##? |\Z)", text, flags=re.MULTILINE | re.DOTALL)


def is_question(body):
    """Tell whether what stands below a name is a question: its choices have boxes."""
    return re.search(rf"^- {BOX}", body, flags=re.MULTILINE) is not None


def joined(text):
    """Return ``text`` on one line."""
    return " ".join(text.split())


def _read_question(name, body):
    asked, *choices = re.split(rf"^- (?={BOX})", body, flags=re.MULTILINE)
    question = Question(name, joined(asked), [_read_choice(each) for each in choices])
    if not question.text or not all(c.text and c.feedback for c in question.choices):
        raise ValueError(
            f"a question needs a text, and each choice a feedback, got:\n{name}\n{body}"
        )
    return question


def _read_choice(text):
    said, _, feedback = text[len("[x] ") :].partition("\n  > ")
    return Choice(joined(said), text.startswith("[x]"), joined(feedback.replace("\n  > ", " ")))
