"""The notebooks as Colab runs them: with its Jupyter, outside a clone, fetched by their first cell.

`make test-colab` makes the environment; the cell needs a network there.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from solved import with_solutions

from tools import links, notebooks
from tools.notebooks import ROOT, all_notebooks

COLAB = Path(sys.prefix, "colab")
PYTHON = COLAB / "bin" / "python"
pytestmark = [
    pytest.mark.colab,
    pytest.mark.skipif(not PYTHON.exists(), reason="`make test-colab` makes the environment"),
]


def run(*arguments):
    """Run Colab's Python with a network, and return what it prints."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "NNUTILS_DATA")}
    command = [PYTHON, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=COLAB)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def installed():
    """Return the packages of the environment with their versions."""
    return set(run("-m", "pip", "list", "--format=freeze").split())


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """Run the first cell where the course is not installed; return the packages before and after.

    It gets this clone's last commit in place of GitHub's.
    """
    folder = tmp_path_factory.mktemp("colab")
    archive, cell = folder / "HEAD.zip", folder / "cell.ipy"
    command = ["git", "archive", "--format=zip", "--prefix=course/", f"--output={archive}", "HEAD"]
    subprocess.run(command, cwd=ROOT, check=True)
    address = f"https://github.com/{links.name_in_files()}/archive/HEAD.zip"
    source = links.FETCH.format(name=links.name_in_files())
    assert address in source
    cell.write_text(source.replace(address, archive.as_uri()))
    run("-m", "pip", "uninstall", "--yes", "nnutils", "anywidget", "psygnal")
    before = installed()
    run("-m", "IPython", "--no-term-title", cell)
    return before, installed(), cell


def test_the_first_cell_brings_the_course_and_leaves_what_the_service_has(fetched):
    before, after, cell = fetched
    assert before < after
    assert {each.split("==")[0] for each in after - before} == {"anywidget", "nnutils", "psygnal"}
    assert {"ipywidgets==7.7.1", "ipython==7.34.0", "ipykernel==6.17.1"} <= after
    assert run("-m", "IPython", "--no-term-title", cell) == ""  # the second time it does nothing
    assert installed() == after


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """Return a folder with one kernel: Colab's Python."""
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "python3").mkdir()
    command = [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    (folder / "python3" / "kernel.json").write_text(json.dumps(spec))
    return folder


@pytest.mark.parametrize("path", all_notebooks()[::-1], ids=lambda path: path.stem)
def test_every_cell_runs_and_every_check_says_solved(path, fetched, kernels, tmp_path):
    notebook = notebooks.read(path)
    with_solutions(notebook, tmp_path / "solved")
    here = tmp_path / "content"
    here.mkdir()
    with notebooks.isolated_environment(COLAB_RELEASE_TAG="this test") as environment:
        notebooks.run(notebook, here, environment, kernels)


def test_labs_and_quizzes_pass_their_tests_with_ipywidgets_7(fetched):
    files = ["labs/test_base.py", "exercises/test_question.py", "exercises/test_guess.py"]
    files = [ROOT / "tests" / file for file in [*files, "learner/test_backup.py"]]
    options = ["-q", "-p", "no:cacheprovider", "-W", "default", "-c", ROOT / "pyproject.toml"]
    run("-m", "pytest", *options, *files)
