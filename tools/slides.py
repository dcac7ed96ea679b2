"""Turn the notebooks into lecture slides: one HTML file for each, which needs nothing else.

::

    python -m tools.slides [--out DIR] [FILE ...]

What stands on a slide is chosen by hand, where it stands; see docs/teaching.md.
Learners never need this module. It needs the packages of the extra ``teach``.
"""

import argparse
import ast
import html
import importlib.util
import re
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from string import Template
from typing import NamedTuple

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from nnutils.exercises.course import find_guess, find_question, numbers, questions_of
from nnutils.exercises.widget import to_html
from tools import notebooks, tracks
from tools.counts import minutes
from tools.notebooks import tags

SHOWN = ("slide", "subslide", "fragment", "-")  # as against "notes" and "skip"
MARKS = {"slide": "subslide", "step": "fragment", "notes": "notes", "skip": "skip", "show": "-"}
TAGS = ("slides-hide-code", "slides-hide-output", "slides-step-output", "slides-new-output")
MARK = re.compile(rf"<!-- ({'|'.join(MARKS)}) -->\n*")
TEXT_SIZE = 32  # CSS pixels, on a slide of 1280 × 720
WIDE = 80  # characters: lines of output longer than this are set a little smaller
PICTURE_ZOOM = 1.6  # at most this much larger than in the notebook
MISSING = "The slides need the extra 'teach'. In the course's folder: pip install -e '.[teach]'"


# --- Blocks: the pieces of a cell about which a decision is made ---------------------------------


class Block(NamedTuple):
    """A piece of a cell: where it goes, as a ``slide_type`` says it, and its HTML."""

    decision: str
    html: str


def paragraphs(source):
    """Split Markdown at its blank lines, but for those inside code and formulas."""
    parts, inside = [[]], False
    for line in source.strip().splitlines():
        if line.lstrip().startswith("```") or line.count("$$") == 1:
            inside = not inside
        if line.strip() or inside:
            parts[-1].append(line)
        elif parts[-1]:
            parts.append([])
    return ["\n".join(part) for part in parts]


def text_blocks(source, first):
    """Return the blocks of a text cell, whose ``slide_type`` is ``first``.

    A mark such as ``<!-- step -->`` says where the paragraph below it goes. Without one the first
    paragraph goes where the cell does. What is for the speaker (``notes``) or for nobody (``skip``)
    goes on so until the next mark. A heading of a section that is shown begins a section.
    """
    found, going_on = [], first
    for text in paragraphs(MARK.sub(r"<!-- \1 -->\n", source)):
        mark = MARK.match(text)
        decision = MARKS[mark[1]] if mark else going_on
        text = text[mark.end() :] if mark else text
        if decision in SHOWN and re.match(r"##? ", text):
            decision = "slide"
        found.append(Block(decision, markdown(text)))
        going_on = "-" if decision in SHOWN else decision
    return found


def code_blocks(cell, first):
    """Return the blocks of a code cell: its code, its output, the answer to a guess.

    Four tags change what its ``slide_type``, ``first``, says: ``slides-hide-code``,
    ``slides-hide-output``, ``slides-step-output`` (it comes with the next step) and
    ``slides-new-output`` (it begins a slide). An answer is a step of its own.
    """
    code_goes, output_goes = first, first if first not in SHOWN else "-"
    if "slides-hide-code" in tags(cell) or "lab" in tags(cell):  # a lab is its picture
        code_goes, output_goes = "skip", first
    elif "slides-hide-output" in tags(cell):
        output_goes = "skip"
    elif "slides-step-output" in tags(cell):
        output_goes = "fragment"
    elif "slides-new-output" in tags(cell):
        output_goes = "subslide"
    outputs, answers = list(cell.outputs), []
    if notebooks.revealed_in(cell) and outputs:
        answers = [Block("fragment" if output_goes in SHOWN else "skip", unfolded(outputs.pop()))]
    shown = Block(output_goes, "".join(map(output, outputs)))
    return [Block(code_goes, code(without_show(cell.source))), shown, *answers]


def place_of(cell):
    """Return the ``slide_type`` of ``cell``; without one it is for the speaker, or for nobody."""
    usual = "notes" if cell.cell_type == "markdown" else "skip"
    if re.match(r"###? Exercise ", cell.source) or "quiz" in tags(cell) or "lab" in tags(cell):
        usual = "subslide"
    elif {"exercise", "guess"} & set(tags(cell)):
        usual = "-"
    return cell.metadata.get("slideshow", {}).get("slide_type", usual)


