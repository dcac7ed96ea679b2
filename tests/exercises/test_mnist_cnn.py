"""The exercises of notebook 10 against PyTorch and SciPy; the contract tests cover the rest."""

import copy

import numpy as np
import pytest
import scipy.ndimage
import torch
import torch.nn.functional as F
from torch import nn

from nnutils.exercises import mnist_cnn as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge
from nnutils.training import fool, make_cnn

OFFICIAL = find_exercise("official_shapes")


# --- The references -------------------------------------------------------------------------------


def official(pool_after_the_first=False, padding=0):
    """Return the blocks of PyTorch's MNIST example by what the table calls their output."""
    side = (13 if pool_after_the_first else 26) + 2 * padding - 2
    return {
        "after the first convolution": nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU()),
        "after the second convolution": nn.Sequential(
            *[nn.MaxPool2d(2)] * pool_after_the_first, nn.Conv2d(32, 64, 3, padding=padding)
        ),
        "after max pooling": nn.Sequential(nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)),
        "flattened": nn.Flatten(),
        "logits": nn.Sequential(
            nn.Linear(64 * (side // 2) ** 2, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)
        ),
    }


def table_of(blocks):
    x = torch.zeros(64, 1, 28, 28)
    seen = {"images": tuple(x.shape)}
    for name, block in blocks.items():
        x = block(x)
        seen[name] = tuple(x.shape)
    seen.pop("logits")
    seen["weights of the first fully connected layer"] = tuple(blocks["logits"][0].weight.shape)
    parameters = nn.ModuleList(blocks.values()).parameters()
    return seen | {"parameters in all": sum(p.numel() for p in parameters)}


def test_the_table_of_the_official_network_is_that_of_torch():
    assert table_of(official()) == OFFICIAL.reference()


def test_its_mistakes_are_other_networks(mistaken):
    pooled, padded = official(pool_after_the_first=True), official(padding=1)
    assert table_of(pooled) == mistaken(OFFICIAL, "pooled_twice")()
    assert table_of(padded) == mistaken(OFFICIAL, "as_if_padded")()
    weights = sum(p.numel() for b in official().values() for p in b.parameters() if p.ndim > 1)
    assert mistaken(OFFICIAL, "without_biases")()["parameters in all"] == weights


def test_an_aimed_step_is_an_attack_with_a_negative_epsilon():
    model = make_cnn(torch.Generator().manual_seed(0)).eval()
    x = torch.rand(4, 28, 28, generator=torch.Generator().manual_seed(1))
    target = torch.tensor([3, 1, 4, 1])
    torch.testing.assert_close(module.aim(model, x, target, 0.1), fool(model, x, target, -0.1))


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (1, 0), (0, -1), (3, 2), (-2, 4), (-6, -5)])
def test_the_shift_is_that_of_scipy(dx, dy):
    X = np.random.default_rng(0).integers(0, 256, (4, 6, 7), dtype=np.uint8)
    expected = scipy.ndimage.shift(X, (0, dy, dx), order=0, mode="constant", cval=0)
    np.testing.assert_array_equal(module.shift(X, dx, dy), expected)


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


def shift_by_rolling(X, dx, dy):
    moved = np.roll(X, (dy, dx), axis=(1, 2))
    rows, columns = np.arange(X.shape[1]) - dy, np.arange(X.shape[2]) - dx
    moved[:, (rows < 0) | (rows >= X.shape[1])] = 0
    moved[:, :, (columns < 0) | (columns >= X.shape[2])] = 0
    return moved


def aim_by_backward(model, x, target, epsilon):
    x = x.detach().requires_grad_()
    F.nll_loss(model(x).log_softmax(dim=1), target).backward()
    return torch.clip(x.detach() - epsilon * torch.sign(x.grad), 0, 1).numpy()


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("official_shapes", lambda: {k: np.array(v) for k, v in OFFICIAL.reference().items()}),
        ("aim", aim_by_backward),
        ("aim", lambda model, x, target, epsilon: fool(model, x, target, -epsilon)),
        ("cnn", make_cnn),
        ("cnn", Cnn),
        ("cnn", DroppingByHand),
        ("cnn", with_blocks(8, 9, nn.LazyLinear(128))),
        ("cnn", with_blocks(9, 11, nn.Dropout(), nn.ReLU())),  # of positive numbers only
        ("cnn", lambda: module.cnn().to(memory_format=torch.channels_last)),
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


def test_a_wrong_entry_is_named_and_not_corrected():
    table = OFFICIAL.reference() | {"after max pooling": (64, 64, 13, 13)}
    text = judge(OFFICIAL, lambda: table).text
    assert '"after max pooling"' in text and "(64, 64, 12, 12)" not in text
