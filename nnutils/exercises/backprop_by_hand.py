"""The exercises and questions of notebook 06."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnutils.activations import relu, relu_grad, sigmoid, sigmoid_grad, softmax
from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question
from nnutils.gradcheck import relative_error
from nnutils.losses import cross_entropy_grad, mse
from nnutils.network import Activation, Linear

# --- 06.1: the chain rule on one thread ----------------------------------------------------------


def chain_gradients(w, b, x, y):
    """Return dw, db, dx for loss = (tanh(w·x + b) − y)²."""
    z = w * x + b
    a = np.tanh(z)
    e = a - y
    de = 2 * e
    da = de
    dz = da * (1 - a**2)
    dw, db, dx = dz * x, dz, dz * w
    return dw, db, dx


def _chain(w, b, x, y, f_grad=lambda z, a: 1 - a**2, factor=2.0):
    z = w * x + b
    a = np.tanh(z)
    dz = factor * (a - y) * f_grad(z, a)
    return dz * x, dz, dz * w


def _two_forgotten(w, b, x, y):
    return _chain(w, b, x, y, factor=1.0)


def _wrong_sign(w, b, x, y):
    return _chain(w, b, x, y, factor=-2.0)


def _tanh_not_derived(w, b, x, y):
    return _chain(w, b, x, y, f_grad=lambda z, a: 1.0)


def _tanh_grad_of_a(w, b, x, y):
    return _chain(w, b, x, y, f_grad=lambda z, a: 1 - np.tanh(a) ** 2)


def _square_of_z(w, b, x, y):
    return _chain(w, b, x, y, f_grad=lambda z, a: 1 - z**2)


def _sigmoid_rule(w, b, x, y):
    return _chain(w, b, x, y, f_grad=lambda z, a: a * (1 - a))


def _dw_and_dx_exchanged(w, b, x, y):
    dw, db, dx = chain_gradients(w, b, x, y)
    return dx, db, dw


# --- 06.2: back through a layer ------------------------------------------------------------------


def layer_backward(dA, X, W, b):
    """Return dW, db, dX for A = σ(Z), Z = X @ W.T + b, given dA."""
    n_out, n_in = W.shape
    linear, activation = Linear(n_in, n_out, np.random.default_rng(0)), Activation("sigmoid")
    linear.W, linear.b = W, b
    activation.forward(linear.forward(X))
    dX = linear.backward(activation.backward(dA))
    return linear.dW, linear.db, dX


def _with_slope(dA, X, W, b, slope):
    """Return dW, db, dX when dZ is dA times ``slope(Z)``."""
    dZ = dA * slope(X @ W.T + b)
    return dZ.T @ X, dZ.sum(axis=0), dZ @ W


def _no_slope(dA, X, W, b):
    return _with_slope(dA, X, W, b, np.ones_like)


def _slope_at_a(dA, X, W, b):
    return _with_slope(dA, X, W, b, lambda Z: sigmoid_grad(sigmoid(Z)))


def _z_for_a(dA, X, W, b):
    return _with_slope(dA, X, W, b, lambda Z: Z * (1 - Z))


def _value_for_slope(dA, X, W, b):
    return _with_slope(dA, X, W, b, sigmoid)


def _bias_left_out_of_z(dA, X, W, b):
    return _with_slope(dA, X, W, b, lambda Z: sigmoid_grad(Z - b))


def _dW_transposed(dA, X, W, b):
    dW, db, dX = layer_backward(dA, X, W, b)
    return dW.T, db, dX


def _db_not_summed(dA, X, W, b):
    dW, _, dX = layer_backward(dA, X, W, b)
    return dW, dA * sigmoid_grad(X @ W.T + b), dX


def _db_summed_along_the_row(dA, X, W, b):
    dW, _, dX = layer_backward(dA, X, W, b)
    return dW, (dA * sigmoid_grad(X @ W.T + b)).sum(axis=1), dX


def _db_one_number(dA, X, W, b):
    dW, db, dX = layer_backward(dA, X, W, b)
    return dW, db.sum(), dX


def _db_keeps_two_axes(dA, X, W, b):
    dW, db, dX = layer_backward(dA, X, W, b)
    return dW, db[None], dX


def _divided_once_more(dA, X, W, b):
    dW, db, dX = layer_backward(dA, X, W, b)
    return dW / len(X), db / len(X), dX


def _db_mean(dA, X, W, b):
    dW, db, dX = layer_backward(dA, X, W, b)
    return dW, db / len(X), dX


def _dX_transposed(dA, X, W, b):
    dW, db, dX = layer_backward(dA, X, W, b)
    return dW, db, dX.T


def _dX_from_dA(dA, X, W, b):
    dW, db, _ = layer_backward(dA, X, W, b)
    return dW, db, dA @ W


# --- 06.3: the gradient check --------------------------------------------------------------------


def gradient_check(f, x, dx, h=1e-5):
    """Return ‖dx − n‖ / (‖dx‖ + ‖n‖), n being the gradient of f at x by central differences."""
    n = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        start = x[i]
        x[i] = start + h
        above = f(x)
        x[i] = start - h
        below = f(x)
        x[i] = start
        n[i] = (above - below) / (2 * h)
    return np.linalg.norm(dx - n) / (np.linalg.norm(dx) + np.linalg.norm(n))


def _differences(f, x, low, high, width, put_back=True):
    """Return (f(x + high) − f(x + low)) / width for each number of x."""
    x = x.copy()
    n = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        start = x[i]
        x[i] = start + high
        above = f(x)
        x[i] = start + low
        n[i] = (above - f(x)) / width
        if put_back:
            x[i] = start
    return n


def _forward_difference(f, x, dx, h=1e-5):
    return relative_error(dx, _differences(f, x, 0, h, h))


def _two_forgotten_below(f, x, dx, h=1e-5):
    return relative_error(dx, _differences(f, x, -h, h, h))


def _not_divided(f, x, dx, h=1e-5):
    return relative_error(dx, _differences(f, x, -h, h, 1.0))


def _not_put_back(f, x, dx, h=1e-5):
    return relative_error(dx, _differences(f, x, -h, h, 2 * h, put_back=False))


def _lowered_from_above(f, x, dx, h=1e-5):
    return relative_error(dx, _differences(f, x, 0, h, 2 * h))


def _all_at_once(f, x, dx, h=1e-5):
    n = (f(x + h) - f(x - h)) / (2 * h) * np.ones_like(x)
    return relative_error(dx, n)


def _exact(f, x, dx, h):
    return _differences(f, x, -h, h, 2 * h)


def _not_relative(f, x, dx, h=1e-5):
    return np.linalg.norm(dx - _exact(f, x, dx, h))


def _norm_of_the_sum(f, x, dx, h=1e-5):
    n = _exact(f, x, dx, h)
    return np.linalg.norm(dx - n) / np.linalg.norm(dx + n)


def _sums_without_norms(f, x, dx, h=1e-5):
    n = _exact(f, x, dx, h)
    return (dx - n).sum() / (dx.sum() + n.sum())


def _returns_the_gradient(f, x, dx, h=1e-5):
    return _exact(f, x, dx, h)


@dataclass(frozen=True, repr=False)
class _Formula:
    """A function that shows itself as a formula when a check tells what it was given."""

    text: str
    function: Callable

    def __call__(self, x):
        return self.function(x)

    def __repr__(self):
        return self.text


BOWL = _Formula("sum of x²", lambda x: np.sum(x**2))
WAVES = _Formula(
    "sum of sin(x)·exp(x/2), plus product of cos(x)",
    lambda x: np.sum(np.sin(x) * np.exp(x / 2)) + np.prod(np.cos(x)),
)


# --- 06.4: back through two layers ---------------------------------------------------------------


def two_layer_gradients(X, y, W1, b1, W2, b2):
    """Return dW1, db1, dW2, db2 for a ReLU layer, a linear layer, softmax and cross-entropy."""
    Z1 = X @ W1.T + b1
    A1 = relu(Z1)
    Z2 = A1 @ W2.T + b2
    dZ2 = cross_entropy_grad(Z2, y)
    dW2, db2 = dZ2.T @ A1, dZ2.sum(axis=0)
    dZ1 = (dZ2 @ W2) * relu_grad(Z1)
    dW1, db1 = dZ1.T @ X, dZ1.sum(axis=0)
    return dW1, db1, dW2, db2


def _relu_mask(Z1, A1, dA1):
    return Z1 > 0


def _two_layers(X, y, W1, b1, W2, b2, delta=cross_entropy_grad, mask=_relu_mask):
    """Return the gradients with other functions for the delta and for ReLU's derivative."""
    Z1 = X @ W1.T + b1
    A1 = relu(Z1)
    dZ2 = delta(A1 @ W2.T + b2, y)
    dA1 = dZ2 @ W2
    dZ1 = dA1 * mask(Z1, A1, dA1)
    return dZ1.T @ X, dZ1.sum(axis=0), dZ2.T @ A1, dZ2.sum(axis=0)


