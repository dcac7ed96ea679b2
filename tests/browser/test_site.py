"""The web site in a browser: every page, every lab, without a kernel and without a network."""

import json
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from accessible import GRAVE
from axe_playwright_python.sync_playwright import Axe

from tools.notebooks import ROOT

SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The built site."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "tools.site", "--out", out]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr  # without a warning: every link leads somewhere
    return out


class Quiet(SimpleHTTPRequestHandler):
    """A server that does not write down what it is asked for."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(folder):
    """Where the site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def pages(folder, address):
    """The addresses of the pages of the site, by name."""
    found = [*folder.glob("*.html"), *folder.glob("notebooks/*.html"), *folder.glob("docs/*.html")]
    names = {p.stem: f"{address}/{p.relative_to(folder).as_posix()}" for p in sorted(found)}
    assert len(names) >= 17
    return names


@pytest.fixture(params=SIZES)
def opened(request, context, outside, address):
    """A function that opens a page; it logs no error and asks for nothing outside."""
    outside.requests.clear()
    page, errors, requests = context.new_page(), [], []
    width, height = SIZES[request.param]
    page.set_viewport_size({"width": width, "height": height})
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda asked: requests.append(asked.url))

    def open_page(url, query=""):
        page.goto(url + query)
        page.evaluate("document.fonts.ready")
        return page

    yield open_page
    page.close(run_before_unload=False)
    assert errors == []
    assert outside.requests == []
    assert [url for url in requests if not url.startswith((address, "data:"))] == []


def test_every_page_fits_and_can_be_read_by_everybody(pages, opened):
    axe = Axe()
    for name, path in pages.items():
        page = opened(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        for picture in page.locator("article img, main img").all():
            assert picture.get_attribute("alt"), (name, picture.get_attribute("src"))
        found = axe.run(page, options={"preload": False}).response["violations"]
        grave = {v["id"] for v in found if v["impact"] in GRAVE}
        # The keyboard scrolls such a region by itself in browsers of today; axe does not know it.
        assert grave <= {"scrollable-region-focusable"}, name


def test_every_lab_moves_along_every_track(pages, opened):
    moved = 0
    for name, path in pages.items():
        page = opened(path)
        for lab in page.locator("figure.lab:has(script)").all():
            lab.scroll_into_view_if_needed()
            tracks = json.loads(lab.locator("script").text_content())
            slider, picture = lab.locator("input"), lab.locator("img")
            slider.wait_for(state="visible")
            for number, track in enumerate(tracks):
                if len(tracks) > 1:
                    lab.locator("select").select_option(str(number))
                slider.focus()
                page.keyboard.press("End")
                last = track["frames"][-1]
                assert lab.locator("figcaption").inner_text() == last["caption"], name
                assert picture.get_attribute("src") == last["src"]
                assert picture.get_attribute("alt") == last["caption"]
                picture.evaluate("image => image.decode()")
                page.keyboard.press("ArrowLeft")
                assert picture.get_attribute("src") == track["frames"][-2]["src"]
                moved += 1
    assert moved >= 40


def test_a_lab_plays_by_itself(pages, opened):
    page = opened(pages["05_loss_and_gradient_descent"])
    lab = page.locator("figure.lab").first
    lab.scroll_into_view_if_needed()
    lab.locator("button").click()
    start = lab.locator("img").get_attribute("src")
    page.wait_for_function(
        "([lab, start]) => lab.querySelector('img').getAttribute('src') !== start",
        arg=[lab.element_handle(), start],
    )


def test_a_question_is_answered_by_a_choice(pages, opened):
    page = opened(pages["05_loss_and_gradient_descent"])
    right = page.locator("details.choice.right").first
    said = right.locator("p")
    assert not said.is_visible()
    right.locator("summary").click()
    assert said.is_visible() and said.inner_text().startswith("Right.")
    wrong = page.locator("details.choice.wrong").first
    wrong.locator("summary").press("Enter")
    assert wrong.locator("p").inner_text().startswith("Not yet.")


def test_solutions_and_answers_are_folded(pages, opened):
    page = opened(pages["05_loss_and_gradient_descent"])
    folds = page.locator("details:has(summary:text-matches('Solution|The answer'))")
    assert folds.count() >= 8
    assert all(not fold.evaluate("fold => fold.open") for fold in folds.all())


@pytest.mark.parametrize("words", ["卷积", "backpropagation", "perceptron"])
def test_the_search_finds_words_of_both_languages(pages, opened, words):
    page = opened(pages["search"], f"?q={words}")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li").count() >= 1


def test_links_between_notebooks_lead_to_their_sections(pages, opened):
    page = opened(pages["05_loss_and_gradient_descent"])
    link = page.locator("article a[href*='02_perceptron.html#']").first
    target = link.get_attribute("href").partition("#")[2]
    link.click()
    page.wait_for_load_state()
    assert page.evaluate("id => !!document.getElementById(decodeURIComponent(id))", target)
