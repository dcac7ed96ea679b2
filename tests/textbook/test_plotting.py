"""Figures: alternative texts, closed figures, the numbers in a drawn neuron."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from nnutils import plotting
from nnutils.progress import ExerciseRow


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
    assert plt.get_fignums() == []


def test_show_wants_a_text():
    fig = plt.figure()
    with pytest.raises(ValueError, match="alt must say in a sentence"):
        plotting.show(fig, " ")
    plt.close(fig)


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


def test_class_shows_each_exercise_and_each_mistake_with_its_number():
    rows = [
        ExerciseRow("03.1", "Throw in one more die", 20, 3, {"Add up.": 7, "One too long.": 2}),
        ExerciseRow("03.2", "Judge one roll", 0, 5, {}),
    ]
    figure, alt = plotting.plot_class(rows, learners=30)
    (ax,) = figure.axes
    widths = [[bar.get_width() for bar in bars] for bars in ax.containers]
    assert widths == [[20, 0], [3, 5], [7, 2]]
    starts = [bar.get_x() for bar in ax.containers[1]]
    assert starts == [20, 0]  # what is still open stands behind what is solved
    labels = {
        round(place, 1): label.get_text()
        for place, label in zip(ax.get_yticks(), ax.get_yticklabels())
    }
    assert list(labels.values()) == [
        "03.1 Throw in one more die",
        "03.2 Judge one roll",
        "Add up.",
        "One too long.",
    ]
    assert sorted(labels) == sorted(
        round(bar.get_y() + bar.get_height() / 2, 1)
        for bars in (ax.containers[0], ax.containers[2])
        for bar in bars
    )
    assert ax.get_xlim() == (0, 30)
    assert alt == (
        "30 learners. 03.1: 20 solved, 3 still open; 03.2: 0 solved, 5 still open; "
        "7 made the mistake: Add up.; 2 made the mistake: One too long."
    )


def test_nothing_in_the_picture_of_a_class_is_cut_off_or_overlaps():
    sentence = "The weights move the wrong way, and this sentence goes on and on. " * 4
    rows = [
        ExerciseRow(
            f"0{n}.{k}", "A title of an ordinary length", 9, 2, {sentence + str(n): 1, "b": 2}
        )
        for n in range(10)
        for k in range(1, 7)
    ]
    figure, _ = plotting.plot_class(rows, learners=11)
    figure.draw_without_rendering()
    _, height = figure.canvas.get_width_height()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert min(box.x0 for box in boxes) >= 0
    boxes.sort(key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 for low, high in zip(boxes, boxes[1:]))
    (legend,) = figure.legends
    assert legend.get_window_extent().y0 >= boxes[-1].y1
    assert legend.get_window_extent().y1 <= height
