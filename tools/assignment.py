"""Make assignments for nbgrader, which hands notebooks out to students and grades them.

::

    python -m tools.assignment [FILE ...] [--out DIR]

The folder is a course of nbgrader's: ``source`` holds each notebook as the teacher keeps it, with
the solutions, ``release`` as the students get it, without them. nbgrader itself makes the second
from the first. Learners never need this module; ``docs/teaching.md`` says how a teacher uses it.
"""

import argparse
import os
import sys
from pathlib import Path

import nbformat

from tools import notebooks
from tools.notebooks import exercise_of, tagged

POINTS = 1  # for each exercise
CONFIG = '''\
"""nbgrader reads this file when it is started in this folder."""

import os
import tempfile

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "neural-networks"
c.ClearSolutions.code_stub = {"python": ""}  # the stub with its gaps stands above the solution
c.Execute.timeout = 300  # seconds for one cell

# What the checks say while nbgrader grades is not the teacher's own progress.
os.environ["NNUTILS_PROGRESS"] = tempfile.mkdtemp()
'''


def to_source(notebook):
    """Turn a notebook of the course into the source of an nbgrader assignment, in place.

    Each stub is followed by its solution, between the marks that nbgrader looks for. Each check
    becomes a test that fails unless the exercise is solved. The folds, all outputs and the
    lecturer's notes, which hold answers, go.
    """
    code = notebooks.solutions_in(notebook)
    for cell in tagged(notebook, "exercise"):
        name = exercise_of(cell)
        cell.source += f"\n\n### BEGIN SOLUTION\n{code[name]}\n### END SOLUTION"
        cell.metadata["nbgrader"] = nbgrader_metadata(f"exercise-{name}", solution=True)
    for cell in tagged(notebook, "check"):
        name = exercise_of(cell)
        cell.source = (
            f'grade = check("{name}")\nassert grade.verdict.startswith("solved"), grade.text\ngrade'
        )
        cell.metadata["nbgrader"] = nbgrader_metadata(f"check-{name}", solution=False)
        cell.metadata["tags"].append("raises-exception")  # Run All goes on behind an open exercise
    notebook.cells = [
        cell for cell in notebook.cells if "solution" not in cell.metadata.get("tags", [])
    ]
    for cell in notebook.cells:
        cell.metadata.get("nnutils", {}).pop("notes", None)
    notebooks.clear_outputs(notebook)


def nbgrader_metadata(name, solution):
    """Return what nbgrader wants to know of a cell: a student's solution, or else a test."""
    metadata = {
        "schema_version": 3,
        "grade_id": name,
        "solution": solution,
        "grade": not solution,
        "locked": not solution,
        "task": False,
    }
    return metadata if solution else {**metadata, "points": POINTS}


def write_course(paths, folder):
    """Write the sources of the notebooks at ``paths`` into ``folder``.

    nbgrader's settings are written too, unless the teacher has some there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "nbgrader_config.py").exists():
        (folder / "nbgrader_config.py").write_text(CONFIG, "utf-8")
    for path in paths:
        notebook = notebooks.read(path)
        to_source(notebook)
        target = folder / "source" / path.stem / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)


def nbgrader(folder):
    """Return nbgrader's own API for the course in ``folder``, with the settings that lie there.

    Raises ImportError when nbgrader is not installed.
    """
    from nbgrader.apps import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    programs = str(Path(sys.executable).parent)  # nbgrader looks for its alembic on the path
    os.environ["PATH"] = programs + os.pathsep + os.environ["PATH"]
    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    return NbGraderAPI(config=config)


def main():
    """Read the command line, write the sources, and let nbgrader make the release version."""
    parser = argparse.ArgumentParser(prog="python -m tools.assignment", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="which notebooks (all)")
    parser.add_argument(
        "--out", type=Path, default=notebooks.ROOT / "build" / "assignment", metavar="DIR"
    )
    options = parser.parse_args()
    paths = options.files or notebooks.all_notebooks()
    write_course(paths, options.out)
    course = nbgrader(options.out.resolve())
    for path in paths:
        result = course.generate_assignment(path.stem, force=True)
        if not result["success"]:
            sys.exit(result["error"] + result["log"])
        print(options.out / "release" / path.stem / path.name)


if __name__ == "__main__":
    main()
