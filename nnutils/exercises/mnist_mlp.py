"""The exercises and questions of notebook 09."""

import numpy as np

from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question

# --- 09.1: count the parameters ------------------------------------------------------------------


def count_parameters(sizes):
    """Return the number of weights and biases of a network with these layer sizes."""
    total = 0
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        total += n_in * n_out + n_out
    return total


def _without_biases(sizes):
    return sum(a * b for a, b in zip(sizes[:-1], sizes[1:]))


def _one_bias_a_layer(sizes):
    return sum(a * b + 1 for a, b in zip(sizes[:-1], sizes[1:]))


def _bias_for_each_input(sizes):
    return sum(a * b + a for a, b in zip(sizes[:-1], sizes[1:]))


def _units_counted(sizes):
    return sum(sizes)


def _one_product(sizes):
    return int(np.prod(sizes))


# --- 09.2: a table of shapes ---------------------------------------------------------------------


def shapes():
    """Return the shapes on the way through a 784–512–10 network, for a batch of 200 images."""
    return {
        "images": (200, 28, 28),
        "flattened": (200, 784),
        "first weight": (512, 784),
        "first bias": (512,),
        "hidden": (200, 512),
        "second weight": (10, 512),
        "logits": (200, 10),
        "predictions": (200,),
    }


def _weights_turned():
    return shapes() | {"first weight": (784, 512), "second weight": (512, 10)}


def _bias_per_example():
    return shapes() | {"first bias": (200, 512)}


def _predictions_with_a_column():
    return shapes() | {"predictions": (200, 1)}


def _predictions_as_logits():
    return shapes() | {"predictions": (200, 10)}


def _explain_shapes(got):
    if not isinstance(got, dict) or got.keys() != shapes().keys():
        return "Keep the names of the table as they are and fill in the shapes."
    wrong = next(name for name, shape in shapes().items() if got[name] != shape)
    return f'Look again at "{wrong}". Rows are examples; a weight has the shape (out, in).'


# --- 09.3: batches -------------------------------------------------------------------------------


def batches(order, batch_size):
    """Return the indices of each batch, in the given order; the last batch may be smaller."""
    result = []
    for start in range(0, len(order), batch_size):
        result.append(order[start : start + batch_size])
    return result


def _drops_the_rest(order, batch_size):
    whole = len(order) // batch_size
    return [order[i * batch_size : (i + 1) * batch_size] for i in range(whole)]


def _forgets_the_order(order, batch_size):
    return batches(np.arange(len(order)), batch_size)


def _windows(order, batch_size):
    return [order[start : start + batch_size] for start in range(len(order))]


def _as_many_batches_as_asked(order, batch_size):
    return [np.asarray(part) for part in np.array_split(order, batch_size)]


def _one_too_long(order, batch_size):
    starts = range(0, len(order), batch_size)
    return [order[start : start + batch_size + 1] for start in starts]


# --- 09.4: put one training step in order --------------------------------------------------------

STEP_ORDER = "CEADB"
STEP_LINES = {
    "A": "optimizer.zero_grad()",
    "B": "optimizer.step()",
    "C": "logits = model(X_batch)",
    "D": "loss.backward()",
    "E": "loss = loss_function(logits, y_batch)",
}


def step_order():
    """Return the letters of the lines of one training step in a right order."""
    return STEP_ORDER


def _is_right_order(got, expected):
    """Accept every order that works: zero_grad may stand anywhere before backward."""
    letters = _letters(got)
    if sorted(letters) != sorted(STEP_LINES):
        return False
    at = letters.index
    return at("C") < at("E") < at("D") < at("B") and at("A") < at("D")


def _letters(got):
    return "".join(str(got).split()).upper()


def _step_before_backward():
    return "CEABD"


def _zero_after_backward():
    return "CEDAB"


def _explain_step(got):
    letters = _letters(got)
    if sorted(letters) != sorted(STEP_LINES):
        return "Use each of the letters A, B, C, D, E exactly once."
    at = letters.index
    if at("E") < at("C"):
        return "The loss is computed from the logits: the network has to run before that."
    if at("D") < at("E"):
        return "`loss.backward()` needs the loss, which a later line of yours computes."
    if at("B") < at("D"):
        return "`optimizer.step()` needs the gradients, which a later line of yours computes."
    return "`optimizer.zero_grad()` would wipe out the gradients that have just been computed."


