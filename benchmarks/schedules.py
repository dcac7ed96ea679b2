"""Schedules for notebook 09's network, compared on validation images of MNIST, five seeds each."""

import torch

from benchmarks.tables import ACCURACIES_HEADER, SEEDS, accuracy_cells, write_table
from nnutils.datasets import load_mnist
from nnutils.training import evaluate, make_mlp, train

VALIDATION = 5000
SCHEDULES = [  # epochs, batch size, highest rate, label smoothing
    (8, 128, 2e-3, 0),
    (6, 256, 4e-3, 0),
    (6, 256, 3e-3, 0.1),
    (6, 256, 4e-3, 0.05),
    (6, 256, 4e-3, 0.1),
    (5, 256, 4e-3, 0.1),
]


def learn(data, schedule, seed):
    """Train on all but the validation images; return the accuracy on these."""
    names = ("epochs", "batch_size", "peak_rate", "label_smoothing")
    generator = torch.Generator().manual_seed(seed)
    model = make_mlp(784, 512, 512, 10, generator=generator)
    X, y, settings = data.X_train, data.y_train, dict(zip(names, schedule))
    train(model, X[:-VALIDATION], y[:-VALIDATION], generator=generator, **settings)
    return evaluate(model, X[-VALIDATION:], y[-VALIDATION:])[1]


if __name__ == "__main__":
    data = load_mnist("mnist")
    rows = [
        [*map(str, schedule), *accuracy_cells([learn(data, schedule, seed) for seed in SEEDS])]
        for schedule in SCHEDULES
    ]
    settings = ["epochs", "batch", "highest rate", "label smoothing"]
    write_table("schedules", [*settings, *ACCURACIES_HEADER], rows)
