"""From a notebook to its slides: which piece goes where, and what a slide is made of."""

import base64
import importlib.util
import io
import re

import nbformat.v4 as v4
import pytest
from PIL import Image

from nnutils.exercises.question import Choice, Question
from tools import notebooks, slides


def prose(source, **metadata):
    return v4.new_markdown_cell(source, metadata=metadata)


def typed(slide_type, source="Some text."):
    return prose(source, slideshow={"slide_type": slide_type})


def program(source, *outputs, **metadata):
    return v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def printed(text):
    return v4.new_output("stream", text=text)


def png(width, height):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def deck(*cells):
    """The slides of a notebook with these cells, as the HTML of each, section by section."""
    sections = slides.deck(v4.new_notebook(cells=list(cells)))
    return [[slide.html for slide in section] for section in sections]


# --- Blocks ---------------------------------------------------------------------------------------


def test_blank_lines_part_a_cell_but_not_inside_code_or_a_formula():
    source = (
        "## Title\n\nOne\ntwo.\n\n```python\na = 1\n\nb = 2\n```\n\n$$\na\n\nb\n$$\n\n1. x\n2. y"
    )
    assert slides.paragraphs(source) == [
        "## Title",
        "One\ntwo.",
        "```python\na = 1\n\nb = 2\n```",
        "$$\na\n\nb\n$$",
        "1. x\n2. y",
    ]


def decisions(cell):
    return [block.decision for block in slides.blocks(cell)]


def test_code_and_output_are_two_pieces_also_without_output():
    assert "2" in slides.blocks(program("1 + 1", printed("2\n")))[1].html
    assert slides.blocks(program("x = 1"))[1].html == ""


def test_a_solution_and_each_question_are_one_piece():
    fold = notebooks.write_fold(notebooks.Fold("03.1", "Why.", "x = 1\n\ny = 2"))
    assert len(slides.blocks(prose(fold, tags=["solution"]))) == 1
    asked = program('quiz("why_centre", "twenty_of_twenty")', tags=["quiz"])
    assert decisions(asked) == ["subslide", "subslide"]


def test_without_marks_the_cell_decides():
    three = "One.\n\nTwo.\n\nThree."
    assert decisions(typed("subslide", three)) == ["subslide", "-", "-"]
    assert decisions(typed("skip", three)) == ["skip", "skip", "skip"]
    assert decisions(typed("notes", three)) == ["notes", "notes", "notes"]


def test_a_mark_says_where_a_paragraph_goes():
    source = (
        "One.\n\n<!-- notes -->\nTwo.\n\nThree.\n\n<!-- slide -->\n\nFour.\n\n"
        "<!-- step -->\nFive.\n\nSix.\n\n<!-- skip -->\nSeven.\n\n<!-- show -->\nEight."
    )
    expected = ["-", "notes", "notes", "subslide", "fragment", "-", "skip", "-"]
    assert decisions(typed("-", source)) == expected
    assert not any("<!--" in block.html for block in slides.blocks(typed("-", source)))


def test_a_paragraph_split_in_two_needs_no_other_change():
    whole = "## 1 · Go\n\nOne. Two.\n\n<!-- slide -->\nThree."
    split = whole.replace("One. Two.", "One.\n\nTwo.")
    assert decisions(typed("slide", whole)) == ["slide", "-", "subslide"]
    assert decisions(typed("slide", split)) == ["slide", "-", "-", "subslide"]


def test_a_heading_of_a_section_begins_one_if_it_is_shown():
    source = "Before.\n\n## 2 · Next\n\nText.\n\n<!-- skip -->\n## Sources"
    assert decisions(typed("-", source)) == ["-", "slide", "-", "skip"]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (None, ["subslide", "-"]),
        ("slides-hide-code", ["skip", "subslide"]),
        ("slides-hide-output", ["subslide", "skip"]),
        ("slides-step-output", ["subslide", "fragment"]),
        ("slides-new-output", ["subslide", "subslide"]),
    ],
)
def test_tags_say_where_code_and_output_go(tag, expected):
    looks = {"slideshow": {"slide_type": "subslide"}, "tags": [tag] if tag else []}
    assert decisions(program("1 + 1", printed("2"), **looks)) == expected


def test_a_new_cell_is_on_no_slide_unless_its_place_is_chosen():
    assert decisions(prose("A new thought.")) == ["notes"]
    assert decisions(program("x = 1")) == ["skip", "skip"]
    assert decisions(prose("### Exercise 03.1 · Do\n\n1. This.")) == ["subslide", "-"]
    assert decisions(program("def my_f():\n    ...", tags=["exercise"])) == ["-", "-"]
    assert decisions(program("check('f')", tags=["check"])) == ["skip", "skip"]
    assert decisions(program("some_lab()", tags=["lab"])) == ["skip", "subslide"]


