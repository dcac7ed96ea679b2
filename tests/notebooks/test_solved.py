"""Run each notebook with its exercises solved: it passes, and every check says so."""

import pytest

from nnutils import notebooks


@pytest.mark.parametrize("path", notebooks.all_notebooks(), ids=lambda path: path.stem)
def test_solved_notebook_runs_and_every_check_says_solved(path, environment):
    notebook = notebooks.read(path)
    notebooks.solve(notebook)
    notebooks.run(notebook, path.parent, environment)
    for cell in notebooks.tagged(notebook, "check"):
        text = cell.outputs[0].data["text/plain"]
        verdict = text.partition(":")[0].partition("\n")[0]
        assert verdict == "solved", f"{notebooks.exercise_of(cell)}: {text}"
