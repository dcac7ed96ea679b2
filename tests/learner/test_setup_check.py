import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from nnutils import datasets, training
from nnutils.datasets import files, mnist
from nnutils.learner import progress, setup_check
from nnutils.learner.services import BINDER_VARIABLES
from tools.notebooks import ROOT, read

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LINES = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["course"]]
# One that the package and the extra `course` both name has the floor of the second.
REQUIREMENTS = list({(r := Requirement(line)).name: r for line in LINES}.values())


@pytest.fixture(autouse=True)
def own_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.setenv("NNUTILS_DEVICE", "cpu")
    services = [name for name in os.environ if name.startswith(("COLAB_", "KAGGLE_"))]
    others = ("MEM_LIMIT", "NNUTILS_DATA", "NNUTILS_OFFLINE")
    for name in (*BINDER_VARIABLES, *services, *others):
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


OTHERS = ("check_setup", "check_device")  # the device is asked for at a button
CHECKS = [name for name in dir(setup_check) if name.startswith("check_") and name not in OTHERS]


class Unspeakable(Exception):
    def __str__(self):
        return ""


@pytest.mark.parametrize("error", [RuntimeError("it broke\nmore lines"), Unspeakable()], ids=repr)
@pytest.mark.parametrize("name", CHECKS)
def test_a_check_that_fails_is_a_row_and_the_others_are_made(monkeypatch, name, error):
    def fail():
        raise error

    fail.__name__ = name
    usual = {row.name: row for row in setup_check.check_setup()}
    own = getattr(setup_check, name)()
    own = [own] if isinstance(own, setup_check.Row) else own
    monkeypatch.setattr(setup_check, name, fail)
    rows = {row.name: row for row in setup_check.check_setup()}
    (row,) = [row for row in rows.values() if "could not be looked at" in row.state]
    assert not row.fine and row.todo
    assert type(error).__name__ in row.state and "\n" not in row.state
    assert rows.keys() - {row.name} == usual.keys() - {each.name for each in own}


BROKEN = {
    "the packages' metadata": ("importlib.metadata.requires", TypeError("no metadata")),
    "a version": ("importlib.metadata.version", KeyError("Version")),
    "Python's version": ("platform.python_version", ValueError("none")),
    "the working folder": ("pathlib.Path.cwd", FileNotFoundError("it was deleted")),
    "the device": ("nnutils.training.get_device", RuntimeError("no driver")),
    "the digits": ("nnutils.learner.setup_check.bundled", PermissionError("closed")),
    "the data folder": ("nnutils.datasets.mnist.data_folder", RuntimeError("no home")),
    "memory": ("resource.getrusage", ValueError("unknown")),
    "free memory": ("nnutils.learner.setup_check._text", UnicodeError("no text")),
    "the home folder": ("nnutils.learner.progress.progress_file", RuntimeError("no home")),
}


@pytest.mark.parametrize(("where", "error"), BROKEN.values(), ids=BROKEN)
def test_nothing_that_a_check_asks_stops_the_test(monkeypatch, where, error):
    if where.startswith("resource"):
        pytest.importorskip("resource")

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(where, fail)
    rows = setup_check.check_setup() + setup_check.rows_of(setup_check.check_device)
    (row,) = [row for row in rows if "could not be looked at" in row.state]
    assert type(error).__name__ in row.state
    assert len(rows) > 8 or row.name == "packages"


def test_a_row_prints_as_a_line_and_what_to_do_below():
    assert str(setup_check.Row("data", "there")) == "✓ data             there"
    row = setup_check.Row("data", "gone", "Fetch it.", fine=False)
    assert str(row) == "✗ data             gone\n    → Fetch it."


def test_importing_the_module_loads_neither_torch_nor_matplotlib():
    code = (
        "import sys, nnutils.learner.setup_check; print({'torch', 'matplotlib'} & set(sys.modules))"
    )
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
        ("tqdm", "not installed"),
        ("torch", f"2.5.1, but the course needs {floor}"),
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


# --- Files that hide a module ---------------------------------------------------------------------


