"""What protects the browser tests themselves: nothing leaves loopback unseen, no silent skip.

And what is wrong with a page is found.
"""

import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from accessible import grave_findings

# The ways in which a page can ask for something.
WAYS_OUT = {
    "image": "new Image().src = 'http://image.example/a.png'",
    "fetch": "fetch('https://fetch.example/').catch(() => null)",
    "websocket": "new WebSocket('ws://websocket.example/')",
    "beacon": "navigator.sendBeacon('http://beacon.example/', 'x')",
    "script": "add('script', { src: 'http://script.example/a.js' })",
    "style": "add('link', { rel: 'stylesheet', href: 'http://style.example/a.css' })",
    "frame": "add('iframe', { src: 'http://frame.example/' })",
    "font": "new FontFace('a', 'url(http://font.example/a.woff2)').load().catch(() => null)",
    "media": "add('video', { src: 'http://media.example/a.mp4', preload: 'auto' }).load()",
    "worker": """new Worker(URL.createObjectURL(new Blob(
        ["fetch('http://worker.example/').catch(() => null)"])))""",
    "nested": "add('iframe', { srcdoc: '<img src=http://nested.example/a.png>' })",
    "number": "fetch('http://192.0.2.7/number.example').catch(() => null)",
}
ADD = """const add = (name, values) =>
    document.body.appendChild(Object.assign(document.createElement(name), values));"""
SERVICE_WORKER = "fetch('http://service.example/').catch(() => null)"
REGISTER = "navigator.serviceWorker.register('worker.js').catch(() => null)"


class Site(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture
def page(context, outside, tmp_path):
    """An empty page of a small site on loopback."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Empty</title><body></body>")
    (tmp_path / "worker.js").write_text(SERVICE_WORKER)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=tmp_path)) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        page = context.new_page()
        outside.requests.clear()
        page.goto(f"http://127.0.0.1:{site.server_port}/")
        yield page
        page.close()
        outside.requests.clear()
        site.shutdown()


def unseen(page, outside, hosts, seconds=30):
    """Wait until the proxy was asked for all ``hosts``; return those that it was not asked for."""
    for _ in range(10 * seconds):
        missing = [host for host in hosts if not any(host in r for r in outside.requests)]
        if not missing:
            break
        page.wait_for_timeout(100)
    return missing


def test_whatever_leaves_loopback_is_seen(page, outside):
    assert outside.requests == []  # the page itself has not left it
    for script in WAYS_OUT.values():
        page.evaluate(f"() => {{ {ADD} {script} }}")
    hosts = [name + ".example" for name in WAYS_OUT]
    assert unseen(page, outside, hosts) == []


def test_a_service_worker_is_seen_too(page, outside):
    page.evaluate(REGISTER)
    assert unseen(page, outside, ["service.example"]) == []


def test_without_chromium_the_tests_say_why_they_are_skipped(tmp_path):
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider"]
    tests = Path(__file__).with_name("test_labs.py")
    result = subprocess.run(
        [*command, str(tests)],
        cwd=tests.parents[2],
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout
    assert "none of chromium, chromium-browser, google-chrome is installed" in result.stdout
    assert " passed" not in result.stdout


def test_axe_finds_what_is_wrong(context):
    page = context.new_page()
    page.set_content('<div class="jp-OutputArea"><img src="data:,"><p>Text</p></div>')
    (finding,) = grave_findings(page)
    page.close()
    assert finding.startswith("image-alt")
