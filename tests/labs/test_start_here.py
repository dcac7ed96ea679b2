"""The labs of notebook 00: the lamp, and the line that learns to meet a point."""

import numpy as np
import pytest

from nnutils.labs import start_here
from nnutils.labs.base import Click


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(start_here.time, "sleep", lambda seconds: None)


def test_the_lamp_goes_on_when_the_button_is_pressed():
    lab = start_here.widget_test_lab()
    off = lab.png
    assert lab.caption_text == "The button was not pressed yet."
    lab.press("press")
    assert lab.caption_text == "Widgets answer: you have pressed once."
    assert lab.png != off
    lab.press("press")
    assert lab.caption_text == "Widgets answer: you have pressed 2 times."
    lab.reset()
    assert lab.png == off


def test_the_sentence_tells_the_numbers_of_the_sum():
    lab = start_here.meet_the_point_lab()
    lab.set(weight=-1.5, bias=0.25, point=(2.0, -2.0))
    assert lab.caption_text == (
        "Input 2.0 times weight -1.50 plus bias 0.25 gives -2.75; the point lies at -2.0, so the "
        "error is 0.75."
    )


def test_an_error_that_rounds_to_zero_has_no_sign():
    lab = start_here.meet_the_point_lab()
    lab.set(weight=1.0, bias=0.0, point=(1.0, 0.999))
    assert "so the error is 0.00." in lab.caption_text


def test_the_picture_shows_line_point_and_error():
    lab = start_here.meet_the_point_lab()
    lab.set(weight=2.0, bias=-1.0, point=(1.5, 0.5))
    line, gap, point = lab.figure.axes[0].lines[2:]
    x, y = line.get_data()
    assert np.polyfit(x, y, 1) == pytest.approx([2, -1])
    assert list(gap.get_ydata()) == [2.0, 0.5]
    assert (*point.get_xdata(), *point.get_ydata()) == (1.5, 0.5)
    assert lab.figure.axes[0].get_title() == "the error is -1.50"


def test_learning_is_gradient_descent_on_half_the_squared_error():
    weight, bias, (x, y) = 0.5, -1.0, (2.0, 1.5)

    def half_square(w, b):
        return (y - (w * x + b)) ** 2 / 2

    step = next(start_here.learn(weight, bias, (x, y)))
    h = 1e-6
    dw = (half_square(weight + h, bias) - half_square(weight - h, bias)) / (2 * h)
    db = (half_square(weight, bias + h) - half_square(weight, bias - h)) / (2 * h)
    assert step["weight"] == pytest.approx(weight - start_here.RATE * dw)
    assert step["bias"] == pytest.approx(bias - start_here.RATE * db)


def test_learning_meets_every_point_from_everywhere():
    rng = np.random.default_rng(0)
    corners = [(3, 3), (-3, 3), (3, -3), (0, 3), (0, -3), (0.1, 3)]
    for k in range(300):
        weight, bias, *point = rng.uniform(-3, 3, 4)
        point = corners[k] if k < len(corners) else point
        for step in start_here.learn(weight, bias, point):
            assert abs(step["weight"]) <= 3 and abs(step["bias"]) <= 3
            assert 0 <= step["progress"] <= 1
            weight, bias = step["weight"], step["bias"]
        assert weight * point[0] + bias == pytest.approx(point[1], abs=start_here.CLOSE)


def test_learning_in_the_lab_moves_the_sliders():
    lab = start_here.meet_the_point_lab()
    lab.press("learn")
    assert lab.wait(20)
    assert lab.error is None
    assert lab.figure.axes[0].get_title() == "the line meets the point"
    assert lab._widgets["weight"].value == lab.values["weight"] != 0.5


def test_at_input_zero_only_the_bias_learns():
    steps = list(start_here.learn(0.5, -1.0, (0.0, 2.0)))
    assert {step["weight"] for step in steps} == {0.5}
    assert steps[-1]["bias"] == pytest.approx(2, abs=start_here.CLOSE)


def test_a_click_moves_the_point():
    assert start_here.move_point(Click(0, -1.234, 2.96)) == {"point": (-1.2, 3.0)}
    lab = start_here.meet_the_point_lab()
    lab.click(0, 1.0, -0.5)
    assert lab.values["point"] == (1.0, -0.5)
    assert lab.caption_text.startswith("Input 1.0 times")
