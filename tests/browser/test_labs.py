"""What a lab promises to a person at the keyboard, shown on a small lab of its own."""

import io

import numpy as np
import pytest
from PIL import Image

LAB = """
import numpy as np

from nnutils.labs.base import Action, Choice, Lab, Slider, Toggle


def compute(height, count, kind, thick, dots):
    if height == -2:
        raise ValueError("too low for me")
    return {"height": height, "count": count, "kind": kind, "thick": thick, "dots": dots}


def draw(figure, state):
    if not figure.axes:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 0])
        axes.plot([], [], "o")
        axes.set(xlim=(0, 1), ylim=(-2, 2))
    line, dots = figure.axes[0].lines
    line.set_ydata([0, state["height"]])
    line.set_linewidth(6 if state["thick"] else 2)
    dots.set_data(*zip(*state["dots"]) if state["dots"] else ([], []))


def caption(state):
    ends = f"A {state['kind']} line up to {state['height']:.2f}, {state['count']} wide"
    return f"{ends}, thick: {state['thick']}, dots: {len(state['dots'])}."


def climb(**_):
    for step in range(1000):
        yield {"height": 0.01 * (step % 200), "progress": step / 1000}


def learn(**_):
    for step in range(1, 30):
        yield {"height": 1 + 0.0137 * step, "progress": step / 30}


def add_dot(click, dots, **_):
    return {"dots": [*dots, (click.x, click.y)]}


Lab(
    "A line",
    [
        Slider("height", "height of the right end", -2, 2, 0.1, 1.0),
        Slider("count", "width of the whole thing", 1, 9, 2, 3),
        Choice("kind", "kind of the line", ["plain", "fancy"], "plain"),
        Toggle("thick", "draw a thick line", False),
        Action("flip", "Flip", lambda height, **_: {"height": -height}),
        Action("climb", "Climb", climb),
        Action("learn", "Learn", learn),
    ],
    compute, draw, caption,
    hidden={"dots": []},
    on_click=add_dot,
    size=(6, 3),
)
"""


START = "A plain line up to 1.00, 3 wide, thick: False, dots: 0."


@pytest.fixture(scope="module")
def notebook(open_cells):
    """A notebook with a lab between two cells of text."""
    with open_cells("line.ipynb", [("# Above", None), (LAB, "lab"), ("# Below", None)]) as notebook:
        yield notebook


@pytest.fixture
def lab(notebook):
    """The lab of the notebook, in its start state."""
    (lab,) = notebook.labs()
    lab.press(lab.button("Reset"), "Enter")
    assert says(lab, START)
    return lab


def slider(lab):
    return lab.controls.first


def says(lab, text):
    return lab.becomes(lambda lab: text in lab.caption())


def test_what_a_screen_reader_finds(lab):
    picture = lab.picture
    assert picture.get_attribute("alt") == lab.caption()
    assert lab.caption() == START
    assert lab.root.locator(".nnutils-caption").get_attribute("aria-live") == "polite"
    assert lab.root.locator(".nnutils-error").get_attribute("role") == "alert"
    assert lab.root.get_by_role("application").locator("img").count() == 1
    box = picture.bounding_box()
    assert (box["width"], box["height"]) == (600, 300)
    lab.press(slider(lab), "Home")
    assert says(lab, "") and lab.becomes(lambda lab: lab.error() == "ValueError: too low for me")
    lab.press(slider(lab), "End")
    assert says(lab, "up to 2.00")
    assert lab.picture.get_attribute("alt") == lab.caption()
    assert lab.error() == ""


def test_the_tab_key_reaches_everything_in_order(lab):
    slider(lab).focus()
    reached = []
    for _ in range(12):
        reached.append(
            lab.page.evaluate(
                "document.activeElement.textContent || document.activeElement.tagName"
            )
        )
        lab.page.keyboard.press("Tab")
    inside = [
        name for name in reached if name in ("INPUT", "Flip", "Climb", "Learn", "Reset", "IMG")
    ]
    assert inside == ["INPUT", "Flip", "Climb", "Learn", "Reset", "IMG"]


def test_the_keys_used_in_a_lab_do_not_reach_jupyterlab(notebook, lab):
    def active():
        return notebook.page.evaluate(
            """(book => [book.activeCellIndex, book.mode, book.widgets.length])(
                 jupyterapp.shell.currentWidget.content)"""
        )

    def has_focus(element):
        return element.evaluate("element => element === document.activeElement")

    before = active()
    for element in (*lab.controls.all(), lab.button("Flip"), lab.picture):
        for key in ("ArrowDown", "ArrowUp", "ArrowRight", "d", "d", "Enter", "Space", "Space"):
            lab.press(element, key)
            assert has_focus(element), (element.get_attribute("class"), key)
        assert active() == before
    for _ in range(2):
        collapsed = notebook.page.evaluate("jupyterapp.shell.leftCollapsed")
        lab.press(lab.picture, "Control+b")  # hides or shows the side bar
        notebook.page.wait_for_function(
            f"jupyterapp.shell.leftCollapsed !== {str(collapsed).lower()}"
        )


