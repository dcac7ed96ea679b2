"""Write the course as a web site that needs no kernel and no network.

::

    python -m tools.site [--out DIR]

The notebooks are rewritten as Markdown with their stored outputs; Sphinx makes the pages. It needs
the packages of the extras ``course`` and ``teach``.
"""

import argparse
import html
import re
import shutil
import sys
import tempfile
from base64 import b64decode
from pathlib import Path

from PIL import Image

from nnutils.datasets import load_digits
from nnutils.exercises.course import find_guess, find_question, numbers, questions_of
from nnutils.exercises.widget import to_html
from tools import links, notebooks, slides, tracks
from tools.notebooks import ROOT, tags

TITLE = "Neural networks, built by hand"
HERE = Path(__file__)
PAGES = ("teaching", "glossary", "results")  # of docs/
MODULES = (  # the textbook, in the order of the course
    *("neurons", "perceptron", "dice", "activations", "losses", "landscapes", "optimizers"),
    *("network", "gradcheck", "ladder", "convolution", "autograd", "training", "plotting"),
)
# What only somebody at a kernel can do: a paragraph that begins so.
LIVE = re.compile(r"^(\*\*To begin,\*\*|You are done with this notebook: save it).*$", re.MULTILINE)
SCRIPT = '<script src="{}_static/tracks.js"></script>'
SETTINGS = {
    "project": TITLE,
    "language": "en",
    "extensions": ["myst_parser", "sphinx.ext.autodoc", "tools.site"],
    "html_theme": "sphinx_book_theme",
    "html_title": TITLE,
    "html_static_path": ["_static"],
    "html_css_files": ["site.css"],
    "html_favicon": "_static/icon.png",
    "html_use_index": False,
    "html_domain_indices": False,
    "html_show_sourcelink": False,
    "html_copy_source": False,
    "html_math_renderer": "drawn",
    "html_theme_options": {
        "show_toc_level": 2,
        "use_download_button": False,
        "navbar_persistent": [],  # the sidebar has a search field
        "footer_content_items": [],
    },
    "html_context": {"default_mode": "auto"},
    "html_permalinks_icon": "#",
    "myst_enable_extensions": ["dollarmath"],
    "myst_heading_anchors": 4,
    "myst_heading_slug_func": "tools.site.anchor",
    "autodoc_member_order": "bysource",
    "suppress_warnings": ["myst.header"],
}


# --- Pages ----------------------------------------------------------------------------------------


def anchor(heading):
    """Return the name under which JupyterLab finds a heading; links in the notebooks use it."""
    return heading.replace(" ", "-")


def with_links(text):
    """Let links to notebooks lead to their pages, and others out of the site to nowhere."""
    text = re.sub(
        r"\((?:(?:\.\./)?notebooks/)?(\d\d_\w+)\.ipynb(#[^)\s]*)?", r"(/notebooks/\1.md\2", text
    )
    text = re.sub(r"\((?:\.\./)?docs/(\w+)\.md", r"(/docs/\1.md", text)
    text = text.replace("](images/", "](/_static/")
    here = rf"/|https?:|#|(?:{'|'.join(PAGES)})\.md"
    return re.sub(rf"(?<!!)\[([^\]]+)\]\((?!{here})[^)]*\)", r"\1", text)


def block(text, language=""):
    """Return a block of code or of output."""
    return f"```{language}\n{text.rstrip()}\n```"


def quiz(cell):
    """Return the questions of a cell, each choice a fold with what is to be said of it."""
    number = numbers(questions_of)
    parts = []
    for name in notebooks.names_in(cell.source):
        question = find_question(name)
        choices = "".join(
            f'<details class="choice {"right" if choice.correct else "wrong"}">'
            f"<summary>{letter}. {to_html(choice.text)}</summary>"
            f"<p><strong>{'Right.' if choice.correct else 'Not yet.'}</strong> "
            f"{to_html(choice.feedback)}</p></details>"
            for letter, choice in zip("ABCDEFGH", question.choices)
        )
        parts.append(
            f'<div class="question"><p><strong>Question {number[name]}.</strong> '
            f"{to_html(question.text)}</p>{choices}</div>"
        )
    parts.append("*Open a choice to see what is said of it.*")
    return "\n\n".join(parts)


