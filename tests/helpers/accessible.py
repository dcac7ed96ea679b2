"""What people who cannot see a page, or use no mouse, meet on it.

axe-core judges the outputs and the rendered text. JupyterLab's own parts around them are not the
course's.
"""

import colour
from axe_playwright_python.sync_playwright import Axe

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
    findings = Axe().run(page, {"include": include}).response["violations"]
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


def small_texts(page):
    """Return the texts in the outputs that are drawn too small."""
    return page.evaluate(SMALL_TEXTS, SMALLEST)
