"""Every setting of the textbook and of the toy sets, with whole numbers, floats, and neither."""

import numpy as np
import pytest
import torch
from numpy.random import default_rng

from nnutils import activations, convolution, datasets, dice, gradcheck, neurons, optimizers
from nnutils.checks import finite_number, generator, whole_number
from nnutils.ladder import (
    check_backward,
    check_shuffled_labels,
    climb_ladder,
    with_random_weights,
)
from nnutils.network import Linear, Network
from nnutils.perceptron import Perceptron
from nnutils.training import evaluate, make_mlp, train

NO_NUMBERS = [float("nan"), float("inf"), -float("inf"), None, "3", [1, 2]]
X, Y = default_rng(0).normal(size=(12, 2)), np.arange(12) % 2
IMAGE = np.ones((2, 28, 28), np.uint8)
PIXELS = default_rng(0).normal(size=(1, 1, 9, 9))
W = np.ones((1, 1, 2, 2))
NETWORK = Network([2, 3, 2], default_rng(0), dtype=np.float64)


def fit(**settings):
    network = Network([2, 3, 2], default_rng(0))
    settings = {"epochs": 1, "batch_size": 12} | settings
    network.fit(X, Y, optimizer=optimizers.SGD(0.1), rng=default_rng(0), **settings)
    return network.forward(X)


def learn(**settings):
    model = make_mlp(2, 2)
    for p in model.parameters():
        p.data.fill_(0.1)
    settings = {"epochs": 1, "batch_size": 12} | settings
    train(model, X, Y, device="cpu", generator=torch.Generator().manual_seed(0), **settings)
    return evaluate(model, X, Y)


def toys(make):
    return lambda **settings: make(**{"n": 8, "noise": 0.1, "rng": default_rng(0)} | settings)


TOYS = {
    name: toys(getattr(datasets, name))
    for name in ("make_moons", "make_circles", "make_spiral", "make_xor", "make_blobs")
}

# A function of one setting, the setting, and the least whole number.
WHOLE = {
    **{name: (lambda n, make=make: make(n=n), "n", 1) for name, make in TOYS.items()},
    "all_rolls dice": (dice.all_rolls, "dice", 1),
    "all_rolls sides": (lambda n: dice.all_rolls(2, n), "sides", 1),
    "sum_distribution dice": (dice.sum_distribution, "dice", 1),
    "sum_distribution sides": (lambda n: dice.sum_distribution(2, n), "sides", 1),
    "roll_dice n": (lambda n: dice.roll_dice(n, default_rng(0)), "n", 1),
    "roll_dice dice": (lambda n: dice.roll_dice(2, default_rng(0), n), "dice", 1),
    "augment_digits": (
        lambda copies: datasets.augment_digits(IMAGE, [1, 2], copies, default_rng(0)),
        "copies",
        1,
    ),
    "fit_to_box": (lambda size: datasets.fit_to_box(IMAGE[0], size), "size", 1),
    "centre_by_mass": (lambda size: datasets.centre_by_mass(IMAGE[0, :1, :1], size), "size", 1),
    "Linear n_in": (lambda n: Linear(n, 2, default_rng(0)).W, "n_in", 1),
    "Linear n_out": (lambda n: Linear(2, n, default_rng(0)).W, "n_out", 1),
    "Network": (lambda n: Network([2, n, 1], default_rng(0)).layers[0].W, "n_out", 1),
    "fit epochs": (lambda n: fit(epochs=n), "epochs", 1),
    "fit batch_size": (lambda n: fit(batch_size=n), "batch_size", 1),
    "Perceptron": (lambda n: Perceptron(n).w, "inputs", 1),
    "Perceptron.fit": (lambda n: Perceptron(2).fit(X, Y, n).wrong, "max_epochs", 1),
    "one_cycle": (lambda n: optimizers.one_cycle(0, n, 1.0), "total", 1),
    "output_size n": (lambda n: convolution.output_size(n, 1), "n", 1),
    "output_size kernel": (lambda n: convolution.output_size(9, n), "kernel", 1),
    "conv2d stride": (lambda n: convolution.conv2d(PIXELS, W, stride=n), "stride", 1),
    "conv2d padding": (lambda n: convolution.conv2d(PIXELS, W, padding=n), "padding", 0),
    "conv2d dilation": (lambda n: convolution.conv2d(PIXELS, W, dilation=(1, n)), "dilation", 1),
    "conv2d_naive stride": (lambda n: convolution.conv2d_naive(PIXELS, W, stride=n), "stride", 1),
    "conv2d_backward stride": (
        lambda n: convolution.conv2d_backward(
            np.ones_like(convolution.conv2d(PIXELS, W, stride=n)), PIXELS, W, stride=n
        )[0],
        "stride",
        1,
    ),
    "sliding_windows": (lambda n: convolution.sliding_windows(PIXELS, n), "kernel", 1),
    "max_pool2d size": (lambda n: convolution.max_pool2d(PIXELS, n), "kernel", 1),
    "make_mlp": (lambda n: [p.shape for p in make_mlp(n, 3).parameters()], "a size", 1),
    "train epochs": (lambda n: learn(epochs=n), "epochs", 1),
    "train batch_size": (lambda n: learn(batch_size=n), "batch_size", 1),
}


