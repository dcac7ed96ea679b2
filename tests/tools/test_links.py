"""Every address of the course follows from the name of its repository."""

import re

import pytest

from tools import links
from tools.notebooks import TEMPLATE, all_notebooks

FILES = [*links.PAGES, TEMPLATE, *all_notebooks()]
OWN = re.compile(
    r"(?:mybinder\.org/v2/gh/|colab\.research\.google\.com/github/|src=https://github\.com/"
    r"|git clone https://github\.com/|repo=https%3A%2F%2Fgithub\.com%2F)([\w.-]+(?:/|%2F)[\w.-]+)"
)


def test_the_addresses_of_the_course_are_set_and_others_left():
    text = (
        "https://mybinder.org/v2/gh/A/b.c/HEAD?urlpath=lab https://github.com/A/b.c/archive/x.zip "
        "repo=https%3A%2F%2Fgithub.com%2FA%2Fb.c&branch https://A.github.io/b.c/ "
        "https://github.com/A/b.c-more https://github.com/karpathy/micrograd"
    )
    assert links.point(text, "A/b.c", "ada/course") == (
        "https://mybinder.org/v2/gh/ada/course/HEAD?urlpath=lab "
        "https://github.com/ada/course/archive/x.zip "
        "repo=https%3A%2F%2Fgithub.com%2Fada%2Fcourse&branch https://ada.github.io/course/ "
        "https://github.com/A/b.c-more https://github.com/karpathy/micrograd"
    )


def test_services_open_the_notebook():
    found = links.services("03_dice.ipynb", "ada/course")
    at = "ada/course/blob/main/notebooks/03_dice.ipynb"
    assert found == {
        "Binder": "https://mybinder.org/v2/gh/ada/course/HEAD"
        "?urlpath=lab/tree/notebooks/03_dice.ipynb",
        "Colab": f"https://colab.research.google.com/github/{at}",
        "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://github.com/{at}",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_all_files_name_one_repository(path):
    name = links.name_in_files()
    found = {each.replace("%2F", "/") for each in OWN.findall(path.read_text("utf-8"))}
    assert found <= {name}, "run `make links`"


def test_the_first_page_links_to_every_service_and_to_the_site():
    text = (links.ROOT / "README.md").read_text("utf-8")
    name = links.name_in_files()
    for address in links.services("00_start_here.ipynb", name).values():
        assert f"({address})" in text
    assert links.point("(https://A.github.io/b/)", "A/b", name) in text
