import re

import pytest

from nnutils.exercises import kinds
from nnutils.exercises.judge import judge

HINTS = ("one", "two", "three")
LOOPS = kinds.order(
    "loops",
    "Put the loops in order",
    right="DAFBEC",
    hints=HINTS,
    mistakes=[
        ("sum_set_once", "FA", "The sum is set only once."),
        ("sum_before_the_inner_loop", "EB", "The sum comes too early."),
        ("ends_with_the_list", "CAD", "The list comes last."),
    ],
)
STEPS = kinds.order("steps", "Put the steps in order", ["ABCD", "BACD"], HINTS, mistakes=[])
TABLE = kinds.table(
    "shapes",
    "Fill in the shapes",
    right={"images": (5, 9), 1.5: (9,), "parameters": 42},
    hints=HINTS,
    mistakes=[
        ("turned", {"images": (9, 5)}, "Rows are examples."),
        ("many", {1.5: (5, 9), "parameters": 41}, "Two numbers."),
    ],
    remark="Rows come first.",
)


# --- Lines in order -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    ["DAFBEC", "dafbec", "D, A, F, B, E, C", "d;a f\nb\te c ", list("DAFBEC"), tuple("dafbec")],
)
def test_letters_may_come_in_any_usual_form(answer):
    assert judge(LOOPS, lambda: answer).text == "solved"


def test_several_orders_may_be_right():
    for order in ("ABCD", "b, a, c, d"):
        assert judge(STEPS, lambda order=order: order).verdict == "solved"
    assert STEPS.reference() == "ABCD"


@pytest.mark.parametrize("order", ["DFABEC", "FDABEC", "DFBAEC", "FBECDA"])
def test_a_mistake_is_known_at_any_distance_of_its_letters(order):
    result = judge(LOOPS, lambda: ", ".join(order.lower()))
    assert (result.mistake, result.message) == ("sum_set_once", "The sum is set only once.")


def test_of_several_mistakes_the_first_one_is_told():
    assert judge(LOOPS, lambda: "DFAEBC").mistake == "sum_set_once"
    assert judge(LOOPS, lambda: "DAFEBC").mistake == "sum_before_the_inner_loop"
    assert judge(LOOPS, lambda: "CAFBED").mistake == "ends_with_the_list"
    assert judge(LOOPS, lambda: "DAFCBE").mistake is None  # C, A and D follow in another way


def test_each_mistake_of_an_order_gives_an_order_that_has_it():
    made = [known.of(LOOPS)() for known in LOOPS.mistakes]
    assert made == ["DFABEC", "DAFEBC", "CADFBE"]


@pytest.mark.parametrize(
    ("exercise", "order", "said"),
    [
        (LOOPS, "ADFBEC", "No line is right. A, in place 1, comes too early."),
        (LOOPS, "dbafec", "The first line is right. B, in place 2, comes too early."),
        (LOOPS, list("DABFEC"), "The first 2 lines are right. B, in place 3, comes too early."),
        (LOOPS, "DAFBCE", "The first 4 lines are right. C, in place 5, comes too early."),
        (STEPS, "BADC", "The first 2 lines are right. D, in place 3, comes too early."),
        (STEPS, "CABD", "No line is right. C, in place 1, comes too early."),
    ],
)
def test_the_letter_that_comes_too_early_is_named(exercise, order, said):
    result = judge(exercise, lambda: order)
    assert (result.verdict, result.message) == ("wrong in this place", said)


@pytest.mark.parametrize(
    "answer",
    ["", "DAFBE", "DAFBECC", "DAFBEG", "D-A-F-B-E-C", ["DAFBEC"], ["DAF", "BEC"], [[*"DAFBEC"]]]
    + [None, 7, ("D", 1), {"D": "A"}, b"DAFBEC", object, set("DAFBEC"), iter("DAFBEC")],
    ids=lambda answer: type(answer).__name__,
)
def test_what_is_no_order_of_the_letters_is_told_so(answer):
    result = judge(LOOPS, lambda: answer)
    assert result.verdict == "wrong in this place"
    assert result.message == "Use each of the letters A, B, C, D, E, F exactly once."


def test_an_object_that_fails_is_no_order(hostile):
    for answer in (hostile, [hostile], list("DAFBE") + [hostile], (letter for letter in "DAFBEC")):
        assert "exactly once" in judge(LOOPS, lambda answer=answer: answer).message


# --- Tables ---------------------------------------------------------------------------------------


def test_a_table_is_right_or_a_known_mistake():
    right = TABLE.reference()
    assert judge(TABLE, lambda: {**right, "images": [5, 9], "parameters": 42.0}).text == "solved"
    for known in TABLE.mistakes:
        result = judge(TABLE, known.of(TABLE))
        assert (result.mistake, result.message) == (known.name, known.sentence)
    assert judge(TABLE, lambda: right | {1.5: (5, 9)}).mistake is None  # a half of a mistake


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"images": (5, 8)}, 'Look again at "images". Rows come first.'),
        ({1.5: (9, 5), "parameters": 41}, "Look again at 1.5. Rows come first."),
        ({1.5: 9}, "Look again at 1.5. A shape with one axis has a comma, as in `(7,)`."),
        ({"parameters": (42,)}, 'Look again at "parameters". It is a number, not a shape.'),
        ({"more": 1}, "Keep the names of the table as they are and fill in what is missing."),
    ],
)
def test_the_first_wrong_entry_of_a_table_is_named(entries, said):
    result = judge(TABLE, lambda: TABLE.reference() | entries)
    assert result.verdict == "wrong in this place" and result.message.startswith(said)


def test_a_table_may_have_no_remark():
    plain = kinds.table("t", "T", {"a": (1,)}, HINTS, mistakes=[])
    assert judge(plain, lambda: {"a": None}).message == 'Look again at "a".'


@pytest.mark.parametrize("answer", [None, [], {}, "text", {"images": (5, 9)}], ids=repr)
def test_what_is_no_such_table_is_told_so(answer):
    assert judge(TABLE, lambda: answer).message.startswith("Keep the names of the table")


@pytest.mark.parametrize("name", TABLE.reference())
def test_entries_that_fail_are_survived(name, hostile):
    for value in (hostile, [hostile], [[1], [2, 3]], None, ..., (n for n in range(2))):
        result = judge(TABLE, lambda value=value: TABLE.reference() | {name: value})
        assert result.verdict == "wrong in this place"
        assert re.match(r"Look again at|The first wrong entry is", result.message)
