"""The labs of notebook 00: a button that shows whether widgets answer, and a first small lab."""

import time
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Circle

from nnutils.labs.base import Action, Lab, Slider
from nnutils.plotting import BLUE, GREEN, GREY, LIGHT, ORANGE

__all__ = ["meet_the_point_lab", "widget_test_lab"]

# --- Do widgets answer? ---------------------------------------------------------------------------


def count_presses(presses):
    """Return the state of the test: how often the button was pressed."""
    return presses


def draw_lamp(figure, presses):
    """Draw a lamp, off until the button was pressed, with the answer beside it."""
    if not figure.axes:
        axes = figure.subplots()
        axes.add_patch(Circle((0.5, 0.5), 0.35, edgecolor=GREY, linewidth=2))
        axes.text(1.1, 0.5, "", va="center", fontsize=15)
        axes.set(xlim=(0, 5), ylim=(0, 1), aspect="equal")
        axes.axis("off")
    (axes,) = figure.axes
    axes.patches[0].set_facecolor(GREEN if presses else "white")
    axes.texts[0].set_text("widgets answer" if presses else "not pressed yet")


def caption_of_lamp(presses):
    """Say whether widgets answer."""
    if not presses:
        return "The button was not pressed yet."
    times = "once" if presses == 1 else f"{presses} times"
    return f"Widgets answer: you have pressed {times}."


def press(presses):
    """Count one press more."""
    return {"presses": presses + 1}


def widget_test_lab():
    """Press the button: when buttons, pictures and the kernel work together, the lamp goes on."""
    return Lab(
        "Do widgets answer?",
        [Action("press", "Press me", press)],
        count_presses,
        draw_lamp,
        caption_of_lamp,
        hidden={"presses": 0},
        size=(5, 1),
    )


# --- A first lab: one weight, one bias, one point -------------------------------------------------

LIMIT = 3  # sliders and axes go from −3 to 3
RATE = 0.1  # the share of the error that one update passes on
CLOSE = 0.005  # an error that is shown as 0.00


class State(NamedTuple):
    """What the picture shows: a line, a point, and how far the point lies above the line."""

    weight: float
    bias: float
    x: float
    y: float
    weighted_sum: float
    error: float


def compute(weight, bias, point):
    """Put the point's x through the one-input unit and compare the answer with its y."""
    x, y = point
    weighted_sum = weight * x + bias
    return State(weight, bias, x, y, weighted_sum, y - weighted_sum)


def build(figure):
    """Make the axes and their artists once."""
    axes = figure.subplots()
    axes.axhline(0, color=LIGHT, linewidth=1)
    axes.axvline(0, color=LIGHT, linewidth=1)
    axes.plot([], [], color=BLUE)  # the line
    axes.plot([], [], ":", color=GREY)  # the error
    axes.plot([], [], "^", color=ORANGE, markersize=11)  # the point
    axes.text(0, 0, "", va="center")
    axes.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), xlabel="input", ylabel="answer")


def draw(figure, state):
    """Draw the line, the point, and the error, dotted, between the two."""
    if not figure.axes:
        build(figure)
    (axes,) = figure.axes
    line, gap, point = axes.lines[2:]
    ends = np.array([-LIMIT, LIMIT])
    line.set_data(ends, state.weight * ends + state.bias)
    gap.set_data([state.x, state.x], [state.weighted_sum, state.y])
    point.set_data([state.x], [state.y])
    met = abs(state.error) < CLOSE
    axes.set_title("the line meets the point" if met else f"the error is {state.error:z.2f}")


def caption(state):
    """Say in numbers how the answer comes about and how far off it is."""
    return (
        f"Input {state.x:z.1f} times weight {state.weight:z.2f} plus bias {state.bias:z.2f} gives "
        f"{state.weighted_sum:z.2f}; the point lies at {state.y:z.1f}, so the error is "
        f"{state.error:z.2f}."
    )


def move_point(click, **values):
    """Put the point where the picture was clicked."""
    return {"point": (round(click.x, 1), round(click.y, 1))}


def learn(weight, bias, point):
    """Let the error change weight and bias a little, again and again, until it is gone."""
    error = first = compute(weight, bias, point).error
    while abs(error) >= CLOSE:
        weight = float(np.clip(weight + RATE * error * point[0], -LIMIT, LIMIT))
        bias = float(np.clip(bias + RATE * error, -LIMIT, LIMIT))
        error = compute(weight, bias, point).error
        yield {"weight": weight, "bias": bias, "progress": 1 - error / first}
        time.sleep(0.1)  # slow enough to watch


def meet_the_point_lab():
    """Move one weight and one bias until a line meets a point, or let it learn."""
    return Lab(
        "Let the line meet the point",
        [
            Slider("weight", "weight", -LIMIT, LIMIT, 0.05, 0.5),
            Slider("bias", "bias", -LIMIT, LIMIT, 0.05, -1.0),
            Action("learn", "Learn", learn),
        ],
        compute,
        draw,
        caption,
        hidden={"point": (2.0, 1.5)},
        on_click=move_point,
        size=(6, 4),
    )
