"""The lab "Draw a digit": its ink against distances, its centre against SciPy's, its readers."""

import importlib
import re

import numpy as np
import pytest
import scipy.ndimage
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nnutils.datasets import load_digits, prepare_digit
from nnutils.labs import draw_a_digit
from nnutils.labs.base import Lab
from nnutils.learner import drawings
from nnutils.network import Network
from nnutils.training import make_cnn, make_mlp, predict
from tools.tables import measured

ONE = [(14, 4), (14, 10), (13.5, 16), (13, 23)]


@pytest.fixture
def lab():
    return draw_a_digit.draw_a_digit_lab()


def distance(points, x, y):
    """Return how far the places (x, y) lie from the line through the points."""
    nearest = np.full(np.shape(x), np.inf)
    for a, b in zip(points, points[1:] or points):
        way = np.subtract(b, a)
        square = way @ way or 1
        t = np.clip(((x - a[0]) * way[0] + (y - a[1]) * way[1]) / square, 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - a[0] - t * way[0], y - a[1] - t * way[1]))
    return nearest


@given(
    st.lists(st.tuples(st.floats(-5, 33), st.floats(-5, 33)), min_size=1, max_size=6),
    st.sampled_from([1, 1.5, 2.5, 4, 5]),
)
@settings(deadline=None, max_examples=60)
def test_ink_lies_within_half_the_width_of_the_pen(points, pen):
    ink = draw_a_digit.paint([points], pen)
    y, x = (np.mgrid[:280, :280] + 0.5) / 10
    far = distance(points, x, y)
    assert (ink[far < pen / 2 - 0.2] == 255).all()  # two of the pad's pixels
    assert (ink[far > pen / 2 + 0.2] == 0).all()


def test_the_pad_as_it_stands_is_a_mean_of_blocks():
    ink = draw_a_digit.paint([ONE], 2.5)
    expected = scipy.ndimage.uniform_filter(ink.astype(float), 10, origin=-5, mode="constant")
    shrunk = draw_a_digit.shrink(ink)
    np.testing.assert_allclose(shrunk, expected[::10, ::10], atol=0.51)


def test_the_picture_is_prepared_like_mnist_or_left_as_it_stands(lab):
    lab.press("clear")
    lab.stroke(ONE)
    ink = draw_a_digit.paint([ONE], 2.5)
    np.testing.assert_array_equal(lab.state.picture, prepare_digit(ink))
    assert max(lab.state.box.shape) == 20
    lab.set(prepared=False)
    np.testing.assert_array_equal(lab.state.picture, draw_a_digit.shrink(ink))


@pytest.mark.parametrize("prepared", [True, False])
def test_the_caption_gives_the_centre_of_mass_of_scipy(lab, prepared):
    lab.stroke([(3, 20), (9, 25)])
    lab.set(prepared=prepared)
    row, column = scipy.ndimage.center_of_mass(lab.state.picture)
    assert f"row {row:.1f}, column {column:.1f}" in lab.caption_text
    moved = abs(row - 14) < 0.6 and abs(column - 14) < 0.6
    assert moved == prepared


def test_the_cross_stands_at_the_centre_of_mass(lab):
    _, box, picture, *_ = lab.figure.axes
    for axes, ink in ((box, lab.state.box), (picture, lab.state.picture)):
        left, _, _, top = axes.images[0].get_extent()
        row, column = scipy.ndimage.center_of_mass(ink)
        (x,), (y,) = axes.lines[0].get_data()
        assert (x - left - 0.5, y - top - 0.5) == pytest.approx((column, row))


def test_where_and_how_large_one_draws_matters_only_without_preparation(lab):
    pictures = {True: [], False: []}
    for shift, scale in ((0, 1), (-6, 1), (2, 0.6)):
        lab.press("clear")
        lab.stroke([(scale * x + shift + 3, scale * y) for x, y in ONE])
        for prepared, seen in pictures.items():
            lab.set(prepared=prepared, pen=2.5 if scale == 1 else 1.5)
            seen.append(lab.state.picture.astype(float))
    for first, *others in (pictures[True], pictures[False]):
        for other in others:
            alike = np.corrcoef(first.ravel(), other.ravel())[0, 1]
            assert (alike > 0.9) == (first is pictures[True][0])


