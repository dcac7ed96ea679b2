"""The pad of "Draw a digit" in a real browser: mouse, finger and keyboard.

With ``NNUTILS_SCREENSHOTS`` set to a folder, the lab is photographed there while a digit is drawn,
in the light and in the dark theme.
"""

import os
from pathlib import Path

import pytest

ONE = [(0.5, 0.18), (0.5, 0.3), (0.5, 0.5), (0.5, 0.7), (0.5, 0.82)]
SEVEN = [(0.25, 0.2), (0.42, 0.2), (0.6, 0.2), (0.75, 0.2), (0.63, 0.42), (0.52, 0.63), (0.4, 0.85)]
SETUP = "import time\n\nfrom nnutils.labs import draw_a_digit\n\ndraw_a_digit.stand_in();"
LAB = "draw_a_digit.draw_a_digit_lab()"


@pytest.fixture(scope="module")
def notebook(open_cells):
    with open_cells("pad.ipynb", [(SETUP, "setup"), (LAB, "lab")]) as notebook:
        yield notebook


@pytest.fixture
def lab(notebook):
    (lab,) = notebook.labs()
    lab.clear()  # so that the caption tells when the reset has come
    lab.button("Reset").click()
    assert lab.becomes(lambda lab: "Read as" in lab.caption())
    lab.pad.scroll_into_view_if_needed()
    return lab


def reads(lab, digit):
    """Return whether the stand-in comes to read ``digit``, and the canvas forgets its ink."""
    return lab.becomes(
        lambda lab: f"stand-in {digit} " in lab.caption() and not lab.ink_on_canvas()
    )


def test_the_mouse_draws_and_the_answer_changes_while_it_draws(lab):
    lab.clear()
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
    lab.clear()
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


def test_a_pen_takes_over_from_the_palm_that_came_first(lab):
    lab.clear()
    chromium = lab.page.context.new_cdp_session(lab.page)
    palm, *pen = lab.on_pad([(0.9, 0.9), *ONE])

    def touch(kind, *places):
        points = [{"x": x, "y": y} for x, y in places]
        chromium.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def move_pen(kind, place):
        event = {"type": kind, "pointerType": "pen", "button": "left", "x": place[0], "y": place[1]}
        chromium.send("Input.dispatchMouseEvent", event | {"buttons": int(kind != "mouseReleased")})

    def draw():
        move_pen("mousePressed", pen[0])
        assert not lab.ink_on_canvas(right=True), "the palm's ink is still there"
        for place in pen[1:]:
            move_pen("mouseMoved", place)
        move_pen("mouseReleased", pen[-1])
        touch("touchEnd")
        assert reads(lab, 1)

    for in_the_lab in (True, False):  # or the palm's ink is still on its way
        touch("touchStart", palm)
        if in_the_lab:
            assert lab.becomes(lambda lab: not lab.pad_is_empty() and not lab.ink_on_canvas())
        draw()
        lab.button("Undo").click()
        assert lab.becomes(lambda lab: lab.pad_is_empty())


def test_the_keyboard_draws(lab):
    lab.clear()
    pen = lab.root.locator(".nnutils-pen")
    assert not pen.is_visible()
    lab.pad.focus()
    for _ in range(9):
        lab.page.keyboard.press("ArrowUp")
    assert pen.is_visible()
    assert lab.pad_is_empty(), "a raised pen draws nothing"
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


def test_undo_clear_and_reset(notebook, lab):
    start = lab.look()
    lab.clear()
    lab.draw(SEVEN)
    assert reads(lab, 7)
    one_stroke = lab.look()
    lab.draw([(0.1, 0.9), (0.9, 0.9)])
    lab.button("Undo").click()  # at once: the stroke may still be on its way
    for _ in range(2):  # no piece of it comes after Undo, however slow the kernel is
        notebook.execute("")
        assert lab.becomes(lambda lab: lab.look() == one_stroke)
        lab.page.wait_for_timeout(500)
    assert lab.look() == one_stroke
    lab.button("Undo").click()
    assert lab.becomes(lambda lab: lab.pad_is_empty())
    lab.button("Reset").click()
    assert lab.becomes(lambda lab: lab.look() == start)


def test_a_wider_pen_without_preparation(lab):
    caption = lab.caption()
    lab.press(lab.root.locator(".noUi-handle"), "ArrowRight")
    assert lab.becomes(lambda lab: "The pen is 3 pixels wide" in lab.caption())
    lab.press(lab.root.locator("input[type=checkbox]"), "Space")
    assert lab.becomes(lambda lab: "only shrunk" in lab.caption())
    assert lab.caption() != caption


def kept(lab, count):
    """Return whether the lab comes to say that so many digits are kept, in words."""
    return lab.becomes(lambda lab: f"You have kept {count}" in lab.caption(), 60)


def test_the_mouse_keeps_digits_and_forgets_them(lab):
    meant = lab.root.locator("select")
    try:
        lab.draw(ONE)
        meant.select_option("1")
        lab.button("Keep it").click()  # at once: the stroke may still be on its way
        assert kept(lab, "1 digit of your own (1).")
        assert lab.pad_is_empty() and meant.locator("option:checked").inner_text() == "2"
        assert not lab.ink_on_canvas()
        meant.select_option("7")
        lab.draw(SEVEN)
        lab.button("Keep it").click()
        assert kept(lab, "2 digits of your own (1, 7).")
    finally:
        lab.button("Forget mine").click()
        assert lab.becomes(lambda lab: "once more to delete" in lab.caption(), 60)
        lab.button("Forget mine").click()
        assert lab.becomes(lambda lab: "Your digits are deleted." in lab.caption(), 60)


def test_the_keyboard_keeps_a_digit(lab):
    lab.clear()
    lab.pad.focus()
    for key in (*["ArrowUp"] * 9, "Space", *["ArrowDown"] * 18, "Space"):
        lab.page.keyboard.press(key)
    assert reads(lab, 1)
    lab.press(lab.root.locator("select"), "1")
    assert lab.becomes(lambda lab: "You mean a 1." in lab.caption(), 60)
    lab.press(lab.button("Keep it"), "Enter")
    assert kept(lab, "1 digit of your own (1).")
    for text in ("once more to delete", "Your digits are deleted."):
        lab.press(lab.button("Forget mine"), "Enter")
        assert lab.becomes(lambda lab, text=text: text in lab.caption(), 60)


def test_a_slow_kernel_loses_nothing(notebook, lab):
    """A kernel that needs a second for each picture still gets every point of the stroke."""
    lab.clear()
    notebook.execute(
        "paint = draw_a_digit.paint\ndraw_a_digit.paint = lambda *a: time.sleep(1) or paint(*a)"
    )
    lab.draw(SEVEN[:4])
    lab.draw(SEVEN[3:])
    assert lab.ink_on_canvas() > 0
    assert reads(lab, 7)
    slow = lab.png()
    notebook.execute("draw_a_digit.paint = paint")
    lab.clear()
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
        lab.root.locator("select").select_option("7")
        lab.button("Keep it").click()
        assert kept(lab, "")
        lab.root.screenshot(path=folder / f"draw_a_digit-kept-{theme.lower()}.png")
