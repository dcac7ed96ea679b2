"""The network against PyTorch, against the numbers of notebook 06, and on real digits."""

import numpy as np
import pytest
import sklearn.datasets
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nnutils import losses
from nnutils.network import Activation, Linear, Network
from nnutils.optimizers import SGD, Adam

TORCH_ACTIVATIONS = {
    "relu": torch.nn.ReLU,
    "leaky_relu": torch.nn.LeakyReLU,
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
}
TORCH_LOSSES = {
    "cross_entropy": torch.nn.CrossEntropyLoss(),
    "binary_cross_entropy": torch.nn.BCEWithLogitsLoss(),
    "mse": torch.nn.MSELoss(),
}


def torch_twin(network):
    """The same network in PyTorch, with the same weights."""
    modules = []
    for layer in network.layers:
        if isinstance(layer, Activation):
            modules.append(TORCH_ACTIVATIONS[layer.name]())
        else:
            n_out, n_in = layer.W.shape
            modules.append(torch.nn.Linear(n_in, n_out, dtype=torch.float64))
    twin = torch.nn.Sequential(*modules)
    with torch.no_grad():
        for theirs, ours in zip(twin.parameters(), network.parameters()):
            theirs.copy_(torch.tensor(ours))
    return twin


def targets(loss, n, n_out, rng):
    if loss == "cross_entropy":
        return rng.integers(n_out, size=n)
    if loss == "binary_cross_entropy":
        return rng.integers(2, size=(n, n_out)).astype(float)
    return rng.normal(size=(n, n_out))


def assert_equal(network, twin, gradients=False):
    for ours, p in zip(
        network.gradients() if gradients else network.parameters(), twin.parameters()
    ):
        theirs = p.grad if gradients else p.detach()
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-11)


def test_the_numbers_of_notebook_06():
    network = Network(
        [2, 2, 1], np.random.default_rng(0), "sigmoid", "sigmoid", loss="mse", dtype=np.float64
    )
    values = [[0.1, 0.3], [0.2, 0.4]], [0.1, 0.2], [[0.5, 0.6]], [0.3]
    for p, value in zip(network.parameters(), values):
        p[:] = value
    outputs = network.forward([[1, 2], [3, 4]])
    assert outputs.shape == (2, 1)
    np.testing.assert_array_equal(outputs.round(4), [[0.7514], [0.7801]])
    assert round(network.loss(outputs, [[1], [0]]), 4) == 0.3352


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    n=st.integers(1, 7),
    activation=st.sampled_from(list(TORCH_ACTIVATIONS)),
    output=st.sampled_from([None, "sigmoid", "tanh"]),
    loss=st.sampled_from(list(TORCH_LOSSES)),
    seed=st.integers(0, 10**6),
)
def test_outputs_loss_gradients_and_steps_equal_torch(sizes, n, activation, output, loss, seed):
    rng = np.random.default_rng(seed)
    network = Network(sizes, rng, activation, output, loss, np.float64)
    for p in network.parameters():
        p[:] = rng.normal(size=p.shape)  # the biases too
    X, y = rng.normal(size=(n, sizes[0])), targets(loss, n, sizes[-1], rng)
    twin = torch_twin(network)
    optimizer, referee = SGD(0.1, 0.9), torch.optim.SGD(twin.parameters(), 0.1, momentum=0.9)
    for _ in range(3):
        outputs = twin(torch.tensor(X))
        expected = TORCH_LOSSES[loss](outputs, torch.tensor(y))
        np.testing.assert_allclose(
            network.forward(X), outputs.detach().numpy(), rtol=1e-9, atol=1e-11
        )
        referee.zero_grad()
        expected.backward()
        referee.step()
        found = network.train_step(X, y, optimizer)
        assert found == pytest.approx(expected.item(), rel=1e-9, abs=1e-11)
        assert_equal(network, twin, gradients=True)
        assert_equal(network, twin)


