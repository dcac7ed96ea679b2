"""The exercises of notebook 03."""

from dataclasses import replace

from nnutils import dice
from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.exercises.kinds import table


def one_die_more(counts):
    """Return how often each sum occurs once a further die is thrown in."""
    new = [0] * (len(counts) + 5)
    for i, count in enumerate(counts):
        for face in range(6):
            new[i + face] += count
    return new


def judge_roll(roll, weights, threshold):
    """Return 1 when the weighted sum of the dots reaches the threshold, else 0."""
    weighted_sum = 0
    for dots, weight in zip(roll, weights):
        weighted_sum += weight * dots
    return 1 if weighted_sum >= threshold else 0


def double_loop():
    """Return the four weighted sums: with the line at `# above`, then with it at `# below`."""
    above = [8, 12, 17, 34]
    below = [4, 2, 1, 6]
    return above, below


def _explain_loop(got):
    """Name the first wrong sum."""
    if not isinstance(got, (tuple, list)) or len(got) != 2:
        return "Return two lists, with a comma between them: above, below."
    for name, sums, right in zip(("above", "below"), got, double_loop()):
        if not isinstance(sums, (tuple, list)) or len(sums) != len(right):
            return f"`{name}` must hold four numbers, one for each roll."
        for place, (one, other) in enumerate(zip(sums, right), start=1):
            if not isinstance(one, (int, float)) or one != other:
                return f"In `{name}`, look again at the sum of roll {place}."


def fair_threshold(dice_thrown):
    """Return the smallest whole threshold that calls at most half of all rolls big."""
    sums, counts = dice.sum_distribution(dice_thrown)
    for threshold in sums:
        big = counts[sums >= threshold].sum()
        if big <= counts.sum() // 2:
            return int(threshold)


def _any_counts(rng):
    return (rng.integers(0, 20, size=rng.integers(3, 10)).tolist(),)


def _any_roll(rng):
    """Return three dice, weights, and a threshold that is at most 1/2 away from their sum."""
    roll, weights = rng.integers(1, 7, size=3), rng.integers(-6, 7, size=3) / 2
    threshold = weights @ roll + rng.integers(-1, 2) / 2
    return tuple(roll.tolist()), tuple(weights.tolist()), float(threshold)


def _twice_faulty(roll, weights, threshold):
    """Return what the program in the text of ``judge_roll`` answers: both faults are left."""
    return 1 if sum(roll) > threshold else 0


DIARY = {
    "1 (2, 1, 3) small": [-2, -1, -3, -1],
    "2 (4, 6, 5) big": [2, 5, 2, 0],
    "3 (6, 2, 5) big": [2, 5, 2, 0],
    "4 roll and answer": [3, 1, 4, 0],
    "5 roll and answer": [5, 2, 6, 1],
}


