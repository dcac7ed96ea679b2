"""The taught networks on all of MNIST with five seeds: test accuracy and time."""

import statistics
import time

import torch

from benchmarks.tables import write_table
from nnutils.datasets import load_mnist
from nnutils.pytorch import evaluate, make_mlp, train

NETWORKS = [(784, 512, 512, 10), (784, 512, 10)]
SEEDS = range(5)


def run(data, sizes, seed):
    """Train once, as notebook 09 does, on all 60,000 images; return accuracy and seconds."""
    generator = torch.Generator().manual_seed(seed)
    model = make_mlp(*sizes, generator=generator)
    start = time.perf_counter()
    train(model, data.X_train, data.y_train, generator=generator)
    seconds = time.perf_counter() - start
    return evaluate(model, data.X_test, data.y_test)[1], seconds


if __name__ == "__main__":
    data = load_mnist("mnist")
    rows = []
    for sizes in NETWORKS:
        accuracies, seconds = zip(*(run(data, sizes, seed) for seed in SEEDS), strict=True)
        rows.append(
            [
                "–".join(map(str, sizes)),
                f"{100 * statistics.mean(accuracies):.2f} %",
                f"{100 * statistics.stdev(accuracies):.2f}",
                ", ".join(f"{100 * accuracy:.2f}" for accuracy in accuracies),
                f"{statistics.median(seconds):.1f} s",
            ]
        )
    header = ["network", "mean of five seeds", "standard deviation", "each seed", "median time"]
    write_table("mnist_seeds", header, rows)
