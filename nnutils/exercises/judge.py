"""What exercises are made of, and how an answer to one is judged.

Those of a notebook are data: ``EXERCISES`` in ``nnutils/exercises/<slug>.py``.
"""

import contextlib
import functools
import inspect
import re
import sys
import textwrap
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nnutils.exercises import course
from nnutils.exercises.running import SECONDS, gap_lines, inside, line_text, run
from nnutils.exercises.values import Other, entry, joined, same, shortened, text_of, what_differs
from nnutils.learner import progress


@dataclass(frozen=True)
class Case:
    """One call of the learner's function: its arguments, and what is special about them."""

    args: tuple = ()
    label: str = ""


@dataclass(frozen=True)
class Mistake:
    """A way in which learners go wrong: its name, which lasts, the sentence that explains it.

    ``function`` goes wrong in this way on all inputs.
    """

    name: str
    sentence: str
    function: Callable | None = None

    def of(self, exercise):
        """Return a function that makes this mistake in ``exercise``."""
        return self.function

    def explains(self, exercise, cases, got):
        """Tell whether the learner's ``Run`` on these cases is this mistake."""
        wrong = run(self.of(exercise), cases, SECONDS, exercise.observe)
        return _agree(same, got, wrong) or _agree(exercise.compare, got, wrong)


def mistake(name, sentence):
    """Make a ``Mistake`` of the function below this decorator."""
    return lambda function: Mistake(name, sentence, function)


@dataclass(frozen=True)
class Slip(Mistake):
    """A mistake that is an edit of the reference: ``old``, which stands there once, for ``new``."""

    old: str = ""
    new: str = ""

    def of(self, exercise):
        """Return the edited reference; it is compiled at the first wrong answer."""
        return _edited(exercise.reference, self.old, self.new)


def slip(name, old, new, sentence):
    """Return the ``Slip`` of this name: the reference with ``new`` in the place of ``old``."""
    return Slip(name, sentence, old=old, new=new)


@functools.cache
def _edited(function, old, new):
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(old) != 1:
        raise ValueError(f"old must occur once in {function.__name__}, got {old!r}")
    names = dict(function.__globals__)
    exec(compile(source.replace(old, new), "<slip>", "exec"), names)
    return names[function.__name__]


@dataclass(frozen=True)
class Exercise:
    """A function to write, the reference that it must equal, and the cases that compare them.

    ``name`` lasts: the learner writes ``my_<name>``, and the file of progress knows it by its name.
    ``cases`` is a list, or a function that makes one: what takes long waits for the first check.
    ``draw(rng)`` returns the arguments of one more case; three are drawn for each answer.
    ``hints`` are three sentences, each of which says more than the one before.
    ``observe(value)`` makes plain data of an object, such as what a network computes;
    ``compare(got, expected)`` tells what is equal. Where the function takes no arguments,
    ``explain(got)`` may return a sentence that names the first wrong entry without saying what
    would be right. ``minutes`` is an estimate of what a learner needs. ``stub`` is the program with
    faults that is to be mended, where there is one: what does the same counts as not attempted.
    In a challenge ``score(observed)`` is a number, the larger the better: that of each solved
    answer is kept with the progress, and the best one is the learner's record.
    """

    name: str
    title: str
    reference: Callable
    cases: Sequence[Case] | Callable
    hints: Sequence[str]
    mistakes: Sequence[Mistake] = ()
    draw: Callable | None = None
    observe: Callable | None = None
    compare: Callable = same
    explain: Callable | None = None
    minutes: int = 8
    stub: Callable | None = None
    score: Callable | None = None

    @property
    def function(self):
        """The name of the learner's function."""
        return f"my_{self.name}"

    @functools.cached_property
    def all_cases(self):
        """The cases, as a list."""
        return list(self.cases() if callable(self.cases) else self.cases)

    def cases_for(self, function):
        """Return the cases for an answer: other words in it draw others, so none is known before.

        The same answer gets the same ones.
        """
        if self.draw is None:
            return self.all_cases
        try:
            text = inspect.getsource(function)
        except (OSError, TypeError):
            text = ""
        rng = np.random.default_rng(zlib.crc32(text.encode()))
        return self.all_cases + [Case(self.draw(rng), "drawn at random") for _ in range(DRAWN)]


