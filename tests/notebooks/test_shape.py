"""Every notebook keeps the shape that CONTRIBUTING.md describes."""

import ast
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from nnutils.exercises.course import SLUGS, exercises_of, guesses_of, questions_of
from nnutils.exercises.machine import STAGES
from tools import derive, notebooks, slides
from tools.counts import texts, without_code, words
from tools.notebooks import tags

PATHS = notebooks.all_notebooks()
TAGS = {"fetch", "setup", "lab", "quiz", "guess", "exercise", "check", "solution"}
TAGS |= {notebooks.IGNORED, *slides.TAGS}


class Opened:
    """A notebook, with its number and its cells at hand."""

    def __init__(self, path):
        self.path, self.number = path, path.name[:2]
        self.notebook = notebooks.read(path)
        self.cells = self.notebook.cells
        self.code = [cell for cell in self.cells if cell.cell_type == "code"]
        self.prose = "\n\n".join(texts(self.cells))
        self.exercises = exercises_of(notebooks.slug_of(path))

    def tagged(self, tag):
        return notebooks.tagged(self.notebook, tag)


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.stem)
def opened(request):
    return Opened(request.param)


def headings(text):
    return re.findall(r"^(#{1,6}) +(.*?) *$", without_code(text), flags=re.MULTILINE)


# --- The course -----------------------------------------------------------------------------------


def test_each_notebook_has_the_slug_that_its_number_stands_for():
    assert [notebooks.slug_of(path) for path in PATHS] == SLUGS


def test_what_is_derived_is_up_to_date():
    assert [path.name for path in derive.stale()] == [], "run `make notebooks`"


# --- The opening ----------------------------------------------------------------------------------


def test_title_begins_with_the_number_and_a_verb_and_is_the_only_one(opened):
    titles = [title for level, title in headings(opened.prose) if level == "#"]
    assert len(titles) == 1
    assert opened.cells[0].source.startswith(f"# {opened.number} · ")


def test_the_course_is_fetched_first_then_one_short_cell_sets_up(opened):
    (fetch,), (setup,) = opened.tagged("fetch"), opened.tagged("setup")
    assert fetch is opened.code[0] and setup is opened.code[1]
    assert fetch.outputs == []
    assert len(setup.source.splitlines()) <= 5


# --- The end ------------------------------------------------------------------------------------


def test_where_the_machine_gains_something_its_card_is_shown_once(opened):
    slug = notebooks.slug_of(opened.path)
    wanted = [f'card("{slug}", mine, my_answers)'] if slug in STAGES else []
    wanted += ['card("start_here")'] * (slug == "start_here")
    assert [cell.source for cell in opened.code if cell.source.startswith("card(")] == wanted


# --- Labs, questions, exercises -------------------------------------------------------------------


def test_there_is_a_lab_and_its_start_picture_is_stored(opened):
    labs = opened.tagged("lab")
    assert labs
    for cell in labs:
        assert re.search(r"\w_lab\(.*\)$", cell.source, re.MULTILINE)
        assert "image/png" in cell.outputs[-1].data


def test_exercises_and_questions_stand_in_the_order_of_their_files(opened):
    names = [notebooks.exercise_of(cell) for cell in opened.tagged("exercise")]
    assert names == [exercise.name for exercise in opened.exercises]
    asked = [name for cell in opened.tagged("quiz") for name in notebooks.names_in(cell.source)]
    assert asked == [q.name for q in questions_of(notebooks.slug_of(opened.path))]


def test_each_guess_is_made_before_its_answer_is_told(opened):
    asked, told = [], []
    for cell in opened.code:
        if "guess" in tags(cell):
            asked.append(notebooks.guess_in(cell))
        elif "reveal(" in cell.source:
            told.append(notebooks.revealed_in(cell))
            assert told[-1] in asked, cell.source
    assert asked == [guess.name for guess in guesses_of(notebooks.slug_of(opened.path))]
    assert sorted(told) == sorted(asked)


def test_no_output_beside_the_fold_gives_the_answer_away(opened):
    for cell in opened.code:
        if not notebooks.revealed_in(cell):
            continue
        *others, answer = cell.outputs
        told = re.fullmatch(
            r"<details><summary>You have not guessed yet\..*</summary><p>(.*)</p></details>",
            answer.data["text/html"],
        )[1]
        numbers = re.findall(r"\d[\d.,]*\d|\d", told)
        shown = [text for output in others for text in notebooks.texts_of(output)]
        for number in numbers:
            beside = rf"(?<![\d.,]){re.escape(number)}(?![\d,]|\.\d)"
            assert not re.search(beside, "\n".join(shown)), (cell.source, number)


