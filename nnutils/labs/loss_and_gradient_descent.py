"""The labs of notebook 05: one weight walks down a parabola, a neuron of two weights down the
landscape of its data, five optimizers down a landscape of choice."""

import time
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from nnutils import datasets, landscapes
from nnutils.activations import sigmoid
from nnutils.labs.base import Action, Choice, Lab, Slider, Toggle
from nnutils.optimizers import SGD, Adagrad, Adam, RMSProp
from nnutils.plotting import BLACK, BLUE, GREEN, GREY, LIGHT, ORANGE, PINK, SIGNED

__all__ = ["landscape_of_data_lab", "optimizer_race_lab", "walk_down_lab"]

# --- Walk down a parabola -------------------------------------------------------------------------

BOTTOM = 3.0  # of the parabola (w − 3)²
MOST_STEPS = 30


class Walk(NamedTuple):
    """What the picture of the parabola shows."""

    rate: float
    path: np.ndarray  # (steps + 1,) the weight before the first step and after each


def walk(rate, steps):
    """Start at w = 0 and take the steps: w − rate · 2 (w − 3)."""
    path = [0.0]
    for _ in range(steps):
        path.append(path[-1] - rate * 2 * (path[-1] - BOTTOM))
    return Walk(rate, np.array(path))


def draw_walk(figure, state):
    """Draw the path on the parabola, and beside it, at the same heights, the loss of each step."""
    if not figure.axes:
        parabola, losses = figure.subplots(1, 2, sharey=True)
        w = np.linspace(-3, 9, 121)
        parabola.plot(w, (w - BOTTOM) ** 2, color=LIGHT, linewidth=4)
        for ax in (parabola, losses):
            ax.plot([], [], "o-", color=BLUE, linewidth=1, markersize=6)
        parabola.plot(0, BOTTOM**2, "*", color="white", markersize=16, markeredgecolor=BLACK)
        losses.axhline(0, color=GREY, linewidth=1)
        parabola.set(xlim=(-3, 9), ylim=(-1, 36), xlabel="w", ylabel="loss")
        losses.set(xlim=(-1, MOST_STEPS + 1), xlabel="step")
    parabola, losses = figure.axes
    loss = (state.path - BOTTOM) ** 2
    parabola.lines[1].set_data(state.path, loss)
    losses.lines[0].set_data(np.arange(len(loss)), loss)
    parabola.set_title(f"rate {state.rate:g}, {step_count(len(loss) - 1)}")


def say_walk(state):
    """Say by what a step multiplies the distance from the bottom, and where the walk has come."""
    factor = 1 - 2 * state.rate
    kind = (
        "the walk creeps down on one side"
        if factor > 0
        else "a single step arrives"
        if factor == 0
        else "the walk jumps to the other side each time, and comes closer"
        if factor > -1
        else "the walk jumps from side to side and never comes closer"
        if factor == -1
        else "the walk jumps from side to side and runs away"
    )
    steps, w = len(state.path) - 1, state.path[-1]
    return (
        f"Loss (w − 3)², start at w = 0, rate {state.rate:g}: {kind}. A step multiplies the "
        f"distance from the bottom by {shown(factor)}. After {step_count(steps)} "
        f"w = {shown(w)} and the loss is {shown((w - BOTTOM) ** 2)}."
    )


def walk_down_lab():
    """Choose the learning rate with which one weight walks down a parabola."""
    return Lab(
        "Walk down a parabola",
        [
            Slider("rate", "learning rate", 0.01, 1.1, 0.01, 0.1),
            Slider("steps", "steps", 0, MOST_STEPS, 1, 12),
        ],
        walk,
        draw_walk,
        say_walk,
        size=(8, 3),
        tracks=("rate", "steps"),
    )


# --- A landscape that belongs to data -------------------------------------------------------------


@lru_cache
def two_windows():
    """Return the ink in two windows of each 3 and 8, (n, 2), and whether it is an 8, (n,).

    The windows hold 3 × 3 pixels, at the left above and below the middle; from each ink its mean
    is subtracted. These are the inputs of section 3 of the notebook.
    """
    digits = datasets.load_digits()
    chosen = (digits.y_train == 3) | (digits.y_train == 8)
    images, y = datasets.to_inputs(digits.X_train[chosen]), digits.y_train[chosen] == 8
    windows = [images[:, 10:13, 10:13], images[:, 16:19, 11:14]]
    ink = np.stack([window.sum(axis=(1, 2)) for window in windows], axis=1)
    return ink - ink.mean(axis=0), y.astype(float)


