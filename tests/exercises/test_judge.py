import _thread
import contextvars
import itertools
import json
import linecache
import os
import random
import re
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnutils.exercises.judge import Case, Exercise, Mistake, Result, check, judge, mistake, slip
from nnutils.exercises.values import plain, same
from nnutils.learner import lines, progress

CELLS = itertools.count()


def cell(source, **names):
    """Run the text of a cell as IPython does, its lines known to linecache; return its globals."""
    source = textwrap.dedent(source).lstrip("\n")
    file = f"<cell {next(CELLS)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names = {"np": np, "check": check, **names}
    exec(compile(source, file, "exec"), names)
    return names


def learner(body, arguments="x, y", **names):
    """Return the function whose lines are ``body``; its first line is line 2 of the cell."""
    source = f"def my_add({arguments}):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return cell(source, **names)["my_add"]


def judge_quickly(function):
    return judge(ADD, function, seconds=0.2)


def add(x, y):
    return x + y


ADD = Exercise(
    name="add",
    title="Add two arrays",
    reference=add,
    cases=[
        Case((np.array([1.0, 2.0]), np.array([0.0, 0.0])), "nothing to add"),
        Case((np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0]))),
    ],
    hints=("one", "two", "three"),
    mistakes=[
        slip("subtracts", "x + y", "x - y", "You subtract: the sign must be +."),
        Mistake("forgets_y", "The second array is left out.", lambda x, y: x),
    ],
)
NO_CASE_LABEL = "x, shape (3,): [1., 2., 3.]\ny, shape (3,): [10., 20., 30.]"
HINT = 'For a hint: `check("add", hint=1)`'


@pytest.fixture
def notebook(monkeypatch):
    """Put the exercise above in the place of those of notebook 03."""
    module = SimpleNamespace(EXERCISES=[ADD])
    monkeypatch.setitem(sys.modules, "nnutils.exercises.dice_sum_model", module)


def wait_until_threads_are(count):
    """Wait for threads that are on their way out; a stopped one needs a moment to end."""
    deadline = time.monotonic() + 5
    while threading.active_count() > count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= count


def recorded():
    if not progress.progress_file().exists():
        return []
    lines = progress.progress_file().read_text().splitlines()
    return [(e["exercise"], e["result"], e["mistake"]) for e in map(json.loads, lines)]


# --- Equality -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (np.float64(2.0), 2),
        (True, np.True_),
        (1, True),
        ([1, 2], np.array([1, 2])),
        (np.array([1.0, 2.0]), [1, 2]),
        ([3, 4], (3, 4)),
        ((np.eye(2), [1, 2]), [np.eye(2), np.array([1.0, 2.0])]),
        ({"b": 1, "a": [2.0]}, {"a": [2], "b": 1}),
        ("ABC", "ABC"),
        (None, None),
        ([], []),
        (np.inf, np.inf),
        (torch.ones(2, requires_grad=True), np.ones(2)),
        (np.ones(2), torch.ones(2)),
    ],
)
def test_equal_values(got, expected):
    assert same(plain(got), plain(expected))


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 2),
        (10**9 + 1, 10**9),
        (np.ones((2, 1)), np.ones(2)),
        (np.ones((1, 2)), np.ones((2, 1))),
        (np.array([2.0]), 2.0),
        (np.nan, 1.0),
        (1.0, np.nan),
        (np.inf, -np.inf),
        (1 + 0j, 1.0),
        ("1", 1),
        (1, "1"),
        ("abc", "ABC"),
        (None, 0),
        (0, None),
        ([1, 2, 3], [1, 2]),
        ((1, (2, 3)), (1, (2, 4))),
        ({"a": 1}, {"b": 1}),
        ({0: 5, 1: 6}, [0, 1]),
        ("AB", ["A", "C"]),
        (iter([1, 2]), [1, 2]),
        (object(), 1.0),
        (add, 1.0),
        ([["a"]], [[1.0]]),
    ],
)
def test_different_values(got, expected):
    assert not same(plain(got), plain(expected))


