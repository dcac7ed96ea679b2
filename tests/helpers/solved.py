"""A notebook with its solutions beside its stubs: each check must say *solved*."""

from nbformat.v4 import new_code_cell

from tools import notebooks

# Keeps the progress elsewhere: notebook 00 shows it.
IS_SOLVED = """
from unittest.mock import patch
with patch.dict("os.environ", NNUTILS_PROGRESS={folder!r}):
    result = {check}
assert result.verdict == "solved", result
del patch, result
"""


def with_solutions(notebook, folder):
    """Put two cells after each check: the solution, and the same check, which must say *solved*.

    The cells around them stay, outputs too: a learner's answer changes nothing but its check. The
    progress of these checks goes to ``folder``.
    """
    solutions, cells = notebooks.solutions_in(notebook), []
    for cell in notebook.cells:
        cells.append(cell)
        if "check" in notebooks.tags(cell):
            solution = solutions.pop(notebooks.exercise_of(cell))
            cells.append(new_code_cell(solution, metadata={"tags": [notebooks.IGNORED]}))
            cells.append(new_code_cell(IS_SOLVED.format(check=cell.source, folder=str(folder))))
    assert not solutions, "a solution has no check"
    notebook.cells = cells