def test_probabilities_are_those_of_numpy_and_of_torch():
    generator = torch.Generator().manual_seed(1)
    networks = {
        "NumPy": Network([784, 16, 10], np.random.default_rng(1)),
        "MLP": make_mlp(784, 16, 10, generator=generator),
        "CNN": make_cnn(generator),
    }
    lab = draw_a_digit.draw_a_digit_lab(networks)
    picture = lab.state.picture[None]
    assert list(lab.state.probabilities) == ["stand-in", *networks]
    for name in ("MLP", "CNN"):
        np.testing.assert_allclose(
            lab.state.probabilities[name], predict(networks[name], picture)[0], rtol=1e-5
        )
    logits = torch.tensor(networks["NumPy"].forward(picture.reshape(1, -1) / 255))
    np.testing.assert_allclose(
        lab.state.probabilities["NumPy"], logits.softmax(dim=1)[0], rtol=1e-5
    )
    for name, p in lab.state.probabilities.items():
        assert f"{name} {p.argmax()} ({p.max():.0%})" in lab.caption_text


def test_each_network_has_its_own_row_of_bars():
    network = Network([784, 16, 10], np.random.default_rng(1))
    lab = draw_a_digit.draw_a_digit_lab({"mine": network})
    bars = lab.figure.axes[3]
    assert bars.texts[2].get_text() == "stand-in" and bars.texts[0].get_text() == "mine"
    assert bars.texts[2].get_position()[1] > bars.texts[0].get_position()[1]
    for row, name in enumerate(("mine", "stand-in")):
        heights = [bar.get_height() for bar in bars.patches[10 * row : 10 * row + 10]]
        np.testing.assert_allclose(heights, 0.85 * lab.state.probabilities[name])
        assert str(lab.state.probabilities[name].argmax()) in bars.texts[2 * row + 1].get_text()


def test_an_empty_pad_is_said_to_be_empty(lab):
    lab.press("clear")
    assert lab.caption_text.startswith("The pad is empty: draw a digit")
    assert not lab.state.probabilities["stand-in"].any()
    lab.set(prepared=False)
    lab.press("undo")
    assert lab.caption_text.startswith("The pad is empty") and lab.error is None


def test_the_first_stroke_replaces_the_example_and_pieces_continue(lab):
    lab.stroke([(1, 2), (3, 4)])
    assert lab.values["strokes"] == (((1, 2), (3, 4)),)
    lab.stroke([(3, 4), (5, 6)], continues=True)
    lab.stroke([(7, 8)])
    assert lab.values["strokes"] == (((1, 2), (3, 4), (3, 4), (5, 6)), ((7, 8),))
    lab.press("undo")
    assert len(lab.values["strokes"]) == 1
    lab.press("clear")
    lab.stroke([(9, 9), (8, 8)], continues=True)  # the pen was still down
    assert lab.values["strokes"] == (((9, 9), (8, 8)),)


def test_a_pen_takes_the_place_of_what_a_palm_has_drawn(lab):
    lab.stroke([(1, 1)])  # the palm came first, and the example has made way for it
    lab.stroke([(5, 6)], replaces=True)
    lab.stroke([(5, 6), (7, 8)], continues=True)
    assert lab.values["strokes"] == (((5, 6), (5, 6), (7, 8)),)
    lab.stroke([(2, 2)])
    lab.stroke([(3, 3)], replaces=True)
    assert lab.values["strokes"] == (((5, 6), (5, 6), (7, 8)), ((3, 3),))


def test_pieces_from_the_page_make_the_same_drawing_as_one_stroke(lab):
    answers = []
    lab.picture.send = answers.append
    lab.press("clear")
    lab.stroke(ONE)
    whole = lab.png
    lab.press("clear")
    on_pad = [(x / 28, y / 28) for x, y in ONE]  # as fractions
    for k in range(3):
        message = {"points": on_pad[k : k + 2], "continues": k > 0, "replaces": False, "id": k}
        lab._stroked(lab.picture, message, [])
    assert lab.png == whole
    assert answers == [{"drawn": k} for k in range(3)]


def test_an_answer_comes_even_when_drawing_fails(lab, monkeypatch):
    answers = []
    lab.picture.send = answers.append
    monkeypatch.setattr(draw_a_digit, "fit_to_box", lambda ink: 1 / 0)
    message = {"points": [(0.5, 0.5)], "continues": False, "replaces": False, "id": "a 1"}
    lab._stroked(lab.picture, message, [])
    assert isinstance(lab.error, ZeroDivisionError)
    assert answers == [{"drawn": "a 1"}]


