"""The exercises of notebook 02."""

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.perceptron import step_unit


def gates():
    """Return for each gate its weights and, last, its bias."""
    return {
        "NOR": [-1, -1, 0.5],
        "x1 but not x2": [1, -1, -0.5],
        "at least two of three": [1, 1, 1, -1.5],
    }


def _corners(n):
    """Return all rows of ``n`` zeros and ones, in the order of counting: (2**n, n)."""
    return np.indices((2,) * n).reshape(n, -1).T


def _sums(numbers, n):
    """Return the sums of a gate with ``n`` inputs, the bias added, for all its inputs: (2**n,).

    Raises ValueError when ``numbers`` are not n weights and a bias.
    """
    numbers = np.asarray(numbers)
    if numbers.shape != (n + 1,) or numbers.dtype.kind not in "biuf":
        raise ValueError(f"numbers must be {n} weights and a bias, got {numbers}")
    return _corners(n) @ numbers[:-1] + numbers[-1]


def _same_answers(got, expected):
    """Tell whether two sets of gates answer the same; many weights give the same answers."""
    return got.keys() == expected.keys() and not any(
        _wrong_inputs(got[name], right).any() for name, right in expected.items()
    )


def _wrong_inputs(numbers, right):
    """Return for which inputs a gate answers otherwise than the right one: booleans (2**n,)."""
    n = len(right) - 1
    return (_sums(numbers, n) >= 0) != (_sums(right, n) >= 0)


def _explain_gates(got):
    for name, right in gates().items():
        n = len(right) - 1
        if name not in got:
            return f"The gate {name!r} is missing."
        try:
            wrong = np.flatnonzero(_wrong_inputs(got[name], right))
        except ValueError:
            return f"{name}: {n} weights and a bias are needed."
        if wrong.size:
            z = _sums(got[name], n)[wrong[0]]
            return (
                f"{name}: for the inputs {tuple(_corners(n)[wrong[0]].tolist())} the sum with the "
                f"bias is {z:g}, so your neuron answers {int(z >= 0)}."
            )
    return "There is a gate too many."


def learning_rule(w, b, x, y, rate):
    """Return the weights and the bias after one example: changed only when the answer is wrong."""
    y_hat = 1 if w @ x + b >= 0 else 0
    w = w + rate * (y - y_hat) * x
    b = b + rate * (y - y_hat)
    return w, b


def mend_the_loop(X, y, epochs):
    """Return w, b, the number of epochs and the number of updates; the rate is 1."""
    w, b, epoch, updates = np.zeros(X.shape[1]), 0, 0, 0
    mistakes = 1  # so that the first epoch begins
    while mistakes > 0 and epoch < epochs:
        epoch = epoch + 1
        mistakes = 0
        for x, label in zip(X, y):
            error = label - int(w @ x + b >= 0)
            if error != 0:
                w = w + error * x
                b = b + error
                mistakes, updates = mistakes + 1, updates + 1
    return w, b, epoch, updates


def _loop_with_faults(X, y, epochs):
    """Return what the program in the stub of ``mend_the_loop`` returns."""
    w, b, epoch, updates = np.zeros(X.shape[1]), 0, 0, 0
    mistakes = 1  # so that the first epoch begins
    while mistakes > 0 and epoch < epochs:
        epoch = epoch + 1
        for x, label in zip(X, y):
            error = label - int(w @ x + b >= 0)
            if error != 0:
                w = w + error * x
                mistakes, updates = mistakes + 1, updates + 1
    return w, b, epoch, updates


def half_adder():
    """Return W1, b1 of the hidden layer and W2, b2 of the outputs: the sum, then the carry."""
    W1 = [[1, 1], [-1, -1]]
    b1 = [-0.5, 1.5]
    W2 = [[1, 1], [0, -1]]
    b2 = [-1.5, 0.5]
    return W1, b1, W2, b2


def _adder(W2, b2):
    """Return a function that gives the hidden layer of ``half_adder`` with other outputs."""
    return lambda: (*half_adder()[:2], W2, b2)


