"""The files that install the course agree, and say nothing about the machine they were made on."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import nnutils
from tools.notebooks import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DEPENDENCIES = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
EXTRAS = [
    Requirement(text)
    for extra in PROJECT["project"]["optional-dependencies"].values()
    for text in extra
    if not text.startswith("nnutils[")  # other extras
]
COURSE = [Requirement(text) for text in PROJECT["project"]["optional-dependencies"]["course"]]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data" / "README.md"]
PAGES += sorted((ROOT / "docs").glob("*.md"))
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}


def read(name):
    return (ROOT / name).read_text("utf-8")


def tracked_files():
    """Return the files that are, or are about to be, under version control."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this copy of the course is not a git repository")
    return [path for name in names.stdout.split("\0") if name and (path := ROOT / name).is_file()]


# --- Versions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("requirement", DEPENDENCIES + EXTRAS, ids=str)
def test_pyproject_holds_floors_only(requirement):
    assert [clause.operator for clause in requirement.specifier] == [">="]


def test_numpy_is_at_least_2():
    (numpy,) = [each for each in DEPENDENCIES if each.name == "numpy"]
    assert Version("1.26.4") not in numpy.specifier


def test_environment_names_the_same_packages_with_the_same_floors():
    lines = [line for line in ENVIRONMENT["dependencies"] if line != "pip"]
    assert lines.pop(0).startswith("python=")
    needed = {r.name: r for r in DEPENDENCIES + COURSE}.values()  # the course's floor is higher
    assert set(lines) == {f"{CONDA_NAMES.get(r.name, r.name)}{r.specifier}" for r in needed}


def test_environment_takes_everything_from_conda_forge_and_nothing_from_pip():
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    assert all(isinstance(line, str) for line in ENVIRONMENT["dependencies"])


def test_conda_python_is_one_that_the_course_supports():
    python = ENVIRONMENT["dependencies"][0].removeprefix("python=")
    assert Requirement(f"python{PROJECT['project']['requires-python']}").specifier.contains(python)


def test_makefile_asks_for_the_same_python_as_pyproject():
    floor = PROJECT["project"]["requires-python"].removeprefix(">=").split(".")
    assert f"sys.version_info < ({', '.join(floor)})" in read("Makefile")


def test_constraints_meet_the_floors():
    pins = {}
    for line in read("constraints.txt").splitlines():
        name, version = line.partition(" ;")[0].strip().split("==")
        pins.setdefault(name, []).append(version)
    for requirement in DEPENDENCIES + EXTRAS:
        assert requirement.name in pins
        for version in pins[requirement.name]:
            assert version in requirement.specifier, f"{requirement} but {version} is pinned"


def test_the_course_has_one_version():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert PROJECT["project"]["version"] == nnutils.__version__ == citation["version"]


# --- What is run ----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bit")
@pytest.mark.parametrize("name", ["postBuild", ".ci/run"])
def test_scripts_can_be_run(name):
    assert os.access(ROOT / name, os.X_OK)
    assert read(name).startswith("#!")


def test_conda_installs_the_course_itself_without_touching_its_packages():
    assert "pip install --no-deps -e ." in read("postBuild")


def test_every_make_target_that_the_text_names_exists_and_is_explained():
    makefile = read("Makefile")
    targets = set(re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE))
    explained = set(re.findall(r"^([\w-]+):.*## ", makefile, re.MULTILINE))
    assert targets - {"help"} == explained
    for page in [*PAGES, ROOT / ".ci" / "run"]:
        named = re.findall(r"(?:^|`)make ([a-z][\w-]*)", page.read_text("utf-8"), re.MULTILINE)
        assert set(named) <= targets, page


def test_mnist_is_looked_for_when_the_course_is_installed_and_not_by_the_tests(tmp_path):
    """Told what ``make`` would do for an environment that is not there yet."""
    would = {}
    for target in ("lab", "test", "test-browser"):
        command = ["make", "--dry-run", f"VENV={tmp_path}", target]
        would[target] = subprocess.run(
            command, cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
    assert "load_mnist" in would["lab"] and "load_mnist" in read("postBuild")
    assert "load_mnist" not in would["test"] + would["test-browser"]


def test_every_benchmark_is_run_by_make_bench():
    for path in (ROOT / "benchmarks").glob("*.py"):
        if path.stem not in ("__init__", "tables"):
            assert f"-m benchmarks.{path.stem}\n" in read("Makefile")


# --- Nothing of this machine ----------------------------------------------------------------------


def test_no_file_names_a_folder_of_this_machine():
    machine = re.compile(r"(?<![\w.>])/(?:work|root|home/\w+|Users/\w+)/")
    for path in tracked_files():
        text = path.read_text("utf-8", errors="ignore")
        assert str(ROOT) not in text, path
        if path != Path(__file__):
            assert not machine.search(text), f"{path}: {machine.search(text)}"


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "environment.yml"])
def test_no_file_names_a_package_registry(name):
    text = read(name)
    assert not re.search(r"index-url|find-links|extra-index|^\s*-[if] ", text, re.MULTILINE)
    assert not re.search(r"https?://|file://", text)


def test_no_lock_file_is_committed():
    names = {path.name for path in tracked_files()}
    assert not names & {"uv.lock", "package-lock.json", "poetry.lock"}


def test_clone_is_small():
    assert sum(path.stat().st_size for path in tracked_files()) < 12_000_000


# --- Links ----------------------------------------------------------------------------------------


def github_anchors(path):
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^(`{3,}).*?^\1", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_of_the_pages_lead_somewhere(page):
    text = re.sub(r"^(`{3,}).*?^\1", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            assert target.startswith("https://"), target
            continue
        file, _, anchor = target.partition("#")
        path = page.parent / file if file else page
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            assert anchor in github_anchors(path), target
