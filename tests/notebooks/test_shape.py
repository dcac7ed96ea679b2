"""Every notebook keeps the shape that CONTRIBUTING.md describes."""

import ast
import importlib
import re
import statistics
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from nnutils import notebooks
from nnutils.progress import NOTEBOOKS

PATHS = notebooks.all_notebooks()
TAGS = {"setup", "lab", "quiz", "exercise", "check", "solution", notebooks.IGNORED}
CARD = [
    ("inputs", "numbers describe one example"),
    ("weighted sum", "each input times its weight, all added up"),
    ("function", "the sum becomes an answer"),
    ("error", "the answer is compared with the right one"),
    ("update", "the weights change a little"),
]
EXERCISES = {"00": 1, "06": 6, "07": 6, "09": 6}  # at least; elsewhere 4
QUESTIONS = {"00": 1}  # at least; elsewhere 3
CELLS = {"00": (20, 90), "06": (40, 110)}  # elsewhere 40 to 90
WORDS = {"00": (500, 3000), "06": (1500, 4000)}  # elsewhere 1500 to 3000


class Opened:
    """A notebook, with its number and its cells at hand."""

    def __init__(self, path):
        self.path, self.number = path, path.name[:2]
        self.notebook = notebooks.read(path)
        self.cells = self.notebook.cells
        self.code = [cell for cell in self.cells if cell.cell_type == "code"]
        self.texts = [
            cell.source
            for cell in self.cells
            if cell.cell_type == "markdown" and "solution" not in tags(cell)
        ]
        self.prose = "\n\n".join(self.texts)
        self.exercises = importlib.import_module(f"nnutils.exercises.{notebooks.slug_of(path)}")

    def tagged(self, tag):
        return notebooks.tagged(self.notebook, tag)


def tags(cell):
    return cell.metadata.get("tags", [])


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.stem)
def opened(request):
    return Opened(request.param)


def without_code(text):
    return re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)


