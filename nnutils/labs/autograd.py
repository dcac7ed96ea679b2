"""A lab of notebook 08: the graph of a formula, and the gradient on its way back through it."""

import time
from typing import NamedTuple

import numpy as np

from nnutils.autograd import Value
from nnutils.labs.base import Action, Choice, Lab, Slider, shown
from nnutils.plotting import BLACK, BLUE, DARK_GREEN, GREY, ORANGE

__all__ = ["engine_lab"]

FORMULAS = {  # text: (names of its variables, the formula itself)
    "(w·x + b − 10)²": (("w", "x", "b"), lambda w, x, b: (w * x + b - 10) ** 2),
    "a·b + a": (("a", "b"), lambda a, b: a * b + a),
    "tanh(w·x + b)": (("w", "x", "b"), lambda w, x, b: (w * x + b).tanh()),
    "1/(1 + exp(−z))": (("z",), lambda z: 1 / (1 + (-z).exp())),
}
NODES = 8  # of the largest formula
COLUMNS = 5  # of the longest one: that of its result, counted from 0
STEPS = 6  # of the longest way back: the result, then each operation
GAP = 1.2  # between the middles of two circles of one column
NEAR = 0.4  # a click chooses the circle whose middle is no farther than this
WORDS = {"+": "the sum", "−": "the difference", "×": "the product", "/": "the quotient"}


class State(NamedTuple):
    """What the picture shows."""

    formula: str
    places: dict  # Value -> (x, y), in the order of the computation, the result at the end
    passed: list  # the values that have passed their gradient back, the last one at the end
    reached: set  # the values whose gradient has begun to come
    step: int
    chosen: Value | None
    measured: float | None  # the gradient of the chosen variable by a central difference


def evaluate(formula, numbers):
    """Return the result of a formula as a Value."""
    names, function = FORMULAS[formula]
    return function(*(Value(number, name=name) for number, name in zip(numbers, names)))


def nudge(formula, numbers, place, h=1e-5):
    """Return how fast the result grows with one of the numbers, by a central difference."""
    above, below = list(numbers), list(numbers)
    above[place] += h
    below[place] -= h
    return (evaluate(formula, above).data - evaluate(formula, below).data) / (2 * h)


def compute(formula, first, second, third, step, chosen):
    """Compute the formula, then take some steps of the way back that ``Value.backward`` goes."""
    numbers, names = (first, second, third), FORMULAS[formula][0]
    values = evaluate(formula, numbers).origins()
    operations = [value for value in reversed(values) if value.record]
    step = min(step, len(operations) + 1)
    passed, reached = operations[: max(step - 1, 0)], set()
    if step:
        values[-1].grad, reached = 1.0, {values[-1]}
    for value in passed:
        value.pass_back()
        reached.update(operand for operand, _ in value.record)
    chosen = values[chosen] if chosen is not None and chosen < len(values) else None
    variable = chosen is not None and chosen.name in names
    measured = nudge(formula, numbers, names.index(chosen.name)) if variable else None
    return State(formula, places_of(values), passed, reached, step, chosen, measured)


def places_of(values):
    """Return {value: (x, y)}: operands to the left of their result, the first one on top."""
    users = {value: [] for value in values}
    for value in values:
        for operand, _ in value.record:
            users[operand].append(value)
    result = values[-1]
    column, height = {result: result.depth}, {result: 0.0}
    for value in reversed(values[:-1]):  # what is given stands beside its first use
        column[value] = value.depth if value.record else min(column[u] for u in users[value]) - 1
    for x in range(result.depth - 1, -1, -1):
        here = [value for value in values if column[value] == x]
        wanted = {value: np.mean([height[user] for user in users[value]]) for value in here}
        middle = np.mean(list(wanted.values()))
        for rank, value in enumerate(sorted(here, key=lambda value: -wanted[value])):
            height[value] = middle + GAP * ((len(here) - 1) / 2 - rank)
    right = (COLUMNS - result.depth) / 2  # to the middle of the picture
    up = -(max(height.values()) + min(height.values())) / 2
    return {value: (column[value] + right, height[value] + up) for value in values}


# --- The picture ---------------------------------------------------------------------------------


def build(figure):
    """Make the artists once: lines with their slopes, circles with name, number and gradient."""
    ax = figure.subplots()
    ax.axis("off")
    ax.set(xlim=(-0.5, COLUMNS + 0.5), ylim=(-1.75, 1.7))
    look = {"ha": "center", "va": "center", "zorder": 3}
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    for _ in range(NODES):
        ax.plot([], [], linewidth=1.3, zorder=1)
    for _ in range(NODES):
        ax.plot([], [], "o", markersize=34, color="white", markeredgewidth=2, zorder=2)
    for _ in range(NODES):
        ax.text(0, 0, "", fontsize=14, color=BLACK, **look)
        ax.text(0, 0, "", fontsize=12, color=BLACK, **look)
        ax.text(0, 0, "", fontsize=12, color=DARK_GREEN, fontweight="bold", **look)
        ax.text(0, 0, "", fontsize=11, color=GREY, bbox=box, **look)


