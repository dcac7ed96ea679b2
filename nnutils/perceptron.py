"""The perceptron: a weighted sum, a step, and Rosenblatt's rule that learns the weights.

Derived in notebook 02.
"""

from typing import NamedTuple

import numpy as np

from nnutils.checks import finite_number, generator, whole_number


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


def half_adder(X):
    """Return the sum and the carry (n, 2) of the two bits in each row of ``X`` (n, 2).

    The hidden layer is OR and NAND. The sum is their AND, which is XOR (exclusive or); the carry
    is the opposite of NAND. A single row (2,) works too. Derived in notebook 02.
    """
    hidden = step_unit(X, W=[[1, 1], [-1, -1]], b=[-0.5, 1.5])
    return step_unit(hidden, W=[[1, 1], [0, -1]], b=[-1.5, 0.5])


def full_adder(X):
    """Return the sum and the carry (n, 2) of the three bits in each row of ``X`` (n, 3).

    The hidden units ask for at least one, at least two and three ones. The sum is 1 for one and for
    three, the carry for two and for three. A single row (3,) works too. Derived in notebook 02.
    """
    hidden = step_unit(X, W=np.ones((3, 3)), b=[-0.5, -1.5, -2.5])
    return step_unit(hidden, W=[[1, -1, 1], [0, 1, 0]], b=[-0.5, -0.5])


def add(a, b):
    """Return the sum of two binary numbers, one bit longer: [1, 1] and [0, 1] give [1, 0, 0].

    ``a`` and ``b`` are lists of the same length, their bits in the order in which numbers are
    written. Each place has a full adder of step units, which hands its carry on to the left.
    Derived in notebook 02. Raises ValueError for other numbers than 0 and 1 and for two lengths.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"a and b must be lists of the same length, got {a} and {b}")
    if not np.isin([a, b], (0, 1)).all():
        raise ValueError(f"a and b must hold the bits 0 and 1, got {a} and {b}")
    bits, carry = [], 0
    for pair in zip(a[::-1], b[::-1]):
        bit, carry = full_adder([*pair, carry])
        bits = [int(bit), *bits]
    return [int(carry), *bits]


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
    ``inputs`` is not a whole number of at least 1 or ``rate`` not a finite number above 0.
    """

    def __init__(self, inputs, rate=1.0):
        self.w = np.zeros(whole_number("inputs", inputs))
        self.b = 0.0
        self.rate = finite_number("rate", rate, above=0)

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
        labels that are not both 0 and 1, for another rng, and when ``max_epochs`` is not a whole
        number of at least 1: the rule never stops by itself on data that no line separates.
        """
        X, y = _check_examples(X, y)
        updates = []
        for epoch in range(1, whole_number("max_epochs", max_epochs) + 1):
            order = np.arange(len(X)) if rng is None else generator(rng).permutation(len(X))
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
