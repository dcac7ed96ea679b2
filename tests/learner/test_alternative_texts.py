"""JupyterLab finds the extension that gives pictures their alternative text."""

import json
import sys
import tomllib
from pathlib import Path

from tools.notebooks import ROOT

FOLDER = ROOT / "nnutils" / "learner" / "labextension"
PACKAGE = json.loads((FOLDER / "package.json").read_text("utf-8"))


def test_its_name_is_the_same_everywhere():
    name = PACKAGE["name"]
    script = (FOLDER / PACKAGE["jupyterlab"]["_build"]["load"]).read_text("utf-8")
    assert f'["{name}"]' in script and f'"{name}:plugin"' in script
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    shared = build["targets"]["wheel"]["shared-data"]
    assert shared["nnutils/learner/labextension"] == f"share/jupyter/labextensions/{name}"


def test_the_installed_one_is_this_one():
    """An editable installation holds a copy: after a change `uv pip install -e .` renews it."""
    installed = Path(sys.prefix, "share", "jupyter", "labextensions", PACKAGE["name"])
    for file in FOLDER.iterdir():
        assert (installed / file.name).read_bytes() == file.read_bytes()
