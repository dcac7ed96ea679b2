"""The exercises of notebook 09 against PyTorch; the contract tests cover what all share."""

import numpy as np
import pytest
import torch
from torch import nn

from nnutils.datasets import load_digits, to_inputs
from nnutils.exercises import mnist_mlp as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import check, judge
from nnutils.labs.mnist_mlp import VALIDATION
from nnutils.learner import progress
from nnutils.training import make_mlp, train

CHALLENGE = find_exercise("small_network")


def cases_of(name):
    """Return the cases of an exercise, with some that are drawn."""
    exercise = find_exercise(name)
    return exercise.cases_for(exercise.reference)


# --- The references -------------------------------------------------------------------------------


def parameters_of(*sizes):
    return sum(p.numel() for p in make_mlp(*sizes).parameters())


def test_the_widest_layer_keeps_to_the_limit_and_one_neuron_more_does_not():
    for case in cases_of("widest_layer"):
        limit, n_in, n_out = case.args if len(case.args) == 3 else (*case.args, 784, 10)
        h = module.widest_layer(*case.args)
        assert parameters_of(n_in, h, n_out) <= limit < parameters_of(n_in, h + 1, n_out)


def by_hand(model, X, y, epochs, batch_size):
    """Train without an optimizer of torch: each parameter minus 0.1 times its gradient."""
    losses = []
    for _ in range(epochs):
        for start in range(0, len(X), batch_size):
            rows = slice(start, start + batch_size)
            loss = nn.functional.cross_entropy(model(X[rows]), y[rows])
            gradients = torch.autograd.grad(loss, list(model.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(model.parameters(), gradients):
                    parameter -= 0.1 * gradient
        losses.append(-model(X).log_softmax(dim=1)[torch.arange(len(y)), y].mean().item())
    return losses


def test_the_loop_learns_the_digits():
    model, X, y, epochs, batch_size = find_exercise("training_loop").all_cases[-1].args
    losses = module.training_loop(model, X, y, epochs, batch_size)
    assert losses == sorted(losses, reverse=True) and losses[-1] < np.log(10)


def test_the_images_that_are_needed_give_the_spread_that_is_asked_for():
    rng = np.random.default_rng(0)
    for accuracy, error in ((0.98, 0.01), (0.6, 0.05)):
        n = round(module.images_needed(accuracy, error))
        spread = (rng.random((10_000, n)) < accuracy).mean(axis=1).std()
        assert spread == pytest.approx(error, rel=0.03)


# --- The challenge --------------------------------------------------------------------------------


def test_the_challenge_measures_what_the_lab_shows():
    settings = module.small_network()
    how = {name: value for name, value in settings.items() if name != "hidden"}
    digits, right = load_digits(), []
    X_val = to_inputs(torch.tensor(digits.X_train[-VALIDATION:]))
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        model = make_mlp(784, *settings["hidden"], 10, generator=generator)
        X, y = digits.X_train[:-VALIDATION], digits.y_train[:-VALIDATION]
        train(model, X, y, generator=generator, device="cpu", **how)
        answers = model(X_val).argmax(dim=1).numpy()
        right.append(np.mean(answers == digits.y_train[-VALIDATION:]))
    measured = module.trained(settings)
    assert measured["verdict"] == "trained"
    assert measured["accuracy"] == pytest.approx(100 * np.mean(right), abs=0.4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hidden": [63]}, "50,000 parameters or more"),
        ({"hidden": [60, 60, 60]}, "50,000 parameters or more"),
        ({"epochs": 21}, "At most 20 epochs"),
        ({"batch_size": 31}, "at least 32 digits"),
        ({"hidden": [], "epochs": 1}, "The target is 96.5 %"),
        ({"epochs": 0}, "ValueError"),
        ({"hidden": 62}, "TypeError"),
    ],
)
def test_the_challenge_says_what_is_wrong(changes, said):
    result = judge(CHALLENGE, lambda: module.small_network() | changes)
    assert not result.verdict.startswith("solved") and said in result.text
    assert result.score is None


def test_the_widest_network_is_allowed():
    assert parameters_of(784, 62, 10) < module.LIMIT <= parameters_of(784, 63, 10)


def test_the_record_is_kept_with_the_progress(monkeypatch, tmp_path):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path))
    accuracies = {10: 96.88, 11: 96.53, 12: 97.22, 13: 95.0, 14: 96.53}  # by epochs
    monkeypatch.setattr(
        module, "_validation_accuracy", lambda sizes, how: accuracies[dict(how)["epochs"]]
    )

    def said(epochs):
        names = {
            "my_small_network": lambda: module.small_network() | {"epochs": epochs},
            "check": check,
        }
        return eval('check("small_network")', names).text

    assert "Your score is 96.88. It is your first record" in said(10)
    assert "Your score is 96.53. Your record is 96.88." in said(11)
    assert "Your score is 97.22. A new record; the one before was 96.88." in said(12)
    assert said(13).startswith("wrong") and "95.0 %" in said(13)
    assert "Your score is 96.53. Your record is 97.22." in said(14)
    kept = [answer.get("score") for answer in progress.answers_to("small_network")]
    assert [score for score in kept if score is not None] == [96.88, 96.53, 97.22, 96.53]
    assert progress.solved() == {"small_network"}