def test_single_precision_is_measured_by_the_largest_entry():
    right = np.array([1000.0, 1e-4, 0.0])
    rounded = right + [1e-5, 1e-5, 1e-5]
    assert same(rounded.astype(np.float32), right)
    assert not same(rounded, right)
    assert not same((right + 0.01).astype(np.float32), right)


@pytest.mark.parametrize(
    "value", [Fraction(1, 2), Decimal("0.5"), torch.tensor(0.5), np.float32(0.5)]
)
def test_any_kind_of_number_is_a_number(value):
    assert same(plain(value), 0.5)


@given(st.floats(1e-3, 1e6), st.sampled_from([-1, 1]))
def test_numbers_agree_to_a_millionth(number, sign):
    assert same(number * (1 + sign * 9e-7), number)
    assert not same(number * (1 + sign * 1.2e-6) + sign * 1e-8, number)


# --- The verdicts ---------------------------------------------------------------------------------


def test_solved():
    result = judge(ADD, learner("return x + y"))
    assert repr(result) == result.text == "solved: All 2 cases are right."


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("...", "line 2"),
        ("return ...", "line 2"),
        ("# a comment\nz = ...\nreturn z", "line 3"),
        ("z: int = ...\nz += ...\nreturn z", "lines 2, 3"),
        ("z = x + ...\nreturn z", "line 2"),
        ("return x, ...", "line 2"),
        ('return {\n    "a": 1,\n    "b": ...,\n}', "line 4"),
        ("if x > ...:\n    return y", "line 2"),
        ("def inner(z):\n    return ...\nreturn x + y", "line 3"),
        ("return np.sum(x, axis=...)", "line 2"),
    ],
)
def test_not_attempted(body, where):
    result = judge(ADD, learner(body))
    assert result.text == f"not attempted: Replace the `...` in {where} of the cell above.\n{HINT}"


def test_not_attempted_below_other_lines_and_a_decorator():
    source = """
        import functools


        @functools.cache
        def my_add(x, y):
            # nothing yet
            return ...
    """
    assert "in line 7 of" in judge(ADD, cell(source)["my_add"]).text


@pytest.mark.parametrize(
    "body",
    [
        "return x[..., :] + y[...]",
        "z: tuple[int, ...] = ()\nreturn x + y",
        "return x + y  # ...",
        "try:\n    return x + y\nexcept TypeError:\n    ...",
        "return np.einsum(x, [..., 0], [..., 0]) + y",
    ],
)
def test_dots_that_are_no_gap(body):
    assert judge(ADD, learner(body)).verdict == "solved"


def test_not_attempted_without_a_source():
    names = {}
    exec("def my_add(x, y):\n    return ...", names)
    assert (
        judge(ADD, names["my_add"]).text == f"not attempted: `my_add` still returns `...`.\n{HINT}"
    )


def test_solved_without_a_source():
    names = {}
    exec("def my_add(x, y):\n    return x + y", names)
    assert judge(ADD, names["my_add"]).verdict == "solved"
    assert judge(ADD, np.add).verdict == "solved"


def test_wrong_in_a_known_way():
    result = judge(ADD, learner("return x - y"))
    assert result.text == f"wrong in a known way: You subtract: the sign must be +.\n{HINT}"
    assert result.mistake == "subtracts"
    assert judge(ADD, learner("return 1.0 * x")).mistake == "forgets_y"


def test_a_mistake_must_agree_on_every_case():
    result = judge(ADD, learner("return x - y if len(x) == 3 else 0 * x"))
    assert result.verdict == "wrong on this input" and result.mistake is None


def test_a_slip_is_an_edit_of_the_reference():
    assert [slip("", "+", sign, "").of(ADD)(6, 3) for sign in "-*"] == [3, 18]
    assert slip("", "+", "-", "").of(ADD) is slip("", "+", "-", "").of(ADD)
    assert add(6, 3) == 9


@pytest.mark.parametrize("old", ["x", "x - y", ""])
def test_a_slip_that_is_no_edit_is_an_error_once_an_answer_is_wrong(old):
    exercise = replace(ADD, mistakes=[slip("no_edit", old, "z", "This cannot be.")])
    assert judge(exercise, learner("return x + y")).verdict == "solved"
    with pytest.raises(ValueError, match=f"old must occur once in add, got {old!r}"):
        judge(exercise, learner("return x - y"))


