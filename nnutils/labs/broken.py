"""Twelve networks, each with one mistake that people make. Looked for in notebook 06.

Each class has one wrong line, with the right one beside it; the rest is as in ``network.py``. Nine
mistakes lie in the backward pass, where the gradient check finds them. Three lie outside it.

A layer number says which layer's gradients go wrong first, read from the output backwards. The
wrong line lies between the last right gradient and the first wrong one: in that layer, in the
activation behind it, or where the layer behind it hands its dX on.
"""

from dataclasses import dataclass

import numpy as np

from nnutils.activations import softmax
from nnutils.network import Activation, Linear, Network

SIZES = (2, 16, 16, 2)  # the square layer in the middle lets wrong shapes through
OUTSIDE = 0  # the place of a mistake that is in no layer's backward pass

# --- Mistakes in the gradients of a linear layer --------------------------------------------------


class ForgottenBias(Linear):
    """A linear layer that finds no gradient for its bias."""

    def backward(self, dZ):
        """Keep dW and return dX; db stays what it was at the start, 0."""
        self.dW = dZ.T @ self.X
        # missing: self.db = dZ.sum(axis=0)
        return dZ @ self.W


class AveragedBias(Linear):
    """A linear layer that divides the gradient of its bias by the batch size once more."""

    def backward(self, dZ):
        """Keep dW and a db that is too small, and return dX."""
        self.dW = dZ.T @ self.X
        self.db = dZ.mean(axis=0)  # right: self.db = dZ.sum(axis=0)
        return dZ @ self.W


class OwnOutput(Linear):
    """A linear layer that multiplies with what it gave instead of what it was given."""

    def forward(self, X):
        """Return Z and keep A as well, the output of the tanh behind the layer."""
        Z = super().forward(X)
        self.A = np.tanh(Z)
        return Z

    def backward(self, dZ):
        """Keep a wrong dW and the right db, and return dX."""
        self.dW = dZ.T @ self.A  # right: self.dW = dZ.T @ self.X
        self.db = dZ.sum(axis=0)
        return dZ @ self.W


# --- Mistakes on the way back to the layer before -------------------------------------------------


class TransposedWeights(Linear):
    """A square linear layer that sends the gradient back through W.T."""

    def backward(self, dZ):
        """Keep dW and db, and return a wrong dX."""
        self.dW = dZ.T @ self.X
        self.db = dZ.sum(axis=0)
        return dZ @ self.W.T  # right: return dZ @ self.W


class EarlyUpdate(Linear):
    """A linear layer whose weights change before the gradient has passed through them."""

    rate = 0.4

    def backward(self, dZ):
        """Keep dW and db, and return dX through the weights of the next step."""
        self.dW = dZ.T @ self.X
        self.db = dZ.sum(axis=0)
        return dZ @ (self.W - self.rate * self.dW)  # right: return dZ @ self.W


class NoDerivative(Activation):
    """An activation that hands the gradient on as if it were not there."""

    def backward(self, dA):
        """Return dA instead of dZ."""
        return dA  # right: return dA * self.f_grad(self.Z)


class DerivativeAtA(Activation):
    """An activation whose derivative is taken at its output instead of its input."""

    def backward(self, dA):
        """Return a wrong dZ."""
        A = self.f(self.Z)
        return dA * self.f_grad(A)  # right: return dA * self.f_grad(self.Z)


class MaskOfGradient(Activation):
    """A ReLU that lets positive gradients through instead of those of positive sums."""

    def backward(self, dA):
        """Return a wrong dZ."""
        return dA * (dA > 0)  # right: return dA * (self.Z > 0)


# --- Mistakes of the whole network ----------------------------------------------------------------


def summed_grad(Z, y):
    """Return p − one-hot y, without the division by the number of examples."""
    dZ = softmax(Z)
    dZ[np.arange(len(y)), y] -= 1
    return dZ  # right: return dZ / len(y)


