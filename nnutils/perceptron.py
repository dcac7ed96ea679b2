"""The perceptron: a weighted sum, a step, and Rosenblatt's rule that learns the weights.

Derived in notebook 02.
"""

from typing import NamedTuple

import numpy as np


def step_unit(X, W, b):
    """Return 1 where the weighted sum plus the bias is at least 0, else 0.

    One unit: ``X`` (n, d), ``W`` (d,), ``b`` a number, result (n,). A layer of them: ``W``
    (units, d), ``b`` (units,), result (n, units). A single example ``X`` (d,) works too. Derived in
    notebook 02. Raises ValueError when ``X`` and ``W`` disagree about the number of inputs.
    """
    X, W = np.asarray(X, dtype=float), np.asarray(W, dtype=float)
    if X.shape[-1:] != W.shape[-1:]:
        raise ValueError(f"X of shape {X.shape} does not fit weights of shape {W.shape}")
    return (X @ W.T + b >= 0).astype(int)


def xor_network(X):
    """Return "exactly one of the two inputs is 1" for ``X`` (n, 2), from three units set by hand.

    The hidden layer holds OR and NAND, the output is their AND. Derived in notebook 02.
    """
    hidden = step_unit(X, W=[[1, 1], [-1, -1]], b=[-0.5, 1.5])
    return step_unit(hidden, W=[1, 1], b=-1.5)


class Update(NamedTuple):
    """One change of the weights: when, on which example, and the weights after it."""

    epoch: int  # counted from 1
    example: int  # the row of X
    error: int  # y − y_hat: 1 or −1
    w: np.ndarray  # (d,)
    b: float


class FitReport(NamedTuple):
    """What ``Perceptron.fit`` did: every update in order, and whether it got everything right."""

    converged: bool
    epochs: int  # passes through the data
    wrong: int  # examples that are still wrong at the end
    updates: list[Update]

    def __str__(self):
        text = f"after {self.epochs} epochs and {len(self.updates)} updates: {self.wrong} wrong"
        if self.converged:
            return f"converged {text}"
        return f"not converged {text}. Allow more epochs, or no line separates these data."


class Perceptron:
    """A step unit that learns by Rosenblatt's rule, with the bias as a weight on the constant 1.

    The weights ``w`` (inputs,) and the bias ``b`` start at zero. Derived in notebook 02. Paper:
    F. Rosenblatt (1958), "The perceptron", Psychological Review 65(6). Raises ValueError when
    ``inputs`` is not a whole number of at least 1 or ``rate`` is not above 0.
    """

    def __init__(self, inputs, rate=1.0):
        if int(inputs) != inputs or inputs < 1:
            raise ValueError(f"inputs must be a whole number of at least 1, got {inputs}")
        if not (rate > 0 and np.isfinite(rate)):
            raise ValueError(f"rate must be a number above 0, got {rate}")
        self.w = np.zeros(int(inputs))
        self.b = 0.0
        self.rate = rate

    def __repr__(self):
        return f"Perceptron(w={self.w}, b={self.b}, rate={self.rate})"

    def predict(self, X):
        """Return the class of every row of ``X``: integers (n,) for (n, d), one for (d,).

        Raises ValueError when ``X`` has another number of inputs than the weights.
        """
        return step_unit(X, self.w, self.b)

    def update(self, x, y):
        """Learn from one example ``x`` (d,) with label ``y``; return whether the weights changed.

        They change only when the prediction was wrong. Raises ValueError when ``x`` has another
        shape than the weights or is not finite, or when ``y`` is neither 0 nor 1.
        """
        x = np.asarray(x, dtype=float)
        if x.shape != self.w.shape:
            raise ValueError(f"x must have shape {self.w.shape}, got {x.shape}")
        if not np.isfinite(x).all():
            raise ValueError(f"x must hold finite numbers, got {x}")
        if y not in (0, 1):
            raise ValueError(f"y must be 0 or 1, got {y}")
        error = int(y) - int(self.predict(x))
        if error == 0:
            return False
        self.w = self.w + self.rate * error * x
        self.b = self.b + self.rate * error * 1  # the bias is a weight on the constant 1
        return True

    def fit(self, X, y, max_epochs=1000, rng=None):
        """Go through the examples again and again until none is wrong; return a ``FitReport``.

        ``X`` (n, d), ``y`` (n,) of 0 and 1. The order is that of the rows, or a new shuffle for
        every epoch by ``rng``, a ``numpy.random.Generator``. Learning goes on from the present
        weights. Raises ValueError for data that are empty, of unfitting shapes or not finite, for
        labels that are not both 0 and 1, and when ``max_epochs`` is not a whole number of at
        least 1: the rule never stops by itself on data that no line separates.
        """
        X, y = _check_examples(X, y)
        if max_epochs is None or int(max_epochs) != max_epochs or max_epochs < 1:
            raise ValueError(
                f"max_epochs must be a whole number of at least 1, got {max_epochs}: without a "
                "limit the rule would never stop on data that no line separates"
            )
        updates = []
        for epoch in range(1, int(max_epochs) + 1):
            order = np.arange(len(X)) if rng is None else rng.permutation(len(X))
            before = len(updates)
            for i in order:
                if self.update(X[i], y[i]):
                    error = 2 * int(y[i]) - 1  # a wrong 1 was called 0, a wrong 0 was called 1
                    updates.append(Update(epoch, int(i), error, self.w, self.b))
            if len(updates) == before:
                break
        wrong = sum(int(self.predict(x) != label) for x, label in zip(X, y, strict=True))
        return FitReport(wrong == 0, epoch, wrong, updates)


