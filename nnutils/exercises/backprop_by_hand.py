"""The exercises of notebook 06."""

import numpy as np

from nnutils.activations import relu, relu_grad, sigmoid, softmax  # noqa: F401 (slips use it)
from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.exercises.kinds import order
from nnutils.losses import cross_entropy_grad, mse
from nnutils.network import Activation, Linear


def chain(w, b, x, y):
    """Return dw, db, dx for loss = (tanh(w·x + b) − y)²."""
    z = w * x + b
    a = np.tanh(z)
    e = a - y
    de = 2 * e
    da = de
    dz = da * (1 - a**2)
    dw, db, dx = dz * x, dz, dz * w
    return dw, db, dx


def layer_backward(dA, X, W, b):
    """Return dW, db, dX for A = σ(Z), Z = X @ W.T + b, given dA."""
    n_out, n_in = W.shape
    linear, activation = Linear(n_in, n_out, np.random.default_rng(0)), Activation("sigmoid")
    linear.W, linear.b = W, b
    activation.forward(linear.forward(X))
    dX = linear.backward(activation.backward(dA))
    return linear.dW, linear.db, dX


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


class _Formula:
    """A function that shows itself as a formula when a check tells what it was given."""

    def __init__(self, text, function):
        self.text, self.function = text, function

    def __call__(self, x):
        return self.function(x)

    def __repr__(self):
        return self.text


BOWL = _Formula("sum of x²", lambda x: np.sum(x**2))
WAVES = _Formula(
    "sum of sin(x)·exp(x/2), plus product of cos(x)",
    lambda x: np.sum(np.sin(x) * np.exp(x / 2)) + np.prod(np.cos(x)),
)


def backward(X, y, W1, b1, W2, b2):
    """Return dW1, db1, dW2, db2 for a ReLU layer, a linear layer, softmax and cross-entropy."""
    Z1 = X @ W1.T + b1
    A1 = relu(Z1)
    Z2 = A1 @ W2.T + b2
    dZ2 = cross_entropy_grad(Z2, y)
    dW2, db2 = dZ2.T @ A1, dZ2.sum(axis=0)
    dZ1 = (dZ2 @ W2) * relu_grad(Z1)
    dW1, db1 = dZ1.T @ X, dZ1.sum(axis=0)
    return dW1, db1, dW2, db2


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


def _published(X, y, W1, b1, W2, b2, n=1):
    """Return what the published program returns, but with its delta2 divided by ``n``."""
    hidden = sigmoid(X @ W1.T + b1)
    y_hat = sigmoid(hidden @ W2.T + b2)
    delta2 = (y_hat - y) / n
    delta1 = (delta2 @ W2) * hidden * (1 - hidden)
    return mse(y_hat, y), delta1.T @ X, delta1, delta2.T @ hidden, delta2


def _draw_chain(rng):
    w, b, x, y = rng.uniform([-1, -0.5, -1, 1.2], [1, 0.5, 1, 2]).round(2).tolist()
    return w, b, x, float(rng.choice([-y, y]))


def _draw_layer(rng):
    n, n_in, n_out = rng.permutation([2, 3, 4])
    shapes = (n, n_out), (n, n_in), (n_out, n_in), n_out
    return tuple(rng.uniform(-1, 1, shape).round(2) for shape in shapes)


def _draw_check(rng):
    x, dx = rng.normal(size=(2, *rng.permutation([2, 3]))).round(2)
    return WAVES, x, dx, float(rng.choice([1e-5, 0.1, 0.4]))


def _draw_two_layers(rng, n, n_in, hidden, n_out):
    """Return X, W1, b1, W2, b2 in eighths, so that Z1 is exact; one of its sums is 0."""
    shapes = (n, n_in), (hidden, n_in), hidden, (n_out, hidden), n_out
    X, W1, b1, W2, b2 = (rng.integers(-8, 9, shape) / 8 for shape in shapes)
    X[rng.integers(n)] = b1[rng.integers(hidden)] = 0
    return X, W1, b1, W2, b2


def _draw_backward(rng):
    n, *_, classes = sizes = rng.permutation([2, 3, 4, 5])
    X, *parameters = _draw_two_layers(rng, *sizes)
    return X, rng.integers(classes, size=n), *parameters


