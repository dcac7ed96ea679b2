"""The lab of notebook 03: three weights, a threshold, and all 216 rolls of three dice."""

import time
from typing import NamedTuple

import numpy as np
from matplotlib.colors import ListedColormap

from nnutils import dice
from nnutils.labs.base import Action, Choice, Lab, Slider
from nnutils.perceptron import Perceptron
from nnutils.plotting import BLACK, BLUE, LIGHT_BLUE, LIGHT_ORANGE, ORANGE

__all__ = ["casino_lab", "roll_dice_lab"]

ROLLS = dice.all_rolls()  # (216, 3)
SUM, CASINO = "11 dots or more", "the casino's"
RULES = {SUM: dice.is_big, CASINO: dice.casino_pays}
CENTRE = 3.5  # the mean of one die
BINS = np.arange(-36, 56)  # edges: a sum of exactly 8 lies in the bar from 8 to 9
LEARN_RATE = 0.1  # keeps every learned weight on the sliders, and on their grid of 0.05


class State(NamedTuple):
    """What the picture shows."""

    rule: str
    big: np.ndarray  # (216,) 1 where the rule says big
    sums: np.ndarray  # (216,) the weighted sum of every roll
    says_big: np.ndarray  # (216,) 1 where the model says big
    threshold: float
    roll: tuple  # the roll in the spotlight
    weights: np.ndarray  # (3,)
    rolls_to_learn: int


def compute(rule, w1, w2, w3, threshold, rolls_to_learn, roll, seed):
    """Judge all 216 rolls with the weights ``w1, w2, w3`` and the ``threshold``."""
    weights = np.array([w1, w2, w3])
    sums = ROLLS @ weights
    # Sliders give 0.1 + 0.2 and the like: sums are compared after rounding to 9 decimals.
    says_big = (np.round(sums - threshold, 9) >= 0).astype(int)
    big = RULES[rule](ROLLS)
    return State(rule, big, sums, says_big, threshold, tuple(roll), weights, rolls_to_learn)


def grid(values, gap=np.nan):
    """Lay 216 values out as six 6×6 tables side by side: (6, 41), one table a third die."""
    tables = np.asarray(values, dtype=float).reshape(6, 6, 6)  # first, second, third die
    picture = np.full((6, 41), gap)
    for third in range(6):
        picture[:, 7 * third : 7 * third + 6] = tables[:, :, third]
    return picture


def cell_of(roll):
    """Return the column and the row of ``roll`` in the picture of ``grid``."""
    first, second, third = roll
    return 7 * (third - 1) + second - 1, first - 1


def build(figure):
    """Make the two axes and their artists once."""
    top, bottom = figure.subplots(2, 1, height_ratios=[1.15, 1])
    colours = ListedColormap([LIGHT_BLUE, LIGHT_ORANGE])  # small, big
    top.imshow(grid(np.zeros(216)), cmap=colours, vmin=0, vmax=1, aspect="equal")
    top.plot([], [], "x", color=BLACK, markersize=8, markeredgewidth=2)  # wrong ones
    top.plot([], [], "s", color="none", markersize=13, markeredgecolor=BLACK, markeredgewidth=2)
    top.lines[1].set_clip_on(False)
    top.set_xticks([7 * k + 2.5 for k in range(6)], [f"third die {k + 1}" for k in range(6)])
    top.set_yticks(range(6), range(1, 7))
    top.set_ylabel("first die")
    top.set_xlabel(
        "inside each square the second die runs from 1 (left) to 6 (right)", fontsize=10.5
    )
    top.tick_params(length=0)
    top.spines[:].set_visible(False)

    bottom.stairs(np.zeros(len(BINS) - 1), BINS, fill=True, color=BLUE, alpha=0.75)
    bottom.stairs(np.zeros(len(BINS) - 1), BINS, fill=True, color=ORANGE, alpha=0.75)
    bottom.patches[1].set_hatch("//")
    bottom.patches[1].set_edgecolor("white")
    bottom.axvline(0, color=BLACK, linestyle="--")
    bottom.plot([], [], "v", color=BLACK, markersize=11, clip_on=False)
    bottom.text(0, 0, "", ha="left", va="top", color=BLACK)
    bottom.set_xlabel("weighted sum")
    bottom.set_ylabel("rolls")
    bottom.legend(
        bottom.patches[:2], ["small rolls", "big rolls"], loc="upper left", handlelength=1.2
    )


def draw(figure, state):
    """Draw the 216 rolls, the wrong ones crossed out, above the histogram of weighted sums."""
    if not figure.axes:
        build(figure)
    top, bottom = figure.axes
    top.images[0].set_data(grid(state.big))
    wrong_rows, wrong_columns = np.nonzero(grid(state.says_big != state.big, gap=0))
    top.lines[0].set_data(wrong_columns, wrong_rows)
    column, row = cell_of(state.roll)
    top.lines[1].set_data([column], [row])
    wrong = int((state.says_big != state.big).sum())
    top.set_title(
        f"All 216 rolls: light blue is small, orange is big; × marks the {wrong} judged wrong"
        if wrong
        else "All 216 rolls: light blue is small, orange is big; none judged wrong"
    )

    sums = np.clip(state.sums, BINS[0], BINS[-1] - 0.5)
    small, big = (np.histogram(sums[state.big == label], BINS)[0] for label in (0, 1))
    bottom.patches[0].set_data(values=small)
    bottom.patches[1].set_data(values=small + big, baseline=small)  # stacked on the small ones
    tallest = (small + big).max()
    low = min(state.sums.min(), 0, state.threshold) - 1
    high = max(state.sums.max() + 2, state.threshold + 1)
    high = max(high, state.threshold + 0.25 * (high - low))  # room for the words
    bottom.set_xlim(5 * np.floor(low / 5), 5 * np.ceil(high / 5))  # a calm axis: drawn once
    bottom.set_ylim(0, 10 * np.ceil(0.14 * tallest))
    bottom.lines[0].set_xdata([state.threshold, state.threshold])
    spot = float(np.dot(state.weights, state.roll))
    bottom.lines[1].set_data([spot], [1.08 * tallest])
    bottom.texts[0].set_position((state.threshold, 0.98 * bottom.get_ylim()[1]))
    bottom.texts[0].set_text(" says big →")