def folded(summary, text):
    """Return Markdown in a fold."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


class Page:
    """One notebook as a page: its Markdown, and the pictures that belong to it."""

    def __init__(self, path, static):
        self.notebook = notebooks.read(path)
        self.name = path.stem
        self.static = static / self.name
        self.static.mkdir(parents=True)

    def keep(self, file, content):
        """Store a file of this page and return its address."""
        (self.static / file).write_bytes(content)
        return f"../_static/{self.name}/{file}"

    def picture(self, cell, png, alt):
        """Return a stored picture as HTML."""
        content = b64decode(png)
        width, height = slides.size_of(content)
        address = self.keep(f"{cell.id}.png", content)
        return (
            f'<div class="picture"><img src="{address}" alt="{html.escape(alt)}" width="{width}" '
            f'height="{height}" loading="lazy"></div>'
        )

    def output(self, cell, stored):
        """Return a stored output."""
        data = stored.get("data", {})
        if "image/png" in data:
            return self.picture(cell, data["image/png"], "".join(data["text/plain"]))
        if "text/html" in data:
            return re.sub(
                r"You have not guessed yet[^<]*", "The answer", "".join(data["text/html"])
            )
        if "text/markdown" in data:
            return "".join(data["text/markdown"])
        return block("".join(stored.get("text", data.get("text/plain", ""))), "text")

    def lab(self, cell):
        """Return a lab that moves, and a sentence on what the live one can do more."""
        stored = next(o for o in cell.outputs if "image/png" in o.get("data", {}))
        caption = stored.metadata["image/png"]["alt"]
        picture = self.picture(cell, stored.data["image/png"], caption)
        name = tracks.name_in(cell, self.notebook)
        figure, still = tracks.figure(
            name, picture, caption, lambda path: self.keep(path.name, path.read_bytes())
        )
        more = f" It has these too: {'; '.join(still)}." if still else ""
        return f"{figure}\n\n*The live lab runs in {self.live}.{more}*"

    def cell(self, cell):
        """Return a cell as Markdown."""
        if cell.cell_type == "markdown":
            return with_links(LIVE.sub("", slides.MARK.sub("", cell.source)))
        if "fetch" in tags(cell):
            return ""
        if "quiz" in tags(cell):
            return quiz(cell)
        if "check" in tags(cell):
            return "*A check in the live notebook says what is right in it and what is not.*"
        if "lab" in tags(cell):
            return self.lab(cell)
        if "guess" in tags(cell):
            heading = to_html(find_guess(notebooks.guess_in(cell)).heading)
            asked = f'<p class="guess"><strong>{heading}</strong></p>'
            shown = [self.output(cell, o) for o in cell.outputs if "image/png" in o.get("data", {})]
            return "\n\n".join([asked, *shown])
        code = block(slides.without_show(cell.source), "python")
        if "setup" in tags(cell):
            code = folded("What this page imports", code)
        elif "slides-hide-code" in tags(cell) and "plotting." in cell.source:
            code = folded("The code of the picture", code)
        return "\n\n".join([code, *(self.output(cell, stored) for stored in cell.outputs)])

    @property
    def markdown(self):
        """The page."""
        first, *others = map(self.cell, self.notebook.cells)
        title, rest = first.split("\n", 1)
        told = (
            "```{note}\nThis is a page to read. Its labs move along some of their controls, its "
            f"questions answer. To run it, to draw, and to be checked, open it in {self.live}.\n```"
        )
        return "\n\n".join([title, told, rest, *others, SCRIPT.format("../")]) + "\n"

    @property
    def live(self):
        """Links to this notebook where it runs."""
        found = links.services(f"{self.name}.ipynb", links.name_in_files())
        *most, last = [f"[{service}]({address})" for service, address in found.items()]
        return f"{', '.join(most)} or {last}"

    def first_lab(self):
        """Return the first lab, for a page above those of the notebooks."""
        (lab, *_) = notebooks.tagged(self.notebook, "lab")
        return self.lab(lab).replace("../_static", "_static")


def front(start):
    """Return the first page: the README, with the pad of the page ``start`` as its picture."""
    text = (ROOT / "README.md").read_text("utf-8")
    text = re.sub(r"^\*\*Read it\*\* .*\n", "", text, flags=re.MULTILINE)  # it is read
    intro, *sections = re.split(r"^(?=## )", with_links(text), flags=re.MULTILINE)
    intro = re.sub(r"!\[.*\]\(.*\)", lambda _: start.first_lab(), intro)
    sections.sort(key=lambda section: not section.startswith("## The walk"))  # first
    text = "".join([intro, *sections])
    toc = "\n".join(f"notebooks/{path.stem}" for path in notebooks.all_notebooks())
    rest = "\n".join([*(f"docs/{page}" for page in PAGES), "reference"])
    return (
        f"{text}\n\n```{{toctree}}\n:hidden:\n:caption: The walk\n{toc}\n```\n\n"
        f"```{{toctree}}\n:hidden:\n:caption: Beside it\n{rest}\n```\n\n{SCRIPT.format('')}\n"
    )


def reference():
    """Return the page of the package: what the docstrings say."""
    parts = [
        f"## nnutils.{name}\n\n```{{eval-rst}}\n.. automodule:: nnutils.{name}\n   :members:\n```"
        for name in MODULES
    ]
    return "\n\n".join(["# The package nnutils", *parts]) + "\n"


def write_source(folder):
    """Write all that Sphinx reads into the empty ``folder``."""
    static = folder / "_static"
    static.mkdir()
    (folder / "notebooks").mkdir()
    (folder / "docs").mkdir()
    pages = [Page(path, static) for path in notebooks.all_notebooks()]
    for page in pages:
        (folder / "notebooks" / f"{page.name}.md").write_text(page.markdown, "utf-8")
        print(page.name)
    for name in PAGES:
        text = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
        (folder / "docs" / f"{name}.md").write_text(with_links(text), "utf-8")
    (folder / "index.md").write_text(front(pages[0]), "utf-8")
    (folder / "reference.md").write_text(reference(), "utf-8")
    for picture in (ROOT / "docs" / "images").glob("*.png"):
        shutil.copy(picture, static)
    shutil.copy(tracks.SCRIPT, static)
    Image.fromarray(255 - load_digits().X_test[2]).save(static / "icon.png")
    (static / "site.css").write_text(
        HERE.with_suffix(".css").read_text("utf-8") + tracks.STYLES.read_text("utf-8"), "utf-8"
    )


# --- Sphinx ---------------------------------------------------------------------------------------


def setup(app):
    """Let Sphinx draw formulas as the slides do: outlines, without a font and without a script."""

    def draw(block):
        def visit(self, node):
            self.body.append(slides.formula(node.astext(), block=block))
            raise nodes.SkipNode

        return visit

    from docutils import nodes

    def escape(app, what, name, thing, options, lines):
        lines[:] = [line.replace("|", r"\|") for line in lines]  # |x| is no substitution

    def is_field(app, what, name, thing, skip, options):
        return True if type(thing).__name__ == "_tuplegetter" else None  # its class describes it

    app.connect("autodoc-process-docstring", escape)
    app.connect("autodoc-skip-member", is_field)
    app.add_html_math_renderer("drawn", (draw(False), None), (draw(True), None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def build(out):
    """Build the site in ``out``; return the number of warnings."""
    from sphinx.application import Sphinx

    with tempfile.TemporaryDirectory() as source:
        write_source(Path(source))
        app = Sphinx(
            source, None, out, f"{source}/doctrees", "html", confoverrides=SETTINGS, status=None
        )
        app.build(force_all=True)
    return app._warncount


def main():
    """Read the command line, build the site and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", metavar="DIR")
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    return int(build(options.out) > 0)


if __name__ == "__main__":
    sys.exit(main())
