import gc
import io
import threading
import time
import weakref

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from PIL import Image

from nnutils import plotting
from nnutils.labs import base
from nnutils.labs.base import Action, Choice, Lab, Slider, Toggle


def compute(slope, power, curve, squared, extra):
    x = np.linspace(0, 1, 50)
    y = slope * x**power + extra
    if slope == 2.5:
        raise ZeroDivisionError("the slope 2.5 is not for me")
    return {"x": x, "y": y**2 if squared else y, "slope": slope, "curve": curve}


def draw(figure, state):
    if not figure.axes:
        axes = figure.add_subplot()
        axes.plot([], [])
        axes.set(xlim=(0, 1), ylim=(-5, 20), xlabel="x", ylabel="y")
    axes = figure.axes[0]
    axes.lines[0].set_data(state["x"], state["y"])
    if state["slope"] == 1.5:
        raise RuntimeError("half drawn")
    axes.lines[0].set_linestyle({"line": "-", "dashes": "--"}[state["curve"]])


def caption(state):
    if state["slope"] == 0.5:
        raise KeyError("no words")
    return f"A {state['curve']} that ends at {state['y'][-1]:.2f}."


def count_up(slope, **_):
    """Take the slope to 3 in ten steps."""
    for step in range(1, 11):
        yield {"slope": slope + (3 - slope) * step / 10, "extra": step, "progress": step / 10}


def count_forever(extra, **_):
    while True:
        extra += 1
        yield {"extra": extra}


def fail_on_the_way(**_):
    yield {"extra": 7}
    raise ArithmeticError("lost the way")


def make_lab(**more):
    controls = [
        Slider("slope", "Slope", -1, 3, 0.1, 1.0),
        Slider("power", "Power", 1, 3, 1, 1),
        Choice("curve", "Kind of curve", ["line", "dashes"], "line"),
        Toggle("squared", "Square it", False),
        Action("lift", "Lift", lambda extra, **_: {"extra": extra + 1}),
        Action("steepen", "Steepen", lambda **_: {"slope": 2.0}),
        Action("misspell", "Misspell", lambda **_: {"sloppe": 2.0}),
        Action("overdo", "Overdo", lambda **_: {"slope": 30}),
        Action("forget", "Forget", lambda **_: None),
        Action("count_up", "Count up", count_up),
        Action("count_forever", "Count", count_forever),
        Action("fail", "Fail", fail_on_the_way),
    ]
    options = {"hidden": {"extra": 0}, "size": (4, 2)} | more
    return Lab("Lines & curves", controls, compute, draw, caption, **options)


@pytest.fixture
def lab():
    lab = make_lab()
    yield lab
    lab.stop()
    assert lab.wait(10)


def widget(lab, name):
    return lab._widgets[name]


def move(lab, name, value):
    """Do what the page does when a person moves a control."""
    widget(lab, name).set_state({"value": value})


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


# Controls


@pytest.mark.parametrize("value", [-1.01, 3.01, float("nan"), float("inf")])
def test_a_slider_refuses_what_lies_outside(value):
    with pytest.raises(ValueError, match="slope must lie between -1 and 3, got"):
        Slider("slope", "Slope", -1, 3, 0.1, 1.0).check(value)


def test_a_slider_with_a_whole_step_takes_whole_numbers_only():
    slider = Slider("n", "Number", 0, 10, 1, 5)
    assert type(slider.check(np.float64(4.0))) is int
    with pytest.raises(ValueError, match=r"n must be a whole number, got 4\.5"):
        slider.check(4.5)
    assert type(Slider("x", "x", 0, 10, 0.5, 5).check(np.int64(4))) is float


@pytest.mark.parametrize(
    ("low", "step", "decimals"),
    [(0, 1, 0), (0, 0.5, 1), (0, 0.025, 3), (0.05, 0.1, 2), (0, 1e-5, 5)],
)
def test_a_slider_shows_as_many_digits_as_its_steps_have(low, step, decimals):
    slider = Slider("x", "x", low, 10, step, 1)
    assert slider.decimals == decimals
    assert slider.widget().readout_format == (f".{decimals}f" if decimals else "d")