def test_a_decorated_function_is_a_mistake():
    @mistake("doubles", "You add too much.")
    def doubles(x, y):
        return x + 2 * y

    assert doubles == Mistake("doubles", "You add too much.", doubles.function)
    exercise = replace(ADD, mistakes=[doubles])
    result = judge(exercise, learner("return x + y + y"))
    assert (result.message, result.mistake) == ("You add too much.", "doubles")


def test_cases_may_be_made_at_the_first_check():
    calls = []
    exercise = replace(ADD, cases=lambda: calls.append(1) or (case for case in ADD.cases))
    assert calls == []
    for _ in range(2):
        assert judge(exercise, learner("return x + y")).text == "solved: All 2 cases are right."
    assert calls == [1]


def test_wrong_on_this_input_shows_the_first_wrong_case():
    result = judge(ADD, learner("return 2 * y + x"))
    assert result.text == (
        f"wrong on this input\n{NO_CASE_LABEL}\n"
        f"expected, shape (3,): [11., 22., 33.]\ngot, shape (3,): [21., 42., 63.]\n{HINT}"
    )


def test_the_label_of_the_case_is_shown():
    assert "case: nothing to add\nx, shape (2,): [1., 2.]" in judge(ADD, learner("return 7")).text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return (x + y)[None]", "The shape is (1, 2), expected (2,)."),
        ("x + y", "The answer is `None`: is a `return` missing?"),
        ("return x / 0 * 0", "The answer holds NaN (not a number)."),
        ("return x + y + 1e-5", "got, shape (2,): [1.00001, 2.00001]"),
        ("return x[0] + 2e-6", "got: 1.000002"),
        ("return {'a': 1}", "got: {'a': 1}"),
        ("return 'text'", "got: 'text'"),
        ("return x.tolist(), y", "got[0]: [1, 2]\ngot[1], shape (2,): [0., 0.]"),
        (
            "return np.zeros((100, 100))",
            "got, shape (100, 100):\n    [[0., 0., 0., ..., 0., 0., 0.",
        ),
        ("return list(range(10**6))", "47, 48, 49]"),
        ("return 'long' * 10**6", "longlonglon …"),
        ("return (n for n in x)", "got: <generator object"),
        ("return (n for n in x)", "The answer is a `generator`, not yet its values: return `list("),
        ("return {'a': x}.values()", "The answer is a `dict_values`, not yet its values: return"),
        (
            "return map(abs, x)",
            "The answer is a `map`, not yet its values: return `list(…)` of it.",
        ),
        ("return x + y,", "with one entry: the comma behind it is too much."),
        ("return 3,", "got: (3,)"),
        ("return x, y, x", "Return one result, not 3."),
        ("z = []\nz.append(z)\nreturn z", "got: "),
    ],
)
def test_what_is_said_about_a_wrong_value(body, said):
    result = judge(ADD, learner(body))
    assert result.verdict == "wrong on this input"
    assert said in result.text
    assert len(result.text) < 1500


def test_an_object_that_fails_whatever_is_asked_of_it(hostile):
    result = judge(ADD, learner("return hostile", hostile=hostile))
    assert result.verdict == "wrong on this input" and "got: a Hostile" in result.text
    result = judge(ADD, learner("return [hostile, x]", hostile=hostile))
    assert result.verdict == "wrong on this input"


def test_raised_this_error_with_the_learners_line():
    result = judge(ADD, learner("z = x + y\nreturn z[len(z)]"))
    assert result.text == (
        "raised this error\n"
        "IndexError: index 2 is out of bounds for axis 0 with size 2\n"
        "in line 3: return z[len(z)]\n"
        "case: nothing to add\nx, shape (2,): [1., 2.]\ny, shape (2,): [0., 0.]\n"
        f"{HINT}"
    )


