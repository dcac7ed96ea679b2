"""The twelve mistakes: where the gradient check and the ladder catch each, and what each costs."""

import inspect

import numpy as np
import pytest

from nnutils.datasets import make_moons
from nnutils.gradcheck import check_gradients, relative_error
from nnutils.labs import broken
from nnutils.labs.broken import BUGS, OUTSIDE, make_right
from nnutils.ladder import climb_ladder, with_random_weights
from nnutils.optimizers import SGD

SEEDS = range(4)
BACKWARD = [bug for bug in BUGS if bug.place != OUTSIDE]
BEYOND = [bug for bug in BUGS if bug.place == OUTSIDE]
WRONG = {  # the arrays that go wrong, worked out with the chain rule by hand
    "bias gradient forgotten": "b1",
    "bias gradient averaged": "b3 b2 b1",
    "no division by the batch size": "W3 b3 W2 b2 W1 b1",
    "derivative f′ left out": "W2 b2 W1 b1",
    "derivative f′ taken at a": "W1 b1",
    "weights transposed on the way back": "W1 b1",
    "weights updated too early": "W2 b2 W1 b1",
    "ReLU asks for the sign of the gradient": "W2 b2 W1 b1",
    "a layer's output in place of its input": "W2",
}


def by_name(name):
    return next(bug for bug in BUGS if bug.name == name)


def moons(seed=0):
    rng = np.random.default_rng(seed)
    return *make_moons(200, 0.1, rng), *make_moons(500, 0.1, rng)


def check(network, seed, n=8):
    X, y, _, _ = moons(seed)
    drawn = with_random_weights(network, np.random.default_rng(seed))
    assert all(np.abs(layer.b).min() > 0 for layer in drawn.layers[:5:2])
    return check_gradients(drawn, X[:n], y[:n])


def learn(network, rate=0.4, steps=400):
    """Train on all moons at once; return the losses and the accuracy on fresh ones."""
    X, y, X_test, y_test = moons()
    optimizer, losses = SGD(rate), []
    while len(losses) < steps and (not losses or losses[-1] < 1e3):
        losses.append(network.train_step(X, y, optimizer))
    return np.array(losses), network.accuracy(X_test, y_test)


def learned(name, seed, **options):
    bug = by_name(name)
    right, _ = learn(make_right(np.random.default_rng(seed), bug.activation), **options)
    network = bug.make(np.random.default_rng(seed))
    return *learn(network, **options), right


def ids(bug):
    return bug.name


# --- What catches them ----------------------------------------------------------------------------


def test_twelve_different_mistakes_nine_of_them_in_the_backward_pass():
    assert len({bug.name for bug in BUGS}) == len({bug.part for bug in BUGS}) == 12
    assert len(BACKWARD) == 9 and {bug.place for bug in BACKWARD} == {1, 2, 3}
    assert {bug.rung for bug in BACKWARD} == {3}


@pytest.mark.parametrize("bug", BACKWARD, ids=ids)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_check_accuses_the_layer(bug, seed):
    report = check(bug.make(np.random.default_rng(seed)), seed)
    assert report.wrong_layer == bug.place
    assert [name for name, ok in report.ok.items() if not ok] == WRONG[bug.name].split()
    assert all(report.errors[name] > 0.01 for name in WRONG[bug.name].split())


@pytest.mark.parametrize("bug", BACKWARD, ids=ids)
def test_the_ladder_breaks_at_the_gradient_check(bug):
    for seed in SEEDS[:3]:
        rng = np.random.default_rng(seed)
        X, y, _, _ = moons(seed)
        rungs = climb_ladder(bug.make(rng), X, y, rng).rungs
        assert not rungs[bug.rung - 1].holds
        assert rungs[bug.rung - 1].seen == f"first wrong layer {bug.place}"
        assert rungs[0].holds and rungs[3].holds and rungs[4].holds


@pytest.mark.parametrize("bug", BEYOND, ids=ids)
@pytest.mark.parametrize("seed", SEEDS)
def test_outside_the_backward_pass_the_gradient_check_is_blind_and_its_rung_breaks(bug, seed):
    assert check(bug.make(np.random.default_rng(seed)), seed).all_ok
    rng = np.random.default_rng(seed)
    X, y, _, _ = moons(seed)
    assert climb_ladder(bug.make(rng), X, y, rng).broken == [bug.rung]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("seed", SEEDS)
def test_for_the_right_network_nothing_breaks(activation, seed):
    rng = np.random.default_rng(seed)
    X, y, _, _ = moons(seed)
    network = make_right(rng, activation)
    assert check(network, seed).all_ok
    assert climb_ladder(network, X, y, rng).all_hold


# --- One line is wrong, and the line beside it mends it -------------------------------------------


