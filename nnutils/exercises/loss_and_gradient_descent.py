"""The exercises and questions of notebook 05."""

import numpy as np

from nnutils import losses
from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question

# --- 05.1: the mean squared error and its gradient ------------------------------------------------


def mse_and_gradient(y_hat, y):
    """Return the mean squared error and its gradient with respect to y_hat."""
    error = y_hat - y
    loss = np.mean(error**2)
    gradient = 2 * error / len(y)
    return loss, gradient


def _gradient_of_the_sum(y_hat, y):
    return np.mean((y_hat - y) ** 2), 2 * (y_hat - y)


def _sum_for_mean(y_hat, y):
    return np.sum((y_hat - y) ** 2), 2 * (y_hat - y)


def _with_a_half(y_hat, y):
    return np.mean((y_hat - y) ** 2) / 2, (y_hat - y) / len(y)


def _two_forgotten(y_hat, y):
    return np.mean((y_hat - y) ** 2), (y_hat - y) / len(y)


def _gradient_turned(y_hat, y):
    return np.mean((y_hat - y) ** 2), 2 * (y - y_hat) / len(y)


def _gradient_averaged(y_hat, y):
    return np.mean((y_hat - y) ** 2), np.mean(2 * (y_hat - y))


def _l1_and_gradient(y_hat, y):
    return losses.l1(y_hat, y), losses.l1_grad(y_hat, y)


# --- 05.2: cross-entropy from logits --------------------------------------------------------------


def _largest_not_subtracted(z, y):
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


def _largest_of_all_subtracted(z, y):
    z = z - z.max()
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


def _logarithm_of_softmax(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))


def _summed_over_everything(z, y):
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum())
    return -np.mean(log_p[np.arange(len(y)), y])


def _summed_over_the_examples(z, y):
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=0, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


def _all_columns_for_each_example(z, y):
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -np.mean(log_p[:, y])


def _minus_forgotten(z, y):
    return -losses.cross_entropy(z, y)


def _sum_over_examples(z, y):
    return len(y) * losses.cross_entropy(z, y)


# --- 05.3: the seven steps in order ---------------------------------------------------------------

LOOP_ORDER = "FCGBEAD"
LOOP_LINES = {
    "A": "        dw = 2 * np.mean(error * X[batch])",
    "B": "        error = w * X[batch] - y[batch]",
    "C": "for epoch in range(20):",
    "D": "        w = w - rate * dw",
    "E": "        history.append(np.mean(error**2))",
    "F": "w = 0.0",
    "G": "    for batch in np.split(rng.permutation(len(X)), 10):",
}


def loop_order():
    """Return the letters of the lines in the order in which they must stand."""
    return LOOP_ORDER


def _letters(got):
    return "".join(str(got).split()).upper()


def _same_letters(got, expected):
    return _letters(got) == _letters(expected)


def _parameters_defined_in_every_epoch():
    return "CFGBEAD"


def _parameters_defined_for_every_batch():
    return "CGFBEAD"


def _update_before_backward():
    return "FCGBEDA"


def _loss_before_forward():
    return "FCGEBAD"


def _backward_before_loss():
    return "FCGBAED"


def _explain_order(got):
    letters = _letters(got)
    if sorted(letters) != sorted(LOOP_ORDER):
        return f"Use each of the letters {', '.join(sorted(LOOP_LINES))} exactly once."
    place = next(i for i, letter in enumerate(letters) if letter != LOOP_ORDER[i])
    line = LOOP_LINES[letters[place]].strip()
    return f"Right up to line {place}. Then line {place + 1}, `{line}`, comes too early."


# --- 05.4: a step of Adagrad ----------------------------------------------------------------------


def adagrad_step(p, g, s, rate, eps):
    """Return the parameters and the sum of squared gradients after one step of Adagrad."""
    s = s + g**2
    p = p - rate * g / (np.sqrt(s) + eps)
    return p, s


def _adagrad_old_sum(p, g, s, rate, eps):
    return p - rate * g / (np.sqrt(s) + eps), s + g**2


def _adagrad_only_the_last(p, g, s, rate, eps):
    return p - rate * g / (np.abs(g) + eps), g**2


def _adagrad_without_root(p, g, s, rate, eps):
    s = s + g**2
    return p - rate * g / (s + eps), s