def words(text):
    """Count the words that are read: no code blocks, no link targets; a formula is one word."""
    text = re.sub(r"\$\$.*?\$\$|\$.*?\$", " formula ", without_code(text), flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|<[^>]*>", "", text)
    return len(re.findall(r"\w[\w’'.,-]*", text))


def headings(text):
    return re.findall(r"^(#{1,6}) +(.*?) *$", without_code(text), flags=re.MULTILINE)


def section(opened, title):
    """Return the text below the heading ``title``, up to the next heading."""
    found = re.search(rf"^## {title}\n+(.*?)(?=^#|\Z)", opened.prose, re.DOTALL | re.MULTILINE)
    assert found, f"there is no heading '## {title}'"
    return found[1]


def bullets(text):
    return re.findall(r"^[-*] +(.*)", text, flags=re.MULTILINE)


def questions(opened):
    """Return the ids of the questions asked, in order, each with the number of its cell."""
    return [
        (id, place)
        for place, cell in enumerate(opened.cells)
        if "quiz" in tags(cell)
        for id in re.findall(r"\"(\d\d\.\w+)\"", cell.source)
    ]


# --- The course -----------------------------------------------------------------------------------


def test_each_notebook_has_the_slug_that_its_number_stands_for():
    assert PATHS
    for path in PATHS:
        assert NOTEBOOKS[int(path.name[:2])] == notebooks.slug_of(path)


# --- The opening ----------------------------------------------------------------------------------


def test_title_begins_with_the_number_and_a_verb_and_is_the_only_one(opened):
    titles = [title for level, title in headings(opened.prose) if level == "#"]
    assert len(titles) == 1
    assert opened.cells[0].source.startswith(f"# {opened.number} · ")


def test_opening_says_what_is_done_learned_and_needed_and_how_long_it_takes(opened):
    opening = opened.cells[0].source
    parts = ["**What you will do.**", "**What you will learn.**", "**What you need.**", "**Time.**"]
    places = [opening.find(part) for part in parts]
    assert min(places) > 0, f"missing: {parts[places.index(-1)]}"
    assert places == sorted(places)
    assert re.search(r"\*\*Time\.\*\* .*\d+ minutes", opening)


def test_three_to_five_objectives(opened):
    learn = opened.cells[0].source.split("**What you will learn.**")[1].split("**What you need.**")
    assert 3 <= len(bullets(learn[0])) <= 5


def test_links_to_binder_and_to_the_neighbours(opened):
    opening = opened.cells[0].source
    binder = f"https://mybinder.org/v2/gh/{notebooks.repository()}/HEAD"
    assert f"({binder}?urlpath=lab/tree/notebooks/{opened.path.name})" in opening
    place = PATHS.index(opened.path)
    before = re.search(r"before: \[[^\]]+\]\(([^)]+)\)", opening)
    after = re.search(r"next: \[[^\]]+\]\(([^)]+)\)", opening)
    assert (before and before[1]) == (PATHS[place - 1].name if place > 0 else None)
    assert (after and after[1]) == (PATHS[place + 1].name if place + 1 < len(PATHS) else None)


def test_card_is_the_same_in_every_notebook_with_a_part_lit(opened):
    rows = re.findall(r"^\|(.*)\|(.*)\|(.*)\|$", opened.cells[0].source, re.MULTILINE)[2:]
    assert [(part.strip(), what.strip()) for part, what, _ in rows] == CARD
    lit = [today.strip() for _, _, today in rows]
    assert set(lit) <= {"●", ""}
    assert "●" in lit or opened.number == "00"  # there the card itself is introduced


def test_setup_is_one_short_cell_before_all_other_code(opened):
    (setup,) = opened.tagged("setup")
    assert setup is opened.code[0]
    assert len(setup.source.splitlines()) <= 5


def test_warm_up_asks_three_questions_and_links_to_their_answers(opened):
    asked = [(id, place) for id, place in questions(opened) if ".w" in id]
    if int(opened.number) < 2:
        assert not asked
        return
    assert [id for id, _ in asked] == [f"{opened.number}.w{k}" for k in (1, 2, 3)]
    before = "".join(cell.source for cell in opened.cells[1 : asked[0][1]])
    answers = re.findall(r"\]\((\d\d)_\w+\.ipynb#[^)]+\)", before)
    assert len(answers) >= 3
    assert max(answers) < opened.number


# --- Labs, questions, exercises -------------------------------------------------------------------


def test_there_is_a_lab_and_its_start_picture_is_stored(opened):
    labs = opened.tagged("lab")
    assert labs
    for cell in labs:
        assert re.search(r"\w_lab\(.*\)$", cell.source, re.MULTILINE)
        assert "image/png" in cell.outputs[-1].data


def test_enough_questions_each_asked_once(opened):
    asked = [id for id, _ in questions(opened)]
    assert len([id for id in asked if ".q" in id]) >= QUESTIONS.get(opened.number, 3)
    assert sorted(asked) == sorted(question.id for question in opened.exercises.QUIZ)


def test_enough_exercises_numbered_in_order(opened):
    ids = [notebooks.exercise_of(cell) for cell in opened.tagged("exercise")]
    assert len(ids) >= EXERCISES.get(opened.number, 4)
    assert ids == [f"{opened.number}.{k}" for k in range(1, len(ids) + 1)]
    assert ids == [exercise.id for exercise in opened.exercises.EXERCISES]


def test_exercise_is_text_stub_check_and_fold_side_by_side(opened):
    for exercise in opened.exercises.EXERCISES:
        cells = [notebooks.exercise_of(cell) for cell in opened.cells]
        place = cells.index(exercise.id)
        text, stub, check, fold = opened.cells[place - 1 : place + 3]
        assert cells.count(exercise.id) == 3
        assert [tags(cell) for cell in (stub, check, fold)] == [
            ["exercise"],
            ["check"],
            ["solution"],
        ]
        assert re.search(rf"^###? Exercise {exercise.id} · ", text.source, re.MULTILINE)
        assert re.search(r"^1\. ", text.source, re.MULTILINE), "numbered steps are missing"
        assert check.source == f'check("{exercise.id}")'
        assert notebooks.read_fold(fold.source).id == exercise.id


def test_stub_defines_my_function_and_is_not_attempted(opened):
    for exercise in opened.exercises.EXERCISES:
        stub, check, _ = [
            cell for cell in opened.cells if notebooks.exercise_of(cell) == exercise.id
        ]
        assert exercise.function.startswith("my_")
        assert f"def {exercise.function}(" in stub.source
        assert check.outputs[0].data["text/plain"].startswith("not attempted")


def signatures(source):
    return {
        node.name: ast.unparse(node.args)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }


def test_solution_keeps_the_signature_and_the_lines_of_the_stub(opened):
    folds = map(notebooks.read_fold, (cell.source for cell in opened.tagged("solution")))
    solutions = {fold.id: fold.code for fold in folds}
    for cell in opened.tagged("exercise"):
        id = notebooks.exercise_of(cell)
        assert signatures(cell.source).items() <= signatures(solutions[id]).items(), id
        assert not notebooks.missing_lines(cell.source, solutions[id]), id
        assert "..." not in solutions[id], id


def test_fold_shows_the_reference_where_the_reference_is_written_for_it(opened):
    notebook = notebooks.read(opened.path)
    assert notebooks.write_folds(notebook, notebooks.own_references(opened.path.stem[3:])) == []
    assert notebook == opened.notebook, "run `make notebooks`"


def test_no_other_cell_needs_an_exercise(opened):
    functions = "|".join(exercise.function for exercise in opened.exercises.EXERCISES)
    for cell in opened.code:
        if "exercise" not in tags(cell):
            assert not re.search(rf"\b({functions})\b", cell.source)


# --- The end --------------------------------------------------------------------------------------


def test_summary_answers_the_objectives_one_by_one(opened):
    learn = opened.cells[0].source.split("**What you will learn.**")[1].split("**What you need.**")
    assert len(bullets(section(opened, "Summary"))) == len(bullets(learn[0]))


def test_goes_further_names_its_sources_and_frees_the_memory(opened):
    assert len(bullets(section(opened, "Go further"))) >= 2
    if opened.number != "00":
        assert bullets(section(opened, "Sources"))
    assert "Shut Down Kernel" in opened.cells[-1].source


# --- Size -----------------------------------------------------------------------------------------


def test_number_of_cells_and_words(opened):
    fewest, most = CELLS.get(opened.number, (40, 90))
    assert fewest <= len(opened.cells) <= most
    fewest, most = WORDS.get(opened.number, (1500, 3000))
    assert fewest <= sum(map(words, opened.texts)) <= most


def test_prose_comes_in_small_portions(opened):
    counts = [words(text) for text in opened.texts]
    assert statistics.median(counts) <= 60
    assert max(counts[1:-1]) <= 180, "only the opening and the end may be that long"


def test_code_comes_in_small_portions(opened):
    lines = [sum(map(bool, map(str.strip, cell.source.splitlines()))) for cell in opened.code]
    assert max(lines) <= 20
    long = [count for count in lines if count > 10]
    assert len(long) <= len(lines) / 10, f"{len(long)} of {len(lines)} cells exceed 10 lines"


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


def test_cells_that_are_not_compared_are_few_and_assert_something(opened):
    ignored = opened.tagged(notebooks.IGNORED)
    assert len(ignored) <= len(opened.code) / 5
    for cell in ignored:
        assert "assert " in cell.source, cell.source
    for cell in opened.code:
        assert "NBVAL" not in cell.source.upper()


def test_nothing_is_installed_or_fetched_in_a_lesson(opened):
    for cell in opened.code:
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