@pytest.mark.parametrize("number", range(len(BUGS)), ids=[bug.name for bug in BUGS])
def test_the_right_line_mends_the_network(number):
    bug = BUGS[number]
    classes, table = inspect.getsource(broken).split("# --- All twelve")
    line = bug.wrong if "missing" in bug.wrong else f"{bug.wrong}  # right: {bug.right}"
    assert classes.count(line) == 1
    namespace = {"__name__": broken.__name__}
    exec(classes.replace(line, bug.right) + "#" + table, namespace)
    mended = namespace["BUGS"][number].make(np.random.default_rng(4))
    right = make_right(np.random.default_rng(4), bug.activation)
    assert check(mended, 4).all_ok
    np.testing.assert_allclose(learn(mended, steps=30)[0], learn(right, steps=30)[0], rtol=1e-9)


@pytest.mark.parametrize("bug", BUGS, ids=ids)
def test_the_first_weights_are_those_of_the_right_network(bug):
    network = bug.make(np.random.default_rng(5))
    right = make_right(np.random.default_rng(5), bug.activation)
    for p, q in zip(network.parameters(), right.parameters(), strict=True):
        np.testing.assert_array_equal(p, q)
        assert p.dtype == np.float64


# --- What the stories and traces claim ------------------------------------------------------------


def test_without_the_hidden_bias_gradient_moons_still_reach_99_percent():
    accuracies = [learned("bias gradient forgotten", seed, rate=0.5)[1] for seed in range(9)]
    assert np.median(accuracies) > 0.985
    network = by_name("bias gradient forgotten").make(np.random.default_rng(0))
    learn(network)
    assert not network.layers[0].b.any()


@pytest.mark.parametrize("n", [5, 8, 50])
def test_a_factor_of_n_gives_its_error(n):
    for name in ("bias gradient averaged", "no division by the batch size"):
        errors = check(by_name(name).make(np.random.default_rng(0)), 0, n).errors
        wrong = [errors[array] for array in WRONG[name].split()]
        np.testing.assert_allclose(wrong, (n - 1) / (n + 1), rtol=1e-6)


def test_a_small_rate_hides_that_the_gradient_is_not_divided():
    bug = by_name("no division by the batch size")
    losses, _ = learn(bug.make(np.random.default_rng(1)), rate=0.4 / 200, steps=100)
    right, _ = learn(make_right(np.random.default_rng(1), "relu"), rate=0.4, steps=100)
    np.testing.assert_allclose(losses, right, rtol=1e-9)
    for seed in SEEDS:
        assert learned(bug.name, seed)[0][-1] > 1e3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "name",
    [
        "derivative f′ taken at a",
        "weights transposed on the way back",
        "weights updated too early",
        "a layer's output in place of its input",
    ],
)
def test_with_these_the_loss_falls_far_all_the_same(name, seed):
    losses, accuracy, _ = learned(name, seed)
    assert losses[-1] < losses[0] / 4 and accuracy > 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_of_the_next_step_cost_nothing_to_speak_of(seed):
    losses, _, right = learned("weights updated too early", seed)
    assert 0.7 < losses[-1] / right[-1] < 1.4


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["derivative f′ left out", "bias gradient averaged"])
def test_with_these_the_loss_stays_far_above(name, seed):
    losses, accuracy, right = learned(name, seed)
    assert 10 * right[-1] < losses[-1] < 0.8 * losses[0]
    assert 0.8 < accuracy < 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_errors_of_the_two_mistakes_that_spoil_layer_1(seed):
    sizes = {}
    for name in ("derivative f′ taken at a", "weights transposed on the way back"):
        sizes[name] = check(by_name(name).make(np.random.default_rng(seed)), seed).errors["W1"]
    assert 0.03 < sizes["derivative f′ taken at a"] < 0.3
    assert sizes["weights transposed on the way back"] > 0.4


@pytest.mark.parametrize("seed", SEEDS)
def test_relu_hides_a_derivative_taken_at_a(seed):
    network = make_right(np.random.default_rng(seed), "relu")
    network.layers[1].__class__ = broken.DerivativeAtA
    assert check(network, seed).all_ok


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mask_of_the_gradient_kills_the_layer(seed):
    network = by_name("ReLU asks for the sign of the gradient").make(np.random.default_rng(seed))
    layer = network.layers[2]
    W, b = layer.W.copy(), layer.b.copy()
    losses, accuracy = learn(network)
    assert (layer.W <= W).all() and (layer.b <= b).all()
    assert losses[-1] == pytest.approx(np.log(2), abs=0.005) and accuracy == 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_the_curves_of_the_mistakes_outside(seed):
    uphill, _, _ = learned("update in the wrong direction", seed)
    assert uphill[-1] > 1e3
    stale, _, _ = learned("gradients collected before the loop", seed)
    assert len(stale) == 400 and np.ptp(stale) == 0
    twice, accuracy, _ = learned("softmax twice", seed)
    assert np.log(1 + np.exp(-1)) < twice[-1] < 0.35 and accuracy > 0.93


def test_the_softmax_layer_has_the_derivatives_of_the_softmax():
    rng = np.random.default_rng(6)
    Z, dP = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    layer = broken.Softmax()
    P = layer.forward(Z)
    jacobians = np.array([np.diag(p) - np.outer(p, p) for p in P])
    dZ = np.einsum("ni,nij->nj", dP, jacobians)
    assert relative_error(layer.backward(dP), dZ) < 1e-12
