"""What people who cannot see the page, or use no mouse, meet in every notebook.

axe-core judges the outputs and the rendered text: as stored, and with labs and quizzes alive in
the light and in the dark theme. JupyterLab's own parts around them are not the course's.
"""

from pathlib import Path

import colour
import pytest

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright",
    reason="axe-playwright-python is not installed: it is in the extra 'browser'",
)

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
THEMES = ("JupyterLab Light", "JupyterLab Dark")
OURS = (".jp-OutputArea", ".jp-RenderedMarkdown")
GRAVE = ("serious", "critical")
SMALLEST = 12  # pixels

# For each thing that takes the keyboard: its name, its outline, and the colour behind that.
FOCUS = """
() => {
  const behind = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return /, 0\\)$|transparent/.test(colour) ? behind(node.parentElement) : colour;
  };
  const parts = "input, button, select, img[tabindex], canvas[tabindex], [role=slider]";
  const seen = (node) => node.checkVisibility({ visibilityProperty: true });
  return [...document.querySelectorAll(".nnutils-lab, .nnutils-question")]
    .flatMap((box) => [...box.querySelectorAll(parts)])
    .filter((node) => seen(node) && !node.disabled && !node.readOnly)
    .map((node) => {
      node.focus();
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(node);
      const white = node.matches("img, canvas");
      const around = node.closest(".noUi-target") ?? node; // a handle is wider than its line
      return {
        name: `${node.tagName} ${node.className} ${node.ariaLabel ?? node.innerText}`,
        reached: document.activeElement === node,
        style: outlineStyle,
        width: parseFloat(outlineWidth),
        color: outlineColor,
        behind: white ? "rgb(255, 255, 255)" : behind(around.parentElement),
      };
    });
}
"""

# The texts in the outputs that are drawn smaller than `smallest` pixels.
SMALL_TEXTS = """
(smallest) => [...document.querySelectorAll(".jp-OutputArea *")]
  .filter((node) => [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim()))
  .filter((node) => node.getClientRects().length && !node.closest("math, mjx-container, style"))
  .filter((node) => parseFloat(getComputedStyle(node).fontSize) < smallest)
  .map((node) => `${getComputedStyle(node).fontSize}: ${node.innerText}`)
"""


def grave_findings(page):
    """Return axe-core's serious and critical findings in the course's parts of the page."""
    include = [[selector] for selector in OURS if page.locator(selector).count()]
    findings = axe.Axe().run(page, {"include": include}).response["violations"]
    return [
        f"{finding['id']}: {node['html'][:200]}"
        for finding in findings
        if finding["impact"] in GRAVE
        for node in finding["nodes"]
    ]


def rgb(text):
    """Read a colour as a browser writes it: "rgb(0, 114, 178)"."""
    numbers = text[text.index("(") + 1 : -1].split(",")
    return [float(number) / 255 for number in numbers[:3]]


def assert_focus_is_seen(page):
    """Everything in labs and quizzes takes the focus, and shows it by a line of 2 pixels."""
    page.keyboard.press("Shift")  # from here on the focus is moved from the keyboard
    parts = page.evaluate(FOCUS)
    assert parts
    for part in parts:
        assert part["reached"], part
        assert part["style"] == "solid" and part["width"] >= 2, part
        assert colour.contrast(rgb(part["color"]), rgb(part["behind"])) >= 3, part


def run_labs_and_quizzes(notebook):
    """Run the cells with labs and questions; all cells, if a lab needs what the others make."""
    sources = ["".join(cell["source"]) for cell in notebook.content()]
    if any("_lab({" in sources[k] for k in notebook.places("lab")):
        assert notebook.run_all() == []
    else:
        assert notebook.run_cells(notebook.places("setup", "lab", "quiz")) == []
    notebook.labs()
    notebook.page.locator(".nnutils-question").last.wait_for()


def assert_pictures_have_their_text(notebook):
    """Each picture under a cell has the alternative text that is stored with it."""
    stored = [
        output["metadata"]["image/png"]["alt"]
        for cell in notebook.content()
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    pictures = notebook.page.locator(".jp-RenderedImage img")
    shown = pictures.evaluate_all("pictures => pictures.map(picture => picture.alt)")
    assert shown and all(shown)
    assert set(shown) <= set(stored)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_everybody_can_use_the_notebook(open_notebook, path):
    with open_notebook(path.name) as notebook:
        page = notebook.page
        assert_pictures_have_their_text(notebook)
        assert grave_findings(page) == []
        run_labs_and_quizzes(notebook)
        for theme in reversed(THEMES):  # ends in the light one
            notebook.use_theme(theme)
            assert grave_findings(page) == []
            assert page.evaluate(SMALL_TEXTS, SMALLEST) == []
            assert_focus_is_seen(page)


def test_axe_finds_what_is_wrong(context):
    page = context.new_page()
    page.set_content('<div class="jp-OutputArea"><img src="data:,"><p>Text</p></div>')
    (finding,) = grave_findings(page)
    page.close()
    assert finding.startswith("image-alt")