@pytest.fixture
def notebook_folder(monkeypatch, tmp_path):
    """An empty folder in which a kernel runs: "" stands between Python's own and the packages."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.chdir(folder)
    path = [path for path in sys.path if path and Path(path) != ROOT]
    first = next(k for k, path in enumerate(path) if path.endswith("site-packages"))
    monkeypatch.setattr(sys, "path", [*path[:first], "", *path[first:]])
    return folder


@pytest.mark.parametrize(
    "file", ["torch.py", "tqdm/__init__.py", "PIL.py", "sympy.py", "pytest.py"]
)
def test_a_file_that_hides_a_package_is_named(monkeypatch, notebook_folder, file):
    assert setup_check.check_shadows() == []
    path = notebook_folder / file
    path.parent.mkdir(exist_ok=True)
    path.touch()
    (row,) = setup_check.check_shadows()
    first = notebook_folder / Path(file).parts[0]
    assert row.name == first.name and not row.fine
    assert f"Give {first} another name" in row.todo
    assert row in setup_check.check_setup()
    monkeypatch.setitem(sys.modules, "nnutils.training", None)
    assert setup_check.check_device().todo.startswith(row.todo)


@pytest.mark.parametrize("name", ["random", "copy", "types"])
def test_a_file_that_hides_a_module_of_python_is_named_where_it_does(
    monkeypatch, notebook_folder, name
):
    (notebook_folder / f"{name}.py").touch()
    assert setup_check.check_shadows() == []  # in a kernel Python's own come first
    monkeypatch.syspath_prepend(notebook_folder)  # as in a program
    (row,) = setup_check.check_shadows()
    assert row.name == f"{name}.py" and "another name" in row.todo


@pytest.mark.parametrize("file", ["my_plots.py", "torch.ipynb", "torch.txt", "torch/notes.txt"])
def test_a_file_that_hides_nothing_is_left_alone(notebook_folder, file):
    (notebook_folder / file).parent.mkdir(exist_ok=True)
    (notebook_folder / file).touch()
    assert setup_check.check_shadows() == []


def test_the_course_s_own_folder_hides_nothing(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend("")
    assert setup_check.check_shadows() == []


# --- The device -----------------------------------------------------------------------------------


def test_the_device_is_the_one_that_the_course_uses():
    assert setup_check.check_device().state.startswith(f"{training.get_device()}: ")


def test_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setenv("NNUTILS_DEVICE", "abacus")
    row = setup_check.check_device()
    assert not row.fine and "abacus" in row.state and "without this variable" in row.todo


def test_a_device_that_does_not_compute(monkeypatch):
    def fail(model, X):
        raise RuntimeError("no kernel image is available\nmore lines")

    monkeypatch.setattr(training, "predict", fail)
    row = setup_check.check_device()
    assert row.state == "cpu does not compute (no kernel image is available)"
    assert not row.fine and "NNUTILS_DEVICE=cpu" in row.todo


def test_a_torch_that_does_not_load(monkeypatch):
    monkeypatch.setitem(sys.modules, "nnutils.training", None)
    row = setup_check.check_device()
    assert not row.fine and "does not load" in row.state and "pip install" in row.todo


def test_another_process_is_asked_for_the_device(monkeypatch):
    assert setup_check.ask_for_device() == setup_check.check_device()
    monkeypatch.setenv("TESTS_WITHOUT_TORCH", "1")
    row = setup_check.ask_for_device()
    assert not row.fine and "00 to 06 work without it" in row.todo
    monkeypatch.setattr(sys, "executable", "no such Python")
    row = setup_check.ask_for_device()
    assert not row.fine and "could not be asked" in row.state


def test_the_self_test_does_without_torch():
    code = (
        "import sys; from nnutils.learner.setup_check import check_setup\n"
        "assert any(row.name == 'torch' and row.fine for row in check_setup())\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- Data -----------------------------------------------------------------------------------------


def test_digits_that_are_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "BUNDLED", tmp_path)
    with pytest.raises(FileNotFoundError):
        datasets.load_digits()
    row = setup_check.check_digits()
    assert not row.fine and "git restore data" in row.todo


def test_mnist_raw_or_packed_in_the_folder_of_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("NNUTILS_DATA", str(tmp_path))
    assert setup_check.check_mnist().state.startswith("not there")
    images, labels, test_images, test_labels = mnist.MNIST_SHA256
    for name in (images, f"{labels}.gz", test_images):
        (tmp_path / name).touch()
    row = setup_check.check_mnist()
    assert row.fine and row.state.startswith(f"without {test_labels};")
    assert 'load_mnist("mnist")' in row.todo and "data/README.md" in row.todo
    (tmp_path / test_labels).touch()
    assert setup_check.check_mnist() == ("MNIST", "there", "", True)


def test_nobody_who_is_offline_is_told_to_download(monkeypatch, tmp_path):
    monkeypatch.setenv("NNUTILS_DATA", str(tmp_path))
    monkeypatch.setenv("NNUTILS_OFFLINE", "1")
    row = setup_check.check_mnist()
    assert "load_mnist" not in row.todo and "data/README.md" in row.todo


def test_mnist_in_the_folder_of_the_course(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "BUNDLED", tmp_path)
    for name in mnist.MNIST_SHA256:
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
    monkeypatch.setattr(setup_check, "_text", {"/proc/meminfo": table}.get)
    monkeypatch.setattr(setup_check, "_free_of_container", lambda: None)
    row = setup_check.check_free_memory()
    assert row.state.startswith(f"{state} GiB")
    assert row.fine == fine
    assert fine or "Shut Down All Kernels" in row.todo


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({"memory.max": "2147483648\n", "memory.current": "536870912\n"}, "1.5 GiB"),
        ({"memory.max": "max\n", "memory.current": "536870912\n"}, "21.0 GiB"),
        (
            {
                "memory/memory.limit_in_bytes": "1073741824\n",
                "memory/memory.usage_in_bytes": "2147483648\n",
            },
            "0.0 GiB",
        ),
        ({}, "21.0 GiB"),
    ],
)
def test_a_container_may_take_less_than_the_machine_has(monkeypatch, files, state):
    texts = {f"/sys/fs/cgroup/{name}": text for name, text in files.items()}
    texts["/proc/meminfo"] = f"MemAvailable: {21 * 2**20} kB\n"
    monkeypatch.setattr(setup_check, "_text", lambda path: texts.get(path, ""))
    assert setup_check.check_free_memory().state.startswith(state)


@pytest.mark.parametrize("table", ["MemTotal: 8000000 kB\n", "MemAvailable: much\n", ""])
def test_an_old_linux_that_does_not_tell_what_is_available(monkeypatch, table):
    monkeypatch.setattr(setup_check, "_text", {"/proc/meminfo": table}.get)
    monkeypatch.setattr(setup_check, "_free_of_container", lambda: None)
    row = setup_check.check_free_memory()
    assert row.fine and row.state.startswith("not shown")


def test_the_limit_of_a_server_goes_first(monkeypatch):
    monkeypatch.setenv("MEM_LIMIT", str(2 * 2**30))
    row = setup_check.check_free_memory()
    assert row.state == "2.0 GiB for all kernels together"
    assert "Shut down each notebook's kernel" in row.todo


# --- Progress and hosted services -----------------------------------------------------------------


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


@pytest.mark.parametrize("name", BINDER_VARIABLES)
def test_binder_is_told_from_the_own_machine(monkeypatch, name):
    assert setup_check.check_service().state.startswith("no: ")
    monkeypatch.setenv(name, "something")
    row = setup_check.check_service()
    assert row.name == "Binder"
    assert row.state.startswith("yes: ") and "save your work" in row.todo


@pytest.fixture(params=["google.colab", "COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"])
def hosted(request, monkeypatch):
    """Pretend to be on Colab or Kaggle, which are known by a module or by a variable."""
    if request.param == "google.colab":
        monkeypatch.setitem(sys.modules, request.param, ModuleType(request.param))
    else:
        monkeypatch.setenv(request.param, "something")
    return "Kaggle" if "KAGGLE" in request.param else "Colab"


def test_a_hosted_service_is_told_what_is_particular_there(hosted, monkeypatch):
    row = setup_check.check_setup()[-1]
    assert row.name == hosted and "files are gone" in row.state
    assert {"Colab": "Drive", "Kaggle": "Save Version"}[hosted] in row.todo
    assert "save your work" in row.todo
    monkeypatch.setattr(metadata, "version", lambda name: "0.1")
    monkeypatch.setattr("platform.python_version", lambda: "3.9.18")
    monkeypatch.setitem(sys.modules, "nnutils.training", None)
    rows = setup_check.check_setup()
    assert len([row for row in rows if not row.fine]) > len(PROJECT["dependencies"])
    assert [row for row in rows if "make" in row.todo] == []


def test_a_hosted_service_keeps_its_own_jupyter(hosted):
    rows = setup_check.check_packages()
    assert [row.name for row in rows] == [Requirement(d).name for d in PROJECT["dependencies"]]


def test_a_hosted_service_without_the_course(hosted, monkeypatch):
    monkeypatch.setattr(metadata, "metadata", not_installed)
    monkeypatch.setattr(metadata, "requires", not_installed)
    rows = [setup_check.check_python(), *setup_check.check_packages()]
    assert all("first cell" in row.todo and "make" not in row.todo for row in rows)


def test_the_cell_that_exports_the_progress(monkeypatch, tmp_path, capsys):
    cells = [cell.source for cell in read(ROOT / "notebooks" / "00_start_here.ipynb").cells]
    save = next(source for source in cells if "save_as = None" in source)
    monkeypatch.chdir(tmp_path)
    progress.record("00.1", "solved")
    exec(save, {})
    assert capsys.readouterr().out == "" and not Path("my_progress.jsonl").exists()
    exec(save.replace("None", '"my_progress.jsonl"'), {})
    assert capsys.readouterr().out == "1 new lines saved in my_progress.jsonl\n"

    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "elsewhere"))
    assert progress.solved() == set()
    progress.import_progress("my_progress.jsonl")
    assert progress.solved() == {"00.1"}
