"""The GitHub Actions workflow runs what exists, on three systems, with pinned actions."""

import re

import pytest
import yaml

from tools.notebooks import ROOT

PATHS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8"))


def commands(job):
    """Return the lines of all commands of a job."""
    return [line for step in job["steps"] for line in step.get("run", "").splitlines()]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_and_says_its_version(path):
    lines = re.findall(r"uses: (.*)", path.read_text("utf-8"))
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    pins = dict(line.split("@") for line in lines)
    assert {f"{action}@{pin}" for action, pin in pins.items()} == set(lines), "one pin for each"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_nobody_gets_more_rights_than_reading(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        if name == "publish":  # it runs nothing of the course's, it only puts a folder online
            assert job["permissions"] == {"pages": "write", "id-token": "write"}
            assert all("run" not in step for step in job["steps"])
        else:
            assert "permissions" not in job
        assert job["timeout-minutes"] <= 60
    assert "secrets." not in path.read_text("utf-8")


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE))
    lines = [line for job in WORKFLOW["jobs"].values() for line in commands(job)]
    made = [line.split()[1] for line in lines if line.startswith("make ")]
    assert {"test", "test-colab"} <= set(made) <= targets
