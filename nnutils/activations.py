"""Activations and their derivatives, each a function of z.

Derived in notebook 04. All of them work element by element, except softmax and log-softmax, which
work along the last axis. float32 stays float32; whole numbers become float64.
"""

import numpy as np

from nnutils.checks import finite_number


def as_floats(z):
    """Return ``z`` as an array of floats: float32 stays float32, whole numbers become float64.

    Raises ValueError when it holds no numbers, or complex ones.
    """
    z = np.asarray(z)
    if z.dtype.kind not in "biufO":
        raise ValueError(f"expected an array of real numbers, got one of {z.dtype}")
    return z if z.dtype.kind == "f" else z.astype(float)


def step(z):
    """Return 1 where z ≥ 0, else 0: the shape of ``z``. Derived in notebooks 02 and 04."""
    z = as_floats(z)
    return (z >= 0).astype(z.dtype)


def step_grad(z):
    """Return the derivative of the step, 0 everywhere: why a step unit cannot learn by gradient."""
    return np.zeros_like(as_floats(z))


def sigmoid(z):
    """Return 1 / (1 + e⁻ᶻ), between 0 and 1: the shape of ``z``. Derived in notebook 04.

    The exponent is never positive, so that nothing overflows.
    """
    z = as_floats(z)
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def sigmoid_grad(z):
    """Return σ′(z) = σ(z)·(1 − σ(z)), at most 1/4: the shape of ``z``. Derived in notebook 04."""
    s = sigmoid(z)
    return s * (1 - s)


def tanh(z):
    """Return the hyperbolic tangent, between −1 and 1: the shape of ``z``."""
    return np.tanh(as_floats(z))


def tanh_grad(z):
    """Return tanh′(z) = 1 − tanh²(z), at most 1: the shape of ``z``. Derived in notebook 04."""
    return 1 - tanh(z) ** 2


def relu(z):
    """Return max(z, 0): the shape of ``z``. Derived in notebooks 01 and 04.

    Nair and Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".
    """
    return np.maximum(as_floats(z), 0)


def relu_grad(z):
    """Return 1 where z > 0, else 0 (at the kink too, as in torch): the shape of ``z``."""
    z = as_floats(z)
    return (z > 0).astype(z.dtype)


def leaky_relu(z, slope=0.01):
    """Return z where z > 0, else slope·z: the shape of ``z``. Derived in notebook 04.

    Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".
    Raises ValueError when ``slope`` is not a finite number.
    """
    z = as_floats(z)
    return np.where(z > 0, z, finite_number("slope", slope) * z)


def leaky_relu_grad(z, slope=0.01):
    """Return 1 where z > 0, else ``slope`` (at the kink too, as in torch): the shape of ``z``."""
    z = as_floats(z)
    return np.where(z > 0, np.ones_like(z), finite_number("slope", slope))


def softmax(z):
    """Turn logits (…, C) into C probabilities that sum to 1. Derived in notebook 05.

    Taking the largest logit from all of them changes no probability and keeps e to the power of z
    finite. Raises ValueError when ``z`` has no axis or no class.
    """
    e = np.exp(_from_largest(z))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_grad(z):
    """Return the derivatives ∂pᵢ/∂zⱼ = pᵢ·(1[i = j] − pⱼ): shape (…, C, C) for logits (…, C)."""
    p = softmax(z)
    same = np.eye(p.shape[-1], dtype=p.dtype)
    return p[..., :, None] * (same - p[..., None, :])


def log_softmax(z):
    """Return the logarithms of the softmax probabilities of logits (…, C), by log-sum-exp.

    Finite where the probability itself would round to 0. Derived in notebook 05. Raises ValueError
    when ``z`` has no axis or no class.
    """
    z = _from_largest(z)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def log_softmax_grad(z):
    """Return the derivatives ∂ln pᵢ/∂zⱼ = 1[i = j] − pⱼ: shape (…, C, C) for logits (…, C)."""
    p = softmax(z)
    return np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :]


def _from_largest(z):
    """Return the logits less the largest one along the last axis."""
    z = as_floats(z)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"logits must have shape (…, C) with C at least 1, got {z.shape}")
    return z - z.max(axis=-1, keepdims=True)
