import json
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nnutils.exercises import course, guess, guesses, reveal
from nnutils.exercises.guess_widget import GuessWidget
from nnutils.exercises.guesses import ChoiceGuess, MarkGuess, NumberGuess, read_guesses
from nnutils.learner import lines, progress

UPDATES = NumberGuess("updates_needed", "How many updates?")
VOLTAGE = NumberGuess("voltage", "At what voltage?", "mV")
SPIKES = NumberGuess("spikes", "How many?", "spikes")
WAY = ChoiceGuess("which_way", "Up < down?", ["up", "down", "it stays & waits"])
PLACE = MarkGuess("place", "Where is the bend?")
NOT_YET = "You have not guessed yet."


def recorded():
    found = map(json.loads, progress.progress_file().read_text().splitlines())
    return [(e["exercise"], e["result"], e.get("guess")) for e in found]


def figure():
    drawn, ax = plt.subplots()
    ax.set(xlim=(0, 10), ylim=(-1, 1))
    return drawn


def mark():
    return GuessWidget(PLACE, figure(), "Empty axes from 0 to 10 and from −1 to 1.")


# --- Making a guess -------------------------------------------------------------------------------


def test_a_guess_is_one_line_of_the_progress_and_nothing_solved():
    widget = GuessWidget(UPDATES)
    assert widget.feedback == "" and not progress.progress_file().exists()
    widget.give(20)
    assert widget.feedback == "You guessed 20. You can change it until the answer is shown."
    assert recorded() == [("updates_needed", "guessed", 20)]
    assert progress.solved() == set()


def test_a_guess_that_was_not_made_is_not_judged():
    shown = reveal("how_many_are_big", 108)
    assert str(shown) == f"{NOT_YET} It is 108."
    assert "You guessed" not in shown._repr_mimebundle_()["text/html"]
    assert not progress.progress_file().exists()  # whoever ran all cells may still guess


def test_the_answer_is_folded_where_nobody_has_guessed():
    data = guesses.reveal(WAY, "it stays & waits")._repr_mimebundle_()
    before, after = data["text/html"].split("</summary>")
    assert before.startswith("<details><summary>") and "waits" not in before
    assert after == "<p>The answer is “it stays &amp; waits”.</p></details>"
    assert set(data) == {"text/plain", "text/html"}


def test_with_a_guess_the_answer_is_told_at_once():
    GuessWidget(UPDATES).give(20)
    data = guesses.reveal(UPDATES, 718)._repr_mimebundle_()
    assert data["text/plain"] == "You guessed 20; it is 718: 698 more."
    assert data["text/html"] == "<p>You guessed 20; it is 718: 698 more.</p>"


def test_a_guess_can_be_changed_until_the_answer_was_shown():
    widget = GuessWidget(UPDATES)
    widget.give(20)
    widget.give(30)
    assert str(guesses.reveal(UPDATES, 718)).startswith("You guessed 30;")
    widget.give(718)
    assert widget.feedback.startswith("You guessed 30. You have seen the answer since then")
    assert str(guesses.reveal(UPDATES, 718)).startswith("You guessed 30;")
    assert [result for _, result, _ in recorded()] == ["guessed", "guessed", "revealed"]


def test_an_earlier_guess_is_known_to_the_notebook_that_is_opened_again():
    GuessWidget(UPDATES).give(20)
    again = GuessWidget(UPDATES)
    assert again.given == "20" and again.feedback.startswith("You guessed 20. You can change it")
    GuessWidget(WAY).give("down")
    assert GuessWidget(WAY).given == [1]
    code = "from nnutils.exercises import guesses; print(guesses.reveal(guesses.NumberGuess("
    code += "'updates_needed', 'How many?'), 718))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert told.stdout == "You guessed 20; it is 718: 698 more.\n"


