"""What exercises and questions are made of, and how an answer to an exercise is judged.

Those of a notebook are data: ``EXERCISES`` and ``QUIZ`` in ``nnutils/exercises/<slug>.py``.
"""

import contextlib
import inspect
import pkgutil
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import numpy as np

from nnutils import progress
from nnutils.exercises.running import (
    ShortOutput,
    gap_lines,
    line_in,
    line_text,
    run,
    to_numpy,
)


@dataclass(frozen=True)
class Case:
    """One call of the learner's function: its arguments, and what is special about them."""

    args: tuple = ()
    label: str = ""


@dataclass(frozen=True)
class Mistake:
    """A function that goes wrong as learners do, and the sentence that explains how."""

    function: Callable
    sentence: str


def same(got, expected):
    """Tell whether ``got`` equals ``expected``: same shape, numbers to 1e-6 (1e-9 near zero).

    Whole numbers, truth values and text must be equal exactly. Tuples, lists and dicts are compared
    entry by entry.
    """
    got, expected = to_numpy(got), to_numpy(expected)
    if expected is None or isinstance(expected, str):
        return isinstance(got, type(expected)) and got == expected
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and got.keys() == expected.keys()
            and all(same(got[key], expected[key]) for key in expected)
        )
    if isinstance(expected, (tuple, list)):
        return (
            isinstance(got, (tuple, list, np.ndarray))
            and len(got) == len(expected)
            and all(map(same, got, expected))
        )
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape or got.dtype.kind not in "biuf":
        return False
    if "f" in (got.dtype.kind, expected.dtype.kind):
        return np.allclose(got, expected, rtol=1e-6, atol=1e-9, equal_nan=True)
    return np.array_equal(got, expected)


@dataclass(frozen=True)
class Exercise:
    """A function to write, the reference that it must equal, and the cases that compare them.

    ``id`` is "NN.k", ``function`` the name of the learner's function, ``hints`` three sentences,
    each of which says more than the one before. ``compare(got, expected)`` tells what is equal.
    Where the function takes no arguments (put lines in order, fill in a table), ``explain(got)``
    may return a sentence that names the first wrong entry without saying what would be right.
    ``timeout`` is in seconds, for all cases together.
    """

    id: str
    title: str
    function: str
    reference: Callable
    cases: Sequence[Case]
    hints: Sequence[str]
    mistakes: Sequence[Mistake] = ()
    compare: Callable = same
    explain: Callable | None = None
    timeout: float = 5.0


@dataclass(frozen=True)
class Choice:
    """One answer to a question, and what is said to those who choose it."""

    text: str
    correct: bool
    feedback: str


@dataclass(frozen=True)
class Question:
    """A question and its choices, of which one or several are correct."""

    id: str
    text: str
    choices: Sequence[Choice]


MARKS = {  # symbol and background; white on each of them has a contrast above 5.5
    "solved, but": ("✓", "#8A5A00"),
    "solved": ("✓", "#00704F"),
    "not attempted": ("…", "#5F5F5F"),
    "wrong": ("✗", "#A83C00"),
    "raised": ("✗", "#A83C00"),
    "": ("?", "#005F95"),
}


@dataclass(frozen=True)
class Result:
    """The answer of a check: verdict, message, details in lines, and what to do then.

    ``mistake`` is the name of the known mistake, if it is one.
    """

    verdict: str
    message: str = ""
    details: str = ""
    then: str = ""
    mistake: str | None = None

    @property
    def text(self):
        """The whole answer in plain text; it begins with the verdict."""
        head = f"{self.verdict}: {self.message}" if self.message else self.verdict
        return "\n".join(part for part in (head, self.details, self.then) if part)

    def __repr__(self):
        return self.text

    def _repr_markdown_(self):
        symbol, color = next(MARKS[key] for key in MARKS if self.verdict.startswith(key))
        style = f"background: {color}; color: white; padding: 2px 6px; border-radius: 3px"
        head = f'<strong style="{style}">{symbol} {self.verdict}</strong> {self.message}'
        details = f"~~~text\n{self.details}\n~~~" if self.details else ""
        return "\n\n".join(part for part in (head, details, self.then) if part)


def check(id, hint=None):
    """Check the learner's function of exercise ``id`` ("03.1"), or give hint 1, 2 or 3.

    The function is looked up by its name among the globals of the caller. Returns a ``Result``.
    Raises nothing, except the learner's own interrupt.
    """
    try:
        exercise = _find(id, "EXERCISES")
    except ValueError as error:
        return Result("no such exercise", f"{error}.")
    if hint is not None:
        return _hint(exercise, hint)
    function = sys._getframe(1).f_globals.get(exercise.function)
    if not callable(function):
        return Result("run the cell above first", f"It must define `{exercise.function}`.")
    result = judge(exercise, function)
    if result.verdict != "not attempted":
        progress.record(exercise.id, result.verdict, result.mistake)
    return result


