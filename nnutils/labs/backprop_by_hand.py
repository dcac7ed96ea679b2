"""Two labs of notebook 06: a training step, one number at a time, and what silences its delta.

In the picture of the first, everything is measured in pixels from its lower left corner.
"""

import math
import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from nnutils.activations import sigmoid, sigmoid_grad
from nnutils.labs.base import Action, Choice, Lab, Slider
from nnutils.labs.inspector import (
    LOSSES,
    Program,
    make_program,
    name_numbers,
    names_in,
    read,
    run,
    shown,
    source,
    take_over,
)
from nnutils.plotting import (
    BLACK,
    BLUE,
    DARK_GREEN,
    DARK_ORANGE,
    GREEN,
    GREY,
    LIGHT,
    LIGHT_BLUE,
    LIGHT_ORANGE,
    ORANGE,
    YELLOW,
)

__all__ = ["backprop_inspector_lab", "silent_delta_lab"]

WIDEST = 4
ACTIVATIONS = {"sigmoid": "sigmoid", "tanh": "tanh", "ReLU": "relu"}
ROWS = {"row 1": (1, 2, -1, 1), "row 2": (3, 4, 1, -2)}
TARGETS = {"row 1": (1, 0, 0, 0), "row 2": (0, 1, 0, 0)}
WEIGHTS = [np.array([[0.1, 0.3], [0.2, 0.4]]), np.array([[0.5, 0.6]])]  # of notebook 06
BIASES = [np.array([0.1, 0.2]), np.array([0.3])]
LARGE = 100  # a weight beyond this ends the training
START = 13  # the operation at the start: da1[0], where blame goes back through a weight

WORDS = {  # what an operation does, by the kind of number that it finds
    "z": "add up the weighted inputs",
    "a": "apply the activation",
    "L": "find the loss",
    "da": "how the loss changes with a",
    "dz": "how the loss changes with z",
    "dW": "the gradient of a weight",
    "db": "the gradient of a bias",
    "new W": "a step against the gradient",
    "new b": "a step against the gradient",
}

# The picture, in pixels; colours of what is not known from the other labs
INPUT, NEURON, LOSS, HEIGHT = 52, 130, 66, 34  # widths of the boxes, and their height
TAB, TO_LOSS, MIDDLE, SPACING, NEAR = 15, 26, 238, 56, 12
TOP, LINE, BOTTOM, ROOM, CENTRAL, AGREE = 112, 14, 14, 590, 700, 716  # of the table
TEXT, CAPITAL = 10 * 100 / 72, 10  # 10 points, and the height of a capital letter
NOW, USED = "#FFD966", "#FFF3C9"  # the number that was found last, and those it comes from
LIGHT_GREY, LIGHT_GREEN = "#EEEEEE", "#D5EFE5"
PHASES = [  # each with its colour in the bar, and a lighter one
    ("forward", GREY, LIGHT),
    ("backward", GREEN, "#BFE6DA"),
    ("update", YELLOW, "#F8E3BA"),
]


class State(NamedTuple):
    """What the picture shows."""

    program: Program
    place: int  # of the operation that was done last, in the pass, from 0
    pass_number: int  # from 1
    values: dict  # all numbers that this pass has found so far
    thing: str  # what the table shows
    selected: bool  # whether a click chose it
    setting: tuple  # row, activation and loss, as the controls call them
    loss_before: float | None  # of the pass before this one
    too_large: bool  # the training ended because a weight went beyond 100

    @property
    def operation(self):
        """The operation that was done last."""
        return self.program.operations[self.place]


def first_numbers(sizes, row, rate, seed):
    """Return the numbers before the first pass: notebook 06's network, or random weights.

    Random weights are multiples of 0.1 and biases odd multiples of 0.05: no first sum is exactly 0,
    where ReLU has its kink.
    """
    if sizes == (2, 2, 1) and seed == 0:
        weights, biases = WEIGHTS, BIASES
    else:
        rng = np.random.default_rng([seed, *sizes])
        shapes = [(n_out, n_in) for n_in, n_out in pairwise(sizes)]
        weights = [rng.choice([-1, 1], s) * rng.integers(1, 10, s) / 10 for s in shapes]
        biases = [(2 * rng.integers(-3, 3, n_out) + 1) / 20 for n_out, _ in shapes]
    return name_numbers(weights, biases, ROWS[row][: sizes[0]], TARGETS[row][: sizes[-1]], rate)


