"""The exercises of notebook 09."""

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.exercises.kinds import order, table
from nnutils.exercises.values import same


def count_parameters(sizes):
    """Return the number of weights and biases of a network with these layer sizes."""
    total = 0
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        total += n_in * n_out + n_out
    return total


def batches(order, batch_size):
    """Return the indices of each batch, in the given order; the last batch may be smaller."""
    result = []
    for start in range(0, len(order), batch_size):
        result.append(order[start : start + batch_size])
    return result


def confusion_matrix(y, y_hat, classes=10):
    """Return how often class i was called j, as a (classes, classes) array of whole numbers."""
    matrix = np.zeros((classes, classes), dtype=int)
    for truth, answer in zip(y, y_hat):
        matrix[truth, answer] += 1
    return matrix


def standard_error(accuracy, n):
    """Return the standard error of an accuracy (0 to 1) measured on n images."""
    return np.sqrt(accuracy * (1 - accuracy) / n)


def _draw_batches(rng):
    return rng.choice(100, rng.integers(5, 12), replace=False), int(rng.integers(2, 5))


def _draw_answers(rng):
    classes = int(rng.integers(3, 7))
    y, other = rng.integers(classes, size=(2, 4 * classes))
    return y, np.where(rng.random(len(y)) < 0.5, y, other), classes


def _same_counts(got, expected):
    """Tell whether the counts are equal and are whole numbers, not floats."""
    return same(got, expected) and np.asarray(got).dtype.kind in "iu"


_SHUFFLED = np.array([6, 2, 0, 5, 1, 4, 3])

