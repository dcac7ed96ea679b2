"""The debugging ladder: five checks that every network which classifies must pass.

Derived in notebook 06; rungs 1, 2 and 4 after A. Karpathy, "A Recipe for Training Neural Networks"
(2019). A mistake in a program often lets a network learn a little all the same. Climb from the
first rung: the first one that breaks tells where to look. No rung changes the network that it is
given; each works on copies.
"""

import copy
from dataclasses import dataclass

import numpy as np

from nnutils.checks import generator
from nnutils.gradcheck import check_gradients
from nnutils.network import Linear
from nnutils.optimizers import Adam

RUNAWAY = 1e3  # a loss above it does not come back
ERRORS = 4  # standard errors of luck: exceeded by a fair coin 3 times in 100,000


@dataclass(frozen=True)
class Rung:
    """Say whether one rung ``holds``, its ``name``, and in words what was ``seen``."""

    name: str
    holds: bool
    seen: str


@dataclass(frozen=True, repr=False)
class LadderReport:
    """What ``climb_ladder`` found: the five rungs, from the first one up."""

    rungs: tuple

    @property
    def all_hold(self):
        """Say whether no rung breaks."""
        return all(rung.holds for rung in self.rungs)

    @property
    def broken(self):
        """Return the numbers, from 1, of the rungs that break."""
        return [k for k, rung in enumerate(self.rungs, start=1) if not rung.holds]

    def __repr__(self):
        lines = [f"{k} {rung.name}: {rung.holds}" for k, rung in enumerate(self.rungs, start=1)]
        lines.append(f"First broken rung: {self.broken[0]}" if self.broken else "Every rung holds.")
        return "\n".join(lines)


def climb_ladder(network, X, y, rng):
    """Climb all five rungs with a fresh ``network`` and return a ``LadderReport``.

    ``network`` has the loss "cross_entropy" and has not been trained, ``X`` has shape (n, d), ``y``
    (n,) with labels 0 … C−1, and ``rng`` is a ``numpy.random.Generator``. A small network takes a
    tenth of a second; the gradient check of a large one takes long. Raises ValueError for another
    loss or rng, for fewer than eight examples, and unless ``X`` and ``y`` have the same length.
    Derived in notebook 06.
    """
    X, y = np.asarray(X), np.asarray(y)
    if network.loss_name != "cross_entropy":
        raise ValueError(
            f"the ladder needs a network with cross_entropy, got {network.loss_name!r}"
        )
    if len(y) < 8 or len(X) != len(y):
        raise ValueError(f"expected at least 8 examples and labels, got {len(X)} and {len(y)}")
    return LadderReport(
        (
            check_first_loss(network, X, y),
            check_four_examples(network, X, y, rng),
            check_backward(network, X, y, rng),
            check_constant_input(network, X, y),
            check_shuffled_labels(network, X, y, rng),
        )
    )


def check_first_loss(network, X, y):
    """Rung 1: check that the loss at the start is near ln C.

    A fresh network knows nothing, so each of the C classes gets about 1/C. Random weights make the
    logits differ, which costs a little: between ⅓ and 5 times ln C is allowed. (A 2–16–16–2
    network on moons starts at 0.6 to 4.6 times ln C, over 400 draws, 784–128–10 on digits at 1.0 to
    1.1 times; with pixels up to 255 instead of 1 it is 75 times.)
    """
    fresh = copy.deepcopy(network)
    outputs = fresh.forward(X)
    loss, expected = fresh.loss(outputs, y), np.log(outputs.shape[1])
    holds = expected / 3 < loss < 5 * expected
    return _rung("loss at the start near ln C", holds, f"loss {loss:.2f}, ln C = {expected:.2f}")


def check_four_examples(network, X, y, rng):
    """Rung 2: check that the network can learn four examples by heart, with its own train_step.

    After 300 steps of Adam the loss must lie below a tenth of ln C. (A right 2–16–16–2 network
    comes below a hundredth; one with a softmax too many cannot fall below 0.31, nearly half of
    ln 2.)
    """
    learner = copy.deepcopy(network)
    rows = _four_rows(y, rng)
    _train(learner, X[rows], y[rows], steps=300)
    outputs = learner.forward(X[rows])
    loss, limit = learner.loss(outputs, y[rows]), np.log(outputs.shape[1]) / 10
    holds = loss < limit
    return _rung("four examples by heart", holds, f"loss {loss:.2f}, wanted below {limit:.2f}")


def check_backward(network, X, y, rng):
    """Rung 3: check the gradients against central differences, in float64, on eight examples.

    Weights and biases are drawn afresh: at biases of zero some mistakes do not show.
    """
    rows = generator(rng).permutation(len(y))[:8]
    report = check_gradients(with_random_weights(network, rng), X[rows], y[rows])
    seen = "all agree" if report.all_ok else f"first wrong layer {report.wrong_layer}"
    return _rung("gradient check passes", report.all_ok, seen)


def check_constant_input(network, X, y):
    """Rung 4: check that a constant input does no better than the commonest class.

    When every example looks the same, one answer for all is the best there is. A network that
    still does better gets the labels from somewhere else. Rows that are equal may differ in the
    last digit of their outputs, so four standard errors are allowed.
    """
    blind = copy.deepcopy(network)
    constant = np.ones_like(X)
    _train(blind, constant, y, steps=100)
    return _no_better("constant input no better", blind.accuracy(constant, y), y)


def check_shuffled_labels(network, X, y, rng):
    """Rung 5: check that shuffled labels give chance on examples that were not learned.

    The network learns one half of the examples and is tested on the other. Shuffled labels tell
    nothing about each other: more than four standard errors above the share of the commonest class
    means that the test is not a test.
    """
    learner = copy.deepcopy(network)
    rows, labels = generator(rng).permutation(len(y)), rng.permutation(y)
    half = len(y) // 2
    _train(learner, X[rows[:half]], labels[:half], steps=100)
    accuracy = learner.accuracy(X[rows[half:]], labels[half:])
    return _no_better("shuffled labels give chance", accuracy, labels[half:])


def with_random_weights(network, rng):
    """Return a copy of ``network`` in float64, ready for a gradient check.

    Its weights have the variance 1 / n_in, its biases the standard deviation ½, both drawn from
    ``rng``; ValueError unless that is a ``numpy.random.Generator``. Derived in notebook 06.
    """
    generator(rng)
    drawn = copy.deepcopy(network)
    drawn.dtype = np.float64
    for layer in drawn.layers:
        if isinstance(layer, Linear):
            n_out, n_in = layer.W.shape
            layer.W = rng.normal(0, n_in**-0.5, (n_out, n_in))
            layer.b = rng.normal(0, 0.5, n_out)
    return drawn


def _rung(name, holds, seen):
    return Rung(name, bool(holds), seen)


def _no_better(name, accuracy, y):
    share = np.bincount(y).max() / len(y)
    limit = share + ERRORS * np.sqrt(share * (1 - share) / len(y))
    return _rung(name, accuracy <= limit, f"accuracy {accuracy:.0%}, commonest class {share:.0%}")


def _four_rows(y, rng):
    """Return the numbers of four random examples, of different classes first."""
    rows = generator(rng).permutation(len(y))
    _, first = np.unique(y[rows], return_index=True)  # one of each class
    return np.append(rows[first], np.delete(rows, first))[:4]


def _train(network, X, y, steps):
    optimizer = Adam(0.01)
    for _ in range(steps):
        if not network.train_step(X, y, optimizer) < RUNAWAY:
            break