class SummedGradient(Network):
    """A network that shows the mean of the loss and follows the gradient of the sum."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.loss_grad = summed_grad


class WrongSign(Network):
    """A network that climbs the loss."""

    def train_step(self, X, y, optimizer):
        """Step along the gradient instead of against it."""
        Z = self.forward(X)
        self.backward(self.loss_grad(Z, y))
        gradients = [-g for g in self.gradients()]  # right: gradients = self.gradients()
        optimizer.step(self.parameters(), gradients)
        return self.loss(Z, y)


class StaleGradients(Network):
    """A network that has asked for its gradients before there were any."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.collected = self.gradients()  # the zeros of the start; backward makes new arrays

    def train_step(self, X, y, optimizer):
        """Step along gradients that no backward pass has renewed."""
        Z = self.forward(X)
        self.backward(self.loss_grad(Z, y))
        gradients = self.collected  # right: gradients = self.gradients()
        optimizer.step(self.parameters(), gradients)
        return self.loss(Z, y)


class Softmax:
    """The softmax as a layer, with a right backward pass."""

    def forward(self, Z):
        """Return the probabilities P (n, C) for logits (n, C)."""
        self.P = softmax(Z)
        return self.P

    def backward(self, dP):
        """Return dZ (n, C): each pᵢ times dpᵢ less the mean of dP under P."""
        return self.P * (dP - (self.P * dP).sum(axis=1, keepdims=True))


