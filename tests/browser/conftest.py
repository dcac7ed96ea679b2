"""JupyterLab on a free loopback port and a headless Chromium that looks at it."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # every cell is in the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
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
    """A running JupyterLab: its address, its token and the folder that it serves."""

    url: str
    token: str
    folder: Path


class NotebookPage:
    """A notebook in the browser; ``errors`` of its console, requests to ``foreign`` hosts."""

    def __init__(self, page):
        self.page = page
        self.errors, self.foreign = [], []
        page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        page.on("pageerror", lambda error: self.errors.append(error.stack or str(error)))
        for event in ("request", "websocket"):
            page.on(event, lambda r: is_foreign(r.url) and self.foreign.append(r.url))

    def run_all(self):
        """Run all cells, wait until they have ended, and return the errors in their outputs."""
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        return self.page.evaluate(
            """Array.from(jupyterapp.shell.currentWidget.content.model.cells)
                 .flatMap(cell => cell.toJSON().outputs ?? [])
                 .filter(output => output.output_type === "error")
                 .map(output => `${output.ename}: ${output.evalue}`)"""
        )

    def labs(self):
        """Return the labs of the cells with the tag "lab", in the order of the notebook."""
        tagged = self.page.evaluate(
            """Array.from(jupyterapp.shell.currentWidget.content.model.cells)
                 .map((cell, i) => (cell.metadata.tags ?? []).includes("lab") ? i : -1)
                 .filter(i => i >= 0)"""
        )
        cells = self.page.locator(".jp-Notebook .jp-Cell")
        labs = [LabInPage(self.page, cells.nth(i).locator(".nnutils-lab")) for i in tagged]
        for lab in labs:
            lab.picture.wait_for(timeout=30_000)
        return labs

    def use_theme(self, name):
        self.page.evaluate(
            f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})"
        )
        self.page.wait_for_selector(f"body[data-jp-theme-name='{name}']", state="attached")
        self.page.wait_for_timeout(1000)  # the style sheet


class LabInPage:
    """One lab in the browser, as a person at the keyboard has it."""

    def __init__(self, page, root):
        self.page, self.root = page, root
        self.picture = root.locator(".nnutils-picture")
        self.controls = root.locator(".noUi-handle, select, input[type=checkbox]")
        self.buttons = root.locator("button:visible")

    def caption(self):
        return self.root.locator(".nnutils-caption").inner_text()

    def error(self):
        return self.root.locator(".nnutils-error").inner_text()

    def png(self):
        """Return the bytes of the picture, as text; of the newest one, if it is just replaced."""
        return self.picture.evaluate(
            """async img => {
                 for (;;) {
                   const src = img.src;
                   try {
                     await img.decode();
                     const bytes = new Uint8Array(await (await fetch(src)).arrayBuffer());
                     return Array.from(bytes, byte => String.fromCharCode(byte)).join("");
                   } catch (error) {
                     if (img.src === src) throw error; // else another picture has come
                   }
                 }
               }"""
        )

    def look(self):
        return self.png(), self.caption()

    def becomes(self, condition, seconds=10):
        """Return whether ``condition(self)`` comes true in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition(self):
                return True
            self.page.wait_for_timeout(20)
        return False

    def press(self, element, key):
        element.focus()
        self.page.keyboard.press(key)

    def button(self, label):
        return self.root.get_by_role("button", name=label, exact=True)

    def milliseconds(self, presses=40):
        """Return, for each key pressed on the first slider, the time until the picture is decoded.

        In a lab without sliders the first list of choices is used; without both, there are none.
        """
        self.root.evaluate(
            """lab => {
                 const img = lab.querySelector(".nnutils-picture");
                 const caption = lab.querySelector(".nnutils-caption");
                 lab.addEventListener("keydown", () => (lab.pressed = performance.now()), true);
                 new MutationObserver(async () => {
                   await img.decode().catch(() => null); // another picture has come
                   lab.took = performance.now() - lab.pressed;
                 }).observe(caption, { childList: true });
               }"""
        )
        sliders = self.root.locator(".noUi-handle")
        if sliders.count():
            control, keys = sliders.first, ["ArrowRight", "ArrowLeft"]
            if control.get_attribute("aria-valuenow") == control.get_attribute("aria-valuemax"):
                keys.reverse()
        elif self.root.locator("select").count():
            control, keys = self.root.locator("select").first, ["ArrowDown", "ArrowUp"]
        else:
            return []
        times = []
        for k in range(presses):
            self.root.evaluate("lab => { lab.took = null }")
            self.press(control, keys[k % 2])
            self.becomes(lambda lab: lab.root.evaluate("lab => lab.took") is not None, seconds=3)
            times.append(self.root.evaluate("lab => lab.took"))
        return [time for time in times if time is not None]  # a step may change nothing


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


def wait_until_up(process, url, token, log, seconds=60):
    request = urllib.request.Request(
        f"{url}/api/status", headers={"Authorization": f"token {token}"}
    )
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with urllib.request.urlopen(request, timeout=5):
                return
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Start JupyterLab in a copy of the notebooks, away from the user's own settings."""
    folder = tmp_path_factory.mktemp("browser")
    root = folder / "notebooks"
    shutil.copytree(NOTEBOOKS, root)
    port, token, log = free_port(), secrets.token_hex(16), folder / "jupyter.log"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        "--expose-app-in-browser",
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={root}",
    ]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=isolated_environment(folder),
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
def browser():
    """Start a headless Chromium, or skip where there is none."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: it is in the extra 'browser'"
    )
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.skip(f"none of {', '.join(CHROMIUM_NAMES)} is installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=path, args=[*CHROMIUM_FLAGS, LOOPBACK_ONLY]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def open_notebook(browser, server):
    """Return a function that opens a notebook by its file name: ``with open_notebook(…) as n:``."""

    @contextlib.contextmanager
    def open_notebook(name):
        with browser.new_context(viewport={"width": 1400, "height": 1000}) as context:
            page = context.new_page()
            notebook = NotebookPage(page)
            page.goto(f"{server.url}/lab/tree/{name}?token={server.token}&reset", timeout=60_000)
            page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
            page.evaluate("jupyterapp.shell.currentWidget.sessionContext.ready")
            yield notebook
            page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
        assert notebook.errors == []
        assert notebook.foreign == []

    return open_notebook


def is_foreign(url):
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1"
