"""JupyterLab on a free loopback port and a headless Chromium that looks at it."""

import base64
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from playwright.sync_api import sync_playwright

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync "
    "--disable-features=AutofillServerCommunication "
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp"
).split()
# What JupyterLab says when a kernel is shut down or restarted; nothing is lost.
SHUT_DOWN = ("Could not restore the debugger state", "Canceled future for create_subshell_request")
LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # every cell is in the page
}
EMPTY_FOLDERS = (
    "NNUTILS_DATA",
    "NNUTILS_PROGRESS",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "MPLCONFIGDIR",
)
SWITCHES = {
    "NNUTILS_OFFLINE": "1",
    "NNUTILS_DEVICE": "cpu",
    "TQDM_DISABLE": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


class Server(NamedTuple):
    """A running server of Jupyter: its address, its token and the folder that it serves."""

    url: str
    token: str
    folder: Path


def comes_true(page, condition, seconds=10):
    """Return whether ``condition()`` comes true in time; meanwhile the page goes on."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        page.wait_for_timeout(20)
    return False


class NotebookPage:
    """A notebook in the browser; ``errors`` are those of its console."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.errors = []
        page.on("console", lambda message: message.type == "error" and self.note(message.text))
        page.on("pageerror", lambda error: self.note(error.stack or str(error)))

    def errors_until_now(self):
        """Return the errors that were not returned before."""
        errors, self.errors = self.errors, []
        return errors

    def note(self, error):
        if not any(words in error for words in SHUT_DOWN):
            self.errors.append(error)

    def load(self):
        """Load the page, for the first time or again, and wait for its cells and its kernel."""
        self.page.goto(self.address, timeout=120_000)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
        self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.ready")
        self.page.evaluate("jupyterapp.shell.collapseLeft()")

    def run_all(self):
        """Run all cells, wait until they have ended, and return the errors in their outputs."""
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        return self.failures()

    def run_cells(self, places):
        """Run the cells with these numbers, in this order, and return the errors in all outputs."""
        self.page.evaluate(
            """async places => {
                 const book = jupyterapp.shell.currentWidget.content;
                 for (const place of places) {
                   book.deselectAll();
                   book.activeCellIndex = place;
                   await jupyterapp.commands.execute("notebook:run-cell");
                 }
               }""",
            places,
        )
        return self.failures()

    def execute(self, code):
        """Run ``code`` in the kernel, beside the cells, once it has done all it was sent before."""
        self.page.evaluate(
            """code => jupyterapp.shell.currentWidget.sessionContext.session.kernel
                 .requestExecute({ code }).done""",
            code,
        )

    def failures(self):
        """Return the errors in the outputs of all cells."""
        outputs = [output for cell in self.content() for output in cell.get("outputs", [])]
        return [output["evalue"] for output in outputs if output["output_type"] == "error"]

    def becomes(self, condition, seconds=10):
        """Return whether ``condition(self)`` comes true in time."""
        return comes_true(self.page, lambda: condition(self), seconds)

    def shut_kernel_down(self):
        self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def places(self, *tags):
        """Return the numbers of the cells with one of these tags."""
        return [k for k, cell in enumerate(self.content()) if set(tags) & set(tags_of(cell))]

    def cells(self, tag):
        """Return the cells with this tag, in the order of the notebook."""
        cells = self.page.locator(".jp-Notebook .jp-Cell")
        return [cells.nth(k) for k in self.places(tag)]

    def content(self):
        """Return the cells as they would be saved now."""
        return self.page.evaluate(
            """Array.from(jupyterapp.shell.currentWidget.content.model.cells)
                 .map(cell => cell.toJSON())"""
        )

    def labs(self):
        """Return the labs of the cells with the tag "lab", in the order of the notebook."""
        outputs = [cell["outputs"][0] for cell in self.content() if "lab" in tags_of(cell)]
        labs = [
            LabInPage(self.page, cell.locator(".nnutils-lab"), output)
            for cell, output in zip(self.cells("lab"), outputs)
        ]
        for lab in labs:
            lab.picture.wait_for(timeout=60_000)
        return labs

    def use_theme(self, name):
        """Change to "JupyterLab Light" or "JupyterLab Dark", and wait for its colours."""
        self.page.evaluate(
            f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})"
        )
        self.page.wait_for_selector(f"body[data-jp-theme-name='{name}']", state="attached")
        self.page.wait_for_function(
            """light => (getComputedStyle(document.documentElement)
                 .getPropertyValue("--jp-layout-color0").trim() === "white") === light""",
            arg=name == "JupyterLab Light",
        )
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")  # it takes all clicks