def chosen_program(inputs, hidden1, hidden2, outputs, activation, loss, **_):
    """Return the program of the chosen network; a hidden layer of width 0 is left out."""
    sizes = (inputs, *(width for width in (hidden1, hidden2) if width), outputs)
    return make_program(sizes, ACTIVATIONS[activation], loss)


def train(program, values, passes):
    """Return the numbers after some passes, the loss of the last, and how many there were.

    There are fewer than asked for when the next one would make a weight larger than 100.
    """
    loss = None
    for done in range(passes):
        after = run(program.operations, values)
        if max(abs(after[name]) for name in after if name.startswith("new ")) > LARGE:
            return values, loss, done
        values, loss = take_over(after), after["L"]
    return values, loss, passes


def compute(step, passes, seed, selected, row, rate, **network):
    """Train for the passes that are over, then go on to the operation of this step."""
    program = chosen_program(**network)
    over, place = divmod(step - 1, len(program.operations))
    start = first_numbers(program.sizes, row, rate, seed)
    values, loss_before, done = train(program, start, passes + over)
    too_large = done < passes + over
    if too_large:
        place = len(program.operations) - 1
    chosen = selected[1:] == (program.sizes, step, passes)
    return State(
        program=program,
        place=place,
        pass_number=done + 1,
        values=run(program.operations[: place + 1], values),
        thing=selected[0] if chosen else program.operations[place].thing,
        selected=chosen,
        setting=(row, network["activation"], network["loss"]),
        loss_before=loss_before,
        too_large=too_large,
    )


# --- Where everything stands ---------------------------------------------------------------------


class Box(NamedTuple):
    """A rectangle: its centre, width and height."""

    x: float
    y: float
    width: float
    height: float

    def contains(self, x, y):
        """Say whether the point lies inside."""
        return abs(x - self.x) <= self.width / 2 and abs(y - self.y) <= self.height / 2


def zoom(sizes):
    """Return how much larger than 10 points a small network is drawn."""
    return 1.15 if len(sizes) <= 3 and max(sizes) <= 2 else 1.0


@cache
def place_boxes(sizes):
    """Return a dict from every input, neuron and bias and the loss to its ``Box``."""
    last = len(sizes) - 1
    input_width, neuron, loss, height, tab = zoom(sizes) * np.array(
        [INPUT, NEURON, LOSS, HEIGHT, TAB]
    )
    widths = [input_width, *[neuron] * last]
    gap = min(150, (768 - sum(widths) - loss - TO_LOSS) / last)
    x = 400 - (sum(widths) + loss + TO_LOSS + gap * last) / 2
    spacing = min(90, 4 * SPACING / max(sizes))
    boxes = {}
    for layer, (n, width) in enumerate(zip(sizes, widths)):
        for j in range(n):
            y = MIDDLE + spacing * ((n - 1) / 2 - j)
            name = f"a{layer}[{j}]" if layer else f"x[{j}]"
            boxes[name] = Box(x + width / 2, y, width, height if layer else height / 2)
            if layer:
                below = y - height / 2 - tab / 2
                boxes[f"b{layer}[{j}]"] = Box(x + 0.8 * tab, below, 1.6 * tab, tab)
        x += width + (gap if layer < last else TO_LOSS)
    boxes["L"] = Box(x + loss / 2, MIDDLE, loss, height)
    return boxes


@cache
def place_edges(sizes):
    """Return a dict from every weight to the two ends of its line, each (x, y)."""
    boxes, edges = place_boxes(sizes), {}
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        for j in range(n_out):
            for i in range(n_in):
                ends = boxes[f"{source(layer)}[{i}]"], boxes[f"a{layer}[{j}]"]
                edges[f"W{layer}[{j},{i}]"] = between(*ends)
    return edges