def test_the_line_is_the_learners_when_a_library_fails():
    result = judge(ADD, learner("z = x @ np.eye(3)\nreturn np.linalg.inv(x)"))
    assert "in line 2: z = x @ np.eye(3)" in result.text
    assert (
        "in line 2: return np.linalg.inv(x)" in judge(ADD, learner("return np.linalg.inv(x)")).text
    )


def test_a_wrong_number_of_arguments():
    result = judge(ADD, learner("return x", arguments="x"))
    assert result.verdict == "raised this error"
    assert "takes 1 positional argument but 2 were given" in result.text
    assert "argument 2, shape (2,): [0., 0.]" in result.text


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("return my_add(x, y)", "RecursionError"),
        ("raise SystemExit", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("assert False, 'a reason'", "AssertionError: a reason"),
        ("raise ValueError('long' * 10**5)", "longlong …"),
        ("return undefined", "NameError"),
        ("return np.empty(10**15)", "MemoryError"),
        ("raise Silent", "Silent"),
    ],
)
def test_every_error_is_survived(body, name):
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

    result = judge(ADD, learner(body, Silent=Silent))
    assert result.verdict == "raised this error"
    assert name in result.text and "in line 2: " in result.text


def test_solved_but_it_changes_its_input():
    result = judge(ADD, learner("x += y\nreturn x"))
    assert result.verdict == "solved, but" and "It changes its input" in result.text
    assert ADD.cases[1].args[0].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "spoil",
    ["z.append(1)", "z[0] += 1", "z[0] = None", "z[1][0] = -1.0", "z[2]['b'] = 0", "z.pop()"],
)
def test_every_change_of_an_input_is_seen(spoil):
    exercise = replace(
        ADD, cases=[Case(([1, np.ones(2), {"a": "text", "n": np.nan}],))], mistakes=()
    )
    exercise = replace(exercise, reference=len)
    assert judge(exercise, learner("return len(z)", "z")).verdict == "solved"
    assert judge(exercise, learner(f"n = len(z)\n{spoil}\nreturn n", "z")).verdict == "solved, but"


def test_a_reference_that_changes_its_input_allows_it():
    def add_in_place(x, y):
        x += y
        return x

    exercise = replace(ADD, reference=add_in_place)
    assert judge(exercise, learner("x += y\nreturn x")).verdict == "solved"


def test_solved_but_far_too_slow():
    busy = "end = time.thread_time() + {}\nwhile time.thread_time() < end:\n    pass\nreturn x + y"
    result = judge(ADD, learner(busy.format(0.6), time=time))
    assert result.verdict == "solved, but"
    assert re.search(r"It computes for 1\.\d s where ", result.text)
    for body in (busy.format(0.1), "time.sleep(0.6)\nreturn x + y"):
        assert judge(ADD, learner(body, time=time)).verdict == "solved"


def test_a_list_that_grows_from_call_to_call():
    function = learner("kept.extend(x + y)\nreturn kept", "x, y, kept=[]")
    result = judge(ADD, function)
    assert "got: [1., 2., 11., 22., 33.]" in result.text and NO_CASE_LABEL in result.text


# --- Answers without arguments --------------------------------------------------------------------


def answer(right, **more):
    return Exercise("answer", "Answer", lambda: right, [Case()], ("1", "2", "3"), **more)


ORDER, TABLE = answer("BCA"), answer({"hidden": (5, 10), "output": (2, 5)})
RAGGED = [[1], [2, 3]]  # of this NumPy can make no array


@pytest.mark.parametrize(
    ("exercise", "given", "said"),
    [
        (ORDER, "BAC", "The first wrong entry is number 2."),
        (ORDER, "BC", "The answer must have 3 entries, not 2."),
        (ORDER, 7, "The answer must be a str, not a int."),
        (ORDER, None, "The answer must be a str, not a NoneType."),
        (TABLE, {"hidden": (5, 10), "output": (5, 2)}, "The first wrong entry is 'output'."),
        (TABLE, {"hidden": (5, 10)}, "The names of the entries must stay as they were."),
        (answer([1, 2]), [1, RAGGED], "The first wrong entry is number 2."),
        (answer({"n": 3}), {"n": RAGGED}, "The first wrong entry is 'n'."),
        (answer(42), 41, ""),
        (answer("BCA", explain=lambda got: f"{got[1]}: too early."), "BAC", "A: too early."),
        (answer("BCA", explain=lambda got: got[9]), "BAC", "The first wrong entry is number 2."),
    ],
)
def test_the_first_wrong_place_is_named_and_not_what_is_right(exercise, given, said):
    result = judge(exercise, lambda: given)
    assert result.verdict == "wrong in this place" and result.message == said
    assert f"got: {given!r}" in result.text
    assert repr(exercise.reference()) not in result.text