DRAWN = 3  # cases for each answer
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

    ``mistake`` is the name of the known mistake, if it is one, ``score`` that of a challenge.
    """

    verdict: str
    message: str = ""
    details: str = ""
    then: str = ""
    mistake: str | None = None
    score: float | None = None

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
        head = f'<strong style="{style}">{symbol} {self.verdict}</strong> {_literal(self.message)}'
        details = f"~~~text\n{self.details}\n~~~" if self.details else ""
        return "\n\n".join(part for part in (head, details, _literal(self.then)) if part)


def _literal(text):
    """Return ``text`` so that Markdown shows a**2 as it is; `backticks` go on to make code."""
    return re.sub(r"(`[^`]*`)|([*_<$\\])", lambda m: m[1] or "\\" + m[2], text)


def check(name, hint=None):
    """Check the learner's function ``my_<name>`` ("one_die_more"), or give hint 1, 2 or 3.

    The function is looked up among the globals of the caller. Returns a ``Result``. Raises nothing,
    except the learner's own interrupt, and RuntimeError in a function that is just being checked.
    """
    if inside.get():
        raise RuntimeError("check(…) stands inside the function: move it to the left, out of it")
    try:
        return _check(name, hint, sys._getframe(1).f_globals)
    except Exception as error:
        said = f"The course has failed here, not you: {type(error).__name__}."
        return Result("not checked", f"{said} Please tell whoever gave you the course.")


def _check(name, hint, names):
    try:
        exercise = course.find_exercise(name)
    except ValueError as error:
        return Result("no such exercise", f"{error}.")
    if hint is not None:
        return _hint(exercise, hint)
    if exercise.function not in names:
        return Result("run the cell above first", f"It must define `{exercise.function}`.")
    function = names[exercise.function]
    if not callable(function):
        shown = f"`{exercise.function}` is no function any more, but a {type(function).__name__}."
        return Result("run the cell above again", f"{shown} Give the other value another name.")
    result = judge(exercise, function)
    if result.score is not None:
        result = replace(result, message=_beside_the_record(exercise, result))
        progress.record(exercise.name, result.verdict, score=result.score)
    elif result.verdict != "not attempted":
        progress.record(exercise.name, result.verdict, result.mistake)
    return result


def _beside_the_record(exercise, result):
    """Say the score of a challenge, and the best one before it."""
    scores = [answer.get("score") for answer in progress.answers_to(exercise.name)]
    best = max((score for score in scores if type(score) in (int, float)), default=None)
    if best is None:
        said = "It is your first record: beat it."
    elif result.score > best:
        said = f"A new record; the one before was {best:g}."
    else:
        said = f"Your record is {best:g}."
    return " ".join(filter(None, [result.message, f"Your score is {result.score:g}.", said]))


def _hint(exercise, hint):
    count = len(exercise.hints)
    if not isinstance(hint, int) or not 1 <= hint <= count:
        said = f"hint must be a number from 1 to {count}"
        return Result("no such hint", f"{said}, got {text_of(hint)}.")
    then = f'The next one: `check("{exercise.name}", hint={hint + 1})`'
    if hint == count:
        then = "The worked solution is folded in below."
    return Result(f"hint {hint} of {count}", exercise.hints[hint - 1], then=then)


# --- Judging --------------------------------------------------------------------------------------


def judge(exercise, function, seconds=SECONDS):
    """Compare ``function`` with the exercise's reference on every case; return a ``Result``.

    All cases together may take ``seconds`` of processor time.
    """
    gaps = gap_lines(function)
    if gaps:
        where = ("line " if len(gaps) == 1 else "lines ") + ", ".join(map(str, gaps))
        return _not_attempted(exercise, f"Replace the `...` in {where} of the cell above.")
    with np.errstate(all="ignore"):
        result = _judge_runs(exercise, function, seconds)
    if result.verdict in ("solved", "solved, but", "not attempted"):
        return result
    return replace(result, then=" ".join(filter(None, [result.then, _hint_offer(exercise)])))


def _judge_runs(exercise, function, seconds):
    cases = exercise.cases_for(function)
    expected = run(exercise.reference, cases, observe=exercise.observe)
    got = run(function, cases, seconds, exercise.observe)
    if not got.ended:
        return _never_ended(function, cases, got, seconds)
    if any(outcome.value is ... for outcome in got.outcomes):
        return _not_attempted(exercise, f"`{exercise.function}` still returns `...`.")
    if _agree(exercise.compare, got, expected):
        return _solved(exercise, function, cases, got, expected)
    as_given = exercise.stub and run(exercise.stub, cases, observe=exercise.observe)
    if as_given and _agree(exercise.compare, got, as_given):
        return _not_attempted(exercise, "The program in the cell above still does what it did.")
    for known in exercise.mistakes:
        if known.explains(exercise, cases, got):
            return Result("wrong in a known way", known.sentence, mistake=known.name)
    for case, outcome, right in zip(cases, got.outcomes, expected.outcomes):
        if not _equal(exercise.compare, outcome, right):
            return _wrong(exercise, function, case, outcome, right)


def _agree(compare, one, other):
    pairs = list(zip(one.outcomes, other.outcomes))
    return len(one.outcomes) == len(pairs) and all(_equal(compare, *pair) for pair in pairs)


def _equal(compare, got, expected):
    if got.error is not None or expected.error is not None:
        return None not in (got.error, expected.error) and got.error.kind is expected.error.kind
    return _alike(compare, got.value, expected.value)


def _alike(compare, got, expected):
    try:
        return bool(compare(got, expected))
    except Exception:  # a value of a wrong type cannot be compared
        return False


def _not_attempted(exercise, message):
    return Result("not attempted", message, then=_hint_offer(exercise))


def _hint_offer(exercise):
    return f'For a hint: `check("{exercise.name}", hint=1)`'


def _solved(exercise, function, cases, got, expected):
    buts = []
    if any(g.changed and not e.changed for g, e in zip(got.outcomes, expected.outcomes)):
        buts.append(
            "It changes its input, and so the numbers of whoever calls it: "
            "work on a copy, or write `a = a + b` in place of `a += b`."
        )
    if _is_slow(got, expected):
        got = run(function, cases, SECONDS, exercise.observe)  # what a first call imports is there
        if _is_slow(got, expected):
            buts.append(
                f"It computes for {got.seconds:.1f} s where {expected.seconds:.1g} s are enough: "
                "where it has a loop over numbers, let NumPy work on whole arrays."
            )
    score = exercise.score and exercise.score(got.outcomes[0].value)
    if buts:
        return Result("solved, but", " ".join(buts), score=score)
    message = f"All {len(cases)} cases are right." if len(cases) > 1 else ""
    return Result("solved", message, score=score)


def _is_slow(got, expected):
    return got.seconds > 1 and got.seconds > 50 * expected.seconds


def _never_ended(function, cases, got, seconds):
    case = cases[min(len(got.outcomes), len(cases) - 1)]
    if got.waited:
        message = (
            f"No answer after {6 * seconds:g} seconds, in which hardly anything was computed: it "
            "waits, or the machine is very busy. Leave out `time.sleep` and whatever else waits."
        )
    else:
        message = (
            f"No answer after {seconds:g} seconds of computing. Is there a loop that never ends?"
        )
    then = "" if got.stopped else "It could not be stopped: restart the kernel."
    details = joined(_inputs(function, case), _place(function, got.line), _printed(got))
    return Result("wrong on this input", message, details, then)


def _wrong(exercise, function, case, got, expected):
    """Tell what is wrong on one case: an error, or a value; and what was printed."""
    if got.error is not None:
        place = _place(function, got.error.line)
        details = joined(shortened(got.error.text), place, _inputs(function, case), _printed(got))
        return Result("raised this error", "", details)
    if not case.args:  # the expected value would give the solution away
        message = _first_wrong_entry(exercise, got.value, expected.value)
        return Result(
            "wrong in this place", message, joined(entry("got", got.returned), _printed(got))
        )
    details = joined(
        _inputs(function, case),
        entry("expected", expected.value),
        entry("got", got.value),
        _printed(got),
    )
    return Result("wrong on this input", what_differs(got.value, expected.value), details)


def _first_wrong_entry(exercise, got, expected):
    """Say where the answer of a function without arguments goes wrong first, but not why."""
    if exercise.explain is not None:
        with contextlib.suppress(Exception):  # a value of a wrong type cannot be explained
            return exercise.explain(got)
    if type(got) is not type(expected):
        kind = got.kind if isinstance(got, Other) else type(got).__name__
        return f"The answer must be a {type(expected).__name__}, not a {kind}."
    if isinstance(expected, dict):
        if got.keys() != expected.keys():
            return "The names of the entries must stay as they were."
        wrong = next(key for key in got if not _alike(same, got[key], expected[key]))
        return f"The first wrong entry is {wrong!r}."
    if isinstance(expected, (str, list, tuple)):
        if len(got) != len(expected):
            return f"The answer must have {len(expected)} entries, not {len(got)}."
        wrong = next(k for k, one in enumerate(got) if not _alike(same, one, expected[k]))
        return f"The first wrong entry is number {wrong + 1}."
    return ""


def _inputs(function, case):
    """Show the arguments of a case under the names that they have in the learner's function."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    names += [f"argument {k + 1}" for k in range(len(names), len(case.args))]
    shown = [entry(name, value) for name, value in zip(names, case.args)]
    return joined(f"case: {case.label}" if case.label else "", *shown)


def _place(function, line):
    return f"in line {line}: {line_text(function, line)}" if line else ""


def _printed(outcome):
    text = textwrap.indent(outcome.printed.rstrip(), "    ")
    return f"printed:\n{text}" if text else ""
