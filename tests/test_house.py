"""Who may import what in ``nnutils``: arrows point one way, and heavy packages load late."""

import ast
import functools
import subprocess
import sys

import pytest

from nnutils.notebooks import ROOT

PACKAGE = ROOT / "nnutils"
MODULES = sorted(PACKAGE.rglob("*.py"))
# What only those who keep or teach the course need.
TOOLS = ("notebooks", "assignment", "slides")
# What is no subject, but serves the learner.
SERVICES = ("__init__", "backup", "plotting", "progress", "pytorch", "saving", "setup_check")
# The modules that hold the course's mathematics and data, in NumPy.
SUBJECTS = [path for path in PACKAGE.glob("*.py") if path.stem not in TOOLS + SERVICES]
NAMES = {path: path.relative_to(PACKAGE).as_posix() for path in MODULES}


@functools.cache
def imports(path):
    """Return the dotted names of everything that the module at ``path`` imports, late ones too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole way"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def importers(package):
    """Return the modules of ``nnutils`` that import ``package``, or something in it."""
    return {
        NAMES[path]
        for path in MODULES
        if any(f"{name}.".startswith(f"{package}.") for name in imports(path))
    }


def in_folder(folder):
    return {name for name in NAMES.values() if name.startswith(f"{folder}/")}


def run(code):
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_package_loads_neither_torch_nor_matplotlib():
    run("import sys, nnutils; assert not {'torch', 'matplotlib', 'IPython'} & set(sys.modules)")


def test_subjects_load_neither_torch_nor_matplotlib():
    subjects = ", ".join(f"nnutils.{path.stem}" for path in SUBJECTS)
    heavy = "{'torch', 'torchvision', 'matplotlib', 'IPython', 'ipywidgets'}"
    run(f"import sys, {subjects}; assert not {heavy} & set(sys.modules)")


def test_checks_load_neither_torch_nor_matplotlib():
    run("import sys, nnutils.exercises; assert not {'torch', 'matplotlib'} & set(sys.modules)")


def test_only_pytorch_and_what_uses_it_import_torch():
    allowed = {"pytorch.py"} | importers("nnutils.pytorch") | in_folder("exercises")
    assert importers("torch") <= allowed


def test_only_plotting_and_labs_import_matplotlib():
    assert importers("matplotlib") <= {"plotting.py"} | in_folder("labs")
    assert importers("matplotlib.pyplot") <= {"plotting.py"}


def test_only_widgets_import_widget_libraries():
    allowed = {"backup.py", "exercises/question.py"} | in_folder("labs")
    assert importers("ipywidgets") | importers("anywidget") <= allowed


@pytest.mark.parametrize("path", SUBJECTS, ids=lambda path: path.stem)
def test_subject_needs_no_lab_no_exercise_and_no_figure(path):
    for module in ("labs", "exercises", "plotting", "pytorch", "progress", "notebooks"):
        assert path.name not in importers(f"nnutils.{module}")


def test_labs_and_exercises_do_not_know_each_other():
    assert not importers("nnutils.exercises") & in_folder("labs")
    assert not importers("nnutils.labs") & in_folder("exercises")


def test_no_learner_needs_the_tools():
    for tool in TOOLS:
        assert importers(f"nnutils.{tool}") <= {f"{name}.py" for name in TOOLS}


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
