"""The exercises and questions of notebook 03."""

import numpy as np

from nnutils import dice
from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question

# --- 03.1: one die more --------------------------------------------------------------------------


def add_one_die(counts):
    """Return how often each sum occurs once a further die is thrown in."""
    new = [0] * (len(counts) + 5)
    for i, count in enumerate(counts):
        for face in range(6):
            new[i + face] += count
    return new


def _overwrites(counts):
    new = [0] * (len(counts) + 5)
    for i, count in enumerate(counts):
        for face in range(6):
            new[i + face] = count
    return new


def _one_too_long(counts):
    new = [0] * (len(counts) + 6)
    for i, count in enumerate(counts):
        for face in range(1, 7):
            new[i + face] += count
    return new


def _adds_one(counts):
    new = [0] * (len(counts) + 5)
    for i in range(len(counts)):
        for face in range(6):
            new[i + face] += 1
    return new


def _five_faces(counts):
    new = [0] * (len(counts) + 5)
    for i, count in enumerate(counts):
        for face in range(5):
            new[i + face] += count
    return new


# --- 03.2: the network that knows the answer -----------------------------------------------------


def says_big(roll, weights, threshold):
    """Return 1 when the weighted sum of the dots reaches the threshold, else 0."""
    weighted_sum = 0
    for dots, weight in zip(roll, weights):
        weighted_sum += weight * dots
    return 1 if weighted_sum >= threshold else 0


def _strictly_above(roll, weights, threshold):
    return 1 if np.dot(roll, weights) > threshold else 0


def _without_weights(roll, weights, threshold):
    return 1 if sum(roll) >= threshold else 0


def _turned_round(roll, weights, threshold):
    return 1 if np.dot(roll, weights) < threshold else 0


def _last_product_only(roll, weights, threshold):
    return 1 if roll[-1] * weights[-1] >= threshold else 0


def _the_sum_itself(roll, weights, threshold):
    return float(np.dot(roll, weights))


# --- 03.3: put the double loop in order ----------------------------------------------------------

LOOP_ORDER = "DAFBEC"
LOOP_LINES = {
    "A": "for roll in rolls:",
    "B": "    for dots, weight in zip(roll, weights):",
    "C": "    answers.append(1 if weighted_sum >= threshold else 0)",
    "D": "answers = []",
    "E": "        weighted_sum += weight * dots",
    "F": "    weighted_sum = 0",
}


def loop_order():
    """Return the letters of the lines in the order in which they must stand."""
    return LOOP_ORDER


def _letters(got):
    return "".join(str(got).split()).upper()


def _same_letters(got, expected):
    return _letters(got) == _letters(expected)


def _sum_set_once():
    return "DFABEC"


def _list_made_anew():
    return "ADFBEC"


def _explain_order(got):
    letters = _letters(got)
    if sorted(letters) != sorted(LOOP_ORDER):
        return f"Use each of the letters {', '.join(sorted(LOOP_LINES))} exactly once."
    place = next(i for i, letter in enumerate(letters) if letter != LOOP_ORDER[i])
    line = LOOP_LINES[letters[place]].strip()
    return f"The first {place} lines are right. Line {place + 1}, `{line}`, comes too early."


# --- 03.4: the update rule -----------------------------------------------------------------------


def update(w, b, x, y):
    """Return the weights and the bias after one example: changed only when the answer is wrong."""
    y_hat = 1 if w @ x + b >= 0 else 0
    w = w + (y - y_hat) * x
    b = b + (y - y_hat)
    return w, b


def _wrong_way(w, b, x, y):
    y_hat = 1 if w @ x + b >= 0 else 0
    return w + (y_hat - y) * x, b + (y_hat - y)


def _bias_forgotten(w, b, x, y):
    y_hat = 1 if w @ x + b >= 0 else 0
    return w + (y - y_hat) * x, b


def _always_updates(w, b, x, y):
    sign = 1 if y == 1 else -1
    return w + sign * x, b + sign


def _step_above_zero(w, b, x, y):
    y_hat = 1 if w @ x + b > 0 else 0
    return w + (y - y_hat) * x, b + (y - y_hat)


