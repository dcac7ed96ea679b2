"""Turn the notebooks into lecture slides: one HTML file for each, which needs nothing else.

::

    python -m nnutils.slides [--out DIR] [FILE ...]

What stands on a slide is chosen by hand, in the metadata of the cells; see docs/teaching.md.
Learners never need this module. It needs the packages of the extra ``teach``.
"""

import argparse
import html
import importlib
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

from nnutils import notebooks
from nnutils.exercises.question import to_html

DECISIONS = ("slide", "subslide", "fragment", "-", "notes", "skip")
SHOWN = DECISIONS[:4]
TEXT_SIZE = 32  # CSS pixels, on a slide of 1280 × 720
WIDE = 80  # characters: lines of output longer than this are set a little smaller
PICTURE_ZOOM = 1.6  # at most this much larger than in the notebook
MISSING = "The slides need the extra 'teach'. In the course's folder: pip install -e '.[teach]'"


# --- Blocks: the pieces of a cell about which a decision is made ---------------------------------


class Block(NamedTuple):
    """A piece of a cell: one of the DECISIONS, and its HTML."""

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


def pieces(cell, questions):
    """Return the HTML of each piece of ``cell``: of its paragraphs, or of its code and its output.

    ``questions`` are those of the notebook by their ids: in a quiz each question is one piece. So
    is a folded solution.
    """
    tags = cell.metadata.get("tags", [])
    if "solution" in tags:
        fold = notebooks.read_fold(cell.source)
        return [markdown(f"Solution {fold.id}\n\n{fold.explanation}") + code(fold.code)]
    if "quiz" in tags:
        return [question(questions[id]) for id in re.findall(r'"(\d\d\.\w+)"', cell.source)]
    if cell.cell_type == "markdown":
        return [markdown(text) for text in paragraphs(cell.source)]
    return [code(without_show(cell.source)), "".join(output(each) for each in cell.outputs)]


def decisions(cell, count):
    """Return what happens to each of the ``count`` pieces of ``cell``.

    ``metadata.nnutils.slides`` says it in words with spaces between them. Without it the cell's
    own ``slide_type`` counts for the first piece, and the rest follows on the same slide.
    Raises ValueError for an unknown word and when there are not ``count`` of them.
    """
    first = cell.metadata.get("slideshow", {}).get("slide_type", "-")
    rest = first if first in ("notes", "skip") else "-"
    words = cell.metadata.get("nnutils", {}).get("slides")
    words = words.split() if words else [first] + [rest] * (count - 1)
    if len(words) != count or not set(words) <= set(DECISIONS):
        raise ValueError(
            f"cell {cell.id} needs {count} of the words {', '.join(DECISIONS)}, got {words}"
        )
    return words


def blocks(cell, questions):
    """Return the blocks of ``cell``."""
    parts = pieces(cell, questions)
    return [Block(*pair) for pair in zip(decisions(cell, len(parts)), parts)]


# --- HTML of the pieces --------------------------------------------------------------------------


def formula(tex, block):
    """Draw a formula as SVG, whose glyphs are outlines: it needs no font and no script."""
    import ziamath

    svg = ziamath.Latex(tex, size=TEXT_SIZE, inline=not block).svg()
    width, height, top = re.search(
        r'width="([\d.]+)" height="([\d.]+)" viewBox="\S+ (\S+)', svg
    ).groups()
    depth = float(height) + float(top)
    size = f"width:{float(width) / TEXT_SIZE:.3f}em;vertical-align:{-depth / TEXT_SIZE:.3f}em"
    picture = svg[svg.index("viewBox") :].replace('"black"', '"currentColor"')
    svg = f'<svg role="img" aria-label="{html.escape(tex.strip())}" style="{size}" {picture}'
    return f'<div class="formula">{svg}</div>' if block else svg


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
    """Leave out the closing call that only gives a figure its alternative text."""
    return re.sub(r"\n+plotting\.show\(.*\Z", "", source, flags=re.DOTALL)


def output(stored):
    """Return a stored output as HTML: a picture if it has one, else its text."""
    data = stored.get("data", {})
    text = "".join(stored.get("text", data.get("text/plain", "")))
    if "image/png" in data:
        return picture(data["image/png"], text)
    wide = max(map(len, text.splitlines()), default=0) > WIDE
    return f'<pre class="output{" wide" * wide}">{lines(html.escape(text))}</pre>'


def picture(png, alt):
    """Return a picture, base64 text, as HTML: as large as the slide has room for."""
    width, height = (int.from_bytes(b64decode(png)[k : k + 4], "big") for k in (16, 20))
    limits = f"max-width:{PICTURE_ZOOM * width:.0f}px;max-height:{PICTURE_ZOOM * height:.0f}px"
    source = f"data:image/png;base64,{''.join(png.split())}"
    return (
        f'<div class="picture"><img src="{source}" alt="{html.escape(alt)}" style="{limits}"></div>'
    )


def question(asked):
    """Return a quiz question as HTML; the next step shows which choices are right, and why."""
    shown, right = [], []
    for letter, choice in zip("ABCDEFGH", asked.choices):
        shown.append(f"<li>{to_html(choice.text)}</li>")
        if choice.correct:
            right.append(f"<p><b>{letter}.</b> {to_html(choice.feedback)}</p>")
    return (
        f"<h3>Question {asked.id}</h3><p>{to_html(asked.text)}</p>"
        f'<ol class="choices">{"".join(shown)}</ol>'
        f'<div class="fragment answer">{"".join(right)}</div>'
    )


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


def questions_of(slug):
    """Return the quiz questions of a notebook by their ids."""
    return {each.id: each for each in importlib.import_module(f"nnutils.exercises.{slug}").QUIZ}


def speaker_notes(cell):
    """Return the notes that the metadata of ``cell`` hold, with their minutes, as HTML."""
    own = cell.metadata.get("nnutils", {})
    if "notes" not in own:
        return ""
    return f"<p><b>About {own['minutes']} minutes.</b></p>" + markdown(own["notes"])


def deck(notebook, slug):
    """Return the slides of ``notebook``: a list of sections, each a list of Slide."""
    questions, section = questions_of(slug), ""
    sections = []
    for cell in notebook.cells:
        notes = speaker_notes(cell)
        for decision, text in blocks(cell, questions):
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
                sections[-1][-1].notes.append(notes)
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


def page(notebook, slug):
    """Return the slides of ``notebook`` as one HTML page that loads nothing."""
    reveal, here = reveal_folder(), Path(__file__)
    sections = [
        f"<section>{''.join(slide.html for slide in section)}</section>"
        for section in deck(notebook, slug)
    ]
    scripts = [reveal / "dist" / "reveal.js", reveal / "plugin" / "notes" / "notes.js"]
    title = re.match(r"# (.*)", notebook.cells[0].source)[1]
    return Template(here.with_suffix(".html").read_text("utf-8")).substitute(
        title=html.escape(title),
        styles=(reveal / "dist" / "reveal.css").read_text("utf-8")
        + fonts(reveal)
        + here.with_suffix(".css").read_text("utf-8"),
        slides="\n".join(sections),
        scripts="\n".join(
            script.read_text("utf-8").replace("</script", r"<\/script") for script in scripts
        ),
    )


def main():
    """Read the command line, write the slides and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m nnutils.slides", description=__doc__)
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
        target.write_text(page(notebooks.read(path), notebooks.slug_of(path)), "utf-8")
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
