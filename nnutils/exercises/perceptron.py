"""The exercises and questions of notebook 02."""

import numpy as np

from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question
from nnutils.perceptron import step_unit

# --- 02.1: one neuron -----------------------------------------------------------------------------


def _strictly_above(x, w, b):
    return 1 if w @ x + b > 0 else 0


def _bias_forgotten(x, w, b):
    return 1 if w @ x >= 0 else 0


def _bias_only_at_zero(x, w, b):
    z = w @ x
    if z == 0:
        z = z + b
    return 1 if z >= 0 else 0


def _bias_as_threshold(x, w, b):
    return 1 if w @ x >= b else 0


def _turned_round(x, w, b):
    return 0 if w @ x + b >= 0 else 1


def _the_sum_itself(x, w, b):
    return float(w @ x + b)


# --- 02.2: weights by hand ------------------------------------------------------------------------

GATES = {  # for each row of inputs in the order of counting (00, 01, 10, 11) the right answer
    "NOR": [1, 0, 0, 0],
    "x1 but not x2": [0, 0, 1, 0],
    "at least two of three": [0, 0, 0, 1, 0, 1, 1, 1],
}


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


def _gate_answers(table):
    """Return what the gates of ``table`` answer; many weights may give the same answers."""
    return {
        name: step_unit(_corners(len(numbers) - 1), numbers[:-1], numbers[-1]).tolist()
        for name, numbers in table.items()
    }


def _same_answers(got, expected):
    return _gate_answers(got) == _gate_answers(expected)


def _explain_gates(got):
    for name, right in GATES.items():
        if name not in got:
            return f"The gate {name!r} is missing."
        inputs = _corners(len(gates()[name]) - 1)
        if len(got[name]) != inputs.shape[1] + 1:
            return f"{name}: {inputs.shape[1]} weights and a bias are needed."
        for x, answer in zip(inputs, right):
            z = x @ got[name][:-1] + got[name][-1]
            if (z >= 0) != answer:
                return (
                    f"{name}: for the inputs {tuple(x.tolist())} the sum with the bias is {z:g}, "
                    f"so your neuron answers {int(z >= 0)}."
                )
    return "There is a gate too many."


def _nand_for_nor():
    return gates() | {"NOR": [-1, -1, 1.5]}


def _nor_never():
    return gates() | {"NOR": [-1, -1, -0.5]}


def _or_for_nor():
    return gates() | {"NOR": [1, 1, -0.5]}


def _x2_but_not_x1():
    return gates() | {"x1 but not x2": [-1, 1, -0.5]}


def _x1_alone():
    return gates() | {"x1 but not x2": [1, 0, -0.5]}


def _all_three():
    return gates() | {"at least two of three": [1, 1, 1, -2.5]}


def _any_of_three():
    return gates() | {"at least two of three": [1, 1, 1, -0.5]}


# --- 02.3: the learning rule ----------------------------------------------------------------------


def update(w, b, x, y, rate):
    """Return the weights and the bias after one example: changed only when the answer is wrong."""
    y_hat = 1 if w @ x + b >= 0 else 0
    w = w + rate * (y - y_hat) * x
    b = b + rate * (y - y_hat)
    return w, b


def _wrong_way(w, b, x, y, rate):
    y_hat = 1 if w @ x + b >= 0 else 0
    return w + rate * (y_hat - y) * x, b + rate * (y_hat - y)


def _bias_left_behind(w, b, x, y, rate):
    return update(w, b, x, y, rate)[0], b


def _updates_after_right_answers(w, b, x, y, rate):
    sign = 1 if y == 1 else -1
    return w + rate * sign * x, b + rate * sign


def _never_lowers(w, b, x, y, rate):
    y_hat = 1 if w @ x + b >= 0 else 0
    return (w + rate * x, b + rate) if y != y_hat else (w, b)


def _rate_forgotten(w, b, x, y, rate):
    return update(w, b, x, y, 1)


def _rate_for_the_weights_only(w, b, x, y, rate):
    return update(w, b, x, y, rate)[0], update(w, b, x, y, 1)[1]


def _step_above_zero(w, b, x, y, rate):
    y_hat = 1 if w @ x + b > 0 else 0
    return w + rate * (y - y_hat) * x, b + rate * (y - y_hat)