def _one_hot(Z, y):
    return np.eye(Z.shape[1])[y]


def _mean_forgotten(*args):
    return _two_layers(*args, delta=lambda Z, y: softmax(Z) - _one_hot(Z, y))


def _divided_by_all(*args):
    return _two_layers(*args, delta=lambda Z, y: (softmax(Z) - _one_hot(Z, y)) / Z.size)


def _delta_turned(*args):
    return _two_layers(*args, delta=lambda Z, y: (_one_hot(Z, y) - softmax(Z)) / len(y))


def _softmax_of_columns(*args):
    return _two_layers(*args, delta=lambda Z, y: (softmax(Z.T).T - _one_hot(Z, y)) / len(y))


def _softmax_of_everything(*args):
    return _two_layers(
        *args, delta=lambda Z, y: (softmax(Z.ravel()).reshape(Z.shape) - _one_hot(Z, y)) / len(y)
    )


def _softmax_left_out(*args):
    return _two_layers(*args, delta=lambda Z, y: (Z - _one_hot(Z, y)) / len(y))


def _extra_slope(*args):
    return _two_layers(
        *args, delta=lambda Z, y: cross_entropy_grad(Z, y) * softmax(Z) * (1 - softmax(Z))
    )


def _label_subtracted(*args):
    return _two_layers(*args, delta=lambda Z, y: (softmax(Z) - y[:, None]) / len(y))


