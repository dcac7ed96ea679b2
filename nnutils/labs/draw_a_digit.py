"""The lab of notebook 09: draw a digit, see how it is prepared, and how networks read it."""

from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw

from nnutils.activations import softmax
from nnutils.datasets import (
    augment_digits,
    centre_of_mass,
    fit_to_box,
    load_digits,
    prepare_digit,
)
from nnutils.labs.base import Action, Lab, Slider, Toggle
from nnutils.network import Network
from nnutils.optimizers import Adam, one_cycle
from nnutils.plotting import BLUE, GREY, LIGHT, ORANGE, SKY

__all__ = ["draw_a_digit_lab"]

SIDE = 28  # the pad is as many units wide and high as the picture has pixels
FINE = 10  # pixels of the pad to a unit
BOX_SIDE = 20
PAD = (12, 12, 340, 340)  # left, bottom, width and height in pixels of the figure
BOX = (394, 208, 154, 154)
PICTURE = (616, 208, 154, 154)
BARS = (372, 28, 416, 142)
STAND_IN = "stand-in"
TRUST = (
    "The stand-in has learned from distorted copies of the bundled digits and reads 83% of "
    "MNIST's test digits: one answer in six is wrong."
)
SEVEN = (((7, 6), (19, 5), (15, 13), (12, 22)), ((9, 14), (17, 13)))  # replaced by the first stroke


class State(NamedTuple):
    """What the picture and the caption show."""

    strokes: tuple  # each a tuple of points (x, y), in units of the pad
    pen: float  # the width of the pen, in the same units
    prepared: bool
    box: np.ndarray  # (h, w), the longer side 20, ink from 0 to 1
    picture: np.ndarray  # (28, 28) uint8, what the networks see
    probabilities: dict  # by the name of the network, each (10,); zeros for an empty pad


# --- From strokes to probabilities ----------------------------------------------------------------


def paint(strokes, pen):
    """Return the pad with its ink, (280, 280) uint8: 255 wherever the round pen has been."""
    pad = Image.new("L", (SIDE * FINE, SIDE * FINE))
    brush = ImageDraw.Draw(pad)
    radius = FINE * pen / 2
    for stroke in strokes:
        # The first pixel's middle is 0 for Pillow, which draws lines between whole numbers.
        points = [(round(FINE * x - 0.5), round(FINE * y - 0.5)) for x, y in stroke]
        brush.line(points, fill=255, width=round(2 * radius))
        for x, y in points:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(pad)


def shrink(ink):
    """Return the pad (280, 280) as it stands in 28×28 pixels, each the mean of 100."""
    blocks = ink.reshape(SIDE, FINE, SIDE, FINE)
    return blocks.mean(axis=(1, 3)).round().astype(np.uint8)


def see(ink, prepared):
    """Return the picture (28, 28) that the networks get to see of the pad (280, 280)."""
    return prepare_digit(ink) if prepared else shrink(ink)


def read(network, picture):
    """Return the ten probabilities that a network, of NumPy or of torch, gives the picture."""
    if isinstance(network, Network):
        return softmax(network.forward(picture.reshape(1, -1) / 255))[0]
    from nnutils.pytorch import predict  # here, since it loads torch

    return predict(network, picture[None])[0]


# --- The stand-in ---------------------------------------------------------------------------------


@lru_cache
def stand_in():
    """Return a network that has learned distorted copies of the bundled digits: two seconds."""
    digits, rng = load_digits(), np.random.default_rng(0)
    X = np.concatenate([digits.X_train, digits.X_test])
    y = np.concatenate([digits.y_train, digits.y_test])
    return learn(*augment_digits(X, y, copies=6, rng=rng), rng=rng)


