"""What a graphics card gives: seconds and accuracy beside the CPU, notebooks 09 and 10, the tests.

    python -m benchmarks.gpu

Without a card it says so and ends with 1. With one it takes less than ten minutes.
"""

import os
import subprocess
import sys
import time

import torch

from benchmarks.mnist_seeds import tested, train_cnn, train_mlp
from benchmarks.tables import write_table
from nnutils.datasets import load_mnist
from nnutils.training import get_device, make_mlp
from tools.notebooks import ROOT, all_notebooks, isolated_environment, mnist_folder, read, run

SEEDS = range(3)
NETWORKS = {
    "784–512–512–10": lambda data, seed: train_mlp(data, (784, 512, 512, 10), seed),
    "convolutional": train_cnn,
}


def check_devices():
    """Raise AssertionError unless the card is chosen, and mixed devices are refused by name."""
    assert get_device().type == "cuda", get_device()
    os.environ["NNUTILS_DEVICE"] = "cpu"
    assert get_device().type == "cpu"
    del os.environ["NNUTILS_DEVICE"]
    try:
        make_mlp(784, 10).to("cuda")(torch.zeros(1, 784))
    except RuntimeError as error:
        assert "same device" in str(error), error
    else:
        raise AssertionError("a model on the card took an image on the CPU")


def accuracies(data, learn, device):
    """Return the test accuracies of the seeds, in percent, and the seconds of the fastest run."""
    os.environ["NNUTILS_DEVICE"] = device
    found, seconds = [], []
    for seed in SEEDS:
        accuracy, took = tested(data, learn(data, seed))
        found.append(100 * accuracy)
        seconds.append(took)
    return found, min(seconds)


def row(data, name, learn):
    """Return a row of the table: both accuracies and both times of a network."""
    cells = [name]
    for device in ("cpu", "cuda"):
        found, seconds = accuracies(data, learn, device)
        cells += [", ".join(f"{accuracy:.2f}" for accuracy in found), f"{seconds:.1f} s"]
    return cells


def run_notebooks():
    """Run 09 and 10 on the card and on MNIST; return a row of the table for each."""
    rows = []
    with isolated_environment() as environment:
        environment = environment | {"NNUTILS_DATA": str(mnist_folder()), "NNUTILS_DEVICE": "cuda"}
        for path in all_notebooks()[9:]:
            start = time.perf_counter()
            run(read(path), path.parent, environment)
            rows.append([path.stem, "–", "–", "–", f"{time.perf_counter() - start:.1f} s"])
    return rows


if __name__ == "__main__":
    if not torch.cuda.is_available():
        sys.exit("There is no graphics card here that PyTorch can use: nothing was measured.")
    check_devices()
    data = load_mnist("mnist")
    rows = [row(data, *network) for network in NETWORKS.items()] + run_notebooks()
    header = ["", "test accuracies, CPU", "seconds, CPU", "test accuracies, card", "seconds, card"]
    write_table("gpu", header, rows, torch.cuda.get_device_name())
    tests = [sys.executable, "-m", "pytest", "tests/textbook/test_training.py", "-q"]
    environment = os.environ | {"NNUTILS_DEVICE": "cuda"}
    sys.exit(subprocess.run(tests, cwd=ROOT, env=environment).returncode)
