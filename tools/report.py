"""Print what no test holds: the size of each notebook, its minutes, what was measured of it.

::

    python -m tools.report

A number outside what is usual has an exclamation mark: a reason to look, not a fault.
"""

import sys

from tools.counts import minutes, rounded, texts, words
from tools.notebooks import IGNORED, all_notebooks, read, tags
from tools.tables import measured, table

USUAL = {  # the smallest and the largest
    "cells": (40, 90),
    "words": (1500, 3000),
    "exercises": (4, 6),
    "questions": (3, 9),
    "lines of code, 90 %": (1, 10),
    "not compared": (0, 8),
    "kB": (0, 250),
}
NO_SUM = ("lines of code, 90 %", "longest")


def lines_of(cell):
    """Return how many lines of code ``cell`` has."""
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def row_of(path):
    """Return {what: number} for the notebook at ``path``."""
    cells = read(path).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    lines = sorted(map(lines_of, code))
    taken = rounded(minutes(cells))
    return {
        "cells": len(cells),
        "words": sum(map(words, texts(cells))),
        "labs": sum("lab" in tags(cell) for cell in code),
        "exercises": sum("exercise" in tags(cell) for cell in code),
        "questions": sum(cell.source.count('"') // 2 for cell in code if "quiz" in tags(cell)),
        "guesses": sum("guess" in tags(cell) for cell in code),
        "lines of code, 90 %": lines[int(0.9 * (len(lines) - 1))],
        "longest": lines[-1],
        "not compared": sum(IGNORED in tags(cell) for cell in code),
        "minutes": taken.together,
        "a beginner": taken.beginner,
        "kB": path.stat().st_size // 1000,
    }


def shown(what, number):
    """Return ``number`` as a text, marked if it is unusual."""
    low, high = USUAL.get(what, (number, number))
    return f"{number}" if low <= number <= high else f"{number} !"


def labs_of(path):
    """Return the titles of the labs in a notebook; a lab's text is "title: caption"."""
    outputs = [cell.outputs[-1] for cell in read(path).cells if "lab" in tags(cell)]
    return [
        output.data["text/plain"].removesuffix(f": {output.metadata['image/png']['alt']}")
        for output in outputs
    ]


def measured_rows(path):
    """Return the lines that say what was measured of a notebook, and what was not."""
    lines = [
        f"{name} on {data}: {time}, {own} of its own, {files} of program files"
        for name, data, time, own, files in measured("notebooks")
        if name == path.stem
    ] or [f"{path.stem}: time and memory were not measured (make bench)"]
    answers = [row[1:] for row in measured("latency") if row[0] == path.stem]
    for lab in labs_of(path):
        times = [
            f"{what} {median} (95 % {most})" for name, what, median, most in answers if name == lab
        ]
        lines.append(f"    {lab}: {', '.join(times) or 'not measured (make latency)'}")
    return lines


def main():
    """Print the report."""
    rows = {path.stem[:2]: row_of(path) for path in all_notebooks()}
    head = ["", *next(iter(rows.values()))]
    usual = [
        "usual",
        *("{} to {}".format(*USUAL[what]) if what in USUAL else "" for what in head[1:]),
    ]
    body = [[n, *(shown(what, number) for what, number in row.items())] for n, row in rows.items()]
    sums = ["all"]
    for what in head[1:]:
        sums.append("" if what in NO_SUM else sum(row[what] for row in rows.values()))
    print(table(head, "l" + "r" * (len(head) - 1), [*body, sums, usual]))
    for path in all_notebooks():
        print("\n".join(measured_rows(path)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