def blocks(cell, notebook=None):
    """Return the blocks of ``cell``; with its ``notebook`` a lab moves along its tracks."""
    first = place_of(cell)
    if "solution" in tags(cell):
        fold = notebooks.read_fold(cell.source)
        text = markdown(f"Solution {fold.number}\n\n{fold.explanation}") + code(fold.code)
        return [Block(first, text)]
    if "quiz" in tags(cell):
        number = numbers(questions_of)
        names = notebooks.names_in(cell.source)
        asked = [question(find_question(name), number[name]) for name in names]
        return [Block(first if k == 0 else "subslide", text) for k, text in enumerate(asked)]
    if "guess" in tags(cell):
        pictures = (output(each) for each in cell.outputs if "image/png" in each.get("data", {}))
        return [Block(first, guess(find_guess(notebooks.guess_in(cell)), "".join(pictures)))]
    if cell.cell_type == "markdown":
        return text_blocks(cell.source, first)
    if "lab" in tags(cell) and notebook is not None:
        return [Block(first, moving(cell, notebook))]
    return code_blocks(cell, first)


# --- HTML of the pieces --------------------------------------------------------------------------


SIGN = re.compile(r"(^|[=(\[,<>&]|\\(?:cdot|times|approx|leftarrow|to|le|ge|qquad|quad)\b)(\s*)-")
NAMED = re.compile(
    r"(\\(?:ln|log|exp|max|min|tanh)\b|\\sum_(?:\w|\{[^}]*\}))\s*(?=[\w\\])(?!\\left)"
)


def spaced(tex):
    """Return a formula with the spaces that ziamath leaves out, or puts in beside a sign."""
    return NAMED.sub(r"\1\\,", SIGN.sub(r"\1\2{-}", tex))


def formula(tex, block):
    """Draw a formula as SVG, whose glyphs are outlines: it needs no font and no script.

    Parts of a ``block`` with a wide space between them may stand below one another.
    """
    if block:
        parts = re.split(r"(?:\\q?quad)+\b", tex)
        if any(part.count("{") != part.count("}") or r"\begin" in part for part in parts):
            parts = [tex]
        drawn = "".join(drawing(part, block) for part in parts if part.strip())
        return f'<div class="formula">{drawn}</div>'
    return drawing(tex, block)


def drawing(tex, block):
    """Draw a formula, or a part of one, as SVG."""
    import ziamath

    svg = ziamath.Latex(spaced(tex), size=TEXT_SIZE, inline=not block).svg()
    width, height, top = re.search(
        r'width="([\d.]+)" height="([\d.]+)" viewBox="\S+ (\S+)', svg
    ).groups()
    depth = float(height) + float(top)
    size = f"width:{float(width) / TEXT_SIZE:.3f}em;vertical-align:{-depth / TEXT_SIZE:.3f}em"
    picture = svg[svg.index("viewBox") :].replace('"black"', '"currentColor"')
    return f'<svg role="img" aria-label="{html.escape(tex.strip())}" style="{size}" {picture}'


class Renderer(IPythonRenderer):
    """Markdown to HTML as JupyterLab has it, with drawn formulas and links among the slides."""

    def __init__(self):
        super().__init__(escape=False, exclude_anchor_links=True)

    def block_math(self, body):
        """Draw a formula that stands alone."""
        return formula(body, block=True)

    def inline_math(self, body):
        """Draw a formula inside a line."""
        return formula(body, block=False)

    def block_code(self, code, info=None):
        """Set fenced text like the other code of a slide."""
        return f"<pre>{lines(html.escape(code))}</pre>"

    def link(self, text, url, title=None):
        """Let a link to a notebook lead to its slides; other files do not lie beside them."""
        if url.startswith("../"):
            return text
        return super().link(text, re.sub(r"\.ipynb(#.*)?$", ".html", url), title)


def markdown(source):
    """Return ``source`` as HTML."""
    text = MarkdownWithMath(renderer=Renderer()).render(source)
    # A full stop or a comma must not begin a line.
    return re.sub(
        r"(<svg(?:(?!</svg>).)*</svg>[.,;:)?]+)", r'<span class="together">\1</span>', text
    )


