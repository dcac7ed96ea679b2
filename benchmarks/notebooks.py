"""Every notebook from the kernel's start to its end: seconds and peak memory."""

import os
import statistics
import threading
import time

import psutil

from benchmarks.tables import write_table
from nnutils.notebooks import ROOT, all_notebooks, isolated_environment, read, run

ON_MNIST = ("09", "10")  # the others never look for it
ROUNDS = 3


def memory_of_children():
    """Return the memory in bytes that the processes started from here hold now."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            pass
    return total


def measure_notebook(path, environment):
    """Run the notebook at ``path`` once; return the seconds and the peak memory in bytes."""
    peak, ended = 0, threading.Event()

    def watch():
        nonlocal peak
        while not ended.wait(0.02):
            peak = max(peak, memory_of_children())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    try:
        run(read(path), path.parent, environment)
    finally:
        seconds = time.perf_counter() - start
        ended.set()
        watcher.join()
    return seconds, peak


def row(path, data, environment):
    """Return a row of the table: the median of the seconds, the largest peak."""
    seconds, peaks = zip(*(measure_notebook(path, environment) for _ in range(ROUNDS)))
    memory = f"{max(peaks) / 2**20:.0f} MiB"
    return [path.stem, data, f"{statistics.median(seconds):.1f} s", memory]


if __name__ == "__main__":
    mnist = os.environ.get("NNUTILS_DATA", str(ROOT / "data"))
    rows = []
    with isolated_environment() as environment:
        for path in all_notebooks():
            rows.append(row(path, "bundled digits", environment))
            if path.name[:2] in ON_MNIST:
                rows.append(row(path, "MNIST", environment | {"NNUTILS_DATA": mnist}))
    write_table("notebooks", ["notebook", "data", "time", "peak memory"], rows)