def test_the_pad_and_the_pen_are_where_the_page_draws(lab):
    left, top, width, height = lab.picture.pad
    axes = lab.figure.axes[0]
    corners = axes.transData.transform([(0, 0), (28, 28)]) / (800, 400)
    assert corners.ravel() == pytest.approx([left, 1 - top, left + width, 1 - top - height])
    assert lab.picture.pen == pytest.approx(2.5 / 28)
    lab.set(pen=4)
    assert lab.picture.pen == pytest.approx(4 / 28)
    points = axes.lines[0].get_linewidth() * 100 / 72
    assert points == pytest.approx(lab.picture.pen * width * 800)


@given(
    st.lists(
        st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=1, max_size=8),
        max_size=4,
    ),
    st.booleans(),
)
@settings(deadline=None, max_examples=40)
def test_any_strokes_are_survived(strokes, prepared):
    lab = test_any_strokes_are_survived.lab
    lab.set(strokes=(), prepared=prepared)
    for stroke in strokes:
        lab.stroke(stroke)
        assert lab.error is None
        assert lab.state.picture.shape == (28, 28) and lab.state.picture.dtype == np.uint8
        assert lab.state.box.min() >= 0 and lab.state.box.max() <= 1
        assert max(lab.state.box.shape) == 20
        total = sum(lab.state.probabilities["stand-in"])
        assert total == pytest.approx(1 if lab.state.picture.any() else 0)


test_any_strokes_are_survived.lab = draw_a_digit.draw_a_digit_lab()


@pytest.mark.parametrize("points", [[], [(1, 2, 3)], [1, 2], [(1, float("nan"))]])
def test_a_stroke_must_be_pairs_of_numbers(lab, points):
    with pytest.raises(ValueError, match=r"points must be finite numbers of shape \(n, 2\)"):
        lab.stroke(points)


def test_a_lab_without_a_pad_takes_no_strokes():
    lab = Lab("No pad", [], lambda: 0, lambda figure, state: figure.subplots(), lambda state: "A.")
    with pytest.raises(ValueError, match="no pad"):
        lab.stroke([(1, 2)])
    assert lab.picture.pad == []


# --- Digits of one's own --------------------------------------------------------------------------


def kept():
    return drawings.own().labels.tolist()


def draw_and_keep(lab, points, meant):
    lab.press("clear")
    lab.stroke(points)
    lab.set(meant=meant)
    lab.press("keep")


def test_a_drawing_is_kept_as_prepared_with_the_digit_meant_and_the_next_is_asked_for(lab):
    lab.set(prepared=False, pen=4)
    lab.stroke(ONE)
    lab.set(meant=1)
    lab.press("keep")
    (image,) = drawings.own().images
    np.testing.assert_array_equal(image, prepare_digit(draw_a_digit.paint([ONE], 4)))
    assert kept() == [1]
    assert lab.values["strokes"] == () and lab.values["meant"] == 2
    assert lab.caption_text.startswith("Kept as a 1. The pad is empty: draw a 2 with a pen of 4")
    assert lab.caption_text.endswith("You have kept 1 digit of your own (1).")
    lab.stroke(ONE)
    assert lab.caption_text.startswith("Read as")
    draw_and_keep(lab, ONE, 9)  # which the stand-in reads as 1
    lab.press("keep")
    assert kept() == [1, 9] and lab.values["meant"] == 0
    assert lab.caption_text.endswith("You have kept 2 digits of your own (1, 9).")


def test_what_is_no_drawing_of_ones_own_is_not_kept(lab):
    lab.set(meant=7)
    lab.press("keep")
    assert lab.caption_text.startswith("This 7 is the course's: draw a digit of your own.")
    lab.press("clear")
    for points in ([], [(-50, -50)]):  # the second one lies beside the pad
        if points:
            lab.stroke(points)
        lab.press("keep")
        assert lab.caption_text.startswith("There is nothing to keep yet.")
    lab.press("clear")
    lab.stroke(ONE)
    lab.set(meant="?")
    lab.press("keep")
    assert lab.caption_text.startswith("Choose the digit you meant")
    assert kept() == [] and lab.values["strokes"] == (tuple(ONE),)


def test_a_digit_that_no_network_reads_so_is_kept_at_the_second_press(lab):
    draw_and_keep(lab, ONE, 8)
    assert kept() == []
    assert lab.caption_text.startswith("Did you mean an 8? Then press Keep it once more.")
    lab.set(meant=1)  # it was a mistake
    lab.press("keep")
    assert kept() == [1]
    draw_and_keep(lab, ONE, 8)
    lab.stroke([(20, 20), (21, 21)])  # changed: asked again
    lab.press("keep")
    assert kept() == [1] and lab.caption_text.startswith("Did you mean an 8?")
    lab.press("keep")
    assert kept() == [1, 8]


