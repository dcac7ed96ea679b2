"""The debugging ladder: right networks pass every rung, and each rung breaks at its own fault."""

import copy

import numpy as np
import pytest

from nnutils import ladder
from nnutils.datasets import load_digits, make_blobs, make_moons, make_spiral
from nnutils.ladder import LadderReport, Rung, climb_ladder
from nnutils.network import Linear, Network

SEEDS = range(4)


def problem(seed, kind=Network, sizes=(2, 16, 16, 2), **options):
    rng = np.random.default_rng(seed)
    X, y = make_moons(200, 0.15, rng)
    return kind(list(sizes), rng, **options), X, y, rng


def broken(seed, kind, **options):
    network, X, y, rng = problem(seed, kind, **options)
    return climb_ladder(network, X, y, rng).broken


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_rung_breaks_for_a_right_network(seed, activation, dtype):
    assert broken(seed, Network, activation=activation, dtype=dtype) == []


@pytest.mark.parametrize(
    "sizes, make",
    [
        ((2, 2), make_moons),
        ((2, 8, 2), make_spiral),
        (
            (2, 8, 8, 8, 3),
            lambda n, noise, rng: make_blobs(n, noise, rng, [[0, 0], [2, 0], [0, 2]]),
        ),
    ],
)
@pytest.mark.parametrize("seed", SEEDS[:3])
def test_other_shapes_and_data_pass_too(seed, sizes, make):
    rng = np.random.default_rng(seed)
    X, y = make(120, 0.1, rng)
    report = climb_ladder(Network(list(sizes), rng), X, y, rng)
    # A single layer cannot learn every four examples by heart: its border is a line.
    assert report.broken in ([[], [2]] if len(sizes) == 2 else [[]])


