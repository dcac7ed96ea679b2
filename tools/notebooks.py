"""Care for the notebooks: run them anew, write the folded solutions, make solved copies.

::

    python -m tools.notebooks refresh [FILE ...]
    python -m tools.notebooks solutions [--out DIR] [--execute]

Learners never need this module; the Makefile and the tests do.
"""

import argparse
import base64
import importlib
import inspect
import io
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import nbformat
import numpy as np
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from nnutils.datasets.files import folder_named
from nnutils.datasets.mnist import missing_files
from nnutils.exercises.course import SLUGS
from nnutils.exercises.late import Late
from nnutils.learner.view import WIDGET_VIEW

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "docs" / "template.ipynb"
CELL_TIMEOUT = 600  # seconds
IGNORED = "nbval-ignore-output"
KERNEL = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
KEPT_CELL_METADATA = {"jupyter", "nnutils", "slideshow", "tags"}
PNG_TOLERANCE = 2  # root mean square difference of two pictures, on the scale 0 … 255


def all_notebooks():
    """Return the paths of the course's notebooks, in order."""
    return sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def slug_of(path):
    """Return what names a notebook's modules: "dice_sum_model" for 03_dice_sum_model.ipynb."""
    return Path(path).stem[3:]


def read(path):
    """Read the notebook at ``path``."""
    return nbformat.read(path, as_version=4)


# --- folds: the solutions in the text ------------------------------------------------------------

FOLD = re.compile(
    r"<details>\n"
    r"<summary>Solution (?P<number>\d\d\.\d+)</summary>\n"
    r"\n"
    r"(?P<explanation>(?:(?!```|</?details>)[\s\S])+?\n\n)?"
    r"```python\n"
    r"(?P<code>(?:(?!```)[\s\S])+?)\n"
    r"```\n"
    r"\n"
    r"</details>"
)


class Fold(NamedTuple):
    """A folded solution: the exercise's number, the explanation (may be empty) and the code."""

    number: str
    explanation: str
    code: str


def read_fold(source):
    """Take a solution cell apart.

    Raises ValueError when the cell does not have the one form that JupyterLab, GitHub and
    ``make solutions`` all understand; see CONTRIBUTING.md.
    """
    match = FOLD.fullmatch(source)
    if match is None:
        raise ValueError(
            f"a solution must be one <details> block of the fixed form, got:\n{source}"
        )
    return Fold(match["number"], (match["explanation"] or "").strip(), match["code"])


def write_fold(fold):
    """Return the text of the solution cell for ``fold``."""
    explanation = f"{fold.explanation}\n\n" if fold.explanation else ""
    return (
        f"<details>\n<summary>Solution {fold.number}</summary>\n\n"
        f"{explanation}```python\n{fold.code}\n```\n\n</details>"
    )


def exercise_of(cell):
    """Return the name of the exercise that ``cell`` belongs to, or None."""
    return cell.metadata.get("nnutils", {}).get("exercise")


def names_in(source):
    """Return the names that stand as texts in a line such as ``quiz("one", "two")``."""
    return re.findall(r'"(\w+)"', source)


def guess_in(cell):
    """Return the name of what a cell with the tag ``guess`` asks for."""
    return re.search(r'^guess\(\s*"(\w+)"', cell.source, re.MULTILINE)[1]


def revealed_in(cell):
    """Return the name of the guess that a code cell reveals at its end, or None."""
    found = re.search(r'^reveal\(\s*"(\w+)".*\Z', cell.source, re.MULTILINE | re.DOTALL)
    return found and found[1]


def tags(cell):
    """Return the tags of ``cell``."""
    return cell.metadata.get("tags", [])


def tagged(notebook, tag):
    """Return the cells of ``notebook`` that carry ``tag``."""
    return [cell for cell in notebook.cells if tag in tags(cell)]


def missing_lines(stub, solution):
    """Return the lines of ``stub`` that ``solution`` does not keep, in the stub's order.

    A stub's line with a gap, ``...``, may change. All others must stand in the solution. A stub
    without any gap is a program to be mended: each of its lines may change.
    """
    if "..." not in stub:
        return []
    rest = iter(solution.splitlines())
    lines = [line for line in stub.splitlines() if line.strip() and "..." not in line]
    return [line for line in lines if line not in rest]


def own_references(slug):
    """Return the source of each reference solution that stands in ``nnutils.exercises.<slug>``.

    The keys are the exercises' names. In the source the function bears the name that the learner's
    function has. A reference that comes from elsewhere, or that uses other functions or values of
    its module, is left out: its fold is written by hand.
    """
    if slug not in SLUGS:
        return {}
    module = importlib.import_module(f"nnutils.exercises.{slug}")
    sources = {}
    for exercise in module.EXERCISES:
        reference = exercise.reference
        used = [vars(module).get(name) for name in reference.__code__.co_names]
        alone = all(each is None or isinstance(each, ModuleType | Late) for each in used)
        if reference.__module__ == module.__name__ and alone:
            source = inspect.getsource(reference).strip()
            sources[exercise.name] = source.replace(
                f"def {reference.__name__}(", f"def {exercise.function}("
            )
    return sources


