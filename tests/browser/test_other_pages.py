"""Labs, questions, guesses and the pad in Notebook 7, and in Notebook 6.5 with Colab's kernel.

`make test-colab` makes the environment of the second one and brings the course there.
"""

import re
import sys
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.colab

PYTHONS = {
    "notebook-7": [sys.executable, "-m", "notebook", "--expose-app-in-browser"],
    "notebook-6.5": [Path(sys.prefix, "colab", "bin", "python"), "-m", "notebook"],
}
CELLS = [
    "from nnutils.exercises import guess, quiz",
    "from nnutils.labs.perceptron import line_lab\nline_lab()",
    "from nnutils.labs.draw_a_digit import draw_a_digit_lab\ndraw_a_digit_lab()",
    'quiz("why_centre")',
    'guess("updates_for_100_rolls")',
]
READY = """() => window.Jupyter?.notebook
    ? Jupyter.notebook.kernel?.is_connected()
    : window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === "idle" """
RUN_ALL = """() => window.Jupyter?.notebook
    ? Jupyter.notebook.execute_all_cells()
    : jupyterapp.commands.execute("notebook:run-all-cells")"""
ONE = [(0.5, 0.18), (0.5, 0.3), (0.5, 0.5), (0.5, 0.7), (0.5, 0.82)]


@pytest.fixture(scope="module", params=PYTHONS)
def page(request, context, serve, tmp_path_factory):
    """A page of another program than JupyterLab, in which all cells have run."""
    book = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, CELLS)))
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    folder = tmp_path_factory.mktemp(request.param)
    with serve(folder, *map(str, PYTHONS[request.param])) as server:
        nbformat.write(book, server.folder / "some.ipynb")
        page = context.new_page()
        page.goto(f"{server.url}/notebooks/some.ipynb?token={server.token}", timeout=120_000)
        page.wait_for_function(READY, timeout=120_000)
        page.wait_for_timeout(5_000)  # Notebook 6.5 looks for widgets of the kernel meanwhile
        page.evaluate(RUN_ALL)
        page.locator(".nnutils-picture").nth(1).wait_for(timeout=120_000)
        yield page
        page.close(run_before_unload=False)


def test_a_slider_moves_a_lab(page, lab_in_page):
    line = lab_in_page(page, page.locator(".nnutils-lab").first)
    start = line.look()
    line.press(line.root.locator(".noUi-handle, .ui-slider-handle").first, "ArrowRight")
    assert line.becomes(lambda lab: lab.look() != start)
    line.button("Reset").click()
    assert line.becomes(lambda lab: lab.look() == start)


def test_the_pad_reads_what_the_mouse_draws(page, lab_in_page):
    pad = lab_in_page(page, page.locator(".nnutils-lab").last)
    pad.clear()
    pad.draw(ONE)
    assert pad.becomes(lambda lab: "stand-in 1 " in lab.caption())


def test_a_question_keeps_its_keys_and_says_what_is_right(page):
    """The letters dd delete a cell where they are the page's."""
    question = page.locator(".nnutils-question")
    choice = question.get_by_role("radio").first
    choice.press("d")
    choice.press("d")
    choice.press("Space")
    question.get_by_role("button", name="Answer").click()
    said = question.get_by_role("status").filter(has_text=re.compile("Right|Not yet"))
    said.wait_for(timeout=10_000)


def test_a_guess_is_kept(page):
    field = page.get_by_label("Your guess")
    field.fill("20")
    field.press("Enter")
    page.get_by_role("status").filter(has_text="You guessed 20").wait_for(timeout=10_000)
