"""The slides in a browser, opened from their files: nothing sticks out, and nothing is fetched."""

import pytest

from tools import notebooks, slides

LEAST_ZOOM = 0.8  # of a picture, compared with its size in the notebook
CODE, TEXT = 24, 24  # CSS pixels, at least, on 1280 × 720; wide output and page numbers 20

# For each slide: its number and what sticks out of it, is cut off, or is too small to read.
FAULTS = """
({ zoom, code, text }) => Reveal.getSlides().flatMap((slide, k) => {
  const { h, v } = Reveal.getIndices(slide);
  Reveal.slide(h, v ?? 0);
  const sheet = slide.querySelector(".sheet");
  const edge = sheet.getBoundingClientRect();
  const faults = [];
  if (sheet.scrollHeight > sheet.clientHeight) faults.push("is too full");
  for (const element of sheet.querySelectorAll("*")) {
    const { width, right, bottom } = element.getBoundingClientRect();
    if (width && (right > edge.right || bottom > edge.bottom))
      faults.push(`${element.tagName} sticks out`);
  }
  for (const pre of sheet.querySelectorAll("pre"))
    if (pre.scrollWidth > pre.clientWidth) faults.push("code is cut off");
  for (const img of sheet.querySelectorAll("img")) {
    const { width, height } = img.getBoundingClientRect();
    const shown = Math.min(width / img.naturalWidth, height / img.naturalHeight);
    if (!(shown >= zoom)) faults.push(`a picture at ${shown.toFixed(2)} of its size`);
  }
  const size = (element) => parseFloat(getComputedStyle(element).fontSize);
  for (const pre of sheet.querySelectorAll("pre.code"))
    if (size(pre) < code) faults.push("code is too small");
  for (const words of sheet.querySelectorAll("p, li, td"))
    if (size(words) < text) faults.push("text is too small");
  return faults.length ? [`slide ${k + 1}: ${[...new Set(faults)].join(", ")}`] : [];
})
"""


@pytest.fixture(scope="module", params=notebooks.all_notebooks(), ids=lambda path: path.stem)
def deck(request, tmp_path_factory):
    """The file with the slides of a notebook."""
    path = request.param
    file = tmp_path_factory.mktemp("slides") / f"{path.stem}.html"
    file.write_text(slides.page(notebooks.read(path)), "utf-8")
    return file


@pytest.fixture
def page(context, outside, deck):
    """The slides in the browser; they log no error, and ask for nothing outside."""
    outside.requests.clear()
    page, errors, requests = context.new_page(), [], []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    try:
        page.set_viewport_size({"width": 1280, "height": 720})
        page.goto(deck.as_uri())
        page.wait_for_function("Reveal.isReady()")
        page.evaluate("document.fonts.ready")
        yield page
    finally:
        page.close(run_before_unload=False)
    assert errors == []
    assert outside.requests == []
    assert [url for url in requests if not url.startswith(("data:", deck.as_uri()))] == []


def test_every_slide_is_whole_and_can_be_read(page):
    limits = {"zoom": LEAST_ZOOM, "code": CODE, "text": TEXT}
    assert page.evaluate(FAULTS, limits) == []


def test_steps_and_page_numbers(page):
    assert page.locator(".slide-number").inner_text().split()[0] == "1"
    page.keyboard.press("Space")
    assert page.locator(".slide-number").inner_text().split()[0] == "2"
    page.evaluate(
        """() => {
             const answer = document.querySelector(".answer");
             const { h, v } = Reveal.getIndices(answer.closest(".sheet").parentElement);
             Reveal.slide(h, v, -1);
           }"""
    )
    answer = page.locator("section.present section.present .answer")
    answer.wait_for(state="hidden")
    page.keyboard.press("Space")
    answer.wait_for(state="visible")


def test_the_key_s_opens_the_notes_without_a_network(page):
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    notes = opened.value
    notes.wait_for_function(
        "document.querySelector('.speaker-controls-notes')?.innerText.includes('minute')"
    )
    assert "About" in notes.locator(".speaker-controls-notes").inner_text()
    notes.close()
