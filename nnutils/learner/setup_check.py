"""Look at the set-up of this machine: each check returns rows with a state and what to do.

Notebook 00 prints them. Nothing is changed, but for an empty progress file that is made when there
is none yet.
"""

import os
import platform
import re
import textwrap
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnutils import datasets, progress

GIB = 2**30
INSTALL = (
    "In a terminal, in the course's folder: `make lab`, or `pip install -c constraints.txt -e .` "
    "Then choose Kernel → Restart Kernel."
)
NOT_TOLD = "not shown: this system does not tell it to Python"


class Row(NamedTuple):
    """One line of the self-test: what was looked at, how it is, what to do, and whether it is fine.

    A row that is not fine always says what to do. One that is fine may say what else is possible.
    """

    name: str
    state: str
    todo: str = ""
    fine: bool = True

    def __str__(self):
        line = f"{'✓' if self.fine else '✗'} {self.name:<16} {self.state}"
        todo = textwrap.fill(
            self.todo,
            width=88,
            initial_indent="    → ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )
        return f"{line}\n{todo}" if self.todo else line


def check_setup():
    """Return the rows of all checks, in the order in which problems are best solved."""
    return [
        check_python(),
        *check_packages(),
        check_device(),
        check_digits(),
        check_mnist(),
        check_kernel_memory(),
        check_free_memory(),
        check_progress(),
        check_binder(),
    ]


def check_python():
    """Return the row of the Python that runs this kernel."""
    version = platform.python_version()
    try:
        floor = metadata.metadata("nnutils")["Requires-Python"].removeprefix(">=")
    except metadata.PackageNotFoundError:
        return Row("Python", f"{version}, but the course is not installed in it", INSTALL, False)
    if _is_at_least(version, floor):
        return Row("Python", version)
    todo = f"Install Python {floor} or newer, then: `make lab PYTHON=python{floor}`"
    return Row("Python", f"{version}, but the course needs {floor}", todo, False)


def check_packages():
    """Return one row for each package that the course needs, with its version."""
    try:
        requirements = metadata.requires("nnutils")
    except metadata.PackageNotFoundError:
        return [Row("nnutils", "not installed", INSTALL, False)]
    floors = (re.fullmatch(r"([\w.-]+)>=([\d.]+)", line) for line in requirements)
    return [_check_package(*match.groups()) for match in floors if match]  # extras do not match


def _check_package(name, floor):
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Row(name, "not installed", INSTALL, False)
    if _is_at_least(version, floor):
        return Row(name, version)
    return Row(name, f"{version}, but the course needs {floor}", INSTALL, False)


def _is_at_least(version, floor):
    """Compare two versions by the numbers that they begin with: "2.10.0+cpu" is at least "2.6"."""

    def numbers(text):
        return [int(number) for number in re.match(r"[\d.]*", text)[0].split(".") if number]

    return numbers(version) >= numbers(floor.removesuffix(".0"))


def check_device():
    """Return the row of the device that PyTorch computes on, after a tiny network ran on it."""
    try:
        from nnutils.pytorch import get_device, make_mlp, predict
    except (ImportError, OSError) as problem:  # OSError: one of its libraries does not load
        return Row("device", f"PyTorch does not load ({_first_line(problem)})", INSTALL, False)
    try:
        device = get_device()
    except ValueError as problem:
        todo = "Start JupyterLab without this variable, or with one of the devices named here."
        return Row("device", str(problem), todo, False)
    try:
        predict(make_mlp(2, 3, 2).to(device), np.zeros((1, 2)))
    except RuntimeError as problem:
        todo = "Start JupyterLab with NNUTILS_DEVICE=cpu. The processor is enough for the course."
        return Row("device", f"{device} does not compute ({_first_line(problem)})", todo, False)
    words = "the processor, which is enough for the course" if device.type == "cpu" else "a GPU"
    return Row("device", f"{device}: {words}")


def _first_line(problem):
    return (str(problem).splitlines() or [type(problem).__name__])[0]


def check_digits():
    """Return the row of the digits that come with the course."""
    if (datasets.DATA_FOLDER / "digits.npz").is_file():
        return Row("bundled digits", "there")
    todo = (
        "The course must stay in its own folder. In a terminal, in that folder: `git restore data`,"
        " then `pip install -c constraints.txt -e .`"
    )
    return Row("bundled digits", "not there", todo, False)


def check_mnist():
    """Return the row of MNIST, which is welcome but not needed."""
    folder = Path(os.environ.get("NNUTILS_DATA") or datasets.DATA_FOLDER).expanduser()
    names = datasets.MNIST_SHA256
    missing = [n for n in names if not ((folder / n).exists() or (folder / f"{n}.gz").exists())]
    if not missing:
        return Row("MNIST", "there")
    todo = (
        "When you want it, 11 MB, in a cell: `from nnutils.datasets import load_mnist`, then "
        '`load_mnist("mnist")`. Without a network: see data/README.md.'
    )
    what = "not there" if len(missing) == len(names) else f"without {', '.join(missing)}"
    return Row("MNIST", f"{what}; the bundled digits stand in", todo)


def check_kernel_memory():
    """Return the row of the largest amount of memory that this kernel has had."""
    try:
        import resource  # Unix only
    except ImportError:
        return Row("kernel's memory", NOT_TOLD)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak *= 1 if platform.system() == "Darwin" else 1024  # macOS counts bytes, Linux kibibytes
    return Row("kernel's memory", f"{peak / GIB:.1f} GiB at most so far")


def check_free_memory():
    """Return the row of the memory that is left on this machine, or allowed on this server.

    A server of JupyterHub, such as Binder's, names its limit in the variable MEM_LIMIT.
    """
    limit = os.environ.get("MEM_LIMIT", "")
    if limit.isdecimal():
        todo = "Shut down each notebook's kernel when you are done with it."
        return Row("free memory", f"{int(limit) / GIB:.1f} GiB for all kernels together", todo)
    try:
        table = Path("/proc/meminfo").read_text("utf-8")
    except OSError:
        return Row("free memory", NOT_TOLD)
    free = 1024 * int(re.search(r"MemAvailable:\s*(\d+) kB", table)[1])
    if free >= GIB:
        return Row("free memory", f"{free / GIB:.1f} GiB")
    todo = "Close other programs, and in JupyterLab choose Kernel → Shut Down All Kernels."
    return Row("free memory", f"{free / GIB:.1f} GiB; a notebook can need 1 GiB", todo, False)


def check_progress():
    """Return the row of the file that remembers what was solved; make it if it is not there."""
    path = progress.progress_file()
    place = path.as_posix()
    if os.environ.get("NNUTILS_PROGRESS"):
        place = f"{path.name} in the folder NNUTILS_PROGRESS"
    elif path.is_relative_to(Path.home()):
        place = f"~/{path.relative_to(Path.home()).as_posix()}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as problem:
        todo = (
            "Exercises work, but what you solve is not remembered. Start JupyterLab with the "
            "variable NNUTILS_PROGRESS set to a folder that you may write into."
        )
        return Row("progress", f"{place} cannot be written ({problem.strerror})", todo, False)
    return Row("progress", f"kept in {place}")


def check_binder():
    """Return the row that says whether this is Binder, which forgets everything."""
    if any(name in os.environ for name in progress.BINDER_VARIABLES):
        todo = "Before every longer pause save your work: the last section of notebook 00."
        return Row("Binder", "yes: a pause of ten minutes ends it, and your files are gone", todo)
    return Row("Binder", "no: your files stay where they are")