def caption(state):
    """Say in words how the model does on all rolls and on the one in the spotlight."""
    right = int((state.says_big == state.big).sum())
    too_big = int((state.says_big > state.big).sum())
    too_small = int((state.says_big < state.big).sum())
    place = np.flatnonzero((ROLLS == state.roll).all(axis=1))[0]
    says, truth = ("big" if label[place] else "small" for label in (state.says_big, state.big))
    verdict = "right" if says == truth else f"wrong: {reason(state, truth)}"
    weights = ", ".join(f"{w:g}" for w in state.weights.round(2))
    return (
        f"Weights {weights} and threshold {state.threshold:g}: {right} of 216 rolls right "
        f"({right / 216:.1%}); {too_big} small rolls are called big, {too_small} big rolls small. "
        f"The roll {state.roll} has the weighted sum {state.sums[place]:.4g}, so the model says "
        f"{says} ({verdict}). “Learn” will draw {state.rolls_to_learn} rolls."
    )


def reason(state, truth):
    """Say why the roll in the spotlight is what it is; the casino gives no reasons."""
    if state.rule == CASINO:
        return f"the casino says {truth}"
    return f"the dots add up to {sum(state.roll)}"


def roll(seed, **values):
    """Roll the three dice."""
    rng = np.random.default_rng(seed)
    return {"roll": tuple(int(x) for x in dice.roll_dice(1, rng)[0]), "seed": seed + 1}


def learn(rule, rolls_to_learn, seed, **values):
    """Start from zero weights and learn from fresh rolls; hand over every update."""
    rng = np.random.default_rng(seed)
    rolls = dice.roll_dice(rolls_to_learn, rng)
    model, big = Perceptron(3, rate=LEARN_RATE), RULES[rule](ROLLS)
    yield {**as_sliders(model), "seed": seed + 1, "progress": 0.0}
    changed, rounds = True, 0
    while changed and rounds < 100:  # rolls of dice are separable: a few rounds are enough
        changed, rounds = False, rounds + 1
        for x, y in zip(rolls, RULES[rule](rolls)):
            if model.update(x - CENTRE, y):
                changed = True
                yield {
                    **as_sliders(model),
                    "roll": tuple(int(dots) for dots in x),
                    # a guess how far learning has come: the share of all rolls judged right
                    "progress": float((model.predict(ROLLS - CENTRE) == big).mean()),
                }
                time.sleep(0.05)  # slow enough to watch
    yield {"progress": 1.0}


def as_sliders(model):
    """Turn weights for centred dots into weights and a threshold for the dots themselves.

    w · (x − 3.5) + b ≥ 0 is the same as w · x ≥ 3.5 · Σw − b.
    """
    threshold = CENTRE * model.w.sum() - model.b
    names = ("w1", "w2", "w3")
    weights = {name: float(w) for name, w in zip(names, model.w.round(2))}
    return {**weights, "threshold": float(np.round(threshold, 3))}


def choose_roll(click, **values):
    """Put the clicked roll into the spotlight."""
    column, row = round(click.x), round(click.y)
    if click.axes != 0 or not (0 <= row < 6 and 0 <= column < 41) or column % 7 == 6:
        return {}
    return {"roll": (row + 1, column % 7 + 1, column // 7 + 1)}


def roll_dice_lab():
    """Move three weights and a threshold, see which of the 216 rolls go wrong, press learn."""
    return make_lab("Judge three dice", SUM, w3=0.0, threshold=8.0)


def casino_lab():
    """Let the neuron find the casino's rule; at the start it judges by the sum of the dots."""
    return make_lab("Learn the casino's rule", CASINO, w3=1.0, threshold=11.0)


def make_lab(title, rule, w3, threshold):
    """Return the lab with this start."""
    return Lab(
        title,
        [
            Choice("rule", "rule", tuple(RULES), rule),
            Slider("w1", "weight of the first die", -2, 3, 0.05, 1.0),
            Slider("w2", "weight of the second die", -2, 3, 0.05, 1.0),
            Slider("w3", "weight of the third die", -2, 3, 0.05, w3),
            Slider("threshold", "threshold", -5, 20, 0.05, threshold),
            Slider("rolls_to_learn", "rolls to learn from", 5, 200, 5, 50),
            Action("roll_dice", "Roll", roll),
            Action("learn", "Learn", learn),
        ],
        compute,
        draw,
        caption,
        hidden={"roll": (1, 3, 4), "seed": 3},
        on_click=choose_roll,
        size=(8, 4),
        tracks=("learn", "w3", "threshold"),
    )
