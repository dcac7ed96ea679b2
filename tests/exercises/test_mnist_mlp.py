"""The exercises of notebook 09 against PyTorch; the contract tests cover what all share."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from nnutils.exercises import mnist_mlp as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge
from nnutils.training import make_mlp

SHAPES, STEP = find_exercise("mlp_shapes"), find_exercise("pytorch_step")


def cases_of(name):
    """Return the cases of an exercise, with some that are drawn."""
    exercise = find_exercise(name)
    return exercise.cases_for(exercise.reference)


# --- The references -------------------------------------------------------------------------------


def test_the_counts_are_those_of_torch():
    for case in cases_of("count_parameters"):
        (sizes,) = case.args
        total = sum(p.numel() for p in make_mlp(*sizes).parameters())
        assert module.count_parameters(sizes) == total


def test_the_table_holds_the_shapes_of_torch():
    X, model = torch.zeros(200, 28, 28), make_mlp(784, 512, 10)
    flat, first, _, second = model
    hidden = first(flat(X))
    arrays = [X, flat(X), first.weight, first.bias, hidden, second.weight, second(hidden)]
    shapes = [tuple(array.shape) for array in (*arrays, model(X).argmax(dim=1))]
    assert list(SHAPES.reference().values()) == shapes


def test_the_batches_are_those_of_torch():
    for case in cases_of("batches"):
        order, batch_size = case.args
        theirs = torch.tensor(order).split(batch_size)
        assert [b.tolist() for b in module.batches(*case.args)] == [b.tolist() for b in theirs]


def weight_after_three_steps(program):
    """Run the lines three times on ŷ = w · x with w = 1, and return w."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.ones_(model.weight)
    names = {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "loss_function": nn.MSELoss(),
        "X_batch": torch.tensor([[1.0], [-2.0]]),
        "y_batch": torch.tensor([[3.0], [1.0]]),
    }
    for _ in range(3):
        exec(program, names)
    return model.weight.item()


def test_every_order_that_is_accepted_learns_and_all_others_do_not(program):
    for order in map("".join, itertools.permutations("ABCDE")):
        try:  # the gradient is 5 w - 1, so that w becomes 0.6, 0.4 and 0.3
            learns = weight_after_three_steps(program(STEP, order)) == pytest.approx(0.3)
        except NameError:
            learns = False
        assert (judge(STEP, lambda order=order: order).verdict == "solved") == learns, order


def test_the_standard_error_is_the_spread_of_many_accuracies():
    rng = np.random.default_rng(0)
    for accuracy, n in ((0.98, 500), (0.6, 40)):
        spread = (rng.random((10_000, n)) < accuracy).mean(axis=1).std()
        assert module.standard_error(accuracy, n) == pytest.approx(spread, rel=0.03)


# --- Answers written in another way ---------------------------------------------------------------


def confusion_by_adding_at(y, y_hat, classes=10):
    matrix = np.zeros((classes, classes), dtype=np.uint8)
    np.add.at(matrix, (y, y_hat), 1)
    return matrix


def confusion_in_torch(y, y_hat, classes=10):
    pairs = torch.tensor(classes * y + y_hat)
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("count_parameters", lambda sizes: sum((np.array(sizes[:-1]) + 1) * sizes[1:])),
        ("mlp_shapes", lambda: {name: list(shape) for name, shape in SHAPES.reference().items()}),
        ("batches", lambda order, batch_size: torch.tensor(order).split(batch_size)),
        ("batches", lambda order, size: np.array_split(order, range(size, len(order), size))),
        ("pytorch_step", lambda: list("cedba")),
        ("confusion_matrix", confusion_by_adding_at),
        ("confusion_matrix", confusion_in_torch),
        ("confusion_matrix", lambda *args: module.confusion_matrix(*args).tolist()),
        ("standard_error", lambda p, n: torch.tensor(p * (1 - p) / n).sqrt()),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).verdict == "solved"


# --- What goes wrong ------------------------------------------------------------------------------


def confusion_of_the_classes_seen(y, y_hat, classes=10):
    return module.confusion_matrix(y, y_hat, max(y.max(), y_hat.max()) + 1)


def confusion_on_whole_arrays(y, y_hat, classes=10):
    matrix = np.zeros((classes, classes), dtype=int)
    matrix[y, y_hat] += 1
    return matrix


@pytest.mark.parametrize(
    ("name", "function", "said"),
    [
        ("batches", lambda order, size: module.batches(np.sort(order), size), "on this input"),
        ("confusion_matrix", confusion_of_the_classes_seen, "on this input"),
        ("confusion_matrix", confusion_on_whole_arrays, "`matrix[y, y_hat] += 1`"),
        ("confusion_matrix", lambda *args: 1.0 * module.confusion_matrix(*args), "are floats"),
        ("standard_error", lambda p, n: module.standard_error(p, n).round(2), "on this input"),
    ],
)
def test_what_is_said_is_true_of_other_ways_to_go_wrong(name, function, said):
    text = judge(find_exercise(name), function).text
    assert text.startswith("wrong") and said in text