# --- 09.5: the confusion matrix ------------------------------------------------------------------


def confusion_matrix(y, y_hat, classes=10):
    """Return how often class i was called j, as a (classes, classes) array of whole numbers."""
    matrix = np.zeros((classes, classes), dtype=int)
    for truth, answer in zip(y, y_hat):
        matrix[truth, answer] += 1
    return matrix


def _turned(y, y_hat, classes=10):
    return confusion_matrix(y_hat, y, classes)


def _only_marks(y, y_hat, classes=10):
    return np.minimum(confusion_matrix(y, y_hat, classes), 1)


def _only_mistakes(y, y_hat, classes=10):
    matrix = confusion_matrix(y, y_hat, classes)
    return matrix - np.diag(matrix.diagonal())


def _only_right_ones(y, y_hat, classes=10):
    return np.diag(confusion_matrix(y, y_hat, classes).diagonal())


def _as_shares(y, y_hat, classes=10):
    matrix = confusion_matrix(y, y_hat, classes)
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


# --- 09.6: how sure is an accuracy ---------------------------------------------------------------


def standard_error(accuracy, n):
    """Return the standard error of an accuracy (0 to 1) measured on n images."""
    return np.sqrt(accuracy * (1 - accuracy) / n)


def _variance(accuracy, n):
    return accuracy * (1 - accuracy) / n


def _n_outside_the_root(accuracy, n):
    return np.sqrt(accuracy * (1 - accuracy)) / n


def _n_forgotten(accuracy, n):
    return np.sqrt(accuracy * (1 - accuracy))


def _without_the_rest(accuracy, n):
    return np.sqrt(accuracy / n)


_ORDER = np.array([6, 2, 0, 5, 1, 4, 3])

