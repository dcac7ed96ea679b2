"""A lab of notebook 10: mislead a network about a digit, with as little ink as possible."""

import copy
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from nnutils.datasets import to_inputs
from nnutils.labs.base import Action, Choice, Lab, Slider
from nnutils.labs.mnist_cnn import first_network
from nnutils.learner import drawings
from nnutils.plotting import BLACK, BLUE, GREY, LIGHT, SIGNED
from nnutils.training import fool

__all__ = ["fool_it_lab"]

ANY = "any other digit"
SLOPES = "most where it counts"
SIGNS = "by the same in each pixel"
STEPS = 40
EPSILON = 0.01  # how far each pixel goes in a step
STRONG = 0.4  # a change that is shown in full colour
SHARE = 0.01  # the share of the digit's ink that a step changes, where it counts


class State(NamedTuple):
    """What the picture and the caption show."""

    name: str
    before: np.ndarray  # (28, 28), ink from 0 to 1
    after: np.ndarray  # (28, 28)
    probabilities: tuple  # two arrays (10,): of the digit, and with the change
    target: object  # a digit, or ANY
    steps: int

    @property
    def change(self):
        """Return the ink that was added to each pixel; where some was taken away it is below 0."""
        return self.after - self.before

    @property
    def share(self):
        """Return how much was changed, as a share of the digit's ink."""
        return np.abs(self.change).sum() / self.before.sum()


# --- The steps ------------------------------------------------------------------------------------


def step(model, x, y, way, ink, sign):
    """Return the digit x (1, 28, 28) after one step; with ``sign`` 1 the loss for y (1,) rises.

    With ``sign`` −1 it falls. By ``SLOPES`` pixels change in proportion to their slope, all of them
    together by SHARE of ``ink``; one that has no room, white or black already, stays.
    """
    if way == SIGNS:
        return fool(model, x, y, sign * EPSILON)
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(F.cross_entropy(model(x), y), x)
    x, slope = x.detach(), sign * slope
    slope[(x <= 0) & (slope < 0) | (x >= 1) & (slope > 0)] = 0
    return (x + SHARE * ink * slope / (slope.abs().sum() + 1e-30)).clamp(0, 1)


def walk(model, digit, target, way):
    """Return a digit, a tensor (28, 28), after 0, 1, … STEPS steps, and what is said each time.

    The steps lead to the class ``target``, or from the class that is read at the start to any
    other. Shapes: (STEPS + 1, 28, 28) and (STEPS + 1, 10).
    """
    x = digit[None]
    ink = x.sum()
    with torch.no_grad():
        y = model(x).argmax(dim=1) if target == ANY else torch.tensor([target])
    pictures = [x]
    for _ in range(STEPS):
        pictures.append(step(model, pictures[-1], y, way, ink, 1 if target == ANY else -1))
    pictures = torch.cat(pictures)
    with torch.no_grad():
        return pictures.numpy(), model(pictures).softmax(dim=1).numpy()


def first_misled(answers, target):
    """Return the first step after which the answer is the target; None when there is none."""
    reached = answers != answers[0] if target == ANY else answers == target
    return int(reached.argmax()) if reached.any() else None


# --- State, picture, caption ----------------------------------------------------------------------


def compute(walked, steps, digit, target, way):
    """Choose the picture after so many steps, and what the network says about it."""
    pictures, probabilities = walked(digit, target, way)
    said = (probabilities[0], probabilities[steps])
    return State(digit, pictures[0], pictures[steps], said, target, steps)