def _bias_left_out_of_the_answer(w, b, x, y, rate):
    y_hat = 1 if w @ x >= 0 else 0
    return w + rate * (y - y_hat) * x, b + rate * (y - y_hat)


def _without_the_step(w, b, x, y, rate):
    error = y - (w @ x + b)
    return w + rate * error * x, b + rate * error


def _input_forgotten(w, b, x, y, rate):
    y_hat = 1 if w @ x + b >= 0 else 0
    return w + rate * (y - y_hat), b + rate * (y - y_hat)


# --- 02.4: a pass through AND with pen and paper --------------------------------------------------

COLUMNS = ("answer", "error", "weight w1", "weight w2", "bias b")


def and_table():
    """Return one row for each example of AND: answer, error, then the new w1, w2 and b."""
    return _table_of(update)


def _table_of(rule):
    w, b, rows = np.zeros(2), 0.0, []
    for x in _corners(2):
        y, y_hat = int(x.all()), int(w @ x + b >= 0)
        w, b = rule(w, b, x, y, 1)
        rows.append([y_hat, y - y_hat, int(w[0]), int(w[1]), int(b)])
    return rows


def _table_starts_afresh():
    """Begin with zeros in every row."""
    rows = []
    for x in _corners(2):
        y, y_hat = int(x.all()), 1
        w, b = update(np.zeros(2), 0, x, y, 1)
        rows.append([y_hat, y - y_hat, int(w[0]), int(w[1]), int(b)])
    return rows


def _table_wrong_way():
    return _table_of(_wrong_way)


def _table_bias_left_behind():
    return _table_of(_bias_left_behind)


def _table_of_changes():
    """Write what is added to the weights instead of the weights."""
    rows = and_table()
    for row, x in zip(rows, _corners(2)):
        row[2:] = [int(row[1] * x[0]), int(row[1] * x[1]), row[1]]
    return rows


def _table_before_the_update():
    """Write the weights that the row began with."""
    rows = and_table()
    before = [[0, 0, 0], *(row[2:] for row in rows)]
    return [row[:2] + old for row, old in zip(rows, before)]


def _explain_table(got):
    if np.shape(got) != (4, 5):
        return f"The table needs 4 rows of 5 numbers, its shape is {np.shape(got)}."
    for row, right, x in zip(got, and_table(), _corners(2)):
        for name, number, wanted in zip(COLUMNS, row, right):
            if number != wanted:
                inputs = tuple(x.tolist())
                return f"The rows before {inputs} are right. In row {inputs} the {name} is not."
    return "The answer is not right."


# --- 02.5: put the learning loop in order ---------------------------------------------------------

LOOP_LINES = {
    "A": "    mistakes = 0",
    "B": "    if mistakes == 0:",
    "C": "w, b = np.zeros(2), 0",
    "D": "            w, b, mistakes = w + error * x, b + error, mistakes + 1",
    "E": "for epoch in range(100):",
    "F": "        break",
    "G": "        error = label - int(w @ x + b >= 0)",
    "H": "    for x, label in zip(X, y):",
    "I": "        if error != 0:",
}


def loop_order():
    """Return the letters of the lines in the order in which they must stand."""
    return "CEAHGIDBF"


def _asks_before_the_pass():
    return "CEABFHGID"


def _counts_only_after_the_pass():
    return "CEHGIDABF"


def _never_counts_anew():
    return "CAEHGIDBF"


def _forgets_every_epoch():
    return "ECAHGIDBF"


def _explain_order(got):
    letters = "".join(str(got).split()).upper()
    if sorted(letters) != sorted(LOOP_LINES):
        return f"Use each of the letters {', '.join(sorted(LOOP_LINES))} exactly once."
    if letters == loop_order():
        return "Write the letters in one text, in capitals and without spaces."
    place = next(i for i, letter in enumerate(letters) if letter != loop_order()[i])
    line = LOOP_LINES[letters[place]].strip()
    return f"The first {place} lines are right. Line {place + 1}, `{line}`, comes too early."


# --- 02.6: two layers -----------------------------------------------------------------------------


def two_layers(X, W1, b1, w2, b2):
    """Return the answers (n,) of a hidden layer of step units followed by one step unit."""
    hidden = step_unit(X, W1, b1)
    return step_unit(hidden, w2, b2)


