"""The minutes in docs/teaching.md and in the README are those of the notebooks."""

import re

import pytest

from nnutils import notebooks
from nnutils.exercises.base import exercise_modules

PAGE = (notebooks.ROOT / "docs" / "teaching.md").read_text("utf-8")
README = (notebooks.ROOT / "README.md").read_text("utf-8")
RESULTS = (notebooks.ROOT / "docs" / "results.md").read_text("utf-8")


def minutes():
    """Return {number: (to read and run, for labs and exercises)} from the notebooks' openings."""
    found = {}
    for path in notebooks.all_notebooks():
        opening = notebooks.read(path).cells[0].source
        total, parts = re.search(
            r"\*\*Time\.\*\* About (\d+) minutes[^:]*: ([^.]*)\.", opening
        ).groups()
        reading, *rest = map(int, re.findall(r"\d+", parts))
        assert reading + sum(rest) == int(total), path.name
        found[path.name[:2]] = (reading, sum(rest))
    return found


MINUTES = minutes()
TOTALS = {number: sum(parts) for number, parts in MINUTES.items()}


def section(title):
    return re.search(rf"^##+ {title}\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)[1]


def rows(text):
    """Return the cells of each row of the first table in ``text``, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_table_of_minutes_says_what_the_notebooks_say():
    *table, last = rows(section("The minutes"))
    stated = {name[:2]: tuple(map(int, numbers)) for name, *numbers in table}
    assert stated == {number: (*MINUTES[number], TOTALS[number]) for number in MINUTES}
    sums = [sum(column) for column in zip(*stated.values())]
    assert last == ["all", *map(str, sums)]


def test_readme_says_the_same_minutes():
    table = re.findall(r"^\| \[(\d\d) .*\| (\d+) \|$", README, re.MULTILINE)
    assert {number: int(stated) for number, stated in table} == TOTALS


def test_one_day_adds_up():
    *table, (end, _, _) = rows(section("One day"))
    starts = [60 * int(hour) + int(minute) for hour, minute in (row[0].split(":") for row in table)]
    starts.append(60 * int(end.split(":")[0]) + int(end.split(":")[1]))
    for (_, what, stated), start, following in zip(table, starts, starts[1:]):
        assert start + int(stated) == following, what
        if what[:2] in TOTALS:
            assert int(stated) == TOTALS[what[:2]]


def test_one_week_holds_the_whole_course():
    table = rows(section("One week"))
    days = [(re.findall(r"\d\d", names), int(stated)) for _, names, stated in table]
    assert len(days) == 5
    assert [number for names, _ in days for number in names] == sorted(TOTALS)
    for names, stated in days:
        assert stated == sum(TOTALS[number] for number in names)


def test_a_semester_holds_the_whole_course():
    table = rows(section("A semester"))
    stated = {number: (int(in_class), int(home)) for _, number, in_class, home in table}
    assert stated == MINUTES
    for meeting, number, in_class, _ in table:
        assert int(in_class) <= 90 * len(re.findall(r"\d+", meeting)), number


def test_every_notebook_runs_in_the_seconds_that_the_page_promises():
    text = re.search(r"<!-- begin notebooks -->\n(.*?)<!-- end notebooks -->", RESULTS, re.DOTALL)[
        1
    ]
    for name, data, seconds, *_ in rows(text):
        limit = 30 if data == "bundled digits" else 180
        assert float(seconds.split()[0]) < limit, name


def test_every_exercise_and_question_that_the_page_names_exists():
    ids = {
        item.id for module in exercise_modules().values() for item in module.EXERCISES + module.QUIZ
    }
    named = set(re.findall(r"\b[01]\d\.[qw]?\d\b", PAGE))
    assert named <= ids, named - ids


@pytest.mark.parametrize("path", notebooks.all_notebooks(), ids=lambda path: path.stem)
def test_every_notebook_has_questions_answers_and_stumbling_blocks(path):
    number = path.name[:2]
    (found,) = re.findall(rf"^### {number} .*?\n(.*?)(?=^###|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    for part in ("**Ask.**", "**Stumble.**", "**Short of time.**"):
        assert part in found
    assert f"{number}." in found  # it names exercises or questions of this notebook
    sections = len(
        re.findall(r"(?m)^## \d+ ·", "\n".join(c.source for c in notebooks.read(path).cells))
    )
    for named in re.findall(r"[Ss]ections? (\d+)", found):
        assert int(named) <= sections


def test_the_page_says_that_students_can_read_the_references():
    text = section("Assignments for nbgrader")
    assert "references can be read" in text