def quiz(id, *more):
    """Show question ``id`` ("03.q1"), or several: choices, an *Answer* button, and feedback.

    Raises ValueError when there is no such question.
    """
    from nnutils.exercises.question import QuestionWidget, Quiz  # imports ipywidgets

    questions = [QuestionWidget(_find(each, "QUIZ")) for each in (id, *more)]
    return Quiz(questions) if more else questions[0]


def exercise_modules():
    """Return the modules of exercises by the number of their notebook: {"03": module}."""
    present = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])}
    return {
        f"{number:02d}": import_module(f"nnutils.exercises.{slug}")
        for number, slug in enumerate(progress.NOTEBOOKS)
        if slug in present
    }


def _find(id, kind):
    """Return the exercise or question ``id``; import only the module of its notebook."""
    number = re.match(r"(\d\d)\.", str(id))
    if not number or int(number[1]) >= len(progress.NOTEBOOKS):
        raise ValueError(f'id must be a text such as "03.1", got {id!r}')
    module = import_module(f"nnutils.exercises.{progress.NOTEBOOKS[int(number[1])]}")
    items = {item.id: item for item in getattr(module, kind)}
    if id not in items:
        raise ValueError(f"id must be one of {', '.join(items)}, got {id!r}")
    return items[id]


def _hint(exercise, hint):
    count = len(exercise.hints)
    if not isinstance(hint, int) or not 1 <= hint <= count:
        return Result("no such hint", f"hint must be a number from 1 to {count}, got {hint!r}.")
    then = f'The next one: `check("{exercise.id}", hint={hint + 1})`'
    if hint == count:
        then = "The worked solution is folded in below."
    return Result(f"hint {hint} of {count}", exercise.hints[hint - 1], then=then)


# --- Judging --------------------------------------------------------------------------------------


def judge(exercise, function):
    """Compare ``function`` with the exercise's reference on every case; return a ``Result``."""
    gaps = gap_lines(function)
    if gaps:
        where = ("line " if len(gaps) == 1 else "lines ") + ", ".join(map(str, gaps))
        return _not_attempted(exercise, f"Replace the `...` in {where} of the cell above.")
    with np.errstate(all="ignore"), contextlib.redirect_stdout(ShortOutput()) as printed:
        result = _judge_runs(exercise, function)
    if result.verdict in ("solved", "solved, but", "not attempted"):
        return result
    output = textwrap.indent(printed.getvalue().rstrip(), "    ")
    return replace(
        result,
        details=_lines(result.details, f"printed:\n{output}" if output else ""),
        then=" ".join(filter(None, [result.then, _hint_offer(exercise)])),
    )


def _judge_runs(exercise, function):
    expected = run(exercise.reference, exercise.cases, timeout=np.inf)
    got = run(function, exercise.cases, exercise.timeout)
    if not got.ended:
        return _never_ended(exercise, function, got)
    if any(outcome.value is ... for outcome in got.outcomes):
        return _not_attempted(exercise, f"`{exercise.function}` still returns `...`.")
    if _agree(exercise.compare, got, expected):
        return _solved(exercise, got, expected)
    for mistake in exercise.mistakes:
        wrong = run(mistake.function, exercise.cases, exercise.timeout)
        if _agree(same, got, wrong) or _agree(exercise.compare, got, wrong):
            name = mistake.function.__name__
            return Result("wrong in a known way", mistake.sentence, mistake=name)
    for case, outcome, right in zip(exercise.cases, got.outcomes, expected.outcomes):
        if outcome.error is not None:
            return _raised(function, case, outcome.error)
        if not _equal(exercise.compare, outcome, right):
            return _wrong(exercise, function, case, outcome.value, right.value)


def _agree(compare, one, other):
    pairs = list(zip(one.outcomes, other.outcomes))
    return len(one.outcomes) == len(pairs) and all(_equal(compare, *pair) for pair in pairs)


def _equal(compare, got, expected):
    if got.error is not None or expected.error is not None:
        return type(got.error) is type(expected.error)
    try:
        return bool(compare(got.value, expected.value))
    except Exception:  # a value of a wrong type cannot be compared
        return False


def _not_attempted(exercise, message):
    return Result("not attempted", message, then=_hint_offer(exercise))


def _hint_offer(exercise):
    return f'For a hint: `check("{exercise.id}", hint=1)`'