# --- HTML -----------------------------------------------------------------------------------------


def test_a_formula_is_drawn_and_keeps_its_source_for_those_who_listen():
    drawn = slides.formula(r"\frac{a}{b} < 1", block=False)
    assert drawn.startswith("<svg") and "<path" in drawn and "<text" not in drawn
    assert r'aria-label="\frac{a}{b} &lt; 1"' in drawn
    assert '"black"' not in drawn


def test_a_formula_is_as_tall_as_its_fraction_and_hangs_below_the_line():
    def height(tex):
        box = re.search(r'viewBox="([^"]*)"', slides.formula(tex, block=True))[1]
        return float(box.split()[3])

    assert height(r"\frac{a}{b}") > 1.5 * height("a")
    assert "vertical-align:-0" in slides.formula("y", block=False)  # y reaches below the line


def test_prose_has_its_formulas_drawn_and_no_full_stop_alone_on_a_line():
    text = slides.markdown("So $x = 1$.")
    assert "$" not in text
    assert text.count('<span class="together">') == 1 and "</svg>.</span>" in text


def test_links_lead_to_the_slides_of_other_notebooks():
    assert 'href="02_perceptron.html"' in slides.markdown("[02](02_perceptron.ipynb#4-·-Learn)")
    assert slides.markdown("See [a *table*](../docs/results.md).") == (
        "<p>See a <em>table</em>.</p>\n"
    )
    assert 'href="https://example.org/"' in slides.markdown("[page](https://example.org/)")


def test_each_line_of_code_is_an_element_and_nothing_is_lost():
    text = slides.code('def f(x):\n    """Say it."""\n\n    return x < 1  # why')
    assert text.count('<span class="line">') == 4
    assert "&lt;" in text and "# why" in text


def test_the_alternative_text_of_a_figure_is_no_code_to_look_at():
    source = 'fig = draw()\nplotting.show(fig, "A long "\n                   "sentence.")'
    assert slides.without_show(source) == "fig = draw()"


def test_the_call_that_reveals_a_guess_is_no_code_to_look_at():
    assert slides.without_show('big = 1\nreveal("how_many", big)') == "big = 1"
    assert slides.without_show('reveal("how_many", 1)') == 'reveal("how_many", 1)'


def test_what_follows_the_picture_stays():
    source = 'fig = draw()\nplotting.show(\n    fig, "a text"\n)\nprint("the end")'
    assert slides.without_show(source) == 'fig = draw()\nprint("the end")'


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("b = -11", "b = {-}11"),
        (r"0.1 \cdot (-6) - 1", r"0.1 \cdot ({-}6) - 1"),
        ("2|e| - e^{-z}", "2|e| - e^{-z}"),
        (r"-\ln 0.2", r"{-}\ln\,0.2"),
        (r"\ln(1 - p)", r"\ln(1 - p)"),
        (r"\ln\sum_j e^{z_j}", r"\ln\,\sum_j\,e^{z_j}"),
        (r"\max_i x", r"\max_i x"),
        (r"-\ln", r"{-}\ln"),
    ],
)
def test_a_sign_stands_close_and_a_function_apart(tex, expected):
    assert slides.spaced(tex) == expected


def test_parts_of_a_formula_may_stand_below_one_another():
    assert slides.formula(r"a = b \qquad c = d", block=True).count("<svg") == 2
    assert slides.formula(r"\frac{a \quad b}{c}", block=True).count("<svg") == 1


def test_wide_output_is_set_smaller():
    assert 'class="output wide"' in slides.output(printed("x" * 90))
    assert 'class="output"' in slides.output(printed("x" * 80 + "\n" + "y"))


def test_a_picture_is_inlined_with_its_alternative_text_and_not_blown_up():
    data = {"image/png": png(50, 20), "text/plain": 'A "line".'}
    text = slides.output(v4.new_output("display_data", data))
    assert 'src="data:image/png;base64,' in text
    assert 'alt="A &quot;line&quot;."' in text
    assert "max-width:80px;max-height:32px" in text


QUESTION = Question(
    "03.q1",
    "Is `a < b`?",
    [Choice("yes", False, "No, because."), Choice("no", True, "It is not.")],
)