def test_a_choice_and_a_toggle_refuse_other_values():
    with pytest.raises(ValueError, match=r"curve must be one of \['a', 'b'\], got 'c'"):
        Choice("curve", "Curve", ["a", "b"], "a").check("c")
    with pytest.raises(ValueError, match="on must be True or False, got 'yes'"):
        Toggle("on", "On", True).check("yes")
    assert Toggle("on", "On", True).check(np.bool_(False)) is False


def test_a_start_outside_the_range_and_a_name_used_twice_are_refused():
    with pytest.raises(ValueError, match="x must lie between 0 and 1, got 2"):
        Lab("Title", [Slider("x", "x", 0, 1, 0.1, 2)], compute, draw, caption)
    with pytest.raises(ValueError, match="name of its own"):
        make_lab(hidden={"slope": 1})


def test_an_error_in_the_start_state_is_raised():
    slider = Slider("slope", "Slope", 0, 3, 0.5, 1.5)
    with pytest.raises(RuntimeError, match="half drawn"):
        Lab(
            *("Title", [slider], lambda slope: compute(slope, 1, "line", False, 0), draw, caption),
        )


# Values


def test_the_start_state(lab):
    assert lab.values == {
        **{"slope": 1.0, "power": 1, "curve": "line", "squared": False},
        "extra": 0,
    }
    assert lab.caption_text == "A line that ends at 1.00."
    assert lab.error is None and lab.picture.error == ""
    assert lab.state["slope"] == 1.0
    assert pixels(lab.png).shape == (200, 400, 3)


def test_set_draws_and_the_widgets_follow(lab):
    png = lab.png
    lab.set(slope=2, curve="dashes", squared=True)
    assert lab.caption_text == "A dashes that ends at 4.00."
    assert lab.png != png
    assert widget(lab, "slope").value == 2.0
    assert widget(lab, "curve").value == "dashes"
    assert widget(lab, "squared").value is True
    lab.set(extra=5)
    assert lab.caption_text == "A dashes that ends at 49.00."


def test_set_refuses_unknown_names_and_values_out_of_range(lab):
    with pytest.raises(ValueError, match="unknown value 'slop', expected one of"):
        lab.set(slop=1)
    with pytest.raises(ValueError, match="slope must lie between -1 and 3, got 4"):
        lab.set(power=2, slope=4)
    assert lab.values["power"] == 1
    with pytest.raises(ValueError, match="unknown action 'jump', expected one of"):
        lab.press("jump")
    with pytest.raises(ValueError, match="takes no clicks"):
        lab.click(0, 0.5, 0.5)


def test_a_moved_widget_sets_its_value(lab):
    move(lab, "slope", 2.0)
    move(lab, "power", 3)
    move(lab, "squared", True)
    assert widget(lab, "curve").index == 0
    widget(lab, "curve").set_state({"index": 1})
    assert (lab.values["slope"], lab.values["power"]) == (2.0, 3)
    assert lab.caption_text == "A dashes that ends at 4.00."


def test_the_rounding_errors_of_a_slider_do_not_reach_the_values(lab):
    move(lab, "slope", 0.1 + 0.2)
    assert lab.values["slope"] == 0.3


def test_a_value_between_two_steps_survives_the_page_snapping_the_handle(lab):
    lab.set(slope=0.537)
    png = lab.png
    move(lab, "slope", 0.5)  # what the page sends when it shows the slider
    assert lab.values["slope"] == 0.537
    assert lab.png == png
    move(lab, "slope", 0.6)  # the next step: a person
    assert lab.values["slope"] == 0.6


def test_the_page_is_told_not_to_answer_when_a_slider_follows(lab):
    told = []
    widget(lab, "slope").observe(
        lambda change: told.append((change.name, change.new)), names=["value", "continuous_update"]
    )
    lab.set(slope=0.2)
    assert told == [("continuous_update", False), ("value", 0.2), ("continuous_update", True)]


