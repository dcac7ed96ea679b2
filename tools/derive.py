"""Write what can be derived: numbers, minutes, tables, links. `make notebooks` runs it.

::

    python -m tools.derive [--check]

Each thing stands once. Exercises and questions stand in an order, so their numbers follow; a link
to one carries its name as its title: ``[exercise 03.2](… "judge_roll")``. Words and exercises give
minutes, minutes give plans. In a notebook a paragraph that begins with **Time.** or "Open in" is
written here, and the cell that fetches the course; in pages, what stands between
``<!-- begin NAME -->`` and ``<!-- end NAME -->``.
"""

import argparse
import functools
import itertools
import re
import sys
from pathlib import Path

import nbformat

from nnutils.exercises.course import (
    NOTEBOOKS,
    exercises_of,
    find_exercise,
    numbers,
    questions_of,
)
from tools import links, notebooks
from tools.counts import minutes, rounded
from tools.notebooks import ROOT, TEMPLATE, all_notebooks, exercise_of, read, tags
from tools.tables import measured, table, write_between

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
STEPS = ("inputs", "weighted sum", "function", "error", "update")
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

# The plans of docs/teaching.md: notebooks by their numbers, and what lies between them in minutes.
ONE_DAY = ("00", "03", ("break", 15), "05", ("lunch", 60), "09", ("break", 15))
ONE_DAY += (("the class overview on the projector, questions, where to go on", 30),)
ONE_WEEK = ("00 01 02", "03 04", "05 06", "07 08", "09 10")
TWO_MEETINGS = ("06",)  # of a semester; the others have one


# --- What is known of the course -----------------------------------------------------------------


def file_of(number):
    """Return the name of the file of notebook ``number``, a text such as "03"."""
    return f"{number}_{NOTEBOOKS[int(number)].slug}.ipynb"


def course_minutes():
    """Return {number: Minutes} of all notebooks, in steps of five."""
    return {path.name[:2]: rounded(minutes(read(path).cells)) for path in all_notebooks()}


# --- Links to exercises and questions ------------------------------------------------------------


@functools.cache
def places():
    """Return {name: (number, notebook's file, anchor)} of all exercises and questions."""
    found = {
        name: (number, file_of(number[:2]), anchor(f"Exercise {number} · {title_of(name)}"))
        for name, number in numbers(exercises_of).items()
    }
    for name, number in numbers(questions_of).items():
        found[name] = (number, file_of(number[:2]), "")
    return found


def title_of(name):
    """Return the title of the exercise ``name``."""
    return find_exercise(name).title


def anchor(heading):
    """Return the anchor of a heading as JupyterLab makes it."""
    return re.sub(r"[`*]", "", heading).replace(" ", "-")


NAMED_LINK = re.compile(r'(?<!`)\[([^\]]*?)\d\d\.\d+\]\([^)\s]* "(\w+)"\)')


def write_links(text, folder):
    """Return ``text`` with its named links renewed; ``folder`` leads to the notebooks from it."""

    def renewed(match):
        if match[2] not in places():
            raise ValueError(f"no exercise and no question has the name in the link {match[0]}")
        number, file, place = places()[match[2]]
        target = f"{folder}{file}"
        if place and not folder:  # GitHub's view of a notebook, which pages lead to, has no anchors
            target += f"#{place}"
        return f'[{match[1]}{number}]({target} "{match[2]}")'

    return NAMED_LINK.sub(renewed, text)


# --- In a notebook -------------------------------------------------------------------------------


def derive_notebook(notebook, path):
    """Write into ``notebook``, which lies at ``path``, all that is derived; nothing is run."""
    number = path.name[:2]
    write_fetch(notebook)
    for place, cell in enumerate(notebook.cells):
        if "exercise" in tags(cell):
            write_number(notebook.cells[place - 1], exercise_of(cell))
        elif "solution" in tags(cell):
            fold = notebooks.read_fold(cell.source)
            solved = places()[exercise_of(cell)][0]
            cell.source = notebooks.write_fold(fold._replace(number=solved))
        elif cell.cell_type == "markdown":
            text = write_between(tables(), write_links(cell.source, ""))
            cell.source = write_measured(text)
        if "notes" in cell.metadata.get("nnutils", {}):
            cell.metadata.nnutils.notes = write_links(cell.metadata.nnutils.notes, "")
    for cell in opening(notebook):
        cell.source = "\n\n".join(
            derive_paragraph(text, notebook, number) for text in cell.source.split("\n\n")
        )
    write_sittings(notebook)


