"""The exercises of notebook 05."""

import numpy as np

from nnutils import losses
from nnutils.exercises.judge import Case, Exercise, Mistake, slip


def huber_loss(y_hat, y):
    """Return the Huber loss, the mean of e² (|e| ≤ 1) or 2|e| − 1 (beyond), and its gradient."""
    error = y_hat - y
    small = np.abs(error) <= 1
    loss = np.mean(np.where(small, error**2, 2 * np.abs(error) - 1))
    gradient = np.where(small, 2 * error, 2 * np.sign(error)) / len(y)
    return loss, gradient


def _plain_loss(z, y, axis=1):
    """Return the cross-entropy, but do not subtract the largest logit; sum along ``axis``."""
    log_p = z - np.log(np.exp(z).sum(axis, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


def rmsprop_step(p, g, s, rate, beta, eps):
    """Return the parameters and the running mean of squared gradients after one step of RMSProp."""
    s = beta * s + (1 - beta) * g**2
    p = p - rate * g / (np.sqrt(s) + eps)
    return p, s


def _faulty_rmsprop_step(p, g, s, rate, beta, eps):
    """Return what the program in the stub of ``rmsprop_step`` returns."""
    p = p - rate * g / (np.sqrt(s) + eps)
    s = beta * s + g**2
    return p, s


def adam_step(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return the parameters and both running means after step t = 1, 2, 3, … of Adam."""
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    p = p - rate * m_hat / (np.sqrt(s_hat) + eps)
    return p, m, s


def _draw_huber(rng):
    return tuple((2 * rng.normal(size=(2, rng.integers(2, 7)))).round(2))


def _draw_cross_entropy(rng):
    n, classes = rng.permutation([3, 4])
    return rng.uniform(-2, 2, (n, classes)).round(2), rng.integers(classes, size=n)


def _draw_adam(rng):
    p, g, m, s = rng.normal(size=(4, rng.integers(2, 7))).round(2)
    settings = rng.uniform(0.05, 0.95, 4).round(2).tolist()
    return p, g, m, np.abs(s), int(rng.integers(1, 9)), *settings


def _draw_rmsprop(rng):
    p, g, _, s, _, rate, _, beta, eps = _draw_adam(rng)
    return p, g, s, rate, beta, eps


P, G = np.array([1.0, -2.0, 0.5, 3.0]), np.array([0.5, -4.0, 0.01, 0.0])  # parameters and gradient


# fmt: off
EXERCISES = [
    Exercise(
        "huber_loss",
        "Write a loss that forgives outliers",
        huber_loss,
        minutes=5,
        cases=[
            Case((np.array([2.0, 3.0, 7.0]), np.array([1.0, 3.0, 4.0])), "errors 1, 0 and 3"),
            Case((np.array([0.5]), np.array([0.75])), "one small error"),
            Case((np.array([3.0]), np.array([100.0])), "one large error, −97"),
            Case((np.array([0.5, -1.0, 2.0, 0.0]), np.array([1.0, 1.0, -1.5, 0.25]))),
            Case((np.array([1.0, 2.0]), np.array([1.0, 2.0])), "no error"),
        ],
        draw=_draw_huber,
        hints=[
            "`np.where(small, a, b)` takes from a where the error is small, from b elsewhere.",
            "The slope of e² is 2e. The slope of 2|e| − 1 is 2 where e is positive and −2 where it "
            "is negative: `2 * np.sign(error)`. The mean divides each by the number of examples.",
            "`loss = np.mean(np.where(small, error**2, 2 * np.abs(error) - 1))` and `gradient = "
            "np.where(small, 2 * error, 2 * np.sign(error)) / len(y)`.",
        ],
        mistakes=[
            slip("gradient_of_the_sum", " / len(y)", "",
                 "The loss is a mean, your gradient is that of a sum: divide it by the number of "
                 "examples too."),
            slip("sum_for_mean", "return loss, gradient", "return loss * len(y), gradient * len(y)",
                 "You add up and do not divide by the number of examples: both the loss and its "
                 "gradient need the 1/N of the mean."),
            slip("with_a_half", "return loss, gradient", "return loss / 2, gradient / 2",
                 "That is the convention with ½ in front. In this course the loss has no ½, and "
                 "its gradient keeps the 2."),
            slip("gradient_turned", "2 * error, 2 * np", "-2 * error, -2 * np",
                 "The sign of the gradient is turned: a prediction that is too high has a loss "
                 "that grows with it, so there the gradient is positive."),
            slip("gradient_averaged", "gradient = np.where(small, 2 * error, 2 * np.sign(error)) "
                 "/ len(y)",
                 "gradient = np.mean(np.where(small, 2 * error, 2 * np.sign(error)))",
                 "The gradient has one entry for each prediction: divide by N, but do not "
                 "average."),
            slip("gradient_of_the_square", "2 * np.sign(error)", "2 * error",
                 "The loss is right. Its gradient is that of the square everywhere: beyond 1 the "
                 "slope no longer grows."),
            slip("gradient_without_sign", "2 * np.sign(error)", "2",
                 "Beyond 1 the slope is 2 for a positive error and −2 for a negative one."),
            slip("gradient_of_l1", "2 * np.sign(error)", "np.sign(error)",
                 "The loss is right. Beyond 1 the slope of 2|e| − 1 is 2 or −2, not 1 or −1."),
            slip("line_with_a_jump", "2 * np.abs(error) - 1", "2 * np.abs(error)",
                 "At the size 1 your loss jumps from 1 to 2: the line is 2|e| − 1."),
            Mistake("mse_and_gradient",
                    "That is the mean squared error: beyond the size 1 an error costs 2|e| − 1.",
                    lambda y_hat, y: (losses.mse(y_hat, y), losses.mse_grad(y_hat, y))),
            Mistake("l1_and_gradient",
                    "You took absolute values everywhere: that is the L1 loss. Up to the size 1 "
                    "an error costs its square.",
                    lambda y_hat, y: (losses.l1(y_hat, y), losses.l1_grad(y_hat, y))),
        ],
    ),
    Exercise(
        "cross_entropy",
        "Write a cross-entropy that does not overflow",
        losses.cross_entropy,
        cases=[
            Case((np.array([[2.0, 1.0, -1.0]]), np.array([0])), "one example"),
            Case((np.array([[2.0, 1.0, -1.0], [0.0, 0.5, 3.0]]), np.array([1, 2])), "two examples"),
            Case((np.full((3, 4), 1000.0), np.array([0, 3, 2])), "equal logits cost ln 4"),
            Case((np.array([[1000.0, 0.0, 1.0], [-1.0, 2.0, 0.5]]), np.array([0, 1])),
                 "a logit of 1000"),
            Case((np.array([[-1000.0, -999.0], [0.5, 2.0], [1000.0, 0.0]]), np.array([0, 1, 0])),
                 "±1000"),
            Case((np.array([[-1000.0, 1000.0, 0.0], [3.0, 1.0, 2.0]]), np.array([0, 1])),
                 "surely wrong"),
            Case((np.array([[-1000.0, 2000.0, -1000.0], [0.0, -720.0, -5.0]]), np.array([1, 1])),
                 "surely right, and almost surely wrong"),
        ],
        draw=_draw_cross_entropy,
        hints=[
            "The largest logit is taken from all logits of its row. Then no exponent is above 0.",
            "`z.max(axis=1, keepdims=True)` is the largest of each row, as a column. "
            "`np.exp(z).sum(axis=1, keepdims=True)` is the sum of each row.",
            "Pick the label's column in each row: `log_p[np.arange(len(y)), y]`.",
        ],
        mistakes=[
            Mistake("largest_not_subtracted",
                    "The largest logit is not subtracted: e to the power of 1000 is too large for "
                    "a float.",
                    _plain_loss),
            Mistake("largest_of_all_subtracted",
                    "You subtract the largest logit of the whole array. A row of far smaller "
                    "logits then has e to the power of −2000, which rounds to 0: take each row's "
                    "own largest, `z.max(axis=1, keepdims=True)`.",
                    lambda z, y: _plain_loss(z - z.max(), y)),
            slip("logarithm_of_softmax", "log_softmax(z)", "np.log(softmax(z))",
                 "A probability that rounds to 0 has no logarithm. Do not form the probability: "
                 "subtract the logarithm of the sum from the logit."),
            Mistake("summed_over_everything",
                    "The sum runs over all examples at once. Each example has its own: `axis=1`.",
                    lambda z, y: _plain_loss(z - z.max(axis=1, keepdims=True), y, axis=None)),
            Mistake("summed_over_the_examples",
                    "The sum runs down the columns, over the examples. It must run along the row, "
                    "over the classes: `axis=1`.",
                    lambda z, y: _plain_loss(z - z.max(axis=1, keepdims=True), y, axis=0)),
            slip("all_columns_for_each_example", "[np.arange(len(y)), y]", "[:, y]",
                 "You take the columns of all labels from every row, as `log_p[:, y]` does. One "
                 "number for each row is needed: `log_p[np.arange(len(y)), y]`."),
            slip("minus_forgotten", "0 - np.mean", "np.mean",
                 "The minus is missing: logarithms of probabilities are negative, a loss is not."),
            slip("sum_over_examples", "np.mean", "np.sum",
                 "That is the sum over the examples. The loss is their mean."),
        ],
    ),
    Exercise(
        "rmsprop_step",
        "Find two faults in a step of RMSProp",
        rmsprop_step,
        stub=_faulty_rmsprop_step,
        cases=[
            Case((P, G, np.zeros(4), 0.1, 0.9, 1e-8), "the first step"),
            Case((P, G, np.array([4.0, 25.0, 0.2, 1.0]), 0.1, 0.9, 1e-8), "with a memory"),
            Case((P, -G, np.array([0.1, 16.0, 0.0, 0.3]), 0.1, 0.9, 1e-8), "the gradient turned"),
            Case((P, G, np.array([1.0, 2.0, 0.0, 0.5]), 0.1, 0.9, 0.1), "with a large eps"),
        ],
        draw=_draw_rmsprop,
        hints=[
            "One line stands in the wrong place, and in one a factor is missing.",
            "The running mean keeps the share beta of the old s and takes the share 1 − beta of "
            "the new square. It takes in the new square before p moves.",
            "First `s = beta * s + (1 - beta) * g**2`, then the line of p as it is.",
        ],
        mistakes=[
            slip("rmsprop_exchanged",
                 "beta * s + (1 - beta) * g**2",
                 "(1 - beta) * s + beta * g**2",
                 "The two shares are exchanged: beta, close to 1, belongs to the old mean."),
            slip("rmsprop_without_share", "(1 - beta) * g**2", "g**2",
                 "The new square needs the factor 1 − beta. Without it, s is no mean: it grows to "
                 "1/(1 − beta) times the squares."),
            slip("rmsprop_like_adagrad", "beta * s + (1 - beta) * g**2", "s + g**2",
                 "That is Adagrad: the old squares are never forgotten. Keep only the share beta "
                 "of them."),
            Mistake("rmsprop_old_mean",
                    "You divide by the old mean. Let s take in the new gradient first.",
                    lambda p, g, s, rate, beta, eps: (
                        p - rate * g / (np.sqrt(s) + eps), beta * s + (1 - beta) * g**2)),
            slip("rmsprop_without_square", "g**2", "g",
                 "Your running mean is that of the gradients. RMSProp needs the mean of their "
                 "squares."),
            slip("rmsprop_without_root", "np.sqrt(s)", "s",
                 "The root is missing: s holds squares, so divide by `np.sqrt(s)`."),
            slip("rmsprop_eps_inside", "(np.sqrt(s) + eps)", "np.sqrt(s + eps)",
                 "eps stands under the root. It belongs beside it: `np.sqrt(s) + eps`."),
        ],
    ),
    Exercise(
        "adam_step",
        "Take a step of Adam",
        adam_step,
        minutes=10,
        cases=[
            Case((P, G, np.zeros(4), np.zeros(4), 1), "the first step"),
            Case((P, -G, np.array([0.1, -0.5, 0.0, 0.2]), np.array([0.02, 0.3, 0.1, 0.4]), 2),
                 "the second"),
            Case((P, G, np.array([0.4, 0.1, 2.0, -0.3]), np.array([0.5, 0.01, 3.0, 0.2]), 7,
                  0.05, 0.8, 0.99, 0.1), "other settings, with a large eps"),
        ],
        draw=_draw_adam,
        hints=[
            "The first step has the size of the rate for both gradients. Five lines: two running "
            "means, two corrections, one update.",
            "The running means are `beta1 * m + (1 - beta1) * g` and the same with beta2 and "
            "`g**2`. Each is corrected by dividing by 1 minus its own beta to the power of t.",
            "`m_hat = m / (1 - beta1**t)`, `s_hat = s / (1 - beta2**t)`, and the step is "
            "`rate * m_hat / (np.sqrt(s_hat) + eps)`. Return p, m and s, without the hats.",
        ],
        mistakes=[
            slip("adam_uncorrected", "m_hat / (np.sqrt(s_hat)", "m / (np.sqrt(s)",
                 "The correction is missing: both means start at 0 and are too small at first. "
                 "Divide by `1 - beta1**t` and `1 - beta2**t`."),
            slip("adam_first_mean_only", "np.sqrt(s_hat)", "np.sqrt(s)",
                 "Only the first mean is corrected: s needs its own correction, `1 - beta2**t`."),
            slip("adam_without_power", "m_hat = m", "t = 1\n    m_hat = m",
                 "You divide by 1 − beta at every step. The correction fades: `1 - beta**t`."),
            slip("adam_counts_from_zero", "m_hat = m", "t = t - 1\n    m_hat = m",
                 "You raise to t − 1, and at the first step 1 − beta⁰ = 0 stands below the line. "
                 "The first step has t = 1 already: use t as it is."),
            slip("adam_counts_from_two", "m_hat = m", "t = t + 1\n    m_hat = m",
                 "You raise to t + 1. The first step has t = 1 already: use t as it is."),
            slip("adam_one_beta_for_both", "beta2**t", "beta1**t",
                 "beta1 corrects both means. The mean of the squares belongs to beta2."),
            slip("adam_keeps_the_corrected", "return p, m, s", "return p, m_hat, s_hat",
                 "You return the corrected means. They would be corrected again at the next step: "
                 "return m and s as they were before."),
            slip("adam_eps_inside", "(np.sqrt(s_hat) + eps)", "np.sqrt(s_hat + eps)",
                 "eps stands under the root. It belongs beside it: `np.sqrt(s_hat) + eps`."),
            slip("adam_without_root", "np.sqrt(s_hat)", "s_hat",
                 "The root is missing: s_hat holds squares, so divide by `np.sqrt(s_hat)`."),
        ],
    ),
]
