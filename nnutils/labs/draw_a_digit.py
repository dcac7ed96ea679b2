"""The lab of notebooks 00, 09 and 10: draw a digit, see it prepared and read, and keep it."""

from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw

from nnutils.activations import softmax
from nnutils.datasets import centre_of_mass, fit_to_box, prepare_digit, to_inputs
from nnutils.datasets.files import bundled
from nnutils.labs.base import Action, Choice, Lab, Slider, Toggle
from nnutils.learner import drawings
from nnutils.network import Network
from nnutils.plotting import BLUE, GREY, LIGHT, ORANGE, SKY

__all__ = ["draw_a_digit_lab"]

SIDE = 28  # the pad is as many units wide and high as the picture has pixels
FINE = 10  # pixels of the pad to a unit
BOX_SIDE = 20
PAD = (12, 50, 324, 324)  # left, bottom, width and height in pixels of the figure
BOX = (402, 234, 140, 140)  # 7 for each pixel
PICTURE = (620, 234, 140, 140)  # 5 for each pixel
BARS = (362, 68, 426, 144)
KEPT = (108, 8, 680, 28)
PLACES = 20  # for the drawings that were kept, the newest of them
STAND_IN = "stand-in"
STAND_IN_SIZES = [784, 128, 10]
TRUST = (
    "The stand-in has learned from distorted copies of the bundled digits and reads 88% of "
    "MNIST's test digits: one answer in eight is wrong."
)
SEVEN = (((7, 6), (19, 5), (15, 13), (12, 22)), ((9, 14), (17, 13)))  # replaced by the first stroke
NOT_SAID = "?"  # which digit was meant


class Note(NamedTuple):
    """What the last press of a button has to say, until something is drawn or chosen."""

    text: str
    strokes: tuple
    meant: object
    asks: str = ""  # the name of a button that wants to be pressed once more


class State(NamedTuple):
    """What the picture and the caption show."""

    strokes: tuple  # each a tuple of points (x, y), in units of the pad
    pen: float  # the width of the pen, in the same units
    prepared: bool
    box: np.ndarray  # (h, w), the longer side 20, ink from 0 to 1
    picture: np.ndarray  # (28, 28) uint8, what the networks see
    probabilities: dict  # by the name of the network, each (10,); zeros for an empty pad
    meant: object  # the digit that was meant, or NOT_SAID
    note: str
    kept: drawings.Drawings


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
        return softmax(network.forward(to_inputs(picture.reshape(1, -1))))[0]
    from nnutils.training import predict  # here, since it loads torch

    return predict(network, picture[None])[0]


# --- The stand-in ---------------------------------------------------------------------------------


@lru_cache
def stand_in():
    """Return the network that ``python -m tools.stand_in`` has trained, from ``stand_in.npz``."""
    network = Network(STAND_IN_SIZES, np.random.default_rng(0))
    with np.load(bundled("stand_in.npz")) as stored:
        for parameter, name in zip(network.parameters(), stored.files, strict=True):
            parameter[...] = stored[name]
    return network


# --- State, picture, caption ----------------------------------------------------------------------


def compute(networks, strokes, pen, prepared, meant, note):
    """Follow the drawing from the pad to the answers of the networks; look at what was kept."""
    ink = paint(strokes, pen)
    picture = see(ink, prepared)
    probabilities = {
        name: read(network, picture) if ink.any() else np.zeros(10)
        for name, network in networks.items()
    }
    said = note.text if (note.strokes, note.meant) == (strokes, meant) else ""
    return State(
        strokes,
        pen,
        prepared,
        fit_to_box(ink),
        picture,
        probabilities,
        meant,
        said,
        drawings.own(),
    )


