"""Landscapes: losses of two numbers, on which optimizers can be watched.

Shown in notebook 05. A place ``p`` has shape (…, 2), its last axis holds x and y; a loss then has
shape (…) and a gradient the shape of ``p``. The lowest loss of every landscape is 0. All functions
raise ValueError for a ``p`` whose last axis does not hold two numbers.
"""

import numpy as np


def bowl(p):
    """Return x² + y²: as steep in one direction as in the other (curvature 2)."""
    x, y = _coordinates(p)
    return x**2 + y**2


def bowl_grad(p):
    """Return the gradient of ``bowl``, (2x, 2y)."""
    x, y = _coordinates(p)
    return np.stack([2 * x, 2 * y], axis=-1)


def ravine(p):
    """Return 0.1·x² + 5·y²: curvature 0.2 along x, and 10, fifty times as much, along y."""
    x, y = _coordinates(p)
    return 0.1 * x**2 + 5 * y**2


def ravine_grad(p):
    """Return the gradient of ``ravine``, (0.2x, 10y)."""
    x, y = _coordinates(p)
    return np.stack([0.2 * x, 10 * y], axis=-1)


def saddle(p):
    """Return x² + (y² − 2)²/4: a saddle at (0, 0), of loss 1, between minima at (0, ±√2)."""
    x, y = _coordinates(p)
    return x**2 + (y**2 - 2) ** 2 / 4


def saddle_grad(p):
    """Return the gradient of ``saddle``, (2x, y³ − 2y): without a part along y where y = 0."""
    x, y = _coordinates(p)
    return np.stack([2 * x, y**3 - 2 * y], axis=-1)


def many_minima(p):
    """Return (x² + y²)/2 + 2 − cos πx − cos πy: the lowest of its minima is at (0, 0).

    After Rastrigin (1974), with nine minima between −3 and 3.
    """
    x, y = _coordinates(p)
    return (x**2 + y**2) / 2 + 2 - np.cos(np.pi * x) - np.cos(np.pi * y)


def many_minima_grad(p):
    """Return the gradient of ``many_minima``, (x + π·sin πx, y + π·sin πy)."""
    x, y = _coordinates(p)
    return np.stack([x + np.pi * np.sin(np.pi * x), y + np.pi * np.sin(np.pi * y)], axis=-1)


def _coordinates(p):
    p = np.asarray(p, dtype=float)
    if p.shape[-1:] != (2,):
        raise ValueError(f"a place must have shape (…, 2), got {p.shape}")
    return p[..., 0], p[..., 1]
