"""Rules of thumb on the size of a network, each tried with twenty small networks of notebook 04.

python -m benchmarks.rules

Each network learns in 250 steps of Adam from all its points at once, as in that notebook, and is
then tried on 1,000 new points. Within a rule nothing differs but what the rule speaks of; shapes
are compared at the same narrowest width.
"""

import numpy as np

from benchmarks.tables import write_table
from nnutils import datasets
from nnutils.network import Network
from nnutils.optimizers import Adam

DRAWS = range(20)
STEPS, RATE = 250, 0.05
GOOD = 0.95
CLOUDS = ("two clouds, 40 points", lambda rng, n=40: datasets.make_blobs(n, 1.0, rng))
CIRCLES = ("circles, 100 points", lambda rng, n=100: datasets.make_circles(n, 0.05, rng))
SPIRAL = ("spiral, 200 points", lambda rng, n=200: datasets.make_spiral(n, 0.02, rng))


def accuracies(make, hidden, activation, draw):
    """Return the shares that a network gets right: of the points it learned from, of new ones."""
    rng = np.random.default_rng(draw)
    (X, y), (X_new, y_new) = make(rng), make(rng, 1000)
    network = Network(
        [2, *hidden, 1],
        np.random.default_rng(draw),
        activation,
        loss="binary_cross_entropy",
        dtype=float,
    )
    optimizer = Adam(RATE)
    for _ in range(STEPS):
        network.train_step(X, y[:, None], optimizer)
    return network.accuracy(X, y[:, None]), network.accuracy(X_new, y_new[:, None])


def shares(make, hidden, activation="relu"):
    """Return how twenty networks do on the points they learned from, and on new ones: (2, 20)."""
    return np.transpose([accuracies(make, hidden, activation, draw) for draw in DRAWS])


def means(make, shapes):
    """Return for each shape, {name: hidden layers}, the mean shares, learned and new."""
    found = {name: 100 * shares(make, hidden, "tanh").mean(axis=1) for name, hidden in shapes}
    return ", ".join(f"{name}: {seen:.0f} and {new:.0f} %" for name, (seen, new) in found.items())


def good(found):
    """Return for each of ``found``, {name: shares}, how many are good on new points."""
    return ", ".join(f"{name}: {(new > GOOD).sum()} of 20" for name, (_, new) in found.items())


def rows():
    """Return the rows of the table: a rule, what it was tried on, what came out."""
    (clouds, make_clouds), (circles, make_circles), (spiral, make_spiral) = CLOUDS, CIRCLES, SPIRAL
    widths = [(f"{width} hidden", [width]) for width in (1, 4, 16, 64)]
    deep = {name: shares(make_circles, 8 * [8], name) for name in ("sigmoid", "tanh", "relu")}
    depths = {n: shares(make_spiral, n * [8]) for n in (1, 2, 4, 8)}
    shapes = ([5, 5, 5], [5, 25, 5], [5, 50, 5], [25, 5, 25])
    shaped = {"–".join(map(str, shape)): shares(make_spiral, shape) for shape in shapes}
    return [
        ["more neurons do better", f"{clouds}: learned and new points", means(make_clouds, widths)],
        ["ReLU for deep networks", f"{circles}: eight layers of 8 with", good(deep)],
        ["more layers do better", f"{spiral}: 1 to 8 layers of 8", good(depths)],
        ["first widen, then narrow; a factor of 5 at most", f"{spiral}: layers of", good(shaped)],
    ]


if __name__ == "__main__":
    write_table("rules", ["what is said", "tried on", "twenty trainings each"], rows())
