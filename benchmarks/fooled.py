"""How the networks of notebooks 09 and 10 read digits that were changed to mislead them.

python -m benchmarks.fooled

Five networks of each kind learn from MNIST with the settings of notebook 10. Every fifth test image
is then changed by the gradient of the network that is to read it. The cure is that of notebook 10:
the convolutional network goes on learning, from CURED images as they are and attacked.
"""

import copy
import statistics
import time

import torch
import torch.nn.functional as F

from benchmarks.mnist_seeds import train_cnn, train_mlp
from benchmarks.tables import SEEDS, write_table
from nnutils.datasets import load_mnist, to_inputs
from nnutils.training import fool

EPSILONS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
STRONG = 0.2
STEPS = 10
CURED = 20_000  # the first training images


def by_gradient(epsilon):
    """Return the attack of notebook 10 with one step of ``epsilon``."""
    return lambda model, x, y: fool(model, x, y, epsilon)


def by_chance(model, x, y):
    """Move each pixel by STRONG up or down, as a coin says."""
    generator = torch.Generator().manual_seed(0)
    signs = torch.randint(0, 2, x.shape, generator=generator) * 2 - 1
    return (x + STRONG * signs).clamp(0, 1)


def in_steps(model, x, y):
    """Attack in STEPS small steps, each from where the last one has led, at most STRONG away."""
    attacked = x
    for _ in range(STEPS):
        attacked = fool(model, attacked, y, STRONG / 4)
        attacked = torch.clamp(attacked, x - STRONG, x + STRONG)
    return attacked


def accuracy(model, X, y, attack):
    """Return the share of the test images that the model reads rightly after the attack."""
    model = model.cpu().eval()
    right = 0
    for images, labels in zip(X.split(1000), y.split(1000), strict=True):
        attacked = attack(model, images, labels)
        with torch.no_grad():
            right += (model(attacked).argmax(dim=1) == labels).sum().item()
    return right / len(y)


def cure(model, X, y, seed):
    """Return a copy of the model after one more epoch, from images as they are and attacked."""
    cured = copy.deepcopy(model).cpu().eval()
    optimizer = torch.optim.Adam(cured.parameters(), lr=1e-3)
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(seed))
    for rows in order.split(128):
        both = torch.cat([X[rows], fool(cured, X[rows], y[rows], STRONG)])
        loss = F.cross_entropy(cured(both), y[rows].repeat(2))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return cured


def tensors(X, y):
    """Return images and labels as the networks take them."""
    return to_inputs(torch.tensor(X)), torch.tensor(y, dtype=torch.int64)


def networks(data, seed):
    """Return the three networks by name, and the seconds that the cure took."""
    convolutional, _ = train_cnn(data, seed)
    connected, _ = train_mlp(data, (784, 512, 512, 10), seed)
    start = time.perf_counter()
    cured = cure(convolutional, *tensors(data.X_train[:CURED], data.y_train[:CURED]), seed)
    seconds = time.perf_counter() - start
    found = {"784–512–512–10": connected, "convolutional": convolutional, "the same, cured": cured}
    return found, seconds


ATTACKS = {f"ε = {epsilon:g}": by_gradient(epsilon) for epsilon in EPSILONS} | {
    f"by chance, {STRONG:g}": by_chance,
    f"{STRONG:g} in {STEPS} steps": in_steps,
}


def rows(data):
    """Return the rows of the table, and the seconds that each cure took."""
    X, y = tensors(data.X_test[::5], data.y_test[::5])
    found, times = {}, []
    for seed in SEEDS:
        models, seconds = networks(data, seed)
        times.append(seconds)
        for name, model in models.items():
            shares = [100 * accuracy(model, X, y, attack) for attack in ATTACKS.values()]
            found.setdefault(name, []).append(shares)
    return [[name, *map(cell, zip(*shares, strict=True))] for name, shares in found.items()], times


def cell(shares):
    """Return the mean of five shares in percent, and the least and the greatest."""
    return f"{statistics.mean(shares):.1f} % ({min(shares):.1f} to {max(shares):.1f})"


if __name__ == "__main__":
    table, times = rows(load_mnist("mnist"))
    print(f"A cure took {statistics.median(times):.1f} s.")
    write_table("fooled", ["network", *ATTACKS], table)
