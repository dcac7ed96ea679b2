"""The labs of notebook 02: what weights and bias do to the line, by hand and by learning."""

import time
from typing import NamedTuple

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nnutils.labs.base import Action, Choice, Lab, Slider, shown
from nnutils.perceptron import Perceptron
from nnutils.plotting import (
    BLACK,
    BLUE,
    CLASS_COLORS,
    CLASS_MARKERS,
    GREY,
    LIGHT_BLUE,
    LIGHT_ORANGE,
    ORANGE,
)

__all__ = ["line_lab", "perceptron_lab"]

DATA = ("separable", "noisy", "XOR")
RATE = 0.5  # with points on a grid of 0.1 every learned weight is a multiple of 0.05
LIMIT = 6.0  # of the sliders
EDGE = 2.5  # of the plane
EPOCHS = 15  # of one press on "Learn"
FAR = 1000.0  # beyond every line that the sliders can make

LEAVES = np.array([[-2, -3], [0, -3], [2, 1], [3, -1], [1, 2], [-3, 1], [3, 0], [-1, -2]])
KINDS = np.array([0, 1, 1, 1, 0, 0, 1, 0])  # their labels: 0 is a linden, 1 a willow
LEAVES_EDGE = 4.0  # of their plane


class State(NamedTuple):
    """What the picture shows. Only learning has a class to drop and a history."""

    X: np.ndarray  # (n, 2) the examples, dropped ones last
    y: np.ndarray  # (n,)
    y_hat: np.ndarray  # (n,) what the perceptron answers
    w: np.ndarray  # (2,)
    b: float
    example: int  # the row of X whose sum is worked out
    drop: str = ""  # the class of the point that a click adds
    history: tuple = ()  # the number of wrong examples after every update


def make_points(data, seed):
    """Return 24 points (24, 2) on a grid of 0.1 and their labels (24,), 12 of each class."""
    rng = np.random.default_rng(seed)
    X = np.round(rng.uniform(-2.2, 2.2, (400, 2)), 1)
    if data == "XOR":
        y = ((X[:, 0] > 0) != (X[:, 1] > 0)).astype(int)
        clear = np.abs(X).min(axis=1) >= 0.3
    else:
        angle = rng.uniform(0, 2 * np.pi)
        distance = X @ [np.cos(angle), np.sin(angle)] - rng.uniform(-0.6, 0.6)
        y = (distance > 0).astype(int)
        clear = np.abs(distance) >= 0.1
    rows = [np.flatnonzero(clear & (y == label))[:12] for label in (0, 1)]
    rows = rng.permutation(np.concatenate(rows))
    X, y = X[rows], y[rows]
    if data == "noisy":
        y[:3] = 1 - y[:3]
    return X, y


def examples(data, seed, dropped):
    """Return the points of ``make_points`` with the ``dropped`` (x1, x2, label) behind them."""
    X, y = make_points(data, seed)
    dropped = np.array(dropped, dtype=float).reshape(-1, 3)
    return np.vstack([X, dropped[:, :2]]), np.append(y, dropped[:, 2].astype(int))


def perceptron(w1, w2, b):
    """Return a perceptron with these weights and this bias."""
    model = Perceptron(2, rate=RATE)
    model.w, model.b = np.array([w1, w2]), b
    return model


def compute(w1, w2, b, data, drop, seed, dropped, next, history, learned_on):
    """Let the perceptron answer every example."""
    X, y = examples(data, seed, dropped)
    model = perceptron(w1, w2, b)
    y_hat = np.array([model.predict(x) for x in X])  # one by one, exactly as ``update`` does
    if learned_on != (data, seed):
        history = ()
    return State(X, y, y_hat, model.w, model.b, next % len(X), drop, history)


# --- The picture ---------------------------------------------------------------------------------


def build(figure, state):
    """Make the three axes and their artists once: the plane, the neuron, the history."""
    grid = figure.add_gridspec(2, 2, height_ratios=[2.6, 1])
    build_plane(figure.add_subplot(grid[:, 0]), EDGE)
    build_neuron(figure.add_subplot(grid[0, 1]))
    build_history(figure.add_subplot(grid[1, 1]))


def build_plane(ax, edge):
    """Make the artists of the plane: both sides, the line, the points, the arrow of w."""
    ax.set_facecolor(LIGHT_BLUE)
    ax.fill([], [], color=LIGHT_ORANGE)  # where the answer is 1
    ax.plot([], [], color=BLACK)  # the line
    ax.plot([], [], "x", color=BLACK, markersize=14, markeredgewidth=2)  # behind the wrong ones
    for colour, marker in zip(CLASS_COLORS, CLASS_MARKERS):
        ax.plot([], [], marker, color=colour, markersize=9, markeredgecolor="white")
    ax.plot([], [], "s", color="none", markersize=17, markeredgecolor=BLACK, markeredgewidth=2)
    scale = 3.5 / edge  # the arrow is as long in every plane
    ax.quiver([0], [0], [0], [0], color=BLACK, angles="xy", scale_units="xy", scale=scale)
    ax.set(xlim=(-edge, edge), ylim=(-edge, edge), xlabel="$x_1$", ylabel="$x_2$", aspect="equal")


