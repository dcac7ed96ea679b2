"""docs/template.ipynb, from which new notebooks start, has the shape of a notebook and runs."""

import importlib.util
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from nnutils import notebooks

TEMPLATE = notebooks.ROOT / "docs" / "template.ipynb"
LIKE = notebooks.ROOT / "notebooks" / "03_dice_sum_model.ipynb"  # whose exercise it borrows
# What a template cannot have: four exercises, all questions of a notebook, the size of a lesson.
NOT_ASKED = {
    "test_each_notebook_has_the_slug_that_its_number_stands_for",
    "test_enough_questions_each_asked_once",
    "test_enough_exercises_numbered_in_order",
    "test_fold_shows_the_reference_where_the_reference_is_written_for_it",
    "test_number_of_cells_and_words",
}


def shape_tests():
    """Return the module tests/contract/test_notebooks.py."""
    path = Path(__file__).with_name("test_notebooks.py")
    spec = importlib.util.spec_from_file_location("shape_of_notebooks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SHAPE = shape_tests()
ASKED = sorted(name for name in vars(SHAPE) if name.startswith("test_") and name not in NOT_ASKED)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Open the template as if it stood in the place of the notebook from which it borrows."""
    copy = tmp_path_factory.mktemp("template") / LIKE.name
    shutil.copy(TEMPLATE, copy)
    template = SHAPE.Opened(copy)
    template.path = LIKE
    used = {notebooks.exercise_of(cell) for cell in template.tagged("exercise")}
    exercises = [each for each in template.exercises.EXERCISES if each.id in used]
    template.exercises = SimpleNamespace(EXERCISES=exercises)
    assert exercises
    return template


@pytest.mark.parametrize("name", ASKED)
def test_template_has_the_shape_of_a_notebook(name, opened):
    getattr(SHAPE, name)(opened)


def test_template_runs_and_is_stored_as_it_runs(tmp_path):
    copy = tmp_path / LIKE.name
    shutil.copy(TEMPLATE, copy)
    with notebooks.isolated_environment() as environment:
        fresh = notebooks.read(copy)
        notebooks.run(fresh, LIKE.parent, environment)
    notebooks.normalise(fresh, notebooks.read(TEMPLATE))
    assert [cell.get("outputs") for cell in fresh.cells] == [
        cell.get("outputs") for cell in notebooks.read(TEMPLATE).cells
    ]
