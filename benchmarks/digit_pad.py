"""MNIST's test digits replayed on the pad of "Draw a digit": how many are read, how prepared."""

import numpy as np

from benchmarks.mlp_numpy import train_numpy
from benchmarks.mnist_seeds import train_cnn, train_mlp
from benchmarks.tables import write_table
from nnutils.datasets import fit_to_box, load_mnist, to_inputs
from nnutils.labs.draw_a_digit import FINE, SIDE, read, see, stand_in
from nnutils.network import Network
from nnutils.training import evaluate
from tools.stand_in import COPIES, all_digits, train

REPLAYED = 1000  # digits; 8 to 26 of the pad's 28 units high or wide


def replay(image, rng):
    """Return the pad (280, 280) with a digit of MNIST on it, at any size and any place."""
    box = fit_to_box(image, size=FINE * rng.integers(8, 27))
    height, width = box.shape
    top, left = (rng.integers(SIDE * FINE - side + 1) for side in box.shape)
    pad = np.zeros((SIDE * FINE, SIDE * FINE), np.uint8)
    pad[top : top + height, left : left + width] = np.round(255 * box)
    return pad


def without_distortions():
    """Return the stand-in's network trained as long, but on the bundled digits as they are."""
    X, y = all_digits()
    return train(lambda rng: (np.tile(X, (COPIES, 1, 1)), np.tile(y, COPIES)))


def accuracy(network, X, y):
    """Return the share of the images X (n, 28, 28) that a network of NumPy or torch reads."""
    if isinstance(network, Network):
        return network.accuracy(to_inputs(X.reshape(len(X), -1)), y)
    return evaluate(network, X, y)[1]


def share_read(network, pads, y, prepared):
    """Return the share of the drawings that the lab, with this network, reads."""
    answers = [read(network, see(pad, prepared)).argmax() for pad in pads]
    return np.mean(answers == y)


if __name__ == "__main__":
    data = load_mnist("mnist")
    networks = {
        "bundled digits as they are, 784–128–10": without_distortions(),
        "stand-in: bundled digits distorted, 784–128–10": stand_in(),
        "MNIST, 784–128–10 (NumPy)": train_numpy(data, seed=0)[0],
        "MNIST, 784–512–512–10": train_mlp(data, (784, 512, 512, 10), seed=0)[0],
        "MNIST, convolutional": train_cnn(data, seed=0)[0],
    }
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(data.X_test), REPLAYED, replace=False)
    pads, y = [replay(data.X_test[i], rng) for i in chosen], data.y_test[chosen]
    rows = [
        [
            name,
            f"{accuracy(network, data.X_test, data.y_test):.1%}",
            f"{share_read(network, pads, y, prepared=True):.1%}",
            f"{share_read(network, pads, y, prepared=False):.1%}",
        ]
        for name, network in networks.items()
    ]
    header = ["learned from", "test images", "drawings, prepared", "drawings as they stand"]
    write_table("digit_pad", header, [[cell.replace("%", " %") for cell in row] for row in rows])