def test_values_are_a_copy(lab):
    lab.values["slope"] = 3
    assert lab.values["slope"] == 1.0


# Actions


def test_an_action_changes_hidden_values_and_controls(lab):
    lab.press("lift")
    lab.press("lift")
    assert lab.values["extra"] == 2
    lab.press("steepen")
    assert lab.values["slope"] == widget(lab, "slope").value == 2.0
    assert lab.caption_text == "A line that ends at 4.00."


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("misspell", "ValueError: unknown value 'sloppe'"),
        ("overdo", "ValueError: slope must lie between -1 and 3, got 30"),
        ("forget", "TypeError: "),
    ],
)
def test_an_error_in_an_action_is_shown_and_changes_nothing(lab, action, message):
    png, values = lab.png, lab.values
    lab.press(action)
    assert lab.picture.error.startswith(message)
    assert lab.error is not None
    assert (lab.png, lab.values) == (png, values)
    lab.press("lift")
    assert lab.picture.error == "" and lab.error is None


@pytest.mark.parametrize(
    ("slope", "message"),
    [
        (2.5, "ZeroDivisionError: the slope 2.5 is not for me"),
        (1.5, "RuntimeError: half drawn"),
        (0.5, "KeyError: 'no words'"),
    ],
)
def test_an_error_in_a_function_is_shown_under_the_last_picture(lab, slope, message):
    lab.set(slope=2.0)
    png, text, state = lab.png, lab.caption_text, lab.state
    lab.set(slope=slope)
    assert lab.picture.error == message
    assert str(lab.error) in message
    assert (lab.png, lab.caption_text) == (png, text)
    assert lab.state is state
    lab.set(slope=2.0)
    assert lab.picture.error == ""
    assert lab.png == png


def test_a_generator_is_followed_to_its_end(lab):
    lab.press("count_up")
    assert lab.wait(20)
    assert lab.error is None
    assert lab.values["slope"] == pytest.approx(3)
    assert widget(lab, "slope").value == pytest.approx(3)
    assert lab.values["extra"] == 10
    assert lab.caption_text == "A line that ends at 13.00."
    assert lab._progress.value == 1
    assert lab._progress_row.layout.visibility == "hidden"


def test_stop_keeps_what_was_reached(lab):
    lab.press("count_forever")
    assert lab._progress_row.layout.visibility == "visible"
    assert not lab.wait(0.05)
    wait_for(lambda: lab.values["extra"] > 2)
    lab.stop()
    assert lab._progress_row.layout.visibility == "hidden"
    reached = lab.values["extra"]
    assert lab.wait(10)
    assert lab.values["extra"] == reached
    assert lab.caption_text == f"A line that ends at {1 + reached:.2f}."


def test_reset_ends_a_running_action_for_good(lab):
    png, values = lab.png, lab.values
    lab.press("count_forever")
    wait_for(lambda: lab.values["extra"] > 0)
    lab.reset()
    assert (lab.png, lab.values) == (png, values)
    assert lab.wait(10)
    assert (lab.png, lab.values) == (png, values)


def test_a_new_action_ends_the_one_that_runs(lab):
    lab.press("count_forever")
    wait_for(lambda: lab.values["extra"] > 0)
    lab.press("count_up")
    assert lab.wait(20)
    assert lab.values["extra"] == 10
    lab.press("count_forever")
    lab.press("steepen")
    assert lab.wait(10)
    assert lab.values["slope"] == 2.0


def test_two_runs_never_overlap():
    running = []
    most = []

    def slow(**_):
        running.append(1)
        most.append(len(running))
        try:
            for step in range(20):
                time.sleep(0.01)
                yield {"extra": step}
        finally:
            running.pop()

    lab = Lab(
        *("Title", [Action("slow", "Slow", slow)]),
        *(lambda extra: compute(1, 1, "line", False, extra), draw, caption),
        hidden={"extra": 0},
    )
    for _ in range(4):
        lab.press("slow")
        time.sleep(0.03)
    lab.stop()
    assert lab.wait(10)
    assert not running
    assert set(most) == {1}