def write_fetch(notebook):
    """Write the cell that fetches the course, before all other code."""
    found = notebooks.tagged(notebook, "fetch")
    if not found:
        metadata = {"slideshow": {"slide_type": "skip"}, "tags": ["fetch"]}
        found = [nbformat.v4.new_code_cell(id="fetch", metadata=metadata)]
        first = next(k for k, cell in enumerate(notebook.cells) if cell.cell_type == "code")
        notebook.cells.insert(first, found[0])
    found[0].source = links.FETCH.format(name=links.name_in_files())


ERRORS = re.compile(r"^(\| \**(\S+), .*?)[\d.]+ %(\**) \([\d.]+ to [\d.]+\)", re.MULTILINE)
SMOOTHED = re.compile(r"[\d.]+ % in place of [\d.]+ % of the validation images")
COMPARED = ["6", "256", "0.004"]  # with and without smoothing: epochs, batch, highest rate
CNN_MEAN = re.compile(r"[\d.]+ % on MNIST, mean of five seeds")


@functools.cache
def errors_of_seeds():
    """Return {network: the test errors of five seeds, in percent}."""
    return {
        name: [100 - float(accuracy) for accuracy in each.split(",")]
        for table_name in ("mnist_seeds", "cnn_seeds")
        for name, _, _, each, *_ in measured(table_name)
    }


def write_measured(text):
    """Return ``text`` with the numbers that docs/results.md holds for it.

    They are, in a row of a table that begins with a network's name, its mean error and the range of
    five seeds; what label smoothing brings; the mean accuracy of notebook 10's network.
    """

    def errors(match):
        if match[2] not in errors_of_seeds():
            return match[0]
        found = errors_of_seeds()[match[2]]
        mean = sum(found) / len(found)
        return f"{match[1]}{mean:.2f} %{match[3]} ({min(found):.2f} to {max(found):.2f})"

    smoothing = {row[3]: row[4] for row in measured("schedules") if row[:3] == COMPARED}
    (_, mean, *_), *_ = measured("cnn_seeds")
    brought = f"{smoothing['0.1']} in place of {smoothing['0']} of the validation images"
    text = SMOOTHED.sub(brought, ERRORS.sub(errors, text))
    return CNN_MEAN.sub(f"{mean} on MNIST, mean of five seeds", text)


def opening(notebook):
    """Return the text cells before the first section."""
    before = itertools.takewhile(lambda cell: not cell.source.startswith("## "), notebook.cells)
    return [cell for cell in before if cell.cell_type == "markdown"]


def tables():
    """Return what stands between two marks in a notebook, {name: table}."""
    rules = table(["what is said", "tried on", "twenty trainings each"], "lll", measured("rules"))
    drawn = [(learned, *shares) for learned, _, *shares in measured("digit_pad")]
    pad = table(["learned from", "prepared", "as they stand"], "lrr", drawn)
    attacked = [  # the means, without their ranges
        (network, *(cell.partition(" (")[0] for cell in (none, fifth, chance, steps)))
        for network, none, _, _, _, fifth, _, chance, steps in measured("fooled")
    ]
    attacks = ["as they are", "ε = 0.2", "by chance, 0.2", "0.2 in 10 steps"]
    fooled = table(["network", *attacks], "lrrrr", attacked)
    return {"map": course_map(), "rules": rules, "pad": pad, "fooled": fooled}


def course_map():
    """Return the table of all notebooks for one of them."""
    lines = [
        [f"[{k:02d} {notebook.title}]({file_of(f'{k:02d}')})", notebook.what]
        for k, notebook in enumerate(NOTEBOOKS)
    ]
    return table(["notebook", "what you do in it"], "ll", lines)


