import json
import subprocess
import sys

import pytest

from nnutils.exercises import course, quiz
from nnutils.exercises.question import Choice, Question, read_questions
from nnutils.exercises.widget import QuestionWidget, to_html
from nnutils.learner import progress

ONE = Question(
    "step_at_zero",
    "What is `step(0)`, if 0 < 1 & so on?",
    [
        Choice("It is `1`", True, "Yes: `z >= 0`."),
        Choice("It is 0", False, "No, the <b>edge</b> counts."),
        Choice("$z$", False, "No."),
    ],
)
SEVERAL = Question(
    "which_ones",
    "Which ones?",
    [Choice("a", True, "Yes a."), Choice("b", False, "Not b."), Choice("c", True, "Yes c.")],
)


def recorded():
    lines = progress.progress_file().read_text().splitlines()
    return [(entry["exercise"], entry["result"]) for entry in map(json.loads, lines)]


def test_one_right_answer():
    question = QuestionWidget(ONE, "03.4")
    assert question.feedback == "" and not question.several
    question.choose("B")
    assert question.feedback == "Not yet.\nB: No, the <b>edge</b> counts."
    question.choose("A")
    assert question.feedback == "Right.\nA: Yes: `z >= 0`."
    assert recorded() == [("step_at_zero", "wrong"), ("step_at_zero", "solved")]


@pytest.mark.parametrize(
    ("letters", "verdict", "lines"),
    [
        ("CA", "Right.", ["C: Yes c.", "A: Yes a."]),
        ("A", "Not yet.", ["A: Yes a.", "So far so good, but more of the choices are right."]),
        ("ABC", "Not yet.", ["A: Yes a.", "B: Not b.", "C: Yes c."]),
        ("B", "Not yet.", ["B: Not b."]),
    ],
)
def test_several_right_answers(letters, verdict, lines):
    question = QuestionWidget(SEVERAL, "03.4")
    assert question.several
    question.choose(*letters)
    assert question.feedback.splitlines() == [verdict, *lines]


def test_no_choice_is_no_answer():
    question = QuestionWidget(ONE, "03.4")
    question.choose()
    assert question.feedback == "Choose an answer first."
    assert not progress.progress_file().exists()


def test_a_letter_that_is_not_there():
    with pytest.raises(ValueError, match=r"letters must be among A, B, C, got \('D',\)"):
        QuestionWidget(ONE, "03.4").choose("D")


def test_the_page_sends_the_numbers_of_the_choices():
    question = QuestionWidget(SEVERAL, "03.4")
    question._handle_custom_msg([0, 2], [])
    assert question.feedback.startswith("Right.")


def test_text_is_escaped_and_code_is_marked():
    question = QuestionWidget(ONE, "03.4")
    assert "<code>step(0)</code>, if 0 &lt; 1 &amp; so on?" in question.heading
    assert question.choices[0] == "A. It is <code>1</code>"
    question.choose("B")
    assert question.feedback_html == "Not yet.<br>B: No, the &lt;b&gt;edge&lt;/b&gt; counts."


def test_emphasis_is_marked_and_a_product_is_none():
    assert to_html("is *often lower*, (*at its place*).") == (
        "is <em>often lower</em>, (<em>at its place</em>)."
    )
    for text in ("2*3 and 4*5", "a * b * c", "* one * two", "x*"):
        assert to_html(text) == text
    assert to_html("`a *b* c`") == "<code>a *b* c</code>"


def test_the_static_twin_is_the_same_every_time():
    data, _ = QuestionWidget(ONE, "03.4")._repr_mimebundle_()
    assert data.pop("application/vnd.jupyter.widget-view+json")["model_id"]
    assert data == {
        "text/plain": (
            "Question 03.4: What is `step(0)`, if 0 < 1 & so on?\nA. It is `1`\nB. It is 0\nC. $z$"
        ),
        "text/markdown": (
            "**Question 03.4: What is `step(0)`, if 0 < 1 & so on?**\n\n"
            "- A. It is `1`\n- B. It is 0\n- C. $z$"
        ),
    }


def test_several_questions_in_one_cell():
    names = ("strength_of_a_synapse", "threshold_as_bias")
    both = quiz(*names)
    data, _ = both._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    for kind in ("text/plain", "text/markdown"):
        assert data[kind] == "\n\n".join(quiz(name).static[kind] for name in names)
    both.questions[1].choose("A")
    assert [name for name, _ in recorded()] == ["threshold_as_bias"]


def test_a_question_is_numbered_by_its_place():
    names = [question.name for question in course.questions_of("dice_sum_model")]
    assert quiz(names[1]).static["text/plain"].startswith("Question 03.2: ")


@pytest.mark.parametrize("name", ["why_center", "one_die_more", "", None, 3])
def test_an_unknown_question_is_an_error_that_names_similar_ones(name):
    with pytest.raises(ValueError, match=r"name must be one such as \w+"):
        quiz(name)
    with pytest.raises(ValueError, match=r"such as why_centre.*, got 'why_center'"):
        quiz("why_center")


def test_questions_are_read_from_markdown():
    text = """# A title

## first_one

How many of
these are `x`?

- [x] one, in
  two lines
  > Yes.
- [ ] two
  > No: count
  > again.
"""
    choices = [Choice("one, in two lines", True, "Yes."), Choice("two", False, "No: count again.")]
    assert read_questions(text) == [Question("first_one", "How many of these are `x`?", choices)]
    with pytest.raises(ValueError, match="each choice a feedback"):
        read_questions("## a\n\nWhich?\n\n- [x] one\n")


def test_widgets_are_imported_only_when_a_question_is_asked():
    code = (
        "import sys; import nnutils.exercises as e\n"
        "heavy = {'ipywidgets', 'anywidget', 'torch', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "e.check('one_die_more', hint=1); assert not heavy & set(sys.modules)\n"
        "e.quiz('why_centre'); assert 'ipywidgets' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