def _bias_left_out_of_the_answer(w, b, x, y):
    y_hat = 1 if w @ x >= 0 else 0
    return w + (y - y_hat) * x, b + (y - y_hat)


def _without_the_step(w, b, x, y):
    error = y - (w @ x + b)
    return w + error * x, b + error


# --- 03.5: a fair threshold for more dice --------------------------------------------------------


def fair_threshold(dice_thrown):
    """Return the smallest whole threshold that calls at most half of all rolls big."""
    sums, counts = dice.sum_distribution(dice_thrown)
    for threshold in sums:
        big = counts[sums >= threshold].sum()
        if big <= counts.sum() / 2:
            return int(threshold)


def _mean_of_the_sum(dice_thrown):
    return 3.5 * dice_thrown


def _counts_strictly_above(dice_thrown):
    sums, counts = dice.sum_distribution(dice_thrown)
    return int(next(t for t in sums if counts[sums > t].sum() <= counts.sum() / 2))


def _index_of_the_sum(dice_thrown):
    return fair_threshold(dice_thrown) - dice_thrown


EXERCISES = [
    Exercise(
        id="03.1",
        title="Throw in one more die",
        function="my_add_one_die",
        reference=add_one_die,
        cases=[
            Case(([1],), "no die yet: one way to get the sum 0"),
            Case(([1, 1, 1, 1, 1, 1],), "one die"),
            Case(([1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1],), "two dice"),
            Case(([2, 0, 1],), "counts of a strange die"),
        ],
        hints=(
            "Every way to get the old sum number i leads to six new sums: numbers i, i + 1, … "
            "i + 5 of the new list.",
            "Make a list of len(counts) + 5 zeros. Two loops: over i and count of "
            "enumerate(counts), and over face in range(6).",
            "The line inside both loops is new[i + face] += count.",
        ),
        mistakes=[
            Mistake(
                _overwrites,
                "A new sum can be reached in several ways and you keep only the last one: add "
                "with += where you have =.",
            ),
            Mistake(
                _one_too_long,
                "Your list is one too long and begins with a sum that cannot occur. Number 0 of "
                "the new list is the smallest sum: let face run from 0 to 5.",
            ),
            Mistake(
                _adds_one,
                "You add 1 for each old sum, but an old sum can come about in several ways: add "
                "its count.",
            ),
            Mistake(_five_faces, "The new die has six faces, your loop goes through five of them."),
        ],
    ),
    Exercise(
        id="03.2",
        title="Judge one roll",
        function="my_answer",
        reference=says_big,
        cases=[
            Case(((1, 3, 4), (1, 1, 1), 11)),
            Case(((3, 5, 6), (1, 1, 1), 11)),
            Case(((6, 4, 1), (1, 1, 1), 11)),
            Case(((6, 6, 1), (1, 1, 0), 12)),
            Case(((6, 6, 2), (1, 0.5, 0), 10)),
            Case(((1, 1, 6), (0, 0, 2), 11)),
            Case(((5, 5, 1), (1, 1, -1), 10)),
        ],
        hints=(
            "Two steps: first the weighted sum, then the comparison with the threshold.",
            "Start with weighted_sum = 0 and add weight * dots for the three pairs of "
            "zip(roll, weights).",
            "The answer is 1 when weighted_sum >= threshold, and 0 otherwise. Exactly the "
            "threshold counts as big.",
        ),
        mistakes=[
            Mistake(
                _strictly_above,
                "A weighted sum of exactly the threshold must give 1: use >= where you have >. "
                "With threshold 11 the roll (6, 4, 1) is big.",
            ),
            Mistake(
                _without_weights,
                "The dots are added up without their weights: multiply each by its weight first.",
            ),
            Mistake(
                _turned_round,
                "The two answers are exchanged: 1 means big, the sum reaches the threshold.",
            ),
            Mistake(
                _last_product_only,
                "Only the last die counts. Inside the loop add to the sum (+=), do not replace it.",
            ),
            Mistake(
                _the_sum_itself,
                "That is the weighted sum. The second step is missing: compare it with the "
                "threshold and return 1 or 0.",
            ),
        ],
    ),
    Exercise(
        id="03.3",
        title="Put the double loop in order",
        function="my_order",
        reference=loop_order,
        cases=[Case(())],
        compare=_same_letters,
        hints=(
            "Indentation tells which line stands inside which loop. The outer loop goes through "
            "the rolls, the inner one through the three dice of one roll.",
            "The list answers is made once, before everything else. weighted_sum must be set to 0 "
            "again for every roll.",
            "It begins with D, then A, then F.",
        ),
        mistakes=[
            Mistake(
                _sum_set_once,
                "weighted_sum = 0 stands before the outer loop, so the second roll would start "
                "with the sum of the first. It must be set to 0 for every roll.",
            ),
            Mistake(
                _list_made_anew,
                "answers = [] stands inside the outer loop, so every roll would throw away the "
                "answers before it.",
            ),
        ],
        explain=_explain_order,
    ),
    Exercise(
        id="03.4",
        title="Update the weights",
        function="my_update",
        reference=update,
        cases=[
            Case((np.zeros(3), 0.0, np.array([1, 3, 4]), 0), "(1, 3, 4), small, from zero"),
            Case((np.zeros(3), 0.0, np.array([3, 5, 6]), 1), "already right: nothing changes"),
            Case((np.array([-1.0, -3.0, -4.0]), -1.0, np.array([3, 5, 6]), 1), "a missed big roll"),
            Case((np.array([1.0, 1.0, 1.0]), -11.0, np.array([1, 3, 4]), 0), "right and small"),
            Case((np.array([1.0, 1.0, 1.0]), -9.0, np.array([2, 2, 5]), 0), "exactly on the step"),
            Case((np.array([2.0, 0.0, 1.0]), -4.0, np.array([1, 6, 1]), 1), "missed by the bias"),
        ],
        hints=(
            "First the answer: y_hat is 1 when w @ x + b >= 0, else 0. Then compare it with y.",
            "The error y − y_hat is 0 for a right answer, 1 for a missed big roll, −1 for a small "
            "roll called big.",
            "Add error * x to w and error to b, and return both: return w, b.",
        ),
        mistakes=[
            Mistake(
                _wrong_way,
                "The weights move the wrong way: the error is y − y_hat, not y_hat − y. After a "
                "missed big roll the weighted sum has to grow.",
            ),
            Mistake(
                _bias_forgotten,
                "The weights are right, the bias stays where it was. It is a weight too, on the "
                "constant input 1: add the error to it.",
            ),
            Mistake(
                _always_updates,
                "Your rule changes the weights after a right answer too. Nothing changes when "
                "y_hat equals y.",
            ),
            Mistake(
                _step_above_zero,
                "A weighted sum of exactly 0 must count as big: the step gives 1 when "
                "w @ x + b >= 0.",
            ),
            Mistake(
                _bias_left_out_of_the_answer,
                "The bias is missing from the answer: y_hat is 1 when w @ x + b >= 0.",
            ),
            Mistake(
                _without_the_step,
                "You compare y with the weighted sum. Compare it with the answer, which is 0 or 1: "
                "the step comes first.",
            ),
        ],
    ),
    Exercise(
        id="03.5",
        title="Find a fair threshold for more dice",
        function="my_fair_threshold",
        reference=fair_threshold,
        cases=[Case((n,), f"{n} dice") for n in (3, 1, 2, 4, 7, 10)],
        hints=(
            "Try the thresholds one by one, from the smallest sum upwards, and stop at the first "
            "that calls at most half of the rolls big.",
            "counts[sums >= threshold].sum() is the number of rolls that a threshold calls big; "
            "counts.sum() is the number of all rolls.",
            "Inside the loop: if counts[sums >= threshold].sum() <= counts.sum() / 2: "
            "return threshold.",
        ),
        mistakes=[
            Mistake(
                _mean_of_the_sum,
                "That is the mean of the sum. The threshold asked for is a whole number, the first "
                "that calls at most half of the rolls big.",
            ),
            Mistake(
                _counts_strictly_above,
                "You count the rolls above the threshold (>). A roll on the threshold is big too: "
                "count with >=.",
            ),
            Mistake(
                _index_of_the_sum,
                "That is the place in the list. The sums start at the number of dice, not at 0: "
                "return the sum that stands there.",
            ),
        ],
    ),
]

