"""docs/template.ipynb, from which new notebooks start, has the shape of a notebook and runs."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from tools import notebooks

LIKE = notebooks.ROOT / "notebooks" / "03_dice_sum_model.ipynb"  # whose exercise it borrows
NOT_ASKED = {  # it has one exercise, some of the questions, no guess
    "test_each_notebook_has_the_slug_that_its_number_stands_for",
    "test_what_is_derived_is_up_to_date",
    "test_exercises_and_questions_stand_in_the_order_of_their_files",
    "test_each_guess_is_made_before_its_answer_is_told",
    "test_fold_shows_the_reference_where_the_reference_is_written_for_it",
}


def shape_tests():
    """Return the module tests/notebooks/test_shape.py."""
    path = Path(__file__).with_name("test_shape.py")
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
    shutil.copy(notebooks.TEMPLATE, copy)
    template = SHAPE.Opened(copy)
    template.path = LIKE
    used = {notebooks.exercise_of(cell) for cell in template.tagged("exercise")}
    template.exercises = [each for each in template.exercises if each.name in used]
    assert template.exercises
    return template


@pytest.mark.parametrize("name", ASKED)
def test_template_has_the_shape_of_a_notebook(name, opened):
    getattr(SHAPE, name)(opened)


def test_template_runs_and_is_stored_as_it_runs(tmp_path):
    copy = tmp_path / LIKE.name
    shutil.copy(notebooks.TEMPLATE, copy)
    with notebooks.isolated_environment() as environment:
        fresh = notebooks.read(copy)
        notebooks.run(fresh, LIKE.parent, environment)
    notebooks.normalise(fresh, notebooks.read(notebooks.TEMPLATE))
    assert [cell.get("outputs") for cell in fresh.cells] == [
        cell.get("outputs") for cell in notebooks.read(notebooks.TEMPLATE).cells
    ]