def _solved(exercise, got, expected):
    buts = []
    if any(g.changed and not e.changed for g, e in zip(got.outcomes, expected.outcomes)):
        buts.append(
            "It changes its input, and so the numbers of whoever calls it: "
            "work on a copy, or write `a = a + b` in place of `a += b`."
        )
    if got.seconds > 1 and got.seconds > 50 * expected.seconds:
        buts.append(
            f"It takes {got.seconds:.1f} s where {expected.seconds:.1g} s are enough: "
            "let NumPy work on whole arrays."
        )
    if buts:
        return Result("solved, but", " ".join(buts))
    count = len(exercise.cases)
    return Result("solved", f"All {count} cases are right." if count > 1 else "")


def _never_ended(exercise, function, run):
    case = exercise.cases[min(len(run.outcomes), len(exercise.cases) - 1)]
    message = f"No answer after {exercise.timeout:g} seconds. Is there a loop that never ends?"
    then = "" if run.stopped else "It could not be stopped: restart the kernel."
    details = _lines(_inputs(function, case), _place(function, run.line))
    return Result("wrong on this input", message, details, then)


def _raised(function, case, error):
    what = "".join(traceback.format_exception_only(error)).strip()
    line = line_in(function, traceback.walk_tb(error.__traceback__))
    details = _lines(_shortened(what), _place(function, line), _inputs(function, case))
    return Result("raised this error", "", details)


def _wrong(exercise, function, case, got, expected):
    if not case.args:  # the expected value would give the solution away
        message = _first_wrong_entry(exercise, got, expected)
        return Result("wrong in this place", message, _entry("got", got))
    details = _lines(_inputs(function, case), _entry("expected", expected), _entry("got", got))
    return Result("wrong on this input", _what_differs(got, expected), details)


def _first_wrong_entry(exercise, got, expected):
    """Say where the answer of a function without arguments goes wrong first, but not why."""
    if exercise.explain is not None:
        with contextlib.suppress(Exception):  # a value of a wrong type cannot be explained
            return exercise.explain(got)
    if type(got) is not type(expected):
        return f"The answer must be a {type(expected).__name__}, not a {type(got).__name__}."
    if isinstance(expected, dict):
        if got.keys() != expected.keys():
            return "The names of the entries must stay as they were."
        wrong = next(key for key in got if not same(got[key], expected[key]))
        return f"The first wrong entry is {wrong!r}."
    if isinstance(expected, (str, list, tuple)):
        if len(got) != len(expected):
            return f"The answer must have {len(expected)} entries, not {len(got)}."
        wrong = next(k for k in range(len(got)) if not same(got[k], expected[k]))
        return f"The first wrong entry is number {wrong + 1}."
    return ""


def _what_differs(got, expected):
    got, expected = to_numpy(got), to_numpy(expected)
    if got is None and expected is not None:
        return "The answer is `None`: is a `return` missing?"
    with contextlib.suppress(Exception):  # no numbers, no shape: the values speak for themselves
        if np.shape(got) != np.shape(expected):
            return f"The shape is {np.shape(got)}, expected {np.shape(expected)}."
        if np.isnan(got).any():
            return "The answer holds NaN (not a number)."
    return ""


# --- Values as text -------------------------------------------------------------------------------


def _lines(*parts):
    return "\n".join(part for part in parts if part)


def _inputs(function, case):
    """Show the arguments of a case under the names that they have in the learner's function."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    names += [f"argument {k + 1}" for k in range(len(names), len(case.args))]
    entries = [_entry(name, value) for name, value in zip(names, case.args)]
    return _lines(f"case: {case.label}" if case.label else "", *entries)


def _place(function, line):
    return f"in line {line}: {line_text(function, line)}" if line else ""


def _entry(label, value):
    """Show a value under its name, an array with its shape, a list of arrays one by one."""
    value = to_numpy(value)
    parts = dict(enumerate(value)) if isinstance(value, (tuple, list)) else value
    if isinstance(parts, dict) and any(isinstance(to_numpy(v), np.ndarray) for v in parts.values()):
        return _lines(*(_entry(f"{label}[{key!r}]", part) for key, part in parts.items()))
    if isinstance(value, np.ndarray):
        label = f"{label}, shape {value.shape}"
    text = _shown(value)
    return f"{label}:\n{textwrap.indent(text, '    ')}" if "\n" in text else f"{label}: {text}"


def _shown(value):
    try:
        if isinstance(value, (np.ndarray, np.generic)):
            text = np.array2string(np.asarray(value), precision=6, threshold=40, separator=", ")
        elif isinstance(value, float):
            text = f"{value:.8g}"
        elif isinstance(value, (list, tuple)):
            inner = ", ".join(_shown(part) for part in value[:50])
            text = f"[{inner}]" if isinstance(value, list) else f"({inner})"
        else:
            text = repr(value)
    except Exception:  # an object of the learner's may not show itself
        text = f"a {type(value).__name__}"
    return _shortened(text)


def _shortened(text, length=400):
    return text if len(text) <= length else text[:length] + " …"
