"""The exercises of notebook 06."""

import numpy as np

from nnutils.activations import relu, relu_grad, sigmoid, softmax  # noqa: F401 (slips use it)
from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.losses import cross_entropy_grad, mse


def by_pencil():
    """Return the gradients of L = v², v = u + a, u = a·b at a = 3, b = −2."""
    dv = -6
    du = -6
    db = -18
    da = 6
    return dv, du, db, da


def _explain_pencil(got):
    for name, found, right in zip(("dv", "du", "db", "da"), got, by_pencil()):
        if found != right:
            return f"Look again at {name}: which machines lie between it and the loss?"


def lines_that_run():
    """Return the letters of the lines that run: with different sizes, then with all sizes 3."""
    different = "BE"
    square = "ABDEF"
    return different, square


def _letters(text):
    return sorted(set("".join(text).upper()) - set(" ,;"))


def _same_letters(got, expected):
    return [*map(_letters, got)] == [*map(_letters, expected)]


def _explain_lines(got):
    for name, found, right in zip(("different", "square"), got, lines_that_run()):
        for letter in "ABCDEF":
            if (letter in _letters(found)) != (letter in _letters(right)):
                return f"`{name}`: look again at line {letter}, and at the update after it."


def check_error(f, slope, x, h):
    """Return the relative error that a gradient check of the right ``slope`` of ``f`` reports."""
    g, measured = slope(x), (f(x + h) - f(x - h)) / (2 * h)
    return abs(g - measured) / (abs(g) + abs(measured))


def fooled_check():
    """Return z for the ReLU with h = 1e-5, and a large and a small h for the sine at 1."""
    z = -0.000005
    large = 0.5
    small = 1e-15
    return z, large, small


def _observe_fooled(got):
    """Say of each of the three numbers what the check does there."""
    if not isinstance(got, (tuple, list)) or len(got) != 3:
        return got
    z, large, small = map(float, got)
    kink = "beyond" if abs(z) >= 1e-5 else "above" if z > 0 else "errs"
    wide, narrow = (h > 0 and check_error(np.sin, np.cos, 1.0, h) > 0.001 for h in (large, small))
    return (
        kink,
        "small" if large <= 1e-5 else "errs" if wide else "right",
        "large" if small >= 1e-5 else "errs" if narrow else "right",
    )


def _explain_fooled(said):
    name = next(name for name, word in zip(("z", "large", "small"), said) if word != "errs")
    return f"At your `{name}` the check does not err as it should. Measure, and go further."


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


