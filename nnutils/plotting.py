"""Figures of the course: one palette, one style, and an alternative text for every picture."""

import io
import textwrap

import matplotlib as mpl
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

# Okabe and Ito (2008), "Color Universal Design": told apart in the common kinds of colour
# blindness. Class 0 is always blue and round, class 1 always orange and triangular.
BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
YELLOW = "#E69F00"
SKY = "#56B4E9"
PINK = "#CC79A7"
BLACK = "#222222"
GREY = "#767676"
LIGHT = "#D9D9D9"
DARK_ORANGE = "#B34700"  # for text on white, and below white text: contrast at least 4.5
LIGHT_BLUE = "#D3E5F1"  # where the answer is 0
LIGHT_ORANGE = "#EFB48C"  # where it is 1; in grey it is the darker one of the two
PALETTE = (BLUE, ORANGE, GREEN, PINK, BLACK)  # YELLOW and SKY are too pale for lines on white
CLASS_COLORS = (BLUE, ORANGE)
CLASS_MARKERS = ("o", "^")

STYLE = {
    "axes.grid": False,
    "axes.prop_cycle": mpl.cycler(color=PALETTE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 13,
    "axes.labelsize": 12,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "figure.facecolor": "white",  # readable in a dark theme too
    "figure.figsize": (7, 3.5),
    "font.size": 12,
    "image.cmap": "gray_r",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "text.hinting": "none",  # a fifth of a lab's drawing time otherwise goes into it
}


def use_style():
    """Draw every figure from here on in the course's style (colours, text of 12 points, white)."""
    mpl.rcParams.update(STYLE)


def to_png(pixels):
    """Return ``pixels`` (rows, columns, 4), red, green, blue and alpha, as a PNG of 256 colours.

    It takes two thirds of the time of ``savefig``, which draws twice, and a third of its bytes.
    """
    picture = Image.fromarray(np.asarray(pixels)).convert("RGB")
    buffer = io.BytesIO()
    picture.quantize(256, method=Image.Quantize.FASTOCTREE).save(
        buffer, format="PNG", compress_level=3
    )
    return buffer.getvalue()


def show(figure, alt):
    """Show ``figure`` under a cell, with ``alt``, one sentence that says what it shows.

    The sentence is the picture's alternative text: a screen reader reads it out, and the tests
    compare it. Raises ValueError when ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError("alt must say in a sentence what the figure shows, got an empty text")
    figure.canvas.draw()
    data = {"image/png": to_png(figure.canvas.buffer_rgba()), "text/plain": alt}
    display(data, raw=True, metadata={"image/png": {"alt": alt}})
    if getattr(figure, "number", None) is None:  # made without pyplot, which keeps no list of it
        return
    import matplotlib.pyplot as plt

    plt.close(figure)


def plot_classes(X, y, ax, size=40):
    """Draw the points ``X`` (n, 2) on ``ax``: blue circles for label 0, orange triangles for 1."""
    X, y = np.asarray(X), np.asarray(y)
    for label in (0, 1):
        ax.scatter(
            *X[y == label].T,
            s=size,
            color=CLASS_COLORS[label],
            marker=CLASS_MARKERS[label],
            edgecolors="white",
            linewidths=0.6,
            label=f"class {label}",
        )
    return ax


def draw_neuron(ax, inputs, weights, threshold):
    """Draw a step unit on ``ax`` with its numbers: inputs, weights, weighted sum, answer.

    ``inputs`` and ``weights`` have shape (d,); the answer is 1 when the weighted sum is at least
    ``threshold``. Derived in notebook 03.
    """
    weighted_sum = float(np.dot(inputs, weights))
    answer = int(weighted_sum >= threshold)
    heights = np.linspace(1, -1, len(inputs))
    circle = {"boxstyle": "circle,pad=0.45", "edgecolor": BLACK}
    for x, w, height in zip(inputs, weights, heights):
        ax.annotate(
            "", (1.62, 0.1 * height), (0.25, height), arrowprops={"arrowstyle": "->", "color": GREY}
        )
        on_line = {"facecolor": "white", "edgecolor": "none", "pad": 2}
        ax.text(0.75, 0.67 * height, f"× {w:g}", ha="center", va="center", bbox=on_line)
        ax.text(0, height, f"{x:g}", ha="center", va="center", bbox={**circle, "fc": "white"})
    arrow = {"arrowstyle": "->", "color": GREY}
    ax.annotate("", (3.22, 0), (2.2, 0), arrowprops=arrow)
    ax.annotate("", (5.08, 0), (4.4, 0), arrowprops=arrow)
    box = {"boxstyle": "round,pad=0.5", "edgecolor": BLACK, "facecolor": "white"}
    ax.text(1.95, 0, f"{weighted_sum:g}", ha="center", va="center", bbox={**circle, "fc": "white"})
    ax.text(3.8, 0, f"at least {threshold:g}?", ha="center", va="center", bbox=box)
    fill = DARK_ORANGE if answer else BLUE
    ax.text(5.3, 0, answer, ha="center", va="center", color="white", bbox={**circle, "fc": fill})
    for x, label in zip((0, 1.95, 3.8, 5.3), ("inputs", "weighted sum", "step", "answer")):
        ax.text(x, -1.62, label, ha="center", va="center", color=GREY)
    ax.set(xlim=(-0.5, 5.8), ylim=(-1.8, 1.4))
    ax.axis("off")
    return ax


def plot_class(rows, learners):
    """Draw how a class of so many ``learners`` fares; return the figure and a text that tells it.

    ``rows`` come from ``nnutils.progress.exercise_overview``. Each exercise is a thick bar, and
    each of its known mistakes a thin one below: how many learners made it.
    """
    places, mistakes, place = [], [], 0.0
    for row in rows:
        places.append(place)
        mistakes += [(place + k, *made) for k, made in enumerate(row.mistakes.items(), start=1)]
        place += len(row.mistakes) + 1.4
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12, 1.6 + 0.4 * place))
        ax = figure.subplots()
    solved, still_open = [row.solved for row in rows], [row.open for row in rows]
    counts = [count for _, _, count in mistakes]
    bars = ax.barh(places, solved, 0.9, color=BLUE, label="solved")
    ax.bar_label(bars, [count or "" for count in solved], label_type="center", color="white")
    bars = ax.barh(places, still_open, 0.9, solved, color=YELLOW, label="tried, still open")
    ax.bar_label(bars, [count or "" for count in still_open], label_type="center")
    bars = ax.barh([place for place, _, _ in mistakes], counts, 0.4, color=ORANGE)
    bars.set_label("made this known mistake")
    ax.bar_label(bars, padding=4)

    sentences = [textwrap.shorten(sentence, 120, placeholder=" …") for _, sentence, _ in mistakes]
    ax.set_yticks(
        [*places, *(place for place, _, _ in mistakes)],
        [f"{row.exercise} {row.title}" for row in rows]
        + [textwrap.fill(sentence, 62) for sentence in sentences],
    )
    for k, label in enumerate(ax.get_yticklabels()):
        label.set(fontsize=12 if k < len(rows) else 10, parse_math=False)
        label.set_fontweight("bold" if k < len(rows) else "normal")
    ax.set(xlim=(0, learners), ylim=(place - 0.7, -0.8), xlabel=f"learners, of {learners}")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper center", ncols=3)
    told = [f"{row.exercise}: {row.solved} solved, {row.open} still open" for row in rows]
    told += [f"{count} made the mistake: {sentence}" for _, sentence, count in mistakes]
    return figure, f"{learners} learners. {'; '.join(told)}"