def test_a_guess_comes_along_with_the_progress(tmp_path, monkeypatch):
    GuessWidget(PLACE, figure(), "Empty axes.").give((3, 0.5))
    progress.export_progress(tmp_path / "saved.jsonl")
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "elsewhere"))
    assert guesses.made_before(PLACE) == (None, False)
    progress.import_progress(tmp_path / "saved.jsonl")
    assert guesses.made_before(PLACE) == ([3.0, 0.5], False)


def test_a_guess_that_cannot_be_saved_is_known_to_this_kernel(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "file" / "folder"))
    monkeypatch.setattr(lines, "_told", set())
    monkeypatch.setattr(progress, "_unsaved", [])
    GuessWidget(UPDATES).give(20)
    assert capsys.readouterr().out.startswith("Your progress is not saved")
    assert str(guesses.reveal(UPDATES, 718)) == "You guessed 20; it is 718: 698 more."
    assert guesses.made_before(UPDATES) == (20, True)


@pytest.mark.parametrize("nonsense", [None, "many", [1], True, {}])
def test_a_line_without_a_sensible_guess_is_passed_over(nonsense):
    progress.record("updates_needed", "guessed", guess=nonsense)
    assert guesses.made_before(UPDATES) == (None, False)


# --- What the page sends --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("widget", "sent", "missing", "guess"),
    [
        (lambda: GuessWidget(UPDATES), "20", "Type a number first.", 20),
        (lambda: GuessWidget(UPDATES), "0", "Type a number first.", 0),
        (lambda: GuessWidget(VOLTAGE), "-60.5", "Type a number first.", -60.5),
        (lambda: GuessWidget(WAY), [1], "Choose an answer first.", "down"),
        (mark, [0.25, 0.25], "Click on the picture first.", [2.5, 0.5]),
    ],
)
def test_the_page_sends_what_is_filled_in(widget, sent, missing, guess):
    widget = widget()
    for nothing in ("", [], None):
        widget._handle_custom_msg(nothing, [])
        assert widget.feedback == missing
    assert not progress.progress_file().exists()
    widget._handle_custom_msg(sent, [])
    assert [found for *_, found in recorded()] == [guess]
    assert widget.given == sent


def test_the_cross_tells_where_it_is_before_it_is_a_guess():
    widget = mark()
    assert widget.feedback.startswith("Click on the picture")
    widget._handle_custom_msg({"cross": [0.5, 1]}, [])
    assert widget.feedback == "The cross is at (5, −1)."
    assert not progress.progress_file().exists()


def test_a_mark_is_in_the_units_of_the_axes_also_on_a_scale_of_powers():
    drawn, ax = plt.subplots()
    ax.set(xscale="log", xlim=(0.01, 100), ylim=(10, 0))
    widget = GuessWidget(PLACE, drawn, "Axes from 0.01 to 100, and from 10 down to 0.")
    widget._handle_custom_msg([0.5, 0.2], [])
    ((_, _, (x, y)),) = recorded()
    assert x == pytest.approx(1, abs=0.02) and y == pytest.approx(2, abs=0.02)


def test_the_picture_is_the_figures_and_the_axes_lie_where_they_are_drawn():
    widget = mark()
    left, top, width, height = widget.axes_box
    assert 0 < left < left + width <= 1 and 0 < top < top + height <= 1
    data, metadata = widget._repr_mimebundle_()
    assert data["image/png"] == widget.picture and widget.picture.startswith("iVBOR")
    assert metadata["image/png"]["alt"] == widget.alt


def test_a_figure_of_pyplot_is_closed():
    fig = figure()
    assert plt.fignum_exists(fig.number)
    GuessWidget(PLACE, fig, "Empty axes.")
    assert not plt.fignum_exists(fig.number)


def test_a_mark_needs_a_figure_with_a_description_and_nothing_else_has_one():
    with pytest.raises(
        ValueError, match="figure must be a Matplotlib figure for 'place', got None"
    ):
        GuessWidget(PLACE)
    with pytest.raises(ValueError, match="alt must say in a sentence"):
        GuessWidget(PLACE, figure())
    with pytest.raises(ValueError, match="figure must be left out for 'updates_needed'"):
        GuessWidget(UPDATES, figure(), "Axes.")


