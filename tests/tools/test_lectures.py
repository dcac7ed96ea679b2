"""Each notebook can be lectured: what a class needs is on its slides, and no answer."""

import re
from html.parser import HTMLParser

import pytest

from nnutils.exercises.course import find_exercise, numbers, questions_of
from tools import notebooks, slides, tracks

PATHS = notebooks.all_notebooks()
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}


class Lecture:
    """A notebook with its decisions and its slides at hand."""

    def __init__(self, path):
        self.notebook = notebooks.read(path)
        self.blocks = [(cell, slides.blocks(cell)) for cell in self.notebook.cells]
        self.slides = [slide for section in slides.deck(self.notebook) for slide in section]

    def shown(self, tag):
        """Return the HTML of the pieces on slides of the cells with ``tag``."""
        return [
            block.html
            for cell, blocks in self.blocks
            if tag in cell.metadata.get("tags", [])
            for block in blocks
            if block.decision in slides.SHOWN
        ]


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.stem)
def lecture(request):
    """A lecture whose labs stand still: drawing all that moves takes a minute or two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracks, "figure", lambda name, picture, caption, keep: (picture, []))
        yield Lecture(request.param)


def test_no_answer_of_an_exercise_is_on_a_slide(lecture):
    assert lecture.shown("solution") == lecture.shown("check") == []
    sheets = "".join(slide.html.split("<aside")[0] for slide in lecture.slides)
    text = re.sub(r"<[^>]+>", "", sheets)
    assert "Solution 0" not in text and "<details" not in sheets


def test_every_exercise_has_its_title_and_its_task_on_a_slide(lecture):
    sheets = "".join(slide.html.split("<aside")[0] for slide in lecture.slides)
    for cell in notebooks.tagged(lecture.notebook, "exercise"):
        exercise = find_exercise(notebooks.exercise_of(cell))
        assert re.search(rf"<h3>Exercise [\d.]+ · {re.escape(exercise.title)}</h3>", sheets)


def test_every_lab_is_shown_by_its_picture_and_every_question_asked(lecture):
    labs = notebooks.tagged(lecture.notebook, "lab")
    assert len(lecture.shown("lab")) == len(labs)
    assert all('class="picture"' in html for html in lecture.shown("lab"))
    asked = "".join(lecture.shown("quiz"))
    for cell in notebooks.tagged(lecture.notebook, "quiz"):
        for name in notebooks.names_in(cell.source):
            assert f"<h3>Question {numbers(questions_of)[name]}</h3>" in asked


def test_every_guess_is_asked_and_its_answer_told_behind_a_step(lecture):
    cells = notebooks.tagged(lecture.notebook, "guess")
    assert len(lecture.shown("guess")) == len(cells)
    answers = [
        block.decision
        for cell, blocks in lecture.blocks
        if notebooks.revealed_in(cell)
        for block in blocks
        if 'class="revealed"' in block.html
    ]
    assert answers == ["fragment"] * len(cells)


class Loads(HTMLParser):
    """Collects what a page would load from elsewhere."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        address = dict(attributes).get(LOADING.get(tag), "data:")
        if not address.startswith("data:"):
            self.found.append((tag, address))


def test_the_page_loads_nothing(lecture):
    page = slides.page(lecture.notebook)
    loads = Loads()
    loads.feed(page)
    assert loads.found == []
    styles = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    assert not re.search(r"url\((?!data:)|@import", styles)
