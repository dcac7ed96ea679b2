"""Optimizers: they change the parameters in place, given the gradients of the loss.

Derived in notebook 05; each gives the same numbers as its namesake in ``torch.optim``.
"""

import numpy as np

from nnutils.activations import as_floats
from nnutils.checks import finite_number, whole_number


class Optimizer:
    """What all optimizers share: a learning rate, the step count, one memory per parameter.

    A kind of optimizer says in ``update`` how one parameter changes, and in ``memories`` how many
    arrays of the parameter's shape it remembers from step to step (they start at zero). Raises
    ValueError for a setting that is not finite, is negative, or is a beta of 1 or more.
    """

    memories = 1

    def __init__(self, rate):
        self.rate = finite_number("rate", rate, at_least=0)
        self.t = 0
        self.memory = None

    def step(self, parameters, gradients):
        """Change every array of the list ``parameters`` in place, by one step.

        ``gradients`` is a list of arrays of the same shapes. Raises ValueError, and changes
        nothing, when the two lists do not match, when a parameter is not an array of floats or is
        read-only, and when the parameters have other shapes than at the first step.
        """
        gradients = _check(parameters, gradients)
        if self.memory is None:
            self.memory = [[np.zeros_like(p) for _ in range(self.memories)] for p in parameters]
        first, now = [memory[0].shape for memory in self.memory], [p.shape for p in parameters]
        if first != now:
            raise ValueError(f"parameters must keep their first shapes, {first}, got {now}")
        self.t += 1
        for p, g, memory in zip(parameters, gradients, self.memory):
            for pieces in _in_pieces(p, g, *memory):
                self.update(*pieces)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted. Derived in notebook 05.

    Polyak (1964), "Some methods of speeding up the convergence of iteration methods".
    """

    def __init__(self, rate, momentum=0.0):
        super().__init__(rate)
        self.momentum = finite_number("momentum", momentum, at_least=0)

    def update(self, p, g, v):
        """Move ``p`` along the velocity ``v``, into which the gradient ``g`` flows."""
        v *= self.momentum
        v += g
        p -= self.rate * v


class Adagrad(Optimizer):
    """Divide each step by the root of the sum of all squared gradients so far.

    Derived in notebook 05. Duchi, Hazan and Singer (2011), "Adaptive subgradient methods".
    """

    def __init__(self, rate=1e-2, eps=1e-10):
        super().__init__(rate)
        self.eps = finite_number("eps", eps, at_least=0)

    def update(self, p, g, s):
        """Move ``p`` against ``g``, less where ``s``, the sum of its squares, is large."""
        s += g * g
        p -= self.rate * g / (np.sqrt(s) + self.eps)


class RMSProp(Optimizer):
    """Divide each step by the root of a running mean of the squared gradients.

    Derived in notebook 05. Tieleman and Hinton (2012), lecture 6.5 of "Neural networks for machine
    learning".
    """

    def __init__(self, rate=1e-2, beta=0.99, eps=1e-8):
        super().__init__(rate)
        self.beta = finite_number("beta", beta, at_least=0, below=1)
        self.eps = finite_number("eps", eps, at_least=0)

    def update(self, p, g, s):
        """Move ``p`` against ``g``, less where ``s``, the mean of its squares, is large."""
        s *= self.beta
        s += (1 - self.beta) * g * g
        p -= self.rate * g / (np.sqrt(s) + self.eps)


class Adam(Optimizer):
    """Momentum and RMSProp together, both corrected for their start at zero.

    Derived in notebook 05. Kingma and Ba (2015), "Adam: a method for stochastic optimization".
    """

    memories = 2

    def __init__(self, rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(rate)
        self.beta1 = finite_number("beta1", beta1, at_least=0, below=1)
        self.beta2 = finite_number("beta2", beta2, at_least=0, below=1)
        self.eps = finite_number("eps", eps, at_least=0)

    def update(self, p, g, m, s):
        """Move ``p`` against ``m``, the mean of ``g``, less where ``s``, that of g², is large."""
        m *= self.beta1
        m += (1 - self.beta1) * g
        s *= self.beta2
        squares = g * g
        squares *= 1 - self.beta2
        s += squares
        root = (1 - self.beta2**self.t) ** 0.5  # the two corrections as numbers, not as arrays:
        rate = self.rate * root / (1 - self.beta1**self.t)  # the end of section 2 of the paper
        step = np.sqrt(s)  # what follows is p -= rate * m / (√s + root · eps), without new arrays
        step += root * self.eps
        np.divide(m, step, out=step)
        step *= rate
        p -= step


def one_cycle(step, total, peak):
    """Return the learning rate of step 0 … total − 1 under the one-cycle schedule.

    It rises along a cosine from peak/25 to ``peak`` in the first 30 % of the steps, then falls to
    peak/250,000. Derived in notebook 05; Smith and Topin (2019), "Super-convergence". Raises
    ValueError when ``total`` is not a whole number of at least 1, ``step`` is not one in
    0 … total − 1, or ``peak`` is not a finite number of at least 0.
    """
    total = whole_number("total", total)
    finite_number("peak", peak, at_least=0)
    if step not in range(total):
        raise ValueError(f"step must lie in 0 … {total - 1}, got {step}")
    top = 0.3 * total - 1  # the step at the peak, a fraction as a rule
    if step <= top:
        return _cosine(peak / 25, peak, step / top)
    return _cosine(peak, peak / 250_000, (step - top) / (total - 1 - top))


def _cosine(start, end, part):
    """Go from ``start`` (part 0) to ``end`` (part 1) along half a cosine wave."""
    return float(end + (start - end) * (1 + np.cos(np.pi * part)) / 2)


def _in_pieces(*arrays, size=49152):
    """Yield the same rows of all arrays, about ``size`` numbers at a time.

    The pieces and all that is computed from them then stay in the processor's cache: on a large
    layer a step of Adam is several times as fast.
    """
    if arrays[0].size <= size:
        yield [a.reshape(a.shape or 1) for a in arrays]  # a single number as an array of one
        return
    rows = max(1, size * len(arrays[0]) // arrays[0].size)
    for start in range(0, len(arrays[0]), rows):
        yield [a[start : start + rows] for a in arrays]


def _check(parameters, gradients):
    """Return the gradients as arrays of floats; ValueError unless every step can be taken."""
    if len(parameters) != len(gradients):
        raise ValueError(f"expected {len(parameters)} gradients, got {len(gradients)}")
    gradients = [as_floats(g) for g in gradients]
    for p, g in zip(parameters, gradients):
        if not (isinstance(p, np.ndarray) and p.dtype.kind == "f"):
            raise ValueError(f"a parameter must be an array of floats, got {p!r}")
        if not p.flags.writeable:
            raise ValueError(f"a parameter must be writable, got a read-only array {p.shape}")
        if g.shape != p.shape:
            raise ValueError(f"a gradient must have shape {p.shape}, got {g.shape}")
    return gradients
