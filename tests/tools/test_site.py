"""From a notebook to its page on the web site, and the pictures of the labs that move there."""

import re

import nbformat.v4 as v4
import pytest

from nnutils.exercises.course import find_question
from nnutils.labs.loss_and_gradient_descent import walk_down_lab
from tools import notebooks, site, tracks


@pytest.fixture
def page(tmp_path):
    """Return a function that makes the Markdown of a page from cells."""

    def make(*cells):
        path = tmp_path / "05_trial.ipynb"
        notebooks.nbformat.write(v4.new_notebook(cells=list(cells)), path)
        return site.Page(path, tmp_path / "static").markdown

    return make


def code(source, *outputs, **metadata):
    return v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def test_an_anchor_is_that_of_jupyterlab():
    assert site.anchor("3 · Learn from mistakes") == "3-·-Learn-from-mistakes"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[q](05_loss.ipynb#3-·-Roll)", "[q](/notebooks/05_loss.md#3-·-Roll)"),
        ("[q](../notebooks/05_loss.ipynb)", "[q](/notebooks/05_loss.md)"),
        ("[q](notebooks/05_loss.ipynb)", "[q](/notebooks/05_loss.md)"),
        ("[t](../docs/teaching.md#one-day)", "[t](/docs/teaching.md#one-day)"),
        ("[t](docs/teaching.md)", "[t](/docs/teaching.md)"),
        ("[w](https://a.org/b)", "[w](https://a.org/b)"),
        ("[d](../data/README.md)", "d"),
        ("![a table](images/t.png)", "![a table](/_static/t.png)"),
    ],
)
def test_links_lead_to_pages_or_nowhere(written, expected):
    assert site.with_links(written) == expected


def test_a_choice_opens_to_what_is_said_of_it(page):
    text = page(code('quiz("tenth_of_the_noise")', tags=["quiz"]))
    question = find_question("tenth_of_the_noise")
    assert text.count("<details") == len(question.choices)
    right = next(choice for choice in question.choices if choice.correct)
    (fold,) = re.findall(r'<details class="choice right">.*?</details>', text)
    assert right.text in fold and "Right." in fold
    assert text.count("Not yet.") == len(question.choices) - 1


def test_marks_of_the_slides_and_checks_are_left_out(page):
    text = page(
        v4.new_markdown_cell("<!-- skip -->\nOne.\n\n<!-- show -->\nTwo."),
        code('check("mse")', tags=["check"]),
    )
    assert "<!--" not in text and 'check("mse")' not in text
    assert "One." in text and "Two." in text


def test_an_answer_stays_folded_and_its_call_is_left_out(page):
    html = "<details><summary>You have not guessed yet. Guess above and run this cell again, or"
    html += " open the answer here.</summary><p>It is 22.</p></details>"
    answer = v4.new_output("display_data", {"text/html": html, "text/plain": "22"})
    text = page(code("a = 1\nb = 22\nreveal('x', b)", answer))
    assert "reveal(" not in text and "b = 22" in text
    assert "<details><summary>The answer</summary><p>It is 22.</p></details>" in text


def test_every_lab_of_every_notebook_is_found():
    found = {
        tracks.name_in(cell, notebook)
        for notebook in map(notebooks.read, notebooks.all_notebooks())
        for cell in notebooks.tagged(notebook, "lab")
    }
    assert found == set(tracks.makers())


def test_a_lab_is_drawn_once_along_its_tracks(tmp_path, monkeypatch):
    monkeypatch.setattr(tracks, "KEPT", tmp_path)
    monkeypatch.setattr(tracks, "makers", lambda: {"walk_down_lab": walk_down_lab})
    folder = tracks.drawn("walk_down_lab")
    html, still = tracks.figure("walk_down_lab", "<img>", "a <caption>", lambda path: path.name)
    assert still == [] and "a &lt;caption&gt;" in html
    data = tracks.json.loads(re.search(r"json\">(.*)</script>", html)[1])
    assert [track["label"] for track in data] == ["learning rate", "steps"]
    for track in data:
        assert 2 <= len(track["frames"]) <= tracks.MOST
        assert track["frames"][track["start"]]["caption"] == walk_down_lab().caption_text
        for frame in track["frames"]:
            assert (folder / frame["src"]).read_bytes()[8:12] == b"WEBP"
    monkeypatch.setattr(tracks, "makers", dict)  # what is kept is not drawn again
    assert tracks.drawn("walk_down_lab") == folder
