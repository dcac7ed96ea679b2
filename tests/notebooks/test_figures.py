"""The kernels of these tests refuse a figure with text that cannot be read."""

import nbformat
import pytest

from nnutils import notebooks

FIGURE = """
import matplotlib.pyplot as plt
from nnutils import plotting
plotting.use_style()
fig, ax = plt.subplots()
ax.set_title("A title", {looks})
plotting.show(fig, "An empty figure with a title.")
"""


def run(looks, folder, environment):
    cell = nbformat.v4.new_code_cell(FIGURE.format(looks=looks))
    notebooks.run(nbformat.v4.new_notebook(cells=[cell]), folder, environment)


def test_a_figure_that_can_be_read_passes(tmp_path, environment):
    run("fontsize=9", tmp_path, environment)


@pytest.mark.parametrize(
    ("looks", "complaint"), [("fontsize=8", "11.1 pixels"), ("color='orange'", "contrast of 1.97")]
)
def test_a_figure_that_cannot_is_an_error(looks, complaint, tmp_path, environment):
    with pytest.raises(notebooks.CellExecutionError, match=complaint):
        run(looks, tmp_path, environment)