def write_number(cell, name):
    """Write the heading of the exercise ``name`` into the text above it."""
    number, *_ = places()[name]
    heading = r"^(###?) Exercise \d\d\.\d+ · .*$"
    title = title_of(name)
    if not re.search(heading, cell.source, re.MULTILINE):
        raise ValueError(f"the text above {name} needs a heading: ### Exercise 00.0 · {title}")
    cell.source = re.sub(heading, rf"\1 Exercise {number} · {title}", cell.source, flags=re.M)


def derive_paragraph(text, notebook, number):
    """Return a paragraph of the opening, written anew if it is one that is derived."""
    mark = re.match(r"(<!-- \w+ -->\n)?", text)[0]
    body = text[len(mark) :]
    if body.startswith("**Time.**"):
        return mark + time_line(notebook, number)
    if body.startswith("Open in "):
        return mark + neighbours_line(int(number))
    today = re.match(r"<!-- today: (.*) -->", body)
    return mark + steps_line(today[1]) if today else text


def time_line(notebook, number):
    """Return the paragraph that says how long the notebook takes."""
    counted = rounded(minutes(notebook.cells))
    labs = sum("lab" in tags(cell) for cell in notebook.cells)
    exercises = sum("exercise" in tags(cell) for cell in notebook.cells)
    lab = "the lab" if labs == 1 else f"the {NUMBERS[labs]} labs"
    parts = len(sittings(notebook))
    sat = f", in {NUMBERS[parts]} sittings with marked stops" if parts else ""
    return (
        f"**Time.** {range_of(counted)} minutes{sat}: {counted.reading} to read and run, "
        f"{counted.doing} for {lab} and the {NUMBERS[exercises]} exercises, and half as much again "
        "for a beginner. (Estimated: learners have not been timed yet.) " + running_time(number)
    )


def running_time(number):
    """Say how long the notebook's cells run, from docs/results.md."""
    on = {
        data: in_words(float(seconds.split()[0]))
        for name, data, seconds, *_ in measured("notebooks")
        if name[:2] == number
    }
    if not on:
        return "How long its cells run has not been measured yet."
    runs = f"The notebook itself runs in {on['bundled digits']}"
    if "MNIST" in on:
        runs += f" on the bundled digits, in {on['MNIST']} on MNIST"
    return f"{runs}."


def in_words(seconds):
    """Say a number of seconds roughly: "about 5 seconds", "about two minutes"."""
    if seconds < 10:
        return f"about {max(2, round(seconds))} seconds"
    if seconds < 60:
        return f"about {5 * round(seconds / 5)} seconds"
    return f"about {NUMBERS[round(seconds / 60)]} minute{'s' * (round(seconds / 60) > 1)}"


def neighbours_line(number):
    """Return the paragraph with the links to services and to the notebooks before and after."""
    addresses = links.services(file_of(f"{number:02d}"), links.name_in_files())
    parts = ["Open in " + ", ".join(f"[{name}]({where})" for name, where in addresses.items())]
    for word, other in (("before", number - 1), ("next", number + 1)):
        if 0 <= other < len(NOTEBOOKS):
            title = f"{other:02d} {NOTEBOOKS[other].title}"
            parts.append(f"{word}: [{title}]({file_of(f'{other:02d}')})")
    if number == len(NOTEBOOKS) - 1:
        parts.append("this is the last one")
    return " · ".join(parts)


def steps_line(today):
    """Return the five steps as one line, those of ``today`` (with commas between them) in bold."""
    lit = [step.strip() for step in today.split(",")]
    if not set(lit) <= set(STEPS):
        raise ValueError(f"today must name some of {', '.join(STEPS)}, got {today!r}")
    line = " → ".join(f"**{step}**" if step in lit else step for step in STEPS)
    return f"<!-- today: {', '.join(lit)} -->\nThe walk in five steps, today's in bold: {line}"


SITTING = re.compile(r"^\*Sitting \d+ of \d+: (.*?)\. About \d+ minutes\.\*$", re.MULTILINE)


def sittings(notebook):
    """Return the places of the cells in which a sitting begins."""
    return [k for k, cell in enumerate(notebook.cells) if SITTING.search(cell.source)]


