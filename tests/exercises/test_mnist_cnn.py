"""The exercises of notebook 10 against PyTorch and SciPy; the contract tests cover the rest."""

import copy
import itertools

import numpy as np
import pytest
import scipy.ndimage
import torch
from torch import nn

from nnutils.exercises import mnist_cnn as module
from nnutils.exercises.base import judge
from nnutils.pytorch import make_cnn

EXERCISES = {exercise.id: exercise for exercise in module.EXERCISES}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path))


# --- The references -------------------------------------------------------------------------------


def test_the_table_of_shapes_is_that_of_torch():
    seen, x = {"images": (64, 28, 28)}, torch.zeros(64, 28, 28)
    names = ["with a channel", "after the first convolution", None, "after max pooling"]
    names += ["after the second convolution", None, "after max pooling again", "flattened"]
    model = make_cnn()
    for block, name in itertools.zip_longest(model, names):
        x = block(x)
        seen[name or "other"] = tuple(x.shape)
    seen["logits"] = seen.pop("other")
    seen["kernels of the first convolution"] = tuple(model[1].weight.shape)
    seen["kernels of the second convolution"] = tuple(model[4].weight.shape)
    assert seen == module.shapes()


def test_the_table_with_padding_is_that_of_padding():
    x, sides = torch.zeros(1, 1, 28, 28), []
    convolutions = nn.Conv2d(1, 16, 5, padding=2), nn.Conv2d(16, 32, 5, padding=2)
    for block in (convolutions[0], nn.MaxPool2d(2), convolutions[1], nn.MaxPool2d(2)):
        x = block(x)
        sides.append(x.shape[-1])
    assert module._with_sides(*sides) == module._as_if_padded()
    assert module._with_sides(24, 12, 8, 4) == module.shapes()


def test_the_network_is_that_of_the_package():
    assert module._same_network(module.cnn(), make_cnn())


def test_the_counts_are_those_of_torch():
    for layers in ([(1, 16, 5), (16, 32, 5), (512, 128, 1)], [(3, 7, 2)]):
        for (n_in, n_out, k), count in zip(layers, module.count_parameters(layers), strict=True):
            parameters = nn.Conv2d(n_in, n_out, k).parameters()
            assert count == sum(p.numel() for p in parameters)
    assert sum(module.count_parameters(EXERCISES["10.3"].cases[0].args[0])) == sum(
        p.numel() for p in make_cnn().parameters()
    )


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (1, 0), (0, -1), (3, 2), (-2, 4), (-6, -5)])
def test_the_shift_is_that_of_scipy(dx, dy):
    X = np.random.default_rng(0).integers(0, 256, (4, 6, 7), dtype=np.uint8)
    expected = scipy.ndimage.shift(X, (0, dy, dx), order=0, mode="constant", cval=0)
    np.testing.assert_array_equal(module.shift(X, dx, dy), expected)


class Script:
    """Run the lines of the script and note in which state each was run."""

    def __init__(self, order):
        self.log, self.optimizers = [], 0
        lines = "\n".join(module.SCRIPT[letter] for letter in order)
        names = {
            "make_cnn": self.make,
            "train_step": lambda model, *_: self.log.append(("train", model.training)),
            "torch": torch,
            "X_train": torch.zeros(200, 1),
            "y_train": torch.zeros(200),
            "X_test": torch.zeros(5, 1),
            "y_test": torch.zeros(5),
            "print": lambda _: self.log.append(("test", self.model.training)),
        }
        exec(lines, names)

    def make(self):
        self.model = nn.Sequential(nn.Linear(1, 2), nn.Dropout())
        return self.model


RIGHT = [("train", True)] * 16 + [("test", False)]


def test_every_order_that_is_accepted_runs_and_all_others_do_not():
    """All orders in which the three lines of the loops stay together."""
    for order in itertools.permutations(["A", "BGD", "C", "E", "F", "H"]):
        order = "".join(order)
        try:
            works = Script(order).log == RIGHT
        except NameError:
            works = False
        unusual = order.index("H") > order.index("D")  # a new network is in training mode anyway
        assert module._is_right_script(order, None) == (works and not unusual), order


# --- Answers written in another way ---------------------------------------------------------------


def cnn_as_a_class():
    class Cnn(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 16, 5), nn.Conv2d(16, 32, 5)
            self.hidden, self.dropout = nn.Linear(512, 128), nn.Dropout()
            self.output = nn.Linear(128, 10)

        def forward(self, x):
            x = nn.functional.max_pool2d(self.conv1(x.unsqueeze(1)), 2).relu()
            x = nn.functional.max_pool2d(self.conv2(x).relu(), 2).flatten(1)
            return self.output(self.dropout(self.hidden(x).relu()))

    return Cnn()


def count_in_numpy(layers):
    n_in, n_out, k = np.array(layers).T
    return n_in * n_out * k**2 + n_out


def shift_by_rolling(X, dx, dy):
    moved = np.roll(X, (dy, dx), axis=(1, 2))
    rows, columns = np.arange(X.shape[1]) - dy, np.arange(X.shape[2]) - dx
    moved[:, (rows < 0) | (rows >= X.shape[1])] = 0
    moved[:, :, (columns < 0) | (columns >= X.shape[2])] = 0
    return moved


@pytest.mark.parametrize(
    ("id", "function"),
    [
        ("10.1", lambda: {name: list(shape) for name, shape in module.shapes().items()}),
        ("10.2", make_cnn),
        ("10.2", cnn_as_a_class),
        ("10.3", count_in_numpy),
        ("10.3", lambda layers: [b * a * k * k + b for a, b, k in layers]),
        ("10.4", lambda: "f h c bgd a e"),
        ("10.5", shift_by_rolling),
    ],
)
def test_other_right_ways_are_accepted(id, function):
    assert judge(EXERCISES[id], function).verdict == "solved"


# --- What goes wrong ------------------------------------------------------------------------------


def wrong_in_features():
    network = module.cnn()
    network[8] = nn.Linear(800, 128)
    return network


def nine_classes():
    network = module.cnn()
    network[11] = nn.Linear(128, 9)
    return network


def another_dropout():
    network = module.cnn()
    network[10] = nn.Dropout(0.2)
    return network


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: None, "an `nn.Sequential`"),
        (wrong_in_features, "3x512 and 800x128"),
        (nine_classes, "give (3, 9) in place of (3, 10)"),
        (another_dropout, "block by block"),
    ],
)
def test_a_wrong_network_is_explained(function, message):
    result = judge(EXERCISES["10.2"], function)
    assert result.verdict.startswith("wrong") and message in result.text


def test_a_network_is_left_as_it_was_by_the_comparison():
    network = make_cnn()
    before = copy.deepcopy(network.state_dict())
    assert module._same_network(network, module.cnn())
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())


def test_a_wrong_shape_is_named_and_not_corrected():
    table = module.shapes() | {"after max pooling again": (64, 32, 5, 5)}
    text = judge(EXERCISES["10.1"], lambda: table).text
    assert '"after max pooling again"' in text and "(64, 32, 4, 4)" not in text


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("ABC", "exactly once"),
        ("HFCBGDAE", "before the line that makes it"),
        ("FHCGBDAE", "must follow each other"),
        ("FHBGDCAE", "needs the optimizer"),
        ("FHCBGDEA", "dropout must be off"),
        (None, "exactly once"),
    ],
)
def test_a_wrong_order_is_explained(order, message):
    assert message in judge(EXERCISES["10.4"], lambda: order).text
