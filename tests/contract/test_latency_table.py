"""Every lab of every notebook has its latency in docs/results.md."""

import re

import pytest

from nnutils import notebooks

RESULTS = (notebooks.ROOT / "docs" / "results.md").read_text("utf-8")


def measured():
    """Return the rows of the table of latencies, each a list of cells."""
    text = re.search(r"<!-- begin latency -->\n(.*?)<!-- end latency -->", RESULTS, re.DOTALL)[1]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def titles(path):
    """Return the titles of the labs in a notebook; a lab's text is "title: caption"."""
    cells = notebooks.tagged(notebooks.read(path), "lab")
    for output in (cell.outputs[0] for cell in cells):
        caption = output.metadata["image/png"]["alt"]
        yield output.data["text/plain"].removesuffix(f": {caption}")


@pytest.mark.parametrize("path", notebooks.all_notebooks(), ids=lambda path: path.stem)
def test_every_lab_has_a_row_from_a_key_to_the_picture(path):
    rows = [row[1] for row in measured() if row[0] == path.stem and row[2] == "a key"]
    assert rows == list(titles(path))


def test_every_row_names_a_median_below_its_95th_percentile():
    for *names, median, most in measured():
        assert 0 < int(median.removesuffix(" ms")) <= int(most.removesuffix(" ms")), names