def lines(text):
    """Make each line of ``text`` an element of its own: one that is too long hangs."""
    return "".join(
        f'<span class="line">{line or " "}</span>' for line in text.rstrip("\n").split("\n")
    )


def code(source):
    """Return Python code as HTML."""
    coloured = highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return f'<pre class="code">{lines(coloured)}</pre>'


def without_show(source):
    """Leave out the calls that only give a figure its text, or a guess its answer."""
    if not re.search(r"^(plotting\.show|reveal)\(", source, re.MULTILINE):
        return source
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        call = getattr(node, "value", None)
        name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
        if isinstance(node, ast.Expr) and name in ("plotting.show", "reveal"):
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines).strip("\n") or source


def output(stored):
    """Return a stored output as HTML: a picture if it has one, else its text."""
    data = stored.get("data", {})
    text = "".join(stored.get("text", data.get("text/plain", "")))
    if "image/png" in data:
        return picture(data["image/png"], text)
    wide = max(map(len, text.splitlines()), default=0) > WIDE
    return f'<pre class="output{" wide" * wide}">{lines(html.escape(text))}</pre>'


def size_of(png):
    """Return the width and the height of a PNG file in pixels."""
    return (int.from_bytes(png[k : k + 4], "big") for k in (16, 20))


def picture(png, alt):
    """Return a picture, base64 text, as HTML: as large as the slide has room for."""
    width, height = size_of(b64decode(png))
    limits = f"max-width:{PICTURE_ZOOM * width:.0f}px;max-height:{PICTURE_ZOOM * height:.0f}px"
    source = f"data:image/png;base64,{''.join(png.split())}"
    return (
        f'<div class="picture"><img src="{source}" alt="{html.escape(alt)}" style="{limits}"></div>'
    )


def moving(cell, notebook):
    """Return a lab as HTML that moves along its tracks; the frames are in the page itself."""

    def keep(path):
        return f"data:image/webp;base64,{b64encode(path.read_bytes()).decode()}"

    stored = next(each for each in cell.outputs if "image/png" in each.get("data", {}))
    caption = stored.metadata["image/png"]["alt"]
    return tracks.figure(tracks.name_in(cell, notebook), output(stored), caption, keep)[0]


def question(asked, number):
    """Return a quiz question as HTML; the next step shows which choices are right, and why."""
    shown, right = [], []
    for letter, choice in zip("ABCDEFGH", asked.choices):
        shown.append(f"<li>{to_html(choice.text)}</li>")
        if choice.correct:
            right.append(f"<p><b>{letter}.</b> {to_html(choice.feedback)}</p>")
    return (
        f"<h3>Question {number}</h3><p>{to_html(asked.text)}</p>"
        f'<ol class="choices">{"".join(shown)}</ol>'
        f'<div class="fragment answer">{"".join(right)}</div>'
    )


def guess(asked, shown):
    """Return a guess as HTML, its choices in a list; ``shown`` is the picture to be marked."""
    choices = "".join(f"<li>{to_html(choice)}</li>" for choice in getattr(asked, "choices", []))
    choices = choices and f"<ul>{choices}</ul>"
    return f'<p class="guess">{to_html(asked.heading)}</p>{choices}{shown}'


def unfolded(stored):
    """Return the output of ``reveal`` as HTML, without its fold."""
    shown = stored.get("data", {}).get("text/html", "")
    shown = re.sub(r"</?details>|<summary>.*?</summary>", "", "".join(shown))
    return f'<div class="revealed">{shown}</div>'


# --- From blocks to slides -----------------------------------------------------------------------


class Slide:
    """One slide: its fragments (the first one is there at once), notes and the section's name."""

    def __init__(self, section):
        self.section = section
        self.fragments, self.notes = [[]], []

    @property
    def html(self):
        """The slide as reveal.js wants it."""
        first, *others = ["".join(fragment) for fragment in self.fragments]
        steps = "".join(f'<div class="fragment">{fragment}</div>' for fragment in others)
        notes = f'<aside class="notes">{"".join(self.notes)}</aside>' if self.notes else ""
        return (
            f'<section><div class="sheet"><div class="section">{self.section}</div>'
            f"{first}{steps}</div>{notes}</section>"
        )


