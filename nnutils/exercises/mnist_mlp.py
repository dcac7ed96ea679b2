"""The exercises of notebook 09."""

import functools

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.exercises.late import nn, torch
from nnutils.exercises.values import same

LIMIT, TARGET = 50_000, 96.5  # of the challenge: parameters, and percent of the validation digits
EPOCHS, BATCH = 20, 32  # the most and the least that it allows: its check is to end soon


def widest_layer(limit, n_in=784, n_out=10):
    """Return the largest h for which n_in–h–n_out has at most ``limit`` parameters."""
    return (limit - n_out) // (n_in + 1 + n_out)


def training_loop(model, X, y, epochs, batch_size):
    """Train ``model`` in batches and return its loss on all examples after each epoch."""
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(epochs):
        for batch in torch.arange(len(X)).split(batch_size):
            logits = model(X[batch])
            loss = loss_function(logits, y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(loss_function(model(X), y).item())
    return losses


def confusion_matrix(y, y_hat, classes=10):
    """Return how often class i was called j, as a (classes, classes) array of whole numbers."""
    matrix = np.zeros((classes, classes), dtype=int)
    for truth, answer in zip(y, y_hat):
        matrix[truth, answer] += 1
    return matrix


def images_needed(accuracy, error):
    """Return how many images an accuracy (0 to 1) needs for this standard error (above 0)."""
    return accuracy * (1 - accuracy) / error**2


def small_network():
    """Return the settings of a network and of its training."""
    return {
        "hidden": [62],
        "epochs": 10,
        "batch_size": 32,
        "peak_rate": 0.01,
        "label_smoothing": 0.1,
    }


def _but(**changes):
    return lambda: small_network() | changes


def trained(settings):
    """Train the network of these settings, the learner's, and say what came of it.

    Returns {"verdict": "trained", "accuracy": percent}, or only a verdict if limits are broken.
    What is no dict with the five settings is returned as it is.
    """
    if not isinstance(settings, dict) or settings.keys() != small_network().keys():
        return settings
    sizes = (784, *settings["hidden"], 10)
    if sum((n_in + 1) * n_out for n_in, n_out in zip(sizes[:-1], sizes[1:])) >= LIMIT:
        return {"verdict": "too large"}
    if settings["epochs"] > EPOCHS or settings["batch_size"] < BATCH:
        return {"verdict": "too long"}
    how = tuple((name, value) for name, value in settings.items() if name != "hidden")
    return {"verdict": "trained", "accuracy": _validation_accuracy(sizes, how)}


@functools.cache
def _validation_accuracy(sizes, how):
    """Return the percentage of validation digits that are read right, a mean over three seeds.

    Digits and split are those of the lab. On one core: the network is too small for two.
    """
    from nnutils import training
    from nnutils.datasets import load_digits

    digits, accuracies, cores = load_digits(), [], torch.get_num_threads()
    X_val, y_val = digits.X_train[1149:], digits.y_train[1149:]
    torch.set_num_threads(1)
    try:
        for seed in range(3):
            generator = torch.Generator().manual_seed(seed)
            model = training.make_mlp(*sizes, generator=generator)
            steps = training.train_steps(
                model,
                digits.X_train[:1149],
                digits.y_train[:1149],
                generator=generator,
                device="cpu",
                **dict(how),
            )
            for _ in steps:
                pass
            accuracies.append(training.evaluate(model, X_val, y_val)[1])
    finally:
        torch.set_num_threads(cores)
    return float(100 * np.mean(accuracies))


def _reaches_the_target(got, expected):
    return got["verdict"] == "trained" and got["accuracy"] >= TARGET


def _how_far(got):
    if not isinstance(got, dict) or got.keys() - {"verdict", "accuracy"}:
        return "Keep the names of the five settings as they are and fill in what is missing."
    return (
        f"Your networks read {got['accuracy']:.1f} % of the validation digits, the mean of three "
        f"seeds. The target is {TARGET} %."
    )


def _draw_answers(rng):
    classes = int(rng.integers(3, 7))
    y, other = rng.integers(classes, size=(2, 4 * classes))
    return y, np.where(rng.random(len(y)) < 0.5, y, other), classes


def _same_counts(got, expected):
    """Tell whether the counts are equal and are whole numbers, not floats."""
    return same(got, expected) and np.asarray(got).dtype.kind in "iu"


def _training(seed, n, sizes, epochs, batch_size, label=""):
    """Return a case of the loop: a new network, and digits or points for it to learn."""
    from nnutils import datasets, training

    generator = torch.Generator().manual_seed(seed)
    model = training.make_mlp(*sizes, generator=generator)
    if sizes[0] == 784:
        digits = datasets.load_digits()
        X, y = datasets.to_inputs(torch.tensor(digits.X_train[:n])), digits.y_train[:n]
    else:
        X = torch.randn(n, sizes[0], generator=generator)
        y = np.arange(n) % sizes[-1]
    return Case((model, X, torch.tensor(y), epochs, batch_size), label)


def _trainings():
    return [
        _training(1, 10, (4, 5, 3), 2, 4, "10 points in batches of 4"),
        _training(2, 9, (3, 4), 3, 3, "one layer, 9 points in batches of 3"),
        _training(3, 7, (2, 6, 2), 4, 10, "a batch larger than the data"),
        _training(0, 300, (784, 16, 10), 3, 32, "300 handwritten digits"),
    ]


# fmt: off
EXERCISES = [
    Exercise(
        "widest_layer",
        "Spend a budget of parameters",
        widest_layer,
        draw=lambda rng: tuple(map(int, rng.integers([900, 20, 2], [9000, 99, 12]))),
        cases=[
            Case((50_000,), "784–h–10 with at most 50,000 parameters"),
            Case((407_050,), "exactly as many as 784–512–10 has"),
            Case((407_049,), "one fewer than 784–512–10 has"),
            Case((1000, 30, 4), "30–h–4 with at most 1,000 parameters"),
            Case((37, 5, 2), "5–h–2 with at most 37 parameters"),
        ],
        hints=[
            "Each neuron of the hidden layer costs the same: its weights to all inputs, its bias, "
            "and one weight in every output neuron.",
            "Whatever h is, the output neurons have one bias each. Pay for these first.",
            "What is left is spent in portions of `n_in + 1 + n_out`: `//` counts the whole ones.",
        ],
        mistakes=[
            slip("output_biases_forgotten", "(limit - n_out)", "limit",
                 "Close to the limit you are one neuron too wide: the output neurons have biases "
                 "too."),
            slip("hidden_biases_forgotten", " + 1", "",
                 "Each hidden neuron has one parameter more than you count: its bias."),
            slip("outputs_forgotten", "n_in + 1 + n_out", "n_in + 1",
                 "You count what leads into a hidden neuron. What leads out of it costs too: one "
                 "weight for each output."),
            slip("not_whole", "//", "/",
                 "There are no parts of a neuron. How many whole ones can be paid for?"),
            slip("one_too_many", "(n_in + 1 + n_out)", "(n_in + 1 + n_out) + 1",
                 "One neuron too many: this network breaks the limit."),
        ],
        minutes=5,
    ),
    Exercise(
        "training_loop",
        "Write the training loop",
        training_loop,
        cases=_trainings,
        hints=[
            "Two loops, one inside the other. The outer one counts epochs; the inner one goes "
            "through the batches: `torch.arange(len(X)).split(batch_size)` gives the numbers of "
            "their examples.",
            "Inside the inner loop stand the five lines of the text, with `X[batch]` and "
            "`y[batch]`.",
            "Behind the inner loop, once an epoch: "
            "`losses.append(loss_function(model(X), y).item())`.",
        ],
        mistakes=[
            slip("no_zero_grad", "optimizer.zero_grad()", "pass",
                 "The gradients of all batches add up: `optimizer.zero_grad()` is missing, or it "
                 "does not run for each batch."),
            slip("zero_after_backward", "loss.backward()", "loss.backward(), optimizer.zero_grad()",
                 "Nothing is learned: `optimizer.step()` is missing, or the gradients are wiped "
                 "out, or not there yet, when it wants to use them."),
            slip("all_at_once", "split(batch_size)", "split(len(X))",
                 "You take one step an epoch, with all examples. Take one for each batch."),
            slip("drops_the_rest", "torch.arange(len(X))",
                 "torch.arange(max(batch_size, len(X) // batch_size * batch_size))",
                 "The last, smaller batch is left out: those examples are never learned."),
            slip("loss_of_a_batch", "loss_function(model(X), y).item()", "loss.item()",
                 "You keep the loss of the last batch, from before its step. Asked is the loss on "
                 "all examples, after the epoch."),
            slip("one_epoch", "range(epochs)", "range(1)",
                 "You train for one epoch only. Is `return` inside the loop?"),
            slip("softmax_first", "logits = model(X[batch])",
                 "logits = model(X[batch]).softmax(dim=1)",
                 "`CrossEntropyLoss` applies softmax itself: give it the logits as they are."),
        ],
        minutes=10,
    ),
    Exercise(
        "small_network",
        "Challenge: the best small network",
        small_network,
        observe=trained,
        compare=_reaches_the_target,
        explain=_how_far,
        score=lambda observed: round(observed["accuracy"], 2),
        cases=[Case()],
        hints=[
            "One hidden layer as wide as the limit allows is a good start: your function of "
            "the first exercise computes it. Change one setting at a time in the lab.",
            "The lab's rate is careful for so small a network. Multiply it by three.",
            "A little doubt helps here as well: a label smoothing of 0.1.",
        ],
        mistakes=[
            Mistake("too_large",
                    "This network has 50,000 parameters or more.",
                    _but(hidden=[512])),
            Mistake("too_long",
                    "At most 20 epochs and at least 32 digits in a batch are allowed: all have the "
                    "same time.",
                    _but(epochs=100)),
        ],
        minutes=12,
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
        minutes=5,
    ),
    Exercise(
        "images_needed",
        "Say how many images it takes",
        images_needed,
        draw=lambda rng: (rng.integers(1, 1000) / 1000, rng.integers(1, 60) / 1000),
        cases=[
            Case((0.984, 0.00125), "98.4 %, give or take 0.125 points"),
            Case((0.984, 0.0005), "98.4 %, give or take 0.05 points"),
            Case((0.5, 0.025), "guessing between two classes"),
            Case((1.0, 0.01), "everything right"),
        ],
        hints=[
            "Square both sides of the formula: the root goes away.",
            "error² = p (1 − p) / n. Which n makes it true?",
            "Exchange n and error²: `accuracy * (1 - accuracy) / error**2`.",
        ],
        mistakes=[
            slip("not_squared", "error**2", "error",
                 "The root is lost: square both sides of the formula first. Half the error takes "
                 "four times as many images."),
            slip("root_kept", "accuracy * (1 - accuracy) / error**2",
                 "np.sqrt(accuracy * (1 - accuracy)) / error",
                 "That is the root of the number of images."),
            slip("without_the_rest", " * (1 - accuracy)", "",
                 "The factor `1 - accuracy` is missing: a network that is always right has no "
                 "spread at all."),
            slip("upside_down", "accuracy * (1 - accuracy) / error**2",
                 "error**2 / max(accuracy * (1 - accuracy), 1e-300)",
                 "The fraction is upside down: a smaller error takes more images."),
        ],
        minutes=5,
    ),
]
