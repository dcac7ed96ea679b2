"""Checks of settings: what does not fit raises a ValueError that names it.

Used by all modules; every function returns the setting, ready for use.
"""

import numpy as np


def whole_number(name, value, least=1):
    """Return ``value`` as an int: 3, 3.0 and NumPy's integers alike.

    Raises ValueError unless ``value`` is a whole number of at least ``least``.
    """
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):  # None, NaN, infinity
        number = None
    if number is None or number != value or number < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return number


def finite_number(name, value, at_least=-np.inf, above=-np.inf, below=np.inf):
    """Return ``value``, unchanged; raise ValueError unless it is finite and within the bounds."""
    try:
        fits = bool(at_least <= value and above < value < below)
    except (TypeError, ValueError):  # a string, an array
        fits = False
    if not fits:
        bounds = {"of at least": at_least, "above": above, "below": below}
        words = " and ".join(f"{word} {x}" for word, x in bounds.items() if np.isfinite(x))
        raise ValueError(f"{name} must be a finite number{words and ' ' + words}, got {value!r}")
    return value


def generator(rng):
    """Return ``rng``; raise ValueError unless it is a ``numpy.random.Generator``."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator, got {rng!r}")
    return rng
