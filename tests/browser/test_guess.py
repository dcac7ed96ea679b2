"""Guesses in JupyterLab, made by keys and by the mouse, and the answers below them."""

import os
from pathlib import Path

import pytest
from accessible import assert_focus_is_seen, grave_findings, small_texts

LATE = 60  # seconds
THEMES = ("JupyterLab Light", "JupyterLab Dark")
GONE = "The kernel that answered here is gone. Run the cell again."

SETUP = """
import matplotlib.pyplot as plt
from nnutils import plotting
from nnutils.exercises import guess, reveal

plotting.use_style()

def axes():
    fig, ax = plt.subplots()
    ax.set(xlim=(0, 10), ylim=(0, 1), xlabel="x", ylabel="y")
    return fig
"""
MARK = 'guess("after_60_steps", axes(), "Empty axes, from 0 to 10 and from 0 to 1.")'


@pytest.fixture
def open_guess(open_cells, server, monkeypatch):
    """Return a function that opens a notebook with one guess and its answer, nothing guessed yet.

    The kernel of each notebook has a file of progress of its own.
    """

    def open_guess(name, asked, answer):
        own = f'import os; os.environ["NNUTILS_PROGRESS"] = {str(server.folder / name)!r}\n{SETUP}'
        return open_cells(f"{name}.ipynb", [(own, "setup"), (asked, "guess"), (answer, "answer")])

    return open_guess


def status(notebook):
    return notebook.page.locator("[role=status]").inner_text()


def says(notebook, text):
    return notebook.becomes(lambda notebook: text in status(notebook), LATE)


def answer(notebook):
    """Return the place of the answer, below the last cell."""
    return notebook.page.locator(".jp-Cell").last.locator(".jp-OutputArea-output")


def assert_tells(notebook, text):
    assert notebook.run_cells([2]) == []
    assert notebook.becomes(lambda notebook: answer(notebook).inner_text().strip() == text, LATE)


def photograph(notebook, name):
    if "NNUTILS_SCREENSHOTS" in os.environ:
        notebook.page.screenshot(path=Path(os.environ["NNUTILS_SCREENSHOTS"], f"{name}.png"))


def test_a_number_by_keys(open_guess):
    asked, told = 'guess("updates_for_100_rolls")', 'reveal("updates_for_100_rolls", 718)'
    with open_guess("number", asked, told) as notebook:
        field = notebook.page.get_by_label("Your guess")
        field.press("Enter")
        assert says(notebook, "Type a number first.")
        field.type("20")  # no letter of it is a shortcut of JupyterLab's
        field.press("Enter")
        assert says(notebook, "You guessed 20. You can change it")
        assert_tells(notebook, "You guessed 20; it is 718: 698 more.")
        field.fill("700")
        notebook.page.get_by_role("button", name="Guess").click()
        assert says(notebook, "You guessed 20. You have seen the answer")
        photograph(notebook, "number")
        notebook.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        notebook.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.ready")
        assert notebook.run_all() == []
        assert says(notebook, "You guessed 20. You have seen the answer")
        assert notebook.page.get_by_label("Your guess").input_value() == "20"


def test_a_choice_by_keys_and_by_the_mouse(open_guess):
    with open_guess("choice", 'guess("output_bias")', 'reveal("output_bias", "down")') as notebook:
        page = notebook.page
        up, down = page.get_by_role("radio").all()
        down.focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        assert says(notebook, "You guessed “down”.")
        page.get_by_text("up", exact=True).click()
        page.get_by_role("button", name="Guess").click()
        assert says(notebook, "You guessed “up”.")
        assert up.is_checked() and not down.is_checked()
        assert_tells(notebook, "You guessed “up”; the answer is “down”.")
        photograph(notebook, "choice")


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_mark_by_the_mouse_and_by_keys(open_guess):
    with open_guess("mark", MARK, 'reveal("after_60_steps", (5, 0.5))') as notebook:
        page = notebook.page
        picture, cross = page.locator(".nnutils-marked img"), page.locator(".nnutils-cross")
        assert picture.get_attribute("alt").startswith("Empty axes")
        assert cross.is_hidden()
        page.get_by_role("button", name="Guess").click()
        assert says(notebook, "Click on the picture first.")
        box = picture.bounding_box()
        place = {"x": 0.6 * box["width"], "y": 0.4 * box["height"]}
        picture.click(position=place)
        assert says(notebook, "The cross is at (")
        x, y = middle(cross)
        assert abs(x - box["x"] - place["x"]) < 2 and abs(y - box["y"] - place["y"]) < 2
        before = status(notebook)
        picture.press("ArrowLeft")
        assert notebook.becomes(lambda notebook: status(notebook) != before, LATE)
        picture.press("Shift+ArrowDown")
        picture.press("Enter")
        assert says(notebook, "You marked (")
        photograph(notebook, "mark")
        assert notebook.run_cells([2]) == []
        assert notebook.becomes(lambda n: "it is at (5, 0.5): " in answer(n).inner_text(), LATE)
        assert notebook.run_cells([1]) == []  # made anew, it shows the mark
        assert notebook.becomes(lambda n: n.page.locator(".nnutils-cross").is_visible(), LATE)
        again = middle(page.locator(".nnutils-cross"))
        assert abs(again[0] - x) < 10 and again[1] > y


def test_the_first_arrow_brings_the_cross_and_it_stays_inside_the_axes(open_guess):
    with open_guess("inside", MARK, "None") as notebook:
        picture = notebook.page.locator(".nnutils-marked img")
        picture.press("ArrowRight")
        assert says(notebook, "The cross is at (5.1, 0.5).")
        picture.click(position={"x": 2, "y": 2})  # left of the axes and above them
        assert says(notebook, "The cross is at (0, 1).")


def test_the_answer_is_folded_until_somebody_opens_it(open_guess):
    asked, told = 'guess("how_many_are_big")', 'reveal("how_many_are_big", 108)'
    with open_guess("folded", asked, told) as notebook:
        hidden = answer(notebook).get_by_text("It is 108.")
        assert not hidden.is_visible()
        photograph(notebook, "folded")
        answer(notebook).get_by_text("You have not guessed yet.").click()
        assert hidden.is_visible()


def test_everybody_can_guess(open_guess):
    asked = 'from IPython.display import display\n\ndisplay(guess("how_many_are_big"), '
    asked += f'guess("output_bias"))\n{MARK}'
    with open_guess("everybody", asked, 'reveal("how_many_are_big", 108)') as notebook:
        for theme in THEMES[::-1]:
            notebook.use_theme(theme)
            assert grave_findings(notebook.page) == []
            assert small_texts(notebook.page) == []
            assert_focus_is_seen(notebook.page)
            photograph(notebook, theme)


def test_a_guess_whose_kernel_is_gone_says_so(open_guess):
    with open_guess("gone_guess", MARK, "None") as notebook:
        notebook.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        notebook.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.ready")
        notebook.page.locator(".nnutils-marked img").click()
        assert says(notebook, GONE)


def test_a_page_without_a_kernel_shows_the_question_and_the_folded_answer(open_notebook):
    with open_notebook("03_dice_sum_model.ipynb") as notebook:
        (first, *_) = notebook.cells("guess")
        assert "Guess: How many of the 216" in first.locator(".jp-OutputArea").inner_text()
        folds = notebook.page.locator(".jp-OutputArea details")
        assert folds.count() == len(notebook.places("guess"))
        assert not any(fold.locator("p").is_visible() for fold in folds.all())
