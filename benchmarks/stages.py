"""Each stage of the machine on the course's digits and on MNIST: what its card in a notebook says.

    python -m benchmarks.stages [stage …]

Without names all stages are measured. The networks of notebooks 09 and 10 are not trained on MNIST
anew: their accuracies come from the tables that ``benchmarks.mnist_seeds`` has written.
"""

import json
import statistics
import sys

import numpy as np

from benchmarks.mlp_numpy import learn_digits
from benchmarks.mnist_seeds import train_cnn, train_mlp
from benchmarks.tables import SEEDS, write_table
from nnutils.datasets import load_digits, load_mnist, to_inputs
from nnutils.datasets.files import BUNDLED
from nnutils.exercises.course import SLUGS
from nnutils.exercises.machine import STAGES
from nnutils.perceptron import Perceptron
from nnutils.training import evaluate
from tools.tables import measured

PASSES = {"bundled digits": 20, "MNIST": 5}  # at most, where no border separates the classes
STORED = {"mnist_mlp": "mnist_seeds", "mnist_cnn": "cnn_seeds"}  # the first row of these tables


def learn_one(X, y, data, rng):
    """Return a neuron that has learned to tell y (n,) of 0 and 1 by the rule of notebook 02."""
    neuron = Perceptron(X.shape[1])
    neuron.fit(X, y, max_epochs=PASSES[data.name], rng=rng)
    return neuron


def one_neuron(data, seed):
    """Return the share of the 3s and 8s in the test that one neuron tells apart, and how many."""
    (X, y), (X_test, y_test) = (
        (to_inputs(images.reshape(-1, 784))[chosen], labels[chosen] == 8)
        for images, labels in ((data.X_train, data.y_train), (data.X_test, data.y_test))
        for chosen in [np.isin(labels, (3, 8))]
    )
    neuron = learn_one(X, y, data, np.random.default_rng(seed))
    return np.mean(neuron.predict(X_test) == y_test), len(y_test)


def ten_neurons(data, seed):
    """Return the accuracy of ten such neurons, one for each digit: the largest z answers."""
    rng = np.random.default_rng(seed)
    X, X_test = (to_inputs(images.reshape(-1, 784)) for images in (data.X_train, data.X_test))
    neurons = [learn_one(X, data.y_train == digit, data, rng) for digit in range(10)]
    Z = X_test @ np.array([n.w for n in neurons]).T + [n.b for n in neurons]
    return np.mean(Z.argmax(axis=1) == data.y_test), len(Z)


def by_descent(data, seed):
    """Return the accuracy of ten neurons with softmax and cross-entropy, as in notebook 05."""
    return learn_digits(data, seed, sizes=(784, 10))[0], len(data.y_test)


def hidden_layer(data, seed):
    """Return the accuracy of the NumPy network of notebook 06."""
    return learn_digits(data, seed)[0], len(data.y_test)


def mlp(data, seed):
    """Return the accuracy of notebook 09's network, trained on the bundled digits."""
    model, _ = train_mlp(data, (784, 512, 512, 10), seed, schedule=DIGITS)
    return evaluate(model, data.X_test, data.y_test)[1], len(data.y_test)


def cnn(data, seed):
    """Return the accuracy of notebook 10's network, trained on the bundled digits as there."""
    schedule = {"epochs": 12, "batch_size": 32, "peak_rate": 4e-3}
    model, _ = train_cnn(data, seed, schedule=schedule)
    return evaluate(model, data.X_test, data.y_test)[1], len(data.y_test)


DIGITS = {"epochs": 40, "label_smoothing": 0.1}  # notebook 09 on the bundled digits
ORDERS = {"perceptron": range(20)}  # one neuron's accuracy depends much on the order of 287 digits
LEARN = dict(zip(STAGES, (one_neuron, ten_neurons, by_descent, hidden_layer, mlp, cnn)))


def measure_stage(stage, data):
    """Return the accuracies of all seeds, in percent, and the number of test images."""
    if data.name == "MNIST" and stage in STORED:
        (_, _, _, each, *_), *_ = measured(STORED[stage])
        return {"accuracies": [float(a) for a in each.split(",")], "images": len(data.y_test)}
    accuracies, images = zip(*(LEARN[stage](data, seed) for seed in ORDERS.get(stage, SEEDS)))
    return {"accuracies": [round(100 * float(a), 2) for a in accuracies], "images": images[0]}


def row(stage, found):
    """Return a row of the table."""
    cells = [f"{SLUGS.index(stage):02}", STAGES[stage]]
    for result in found.values():
        mean, spread = (f(result["accuracies"]) for f in (statistics.mean, statistics.stdev))
        cells += [f"{mean:.2f} %", f"{spread:.2f}", f"{result['images']:,}"]
    return cells


if __name__ == "__main__":
    path = BUNDLED / "stages.json"
    results = json.loads(path.read_text("utf-8")) if path.exists() else {}
    collections = {"digits": load_digits(), "mnist": load_mnist("mnist")}
    for stage in sys.argv[1:] or STAGES:
        results[stage] = {name: measure_stage(stage, data) for name, data in collections.items()}
    results = {stage: results[stage] for stage in STAGES}
    path.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    columns = ("standard deviation", "test images")
    header = ["notebook", "the machine", "the course's digits", *columns, "MNIST", *columns]
    write_table("stages", header, [row(*result) for result in results.items()])