def build_neuron(ax):
    """Make the circles, the edges and the empty texts of the neuron."""
    ax.set(xlim=(0, 10), ylim=(0, 6.4))
    ax.axis("off")
    inputs, unit, output = [(1, 5.5), (1, 3.7), (1, 1.9)], (6, 3.7), (9.2, 3.7)
    for place in inputs:
        ax.plot(*np.transpose([place, unit]), color=GREY, zorder=1)
    ax.plot(*np.transpose([unit, output]), color=GREY, zorder=1)
    circles = [*inputs, unit, output]
    ax.scatter(*np.transpose(circles), s=1200, color="white", edgecolors=BLACK, zorder=2)
    centred = {"ha": "center", "va": "center", "fontsize": 11, "zorder": 3}
    for place in circles:
        ax.text(*place, "", **centred)
    for place in [(3.4, 4.6), (3.4, 3.7), (3.4, 2.8)]:
        ax.text(*place, "", bbox={"color": "white", "pad": 1}, **centred)
    for x, y, text in [(6, 5.1, "sum z"), (7.6, 2.5, "z ≥ 0 ?"), (9.2, 5.1, "answer")]:
        ax.text(x, y, text, **centred)
    ax.text(0.2, 0.1, "", fontsize=11, ha="left", va="bottom")


def build_history(ax):
    """Make the curve of wrong examples."""
    ax.plot([], [], color=BLACK, marker=".", linewidth=1.2)
    ax.set(xlabel="updates so far", ylabel="wrong")


def draw(figure, state):
    """Draw the plane with the line, the sum for the next example, and the wrong ones so far."""
    if not figure.axes:
        build(figure, state)
    plane, neuron, history = figure.axes
    draw_plane(plane, state)
    draw_neuron(neuron, state)
    draw_history(history, state)


def draw_plane(ax, state):
    """Put the line, the sides of the two answers and the points in their places."""
    foot, ahead, along = line_geometry(state.w, state.b)
    ends = np.array([foot - FAR * along, foot + FAR * along])
    line, wrong, zeros, ones, spot = ax.lines[:5]
    line.set_data(*ends.T)
    if ahead.any():
        ax.patches[0].set_xy(np.vstack([ends, ends[::-1] + FAR * ahead]))
    else:  # without weights the bias alone decides, everywhere the same
        ax.patches[0].set_xy((state.b >= 0) * FAR * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]))
    ax.collections[0].set_offsets([foot])
    ax.collections[0].set_UVC(*ahead[:, None])
    zeros.set_data(*state.X[state.y == 0].T)
    ones.set_data(*state.X[state.y == 1].T)
    wrong.set_data(*state.X[state.y_hat != state.y].T)
    spot.set_data(*state.X[[state.example]].T)
    ax.set_title(f"{count_wrong(state)} of {len(state.y)} wrong (×)")


def line_geometry(w, b):
    """Return the point of the line nearest to the origin, the direction of w, and the line's."""
    length = np.linalg.norm(w)
    if length == 0:
        return np.zeros((3, 2))
    ahead = w / length
    return -b / length * ahead, ahead, np.array([-ahead[1], ahead[0]])


def draw_neuron(ax, state):
    """Write the numbers of the next example into the neuron; edges are as thick as weights."""
    x, w = state.X[state.example], state.w
    numbers = [*x, 1, weighted_sum(state)]
    for text, number in zip(ax.texts, numbers):
        text.set_text(shown(number))
    ax.texts[4].set_text(f"{state.y_hat[state.example]}")
    ax.collections[0].set_facecolor(["white"] * 4 + [tint(state.y_hat[state.example])])
    names = ("w₁", "w₂", "b")
    for k, (name, value) in enumerate(zip(names, [*w, state.b])):
        ax.texts[5 + k].set_text(f"{name} = {shown(value)}")
        ax.lines[k].set_color(ORANGE if value >= 0 else BLUE)
        ax.lines[k].set_linewidth(0.5 + abs(value))
    ax.texts[-1].set_text(next_step(state))


def draw_history(ax, state):
    """Draw how many examples were wrong after every update."""
    ax.lines[0].set_data(np.arange(1, len(state.history) + 1), state.history)
    ax.set_xlim(0, max(10, len(state.history)))
    ax.set_ylim(0, max(6, *state.history, 6) + 1)


def tint(label):
    """Return the light colour of a class."""
    return LIGHT_ORANGE if label else LIGHT_BLUE