def _adagrad_without_square(p, g, s, rate, eps):
    s = s + g
    return p - rate * g / (np.sqrt(s) + eps), s


def _adagrad_eps_inside(p, g, s, rate, eps):
    s = s + g**2
    return p - rate * g / np.sqrt(s + eps), s


def _adagrad_uphill(p, g, s, rate, eps):
    s = s + g**2
    return p + rate * g / (np.sqrt(s) + eps), s


# --- 05.5: a step of RMSProp ----------------------------------------------------------------------


def rmsprop_step(p, g, s, rate, beta, eps):
    """Return the parameters and the running mean of squared gradients after one step of RMSProp."""
    s = beta * s + (1 - beta) * g**2
    p = p - rate * g / (np.sqrt(s) + eps)
    return p, s


def _rmsprop_exchanged(p, g, s, rate, beta, eps):
    return rmsprop_step(p, g, s, rate, 1 - beta, eps)


def _rmsprop_without_share(p, g, s, rate, beta, eps):
    s = beta * s + g**2
    return p - rate * g / (np.sqrt(s) + eps), s


def _rmsprop_like_adagrad(p, g, s, rate, beta, eps):
    return adagrad_step(p, g, s, rate, eps)


def _rmsprop_old_mean(p, g, s, rate, beta, eps):
    return p - rate * g / (np.sqrt(s) + eps), beta * s + (1 - beta) * g**2


def _rmsprop_without_square(p, g, s, rate, beta, eps):
    s = beta * s + (1 - beta) * g
    return p - rate * g / (np.sqrt(s) + eps), s


def _rmsprop_without_root(p, g, s, rate, beta, eps):
    s = beta * s + (1 - beta) * g**2
    return p - rate * g / (s + eps), s


def _rmsprop_eps_inside(p, g, s, rate, beta, eps):
    s = beta * s + (1 - beta) * g**2
    return p - rate * g / np.sqrt(s + eps), s


# --- 05.6: a step of Adam -------------------------------------------------------------------------


