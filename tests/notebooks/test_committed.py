"""Run each notebook as it is committed: every stored output equals a fresh one (strict nbval).

With ``--lax`` the outputs are not compared; a cell that raises an error still fails.
"""

import contextlib
import platform
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from nnutils.notebooks import ROOT, all_notebooks

# Before notebook 08 torch is only a referee, and NumPy computes what is shown.
NUMPY_NOTEBOOKS = [path for path in all_notebooks() if 1 <= int(path.name[:2]) <= 7]

# Computes as a processor without wide vector instructions would.
OTHER_PROCESSOR = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Prescott",
}


def run_nbval(path, environment, lax=False):
    """Run the notebook at ``path``; unless ``lax``, compare its stored outputs with fresh ones."""
    command = [sys.executable, "-m", "pytest", "--nbval-current-env"]
    command += ["--nbval-lax", "-W", "default"] if lax else ["--nbval"]
    command += ["--nbval-cell-timeout=300", "-p", "no:cacheprovider", "--quiet", "--color=no"]
    result = subprocess.run(
        [*command, str(path)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_stored_outputs_equal_fresh_ones(path, environment, pytestconfig):
    run_nbval(path, environment, lax=pytestconfig.getoption("lax"))


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="the switches are those of x86"
)
@pytest.mark.parametrize("path", NUMPY_NOTEBOOKS, ids=lambda path: path.stem)
def test_another_processor_shows_the_same(path, environment, pytestconfig):
    if pytestconfig.getoption("lax"):
        pytest.skip("outputs are not compared")
    run_nbval(path, environment | OTHER_PROCESSOR)


@pytest.mark.parametrize(
    ("source", "shown", "lax", "complaint"),
    [
        ("print(2 + 2)", "4\n", False, None),
        ("print(2 + 2)", "5\n", False, "outputs differ"),
        ("print(2 + 2)", "5\n", True, None),
        ("print(2 / 0)", "5\n", True, "ZeroDivisionError"),
    ],
)
def test_what_nbval_notices(source, shown, lax, complaint, tmp_path, environment):
    cell = new_code_cell(source, execution_count=1, outputs=[new_output("stream", text=shown)])
    path = tmp_path / "notebook.ipynb"
    nbformat.write(new_notebook(cells=[cell]), path)
    with pytest.raises(AssertionError, match=complaint) if complaint else contextlib.nullcontext():
        run_nbval(path, environment, lax)
