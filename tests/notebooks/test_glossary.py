"""The glossary and the notebooks agree: each Chinese term stands once, where the table says."""

import re

from tools import notebooks
from tools.tables import rows

GLOSSARY = notebooks.ROOT / "docs" / "glossary.md"
IN_BRACKETS = re.compile(r"\(([^()\n]*[\u4e00-\u9fff][^()\n]*)\)")


# English, Chinese, symbol, code, notebook
ROWS = rows(GLOSSARY.read_text("utf-8"))


def test_every_chinese_term_stands_once_in_the_notebook_of_its_row():
    found = []
    for path in notebooks.all_notebooks():
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "markdown":
                found += [(term, path.name[:2]) for term in IN_BRACKETS.findall(cell.source)]
    assert sorted(found) == sorted((chinese, number) for _, chinese, _, _, number in ROWS)


def test_no_english_or_chinese_term_has_two_rows():
    for column in (0, 1):
        terms = [row[column].lower() for row in ROWS]
        assert len(terms) == len(set(terms))
