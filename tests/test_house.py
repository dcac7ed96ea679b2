"""Who may import what: arrows point one way, and what is heavy loads late."""

import ast
import functools
import subprocess
import sys

import pytest

from tools.notebooks import ROOT

PACKAGE = ROOT / "nnutils"
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = {path: path.relative_to(PACKAGE).as_posix() for path in MODULES}
SUBJECTS = [path.stem for path in PACKAGE.glob("*.py")]
SUBJECTS = sorted(set(SUBJECTS) - {"__init__", "plotting", "training"})

# What a module may import of the package: rooms to the left of its own, and its own.
# Labs and exercises stand side by side: neither knows the other.
BEFORE = {
    "textbook": (),
    "datasets": ("textbook",),
    "training": ("textbook", "datasets"),
    "learner": ("textbook", "datasets", "training"),
    "labs": ("textbook", "datasets", "training", "learner"),
    "exercises": ("textbook", "datasets", "training", "learner"),
}


def room(name):
    """Return the room of a module, given as "labs/base.py" or as "nnutils.labs.base"."""
    first = name.removeprefix("nnutils.").removesuffix(".py").replace("/", ".").partition(".")[0]
    return first if first in BEFORE else "textbook"


@functools.cache
def imports(path):
    """Return the dotted names of everything that the module at ``path`` imports, late ones too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole way"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_imports(path):
    """Return the modules of the package that the module at ``path`` imports, as files' names."""
    found = set()
    for name in imports(path):
        parts = name.split(".")[1:] if name.startswith("nnutils.") else []
        for end in range(len(parts), 0, -1):
            file = PACKAGE.joinpath(*parts[:end])
            target = file.with_suffix(".py") if file.with_suffix(".py").is_file() else None
            target = target or (file / "__init__.py" if file.is_dir() else None)
            if target is not None:
                found.add(target)
                break
    return found


def importers(package):
    """Return the modules of ``nnutils`` that import ``package``, or something in it."""
    return {
        NAMES[path]
        for path in MODULES
        if any(f"{name}.".startswith(f"{package}.") for name in imports(path))
    }


def in_room(wanted):
    return {name for name in NAMES.values() if room(name) == wanted}


@pytest.mark.parametrize("path", MODULES, ids=NAMES.get)
def test_no_arrow_points_upward(path):
    here = room(NAMES[path])
    for target in own_imports(path):
        there = room(NAMES[target])
        assert there in (here, *BEFORE[here]), f"{NAMES[path]} imports {NAMES[target]}"


def test_there_is_no_circle():
    waiting = {path: own_imports(path) for path in MODULES}
    while waiting:
        free = [path for path, needed in waiting.items() if not needed & waiting.keys()]
        assert free, sorted(NAMES[path] for path in waiting)
        waiting = {path: needed for path, needed in waiting.items() if path not in free}


def test_nothing_installed_needs_the_tools():
    assert importers("tools") | importers("benchmarks") == set()


def run(code):
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        ("nnutils", {"torch", "matplotlib", "IPython", "PIL"}),
        (", ".join(f"nnutils.{name}" for name in SUBJECTS), {"torch", "matplotlib", "ipywidgets"}),
        ("nnutils.datasets", {"torch", "matplotlib", "ipywidgets", "urllib.request"}),
        ("nnutils.exercises", {"torch", "matplotlib", "ipywidgets"}),
        ("nnutils.learner.setup_check", {"torch", "matplotlib", "ipywidgets"}),
        ("nnutils.labs.draw_a_digit", {"torch"}),
    ],
)
def test_what_is_heavy_loads_late(modules, heavy):
    run(f"import sys, {modules}; assert not {heavy} & set(sys.modules)")


def test_only_training_and_what_uses_it_import_torch():
    allowed = {"training.py", "datasets/colour.py"} | importers("nnutils.training")
    assert importers("torch") | importers("torchvision") <= allowed


def test_only_plotting_and_labs_import_matplotlib():
    assert importers("matplotlib") <= {"plotting.py"} | in_room("labs")
    assert importers("matplotlib.pyplot") <= {"plotting.py"}


def test_only_widgets_import_widget_libraries():
    allowed = {"learner/backup.py", "exercises/widget.py"} | in_room("labs")
    assert importers("ipywidgets") | importers("anywidget") <= allowed


def public(body):
    """Yield the public functions and classes of ``body``, and the methods of those classes."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


@pytest.mark.parametrize("path", MODULES, ids=NAMES.get)
def test_everything_public_says_what_it_does(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree)
    for node in public(tree.body):
        first = (ast.get_docstring(node) or "").partition("\n\n")[0]
        assert first.endswith((".", ":", "::", ")", "?")), f"{node.name}: {first!r}"
