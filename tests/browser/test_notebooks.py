"""Every notebook in JupyterLab: its cells run, its labs answer, nothing overlaps, reload is safe.

What "answers" means: a control that is moved, a button that is pressed and a picture that is
clicked change the caption of their lab and its picture. The caption stands for the picture where
it cannot be seen. `CAPTION_ONLY` names the controls of which the picture shows nothing yet: most
prepare the press of a button. *Reset* brings exactly the first picture and caption back.

No test depends on a time: a limit is how long to wait before something counts as missing.

With ``NNUTILS_WRITE_RESULTS`` set to 1, the times that are measured go into docs/results.md. With
``NNUTILS_SCREENSHOTS`` set to a folder, each lab is photographed there in both themes and in
windows of three widths.
"""

import contextlib
import json
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from accessible import assert_focus_is_seen, grave_findings, small_texts

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SOON, LATE = 2, 60  # seconds
CAPTION_ONLY = {
    "the digit you meant",  # 00, 09: the pad
    "a click drops",  # 02
    "rolls to learn from",  # 03
    "slope of the leaky ReLU",  # 04: another activation is chosen at the start
    "replay: step",  # 04: there are no steps yet
    "learning rate",  # 04, 06
    "first wrong layer",  # 06
    "bug",
    "digits to learn from",  # 09
    "epochs",
    "batch size",
    "highest rate",
}
SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.4, 0.85)]  # on the pad
PLACES = [(0.1, 0.3), (0.3, 0.3), (0.7, 0.3), (0.5, 0.5), (0.2, 0.6), (0.8, 0.7)]
MEASURES = "NNUTILS_WRITE_RESULTS" in os.environ
MOVES = 40 if MEASURES else 20
FRAMES = 40 if MEASURES else 5
HEADER = ["notebook", "lab", "from … to the picture", "median", "95th percentile"]
ANNOUNCEMENTS = "@jupyterlab/apputils-extension:announcements"
THEMES = ("JupyterLab Light", "JupyterLab Dark")
WINDOWS = ((1280, 720), (640, 720), (400, 720))

# Everything in a lab that has a place of its own, with complaints about those places.
MISPLACED = """lab => {
  const parts = [...lab.querySelectorAll(`
    .widget-html, .widget-label, .widget-label-basic, .widget-readout, .noUi-target, .noUi-handle,
    select, button, .progress, .nnutils-picture, .nnutils-caption, .nnutils-error
  `)].filter((part) => part.checkVisibility({ visibilityProperty: true }) && part.offsetWidth);
  const name = (part) => `${part.className || part.tagName} "${part.textContent.slice(0, 40)}"`;
  const page = lab.closest(".jp-OutputArea-output").getBoundingClientRect();
  const complaints = [];
  for (const part of parts) {
    const box = part.getBoundingClientRect();
    if (part.scrollWidth > part.clientWidth + 1 && part.tagName !== "IMG" && part.clientWidth &&
        !part.matches(".noUi-target, .noUi-handle"))
      complaints.push(`${name(part)} is cut off`);
    if (part.matches(".noUi-target, select") && box.width < 80)
      complaints.push(`${name(part)} is too narrow to be used`);
    if (part.matches("button, select") && box.height < 24) // WCAG 2.2, 2.5.8
      complaints.push(`${name(part)} is too low to be hit`);
    if (box.left < page.left - 1 || box.right > page.right + 1 || box.right > innerWidth)
      complaints.push(`${name(part)} sticks out of the page`);
    for (const other of parts) {
      if (part === other || part.contains(other) || other.contains(part)) continue;
      const at = other.getBoundingClientRect();
      const width = Math.min(box.right, at.right) - Math.max(box.left, at.left);
      const height = Math.min(box.bottom, at.bottom) - Math.max(box.top, at.top);
      if (width > 1 && height > 1) complaints.push(`${name(part)} covers ${name(other)}`);
    }
  }
  for (const list of lab.querySelectorAll("select")) {
    const style = getComputedStyle(list);
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    const width = Math.max(...Array.from(list.options, (o) => pen.measureText(o.text).width));
    const room = list.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (width > room + 1) complaints.push(`the list with "${list.value}" is too narrow`);
  }
  return complaints;
}"""