def _relu_not_derived(*args):
    return _two_layers(*args, mask=lambda Z1, A1, dA1: 1)


def _mask_from_dA1(*args):
    return _two_layers(*args, mask=lambda Z1, A1, dA1: dA1 > 0)


def _times_A1(*args):
    return _two_layers(*args, mask=lambda Z1, A1, dA1: A1)


def _z1_for_a1(X, y, W1, b1, W2, b2):
    dW1, db1, _, db2 = two_layer_gradients(X, y, W1, b1, W2, b2)
    Z1 = X @ W1.T + b1
    return dW1, db1, cross_entropy_grad(relu(Z1) @ W2.T + b2, y).T @ Z1, db2


def _biases_not_summed(X, y, W1, b1, W2, b2):
    dW1, _, dW2, _ = two_layer_gradients(X, y, W1, b1, W2, b2)
    Z1 = X @ W1.T + b1
    dZ2 = cross_entropy_grad(relu(Z1) @ W2.T + b2, y)
    return dW1, (dZ2 @ W2) * (Z1 > 0), dW2, dZ2


def _both_transposed(*args):
    dW1, db1, dW2, db2 = two_layer_gradients(*args)
    return dW1.T, db1, dW2.T, db2


def _second_layer_first(*args):
    dW1, db1, dW2, db2 = two_layer_gradients(*args)
    return dW2, db2, dW1, db1


# --- 06.5: repair a published program ------------------------------------------------------------


def repaired_gradients(X, y, W1, b1, W2, b2):
    """Return the mean squared error and its gradients dW1, db1, dW2, db2."""
    hidden = sigmoid(X @ W1.T + b1)
    y_hat = sigmoid(hidden @ W2.T + b2)
    loss = np.mean((y_hat - y) ** 2)
    delta2 = 2 * (y_hat - y) / len(X) * y_hat * (1 - y_hat)
    delta1 = (delta2 @ W2) * hidden * (1 - hidden)
    dW2, db2 = delta2.T @ hidden, delta2.sum(axis=0)
    dW1, db1 = delta1.T @ X, delta1.sum(axis=0)
    return loss, dW1, db1, dW2, db2


def _left(X, y, W1, b1, W2, b2, bias1=True, bias2=True, delta=True, mean=True, factor=2.0):
    """Run the published program with only some of its faults mended: those that are true."""
    hidden = sigmoid(X @ W1.T + b1)
    y_hat = sigmoid(hidden @ W2.T + b2)
    delta2 = factor * (y_hat - y) * y_hat * (1 - y_hat) if delta else y_hat - y
    delta2 = delta2 / len(X) if mean else delta2
    delta1 = (delta2 @ W2) * hidden * (1 - hidden)
    db1 = delta1.sum(axis=0) if bias1 else delta1
    db2 = delta2.sum(axis=0) if bias2 else delta2
    return mse(y_hat, y), delta1.T @ X, db1, delta2.T @ hidden, db2


def _nothing_mended(*args):
    return _left(*args, bias1=False, bias2=False, delta=False, mean=False)


def _biases_and_delta_left(*args):
    return _left(*args, bias1=False, bias2=False, delta=False)


def _biases_and_mean_left(*args):
    return _left(*args, bias1=False, bias2=False, mean=False)


def _delta_and_mean_left(*args):
    return _left(*args, delta=False, mean=False)


def _biases_left(*args):
    return _left(*args, bias1=False, bias2=False)


def _hidden_bias_left(*args):
    return _left(*args, bias1=False)


def _output_bias_left(*args):
    return _left(*args, bias2=False)


def _delta_left(*args):
    return _left(*args, delta=False)


def _mean_left(*args):
    return _left(*args, mean=False)


def _factor_two_left(*args):
    return _left(*args, factor=1.0)


def _bias_means(X, *args):
    loss, dW1, db1, dW2, db2 = repaired_gradients(X, *args)
    return loss, dW1, db1 / len(X), dW2, db2 / len(X)


def _delta_of_the_text(X, y, W1, b1, W2, b2):
    hidden = sigmoid(X @ W1.T + b1)
    y_hat = sigmoid(hidden @ W2.T + b2)
    delta2 = 2 * (y_hat - y) / len(X)
    delta1 = (delta2 @ W2) * hidden * (1 - hidden)
    dW1, db1 = delta1.T @ X, delta1.sum(axis=0)
    return mse(y_hat, y), dW1, db1, delta2.T @ hidden, delta2.sum(axis=0)


# --- 06.6: put one training step in order --------------------------------------------------------