def test_right_answers_without_arguments():
    assert judge(ORDER, lambda: "BCA").text == "solved"
    assert judge(TABLE, lambda: {"output": [2, 5], "hidden": [5, 10]}).text == "solved"


def test_an_exercise_may_compare_in_its_own_way():
    exercise = replace(ORDER, compare=lambda got, expected: got.strip().upper() == expected)
    assert judge(exercise, lambda: " bca\n").verdict == "solved"
    assert judge(exercise, lambda: 3).verdict == "wrong in this place"


def test_mistakes_are_recognised_whatever_compare_looks_at():
    def a_first():
        return "ABC"

    def ends_with_a(got, expected):
        return got.strip().endswith("A")

    exercise = answer("CBA", mistakes=[Mistake("a_first", "Not A.", a_first)])
    by_rule = replace(exercise, compare=ends_with_a)
    assert judge(by_rule, lambda: "BCA").verdict == "solved"
    assert judge(by_rule, a_first).mistake == "a_first"
    loosely = replace(exercise, compare=lambda got, expected: got.strip() == expected)
    assert judge(loosely, lambda: " ABC ").mistake == "a_first"


# --- Functions that do not end, print, or use the context -----------------------------------------


def test_an_endless_loop_is_stopped():
    threads = threading.active_count()
    result = judge_quickly(learner("z = 0\nwhile True:\n    z += 1"))
    assert result.verdict == "wrong on this input"
    assert "No answer after " in result.text
    assert re.search(r"in line [34]: (while True:|z \+= 1)\n", result.text)
    assert "restart" not in result.text
    wait_until_threads_are(threads)


def test_the_input_that_never_ends_is_shown():
    result = judge_quickly(learner("while len(x) == 3:\n    pass\nreturn x + y"))
    assert NO_CASE_LABEL in result.text


@pytest.mark.parametrize("caught", ["except:", "except BaseException:"])
def test_a_loop_that_catches_everything_once_is_stopped(caught):
    threads = threading.active_count()
    body = f"try:\n    while True:\n        pass\n{caught}\n    pass\nwhile True:\n    pass"
    assert "restart" not in judge_quickly(learner(body)).text
    wait_until_threads_are(threads)


def test_the_cases_after_a_caught_stop_are_not_begun():
    calls = []
    body = "calls.append(1)\ntry:\n    while True:\n        pass\nexcept:\n    return x"
    assert "restart" not in judge_quickly(learner(body, calls=calls)).text
    assert len(calls) == 1


def test_a_function_that_cannot_be_stopped_asks_for_a_new_kernel():
    release = threading.Event()
    body = """
        while not release.is_set():
            try:
                release.wait(0.01)
            except BaseException:
                pass
    """
    threads = threading.active_count()
    start = time.monotonic()
    result = judge_quickly(learner(body, release=release))
    assert time.monotonic() - start < 5
    assert "It could not be stopped: restart the kernel." in result.text
    release.set()
    wait_until_threads_are(threads)


@pytest.mark.skipif(sys.platform == "win32", reason="an interrupt is a signal of POSIX here")
def test_the_learners_interrupt_passes_through_and_stops_the_function(interruptible):
    threads = threading.active_count()
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        judge(ADD, learner("while True:\n    pass"))
    timer.join()
    wait_until_threads_are(threads)
    assert not recorded()