def draw(figure, state):
    """Draw the graph: numbers above the circles, gradients below, slopes on the lines."""
    if not figure.axes:
        build(figure)
    (ax,) = figure.axes
    for artist in ax.lines:
        artist.set_data([], [])
    for text in ax.texts:
        text.set_text("")
    texts = [ax.texts[k : k + 4] for k in range(0, 4 * NODES, 4)]
    edges = [(value, *pair) for value in state.places for pair in value.record]
    for (value, operand, slope), line, (*_, text) in zip(edges, ax.lines, texts):
        (left, low), (x, y) = state.places[operand], state.places[value]
        along = np.linspace(0, 1, 21)
        bow = 4 * along * (1 - along) * GAP * (x - left - 1) / 2  # over the circles in between
        line.set_data(left + along * (x - left), low + along * (y - low) + bow)
        line.set_color(ORANGE if state.passed[-1:] == [value] else GREY)
        text.set_position((line.get_xdata()[10], line.get_ydata()[10]))
        text.set_text(f"· {brief(slope)}" if value in state.passed else "")
    for (value, (x, y)), circle, (name, number, gradient, _) in zip(
        state.places.items(), ax.lines[NODES:], texts
    ):
        last = state.passed[-1:] == [value] or (state.step == 1 and value in state.reached)
        circle.set_data([x], [y])
        circle.set_markeredgecolor(BLACK if value is state.chosen else ORANGE if last else BLUE)
        name.set_text(value.name or brief(value.data))
        name.set_fontsize(14 if len(name.get_text()) < 3 else 12)
        number.set_text(brief(value.data) if value.name else "")
        gradient.set_text(brief(value.grad) if value in state.reached else "")
        for text, height in ((name, y), (number, y + 0.38), (gradient, y - 0.39)):
            text.set_position((x, height))
    ax.set_title(state.formula)


# --- Words ---------------------------------------------------------------------------------------


def brief(number):
    """Return a number with three decimals at most."""
    return shown(round(number, 3))


def in_brackets(number):
    """Return a factor: a negative number stands in brackets."""
    return f"({brief(number)})" if number < 0 else brief(number)


def called(value):
    """Return what a value is called in a sentence: "w = 2", "the sum 7", "the number 10"."""
    if not value.record:
        number = brief(value.data)
        return f"{value.name} = {number}" if value.name else f"the number {number}"
    return f"{WORDS.get(value.name, value.name)} {brief(value.data)}"


def caption(state):
    """Say what the formula gives, what the last step did, and what the chosen gradient means."""
    names, result = FORMULAS[state.formula][0], list(state.places)[-1]
    numbers = {value.name: value.data for value in state.places if not value.record}
    given = ", ".join(f"{name} = {brief(numbers[name])}" for name in names)
    text = f"{state.formula} with {given} is {brief(result.data)}."
    return " ".join(filter(None, [text, last_step(state), choice(state)]))


def last_step(state):
    """Say what the last step of the way back did."""
    if not state.step:
        return "No gradient yet."
    if not state.passed:
        return "Step 1: the result has the gradient 1, for it grows as fast as itself."
    value = state.passed[-1]
    shares = " and ".join(
        f"{brief(value.grad)} · {in_brackets(slope)} to {called(operand)}"
        for operand, slope in value.record
    )
    return f"Step {state.step}: {called(value)} gives {shares}."


def choice(state):
    """Say what the gradient of the chosen value means, and measure it if it is a variable's."""
    value = state.chosen
    if value is None:
        return ""
    if value not in state.reached:
        return f"No gradient has come to {called(value)} yet."
    missing = any(
        value is operand
        for user in state.places
        if user not in state.passed
        for operand, _ in user.record
    )
    if missing:
        return f"Not all shares have come to {called(value)} yet."
    measured = "" if state.measured is None else f" (nudged: {brief(state.measured)})"
    return (
        f"When {called(value)} grows by a tiny h, the result changes by "
        f"{brief(value.grad)} · h{measured}."
    )


# --- What the button and a click do ---------------------------------------------------------------


def go_back(**values):
    """Go all the way back, a step to a frame."""
    for step in range(STEPS + 1):
        yield {"step": step, "progress": step / STEPS}
        time.sleep(0.4)  # slow enough to read


def choose(click, **values):
    """Choose the circle that was clicked, or none."""
    places = compute(**values).places.values()
    for k, (x, y) in enumerate(places):
        if np.hypot(click.x - x, click.y - y) <= NEAR:
            return {"chosen": k}
    return {"chosen": None}


def engine_lab():
    """Watch the gradient go back through the graph of a formula, and ask any circle about it."""
    return Lab(
        "The engine, step by step",
        [
            Choice("formula", "formula", tuple(FORMULAS), "(w·x + b − 10)²"),
            Slider("step", "steps back", 0, STEPS, 1, 3),
            Slider("first", "1st variable", -3.0, 3.0, 0.1, 2.0),
            Slider("second", "2nd variable", -3.0, 3.0, 0.1, 3.0),
            Slider("third", "3rd variable", -3.0, 3.0, 0.1, 1.0),
            Action("go_back", "Go back", go_back),
        ],
        compute,
        draw,
        caption,
        hidden={"chosen": None},
        on_click=choose,
        size=(8, 4),
        tracks=("go_back", "formula"),
    )