# --- one page for each notebook, shared by its tests in the order in which they stand here --------


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def opened(request, open_notebook):
    """A notebook as it is opened, before any cell has run."""
    with open_notebook(request.param.name) as notebook:
        yield notebook


@pytest.fixture(scope="module")
def notebook(opened):
    """The same notebook after all its cells have run."""
    opened.run_all()
    return opened


@pytest.fixture
def labs(notebook):
    """The labs of the notebook, in their start states."""
    labs = notebook.labs()
    assert labs, "there is no cell with the tag lab"
    for lab in labs:
        assert_resets(lab)
    return labs


@pytest.fixture(scope="session")
def latencies(browser):
    """The rows of the table of latencies, which is written when all have been measured."""
    rows = []
    yield rows
    if MEASURES:
        from benchmarks.tables import write_table

        write_table("latency", HEADER, rows, f"Chromium {browser.version}")


# --- ways to use a lab ---------------------------------------------------------------------------


def reset(lab, mouse=False):
    button = lab.button("Reset")
    button.click() if mouse else lab.press(button, "Enter")
    assert lab.becomes(lambda lab: not lab.runs(), LATE)


def assert_resets(lab, mouse=False):
    reset(lab, mouse)
    assert lab.becomes(lambda lab: lab.look() == lab.start, LATE), "reset does not bring the start"
    assert lab.error() == ""


def actions(lab):
    return [lab.button(label) for label in lab.buttons.all_inner_texts() if label != "Reset"]


def name_of(control):
    return control.evaluate(
        """control => {
             const labels = control.closest(".jupyter-widgets").querySelectorAll("label");
             return Array.from(labels, (label) => label.textContent.trim()).join("");
           }"""
    )


def answers(lab, ways, before, *, caption_only=False):
    """Return the first of ``ways`` that changes the lab's caption and its picture, or None."""

    def has_changed(lab):
        png, caption = lab.look()
        return caption != before[1] and (caption_only or png != before[0])

    for seconds in (SOON, LATE):
        for way in ways:
            way()
            if lab.becomes(has_changed, seconds):
                return way
    return None


def by_keys(lab, control):
    """Return ways to move a control with keys, the likeliest to change something first."""
    if is_box(control):
        keys = ["Space"]
    elif control.evaluate("element => element.tagName") == "SELECT":
        keys = ["ArrowDown", "ArrowUp", "End", "Home"]
    else:
        keys = ["ArrowRight", "End", "Home"]
        if control.get_attribute("aria-valuenow") == control.get_attribute("aria-valuemax"):
            keys = ["ArrowLeft", "Home"]
    return [partial(lab.press, control, key) for key in keys]


def by_mouse(lab, control):
    """Return ways to move a control with the mouse; a list opens outside the page and is set."""
    if is_box(control):
        return [control.click]
    options = control.locator("option").count()
    if options:
        return [partial(control.select_option, index=k) for k in range(options)]
    return [partial(drag, lab, control, share) for share in (0.7, 0, 1)]


