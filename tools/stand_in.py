"""Train the network that reads drawings until the learner's own does, and store it in data/.

    python -m tools.stand_in

It learns from distorted copies of the bundled digits, new ones in every epoch: two minutes.
"""

import numpy as np

from nnutils.datasets import augment_digits, load_digits, to_inputs
from nnutils.datasets.files import BUNDLED
from nnutils.labs.draw_a_digit import STAND_IN_SIZES
from nnutils.network import Network
from nnutils.optimizers import Adam, one_cycle

EPOCHS, COPIES = 60, 6


def all_digits():
    """Return the images (1797, 28, 28) and the labels of all bundled digits."""
    digits = load_digits()
    X = np.concatenate([digits.X_train, digits.X_test])
    return X, np.concatenate([digits.y_train, digits.y_test])


def train(examples_of, epochs=EPOCHS, seed=0):
    """Return a network that learns, in each epoch, from images and labels ``examples_of(rng)``."""
    rng = np.random.default_rng(seed)
    network, optimizer = Network(STAND_IN_SIZES, rng), Adam()
    for epoch in range(epochs):
        optimizer.rate = one_cycle(epoch, epochs, peak=4e-3)
        X, y = examples_of(rng)
        X = to_inputs(X.reshape(len(X), -1)).astype(np.float32)
        network.fit(X, y, epochs=1, batch_size=128, optimizer=optimizer, rng=rng)
    return network


def main():
    """Train the network and store its parameters in half precision."""
    X, y = all_digits()
    network = train(lambda rng: augment_digits(X, y, COPIES, rng))
    arrays = [parameter.astype(np.float16) for parameter in network.parameters()]
    np.savez_compressed(BUNDLED / "stand_in.npz", *arrays)


if __name__ == "__main__":
    main()
