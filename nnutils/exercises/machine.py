"""The card of the machine that grows through the course: what each of its stages reads."""

import json
from typing import NamedTuple

import numpy as np

from nnutils.datasets.files import bundled
from nnutils.exercises.course import SLUGS
from nnutils.learner import drawings

STAGES = {  # by the slug of the notebook in which the machine gets so far
    "perceptron": "one neuron: a 3 or an 8?",
    "layers_and_activations": "ten neurons, taught by the perceptron's rule",
    "loss_and_gradient_descent": "ten neurons, taught by gradient descent",
    "backprop_by_hand": "a hidden layer of 128, in NumPy",
    "mnist_mlp": "two hidden layers of 512, in PyTorch",
    "mnist_cnn": "convolutions, in PyTorch",
}
HEAD = ("notebook", "the machine", "the course's 360", "MNIST's 10,000", "your own")
NOTE = (
    "The share of the test digits that are read right: each value is the mean of several "
    "trainings; each training used all the other digits of that collection. Of 360, one point more "
    "or less says nothing."
)


class Card(NamedTuple):
    """A table of stages: in ``rows`` a text for each column of HEAD."""

    rows: list

    def _repr_markdown_(self):
        lines = [HEAD, (":--", ":--", "--:", "--:", "--:"), *self.rows]
        return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", NOTE])

    def __repr__(self):
        lines = [HEAD, *self.rows]
        formats = [f"{side}{max(map(len, column))}" for side, column in zip("<<>>>", zip(*lines))]
        texts = ["  ".join(map(format, line, formats)) for line in lines]
        return "\n".join([*texts, NOTE])


def card(stage="start_here", mine=None, answers=None):
    """Return the card of the machine up to ``stage``, the slug of a notebook; all stages in 00.

    It tells for each stage the share of the test digits that it reads, as measured in
    ``benchmarks/``, and how many of the learner's own digits it has read. With ``mine``, from
    ``drawings.load``, and ``answers``, the digits (n,) that this stage reads in them, the latter is
    noted first, if they are the learner's own. Raises ValueError for a notebook in which the
    machine does not grow, and for another number of answers than drawings.
    """
    if stage != "start_here" and stage not in STAGES:
        raise ValueError(f"stage must be start_here or one of {', '.join(STAGES)}, got {stage!r}")
    if (mine is None) != (answers is None):
        raise ValueError("mine and answers must be given together, got only one of them")
    if mine is not None:
        _note(stage, mine, np.asarray(answers))
    measured = json.loads(bundled("stages.json").read_text("utf-8"))
    read = drawings.readings()
    stages = list(STAGES)
    shown = stages if stage == "start_here" else stages[: stages.index(stage) + 1]
    return Card([_row(each, measured[each], read.get(each)) for each in shown])


def _note(stage, mine, answers):
    if stage not in STAGES:
        raise ValueError(f"with answers, stage must be one of {', '.join(STAGES)}, got {stage!r}")
    if answers.shape != mine.labels.shape:
        raise ValueError(f"answers must have shape {mine.labels.shape}, got {answers.shape}")
    if mine.own:
        drawings.record_reading(stage, np.sum(answers == mine.labels), len(answers))


def _row(stage, measured, read):
    shares = [_share(measured[digits], stage) for digits in ("digits", "mnist")]
    own = "–" if read is None else f"{read[0]} of {read[1]}"
    return (f"{SLUGS.index(stage):02}", STAGES[stage], *shares, own)


def _share(result, stage):
    share = f"{np.mean(result['accuracies']):.1f} %"
    if stage == "perceptron":  # which is asked about 3s and 8s only
        return f"{share} of {result['images']:,}"
    return share
