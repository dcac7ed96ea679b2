"""The class trial's checks, its plan and its cleaning; the trial itself is `make class-trial`."""

import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

if not sys.platform.startswith("linux"):
    pytest.skip("the class server is for Linux", allow_module_level=True)

from traitlets.config import Config

from benchmarks import class_server
from nnutils import notebooks

DOCS = notebooks.ROOT / "docs" / "class-server"
TEACHING = (notebooks.ROOT / "docs" / "teaching.md").read_text("utf-8")
THREADS = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
NOBODY = 65534
GIB = 2**30


def is_root():
    """Return whether this is root over all accounts; in a namespace of its own it has only one."""
    lines = Path("/proc/self/uid_map").read_text("utf-8").splitlines()
    accounts = sum(int(line.split()[2]) for line in lines)
    return os.geteuid() == 0 and accounts > NOBODY


def table(name):
    """Return the rows of a measured table in docs/results.md, each a list of cells."""
    text = class_server.RESULTS.read_text(encoding="utf-8")
    text = re.search(rf"<!-- begin {name} -->\n(.*?)<!-- end {name} -->", text, re.DOTALL)[1]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def mebibytes(cell):
    return int(cell.removesuffix(" MiB"))


@pytest.fixture
def folder(monkeypatch):
    """Give the trial another folder, one that every account may enter."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        path = Path(top) / "trial"
        monkeypatch.setattr(class_server, "FOLDER", path)
        monkeypatch.setattr(class_server, "SHARED_FOLDERS", (top,))
        yield path


@pytest.fixture
def kept_signals():
    before = {number: signal.getsignal(number) for number in class_server.SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


# --- It refuses to run ----------------------------------------------------------------------------


def test_it_says_what_it_needs_when_not_root(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "as root" in class_server.obstacles()[0]


def test_it_says_what_it_needs_without_a_hub_and_a_proxy(monkeypatch, tmp_path):
    find = class_server.importlib.util.find_spec
    monkeypatch.setattr(
        class_server.importlib.util,
        "find_spec",
        lambda name: None if name == "jupyterhub" else find(name),
    )
    monkeypatch.setattr(class_server, "search_path", lambda: str(tmp_path))
    text = "\n".join(class_server.obstacles())
    assert "jupyterhub is not installed: `make class-trial`" in text
    assert "proxy is not installed" in text


def test_a_trial_that_cannot_run_ends_before_it_makes_anything(monkeypatch, folder):
    monkeypatch.setattr(class_server, "obstacles", lambda: ["No root."])
    monkeypatch.setattr(sys, "argv", ["class_server"])
    with pytest.raises(SystemExit, match=r"cannot run here.\nNo root."):
        class_server.main()
    assert not folder.exists()


# --- The plan -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "available, each, learners, fit",
    [(14 * GIB, GIB, 20, 10), (14 * GIB, GIB, 5, 5), (2 * GIB, GIB, 20, 0), (4.5 * GIB, GIB, 3, 0)],
)
def test_how_many_fit_leaves_the_reserve(available, each, learners, fit):
    assert class_server.RESERVE == 4 * GIB
    assert class_server.how_many_fit(available, each, learners) == fit


def test_peak_memory_is_the_larger_of_a_notebooks_rows():
    peaks = [mebibytes(row[3]) for row in table("notebooks") if row[0] == "09_mnist_mlp"]
    assert len(peaks) == 2
    assert class_server.peak_memory("09_mnist_mlp") == max(peaks) * 2**20


def test_the_notebooks_of_the_trial_exist_and_have_a_first_exercise():
    for name in class_server.NUMPY_NOTEBOOKS:
        notebook = notebooks.read(notebooks.ROOT / "notebooks" / f"{name}.ipynb")
        for tag in class_server.TAGS:
            cell = class_server.tagged(notebook, tag, f"{name[:2]}.1")
            assert tag in cell.metadata.tags
    assert (notebooks.ROOT / "notebooks" / f"{class_server.TORCH_NOTEBOOK}.ipynb").exists()


# --- Closed homes ---------------------------------------------------------------------------------


@pytest.fixture
def as_another_account(folder):
    """Make a home with a file, and go on as an account that may not read it when it is closed."""
    home = folder / "home"
    home.mkdir(parents=True, mode=0o755)
    (home / "work").write_text("mine")
    root = is_root()
    if os.geteuid() == 0 and not root:
        pytest.skip("this namespace has no other account")
    if root:
        os.seteuid(NOBODY)

    def close():
        if root:
            os.seteuid(0)
        home.chmod(0o700 if root else 0)
        if root:
            os.seteuid(NOBODY)

    yield home, close
    if root:
        os.seteuid(0)
    home.chmod(0o755)


def test_an_open_home_is_noticed(as_another_account):
    home, _ = as_another_account
    paths = [str(home), str(home / "work")]
    assert class_server.can_read(paths) == paths


def test_a_closed_home_is_closed(as_another_account):
    home, close = as_another_account
    close()
    assert class_server.can_read([str(home), str(home / "work")]) == []


def test_a_home_that_is_not_there_does_not_count_as_closed(tmp_path):
    with pytest.raises(FileNotFoundError):
        class_server.can_read([str(tmp_path / "nothing")])


# --- Nothing is left ------------------------------------------------------------------------------


def sleeper(folder):
    """Start a process that ends within ten minutes by itself, and at once when it is killed."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], cwd=folder)