EXERCISES = [
    Exercise(
        id="09.1",
        title="Count the parameters",
        function="my_count_parameters",
        reference=count_parameters,
        cases=[
            Case(([784, 512, 10],)),
            Case(([784, 10],), "no hidden layer"),
            Case(([784, 512, 512, 10],)),
            Case(([3, 1],), "one neuron with three inputs"),
            Case(([2, 3, 4, 5, 6],)),
        ],
        hints=(
            "Between a layer of n_in and a layer of n_out units there is one weight for each pair.",
            "Each of the n_out units has one bias besides. The inputs have none.",
            "Add n_in * n_out + n_out for each pair of neighbouring sizes.",
        ),
        mistakes=[
            Mistake(
                _without_biases,
                "The weights are all there, the biases are missing: one for each unit that is not "
                "an input.",
            ),
            Mistake(
                _one_bias_a_layer,
                "You count one bias a layer. Every unit of the layer has its own.",
            ),
            Mistake(
                _bias_for_each_input,
                "You count a bias for each input of a layer. The biases belong to its outputs.",
            ),
            Mistake(
                _units_counted,
                "That is the number of units. The parameters sit on the connections between them.",
            ),
            Mistake(
                _one_product,
                "You multiply all sizes together. Each pair of neighbours has its own weights: "
                "multiply within the pairs, then add.",
            ),
        ],
    ),
    Exercise(
        id="09.2",
        title="Fill in the table of shapes",
        function="my_shapes",
        reference=shapes,
        cases=[Case(())],
        hints=(
            "The first number of every array that holds examples is the batch size, 200.",
            "Weights have the shape (out, in) and know nothing of the batch. A bias has one number "
            "for each output.",
            'A prediction is one class for each image, so "predictions" has one axis only.',
        ),
        mistakes=[
            Mistake(
                _weights_turned,
                "The weights are turned. torch keeps them as (out, in), as we do: Z = X @ W.T + b.",
            ),
            Mistake(
                _bias_per_example,
                "A bias does not depend on the examples: one number for each of the 512 units, "
                "used for every row.",
            ),
            Mistake(
                _predictions_with_a_column,
                "The largest of ten logits is looked for along the last axis, and that axis "
                "disappears: no column is left.",
            ),
            Mistake(
                _predictions_as_logits,
                "Ten numbers for each image are the logits. The prediction is the place of the "
                "largest: one number for each image.",
            ),
        ],
        explain=_explain_shapes,
    ),
    Exercise(
        id="09.3",
        title="Cut an epoch into batches",
        function="my_batches",
        reference=batches,
        cases=[
            Case((_ORDER, 3), "7 examples in batches of 3"),
            Case((_ORDER, 7), "one batch holds all"),
            Case((_ORDER, 1), "batches of one"),
            Case((_ORDER[:6], 2), "6 examples in batches of 2"),
            Case((_ORDER, 10), "a batch larger than the data"),
        ],
        hints=(
            "range(0, len(order), batch_size) gives the places where batches start.",
            "A slice may reach beyond the end: order[6:9] of seven entries has one entry.",
            "Append order[start : start + batch_size] for every start.",
        ),
        mistakes=[
            Mistake(
                _drops_the_rest,
                "The last, smaller batch is missing: those examples would never be learned from in "
                "this epoch.",
            ),
            Mistake(
                _forgets_the_order,
                "The batches are right in size but hold 0, 1, 2, …: take the entries of order, "
                "which is shuffled anew for each epoch.",
            ),
            Mistake(
                _windows,
                "Your batches overlap: let start grow by batch_size each time, not by 1.",
            ),
            Mistake(
                _as_many_batches_as_asked,
                "You make batch_size batches. It is the number of examples in each.",
            ),
            Mistake(
                _one_too_long,
                "Each batch holds one example too many. A slice ends before its second number, so "
                "that is start + batch_size.",
            ),
        ],
    ),
    Exercise(
        id="09.4",
        title="Put one training step in order",
        function="my_step_order",
        reference=step_order,
        cases=[Case(())],
        compare=_is_right_order,
        hints=(
            "Each line needs something that another one makes. What does the loss need? What does "
            "the update need?",
            "The gradients of the last step are still there. They must be wiped out before new "
            "ones are added to them.",
            "It ends with D and then B.",
        ),
        mistakes=[
            Mistake(
                _step_before_backward,
                "`optimizer.step()` stands before `loss.backward()`: it would use no gradients, "
                "because they have just been wiped out.",
            ),
            Mistake(
                _zero_after_backward,
                "`optimizer.zero_grad()` stands between `backward` and `step`: it wipes out the "
                "gradients before they are used, and nothing is learned.",
            ),
        ],
        explain=_explain_step,
    ),
    Exercise(
        id="09.5",
        title="Fill a confusion matrix",
        function="my_confusion_matrix",
        reference=confusion_matrix,
        cases=[
            Case((np.array([0, 1, 2, 2, 1]), np.array([0, 2, 2, 2, 1]), 3)),
            Case((np.array([3, 3, 3, 0]), np.array([0, 0, 3, 0]), 4), "one mistake made twice"),
            Case((np.array([1]), np.array([0]), 2), "one image, judged wrong"),
        ],
        hints=(
            "Begin with a table of zeros: np.zeros((classes, classes), dtype=int).",
            "For each image one cell grows by 1: the row is the right class, the column the "
            "answer of the network.",
            "for truth, answer in zip(y, y_hat): matrix[truth, answer] += 1",
        ),
        mistakes=[
            Mistake(
                _turned,
                "Rows and columns are exchanged: the row is the right class, the column the "
                "network's answer.",
            ),
            Mistake(
                _only_marks,
                "Each cell is 1 at most: count with += 1, so that repeated mistakes add up.",
            ),
            Mistake(
                _only_mistakes,
                "The diagonal is empty. The right answers are counted too.",
            ),
            Mistake(
                _only_right_ones,
                "Only the diagonal is filled. The wrong answers are what the table is for.",
            ),
            Mistake(_as_shares, "Those are shares of each row. Leave the counts as they are."),
        ],
    ),
    Exercise(
        id="09.6",
        title="Say how sure an accuracy is",
        function="my_standard_error",
        reference=standard_error,
        cases=[
            Case((0.984, 10_000)),
            Case((0.984, 100), "a test set of 100 images"),
            Case((0.5, 400), "guessing between two classes"),
            Case((1.0, 50), "everything right"),
        ],
        hints=(
            "One image judged right or wrong is a coin that shows right with chance p. The "
            "variance of one throw is p (1 − p).",
            "The variance of a mean of n throws is n times smaller.",
            "The standard error is the root of that variance: np.sqrt(p * (1 - p) / n).",
        ),
        mistakes=[
            Mistake(_variance, "That is the variance. The standard error is its square root."),
            Mistake(
                _n_outside_the_root,
                "n must stand under the root: four times as many images halve the error, they do "
                "not quarter it.",
            ),
            Mistake(
                _n_forgotten,
                "That is the spread for a single image. For the mean of n images divide by n "
                "under the root.",
            ),
            Mistake(
                _without_the_rest,
                "The factor (1 − accuracy) is missing: a network that is always right has no "
                "spread at all.",
            ),
        ],
    ),
]

