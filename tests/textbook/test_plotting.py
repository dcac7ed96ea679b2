"""Figures: alternative texts, closed figures, the numbers in a drawn neuron."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from nnutils import plotting


def test_show_gives_the_picture_its_alternative_text_and_closes_it(monkeypatch):
    shown = []
    monkeypatch.setattr(plotting, "display", lambda data, **rest: shown.append((data, rest)))
    fig = plt.figure()
    plotting.show(fig, "A line that rises.")
    ((data, rest),) = shown
    assert data["text/plain"] == "A line that rises."
    assert rest == {"raw": True, "metadata": {"image/png": {"alt": "A line that rises."}}}
    assert Image.open(io.BytesIO(data["image/png"])).size == (
        round(fig.get_figwidth() * fig.dpi),
        round(fig.get_figheight() * fig.dpi),
    )
    assert fig.number not in plt.get_fignums()


def test_show_wants_a_text():
    fig = plt.figure()
    with pytest.raises(ValueError, match="alt must say in a sentence"):
        plotting.show(fig, " ")
    plt.close(fig)


def test_show_images_puts_each_picture_under_its_title(monkeypatch):
    figures = []
    monkeypatch.setattr(plotting, "show", lambda *shown: figures.append(shown))
    images, wrong = np.arange(45).reshape(5, 3, 3), np.array([False, True, False, False, True])
    plotting.show_images(images, ["a", "b\nc", 3, "", "e"], "Five.", wrong=wrong, columns=2)
    ((fig, alt),) = figures
    assert alt == "Five." and len(fig.axes) == 6
    for ax, image, title, bad in zip(fig.axes, images, ["a", "b\nc", "3", "", "e"], wrong):
        assert ax.get_title() == title
        assert ax.title.get_color() == (plotting.DARK_ORANGE if bad else plotting.BLACK)
        np.testing.assert_array_equal(ax.images[0].get_array(), image)
    assert not fig.axes[5].images and not fig.axes[5].axison
    plt.close(fig)


@pytest.mark.parametrize("n", [0, 3])
def test_show_images_wants_a_title_for_each(n):
    with pytest.raises(ValueError, match=f"each of {n} images, got 2"):
        plotting.show_images(np.zeros((n, 2, 2)), ["a", "b"], "Pictures.")


def test_plot_classes_keeps_colour_and_marker_of_each_class():
    fig, ax = plt.subplots()
    X, y = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), np.array([0, 1, 1])
    zero, one = plotting.plot_classes(X, y, ax).collections
    assert zero.get_offsets().tolist() == [[0, 1]]
    assert one.get_offsets().tolist() == [[2, 3], [4, 5]]
    assert zero.get_paths()[0].vertices.shape != one.get_paths()[0].vertices.shape
    plt.close(fig)


@pytest.mark.parametrize(("threshold", "answer"), [(14, "1"), (15, "0")])
def test_draw_neuron_shows_the_weighted_sum_and_the_answer(threshold, answer):
    fig, ax = plt.subplots()
    plotting.draw_neuron(ax, inputs=[3, 5, 6], weights=[1, 1, 1], threshold=threshold)
    texts = [text.get_text() for text in ax.texts]
    assert "14" in texts and f"at least {threshold}?" in texts and texts.count(answer) == 1
    plt.close(fig)


def test_the_first_neuron_of_each_layer_stands_on_top():
    assert plotting.places_of_neurons((2, 3)) == [[(0, 0.5), (0, -0.5)], [(1, 1), (1, 0), (1, -1)]]


def test_draw_network_joins_each_neuron_to_all_before_and_lights_one():
    fig, ax = plt.subplots()
    plotting.draw_network(ax, (4, 3, 2), lit=(1, 2))
    edges = [line for line in ax.lines if line.get_marker() == "None"]
    assert len(edges) == 4 * 3 + 3 * 2
    orange = [line for line in edges if line.get_color() == plotting.ORANGE]
    ends = {tuple(line.get_xydata()[1]) for line in orange}
    assert len(orange) == 4 and ends == {(1, -1)}  # the lowest of three
    plt.close(fig)


def test_draw_graph_writes_values_above_and_gradients_below_the_lines():
    figure, ax = plt.subplots(figsize=(8, 3))
    nodes = {"a": (0, 0, "a"), "×": (2, 1, "×"), "L": (4, 1, "L")}
    edges = {("a", "×"): (-2.0, 0.123456), ("×", "L"): ("z 3", "")}
    plotting.draw_graph(ax, nodes, edges)
    texts = {t.get_text(): t for t in ax.texts}
    assert texts.keys() == {"−2", "0.1235", "z 3", "", "a", "×", "L"}
    above, below = texts["−2"], texts["0.1235"]
    assert below.get_color() == plotting.DARK_GREEN != above.get_color()
    assert above.get_rotation() == below.get_rotation() == pytest.approx(np.degrees(np.arctan(0.5)))
    figure.draw_without_rendering()
    heights = [t.get_window_extent().y0 for t in (above, below)]
    assert heights[0] > heights[1]
    plt.close(figure)


def test_draw_passes_writes_every_number_and_its_gradient_once():
    figure, ax = plt.subplots(figsize=(8, 3))
    weights = [np.array([[0.11, 0.12], [0.21, 0.22]]), np.array([[0.31, 0.32]])]
    biases, outputs = [np.array([0.41, 0.42]), np.array([0.43])], [[1, 2], [0.51, 0.52], [0.53]]
    gradients = [[-w for w in weights], [-b for b in biases], [["", ""], [-0.51, -0.52], [-0.53]]]
    plotting.draw_passes(ax, weights, biases, outputs, gradients)
    values = {"0.11", "0.12", "0.21", "0.22", "0.31", "0.32", "0.51", "0.52", "0.53"}
    values |= {"bias 0.41", "bias 0.42", "bias 0.43", "1", "2"}
    green = {"−" + v.removeprefix("bias ") for v in values - {"1", "2"}}
    texts = [t for t in ax.texts if t.get_text()]
    assert sorted(t.get_text() for t in texts) == sorted(values | green)
    assert {t.get_text() for t in texts if t.get_color() == plotting.DARK_GREEN} == green
    assert len(ax.lines) == 6
    plt.close(figure)


def test_draw_passes_without_gradients_shows_none():
    figure, ax = plt.subplots(figsize=(8, 3))
    unknown = np.full((2, 2), "?")
    plotting.draw_passes(ax, [unknown], [unknown[0]], [[3, 4], ["", ""]])
    assert [t for t in ax.texts if t.get_text() and t.get_color() == plotting.DARK_GREEN] == []
    assert sorted(t.get_text() for t in ax.texts if t.get_text()) == sorted(
        ["3", "4", *4 * ["?"], *2 * ["bias ?"]]
    )
    plt.close(figure)
