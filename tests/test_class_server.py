"""The files of docs/class-server do for a class what their page says."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

if not sys.platform.startswith("linux"):
    pytest.skip("the class server is for Linux", allow_module_level=True)

import pwd

from traitlets.config import Config

from tools.notebooks import ROOT
from tools.tables import measured

DOCS = ROOT / "docs" / "class-server"
README = (DOCS / "README.md").read_text("utf-8")
VALUES = yaml.safe_load((DOCS / "values.yaml").read_text("utf-8"))
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@pytest.fixture
def hub():
    """Run jupyterhub_config.py; return what it sets."""
    config = Config()
    exec((DOCS / "jupyterhub_config.py").read_text("utf-8"), {"get_config": lambda: config})
    return config


@pytest.fixture
def littlest():
    """Run the lines that the page gives for The Littlest JupyterHub; return what they set."""
    config = Config({"Spawner": {"environment": {}}})
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(textwrap.dedent(code), {"c": config})
    return config


def test_every_kernel_gets_one_thread(hub, littlest):
    del hub.Spawner.environment["JUPYTER_RUNTIME_DIR"]
    assert hub.Spawner.environment == ONE_THREAD
    assert littlest.Spawner.environment == ONE_THREAD
    assert VALUES["singleuser"]["extraEnv"] == ONE_THREAD


def test_kernels_get_no_ports_that_another_learners_kernel_could_take(hub, littlest):
    assert "--KernelManager.transport=ipc" in hub.Spawner.args
    assert littlest.Spawner.args == hub.Spawner.args


def test_the_names_of_the_kernels_sockets_are_short_enough(hub):
    me = pwd.getpwuid(os.getuid())
    spawner = SimpleNamespace(user=SimpleNamespace(name=me.pw_name))
    assert hub.Spawner.environment["JUPYTER_RUNTIME_DIR"](spawner) == f"{me.pw_dir}/.run"
    limit, socket = 107, f"kernel-{uuid.uuid4()}-ipc-5"
    assert len(f"/home/{'x' * 32}/.run/{socket}") <= limit  # no account has a longer name
    learner = "x" * int(re.search(r"user names of at most (\d+) letters", README)[1])
    assert len(f"/home/jupyter-{learner}/.local/share/jupyter/runtime/{socket}") == limit


def test_the_culler_may_do_its_work_and_no_more(hub):
    (service,), (role,) = hub.JupyterHub.services, hub.JupyterHub.load_roles
    assert role["services"] == [service["name"]]
    assert " ".join(role["scopes"]) == "list:users read:users:activity read:servers delete:servers"
    assert "--timeout=3600" in service["command"]


def test_work_in_a_cluster_is_written_where_it_is_kept():
    spawner = VALUES["hub"]["config"]["KubeSpawner"]
    assert spawner["working_dir"] == spawner["notebook_dir"] == "/home/jovyan"
    assert VALUES["singleuser"]["storage"]["capacity"]


def in_bytes(cells):
    return [int(cell.removesuffix(" MiB")) * 2**20 for cell in cells]


def test_memory_limits_hold_the_server_the_largest_kernel_and_a_second_one():
    server = max(in_bytes(row[2] for row in measured("class_memory")))
    kernels = sorted(in_bytes(row[3] for row in measured("notebooks")))
    littlest = re.search(r"limits\.memory (\d+G)", README)[1]
    for limit in (littlest, VALUES["singleuser"]["memory"]["limit"]):
        assert server + sum(kernels[-2:]) < int(limit.removesuffix("G")) * 1e9


RUN_AS_NOBODY = subprocess.run(["sh", "-c", "runuser -u nobody true"], capture_output=True)


@pytest.mark.skipif(RUN_AS_NOBODY.returncode != 0, reason="only root can read everybody's progress")
def test_progress_files_are_collected_and_links_to_others_lead_nowhere():
    place = ".local/share/nnutils/progress.jsonl"
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        top.chmod(0o755)  # every account may enter
        (top / "secret").touch(mode=0o600)
        for name in ("ada", "ben", "eve"):
            (top / name / place).parent.mkdir(parents=True)
            shutil.chown(top / name, "nobody")
        (top / "ada" / place).write_text("solved")
        (top / "eve" / place).symlink_to(top / "secret")
        command = ["sh", DOCS / "collect-progress.sh", top / "class"]
        command += [top / name for name in ("ada", "ben", "eve")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert [path.name for path in (top / "class").iterdir()] == ["ada.jsonl"]
        assert done.stdout == "ben: no progress yet\neve: no progress yet\n"