def write_folds(notebook, sources):
    """Put the ``sources`` (name of the exercise: code) into the folds of ``notebook``.

    Returns a complaint for each one that does not keep the lines of its stub; that fold stays.
    """
    stubs = {exercise_of(cell): cell.source for cell in tagged(notebook, "exercise")}
    complaints = []
    for cell in tagged(notebook, "solution"):
        name = exercise_of(cell)
        if name not in sources:
            continue
        missing = missing_lines(stubs[name], sources[name])
        if missing:
            complaints.append(f"the reference of {name} lacks a line of its stub: {missing[0]}")
        else:
            cell.source = write_fold(read_fold(cell.source)._replace(code=sources[name]))
    return complaints


def solutions_in(notebook):
    """Return {name of the exercise: code} of the folds of ``notebook``."""
    return {exercise_of(cell): read_fold(cell.source).code for cell in tagged(notebook, "solution")}


def solve(notebook):
    """Replace each exercise's stub by the code of its fold, and drop all outputs."""
    code = solutions_in(notebook)
    for cell in tagged(notebook, "exercise"):
        cell.source = code[exercise_of(cell)]
    clear_outputs(notebook)


def clear_outputs(notebook):
    """Drop the outputs and the execution counts of all cells."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


# --- running -------------------------------------------------------------------------------------


@contextmanager
def isolated_environment(**changes):
    """Yield the environment of a kernel that sees nothing of this machine's user.

    Its folders for data, progress, IPython, Jupyter and Matplotlib are empty but for Matplotlib's
    list of fonts. It has no network, no GPU and no progress bars. ``changes`` go on top.
    """
    names = ("NNUTILS_DATA", "NNUTILS_PROGRESS", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, **{name: str(Path(folder, name)) for name in names}}
        environment |= {"NNUTILS_OFFLINE": "1", "NNUTILS_DEVICE": "cpu", "TQDM_DISABLE": "1"}
        environment |= changes
        environment.pop("MPLBACKEND", None)  # the kernel's own: pictures in the notebook
        for name in names:
            Path(folder, name).mkdir()
        fonts = [sys.executable, "-c", "import matplotlib.font_manager"]
        subprocess.run(fonts, env=environment, check=True, capture_output=True)
        yield environment


THIS_PYTHON = Path(sys.prefix, "share", "jupyter", "kernels")  # wherever others may lie


def run(notebook, folder, environment, kernels=THIS_PYTHON):
    """Run the cells of ``notebook`` from top to bottom in ``folder``, in a fresh kernel.

    The kernel is the ``python3`` of the folder ``kernels``. The outputs replace the old ones.
    Raises nbclient's CellExecutionError when a cell fails.
    """
    specs = KernelSpecManager(kernel_dirs=[str(kernels)])
    clear_outputs(notebook)
    client = NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs),
        timeout=CELL_TIMEOUT,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment, cleanup_kc=True)


# --- what is stored ------------------------------------------------------------------------------

VOLATILE = {
    "an address": re.compile(r"\bat 0x[0-9a-fA-F]+|\b0x[0-9a-fA-F]{8,}"),
    "a path": re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|var|usr|opt|work|private|mnt)/"),
    "a Windows path": re.compile(r"\b[A-Z]:\\\w"),
    "the name of a temporary file": re.compile(r"\bipykernel_\d+"),
}
NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:e[+-]?\d+)?")


def texts_of(output):
    """Return the texts of one output: a stream's, or one for each kind of text that it has."""
    if output.output_type == "stream":
        return [output.text]
    if output.output_type == "error":
        return ["\n".join(output.traceback)]
    return [str(value) for kind, value in output.data.items() if not kind.startswith("image/")]


def volatile(cell):
    """Return the addresses and paths in the outputs of ``cell``: they differ on every machine."""
    texts = [text for output in cell.outputs for text in texts_of(output)]
    return [
        f"{what}: {match[0]!r}"
        for what, pattern in VOLATILE.items()
        for match in map(pattern.search, texts)
        if match
    ]


def pixels(png):
    """Decode a picture, given as base64 text, into an array (height, width, 4) of floats."""
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    return np.asarray(image.convert("RGBA"), dtype=float)


def hardly_differ(old_png, new_png):
    """Tell whether two pictures have the same size and nearly the same pixels."""
    old, new = pixels(old_png), pixels(new_png)
    return old.shape == new.shape and np.sqrt(np.mean((old - new) ** 2)) < PNG_TOLERANCE