def _draw_program(rng):
    n, *_ = sizes = rng.permutation([2, 3, 4])
    X, *parameters = _draw_two_layers(rng, *sizes, 1)
    return X, rng.integers(2, size=(n, 1)).astype(float), *parameters


# fmt: off
EXERCISES = [
    Exercise(
        "chain",
        "Send the error back along one thread",
        chain,
        cases=[
            Case((0.5, 0.2, 2.0, 1.0)),
            Case((-1.0, 0.3, 0.5, 0.0)),
            Case((1.5, -0.4, -1.2, -1.0)),
            Case((0.7, 0.0, 0.0, 1.0), "x = 0: the weight has no influence"),
        ],
        draw=_draw_chain,
        hints=[
            "Go through the forward lines from the last to the first. Each one gives one backward "
            "line: what comes in from behind, times the local derivative.",
            "The local derivative of tanh is 1 − tanh²(z), and tanh(z) is already there: a.",
            "`de = 2 * e`, `da = de`, `dz = da * (1 - a**2)`, `dw = dz * x`, `db = dz`, "
            "`dx = dz * w`.",
        ],
        mistakes=[
            slip("two_forgotten", "2 * e", "e",
                 "The derivative of e² is 2·e: all three numbers are half of what they should be."),
            slip("wrong_sign", "a - y", "y - a",
                 "All three signs are turned: e is a − y, and da equals de."),
            slip("tanh_not_derived", " * (1 - a**2)", "",
                 "The tanh is missing on the way back: dz is da times its derivative, 1 − a²."),
            slip("tanh_grad_of_a", "a**2", "np.tanh(a) ** 2",
                 "The derivative of tanh is taken at a. It belongs at z: 1 − tanh²(z), which is 1 "
                 "− a², since a already is tanh(z)."),
            slip("square_of_z", "a**2", "z**2",
                 "You multiply by 1 − z². The derivative of tanh at z is 1 − tanh²(z), that is "
                 "1 − a²."),
            slip("sigmoid_rule", "(1 - a**2)", "a * (1 - a)",
                 "a·(1 − a) is the derivative of the sigmoid. For tanh it is 1 − a²."),
            slip("dw_and_dx_exchanged", "return dw, db, dx", "return dx, db, dw",
                 "dw and dx are exchanged: at a product each factor gets dz times the other one."),
        ],
    ),
    Exercise(
        "layer_backward",
        "Go back through a layer",
        layer_backward,
        minutes=10,
        cases=[
            Case((np.array([[1.0, 0.0], [0.0, 2.0], [1.0, -1.0]]),
                  np.array([[1.0, 2.0], [3.0, 4.0], [-5.0, 1.0]]),
                  np.array([[0.1, 0.3], [0.2, 0.4]]),
                  np.array([0.5, -0.2])),
                 "three examples, as many inputs as outputs"),
            Case((np.array([[0.5], [-1.0]]),
                  np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]]),
                  np.array([[0.5, -0.6, 0.1]]),
                  np.array([0.3])),
                 "two examples, three inputs, one output"),
            Case((np.array([[1.0, -2.0, 0.5, 0.0]]),
                  np.array([[2.0, 3.0, -1.0]]),
                  np.arange(12.0).reshape(4, 3) / 10 - 0.5,
                  np.array([0.1, 0.2, -0.3, 0.4])),
                 "a batch of one"),
        ],
        draw=_draw_layer,
        hints=[
            "Two steps back: first through the sigmoid, from dA to dZ, in pairs; then through the "
            "weighted sum.",
            "The derivative of the sigmoid at Z is A·(1 − A) with A = σ(Z). Then let the shapes "
            "guide you: the examples vanish from dW and db, and stay as rows in dX.",
            "`dZ = dA * A * (1 - A)`, `dW = dZ.T @ X`, `db = dZ.sum(axis=0)`, `dX = dZ @ W`.",
        ],
        mistakes=[
            slip("no_slope", "activation.backward(dA)", "dA",
                 "The sigmoid is missing on the way back: dZ is dA times A·(1 − A)."),
            slip("slope_at_a", "linear.forward(X)", "sigmoid(linear.forward(X))",
                 "The derivative of the sigmoid is taken at A. It belongs at Z: σ(Z)·(1 − σ(Z)), "
                 "which is A·(1 − A)."),
            slip("z_for_a", "activation.backward(dA)", "dA * activation.Z * (1 - activation.Z)",
                 "You multiply by Z·(1 − Z). The derivative is A·(1 − A) with A = σ(Z)."),
            slip("value_for_slope", "activation.backward(dA)", "dA * sigmoid(activation.Z)",
                 "You multiply by the sigmoid. Multiply by its derivative, A·(1 − A)."),
            slip("bias_left_out_of_z", "= W, b", "= W, 0",
                 "The bias is missing from Z, so the derivative is taken at a wrong place."),
            slip("dW_transposed", "linear.dW", "linear.dW.T",
                 "dW is transposed. It must have the shape of W, (outputs, inputs): `dZ.T @ X`."),
            slip("db_not_summed", "linear.db", "activation.backward(dA)",
                 "db still has one row for each example. All examples use the same bias, so their "
                 "rows add up: sum over axis 0."),
            slip("db_summed_along_the_row", "linear.db", "activation.backward(dA).sum(axis=1)",
                 "db is summed over the outputs. Sum over the examples, axis 0: one number for "
                 "each output is left."),
            slip("db_one_number", "linear.db", "linear.db.sum()",
                 "db is one number for the whole layer. Each output has a bias of its own: sum "
                 "over axis 0 only."),
            slip("db_keeps_two_axes", "linear.db", "linear.db[None]",
                 "db has shape (1, outputs). It must have the shape of b, (outputs,): sum over "
                 "axis 0, without `keepdims`."),
            slip("divided_once_more", "linear.dW, linear.db",
                 "linear.dW / len(X), linear.db / len(X)",
                 "You divide by the batch size. The mean in the loss has already put 1/n into dA: "
                 "here the examples are added up."),
            slip("db_mean", "linear.db", "linear.db / len(X)",
                 "dW adds the examples up, db takes their mean. Both are sums: the 1/n is already "
                 "in dA."),
            slip("dX_transposed", "linear.db, dX", "linear.db, dX.T",
                 "dX is transposed: the examples stand in its columns. `dZ @ W` keeps them in "
                 "rows."),
            slip("dX_from_dA", "linear.db, dX", "linear.db, dA @ W",
                 "dX is computed from dA. The error passes the sigmoid first: `dX = dZ @ W`."),
        ],
    ),
    Exercise(
        "gradient_check",
        "Write a gradient check",
        gradient_check,
        minutes=10,
        cases=[
            Case((WAVES, np.array([1.0, 2.0, 3.0]), np.array([1.0, -1.0, 0.5]), 0.5),
                 "a wrong gradient, and h = 0.5, so that every detail shows"),
            Case((BOWL, np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([[2.0, -4.0], [1.0, 0.0]])),
                 "the last number of dx is wrong"),
            Case((WAVES, np.array([[0.7, -1.9]]), np.array([[1.0, 0.5]])),
                 "a row of two numbers"),
        ],
        draw=_draw_check,
        hints=[
            "For each number of x in turn: raise it by h and ask f, lower it by h and ask f, put "
            "it back. The difference belongs to a step of 2·h.",
            "`n[i] = (above - below) / (2 * h)`. `np.linalg.norm` gives the length of an array of "
            "any shape.",
            "`return np.linalg.norm(dx - n) / (np.linalg.norm(dx) + np.linalg.norm(n))`",
        ],
        mistakes=[
            slip("forward_difference", "(above - below) / (2 * h)", "(above - f(x)) / h",
                 "That is a forward difference, from x to x + h. Its error shrinks only like h. "
                 "The central one, from x − h to x + h, has an error like h²."),
            slip("two_forgotten_below", "(2 * h)", "h",
                 "From x − h to x + h is a step of 2·h: divide by `2 * h`."),
            slip("not_divided", " / (2 * h)", "",
                 "Divide the difference by the length of the step, `2 * h`."),
            slip("not_put_back", "x[i] = start\n", "\n",
                 "A number is not put back before the next one is changed: end each round with "
                 "`x[i] = start`."),
            slip("lowered_from_above", "x[i] = start - h", "x[i] -= h",
                 "The lower value is f at start, not at start − h: from `x[i] = start + h`, going "
                 "down by h only leads back. Write `x[i] = start - h`."),
            slip("all_at_once", "(above - below)", "(f(x + h) - f(x - h))",
                 "All numbers of x are changed at once. A gradient tells what each of them does "
                 "alone: change one `x[i]` after the other."),
            slip("not_relative", " / (np.linalg.norm(dx) + np.linalg.norm(n))", "",
                 "That is the length of the difference. Divide by the two lengths, ‖dx‖ + ‖n‖."),
            slip("norm_of_the_sum", "np.linalg.norm(dx) + np.linalg.norm(n)",
                 "np.linalg.norm(dx + n)",
                 "Below stands ‖dx + n‖. Add the two lengths, ‖dx‖ + ‖n‖."),
            slip("sums_without_norms",
                 "np.linalg.norm(dx - n) / (np.linalg.norm(dx) + np.linalg.norm(n))",
                 "np.sum(dx - n) / (np.sum(dx) + np.sum(n))",
                 "You add numbers up where lengths are meant, so that errors can cancel: use "
                 "`np.linalg.norm`."),
            slip("returns_the_gradient",
                 "np.linalg.norm(dx - n) / (np.linalg.norm(dx) + np.linalg.norm(n))", "n",
                 "That is the measured gradient n. Return the relative error, one number."),
        ],
    ),
    Exercise(
        "backward",
        "Go back through two layers",
        backward,
        minutes=12,
        cases=[
            Case((np.array([[1.0, 2.0], [-1.0, 0.5], [0.3, -2.0], [0.0, 0.0], [2.0, -1.0]]),
                  np.array([0, 2, 1, 0, 2]),
                  np.array([[0.5, -0.4], [-0.3, 0.8], [0.2, 0.1], [-0.6, -0.5]]),
                  np.array([0.1, -0.2, 0.3, 0.0]),
                  np.array([[0.2, -0.5, 0.7, 0.1], [0.6, 0.3, -0.2, -0.8], [-0.4, 0.9, 0.1, 0]]),
                  np.array([0.05, -0.1, 0.0])),
                 "five examples, 2–4–3, one sum of exactly 0"),
        ],
        draw=_draw_backward,
        hints=[
            "Walk the forward lines backwards. The first backward line is the delta: the "
            "probabilities of each row, minus 1 at the right class, divided by the number of rows.",
            "`np.eye(C)[y]` has a 1 at the right class of each row. The ReLU lets the error "
            "through where Z1 > 0: multiply by `relu_grad(Z1)`.",
            "`dZ2 = (P - np.eye(C)[y]) / n`, `dW2, db2 = dZ2.T @ A1, dZ2.sum(axis=0)`, "
            "`dZ1 = (dZ2 @ W2) * relu_grad(Z1)`, and the same again with dZ1 and X.",
        ],
        mistakes=[
            slip("mean_forgotten", "(Z2, y)", "(Z2, y) * len(y)",
                 "Every gradient is too large by the number of examples: the loss is a mean, so "
                 "the delta is divided by n."),
            slip("divided_by_all", "(Z2, y)", "(Z2, y) * len(y) / Z2.size",
                 "The delta is divided by the number of all its entries. The mean runs over the "
                 "examples: divide by `len(y)`."),
            slip("delta_turned", "dZ2 = ", "dZ2 = -",
                 "Every sign is turned: the delta is the probabilities minus the ones. The right "
                 "class must get a negative number, since a larger logit there lowers the loss."),
            slip("softmax_of_columns", "cross_entropy_grad(Z2, y)",
                 "(np.exp(Z2) / np.exp(Z2).sum(axis=0) - np.eye(len(b2))[y]) / len(y)",
                 "The probabilities add up to 1 in each column. Each row is an example: use "
                 "`axis=1`."),
            slip("softmax_of_everything", "cross_entropy_grad(Z2, y)",
                 "(np.exp(Z2) / np.exp(Z2).sum() - np.eye(len(b2))[y]) / len(y)",
                 "The probabilities add up to 1 over the whole batch. Each row must do so: sum "
                 "with `axis=1, keepdims=True`."),
            slip("softmax_left_out", "cross_entropy_grad(Z2, y)",
                 "(Z2 - np.eye(len(b2))[y]) / len(y)",
                 "You subtract from the logits. Subtract from the probabilities: softmax first."),
            slip("extra_slope", "(Z2, y)", "(Z2, y) * softmax(Z2) * (1 - softmax(Z2))",
                 "A factor p·(1 − p) is too much in the delta: it has cancelled against the "
                 "logarithm."),
            slip("label_subtracted", "cross_entropy_grad(Z2, y)",
                 "(softmax(Z2) - y[:, None]) / len(y)",
                 "You subtract the number of the class. Subtract 1 at its place and 0 elsewhere."),
            slip("relu_not_derived", " * relu_grad(Z1)", "",
                 "The second layer is right. On the way to the first the ReLU is missing: multiply "
                 "`dZ2 @ W2` by `relu_grad(Z1)`."),
            slip("mask_from_dA1", "(dZ2 @ W2) * relu_grad(Z1)", "relu(dZ2 @ W2)",
                 "The ReLU is applied to the error itself. What counts is the forward pass: the "
                 "error passes where Z1 > 0, whatever its own sign."),
            slip("times_A1", "relu_grad(Z1)", "A1",
                 "You multiply by A1, the value of the ReLU. Multiply by its derivative, 1 where "
                 "Z1 > 0 and 0 elsewhere."),
            slip("z1_for_a1", "dZ2.T @ A1", "dZ2.T @ Z1",
                 "dW2 is computed with Z1. The input of the second layer is A1."),
            slip("biases_not_summed", "return dW1, db1, dW2, db2", "return dW1, dZ1, dW2, dZ2",
                 "db1 and db2 still have one row for each example: sum over axis 0."),
            slip("both_transposed", "return dW1, db1, dW2, db2", "return dW1.T, db1, dW2.T, db2",
                 "dW1 and dW2 are transposed: they must have the shapes of W1 and W2."),
            slip("second_layer_first", "return dW1, db1, dW2, db2", "return dW2, db2, dW1, db1",
                 "The numbers are right, the order is not: return dW1, db1, dW2, db2."),
        ],
    ),
    Exercise(
        "repaired_gradients",
        "Repair a published program",
        repaired_gradients,
        minutes=15,
        cases=[
            Case((np.array([[1.0, 2.0], [3.0, 4.0]]),
                  np.array([[1.0], [0.0]]),
                  np.array([[0.1, 0.3], [0.2, 0.4]]),
                  np.array([0.1, 0.2]),
                  np.array([[0.5, 0.6]]),
                  np.array([0.3])),
                 "the network of this notebook"),
            Case((np.array([[0.5, -1.0], [2.0, 1.0], [-1.5, 0.3], [1.0, 0.0]]),
                  np.array([[0.0], [1.0], [1.0], [0.0]]),
                  np.array([[1.0, -0.5], [0.4, 0.3], [-0.7, 0.2]]),
                  np.array([0.2, -0.3, 0.1]),
                  np.array([[0.7, -0.2, 0.5]]),
                  np.array([-0.1])),
                 "four examples, 2–3–1"),
        ],
        draw=_draw_program,
        hints=[
            "Ask the gradient check, from the output backwards. First db2: which shape does it "
            "have, which one has b2? Then dW2, by how much is it off?",
            "delta2 is the derivative of the loss with respect to Z2. The loss shown is the mean "
            "of (ŷ − y)², and ŷ is a sigmoid: four factors.",
            "`delta2 = 2 * (y_hat - y) / len(X) * y_hat * (1 - y_hat)`, and each db is its delta "
            "summed over axis 0.",
        ],
        mistakes=[
            Mistake("nothing_mended",
                    "All three faults are still there: the biases are not summed over the batch, "
                    "delta2 does not belong to the loss shown, and the mean's 1/n is missing.",
                    _published),
            Mistake("biases_and_delta_left",
                    "The division by the batch size is mended. Two faults are left: the biases are "
                    "not summed over the batch, and delta2 does not belong to the squared error.",
                    lambda X, *args: _published(X, *args, n=len(X))),
            slip("biases_and_mean_left", "return loss, dW1, db1, dW2, db2",
                 "return loss, *(len(X) * d for d in (dW1, delta1, dW2, delta2))",
                 "delta2 now belongs to the squared error. Two faults are left: the biases are not "
                 "summed over the batch, and the mean's 1/n is missing."),
            slip("delta_and_mean_left", "2 * (y_hat - y) / len(X) * y_hat * (1 - y_hat)",
                 "y_hat - y",
                 "The biases are mended. Two faults are left: delta2 does not belong to the "
                 "squared error, and the mean's 1/n is missing."),
            slip("biases_left", "return loss, dW1, db1, dW2, db2",
                 "return loss, dW1, delta1, dW2, delta2",
                 "One fault is left: db1 and db2 have one row for each example. Sum over the "
                 "batch."),
            slip("hidden_bias_left", "delta1.sum(axis=0)", "delta1",
                 "One half of a fault is left: db2 is summed over the batch, db1 is not."),
            slip("output_bias_left", "delta2.sum(axis=0)", "delta2",
                 "One half of a fault is left: db1 is summed over the batch, db2 is not."),
            slip("delta_left", "2 * (y_hat - y) / len(X) * y_hat * (1 - y_hat)",
                 "(y_hat - y) / len(X)",
                 "One fault is left: ŷ − y is the delta of cross-entropy. For the squared error "
                 "that is shown it is 2·(ŷ − y)·ŷ·(1 − ŷ), divided by n."),
            slip("mean_left", " / len(X)", "",
                 "One fault is left: the loss is a mean over the examples, so delta2 needs a "
                 "division by their number."),
            slip("factor_two_left", "2 * (y_hat - y)", "(y_hat - y)",
                 "All gradients are half as large as they should be: the square gives a factor 2, "
                 "and there is no ½ in this loss."),
            slip("bias_means", "return loss, dW1, db1, dW2, db2",
                 "return loss, dW1, db1 / len(X), dW2, db2 / len(X)",
                 "The biases now take a mean over the batch. The 1/n is already in the deltas: "
                 "sum."),
            slip("delta_of_the_text", " * y_hat * (1 - y_hat)", "",
                 "Your delta2 is the one of the text, without f′. The line "
                 "`dW2 = delta2.T @ hidden` needs the one with it: multiply by ŷ·(1 − ŷ)."),
        ],
    ),
    order(
        "training_step",
        "Put one training step in order",
        right=["CBHE" + rest for rest in ("FDAIG", "FDIAG", "FDIGA", "DFAIG", "DFIAG", "DFIGA",
                                          "DIFAG", "DIFGA", "DIGFA")],
        hints=[
            "Forward first, from X to Z2. Then backwards, from dZ2 to dW1. The two lines with rate "
            "can come last.",
            "Each line needs what others compute: look for the line that makes A1, dZ2, dZ1.",
            "It begins with C, B, H, E. Line D uses W2, so line A must not have changed it yet.",
        ],
        mistakes=[
            ("updates_at_once", "AD",
             "W2 is updated (A) before the error is sent back through it (D). Line D must see the "
             "weights that the forward pass has used."),
            ("backward_from_the_input", "DIE",
             "The first layer (D, I) comes before the loss (E). Backwards means from the loss to "
             "the first layer: line D needs the dZ2 that line E computes."),
            ("b_before_c", "BC", "Line B needs Z1, which line C computes."),
            ("h_before_b", "HB", "Line H needs A1, which line B computes."),
            ("e_before_h", "EH", "Line E needs Z2, which line H computes."),
            ("f_before_e", "FE", "Line F needs dZ2, which line E computes."),
            ("d_before_e", "DE", "Line D needs dZ2, which line E computes."),
            ("a_before_f", "DAF", "Line A needs dW2, which line F computes."),
            ("i_before_d", "ID", "Line I needs dZ1, which line D computes."),
            ("g_before_i", "GI", "Line G needs dW1, which line I computes."),
        ],
    ),
]