STEP_ORDER = "CBHEFDAIG"
STEP_LINES = {
    "A": "W2 -= rate * dW2",
    "B": "A1 = relu(Z1)",
    "C": "Z1 = X @ W1.T",
    "D": "dZ1 = (dZ2 @ W2) * relu_grad(Z1)",
    "E": "dZ2 = cross_entropy_grad(Z2, y)",
    "F": "dW2 = dZ2.T @ A1",
    "G": "W1 -= rate * dW1",
    "H": "Z2 = A1 @ W2.T",
    "I": "dW1 = dZ1.T @ X",
}
STEP_RULES = {  # the first letter must come before the second
    "CB": "line B needs Z1, which line C computes",
    "BH": "line H needs A1, which line B computes",
    "HE": "line E needs Z2, which line H computes",
    "EF": "line F needs dZ2, which line E computes",
    "ED": "line D needs dZ2, which line E computes",
    "FA": "line A needs dW2, which line F computes",
    "DI": "line I needs dZ1, which line D computes",
    "IG": "line G needs dW1, which line I computes",
    "DA": "line A changes W2 before line D has sent the error back through it; line D must see the "
    "weights that the forward pass has used",
}


def step_order():
    """Return the letters of the lines in the order in which they must stand."""
    return STEP_ORDER


def _letters(got):
    return "".join(str(got).split()).upper()


def _broken_rule(got):
    """Return what is wrong with an order of the nine lines, or None: several orders are right."""
    letters = _letters(got)
    if sorted(letters) != sorted(STEP_LINES):
        return f"use each of the letters {', '.join(sorted(STEP_LINES))} exactly once"
    for (first, second), sentence in STEP_RULES.items():
        if letters.index(first) > letters.index(second):
            return sentence
    return None


def _same_step(got, expected):
    return _letters(got) == _letters(expected) or _broken_rule(got) == _broken_rule(expected)


def _explain_step(got):
    sentence = _broken_rule(got)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _updates_at_once():
    return "CBHEFADIG"


def _backward_from_the_input():
    return "CBHDIGEFA"