# --- A page without a kernel ----------------------------------------------------------------------


def test_the_static_twin_tells_no_guess():
    for _ in range(2):
        data, _ = GuessWidget(VOLTAGE)._repr_mimebundle_()
        assert data.pop("application/vnd.jupyter.widget-view+json")["model_id"]
        assert data == {
            "text/plain": "Guess, in mV: At what voltage?",
            "text/markdown": "**Guess, in mV: At what voltage?**\n",
        }
        GuessWidget(VOLTAGE).give(-60)


def test_choices_are_listed_and_a_mark_shows_its_picture():
    assert GuessWidget(WAY).static["text/markdown"] == (
        "**Guess: Up < down?**\n\n- up\n- down\n- it stays & waits"
    )
    data, _ = mark()._repr_mimebundle_()
    assert "text/markdown" not in data
    assert data["text/plain"].startswith("Guess: Where is the bend?\nEmpty axes")


# --- How far off ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "made", "value", "told"),
    [
        (UPDATES, 108, 108, "You guessed 108: exactly right."),
        (UPDATES, 900, 718, "You guessed 900; it is 718: 182 fewer."),
        (UPDATES, 20, 718, "You guessed 20; it is 718: 698 more."),
        (UPDATES, 10, 1_000, "You guessed 10; it is 1,000: about 100 times your guess."),
        (UPDATES, 10, 999, "You guessed 10; it is 999: 989 more."),
        (
            UPDATES,
            10_000,
            16_594_200,
            "You guessed 10,000; it is 16,594,200: about 1,700 times your guess.",
        ),
        (
            UPDATES,
            0.1,
            4.53978e-05,
            "You guessed 0.1; it is 0.0000454: your guess was about 2,200 times as much.",
        ),
        (UPDATES, 0, 0.5, "You guessed 0; it is 0.5: 0.5 more."),
        (UPDATES, 18, -36.0, "You guessed 18; it is −36: 54 less."),
        (UPDATES, 0.5, 0.90740741, "You guessed 0.5; it is 0.9074: 0.4074 more."),
        (UPDATES, 5, 5.0000001, "You guessed 5: exactly right."),
        (VOLTAGE, -60, -55.0, "You guessed −60 mV; it is −55 mV: 5 more."),
        (SPIKES, 1, 12, "You guessed 1 spike; it is 12 spikes: 11 more."),
        (SPIKES, 2, 1, "You guessed 2 spikes; it is 1 spike: 1 fewer."),
        (WAY, "up", "up", "You guessed “up”: right."),
        (WAY, "up", "down", "You guessed “up”; the answer is “down”."),
        (
            PLACE,
            (3.1, 0.62),
            (4, 0.9),
            "You marked (3.1, 0.62); it is at (4, 0.9): 0.9 further right and 0.28 higher.",
        ),
        (PLACE, (4, 0.5), (2, 0.5), "You marked (4, 0.5); it is at (2, 0.5): 2 further left."),
        (PLACE, (4, 0.5), (4, -0.5), "You marked (4, 0.5); it is at (4, −0.5): 1 lower."),
        (PLACE, (4, 0.5), (4, 0.5), "You marked (4, 0.5): exactly right."),
    ],
)
def test_how_far_off_it_was(asked, made, value, told):
    progress.record(asked.name, "guessed", guess=made)
    assert str(guesses.reveal(asked, value)) == told