def learn(X, y, rng, epochs=8):
    """Return a network 784–256–10 that has been trained on the images X (n, 28, 28)."""
    X = X.reshape(len(X), -1).astype(np.float32) / 255
    network, optimizer = Network([784, 256, 10], rng), Adam()
    for epoch in range(epochs):
        optimizer.rate = one_cycle(epoch, epochs, peak=8e-3)
        network.fit(X, y, epochs=1, batch_size=128, optimizer=optimizer, rng=rng)
    return network


# --- State, picture, caption ----------------------------------------------------------------------


def compute(networks, strokes, pen, prepared):
    """Follow the drawing from the pad to the answers of the networks."""
    ink = paint(strokes, pen)
    picture = see(ink, prepared)
    probabilities = {
        name: read(network, picture) if ink.any() else np.zeros(10)
        for name, network in networks.items()
    }
    return State(strokes, pen, prepared, fit_to_box(ink), picture, probabilities)


def build(figure, names):
    """Make the four axes once, each in its place: pad, box, picture, probabilities."""
    for axes, (left, bottom, width, height) in zip(
        figure.subplots(1, 4), (PAD, BOX, PICTURE, BARS)
    ):
        axes.set_position((left / 800, bottom / 400, width / 800, height / 400))
    pad, box, picture, bars = figure.axes
    pad.set(xlim=(0, SIDE), ylim=(SIDE, 0))
    for axes, side, ink in ((box, BOX_SIDE, 1), (picture, SIDE, 255)):
        axes.imshow(np.zeros((1, 1)), vmin=0, vmax=ink, interpolation="nearest")
        axes.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5))  # pixel 0 has its middle at 0
        axes.plot([], [], "P", color=ORANGE, markeredgecolor="white", markersize=12)
    picture.axhline(SIDE / 2, color=SKY, linewidth=1, zorder=1)
    picture.axvline(SIDE / 2, color=SKY, linewidth=1, zorder=1)
    for axes, title in ((pad, "draw here"), (box, "no box"), (picture, "what networks see")):
        axes.axis("off")
        frame = {"fill": False, "edgecolor": GREY, "transform": axes.transAxes, "clip_on": False}
        axes.add_patch(Rectangle((0, 0), 1, 1, **frame))
        axes.set_title(title, fontsize=12)
    for x in (373, 582):
        figure.text(x / 800, 285 / 400, "→", ha="center", va="center", fontsize=18, color=GREY)
    figure.text(582 / 800, 190 / 400, "✚ centre of mass", ha="center", va="center", fontsize=11)
    pad.plot([], [], color="black", solid_capstyle="round", solid_joinstyle="round")
    build_bars(bars, names)


def build_bars(axes, names):
    """Give every network a row: its name, its answer, and a bar for each of the ten digits."""
    axes.set(xlim=(-5, 9.6), ylim=(-0.02, len(names)), xticks=range(10), yticks=[])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0, labelsize=12)
    for row, name in enumerate(reversed(names)):  # the first network above
        axes.bar(range(10), np.ones(10), bottom=row)
        axes.text(-5, row + 0.45, name, va="bottom", fontsize=11)
        axes.text(-5, row + 0.4, "", va="top", weight="bold")
    axes.hlines(range(len(names)), -0.5, 9.5, color=GREY, linewidth=1)


def draw(figure, state):
    """Draw the strokes, what is made of them, and what the networks say."""
    if not figure.axes:
        build(figure, list(state.probabilities))
    pad, box, picture, bars = figure.axes
    draw_strokes(pad.lines[0], state.strokes)
    pad.lines[0].set_linewidth(state.pen * PAD[2] / SIDE * 72 / figure.dpi)
    height, width = state.box.shape
    show_ink(box, state.box * state.prepared)
    show_ink(picture, state.picture)
    empty = not state.picture.any()
    box.title.set_text(f"its box, {width}×{height}" if state.prepared and not empty else "no box")
    for row, probabilities in enumerate(reversed(state.probabilities.values())):
        answer = probabilities.argmax()
        said = "…" if empty else f"{answer}, {probabilities[answer]:.0%} sure"
        bars.texts[2 * row + 1].set_text(said)
        for k, bar in enumerate(bars.patches[10 * row : 10 * row + 10]):
            bar.set(height=0.85 * probabilities[k], facecolor=BLUE if k == answer else LIGHT)