def neuron_loss(p):
    """Return the mean cross-entropy of a sigmoid neuron with the two weights ``p`` (…, 2)."""
    X, y = two_windows()
    total = 0
    for x, label in zip(X, y):  # one by one: for a whole land all at once would take 700 MiB
        z = p @ x
        total = total + np.logaddexp(0, z) - label * z
    return total / len(y)


def neuron_grad(p):
    """Return the gradient of ``neuron_loss``, of the shape of ``p``."""
    X, y = two_windows()
    return (sigmoid(p @ X.T) - y) @ X / len(y)


LOWEST_PLACE = (1.34, 1.32)  # of this land
HEIGHTS = {0.1: (2.4, 1.5), 0.3: (2.5, 0.2), 1: (1.6, -0.9), 3: (0.6, -1.6)}  # and their labels


class Roll(NamedTuple):
    """What the picture of the neuron's landscape shows."""

    rate: float
    path: np.ndarray  # (steps + 1, 2): the weights before the first step and after each


def roll(w1, w2, rate, steps):
    """Take ``steps`` steps of gradient descent from the weights (w1, w2)."""
    return Roll(rate, descend(SGD(rate), neuron_grad, (w1, w2), np.zeros((steps, 2))))


def build_roll(figure):
    """Make both axes and their artists once: the data with the border, and the land."""
    (X, y), (data, land) = two_windows(), figure.subplots(1, 2)
    data.imshow(
        np.zeros((60, 60)), extent=(-6, 6, -6, 6), origin="lower", cmap=SIGNED, vmin=-1, vmax=1
    )
    data.images[0].set_alpha(0.45)
    data.plot(*X[y == 0].T, "o", color=BLUE, markersize=4.5, markeredgecolor="white")
    data.plot(*X[y == 1].T, "^", color=ORANGE, markersize=5.5, markeredgecolor="white")
    data.plot([], [], "--", color=GREY, linewidth=1.5)  # the border of the start
    data.plot([], [], color=BLACK, linewidth=2.5)  # and of where the descent has come
    names, above = ["border at the start", "after 12 steps"], (0.5, 1.0)
    data.legend(
        data.lines[2:],
        names,
        loc="lower center",
        bbox_to_anchor=above,
        ncols=2,
        fontsize=11,
        handlelength=1.3,
        columnspacing=1,
        borderpad=0,
    )
    for x, y, digit, colour in ((-5.4, -5.2, "3", BLUE), (5.3, 5.2, "8", ORANGE)):
        text = data.text(x, y, digit, color=BLACK, fontsize=13, fontweight="bold")
        text.set(
            ha="center",
            va="center",
            bbox={"facecolor": "white", "edgecolor": colour, "linewidth": 2},
        )
    data.set(xlim=(-6, 6), ylim=(-6, 6), xticks=(-6, 0, 6), yticks=(-6, 0, 6))
    data.set(xlabel="x₁, ink in the upper window", ylabel="x₂, in the lower")
    show_land(land, "3 or 8")
    write_heights(land)
    land.plot([], [], "o-", color=BLUE, linewidth=1.2, markersize=4, markeredgecolor="white")
    land.plot([], [], "*", color="white", markersize=15, markeredgecolor=BLACK)  # the start
    land.plot([], [], "o", color=BLACK, markersize=9, markeredgecolor="white")
    for line in land.lines[1:]:
        line.set_clip_on(False)
    land.plot(*LOWEST_PLACE, "+", color=ORANGE, markersize=13, markeredgewidth=2.5)
    land.set(xlabel="w₁", ylabel="w₂")


def write_heights(land):
    """Draw lines of a few round heights and write each on its line."""
    axis = np.linspace(-EDGE, EDGE, 121)
    height = neuron_loss(np.stack(np.meshgrid(axis, axis), axis=-1))
    lines = land.contour(axis, axis, height, list(HEIGHTS), colors=GREY, linewidths=1)
    land.clabel(lines, fmt="%g", fontsize=10, colors=BLACK, manual=list(HEIGHTS.values()))