@settings(deadline=None)
@given(
    n=st.integers(1, 9), n_in=st.integers(1, 9), n_out=st.integers(1, 9), seed=st.integers(0, 99)
)
def test_one_layer_hands_back_the_gradients_of_torch(n, n_in, n_out, seed):
    rng = np.random.default_rng(seed)
    layer = Linear(n_in, n_out, rng, dtype=np.float64)
    layer.b[:] = rng.normal(size=n_out)
    X, dZ = rng.normal(size=(n, n_in)), rng.normal(size=(n, n_out))
    tX, tW, tb = (torch.tensor(a, requires_grad=True) for a in (X, layer.W, layer.b))
    tZ = torch.nn.functional.linear(tX, tW, tb)
    tZ.backward(torch.tensor(dZ))
    np.testing.assert_allclose(layer.forward(X), tZ.detach().numpy(), atol=1e-12)
    dX = layer.backward(dZ)
    for ours, t in ((dX, tX), (layer.dW, tW), (layer.db, tb)):
        assert ours.shape == tuple(t.shape)
        np.testing.assert_allclose(ours, t.grad.numpy(), atol=1e-12)


def test_the_first_layer_skips_the_gradient_of_the_data_and_nothing_else():
    rng = np.random.default_rng(0)
    network = Network([3, 4, 2], rng)
    assert [layer.needs_dX for layer in network.layers[::2]] == [False, True]
    X, dZ = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    network.forward(X)
    network.backward(dZ)
    without = [g.copy() for g in network.gradients()]
    network.layers[0].needs_dX = True
    network.backward(dZ)
    for a, b in zip(network.gradients(), without):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("activation", "variance"),
    [
        ("relu", 2 / 400),
        ("leaky_relu", 2 / 400),
        ("sigmoid", 2 / (400 + 600)),
        ("tanh", 2 / (400 + 600)),
    ],
)
def test_first_weights_follow_he_and_glorot(activation, variance):
    network = Network([400, 600, 2], np.random.default_rng(0), activation)
    W, b = network.parameters()[:2]
    assert W.mean() == pytest.approx(0, abs=5 * np.sqrt(variance / W.size))
    assert W.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / W.size))
    assert (b == 0).all()


def test_the_same_generator_gives_the_same_network_in_both_precisions():
    single, double = (
        Network([5, 4, 3], np.random.default_rng(1), dtype=dtype)
        for dtype in (np.float32, np.float64)
    )
    for a, b in zip(single.parameters(), double.parameters()):
        np.testing.assert_array_equal(a, b.astype(np.float32))
    assert (Network([5, 4, 3], np.random.default_rng(2)).layers[0].W != single.layers[0].W).all()


@pytest.mark.parametrize("loss", TORCH_LOSSES)
@pytest.mark.parametrize("activation", TORCH_ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_array_keeps_the_type_of_the_network(activation, loss, dtype):
    rng = np.random.default_rng(0)
    network = Network([4, 3, 2], rng, activation, loss=loss, dtype=dtype)
    X, y = rng.integers(256, size=(6, 4)).astype(np.uint8), targets(loss, 6, 2, rng)
    network.train_step(X, y, Adam())
    assert network.forward(X).dtype == dtype
    for a in (*network.parameters(), *network.gradients()):
        assert a.dtype == dtype


def test_parameters_are_the_arrays_themselves_in_order():
    network = Network([4, 3, 2], np.random.default_rng(0))
    assert [p.shape for p in network.parameters()] == [(3, 4), (3,), (2, 3), (2,)]
    assert [g.shape for g in network.gradients()] == [(3, 4), (3,), (2, 3), (2,)]
    assert network.parameters()[2] is network.layers[2].W
    assert repr(network) == (
        "Network([Linear(4, 3), Activation('relu'), Linear(3, 2)], loss='cross_entropy')"
    )


def spiral(n, rng):
    y = np.arange(n) % 2
    t = rng.uniform(0.5, 3, n)
    angle = 2 * t + np.pi * y
    return np.column_stack([t * np.cos(angle), t * np.sin(angle)]), y


@pytest.mark.parametrize("activation", TORCH_ACTIVATIONS)
def test_fit_learns_two_spirals(activation):
    rng = np.random.default_rng(0)
    X, y = spiral(200, rng)
    X_test, y_test = spiral(200, rng)
    network = Network([2, 32, 32, 2], rng, activation)
    history = network.fit(X, y, 150, 20, Adam(0.01), rng, X_test, y_test)
    assert list(history) == ["loss", "accuracy", "val_accuracy"]
    assert {len(numbers) for numbers in history.values()} == {150}
    assert history["val_accuracy"][-1] == network.accuracy(X_test, y_test) > 0.95
    assert history["loss"][-1] < 0.3 * history["loss"][0]


def test_fit_reads_real_digits():
    """With scikit-learn's 8×8 digits; its own network reaches 96 to 98 % on such a split."""
    rng = np.random.default_rng(0)
    X, y = sklearn.datasets.load_digits(return_X_y=True)
    order = rng.permutation(len(X))
    X, y = X[order] / 16, y[order]
    network = Network([64, 64, 10], rng)
    assert network.loss(network.forward(X), y) == pytest.approx(np.log(10), abs=0.5)
    network.fit(X[360:], y[360:], 30, 32, SGD(0.2), rng)
    assert 0.95 < network.accuracy(X[:360], y[:360]) < 1


def test_one_output_with_binary_cross_entropy_learns_too():
    rng = np.random.default_rng(0)
    X, y = spiral(200, rng)
    network = Network([2, 32, 32, 1], rng, loss="binary_cross_entropy")
    np.testing.assert_array_equal(network.predict(X), network.forward(X) >= 0)
    history = network.fit(X, y[:, None], 150, 20, Adam(0.01), rng)
    assert network.accuracy(X, y[:, None]) > 0.95
    assert set(np.unique(network.predict(X))) == {0, 1}
    assert list(history) == ["loss", "accuracy"]


def test_a_network_with_squared_error_learns_values():
    rng = np.random.default_rng(0)
    X = np.linspace(-2, 2, 100)[:, None]
    network = Network([1, 32, 1], rng, "tanh", loss="mse")
    history = network.fit(X, np.sin(2 * X), 300, 10, Adam(0.01), rng)
    assert list(history) == ["loss"]
    np.testing.assert_array_equal(network.predict(X), network.forward(X))
    assert losses.mse(network.predict(X), np.sin(2 * X)) < 0.01
    with pytest.raises(ValueError, match="accuracy needs a network that predicts labels"):
        network.accuracy(X, np.sin(2 * X))


def test_four_examples_can_be_learned_by_heart_and_noise_cannot_be_generalised():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1000, 8)), rng.integers(2, size=1000)
    network = Network([8, 32, 2], rng)
    network.fit(X[:4], y[:4], 200, 4, Adam(0.01), rng)
    assert network.accuracy(X[:4], y[:4]) == 1
    assert network.accuracy(X[4:], y[4:]) == pytest.approx(0.5, abs=0.08)


