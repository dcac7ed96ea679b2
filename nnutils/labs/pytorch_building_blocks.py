"""The lab of notebook 08: a stack of blocks, its shapes and parameters, and its shape mistakes.

Nothing here uses PyTorch: shapes and verdicts follow from rules of one line each.
"""

import re
import textwrap
from ast import literal_eval
from math import log, prod
from typing import NamedTuple

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.patches import FancyBboxPatch

from nnutils.labs.base import Action, Choice, Lab, Slider
from nnutils.plotting import BLACK, BLUE, DARK_ORANGE, GREEN, GREY, YELLOW

__all__ = ["build_network_lab"]

INPUTS = {"784 numbers": (784,), "image 1×28×28": (1, 28, 28), "image 3×32×32": (3, 32, 32)}
SLOTS = 6
NOTHING = "—"
BLOCKS = (
    NOTHING,
    "Flatten()",
    "Linear(n, w)",
    "Linear(w, w)",
    "Linear(w, 10)",
    "ReLU()",
    "Conv2d(1, c, k)",
    "Conv2d(3, c, k)",
    "Conv2d(c, c, k)",
    "MaxPool2d(2)",
    "Dropout(0.5)",
)
MOST_INPUTS = 32 * 32 * 32  # of a Linear: 32 channels of 32×32 pixels


class Block(NamedTuple):
    """A block of torch with its numbers put in: ("Conv2d", (1, 20, 5))."""

    kind: str
    numbers: tuple

    @property
    def code(self):
        """The block as it is written in a program, without the nn. in front."""
        return f"{self.kind}({', '.join(map(str, self.numbers))})"

    @property
    def weight_shape(self):
        """The shape of its weight, outputs first; () if it has no parameters."""
        if self.kind == "Linear":
            n_in, n_out = self.numbers
            return (n_out, n_in)
        if self.kind == "Conv2d":
            c_in, c_out, k = self.numbers
            return (c_out, c_in, k, k)
        return ()

    @property
    def parameters(self):
        """The number of its weights and biases: there is one bias for each output."""
        if not self.weight_shape:
            return 0
        return prod(self.weight_shape) + self.weight_shape[0]


def block_from(option, **letters):
    """Return the block of an ``option`` of a slot, with a number in place of each letter."""
    kind, _, inside = option.rstrip(")").partition("(")
    words = [word.strip() for word in inside.split(",") if word.strip()]
    return Block(kind, tuple(letters[w] if w in letters else literal_eval(w) for w in words))


# --- The rules of shapes --------------------------------------------------------------------------