QUIZ = [
    Question(
        "09.w1",
        "From notebook 03: a network judges all the rolls right that it learned from. What is "
        "still unknown?",
        [
            Choice(
                "nothing: all right is all right",
                False,
                "It was corrected on those very rolls until it got them right. With 20 rolls it "
                "was right on all 20 and still wrong on some of the 216.",
            ),
            Choice(
                "how it does on rolls that it has not seen",
                True,
                "That is what a test set is for, today as well.",
            ),
            Choice(
                "whether the update rule came to an end",
                False,
                "It did: the rule stops when a whole pass has no mistake.",
            ),
        ],
    ),
    Question(
        "09.w2",
        "From notebook 03: in `X @ W.T + b`, the rows of X are examples. What is `b`?",
        [
            Choice(
                "one number for each example",
                False,
                "Then it would have to be learned anew for each image. It belongs to the neurons.",
            ),
            Choice(
                "the error of each example",
                False,
                "The error is known only after the answer has been compared with the right one.",
            ),
            Choice(
                "one number for each neuron, added for every example",
                True,
                "The bias: a threshold with its sign turned.",
            ),
        ],
    ),
    Question(
        "09.w3",
        "From notebook 01: ReLU, max(0, x), keeps two features of a nerve cell's f–I curve. Which?",
        [
            Choice(
                "a threshold below which nothing happens, and a straight rise above it",
                True,
                "0 up to the threshold, a straight line beyond: this is the function between the "
                "layers of today's network.",
            ),
            Choice(
                "the saturation at high currents and the refractory time",
                False,
                "Those are what ReLU leaves out: it grows without end.",
            ),
            Choice(
                "only the threshold: above it the answer is always 1",
                False,
                "That is the step unit. ReLU also tells how far above the threshold the sum is.",
            ),
        ],
    ),
    Question(
        "09.q1",
        "You compare ten networks on the *test* set and report the best one's accuracy on it. "
        "What is wrong with that?",
        [
            Choice(
                "nothing, as long as no network was trained on the test set",
                False,
                "Choosing is a kind of learning too: the choice was fitted to the test images.",
            ),
            Choice(
                "the number is too good: among ten, one is lucky on just these images",
                True,
                "Choose on validation images. Then the test set gives an honest number, once.",
            ),
            Choice(
                "the number is too low, because the others should be averaged in",
                False,
                "Averaging is another question. The best of ten on the same images is too high.",
            ),
        ],
    ),
    Question(
        "09.q2",
        "Network A has 98.4 % on 10,000 test images, network B 98.5 %. What can you say?",
        [
            Choice(
                "not much yet: 0.1 points is less than one standard error",
                True,
                "Compare them image by image, and over several seeds.",
            ),
            Choice(
                "B is better, because 98.5 is more than 98.4",
                False,
                "It got 10 more of 10,000 images right. With another 10,000 images, or another "
                "seed, the order may well turn round.",
            ),
            Choice(
                "they are equally good",
                False,
                "That has not been shown either. The test is too small to tell them apart.",
            ),
        ],
    ),
    Question(
        "09.q3",
        "The training loss keeps falling while the validation accuracy stands still, then sinks. "
        "What is going on?",
        [
            Choice(
                "the learning rate is too small",
                False,
                "Then the training loss would fall slowly. It is falling well: the trouble lies "
                "with new images.",
            ),
            Choice(
                "the network is too small for the task",
                False,
                "Then the training loss would stop falling. It has room enough to learn its "
                "images by heart.",
            ),
            Choice(
                "overfitting: the network learns its training images by heart",
                True,
                "What it still gains fits the training images only. More images, a smaller "
                "network or an earlier stop help.",
            ),
        ],
    ),
]
