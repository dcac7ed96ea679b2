"""The assignments: what is written for nbgrader, and that nbgrader grades with it."""

import copy
import os
import warnings

import nbformat
import pytest

from tools import assignment, notebooks

PATH = next(path for path in notebooks.all_notebooks() if path.name.startswith("03"))
NAME = PATH.stem
SOLUTIONS = notebooks.solutions_in(notebooks.read(PATH))
MISTAKEN = """
def my_judge_roll(roll, weights, threshold):
    return 1 if sum(w * x for w, x in zip(weights, roll)) > threshold else 0
"""
NAMES = ("one_die_more", "judge_roll")


@pytest.fixture(scope="module")
def short_notebook(tmp_path_factory):
    """Write notebook 03 without its text, labs and figures: set-up and two exercises are left."""
    notebook = notebooks.read(PATH)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if "setup" in cell.metadata.get("tags", []) or notebooks.exercise_of(cell) in NAMES
    ]
    path = tmp_path_factory.mktemp("notebooks") / PATH.name
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def course(short_notebook):
    """Write the course of that notebook and let nbgrader make the release version."""
    folder = short_notebook.parent / "course"
    assignment.write_course([short_notebook], folder)
    before = dict(os.environ)
    api = assignment.nbgrader(folder)
    assert api.generate_assignment(NAME)["success"]
    yield folder, api
    os.environ.clear()
    os.environ.update(before)


def sources(notebook, tag):
    return [cell.source for cell in notebooks.tagged(notebook, tag)]


# --- The source version, which needs no nbgrader -------------------------------------------------


@pytest.mark.parametrize("path", notebooks.all_notebooks(), ids=lambda path: path.stem)
def test_source_holds_each_stub_with_its_solution_and_no_fold(path):
    before = notebooks.read(path)
    source = copy.deepcopy(before)
    assignment.to_source(source)
    nbformat.validate(source)
    code = notebooks.solutions_in(before)
    assert not notebooks.tagged(source, "solution")
    for old, new in zip(
        notebooks.tagged(before, "exercise"), notebooks.tagged(source, "exercise"), strict=True
    ):
        solution = code[notebooks.exercise_of(old)]
        marked = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
        assert new.source == f"{old.source}\n\n{marked}"
        assert new.metadata.nbgrader.solution and not new.metadata.nbgrader.grade
    for cell in notebooks.tagged(source, "check"):
        assert cell.metadata.nbgrader.grade and cell.metadata.nbgrader.locked
        assert cell.metadata.nbgrader.points == assignment.POINTS
    assert not any(cell.outputs for cell in source.cells if cell.cell_type == "code")
    assert '"notes":' in path.read_text("utf-8")  # the lecturer's, with answers
    assert not any("notes" in cell.metadata.get("nnutils", {}) for cell in source.cells)


def test_settings_that_the_teacher_has_changed_are_kept(tmp_path):
    assignment.write_course([], tmp_path)
    settings = tmp_path / "nbgrader_config.py"
    assert settings.read_text("utf-8") == assignment.CONFIG
    settings.write_text("c.CourseDirectory.course_id = 'mine'\n", "utf-8")
    assignment.write_course([], tmp_path)
    assert settings.read_text("utf-8") == "c.CourseDirectory.course_id = 'mine'\n"


def test_no_cell_uses_the_name_that_the_tests_give_to_a_grade():
    for path in notebooks.all_notebooks():
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "code":
                assert "grade" not in cell.source.replace(".", " ").split()


# --- The round through nbgrader ------------------------------------------------------------------


def test_release_shows_the_stubs_and_no_solution(course):
    folder, _ = course
    release = notebooks.read(folder / "release" / NAME / PATH.name)
    stubs = sources(notebooks.read(PATH), "exercise")[:2]
    assert [source.rstrip() for source in sources(release, "exercise")] == stubs
    text = nbformat.writes(release)
    assert "SOLUTION" not in text
    for name in NAMES:
        new_lines = set(SOLUTIONS[name].splitlines()) - set("\n".join(stubs).splitlines())
        assert new_lines
        for line in new_lines:
            assert line.strip() not in text


@pytest.mark.parametrize(
    ("student", "scores"), [("right", (1, 1)), ("mistaken", (1, 0)), ("blank", (0, 0))]
)
def test_nbgrader_gives_the_right_points(course, student, scores):
    folder, api = course
    submitted = notebooks.read(folder / "release" / NAME / PATH.name)
    one, two = notebooks.tagged(submitted, "exercise")
    if student != "blank":
        one.source = SOLUTIONS[NAMES[0]]
        two.source = SOLUTIONS[NAMES[1]] if student == "right" else MISTAKEN
    path = folder / "submitted" / student / NAME / PATH.name
    path.parent.mkdir(parents=True)
    nbformat.write(submitted, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of SQLAlchemy and of the kernel, about nbgrader's code
        result = api.autograde(NAME, student)
    assert result["success"], result["log"]
    with api.gradebook as gradebook:
        (graded,) = gradebook.find_submission(NAME, student).notebooks
        found = {grade.name: grade.score for grade in graded.grades}
    assert found == {f"check-{name}": score for name, score in zip(NAMES, scores)}
