"""Time functions side by side, and write the tables of docs/results.md."""

import os
import platform
import statistics
import time
from pathlib import Path

import numpy as np
import torch

SEEDS = range(5)
SEEDS_HEADER = ["mean of five seeds", "standard deviation", "each seed", "median time"]
RESULTS = Path(__file__).parent.parent / "docs" / "results.md"


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
    return [
        f"{100 * statistics.mean(accuracies):.2f} %",
        f"{100 * statistics.stdev(accuracies):.2f}",
        ", ".join(f"{100 * accuracy:.2f}" for accuracy in accuracies),
        f"{statistics.median(seconds):.1f} s",
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
    lines = [header, ["---"] * len(header), *rows]
    table = "\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in lines)
    print(f"{table}\n\n{machine(*others)}")
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = RESULTS.read_text(encoding="utf-8")
    if not 0 <= text.find(begin) < text.find(end):
        raise ValueError(f"docs/results.md must hold the marks {begin} and {end}")
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    text = f"{before}{begin}\n{table}\n\n{machine(*others)}\n{end}{after}"
    RESULTS.write_text(text, encoding="utf-8")