class SoftmaxTwice(Network):
    """A network that gives probabilities to a loss that takes logits."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.layers.append(Softmax())  # right: # no softmax: the loss takes logits


# --- All twelve -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bug:
    """Describe one mistake, and make a network that has it.

    ``place`` is the layer whose gradients go wrong first, or OUTSIDE; ``rung`` the rung of the
    debugging ladder that breaks. ``story`` says how people make the mistake, ``trace`` what it
    leaves in the loss and in the gradient check. ``wrong`` and ``right`` are lines of code.
    ``part`` is the class with the wrong line: it replaces the entries ``layers`` of
    ``Network.layers`` (0, 2, 4 are linear, 1 and 3 activations), or the whole network.
    """

    name: str
    place: int
    story: str
    trace: str
    wrong: str
    right: str
    part: type
    layers: tuple = ()
    activation: str = "relu"
    rung: int = 3

    def make(self, rng):
        """Return a network with the mistake, with the weights that ``make_right`` draws."""
        if not self.layers:
            return self.part(SIZES, rng, self.activation, dtype=np.float64)
        network = make_right(rng, self.activation)
        for k in self.layers:
            network.layers[k].__class__ = self.part  # the same weights, another backward pass
        return network


def make_right(rng, activation):
    """Return a network without a mistake, in float64, with random weights from ``rng``."""
    return Network(SIZES, rng, activation, dtype=np.float64)


BUGS = (
    Bug(
        name="bias gradient forgotten",
        place=1,
        story="The line for dW₁ is written, the line for db₁ is not, so b₁ never moves. Nothing "
        "complains, and the other weights learn around it.",
        trace="the error would be exactly 1, since 0 stands in the place of a gradient",
        wrong="# missing: self.db = dZ.sum(axis=0)",
        right="self.db = dZ.sum(axis=0)",
        part=ForgottenBias,
        layers=(0,),
    ),
    Bug(
        name="bias gradient averaged",
        place=3,
        story="The 1/n of the mean loss is in dZ already. “A mean over the batch”, thinks the "
        "author, and divides once more: every bias learns n times too slowly.",
        trace="every db would have the error (n − 1)/(n + 1) of a factor 1/n: 0.78 for 8 examples",
        wrong="self.db = dZ.mean(axis=0)",
        right="self.db = dZ.sum(axis=0)",
        part=AveragedBias,
        layers=(0, 2, 4),
    ),
    Bug(
        name="no division by the batch size",
        place=3,
        story="The loss is a mean, the gradient that of a sum, n times too large. A small rate "
        "hides it until somebody changes the batch size.",
        trace="every array would have the same error, (n − 1)/(n + 1): 0.78 for 8 examples",
        wrong="return dZ",
        right="return dZ / len(y)",
        part=SummedGradient,
    ),
    Bug(
        name="derivative f′ left out",
        place=2,
        story="The gradient goes from layer to layer through the weights, and f′(z) is forgotten. "
        "In some texts δ holds f′ already, in others it does not.",
        trace="the loss would fall at first and then stay far above the grey curve",
        wrong="return dA",
        right="return dA * self.f_grad(self.Z)",
        part=NoDerivative,
        layers=(1, 3),
        activation="tanh",
    ),
    Bug(
        name="derivative f′ taken at a",
        place=1,
        story="Books write tanh′ as 1 − a², so a seems to be what tanh_grad wants. It wants z, and "
        "squashes what it gets once more. With ReLU the same slip changes nothing.",
        trace="a smooth activation would stand there, and the errors would be about 0.1",
        wrong="return dA * self.f_grad(A)",
        right="return dA * self.f_grad(self.Z)",
        part=DerivativeAtA,
        layers=(1,),
        activation="tanh",
    ),
    Bug(
        name="weights transposed on the way back",
        place=1,
        story="Forward is X @ W.T, so W.T feels right on the way back too. In a square layer the "
        "shapes fit, and layer 1 gets its gradient through the wrong weights of layer 2.",
        trace="the errors would be 0.4 and more: the gradient comes through the wrong weights",
        wrong="return dZ @ self.W.T",
        right="return dZ @ self.W",
        part=TransposedWeights,
        layers=(2,),
    ),
    Bug(
        name="weights updated too early",
        place=2,
        story="Each layer is updated as soon as its own gradient is known. The layer before it "
        "then gets its gradient through weights that are one step ahead.",
        trace="the loss would follow the grey curve: one step ahead is nearly right",
        wrong="return dZ @ (self.W - self.rate * self.dW)",
        right="return dZ @ self.W",
        part=EarlyUpdate,
        layers=(0, 2, 4),
        activation="tanh",
    ),
    Bug(
        name="ReLU asks for the sign of the gradient",
        place=2,
        story="The ReLU lets the gradient through where z is above 0. “dA > 0” instead of “Z > 0” "
        "looks nearly the same. Then no weight of layer 2 can ever rise, and the layer dies.",
        trace="a ReLU would stand there, and the loss would end at ln 2 = 0.69: only guessing",
        wrong="return dA * (dA > 0)",
        right="return dA * (self.Z > 0)",
        part=MaskOfGradient,
        layers=(3,),
    ),
    Bug(
        name="a layer's output in place of its input",
        place=2,
        story="dW₂ needs A₁, what layer 2 was given. An index that is off by one takes A₂, what it "
        "gave, and in a square layer the shapes fit.",
        trace="dW₂ alone would be wrong",
        wrong="self.dW = dZ.T @ self.A",
        right="self.dW = dZ.T @ self.X",
        part=OwnOutput,
        layers=(2,),
        activation="tanh",
    ),
    Bug(
        name="update in the wrong direction",
        place=OUTSIDE,
        rung=2,
        story="The perceptron's rule adds rate · (y − ŷ) · x. Keep the plus and put in a gradient, "
        "which has the sign of ŷ − y, and every step goes uphill.",
        trace="the loss would rise",
        wrong="gradients = [-g for g in self.gradients()]",
        right="gradients = self.gradients()",
        part=WrongSign,
    ),
    Bug(
        name="gradients collected before the loop",
        place=OUTSIDE,
        rung=2,
        story="The list of gradients is made once, before training. Every backward pass makes new "
        "arrays, and the list still holds the stale ones, the zeros of the start.",
        trace="the loss would not move at all",
        wrong="gradients = self.collected",
        right="gradients = self.gradients()",
        part=StaleGradients,
        activation="tanh",
    ),
    Bug(
        name="softmax twice",
        place=OUTSIDE,
        rung=2,
        story="The network ends with a softmax, and the loss takes one as well. The gradient is "
        "right, but for another function: probabilities differ by at most 1, so with two classes "
        "the loss cannot fall below ln(1 + 1/e) = 0.31.",
        trace="the loss would fall and stop just above 0.31",
        wrong="self.layers.append(Softmax())",
        right="# no softmax: the loss takes logits",
        part=SoftmaxTwice,
    ),
)