KEYS_TO_AND_FRO = [
    (".noUi-handle", "ArrowRight", "ArrowLeft"),
    ("select", "ArrowDown", "ArrowUp"),
    ("input[type=checkbox]", "Space", "Space"),
]


def at_end(slider):
    """Return whether the handle of a slider is at the highest value; False for other controls."""
    value = slider.get_attribute("aria-valuenow")
    return value is not None and value == slider.get_attribute("aria-valuemax")


def tags_of(cell):
    return cell["metadata"].get("tags", [])


class LabInPage:
    """One lab in the browser, as a person has it; ``start`` is its look in the cell's output."""

    def __init__(self, page, root, output=None):
        self.page, self.root = page, root
        if output is not None:
            digest = hashlib.sha256(base64.b64decode(output["data"]["image/png"])).digest()
            self.start = " ".join(map(str, digest)), output["metadata"]["image/png"]["alt"]
        self.picture = root.locator(".nnutils-picture")
        self.pad = root.locator(".nnutils-pad")  # on the picture of a lab that takes strokes
        self.controls = root.locator(".noUi-handle, select, input[type=checkbox]")
        self.buttons = root.locator("button:visible")

    def caption(self):
        return self.root.locator(".nnutils-caption").inner_text()

    def error(self):
        return self.root.locator(".nnutils-error").inner_text()

    def png(self):
        """Return the digest of the picture; of the newest one, if it is just replaced."""
        return self.look()[0]

    def look(self):
        """Return the digest of the picture, and the caption once it is the picture's text too."""
        return tuple(
            self.root.evaluate(
                """async lab => {
                     const img = lab.querySelector(".nnutils-picture");
                     for (;;) {
                       const src = img.src;
                       try {
                         await img.decode();
                         const bytes = await (await fetch(src)).arrayBuffer();
                         const digest = await crypto.subtle.digest("SHA-256", bytes);
                         const caption = lab.querySelector(".nnutils-caption").textContent;
                         return [
                           Array.from(new Uint8Array(digest)).join(" "),
                           img.alt === caption ? caption : null,
                         ];
                       } catch (error) {
                         if (img.src === src) throw error; // else another picture has come
                       }
                     }
                   }"""
            )
        )

    def becomes(self, condition, seconds=10):
        """Return whether ``condition(self)`` comes true in time."""
        return comes_true(self.page, lambda: condition(self), seconds)

    def press(self, element, key):
        element.focus()
        self.page.keyboard.press(key)

    def on_pad(self, points):
        """Return the points, fractions of the pad, in pixels of the page."""
        box = self.pad.bounding_box()
        return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]

    def pad_is_empty(self):
        return "The pad is empty" in self.caption()

    def ink_on_canvas(self, right=False):
        """Return how many pixels of the canvas over the picture, or its right part, have ink."""
        return self.pad.evaluate(
            """(canvas, start) => {
                 const { width, height } = canvas;
                 const { data } = canvas.getContext("2d").getImageData(
                   start * width, 0, (1 - start) * width, height);
                 return data.filter((value, i) => i % 4 === 3 && value > 0).length;
               }""",
            0.75 * right,
        )

    def clear(self, seconds=10):
        """Press *Clear*, and wait until the pad is empty."""
        self.button("Clear").click()
        assert self.becomes(lambda lab: lab.pad_is_empty(), seconds)

    def draw(self, points):
        """Draw one stroke with the mouse through these points, fractions of the pad."""
        self.pad.scroll_into_view_if_needed()
        first, *others = self.on_pad(points)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for place in others:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.up()

    def button(self, label):
        return self.root.get_by_role("button", name=label, exact=True)

    def title(self):
        return self.root.locator(".widget-html").first.inner_text()

    def watch_pictures(self):
        """From now on note in the page when a key was pressed and when each picture is decoded."""
        self.root.evaluate(
            """lab => {
                 if (lab.decoded) return;
                 lab.decoded = [];
                 const img = lab.querySelector(".nnutils-picture");
                 lab.addEventListener("keydown", () => (lab.pressed = performance.now()), true);
                 new MutationObserver(async () => {
                   const src = img.src;
                   await img.decode().catch(() => null); // another picture has come
                   if (img.src === src) lab.decoded.push(performance.now());
                 }).observe(img, { attributeFilter: ["src"] });
               }"""
        )

    def to_and_fro(self):
        """Return two presses of a key that change the picture back and forth, by turns.

        They move the first slider that shows in the picture; in a lab without one the first such
        list, or box; else they press the first button and *Reset*.
        """
        pairs = []
        for kind, there, back in KEYS_TO_AND_FRO:
            for control in self.root.locator(kind).all():
                keys = [back, there] if at_end(control) else [there, back]
                pairs.append([partial(self.press, control, key) for key in keys])
        pairs.append([partial(self.press, self.buttons.nth(k), "Enter") for k in (0, -1)])
        for there, back in pairs:
            if self.millisecond(there) is not None:
                return back, there
        return pairs[-1]

    def millisecond(self, press):
        """Return the time until the picture after ``press`` is decoded, None without one."""
        self.root.evaluate("lab => { lab.decoded.length = 0 }")
        press()
        if self.becomes(lambda lab: lab.count_decoded() > 0, seconds=3):
            return self.root.evaluate("lab => lab.decoded[0] - lab.pressed")
        return None

    def milliseconds(self, moves):
        """Return, for ``moves`` presses of a key, the time until the picture is decoded.

        Presses that change nothing do not count.
        """
        self.watch_pictures()
        presses = self.to_and_fro()
        times = []
        for k in range(3 * moves):
            times.append(self.millisecond(presses[k % 2]))
            if len(times) - times.count(None) == moves:
                break
        return [time for time in times if time is not None]

    def milliseconds_between_frames(self, button, frames):
        """Press ``button`` and return the times between the pictures of its run.

        They are at most ``frames``, and none when the button starts no run. Resets the lab.
        """
        self.watch_pictures()
        self.root.evaluate("lab => { lab.decoded.length = 0 }")
        self.press(button, "Enter")
        if not self.becomes(lambda lab: lab.runs(), seconds=1):
            return []
        self.becomes(lambda lab: not lab.runs() or lab.count_decoded() > frames, seconds=120)
        decoded = self.root.evaluate("lab => lab.decoded")
        self.press(self.button("Reset"), "Enter")
        self.becomes(lambda lab: not lab.runs(), seconds=60)
        return [after - before for before, after in zip(decoded, decoded[1:])][:frames]

    def count_decoded(self):
        return self.root.evaluate("lab => lab.decoded.length")

    def runs(self):
        """Return whether an action runs: then there is a button that stops it."""
        return self.root.get_by_role("button", name="Stop", exact=True).count() > 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def isolated_environment(folder):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")} | SWITCHES
    for name in EMPTY_FOLDERS:
        environment[name] = str(folder / name.lower())
        Path(environment[name]).mkdir()
    for plugin, settings in SETTINGS.items():
        file = Path(
            environment["JUPYTER_CONFIG_DIR"],
            f"lab/user-settings/@jupyterlab/{plugin}.jupyterlab-settings",
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))
    return environment