def test_what_is_printed_is_shown_only_when_the_answer_is_wrong(capsys):
    assert "seen" not in judge(ADD, learner("print('seen')\nreturn x + y")).text
    result = judge(ADD, learner("print('seen', len(x))\nreturn 0"))
    assert result.text.endswith(f"printed:\n    seen 2\n{HINT}"), "of the case that is wrong"
    result = judge(ADD, learner("print('again ' * 200)"))
    assert "again again" in result.text and " …" in result.text and len(result.text) < 600
    endless = judge_quickly(learner("while True:\n    print('again ' * 20)"))
    assert "printed:\n    again again" in endless.text
    assert capsys.readouterr() == ("", "")


def test_a_loop_that_prints_and_catches_everything_always_is_held(capsys):
    body = "while True:\n    try:\n        print(x)\n    except BaseException:\n        pass"
    assert "restart" not in judge_quickly(learner(body)).text
    start = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - start < 0.25
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("body", ["time.sleep(4)", "threading.Event().wait(4)"])
def test_a_function_that_waits_is_told_so(body):
    result = judge_quickly(learner(body, time=time, threading=threading))
    assert "No answer after 1.2 seconds, in which hardly anything was computed: it waits" in (
        result.message
    )


def test_an_import_is_neither_counted_nor_broken_off(tmp_path, monkeypatch):
    (tmp_path / "slow_module.py").write_text(
        "import time\nend = time.thread_time() + 1\nwhile time.thread_time() < end:\n    pass\n"
        "ready = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    result = judge_quickly(learner("import slow_module\nreturn x + y"))
    assert result.text == "solved: All 2 cases are right."  # and it is not called slow
    assert sys.modules.pop("slow_module").ready
    result = judge_quickly(learner("import slow_module\nwhile True:\n    pass"))
    assert "No answer after" in result.text and sys.modules.pop("slow_module").ready


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return x + y + float(input('a number: '))", "RuntimeError: input() waits for somebody"),
        ("return check('add')", "RuntimeError: check(…) stands inside the function"),
        ("async def f():\n    return x + y\nreturn f()", "`async` makes a function that only"),
    ],
)
def test_what_does_not_belong_into_a_checked_function(body, said, capsys, notebook):
    threads = threading.active_count()
    assert said in judge(ADD, learner(body)).text
    assert threading.active_count() <= threads
    assert capsys.readouterr() == ("", "")


def test_a_check_leaves_random_generators_as_they_are():
    def states():
        legacy = np.random.get_state()  # noqa: NPY002
        return random.getstate(), repr(legacy), torch.get_rng_state().tolist()

    before = states()
    body = "random.seed(1)\nnp.random.seed(2)\ntorch.manual_seed(3)\nreturn x + y"
    assert judge(ADD, learner(body, random=random, torch=torch)).verdict == "solved"
    assert states() == before