def keep_pictures(old_outputs, new_outputs):
    """Put each old picture back where the new one hardly differs, so that history stays small."""
    for old, new in zip(old_outputs, new_outputs):
        old_png = old.get("data", {}).get("image/png")
        new_png = new.get("data", {}).get("image/png")
        if old_png and new_png and hardly_differ(old_png, new_png):
            new.data["image/png"] = old_png


def same_but_for_numbers(old_outputs, new_outputs):
    """Tell whether two lists of outputs have the same form and differ in their numbers only."""

    def form(outputs):
        return [
            (
                output.output_type,
                sorted(output.get("data", {})),
                [NUMBER.sub("#", text) for text in texts_of(output)],
            )
            for output in outputs
        ]

    return form(old_outputs) == form(new_outputs)


def normalise(notebook, old):
    """Leave in ``notebook``, which has just been run, only what stays the same from run to run.

    ``old`` is the notebook as it was stored: a picture that hardly changed is taken from there, and
    so is the output of a cell tagged ``nbval-ignore-output`` when only its numbers changed.
    """
    notebook.metadata = nbformat.from_dict(KERNEL)
    old_outputs = {cell.id: cell.outputs for cell in old.cells if cell.cell_type == "code"}
    count = 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key in KEPT_CELL_METADATA}
        )
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        before = old_outputs.get(cell.id, [])
        for output in cell.outputs:
            if "data" in output:
                output.data.pop(WIDGET_VIEW, None)
        if IGNORED in tags(cell) and same_but_for_numbers(before, cell.outputs):
            cell.outputs = before
        keep_pictures(before, cell.outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count


# --- MNIST ---------------------------------------------------------------------------------------


def is_stored_with_mnist(path):
    """Tell whether a notebook shows what real MNIST gives."""
    return Path(path).name[:2] in ("09", "10")


def mnist_folder():
    """Return the folder of the real files, or None: NNUTILS_DATA, data/, one beside the clone."""
    for folder in (folder_named("NNUTILS_DATA"), ROOT / "data", ROOT.parent / "shared" / "mnist"):
        if folder and not missing_files(folder):
            return folder
    return None


# --- commands ------------------------------------------------------------------------------------


def refresh(path, environment, renew=False):
    """Run the notebook at ``path`` and store it normalised; return a list of complaints.

    A notebook with a failing cell is left as it is, and so is one that shows MNIST where that is
    not at hand. With ``renew`` no old output is kept.
    """
    if is_stored_with_mnist(path):
        folder = mnist_folder()
        if folder is None:
            return [f"{path}: is stored with MNIST; set NNUTILS_DATA to the folder of its files"]
        environment = environment | {"NNUTILS_DATA": str(folder)}
    notebook, old = read(path), read(path)
    if renew:
        clear_outputs(old)
    complaints = write_folds(notebook, own_references(slug_of(path)))
    try:
        run(notebook, Path(path).resolve().parent, environment)
    except CellExecutionError as error:
        return [f"{path}: {error}"]
    normalise(notebook, old)
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    if text != Path(path).read_text("utf-8"):
        Path(path).write_text(text, "utf-8")
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            complaints += [f"cell {number} stores {problem}" for problem in volatile(cell)]
    return [f"{path}: {complaint}" for complaint in complaints]


def solutions(folder, environment=None):
    """Write a solved copy of each notebook into ``folder``; run it when there is an environment."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in all_notebooks():
        notebook = read(path)
        solve(notebook)
        if environment:
            run(notebook, path.parent, environment)
            normalise(notebook, notebook)
        nbformat.write(notebook, folder / path.name)
        print(folder / path.name)


def main():
    """Read the command line and do what it says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("refresh", help="run notebooks anew and store them normalised")
    one.add_argument("files", nargs="*", type=Path, help="which ones (all)")
    one.add_argument("--renew", action="store_true", help="keep no old picture, no old number")
    two = commands.add_parser("solutions", help="write solved copies")
    two.add_argument("--out", type=Path, default=ROOT / "build" / "solutions", metavar="DIR")
    two.add_argument("--execute", action="store_true", help="run them too")
    options = parser.parse_args()

    if options.command == "solutions" and not options.execute:
        solutions(options.out)
    else:
        with isolated_environment() as environment:
            if options.command == "solutions":
                solutions(options.out, environment)
                return 0
            complaints = []
            for path in options.files or [*all_notebooks(), TEMPLATE]:
                print(path, flush=True)
                complaints += refresh(path, environment, options.renew)
            print("\n".join(complaints), file=sys.stderr, end="\n" if complaints else "")
            return 1 if complaints else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
