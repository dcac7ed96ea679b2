"""Automatic differentiation: numbers that remember how they were computed.

Built in notebook 08, where PyTorch's tensors turn out to be the same with arrays. The idea of a
class with so few lines is that of A. Karpathy's micrograd (2020).
"""

import math
from numbers import Real


class Value:
    """A number with a record of its origin: ``data`` is the number, ``grad`` its gradient.

    ``record`` holds a pair (operand, slope) for each number that it was computed from: when the
    operand grows by a tiny h, this value grows by slope · h. ``name`` says what it is: the sign of
    the operation, or a variable's name. The operations are +, −, ·, /, ** with a number as the
    exponent, exp, log, tanh and relu; their other operand may be a plain number. Raises ValueError
    for what is no real number, and for an operation that gives none.
    """

    def __init__(self, data, record=(), name=""):
        self.data = _real("data", data)
        self.grad = 0.0
        self.record = record
        self.name = name
        self.depth = 1 + max((operand.depth for operand, _ in record), default=-1)

    def __repr__(self):
        return f"Value({self.data:.6g}, grad={self.grad:.6g})"

    def __add__(self, other):
        other = _value(other)
        return Value(self.data + other.data, [(self, 1.0), (other, 1.0)], "+")

    def __sub__(self, other):
        other = _value(other)
        return Value(self.data - other.data, [(self, 1.0), (other, -1.0)], "−")

    def __mul__(self, other):
        other = _value(other)
        return Value(self.data * other.data, [(self, other.data), (other, self.data)], "×")

    def __truediv__(self, other):
        other = _value(other)
        quotient = self.data / other.data
        return Value(quotient, [(self, 1 / other.data), (other, -quotient / other.data)], "/")

    def __pow__(self, n):
        slope = _real("exponent", n) * self.data ** (n - 1) if n else 0.0
        return Value(self.data**n, [(self, slope)], f"** {n:g}")

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return _value(other) - self

    def __rtruediv__(self, other):
        return _value(other) / self

    def __neg__(self):
        return Value(-self.data, [(self, -1.0)], "−")

    def exp(self):
        """Return e to the power of this value."""
        if self.data > 709:
            raise ValueError(f"exp({self.data:g}) is too large for a float")
        power = math.exp(self.data)
        return Value(power, [(self, power)], "exp")

    def log(self):
        """Return the natural logarithm."""
        if self.data <= 0:
            raise ValueError(f"log needs a number above 0, got {self.data:g}")
        return Value(math.log(self.data), [(self, 1 / self.data)], "log")

    def tanh(self):
        """Return the hyperbolic tangent."""
        t = math.tanh(self.data)
        return Value(t, [(self, 1 - t**2)], "tanh")

    def relu(self):
        """Return the value itself above 0, else 0; the slope at 0 is 0, as in PyTorch."""
        return Value(max(self.data, 0.0), [(self, float(self.data > 0))], "relu")

    def backward(self):
        """Find the gradient of this value with respect to all that it was computed from.

        As in PyTorch, given values (weights, inputs) add up their gradients from call to call;
        computed ones start again from 0.
        """
        values = self.origins()
        for value in values:
            if value.record:
                value.grad = 0.0
        self.grad += 1.0
        for value in reversed(values):
            value.pass_back()

    def pass_back(self):
        """Give every operand its share of the gradient: the chain rule, for one operation."""
        for operand, slope in self.record:
            operand.grad += slope * self.grad

    def origins(self):
        """Return all values that this was computed from, and itself at the end.

        Each stands after its operands: it lies deeper than they do. There is no recursion, so that
        the chain may be as long as one likes.
        """
        found, waiting = {self: None}, [self]
        while waiting:
            for operand, _ in waiting.pop().record:
                if operand not in found:
                    found[operand] = None
                    waiting.append(operand)
        return sorted(found, key=lambda value: value.depth)


def _value(other):
    return other if isinstance(other, Value) else Value(other)


def _real(what, number):
    """Return ``number`` as a float; raise ValueError when it is none, a complex one for example."""
    if not isinstance(number, Real):
        raise ValueError(f"{what} must be a real number, got {number!r}")
    return float(number)