# --- Answers written in another way ---------------------------------------------------------------


def confusion_by_adding_at(y, y_hat, classes=10):
    matrix = np.zeros((classes, classes), dtype=np.uint8)
    np.add.at(matrix, (y, y_hat), 1)
    return matrix


def confusion_in_torch(y, y_hat, classes=10):
    pairs = torch.tensor(classes * y + y_hat)
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def widest_by_trying(limit, n_in=784, n_out=10):
    h = 1
    while (n_in + 1) * (h + 1) + (h + 2) * n_out <= limit:
        h += 1
    return h


def loop_in_another_order(model, X, y, epochs, batch_size):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = torch.zeros(epochs)
    for epoch in range(epochs):
        for images, labels in zip(X.split(batch_size), y.split(batch_size)):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
        with torch.no_grad():
            losses[epoch] = nn.functional.cross_entropy(model(X), y)
    return losses


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("widest_layer", widest_by_trying),
        ("widest_layer", lambda n, a=784, b=10: int((n - b) / (a + b + 1))),
        ("training_loop", by_hand),
        ("training_loop", loop_in_another_order),
        ("confusion_matrix", confusion_by_adding_at),
        ("confusion_matrix", confusion_in_torch),
        ("confusion_matrix", lambda *args: module.confusion_matrix(*args).tolist()),
        ("images_needed", lambda p, error: torch.tensor((p - p**2) / error**2)),
        ("small_network", lambda: module.small_network() | {"hidden": (62,)}),
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


def with_a_new_order(model, X, y, epochs, batch_size):
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))
    return module.training_loop(model, X[order], y[order], epochs, batch_size)


def step_before_backward(model, X, y, epochs, batch_size):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(epochs):
        for rows in torch.arange(len(X)).split(batch_size):
            optimizer.step()
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[rows]), y[rows]).backward()
        losses.append(nn.functional.cross_entropy(model(X), y).item())
    return losses


@pytest.mark.parametrize(
    ("name", "function", "said"),
    [
        ("training_loop", with_a_new_order, "on this input"),
        ("training_loop", step_before_backward, "on this input"),
        ("confusion_matrix", confusion_of_the_classes_seen, "on this input"),
        ("confusion_matrix", confusion_on_whole_arrays, "`matrix[y, y_hat] += 1`"),
        ("confusion_matrix", lambda *args: 1.0 * module.confusion_matrix(*args), "are floats"),
        ("images_needed", lambda p, error: round(module.images_needed(p, error)), "on this"),
    ],
)
def test_what_is_said_is_true_of_other_ways_to_go_wrong(name, function, said):
    text = judge(find_exercise(name), function).text
    assert text.startswith("wrong") and said in text
