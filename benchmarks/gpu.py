"""What a graphics card gives: seconds and accuracy beside the CPU, notebooks 09 and 10, the tests.

    python -m benchmarks.gpu

Without a card it says so and ends with 1. With one it takes less than ten minutes.
"""

import os
import subprocess
import sys
import time

import torch

from benchmarks.mnist_seeds import CNN_SCHEDULE, MLP_SCHEDULE, tested, train_cnn, train_mlp
from benchmarks.tables import write_table
from nnutils.datasets import load_mnist
from nnutils.training import get_device, make_mlp
from tools.notebooks import ROOT, all_notebooks, isolated_environment, mnist_folder, read, run

SEEDS = range(3)
NETWORKS = {  # with the number of epochs
    "784–512–512–10": (lambda data, seed: train_mlp(data, (784, 512, 512, 10), seed), MLP_SCHEDULE),
    "convolutional": (train_cnn, CNN_SCHEDULE),
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


def row(data, name, learn, schedule):
    """Return a row of the table: accuracies and the seconds of an epoch, on CPU and card.

    The seconds are those of the fastest run, so that the card's start does not count.
    """
    cells = [name]
    for device in ("cpu", "cuda"):
        os.environ["NNUTILS_DEVICE"] = device
        runs = [tested(data, learn(data, seed)) for seed in SEEDS]
        cells.append(", ".join(f"{100 * accuracy:.2f}" for accuracy, _ in runs))
        cells.append(f"{min(seconds for _, seconds in runs) / schedule['epochs']:.2f} s")
    return cells


def run_notebooks():
    """Run 09 and 10 on MNIST, on CPU and card; return a row of the table for each."""
    rows = []
    for path in all_notebooks()[9:]:
        cells = [f"{path.stem[:2]} from top to bottom"]
        for device in ("cpu", "cuda"):
            changes = {"NNUTILS_DATA": str(mnist_folder()), "NNUTILS_DEVICE": device}
            with isolated_environment(**changes) as environment:
                start = time.perf_counter()
                run(read(path), path.parent, environment)
            cells += ["", f"{time.perf_counter() - start:.1f} s"]
        rows.append(cells)
    return rows


if __name__ == "__main__":
    if not torch.cuda.is_available():
        sys.exit("There is no graphics card here that PyTorch can use: nothing was measured.")
    check_devices()
    data = load_mnist("mnist")
    rows = [row(data, name, *network) for name, network in NETWORKS.items()] + run_notebooks()
    header = ["one epoch", "accuracies, CPU", "CPU", "accuracies, card", "card"]
    write_table("gpu", header, rows, torch.cuda.get_device_name())
    tests = [sys.executable, "-m", "pytest", "tests/textbook/test_training.py", "-q"]
    environment = os.environ | {"NNUTILS_DEVICE": "cuda"}
    sys.exit(subprocess.run(tests, cwd=ROOT, env=environment).returncode)