@pytest.mark.parametrize(("function", "setting", "least"), WHOLE.values(), ids=WHOLE)
def test_whole_floats_and_numpy_integers_are_whole_numbers(function, setting, least):
    expected = function(2)
    for value in (2.0, np.float32(2), np.int32(2), np.uint8(2)):
        np.testing.assert_equal(function(value), expected)


@pytest.mark.parametrize(("function", "setting", "least"), WHOLE.values(), ids=WHOLE)
def test_what_is_no_whole_number_is_named(function, setting, least):
    for value in (least - 1, -3, 2.5, *NO_NUMBERS[:-1]):
        message = rf"^{setting} must be a whole number of at least {least}, got {value!r}$"
        with pytest.raises(ValueError, match=message):
            function(value)


POSITIVE = {
    "peak_rate": lambda x: learn(peak_rate=x),
    "rate": lambda x: Perceptron(2, rate=x),
    "h": lambda x: gradcheck.numeric_gradient(np.sum, np.ones(2), h=x),
    "tolerance": lambda x: gradcheck.check_gradients(NETWORK, X, Y, tolerance=x),
    "tau": lambda x: neurons.LIFNeuron(tau=x),
    "R": lambda x: neurons.LIFNeuron(R=x),
    "duration": lambda x: neurons.simulate(1.0, x),
    "dt": lambda x: neurons.simulate(1.0, 10, dt=x),
}
NOT_NEGATIVE = {
    **{f"{name} noise": lambda x, make=make: make(noise=x) for name, make in TOYS.items()},
    "simulate noise": lambda x: neurons.simulate(1.0, 1.0, noise=x, rng=default_rng(0)),
    "t_ref": lambda x: neurons.LIFNeuron(t_ref=x),
    "one_cycle peak": lambda x: optimizers.one_cycle(0, 10, x),
}
FINITE = {
    "V_rest": lambda x: neurons.LIFNeuron(V_rest=x),
    "leaky_relu slope": lambda x: activations.leaky_relu([1.0], x),
    "leaky_relu_grad slope": lambda x: activations.leaky_relu_grad([1.0], x),
    "big_from": lambda x: dice.is_big([[1, 2]], x),
    "threshold_unit threshold": lambda x: neurons.threshold_unit([1, 2], [1, 1], x),
    "mcculloch_pitts threshold": lambda x: neurons.mcculloch_pitts([1], [0], x),
}


@pytest.mark.parametrize(
    ("name", "function", "bounds", "outside", "inside"),
    [
        *((name, f, " above 0", [0, -1], [0.5]) for name, f in POSITIVE.items()),
        *((name, f, " of at least 0", [-1, -1e-9], [0, 0.5]) for name, f in NOT_NEGATIVE.items()),
        *((name, f, "", [], [-60, 0.5]) for name, f in FINITE.items()),
    ],
)
def test_what_is_no_finite_number_in_the_bounds_is_named(name, function, bounds, outside, inside):
    setting = name.split()[-1]
    for value in (*outside, *NO_NUMBERS[:-1]):
        with pytest.raises(ValueError) as error:
            function(value)
        assert str(error.value) == f"{setting} must be a finite number{bounds}, got {value!r}"
    for value in inside:
        function(value)


@pytest.mark.parametrize("rng", [0, None, np.random, np.random.RandomState(0)])
@pytest.mark.parametrize(
    "function",
    [
        *(lambda rng, make=make: make(rng=rng) for make in TOYS.values()),
        lambda rng: dice.roll_dice(1, rng),
        lambda rng: Linear(2, 1, rng),
        lambda rng: Network([2, 1], rng),
        lambda rng: Network([2, 2], default_rng(0)).fit(X, Y, 1, 12, optimizers.Adam(), rng),
        lambda rng: Perceptron(2).fit(X, Y, rng=0 if rng is None else rng),  # None: in order
        lambda rng: neurons.simulate(1.0, 1.0, noise=1.0, rng=rng),
        lambda rng: climb_ladder(NETWORK, X, Y, rng),
        lambda rng: check_backward(NETWORK, X, Y, rng),
        lambda rng: check_shuffled_labels(NETWORK, X, Y, rng),
        lambda rng: with_random_weights(NETWORK, rng),
        lambda rng: datasets.augment_digits(IMAGE, [1, 2], 1, rng),
    ],
)
def test_another_generator_is_named(function, rng):
    with pytest.raises(ValueError, match=r"[Gg]enerator"):
        function(rng)


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_at_all(value):
    with pytest.raises(ValueError, match="n must be a whole number of at least 1, got"):
        whole_number("n", value)
    with pytest.raises(ValueError, match="x must be a finite number, got"):
        finite_number("x", value)


def test_the_setting_comes_back():
    assert [whole_number("n", x) for x in (3, 3.0, np.int8(3), 10**30)] == [3, 3, 3, 10**30]
    assert type(whole_number("n", np.float64(3))) is int
    assert finite_number("x", 0.5, at_least=0, below=1) == 0.5
    with pytest.raises(ValueError, match="a finite number of at least 0 and below 1, got 1"):
        finite_number("x", 1, at_least=0, below=1)
    rng = default_rng(0)
    assert generator(rng) is rng
