"""The exercises of notebook 10 against PyTorch and SciPy; the contract tests cover the rest."""

import copy
import itertools

import numpy as np
import pytest
import scipy.ndimage
import torch
import torch.nn.functional as F
from torch import nn

from nnutils.exercises import mnist_cnn as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge
from nnutils.training import make_cnn

SHAPES, SCRIPT = find_exercise("cnn_shapes"), find_exercise("training_script")


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
    assert seen == SHAPES.reference()


def test_the_table_with_padding_is_that_of_padding(mistaken):
    table, padded = SHAPES.reference(), nn.Conv2d(16, 32, 5, padding=2)
    x = torch.zeros(table["after max pooling"])
    for block, name in (
        (padded, "after the second convolution"),
        (nn.MaxPool2d(2), "after max pooling again"),
        (nn.Flatten(), "flattened"),
    ):
        x = block(x)
        table[name] = tuple(x.shape)
    assert table == mistaken(SHAPES, "as_if_padded")()


def test_the_counts_are_those_of_torch():
    for layers in ([(1, 16, 5), (16, 32, 5), (512, 128, 1)], [(3, 7, 2)]):
        counts = module.parameters_per_layer(layers)
        for (n_in, n_out, k), count in zip(layers, counts, strict=True):
            parameters = nn.Conv2d(n_in, n_out, k).parameters()
            assert count == sum(p.numel() for p in parameters)
    (todays_network,) = find_exercise("parameters_per_layer").cases[0].args
    total = sum(p.numel() for p in make_cnn().parameters())
    assert sum(module.parameters_per_layer(todays_network)) == total


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (1, 0), (0, -1), (3, 2), (-2, 4), (-6, -5)])
def test_the_shift_is_that_of_scipy(dx, dy):
    X = np.random.default_rng(0).integers(0, 256, (4, 6, 7), dtype=np.uint8)
    expected = scipy.ndimage.shift(X, (0, dy, dx), order=0, mode="constant", cval=0)
    np.testing.assert_array_equal(module.shift(X, dx, dy), expected)


class Script:
    """Run the lines of the script and note in which state each was run."""

    def __init__(self, program):
        self.log = []
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
        exec(program, names)

    def make(self):
        self.model = nn.Sequential(nn.Linear(1, 2), nn.Dropout())
        return self.model


RIGHT = [("train", True)] * 16 + [("test", False)]


def test_every_order_that_is_accepted_runs_and_all_others_do_not(program):
    """All orders in which the three lines of the loops stay together."""
    for order in itertools.permutations(["A", "BGD", "C", "E", "F", "H"]):
        order = "".join(order)
        try:
            works = Script(program(SCRIPT, order)).log == RIGHT
        except NameError:
            works = False
        verdict = judge(SCRIPT, lambda order=order: order).verdict
        assert (verdict == "solved") == works, order


# --- Answers written in another way ---------------------------------------------------------------


class Cnn(nn.Module):
    """The network as a class, its layers in another order."""

    def __init__(self):
        super().__init__()
        self.output, self.hidden = nn.Linear(128, 10), nn.Linear(512, 128)
        self.conv2, self.conv1 = nn.Conv2d(16, 32, 5), nn.Conv2d(1, 16, 5)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x.unsqueeze(1)), 2).relu()
        x = F.max_pool2d(self.conv2(x).relu(), 2)
        return self.output(self.drop(self.hidden(x.flatten(1)).relu()))

    def drop(self, hidden):
        return F.dropout(hidden, 0.5, self.training)


class DroppingByHand(Cnn):
    def drop(self, hidden):
        return hidden * (torch.rand_like(hidden) < 0.5) * 2 if self.training else hidden


class AlwaysDropping(Cnn):
    def drop(self, hidden):
        return F.dropout(hidden, 0.5)


class NeverDropping(Cnn):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def drop(self, hidden):
        return hidden


def with_blocks(start, stop, *blocks):
    """Return an answer: the right network with other blocks in the places from start to stop."""

    def network():
        right = list(module.cnn())
        return nn.Sequential(*right[:start], *blocks, *right[stop:])

    return network


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
    ("name", "function"),
    [
        ("cnn_shapes", lambda: {name: list(shape) for name, shape in SHAPES.reference().items()}),
        ("cnn", make_cnn),
        ("cnn", Cnn),
        ("cnn", DroppingByHand),
        ("cnn", with_blocks(8, 9, nn.LazyLinear(128))),
        ("cnn", with_blocks(9, 11, nn.Dropout(), nn.ReLU())),  # of positive numbers only
        ("cnn", lambda: module.cnn().to(memory_format=torch.channels_last)),
        ("parameters_per_layer", count_in_numpy),
        ("parameters_per_layer", lambda layers: [b * a * k * k + b for a, b, k in layers]),
        ("training_script", lambda: "f h c bgd a e"),
        ("shift", shift_by_rolling),
        ("shift", lambda X, dx, dy: torch.tensor(module.shift(X, dx, dy)).float()),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).verdict == "solved"


# --- What goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: None, "an `nn.Sequential`"),
        (lambda: Cnn, "an `nn.Sequential`"),
        (with_blocks(8, 9, nn.Linear(800, 128)), "3x512 and 800x128"),
        (with_blocks(11, 12, nn.Linear(128, 9)), "give (3, 9) in place of (3, 10)"),
        (with_blocks(11, 12, nn.Linear(128, 10, bias=False)), "block by block"),
        (with_blocks(9, 10, nn.LeakyReLU()), "block by block"),
        (with_blocks(10, 11, nn.Dropout(0.2)), "block by block"),
        (with_blocks(10, 11, nn.Dropout1d(0.5)), "block by block"),
        (with_blocks(10, 11, nn.Dropout(0.5), nn.Dropout(0.5)), "block by block"),
        (with_blocks(0, 0, nn.Dropout(0.5)), "block by block"),
        (with_blocks(8, 8, nn.Dropout(0.5)), "block by block"),
        (with_blocks(12, 12, nn.Dropout(0.5)), "block by block"),
        (AlwaysDropping, "block by block"),
        (NeverDropping, "Nothing is dropped"),
    ],
)
def test_a_wrong_network_is_explained(function, message):
    result = judge(find_exercise("cnn"), function)
    assert result.verdict.startswith("wrong") and message in result.text


def test_a_network_is_left_as_it_was():
    network = make_cnn()
    before = copy.deepcopy(network.state_dict())
    assert judge(find_exercise("cnn"), lambda: network).verdict == "solved"
    assert network.training
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())


def test_pictures_that_are_not_cut_back_have_grown():
    def grown(X, dx, dy):
        room = np.pad(X, ((0, 0), (abs(dy), abs(dy)), (abs(dx), abs(dx))))
        return room[:, abs(dy) - dy :, abs(dx) - dx :]

    assert judge(find_exercise("shift"), grown).mistake == "room_kept"


def test_a_wrong_shape_is_named_and_not_corrected():
    table = SHAPES.reference() | {"after max pooling again": (64, 32, 5, 5)}
    text = judge(SHAPES, lambda: table).text
    assert '"after max pooling again"' in text and "(64, 32, 4, 4)" not in text


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("ABC", "exactly once"),
        ("HFCBGDAE", "before the line that makes it"),
        ("FHCGBDAE", "G, in place 4, comes too early"),
        ("FCBHGDAE", "must follow each other"),
        ("FHBGDCAE", "needs the optimizer"),
        ("FHCBGDEA", "before `model.eval()`"),
        (None, "exactly once"),
    ],
)
def test_a_wrong_order_is_explained(order, message):
    assert message in judge(SCRIPT, lambda: order).text