def between(left, right):
    """Return the two ends of a line from one box to another, to the right of it."""
    return (left.x + left.width / 2, left.y), (right.x - right.width / 2, right.y)


def thing_at(x, y, sizes):
    """Return the box that holds the point, else the nearest line if it is near, else None."""
    for thing, box in place_boxes(sizes).items():
        if box.contains(x, y):
            return thing
    edges = place_edges(sizes)
    nearest = min(edges, key=lambda w: distance(x, y, *edges[w]))
    return nearest if distance(x, y, *edges[nearest]) <= NEAR else None


def distance(x, y, start, end):
    """Return the distance of the point from the line between ``start`` and ``end``."""
    (x0, y0), (x1, y1) = start, end
    across, up = x1 - x0, y1 - y0
    share = ((x - x0) * across + (y - y0) * up) / (across**2 + up**2)
    share = min(1, max(0, share))  # 0 at the start of the line, 1 at its end
    return math.hypot(x0 + share * across - x, y0 + share * up - y)


# --- The picture ---------------------------------------------------------------------------------


class Sheet:
    """Collect lines, boxes and texts, and put them into the three collections of the axes.

    Texts are drawn as outlines of letters: eighty of them take a tenth of the time of eighty
    ``Text`` artists.
    """

    def __init__(self):
        self.zoom = 1.0  # of the texts that follow: 10 points
        self.lines, self.boxes, self.texts = [], [], []

    def line(self, ends, color, width, style="solid"):
        """Draw a line between two points; ``width`` is in points."""
        self.lines.append((ends, color, width, style))

    def box(self, box, face, edge=GREY, width=0.8):
        """Draw a filled ``Box`` with a line around it."""
        right, up = box.width / 2, box.height / 2
        corners = [(-right, -up), (right, -up), (right, up), (-right, up)]
        self.boxes.append((np.add(corners, (box.x, box.y)), face, edge, width))

    def text(self, x, y, text, color=BLACK, *, align=0.0, bold=False):
        """Write ``text`` at x: from there on, up to there (``align`` 1) or around it (0.5)."""
        vertices, codes, _ = outline(text, bold)
        shift = np.round((x - align * self.width(text, bold), y - self.zoom * CAPITAL / 2))
        self.texts.append((Path(self.zoom * vertices + shift, codes), color))

    def width(self, text, bold=False):
        """Return the width of ``text`` in pixels."""
        return self.zoom * outline(text, bold)[2]

    def put_on(self, ax):
        """Show everything."""
        lines, boxes, texts = ax.collections
        ends, colors, widths, styles = zip(*self.lines)
        lines.set(segments=ends, colors=colors, linewidths=widths, linestyles=styles)
        corners, faces, edges, widths = zip(*self.boxes)
        boxes.set(verts=corners, facecolors=faces, edgecolors=edges, linewidths=widths)
        paths, colors = zip(*self.texts)
        texts.set(paths=paths, facecolors=colors)


@cache
def glyph(character, bold):
    """Return the outline of a character of 10 points: vertices, codes, and its width in pixels."""
    font = FontProperties(weight="bold" if bold else "normal")
    bar, both = (TextPath((0, 0), text, TEXT, prop=font) for text in ("|", character + "|"))
    end = len(both.vertices) - len(bar.vertices)  # the bar shows where the next letter begins
    return both.vertices[:end], both.codes[:end], both.vertices[-1, 0] - bar.vertices[-1, 0]


@lru_cache(1000)
def outline(text, bold):
    """Return the outline of a line of text: vertices, codes, and its width in pixels."""
    vertices, codes, widths = zip(*(glyph(character, bold) for character in text))
    starts = np.cumsum((0, *widths))
    moved = [v + (start, 0) for v, start in zip(vertices, starts)]
    return np.concatenate(moved), np.concatenate(codes), float(starts[-1])