def write_sittings(notebook):
    """Write the number and the minutes of each sitting where it begins."""
    starts = sittings(notebook)
    for k, (start, end) in enumerate(zip(starts, [*starts[1:], len(notebook.cells)]), start=1):
        first = 0 if k == 1 else start
        took = 5 * round(minutes(notebook.cells[first:end]).together / 5)
        line = rf"*Sitting {k} of {len(starts)}: \1. About {took} minutes.*"
        notebook.cells[start].source = SITTING.sub(line, notebook.cells[start].source)


# --- In pages ------------------------------------------------------------------------------------


def derived_tables():
    """Return {name: text} of all that stands between marks in the pages."""
    taken = course_minutes()
    titles = {f"{k:02d}": f"{k:02d} {notebook.title}" for k, notebook in enumerate(NOTEBOOKS)}
    each = {n: (*m, m.together, m.beginner) for n, m in taken.items()}
    sums = [sum(column) for column in zip(*each.values())]
    walk = [
        [f"[{titles[n]}](notebooks/{file_of(n)})", NOTEBOOKS[int(n)].what, range_of(m)]
        for n, m in taken.items()
    ]
    week = [
        [k, day.replace(" ", ", "), sum(taken[n].together for n in day.split())]
        for k, day in enumerate(ONE_WEEK, start=1)
    ]
    return {
        "walk": table(["notebook", "what you do in it", "minutes"], "llr", walk),
        "minutes": table(
            ["notebook", "read and run", "labs and exercises", "together", "a beginner"],
            "lrrrr",
            [[titles[n], *row] for n, row in each.items()] + [["all", *sums]],
        ),
        "one-day": table(["from", "what", "minutes"], "llr", one_day(taken, titles)),
        "one-week": table(["day", "notebooks", "minutes"], "llr", week),
        "semester": table(["meeting", "notebook", "in class", "at home"], "llrr", semester(taken)),
    }


def range_of(taken):
    """Return "80 to 120": the minutes counted, and a beginner's."""
    return f"{taken.together} to {taken.beginner}"


def one_day(taken, titles):
    """Return the rows of the plan for one day, which begins at nine."""
    lines, now = [], 9 * 60
    for part in ONE_DAY:
        what, lasts = part if isinstance(part, tuple) else (titles[part], taken[part].together)
        lines.append([clock(now), what, lasts])
        now += lasts
    return [*lines, [clock(now), "end", ""]]


def clock(minute):
    """Return the time of day, counted in minutes, as "9:45"."""
    return f"{minute // 60}:{minute % 60:02d}"


def semester(taken):
    """Return the rows of the plan for a semester."""
    lines, meeting = [], 0
    for number, (reading, doing) in taken.items():
        meeting += 1
        when = f"{meeting}"
        if number in TWO_MEETINGS:
            meeting += 1
            when = f"{meeting - 1} and {meeting}"
        lines.append([when, number, reading, doing])
    return lines


def derive_page(text, folder, derived):
    """Return the text of a page with all that is derived; ``folder`` leads to the notebooks."""
    return write_links(write_between(derived, text), folder)


# --- All files -----------------------------------------------------------------------------------


def files():
    """Return {path: text} of all files with something derived, as they should be."""
    found = {}
    for path in [*all_notebooks(), TEMPLATE]:
        notebook = read(path)
        derive_notebook(notebook, path if path.parent.name == "notebooks" else Path(file_of("03")))
        found[path] = nbformat.writes(notebook).rstrip("\n") + "\n"
    derived = derived_tables()
    for path in PAGES:
        folder = "notebooks/" if path.parent == ROOT else "../notebooks/"
        found[path] = derive_page(path.read_text("utf-8"), folder, derived)
    return found


def stale():
    """Return {path: text} of the files that are not as they should be."""
    return {p: text for p, text in files().items() if text != p.read_text("utf-8")}


def main():
    """Read the command line, write the files and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.derive", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell what would be written")
    options = parser.parse_args()
    for path, text in stale().items():
        print(path.relative_to(ROOT))
        if not options.check:
            path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