def draw_roll(figure, state):
    """Draw the path of the weights on the land, and the border that they draw among the data."""
    if not figure.axes:
        build_roll(figure)
    data, land = figure.axes
    axis = np.linspace(-5.9, 5.9, 60)
    w1, w2 = state.path[-1]
    data.images[0].set_data(2 * sigmoid(w1 * axis + w2 * axis[:, np.newaxis]) - 1)
    for line, (w1, w2) in zip(data.lines[2:], state.path[[0, -1]]):
        along = 9 * np.array([-w2, w1]) / max(np.hypot(w1, w2), 1e-9)  # along the border, z = 0
        line.set_data(*np.stack([-along, along], axis=1))
    land.lines[0].set_data(*np.clip(state.path, -EDGE, EDGE).T)
    land.lines[1].set_data(*state.path[:1].T)
    land.lines[2].set_data(*np.clip(state.path[-1:], -EDGE, EDGE).T)
    land.lines[2].set_visible(len(state.path) > 1)
    data.get_legend().get_texts()[1].set_text(f"after {step_count(len(state.path) - 1)}")
    land.set_title(f"the loss (dark is high), {step_count(len(state.path) - 1)}")


def say_roll(state):
    """Say where the weights are, what they cost, and how many of the digits they get right."""
    (X, y), steps = two_windows(), len(state.path) - 1
    first, last = (f"({shown(w1)}, {shown(w2)})" for w1, w2 in state.path[[0, -1]])
    loss, right = neuron_loss(state.path[-1]), int(((X @ state.path[-1] >= 0) == y).sum())
    way = f"After {step_count(steps)} with rate {state.rate:g} from {first} the" if steps else "The"
    return f"{way} weights are {last}: loss {shown(loss)}, {right} of {len(y)} digits right."


def step_count(steps):
    """Return a number of steps in words: "1 step", "2 steps"."""
    return f"{steps} step{'s' * (steps != 1)}"


def run_roll(**values):
    """Roll from the start, a step to a frame."""
    for now in range(MOST_STEPS + 1):
        yield {"steps": now, "progress": now / MOST_STEPS}
        time.sleep(0.03)  # slow enough to watch


def choose_weights(click, **values):
    """Put the start at the clicked place of the land, rounded to the grid of the sliders."""
    if click.axes != 1:
        return {}
    w1, w2 = on_the_grid(click)
    return {"w1": w1, "w2": w2, "steps": 0}


def landscape_of_data_lab():
    """Move a point in the land of two weights, and with it the border between the 3s and 8s."""
    return Lab(
        "A point here is a border there",
        [
            Slider("w1", "start w₁", -EDGE, EDGE, 0.1, -2.5),
            Slider("w2", "start w₂", -EDGE, EDGE, 0.1, 1.5),
            Slider("rate", "learning rate", 0.05, 2.0, 0.05, 0.3),
            Slider("steps", "steps", 0, MOST_STEPS, 1, 12),
            Action("roll", "Roll", run_roll),
        ],
        roll,
        draw_roll,
        say_roll,
        on_click=choose_weights,
        size=(8, 3.8),
        tracks=("roll", "w1"),
    )


# --- Race five optimizers -------------------------------------------------------------------------

LANDSCAPES = {
    "bowl": (landscapes.bowl, landscapes.bowl_grad),
    "ravine": (landscapes.ravine, landscapes.ravine_grad),
    "saddle": (landscapes.saddle, landscapes.saddle_grad),
    "many minima": (landscapes.many_minima, landscapes.many_minima_grad),
    "3 or 8": (neuron_loss, neuron_grad),
}
RACERS = {  # colour and marker in the picture
    "SGD": (BLUE, "o"),
    "Momentum": (ORANGE, "s"),
    "Adagrad": (PINK, "D"),
    "RMSProp": (GREEN, "v"),
    "Adam": (BLACK, "^"),
}
EDGE = 3.0  # the picture shows −3 … 3 in both directions
STEPS = 100  # of a whole race
FAR = 100.0  # whoever is farther out than this has diverged
LOWEST = 1e-6  # loss that is told from others
RATES = np.array([float(f"{rate:.2g}") for rate in np.geomspace(0.01, 10, 31)])
TICKS = {1e-6: "$10^{-6}$", 1e-3: "0.001", 1: "1", 1e3: "1000"}  # of the same axis
TICKS_OF_DATA = {0.05: "0.05", 0.1: "0.1", 1: "1", 20: "20"}  # a loss of data does not fall to 0
LAND = LinearSegmentedColormap.from_list("land", ["#FFFFFF", "#8CA4B8"])


class State(NamedTuple):
    """What the picture shows. ``paths`` and ``losses`` hold one array for each racer."""

    landscape: str
    rates: dict  # name -> the learning rate of this racer
    momentum: float
    noise: float
    seed: int
    steps: int
    paths: dict  # name -> (k + 1, 2), with k = steps, or fewer for one that has diverged
    losses: dict  # name -> (k + 1,)