EXERCISES = [
    Exercise(
        id="06.1",
        title="Send the error back along one thread",
        function="my_chain",
        reference=chain_gradients,
        cases=[
            Case((0.5, 0.2, 2.0, 1.0)),
            Case((-1.0, 0.3, 0.5, 0.0)),
            Case((1.5, -0.4, -1.2, -1.0)),
            Case((0.7, 0.0, 0.0, 1.0), "x = 0: the weight has no influence"),
        ],
        hints=(
            "Go through the forward lines from the last to the first. Each one gives one backward "
            "line: what comes in from behind, times the local derivative.",
            "The local derivative of tanh is 1 − tanh²(z), and tanh(z) is already there: a.",
            "de = 2 * e, da = de, dz = da * (1 - a**2), dw = dz * x, db = dz, dx = dz * w.",
        ),
        mistakes=[
            Mistake(
                _two_forgotten,
                "The derivative of e² is 2·e: all three numbers are half of what they should be.",
            ),
            Mistake(
                _wrong_sign,
                "All three signs are turned: e is a − y, and da equals de.",
            ),
            Mistake(
                _tanh_not_derived,
                "The tanh is missing on the way back: dz is da times its derivative, 1 − a².",
            ),
            Mistake(
                _tanh_grad_of_a,
                "The derivative of tanh is taken at a. It belongs at z: 1 − tanh²(z), which is "
                "1 − a², since a already is tanh(z).",
            ),
            Mistake(
                _square_of_z,
                "You wrote 1 − z². The derivative of tanh at z is 1 − tanh²(z), that is 1 − a².",
            ),
            Mistake(
                _sigmoid_rule,
                "a·(1 − a) is the derivative of the sigmoid. For tanh it is 1 − a².",
            ),
            Mistake(
                _dw_and_dx_exchanged,
                "dw and dx are exchanged: at a product each factor gets dz times the other one.",
            ),
        ],
    ),
    Exercise(
        id="06.2",
        title="Go back through a layer",
        function="my_layer_backward",
        reference=layer_backward,
        cases=[
            Case(
                (
                    np.array([[1.0, 0.0], [0.0, 2.0], [1.0, -1.0]]),
                    np.array([[1.0, 2.0], [3.0, 4.0], [-5.0, 1.0]]),
                    np.array([[0.1, 0.3], [0.2, 0.4]]),
                    np.array([0.5, -0.2]),
                ),
                "three examples, two inputs, two outputs",
            ),
            Case(
                (
                    np.array([[0.5], [-1.0]]),
                    np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]]),
                    np.array([[0.5, -0.6, 0.1]]),
                    np.array([0.3]),
                ),
                "two examples, three inputs, one output",
            ),
            Case(
                (
                    np.array([[1.0, -2.0, 0.5, 0.0]]),
                    np.array([[2.0, 3.0, -1.0]]),
                    np.arange(12.0).reshape(4, 3) / 10 - 0.5,
                    np.array([0.1, 0.2, -0.3, 0.4]),
                ),
                "a batch of one",
            ),
        ],
        hints=(
            "Two steps back: first through the sigmoid, from dA to dZ, in pairs; then through the "
            "weighted sum.",
            "The derivative of the sigmoid at Z is A·(1 − A) with A = σ(Z). Then let the shapes "
            "guide you: the examples vanish from dW and db, and stay as rows in dX.",
            "dZ = dA * A * (1 - A), dW = dZ.T @ X, db = dZ.sum(axis=0), dX = dZ @ W.",
        ),
        mistakes=[
            Mistake(
                _no_slope,
                "The sigmoid is missing on the way back: dZ is dA times A·(1 − A).",
            ),
            Mistake(
                _slope_at_a,
                "The derivative of the sigmoid is taken at A. It belongs at Z: σ(Z)·(1 − σ(Z)), "
                "which is A·(1 − A).",
            ),
            Mistake(
                _z_for_a,
                "You wrote Z·(1 − Z). The derivative is A·(1 − A) with A = σ(Z).",
            ),
            Mistake(
                _value_for_slope,
                "You multiply by the sigmoid. Multiply by its derivative, A·(1 − A).",
            ),
            Mistake(
                _bias_left_out_of_z,
                "The bias is missing from Z, so the derivative is taken at a wrong place.",
            ),
            Mistake(
                _dW_transposed,
                "dW is transposed. It must have the shape of W, (outputs, inputs): dZ.T @ X.",
            ),
            Mistake(
                _db_not_summed,
                "db still has one row for each example. All examples use the same bias, so their "
                "rows add up: sum over axis 0.",
            ),
            Mistake(
                _db_summed_along_the_row,
                "db is summed over the outputs. Sum over the examples, axis 0: one number for "
                "each output is left.",
            ),
            Mistake(
                _db_one_number,
                "db is one number for the whole layer. Each output has a bias of its own: sum "
                "over axis 0 only.",
            ),
            Mistake(
                _db_keeps_two_axes,
                "db has shape (1, outputs). It must have the shape of b, (outputs,): leave "
                "keepdims out.",
            ),
            Mistake(
                _divided_once_more,
                "You divide by the batch size. The mean in the loss has already put 1/n into dA: "
                "here the examples are added up.",
            ),
            Mistake(
                _db_mean,
                "dW adds the examples up, db takes their mean. Both are sums: the 1/n is already "
                "in dA.",
            ),
            Mistake(
                _dX_transposed,
                "dX is transposed: the examples stand in its columns. dZ @ W keeps them in rows.",
            ),
            Mistake(
                _dX_from_dA,
                "dX is computed from dA. The error passes the sigmoid first: dX = dZ @ W.",
            ),
        ],
    ),
    Exercise(
        id="06.3",
        title="Write a gradient check",
        function="my_gradient_check",
        reference=gradient_check,
        cases=[
            Case(
                (WAVES, np.array([1.0, 2.0, 3.0]), np.array([1.0, -1.0, 0.5]), 0.5),
                "a wrong gradient, and h = 0.5, so that every detail shows",
            ),
            Case(
                (BOWL, np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([[2.0, -4.0], [1.0, 0.0]])),
                "the last number of dx is wrong",
            ),
            Case(
                (WAVES, np.array([[0.3, -1.2]]), np.array([[-1.0, -0.5]]), 0.25),
                "a row of two numbers",
            ),
        ],
        hints=(
            "For each number of x in turn: raise it by h and ask f, lower it by h and ask f, put "
            "it back. The difference belongs to a step of 2·h.",
            "n[i] = (above - below) / (2 * h). np.linalg.norm gives the length of an array of any "
            "shape.",
            "return np.linalg.norm(dx - n) / (np.linalg.norm(dx) + np.linalg.norm(n))",
        ),
        mistakes=[
            Mistake(
                _forward_difference,
                "That is a forward difference, from x to x + h. Its error shrinks only like h. The "
                "central one, from x − h to x + h, has an error like h².",
            ),
            Mistake(
                _two_forgotten_below,
                "From x − h to x + h is a step of 2·h: divide by 2 * h.",
            ),
            Mistake(_not_divided, "Divide the difference by the length of the step, 2 * h."),
            Mistake(
                _not_put_back,
                "A number is not put back before the next one is changed: end each round with "
                "x[i] = start.",
            ),
            Mistake(
                _lowered_from_above,
                "After x[i] = start + h you lower by h, which leads back to start. Write "
                "x[i] = start - h.",
            ),
            Mistake(
                _all_at_once,
                "All numbers of x are changed at once. A gradient tells what each of them does "
                "alone: change x[i], one after the other.",
            ),
            Mistake(
                _not_relative,
                "That is the length of the difference. Divide by the two lengths, ‖dx‖ + ‖n‖.",
            ),
            Mistake(
                _norm_of_the_sum,
                "Below stands ‖dx + n‖. Add the two lengths, ‖dx‖ + ‖n‖.",
            ),
            Mistake(
                _sums_without_norms,
                "You add numbers up where lengths are meant, so that errors can cancel: use "
                "np.linalg.norm.",
            ),
            Mistake(
                _returns_the_gradient,
                "That is the measured gradient n. Return the relative error, one number.",
            ),
        ],
    ),
    Exercise(
        id="06.4",
        title="Go back through two layers",
        function="my_backward",
        reference=two_layer_gradients,
        cases=[
            Case(
                (
                    np.array([[1.0, 2.0], [-1.0, 0.5], [0.3, -2.0]]),
                    np.array([0, 2, 1]),
                    np.array([[0.5, -0.4], [-0.3, 0.8], [0.2, 0.1], [-0.6, -0.5]]),
                    np.array([0.1, -0.2, 0.3, 0.4]),
                    np.array([[0.2, -0.5, 0.7, 0.1], [0.6, 0.3, -0.2, -0.8], [-0.4, 0.9, 0.1, 0]]),
                    np.array([0.05, -0.1, 0.0]),
                ),
                "three examples, 2–4–3",
            ),
            Case(
                (
                    np.array([[0.5, -1.0], [2.0, 1.0]]),
                    np.array([1, 0]),
                    np.array([[1.0, -0.5], [0.4, 0.3]]),
                    np.array([0.2, -0.3]),
                    np.array([[0.7, -0.2], [-0.5, 0.9]]),
                    np.array([0.1, 0.0]),
                ),
                "two examples, 2–2–2",
            ),
        ],
        hints=(
            "Walk the forward lines backwards. The first backward line is the delta: the "
            "probabilities of each row, minus 1 at the right class, divided by the number of rows.",
            "np.eye(C)[y] has a 1 at the right class of each row. The ReLU lets the error through "
            "where Z1 > 0: multiply by relu_grad(Z1).",
            "dZ2 = (P - np.eye(C)[y]) / n, dW2, db2 = dZ2.T @ A1, dZ2.sum(axis=0), "
            "dZ1 = (dZ2 @ W2) * relu_grad(Z1), and the same again with dZ1 and X.",
        ),
        mistakes=[
            Mistake(
                _mean_forgotten,
                "Every gradient is too large by the number of examples: the loss is a mean, so "
                "the delta is divided by n.",
            ),
            Mistake(
                _divided_by_all,
                "The delta is divided by the number of all its entries. The mean runs over the "
                "examples: divide by len(y).",
            ),
            Mistake(
                _delta_turned,
                "Every sign is turned: the delta is the probabilities minus the ones. The right "
                "class must get a negative number, since a larger logit there lowers the loss.",
            ),
            Mistake(
                _softmax_of_columns,
                "The probabilities add up to 1 in each column. Each row is an example: use axis 1.",
            ),
            Mistake(
                _softmax_of_everything,
                "The probabilities add up to 1 over the whole batch. Each row must do so: sum with "
                "axis=1, keepdims=True.",
            ),
            Mistake(
                _softmax_left_out,
                "You subtract from the logits. Subtract from the probabilities: softmax first.",
            ),
            Mistake(
                _extra_slope,
                "A factor p·(1 − p) is too much in the delta: it has cancelled against the "
                "logarithm.",
            ),
            Mistake(
                _label_subtracted,
                "You subtract the number of the class. Subtract 1 at its place and 0 elsewhere.",
            ),
            Mistake(
                _relu_not_derived,
                "The second layer is right. On the way to the first the ReLU is missing: multiply "
                "dZ2 @ W2 by relu_grad(Z1).",
            ),
            Mistake(
                _mask_from_dA1,
                "The ReLU is applied to the error itself. What counts is the forward pass: the "
                "error passes where Z1 > 0, whatever its own sign.",
            ),
            Mistake(
                _times_A1,
                "You multiply by A1, the value of the ReLU. Multiply by its derivative, 1 where "
                "Z1 > 0 and 0 elsewhere.",
            ),
            Mistake(
                _z1_for_a1,
                "dW2 is computed with Z1. The input of the second layer is A1.",
            ),
            Mistake(
                _biases_not_summed,
                "db1 and db2 still have one row for each example: sum over axis 0.",
            ),
            Mistake(
                _both_transposed,
                "dW1 and dW2 are transposed: they must have the shapes of W1 and W2.",
            ),
            Mistake(
                _second_layer_first,
                "The numbers are right, the order is not: return dW1, db1, dW2, db2.",
            ),
        ],
    ),
    Exercise(
        id="06.5",
        title="Repair a published program",
        function="my_repaired_gradients",
        reference=repaired_gradients,
        cases=[
            Case(
                (
                    np.array([[1.0, 2.0], [3.0, 4.0]]),
                    np.array([[1.0], [0.0]]),
                    np.array([[0.1, 0.3], [0.2, 0.4]]),
                    np.array([0.1, 0.2]),
                    np.array([[0.5, 0.6]]),
                    np.array([0.3]),
                ),
                "the network of this notebook",
            ),
            Case(
                (
                    np.array([[0.5, -1.0], [2.0, 1.0], [-1.5, 0.3]]),
                    np.array([[0.0], [1.0], [1.0]]),
                    np.array([[1.0, -0.5], [0.4, 0.3], [-0.7, 0.2]]),
                    np.array([0.2, -0.3, 0.1]),
                    np.array([[0.7, -0.2, 0.5]]),
                    np.array([-0.1]),
                ),
                "three examples, 2–3–1",
            ),
        ],
        hints=(
            "Ask the gradient check, from the output backwards. First db2: which shape does it "
            "have, which one has b2? Then dW2, by how much is it off?",
            "delta2 is the derivative of the loss with respect to Z2. The loss shown is the mean "
            "of (y_hat − y)², and y_hat is a sigmoid: four factors.",
            "delta2 = 2 * (y_hat - y) / len(X) * y_hat * (1 - y_hat), and each db is its delta "
            "summed over axis 0.",
        ),
        mistakes=[
            Mistake(
                _nothing_mended,
                "All three faults are still there: the biases are not summed over the batch, "
                "delta2 does not belong to the loss shown, and the mean's 1/n is missing.",
            ),
            Mistake(
                _biases_and_delta_left,
                "The division by the batch size is mended. Two faults are left: the biases are "
                "not summed over the batch, and delta2 does not belong to the squared error.",
            ),
            Mistake(
                _biases_and_mean_left,
                "delta2 now belongs to the squared error. Two faults are left: the biases are not "
                "summed over the batch, and the mean's 1/n is missing.",
            ),
            Mistake(
                _delta_and_mean_left,
                "The biases are mended. Two faults are left: delta2 does not belong to the squared "
                "error, and the mean's 1/n is missing.",
            ),
            Mistake(
                _biases_left,
                "One fault is left: db1 and db2 have one row for each example. Sum over the batch.",
            ),
            Mistake(
                _hidden_bias_left,
                "One half of a fault is left: db2 is summed over the batch, db1 is not.",
            ),
            Mistake(
                _output_bias_left,
                "One half of a fault is left: db1 is summed over the batch, db2 is not.",
            ),
            Mistake(
                _delta_left,
                "One fault is left: y_hat − y is the delta of cross-entropy. For the squared error "
                "that is shown it is 2·(y_hat − y)·y_hat·(1 − y_hat), divided by n.",
            ),
            Mistake(
                _mean_left,
                "One fault is left: the loss is a mean over the examples, so delta2 needs a "
                "division by their number.",
            ),
            Mistake(
                _factor_two_left,
                "All gradients are half as large as they should be: the square gives a factor 2, "
                "and there is no ½ in this loss.",
            ),
            Mistake(
                _bias_means,
                "The biases now take a mean over the batch. The 1/n is already in the deltas: sum.",
            ),
            Mistake(
                _delta_of_the_text,
                "Your delta2 is the one of the text, without f′. The line dW2 = delta2.T @ hidden "
                "needs the one with it: multiply by y_hat·(1 − y_hat).",
            ),
        ],
    ),
    Exercise(
        id="06.6",
        title="Put one training step in order",
        function="my_order",
        reference=step_order,
        cases=[Case(())],
        compare=_same_step,
        explain=_explain_step,
        hints=(
            "Forward first, from X to Z2. Then backwards, from dZ2 to dW1. The two lines with rate "
            "can come last.",
            "Each line needs what others compute: look for the line that makes A1, dZ2, dZ1.",
            "It begins with C, B, H, E. Line D uses W2, so line A must not have changed it yet.",
        ),
        mistakes=[
            Mistake(
                _updates_at_once,
                "W2 is updated (A) before the error is sent back through it (D). Line D must see "
                "the weights that the forward pass has used.",
            ),
            Mistake(
                _backward_from_the_input,
                "The backward pass begins with the first layer (D, I). It must begin at the loss, "
                "with E: line D needs the dZ2 that comes from there.",
            ),
        ],
    ),
]

