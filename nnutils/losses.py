"""Losses and their gradients with respect to their first argument.

Derived in notebook 05. A loss is a mean over the examples, without ½, and comes back as one float.
With several outputs the mean runs over all of them, as in torch. The targets must have exactly the
shape that is asked for: (n,) beside (n, 1) would broadcast to (n, n) and give a wrong number.
"""

import numpy as np

from nnutils.activations import as_floats, log_softmax, sigmoid, softmax


def l1(y_hat, y):
    """Return the mean of |ŷ − y|, for predictions and targets of one shape.

    Raises ValueError when the shapes differ or are empty. Derived in notebook 05.
    """
    y_hat, y = _same_shape(y_hat, y)
    return float(np.mean(np.abs(y_hat - y)))


def l1_grad(y_hat, y):
    """Return the gradient of ``l1`` at ``y_hat``: its shape (0 where ŷ = y, as in torch)."""
    y_hat, y = _same_shape(y_hat, y)
    return np.sign(y_hat - y) / y.size


def mse(y_hat, y):
    """Return the mean squared error, the mean of (ŷ − y)², for arrays of one shape.

    Raises ValueError when the shapes differ or are empty. Derived in notebook 05.
    """
    y_hat, y = _same_shape(y_hat, y)
    return float(np.mean((y_hat - y) ** 2))


def mse_grad(y_hat, y):
    """Return the gradient of ``mse`` at ``y_hat``, 2·(ŷ − y) / size: the shape of ``y_hat``."""
    y_hat, y = _same_shape(y_hat, y)
    return 2 * (y_hat - y) / y.size


def binary_cross_entropy(z, y):
    """Return the mean of −y·ln p − (1 − y)·ln(1 − p), p = σ(z), for logits ``z`` and labels 0/1.

    Works on logits, so that no logarithm meets a 0. Raises ValueError when the shapes differ or are
    empty, or a label lies outside 0 … 1. Derived in notebook 05.
    """
    z, y = _binary(z, y)
    log_p = -np.logaddexp(0, -z)
    log_not_p = -np.logaddexp(0, z)
    return float(np.mean(-y * log_p - (1 - y) * log_not_p))


def binary_cross_entropy_grad(z, y):
    """Return the gradient of ``binary_cross_entropy`` at ``z``, (σ(z) − y) / size: its shape."""
    z, y = _binary(z, y)
    return (sigmoid(z) - y) / y.size


def cross_entropy(z, y):
    """Return the mean of −ln p[y], p = softmax(z), for logits (n, C) and labels (n,) in 0 … C−1.

    Works on logits, so that no logarithm meets a 0. Raises ValueError for other shapes, labels that
    are not whole numbers, and labels outside 0 … C−1. Derived in notebook 05.
    """
    z, y = _classes(z, y)
    return float(0 - np.mean(log_softmax(z)[np.arange(len(y)), y]))  # 0, never −0


def cross_entropy_grad(z, y):
    """Return the gradient of ``cross_entropy`` at ``z``, (p − one-hot y) / n: shape (n, C)."""
    z, y = _classes(z, y)
    dz = softmax(z)
    dz[np.arange(len(y)), y] -= 1
    return dz / len(y)


def check_labels(y, n, classes):
    """Return the labels ``y`` of n examples as an int64 array (n,).

    Raises ValueError for another shape, labels that are not whole numbers (True and False count as
    1 and 0), and labels outside 0 … classes − 1.
    """
    y = np.asarray(y)
    if y.shape != (n,):
        raise ValueError(f"labels must have shape ({n},), got {y.shape}")
    if y.dtype.kind not in "bui":
        raise ValueError(f"labels must be whole numbers (an integer array), got {y.dtype}")
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(f"labels must lie in 0 … {classes - 1}, got {y.min()} … {y.max()}")
    return y.astype(np.int64)


def _same_shape(y_hat, y):
    y_hat, y = as_floats(y_hat), as_floats(y)
    if y.shape != y_hat.shape:
        raise ValueError(f"y must have shape {y_hat.shape}, got {y.shape}")
    if y.size == 0:
        raise ValueError(f"a loss needs at least one example, got shape {y.shape}")
    return y_hat, y.astype(y_hat.dtype)


def _binary(z, y):
    z, y = _same_shape(z, y)
    if not (y.min() >= 0 and y.max() <= 1):  # not: NaN lies nowhere
        raise ValueError(f"labels must lie in 0 … 1, got {y.min():g} … {y.max():g}")
    return z, y


def _classes(z, y):
    z = as_floats(z)
    if z.ndim != 2 or z.size == 0:
        raise ValueError(f"logits must have shape (n, C) with n and C at least 1, got {z.shape}")
    return z, check_labels(y, *z.shape)