def test_the_cursor_of_the_picture_clicks(lab):
    cursor = lab.root.locator(".nnutils-cursor")
    assert not cursor.is_visible()
    lab.picture.focus()
    assert cursor.is_visible()
    before = cursor.bounding_box()
    lab.press(lab.picture, "ArrowRight")
    lab.press(lab.picture, "Shift+ArrowDown")
    after = cursor.bounding_box()
    assert after["x"] - before["x"] == pytest.approx(6, abs=0.5)  # 1 % of 600
    assert after["y"] - before["y"] == pytest.approx(30, abs=0.5)  # 10 % of 300
    start = lab.png()
    lab.press(lab.picture, "Enter")
    assert says(lab, "dots: 1")
    lab.press(lab.picture, "Space")
    assert says(lab, "dots: 2")
    assert lab.png() != start
    outline = lab.picture.evaluate("img => getComputedStyle(img).outlineStyle")
    assert outline == "solid"


def test_the_mouse_clicks_and_the_cursor_follows(lab):
    lab.picture.click(position={"x": 300, "y": 150})
    assert says(lab, "dots: 1")
    lab.picture.click(position={"x": 5, "y": 5})  # beside the axes
    lab.picture.click(position={"x": 200, "y": 100})
    assert says(lab, "dots: 2")
    box, cursor = lab.picture.bounding_box(), lab.root.locator(".nnutils-cursor").bounding_box()
    centre = cursor["x"] + cursor["width"] / 2, cursor["y"] + cursor["height"] / 2
    assert centre == pytest.approx((box["x"] + 200, box["y"] + 100), abs=1.5)


def dark(page, box):
    """Return which pixels of the page are dark, (height, width), in a box of the page."""
    png = page.screenshot(clip=box)
    return np.asarray(Image.open(io.BytesIO(png)).convert("L")) < 128


def test_the_cross_hair_and_the_focus_are_seen_in_forced_colours(lab):
    cursor = lab.root.locator(".nnutils-cursor")
    lab.picture.click(position={"x": 10, "y": 10})  # beside the axes
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):  # to white paper
        lab.press(lab.picture, f"Shift+{key}")
    lab.page.mouse.move(0, 0)
    try:
        for scheme in ("light", "dark"):
            lab.page.emulate_media(forced_colors="active", color_scheme=scheme)
            lab.picture.focus()
            cross = dark(lab.page, cursor.bounding_box())
            assert cross.any(axis=0).all() and cross.any(axis=1).all()
            assert not cross[4:9, 4:9].any()
            box = lab.picture.bounding_box()
            edge = dark(lab.page, box | {"y": box["y"] + 100, "width": 2, "height": 50})
            assert edge.all(), "the picture has the focus, and does not show it"
    finally:
        lab.page.emulate_media(forced_colors="none", color_scheme="light")


def test_quick_keys_end_at_the_last_value(lab):
    slider(lab).focus()
    for _ in range(30):
        lab.page.keyboard.press("ArrowLeft")
    for _ in range(12):
        lab.page.keyboard.press("ArrowRight")
    assert says(lab, "up to -0.80")  # twelve steps above the lowest value
    lab.page.wait_for_timeout(500)
    assert "up to -0.80" in lab.caption()
    assert float(slider(lab).get_attribute("aria-valuenow")) == -0.8
    assert lab.error() == ""


def test_an_action_runs_stops_and_leaves_the_controls_alive(lab):
    stop = lab.button("Stop")
    assert stop.count() == 0 or not stop.is_visible()
    start = lab.look()
    lab.press(lab.button("Climb"), "Enter")
    stop.wait_for(state="visible")
    bar = lab.root.locator(".progress-bar")
    assert lab.becomes(lambda lab: bar.bounding_box()["width"] > 0)
    lab.press(lab.root.locator("select"), "ArrowDown")
    assert says(lab, "A fancy line")
    assert stop.is_visible()
    lab.press(stop, "Enter")
    stop.wait_for(state="hidden")
    lab.page.wait_for_timeout(200)
    reached = lab.look()
    lab.page.wait_for_timeout(300)
    assert lab.look() == reached != start
    lab.press(lab.button("Reset"), "Enter")
    assert lab.becomes(lambda lab: lab.look() == start)