def _layers(got):
    """Return the layers of an adder as arrays, with a hidden layer of any size.

    Raises ValueError, with a sentence for the learner, when they do not fit together.
    """
    if not isinstance(got, (tuple, list)) or len(got) != 4:
        raise ValueError("Return four things, with commas between them: W1, b1, W2, b2.")
    names, layers = ("W1", "b1", "W2", "b2"), []
    for name, part in zip(names, got):
        try:
            layers.append(np.asarray(part, dtype=float))
        except (TypeError, ValueError):
            raise ValueError(f"{name} must hold numbers, in rows of the same length.") from None
    units = len(np.atleast_1d(layers[0]))
    shapes = (units, 2), (units,), (2, units), (2,)
    for name, layer, shape in zip(names, layers, shapes):
        if layer.shape != shape:
            raise ValueError(f"{name} must have the shape {shape}, it has {layer.shape}.")
    return layers


def _hidden_and_outputs(got):
    """Return what the two layers of an adder answer for all pairs of bits: (4, units), (4, 2)."""
    W1, b1, W2, b2 = _layers(got)
    hidden = step_unit(_corners(2), W1, b1)
    return hidden, step_unit(hidden, W2, b2)


def _adds_alike(got, expected):
    """Tell whether two networks give the same sums and carries; many weights do."""
    return np.array_equal(_hidden_and_outputs(got)[1], _hidden_and_outputs(expected)[1])


def _explain_adder(got):
    try:
        _layers(got)
    except ValueError as error:
        return f"{error}"
    hidden, outputs = _hidden_and_outputs(got)
    for (a, b), units, (total, carry) in zip(_corners(2).tolist(), hidden.tolist(), outputs):
        for name, found, right in (("sum", total, a ^ b), ("carry", carry, a & b)):
            if found != right:
                return (
                    f"For {a} + {b} your {name} is {found}, and it must be {right}. Your hidden "
                    f"units answer {tuple(units)} there."
                )


def _any_unit(rng):
    """Return 3 to 5 inputs, weights, a bias; the sum is exact and at most 1 away from 0."""
    n = rng.integers(3, 6)
    x, w = rng.integers(-8, 9, n) / 4, rng.integers(-6, 7, n) / 2
    return x, w, float(rng.integers(-2, 3) / 2 - w @ x)


def _any_example(rng):
    x, w, b = _any_unit(rng)
    return w, b, x, int(rng.integers(2)), float(rng.integers(1, 200) / 100)


def _any_leaves(rng):
    """Return examples with labels on the two sides of a line, and a limit; all sums are exact."""
    n, d = rng.integers(5, 10), rng.integers(2, 4)
    X, w = rng.integers(-12, 13, (n, d)) / 8, rng.integers(-4, 5, d)
    return X, (X @ w >= rng.integers(-2, 3) / 2).astype(int), int(rng.integers(1, 13))


LEAVES = np.array([[-2, -3], [0, -3], [2, 1], [3, -1], [1, 2], [-3, 1], [3, 0], [-1, -2]])
KINDS = np.array([0, 1, 1, 1, 0, 0, 1, 0])