def speaker_notes(cells):
    """Return {place of the cell: HTML} of the speaker's notes; the minutes reach to the next."""
    own = {k: cell.metadata.get("nnutils", {}).get("notes") for k, cell in enumerate(cells)}
    starts = [k for k, notes in own.items() if notes]
    notes = {}
    for start, end in zip(starts, [*starts[1:], len(cells)]):
        took = max(1, round(minutes(cells[start:end]).together))
        about = f"<p><b>About {took} minute{'s' * (took > 1)}.</b></p>"
        notes[start] = about + markdown(own[start])
    return notes


def deck(notebook):
    """Return the slides of ``notebook``: a list of sections, each a list of Slide."""
    sections, section = [], ""
    notes = speaker_notes(notebook.cells)
    for place, cell in enumerate(notebook.cells):
        for decision, text in blocks(cell, notebook):
            if not text:  # code without output
                continue
            heading = re.match(r"<h2>(.*)</h2>", text)
            section = heading[1] if heading else section
            if decision == "slide" or (decision in SHOWN and not sections):
                sections.append([Slide(section)])
            elif decision == "subslide":
                sections[-1].append(Slide(section))
            if decision == "fragment":
                sections[-1][-1].fragments.append([])
            if decision in SHOWN:
                sections[-1][-1].fragments[-1].append(text)
                if heading:  # it stands on the slide itself
                    sections[-1][-1].section = ""
            elif decision == "notes" and sections:
                sections[-1][-1].notes.append(text)
            if decision == "slide":
                sections[-1][-1].notes.append(notes.get(place, ""))
    return sections


# --- The page ------------------------------------------------------------------------------------


def reveal_folder():
    """Return the folder of reveal.js: the package sphinx-revealjs brings it along.

    Raises ModuleNotFoundError, saying what to install, when it is not there.
    """
    spec = importlib.util.find_spec("sphinx_revealjs")
    if spec is None or importlib.util.find_spec("ziamath") is None:
        raise ModuleNotFoundError(MISSING)
    return Path(spec.origin).parent / "_static" / "revealjs"


def font(family, weight, style, path):
    """Return the CSS rule that brings a font's file into the page."""
    encoded = b64encode(path.read_bytes()).decode()
    return (
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; font-style: {style}; "
        f"src: url(data:font/{path.suffix[1:]};base64,{encoded}); }}\n"
    )


def fonts(reveal):
    """Return the CSS of the slides' fonts, which come with reveal.js and with Matplotlib."""
    text = reveal / "dist" / "theme" / "fonts" / "source-sans-pro"
    matplotlib = Path(importlib.util.find_spec("matplotlib").origin).parent
    mono = matplotlib / "mpl-data" / "fonts" / "ttf" / "DejaVuSansMono.ttf"
    return (
        font("Slides", 400, "normal", text / "source-sans-pro-regular.woff")
        + font("Slides", 400, "italic", text / "source-sans-pro-italic.woff")
        + font("Slides", 600, "normal", text / "source-sans-pro-semibold.woff")
        + font("Slides Mono", 400, "normal", mono)
    )


def page(notebook):
    """Return the slides of ``notebook`` as one HTML page that loads nothing."""
    reveal, here = reveal_folder(), Path(__file__)
    sections = [
        f"<section>{''.join(slide.html for slide in section)}</section>"
        for section in deck(notebook)
    ]
    scripts = [
        reveal / "dist" / "reveal.js",
        reveal / "plugin" / "notes" / "notes.js",
        tracks.SCRIPT,
    ]
    title = re.match(r"# (.*)", notebook.cells[0].source)[1]
    return Template(here.with_suffix(".html").read_text("utf-8")).substitute(
        title=html.escape(title),
        styles=(reveal / "dist" / "reveal.css").read_text("utf-8")
        + fonts(reveal)
        + tracks.STYLES.read_text("utf-8")
        + here.with_suffix(".css").read_text("utf-8"),
        slides="\n".join(sections),
        scripts="\n".join(
            script.read_text("utf-8").replace("</script", r"<\/script") for script in scripts
        ),
    )


def main():
    """Read the command line, write the slides and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.slides", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="which notebooks (all)")
    folder = notebooks.ROOT / "build" / "slides"
    parser.add_argument("--out", type=Path, default=folder, metavar="DIR")
    options = parser.parse_args()
    try:
        reveal_folder()
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    for path in options.files or notebooks.all_notebooks():
        target = options.out / f"{path.stem}.html"
        target.write_text(page(notebooks.read(path)), "utf-8")
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