@pytest.mark.parametrize(
    ("asked", "value", "told"),
    [
        (SPIKES, 1, "It is 1 spike."),
        (VOLTAGE, 1, "It is 1 mV."),
        (UPDATES, np.int64(1_234_567), "It is 1,234,567."),
        (UPDATES, np.float64(1_234_567), "It is 1,235,000."),
        (UPDATES, np.float32(0.1), "It is 0.1."),
        (UPDATES, -0.0, "It is 0."),
        (UPDATES, -0.00002, "It is −0.00002."),
        (UPDATES, 3e-12, "It is 3e-12."),
        (PLACE, np.array([3.00004, -1]), "It is at (3, −1)."),
    ],
)
def test_whole_numbers_are_told_exactly_and_others_with_four_digits(asked, value, told):
    assert guesses.reveal(asked, value).text == told


# --- Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "value", "said"),
    [
        (UPDATES, "20", "value must be a finite number for 'updates_needed', got '20'"),
        (UPDATES, True, "got True"),
        (UPDATES, float("nan"), "got nan"),
        (UPDATES, [20], r"got \[20\]"),
        (WAY, "left", "value must be one of 'up', 'down', 'it stays & waits' for 'which_way'"),
        (WAY, 1, "got 1"),
        (PLACE, 3, r"value must be a place \(x, y\) for 'place', got 3"),
        (PLACE, (1, 2, 3), r"got \(1, 2, 3\)"),
        (PLACE, (1, float("inf")), "got"),
    ],
)
def test_a_value_of_another_kind_is_an_error_and_nothing_is_kept(asked, value, said):
    with pytest.raises(ValueError, match=said):
        guesses.reveal(asked, value)
    widget = mark() if asked is PLACE else GuessWidget(asked)
    with pytest.raises(ValueError, match=said):
        widget.give(value)
    assert not progress.progress_file().exists()


@pytest.mark.parametrize("call", [guess, lambda name: reveal(name, 1)])
@pytest.mark.parametrize("name", ["how_many_big", "why_centre", "", None])
def test_an_unknown_guess_is_an_error_that_names_similar_ones(call, name):
    with pytest.raises(ValueError, match=r"name must be one such as \w+"):
        call(name)
    with pytest.raises(ValueError, match=r"such as how_many_are_big.*, got 'how_many_big'"):
        call("how_many_big")


# --- The file -------------------------------------------------------------------------------------

TEXT = """# The questions

## a_question

Which one?

- [x] this
  > Yes.
- [ ] that
  > No.

# The guesses

## a_number

How
many?

> number

## a_unit

How much?
> number: mV

## a_choice

Up or
down?

- up, for
  a while
- down

## a_mark

Where?

> mark
"""


def test_guesses_are_read_from_markdown_and_questions_passed_over():
    assert read_guesses(TEXT) == [
        NumberGuess("a_number", "How many?"),
        NumberGuess("a_unit", "How much?", "mV"),
        ChoiceGuess("a_choice", "Up or down?", ["up, for a while", "down"]),
        MarkGuess("a_mark", "Where?"),
    ]


def test_questions_are_read_without_the_guesses():
    from nnutils.exercises.question import Choice, Question, read_questions

    choices = [Choice("this", True, "Yes."), Choice("that", False, "No.")]
    assert read_questions(TEXT) == [Question("a_question", "Which one?", choices)]


@pytest.mark.parametrize(
    "body",
    ["How many?", "> number", "Which?\n\n- one alone", "How many?\n\n> text", "Where?\n> mark: mV"],
)
def test_a_guess_that_does_not_say_what_is_asked_is_an_error(body):
    with pytest.raises(ValueError, match="ends with > number, > mark or its choices"):
        read_guesses(f"## a\n\n{body}\n")


def test_a_guess_is_found_by_its_name():
    assert course.find_guess("how_many_are_big") in course.guesses_of("dice_sum_model")


def test_widgets_are_imported_only_when_a_guess_is_asked_for():
    code = (
        "import sys; from nnutils.exercises import guess, reveal\n"
        "reveal('how_many_are_big', 108)\n"
        "heavy = {'ipywidgets', 'anywidget', 'torch', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "guess('how_many_are_big'); assert 'ipywidgets' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
