"""Look at the set-up of this machine: each check returns rows with a state and what to do.

Notebook 00 prints them. Nothing is changed, but for an empty progress file that is made when there
is none yet.
"""

import json
import os
import platform
import re
import subprocess
import sys
import textwrap
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnutils.datasets import mnist
from nnutils.datasets.files import bundled, folder_named, is_offline
from nnutils.learner import progress
from nnutils.learner.services import COLAB, KAGGLE, this_service

GIB = 2**30
INSTALL = (
    "In a terminal, in the course's folder: `make lab`, or `pip install -c constraints.txt -e "
    '".[course]"`. Then choose Kernel → Restart Kernel.'
)
INSTALL_HOSTED = (
    "Run the first cell of the notebook: it fetches the course, and leaves what the service has as "
    "it is. Then restart the session."
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
    """Return the rows of all checks, in the order in which problems are best solved.

    Never raises: a check that fails becomes a row that says so.
    """
    checks = (
        check_python,
        check_packages,
        check_shadows,
        check_digits,
        check_mnist,
        check_kernel_memory,
        check_free_memory,
        check_progress,
        check_service,
    )
    return [row for check in checks for row in rows_of(check)]


def rows_of(check):
    """Return the rows of one check, or a row that says why it failed."""
    try:
        rows = check()
    except Exception as problem:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        state = f"could not be looked at ({type(problem).__name__}: {_first_line(problem)})"
        return [Row(name, state, "Go on: the course may work all the same.", False)]
    return [rows] if isinstance(rows, Row) else rows


def check_python():
    """Return the row of the Python that runs this kernel."""
    version = platform.python_version()
    try:
        floor = metadata.metadata("nnutils")["Requires-Python"].removeprefix(">=")
    except metadata.PackageNotFoundError:
        return Row("Python", f"{version}, but the course is not installed in it", _install(), False)
    if _is_at_least(version, floor):
        return Row("Python", version)
    todo = f"Install Python {floor} or newer, then: `make lab PYTHON=python{floor}`"
    if this_service():
        todo = "Work on your own machine, or where Python is newer."
    return Row("Python", f"{version}, but the course needs {floor}", todo, False)


def check_packages():
    """Return one row for each package that the course needs, with its version."""
    try:
        requirements = metadata.requires("nnutils")
    except metadata.PackageNotFoundError:
        return [Row("nnutils", "not installed", _install(), False)]
    # Other extras do not match. Colab and Kaggle have a Jupyter of their own in place of `course`.
    extra = "" if this_service() in (COLAB, KAGGLE) else "(?:; extra == 'course')?"
    line = re.compile(rf"([\w.-]+)>=([\d.]+){extra}")
    floors = dict(match.groups() for match in map(line.fullmatch, requirements) if match)
    return [_check_package(*each) for each in floors.items()]


def _check_package(name, floor):
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Row(name, "not installed", _install(), False)
    if _is_at_least(version, floor):
        return Row(name, version)
    return Row(name, f"{version}, but the course needs {floor}", _install(), False)


def _is_at_least(version, floor):
    """Compare two versions by the numbers that they begin with: "2.10.0+cpu" is at least "2.6"."""

    def numbers(text):
        return [int(number) for number in re.match(r"[\d.]*", text)[0].split(".") if number]

    return numbers(version) >= numbers(floor.removesuffix(".0"))


def _install():
    """Return how to install what is missing, here."""
    return INSTALL_HOSTED if this_service() in (COLAB, KAGGLE) else INSTALL


def check_shadows():
    """Return one row for each file beside the notebook that Python takes for another module."""
    here = Path.cwd()
    others = [path for path in sys.path if Path(path).absolute() != here]
    rows = []
    for path in sorted(here.iterdir()):
        taken = PathFinder.find_spec(path.stem) if path.stem.isidentifier() else None
        is_here = taken and taken.origin in (str(path), str(path / "__init__.py"))
        if is_here and PathFinder.find_spec(path.stem, others):
            state = f"hides the {path.stem} of Python or of a package"
            todo = f"Give {path} another name. Then choose Kernel → Restart Kernel."
            rows.append(Row(path.name, state, todo, False))
    return rows


def check_device():
    """Return the row of the device that PyTorch computes on, after a tiny network ran on it."""
    try:
        from nnutils.training import get_device, make_mlp, predict
    except Exception as problem:  # of any kind, where another file hides PyTorch
        todo = next((row.todo for row in check_shadows()), _install())
        todo += " Notebooks 00 to 06 work without it."
        return Row("device", f"PyTorch does not load ({_first_line(problem)})", todo, False)
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


def ask_for_device():
    """Return the row of ``check_device``, found in a process of its own.

    Importing PyTorch takes seconds and 300 MiB, which this kernel would keep until its end.
    """
    code = (
        "import json; from nnutils.learner.setup_check import check_device, rows_of\n"
        "print(json.dumps(rows_of(check_device)))"
    )
    command = [sys.executable, "-c", code]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300)
        (row,) = json.loads(done.stdout.splitlines()[-1])
    except Exception as problem:
        state = f"PyTorch could not be asked ({_first_line(problem)})"
        return Row("device", state, "Go on: notebooks 00 to 06 work without PyTorch.", False)
    return Row(*row)