def make_racers(rates, momentum):
    """Return the five optimizers with their ``rates``; the momentum is also the β₁ of Adam."""
    racers = {
        "SGD": SGD(0),
        "Momentum": SGD(0, momentum),
        "Adagrad": Adagrad(0),
        "RMSProp": RMSProp(0, beta=0.9),
        "Adam": Adam(0, beta1=momentum),
    }
    for name, racer in racers.items():
        racer.rate = rates[name]  # a number, or an array with one for each of many walkers
    return racers


def draw_noise(noise, seed):
    """Return what disturbs the gradient at each step of a race, (STEPS, 2)."""
    return noise * np.random.default_rng(seed).normal(size=(STEPS, 2))


@lru_cache(maxsize=4)
def best_rates(landscape, start, momentum, noise, seed):
    """Return {name: the one of ``RATES`` whose curve of losses lies lowest on the whole}.

    For each racer 31 walkers go down, one for each rate, all with the same noise.
    """
    loss, gradient = LANDSCAPES[landscape]
    best, disturbances = {}, draw_noise(noise, seed)
    for name, racer in make_racers(dict.fromkeys(RACERS, RATES[:, np.newaxis]), momentum).items():
        p, height = np.tile(start, (len(RATES), 1)), np.zeros(len(RATES))
        for disturbance in disturbances:
            racer.step([p], [gradient(p) + disturbance])
            p = np.clip(p, -FAR, FAR)  # whoever has diverged stays out there
            height += np.log(np.maximum(loss(p), LOWEST))
        best[name] = float(RATES[np.argmin(height)])
    return best


def descend(optimizer, gradient, start, noise):
    """Return the places (k + 1, 2) from ``start`` on, one step for each row of ``noise``.

    The path ends early, k < len(noise), at the first place that is too far out.
    """
    p = np.array(start)
    path = [p.copy()]
    for disturbance in noise:
        optimizer.step([p], [gradient(p) + disturbance])
        path.append(p.copy())
        if np.abs(p).max() > FAR:
            break
    return np.array(path)


@lru_cache(maxsize=4)
def race(landscape, start, rate, momentum, noise, seed):
    """Return the rates and the paths of all racers, by name; the same noise falls on each.

    Where ``rate`` is None, each has its own best.
    """
    _, gradient = LANDSCAPES[landscape]
    disturbances = draw_noise(noise, seed)
    rates = (
        best_rates(landscape, start, momentum, noise, seed)
        if rate is None
        else dict.fromkeys(RACERS, rate)
    )
    return rates, {
        name: descend(optimizer, gradient, start, disturbances)
        for name, optimizer in make_racers(rates, momentum).items()
    }


def compute(landscape, start_x, start_y, rate, own_rates, momentum, noise, steps, seed):
    """Let the five race and keep their first ``steps`` steps."""
    loss, _ = LANDSCAPES[landscape]
    common = None if own_rates else rate
    rates, whole = race(landscape, (start_x, start_y), common, momentum, noise, seed)
    paths = {name: path[: steps + 1] for name, path in whole.items()}
    losses = {name: loss(path) for name, path in paths.items()}
    return State(landscape, rates, momentum, noise, seed, steps, paths, losses)


def has_diverged(state, name):
    """Tell whether the racer has gone too far out within the steps that are shown."""
    return bool(np.abs(state.paths[name][-1]).max() > FAR)


# --- The picture ---------------------------------------------------------------------------------


@lru_cache
def shaded(landscape):
    """Return the landscape as a picture (320, 320): bands of equal height, darker at the seams."""
    axis = np.linspace(-EDGE, EDGE, 320)
    loss, _ = LANDSCAPES[landscape]
    height = loss(np.stack(np.meshgrid(axis, axis), axis=-1))
    # Even out the bands: a loss of data is nowhere 0, and falls by whole factors.
    height = np.log(height / height.min()) if landscape == "3 or 8" else np.sqrt(height)
    bands = np.floor(14 * height / height.max())
    seams = (bands != np.roll(bands, 1, axis=0)) | (bands != np.roll(bands, 1, axis=1))
    seams[0] = seams[:, 0] = False
    return (bands + 3 * seams) / 17