def test_exercise_is_text_stub_check_and_fold_side_by_side(opened):
    for exercise in opened.exercises:
        cells = [notebooks.exercise_of(cell) for cell in opened.cells]
        place = cells.index(exercise.name)
        text, stub, check, fold = opened.cells[place - 1 : place + 3]
        assert cells.count(exercise.name) == 3
        assert [tags(cell)[0] for cell in (stub, check, fold)] == ["exercise", "check", "solution"]
        assert re.search(r"^1\. ", text.source, re.MULTILINE), "numbered steps are missing"
        assert check.source == f'check("{exercise.name}")'
        notebooks.read_fold(fold.source)


def test_stub_defines_my_function_and_is_not_attempted(opened):
    for exercise in opened.exercises:
        stub, check, _ = [
            cell for cell in opened.cells if notebooks.exercise_of(cell) == exercise.name
        ]
        assert f"def {exercise.function}(" in stub.source
        assert check.outputs[0].data["text/plain"].startswith("not attempted")


def signatures(source):
    return {
        node.name: ast.unparse(node.args)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }


def test_solution_keeps_the_signature_and_the_lines_of_the_stub(opened):
    solutions = notebooks.solutions_in(opened.notebook)
    for cell in opened.tagged("exercise"):
        name = notebooks.exercise_of(cell)
        assert signatures(cell.source).items() <= signatures(solutions[name]).items(), name
        assert not notebooks.missing_lines(cell.source, solutions[name]), name
        assert "..." not in solutions[name], name


def test_fold_shows_the_reference_where_the_reference_is_written_for_it(opened):
    notebook = notebooks.read(opened.path)
    sources = notebooks.own_references(notebooks.slug_of(opened.path))
    assert notebooks.write_folds(notebook, sources) == []
    assert notebook == opened.notebook, "run `make notebooks`"


def test_no_other_cell_needs_an_exercise(opened):
    functions = "|".join(exercise.function for exercise in opened.exercises)
    for cell in opened.code:
        if "exercise" not in tags(cell):
            assert not re.search(rf"\b({functions})\b", cell.source)


# --- Size -----------------------------------------------------------------------------------------


def test_no_code_cell_has_more_than_twenty_lines(opened):
    for cell in opened.code:
        assert sum(bool(line.strip()) for line in cell.source.splitlines()) <= 20, cell.source


def test_file_is_small(opened):
    assert opened.path.stat().st_size < 600_000


# --- What is stored -------------------------------------------------------------------------------


def test_valid_and_normalised(opened):
    nbformat.validate(opened.notebook)
    assert opened.notebook.metadata == notebooks.KERNEL
    for cell in opened.cells:
        assert set(tags(cell)) <= TAGS
        assert set(cell.metadata) <= notebooks.KEPT_CELL_METADATA
    for cell in opened.code:
        for output in cell.outputs:
            assert notebooks.WIDGET_VIEW not in output.get("data", {})


def test_executed_in_order_without_errors_and_warnings(opened):
    counts = [cell.execution_count for cell in opened.code]
    assert counts == list(range(1, len(counts) + 1))
    for output in (output for cell in opened.code for output in cell.outputs):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text


def test_every_picture_has_an_alternative_text(opened):
    for cell in opened.code:
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                assert words(alt) >= 5, f"{cell.source}\nalternative text: {alt!r}"


def test_pictures_in_the_text_have_an_alternative_text(opened):
    for alt in re.findall(r"!\[([^\]]*)\]\(", opened.prose):
        assert words(alt) >= 5


def test_nothing_volatile_is_stored(opened):
    for cell in opened.code:
        assert notebooks.volatile(cell) == [], cell.source


def test_nothing_is_installed_or_fetched_in_a_lesson(opened):
    for cell in opened.code[1:]:  # the first one does so where the course is not installed
        assert not re.search(r"^\s*[!%]", cell.source, re.MULTILINE), "no magic, no shell"
        assert not re.search(
            r"\bpip\b|\bconda\b|subprocess|os\.system|urllib|requests|https?://|torch\.hub"
            r"|download\s*=\s*True",
            cell.source,
        ), cell.source


# --- Links ----------------------------------------------------------------------------------------


def anchors(path):
    """Return the anchors of the headings of a notebook, as JupyterLab makes them."""
    prose = "\n\n".join(c.source for c in notebooks.read(path).cells if c.cell_type == "markdown")
    return {re.sub(r"[`*]", "", title).replace(" ", "-") for _, title in headings(prose)}


def test_relative_links_lead_somewhere(opened):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(opened.prose)):
        if re.match(r"\w+:", target):
            assert target.startswith("https://"), target
            continue
        file, _, anchor = target.partition("#")
        path = Path(opened.path.parent, file) if file else opened.path
        assert path.exists(), target
        if anchor and path.suffix == ".ipynb":
            assert unquote(anchor) in anchors(path), target