def shape_after(block, shape):
    """Return the shape that ``block`` makes of ``shape``. It must fit: ``mistake`` gives None."""
    if block.kind == "Flatten":
        return (shape[0], prod(shape[1:]))
    if block.kind == "Linear":
        return (*shape[:-1], block.numbers[1])
    if block.kind == "Conv2d":
        _, channels, k = block.numbers
        return (shape[0], channels, shape[2] - k + 1, shape[3] - k + 1)
    if block.kind == "MaxPool2d":
        return (*shape[:2], shape[2] // 2, shape[3] // 2)
    return shape


def mistake(block, shape):
    """Say in plain words why ``block`` cannot take ``shape``; None if it can."""
    if block.kind == "Linear":
        return _linear_mistake(block, shape)
    if block.kind in ("Conv2d", "MaxPool2d"):
        return _image_mistake(block, shape)
    return None


def _linear_mistake(block, shape):
    n_in = block.numbers[0]
    if shape[-1] == n_in:
        return None
    if len(shape) == 2:
        return (
            f"{block.code} takes {n_in:,} numbers for each example, but {shape[1]:,} arrive. "
            f"Its first number must be {shape[1]:,}."
        )
    return (
        f"{block.code} takes rows of {n_in:,} numbers, but the last axis of {shape} has "
        f"{shape[-1]:,}. Flatten() before it would lay out all {prod(shape[1:]):,} in one row."
    )


def _image_mistake(block, shape):
    if len(shape) == 2:
        return (
            f"{block.code} takes images, with four axes (examples, channels, rows, columns), but "
            f"plain rows of {shape[1]:,} numbers arrive."
        )
    if block.kind == "Conv2d" and shape[1] != block.numbers[0]:
        return (
            f"{block.code} takes images of {_channels(block.numbers[0])}, but those "
            f"that arrive have {_channels(shape[1])}. Its first number must be {shape[1]}."
        )
    window = block.numbers[-1]
    if min(shape[2:]) < window:
        return (
            f"{block.code} moves a window of {window}×{window} pixels, but the images "
            f"have shrunk to {shape[2]}×{shape[3]}: there is no place left for it."
        )
    return None


def _channels(number):
    return "1 channel" if number == 1 else f"{number} channels"


def remark(blocks, shapes):
    """Say what is odd about a stack that runs; an empty text if nothing is."""
    for block, shape in zip(blocks, shapes):
        if block.kind == "Linear" and len(shape) > 2:
            return (
                f"Odd: {block.code} works along the last axis, on every row of pixels by itself. "
                "As a rule Flatten() comes first."
            )
    if blocks and blocks[-1].kind in ("ReLU", "Dropout"):
        return f"Odd: the last block is {blocks[-1].code}. Logits should come out as they are."
    kinds = [block.kind for block in blocks if block.kind != "Dropout"]
    if any(pair == ("Linear", "Linear") for pair in zip(kinds, kinds[1:])):
        return "Odd: two Linear blocks without ReLU between them can do no more than one."
    return ""


# --- The lab --------------------------------------------------------------------------------------


class State(NamedTuple):
    """What the picture shows: ``shapes`` ends with the last one that was reached."""

    blocks: tuple
    shapes: tuple  # of the input and after each block, up to the first mistake
    problem: str | None  # the mistake of the block after the last shape
    remark: str


def compute(input, batch_size, n, w, c, k, **slots):
    """Follow the shape of a batch from block to block, as far as it fits."""
    options = [slots[f"block{number}"] for number in range(1, SLOTS + 1)]
    chosen = [option for option in options if option != NOTHING]
    blocks = tuple(block_from(option, n=n, w=w, c=c, k=k) for option in chosen)
    shapes = [(batch_size, *INPUTS[input])]
    for block in blocks:
        problem = mistake(block, shapes[-1])
        if problem:
            return State(blocks, tuple(shapes), problem, "")
        shapes.append(shape_after(block, shapes[-1]))
    return State(blocks, tuple(shapes), None, remark(blocks, shapes))


def total(state):
    """Return the number of parameters of all blocks."""
    return sum(block.parameters for block in state.blocks)


def verdict(state):
    """Say whether the stack runs, or which block stops it and why."""
    if state.problem:
        return f"Stops at block {len(state.shapes)}. {state.problem}"
    if not state.blocks:
        return "No block is chosen: the batch comes out as it went in."
    return f"Runs: {state.shapes[0]} becomes {state.shapes[-1]}. {state.remark}".strip()


def code_line(state):
    """Return the stack as a line of torch."""
    return f"nn.Sequential({', '.join(f'nn.{block.code}' for block in state.blocks)})"


def caption(state):
    """Say the line of torch, the parameters, and what happens to the batch."""
    return (
        f"{code_line(state)} has {total(state):,} parameters. A batch of shape {state.shapes[0]} "
        f"goes in. {verdict(state)}"
    )


# --- The picture, in pixels: 800 wide and 400 high ------------------------------------------------

ROW, TOP = 43, 353  # the height of a row, and the middle of the first one
LOOKS = {  # inside, border and text of the box of a block
    "input": ("white", GREY, BLACK),
    "plain": ("#E1F0FA", BLUE, BLACK),
    "learned": (BLUE, BLUE, "white"),  # it has parameters
    "stop": (DARK_ORANGE, DARK_ORANGE, "white"),
    "not reached": ("white", GREY, GREY),
    "empty": ("none", "none", "none"),
}
PANEL = {
    "runs": ("#E3F2EC", GREEN),
    "odd": ("#FDF3DC", YELLOW),
    "stops": ("#FBE9DE", DARK_ORANGE),
}


class Row(NamedTuple):
    """A row of the picture."""

    code: str
    look: str
    shape: tuple | None  # of what comes out
    count: str  # how the parameters are counted


def rows(state):
    """Return the rows of the picture: the input, the blocks, and empty ones up to the last slot."""
    result = [Row("input", "input", state.shapes[0], "")]
    for number, block in enumerate(state.blocks, start=1):
        if number < len(state.shapes):
            look = "learned" if block.parameters else "plain"
            result.append(Row(block.code, look, state.shapes[number], formula(block)))
        else:
            look = "stop" if number == len(state.shapes) else "not reached"
            result.append(Row(block.code, look, None, formula(block)))
    return result + [Row("", "empty", None, "")] * (SLOTS + 1 - len(result))


def formula(block):
    """Return how the parameters of ``block`` are counted, weights + biases."""
    if not block.parameters:
        return "0"
    weights = "·".join(map(str, block.weight_shape))
    return f"{weights} + {block.weight_shape[0]} = {block.parameters:,}"


def rectangle(x, y, width, height):
    """Return the corners of a rectangle; (x, y) is the middle of its left side."""
    low, high = y - height / 2, y + height / 2
    return [(x, low), (x + width, low), (x + width, high), (x, high)]


def glyph(shape, y):
    """Return rectangles for one example: a map for each channel, at most 14, or one long bar.

    The sides of a map are as its pixels; the length of a bar grows with the logarithm.
    """
    if len(shape) == 2:
        return [rectangle(224, y, 4 + 14 * log(shape[1]), 12)]
    height, width = (min(pixels, 32) + 2 for pixels in shape[2:])
    return [rectangle(224 + 8 * number, y, width, height) for number in range(min(shape[1], 14))]


def arrow(y):
    """Return the corners of an arrow head between a box at the height ``y`` and the one above."""
    return [(100, y + 27), (112, y + 27), (106, y + 18)]


def build(figure):
    """Make the axes, a box and three texts for each row, the panel and the shapes once."""
    axes = figure.subplots()
    axes.set(xlim=(12, 788), ylim=(6, 394))  # the margins of a lab's picture lie outside
    axes.axis("off")
    code = {"family": "DejaVu Sans Mono", "fontsize": 11, "va": "center_baseline"}
    for y in TOP - ROW * np.arange(SLOTS + 1):
        axes.add_patch(FancyBboxPatch((20, y - 10), 172, 20, boxstyle="round,pad=4", linewidth=1.5))
        axes.text(106, y, "", ha="center", **code)
        axes.text(390, y, "", **code)
        axes.text(788, y, "", ha="right", fontsize=11, va="center_baseline")
    axes.add_patch(FancyBboxPatch((22, 16), 756, 36, boxstyle="round,pad=8", linewidth=1.5))
    axes.text(24, 34, "", va="center", fontsize=11, linespacing=1.4)
    headings = {106: "block", 290: "one example", 465: "shape of the batch"}
    for x, label in headings.items():
        axes.text(x, 387, label, ha="center", va="center", color=GREY)
    axes.text(788, 387, "", ha="right", va="center", color=GREY)
    axes.add_collection(PolyCollection([], edgecolor="white", linewidth=0.8))


def draw(figure, state):
    """Draw the stack from top to bottom: every block, what comes out of it, its parameters."""
    if not figure.axes:
        build(figure)
    (axes,) = figure.axes
    *boxes, panel = axes.patches
    pieces, colors = [], []
    for number, (row, box) in enumerate(zip(rows(state), boxes)):
        y = TOP - ROW * number
        code, shape, count = axes.texts[3 * number : 3 * number + 3]
        inside, border, text_color = LOOKS[row.look]
        box.set(facecolor=inside, edgecolor=border)
        code.set(text=row.code, color=text_color)
        shape.set(text="" if row.shape is None else str(row.shape), color=BLACK)
        if row.look in ("stop", "not reached"):
            shape.set(text="does not fit" if row.look == "stop" else "not reached", color=border)
        count.set(text=row.count, color=GREY if row.count == "0" else BLACK)
        if row.code and number > 0:
            pieces.append(arrow(y))
            colors.append(GREY)
        if row.shape:
            pieces += glyph(row.shape, y)
            colors += [BLUE] * (len(pieces) - len(colors))
    axes.collections[0].set(verts=pieces, facecolor=colors)
    kind = "stops" if state.problem else "odd" if state.remark else "runs"
    panel.set(facecolor=PANEL[kind][0], edgecolor=PANEL[kind][1])
    message, *_, heading = axes.texts[3 * (SLOTS + 1) :]
    text = re.sub(r"(?<=\d), (?=\d)", ",\u00a0", verdict(state))  # no line ends within a shape
    message.set_text(textwrap.fill(text, 90))
    heading.set_text(f"parameters, {total(state):,} in all")


# --- Buttons --------------------------------------------------------------------------------------


def fit_n(**values):
    """Set n to what arrives where the stack stops, if it stops at a Linear(n, w)."""
    state = compute(**values)
    options = [values[f"block{number}"] for number in range(1, SLOTS + 1)]
    chosen = [option for option in options if option != NOTHING]
    arrives = state.shapes[-1][-1]
    stops_there = state.problem and chosen[len(state.shapes) - 1] == "Linear(n, w)"
    return {"n": arrives} if stops_there and arrives <= MOST_INPUTS else {}


def slots(*options):
    """Return the values of all slots: ``options``, then nothing."""
    filled = [*options, *[NOTHING] * (SLOTS - len(options))]
    return {f"block{number}": option for number, option in enumerate(filled, start=1)}


CONVOLUTIONS = slots(
    "Conv2d(1, c, k)", "ReLU()", "Conv2d(c, c, k)", "ReLU()", "Flatten()", "Linear(n, w)"
)
DENSE = slots("Flatten()", "Linear(n, w)", "ReLU()", "Linear(w, 10)")


def dense(**values):
    """Choose a network without convolutions, for images of 28×28 pixels."""
    return {**DENSE, "input": "image 1×28×28", "n": 784, "w": 128}


def build_network_lab():
    """Choose six blocks, read every shape and the parameters, and see why a stack does not fit."""
    return Lab(
        "Build a network from blocks",
        [
            Choice("input", "one example", tuple(INPUTS), "image 1×28×28"),
            Choice("batch_size", "examples in a batch", (1, 2, 16, 64, 200), 64),
            *(
                Choice(name, f"block {name[-1]}", BLOCKS, option)
                for name, option in CONVOLUTIONS.items()
            ),
            Slider("n", "n, numbers into Linear", 1, MOST_INPUTS, 1, 8000),
            Choice("w", "w, numbers out of it", (10, 32, 128, 512), 10),
            Choice("c", "c, channels", (4, 8, 20, 32), 20),
            Choice("k", "k, kernel size", (1, 3, 5, 7, 9), 5),
            Action("fit_n", "Fit n", fit_n),
            Action("dense", "Dense network", dense),
        ],
        compute,
        draw,
        caption,
        size=(8, 4),
        tracks=("input", "k", "batch_size"),
    )