def test_an_error_in_a_running_action_is_shown(lab):
    lab.press("fail")
    assert lab.wait(10)
    assert lab.picture.error == "ArithmeticError: lost the way"
    assert lab.values["extra"] == 7
    assert lab.caption_text == "A line that ends at 8.00."
    assert lab._progress_row.layout.visibility == "hidden"


def test_a_control_moved_during_a_run_wins(lab):
    lab.press("count_up")
    wait_for(lambda: lab.values["extra"] > 1)
    lab.set(slope=-1.0, squared=True)
    assert lab.wait(20)
    assert lab.values["slope"] == -1.0
    assert lab.values["extra"] == 10
    assert lab.caption_text == "A line that ends at 81.00."
    lab.press("count_up")
    assert lab.wait(20)
    assert lab.values["slope"] == pytest.approx(3)


# Reset


def test_reset_restores_the_same_picture_values_and_hidden_objects():
    def draw_a_number(rng, numbers, **_):
        numbers.append(int(rng.integers(1000)))  # changed in place, which a lab should not do
        return {"extra": numbers[-1]}

    lab = Lab(
        *("Title", [Action("draw", "Draw", draw_a_number)]),
        *(lambda extra, **_: compute(1, 1, "line", False, extra), draw, caption),
        hidden={"extra": 0, "numbers": [], "rng": np.random.default_rng(1)},
    )
    png = lab.png
    lab.press("draw")
    lab.press("draw")
    first = list(lab.values["numbers"])
    for _ in range(2):
        lab.reset()
        assert lab.png == png
        assert lab.values["numbers"] == []
        lab.press("draw")
        lab.press("draw")
        assert lab.values["numbers"] == first


def test_reset_after_a_failed_drawing(lab):
    png = lab.png
    lab.set(slope=1.5, power=2)
    assert lab.error is not None
    lab.reset()
    assert lab.error is None
    assert lab.png == png


def test_a_figure_that_was_left_half_built_is_built_anew(lab):
    def build_and_fail(figure, state):
        figure.add_subplot()  # the line is missing
        raise RuntimeError("stopped on the way")

    png, lab._draw = lab.png, build_and_fail
    lab.reset()
    assert str(lab.error) == "stopped on the way"
    lab._draw = draw
    lab.set(slope=1.0)
    assert lab.error is None
    assert lab.png == png


# Clicks


def click_recorder(clicks):
    def on_click(click, **_):
        clicks.append(click)
        return {"extra": len(clicks)}

    return on_click


def three_axes(figure, state):
    if not figure.axes:
        left, right = figure.subplots(1, 2)
        left.set(xlim=(0, 10), ylim=(-1, 1))
        right.set(xlim=(1, 100), xscale="log", ylim=(0, 4))
        figure.add_axes([0.8, 0.6, 0.1, 0.1], xlim=(0, 1), ylim=(0, 1))  # lies on the right one


def send_click(lab, x, y):
    lab.picture._handle_custom_msg({"x": x, "y": y}, [])


def test_a_click_on_the_picture_arrives_in_the_units_of_its_axes():
    clicks = []
    lab = make_lab(on_click=click_recorder(clicks))
    lab._draw = three_axes
    lab.reset()
    boxes = [axes.get_position() for axes in lab.figure.axes]
    for box in boxes:  # a quarter of the way to the right, three quarters of the way up
        send_click(lab, box.x0 + box.width / 4, 1 - (box.y0 + 0.75 * box.height))
    assert [click.axes for click in clicks] == [0, 1, 2]
    places = [(click.x, click.y) for click in clicks]
    assert places == [
        pytest.approx((2.5, 0.5)),
        pytest.approx((100**0.25, 3)),
        pytest.approx((0.25, 0.75)),
    ]
    assert lab.values["extra"] == 3
    send_click(lab, 0.01, 0.01)  # beside all axes
    assert len(clicks) == 3


