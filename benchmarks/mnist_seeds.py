"""The taught networks on all of MNIST with five seeds: test accuracy and time."""

import time

import torch

from benchmarks.tables import SEEDS_HEADER, five_seeds, write_table
from nnutils.datasets import load_mnist
from nnutils.pytorch import evaluate, make_cnn, make_mlp, train

NETWORKS = [(784, 512, 512, 10), (784, 512, 10)]


def train_mlp(data, sizes, seed):
    """Train a fully connected network as notebook 09 does; return it and the seconds."""
    generator = torch.Generator().manual_seed(seed)
    return _train(make_mlp(*sizes, generator=generator), data, generator)


def train_cnn(data, seed):
    """Train the convolutional network as notebook 10 does; return it and the seconds."""
    torch.manual_seed(seed)  # for dropout
    generator = torch.Generator().manual_seed(seed)
    # The rate was chosen on validation images, as in notebook 10.
    return _train(make_cnn(generator), data, generator, peak_rate=4e-3)


def _train(model, data, generator, **settings):
    start = time.perf_counter()
    train(model, data.X_train, data.y_train, generator=generator, **settings)
    return model, time.perf_counter() - start


def row(data, name, learn):
    """Return a row of the table: ``learn(seed)`` gives a network and the seconds it took."""

    def run(seed):
        model, seconds = learn(seed)
        return evaluate(model, data.X_test, data.y_test)[1], seconds

    return [name, *five_seeds(run)]


if __name__ == "__main__":
    data = load_mnist("mnist")
    header = ["network", *SEEDS_HEADER]
    rows = [
        row(data, "–".join(map(str, sizes)), lambda seed, sizes=sizes: train_mlp(data, sizes, seed))
        for sizes in NETWORKS
    ]
    write_table("mnist_seeds", header, rows)
    rows = [row(data, "convolutional", lambda seed: train_cnn(data, seed))]
    write_table("cnn_seeds", header, rows)
