"""The gradient check: gradients by the chain rule against central differences.

Derived in notebook 06.
"""

from dataclasses import dataclass

import numpy as np

from nnutils.checks import finite_number


def numeric_gradient(f, x, h=1e-5):
    """Return the gradient of ``f`` at ``x`` by central differences: an array of the shape of ``x``.

    Each number of the array ``x`` in turn is raised and lowered by ``h``, in place, and put back;
    ``f(x)`` must return one number. Raises ValueError when ``x`` does not hold floats or ``h`` is
    not a finite number above 0. Derived in notebook 06.
    """
    x = np.asarray(x)
    if not np.issubdtype(x.dtype, np.floating):
        raise ValueError(f"x must hold floats, got {x.dtype}")
    finite_number("h", h, above=0)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        start = x[index]
        x[index] = start + h
        above = f(x)
        x[index] = start - h
        below = f(x)
        x[index] = start
        gradient[index] = (above - below) / (2 * h)
    return gradient


def relative_error(a, n):
    """Return ‖a − n‖ / (‖a‖ + ‖n‖), between 0 and 1; 0 when both arrays are zero.

    Raises ValueError when the two shapes differ. Derived in notebook 06.
    """
    a, n = np.asarray(a), np.asarray(n)
    if a.shape != n.shape:
        raise ValueError(f"both gradients must have one shape, got {a.shape} and {n.shape}")
    size = np.linalg.norm(a) + np.linalg.norm(n)
    return 0.0 if size == 0 else float(np.linalg.norm(a - n) / size)


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What ``check_gradients`` found: the relative error of each array, the last layer first."""

    errors: dict
    tolerance: float

    @property
    def ok(self):
        """Say for each array, by name, whether its error lies below the tolerance."""
        return {name: error < self.tolerance for name, error in self.errors.items()}

    @property
    def all_ok(self):
        """Say whether every error lies below the tolerance."""
        return all(self.ok.values())

    @property
    def wrong_layer(self):
        """Return the number of the first wrong layer, read from the output backwards, or None."""
        return next((int(name[1:]) for name in self.errors if not self.ok[name]), None)

    def __repr__(self):
        tolerance = np.format_float_scientific(self.tolerance, exp_digits=1, trim="-")
        lines = [f"d{name}  below {tolerance}: {ok}" for name, ok in self.ok.items()]
        if self.all_ok:
            lines.append("Every gradient agrees with central differences.")
        else:
            lines.append(f"First wrong layer, from the output backwards: {self.wrong_layer}")
        return "\n".join(lines)


def check_gradients(network, X, y, h=1e-5, tolerance=1e-7):
    """Compare the gradients that ``network.backward`` finds with central differences.

    Returns a ``GradientReport``. A fault spoils all gradients that are found after it, so it lies
    between the last right one and the first wrong one, from the output backwards. Check at random
    weights and at biases that are not zero. The error of a gradient of the wrong shape is
    infinite. Raises ValueError unless the network is one of float64, and ``h`` and ``tolerance``
    are above 0. Derived in notebook 06.
    """
    finite_number("tolerance", tolerance, above=0)
    parameters = network.parameters()
    for p in parameters:
        if p.dtype != np.float64:
            raise ValueError(f"a gradient check needs a network of float64, got {p.dtype}")
    network.backward(network.loss_grad(network.forward(X), y))
    gradients = [g.copy() for g in network.gradients()]

    def loss(_):
        return network.loss(network.forward(X), y)

    errors = {}
    for layer in range(len(parameters) // 2, 0, -1):
        for name, i in ((f"W{layer}", 2 * layer - 2), (f"b{layer}", 2 * layer - 1)):
            numeric = numeric_gradient(loss, parameters[i], h)
            same = gradients[i].shape == numeric.shape
            errors[name] = relative_error(gradients[i], numeric) if same else np.inf
    return GradientReport(errors, tolerance)