def draw(figure, state):
    """Draw the network with its numbers, and below it the table of one part of it."""
    if not figure.axes:
        ax = figure.subplots()
        ax.set(xlim=(12, 788), ylim=(6, 394))  # within the margins of a lab: units are pixels
        ax.set_axis_off()
        ax.add_collection(LineCollection([], zorder=1), autolim=False)
        ax.add_collection(PolyCollection([], zorder=2), autolim=False)
        ax.add_collection(PathCollection([], zorder=3, linewidths=0), autolim=False)
    sheet = Sheet()
    draw_heading(sheet, state)
    sheet.zoom = zoom(state.program.sizes)
    draw_edges(sheet, state)
    draw_boxes(sheet, state)
    draw_table(sheet, state)
    sheet.put_on(figure.axes[0])


def draw_heading(sheet, state):
    """Write which operation this is, and the line of NumPy that it belongs to."""
    text = f"{where(state)}: {WORDS[kind(state.operation)]}"
    if state.too_large:
        text = f"Pass {state.pass_number}: a weight gets larger than {LARGE}, the training ends"
    sheet.text(14, 385, text, bold=True)
    sheet.text(786, 385, state.operation.line, GREY, align=1)
    draw_progress(sheet, state)


def draw_progress(sheet, state):
    """Draw a bar with one part for each phase of the pass, filled as far as the pass has come."""
    phases = [operation.phase for operation in state.program.operations]
    unit = 772 / len(phases)
    for phase, color, light in PHASES:
        first, length = phases.index(phase), phases.count(phase)
        done = np.clip(state.place + 1 - first, 0, length)
        for n, face in ((length, light), (done, color)):
            sheet.box(Box(14 + unit * (first + n / 2), 373, unit * n, 4), face, "white", 0.5)


def draw_edges(sheet, state):
    """Draw the weights, as thick as they are large; those in the formula show their numbers.

    A weight that was selected shows its number alone: two numbers could cover each other.
    """
    boxes, edges = place_boxes(state.program.sizes), place_edges(state.program.sizes)
    for name, box in boxes.items():
        if name.startswith(f"a{len(state.program.sizes) - 1}"):
            sheet.line(between(box, boxes["L"]), LIGHT, 1.5)
    bright = {*names_in(state.operation.formula), state.thing} & edges.keys()
    weights = {w: newest(state, w) for w in edges}
    largest = max(map(abs, weights.values())) or 1.0
    for w, ends in edges.items():
        color, style = (ORANGE, "solid") if weights[w] >= 0 else (BLUE, "dashed")
        color += "" if w in bright else "70"
        sheet.line(ends, color, 0.8 + 2.6 * abs(weights[w]) / largest, style)
    at = 0.36 if state.operation.phase == "forward" else 0.64  # apart from each other
    if state.thing in edges:
        bright, at = {state.thing}, 0.5
    for w in sorted(bright):
        start, end = map(np.array, edges[w])
        draw_label(sheet, state, w, *(start + at * (end - start)))


def draw_label(sheet, state, parameter, x, y, align=0.5):
    """Write the number that the operation found for a weight or bias, else the number it has."""
    found = state.operation.name if state.operation.thing == parameter else ""
    text = brief(state.values[found] if found else newest(state, parameter))
    face = NOW if found else USED
    framed = found or (state.selected and state.thing == parameter)
    width = sheet.width(text) + 8
    box = Box(x + (0.5 - align) * width, y, width, 16 * sheet.zoom)
    sheet.box(box, face, BLACK if framed else face, 1.6)
    sheet.text(box.x, y, text, DARK_GREEN if found.startswith("d") else BLACK, align=0.5)


def newest(state, parameter):
    """Return a weight or bias: the new one, once it is known."""
    return state.values.get(f"new {parameter}", state.values[parameter])