def build(figure, names):
    """Make the five axes once, each in its place: pad, box, picture, probabilities, kept digits."""
    for axes, (left, bottom, width, height) in zip(
        figure.subplots(1, 5), (PAD, BOX, PICTURE, BARS, KEPT)
    ):
        axes.set_position((left / 800, bottom / 400, width / 800, height / 400))
    pad, box, picture, bars, kept = figure.axes
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
    for x in (369, 581):
        figure.text(x / 800, 304 / 400, "→", ha="center", va="center", fontsize=18, color=GREY)
    figure.text(581 / 800, 221 / 400, "✚ centre of mass", ha="center", va="center", fontsize=11)
    pad.plot([], [], color="black", solid_capstyle="round", solid_joinstyle="round")
    build_bars(bars, names)
    build_kept(kept)


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


def build_kept(axes):
    """Give the digits that are kept a row of places, each 28 pixels wide and 6 from the next."""
    axes.set(xlim=(0, KEPT[2]), ylim=(SIDE, 0))
    axes.axis("off")
    axes.imshow(
        np.zeros((SIDE, KEPT[2])),
        vmin=0,
        vmax=255,
        extent=(0, KEPT[2], SIDE, 0),
        interpolation="nearest",
    )
    for left in range(0, KEPT[2], KEPT[2] // PLACES):
        frame = {"fill": False, "edgecolor": LIGHT, "clip_on": False}
        axes.add_patch(Rectangle((left, 0), SIDE, SIDE, **frame))
    axes.text(-12, SIDE / 2, "your digits", ha="right", va="center", fontsize=11)


def draw(figure, state):
    """Draw the strokes, what is made of them, what the networks say, and what was kept."""
    if not figure.axes:
        build(figure, list(state.probabilities))
    pad, box, picture, bars, kept = figure.axes
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
    places = np.zeros((SIDE, PLACES, KEPT[2] // PLACES), np.uint8)
    newest = state.kept.images[-PLACES:]
    places[:, : len(newest), :SIDE] = newest.swapaxes(0, 1)
    kept.images[0].set_data(places.reshape(SIDE, -1))


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
    """Say what is read and how sure, how the drawing was prepared, what was kept."""
    kept = f"You have kept {in_words(state.kept)}" if len(state.kept.labels) else ""
    texts = [state.note, what_is_read(state), TRUST, kept]
    return " ".join(filter(None, texts))


def what_is_read(state):
    """Say what the networks read, how sure they are, and how the drawing was prepared."""
    meant = "a digit" if state.meant == NOT_SAID else drawings.with_article(state.meant)
    if not state.picture.any():
        return f"The pad is empty: draw {meant} with a pen of {state.pen:g} pixels."
    answers = [f"{name} {p.argmax()} ({p.max():.0%})" for name, p in state.probabilities.items()]
    row, column = centre_of_mass(state.picture)
    height, width = state.box.shape
    if state.prepared:
        how = f"the ink is scaled to a box of {width}×{height} pixels and moved"
    else:
        how = "the pad is only shrunk to 28×28 pixels"
    said = "" if state.meant == NOT_SAID else f" You mean {meant}."
    return (
        f"Read as: {', '.join(answers)}.{said} The pen is {state.pen:g} pixels wide; {how}: the "
        f"centre of mass lies in row {row:.1f}, column {column:.1f} (MNIST: 14, 14)."
    )


def in_words(kept):
    """Say how many drawings were kept, and which digits are among them."""
    return f"{kept.whose.rstrip('.')} ({', '.join(map(str, np.unique(kept.labels)))})."


# --- The pen and the buttons ----------------------------------------------------------------------


def stroked(stroke, strokes, **_):
    """Add a stroke, or a piece of one; the first makes the example vanish."""
    kept = () if strokes == SEVEN else strokes
    if stroke.replaces:
        kept = kept[:-1]
    if stroke.continues and kept:
        return {"strokes": (*kept[:-1], kept[-1] + stroke.points)}
    return {"strokes": (*kept, stroke.points)}


def write_seven(**_):
    """Write the example once more, unit by unit of the pad."""
    for k, stroke in enumerate(SEVEN):
        points = np.array(stroke)
        lengths = np.hypot(*np.diff(points, axis=0).T)
        corners = np.concatenate([[0], np.cumsum(lengths)])
        for length in np.arange(0, corners[-1]):
            tip = [float(np.interp(length, corners, side)) for side in points.T]
            done = stroke[: np.searchsorted(corners, length)]
            yield {"strokes": (*SEVEN[:k], (*done, tuple(tip)))}
    yield {"strokes": SEVEN}


def undo(strokes, **_):
    """Take away the last stroke."""
    return {"strokes": strokes[:-1]}


def clear(**_):
    """Take away all strokes."""
    return {"strokes": ()}


def keep_it(networks, strokes, pen, meant, note, **_):
    """Keep the drawing, prepared like MNIST, with the digit that was meant, and ask for the next.

    A digit that no network has read is kept at the second press: was another one meant?
    """
    ink = paint(strokes, pen)
    if strokes == SEVEN:
        return {"note": Note("This 7 is the course's: draw a digit of your own.", strokes, meant)}
    if not ink.any():
        return {"note": Note("There is nothing to keep yet.", strokes, meant)}
    if meant == NOT_SAID:
        return {"note": Note("Choose the digit you meant, then press Keep it.", strokes, meant)}
    picture = prepare_digit(ink)
    answers = {int(read(network, picture).argmax()) for network in networks.values()}
    if meant not in answers and not is_asked("keep", strokes, meant, note):
        text = f"Did you mean {drawings.with_article(meant)}? Then press Keep it once more."
        return {"note": Note(text, strokes, meant, asks="keep")}
    if not drawings.keep(picture, meant):
        text = "It could not be kept: the folder of your progress cannot be written."
        return {"note": Note(text, strokes, meant)}
    following = (meant + 1) % 10
    note = Note(f"Kept as {drawings.with_article(meant)}.", (), following)
    return {"strokes": (), "meant": following, "note": note}


def forget(strokes, meant, note, **_):
    """Delete what was kept, at the second press."""
    kept = drawings.own()
    if not len(kept.labels):
        text = "You have kept no digits."
    elif not is_asked("forget", strokes, meant, note):
        text = f"Press Forget mine once more to delete {in_words(kept)}"
        return {"note": Note(text, strokes, meant, asks="forget")}
    elif drawings.forget():
        text = "Your digits are deleted."
    else:
        text = f"The file {drawings.FILE_NAME} cannot be deleted."
    return {"note": Note(text, strokes, meant)}


def is_asked(button, strokes, meant, note):
    """Tell whether the last press has asked for one more, and nothing was drawn or chosen since."""
    return note == Note(note.text, strokes, meant, asks=button)


def draw_a_digit_lab(networks=None):
    """Draw a digit, see how it is prepared, and how networks read it while you draw.

    *Keep it* stores the drawing, with the digit meant, in the learner's own file beside the
    progress, from which the notebooks load it; *Forget mine* deletes this file.

    ``networks`` is a dict of up to three networks by name, each a ``Network`` of NumPy with 784
    inputs or a module of torch. They stand below the stand-in, which has learned from distorted
    copies of the bundled digits. Raises ValueError for more than three networks, and for names of
    more than 14 letters. Shown in notebooks 00, 09 and 10.
    """
    networks = dict(networks or {})
    if len(networks) > 3 or any(len(name) > 14 for name in networks):
        raise ValueError(
            "networks must hold at most 3 networks with names of at most 14 letters, "
            f"got {list(networks)}"
        )
    networks = {STAND_IN: stand_in()} | networks
    return Lab(
        "Draw a digit",
        [
            Slider("pen", "width of the pen", 1, 5, 0.5, 2.5),
            Toggle("prepared", "prepare it like MNIST", True),
            Choice("meant", "the digit you meant", (NOT_SAID, *range(10)), NOT_SAID),
            Action("write", "Write a 7", write_seven),
            Action("undo", "Undo", undo),
            Action("clear", "Clear", clear),
            Action("keep", "Keep it", partial(keep_it, networks)),
            Action("forget", "Forget mine", forget),
        ],
        partial(compute, networks),
        draw,
        caption,
        hidden={"strokes": SEVEN, "note": Note("", (), NOT_SAID)},
        on_stroke=stroked,
        pen="pen",
        tracks=("write", "prepared"),
    )