def test_processes_and_files_of_a_trial_are_found_and_removed(folder):
    folder.mkdir()
    (folder / "file").write_text("")
    process = sleeper(folder)
    left = class_server.left_behind(set())
    assert [str(process.pid) in each for each in left] == [True, False]
    assert left[1] == str(folder)
    class_server.clean_up(set())
    process.wait(10)
    assert class_server.left_behind(set()) == []


@pytest.mark.skipif(not is_root(), reason="only root can give a file away")
def test_files_of_an_account_in_shared_folders_are_found_and_removed(folder):
    mine, strange = folder.parent / "mine", folder.parent / "strange"
    for path in (mine, strange):
        path.mkdir()
        (path / "file").write_text("")
    os.chown(strange, 4242, 4242)
    os.chown(mine / "file", 4242, 4242)
    assert set(class_server.left_behind({4242})) == {str(strange), str(mine / "file")}
    class_server.clean_up({4242})
    assert class_server.left_behind({4242}) == []
    assert mine.exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_when_a_trial_breaks_off(folder, kept_signals, error):
    with pytest.raises(error), class_server.nothing_left():
        process = sleeper(folder)
        raise error
    process.wait(10)
    assert not folder.exists()


@pytest.mark.parametrize("number", class_server.SIGNALS)
def test_nothing_is_left_when_a_trial_is_told_to_end(folder, kept_signals, number):
    with pytest.raises(SystemExit, match="told to end"), class_server.nothing_left():
        os.kill(os.getpid(), number)
        time.sleep(10)
    assert not folder.exists()


def test_the_next_trial_removes_what_a_killed_one_has_left(folder, kept_signals):
    folder.mkdir()
    (folder / "pid").write_text("999999999")
    (folder / "old").write_text("")
    process = sleeper(folder)
    with class_server.nothing_left():
        process.wait(10)
        assert not (folder / "old").exists()


def test_two_trials_do_not_run_at_once(folder, monkeypatch):
    folder.mkdir()
    (folder / "pid").write_text(str(os.getpid()))
    monkeypatch.setattr(class_server, "is_trial", lambda number: number == os.getpid())
    with pytest.raises(RuntimeError, match="already running"), class_server.nothing_left():
        raise AssertionError("it has begun")
    assert folder.exists()


def test_only_a_process_that_runs_the_trial_counts_as_one():
    assert not class_server.is_trial(os.getpid())
    assert not class_server.is_trial(999999999)


def test_traces_that_stay_are_reported(folder, kept_signals, monkeypatch):
    monkeypatch.setattr(class_server, "remove", lambda path: None)
    with pytest.raises(RuntimeError, match="has left behind"), class_server.nothing_left():
        pass