def draw_boxes(sheet, state):
    """Draw inputs, neurons, biases and the loss with the numbers known so far."""
    boxes, used = place_boxes(state.program.sizes), names_in(state.operation.formula)
    for thing, box in boxes.items():
        if thing[0] == "b":
            sign = LIGHT_ORANGE if newest(state, thing) >= 0 else LIGHT_BLUE
            sheet.box(box, sign)
            sheet.text(box.x, box.y, "b", align=0.5)
            if thing in used or thing == state.thing:
                draw_label(sheet, state, thing, box.x + box.width / 2 + 4, box.y, align=0.0)
        elif thing[0] == "a":
            draw_neuron(sheet, state, thing, box)
        else:
            draw_cell(sheet, state, thing, box)
    if state.selected and state.thing in boxes:
        box = boxes[state.thing]
        sheet.box(box._replace(width=box.width + 5, height=box.height + 5), "none", BLACK, 2)
    draw_names(sheet, state)


def draw_neuron(sheet, state, thing, box):
    """Draw the four numbers of a neuron: z and a, below them their gradients."""
    z = thing.replace("a", "z")
    found = {operation.name for operation in state.program.operations}
    width, height = box.width / 2, box.height / 2
    for name, across, up in [(z, -1, 1), (thing, 1, 1), ("d" + z, -1, -1), ("d" + thing, 1, -1)]:
        if name in found:  # there is no da where cross-entropy leads straight to dz
            cell = Box(box.x + across * width / 2, box.y + up * height / 2, width, height)
            draw_cell(sheet, state, name, cell)


def draw_cell(sheet, state, name, box):
    """Draw one number, or a dot while it is not known; bright if the operation uses or found it."""
    gradient = name[0] == "d"
    face = "white"
    if name in state.values:
        face = LIGHT_GREEN if gradient else LIGHT_GREY
    if name in names_in(state.operation.formula):
        face = USED
    if name == state.operation.name:
        face = NOW
    sheet.box(box, face, BLACK if face == NOW else GREY, 1.8 if face == NOW else 0.8)
    text = brief(state.values[name]) if name in state.values else "·"
    sheet.text(box.x, box.y, text, DARK_GREEN if gradient else BLACK, align=0.5)


def draw_names(sheet, state):
    """Write the names of the numbers above their columns, the targets and the loss before."""
    sizes = state.program.sizes
    boxes = place_boxes(sizes)
    sheet.text(boxes["x[0]"].x, 354, "x", align=0.5)
    for layer in range(1, len(sizes)):
        x, *_, width, _ = boxes[f"a{layer}[0]"]
        for name, at in ((f"z{layer}", x - width / 4), (f"a{layer}", x + width / 4)):
            sheet.text(at, 362, name, align=0.5)
            if any(operation.name == f"d{name}[0]" for operation in state.program.operations):
                sheet.text(at, 347, "d" + name, DARK_GREEN, align=0.5)
    x, line = boxes["L"].x, LINE * sheet.zoom
    sheet.text(x, MIDDLE + 1.8 * line, "loss L", align=0.5)
    sheet.text(x, MIDDLE - 1.8 * line, "right:", align=0.5)
    targets = [shown(state.values[f"y[{k}]"]) for k in range(sizes[-1])]
    sheet.text(x, MIDDLE - 2.8 * line, ", ".join(targets), align=0.5)
    for text, color, up in (("— weight > 0", DARK_ORANGE, 2.7), ("-- weight < 0", BLUE, 1.6)):
        sheet.text(786, TOP * sheet.zoom + up * LINE, text, color, align=1)
    if state.loss_before is not None:
        sheet.text(x, MIDDLE + 4.2 * line, "before", GREY, align=0.5)
        sheet.text(x, MIDDLE + 3.2 * line, brief(state.loss_before), GREY, align=0.5)


def draw_table(sheet, state):
    """Write the numbers of one thing, with their formulas and central differences."""
    y, line = TOP * sheet.zoom, LINE * sheet.zoom
    sheet.line([(12, y + 9), (788, y + 9)], LIGHT, 1)
    sheet.text(14, y, title(state), bold=True)
    readings, missing = known_and_missing(state)
    if any(reading.central_difference is not None for reading in readings):
        sheet.text(CENTRAL, y, "central difference", align=1)
        sheet.text(AGREE, y, "agree")
    for reading in readings:
        now = reading.operation.name == state.operation.name
        lines = formula_lines(reading, now, sheet)
        if now:
            middle = y - line * (len(lines) + 1) / 2
            sheet.box(Box(400, middle, 776, line * len(lines)), NOW, NOW, 0)
        color = DARK_GREEN if reading.operation.name[0] == "d" else BLACK
        for text in lines:
            y -= line
            sheet.text(14, y, text, color)
        if reading.central_difference is not None:
            sheet.text(CENTRAL, y, shown(reading.central_difference), color, align=1)
            sheet.text(AGREE, y, verdict(reading), color)
    if missing and y - line >= BOTTOM:
        sheet.text(14, y - line, f"Not computed yet: {missing}.", GREY)


