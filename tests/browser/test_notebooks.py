"""Every notebook in JupyterLab: all cells run, and every control of every lab answers the keyboard.

With ``NNUTILS_SCREENSHOTS`` set to a folder, each lab is photographed there in the light and in the
dark theme, and ``latency.csv`` gets a line for each lab with a slider or a list: notebook, number
of the lab, median and 95th percentile of the milliseconds from a key press to the decoded picture.
"""

import os
from pathlib import Path

import numpy as np
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
KEYS = ("ArrowRight", "ArrowLeft", "End", "Home")
KEYS_OF = {"DIV": KEYS, "SELECT": ("ArrowDown", "ArrowUp"), "INPUT": ("Space",)}  # a div: a slider


def assert_moves(lab, control):
    """One of the keys of ``control`` changes the picture or the caption."""
    before = lab.look()
    for key in KEYS_OF[control.evaluate("element => element.tagName")]:
        lab.press(control, key)
        if lab.becomes(lambda lab: lab.look() != before, seconds=2):
            return
    pytest.fail(f"no key of control {control.get_attribute('class')} changes the lab")


def cut_off_labels(lab):
    return lab.root.locator(".widget-label, button").evaluate_all(
        "labels => labels.filter(l => l.scrollWidth > l.clientWidth).map(l => l.textContent)"
    )


def take_part(lab):
    """Use every control, button and the picture from the keyboard, and reset after each."""
    assert lab.picture.get_attribute("alt") == lab.caption()
    assert cut_off_labels(lab) == []
    start = lab.look()
    for i in range(lab.controls.count()):
        assert_moves(lab, lab.controls.nth(i))
        assert_resets(lab, start)
    for label in lab.buttons.all_inner_texts():
        lab.press(lab.button(label), "Space")
        lab.page.wait_for_timeout(300)
        assert_resets(lab, start)
    for key in ("ArrowRight", "Shift+ArrowUp", "Enter"):
        lab.press(lab.picture, key)
    lab.page.wait_for_timeout(200)
    assert_resets(lab, start)


def assert_resets(lab, start):
    lab.press(lab.button("Reset"), "Enter")
    assert lab.becomes(lambda lab: lab.look() == start), "reset does not restore the start"
    assert lab.error() == ""


def write_latency(labs, name, folder):
    with (folder / "latency.csv").open("a") as table:
        for k, lab in enumerate(labs, start=1):
            times = lab.milliseconds()
            if times:
                row = f"{name},{k},{np.median(times):.0f},{np.percentile(times, 95):.0f}"
                table.write(row + "\n")


def photograph(notebook, labs, name, folder):
    for theme in ("Light", "Dark"):
        notebook.use_theme(f"JupyterLab {theme}")
        for k, lab in enumerate(labs, start=1):
            lab.root.screenshot(path=folder / f"{name}-lab{k}-{theme.lower()}.png")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs_and_its_labs_answer(open_notebook, path):
    with open_notebook(path.name) as notebook:
        assert notebook.run_all() == []
        labs = notebook.labs()
        assert labs, "there is no cell with the tag lab"
        for lab in labs:
            take_part(lab)
        if "NNUTILS_SCREENSHOTS" in os.environ:
            folder = Path(os.environ["NNUTILS_SCREENSHOTS"])
            folder.mkdir(parents=True, exist_ok=True)
            photograph(notebook, labs, path.stem, folder)
            write_latency(labs, path.stem, folder)
