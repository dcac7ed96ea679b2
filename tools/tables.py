"""Tables in Markdown: read, written, and put between two marks of a page."""

import functools
import re

from tools.notebooks import ROOT

RESULTS = ROOT / "docs" / "results.md"


def rows(text):
    """Return the cells of each row of the first table in ``text``, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def table(head, alignments, lines):
    """Return a table in Markdown; ``alignments`` has an "l" or an "r" for each column."""
    marks = "".join({"l": ":--|", "r": "--:|"}[side] for side in alignments)
    below = [f"| {' | '.join(map(str, line))} |\n" for line in lines]
    return f"| {' | '.join(head)} |\n|{marks}\n{''.join(below)}"


def between(name):
    """Return the pattern of what stands between the two marks ``name``."""
    return rf"(<!-- begin {name} -->\n)(.*?)(<!-- end {name} -->)"


def write_between(derived, text):
    """Return ``text`` with all of ``derived``, {name: text}, between the marks of that name."""
    for name, lines in derived.items():
        text = re.sub(between(name), lambda m, new=lines: m[1] + new + m[3], text, flags=re.DOTALL)
    return text


@functools.cache
def measured(name):
    """Return the rows of the table ``name`` in docs/results.md, each a list of cells."""
    return rows(re.search(between(name), RESULTS.read_text("utf-8"), re.DOTALL)[2])