# --- Words ---------------------------------------------------------------------------------------


def brief(number):
    """Return a number in at most 7 characters, for the boxes."""
    if number == 0 or 0.001 <= abs(number) < 1000:
        return shown(round(number, 4 if abs(number) < 10 else 2))
    return shown(number, ".1e" if 1e-9 < abs(number) < 1e10 else ".0e")


def where(state):
    """Say how far the training has come."""
    place = f"operation {state.place + 1} of {len(state.program.operations)}"
    return f"Pass {state.pass_number}, {place}, {state.operation.phase}"


def title(state):
    """Say what the table shows."""
    return name_thing(state) + (" (selected)" if state.selected else "")


def name_thing(state):
    """Return what the thing is called, with its value and place."""
    thing = state.thing
    if thing == "L":
        return "Loss L"
    if thing[0] == "a":
        return f"Neuron {thing[3]} of layer {thing[1]}"
    named = f"{thing} = {shown(state.values[thing])}"
    if thing[0] == "x":
        return f"Input {named}: given, it needs no gradient"
    if thing[0] == "b":
        return f"Bias {named} of neuron {thing[3]} in layer {thing[1]}"
    layer, j, i = thing[1], thing[3], thing[5]
    return f"Weight {named}, from {source(int(layer))}[{i}] to z{layer}[{j}]"


def formula_parts(reading):
    """Return name, formula, formula with numbers, and value, each only where it says more."""
    name, formula = reading.operation.name, reading.operation.formula
    if reading.operation.phase == "local":
        name = f"local derivative {name}"
    parts = [name, formula, reading.numbers, shown(reading.value)]
    return [part for part, before in zip(parts, ["", *parts]) if part != before]


def formula_lines(reading, now, sheet):
    """Return the lines that a reading takes in the table; what is long loses its symbols.

    The operation of ``now`` keeps them, on a line of their own.
    """
    room = 772 if reading.central_difference is None else ROOM
    name, *parts = formula_parts(reading)
    whole = " = ".join([name, *parts])
    if sheet.width(whole) <= room:
        return [whole]
    formula, numbers, value = parts
    lines = [f"{name} = {formula}"] if now else []
    start = f"{'      ' if now else name} = {numbers}"
    if sheet.width(f"{start} = {value}") <= room:
        return [*lines, f"{start} = {value}"]
    return [*lines, start, f"       = {value}"]


def kind(operation):
    """Return what kind of number an operation finds, such as "z", "dW" or "new W"."""
    return re.sub(r"\d.*", "", operation.name)


def describe(state):
    """Say what is trained on what."""
    sizes, values = state.program.sizes, state.values
    row, activation, loss = state.setting
    x = ", ".join(shown(values[f"x[{i}]"]) for i in range(sizes[0]))
    y = ", ".join(shown(values[f"y[{k}]"]) for k in range(sizes[-1]))
    return (
        f"Network {'–'.join(map(str, sizes))}, {activation}, {loss}, "
        f"learning rate {shown(values['rate'])}, {row}: x = ({x}), y = ({y})."
    )


def known_and_missing(state):
    """Return the readings of the thing that are known so far, and the names of the others."""
    readings = read(state.program, state.thing, state.values)
    known = [reading for reading in readings if reading.value is not None]
    missing = [reading.operation.name for reading in readings if reading.value is None]
    return known, ", ".join(missing)


def verdict(reading):
    """Say whether the central difference agrees; at the kink of a ReLU it does not."""
    return "yes" if reading.agrees else "no: kink"


