"""The NumPy network beside torch and scikit-learn, and the digits it learns in notebook 06."""

import time

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.tables import SEEDS_HEADER, five_seeds, measure, write_table
from nnutils.datasets import load_mnist, to_inputs
from nnutils.network import Network
from nnutils.optimizers import SGD, Adam
from nnutils.training import make_mlp, train


def one_epoch(data):
    """Time one epoch of 784–512–512–10, batch 128, Adam, and return the rows of the table."""
    X = to_inputs(data.X_train.reshape(-1, 784)).astype(np.float32)
    y = data.y_train

    def with_numpy():
        rng = np.random.default_rng(0)
        network = Network([784, 512, 512, 10], rng)
        network.fit(X, y, epochs=1, batch_size=128, optimizer=Adam(1e-3), rng=rng)

    def with_torch():
        train(make_mlp(784, 512, 512, 10), X, y, epochs=1, device="cpu")

    def with_sklearn():
        network = MLPClassifier((512, 512), batch_size=128, alpha=0)  # Adam at 1e-3
        network.partial_fit(X, y, classes=range(10))  # one epoch

    functions = {
        "`nnutils.network.Network`": with_numpy,
        "torch, `nnutils.training.train`": with_torch,
        "scikit-learn, `MLPClassifier`": with_sklearn,
    }
    seconds = measure(functions, rounds=7)
    ours = seconds["`nnutils.network.Network`"]
    return [[name, f"{s:.2f} s", f"{s / ours:.2f}"] for name, s in seconds.items()]


def train_numpy(data, seed, sizes=(784, 128, 10)):
    """Train a network, such as 784–128–10, as notebook 06 does; return it and the seconds."""
    rng = np.random.default_rng(seed)
    X = to_inputs(data.X_train.reshape(-1, 784)).astype(np.float32)
    network = Network(sizes, rng)
    start = time.perf_counter()
    network.fit(X, data.y_train, epochs=20, batch_size=128, optimizer=SGD(0.5), rng=rng)
    return network, time.perf_counter() - start


def learn_digits(data, seed, sizes=(784, 128, 10)):
    """Train a network as ``train_numpy`` does; return the test accuracy and the seconds."""
    network, seconds = train_numpy(data, seed, sizes)
    X_test = to_inputs(data.X_test.reshape(-1, 784)).astype(np.float32)
    return network.accuracy(X_test, data.y_test), seconds


if __name__ == "__main__":
    data = load_mnist("mnist")
    rows = one_epoch(data)
    write_table("mlp_numpy", ["one epoch", "median", "ratio to ours"], rows)
    row = five_seeds(lambda seed: learn_digits(data, seed))
    write_table("numpy_digits", SEEDS_HEADER, [row])