def test_click_without_a_browser_and_an_error_in_on_click():
    clicks = []
    lab = make_lab(on_click=click_recorder(clicks))
    assert lab.picture.clickable
    lab.click(0, 0.25, 4)
    assert (clicks[0].axes, clicks[0].x, clicks[0].y) == (0, 0.25, 4)
    assert lab.caption_text == "A line that ends at 2.00."

    failing = make_lab(on_click=lambda click, **_: 1 / 0)
    failing.click(0, 0.5, 0.5)
    assert failing.picture.error == "ZeroDivisionError: division by zero"


def test_a_lab_without_on_click_has_no_cursor(lab):
    assert not lab.picture.clickable


# Threads


def test_compute_is_never_entered_twice_and_the_last_values_are_shown():
    inside, most = [], []

    def slow_compute(**values):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.001)
        inside.pop()
        return compute(**values)

    lab = make_lab()
    lab._compute = slow_compute
    threads = [
        threading.Thread(target=lab.set, kwargs={name: value})
        for k in range(20)
        for name, value in [("slope", k / 10 - 1), ("extra", k)]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    slope, extra = lab.values["slope"], lab.values["extra"]
    assert lab.caption_text == f"A line that ends at {slope + extra:.2f}."
    assert widget(lab, "slope").value == slope


def test_events_that_come_faster_than_the_drawing_are_skipped(lab):
    started, go_on = threading.Event(), threading.Event()
    drawn = []

    def blocking_compute(**values):
        started.set()
        assert go_on.wait(10)
        drawn.append(values["extra"])
        return compute(**values)

    lab._compute = blocking_compute
    threads = [threading.Thread(target=lab.set, kwargs={"extra": 1})]
    threads[0].start()
    assert started.wait(10)
    for extra in range(2, 12):
        threads.append(threading.Thread(target=lab.set, kwargs={"extra": extra}))
        threads[-1].start()
        wait_for(lambda extra=extra: lab.values["extra"] == extra)
    go_on.set()
    for thread in threads:
        thread.join()
    assert drawn == [1, 11]


def test_a_slider_gets_through_while_an_action_draws_without_pause(lab):
    lab.press("count_forever")
    wait_for(lambda: lab.values["extra"] > 0)
    begin = time.monotonic()
    for slope in (0.0, 2.0, 0.0, 2.0):
        lab.set(slope=slope)
    assert time.monotonic() - begin < 5
    assert not lab.wait(0)


def test_two_labs_at_work_leave_the_style_of_the_notebook_alone():
    before = dict(mpl.rcParams)
    labs = [make_lab(), make_lab()]
    for lab in labs:
        lab.press("count_up")
    for lab in labs:
        assert lab.wait(30)
        assert lab.error is None
    assert dict(mpl.rcParams) == before
    assert labs[0].png == labs[1].png


# The words


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (-0.0, "0"), (-2, "−2"), (0.73105858, "0.7311"), (-12345.6, "−1.235e+04")],
)
def test_numbers_have_four_digits_and_a_true_minus_sign(number, text):
    assert base.shown(number) == text


# The picture


def test_the_figure_has_the_style_of_the_course_and_no_pyplot(lab):
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []
    assert isinstance(lab.figure, Figure)
    assert lab.figure.axes[0].lines[0].get_color() == plotting.BLUE
    assert not lab.figure.axes[0].spines["top"].get_visible()


def shown(monkeypatch):
    """Return the PNG of a figure in the style of the notebooks."""
    import matplotlib.pyplot as plt

    pngs = []
    monkeypatch.setattr(plotting, "display", lambda data, **_: pngs.append(data["image/png"]))
    plotting.use_style()
    figure, axes = plt.subplots(1, 4)
    axes[0].plot([0, 1e6], [-1, 1], label="$w_1$")
    axes[0].bar([1e5], [0.5], hatch="/")
    axes[0].set(title="a title", xlabel="x", ylabel="y")
    axes[0].legend()
    axes[1].imshow(np.arange(6).reshape(2, 3))
    plotting.plot_classes([[0, 0], [1, 2]], [0, 1], axes[2])
    plotting.draw_neuron(axes[3], [1, 2], [3, 4], threshold=5)
    plotting.show(figure, "A line, an image, two points and a neuron.")
    return pngs[0]


