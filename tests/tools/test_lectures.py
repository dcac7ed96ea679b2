"""Each notebook can be lectured: every cell has its place, and every section notes and minutes."""

import re
from html.parser import HTMLParser

import pytest

pytest.importorskip("ziamath", reason="the slides draw their formulas with ziamath")

from nnutils import notebooks, slides

PATHS = notebooks.all_notebooks()
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}


class Lecture:
    """A notebook with its decisions and its slides at hand."""

    def __init__(self, path):
        self.slug = notebooks.slug_of(path)
        self.notebook = notebooks.read(path)
        self.questions = slides.questions_of(self.slug)
        self.blocks = [(cell, slides.blocks(cell, self.questions)) for cell in self.notebook.cells]
        self.sections = slides.deck(self.notebook, self.slug)
        self.slides = [slide for section in self.sections for slide in section]

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
    return Lecture(request.param)


def own(cell):
    return cell.metadata.get("nnutils", {})


def test_every_cell_has_its_place_chosen(lecture):
    """``slide_type`` is what live slides read; it says the same as the words piece by piece."""
    for cell, blocks in lecture.blocks:
        chosen = cell.metadata["slideshow"]["slide_type"]
        words = [block.decision for block in blocks]
        shown = [word for word in words if word in slides.SHOWN]
        starts = [word for word in ("slide", "subslide") if word in shown]
        hidden = "notes" if "notes" in words else "skip"
        assert chosen == (starts or shown or [hidden])[0], f"{cell.id}: {chosen}, {words}"


def test_a_sensible_number_of_slides(lecture):
    assert 20 <= len(lecture.slides) <= 80
    assert 6 <= len(lecture.sections) <= 20


def test_every_section_has_notes_and_minutes_that_sum_up_to_the_time_of_the_notebook(lecture):
    minutes = []
    for cell, blocks in lecture.blocks:
        if "slide" in [block.decision for block in blocks]:
            assert len(own(cell)["notes"].split()) >= 10, cell.source[:40]
            minutes.append(own(cell)["minutes"])
        else:
            assert "notes" not in own(cell) and "minutes" not in own(cell)
    stated = re.search(r"\*\*Time\.\*\* \D*(\d+) minutes", lecture.notebook.cells[0].source)
    assert sum(minutes) == pytest.approx(int(stated[1]), rel=0.1)


def test_no_answer_of_an_exercise_is_on_a_slide(lecture):
    assert lecture.shown("solution") == lecture.shown("check") == []
    sheets = "".join(slide.html.split("<aside")[0] for slide in lecture.slides)
    text = re.sub(r"<[^>]+>", "", sheets)
    assert "Solution 0" not in text and "<details" not in sheets


def test_every_exercise_has_its_title_and_its_task_on_a_slide(lecture):
    sheets = "".join(slide.html.split("<aside")[0] for slide in lecture.slides)
    for cell in notebooks.tagged(lecture.notebook, "exercise"):
        assert f"<h3>Exercise {notebooks.exercise_of(cell)} · " in sheets


def test_every_lab_is_shown_by_its_picture_and_every_question_asked(lecture):
    labs = notebooks.tagged(lecture.notebook, "lab")
    assert len(lecture.shown("lab")) == len(labs)
    assert all('class="picture"' in html for html in lecture.shown("lab"))
    asked = "".join(lecture.shown("quiz"))
    for cell in notebooks.tagged(lecture.notebook, "quiz"):
        for id in re.findall(r'"(\d\d\.\w+)"', cell.source):
            assert f"<h3>Question {id}</h3>" in asked


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
    page = slides.page(lecture.notebook, lecture.slug)
    loads = Loads()
    loads.feed(page)
    assert loads.found == []
    styles = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    assert not re.search(r"url\((?!data:)|@import", styles)