def drag(lab, handle, share):
    """Drag the handle of a slider to this share of its way."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    way = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box()
    y = box["y"] + box["height"] / 2
    mouse = lab.page.mouse
    mouse.move(box["x"] + box["width"] / 2, y)
    mouse.down()
    mouse.move(way["x"] + share * way["width"], y, steps=4)
    mouse.up()


def is_box(control):
    return control.get_attribute("type") == "checkbox"


def settled(lab):
    """Return what the lab looks like once its look has stayed the same for a while."""
    look = lab.look()
    for _ in range(50):
        lab.page.wait_for_timeout(300)
        before, look = look, lab.look()
        if look == before:
            break
    return look


# --- the tests -----------------------------------------------------------------------------------


def assert_shows_its_pictures(notebook):
    """Without a widget, each lab is a picture with its text, and each quiz is its text."""
    for cell in notebook.cells("lab"):
        pictures = cell.locator(".jp-OutputArea img")
        assert pictures.count() == 1
        assert pictures.evaluate("img => img.decode().then(() => img.naturalWidth)") > 300
        assert len(pictures.get_attribute("alt").split()) >= 3
        assert pictures.is_visible()
    for cell in notebook.cells("quiz"):
        assert "Question" in cell.locator(".jp-OutputArea").inner_text()
    outputs = notebook.page.locator(".jp-OutputArea-output").all_inner_texts()
    for words in ("Error displaying widget", "Loading widget", "Traceback"):
        assert not [text for text in outputs if words in text]


def test_the_notebook_opens_with_its_pictures(opened):
    assert_shows_its_pictures(opened)


def test_nothing_of_jupyterlab_lies_over_the_notebook(opened):
    """JupyterLab would ask every new user whether it may fetch news: see our labextension."""
    assert opened.page.locator(".Toastify__toast").count() == 0
    assert not opened.page.evaluate(f"jupyterapp.hasPlugin('{ANNOUNCEMENTS}')")


def assert_pictures_have_their_text(notebook):
    """Each picture under a cell has the alternative text that is stored with it."""
    stored = [
        output["metadata"]["image/png"]["alt"]
        for cell in notebook.content()
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    pictures = notebook.page.locator(".jp-RenderedImage img")
    shown = pictures.evaluate_all("pictures => pictures.map(picture => picture.alt)")
    assert shown and all(shown)
    assert set(shown) <= set(stored)


def test_everybody_can_use_the_notebook_as_it_is_stored(opened):
    assert_pictures_have_their_text(opened)
    assert grave_findings(opened.page) == []


def test_all_cells_run_and_all_labs_appear(notebook, labs):
    assert notebook.failures() == []
    assert [lab.error() for lab in labs] == [""] * len(labs)


def test_every_control_answers_keys_and_mouse(labs):
    for lab in labs:
        for control in lab.controls.all():
            name = name_of(control)
            for ways in (by_keys, by_mouse):
                way = answers(lab, ways(lab, control), lab.start, caption_only=name in CAPTION_ONLY)
                assert way, f"{name} does not answer {ways.__name__}"
                assert_resets(lab, mouse=ways is by_mouse)


def test_every_button_answers_keys_and_mouse(labs):
    for lab in labs:
        for button in actions(lab):
            for press in (partial(lab.press, button, "Space"), button.click):
                assert_press_answers(lab, press)
                end_run(lab)
                assert_resets(lab)


def assert_press_answers(lab, press):
    """The button changes the lab, at once or after more and more of the lab has been used.

    Some have nothing to do at the start: there is no way back yet, or no noise to draw anew.
    """

    def answers_now(seconds):
        before = settled(lab)
        press()
        return lab.becomes(lambda lab: lab.look() != before, seconds)

    for kind, key in ((".noUi-handle", "End"), ("select", "End"), ("[type=checkbox]", "Space")):
        if answers_now(SOON):
            return
        for control in lab.root.locator(kind).all():
            lab.press(control, key)
    surface(lab).click(position={"x": 80, "y": 100})
    assert answers_now(LATE), "a button changes nothing"


def end_run(lab):
    """Stop the run that a button has started, if it has not ended."""
    if lab.becomes(lambda lab: lab.runs(), 0.2):
        with contextlib.suppress(TimeoutError):
            lab.button("Stop").click(timeout=1000)
    assert lab.becomes(lambda lab: not lab.runs(), LATE)


def test_every_picture_that_takes_clicks_answers_keys_and_mouse(labs):
    for lab in labs:
        if lab.root.get_by_role("application").count():
            assert_picture_answers(lab)


def assert_picture_answers(lab):
    box = surface(lab).bounding_box()
    places = [{"x": x * box["width"], "y": y * box["height"]} for x, y in PLACES]
    clicks = [partial(surface(lab).click, position=place) for place in places]
    assert answers(lab, clicks, lab.start), "no click changes anything"
    clicked = settled(lab)
    assert_resets(lab)
    for key in ("ArrowRight", "ArrowLeft", "Space"):  # the cross-hair is where the mouse was
        lab.press(surface(lab), key)
    assert lab.becomes(lambda lab: lab.look() == clicked or draws(lab), LATE)
    assert_resets(lab)


def surface(lab):
    """Return what takes clicks: the picture, or the pad on it that takes strokes."""
    return lab.pad if lab.pad.count() else lab.picture


def draws(lab):
    """Return whether the lab has a pad, and a stroke on it: the keys draw with another pen."""
    return surface(lab) is not lab.picture and lab.look() != lab.start


def test_a_drawn_digit_is_read(labs):
    """By the stand-in, which is the same everywhere; the notebook's networks answer too."""
    for lab in labs:
        if lab.pad.count():
            networks = lab.start[1].count("%)")
            lab.clear(LATE)
            lab.draw(SEVEN)
            assert lab.becomes(lambda lab: "stand-in 7 " in lab.caption(), LATE)
            assert lab.caption().count("%)") == networks
            reset(lab)