def draw_strokes(line, strokes):
    """Let ``line`` run through the strokes, with gaps between them."""
    points = []
    for stroke in strokes:
        x, y = stroke[0]
        dot = [(x + 0.05, y)] if len(stroke) == 1 else []  # a line without length is not drawn
        points += [*stroke, *dot, (np.nan, np.nan)]
    line.set_data(np.array(points).reshape(-1, 2).T)


def show_ink(axes, ink):
    """Show ``ink`` (h, w) in the middle of the square, and a cross at its centre of mass."""
    left, right = axes.get_xlim()
    middle = (left + right) / 2
    height, width = ink.shape
    extent = (middle - width / 2, middle + width / 2, middle + height / 2, middle - height / 2)
    axes.images[0].set(data=ink, extent=extent)
    if ink.any():
        row, column = centre_of_mass(ink)
        axes.lines[0].set_data([extent[0] + 0.5 + column], [extent[3] + 0.5 + row])
    else:
        axes.lines[0].set_data([], [])


def caption(state):
    """Say what is read and how sure, how the drawing was prepared, and how far to trust it."""
    if not state.picture.any():
        return f"The pad is empty: draw a digit with a pen of {state.pen:g} pixels. {TRUST}"
    answers = [f"{name} {p.argmax()} ({p.max():.0%})" for name, p in state.probabilities.items()]
    row, column = centre_of_mass(state.picture)
    height, width = state.box.shape
    if state.prepared:
        how = f"the ink is scaled to a box of {width}×{height} pixels and moved"
    else:
        how = "the pad is only shrunk to 28×28 pixels"
    return (
        f"Read as: {', '.join(answers)}. The pen is {state.pen:g} pixels wide; {how}: the centre "
        f"of mass lies in row {row:.1f}, column {column:.1f} (MNIST: 14, 14). {TRUST}"
    )


# --- The pen and the buttons ----------------------------------------------------------------------


def stroked(stroke, strokes, **_):
    """Add a stroke, or a piece of one; the first makes the example vanish."""
    kept = () if strokes == SEVEN else strokes
    if stroke.continues and kept:
        return {"strokes": (*kept[:-1], kept[-1] + stroke.points)}
    return {"strokes": (*kept, stroke.points)}


def undo(strokes, **_):
    """Take away the last stroke."""
    return {"strokes": strokes[:-1]}


def clear(**_):
    """Take away all strokes."""
    return {"strokes": ()}


def draw_a_digit_lab(networks=None):
    """Draw a digit, see how it is prepared, and how networks read it while you draw.

    ``networks`` is a dict of up to three networks by name, each a ``Network`` of NumPy with 784
    inputs or a module of torch. They stand below the stand-in, which learns distorted copies of the
    bundled digits when the first such lab is made; that takes about two seconds. Raises ValueError
    for more than three networks, and for names of more than 14 letters. Shown in notebook 09.
    """
    networks = dict(networks or {})
    if len(networks) > 3 or any(len(name) > 14 for name in networks):
        raise ValueError(
            "networks must hold at most 3 networks with names of at most 14 letters, "
            f"got {list(networks)}"
        )
    return Lab(
        "Draw a digit",
        [
            Slider("pen", "width of the pen", 1, 5, 0.5, 2.5),
            Toggle("prepared", "prepare it like MNIST", True),
            Action("undo", "Undo", undo),
            Action("clear", "Clear", clear),
        ],
        partial(compute, {STAND_IN: stand_in()} | networks),
        draw,
        caption,
        hidden={"strokes": SEVEN},
        on_stroke=stroked,
        pen="pen",
    )