def show_land(ax, landscape):
    """Draw the landscape, seen from above, into the empty axes."""
    ax.imshow(
        shaded(landscape),
        extent=(-EDGE, EDGE, -EDGE, EDGE),
        origin="lower",
        cmap=LAND,
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
    ax.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xticks=(-3, 0, 3), yticks=(-3, 0, 3))


def build(figure):
    """Make the three axes and their artists once: the land, the losses, the table of losses."""
    land, losses, table = figure.subplots(1, 3, width_ratios=[4, 2.5, 2.3])
    show_land(land, "bowl")
    for colour, marker in RACERS.values():
        land.plot([], [], color=colour, linewidth=1.6)
        land.plot([], [], marker, color=colour, clip_on=False, markeredgecolor="white")
        losses.plot([], [], marker, color=colour, clip_on=False, markeredgecolor="white")
        losses.lines[-1].set(linestyle="-", linewidth=1.6, markevery=[-1])
    land.plot([], [], "*", color="white", markersize=15, markeredgecolor=BLACK)  # the start
    land.lines[-1].set_clip_on(False)
    land.set(xlabel="x", ylabel="y")
    losses.set(xlim=(0, STEPS), yscale="log", xlabel="step", title="loss")
    losses.set_xticks([0, 50, 100])
    scale_losses(losses, TICKS)

    table.set(xlim=(0, 1), ylim=(0, 5.4))
    table.axis("off")
    for row, (name, (colour, marker)) in enumerate(RACERS.items()):
        height = 4.6 - row
        table.plot(-0.05, height, marker, color=colour, markersize=8, markeredgecolor="white")
        table.lines[-1].set_clip_on(False)
        table.text(0.03, height, name, va="center", fontsize=11)
        table.text(0.03, height - 0.36, "", va="center", fontsize=11)


def scale_losses(ax, ticks):
    """Let the axis of the losses reach from the first to the last of ``ticks``."""
    ax.set_yticks(list(ticks), ticks.values())
    ax.set_ylim(min(ticks), max(ticks))
    ax.minorticks_off()


def draw(figure, state):
    """Draw the paths on the land, the losses beside them, and the last loss of each."""
    if not figure.axes:
        build(figure)
    land, losses, table = figure.axes
    land.images[0].set_data(shaded(state.landscape))
    land.set_title(f"{state.landscape}, {step_count(state.steps)}")
    of_data = state.landscape == "3 or 8"
    land.set(xlabel="w₁" if of_data else "x", ylabel="w₂" if of_data else "y")
    ticks = TICKS_OF_DATA if of_data else TICKS
    scale_losses(losses, ticks)
    one_rate = len(set(state.rates.values())) == 1
    first = state.paths["SGD"][0]
    land.lines[-1].set_data(first[:1], first[1:])
    leaders = leading(state)
    for k, (name, (_, marker)) in enumerate(RACERS.items()):
        path, curve = state.paths[name], np.clip(state.losses[name], min(ticks), max(ticks))
        shape, size = ("X", 11) if has_diverged(state, name) else (marker, 8)
        land.lines[2 * k].set_data(path[:, 0], path[:, 1])
        land.lines[2 * k + 1].set_data(*np.clip(path[-1:], -EDGE, EDGE).T)
        losses.lines[k].set_data(np.arange(len(curve)), curve)
        for end in (land.lines[2 * k + 1], losses.lines[k]):
            end.set_marker(shape)
            end.set_markersize(size)
        table.texts[2 * k].set_text(name if one_rate else f"{name} at {state.rates[name]:g}")
        table.texts[2 * k + 1].set_text(result(state, name))
        table.texts[2 * k + 1].set_fontweight("bold" if name in leaders else "normal")


# --- Words ---------------------------------------------------------------------------------------


def shown(number):
    """Return a number with two digits and without an exponent, with a real minus sign."""
    text = np.format_float_positional(number, precision=2, fractional=False, trim="-")
    return text.replace("-", "−")


def result(state, name):
    """Say in a few words where the racer's loss is."""
    if has_diverged(state, name):
        return f"diverged, step {len(state.paths[name]) - 1}"
    loss = state.losses[name][-1]
    return shown(loss) if loss >= LOWEST else f"below {shown(LOWEST)}"


def leading(state):
    """Return the names of those whose loss reads lowest, in the order of the race."""
    readings = {
        name: float(f"{max(losses[-1], LOWEST):.1e}")  # two digits, as in the table
        for name, losses in state.losses.items()
        if not has_diverged(state, name)
    }
    return [name for name, reading in readings.items() if reading == min(readings.values())]