def test_learned_values_between_the_steps_stay_what_they_are(lab):
    lab.press(lab.button("Learn"), "Enter")
    assert says(lab, "up to 1.40")  # 1 + 29 · 0.0137
    lab.button("Stop").wait_for(state="hidden")
    lab.page.wait_for_timeout(500)
    assert "up to 1.40" in lab.caption()
    lab.press(slider(lab), "ArrowLeft")
    assert says(lab, "up to 1.30")


def test_reset_during_a_run(lab):
    start = lab.look()
    for label in ("Climb", "Learn"):
        lab.press(lab.button(label), "Enter")
        lab.button("Stop").wait_for(state="visible")
        lab.page.wait_for_timeout(150)
        lab.press(lab.button("Reset"), "Enter")
        assert lab.becomes(lambda lab: lab.look() == start)
        lab.page.wait_for_timeout(400)
        assert lab.look() == start


CLOSING = """
from nnutils.labs import base
from nnutils.labs.dice_sum_model import roll_dice_lab

base.CLOSE_AFTER = 1
shown = roll_dice_lab()
"""


def is_open(notebook, place):
    """Ask the kernel, with the cell at ``place``, whether the lab has a figure."""
    notebook.run_cells([place])
    (output,) = notebook.content()[place]["outputs"]
    return "".join(output["data"]["text/plain"]) == "True"


def test_a_lab_that_is_shown_nowhere_is_closed_and_opens_again(open_cells):
    cells = [(CLOSING, "setup"), ("shown", "lab"), ("shown._painter is not None", "question")]
    with open_cells("closing.ipynb", cells) as notebook:
        (lab,) = notebook.labs()
        notebook.page.wait_for_timeout(2500)
        assert is_open(notebook, 2)
        notebook.page.evaluate(
            """async () => {
                 jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
                 await jupyterapp.commands.execute("notebook:clear-cell-output");
               }"""
        )
        assert notebook.becomes(lambda notebook: not is_open(notebook, 2))
        assert notebook.run_cells([1]) == []
        (lab,) = notebook.labs()
        assert is_open(notebook, 2)
        lab.press(lab.root.locator(".noUi-handle").first, "ArrowRight")
        assert lab.becomes(lambda lab: lab.look() != lab.start)


WIDGETS = """
from nnutils.exercises import quiz
from nnutils.learner.backup import BackupWidget
from IPython.display import display

display(quiz("why_centre"), BackupWidget())
"""
IS_DIRTY = "jupyterapp.shell.currentWidget.context.model.dirty"


def is_saved_by_a_shortcut(notebook):
    """JupyterLab drops a command to save while the checkpoint of the last one is still written."""
    notebook.page.keyboard.press("Control+s")
    notebook.page.wait_for_timeout(300)
    return not notebook.page.evaluate(IS_DIRTY)


def test_a_shortcut_works_while_a_question_or_a_button_has_the_focus(open_cells):
    with open_cells("keys.ipynb", [(WIDGETS, "question")]) as notebook:
        page = notebook.page
        for focused in (page.locator("input[type=radio]").first, page.get_by_text("Save my work")):
            page.evaluate(f"() => {{ {IS_DIRTY} = true; }}")
            focused.focus()
            page.keyboard.press("ArrowDown")  # the widget's: no other cell becomes active
            assert notebook.becomes(is_saved_by_a_shortcut, 60)


GONE = "The kernel that answered here is gone. Run the cell again."
PAD = "from nnutils.labs import draw_a_digit\n\ndraw_a_digit.draw_a_digit_lab()"


@pytest.mark.parametrize("end", ["restartKernel", "shutdown"])
def test_who_touches_what_has_lost_its_kernel_is_told_so(open_cells, end):
    """The test's notebook fails if there is an error in the console."""
    with open_cells("gone.ipynb", [(PAD, "lab"), (WIDGETS, "question")]) as notebook:
        page = notebook.page
        (lab,) = notebook.labs()
        page.evaluate(f"jupyterapp.shell.currentWidget.sessionContext.{end}()")
        before = lab.look()
        lab.draw([(0.2, 0.2), (0.8, 0.8)])
        assert lab.becomes(lambda lab: lab.error() == GONE)
        assert not lab.ink_on_canvas()
        clear = lab.root.locator("button", has_text="Clear")
        for touch in (clear.click, lab.controls.first.click):
            lab.root.evaluate("lab => { lab.querySelector('.nnutils-error').textContent = '' }")
            touch()
            assert lab.error() == GONE
        lab.root.evaluate("lab => { lab.querySelector('.nnutils-error').textContent = '' }")
        lab.press(lab.pad, "Space")
        assert lab.error() == GONE
        assert lab.look() == before
        page.get_by_role("button", name="Answer").click()
        page.get_by_role("button", name="Save my work").click()
        assert page.locator("[role=status]").all_inner_texts().count(GONE) == 2