def mistake_bound(X, y, w, b):
    """Return (R/γ)², the most updates that the perceptron rule can make on separable examples.

    ``X`` (n, d), ``y`` (n,) of 0 and 1; ``w`` (d,) and ``b`` are any separator of them. The bias
    counts as a weight, so R is the length of the longest (x, 1) and γ the least distance of a
    point (x, 1) from the plane of (w, b). Holds for a start at zero and any rate. Derived in
    notebook 02. Paper: A. B. J. Novikoff (1962), "On convergence proofs for perceptrons". Raises
    ValueError when (w, b) does not separate the examples.
    """
    X, y = _check_examples(X, y)
    inputs = np.column_stack([X, np.ones(len(X))])
    separator = np.append(w, b)
    if separator.shape != inputs.shape[1:]:
        raise ValueError(f"w must have shape {X.shape[1:]}, got {np.shape(w)}")
    length = np.linalg.norm(separator)
    distances = (2 * y - 1) * (inputs @ separator) / (length if length > 0 else 1)
    margin = distances.min()
    if not margin > 0:
        wrong = int(np.sum(~(distances > 0)))
        raise ValueError(f"w = {w}, b = {b} does not separate the classes: {wrong} on a wrong side")
    radius = np.linalg.norm(inputs, axis=1).max()
    return float((radius / margin) ** 2)


def _check_examples(X, y):
    """Return ``X`` as floats (n, d) and ``y`` as integers (n,), or raise ValueError."""
    X, y = np.asarray(X, dtype=float), np.asarray(y)
    if X.ndim != 2 or y.shape != X.shape[:1]:
        raise ValueError(f"X must have shape (n, d) and y shape (n,), got {X.shape} and {y.shape}")
    if X.size == 0:
        raise ValueError(f"X must hold at least one example and one input, got shape {X.shape}")
    if not np.isfinite(X).all():
        raise ValueError("X must hold finite numbers, got NaN or infinity")
    labels = np.unique(y)
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"y must hold the labels 0 and 1, got {labels}")
    if len(labels) == 1:
        raise ValueError(f"y must hold both classes, got only the label {int(labels[0])}")
    return X, y.astype(int)