QUIZ = [
    Question(
        "06.w1",
        "From notebook 03: a wrong answer changes the weights by (y − ŷ)·x. An input is 0. What "
        "happens to its weight?",
        [
            Choice(
                "nothing", True, "An input of 0 took no part in the error: no blame falls on it."
            ),
            Choice(
                "it changes by the error, as the bias does",
                False,
                "The bias has the constant input 1. This weight has the input 0, and the error "
                "times 0 is 0.",
            ),
            Choice(
                "it becomes 0",
                False,
                "The rule adds something to the weight, here 0. The weight stays what it was.",
            ),
        ],
    ),
    Question(
        "06.w2",
        "From notebook 04: the derivative of the sigmoid is a·(1 − a), where a is its output. How "
        "large can it be?",
        [
            Choice(
                "1, where the output is 1",
                False,
                "There it is 1 · (1 − 1) = 0: the sigmoid is saturated and nearly flat.",
            ),
            Choice(
                "as large as you like",
                False,
                "The output lies between 0 and 1, and so do both factors.",
            ),
            Choice(
                "1/4, where the output is 1/2",
                True,
                "½ · ½ = ¼, at z = 0. Section 13 shows what that does to deep networks.",
            ),
            Choice(
                "1/2, where the output is 1/2",
                False,
                "Both factors are ½ there, and their product is ¼.",
            ),
        ],
    ),
    Question(
        "06.w3",
        "From notebook 05: the slope of the loss at a weight is −6. Gradient descent takes a step. "
        "Where does the weight go?",
        [
            Choice(
                "down, since the slope is negative",
                False,
                "A negative slope says: upwards the loss falls. The step goes against the slope.",
            ),
            Choice(
                "up",
                True,
                "weight − rate · (−6): it grows. The slope tells how; today we find the slope.",
            ),
            Choice(
                "to the minimum",
                False,
                "It goes in that direction. How far depends on the rate.",
            ),
        ],
    ),
    Question(
        "06.q1",
        "A quantity `c` is used in two later lines, `u = 2 * c` and `v = -5 * c`. On the way back "
        "`du = 3` and `dv = 1` are known. What is `dc`?",
        [
            Choice(
                "6, from u, which was computed first",
                False,
                "c reaches the loss through v too. That way brings 1 · (−5), and it counts.",
            ),
            Choice("1, that is 3 · 2 + 1 · (−5)", True, "The ways add up."),
            Choice(
                "−30, that is 3 · 2 · 1 · (−5)",
                False,
                "Factors multiply along one way. Different ways are added.",
            ),
            Choice(
                "4, that is 3 + 1",
                False,
                "Each of the two must first be multiplied by its local derivative, 2 and −5.",
            ),
        ],
    ),
    Question(
        "06.q2",
        "Why is `db` the *sum* of the rows of `dZ`, not their mean?",
        [
            Choice(
                "All examples use the same bias, so their shares add up; the 1/n of the mean loss "
                "is already in dZ.",
                True,
                "A mean would divide by n a second time.",
            ),
            Choice(
                "Because a bias has no input.",
                False,
                "Its input is the constant 1, which makes its share equal to dZ, but says nothing "
                "about adding up the examples.",
            ),
            Choice(
                "It makes no difference, the learning rate takes care of it.",
                False,
                "A wrong factor in db alone turns the direction of the step: weights and biases "
                "no longer fit together.",
            ),
        ],
    ),
    Question(
        "06.q3",
        "Your gradient check at h = 1e-5 in float64 reports an error of 1e-3 for `dW1`, and below "
        "1e-9 for `dW2`. All activations are sigmoids. What do you do?",
        [
            Choice(
                "Make h smaller until the error is gone.",
                False,
                "The same h is right for dW2. A smaller h would add rounding errors, not remove "
                "this one.",
            ),
            Choice(
                "Nothing, 1e-3 is small.",
                False,
                "Correct code gives about 1e-9 here. 1e-3 is a million times as much: a fault that "
                "touches a few numbers, or a small factor.",
            ),
            Choice(
                "Look for a kink.",
                False,
                "A sigmoid has none. With ReLU this would be a good thought.",
            ),
            Choice(
                "Look for a fault in what lies between dZ2 and dW1.",
                True,
                "From the output backwards dW2 is the last right one, so the fault comes after it.",
            ),
        ],
    ),
    Question(
        "06.q4",
        "Two texts write δ for the output layer of the same network and get different numbers. "
        "One has the factor f′(z) in it, the other has not. Which one is wrong?",
        [
            Choice(
                "the one without f′(z)",
                False,
                "It is the derivative with respect to a, a sound quantity. Its next line must "
                "then multiply by f′(z).",
            ),
            Choice(
                "the one with f′(z)",
                False,
                "It is the derivative with respect to z, a sound quantity. Its next line must "
                "not multiply by f′(z) again.",
            ),
            Choice(
                "neither, as long as each stays with its own meaning",
                True,
                "da and dz are two quantities. A program goes wrong when it mixes them: names that "
                "say which one help.",
            ),
        ],
    ),
    Question(
        "06.q5",
        "The gradient check passes in every layer, and still the loss *rises* from the first step "
        "on. Which of these can be the reason?",
        [
            Choice(
                "The sign of the update is wrong: `W += rate * dW`.",
                True,
                "The gradients are right and are then used to walk uphill. No gradient check "
                "looks at the update.",
            ),
            Choice(
                "A bias gradient is not summed over the batch.",
                False,
                "The check would have seen it: the shape does not even fit.",
            ),
            Choice(
                "The derivative of an activation is taken at the wrong argument.",
                False,
                "That lies in the backward pass, and the check catches it at its layer.",
            ),
            Choice(
                "The learning rate is far too large.",
                True,
                "Right gradients, but every step leaps over the valley.",
            ),
        ],
    ),
    Question(
        "06.q6",
        "A network has eight sigmoid layers. Why does its first layer learn so slowly?",
        [
            Choice(
                "It has the fewest weights.",
                False,
                "The gradient of every single weight there is small, however many there are.",
            ),
            Choice(
                "Its inputs are the data, which do not change.",
                False,
                "Every network's first layer sees the data. In a shallow one it learns well.",
            ),
            Choice(
                "On its way back the error is multiplied by a slope of at most 1/4 in each layer.",
                True,
                "Seven slopes of at most 1/4 make a factor of at most 1/16,384; only large weights "
                "could make up for it.",
            ),
        ],
    ),
]