def _transposed(X, W1, b1, w2, b2):
    hidden = (X @ W1 + b1 >= 0).astype(int)
    return (hidden @ w2 + b2 >= 0).astype(int)


def _no_step_between(X, W1, b1, w2, b2):
    hidden = X @ W1.T + b1
    return (hidden @ w2 + b2 >= 0).astype(int)


def _hidden_bias_forgotten(X, W1, b1, w2, b2):
    hidden = (X @ W1.T >= 0).astype(int)
    return (hidden @ w2 + b2 >= 0).astype(int)


def _output_bias_forgotten(X, W1, b1, w2, b2):
    hidden = (X @ W1.T + b1 >= 0).astype(int)
    return (hidden @ w2 >= 0).astype(int)


def _both_steps_strict(X, W1, b1, w2, b2):
    hidden = (X @ W1.T + b1 > 0).astype(int)
    return (hidden @ w2 + b2 > 0).astype(int)


def _no_step_at_the_end(X, W1, b1, w2, b2):
    hidden = (X @ W1.T + b1 >= 0).astype(int)
    return hidden @ w2 + b2


def _hidden_layer_alone(X, W1, b1, w2, b2):
    return (X @ W1.T + b1 >= 0).astype(int)


_PLANE = np.array([[-2.0, 0.5], [0.0, 1.0], [1.5, -1.0], [2.0, 2.0], [-1.0, -1.5], [0.5, 0.0]])


