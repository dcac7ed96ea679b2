"""The labs of notebook 02 against plain arithmetic, exact in multiples of 0.05 and 0.1."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.path import Path

from nnutils.labs import perceptron as lab_module
from nnutils.labs.base import Click
from nnutils.perceptron import Perceptron

START = {"seed": 0, "dropped": (), "next": 0, "history": (), "learned_on": (), "drop": "class 1"}
steps_of_a_slider = st.integers(-120, 120).map(lambda k: round(0.05 * k, 2))


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setattr(lab_module.time, "sleep", lambda seconds: None)
    return lab_module.perceptron_lab()


def exact_sum(x, w1, w2, b):
    parts = [Fraction(str(round(float(v), 2))) for v in (w1, x[0], w2, x[1], b)]
    return parts[0] * parts[1] + parts[2] * parts[3] + parts[4]


@given(
    w1=steps_of_a_slider,
    w2=steps_of_a_slider,
    b=steps_of_a_slider,
    data=st.sampled_from(lab_module.DATA),
)
@settings(max_examples=50, deadline=None)
def test_answers_equal_plain_arithmetic(w1, w2, b, data):
    state = lab_module.compute(**START | {"w1": w1, "w2": w2, "b": b, "data": data})
    sums = [exact_sum(x, w1, w2, b) for x in state.X]
    for z, answer in zip(sums, state.y_hat, strict=True):
        assert answer == int(z >= 0) or abs(z) < 1e-9  # on the line, rounding may decide
    wrong = int((state.y_hat != state.y).sum())
    assert f"{wrong} of 24 examples wrong" in lab_module.caption(state)
    assert lab_module.weighted_sum(state) == pytest.approx(float(sums[0]))


@pytest.mark.parametrize("seed", range(6))
def test_points_are_of_the_kind_they_are_called(seed):
    for data in lab_module.DATA:
        X, y = lab_module.make_points(data, seed)
        assert X.shape == (24, 2) and np.abs(X).max() <= lab_module.EDGE
        assert sorted(y) == [0] * 12 + [1] * 12 or data == "noisy"
        assert Perceptron(2).fit(X, y, max_epochs=500).converged == (data == "separable")
    X, y = lab_module.make_points("XOR", seed)
    np.testing.assert_array_equal(y, X[:, 0] * X[:, 1] < 0)


@pytest.mark.parametrize(
    ("w1", "w2", "b"),
    [(1, 1, 0.55), (0, -2, 1), (0.05, 0, 6), (-6, 0.05, -6), (0, 0, 1), (0, 0, -1)],
)
def test_the_picture_agrees_with_the_answers(w1, w2, b):
    figure = Figure()
    for data in ("separable", "noisy"):  # the second drawing updates the first
        state = lab_module.compute(**START | {"w1": w1, "w2": w2, "b": b, "data": data})
        lab_module.draw(figure, state)
    plane = figure.axes[0]
    if w1 or w2:
        ends = np.transpose(plane.lines[0].get_data())
        np.testing.assert_allclose(ends @ [w1, w2] + b, 0, atol=1e-6)
    tinted = Path(plane.patches[0].get_xy()).contains_points(state.X)
    np.testing.assert_array_equal(tinted, state.y_hat == 1)
    crossed = np.transpose(plane.lines[1].get_data())
    np.testing.assert_array_equal(crossed, state.X[state.y_hat != state.y])


def test_stepping_is_the_rule_of_the_perceptron(lab):
    lab.press("start_at_zero")
    model = Perceptron(2, rate=0.5)
    X, y = lab.state.X, lab.state.y
    updates = 0
    for i in [*range(24), *range(24)]:
        assert lab.state.example == i
        updates += model.update(X[i], y[i])
        lab.press("step")
        np.testing.assert_allclose([*lab.state.w, lab.state.b], [*model.w, model.b])
        assert len(lab.state.history) == updates
    assert updates > 2


@pytest.mark.parametrize("seed", range(6))
def test_learning_ends_where_fit_ends(lab, seed):
    lab.set(seed=seed)
    lab.press("start_at_zero")
    model = Perceptron(2, rate=0.5)
    report = model.fit(lab.state.X, lab.state.y)
    lab.press("learn")
    assert lab.wait(30) and lab.error is None
    np.testing.assert_allclose([*lab.state.w, lab.state.b], [*model.w, model.b])
    assert len(lab.state.history) == len(report.updates)
    assert (lab.state.y_hat == lab.state.y).all() and lab.state.history[-1] == 0
    assert "0 of 24 examples wrong" in lab.caption_text


@pytest.mark.parametrize("data", ["noisy", "XOR"])
def test_learning_without_a_line_ends_too(lab, monkeypatch, data):
    monkeypatch.setattr(lab_module, "EPOCHS", 2)
    lab.set(data=data)
    lab.press("learn")
    assert lab.wait(60) and lab.error is None
    assert lab.state.history and min(lab.state.history) > 0


def test_learning_can_be_stopped(lab):
    lab.set(data="XOR")
    lab.press("learn")
    lab.stop()
    assert lab.wait(10)
    reached = lab.values
    lab.press("step")
    assert lab.error is None and lab.values["next"] == (reached["next"] + 1) % 24


def test_a_dropped_point_comes_next(lab):
    lab.click(0, 1.23, -0.04)
    assert lab.values["dropped"] == ((1.2, 0.0, 1),)
    np.testing.assert_array_equal(lab.state.X[lab.state.example], [1.2, 0])
    lab.set(drop="class 0")
    lab.click(0, 99, -99)  # a click on the frame counts as one on the edge
    assert lab.values["dropped"][1] == (2.5, -2.5, 0)
    assert len(lab.state.y) == 26 and list(lab.state.y[-2:]) == [1, 0]
    lab.press("step")
    assert lab.state.example == 0
    lab.click(1, 1, 1)  # on the neuron
    assert len(lab.state.y) == 26
    lab.press("new_data")
    assert len(lab.state.y) == 24 and lab.values["seed"] == 1


def test_a_click_on_the_drawn_point_finds_it():
    values = START | {"data": "separable", "drop": "class 0"}
    changes = lab_module.drop_point(Click(0, -1.0, 2.0), **values)
    assert changes == {"dropped": ((-1.0, 2.0, 0),), "next": 24}


def test_the_history_belongs_to_one_data_set(lab):
    for _ in range(6):
        lab.press("step")
    assert lab.state.history
    lab.set(data="XOR")
    assert lab.state.history == ()
    lab.press("step")
    assert len(lab.state.history) <= 1


def test_learned_weights_stay_on_the_sliders():
    model = Perceptron(2)
    model.w, model.b = np.array([6.35, -7.1]), -0.0
    assert lab_module.as_sliders(model) == {"w1": 6.0, "w2": -6.0, "b": 0.0}


def test_every_end_of_every_slider_draws(lab):
    for name in ("w1", "w2", "b"):
        for value in (-6.0, 0.0, 6.0):
            lab.set(**{name: value})
            assert lab.error is None
            assert "-0" not in lab.caption_text and "−0," not in lab.caption_text


def test_reset_gives_the_same_picture(lab):
    png, caption = lab.png, lab.caption_text
    lab.press("step")
    lab.click(0, 0, 0)
    lab.press("new_data")
    lab.set(w1=-3.0, data="XOR")
    assert lab.png != png
    lab.reset()
    assert lab.png == png and lab.caption_text == caption


# The small lab: the line by hand


@pytest.fixture
def line():
    return lab_module.line_lab()


quarters = st.integers(-16, 16).map(lambda k: k / 4)


@given(
    w1=quarters, w2=quarters, b=st.integers(-24, 24).map(lambda k: k / 4), leaf=st.integers(0, 7)
)
@settings(max_examples=50, deadline=None)
def test_leaves_are_answered_and_told_by_plain_arithmetic(w1, w2, b, leaf):
    state = lab_module.compute_line(w1, w2, b, leaf)
    sums = [w1 * x1 + w2 * x2 + b for x1, x2 in lab_module.LEAVES.tolist()]  # quarters: exact
    answers = [int(z >= 0) for z in sums]
    np.testing.assert_array_equal(state.y_hat, answers)
    text = lab_module.caption_of_line(state)
    wrong = sum(answer != kind for answer, kind in zip(answers, lab_module.KINDS, strict=True))
    assert f"{wrong} of 8 leaves are wrong" in text
    assert f"= {lab_module.shown(sums[leaf])}, so the answer is {answers[leaf]}: " in text
    assert text.endswith("right." if answers[leaf] == lab_module.KINDS[leaf] else "wrong.")


def test_the_leaves_can_be_told_apart_by_one_move_from_the_start(line):
    assert "2 of 8 leaves are wrong" in line.caption_text
    line.set(w2=-1.0)
    assert "0 of 8 leaves are wrong" in line.caption_text


@pytest.mark.parametrize(
    ("w1", "w2", "b", "said"),
    [
        (1, 2, -3, "w points up and to the right, and the line lies 1.34 from the origin, in this"),
        (
            1,
            2,
            3,
            "w points up and to the right, and the line lies 1.34 from the origin, in the opp",
        ),
        (
            -3,
            -4,
            -6,
            "w points down and to the left, and the line lies 1.2 from the origin, in this",
        ),
        (0, 2, 0, "w points up, and the line goes through the origin."),
        (-2, 0, 1, "w points to the left, and the line lies 0.5 from the origin, in the opp"),
        (0, 0, -1, "there is no line, and every answer is 0."),
        (0, 0, 0, "there is no line, and every answer is 1."),
    ],
)
def test_the_place_of_the_line_in_words(line, w1, w2, b, said):
    line.set(w1=w1, w2=w2, b=b)
    assert said in line.caption_text


@pytest.mark.parametrize(("w1", "w2", "b"), [(1, 2, -3), (-0.25, 4, 5.75), (0, -1, 2), (0, 0, 1)])
def test_the_way_to_the_line_is_the_shortest_one(line, w1, w2, b):
    line.set(w1=w1, w2=w2, b=b)
    (plane,) = line.figure.axes
    start, end = np.transpose(plane.lines[5].get_data())
    np.testing.assert_array_equal(start, 0)
    if w1 or w2:
        assert end @ [w1, w2] + b == pytest.approx(0)
        assert np.linalg.norm(end) == pytest.approx(abs(b) / np.hypot(w1, w2))
    tinted = Path(plane.patches[0].get_xy()).contains_points(line.state.X, radius=1e-9)
    clear = np.abs(line.state.X @ line.state.w + b) > 1e-6  # on the line, rounding decides
    np.testing.assert_array_equal(tinted[clear], line.state.y_hat[clear] == 1)


def test_a_click_chooses_the_nearest_leaf(line):
    for leaf, (x1, x2) in enumerate(lab_module.LEAVES.tolist()):
        line.click(0, x1 + 0.3, x2 - 0.4)
        assert line.values["leaf"] == leaf
        np.testing.assert_array_equal(np.ravel(line.figure.axes[0].lines[4].get_data()), [x1, x2])
