import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from nnutils import datasets, progress, setup_check
from nnutils import pytorch as nn_pytorch
from nnutils.notebooks import ROOT, read

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REQUIREMENTS = [Requirement(line) for line in PROJECT["dependencies"]]


@pytest.fixture(autouse=True)
def own_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.setenv("NNUTILS_DEVICE", "cpu")
    for name in (*progress.BINDER_VARIABLES, "MEM_LIMIT", "NNUTILS_DATA"):
        monkeypatch.delenv(name, raising=False)


def not_installed(*_):
    raise metadata.PackageNotFoundError("nnutils")


# --- All of them ----------------------------------------------------------------------------------


def test_this_machine_is_fine():
    rows = setup_check.check_setup()
    names = [row.name for row in rows]
    assert names[:2] == ["Python", REQUIREMENTS[0].name]
    assert len(set(names)) == len(names)
    assert [row for row in rows if not row.fine] == []


def test_a_row_prints_as_a_line_and_what_to_do_below():
    assert str(setup_check.Row("data", "there")) == "✓ data             there"
    row = setup_check.Row("data", "gone", "Fetch it.", fine=False)
    assert str(row) == "✗ data             gone\n    → Fetch it."


def test_importing_the_module_loads_neither_torch_nor_matplotlib():
    code = "import sys, nnutils.setup_check; print({'torch', 'matplotlib'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout == "set()\n"


# --- Versions -------------------------------------------------------------------------------------


def test_every_package_of_pyproject_is_looked_at():
    rows = setup_check.check_packages()
    assert [row.name for row in rows] == [requirement.name for requirement in REQUIREMENTS]
    assert [row.state for row in rows] == [metadata.version(row.name) for row in rows]
    for row, requirement in zip(rows, REQUIREMENTS, strict=True):
        assert row.fine == requirement.specifier.contains(row.state, prereleases=True)


VERSIONS = ("2", "2.0", "2.6", "2.6.0", "2.6.1", "2.10", "2.10.0+cu128", "3.0", "10.3", "0.9.13")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("floor", ["2.0", "2.6", "0.9.13", "3", "10.3"])
def test_versions_are_compared_as_packaging_does(version, floor):
    expected = Version(version) >= Version(floor)
    assert setup_check._is_at_least(version, floor) == expected


def test_an_old_and_a_missing_package(monkeypatch):
    versions = {requirement.name: "99" for requirement in REQUIREMENTS} | {"torch": "2.5.1"}
    del versions["tqdm"]

    def version(name):
        return versions[name] if name in versions else not_installed()

    monkeypatch.setattr(metadata, "version", version)
    bad = [row for row in setup_check.check_packages() if not row.fine]
    floor = str(next(r.specifier for r in REQUIREMENTS if r.name == "torch")).removeprefix(">=")
    assert [(row.name, row.state) for row in bad] == [
        ("torch", f"2.5.1, but the course needs {floor}"),
        ("tqdm", "not installed"),
    ]
    assert all("make lab" in row.todo and "Restart Kernel" in row.todo for row in bad)


def test_an_old_python_names_the_one_to_install(monkeypatch):
    monkeypatch.setattr("platform.python_version", lambda: "3.9.18")
    row = setup_check.check_python()
    floor = PROJECT["requires-python"].removeprefix(">=")
    assert not row.fine
    assert f"make lab PYTHON=python{floor}" in row.todo


def test_a_python_without_the_course(monkeypatch):
    monkeypatch.setattr(metadata, "metadata", not_installed)
    monkeypatch.setattr(metadata, "requires", not_installed)
    rows = [setup_check.check_python(), *setup_check.check_packages()]
    assert [row.fine for row in rows] == [False, False]
    assert all("pip install" in row.todo for row in rows)


# --- The device -----------------------------------------------------------------------------------


def test_the_device_is_the_one_that_the_course_uses():
    assert setup_check.check_device().state.startswith(f"{nn_pytorch.get_device()}: ")


def test_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setenv("NNUTILS_DEVICE", "abacus")
    row = setup_check.check_device()
    assert not row.fine and "abacus" in row.state and "without this variable" in row.todo


def test_a_device_that_does_not_compute(monkeypatch):
    def fail(model, X):
        raise RuntimeError("no kernel image is available\nmore lines")

    monkeypatch.setattr(nn_pytorch, "predict", fail)
    row = setup_check.check_device()
    assert row.state == "cpu does not compute (no kernel image is available)"
    assert not row.fine and "NNUTILS_DEVICE=cpu" in row.todo


def test_a_torch_that_does_not_load(monkeypatch):
    monkeypatch.setitem(sys.modules, "nnutils.pytorch", None)
    row = setup_check.check_device()
    assert not row.fine and "does not load" in row.state and "pip install" in row.todo


# --- Data -----------------------------------------------------------------------------------------