def adam_step(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return the parameters and both running means after step t = 1, 2, 3, … of Adam."""
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    p = p - rate * m_hat / (np.sqrt(s_hat) + eps)
    return p, m, s


def _adam_means(g, m, s, beta1, beta2):
    return beta1 * m + (1 - beta1) * g, beta2 * s + (1 - beta2) * g**2


def _adam_uncorrected(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = _adam_means(g, m, s, beta1, beta2)
    return p - rate * m / (np.sqrt(s) + eps), m, s


def _adam_first_mean_only(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = _adam_means(g, m, s, beta1, beta2)
    return p - rate * m / (1 - beta1**t) / (np.sqrt(s) + eps), m, s


def _adam_without_power(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = _adam_means(g, m, s, beta1, beta2)
    return p - rate * m / (1 - beta1) / (np.sqrt(s / (1 - beta2)) + eps), m, s


def _adam_counts_from_zero(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = _adam_means(g, m, s, beta1, beta2)
    root = np.sqrt(np.divide(s, 1 - beta2 ** (t - 1)))
    return p - rate * np.divide(m, 1 - beta1 ** (t - 1)) / (root + eps), m, s


def _adam_counts_from_two(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = _adam_means(g, m, s, beta1, beta2)
    root = np.sqrt(s / (1 - beta2 ** (t + 1)))
    return p - rate * m / (1 - beta1 ** (t + 1)) / (root + eps), m, s


def _adam_one_beta_for_both(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = _adam_means(g, m, s, beta1, beta2)
    return p - rate * m / (1 - beta1**t) / (np.sqrt(s / (1 - beta1**t)) + eps), m, s


def _adam_keeps_the_corrected(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = _adam_means(g, m, s, beta1, beta2)
    m, s = m / (1 - beta1**t), s / (1 - beta2**t)
    return p - rate * m / (np.sqrt(s) + eps), m, s


def _adam_eps_inside(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = _adam_means(g, m, s, beta1, beta2)
    return p - rate * m / (1 - beta1**t) / np.sqrt(s / (1 - beta2**t) + eps), m, s


def _adam_without_root(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = _adam_means(g, m, s, beta1, beta2)
    return p - rate * m / (1 - beta1**t) / (s / (1 - beta2**t) + eps), m, s


# --- The cases of the steps -----------------------------------------------------------------------

P, G = np.array([1.0, -2.0, 0.5]), np.array([0.5, -4.0, 0.01])  # parameters and gradient


def _memory_cases(*settings):
    """Return cases for a step with one memory: p, g, s, then the ``settings`` and eps."""
    return [
        Case((P, G, np.zeros(3), *settings, 1e-8), "the first step"),
        Case((P, G, np.array([4.0, 25.0, 0.2]), *settings, 1e-8), "with a memory"),
        Case((P, -G, np.array([0.1, 16.0, 0.0]), *settings, 1e-8), "the gradient turned round"),
        Case((P, G, np.array([1.0, 2.0, 0.0]), *settings, 0.1), "with a large eps"),
    ]


EXERCISES = [
    Exercise(
        id="05.1",
        title="Write the mean squared error and its gradient",
        function="my_mse",
        reference=mse_and_gradient,
        cases=[
            Case((np.array([2.0, 3.0, 7.0]), np.array([1.0, 3.0, 4.0])), "errors 1, 0 and 3"),
            Case((np.array([5.0]), np.array([2.0])), "one example"),
            Case((np.array([0.5, -1.0, 2.0, 0.0]), np.array([1.0, 1.0, -1.5, 0.0]))),
            Case((np.array([1.0, 2.0]), np.array([1.0, 2.0])), "no error"),
        ],
        hints=(
            "Begin with the error y_hat - y. The loss is the mean of its squares.",
            "The derivative of (ŷ − y)² is 2·(ŷ − y). The mean divides every one by the number of "
            "examples, and so must the gradient.",
            "loss = np.mean(error**2) and gradient = 2 * error / len(y).",
        ),
        mistakes=[
            Mistake(
                _gradient_of_the_sum,
                "The loss is a mean, your gradient is that of a sum: divide it by the number of "
                "examples too.",
            ),
            Mistake(
                _sum_for_mean,
                "You add up and do not divide by the number of examples: both the loss and its "
                "gradient need the 1/N of the mean.",
            ),
            Mistake(
                _with_a_half,
                "That is the convention with ½ in front. In this course the loss has no ½, and "
                "its gradient keeps the 2.",
            ),
            Mistake(
                _two_forgotten,
                "The loss is right. Its gradient is twice as large: the derivative of a square "
                "brings a 2.",
            ),
            Mistake(
                _gradient_turned,
                "The sign of the gradient is turned: a prediction that is too high has a loss that "
                "grows with it, so there the gradient is positive.",
            ),
            Mistake(
                _gradient_averaged,
                "The gradient has one entry for each prediction: divide by N, but do not average.",
            ),
            Mistake(
                _l1_and_gradient,
                "You took absolute values: that is the L1 loss. Square the errors.",
            ),
        ],
    ),
    Exercise(
        id="05.2",
        title="Write a cross-entropy that does not overflow",
        function="my_cross_entropy",
        reference=losses.cross_entropy,
        cases=[
            Case((np.array([[2.0, 1.0, -1.0]]), np.array([0])), "one example"),
            Case((np.array([[2.0, 1.0, -1.0], [0.0, 0.5, 3.0]]), np.array([1, 2])), "two examples"),
            Case((np.zeros((3, 4)), np.array([0, 3, 2])), "equal logits cost ln 4"),
            Case((np.array([[1000.0, 0.0], [-1.0, 2.0]]), np.array([0, 1])), "a logit of 1000"),
            Case((np.array([[1000.0, 0.0], [-1000.0, -999.0]]), np.array([0, 0])), "±1000"),
            Case((np.array([[-1000.0, 1000.0], [3.0, 1.0]]), np.array([0, 1])), "surely wrong"),
        ],
        hints=(
            "The largest logit is taken from all logits of its row. Then no exponent is above 0.",
            "z.max(axis=1, keepdims=True) is the largest of each row, as a column. "
            "np.exp(z).sum(axis=1, keepdims=True) is the sum of each row.",
            "Pick the label's column in each row: log_p[np.arange(len(y)), y].",
        ),
        mistakes=[
            Mistake(
                _largest_not_subtracted,
                "The largest logit is not subtracted: e to the power of 1000 is too large for a "
                "float.",
            ),
            Mistake(
                _largest_of_all_subtracted,
                "You subtract the largest logit of the whole array. A row of far smaller logits "
                "then has e to the power of −2000, which rounds to 0: take each row's own largest, "
                "z.max(axis=1, keepdims=True).",
            ),
            Mistake(
                _logarithm_of_softmax,
                "A probability that rounds to 0 has no logarithm. Do not form the probability: "
                "subtract the logarithm of the sum from the logit.",
            ),
            Mistake(
                _summed_over_everything,
                "The sum runs over all examples at once. Each example has its own: axis=1.",
            ),
            Mistake(
                _summed_over_the_examples,
                "The sum runs down the columns, over the examples. It must run along the row, over "
                "the classes: axis=1.",
            ),
            Mistake(
                _all_columns_for_each_example,
                "log_p[:, y] takes the columns of all labels from every row. One number for each "
                "row is needed: log_p[np.arange(len(y)), y].",
            ),
            Mistake(
                _minus_forgotten,
                "The minus is missing: logarithms of probabilities are negative, a loss is not.",
            ),
            Mistake(
                _sum_over_examples, "That is the sum over the examples. The loss is their mean."
            ),
        ],
    ),
    Exercise(
        id="05.3",
        title="Put the seven steps in order",
        function="my_order",
        reference=loop_order,
        cases=[Case(())],
        compare=_same_letters,
        hints=(
            "Indentation tells which line stands inside which loop: the epochs outside, the "
            "batches inside. What is not indented and no loop comes before both.",
            "Inside the loops: forward (the predictions and their error), loss, backward (the "
            "gradient), update.",
            "It begins with F, C, G, B.",
        ),
        mistakes=[
            Mistake(
                _parameters_defined_in_every_epoch,
                "w = 0.0 stands after the first loop line, so every epoch would throw away what "
                "was learned. (Here Python does not even accept the indentation.) The parameters "
                "are defined once, before all loops.",
            ),
            Mistake(
                _parameters_defined_for_every_batch,
                "w = 0.0 stands inside the loops, so every batch would start from nothing. The "
                "parameters are defined once.",
            ),
            Mistake(
                _update_before_backward,
                "The update comes before the backward step: it would use the gradient of the batch "
                "before, and in the first round there is none.",
            ),
            Mistake(
                _loss_before_forward,
                "The loss is computed before the predictions that it judges: forward comes first.",
            ),
            Mistake(
                _backward_before_loss,
                "This would run, for here the gradient needs no loss. Yet keep the order of the "
                "seven steps, loss before backward: from notebook 08 on, the gradient is found "
                "from the loss.",
            ),
        ],
        explain=_explain_order,
    ),
    Exercise(
        id="05.4",
        title="Take a step of Adagrad",
        function="my_adagrad_step",
        reference=adagrad_step,
        cases=_memory_cases(0.1),
        hints=(
            "Two lines: first the memory s grows by the square of the gradient, then p moves.",
            "The step is rate times g, divided by the root of the new s plus eps.",
            "s = s + g**2, then p = p - rate * g / (np.sqrt(s) + eps).",
        ),
        mistakes=[
            Mistake(
                _adagrad_old_sum,
                "You divide by the old sum and add the square afterwards. At the first step that "
                "is a division by eps alone: let s grow first.",
            ),
            Mistake(
                _adagrad_only_the_last,
                "Your s holds the last gradient only. Adagrad adds up all squares: s + g**2.",
            ),
            Mistake(
                _adagrad_without_root,
                "The root is missing: s holds squares, so divide by np.sqrt(s).",
            ),
            Mistake(
                _adagrad_without_square,
                "You add up the gradients themselves. Up and down would cancel, and a negative sum "
                "has no root: add their squares.",
            ),
            Mistake(
                _adagrad_eps_inside,
                "eps stands under the root. It belongs beside it: np.sqrt(s) + eps.",
            ),
            Mistake(_adagrad_uphill, "That goes uphill: subtract the step."),
        ],
    ),
    Exercise(
        id="05.5",
        title="Take a step of RMSProp",
        function="my_rmsprop_step",
        reference=rmsprop_step,
        cases=_memory_cases(0.1, 0.9),
        hints=(
            "Only the line of s differs from Adagrad: a running mean in place of a sum.",
            "The running mean keeps the share beta of the old s and takes the share 1 − beta of "
            "the new square.",
            "s = beta * s + (1 - beta) * g**2; the line of p is that of Adagrad.",
        ),
        mistakes=[
            Mistake(
                _rmsprop_exchanged,
                "The two shares are exchanged: beta, close to 1, belongs to the old mean.",
            ),
            Mistake(
                _rmsprop_without_share,
                "The new square needs the factor 1 − beta. Without it, s is no mean: it grows to "
                "1/(1 − beta) times the squares.",
            ),
            Mistake(
                _rmsprop_like_adagrad,
                "That is Adagrad: the old squares are never forgotten. Keep only the share beta of "
                "them.",
            ),
            Mistake(
                _rmsprop_old_mean,
                "You divide by the old mean. Let s take in the new gradient first.",
            ),
            Mistake(
                _rmsprop_without_square,
                "Your running mean is that of the gradients. RMSProp needs the mean of their "
                "squares.",
            ),
            Mistake(
                _rmsprop_without_root,
                "The root is missing: s holds squares, so divide by np.sqrt(s).",
            ),
            Mistake(
                _rmsprop_eps_inside,
                "eps stands under the root. It belongs beside it: np.sqrt(s) + eps.",
            ),
        ],
    ),
    Exercise(
        id="05.6",
        title="Take a step of Adam",
        function="my_adam_step",
        reference=adam_step,
        cases=[
            Case((P, G, np.zeros(3), np.zeros(3), 1), "the first step"),
            Case((P, -G, np.array([0.1, -0.5, 0.0]), np.array([0.02, 0.3, 0.1]), 2), "the second"),
            Case(
                (P, G, np.array([0.4, 0.1, 2.0]), np.array([0.5, 0.01, 3.0]), 7)
                + (0.05, 0.8, 0.99, 0.1),
                "other settings, with a large eps",
            ),
        ],
        hints=(
            "Five lines: two running means, two corrections, one update.",
            "The running means are beta1 * m + (1 - beta1) * g and the same with beta2 and g**2. "
            "Each is corrected by dividing by 1 minus its own beta to the power of t.",
            "m_hat = m / (1 - beta1**t), s_hat = s / (1 - beta2**t), and the step is "
            "rate * m_hat / (np.sqrt(s_hat) + eps). Return p, m and s, without the hats.",
        ),
        mistakes=[
            Mistake(
                _adam_uncorrected,
                "The correction is missing: both means start at 0 and are too small at first. "
                "Divide by 1 - beta1**t and 1 - beta2**t.",
            ),
            Mistake(
                _adam_first_mean_only,
                "Only the first mean is corrected: s needs its own correction, 1 - beta2**t.",
            ),
            Mistake(
                _adam_without_power,
                "You divide by 1 − beta at every step. The correction fades: 1 - beta**t.",
            ),
            Mistake(
                _adam_counts_from_zero,
                "Your steps are counted from 0, and at the first one 1 − beta⁰ = 0 stands below "
                "the line. The first step has t = 1: use t as it is.",
            ),
            Mistake(
                _adam_counts_from_two,
                "You raise to t + 1. The first step has t = 1 already: use t as it is.",
            ),
            Mistake(
                _adam_one_beta_for_both,
                "beta1 corrects both means. The mean of the squares belongs to beta2.",
            ),
            Mistake(
                _adam_keeps_the_corrected,
                "You return the corrected means. They would be corrected again at the next step: "
                "return m and s as they were before.",
            ),
            Mistake(
                _adam_eps_inside,
                "eps stands under the root. It belongs beside it: np.sqrt(s_hat) + eps.",
            ),
            Mistake(
                _adam_without_root,
                "The root is missing: s_hat holds squares, so divide by np.sqrt(s_hat).",
            ),
        ],
    ),
]

QUIZ = [
    Question(
        "05.w1",
        "From notebook 02: a perceptron with rate 0.5 sees the input `x = (2, −1)` of label 0 and "
        "answers 1. What does its rule add to the weights?",
        [
            Choice(
                "(1, −0.5)",
                False,
                "The error y − ŷ is 0 − 1 = −1. This would raise the sum that is too high already.",
            ),
            Choice(
                "nothing",
                False,
                "Nothing is added after a right answer. This one is wrong: 1 in place of 0.",
            ),
            Choice("(−1, 0.5)", True, "Rate times error times input: 0.5 · (−1) · (2, −1)."),
        ],
    ),
    Question(
        "05.w2",
        "From notebook 03: what is training?",
        [
            Choice(
                "a search for good weights in the set of functions that the network can be",
                True,
                "Today the search gets a direction: downhill.",
            ),
            Choice(
                "a way to make the set of functions larger",
                False,
                "More weights or layers do that. Training picks one function from the set.",
            ),
            Choice(
                "counting how many examples are judged right",
                False,
                "That is measuring the accuracy. It tells how good weights are and changes none.",
            ),
        ],
    ),
    Question(
        "05.w3",
        "From notebook 04: the sum z of a sigmoid neuron rises from 0 to 0.1. By about how much "
        "does its answer rise?",
        [
            Choice(
                "0.1",
                False,
                "z rises by 0.1. The answer rises by that times the slope of the sigmoid at 0, "
                "which is ¼.",
            ),
            Choice(
                "0.025",
                True,
                "0.1 times the slope ¼. Today's method lives on this: a small change of a weight "
                "shows in the answer.",
            ),
            Choice(
                "not at all",
                False,
                "So it is for a step unit: 1 before and after. The sigmoid bends smoothly and "
                "answers every change of z.",
            ),
        ],
    ),
    Question(
        "05.q1",
        "A network sorts photos into 20 kinds of birds, each photo shows one bird. What do you "
        "give it?",
        [
            Choice(
                "1 linear output and the squared error against the bird's number",
                False,
                "Then bird 3 would lie between birds 2 and 4, and taking 2 for 4 would be worse "
                "than taking 2 for 3. Names have no such order.",
            ),
            Choice(
                "20 outputs, softmax and cross-entropy",
                True,
                "One logit for each kind; softmax makes them probabilities that add up to 1.",
            ),
            Choice(
                "20 outputs, a sigmoid on each, and binary cross-entropy",
                False,
                "That fits photos which may show several birds at once: 20 separate yes-or-no "
                "questions. Here exactly one is right.",
            ),
        ],
    ),
    Question(
        "05.q2",
        "On a parabola of curvature 4 you walk with rate 0.6. What happens?",
        [
            Choice(
                "each step lands on the other side of the minimum, and farther from it",
                True,
                "The limit is 2/4 = 0.5. Each step multiplies the distance by 1 − 0.6 · 4 = −1.4.",
            ),
            Choice(
                "it swings from side to side and comes closer",
                False,
                "That happens between 1/4 and 2/4. At 0.6 the factor is 1 − 0.6 · 4 = −1.4: the "
                "sign changes, and the distance grows.",
            ),
            Choice(
                "it comes closer, for 0.6 is below 1",
                False,
                "The limit is not 1. It depends on the curvature: 2/4 = 0.5.",
            ),
        ],
    ),
    Question(
        "05.q3",
        "Your gradient from 25 examples is too noisy. How many do you need for a tenth of the "
        "noise?",
        [
            Choice(
                "250",
                False,
                "Ten times as many examples make the noise √10 ≈ 3.2 times smaller.",
            ),
            Choice(
                "none: noise does not depend on the number of examples",
                False,
                "Look at the table above: the more examples, the smaller the spread.",
            ),
            Choice("2500", True, "The noise falls as 1/√n: a hundred times as many examples."),
        ],
    ),
    Question(
        "05.q4",
        "A friend says: “Always take Adam, it is the best optimizer.” What have you measured?",
        [
            Choice(
                "Adam is worse than SGD everywhere",
                False,
                "In the ravine Adam was far ahead of plain SGD.",
            ),
            Choice(
                "Adam is ahead in some places and behind in others",
                True,
                "In the ravine it was far ahead of SGD. On the examples with columns of their own "
                "it learned the training set by heart and guessed on new examples.",
            ),
            Choice(
                "with a good rate all optimizers end in the same place",
                False,
                "The last example has many weights with loss 0. Different optimizers found "
                "different ones, at each of the rates.",
            ),
        ],
    ),
]