def in_words(names):
    """Return "A", "A and B" or "A, B and C"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def caption(state):
    """Say in words who leads, where all the others are, and who has diverged."""
    x, y = state.paths["SGD"][0]
    where = {"many minima": "among many minima", "3 or 8": "down the loss of 3 or 8"}.get(
        state.landscape, f"down the {state.landscape}"
    )
    noise = f"noise {state.noise:g} (draw {state.seed + 1})" if state.noise else "no noise"
    rates = set(state.rates.values())
    rate = f"rate {rates.pop():g}" if len(rates) == 1 else "each racer's own best rate"
    setting = (
        f"Race {where} from ({shown(x)}, {shown(y)}) with {rate}, "
        f"momentum {state.momentum:g} and {noise}."
    )
    return " ".join(filter(None, [setting, standing(state), divergence(state), remark(state)]))


def standing(state):
    """Say who leads after so many steps, and what the losses of the others are."""
    leaders = leading(state)
    count = f"After {step_count(state.steps)}"
    if not leaders:
        return f"{count} nobody is left in the race."
    lead = f"{in_words(leaders)} {'leads' if len(leaders) == 1 else 'are level'}"
    text = f"{count} {lead} with a loss {of(result(state, leaders[0]))}"
    others = [n for n in RACERS if n not in leaders and not has_diverged(state, n)]
    others.sort(key=lambda name: state.losses[name][-1])
    if others:
        text += "; then " + ", ".join(f"{name} {result(state, name)}" for name in others)
    return text + "."


def of(loss):
    """Return "of 3" for "3", and "below 3" as it is."""
    return loss if loss.startswith("below") else f"of {loss}"


def divergence(state):
    """Say who has diverged, and at which step."""
    lost = [name for name in RACERS if has_diverged(state, name)]
    if not lost:
        return ""
    steps = [f"{name} at step {len(state.paths[name]) - 1}" for name in lost]
    return f"Diverged, each step carrying it farther out (×): {in_words(steps)}."


def remark(state):
    """Say what is special about the places that were reached."""
    if state.landscape == "saddle":
        if all((path[:, 1] == 0).all() for path in state.paths.values()):
            return "On the ridge y = 0 the gradient has no part along y, so nobody leaves it."
    if state.landscape == "many minima":
        deepest = [name for name, path in state.paths.items() if np.abs(path[-1]).max() < 1]
        if not deepest:
            return "Nobody is in the deepest valley, in the middle."
        verb = "is" if len(deepest) == 1 else "are"
        return f"{in_words(deepest)} {verb} in the deepest valley, in the middle."
    return ""


# --- What the buttons and a click do --------------------------------------------------------------


def run_race(steps, **values):
    """Run the race from the start, two steps to a frame."""
    for now in range(0, STEPS + 1, 2):
        yield {"steps": now, "progress": now / STEPS}
        time.sleep(0.02)  # slow enough to watch


def new_noise(seed, **values):
    """Draw other noise."""
    return {"seed": seed + 1}


def choose_start(click, **values):
    """Start from the clicked place, rounded to the grid of the sliders."""
    if click.axes != 0:
        return {}
    x, y = on_the_grid(click)
    return {"start_x": x, "start_y": y}


def on_the_grid(click):
    """Return the place of a click on the land as the sliders can hold it."""
    return (np.clip(np.round([click.x, click.y], 1), -EDGE, EDGE) + 0.0).tolist()


def optimizer_race_lab():
    """Race SGD, momentum, Adagrad, RMSProp and Adam down a landscape from a chosen start."""
    return Lab(
        "Race five optimizers downhill",
        [
            Choice("landscape", "landscape", tuple(LANDSCAPES), "ravine"),
            Slider("steps", "steps", 0, STEPS, 1, 60),
            Slider("start_x", "start x", -EDGE, EDGE, 0.1, -2.5),
            Slider("start_y", "start y", -EDGE, EDGE, 0.1, 1.5),
            Slider("rate", "learning rate", 0.01, 1.1, 0.01, 0.18),
            Toggle("own_rates", "each its own best rate", False),
            Slider("momentum", "momentum", 0.0, 0.98, 0.02, 0.8),
            Slider("noise", "noise in the gradient", 0.0, 3.0, 0.1, 0.0),
            Action("race", "Race", run_race),
            Action("new_noise", "New noise", new_noise),
        ],
        compute,
        draw,
        caption,
        hidden={"seed": 0},
        on_click=choose_start,
        size=(8, 4),
        tracks=("race", "rate"),
    )