QUIZ = [
    Question(
        "03.w1",
        "From notebook 01: a synapse passes a signal from one nerve cell to the next. Which part "
        "of the model neuron stands for how strongly it does so?",
        [
            Choice("a weight", True, "One weight for each input, positive or negative."),
            Choice(
                "the threshold",
                False,
                "The threshold belongs to the cell body: how much must come together before it "
                "fires.",
            ),
            Choice(
                "the output",
                False,
                "The output stands for the axon: it carries the finished answer away.",
            ),
        ],
    ),
    Question(
        "03.w2",
        "From notebook 02: a unit answers 1 when `w · x ≥ 11`. You write it with a bias, "
        "`w · x + b ≥ 0`. What is b?",
        [
            Choice(
                "11",
                False,
                "Then the unit would answer 1 for every roll: w · x + 11 is never below 0. Bring "
                "the 11 to the other side and its sign turns.",
            ),
            Choice("−11", True, "A threshold is a bias with its sign turned."),
            Choice(
                "0",
                False,
                "Then the threshold would be 0 and every roll would be big.",
            ),
        ],
    ),
    Question(
        "03.w3",
        "From notebook 02: when does the perceptron rule change the weights?",
        [
            Choice(
                "after every example",
                False,
                "After a right answer the error y − ŷ is 0, and 0 times the input changes nothing.",
            ),
            Choice(
                "once at the end of each pass through the data",
                False,
                "It does not wait: each example that is judged wrong changes the weights at once.",
            ),
            Choice("only after a wrong answer", True, "The error y − ŷ is 0 for a right one."),
        ],
    ),
    Question(
        "03.q1",
        "All weights are 1. Which thresholds judge all 216 rolls right?",
        [
            Choice(
                "11 and no other",
                False,
                "11 works, but so does 10.5: no roll has a sum between 10 and 11.",
            ),
            Choice(
                "every number above 10 and up to 11",
                True,
                "The largest small sum is 10 and the smallest big one is 11. Anything between "
                "them parts the two, 11 included because the step says big from the threshold on.",
            ),
            Choice(
                "every number from 10 up to 11",
                False,
                "With the threshold 10 itself a roll with the sum 10 counts as big, and there are "
                "27 of them.",
            ),
        ],
    ),
    Question(
        "03.q2",
        "Why does learning go faster when 3.5 is subtracted from every die?",
        [
            Choice(
                "the numbers become smaller, and small numbers are faster to multiply",
                False,
                "A multiplication takes the same time. Count the updates: it is their number that "
                "fell.",
            ),
            Choice(
                "subtracting 3.5 makes a problem separable that was not separable before",
                False,
                "It was separable before: the raw rolls were learned too, only with more updates. "
                "Shifting all points cannot change whether a plane parts them.",
            ),
            Choice(
                "one update no longer pushes all weights and the bias the same way",
                True,
                "Dots are always positive, so a raw update moves everything up or everything down. "
                "Centred dots have both signs, so one update can raise one weight and lower "
                "another.",
            ),
        ],
    ),
    Question(
        "03.q3",
        "Your network has learned from 20 rolls and judges all 20 right. What do you tell a friend "
        "about it?",
        [
            Choice(
                "how many rolls it gets right that it did not learn from",
                True,
                "Only new rolls tell what it has understood. In this notebook we can afford all "
                "216.",
            ),
            Choice(
                "it is 100 % right: 20 of 20",
                False,
                "Those 20 are the ones it was corrected on until it got them right. On all 216 "
                "rolls a network with 20 of 20 still makes mistakes.",
            ),
            Choice(
                "nothing can be said before it has seen all 216 rolls",
                False,
                "200 rolls were enough to get all 216 right, and rolls held back for a test tell "
                "how good it is long before that.",
            ),
        ],
    ),
]