def test_no_setting_of_the_user_reaches_a_figure(monkeypatch, hostile_settings):
    with mpl.rc_context():
        plain = shown(monkeypatch)
    with mpl.rc_context(hostile_settings):
        assert shown(monkeypatch) == plain
    for name in hostile_settings:
        assert name in mpl.rcParamsDefault


@pytest.fixture
def chinese_font(tmp_path):
    """Install a font that has one Chinese letter, 学, and nothing else."""
    square = TTGlyphPen(None)
    square.moveTo((100, 0))
    for corner in ((900, 0), (900, 800), (100, 800)):
        square.lineTo(corner)
    square.closePath()
    font = FontBuilder(1000)
    font.setupGlyphOrder([".notdef", "learn"])
    font.setupCharacterMap({ord("学"): "learn"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "learn": square.glyph()})
    font.setupHorizontalMetrics({".notdef": (1000, 0), "learn": (1000, 100)})
    font.setupHorizontalHeader(ascent=900, descent=-100)
    font.setupNameTable({"familyName": "One Letter", "styleName": "Regular"})
    font.setupOS2(usWeightClass=500)  # of no weight that is asked for, as WenQuanYi Zen Hei is
    font.setupPost()
    font.save(tmp_path / "chinese.ttf")
    fonts = list(fontManager.ttflist)
    fontManager.addfont(tmp_path / "chinese.ttf")
    yield "One Letter"
    fontManager.ttflist = fonts


def test_letters_that_the_usual_font_lacks_come_from_another(monkeypatch, chinese_font, caplog):
    with mpl.rc_context():
        plain = shown(monkeypatch)
    monkeypatch.setattr(plotting, "MORE_FONTS", ("Not Installed", chinese_font))
    assert plotting.fonts() == ["sans-serif", chinese_font]
    monkeypatch.setitem(plotting.STYLE, "font.family", plotting.fonts())
    with mpl.rc_context():
        assert shown(monkeypatch) == plain
        canvas = FigureCanvasAgg(Figure(figsize=(2, 1)))
        canvas.figure.text(0.2, 0.2, "学")  # matplotlib warns of a letter that no font has
        canvas.draw()
        ink = np.asarray(canvas.buffer_rgba())[..., 0] < 128
    assert ink.sum() == pytest.approx((0.8 * 12 * 100 / 72) ** 2, rel=0.2)  # the square
    assert caplog.records == []  # stderr of a notebook


def test_no_font_is_asked_for_that_is_not_there(monkeypatch, caplog):
    with mpl.rc_context():
        shown(monkeypatch)
    assert caplog.records == []


def test_axes_keep_their_places_and_nothing_is_cut_off(lab):
    place = lab.figure.axes[0].get_position().bounds
    box = lab.figure.get_tightbbox()
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= 4 and box.y1 <= 2
    lab.set(slope=3, squared=True)
    assert lab.figure.axes[0].get_position().bounds == place


def test_axes_that_come_later_get_a_place(lab):
    def draw_two(figure, state):
        if len(figure.axes) != 2:
            figure.clear()
            for axes in figure.subplots(1, 2):
                axes.set(xlabel="width", ylabel="height")

    lab._draw = draw_two
    lab.set(slope=3)
    first, second = (axes.get_tightbbox() for axes in lab.figure.axes)
    assert first.x1 < second.x0
    assert first.y0 >= 0


def test_the_output_of_a_cell_holds_the_start_state_three_times(lab):
    png = lab.png
    lab.set(slope=2.0)
    data, metadata = lab._repr_mimebundle_()
    assert data["image/png"] == png
    assert data["text/plain"] == "Lines & curves: A line that ends at 1.00."
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert metadata == {"image/png": {"alt": "A line that ends at 1.00."}}


def test_two_labs_give_the_same_picture():
    assert make_lab().png == make_lab().png