def say(reading):
    """Say in words how a number was found, and whether the central difference agrees."""
    text = " = ".join(formula_parts(reading))
    if reading.central_difference is not None:
        difference = shown(reading.central_difference)
        text += f"; central difference {difference}, agree: {verdict(reading)}"
    return text + "."


def caption(state):
    """Say in words what the operation did, what else was selected, and what is trained on what."""
    operation = state.operation
    done = next(
        reading
        for reading in read(state.program, operation.thing, state.values)
        if reading.operation.name == operation.name
    )
    text = [f"{where(state)}, {WORDS[kind(operation)]}: {say(done)}"]
    if state.too_large:
        text.append(f"A weight gets larger than {LARGE}: the training ends here.")
    if state.selected:
        readings, missing = known_and_missing(state)
        text += [f"{title(state)}.", *map(say, readings)]
        if missing:
            text.append(f"Not computed yet: {missing}.")
    if state.loss_before is not None:
        text.append(f"The loss in the pass before was {shown(state.loss_before)}.")
    return " ".join([*text, describe(state)])


# --- What buttons and clicks do ------------------------------------------------------------------


def go(values, found):
    """Go forward to the next operation for which ``found(this, following)`` is true."""
    operations = chosen_program(**values).operations
    length = len(operations)
    place = values["passes"] * length + values["step"]  # of the next operation, over all passes
    while not found(operations[place % length], operations[(place + 1) % length]):
        place += 1
    return go_to(place, length)


