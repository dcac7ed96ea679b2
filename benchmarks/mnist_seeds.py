"""The taught networks on all of MNIST with five seeds, each beside what it is measured against.

python -m benchmarks.mnist_seeds [mnist_seeds | cnn_seeds]
"""

import statistics
import sys
import time

import torch
from sklearn.neural_network import MLPClassifier

from benchmarks.tables import SEEDS, SEEDS_HEADER, five_seeds, write_table
from nnutils.datasets import load_mnist, to_inputs
from nnutils.training import evaluate, make_cnn, make_mlp, train

# Chosen on validation images: see benchmarks/schedules.py.
MLP_SCHEDULE = {"epochs": 5, "batch_size": 256, "peak_rate": 4e-3, "label_smoothing": 0.1}
PLAIN = {"epochs": 8, "batch_size": 128, "peak_rate": 2e-3}
CNN_SCHEDULE = {"epochs": 8, "batch_size": 128, "peak_rate": 4e-3}


def train_mlp(data, sizes, seed, schedule=MLP_SCHEDULE):
    """Train a fully connected network as notebook 09 does; return it and the seconds."""
    generator = torch.Generator().manual_seed(seed)
    return _train(make_mlp(*sizes, generator=generator), data, generator, schedule)


def train_cnn(data, seed, memory_format=None, schedule=CNN_SCHEDULE):
    """Train the convolutional network as notebook 10 does; return it and the seconds."""
    torch.manual_seed(seed)  # for dropout
    generator = torch.Generator().manual_seed(seed)
    model = make_cnn(generator)
    if memory_format is not None:
        model.to(memory_format=memory_format)
    return _train(model, data, generator, schedule)


def _train(model, data, generator, schedule):
    start = time.perf_counter()
    train(model, data.X_train, data.y_train, generator=generator, **schedule)
    return model, time.perf_counter() - start


def with_sklearn(data, seed):
    """Train 784–512–512–10 with scikit-learn, Adam at 0.001; return accuracy and seconds."""
    X, X_test = (to_inputs(images.reshape(-1, 784)) for images in (data.X_train, data.X_test))
    network = MLPClassifier((512, 512), batch_size=128, alpha=0, random_state=seed)
    start = time.perf_counter()
    for _ in range(PLAIN["epochs"]):
        network.partial_fit(X.astype("float32"), data.y_train, classes=range(10))
    seconds = time.perf_counter() - start
    return network.score(X_test.astype("float32"), data.y_test), seconds


def rows(learn):
    """Return the rows of a table; ``learn`` is {name: function}, the first one what is taught.

    ``function(seed)`` gives an accuracy and seconds. For each seed all of them run in turn: another
    program on the machine then slows all of them, and the ratios hold.
    """
    found = {name: [] for name in learn}
    for seed in SEEDS:
        for name, function in learn.items():
            found[name].append(function(seed))
    taught, *_ = found
    ratios = {
        name: statistics.median(ours[1] / theirs[1] for ours, theirs in zip(found[taught], runs))
        for name, runs in found.items()
    }
    return [
        [name, *five_seeds(runs.__getitem__), f"{ratios[name]:.2f}"] for name, runs in found.items()
    ]


def tested(data, model_and_seconds):
    """Return the accuracy on the test images, and the seconds."""
    model, seconds = model_and_seconds
    return evaluate(model, data.X_test, data.y_test)[1], seconds


def fully_connected(data):
    """Return the functions of a table, {name: function of the seed}; what is taught comes first."""
    wide, narrow = (784, 512, 512, 10), (784, 512, 10)
    return {
        "784–512–512–10": lambda seed: tested(data, train_mlp(data, wide, seed)),
        "the same, 8 epochs, batch 128": lambda s: tested(data, train_mlp(data, wide, s, PLAIN)),
        "the same in scikit-learn": lambda seed: with_sklearn(data, seed),
        "784–512–10": lambda seed: tested(data, train_mlp(data, narrow, seed)),
    }


def convolutional(data):
    """Return the same for the convolutional network."""
    usual = torch.contiguous_format
    return {
        "convolutional": lambda seed: tested(data, train_cnn(data, seed)),
        "the same, usual memory layout": lambda s: tested(data, train_cnn(data, s, usual)),
    }


TABLES = {"mnist_seeds": fully_connected, "cnn_seeds": convolutional}

if __name__ == "__main__":
    data = load_mnist("mnist")
    for name in sys.argv[1:] or TABLES:
        header = ["network", *SEEDS_HEADER, "time of the first : this one"]
        write_table(name, header, rows(TABLES[name](data)))