# fmt: off
EXERCISES = [
    Exercise(
        "one_die_more",
        "Throw in one more die",
        one_die_more,
        cases=[
            Case(([1],), "no die yet: one way to get the sum 0"),
            Case(([1, 1, 1, 1, 1, 1],), "one die"),
            Case(([1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1],), "two dice"),
            Case(([2, 0, 1],), "counts of a strange die"),
        ],
        draw=_any_counts,
        hints=[
            "Every way to get the old sum number i leads to six new sums: numbers i, i + 1, … "
            "i + 5 of the new list.",
            "Make a list of `len(counts) + 5` zeros. Two loops: over `i` and `count` of "
            "`enumerate(counts)`, and over `face` in `range(6)`.",
            "The line inside both loops is `new[i + face] += count`.",
        ],
        mistakes=[
            slip("overwrites", "+= count", "= count",
                 "A new sum can be reached in several ways and you keep only the last one: `+=` "
                 "adds them up."),
            Mistake("one_too_long",
                    "Your list is one too long and begins with a sum that cannot occur. Number 0 "
                    "of the new list is the smallest sum: number `i` of the old list leads to "
                    "numbers `i` to `i + 5`.",
                    lambda counts: [0, *one_die_more(counts)]),
            slip("adds_one", "+= count", "+= 1",
                 "You add 1 for each old sum, but an old sum can come about in several ways: add "
                 "its count."),
            slip("five_faces", "range(6)", "range(5)",
                 "The new die has six faces, in your list it has five."),
        ],
    ),
    Exercise(
        "judge_roll",
        "Judge one roll",
        judge_roll,
        cases=[
            Case(((1, 3, 4), (1, 1, 1), 11)),
            Case(((3, 5, 6), (1, 1, 1), 11)),
            Case(((6, 4, 1), (1, 1, 1), 11)),
            Case(((6, 6, 1), (1, 1, 0), 12)),
            Case(((6, 6, 2), (1, 0.5, 0), 10)),
            Case(((1, 1, 6), (0, 0, 2), 11)),
            Case(((5, 5, 1), (1, 1, -1), 10)),
            Case(((6, 1, 1), (3, 1, 0.5), 15), "the first die weighs most"),
            Case(((1, 2, 3), (-1, -2, 0.5), -3.5), "a negative threshold"),
            Case(((1, 2, 3), (-1, -2, 0.5), -3), "just too small for a negative threshold"),
            Case(((6, 5, 6), (1, 1, 1), 17.5), "just too small"),
        ],
        draw=_any_roll,
        hints=[
            "27 rolls have 11 dots. What does the program say to a sum of exactly the threshold? "
            "And which name of its first line makes no difference?",
            "A sum that *reaches* the threshold is big. And each die counts as often as its weight "
            "says: with weights of 1 nobody sees whether they are used.",
            "Inside the loop `weighted_sum += weight * dots`, and at the end "
            "`return 1 if weighted_sum >= threshold else 0`.",
        ],
        mistakes=[
            slip("strictly_above", ">=", ">",
                 "A weighted sum of exactly the threshold must give 1: with all weights 1 and "
                 "threshold 11 the roll (6, 4, 1) is big."),
            slip("without_weights", "weight * dots", "dots",
                 "The fault that all weights 1 do not show is left: the dots are added up without "
                 "their weights."),
            Mistake("both_faults",
                    "That does what the program with the two faults does.",
                    _twice_faulty),
            slip("turned_round", ">=", "<",
                 "The two answers are exchanged: 1 means big, the sum reaches the threshold."),
            slip("last_product_only", "+=", "=",
                 "Only the last die counts. Inside the loop add to the sum (`+=`), do not replace "
                 "it."),
            slip("the_sum_itself", "1 if weighted_sum >= threshold else 0", "float(weighted_sum)",
                 "That is the weighted sum. The second step is missing: compare it with the "
                 "threshold and return 1 or 0."),
        ],
    ),
    Exercise(
        "double_loop",
        "Predict what a misplaced line does",
        double_loop,
        minutes=5,
        cases=[Case()],
        hints=[
            "Above both loops the line is run once, before the first roll. Below both it is run "
            "for every die. What does the sum still know each time?",
            "Above: the second roll begins with the sum of the first, 8, the third with that of "
            "both. Below: whatever was added is thrown away before the next die.",
            "Above, the sums of the dots 8, 4, 5 and 17 pile up: 8, 8 + 4, … Below, only the last "
            "die of each roll is left.",
        ],
        mistakes=[
            slip("as_if_in_its_place", "above = [8, 12, 17, 34]", "above = [8, 4, 5, 17]",
                 "`above` holds the sums of the right program. But above both loops the line is "
                 "run once only: the second roll goes on from the sum of the first."),
            slip("first_die", "below = [4, 2, 1, 6]", "below = [1, 1, 2, 6]",
                 "`below` holds the first die of each roll. The sum is set to 0 before every die, "
                 "so a later one remains."),
            slip("never_anything", "below = [4, 2, 1, 6]", "below = [0, 0, 0, 0]",
                 "`below` holds zeros. The line stands above `+=`: after the 0 one die is still "
                 "added."),
            Mistake("exchanged",
                    "The two lists are exchanged: first the line above both loops, then the line "
                    "below both.",
                    lambda: double_loop()[::-1]),
        ],
        explain=_explain_loop,
    ),
    replace(table(
        "update_weights",
        "Fill in the diary of a learner",
        right=DIARY,
        hints=[
            "For 1 to 3: first the answer of the neuron, 1 when w · x + b is at least 0. Only a "
            "wrong answer changes anything. For 4 and 5: what was added, or taken away?",
            "(2, 1, 3): the sum 0 reaches 0, so it said big, wrongly: the dots and 1 are "
            "subtracted. From before to after entry 4 the bias falls by 1: which mistake does "
            "that?",
            "2: −8 − 6 − 15 − 1 = −30, a missed big roll: the dots are added. 3: 12 + 10 + 10 = "
            "32, right. 4: subtracted were 3, 1 and 4.",
        ],
        mistakes=[
            ("after_a_right_answer", {"3 (6, 2, 5) big": [8, 7, 7, 1]},
             "In entry 3 the neuron was right: w · x + b = 12 + 10 + 10 = 32. Nothing may change."),
            ("bias_forgotten", {"1 (2, 1, 3) small": [-2, -1, -3, 0]},
             "In entry 1 the weights are right, but the bias stays at 0. It changes by the error, "
             "as a weight on the input 1."),
            ("zero_as_small", {"1 (2, 1, 3) small": [0, 0, 0, 0], "2 (4, 6, 5) big": [4, 6, 5, 1],
                               "3 (6, 2, 5) big": [4, 6, 5, 1]},
             "At first every weight is 0 and so is the sum. A sum of 0 reaches 0: the neuron said "
             "big, and that was wrong."),
            ("wrong_way", {"1 (2, 1, 3) small": [2, 1, 3, 1], "2 (4, 6, 5) big": [2, 1, 3, 1],
                           "3 (6, 2, 5) big": [2, 1, 3, 1]},
             "In entry 1 the weights move the wrong way. A small roll was called big: its dots "
             "are subtracted, so that its sum falls."),
            ("dots_below_zero", {"4 roll and answer": [-3, -1, -4, 0]},
             "In entry 4 you have the change of the weights. No die shows −3: what was subtracted "
             "from them?"),
            ("the_neurons_answer", {"4 roll and answer": [3, 1, 4, 1],
                                    "5 roll and answer": [5, 2, 6, 0]},
             "The rolls of 4 and 5 are right. But you give what the neuron said; asked is the "
             "right answer."),
        ],
        remark="Work it out on paper once more.",
    ), minutes=6),
    Exercise(
        "fair_threshold",
        "Find a fair threshold for more dice",
        fair_threshold,
        minutes=5,
        cases=[Case((n,), f"{n} dice") for n in (3, 1, 2, 4, 7, 10, 25)],
        draw=lambda rng: (int(rng.integers(5, 21)),),
        hints=[
            "Try the thresholds one by one, from the smallest sum upwards, and stop at the first "
            "that calls at most half of the rolls big.",
            "`counts[sums >= threshold].sum()` is the number of rolls that a threshold calls big; "
            "`counts.sum()` is the number of all rolls.",
            "Inside the loop: `if counts[sums >= threshold].sum() <= counts.sum() // 2: "
            "return int(threshold)`.",
        ],
        mistakes=[
            Mistake("mean_of_the_sum",
                    "That is the mean of the sum. The threshold asked for is a whole number, the "
                    "first that calls at most half of the rolls big.",
                    lambda dice_thrown: 3.5 * dice_thrown),
            slip("counts_strictly_above", "sums >= threshold", "sums > threshold",
                 "Your threshold is one too small: it calls more than half of all rolls big, since "
                 "a roll on the threshold is big too."),
            slip("index_of_the_sum", "int(threshold)", "int(threshold) - dice_thrown",
                 "That is the place in the list. The sums start at the number of dice, not at 0: "
                 "return the sum that stands there."),
        ],
    ),
]
