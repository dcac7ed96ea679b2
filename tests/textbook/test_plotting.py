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


def test_draw_network_joins_each_neuron_to_all_before_and_lights_one():
    fig, ax = plt.subplots()
    plotting.draw_network(ax, (4, 3, 2), lit=(1, 2))
    edges = [line for line in ax.lines if line.get_marker() == "None"]
    assert len(edges) == 4 * 3 + 3 * 2
    orange = [line for line in edges if line.get_color() == plotting.ORANGE]
    ends = {tuple(line.get_xydata()[1]) for line in orange}
    assert len(orange) == 4 and ends == {(1, -1)}  # the lowest of three
    plt.close(fig)