def test_cases_are_drawn_anew_for_other_words():
    exercise = replace(ADD, draw=lambda rng: tuple(rng.integers(-9, 10, (2, 3))))
    seen = []
    for body in ("return x + y", "return x + y", "return y + x"):
        function = learner(f"seen.append(x.tolist())\n{body}", seen=seen)
        assert judge(exercise, function).text == "solved: All 5 cases are right."
    drawn = [seen[k : k + 5][2:] for k in (0, 5, 10)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_an_exercise_may_observe_an_object_under_the_limit():
    exercise = answer("BCA", observe=lambda value: value.letters())

    def letters(self):
        return "BCA"

    def endless(self):
        while True:
            pass

    def an(method):
        return lambda: type("Answer", (), {"letters": method})()

    exercise = replace(exercise, reference=an(letters))
    assert judge(exercise, an(letters)).verdict == "solved"
    assert "No answer after" in judge(exercise, an(endless), seconds=0.2).text


def test_the_shape_of_several_results_is_spoken_of_one_by_one():
    two = replace(ADD, reference=lambda x, y: (x + y, x * y), mistakes=())
    for body, said in (
        ("return x + y", "Return 2 results, with commas between them, got one."),
        ("return x, y, x", "Return 2 results, with commas between them, got 3."),
        ("return x + y, (x * y)[None]", "Result 2 of 2 is wrong. The shape is (1, 2), expected"),
        ("return x - y + 1, x * y", "Result 1 of 2 is wrong."),
    ):
        assert judge(two, learner(body)).message.startswith(said)
    assert judge(two, learner("return np.array([x + y, x * y])")).verdict == "solved"


def test_the_function_sees_the_context_of_the_caller():
    variable = contextvars.ContextVar("variable", default=0)
    variable.set(5)
    function = learner("return x + y + variable.get() - 5", variable=variable)
    assert judge(ADD, function).verdict == "solved"


# --- check ----------------------------------------------------------------------------------------


def test_check_finds_the_function_of_the_caller(notebook):
    names = cell("result = check('add')")
    assert names["result"].text == "run the cell above first: It must define `my_add`."
    names = cell("my_add = 3\nresult = check('add')")
    assert names["result"].text.startswith("run the cell above again: `my_add` is no function ")
    names = cell("def my_add(x, y):\n    return ...\nresult = check('add')")
    assert names["result"].verdict == "not attempted"
    assert recorded() == []
    names = cell("def my_add(x, y):\n    return x - y\nresult = check('add')")
    assert names["result"].verdict == "wrong in a known way"
    names = cell("def my_add(x, y):\n    return x + y\nresult = check('add')")
    assert names["result"].verdict == "solved"
    assert recorded() == [
        ("add", "wrong in a known way", "subtracts"),
        ("add", "solved", None),
    ]


def test_hints(notebook):
    assert check("add", hint=1).text == 'hint 1 of 3: one\nThe next one: `check("add", hint=2)`'
    assert (
        check("add", hint=3).text == "hint 3 of 3: three\nThe worked solution is folded in below."
    )
    for hint in (0, 4, -1, "1", 1.0, [1]):
        text = f"no such hint: hint must be a number from 1 to 3, got {hint!r}."
        assert check("add", hint=hint).text == text


@pytest.mark.parametrize("name", ["judge_roll", "why_centre", "my_add", "03.1", 3.1, None, [], ""])
def test_an_unknown_name_raises_nothing(notebook, name):
    result = check(name)
    assert result.text.startswith("no such exercise: name must be one such as ")
    assert repr(name) in result.text


def test_an_unknown_name_is_answered_with_similar_ones(notebook):
    assert check("my_add").message.startswith("name must be one such as add, ")


def test_a_check_survives_progress_that_cannot_be_written(notebook, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lines, "_told", set())
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "file"))
    names = cell("def my_add(x, y):\n    return x + y\nresult = check('add')")
    assert names["result"].text == "solved: All 2 cases are right."
    assert capsys.readouterr().out.startswith("Your progress is not saved (")


def test_markdown_says_the_verdict_in_words_and_details_as_they_are():
    result = Result("wrong on this input", "Look at `x`.", "x_1: [1, *2*]", "Then this.")
    head, details, then = result._repr_markdown_().split("\n\n")
    assert re.fullmatch(r'<strong style="[^"]+">✗ wrong on this input</strong> Look at `x`\.', head)
    assert details == "~~~text\nx_1: [1, *2*]\n~~~" and then == "Then this."
    marks = {
        verdict: Result(verdict)._repr_markdown_().split(">")[1][0]
        for verdict in (
            "solved",
            "solved, but",
            "not attempted",
            "raised this error",
            "hint 1 of 3",
        )
    }
    assert "".join(marks.values()) == "✓✓…✗?"


def test_check_in_ipython(tmp_path):
    """Line numbers are those of the cell, and the function is that of the notebook."""
    script = """
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell.instance()
        shell.run_cell("from nnutils.exercises import check")
        stub = "# a comment\\n\\ndef my_judge_roll(roll, weights, threshold):\\n    return {}"
        for value in ("...", "1 / 0"):
            shell.run_cell(stub.format(value), store_history=True)
            print(repr(shell.run_cell("check('judge_roll');").result or shell.user_ns["_"]))
            print(repr(shell.ev("check('judge_roll')")))
    """
    environment = os.environ | {"IPYTHONDIR": str(tmp_path / "ipython")}
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "not attempted: Replace the `...` in line 4 of the cell above." in done.stdout
    assert "ZeroDivisionError: division by zero\nin line 4: return 1 / 0" in done.stdout