# fmt: off
EXERCISES = [
    Exercise(
        "neuron",
        "Write a neuron",
        step_unit,
        minutes=6,
        cases=[
            Case((np.array([1, 1]), np.array([1, 1]), -1.5)),
            Case((np.array([1, 0]), np.array([1, 1]), -1.5)),
            Case((np.array([0, 0]), np.array([1, 1]), -1.5), "only the bias is left"),
            Case((np.array([2, -1, 3]), np.array([0.5, 1, -1]), 3.0), "the sum is exactly 0"),
            Case((np.array([4, -2]), np.array([-1, 1]), 7.0), "a large bias"),
            Case((np.array([1, 2]), np.array([1, 0]), 3.0)),
            Case((np.array([2, -1]), np.array([1, 2]), 0.5), "only the bias is left, above 0"),
            Case((np.array([3, 1]), np.array([-2, 1]), 0.5), "a weight below 0"),
            Case((np.array([-3, 1]), np.array([-2, 1]), 0.5), "two minus signs"),
            Case((np.array([3, 2, 1, -1]), np.array([0.5, -2, 1, -4]), -0.5), "four inputs"),
        ],
        draw=_any_unit,
        hints=[
            "Two steps: first the sum z with the bias in it, then the comparison with 0.",
            "The sum is `z = w @ x + b`. The bias is always added.",
            "The second step is `return 1 if z >= 0 else 0`. A sum of exactly 0 gives 1.",
        ],
        mistakes=[
            slip("strictly_above", ">= 0", "> 0",
                 "A sum of exactly 0 must give 1: the question is `z >= 0`."),
            slip("bias_forgotten", " + b", "",
                 "The bias is missing: `z = w @ x + b`."),
            slip("bias_only_at_zero", "+ b", "+ b * (X @ W.T == 0)",
                 "You add the bias only when the weighted sum is zero. It is added always."),
            slip("bias_as_threshold", "+ b >= 0", ">= b",
                 "Your neuron asks whether the weighted sum reaches `b`, as if it were a "
                 "threshold. A bias is a threshold with its sign turned: add it to the sum."),
            slip("turned_round", ">= 0", "< 0",
                 "The two answers are exchanged: 1 when the sum is at least 0, 0 when it is "
                 "below."),
            slip("the_sum_itself", "(X @ W.T + b >= 0).astype(int)", "X @ W.T + b",
                 "That is the sum z. The second step is missing: return 1 or 0."),
        ],
    ),
    Exercise(
        "learning_rule",
        "Write the learning rule",
        learning_rule,
        minutes=8,
        cases=[
            Case((np.zeros(2), 0.0, np.array([2.0, 1.0]), 0, 1.0), "wrong from the start"),
            Case((np.zeros(2), 0.0, np.array([2.0, 1.0]), 1, 1.0), "already right: no change"),
            Case((np.array([-1.0, 0.5]), -1.0, np.array([1.0, 2.0]), 1, 0.5), "must rise"),
            Case((np.array([1.0, 1.0]), -3.0, np.array([1.0, 1.0]), 0, 0.5), "right: no change"),
            Case((np.array([1.0, -1.0]), 1.0, np.array([1.0, 2.0]), 0, 0.1), "exactly on the line"),
            Case((np.array([1.0, 0.0]), -2.0, np.array([1.0, 3.0]), 1, 2.0), "missed by the bias"),
            Case((np.array([1.0, 0.0]), 2.0, np.array([1.0, 3.0]), 0, 0.01), "too high"),
            Case((np.array([0.75, -2.0]), -1.5, np.array([1.25, -2.0]), 0, 0.35),
                 "clearly too high"),
            Case((np.array([0.75, -2.0]), -1.5, np.array([1.25, -2.0]), 1, 0.35),
                 "clearly right: no change"),
            Case((np.array([-0.75, -2.0, 0.5]), 1.5, np.array([1.25, 2.0, 0.5]), 1, 0.35),
                 "clearly too low, three inputs"),
        ],
        draw=_any_example,
        hints=[
            "First the answer: `y_hat` is 1 when `w @ x + b >= 0`, else 0. The error is "
            "`y - y_hat`.",
            "The error is 1, 0 or −1. Multiply it by the rate and by the input of each weight. The "
            "input of the bias is 1.",
            "`w = w + rate * (y - y_hat) * x` and `b = b + rate * (y - y_hat)`, then "
            "`return w, b`.",
        ],
        mistakes=[
            Mistake("wrong_way",
                    "Weights and bias move the wrong way: what is added is "
                    "`rate * (y - y_hat) * x`. After a missed example of class 1 the sum has to "
                    "grow.",
                    lambda w, b, x, y, rate: learning_rule(w, b, x, y, -rate)),
            slip("bias_left_behind", "b + rate * (y - y_hat)", "b",
                 "The weights are right, but the bias stays where it was. It is a weight on the "
                 "constant input 1 and moves too: `b + rate * (y - y_hat) * 1`."),
            slip("updates_after_right_answers", "1 if w @ x + b >= 0 else 0", "1 - y",
                 "Your rule changes the weights after a right answer too. Nothing may change when "
                 "`y_hat` equals `y`."),
            Mistake("never_lowers",
                    "You add the input after every mistake. When the right answer is 0 it must be "
                    "subtracted: multiply by the error `y - y_hat`, which carries the sign.",
                    lambda w, b, x, y, rate: learning_rule(w, b, x, y, rate if y else -rate)),
            Mistake("rate_forgotten",
                    "The rate is missing: multiply both changes by it.",
                    lambda w, b, x, y, rate: learning_rule(w, b, x, y, 1)),
            slip("rate_for_the_weights_only", "b + rate * (y - y_hat)", "b + (y - y_hat)",
                 "The rate is missing at the bias: it is a weight like the others."),
            slip("step_above_zero", ">= 0", "> 0",
                 "A sum of exactly 0 must count as answer 1: `y_hat` is 1 when `w @ x + b >= 0`."),
            slip("bias_left_out_of_the_answer", "w @ x + b", "w @ x",
                 "The bias is missing from the answer: `y_hat` is 1 when `w @ x + b >= 0`."),
            slip("without_the_step", "1 if w @ x + b >= 0 else 0", "w @ x + b",
                 "You compare `y` with the sum. Compare it with the answer `y_hat`, which is 0 or "
                 "1: the step comes first."),
            slip("input_forgotten", " * x", "",
                 "Every weight gets the same change. Each must be multiplied by its own input: "
                 "`rate * (y - y_hat) * x`."),
        ],
    ),
    Exercise(
        "mend_the_loop",
        "Find two faults in a learning loop",
        mend_the_loop,
        stub=_loop_with_faults,
        minutes=10,
        cases=[
            Case((LEAVES, KINDS, 100), "the eight leaves"),
            Case((LEAVES[[2, 7]], KINDS[[2, 7]], 100), "two leaves, for which one update will do"),
            Case((LEAVES, KINDS, 2), "the eight leaves, two epochs at most"),
            Case((_corners(2), np.array([0, 1, 1, 0]), 7), "XOR: no line, so the limit ends it"),
            Case((np.array([[1.125, -2.0, 0.5], [-0.75, 1.0, 2.0], [0.5, 1.0, -1.0]]),
                  np.array([0, 1, 0]), 50),
                 "three inputs"),
            Case((np.array([[0.5, 1.0], [2.0, -1.0], [1.0, 1.0]]), np.array([1, 1, 1]), 5),
                 "nothing to learn: at the start every answer is 1"),
        ],
        draw=_any_leaves,
        hints=[
            "First symptom: one leaf is never right. Which line after a mistake would be needed "
            "to shift the line? Second symptom: what is `mistakes` at the beginning of the second "
            "epoch?",
            "Weights and bias both learn, but only one of them changes here. And `mistakes` should "
            "count the mistakes of one epoch, not of all.",
            "Two lines are missing: `b = b + error` behind the line that changes `w`, and "
            "`mistakes = 0` at the beginning of each epoch.",
        ],
        mistakes=[
            slip("bias_still_left", "                b = b + error\n", "",
                 "One fault is mended: the loop ends after an epoch without a mistake. The other "
                 "one is left: the bias stays at 0, so the line always goes through the origin."),
            slip("count_still_left", "        mistakes = 0\n", "",
                 "One fault is mended: the weights and the bias learn. The other one is left: "
                 "after a first mistake the loop goes on to the limit, even when an epoch passed "
                 "without a mistake."),
            slip("counts_every_example_anew",
                 "        mistakes = 0\n        for x, label in zip(X, y):\n",
                 "        for x, label in zip(X, y):\n            mistakes = 0\n",
                 "The loop ends when the last example of an epoch was right, whatever came before. "
                 "The count must begin at 0 with each epoch, not with each example."),
            slip("forgets_every_epoch", "        mistakes = 0\n",
                 "        mistakes, w, b = 0, np.zeros(X.shape[1]), 0\n",
                 "Every epoch begins with weights and bias of zero, and forgets what the one "
                 "before has learned. Only the count begins anew."),
            slip("counts_updates_anew", "        mistakes = 0\n",
                 "        mistakes, updates = 0, 0\n",
                 "The weights, the bias and the number of epochs are right. The updates of all "
                 "epochs must be counted, not those of the last one."),
            slip("bias_wrong_way", "b + error", "b - error",
                 "The bias moves the wrong way: it moves like a weight whose input is 1."),
            slip("bias_always_up", "b + error", "b + 1",
                 "The bias grows after every mistake. When the right answer was 0 it must fall: "
                 "add the error, which carries the sign."),
        ],
    ),
    Exercise(
        "gates",
        "Choose weights by hand",
        gates,
        cases=[Case()],
        hints=[
            "Begin with the bias: it decides what happens when all inputs are 0. Then ask what "
            "each input has to do to the sum.",
            "NOR is OR with every sign turned. For “x1 but not x2”, an input that must be 0 needs "
            "a negative weight. For “at least two of three”, count the ones.",
            "“x1 but not x2” is `[1, -1, -0.5]`. For “at least two of three” use three weights of "
            "1 and a bias between −2 and −1.",
        ],
        mistakes=[
            slip("nand_for_nor", "[-1, -1, 0.5]", "[-1, -1, 1.5]",
                 "Your NOR is a NAND: it says 0 only when both inputs are 1. A single 1 must be "
                 "enough to bring the sum below 0."),
            slip("nor_never", "[-1, -1, 0.5]", "[-1, -1, -0.5]",
                 "Your NOR never answers 1. When both inputs are 0 only the bias is left, so it "
                 "must be at least 0."),
            slip("or_for_nor", "[-1, -1, 0.5]", "[1, 1, -0.5]",
                 "Your NOR is an OR. NOR is its opposite: it answers 1 for (0, 0) alone."),
            slip("x2_but_not_x1", "[1, -1, -0.5]", "[-1, 1, -0.5]",
                 "In “x1 but not x2” the two inputs are exchanged: x1 has to push the sum up, x2 "
                 "down."),
            slip("x1_alone", "[1, -1, -0.5]", "[1, 0, -0.5]",
                 "Your “x1 but not x2” answers 1 for (1, 1) too. There x2 must pull the sum below "
                 "0."),
            slip("all_three", "[1, 1, 1, -1.5]", "[1, 1, 1, -2.5]",
                 "Your “at least two of three” needs all three. Two ones must be enough to reach "
                 "0."),
            slip("any_of_three", "[1, 1, 1, -1.5]", "[1, 1, 1, -0.5]",
                 "Your “at least two of three” is content with one. A single one must stay below "
                 "0."),
        ],
        compare=_same_answers,
        explain=_explain_gates,
    ),
    Exercise(
        "half_adder",
        "Design a network that adds",
        half_adder,
        minutes=10,
        cases=[Case()],
        hints=[
            "The carry is 1 when both bits are 1. The sum is 1 when exactly one of them is: you "
            "have just seen two layers that do this.",
            "Keep the hidden units OR and NAND. The sum is the AND of their answers. For the carry "
            "one of the two is enough: what is the opposite of NAND?",
            "The rows of `W1` are [1, 1] and [−1, −1], with the biases −0.5 and 1.5. The sum needs "
            "the weights [1, 1] and a bias between −2 and −1; the carry [0, −1] and a bias between "
            "0 and 1.",
        ],
        mistakes=[
            Mistake("sum_is_or",
                    "Your sum is an OR: for 1 + 1 it says 1. That is right for 0 + 1 and 1 + 0, "
                    "but 1 + 1 is 10 in binary: the sum is 0 and the carry 1.",
                    _adder([[1, 0], [0, -1]], [-0.5, 0.5])),
            Mistake("sum_is_nand",
                    "Your sum is a NAND: for 0 + 0 it says 1. At least one bit must be 1 too.",
                    _adder([[0, 1], [0, -1]], [-0.5, 0.5])),
            Mistake("sum_turned_round",
                    "Your sum is turned round: it says 1 when the two bits are equal.",
                    _adder([[-1, -1], [0, -1]], [1.5, 0.5])),
            Mistake("sum_and_carry_exchanged",
                    "The two outputs are exchanged: the sum comes first, the carry second.",
                    _adder([[0, -1], [1, 1]], [0.5, -1.5])),
            Mistake("carry_turned_round",
                    "Your sum is right. Your carry is a NAND, the opposite of what is needed: it "
                    "says 1 for all pairs but 1 + 1.",
                    _adder([[1, 1], [0, 1]], [-1.5, -0.5])),
            Mistake("carry_is_or",
                    "Your sum is right. Your carry is an OR: a single 1 is enough for it. There is "
                    "something to carry when both bits are 1.",
                    _adder([[1, 1], [1, 0]], [-1.5, -0.5])),
            Mistake("carry_is_the_sum",
                    "Your sum is right. Your carry gives the sum once more.",
                    _adder([[1, 1], [1, 1]], [-1.5, -1.5])),
            Mistake("never_carries",
                    "Your sum is right. Your carry is always 0: for 1 + 1 it must be 1.",
                    _adder([[1, 1], [0, 0]], [-1.5, -0.5])),
        ],
        compare=_adds_alike,
        explain=_explain_adder,
    ),
]
