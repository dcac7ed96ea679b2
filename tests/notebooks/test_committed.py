"""Run each notebook as it is committed: every stored output equals a fresh one (strict nbval)."""

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


def run_strictly(path, environment):
    """Compare the outputs stored in the notebook at ``path`` with those of a fresh kernel."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env"]
    command += ["--nbval-cell-timeout=300", "-p", "no:cacheprovider", "--quiet", "--color=no"]
    result = subprocess.run(
        [*command, str(path)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_stored_outputs_equal_fresh_ones(path, environment):
    run_strictly(path, environment)


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="the switches are those of x86"
)
@pytest.mark.parametrize("path", NUMPY_NOTEBOOKS, ids=lambda path: path.stem)
def test_another_processor_shows_the_same(path, environment):
    run_strictly(path, environment | OTHER_PROCESSOR)


@pytest.mark.parametrize(("shown", "passes"), [("4\n", True), ("5\n", False)])
def test_a_wrong_stored_output_is_noticed(shown, passes, tmp_path, environment):
    cell = new_code_cell(
        "print(2 + 2)", execution_count=1, outputs=[new_output("stream", text=shown)]
    )
    path = tmp_path / "notebook.ipynb"
    nbformat.write(new_notebook(cells=[cell]), path)
    with (
        contextlib.nullcontext()
        if passes
        else pytest.raises(AssertionError, match="outputs differ")
    ):
        run_strictly(path, environment)