def test_a_question_shows_its_choices_and_keeps_the_answer_for_the_next_step():
    asked, answer = slides.question(QUESTION, "03.4").split('<div class="fragment answer">')
    assert "<code>a &lt; b</code>" in asked
    assert "yes" in asked and "no" in asked and "It is not." not in asked
    assert "<b>B.</b> It is not." in answer and "because" not in answer


def revealed(html):
    return v4.new_output("execute_result", {"text/html": html, "text/plain": "It is 108."})


def test_a_guess_is_asked_with_its_choices_or_its_picture():
    (block,) = slides.blocks(program('guess("output_bias")', tags=["guess"]))
    assert block.decision == "-"
    assert "Guess: Which way must" in block.html and "<li>up</li><li>down</li>" in block.html
    shown = v4.new_output("execute_result", {"image/png": png(50, 20), "text/plain": "A map."})
    marked = program('ax.plot("x")\nguess("after_60_steps", fig, "A map.")', shown, tags=["guess"])
    (block,) = slides.blocks(marked)
    assert "Guess: Where does" in block.html and 'class="picture"' in block.html


def test_the_answer_to_a_guess_is_a_step_of_its_own_and_not_folded():
    fold = "<details><summary>You have not guessed yet.</summary><p>It is 108.</p></details>"
    outputs = printed("x = 1\n"), revealed(fold)
    looks = {"slideshow": {"slide_type": "-"}}
    source = 'big = 108\nreveal("how_many_are_big", big)'
    cell = program(source, *outputs, **looks)
    assert decisions(cell) == ["-", "-", "fragment"]
    assert "x = 1" in slides.blocks(cell)[1].html
    answer = slides.blocks(cell)[2].html
    assert "<p>It is 108.</p>" in answer and "details" not in answer and "not guessed" not in answer
    alone = program(source, outputs[1], tags=["slides-hide-code"], **looks)
    ((slide,),) = deck(typed("slide", "First."), alone)
    assert slide.count('class="fragment"') == 1 and "big = 108" not in slide


def test_an_answer_that_is_not_shown_is_on_no_slide():
    source = 'reveal("how_many_are_big", 108)'
    for looks in ({}, {"slideshow": {"slide_type": "-"}, "tags": ["slides-hide-output"]}):
        assert "fragment" not in decisions(program(source, revealed("<p>It is 108.</p>"), **looks))


# --- Slides ---------------------------------------------------------------------------------------


def test_slides_subslides_and_what_follows_on_the_same():
    sections = deck(typed("slide"), typed("-"), typed("subslide"), typed("slide"))
    assert [len(section) for section in sections] == [2, 1]
    assert [slide.count("Some text.") for slide in sections[0]] == [2, 1]


def test_skipped_pieces_are_nowhere_and_notes_are_for_the_speaker():
    ((slide,),) = deck(typed("slide"), typed("skip", "Skipped."), typed("notes", "Said."))
    assert "Skipped." not in slide
    sheet, notes = slide.split('<aside class="notes">')
    assert "Said." in notes and "Said." not in sheet


def test_a_fragment_comes_at_the_next_step():
    ((slide,),) = deck(typed("slide", "First."), typed("fragment", "Then."), typed("-", "Too."))
    before, after = slide.split('<div class="fragment">')
    assert "First." in before
    assert "Then." in after and "Too." in after


def test_a_sections_notes_and_minutes_come_with_its_first_slide():
    metadata = {"slideshow": {"slide_type": "slide"}, "nnutils": {"notes": "Ask."}}
    first_cell = prose("## 1 · Go", **metadata)
    ((first, second), _) = deck(
        first_cell, typed("subslide", "word " * 300), prose("## 2 · End", **metadata)
    )
    assert "About 3 minutes." in first and "Ask." in first
    assert "minutes." not in second


def test_later_slides_of_a_section_name_it():
    ((first, second),) = deck(typed("slide", "## 1 · Go"), typed("subslide"))
    assert '<div class="section"></div>' in first
    assert '<div class="section">1 · Go</div>' in second


# --- The page -------------------------------------------------------------------------------------


def test_without_the_packages_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["slides"])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert slides.main() == 1
    assert "pip install -e '.[teach]'" in capsys.readouterr().err


def test_a_file_is_written_for_each_notebook(monkeypatch, tmp_path, capsys):
    path = notebooks.all_notebooks()[0]
    monkeypatch.setattr("sys.argv", ["slides", str(path), "--out", str(tmp_path / "new")])
    assert slides.main() == 0
    assert [file.stem for file in (tmp_path / "new").iterdir()] == [path.stem]
    assert path.stem in capsys.readouterr().out