# --- Words ---------------------------------------------------------------------------------------


def count_wrong(state):
    """Return how many examples are answered wrong."""
    return int((state.y_hat != state.y).sum())


def weighted_sum(state):
    """Return z of the chosen example, without the rounding noise of the sliders' steps."""
    return round(float(state.w @ state.X[state.example] + state.b), 6) + 0.0


def next_step(state):
    """Say what one step of the rule will do."""
    label = state.y[state.example]
    error = label - state.y_hat[state.example]
    if error == 0:
        return f"It is class {label}: right, a step changes nothing."
    sign = "+" if error > 0 else "−"
    return (
        f"It is class {label}: wrong. A step changes\n(w₁, w₂, b) by {sign}{RATE:g} × the inputs."
    )


def caption(state):
    """Say in words how the perceptron does and what the next step will do."""
    w1, w2, b, z = map(shown, [*state.w, state.b, weighted_sum(state)])
    x1, x2 = map(shown, state.X[state.example])
    answer = state.y_hat[state.example]
    too_high, too_low = (int((state.y_hat - state.y == sign).sum()) for sign in (1, -1))
    return (
        f"Weights {w1} and {w2}, bias {b}: {count_wrong(state)} of {len(state.y)} examples wrong "
        f"({too_high} of class 0 are called 1, {too_low} of class 1 are called 0). "
        f"Updates so far: {len(state.history)}. "
        f"The next example (□) is ({x1}, {x2}) with z = {z} and answer {answer}. "
        + next_step(state).replace("\n", " ")
        + f" A click drops a point of {state.drop}."
    )


# --- What the buttons do -------------------------------------------------------------------------


def look(model, X, y, values):
    """Show ``model`` one example; return the changed values, and whether the weights changed."""
    i = values["next"] % len(X)
    changed = model.update(X[i], y[i])
    history = values["history"] if values["learned_on"] == (values["data"], values["seed"]) else ()
    if changed:
        history = (*history, sum(int(model.predict(x) != label) for x, label in zip(X, y)))
    return {
        **as_sliders(model),
        "next": (i + 1) % len(X),
        "history": history,
        "learned_on": (values["data"], values["seed"]),
    }, changed


def as_sliders(model):
    """Return the weights as values of the sliders, which end at ±6."""
    w1, w2, b = np.clip(np.round([*model.w, model.b], 2), -LIMIT, LIMIT) + 0.0
    return {"w1": float(w1), "w2": float(w2), "b": float(b)}


def step(**values):
    """Look at one example: change the weights if it is wrong, and go on to the next."""
    X, y = examples(values["data"], values["seed"], values["dropped"])
    model = perceptron(values["w1"], values["w2"], values["b"])
    return look(model, X, y, values)[0]


def learn(**values):
    """Go through the examples until none is wrong, 15 times at most; hand over every update."""
    X, y = examples(values["data"], values["seed"], values["dropped"])
    right_in_a_row = 0
    for seen in range(EPOCHS * len(X)):
        model = perceptron(values["w1"], values["w2"], values["b"])
        changes, changed = look(model, X, y, values)
        values |= changes
        right_in_a_row = 0 if changed else right_in_a_row + 1
        if changed:
            yield {**changes, "progress": seen / (EPOCHS * len(X))}
            time.sleep(0.05)  # slow enough to watch
        if right_in_a_row == len(X):
            break
    yield {"next": values["next"], "progress": 1.0}


def start_at_zero(**values):
    """Set all weights to zero and begin with the first example."""
    return {"w1": 0.0, "w2": 0.0, "b": 0.0, "next": 0, "history": ()}


def new_data(seed, **values):
    """Draw new points and take the dropped ones away."""
    return {"seed": seed + 1, "dropped": (), "next": 0, "history": ()}


def drop_point(click, dropped, drop, data, seed, **values):
    """Drop a point of the chosen class; the next step looks at it."""
    if click.axes != 0:
        return {}
    x1, x2 = np.clip(np.round([click.x, click.y], 1), -EDGE, EDGE) + 0.0
    point = (float(x1), float(x2), int(drop[-1]))
    return {"dropped": (*dropped, point), "next": len(examples(data, seed, dropped)[0])}


def perceptron_lab():
    """Steer the line of a perceptron, step or run its learning rule, drop points by a click."""
    return Lab(
        "Steer a perceptron, or let it learn",
        [
            Slider("w1", "weight w₁", -LIMIT, LIMIT, 0.05, 1.0),
            Slider("w2", "weight w₂", -LIMIT, LIMIT, 0.05, 1.0),
            Slider("b", "bias b", -LIMIT, LIMIT, 0.05, 0.5),
            Choice("data", "data", DATA, "separable"),
            Choice("drop", "a click drops", ("class 0", "class 1"), "class 1"),
            Action("step", "Step", step),
            Action("learn", "Learn", learn),
            Action("start_at_zero", "Weights to zero", start_at_zero),
            Action("new_data", "New data", new_data),
        ],
        compute,
        draw,
        caption,
        hidden={"seed": 0, "dropped": (), "next": 0, "history": (), "learned_on": ()},
        on_click=drop_point,
        size=(8, 4),
        tracks=("learn", "w1", "b"),
    )


