"""Live slides: jupyterlab-slideshow shows a notebook slide by slide, and its labs answer there."""

import pytest

SLIDES = ("slide", "subslide")
# The numbers of the cells that are seen: what lies at their middle belongs to them.
SEEN = """
() => [...document.querySelectorAll(".jp-Notebook .jp-Cell")].flatMap((cell, k) => {
  const { x, y, width, height } = cell.getBoundingClientRect();
  return cell.contains(document.elementFromPoint(x + width / 2, y + height / 2)) ? [k] : [];
})
"""


def deck(notebook, command):
    notebook.page.evaluate(f"jupyterapp.commands.execute('deck:{command}')")


def shows(notebook, places):
    """Return whether the page comes to show these cells, and no other."""
    return notebook.becomes(lambda notebook: notebook.page.evaluate(SEEN) == places)


@pytest.fixture
def notebook(open_notebook):
    with open_notebook("05_loss_and_gradient_descent.ipynb") as notebook:
        yield notebook
        deck(notebook, "stop")  # it is a setting, and would meet the next notebook too


def test_a_lab_answers_on_its_live_slide(notebook):
    looks = [cell["metadata"].get("slideshow", {}) for cell in notebook.content()]
    types = [look.get("slide_type", "-") for look in looks]
    *_, place = places = notebook.places("lab")
    assert types[place] in SLIDES and types[place + 1] in SLIDES  # alone on its slide
    assert notebook.run_cells([*notebook.places("setup"), *places]) == []
    *_, lab = notebook.labs()
    deck(notebook, "start")
    assert shows(notebook, [place])
    lab.press(lab.controls.first, "ArrowRight")
    assert lab.becomes(lambda lab: lab.look() != lab.start)
    lab.button("Reset").click()
    assert lab.becomes(lambda lab: lab.look() == lab.start)
    section = types.index("slide", place)
    deck(notebook, "forward")
    assert shows(notebook, [section])
    deck(notebook, "back")
    assert notebook.becomes(lambda notebook: section not in notebook.page.evaluate(SEEN))
    remote = notebook.page.locator(".jp-Deck-Remote")
    assert remote.count() == 1
    deck(notebook, "stop")
    remote.wait_for(state="detached")
