"""The GitHub Actions workflow runs what exists, on three systems, with pinned actions."""

import re
import shlex
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from nnutils.notebooks import ROOT

PATHS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEXT = (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8")
WORKFLOW = yaml.safe_load(TEXT)
STRICT, LAX = WORKFLOW["jobs"]["strict"], WORKFLOW["jobs"]["lax"]
SYSTEMS = {"ubuntu-latest", "macos-latest", "windows-latest"}
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHON = SpecifierSet(PROJECT["requires-python"])


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
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 60
    assert "secrets." not in path.read_text("utf-8")


def test_it_runs_once_a_week_and_ends_what_is_out_of_date():
    (schedule,) = WORKFLOW[True]["schedule"]  # YAML reads the key `on` as a truth value
    minute, hour, day, month, weekday = schedule["cron"].split()
    assert minute.isdecimal() and hour.isdecimal() and weekday.isdecimal()
    assert (day, month) == ("*", "*")
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is True


def test_strict_runs_on_three_systems_with_the_pinned_versions():
    assert set(STRICT["strategy"]["matrix"]["os"]) == SYSTEMS
    assert not any("--lax" in line for line in commands(STRICT))
    assert "make test" in commands(STRICT)
    assert any("-c constraints.txt" in line for line in commands(STRICT))


def test_lax_runs_on_three_systems_with_oldest_and_newest_versions():
    rows = LAX["strategy"]["matrix"]["include"]
    assert {row["os"] for row in rows} == SYSTEMS
    assert {row["resolution"] for row in rows} == {"lowest-direct", "highest"}
    assert all(row["python"] in PYTHON for row in rows)
    oldest = [row["python"] for row in rows if row["resolution"] == "lowest-direct"]
    assert {f">={version}" for version in oldest} == {str(PYTHON)}
    assert any("pytest" in line and "--lax" in line for line in commands(LAX))
    assert not any("constraints" in line for line in commands(LAX))


def test_make_targets_exist():
    targets = set(re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text("utf-8"))[1].split())
    made = [line.split()[1] for line in commands(STRICT) if line.startswith("make ")]
    assert made and set(made) <= targets


def test_windows_is_installed_as_the_readme_says():
    (step,) = [step for step in STRICT["steps"] if step.get("if") == "runner.os == 'Windows'"]
    *installing, testing = step["run"].splitlines()
    for line in installing:
        assert re.search(rf"^{re.escape(line)}( |$)", README, re.MULTILINE), line
    (made,) = re.findall(r"-m (pytest .*)", (ROOT / "Makefile").read_text("utf-8"))[:1]
    assert shlex.split(testing)[2:] == shlex.split(made)