# --- A small lab: the line of eight leaves, by hand -----------------------------------------------


def compute_line(w1, w2, b, leaf):
    """Answer for every leaf; the sum of the chosen one is worked out."""
    model = perceptron(w1, w2, b)
    return State(LEAVES, KINDS, model.predict(LEAVES), model.w, model.b, leaf)


def build_line(figure):
    """Make the plane of the leaves, with the way from the origin to the line, and a legend."""
    ax = figure.subplots()
    build_plane(ax, LEAVES_EDGE)
    ax.plot([], [], ":", color=BLACK, marker="+", markevery=[0], markersize=11)  # the way
    ax.set(xlabel="length $x_1$", ylabel="width $x_2$")
    line, wrong, lindens, willows, chosen, _ = ax.lines
    handles = {
        "willow, label 1": willows,
        "linden, label 0": lindens,
        "wrong answer": wrong,
        "chosen leaf": chosen,
        "line z = 0": line,
        "w": Line2D(
            [], [], color="none", marker=r"$\rightarrow$", markersize=18, mfc=BLACK, mec=BLACK
        ),
        "answer 1": Patch(color=LIGHT_ORANGE),
        "answer 0": Patch(color=LIGHT_BLUE),
    }
    ax.legend(
        handles.values(), handles, loc="center left", bbox_to_anchor=(1.02, 0.5), labelspacing=0.8
    )


def draw_line(figure, state):
    """Draw the line, the arrow of w, the leaves, and the way from the origin to the line."""
    if not figure.axes:
        build_line(figure)
    (ax,) = figure.axes
    draw_plane(ax, state)
    foot, _, _ = line_geometry(state.w, state.b)
    ax.lines[5].set_data(*np.transpose([np.zeros(2), foot]))


def caption_of_line(state):
    """Say where the line lies, how many leaves are wrong, and how the chosen one is answered."""
    (x1, x2), (w1, w2), b = state.X[state.example], state.w, state.b
    label, answer = state.y[state.example], state.y_hat[state.example]
    sign = "−" if b < 0 else "+"
    return (
        f"Weights {shown(w1)} and {shown(w2)}, bias {shown(b)}: {place_of_line(state.w, b)} "
        f"{count_wrong(state)} of {len(state.y)} leaves are wrong (×). "
        f"The chosen leaf (□) is a {('linden', 'willow')[label]}: z = {bracketed(w1)} · "
        f"{bracketed(x1)} + {bracketed(w2)} · {bracketed(x2)} {sign} {shown(abs(b))} = "
        f"{shown(weighted_sum(state))}, so the answer is {answer}: "
        f"{'right' if answer == label else 'wrong'}."
    )


def place_of_line(w, b):
    """Say in which direction w points and how far the line is from the origin."""
    length = np.linalg.norm(w)
    if length == 0:
        return f"without weights there is no line, and every answer is {int(b >= 0)}."
    upwards = ("down", "", "up")[int(np.sign(w[1])) + 1]
    sideways = ("to the left", "", "to the right")[int(np.sign(w[0])) + 1]
    direction = " and ".join(filter(None, (upwards, sideways)))
    place = f"lies {shown(round(abs(b) / length, 2))} from the origin, "
    place += "in this direction" if b < 0 else "in the opposite direction"
    if b == 0:
        place = "goes through the origin"
    return f"w points {direction}, and the line {place}."


def bracketed(number):
    """Return a number as text, in brackets if it is negative."""
    return f"({shown(number)})" if number < 0 else shown(number)


def choose_leaf(click, **values):
    """Choose the leaf that is nearest to the click."""
    return {"leaf": int(np.argmin(np.linalg.norm(LEAVES - [click.x, click.y], axis=1)))}


def line_lab():
    """Turn and shift the line of a neuron with two weights and a bias; click on a leaf."""
    return Lab(
        "Two weights and a bias make a line",
        [
            Slider("w1", "weight w₁", -4, 4, 0.25, 2.0),
            Slider("w2", "weight w₂", -4, 4, 0.25, 1.0),
            Slider("b", "bias b", -6, 6, 0.25, -1.0),
        ],
        compute_line,
        draw_line,
        caption_of_line,
        hidden={"leaf": 4},
        on_click=choose_leaf,
        size=(6.4, 4),
        tracks=("w1", "w2", "b"),
    )