def _program_with_faults(X, y, W1, b1, W2, b2, n=1):
    """Return what the stub of ``repaired_gradients`` returns, but with delta2 divided by ``n``."""
    hidden = sigmoid(X @ W1.T + b1)
    y_hat = sigmoid(hidden @ W2.T + b2)
    delta2 = (y_hat - y) / n
    delta1 = (delta2 @ W2) * hidden * (1 - hidden)
    return mse(y_hat, y), delta1.T @ X, delta1, delta2.T @ hidden, delta2


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
        "by_pencil",
        "Send the error back with a pencil",
        by_pencil,
        cases=[Case()],
        hints=[
            "Begin at the end. Each gradient is what comes in from behind, times the local "
            "derivative. L = v² gives dv.",
            "v = u + a passes dv on unchanged, to u and to a. u = a·b gives to each factor du "
            "times the other one. Two ways lead to a.",
            "dv = 2·(−3) = −6, du = −6, db = du·3 = −18, and da = du·(−2) + dv = 12 − 6.",
        ],
        mistakes=[
            slip("way_past_the_product_only", "da = 6", "da = -6",
                 "da holds the way through the sum alone. a is used in the product too, and this "
                 "way brings du·b."),
            slip("way_through_the_product_only", "da = 6", "da = 12",
                 "da holds the way through the product alone. a is used in v = u + a too, and this "
                 "way brings dv."),
            slip("ways_multiplied", "da = 6", "da = -72",
                 "The two ways to a are multiplied. Along one way factors multiply; different ways "
                 "add up."),
            Mistake("two_forgotten",
                    "All four are half of what they should be: the derivative of v² is 2·v.",
                    lambda: tuple(d / 2 for d in by_pencil())),
            Mistake("own_factor",
                    "In the product each factor got du times itself. It gets du times the other "
                    "one: a shake of a is multiplied by b.",
                    lambda: (-6, -6, 12, -24)),
            Mistake("signs_turned",
                    "All signs are turned: dv is 2·v, and v is −3.",
                    lambda: tuple(-d for d in by_pencil())),
        ],
        explain=_explain_pencil,
    ),
    Exercise(
        "lines_that_run",
        "Predict which slips NumPy stops",
        lines_that_run,
        cases=[Case()],
        hints=[
            "Write the shapes below each line. `@` needs equal numbers in the middle. `-=` needs a "
            "right side that can be spread over the array on the left without making it larger.",
            "In the first list: A makes (3, 2), C has (4, 2), D makes (4,), F asks for "
            "(4, 2) @ (3, 2). B and E make the right shapes from wrong numbers.",
            "With all sizes 3, `dW` and `dX` have the right shape whatever is turned, and so has a "
            "sum along the wrong axis. Only C is left: (3, 3) does not fit into (3,).",
        ],
        mistakes=[
            slip("update_forgotten", '"BE"', '"ABCDE"',
                 "In `different` the updates are forgotten: A, C and D compute something, but its "
                 "shape does not fit into W or b, and `-=` stops."),
            slip("right_shape_stops", '"BE"', '""',
                 "`different` is empty. B and E make arrays of the right shape: nothing stops a "
                 "wrong number."),
            slip("square_like_the_other", '"ABDEF"', '"BE"',
                 "`square` repeats `different`. With 3 examples, 3 inputs and 3 outputs a turned "
                 "array has the shape of the right one."),
            slip("everything_runs", '"ABDEF"', '"ABCDEF"',
                 "You let line C run in `square`. dZ has the shape (3, 3) and b the shape (3,): "
                 "in place b cannot become larger."),
            slip("exchanged", "return different, square", "return square, different",
                 "The two lists are exchanged."),
        ],
        compare=_same_letters,
        explain=_explain_lines,
    ),
    Exercise(
        "fooled_check",
        "Fool an honest gradient check",
        fooled_check,
        cases=[Case()],
        hints=[
            "Draw the ReLU and mark z − h and z + h. On which side of 0 is the right slope 0 and "
            "the measured one not? For h look at the V: how far out is the error above 0.001?",
            "At a z just below 0 the right slope is 0, and z + h lies above 0. Within 0.1 a sine "
            "bends too little. Near 1, neighbouring float64 numbers are about 2e-16 apart.",
            "`z` between −1e-5 and 0, `large` from 0.2 on, `small` of 1e-15 or less.",
        ],
        mistakes=[
            slip("above_the_kink", "z = -0.000005", "z = 0.000005",
                 "Your z lies above 0. There the right slope is 1 and the measured one at least ½, "
                 "so the error stays below 1/3. On which side is the right slope 0?"),
            slip("beyond_the_step", "z = -0.000005", "z = -0.5",
                 "Your z is so far from 0 that z − h and z + h lie on the same side, and the check "
                 "is right. It errs where the kink lies between them."),
            slip("exchanged", "return z, large, small", "return z, small, large",
                 "The two values of h are exchanged: first the large one, then the small one."),
        ],
        observe=_observe_fooled,
        explain=_explain_fooled,
        minutes=10,
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
        "Repair a typical tutorial",
        repaired_gradients,
        stub=_program_with_faults,
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
            Mistake("biases_and_delta_left",
                    "The division by the batch size is mended. Two faults are left: the biases are "
                    "not summed over the batch, and delta2 does not belong to the squared error.",
                    lambda X, *args: _program_with_faults(X, *args, n=len(X))),
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
]
