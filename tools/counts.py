"""What can be counted in a notebook: words, labs, exercises, and the minutes that they take.

Reading takes a minute for 100 words and 20 seconds for a code cell, a lab takes 5 minutes, an
exercise what it says itself. These are estimates by rule; learners have not been timed yet.
"""

import re
from typing import NamedTuple

from nnutils.exercises.course import find_exercise
from tools.notebooks import exercise_of, tags

WORDS_A_MINUTE = 100
MINUTES_A_CODE_CELL = 1 / 3
MINUTES_A_LAB = 5
BEGINNER = 1.5  # times as long


class Minutes(NamedTuple):
    """Minutes to read and run, and for the labs and exercises."""

    reading: float
    doing: float

    @property
    def together(self):
        """Both."""
        return self.reading + self.doing

    @property
    def beginner(self):
        """What somebody alone and new to all of it needs, in steps of ten minutes."""
        return 10 * round(BEGINNER * self.together / 10)


def without_code(text):
    """Return Markdown without its blocks of code."""
    return re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)


def words(text):
    """Count the words that are read: no code blocks, no link targets; a formula is one word."""
    text = re.sub(r"\$\$.*?\$\$|\$.*?\$", " formula ", without_code(text), flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|<[^>]*>", "", text)
    return len(re.findall(r"\w[\w’'.,-]*", text))


def texts(cells):
    """Return the texts that everybody reads: all but the folded solutions."""
    return [c.source for c in cells if c.cell_type == "markdown" and "solution" not in tags(c)]


def minutes(cells):
    """Return the ``Minutes`` that ``cells`` take, not rounded."""
    code = [cell for cell in cells if cell.cell_type == "code" and "fetch" not in tags(cell)]
    reading = sum(map(words, texts(cells))) / WORDS_A_MINUTE + MINUTES_A_CODE_CELL * len(code)
    labs = sum("lab" in tags(cell) for cell in code)
    exercises = [find_exercise(exercise_of(c)).minutes for c in code if "exercise" in tags(c)]
    return Minutes(reading, MINUTES_A_LAB * labs + sum(exercises))


def rounded(counted):
    """Return ``counted`` in steps of five minutes."""
    return Minutes(*(5 * round(part / 5) for part in counted))