def _first_line(problem):
    return (str(problem).splitlines() or [type(problem).__name__])[0]


def check_digits():
    """Return the row of the digits that come with the course."""
    try:
        bundled("digits.npz")
    except FileNotFoundError:
        todo = (
            "The course must stay in its own folder. In a terminal, in that folder: `git restore "
            "data` brings them back."
        )
        return Row("bundled digits", "not there", todo, False)
    return Row("bundled digits", "there")


def check_mnist():
    """Return the row of MNIST, which is welcome but not needed."""
    missing = mnist.missing_files()
    if not missing:
        return Row("MNIST", "there")
    todo = (
        "When you want it, 11 MB, in a cell: `from nnutils.datasets import load_mnist`, then "
        '`load_mnist("mnist")`. Without a network: see data/README.md.'
    )
    if is_offline():
        todo = "When you want it: data/README.md shows how to get it by hand."
    what = "not there" if len(missing) == 4 else f"without {', '.join(missing)}"
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
    told = [free for free in (_free_of_machine(), _free_of_container()) if free is not None]
    if not told:
        return Row("free memory", NOT_TOLD)
    free = max(0, min(told))
    if free >= GIB:
        return Row("free memory", f"{free / GIB:.1f} GiB")
    todo = "Close other programs, and in JupyterLab choose Kernel → Shut Down All Kernels."
    return Row("free memory", f"{free / GIB:.1f} GiB; a notebook can need 1 GiB", todo, False)


def _free_of_machine():
    """Return the bytes that Linux calls available, or None where it does not tell."""
    found = re.search(r"MemAvailable:\s*(\d+) kB", _text("/proc/meminfo"))
    return 1024 * int(found[1]) if found else None


def _free_of_container():
    """Return the bytes that a container may still take (cgroups, version 2 or 1), or None."""
    folder = "/sys/fs/cgroup"
    for limit, used in (
        (f"{folder}/memory.max", f"{folder}/memory.current"),
        (f"{folder}/memory/memory.limit_in_bytes", f"{folder}/memory/memory.usage_in_bytes"),
    ):
        numbers = [_text(limit).strip(), _text(used).strip()]
        if all(number.isdecimal() for number in numbers):  # without a limit version 2 says "max"
            return int(numbers[0]) - int(numbers[1])
    return None


def _text(path):
    """Return the text of a file of the system, or "" where it cannot be read."""
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def check_progress():
    """Return the row of the file that remembers what was solved; make it if it is not there."""
    path = progress.progress_file()
    place = path.as_posix()
    if folder_named("NNUTILS_PROGRESS"):
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


def check_service():
    """Return the row that says whether this is a hosted service, which forgets everything."""
    service = this_service()
    if service is None:
        return Row("Binder", "no: your files stay where they are")
    todo = (
        "Before every longer pause save your work: the section “Keep your work” of notebook 00. "
        + service.keeps_notebook
    )
    return Row(service.name, f"yes: {service.ends}, and your files are gone", todo.strip())