def wait_until_up(process, url, token, log, seconds=300):
    request = urllib.request.Request(
        f"{url}/api/status", headers={"Authorization": f"token {token}"}
    )
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with urllib.request.urlopen(request, timeout=5):
                return
        time.sleep(0.2)
    pytest.fail(f"Jupyter did not start:\n{log.read_text()[-3000:]}")


@contextlib.contextmanager
def running(folder, *command):
    """Let ``command`` serve a copy of the notebooks, away from the user's own settings."""
    root = folder / "notebooks"
    shutil.copytree(NOTEBOOKS, root)
    port, token, log = free_port(), secrets.token_hex(16), folder / "jupyter.log"
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, *options, "--port-retries=0"],
            cwd=root,
            env=isolated_environment(folder) | {"JUPYTER_TOKEN": token},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(process, url, token, log)
        yield Server(url, token, root)
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def serve():
    """Return the function that starts a server: ``with serve(folder, *command) as server:``."""
    return running


@pytest.fixture(scope="session")
def lab_in_page():
    """Return the class for a lab in any page."""
    return LabInPage


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Start JupyterLab."""
    command = [sys.executable, "-m", "jupyterlab", "--expose-app-in-browser"]
    with running(tmp_path_factory.mktemp("browser"), *command) as server:
        yield server


@pytest.fixture(scope="session")
def browser():
    """Start a headless Chromium."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.fail(f"these tests need a browser: none of {', '.join(CHROMIUM_NAMES)} is installed")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=path, args=[*CHROMIUM_FLAGS, LOOPBACK_ONLY]
        )
        yield chromium
        chromium.close()