def test_the_page_gets_everything_that_it_needs():
    picture = make_lab(on_click=lambda click, **_: {}).picture
    state = picture.get_state()
    assert (state["width"], state["height"], state["clickable"]) == (400, 200, True)
    assert state["caption"] == "A line that ends at 1.00."
    assert bytes(state["png"]).startswith(b"\x89PNG")
    assert "http" not in state["_esm"].replace("http://www.w3.org", "")
    assert "url(" not in state["_css"] and "@import" not in state["_css"]


def test_a_closed_lab_lets_its_figure_go_and_opens_again_with_its_values(lab):
    lab.set(slope=1.0)
    before, png = lab.picture.model_id, lab.png
    lab.close()
    assert lab.figure.axes == []
    assert all(part.comm is None for part in base._parts(lab._view))
    lab.set(slope=2.0)  # nothing is drawn, nothing is lost
    lab._repr_mimebundle_()
    assert lab.error is None and lab.values["slope"] == 2
    assert lab.picture.model_id != before and lab.png not in (png, b"")
    lab.set(slope=1.0)
    assert lab.png == png


def test_a_lab_that_nobody_holds_is_freed():
    """Neither ipywidgets nor the signals of a widget's files keep a lab that is closed."""
    controls = [Slider("slope", "slope", 0, 1, 0.1, 0.5)]
    made = Lab("A", controls, lambda slope: slope, lambda figure, state: None, lambda state: "A.")
    gone = weakref.ref(made)
    del made
    gc.collect()
    assert gone() is not None  # the page may still need it
    gone().close()
    gc.collect()
    assert gone() is None


def test_a_lab_is_closed_some_time_after_its_last_view(lab, monkeypatch):
    monkeypatch.setattr(base, "CLOSE_AFTER", 0.05)
    lab._received(lab.picture, {"views": 1}, [])
    lab._received(lab.picture, {"views": 1}, [])  # a second view of the same output
    lab._received(lab.picture, {"views": -1}, [])
    time.sleep(0.2)
    assert lab._painter is not None
    lab._received(lab.picture, {"views": -1}, [])
    lab._received(lab.picture, {"views": 1}, [])  # the cell was only moved
    time.sleep(0.2)
    assert lab._painter is not None
    lab._received(lab.picture, {"views": -1}, [])
    lab._closing.join(5)
    assert lab._painter is None


# Tracks: frames for a page without a kernel


def test_a_control_goes_from_its_lowest_to_its_highest_value_by_way_of_the_start():
    lab = make_lab(tracks=("slope", "curve", "squared"))
    frames = lab.frames("slope", most=6)
    values = [value for value, _, _ in frames]
    assert values[0] == -1 and values[-1] == 3 and 1.0 in values and len(values) <= 6
    assert values == sorted(values)
    other = make_lab()
    for value, png, text in lab.frames("slope", most=5):
        if value not in (0.5, 1.5, 2.5):  # these raise
            other.set(slope=value)
            assert (png, text) == (other.png, other.caption_text)
    assert [value for value, _, _ in lab.frames("curve")] == ["line", "dashes"]
    assert [value for value, _, _ in lab.frames("squared")] == [False, True]


def test_an_action_is_thinned_and_its_first_and_last_frames_stay():
    lab = make_lab(tracks=("count_up",))
    start = lab.png
    assert [value for value, _, _ in lab.frames("count_up")] == list(range(11))
    few = lab.frames("count_up", most=4)
    assert [value for value, _, _ in few] == [0, 3, 7, 10]
    assert few[-1][2] == "A line that ends at 13.00."  # slope 3 and extra 10
    assert lab.png == start


def test_an_error_on_a_track_is_raised_and_what_is_no_track_refused():
    lab = make_lab(tracks=("fail", "slope"))
    with pytest.raises(ArithmeticError, match="lost the way"):
        lab.frames("fail")
    with pytest.raises(
        ValueError, match=r"unknown track 'power', expected one of \['fail', 'slope'"
    ):
        lab.frames("power")
    with pytest.raises(KeyError):
        make_lab(tracks=("slop",))