EXERCISES = [
    Exercise(
        id="02.1",
        title="Write a neuron",
        function="my_neuron",
        reference=step_unit,
        cases=[
            Case((np.array([1, 1]), np.array([1, 1]), -1.5)),
            Case((np.array([1, 0]), np.array([1, 1]), -1.5)),
            Case((np.array([0, 0]), np.array([1, 1]), -1.5), "only the bias is left"),
            Case((np.array([2, -1, 3]), np.array([0.5, 1, -1]), 3.0), "the sum is exactly 0"),
            Case((np.array([4, -2]), np.array([-1, 1]), 7.0), "a large bias"),
            Case((np.array([1, 2]), np.array([1, 0]), 3.0)),
            Case((np.array([3, 2, 1, 0]), np.array([0.5, -2, 0, 4]), 1.0)),
        ],
        hints=(
            "Two steps: first the sum z with the bias in it, then the comparison with 0.",
            "The sum is z = w @ x + b. The bias is always added.",
            "The second step is: return 1 if z >= 0 else 0. A sum of exactly 0 gives 1.",
        ),
        mistakes=[
            Mistake(
                _strictly_above,
                "A sum of exactly 0 must give 1: use >= where you have >.",
            ),
            Mistake(_bias_forgotten, "The bias is missing: z = w @ x + b."),
            Mistake(
                _bias_only_at_zero,
                "You add the bias only when the weighted sum is zero. It is added always: it is a "
                "weight, and its input is always 1.",
            ),
            Mistake(
                _bias_as_threshold,
                "You compare the weighted sum with b, as if b were a threshold. A bias is a "
                "threshold with its sign turned: add it, and compare with 0.",
            ),
            Mistake(
                _turned_round,
                "The two answers are exchanged: 1 when the sum is at least 0, 0 when it is below.",
            ),
            Mistake(
                _the_sum_itself,
                "That is the sum z. The second step is missing: return 1 or 0.",
            ),
        ],
    ),
    Exercise(
        id="02.2",
        title="Choose weights by hand",
        function="my_gates",
        reference=gates,
        cases=[Case(())],
        hints=(
            "Begin with the bias: it decides what happens when all inputs are 0. Then ask what "
            "each input has to do to the sum.",
            "NOR is OR with every sign turned. For “x1 but not x2”, an input that must be 0 needs "
            "a negative weight. For “at least two of three”, count the ones.",
            "“x1 but not x2” is [1, -1, -0.5]. For “at least two of three” use three weights of 1 "
            "and a bias between −2 and −1.",
        ),
        mistakes=[
            Mistake(
                _nand_for_nor,
                "Your NOR is a NAND: it says 0 only when both inputs are 1. One of them must be "
                "enough: the bias has to be below 1.",
            ),
            Mistake(
                _nor_never,
                "Your NOR never answers 1. When both inputs are 0 only the bias is left, so it "
                "must be at least 0.",
            ),
            Mistake(
                _or_for_nor,
                "Your NOR is an OR. NOR is its opposite: turn the sign of all three numbers.",
            ),
            Mistake(
                _x2_but_not_x1,
                "In “x1 but not x2” the two inputs are exchanged: x1 has to push the sum up, x2 "
                "down.",
            ),
            Mistake(
                _x1_alone,
                "Your “x1 but not x2” does not look at x2. Give x2 a negative weight.",
            ),
            Mistake(
                _all_three,
                "Your “at least two of three” needs all three. Two ones must be enough to reach 0.",
            ),
            Mistake(
                _any_of_three,
                "Your “at least two of three” is content with one. A single one must stay below 0.",
            ),
        ],
        compare=_same_answers,
        explain=_explain_gates,
    ),
    Exercise(
        id="02.3",
        title="Write the learning rule",
        function="my_update",
        reference=update,
        cases=[
            Case((np.zeros(2), 0.0, np.array([2.0, 1.0]), 0, 1.0), "wrong from the start"),
            Case((np.zeros(2), 0.0, np.array([2.0, 1.0]), 1, 1.0), "already right: no change"),
            Case((np.array([-1.0, 0.5]), -1.0, np.array([1.0, 2.0]), 1, 0.5), "must rise"),
            Case((np.array([1.0, 1.0]), -3.0, np.array([1.0, 1.0]), 0, 0.5), "right: no change"),
            Case((np.array([1.0, -1.0]), 1.0, np.array([1.0, 2.0]), 0, 0.1), "exactly on the line"),
            Case((np.array([1.0, 0.0]), -2.0, np.array([1.0, 3.0]), 1, 2.0), "missed by the bias"),
        ],
        hints=(
            "First the answer: y_hat is 1 when w @ x + b >= 0, else 0. The error is y - y_hat.",
            "The error is 1, 0 or −1. Multiply it by the rate and by the input of each weight. The "
            "input of the bias is 1.",
            "w = w + rate * (y - y_hat) * x and b = b + rate * (y - y_hat), then return w, b.",
        ),
        mistakes=[
            Mistake(
                _wrong_way,
                "The weights move the wrong way: the error is y − y_hat, not y_hat − y. After a "
                "missed example of class 1 the sum has to grow.",
            ),
            Mistake(
                _bias_left_behind,
                "The weights are right, but the bias stays where it was. It is a weight on the "
                "constant input 1 and moves too: b + rate * (y - y_hat) * 1.",
            ),
            Mistake(
                _updates_after_right_answers,
                "Your rule changes the weights after a right answer too. Nothing may change when "
                "y_hat equals y.",
            ),
            Mistake(
                _never_lowers,
                "You add the input after every mistake. When the right answer is 0 it must be "
                "subtracted: multiply by the error y − y_hat, which carries the sign.",
            ),
            Mistake(_rate_forgotten, "The rate is missing: multiply both changes by it."),
            Mistake(
                _rate_for_the_weights_only,
                "The rate is missing at the bias: it is a weight like the others.",
            ),
            Mistake(
                _step_above_zero,
                "A sum of exactly 0 must count as answer 1: y_hat is 1 when w @ x + b >= 0.",
            ),
            Mistake(
                _bias_left_out_of_the_answer,
                "The bias is missing from the answer: y_hat is 1 when w @ x + b >= 0.",
            ),
            Mistake(
                _without_the_step,
                "You compare y with the sum. Compare it with the answer y_hat, which is 0 or 1: "
                "the step comes first.",
            ),
            Mistake(
                _input_forgotten,
                "Every weight gets the same change. Each must be multiplied by its own input: "
                "rate * (y - y_hat) * x.",
            ),
        ],
    ),
    Exercise(
        id="02.4",
        title="Learn AND with pen and paper",
        function="my_table",
        reference=and_table,
        cases=[Case(())],
        hints=(
            "Each row begins with the weights at the end of the row above it.",
            "Compute z = w1 · x1 + w2 · x2 + b for the row. The answer is 1 when z is at least 0. "
            "When it is right, copy the three weights.",
            "In the rows (0, 1) and (1, 0) z is −1, which is right. In the row (1, 1) z is −1 too, "
            "but the label is 1.",
        ),
        mistakes=[
            Mistake(
                _table_starts_afresh,
                "Every row of yours begins at zero. The weights are carried on from row to row.",
            ),
            Mistake(
                _table_wrong_way,
                "Your weights move the wrong way. An answer that is too high gives the error −1, "
                "and the weights go down.",
            ),
            Mistake(
                _table_bias_left_behind,
                "The bias stays at 0 in your table. It moves like a weight whose input is 1.",
            ),
            Mistake(
                _table_of_changes,
                "You wrote what is added. The table asks for the weights after that.",
            ),
            Mistake(
                _table_before_the_update,
                "You wrote the weights before the update. The table asks for those after it.",
            ),
        ],
        explain=_explain_table,
    ),
    Exercise(
        id="02.5",
        title="Put the learning loop in order",
        function="my_order",
        reference=loop_order,
        cases=[Case(())],
        hints=(
            "Indentation tells which line stands inside which loop. The outer loop goes through "
            "the epochs, the inner one through the examples.",
            "The mistakes are counted anew in every epoch, and looked at after the inner loop.",
            "It begins with C, E, A, H and ends with B, F.",
        ),
        mistakes=[
            Mistake(
                _asks_before_the_pass,
                "The question “no mistakes?” comes before the pass. The count was set to 0 just "
                "before, so learning would stop before it has begun.",
            ),
            Mistake(
                _counts_only_after_the_pass,
                "mistakes = 0 stands after the pass, just before the question. The first mistake "
                "of the pass has no count to add 1 to, and any count would be thrown away.",
            ),
            Mistake(
                _never_counts_anew,
                "mistakes = 0 stands before the outer loop. Then the mistakes of all epochs add up "
                "and the loop never notices that an epoch went well.",
            ),
            Mistake(
                _forgets_every_epoch,
                "The weights are set to zero inside the outer loop, so every epoch would forget "
                "what the one before has learned.",
            ),
        ],
        explain=_explain_order,
    ),
    Exercise(
        id="02.6",
        title="Chain two layers",
        function="my_two_layers",
        reference=two_layers,
        cases=[
            Case(
                (
                    _corners(2),
                    np.array([[1, 1], [-1, -1]]),
                    np.array([-0.5, 1.5]),
                    np.array([1, 1]),
                    -1.5,
                ),
                "XOR",
            ),
            Case(
                (
                    _PLANE,
                    np.array([[1.0, 2.0], [0.0, -1.0]]),
                    np.array([-0.5, 1.0]),
                    np.array([1.0, -1.0]),
                    -0.5,
                ),
                "another hidden layer, which gives zeros on the way",
            ),
            Case(
                (
                    _PLANE,
                    np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]),
                    np.array([1.0, 1.0, 1.0]),
                    np.array([1.0, 1.0, 1.0]),
                    -3.0,
                ),
                "three hidden units: inside a triangle?",
            ),
            Case(
                (
                    np.array([[0.0, -1.0]]),
                    np.array([[0.0, 1.0], [1.0, 0.0]]),
                    np.array([1.0, -1.0]),
                    np.array([1.0, 1.0]),
                    -1.0,
                ),
                "a single example, exactly on two borders",
            ),
        ],
        hints=(
            "The hidden layer is one line: sums for all examples and all units, biases added, then "
            "the step. The output is the same line once more, with hidden in the place of X.",
            "Row k of W1 holds the weights of hidden unit k. So the sums are X @ W1.T + b1: the "
            "transpose .T puts one unit in each column.",
            "hidden = (X @ W1.T + b1 >= 0).astype(int), and then "
            "return (hidden @ w2 + b2 >= 0).astype(int).",
        ),
        mistakes=[
            Mistake(
                _transposed,
                "W1 is the wrong way round: its rows are the hidden units, its columns the inputs. "
                "Use X @ W1.T.",
            ),
            Mistake(
                _no_step_between,
                "There is no step after the hidden layer. Without it two layers can do no more "
                "than one.",
            ),
            Mistake(_hidden_bias_forgotten, "The biases b1 of the hidden layer are missing."),
            Mistake(_output_bias_forgotten, "The bias b2 of the output is missing."),
            Mistake(
                _both_steps_strict,
                "A sum of exactly 0 must give 1, in both layers: use >= where you have >.",
            ),
            Mistake(
                _no_step_at_the_end,
                "That is the last sum. One more step turns it into 0 or 1.",
            ),
            Mistake(
                _hidden_layer_alone,
                "That is the hidden layer. The output unit is missing: it takes hidden as its "
                "input.",
            ),
        ],
    ),
]