class Outside(socketserver.ThreadingTCPServer):
    """Stands for the rest of the world: a proxy that notes in ``requests`` who is asked for.

    The browser sends it all that leaves loopback, whoever asks: pages, frames, workers, sockets.
    """

    daemon_threads = True

    def __init__(self):
        self.requests = []
        super().__init__(("127.0.0.1", 0), Refusal)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Refusal(socketserver.StreamRequestHandler):
    """Notes a request, such as ``GET http://example.org/picture.png``, and refuses it."""

    def handle(self):
        method, address, _ = self.rfile.readline(65536).decode("latin-1").split(" ", 2)
        self.server.requests.append(f"{method} {address}")
        self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture(scope="session")
def outside():
    """Run the proxy that stands for the rest of the world."""
    with Outside() as outside:
        threading.Thread(target=outside.serve_forever, daemon=True).start()
        yield outside
        outside.shutdown()


@pytest.fixture(scope="session")
def context(browser, outside):
    """A window of the browser that keeps what it has loaded, and leaves loopback by `outside`."""
    proxy = {"server": outside.address, "bypass": "127.0.0.1"}
    with browser.new_context(viewport={"width": 1280, "height": 720}, proxy=proxy) as context:
        yield context


@pytest.fixture(scope="session")
def notebooks_open():
    """The notebooks that are open now."""
    return []


@pytest.fixture(autouse=True)
def nothing_goes_wrong_beside(notebooks_open, outside):
    """Fail the test that logs an error or asks for something outside: if run again, it does too."""
    yield
    errors = [error for notebook in notebooks_open for error in notebook.errors_until_now()]
    asked = outside.requests.copy()
    outside.requests.clear()
    assert errors == [] and asked == []


@pytest.fixture(scope="session")
def open_notebook(context, outside, server, notebooks_open):
    """Return a function that opens a notebook by its file name: ``with open_notebook(…) as n:``."""

    @contextlib.contextmanager
    def open_notebook(name):
        address = f"{server.url}/lab/tree/{name}?token={server.token}&reset"
        outside.requests.clear()
        page = context.new_page()
        notebook = NotebookPage(page, address)
        notebooks_open.append(notebook)
        try:
            notebook.load()
            yield notebook
            page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
        finally:
            page.close(run_before_unload=False)
            notebooks_open.remove(notebook)
        assert notebook.errors_until_now() == []
        assert outside.requests == []

    return open_notebook


@pytest.fixture(scope="session")
def open_cells(open_notebook, server):
    """Return a function that runs cells as a notebook of their own: ``with open_cells(…) as n:``.

    The cells are pairs of a source and a tag; without a tag they hold text.
    """

    @contextlib.contextmanager
    def open_cells(name, cells):
        book = nbformat.v4.new_notebook()
        book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        for source, tag in cells:
            new_cell = nbformat.v4.new_code_cell if tag else nbformat.v4.new_markdown_cell
            book.cells.append(new_cell(source, metadata={"tags": [tag] if tag else []}))
        nbformat.write(book, server.folder / name)
        with open_notebook(name) as notebook:
            assert notebook.run_all() == []
            yield notebook

    return open_cells