# fmt: off
EXERCISES = [
    Exercise(
        "count_parameters",
        "Count the parameters",
        count_parameters,
        draw=lambda rng: (rng.permutation(np.arange(1, 13))[: rng.integers(2, 6)].tolist(),),
        cases=[
            Case(([784, 512, 10],)),
            Case(([784, 10],), "no hidden layer"),
            Case(([784, 512, 512, 10],)),
            Case(([3, 1],), "one neuron with three inputs"),
            Case(([2, 3, 4, 5, 6],)),
        ],
        hints=[
            "Between a layer of `n_in` and one of `n_out` units there is a weight for each pair.",
            "Each of the `n_out` units has one bias besides. The inputs have none.",
            "Add `n_in * n_out + n_out` for each pair of neighbouring sizes.",
        ],
        mistakes=[
            slip("without_biases", " + n_out", "",
                 "The weights are all there, the biases are missing: one for each unit that is not "
                 "an input."),
            slip("one_bias_a_layer", " + n_out", " + 1",
                 "You count one bias a layer. Every unit of the layer has its own."),
            slip("bias_for_each_input", " + n_out", " + n_in",
                 "You count a bias for each input of a layer. The biases belong to its outputs."),
            Mistake("units_counted",
                    "That is the number of units. The parameters sit on the connections between "
                    "them.",
                    sum),
            Mistake("one_product",
                    "You multiply all sizes together. Each pair of neighbours has its own weights: "
                    "multiply within the pairs, then add.",
                    np.prod),
        ],
    ),
    table(
        "mlp_shapes",
        "Fill in the table of shapes",
        right={
            "images": (200, 28, 28),
            "flattened": (200, 784),
            "first weight": (512, 784),
            "first bias": (512,),
            "hidden": (200, 512),
            "second weight": (10, 512),
            "logits": (200, 10),
            "predictions": (200,),
        },
        remark="Rows are examples; a weight has the shape (out, in).",
        hints=[
            "The first number of every array that holds examples is the batch size, 200.",
            "Weights have the shape (out, in) and know nothing of the batch. A bias has one number "
            "for each output.",
            'A prediction is one class for each image, so "predictions" has one axis only.',
        ],
        mistakes=[
            ("weights_turned", {"first weight": (784, 512), "second weight": (512, 10)},
             "The weights are turned. torch keeps them as (out, in), as we do: `Z = X @ W.T + b`."),
            ("bias_per_example", {"first bias": (200, 512)},
             "A bias does not depend on the examples: one number for each of the 512 units, used "
             "for every row."),
            ("predictions_with_a_column", {"predictions": (200, 1)},
             "The largest of ten logits is looked for along the last axis, and that axis "
             "disappears: no column is left."),
            ("predictions_as_logits", {"predictions": (200, 10)},
             "Ten numbers for each image are the logits. The prediction is the place of the "
             "largest: one number for each image."),
        ],
    ),
    Exercise(
        "batches",
        "Cut an epoch into batches",
        batches,
        draw=_draw_batches,
        cases=[
            Case((_SHUFFLED, 3), "7 examples in batches of 3"),
            Case((_SHUFFLED, 7), "one batch holds all"),
            Case((_SHUFFLED, 1), "batches of one"),
            Case((_SHUFFLED[:6], 2), "6 examples in batches of 2"),
            Case((_SHUFFLED, 10), "a batch larger than the data"),
        ],
        hints=[
            "`range(0, len(order), batch_size)` gives the places where batches start.",
            "A slice may reach beyond the end: `order[6:9]` of seven entries has one entry.",
            "Append `order[start : start + batch_size]` for every start.",
        ],
        mistakes=[
            slip("drops_the_rest", "len(order)", "len(order) - batch_size + 1",
                 "The last, smaller batch is missing: those examples would never be learned from "
                 "in this epoch."),
            slip("forgets_the_order", "append(order", "append(np.arange(len(order))",
                 "The batches are right in size but hold 0, 1, 2, …: take the entries of `order`, "
                 "which is shuffled anew for each epoch."),
            slip("windows", "len(order), batch_size", "len(order)",
                 "Your batches overlap: let `start` grow by `batch_size` each time, not by 1."),
            Mistake("as_many_batches_as_asked",
                    "You make `batch_size` batches. It is the number of examples in each.",
                    np.array_split),
            slip("one_too_long", "+ batch_size", "+ batch_size + 1",
                 "Your batches hold one example too many. A slice ends before its second number, "
                 "so that is `start + batch_size`."),
        ],
    ),
    order(
        "pytorch_step",
        "Put one training step in order",
        right=["CEADB", "CAEDB", "ACEDB", "CEDBA"],  # A anywhere but between D and B
        hints=[
            "Each line needs something that another one makes. What does the loss need? What does "
            "the update need?",
            "The gradients of the last step are still there. They must be wiped out before new "
            "ones are added to them.",
            "B comes right behind D.",
        ],
        mistakes=[
            ("step_before_backward", "ABD",
             "`optimizer.step()` stands before `loss.backward()`: it would use no gradients, "
             "because they have just been wiped out."),
            ("zero_after_backward", "EDAB",
             "`optimizer.zero_grad()` stands between `backward` and `step`: it wipes out the "
             "gradients before they are used, and nothing is learned."),
            ("loss_before_logits", "EC",
             "The loss is computed from the logits: the network has to run before that."),
            ("backward_before_loss", "DE",
             "`loss.backward()` needs the loss, which a later line of yours computes."),
            ("step_before_gradients", "EBD",
             "`optimizer.step()` needs the gradients, which a later line of yours computes."),
        ],
    ),
    Exercise(
        "confusion_matrix",
        "Fill a confusion matrix",
        confusion_matrix,
        draw=_draw_answers,
        compare=_same_counts,
        cases=[
            Case((np.array([0, 1, 2, 2, 1]), np.array([0, 2, 2, 2, 1]), 3)),
            Case((np.array([3, 3, 3, 0]), np.array([0, 0, 3, 0]), 4), "one mistake made twice"),
            Case((np.array([1]), np.array([0]), 2), "one image, judged wrong"),
            Case((np.array([4, 7, 7, 2]), np.array([7, 4, 4, 2])), "ten classes, unless given"),
        ],
        hints=[
            "Begin with a table of zeros: `np.zeros((classes, classes), dtype=int)`.",
            "For each image one cell grows by 1: the row is the right class, the column the answer "
            "of the network.",
            "`for truth, answer in zip(y, y_hat): matrix[truth, answer] += 1`",
        ],
        mistakes=[
            slip("turned", "[truth, answer]", "[answer, truth]",
                 "Rows and columns are exchanged: the row is the right class, the column the "
                 "network's answer."),
            slip("only_marks", "+= 1", "= 1",
                 "Each cell is 1 at most, but images of one cell add up. `= 1` does not count, nor "
                 "does `matrix[y, y_hat] += 1` on whole arrays: it adds to each cell once."),
            slip("only_mistakes", "+= 1", "+= truth != answer",
                 "The diagonal is empty. The right answers are counted too."),
            slip("only_right_ones", "+= 1", "+= truth == answer",
                 "Only the diagonal is filled. The wrong answers are what the table is for."),
            slip("as_shares", "return matrix",
                 "return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)",
                 "Those are shares of each row. Leave the counts as they are."),
            slip("floats", ", dtype=int", "",
                 "The numbers are right, but they are floats. Counts are whole numbers: "
                 "`dtype=int`."),
        ],
    ),
    Exercise(
        "standard_error",
        "Say how sure an accuracy is",
        standard_error,
        draw=lambda rng: (rng.integers(1, 1000) / 1000, int(rng.integers(20, 2000))),
        cases=[
            Case((0.984, 10_000)),
            Case((0.984, 100), "a test set of 100 images"),
            Case((0.5, 400), "guessing between two classes"),
            Case((1.0, 50), "everything right"),
        ],
        hints=[
            "One image judged right or wrong is a coin that shows right with chance p. The "
            "variance of one throw is p (1 − p).",
            "The variance of a mean of n throws is n times smaller.",
            "The standard error is the root of that variance: `np.sqrt(p * (1 - p) / n)`.",
        ],
        mistakes=[
            slip("variance", "np.sqrt", "",
                 "That is the variance. The standard error is its square root."),
            slip("n_outside_the_root", " / n)", ") / n",
                 "n must stand under the root: four times as many images halve the error, they do "
                 "not quarter it."),
            slip("n_forgotten", " / n", "",
                 "That is the spread for a single image. For the mean of n images divide by n "
                 "under the root."),
            slip("without_the_rest", " * (1 - accuracy)", "",
                 "The factor `1 - accuracy` is missing: a network that is always right has no "
                 "spread at all."),
        ],
    ),
]