@settings(deadline=None)
@given(n=st.integers(1, 40), batch_size=st.integers(1, 50), seed=st.integers(0, 99))
def test_an_epoch_shows_every_example_once(n, batch_size, seed):
    """With rate 0 nothing is learned: the means over the batches are the means over the set."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 3)), rng.integers(4, size=n)
    network = Network([3, 5, 4], rng, dtype=np.float64)
    history = network.fit(X, y, 2, batch_size, SGD(0.0), rng)
    loss = network.loss(network.forward(X), y)
    assert history["loss"] == pytest.approx([loss, loss])
    assert history["accuracy"] == pytest.approx([network.accuracy(X, y)] * 2)


def test_fit_shuffles_anew_in_each_epoch_and_repeats_with_the_same_seed():
    rng = np.random.default_rng(0)
    X, y = spiral(50, rng)
    batches = []

    class Recording(Network):
        def train_step(self, X, y, optimizer):
            batches.append(X.copy())
            return super().train_step(X, y, optimizer)

    networks = [Recording([2, 4, 2], np.random.default_rng(1)) for _ in range(2)]
    histories = [n.fit(X, y, 2, 20, SGD(0.1), np.random.default_rng(2)) for n in networks]
    assert [len(batch) for batch in batches] == 2 * 2 * [20, 20, 10]
    assert not np.array_equal(batches[0], batches[3])
    assert histories[0] == histories[1]
    np.testing.assert_array_equal(networks[0].layers[0].W, networks[1].layers[0].W)


def test_predictions_do_not_depend_on_the_company():
    rng = np.random.default_rng(0)
    network = Network([3, 8, 5], rng, dtype=np.float64)
    X = rng.normal(size=(2500, 3))
    predicted = network.predict(X)
    assert predicted.shape == (2500,)
    np.testing.assert_array_equal(predicted, network.forward(X).argmax(axis=1))
    assert predicted[2345] == network.predict(X[2345:2346])[0]
    assert network.accuracy(X, predicted) == 1
    assert network.accuracy(X, (predicted + (np.arange(2500) < 500)) % 5) == 0.8
    assert network.predict(X[:0]).shape == (0,)


def make(*args, **options):
    return Network(*args, rng=np.random.default_rng(0), **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make([3]), r"at least two widths, got \[3\]"),
        (lambda: make([3, 0, 2]), "n_out must be a whole number of at least 1, got 0"),
        (
            lambda: make([3, 2], activation="swish"),
            "activation must be one of relu, .* got 'swish'",
        ),
        (lambda: make([3, 2], output="softmax"), "activation must be one of .* got 'softmax'"),
        (lambda: make([3, 2], loss="hinge"), "loss must be one of cross_entropy, .* got 'hinge'"),
        (
            lambda: Linear(3, 2, np.random.default_rng(0), init="zero"),
            "init must be one of he, xavier",
        ),
        (lambda: make([4, 2]).forward(np.zeros((5, 3))), r"must have shape \(n, 4\), got \(5, 3\)"),
        (lambda: make([4, 2]).forward(np.zeros(4)), r"must have shape \(n, 4\), got \(4,\)"),
        (lambda: make([4, 2]).forward(np.zeros((5, 2, 2))), r"\(n, 4\), got \(5, 2, 2\)"),
        (lambda: fit(np.zeros((5, 4)), np.zeros(4, int)), "y must hold 5 targets, got 4"),
        (lambda: fit(np.zeros((5, 4)), np.zeros(5, int), batch_size=0), "at least 1, got 0"),
        (lambda: fit(np.zeros((5, 4)), np.zeros((5, 1), int)), r"shape \(5,\), got \(5, 1\)"),
        (lambda: fit(np.zeros((0, 4)), np.zeros(0, int)), "got"),
        (
            lambda: make([4, 2]).accuracy(np.zeros((5, 4)), np.zeros((5, 1))),
            r"y must have shape \(5,\) and not be empty, got \(5, 1\)",
        ),
        (
            lambda: make([4, 1], loss="binary_cross_entropy").accuracy(
                np.zeros((5, 4)), np.zeros(5)
            ),
            r"y must have shape \(5, 1\) and not be empty, got \(5,\)",
        ),
        (lambda: make([4, 2]).accuracy(np.zeros((0, 4)), []), "not be empty"),
        (lambda: make([4, 2], dtype=int), "dtype must be one of floats, got <class 'int'>"),
        (lambda: fit(np.zeros((5, 4)), np.zeros(5, int), X_val=np.zeros((5, 4))), "only one"),
        (lambda: fit(np.zeros((5, 4)), np.zeros(5, int), y_val=np.zeros(5, int)), "only one"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def fit(X, y, batch_size=5, **validation):
    make([4, 2]).fit(X, y, 1, batch_size, SGD(0.1), np.random.default_rng(0), **validation)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        ("cross_entropy", ["0", "1", "1"], "labels must be whole numbers .* got <U1"),
        ("cross_entropy", [0.9, 1.9, 0.0], "labels must be whole numbers .* got float64"),
        ("cross_entropy", [0, 1, 2], "labels must lie in 0 … 1, got 0 … 2"),
        ("cross_entropy", [0, 1, -100], "labels must lie in 0 … 1, got -100 … 1"),
        ("binary_cross_entropy", [["0", "1"]] * 3, "array of real numbers, got one of <U1"),
        ("binary_cross_entropy", [[0, np.nan]] * 3, "labels must lie in 0 … 1, got nan"),
    ],
)
def test_labels_that_the_loss_does_not_take_are_refused_before_anything_is_learned(
    loss, y, message
):
    X, right = np.ones((3, 4)), np.zeros(np.shape(y), int)
    network = make([4, 2], loss=loss)
    before = [p.copy() for p in network.parameters()]
    rng = np.random.default_rng(0)
    for use in (
        lambda: network.accuracy(X, y),
        lambda: network.fit(X, y, 1, 1, SGD(0.1), rng),
        lambda: network.fit(X, right, 1, 1, SGD(0.1), rng, X, y),
    ):
        with pytest.raises(ValueError, match=message):
            use()
    for p, old in zip(network.parameters(), before):
        np.testing.assert_array_equal(p, old)


def test_a_layer_takes_lists():
    layer = Linear(2, 3, np.random.default_rng(0), dtype=float)
    X, dZ = [[1.0, 2.0]], [[1.0, 0.0, -1.0]]
    np.testing.assert_array_equal(layer.forward(X), layer.forward(np.array(X)))
    np.testing.assert_array_equal(layer.backward(dZ), layer.backward(np.array(dZ)))