def test_ten_classes_pass_and_raw_pixels_do_not():
    digits = load_digits()
    X, y = digits.X_train[:400].reshape(400, -1)[:, ::8], digits.y_train[:400]
    rng = np.random.default_rng(0)
    network = Network([98, 16, 10], rng)
    assert climb_ladder(network, X / 255, y, rng).broken == []
    assert climb_ladder(network, X.astype(float), y, rng).broken[0] == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_generator_gives_the_same_report_and_the_network_stays_fresh(seed):
    network, X, y, _ = problem(seed)
    before = copy.deepcopy(network.parameters())
    first, second = (climb_ladder(network, X, y, np.random.default_rng(1)) for _ in range(2))
    assert first == second
    for now, then in zip(network.parameters(), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("seed", SEEDS)
def test_right_networks_keep_clear_of_the_bands(seed):
    """The numbers that the docstrings quote."""
    network, X, y, rng = problem(seed)
    learner, rows = copy.deepcopy(network), ladder._four_rows(y, rng)
    ladder._train(learner, X[rows], y[rows], steps=300)
    assert learner.loss(learner.forward(X[rows]), y[rows]) < 0.01
    assert 0.55 * np.log(2) < network.loss(network.forward(X), y) < 4.6 * np.log(2)


@pytest.mark.parametrize("classes", [1, 2, 3, 10])
def test_four_rows_hold_as_many_classes_as_there_are(classes):
    rng = np.random.default_rng(3)
    for _ in range(20):
        y = rng.permutation(np.arange(40) % classes)
        rows = ladder._four_rows(y, rng)
        assert len(set(rows.tolist())) == 4
        assert len(set(y[rows].tolist())) == min(4, classes)


# --- Each rung has faults that break it -----------------------------------------------------------


class SumLoss(Network):
    """The loss is a sum over the batch; gradient and loss agree."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        mean, mean_grad = self.loss, self.loss_grad
        self.loss = lambda Z, y: len(y) * mean(Z, y)
        self.loss_grad = lambda Z, y: len(y) * mean_grad(Z, y)


class Uphill(Network):
    def train_step(self, X, y, optimizer):
        Z = self.forward(X)
        self.backward(self.loss_grad(Z, y))
        optimizer.step(self.parameters(), [-g for g in self.gradients()])
        return self.loss(Z, y)


class NoUpdate(Network):
    def train_step(self, X, y, optimizer):
        return self.loss(self.forward(X), y)


class DoubledLinear(Linear):
    def backward(self, dZ):
        return 2 * super().backward(dZ)


class WrongGradient(Network):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.layers[2].__class__ = DoubledLinear


class KnowsThePlace(Network):
    """The outputs depend on the place in the batch, as when a file is sorted by its labels."""

    def forward(self, X):
        Z = super().forward(X)
        first = np.arange(len(X)) < len(X) // 2
        self.outputs = Z + np.where(first[:, None], [9, -9], [-9, 9])
        return self.outputs


class LearnsFromTheTest(Network):
    """Measuring the accuracy trains on the examples that are measured."""

    def accuracy(self, X, y):
        ladder._train(self, X, y, steps=2000)
        return super().accuracy(X, y)


@pytest.mark.parametrize("seed", SEEDS)
def test_rung_1_breaks_when_the_loss_is_a_sum(seed):
    assert broken(seed, SumLoss)[0] == 1


@pytest.mark.parametrize("kind", [Uphill, NoUpdate])
@pytest.mark.parametrize("seed", SEEDS)
def test_rung_2_breaks_when_the_update_is_wrong(seed, kind):
    assert broken(seed, kind) == [2]


@pytest.mark.parametrize("seed", SEEDS)
def test_rung_3_breaks_when_the_backward_pass_is_wrong(seed):
    network, X, y, rng = problem(seed, WrongGradient)
    report = climb_ladder(network, X, y, rng)
    assert report.broken == [3]
    assert report.rungs[2].seen == "first wrong layer 1"


@pytest.mark.parametrize("seed", SEEDS)
def test_rung_3_looks_at_the_biases_too(seed):
    """At biases of zero and this bias gradient nothing would show."""

    class Decay(Linear):
        def backward(self, dZ):
            dX = super().backward(dZ)
            self.db = self.db + self.b
            return dX

    network, X, y, rng = problem(seed)
    network.layers[2].__class__ = Decay
    assert climb_ladder(network, X, y, rng).broken == [3]


@pytest.mark.parametrize("seed", SEEDS)
def test_rung_4_breaks_when_the_place_tells_the_label(seed):
    network, X, y, rng = problem(seed, KnowsThePlace)
    order = np.argsort(y)
    assert not ladder.check_constant_input(network, X[order], y[order]).holds
    assert ladder.check_constant_input(network, X, y).holds
    assert ladder.check_shuffled_labels(network, X[order], y[order], rng).holds


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_rung_5_breaks_when_the_test_is_learned_from(seed):
    """Only this rung: labels that cannot be known from a constant input stay unknown."""
    network, X, y, rng = problem(seed, LearnsFromTheTest, sizes=(2, 64, 64, 2))
    assert not ladder.check_shuffled_labels(network, X[:80], y[:80], rng).holds
    assert ladder.check_constant_input(network, X[:80], y[:80]).holds


def test_a_constant_input_can_only_find_the_commonest_class():
    network, X, _, _ = problem(0)
    y = np.arange(200) % 4 // 3  # three in four are class 0
    rung = ladder.check_constant_input(network, X, y)
    assert rung == Rung("constant input no better", True, "accuracy 75%, commonest class 75%")


# --- The report and what is refused ---------------------------------------------------------------


def test_the_report_can_be_read():
    network, X, y, rng = problem(0, NoUpdate)
    assert repr(climb_ladder(network, X, y, rng)) == (
        "1 loss at the start near ln C: True\n"
        "2 four examples by heart: False\n"
        "3 gradient check passes: True\n"
        "4 constant input no better: True\n"
        "5 shuffled labels give chance: True\n"
        "First broken rung: 2"
    )
    network, X, y, rng = problem(0)
    report = climb_ladder(network, X, y, rng)
    assert report.all_hold and repr(report).endswith("Every rung holds.")
    assert not LadderReport((Rung("a", False, "b"),)).all_hold


def test_what_is_refused():
    network, X, y, rng = problem(0, loss="mse")
    with pytest.raises(ValueError, match="a network with cross_entropy, got 'mse'"):
        climb_ladder(network, X, y, rng)
    network, X, y, rng = problem(0)
    with pytest.raises(ValueError, match="at least 8 examples and labels, got 7 and 7"):
        climb_ladder(network, X[:7], y[:7], rng)
    with pytest.raises(ValueError, match="got 200 and 199"):
        climb_ladder(network, X, y[1:], rng)
