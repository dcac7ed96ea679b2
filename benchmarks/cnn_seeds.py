"""The convolutional network of notebook 10 on all of MNIST with five seeds: accuracy and time."""

import statistics
import time

import torch

from benchmarks.tables import write_table
from nnutils.datasets import load_mnist
from nnutils.pytorch import evaluate, make_cnn, train

SEEDS = range(5)
PEAK_RATE = 4e-3  # chosen on validation images, as in notebook 10


def run(data, seed):
    """Train once, as notebook 10 does, on all 60,000 images; return accuracy and seconds."""
    torch.manual_seed(seed)  # for dropout
    generator = torch.Generator().manual_seed(seed)
    model = make_cnn(generator)
    start = time.perf_counter()
    train(model, data.X_train, data.y_train, peak_rate=PEAK_RATE, generator=generator)
    seconds = time.perf_counter() - start
    return evaluate(model, data.X_test, data.y_test)[1], seconds


if __name__ == "__main__":
    data = load_mnist("mnist")
    accuracies, seconds = zip(*(run(data, seed) for seed in SEEDS), strict=True)
    row = [
        "convolutional",
        f"{100 * statistics.mean(accuracies):.2f} %",
        f"{100 * statistics.stdev(accuracies):.2f}",
        ", ".join(f"{100 * accuracy:.2f}" for accuracy in accuracies),
        f"{statistics.median(seconds):.1f} s",
    ]
    header = ["network", "mean of five seeds", "standard deviation", "each seed", "median time"]
    write_table("cnn_seeds", header, [row])
