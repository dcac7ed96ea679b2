"""MNIST's test digits replayed on the pad of "Draw a digit": how many are read, how prepared."""

import numpy as np
import torch

from benchmarks.cnn_seeds import PEAK_RATE
from benchmarks.tables import write_table
from nnutils.datasets import fit_to_box, load_digits, load_mnist
from nnutils.labs.draw_a_digit import FINE, SIDE, learn, read, see, stand_in
from nnutils.network import Network
from nnutils.optimizers import SGD
from nnutils.pytorch import evaluate, make_cnn, make_mlp, train

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
    digits = load_digits()
    X = np.concatenate([digits.X_train, digits.X_test])
    y = np.concatenate([digits.y_train, digits.y_test])
    return learn(np.tile(X, (6, 1, 1)), np.tile(y, 6), np.random.default_rng(0))


def numpy_network(data):
    """Return 784–128–10 trained as in notebook 06."""
    rng = np.random.default_rng(0)
    network = Network([784, 128, 10], rng)
    X = data.X_train.reshape(-1, 784).astype(np.float32) / 255
    network.fit(X, data.y_train, epochs=20, batch_size=128, optimizer=SGD(0.5), rng=rng)
    return network


def torch_network(data, make, **settings):
    """Return a network of torch trained as in notebooks 09 and 10."""
    torch.manual_seed(0)  # for dropout
    generator = torch.Generator().manual_seed(0)
    model = make(generator)
    train(model, data.X_train, data.y_train, generator=generator, **settings)
    return model


def accuracy(network, X, y):
    """Return the share of the images X (n, 28, 28) that a network of NumPy or torch reads."""
    if isinstance(network, Network):
        return network.accuracy(X.reshape(len(X), -1) / 255, y)
    return evaluate(network, X, y)[1]


def share_read(network, pads, y, prepared):
    """Return the share of the drawings that the lab, with this network, reads."""
    answers = [read(network, see(pad, prepared)).argmax() for pad in pads]
    return np.mean(answers == y)


if __name__ == "__main__":
    data = load_mnist("mnist")
    networks = {
        "bundled digits as they are, 784–256–10": without_distortions(),
        "stand-in: bundled digits distorted, 784–256–10": stand_in(),
        "MNIST, 784–128–10 (NumPy)": numpy_network(data),
        "MNIST, 784–512–512–10": torch_network(
            data, lambda g: make_mlp(784, 512, 512, 10, generator=g)
        ),
        "MNIST, convolutional": torch_network(data, make_cnn, peak_rate=PEAK_RATE),
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
