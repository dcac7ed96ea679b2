"""The pad of "Draw a digit" in a real browser: mouse, finger and keyboard.

With ``NNUTILS_SCREENSHOTS`` set to a folder, the lab is photographed there while a digit is drawn,
in the light and in the dark theme.
"""

import os
from pathlib import Path

import pytest

ONE = [(0.5, 0.18), (0.5, 0.3), (0.5, 0.5), (0.5, 0.7), (0.5, 0.82)]
SEVEN = [(0.3, 0.2), (0.45, 0.2), (0.6, 0.2), (0.7, 0.2), (0.6, 0.4), (0.52, 0.6), (0.45, 0.85)]
EMPTY = "The pad is empty"
SETUP = "import time\n\nfrom nnutils.labs import draw_a_digit\n\ndraw_a_digit.stand_in();"
LAB = "draw_a_digit.draw_a_digit_lab()"


@pytest.fixture(scope="module")
def notebook(open_cells):
    with open_cells("pad.ipynb", [(SETUP, "setup"), (LAB, "lab")]) as notebook:
        yield notebook


@pytest.fixture
def lab(notebook):
    (lab,) = notebook.labs()
    clear(lab)  # so that the caption tells when the reset has come
    lab.button("Reset").click()
    assert lab.becomes(lambda lab: "Read as" in lab.caption())
    lab.pad.scroll_into_view_if_needed()
    return lab


def ink_on_canvas(lab):
    """Return how many pixels of the canvas over the picture have ink."""
    return lab.pad.evaluate(
        """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
             .data.filter((value, i) => i % 4 === 3 && value > 0).length"""
    )


def clear(lab):
    lab.button("Clear").click()
    assert lab.becomes(lambda lab: EMPTY in lab.caption())


def reads(lab, digit):
    """Return whether the stand-in comes to read ``digit``, and the canvas forgets its ink."""
    return lab.becomes(lambda lab: f"stand-in {digit} " in lab.caption() and not ink_on_canvas(lab))


def test_the_mouse_draws_and_the_answer_changes_while_it_draws(lab):
    clear(lab)
    before = lab.look()
    lab.pad.evaluate(  # after the lab's own listener, in the same event
        """canvas => canvas.addEventListener("pointerdown", () => {
             const { width, height } = canvas;
             const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
             canvas.inkAtOnce = data.some(value => value > 0);
           }, { once: true })"""
    )
    (first, *others) = lab.on_pad(SEVEN)
    lab.page.mouse.move(*first)
    lab.page.mouse.down()
    assert lab.pad.evaluate("canvas => canvas.inkAtOnce"), "no ink before the kernel answers"
    captions = set()
    for place in others:
        lab.page.mouse.move(*place, steps=4)
        lab.page.wait_for_timeout(200)
        captions.add(lab.caption())
    assert len(captions) > 2
    assert lab.look() != before
    lab.page.mouse.up()
    assert reads(lab, 7)
    assert lab.error() == ""


@pytest.mark.parametrize(("points", "digit"), [(ONE, 1), (SEVEN, 7)])
def test_what_is_drawn_is_read(lab, points, digit):
    lab.draw(points)  # the example makes way
    assert reads(lab, digit)


def test_a_finger_draws_and_the_page_does_not_scroll(lab):
    clear(lab)
    chromium = lab.page.context.new_cdp_session(lab.page)

    def touch(kind, *place):
        points = [{"x": x, "y": y} for x, y in place]
        chromium.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    where = lab.pad.bounding_box()
    (first, *others) = lab.on_pad(SEVEN)
    touch("touchStart", first)
    for place in others:
        touch("touchMove", place)
        lab.page.wait_for_timeout(30)
    touch("touchEnd")
    assert reads(lab, 7)
    assert lab.pad.bounding_box() == where


def test_the_keyboard_draws(lab):
    clear(lab)
    pen = lab.root.locator(".nnutils-pen")
    assert not pen.is_visible()
    lab.pad.focus()
    for _ in range(9):
        lab.page.keyboard.press("ArrowUp")
    assert pen.is_visible()
    assert EMPTY in lab.caption(), "a raised pen draws nothing"
    lab.page.keyboard.press("Space")
    for _ in range(18):
        lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Space")
    assert reads(lab, 1)
    drawn = lab.look()
    lab.page.keyboard.press("Shift+ArrowRight")
    lab.page.wait_for_timeout(300)
    assert lab.look() == drawn
    lab.page.keyboard.press("Tab")
    assert not pen.is_visible()


def test_undo_clear_and_reset(lab):
    start = lab.look()
    clear(lab)
    lab.draw(SEVEN)
    assert reads(lab, 7)
    one_stroke = lab.look()
    lab.draw([(0.1, 0.9), (0.9, 0.9)])
    lab.button("Undo").click()  # at once: the stroke may still be on its way
    assert lab.becomes(lambda lab: lab.look() == one_stroke)
    lab.page.wait_for_timeout(500)
    assert lab.look() == one_stroke
    lab.button("Undo").click()
    assert lab.becomes(lambda lab: EMPTY in lab.caption())
    lab.button("Reset").click()
    assert lab.becomes(lambda lab: lab.look() == start)


def test_a_wider_pen_without_preparation(lab):
    caption = lab.caption()
    lab.press(lab.root.locator(".noUi-handle"), "ArrowRight")
    assert lab.becomes(lambda lab: "The pen is 3 pixels wide" in lab.caption())
    lab.press(lab.root.locator("input[type=checkbox]"), "Space")
    assert lab.becomes(lambda lab: "only shrunk" in lab.caption())
    assert lab.caption() != caption


def test_a_slow_kernel_loses_nothing(notebook, lab):
    """A kernel that needs a second for each picture still gets every point of the stroke."""
    clear(lab)
    notebook.page.evaluate(
        """code => jupyterapp.shell.currentWidget.sessionContext.session.kernel
             .requestExecute({ code }).done""",
        "paint = draw_a_digit.paint\ndraw_a_digit.paint = lambda *a: time.sleep(1) or paint(*a)",
    )
    lab.draw(SEVEN[:4])
    lab.draw(SEVEN[3:])
    assert ink_on_canvas(lab) > 0
    assert reads(lab, 7)
    slow = lab.png()
    notebook.page.evaluate(
        """code => jupyterapp.shell.currentWidget.sessionContext.session.kernel
             .requestExecute({ code }).done""",
        "draw_a_digit.paint = paint",
    )
    clear(lab)
    lab.draw(SEVEN[:4])
    lab.draw(SEVEN[3:])
    assert reads(lab, 7)
    assert lab.png() == slow


@pytest.mark.skipif("NNUTILS_SCREENSHOTS" not in os.environ, reason="no folder for screenshots")
def test_photographs(notebook, lab):
    folder = Path(os.environ["NNUTILS_SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("Light", "Dark"):
        notebook.use_theme(f"JupyterLab {theme}")
        lab.draw(SEVEN)
        assert reads(lab, 7)
        lab.root.screenshot(path=folder / f"draw_a_digit-{theme.lower()}.png")
        lab.press(lab.pad, "ArrowRight")
        lab.page.keyboard.press("Space")
        lab.root.screenshot(path=folder / f"draw_a_digit-keys-{theme.lower()}.png")
        clear(lab)