QUIZ = [
    Question(
        "02.w1",
        "From notebook 01: an inhibitory synapse makes it harder for the next cell to fire. How "
        "does the model neuron express this?",
        [
            Choice("by a negative weight", True, "Such an input pulls the sum down."),
            Choice(
                "by a weight of zero",
                False,
                "A weight of zero takes the input away. An inhibitory synapse does something: it "
                "pulls the sum down.",
            ),
            Choice(
                "by a negative input",
                False,
                "The input says whether the other cell fired. Whether that helps or hinders is the "
                "business of the synapse, and the synapse is the weight.",
            ),
        ],
    ),
    Question(
        "02.w2",
        "From notebook 01: a McCulloch–Pitts unit has two excitatory inputs, one inhibitory input "
        "and the threshold 2. For which inputs does it answer 1?",
        [
            Choice(
                "both excitatory inputs 1, the inhibitory one 0",
                True,
                "Two excitatory inputs reach the threshold 2, and nothing inhibits.",
            ),
            Choice(
                "all three inputs 1",
                False,
                "In this unit one active inhibitory input is enough to keep the answer at 0.",
            ),
            Choice(
                "one excitatory input 1, the others 0",
                False,
                "The sum is 1. It does not reach the threshold 2.",
            ),
        ],
    ),
    Question(
        "02.w3",
        "From notebook 01: what does the step unit keep of a nerve cell's curve of rate against "
        "current?",
        [
            Choice(
                "the threshold",
                True,
                "Below it nothing, above it always the same: how far above is lost.",
            ),
            Choice(
                "the threshold and the slope above it",
                False,
                "That is ReLU, max(0, x). The step unit gives 1 however far above the threshold "
                "the sum is.",
            ),
            Choice(
                "the highest rate that is possible",
                False,
                "Its output has no unit of time. It says whether the threshold is reached, and "
                "nothing about how often the cell fires.",
            ),
        ],
    ),
    Question(
        "02.q1",
        "For one example the weighted sum `w · x` is −2, and the bias is 3. What does the neuron "
        "answer?",
        [
            Choice("1", True, "−2 + 3 = 1, which is at least 0. The bias is added always."),
            Choice(
                "0, because the weighted sum is negative",
                False,
                "The step looks at z = w · x + b, and that is −2 + 3 = 1.",
            ),
            Choice(
                "0, because the bias counts only when the weighted sum is zero",
                False,
                "This is often said, and it is wrong. The bias is a weight on the constant input "
                "1, so it is in every sum.",
            ),
            Choice(
                "0, because the weighted sum stays below 3",
                False,
                "Then 3 would be a threshold. A bias is a threshold with its sign turned: the bias "
                "3 is the threshold −3, and −2 reaches it.",
            ),
        ],
    ),
    Question(
        "02.q2",
        "An example of class 1 was answered 0, and the rule has just made its update. You show the "
        "same example at once again. What will the answer be?",
        [
            Choice(
                "perhaps still 0",
                True,
                "Its sum has grown by rate · (x · x + 1). If it was far below zero before, that is "
                "not enough, and further updates are needed.",
            ),
            Choice(
                "certainly 1",
                False,
                "The sum grows by rate · (x · x + 1), which need not be enough to reach 0. With a "
                "small rate it hardly ever is, unless the weights are small too.",
            ),
            Choice(
                "certainly still 0",
                False,
                "The sum has grown, and often enough to cross 0. In the first example of the "
                "section it rose from −3 to 3.",
            ),
        ],
    ),
    Question(
        "02.q3",
        "On your own data the rule has not converged after 1,000 epochs. What do you know now?",
        [
            Choice(
                "either no line separates the data, or the margin is small",
                True,
                "The count of updates alone cannot tell the two apart. A tiny margin allows an "
                "enormous number of updates.",
            ),
            Choice(
                "no line separates the data",
                False,
                "Perhaps. But the bound (R/γ)² can be larger than the updates made so far: the two "
                "classes may only lie close together.",
            ),
            Choice(
                "the rate was too small",
                False,
                "From a start at zero, the rate changes the length of the weights and nothing "
                "else: the answers, and the updates, stay the same.",
            ),
        ],
    ),
]
