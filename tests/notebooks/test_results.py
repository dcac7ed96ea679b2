"""Numbers that the text states from measurements stand in docs/results.md, which scripts write."""

import re

import pytest

from nnutils import notebooks

NOTEBOOK_09 = notebooks.ROOT / "notebooks" / "09_mnist_mlp.ipynb"
NOTEBOOK_10 = notebooks.ROOT / "notebooks" / "10_mnist_cnn.ipynb"
RESULTS = (notebooks.ROOT / "docs" / "results.md").read_text("utf-8")


def table(name):
    """Return the rows of a measured table, each a list of cells."""
    text = re.search(rf"<!-- begin {name} -->\n(.*?)<!-- end {name} -->", RESULTS, re.DOTALL)[1]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("name", re.findall(r"<!-- begin (\w+) -->", RESULTS))
def test_every_table_has_been_measured(name):
    assert table(name)


def test_every_notebook_has_its_seconds_and_memory():
    measured = {row[0] for row in table("notebooks")}
    assert measured == {path.stem for path in notebooks.all_notebooks()}


def test_notebook_09_states_the_errors_of_the_five_seeds():
    text = "\n".join(cell.source for cell in notebooks.read(NOTEBOOK_09).cells)
    for network, _, _, seeds, *_ in table("mnist_seeds"):
        errors = [100 - float(accuracy) for accuracy in seeds.split(",")]
        stated = f"**{sum(errors) / 5:.2f} %** ({min(errors):.2f} to {max(errors):.2f})"
        row = next(line for line in text.splitlines() if f"**{network}, " in line)
        assert stated in row, (network, stated)


def test_notebook_10_states_the_errors_of_both_networks_and_the_mean_accuracy():
    text = "\n".join(cell.source for cell in notebooks.read(NOTEBOOK_10).cells)
    ((_, mean, _, cnn_seeds, _),) = table("cnn_seeds")
    mlp_seeds = next(row[3] for row in table("mnist_seeds") if row[0] == "784–512–512–10")
    for network, seeds in (("784–512–512–10", mlp_seeds), ("convolutional", cnn_seeds)):
        errors = [100 - float(accuracy) for accuracy in seeds.split(",")]
        stated = f"{sum(errors) / 5:.2f} %"
        spread = f"({min(errors):.2f} to {max(errors):.2f})"
        row = next(line for line in text.splitlines() if re.match(rf"\| \**{network}, ", line))
        assert stated in row and spread in row, (network, stated, spread)
    assert f"{mean} on MNIST, mean of five seeds" in text
