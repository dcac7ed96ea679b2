"""The course's own addresses: Binder, Colab, Kaggle, the web site, the repository.

::

    python -m tools.links

All of them follow from "owner/name" on GitHub. The command reads it from ``[tool.nnutils]`` of
pyproject.toml, or from ``git remote``, and points every file at it.
"""

import functools
import re
import subprocess
import sys
import tomllib

from tools.notebooks import ROOT, TEMPLATE, all_notebooks

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CITATION.cff")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))

# The first cell with code of every notebook. `tools.derive` writes it.
FETCH = """\
# Fetches the course where it is not installed, as on Colab and Kaggle. Elsewhere it does nothing.
import importlib.util
if importlib.util.find_spec("nnutils") is None:
    %pip install --quiet https://github.com/{name}/archive/HEAD.zip"""


@functools.cache
def name_in_files():
    """Return "owner/name", as all files have it now."""
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    return re.search(r'^repository-code: "https://github\.com/(.*)"$', text, re.MULTILINE)[1]


def name_wanted():
    """Return "owner/name", where the course lies on GitHub, or "" if nothing tells.

    It stands in ``[tool.nnutils]`` of pyproject.toml; while that is empty, ``git remote`` tells.
    """
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["nnutils"]
    if settings["repository"]:
        return settings["repository"]
    command = ["git", "remote", "get-url", "origin"]
    remote = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    match = re.search(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$", remote.strip())
    return match[1] if match else ""


def services(file, name):
    """Return {service: address} that opens the notebook ``file`` of the course ``name`` there."""
    place = f"{name}/blob/main/notebooks/{file}"
    return {
        "Binder": f"https://mybinder.org/v2/gh/{name}/HEAD?urlpath=lab/tree/notebooks/{file}",
        "Colab": f"https://colab.research.google.com/github/{place}",
        "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://github.com/{place}",
    }


def point(text, old, new):
    """Return ``text`` with every address of the course ``old`` replaced by that of ``new``."""
    for form in ("{}/{}", "{}%2F{}", "{}.github.io/{}"):
        before, after = (form.format(*name.split("/")) for name in (old, new))
        alone = rf"(?:(?<![\w.-])|(?<=%2F)){re.escape(before)}(?![\w-])"
        text = re.sub(alone, after, text)
    return text


def main():
    """Point every file at the course's repository; return the exit status."""
    old, new = name_in_files(), name_wanted()
    if not new:
        print("Nothing tells where the course lies: set `repository` in pyproject.toml.")
        return 1
    for path in [*PAGES, TEMPLATE, *all_notebooks()]:
        path.write_text(point(path.read_text("utf-8"), old, new), "utf-8")
    print(f"All links lead to {new}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
