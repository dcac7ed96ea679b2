"""Time functions side by side, and write the tables of docs/results.md."""

import os
import platform
import re
import statistics
import time

import numpy as np
import torch

from tools.tables import RESULTS, between, table, write_between

SEEDS = range(5)
ACCURACIES_HEADER = ["mean of five seeds", "standard deviation", "each seed"]
SEEDS_HEADER = [*ACCURACIES_HEADER, "median time"]


def measure(functions, rounds):
    """Run the functions in turn, round after round, and return the median seconds of each.

    ``functions`` is a dict of functions without arguments; so is the result, with numbers. In turn,
    because another program on the machine then slows all of them, and the ratios hold. One round
    goes before that does not count. The pause before each function lets the threads of the one
    before fall asleep: NumPy's and torch's keep a core busy for a while after their work.
    """
    seconds = {name: [] for name in functions}
    for _ in range(1 + rounds):
        for name, function in functions.items():
            time.sleep(0.1)
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}


def five_seeds(run):
    """Return the cells under SEEDS_HEADER; ``run(seed)`` gives an accuracy and seconds."""
    accuracies, seconds = zip(*map(run, SEEDS), strict=True)
    return [*accuracy_cells(accuracies), f"{statistics.median(seconds):.1f} s"]


def accuracy_cells(accuracies):
    """Return the cells under ACCURACIES_HEADER."""
    return [
        f"{100 * statistics.mean(accuracies):.2f} %",
        f"{100 * statistics.stdev(accuracies):.2f}",
        ", ".join(f"{100 * accuracy:.2f}" for accuracy in accuracies),
    ]


def machine(*others):
    """Say in a sentence what the numbers were measured with; ``others`` are further programs."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch_version = torch.__version__.split("+")[0]
    versions = [
        f"Python {platform.python_version()}",
        f"NumPy {np.__version__}",
        f"torch {torch_version}",
        *others,
    ]
    return f"Measured on {cores} CPU cores with {', '.join(versions)}."


def write_table(name, header, rows, *others):
    """Put a table between the marks ``<!-- begin name -->`` and ``<!-- end name -->``.

    ``header`` is a list of words, ``rows`` a list of lists of the same length, ``others`` names
    further programs that were measured, with their versions. The table is printed too. Raises
    ValueError when the marks are not in docs/results.md.
    """
    found = f"{table(header, 'l' * len(header), rows)}\n{machine(*others)}\n"
    print(found)
    text = RESULTS.read_text(encoding="utf-8")
    if not re.search(between(name), text, re.DOTALL):
        raise ValueError(f"docs/results.md must hold the marks begin and end of {name}")
    RESULTS.write_text(write_between({name: found}, text), encoding="utf-8")