def go_to(place, length):
    """Return the changed values that lead to operation number ``place`` over all passes."""
    return {"passes": place // length, "step": place % length + 1, "selected": ()}


def begin(**values):
    """Go to the first operation of the first pass."""
    return go_to(0, 1)


def go_on(**values):
    """Do one operation."""
    return go(values, lambda this, following: True)


def go_back(**values):
    """Undo one operation; the weights of the pass before come back too."""
    length = len(chosen_program(**values).operations)
    return go_to(max(0, values["passes"] * length + values["step"] - 2), length)


def next_line(**values):
    """Do all operations of one line of NumPy code."""
    return go(values, lambda this, following: this.line != following.line)


def next_loss(**values):
    """Go on to the next loss, through the update and into the next pass."""
    return go(values, lambda this, following: this.name == "L")


def new_weights(seed, **values):
    """Draw other weights and begin with the first operation."""
    return {"seed": seed + 1} | begin()


def select(click, step, passes, **values):
    """Show the thing under the click until the next operation; beside all things, show none."""
    sizes = chosen_program(**values).sizes
    thing = thing_at(click.x, click.y, sizes)
    return {"selected": (thing, sizes, step, passes) if thing else ()}


def backprop_inspector_lab():
    """Walk through forward, backward and update of a small network, one number at a time.

    The network of notebook 06 is there at the start, in the middle of its way back; up to three
    layers of up to four neurons.
    """
    largest = make_program((WIDEST,) * 4)
    return Lab(
        "Look into backpropagation, one operation at a time",
        [
            Slider("step", "operation", 1, len(largest.operations), 1, START),
            Choice("row", "example", tuple(ROWS), "row 2"),
            Slider("inputs", "inputs", 1, WIDEST, 1, 2),
            Slider("hidden1", "hidden layer 1", 0, WIDEST, 1, 2),
            Slider("hidden2", "hidden layer 2", 0, WIDEST, 1, 0),
            Slider("outputs", "outputs", 1, WIDEST, 1, 1),
            Choice("activation", "activation", tuple(ACTIVATIONS), "sigmoid"),
            Choice("loss", "loss", LOSSES, "squared error"),
            Slider("rate", "learning rate", 0.1, 2.0, 0.1, 0.5),
            Action("begin", "From the start", begin),
            Action("go_on", "Next", go_on),
            Action("go_back", "Back", go_back),
            Action("next_line", "Next line", next_line),
            Action("next_loss", "Next loss", next_loss),
            Action("new_weights", "New weights", new_weights),
        ],
        compute,
        draw,
        caption,
        hidden={"passes": 0, "seed": 0, "selected": ()},
        on_click=select,
        size=(8, 4),
        tracks=("step",),
    )


# --- Squared error goes silent -------------------------------------------------------------------

DESCENT = 50  # steps
SQUARED, ENTROPY = ("squared error", ORANGE, "--"), ("cross-entropy", BLUE, "-")


class Silence(NamedTuple):
    """What the picture of the two deltas shows: a sigmoid output at ``z`` that should say 1."""

    z: float
    rate: float
    paths: tuple  # two arrays (51,): z before each step, with squared error and cross-entropy


def squared_delta(z):
    """Return the slope of (σ(z) − 1)²."""
    return 2 * (sigmoid(z) - 1) * sigmoid_grad(z)


def entropy_delta(z):
    """Return the slope of −ln σ(z)."""
    return sigmoid(z) - 1


def descend(delta, z, rate):
    """Return z before each step of gradient descent, and after the last."""
    path = [z]
    for _ in range(DESCENT):
        path.append(path[-1] - rate * delta(path[-1]))
    return np.array(path)


def compute_silence(z, rate):
    """Let one output descend from ``z`` with each of the two losses."""
    return Silence(z, rate, (descend(squared_delta, z, rate), descend(entropy_delta, z, rate)))


def losses_of(state):
    """Return both losses on the way, as shares of what they were at the start."""
    squared, entropy = (1 - sigmoid(state.paths[0])) ** 2, -np.log(sigmoid(state.paths[1]))
    return squared / squared[0], entropy / entropy[0]


def draw_silence(figure, state):
    """Draw both deltas against z with the chosen place, and beside them both losses falling."""
    if not figure.axes:
        deltas, losses = figure.subplots(1, 2)
        z = np.linspace(-10, 5, 121)
        deltas.axvline(0, color=LIGHT, linewidth=1.5)
        for (name, color, style), delta in zip((SQUARED, ENTROPY), (squared_delta, entropy_delta)):
            deltas.plot(z, delta(z), style, color=color, linewidth=2)
            losses.plot([], [], style, color=color, linewidth=2, label=name)
        for _, color, _ in (SQUARED, ENTROPY):
            deltas.plot([], [], "o", color=color, markersize=9, clip_on=False)
        deltas.set(xlim=(-10, 5), ylim=(-1.08, 0.08), xticks=range(-10, 6, 5))
        deltas.set(xlabel="z", title="delta, if 1 is right")
        losses.set(xlim=(0, DESCENT), ylim=(0, 1.08), xlabel="step", title="loss (1 at the start)")
        losses.legend(loc="upper right", bbox_to_anchor=(1, 0.92))
    deltas, losses = figure.axes
    for k, (delta, loss) in enumerate(zip((squared_delta, entropy_delta), losses_of(state))):
        deltas.lines[3 + k].set_data([state.z], [delta(state.z)])
        losses.lines[k].set_data(np.arange(DESCENT + 1), loss)


def say_silence(state):
    """Say how large the deltas are, and what the output says after the steps."""
    said = [sigmoid(path[-1]) for path in state.paths]
    return (
        f"An output says {shown(sigmoid(state.z))} (z = {shown(state.z)}), and 1 is right. Delta "
        f"for squared error {shown(squared_delta(state.z))}, for cross-entropy "
        f"{shown(entropy_delta(state.z))}. After {DESCENT} steps with rate {shown(state.rate)} it "
        f"says {shown(said[0], '.2g')} with squared error, {shown(said[1], '.2g')} with "
        "cross-entropy."
    )


def silent_delta_lab():
    """Choose how wrong an output is, and see which of two losses sends an error back."""
    return Lab(
        "How loud is delta?",
        [
            Slider("z", "z at the start", -10.0, 5.0, 0.5, -5.0),
            Slider("rate", "learning rate", 0.1, 3.0, 0.1, 1.0),
        ],
        compute_silence,
        draw_silence,
        say_silence,
        size=(8, 3.2),
        tracks=("z", "rate"),
    )