def test_one_network_that_reads_the_digit_meant_is_enough():
    always_eight = Network([784, 10], np.random.default_rng(0))
    always_eight.parameters()[1][8] = 1000
    lab = draw_a_digit.draw_a_digit_lab({"always 8": always_eight})
    draw_and_keep(lab, ONE, 8)
    draw_and_keep(lab, ONE, 1)
    assert kept() == [8, 1]


def test_forgetting_asks_first(lab):
    lab.press("forget")
    assert lab.caption_text.startswith("You have kept no digits.")
    draw_and_keep(lab, ONE, 1)
    lab.press("forget")
    assert lab.caption_text.startswith("Press Forget mine once more to delete 1 digit of your own")
    lab.stroke(ONE)  # no: on with drawing
    lab.press("forget")
    assert kept() == [1]
    lab.press("forget")
    assert kept() == [] and not drawings.drawings_file().exists()
    assert lab.caption_text.startswith("Your digits are deleted.")
    assert "You have kept" not in lab.caption_text


def test_a_press_of_another_button_is_no_second_press(lab):
    draw_and_keep(lab, ONE, 8)
    lab.press("forget")
    assert lab.caption_text.startswith("You have kept no digits.")
    lab.press("keep")
    assert kept() == []


def test_the_newest_twenty_stand_below_and_are_there_in_every_lab(lab):
    places = lab.figure.axes[4].images[0]
    assert not places.get_array().any()
    images = load_digits().X_test[:23]
    for image in images:
        drawings.keep(image, 5)
    lab.set(pen=3)
    other = draw_a_digit.draw_a_digit_lab()
    for each in (lab, other):
        row = np.asarray(each.figure.axes[4].images[0].get_array())
        shown = row.reshape(28, 20, 34).swapaxes(0, 1)
        np.testing.assert_array_equal(shown[:, :, :28], images[3:])
        assert not shown[:, :, 28:].any()
    start = lab.png
    drawings.forget()
    lab.reset()
    assert not lab.figure.axes[4].images[0].get_array().any() and lab.png != start


def test_a_file_that_cannot_be_written_is_told_in_the_lab(lab, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "file" / "folder"))
    draw_and_keep(lab, ONE, 1)
    assert lab.caption_text.startswith("It could not be kept")
    assert lab.values["strokes"] == (tuple(ONE),) and lab.error is None


@pytest.mark.parametrize("names", ["abcd", ["a network of fifteen"]])
def test_too_many_networks_or_too_long_names_are_refused(names):
    network = Network([784, 10], np.random.default_rng(0))
    with pytest.raises(ValueError, match="at most 3 networks with names of at most 14 letters"):
        draw_a_digit.draw_a_digit_lab(dict.fromkeys(names, network))


def test_the_stand_in_is_read_once_and_reads_the_bundled_digits():
    network = draw_a_digit.stand_in()
    assert draw_a_digit.stand_in() is network
    digits = load_digits()
    assert network.accuracy(digits.X_test.reshape(-1, 784) / 255, digits.y_test) > 0.95


def test_the_lab_says_how_far_to_trust_the_stand_in(lab):
    (stated,) = re.findall(r"reads (\d+)% of MNIST", lab.caption_text)
    (row,) = [row for row in measured("digit_pad") if "stand-in" in row[0]]
    on_mnist = float(row[1].strip(" %"))
    assert on_mnist == pytest.approx(int(stated), abs=1)
    assert on_mnist > 80


def test_a_replayed_digit_is_a_digit_of_mnist_moved_and_resized():
    benchmark = importlib.import_module("benchmarks.digit_pad")
    rng = np.random.default_rng(3)
    for image in load_digits().X_test[:40]:
        pad = benchmark.replay(image, rng)
        assert pad.shape == (280, 280) and pad.dtype == np.uint8
        rows, columns = np.nonzero(pad > 8)
        assert 70 <= max(np.ptp(rows), np.ptp(columns)) <= 260
        prepared = draw_a_digit.see(pad, prepared=True).astype(float)
        assert np.corrcoef(prepared.ravel(), prepare_digit(image).ravel())[0, 1] > 0.9