def build(figure):
    """Make the four axes once: the digit, the change, both together, and the probabilities."""
    grid = figure.add_gridspec(2, 3, height_ratios=[1.9, 1])
    for k in range(3):
        ax = figure.add_subplot(grid[0, k])
        ink = {"cmap": "gray_r", "vmin": 0, "vmax": 1}
        looks = {"cmap": SIGNED, "vmin": -STRONG, "vmax": STRONG} if k == 1 else ink
        ax.imshow(np.zeros((28, 28)), interpolation="nearest", **looks)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=GREY)
        ax.set_title("the digit\nread as 0", fontsize=12)
    bars = figure.add_subplot(grid[1, :])
    for left, color, label in ((-0.2, LIGHT, "before"), (0.2, BLUE, "after")):
        places = np.arange(10) + left
        bars.bar(places, np.ones(10), 0.38, color=color, edgecolor=BLACK, lw=0.5, label=label)
    bars.set(xlim=(-0.6, 11.9), ylim=(0, 1), xticks=range(10), yticks=[0, 1])
    bars.set_ylabel("probability", fontsize=11)
    bars.tick_params(labelsize=11)
    bars.legend(loc="center right", fontsize=11, frameon=False)


def draw(figure, state):
    """Draw the digit, the change and the two together, and the probabilities before and after."""
    if not figure.axes:
        build(figure)
    *pictures, bars = figure.axes
    for ax, picture in zip(pictures, (state.before, state.change, state.after)):
        ax.images[0].set_data(picture)
    (was, sure), (now, sure_now) = map(answer_of, state.probabilities)
    pictures[0].title.set_text(f"the digit\nread as {was}, {sure:.0%}")
    pictures[1].title.set_text(f"the change: {state.share:.0%} of its ink\norange +, blue −")
    pictures[2].title.set_text(f"both together\nread as {now}, {sure_now:.0%}")
    pictures[2].title.set_weight("normal" if now == was else "bold")
    for k, bar in enumerate(bars.patches):
        bar.set_height(state.probabilities[k // 10][k % 10])


def answer_of(probabilities):
    """Return the class that is read, and its probability."""
    return probabilities.argmax(), probabilities.max()


def caption(state):
    """Say how the digit was read before and after, and how much ink that took."""
    (was, sure), (now, sure_now) = map(answer_of, state.probabilities)
    wanted = "" if state.target == ANY else f" {state.target} is wanted."
    return (
        f"Digit {state.name}, is read as {was} ({sure:.0%}).{wanted} After {state.steps} of "
        f"{STEPS} steps {state.share:.0%} of its ink is changed, no pixel by more than "
        f"{np.abs(state.change).max():.0%}, and it is read as {now} ({sure_now:.0%})."
    )


def find_least(walked, digit, target, way, **_):
    """Go to the first step that misleads the network, or to the last one."""
    _, probabilities = walked(digit, target, way)
    first = first_misled(probabilities.argmax(axis=1), target)
    return {"steps": STEPS if first is None else first}


def fool_it_lab(model=None, mine=None):
    """Lead a network away from the right answer, step by step, and see how little ink that takes.

    ``model`` is a network of torch that reads pictures (n, 28, 28), trained on MNIST for example;
    without one a network learns 1,000 bundled digits first, in about half a second. ``mine`` holds
    the digits to choose from, as ``drawings.load`` returns them, which is called without it. Used
    in notebook 10.
    """
    model = first_network() if model is None else copy.deepcopy(model)
    model = model.cpu().eval()
    mine = drawings.load() if mine is None else mine
    names = [f"{k + 1}: {drawings.with_article(label)}" for k, label in enumerate(mine.labels)]
    digits = dict(zip(names, to_inputs(torch.tensor(mine.images))))

    @lru_cache(maxsize=100)
    def walked(digit, target, way):
        return walk(model, digits[digit], target, way)

    shown = names[mine.labels.tolist().index(3) if 3 in mine.labels else 0]
    start = find_least(walked, shown, ANY, SLOPES)["steps"]
    return Lab(
        "Fool it with the least ink",
        [
            Slider("steps", "steps", 0, STEPS, 1, start),
            Choice("digit", "digit", tuple(names), shown),
            Choice("target", "to be read as", (ANY, *range(10)), ANY),
            Choice("way", "change", (SLOPES, SIGNS), SLOPES),
            Action("least", "Find the least", partial(find_least, walked)),
        ],
        partial(compute, walked),
        draw,
        caption,
        size=(8, 4),
        tracks=("steps", "digit"),
    )
