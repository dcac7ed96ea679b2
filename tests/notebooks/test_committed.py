"""Run each notebook: every stored output equals a fresh one (strict nbval), and all is solved.

Those that are stored with MNIST run on the bundled digits too, where their outputs are not
compared; nor are any with ``--lax``. A cell that raises an error still fails.
"""

import platform
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from solved import with_solutions

from tools import notebooks
from tools.notebooks import ROOT, all_notebooks, is_stored_with_mnist

# In these NumPy computes what is shown.
NUMPY_NOTEBOOKS = [path for path in all_notebooks() if 1 <= int(path.name[:2]) <= 7]

# Computes as a processor without wide vector instructions would.
OTHER_PROCESSOR = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Prescott",
}


def run_nbval(path, environment, lax=False):
    """Run the notebook at ``path``; unless ``lax``, compare its stored outputs with fresh ones."""
    command = [sys.executable, "-m", "pytest", "-p", "nbval.plugin", "--nbval-current-env"]
    command += ["--nbval-lax", "-W", "default"] if lax else ["--nbval"]
    command += ["--nbval-cell-timeout=900", "-p", "no:cacheprovider", "--quiet", "--color=no"]
    command += ["-c", str(ROOT / "pyproject.toml")]
    environment = environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # others take a second
    result = subprocess.run(
        [*command, str(path)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


# Seven kernels fit into Binder's memory.
IS_LIGHT = """
import resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
assert peak < 300, f"this kernel has had {peak:.0f} MiB"
del resource, peak
"""


@pytest.mark.parametrize("path", all_notebooks()[::-1], ids=lambda path: path.stem)
def test_stored_outputs_equal_fresh_ones_and_every_check_says_solved(
    path, environment_of, pytestconfig, tmp_path
):
    notebook = notebooks.read(path)
    with_solutions(notebook, tmp_path / "solved")
    if path in all_notebooks()[:7] and platform.system() == "Linux":
        notebook.cells.append(new_code_cell(IS_LIGHT))
    (tmp_path / "notebooks").mkdir()
    copy = tmp_path / "notebooks" / path.name
    nbformat.write(notebook, copy)
    lax = pytestconfig.getoption("lax") or is_stored_with_mnist(path)
    run_nbval(copy, environment_of(path), lax)


@pytest.mark.mnist
@pytest.mark.parametrize(
    "path", list(filter(is_stored_with_mnist, all_notebooks())), ids=lambda path: path.stem
)
def test_stored_outputs_equal_fresh_ones_on_mnist(path, environment, mnist_folder, pytestconfig):
    environment = environment | {"NNUTILS_DATA": mnist_folder}
    run_nbval(path, environment, lax=pytestconfig.getoption("lax"))


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="the switches are those of x86"
)
@pytest.mark.parametrize("path", NUMPY_NOTEBOOKS[::-1], ids=lambda path: path.stem)
def test_another_processor_shows_the_same(path, environment_of, pytestconfig, tmp_path):
    if pytestconfig.getoption("lax"):
        pytest.skip("outputs are not compared")
    # Its figures are not asked again whether they can be read: that would take as long as the rest.
    environment = environment_of(path) | OTHER_PROCESSOR | {"IPYTHONDIR": str(tmp_path)}
    run_nbval(path, environment)