def test_digits_that_are_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "DATA_FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError):
        datasets.load_digits()
    row = setup_check.check_digits()
    assert not row.fine and "git restore data" in row.todo


def test_mnist_raw_or_packed_in_the_folder_of_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("NNUTILS_DATA", str(tmp_path))
    assert setup_check.check_mnist().state.startswith("not there")
    images, labels, test_images, test_labels = datasets.MNIST_SHA256
    for name in (images, f"{labels}.gz", test_images):
        (tmp_path / name).touch()
    row = setup_check.check_mnist()
    assert row.fine and row.state.startswith(f"without {test_labels};")
    assert 'load_mnist("mnist")' in row.todo and "data/README.md" in row.todo
    (tmp_path / test_labels).touch()
    assert setup_check.check_mnist() == ("MNIST", "there", "", True)


def test_mnist_in_the_folder_of_the_course(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "DATA_FOLDER", tmp_path)
    for name in datasets.MNIST_SHA256:
        (tmp_path / name).touch()
    assert setup_check.check_mnist().state == "there"


# --- Memory ---------------------------------------------------------------------------------------


def test_kernel_memory_is_that_of_the_system():
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("needs Linux")
    block = np.ones(2**27 // 8)  # 0.125 GiB, all of it in use
    state = setup_check.check_kernel_memory().state
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    assert float(state.split()[0]) == pytest.approx(int(peak.split()[1]) / 2**20, abs=0.1)
    assert float(state.split()[0]) > block.nbytes / 2**30


def test_a_system_that_tells_nothing_about_memory(monkeypatch):
    def no_file(*_):
        raise FileNotFoundError

    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.setattr(Path, "read_text", no_file)
    for row in (setup_check.check_kernel_memory(), setup_check.check_free_memory()):
        assert row.fine and row.state.startswith("not shown")


@pytest.mark.parametrize(
    ("kilobytes", "state", "fine"), [(2**22, "4.0", True), (2**19, "0.5", False)]
)
def test_free_memory(monkeypatch, kilobytes, state, fine):
    table = f"MemTotal:  8000000 kB\nMemFree:   1000 kB\nMemAvailable:  {kilobytes} kB\n"
    monkeypatch.setattr(Path, "read_text", lambda path, encoding: table)
    row = setup_check.check_free_memory()
    assert row.state.startswith(f"{state} GiB")
    assert row.fine == fine
    assert fine or "Shut Down All Kernels" in row.todo


def test_the_limit_of_a_server_goes_first(monkeypatch):
    monkeypatch.setenv("MEM_LIMIT", str(2 * 2**30))
    row = setup_check.check_free_memory()
    assert row.state == "2.0 GiB for all kernels together"
    assert "Shut down each notebook's kernel" in row.todo


# --- Progress and Binder --------------------------------------------------------------------------


def test_progress_can_be_written_and_nothing_is_lost():
    progress.record("03.1", "solved")
    row = setup_check.check_progress()
    assert row == ("progress", "kept in progress.jsonl in the folder NNUTILS_PROGRESS", "", True)
    assert progress.solved() == {"03.1"}


def test_progress_in_the_home_folder_is_named_from_there(monkeypatch, tmp_path):
    monkeypatch.delenv("NNUTILS_PROGRESS")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr("platformdirs.user_data_dir", lambda app, appauthor: str(tmp_path / app))
    assert setup_check.check_progress().state == "kept in ~/nnutils/progress.jsonl"


def test_progress_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "file"))
    row = setup_check.check_progress()
    assert not row.fine and "cannot be written" in row.state
    assert "NNUTILS_PROGRESS set to a folder" in row.todo


@pytest.mark.parametrize("name", progress.BINDER_VARIABLES)
def test_binder_is_told_from_the_own_machine(monkeypatch, name):
    assert setup_check.check_binder().state.startswith("no: ")
    monkeypatch.setenv(name, "something")
    row = setup_check.check_binder()
    assert row.state.startswith("yes: ") and "save your work" in row.todo


def test_the_cell_that_exports_the_progress(monkeypatch, tmp_path, capsys):
    cells = [cell.source for cell in read(ROOT / "notebooks" / "00_start_here.ipynb").cells]
    save = next(source for source in cells if source.startswith("save_as = None"))
    monkeypatch.chdir(tmp_path)
    progress.record("00.1", "solved")
    exec(save, {"progress": progress})
    assert capsys.readouterr().out == "" and not Path("my_progress.jsonl").exists()
    exec(save.replace("None", '"my_progress.jsonl"'), {"progress": progress})
    assert capsys.readouterr().out == "1 new lines saved in my_progress.jsonl\n"

    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "elsewhere"))
    assert progress.solved() == set()
    progress.import_progress("my_progress.jsonl")
    assert progress.solved() == {"00.1"}
