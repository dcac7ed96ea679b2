"""The lab of notebook 09: choose a network and its training, and watch it learn."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.ticker import MaxNLocator

from nnutils.datasets import load_digits
from nnutils.labs.base import Action, Choice, Lab, Slider
from nnutils.plotting import BLUE, GREY, ORANGE
from nnutils.training import make_mlp, train_steps

__all__ = ["train_mlp_lab"]

VALIDATION = 288  # of the 1,437 training digits: the last ones in file order


class Run(NamedTuple):
    """What one training has shown so far; the arrays have one number for each epoch."""

    network: str
    loss: np.ndarray
    accuracy: np.ndarray
    val_loss: np.ndarray
    val_accuracy: np.ndarray


class State(NamedTuple):
    """What the picture and the caption show."""

    network: str
    parameters: int
    plan: str
    runs: tuple  # the last run, and the one before it if there was one


def layer_sizes(width, depth):
    """Return the sizes of all layers, for example (784, 128, 128, 10)."""
    return (784, *[width] * depth, 10)


def compute(width, depth, examples, epochs, batch_size, peak_rate, runs):
    """Say what the chosen network is and what its training will be."""
    sizes = layer_sizes(width, depth)
    parameters = sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:]))
    plan = (
        f"{examples:,} digits, {epochs} epochs, batches of {batch_size}, rates up to {peak_rate:g}"
    )
    return State("–".join(map(str, sizes)), parameters, plan, runs)


def build(figure):
    """Make the two axes and their lines once: training and validation, of this run and the last."""
    for axes, label in zip(figure.subplots(1, 2), ("loss", "accuracy")):
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.plot([], [], color=GREY, linewidth=1, label="training, run before")
        axes.plot([], [], color=GREY, linewidth=1, linestyle="--", label="validation, run before")
        axes.plot([], [], color=BLUE, label="training")
        axes.plot([], [], color=ORANGE, linestyle="--", label="validation")
    figure.axes[0].set(yscale="log", ylim=(1e-4, 10))  # the same for every run: they compare
    figure.axes[1].set_ylim(0, 1.03)
    figure.suptitle(" ", fontsize=13)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        fontsize=10,
    )


def draw(figure, state):
    """Draw loss and accuracy against the epochs; the run before stays in grey."""
    if not figure.axes:
        build(figure)
    figure.texts[0].set_text(f"{state.network}: {state.parameters:,} parameters")
    loss, accuracy = figure.axes
    for place, run in enumerate(state.runs):
        epochs = np.arange(1, len(run.loss) + 1)
        for axes, curves in (
            (loss, (run.loss, run.val_loss)),
            (accuracy, (run.accuracy, run.val_accuracy)),
        ):
            first_line = 2 - 2 * place  # lines 2 and 3 are this run, 0 and 1 the one before
            for line, curve in zip(axes.lines[first_line : first_line + 2], curves):
                line.set_data(epochs, curve)
    longest = max(len(run.loss) for run in state.runs)
    for axes in figure.axes:
        axes.set_xlim(0, longest + 1)


def caption(state):
    """Say what is planned, and how the last run went."""
    run = state.runs[0]
    return (
        f"{state.network} has {state.parameters:,} parameters. Next: {state.plan}. "
        f"The run shown in colour ({run.network}), after epoch {len(run.loss)}: "
        f"training {run.accuracy[-1]:.1%}, validation {run.val_accuracy[-1]:.1%}."
    )


def train(digits, width, depth, examples, epochs, batch_size, peak_rate, runs):
    """Train the chosen network on the bundled digits; hand over its curves after every epoch."""
    generator = torch.Generator().manual_seed(0)
    model = make_mlp(*layer_sizes(width, depth), generator=generator)
    network = "–".join(map(str, layer_sizes(width, depth)))
    steps = train_steps(
        model,
        digits.X_train[:examples],
        digits.y_train[:examples],
        epochs=epochs,
        batch_size=batch_size,
        peak_rate=peak_rate,
        X_val=digits.X_train[-VALIDATION:],
        y_val=digits.y_train[-VALIDATION:],
        generator=generator,
    )
    finished = 0
    for history in steps:
        if len(history.val_loss) > finished:
            finished = len(history.val_loss)
            curves = (history.loss, history.accuracy, history.val_loss, history.val_accuracy)
            run = Run(network, *map(np.array, curves))
            yield {"runs": (run, *runs[:1]), "progress": history.progress}


START = {
    "width": 32,
    "depth": 1,
    "examples": 1149,
    "epochs": 10,
    "batch_size": 32,
    "peak_rate": 0.003,
}


def train_mlp_lab():
    """Choose width, depth, digits and rate, press train, and compare with the run before.

    The run of the start settings, about a second's work, is there from the beginning.
    """
    digits = load_digits()  # once: it takes as long as seven epochs
    *_, first = train(digits, **START, runs=())
    return Lab(
        "Train a network on the bundled digits",
        [
            Choice("width", "neurons in a hidden layer", (2, 8, 32, 128, 512), START["width"]),
            Choice("depth", "hidden layers", (0, 1, 2, 3), START["depth"]),
            Slider("examples", "digits to learn from", 49, 1149, 100, START["examples"]),
            Slider("epochs", "epochs", 5, 60, 5, START["epochs"]),
            Choice("batch_size", "batch size", (8, 32, 128, 512), START["batch_size"]),
            Choice(
                "peak_rate", "highest rate", (0.0001, 0.001, 0.003, 0.01, 0.1), START["peak_rate"]
            ),
            Action("train", "Train", partial(train, digits)),
        ],
        compute,
        draw,
        caption,
        hidden={"runs": first["runs"]},
        size=(8, 3.6),
        tracks=("train",),
    )