def test_nothing_overlaps_and_nothing_is_cut_off(request, notebook, labs):
    size = notebook.page.viewport_size
    for theme in THEMES:
        notebook.use_theme(theme)
        for width, height in WINDOWS:
            notebook.page.set_viewport_size({"width": width, "height": height})
            for k, lab in enumerate(labs, start=1):
                assert lab.becomes(lambda lab: not lab.root.evaluate(MISPLACED), LATE), (
                    theme,
                    width,
                    lab.root.evaluate(MISPLACED),
                )
                photograph(lab, f"{request.node.callspec.id}-{k}-{theme.split()[1]}-{width}")
    notebook.use_theme(THEMES[0])
    notebook.page.set_viewport_size(size)


def photograph(lab, name):
    if "NNUTILS_SCREENSHOTS" in os.environ:
        lab.root.screenshot(path=Path(os.environ["NNUTILS_SCREENSHOTS"], f"{name}.png"))


@pytest.mark.parametrize("theme", THEMES[::-1])  # ends in the light one
def test_everybody_can_use_the_labs_and_quizzes(notebook, labs, theme):
    notebook.use_theme(theme)
    assert notebook.page.locator(".nnutils-question").count()
    assert grave_findings(notebook.page) == []
    assert small_texts(notebook.page) == []
    assert_focus_is_seen(notebook.page)


def test_latency(request, labs, latencies):
    name = request.node.callspec.id
    for lab in labs:
        if lab.controls.count():  # else it has a run alone, which answers when it is done
            times = lab.milliseconds(MOVES)
            assert len(times) == MOVES, lab.title()
            latencies.append(row(name, lab, "a key", times))
            reset(lab)
        for button in actions(lab):
            times = lab.milliseconds_between_frames(button, FRAMES)
            if times:
                latencies.append(row(name, lab, f"a picture of “{button.inner_text()}”", times))
            reset(lab)


def row(name, lab, start, times):
    median, most = np.percentile(times, (50, 95))
    return [name, lab.title(), start, f"{median:.0f} ms", f"{most:.0f} ms"]


def test_saved_and_opened_again_without_its_kernel(request, notebook, server):
    path = server.folder / f"{request.node.callspec.id}.ipynb"
    words = "# my own words"
    cell = notebook.cells("exercise")[0] if notebook.cells("exercise") else notebook.cells("lab")[0]
    cell.locator(".cm-content").click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.insert_text(f"\n{words}")
    for _ in range(2):  # the second time JupyterLab compares its page with the file
        notebook.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    assert notebook.page.locator(".jp-Dialog").count() == 0
    saved = json.loads(path.read_text("utf-8"))
    assert any(words in "".join(cell["source"]) for cell in saved["cells"])
    assert "widgets" not in saved["metadata"]
    notebook.shut_kernel_down()
    notebook.load()
    notebook.shut_kernel_down()
    assert words in notebook.page.locator(".jp-Notebook").inner_text()
    assert_shows_its_pictures(notebook)
