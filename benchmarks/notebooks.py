"""Every notebook from the kernel's start to its end: seconds and peak memory."""

import statistics
import threading
import time

import psutil

from benchmarks.tables import write_table
from tools.notebooks import (
    all_notebooks,
    is_stored_with_mnist,
    isolated_environment,
    mnist_folder,
    read,
    run,
)

ROUNDS = 3


def memory_of_children():
    """Return the memory in bytes that the processes started from here hold now, in two parts.

    The first part is their own. The second is that of program files, which the system keeps once
    for all kernels and drops when it needs the room: how much of it is there differs by 100 MiB
    from one installation to the next. Only Linux tells the two apart.
    """
    own = files = 0
    for process in psutil.Process().children(recursive=True):
        try:
            memory = process.memory_info()
        except psutil.NoSuchProcess:
            continue
        shared = getattr(memory, "shared", 0)
        own, files = own + memory.rss - shared, files + shared
    return own, files


def measure_notebook(path, environment):
    """Run the notebook at ``path`` once; return the seconds and the two peaks in bytes."""
    peak_own = peak_files = 0
    ended = threading.Event()

    def watch():
        nonlocal peak_own, peak_files
        while not ended.wait(0.02):
            own, files = memory_of_children()
            peak_own, peak_files = max(peak_own, own), max(peak_files, files)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    try:
        run(read(path), path.parent, environment)
    finally:
        seconds = time.perf_counter() - start
        ended.set()
        watcher.join()
    return seconds, peak_own, peak_files


def row(path, data, environment):
    """Return a row of the table: the median of the seconds, the largest peaks."""
    seconds, own, files = zip(*(measure_notebook(path, environment) for _ in range(ROUNDS)))
    memory = [f"{max(peaks) / 2**20:.0f} MiB" for peaks in (own, files)]
    return [path.stem, data, f"{statistics.median(seconds):.1f} s", *memory]


if __name__ == "__main__":
    mnist = str(mnist_folder())
    rows = []
    with isolated_environment() as environment:
        for path in all_notebooks():
            rows.append(row(path, "bundled digits", environment))
            if is_stored_with_mnist(path):
                rows.append(row(path, "MNIST", environment | {"NNUTILS_DATA": mnist}))
    header = ["notebook", "data", "time", "peak memory of its own", "program files"]
    write_table("notebooks", header, rows)