# --- What is measured -----------------------------------------------------------------------------


def test_at_once_keeps_the_order_and_raises_what_a_learner_raises():
    assert class_server.at_once(lambda k: k * k, [3, 1, 2]) == [9, 1, 4]
    with pytest.raises(ZeroDivisionError):
        class_server.at_once(lambda k: 1 / k, [1, 0])


def test_seconds_are_those_of_each_learner_and_all_start_together():
    start = time.perf_counter()
    seconds = class_server.seconds_of(time.sleep, [0.3, 0.3, 0.1])
    assert time.perf_counter() - start < 0.6
    assert seconds == pytest.approx([0.3, 0.3, 0.1], abs=0.09)


def test_the_storm_is_told_by_the_median_and_the_last_one():
    assert class_server.median_and_last([1, 9, 2]) == ["2.0 s", "9.0 s"]


def test_peaks_add_up_a_learners_processes_and_only_grow():
    peaks = {}
    class_server.raise_peaks(peaks, [("ada", 3), ("ada", 4), ("ben", 1)])
    class_server.raise_peaks(peaks, [("ada", 5), ("ben", 2)])
    assert peaks == {"ada": 7, "ben": 2}


def test_the_memory_row_has_a_cell_for_every_heading():
    watch = class_server.MemoryWatch()
    watch.servers = {"ada": 100 * 2**20, "ben": 120 * 2**20}
    watch.kernels = {"ada": 90 * 2**20, "ben": 95.5 * 2**20}
    watch.together, watch.files = 3 * GIB, {False: GIB // 4, True: GIB // 4}
    row = class_server.memory_row("x", watch)
    assert row == ["x", 2, "110 MiB", "93 MiB", "96 MiB", "3.0 GiB", "0.5 GiB"]
    assert len(row) == len(class_server.HEADERS["class_memory"])


# --- The configurations ---------------------------------------------------------------------------


def hub_configuration():
    config = Config()
    path = DOCS / "jupyterhub_config.py"
    exec(compile(path.read_text("utf-8"), path, "exec"), {"get_config": lambda: config})
    return config


def test_every_kernel_gets_one_thread():
    expected = dict.fromkeys(THREADS, "1")
    environment = dict(hub_configuration().Spawner.environment)
    del environment["JUPYTER_RUNTIME_DIR"]
    assert environment == expected
    values = yaml.safe_load((DOCS / "values.yaml").read_text("utf-8"))
    assert values["singleuser"]["extraEnv"] == expected
    readme = (DOCS / "README.md").read_text("utf-8")
    assert all(name in readme for name in THREADS)


def test_kernels_get_no_ports_that_another_learners_kernel_could_take():
    argument = "--KernelManager.transport=ipc"
    assert argument in hub_configuration().Spawner.args
    assert argument in (DOCS / "README.md").read_text("utf-8")


def test_the_name_of_a_kernels_socket_is_short_enough():
    spawner = SimpleNamespace(user=SimpleNamespace(name=pwd.getpwuid(os.getuid()).pw_name))
    runtime = hub_configuration().Spawner.environment["JUPYTER_RUNTIME_DIR"]
    assert runtime(spawner) == f"{pwd.getpwuid(os.getuid()).pw_dir}/.run"
    home = class_server.FOLDER / "homes" / f"{class_server.PREFIX}20"
    socket = f"{home}/.run/kernel-{uuid.uuid4()}-ipc-5"
    assert len(socket) <= 107  # the system's limit
    tljh = f"/home/jupyter-{'x' * 14}/.local/share/jupyter/runtime/kernel-{uuid.uuid4()}-ipc-5"
    assert len(tljh) == 107


def test_work_in_a_cluster_is_written_where_it_is_kept():
    values = yaml.safe_load((DOCS / "values.yaml").read_text("utf-8"))
    spawner = values["hub"]["config"]["KubeSpawner"]
    assert spawner["working_dir"] == spawner["notebook_dir"] == "/home/jovyan"
    assert values["singleuser"]["storage"]["capacity"]


def test_the_culler_may_do_its_work_and_no_more():
    config = hub_configuration()
    (service,), (role,) = config.JupyterHub.services, config.JupyterHub.load_roles
    assert role["services"] == [service["name"]]
    assert "delete:servers" in role["scopes"]
    assert not any("admin" in scope for scope in role["scopes"])
    assert "--timeout=3600" in service["command"]


def limits():
    """Return the memory limits in bytes that the two real installations set."""
    values = yaml.safe_load((DOCS / "values.yaml").read_text("utf-8"))
    tljh = re.search(r"limits\.memory (\d+)G", (DOCS / "README.md").read_text("utf-8"))[1]
    return int(values["singleuser"]["memory"]["limit"].removesuffix("G")) * 1e9, int(tljh) * 1e9


def server_memory():
    """Return the measured memory in MiB of a learner's server."""
    return max(mebibytes(row[2]) for row in table("class_memory"))


def test_memory_limits_hold_the_server_the_largest_kernel_and_a_second_one():
    peaks = sorted(mebibytes(row[3]) for row in table("notebooks"))
    needed = (
        server_memory() + peaks[-1] + class_server.peak_memory("08_pytorch_building_blocks") / 2**20
    )
    assert all(limit / 2**20 > needed for limit in limits()), (limits(), needed)


def test_every_notebook_stays_inside_binders_memory():
    for name, data, _, own, files in table("notebooks"):
        together = server_memory() + mebibytes(own) + mebibytes(files)
        assert together * 2**20 < 2e9, (name, data, together)


def test_machines_for_thirty_learners_are_large_enough():
    _, (*_, numpy_only, _, _), _ = table("class_memory")
    numpy_only = mebibytes(numpy_only) * 2**20
    bundled = [row for row in table("notebooks") if row[1] == "bundled digits"]
    other = max(mebibytes(row[3]) for row in bundled) * 2**20
    mnist = class_server.peak_memory("09_mnist_mlp")
    files = max(float(row[6].removesuffix(" GiB")) for row in table("class_memory"))
    rows = re.findall(r"^\| .+ \| (\d+) GiB \| (\d+) GB \|$", TEACHING, re.MULTILINE)
    for (stated, machine), kernels in zip(rows, [numpy_only, other, 2 * other, mnist], strict=True):
        needed = 30 * (server_memory() * 2**20 + kernels) + (files + 2) * GIB
        assert abs(int(stated) - needed / GIB) < 1
        assert needed < int(machine) * 1e9


@pytest.mark.parametrize("link", re.findall(r"git-pull\?\S+", TEACHING))
def test_links_that_hand_out_the_course_name_its_parts(link):
    assert re.search(r"repo=https%3A%2F%2F", link)
    assert "branch=" in link and "targetPath=course" in link
    notebook = re.search(r"urlpath=lab%2Ftree%2Fcourse%2Fnotebooks%2F([\w.]+)", link)[1]
    assert (notebooks.ROOT / "notebooks" / notebook).exists()


# --- Collecting the progress ----------------------------------------------------------------------


@pytest.mark.skipif(not is_root(), reason="only root can read everybody's progress")
def test_progress_files_are_collected_and_links_to_others_lead_nowhere(folder):
    folder.mkdir(mode=0o755)
    secret = folder / "secret"
    secret.write_text("root's")
    secret.chmod(0o600)
    for name in ("ada", "ben", "eve"):
        home = folder / "home" / name
        place = home / ".local" / "share" / "nnutils"
        place.mkdir(parents=True)
        if name == "ada":
            (place / "progress.jsonl").write_text('{"exercise": "03.1"}\n')
        if name == "eve":
            (place / "progress.jsonl").symlink_to(secret)
        os.chown(home, NOBODY, NOBODY)
    homes = sorted((folder / "home").iterdir())
    command = ["sh", DOCS / "collect-progress.sh", folder / "class", *homes]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert [path.name for path in (folder / "class").iterdir()] == ["ada.jsonl"]
    assert done.stdout == "ben: no progress yet\neve: no progress yet\n"
