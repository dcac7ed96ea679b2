import functools
import re

import pytest

from nnutils.exercises import course


class Hostile:
    """An object that fails whatever is asked of it."""

    def _fail(self, *_):
        raise RuntimeError("no")

    __repr__ = __str__ = __eq__ = __len__ = __array__ = __iter__ = __deepcopy__ = _fail
    __getattr__ = __bool__ = __float__ = _fail


@pytest.fixture
def hostile():
    """Return an object that fails whatever is asked of it."""
    return Hostile()


@pytest.fixture
def mistaken():
    """Return a function: that which makes the known mistake of this name in an exercise."""

    def mistaken(exercise, name):
        return next(known for known in exercise.mistakes if known.name == name).of(exercise)

    return mistaken


@functools.cache
def _texts_of(number):
    from tools.notebooks import all_notebooks, read  # what the tests of the wheel do without

    return [cell.source for cell in read(all_notebooks()[number]).cells]


def _lines_of(exercise):
    number = course.numbers(course.exercises_of)[exercise.name]
    heading = f"### Exercise {number} · {exercise.title}\n"
    text = next(text for text in _texts_of(int(number[:2])) if heading in text)
    block = re.search(r"```text\n(.+?)```", text, re.DOTALL)[1]
    return dict(re.findall(r"^([A-Z])   (.+)$", block, re.MULTILINE))


@pytest.fixture
def lines_of():
    """Return a function: {letter: line} of an exercise, as its notebook shows them."""
    return _lines_of


@pytest.fixture
def program():
    """Return a function: the program that the lines of an exercise are in this order."""
    return lambda exercise, order: "\n".join(_lines_of(exercise)[letter] for letter in order)
