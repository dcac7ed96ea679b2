"""Toy sets in the plane: X has shape (n, 2), float64, y shape (n,), int64.

The classes are as equal in number as n allows.
"""

import numpy as np

from nnutils.checks import finite_number, generator, whole_number


def make_moons(n, noise, rng):
    """Draw two half circles of radius 1 that reach into each other, labels 0 and 1.

    Class 0 arches up around (0, 0), class 1 down around (1, 0.5). ``noise`` is the standard
    deviation of the shift that is added to each coordinate, ``rng`` a ``numpy.random.Generator``.
    Raises ValueError unless n is a whole number of at least 1 and the noise finite and at least 0,
    and for another rng.
    """
    y = _draw_labels(n, noise, rng, classes=2)
    angle = rng.uniform(0, np.pi, len(y))
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    X[y == 1] = [1, 0.5] - X[y == 1]
    return X + rng.normal(0, noise, X.shape), y


def make_circles(n, noise, rng):
    """Draw a circle of radius 1 (label 0) around one of radius 0.5 (label 1).

    ``noise``, ``rng`` and errors as in ``make_moons``.
    """
    y = _draw_labels(n, noise, rng, classes=2)
    angle = rng.uniform(0, 2 * np.pi, len(y))
    radius = np.where(y == 0, 1, 0.5)
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return X + rng.normal(0, noise, X.shape), y


def make_spiral(n, noise, rng):
    """Draw two arms that wind 1.25 times round each other, labels 0 and 1.

    The radius grows evenly with the angle, from 0.1 to 1; arm 1 is arm 0 turned by half a turn.
    ``noise``, ``rng`` and errors as in ``make_moons``.
    """
    y = _draw_labels(n, noise, rng, classes=2)
    way = rng.uniform(0, 1, len(y))  # how far along its arm a point lies
    radius = 0.1 + 0.9 * way
    angle = 2 * np.pi * 1.25 * way + np.pi * y
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return X + rng.normal(0, noise, X.shape), y


def make_xor(n, noise, rng):
    """Draw points around the four corners (±1, ±1): label 1 where the two signs differ.

    ``noise``, ``rng`` and errors as in ``make_moons``.
    """
    corner = _draw_labels(n, noise, rng, classes=4)
    corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    X = corners[corner]
    return X + rng.normal(0, noise, X.shape), corner % 2


def make_blobs(n, noise, rng, centres=((-1, -1), (1, 1))):
    """Draw one round cloud of points at each of the ``centres``, labels 0 … C−1.

    ``centres`` has shape (C, 2), C at least 1. ``noise``, ``rng`` and errors as in ``make_moons``.
    """
    centres = np.asarray(centres, dtype=float)
    if centres.ndim != 2 or centres.shape[1] != 2 or len(centres) == 0:
        raise ValueError(f"centres must have shape (C, 2), C at least 1, got {centres.shape}")
    if not np.isfinite(centres).all():
        raise ValueError(f"centres must hold finite numbers, got {centres}")
    y = _draw_labels(n, noise, rng, classes=len(centres))
    X = centres[y]
    return X + rng.normal(0, noise, X.shape), y


def _draw_labels(n, noise, rng, classes):
    """Check the arguments of a toy set and return its labels (n,), balanced and shuffled."""
    n = whole_number("n", n)
    finite_number("noise", noise, at_least=0)
    return generator(rng).permutation(np.arange(n) % classes)
