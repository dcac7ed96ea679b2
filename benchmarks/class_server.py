"""A class of twenty on one JupyterHub: accounts made for it, and a program in the learners' place.

Needs Linux, root, and what `make class-trial` installs. The configuration is the one in
docs/class-server. At the end, whatever way it comes, nothing of the trial is left; the next trial
removes what a killed one left behind.
"""

import argparse
import importlib.util
import inspect
import json
import math
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.cookies import SimpleCookie
from pathlib import Path

import numpy as np
import psutil
import requests

from benchmarks.tables import RESULTS, write_table
from nnutils import notebooks, progress

LEARNERS = 20
AT_WORK = (1, 5, LEARNERS)  # learners whose waiting times are measured together
ROUNDS = 20  # small cells and slider moves of each, one of both per second

CLASS_SERVER = notebooks.ROOT / "docs" / "class-server"
PROXY = notebooks.ROOT / "build" / "class-server" / "node_modules" / ".bin"
FOLDER = Path(tempfile.gettempdir()) / "nnutils-class-trial"
PREFIX = "nnutils-trial-"  # of the names of the accounts
ACCOUNT_FILES = ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/var/mail")

NUMPY_NOTEBOOKS = ("01_biological_neuron", "02_perceptron", "03_dice_sum_model")
TORCH_NOTEBOOK = "08_pytorch_building_blocks"
COURSE = "course/notebooks"  # where a learner's copy lies in the learner's home
RESERVE = 4 * 2**30  # bytes that the trial leaves to the machine
PATIENCE = 300  # seconds after which an answer that does not come is an error


# --- Before: may it run here, and with how many? --------------------------------------------------


def obstacles():
    """Return in sentences what keeps the trial from running here."""
    found = []
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        found.append("It makes accounts of the system: run it on Linux, as root.")
    for module in ("jupyterhub", "jupyterhub_idle_culler", "nbgitpuller", "websocket"):
        if importlib.util.find_spec(module) is None:
            found.append(f"{module} is not installed: `make class-trial` does that.")
    if shutil.which("configurable-http-proxy", path=search_path()) is None:
        found.append("The proxy is not installed: `make class-trial` does that, with Node's npm.")
    if not found and not others_can_run():
        found.append(
            f"Other accounts cannot run {sys.executable}: it must lie, with the Python that it was "
            "made from and with this course, where everybody may read."
        )
    return found


def search_path():
    """Return where programs are looked for: the proxy's folder, then the usual ones."""
    return f"{PROXY}{os.pathsep}{os.environ['PATH']}"


def others_can_run():
    """Tell whether an account without rights can import the course with this Python."""
    command = [sys.executable, "-c", "import nnutils"]
    try:
        return subprocess.run(command, user="nobody", cwd="/", check=False).returncode == 0
    except PermissionError:
        return False


def peak_memory(notebook):
    """Return the largest own memory in bytes of a notebook's kernel, from docs/results.md."""
    text = RESULTS.read_text(encoding="utf-8")
    row = re.compile(rf"^\| {notebook} \|.*\| (\d+) MiB \| \d+ MiB \|$", re.MULTILINE)
    return max(int(mebibytes) for mebibytes in row.findall(text)) * 2**20


def how_many_fit(available, each, learners):
    """Return how many of ``learners`` can hold ``each`` bytes, when ``available`` are free."""
    return max(0, min(learners, int((available - RESERVE) // each)))


# --- Accounts, and removing everything ------------------------------------------------------------


def make_accounts(count):
    """Make ``count`` accounts with homes closed to each other; return {name: password}."""
    homes = FOLDER / "homes"
    homes.mkdir(mode=0o711)
    passwords = {f"{PREFIX}{k:02}": secrets.token_urlsafe(12) for k in range(1, count + 1)}
    for name in passwords:
        command = ["useradd", "--create-home", "--base-dir", homes, "--shell", "/bin/bash", name]
        subprocess.run(command, check=True)
        (homes / name).chmod(0o700)
    lines = "".join(f"{name}:{password}\n" for name, password in passwords.items())
    subprocess.run(["chpasswd"], input=lines, text=True, check=True)
    return passwords


def trial_accounts():
    """Return {name: user id} of the accounts that a trial has made."""
    return {user.pw_name: user.pw_uid for user in pwd.getpwall() if user.pw_name.startswith(PREFIX)}


def trial_processes(user_ids):
    """Return the processes of the accounts with ``user_ids``, and those in the trial's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            inside = Path(process.cwd()).is_relative_to(FOLDER)
            if inside or process.uids().real in user_ids:
                found.append(process)
        except (psutil.Error, OSError):  # it has ended, or it is none of ours
            continue
    return [process for process in found if process.pid != os.getpid()]


def trial_files(user_ids):
    """Return the files that the accounts with ``user_ids`` have left in shared folders."""
    return [
        path
        for top in SHARED_FOLDERS
        for folder, folders, files in os.walk(top)
        for path in (Path(folder, name) for name in folders + files)
        if owner(path) in user_ids
    ]


def owner(path):
    """Return the user id of a file's owner, or None when the file is gone."""
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def remove(path):
    """Remove a file, or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def clean_up(user_ids):
    """End and remove everything that belongs to a trial."""
    while processes := trial_processes(user_ids):
        for process in processes:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(processes, timeout=1)
    for name in trial_accounts():
        subprocess.run(["userdel", name], check=True)
    for path in [FOLDER, *trial_files(user_ids)]:
        remove(path)


def left_behind(user_ids):
    """Return in sentences what is left of a trial whose accounts had ``user_ids``."""
    left = [f"process {p.pid} ({p.name()})" for p in trial_processes(user_ids)]
    for name in ACCOUNT_FILES:
        file = Path("/etc", name)
        if file.exists() and PREFIX in file.read_text(encoding="utf-8", errors="replace"):
            left.append(f"lines in {file}")
    left += [str(path) for path in trial_files(user_ids)]
    return left + [str(FOLDER)] * FOLDER.exists()


def is_trial(number):
    """Tell whether the process with this number is a trial."""
    try:
        return "benchmarks.class_server" in psutil.Process(number).cmdline()
    except psutil.NoSuchProcess:
        return False


@contextmanager
def nothing_left():
    """Give the trial its folder, and remove all traces when the block ends, however it does.

    Raises RuntimeError when another trial is running, and when a trace is left.
    """
    running = FOLDER / "pid"
    if running.exists() and is_trial(int(running.read_text())):
        raise RuntimeError(f"Process {running.read_text()} is already running a trial.")
    clean_up(set(trial_accounts().values()))
    for number in SIGNALS:
        signal.signal(number, lambda *_: sys.exit("The trial was told to end."))
    FOLDER.mkdir(mode=0o711)
    running.write_text(str(os.getpid()))
    try:
        yield
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # the cleaning is not interrupted
        user_ids = set(trial_accounts().values())
        clean_up(user_ids)
        left = left_behind(user_ids)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        if left:
            raise RuntimeError(f"The trial has left behind: {', '.join(left)}")
        print("Nothing of the trial is left.")


# --- The hub, and the notebooks that the teacher hands out ----------------------------------------


def free_port():
    """Return the number of a port on this machine that nobody uses."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_hub(culler_token):
    """Start a hub with the configuration of docs/class-server; return its address.

    Only what must not meet another program on this machine is changed: addresses and ports. The
    culler's token is known, so that the trial can send a second, impatient culler.
    """
    folder = FOLDER / "hub"
    folder.mkdir(mode=0o700)
    site, inner, proxy = (f"http://127.0.0.1:{free_port()}" for _ in range(3))
    (folder / "config.py").write_text(
        f"load_subconfig({str(CLASS_SERVER / 'jupyterhub_config.py')!r})\n"
        f"c.JupyterHub.bind_url = {site!r}\n"
        f"c.JupyterHub.hub_bind_url = {inner!r}\n"
        f"c.ConfigurableHTTPProxy.api_url = {proxy!r}\n"
        f"c.JupyterHub.services[0]['api_token'] = {culler_token!r}\n"
    )
    command = [sys.executable, "-m", "jupyterhub", "--config", "config.py"]
    environment = os.environ | {"PATH": search_path()}
    with open(folder / "log.txt", "w") as log:
        subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    wait_for(lambda: answers(f"{site}/hub/health"), "the hub")
    return site


def answers(address):
    """Tell whether a web server answers at ``address``."""
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False


def wait_for(condition, what):
    """Wait until ``condition()`` holds; raise TimeoutError naming ``what`` if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.2)


def git(*words):
    """Run git in the teacher's copy of the course."""
    author = ["-c", "user.name=teacher", "-c", "user.email=teacher@localhost"]
    command = ["git", "-C", FOLDER / "teacher" / "course", *author, *words]
    subprocess.run(command, check=True, capture_output=True)


def publish_course():
    """Put the notebooks into a git repository, as a teacher would; return its address."""
    course = FOLDER / "teacher" / "course"
    shutil.copytree(notebooks.ROOT / "notebooks", course / "notebooks")
    git("init", "--initial-branch", "main")
    git("add", ".")
    git("commit", "--message", "The course")
    port = free_port()
    command = ["git", "daemon", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    command.append(f"--base-path={FOLDER / 'teacher'}")
    with open(FOLDER / "git.txt", "w") as log:
        subprocess.Popen(command, cwd=FOLDER, stdout=log, stderr=log)
    return f"git://127.0.0.1:{port}/course"


def publish_update(sentence):
    """Add ``sentence`` to the first cell of every notebook that the teacher hands out."""
    for path in (FOLDER / "teacher" / "course" / "notebooks").glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"][0]["source"].append(f"\n\n{sentence}")
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    git("commit", "--all", "--message", "An update")


# --- A learner ------------------------------------------------------------------------------------


class Learner:
    """Does over HTTP and websockets what the browser of a learner does."""

    def __init__(self, number, name, password, site):
        self.name, self.password, self.site = name, password, site
        self.home = FOLDER / "homes" / name
        self.notebook = NUMPY_NOTEBOOKS[number % len(NUMPY_NOTEBOOKS)]
        self.web = requests.Session()
        self.web.trust_env = False  # no proxy of this machine's

    def ask(self, method, path, **options):
        """Send a request to the hub or to the learner's server; raise for anything but success."""
        headers = {"X-XSRFToken": self.cookies(path).get("_xsrf", "")}
        address = self.site + path
        answer = self.web.request(method, address, headers=headers, timeout=PATIENCE, **options)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    def cookies(self, path):
        """Return the cookies that a browser would send to ``path``, as a dict."""
        request = requests.Request("GET", self.site + path)
        header = requests.cookies.get_cookie_header(self.web.cookies, request.prepare())
        return {name: morsel.value for name, morsel in SimpleCookie(header or "").items()}

    def log_in(self):
        """Log in with the password."""
        self.ask("GET", "/hub/login")
        form = {"username": self.name, "password": self.password}
        form["_xsrf"] = self.cookies("/hub/login")["_xsrf"]
        self.ask("POST", "/hub/login", data=form, allow_redirects=False)
        self.ask("GET", f"/hub/api/users/{self.name}")

    def start(self):
        """Start the server, wait as the hub's page does, and open JupyterLab."""
        server = f"/hub/api/users/{self.name}/server"
        self.ask("POST", server)
        for line in self.ask("GET", f"{server}/progress", stream=True).iter_lines():
            event = json.loads(line.removeprefix(b"data: ") or "{}") if line else {}
            if event.get("failed"):
                raise RuntimeError(f"{self.name}: {event['message']}")
            if event.get("ready"):
                break
        self.ask("GET", f"/user/{self.name}/lab")

    def stop(self):
        """Stop the server, as *Stop My Server* does, and wait until it has ended."""
        self.ask("DELETE", f"/hub/api/users/{self.name}/server")
        wait_for(lambda: not self.is_running(), f"the end of the server of {self.name}")

    def is_running(self):
        """Tell whether the hub knows of a server of this learner."""
        return bool(self.ask("GET", f"/hub/api/users/{self.name}").json()["servers"])

    def pull(self, repository):
        """Follow the teacher's nbgitpuller link."""
        question = {"repo": repository, "branch": "main", "targetpath": "course"}
        self.ask("GET", f"/user/{self.name}/git-pull", params=question)
        answer = self.ask("GET", f"/user/{self.name}/git-pull/api", params=question)
        if '"phase": "finished"' not in answer.text:
            raise RuntimeError(f"{self.name}: {answer.text[-1000:]}")

    def open(self, name):
        """Return a notebook, as the learner's server reads it."""
        path = f"/user/{self.name}/api/contents/{COURSE}/{name}.ipynb"
        return self.ask("GET", path).json()["content"]

    def save(self, name, notebook):
        """Write a notebook through the learner's server."""
        model = {"type": "notebook", "format": "json", "content": notebook}
        self.ask("PUT", f"/user/{self.name}/api/contents/{COURSE}/{name}.ipynb", json=model)

    def run(self, name):
        """Open a notebook in a new kernel, run all its cells, and return the kernel."""
        notebook = self.open(name)
        kernel = Kernel(self, name)
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                kernel.run(cell["source"])
        return kernel

    def solve(self, kernel):
        """Solve the first exercise of the learner's notebook, check it, save; return its code."""
        notebook = self.open(self.notebook)
        exercise = f"{self.notebook[:2]}.1"
        stub, check, fold = (tagged(notebook, tag, exercise) for tag in TAGS)
        stub["source"] = notebooks.read_fold(fold["source"]).code + f"\n# {self.name}"
        kernel.run(stub["source"])
        kernel.run(check["source"])
        self.save(self.notebook, notebook)
        return stub["source"]

    def has_kept(self, code):
        """Tell whether the notebook still has the learner's own code."""
        exercise = f"{self.notebook[:2]}.1"
        return tagged(self.open(self.notebook), "exercise", exercise)["source"] == code


TAGS = ("exercise", "check", "solution")


def tagged(notebook, tag, exercise):
    """Return the cell of ``notebook`` that has the tag and belongs to the exercise."""
    return next(
        cell
        for cell in notebook["cells"]
        if tag in cell["metadata"].get("tags", [])
        and cell["metadata"]["nnutils"]["exercise"] == exercise
    )


class Kernel:
    """A kernel of a learner, reached through a websocket as from JupyterLab."""

    def __init__(self, learner, name):
        import websocket  # a part of what `make class-trial` installs

        self.learner = learner
        self.session = secrets.token_hex(8)
        model = {"type": "notebook", "path": f"{COURSE}/{name}.ipynb", "name": name}
        model["kernel"] = {"name": "python3"}
        answer = learner.ask("POST", f"/user/{learner.name}/api/sessions", json=model).json()
        self.jupyter_session = answer["id"]
        path = f"/user/{learner.name}/api/kernels/{answer['kernel']['id']}/channels"
        cookies = "; ".join(f"{key}={value}" for key, value in learner.cookies(path).items())
        address = f"{learner.site.replace('http', 'ws', 1)}{path}?session_id={self.session}"
        self.socket = websocket.create_connection(address, cookie=cookies, timeout=PATIENCE)

    def close(self):
        """Shut the kernel down."""
        self.socket.close()
        path = f"/user/{self.learner.name}/api/sessions/{self.jupyter_session}"
        self.learner.ask("DELETE", path)

    def exchange(self, kind, content):
        """Send a message to the kernel; return its answers, up to the one that says "idle"."""
        from jupyter_client.session import msg_header
        from jupyter_server.services.kernels.connection.base import deserialize_binary_message

        header = msg_header(secrets.token_hex(8), kind, self.learner.name, self.session)
        header["date"] = header["date"].isoformat()
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.socket.send(json.dumps(message | {"channel": "shell", "buffers": []}))
        messages = []
        while True:
            frame = self.socket.recv()
            answer = (
                deserialize_binary_message(frame)
                if isinstance(frame, bytes)
                else json.loads(frame) | {"buffers": []}
            )
            if answer["parent_header"].get("msg_id") == header["msg_id"]:
                messages.append(answer)
                if answer["content"].get("execution_state") == "idle":
                    return messages

    def run(self, code):
        """Run a cell; return what it has printed and the widgets that it has opened."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": True}
        messages = self.exchange("execute_request", content)
        for message in messages:
            if message["msg_type"] == "error":
                raise RuntimeError("\n".join(message["content"]["traceback"]))
        printed = [m["content"]["text"] for m in messages if m["msg_type"] == "stream"]
        widgets = [m["content"] for m in messages if m["msg_type"] == "comm_open"]
        return "".join(printed), widgets

    def open_lab(self):
        """Open the lab of notebook 03; return the address of its first slider."""
        _, widgets = self.run(
            "from nnutils.labs.dice_sum_model import roll_dice_lab\nroll_dice_lab()"
        )
        return next(
            widget["comm_id"]
            for widget in widgets
            if widget["data"]["state"]["_model_name"] == "FloatSliderModel"
        )

    def move(self, slider, value):
        """Move a slider of a lab and wait for the new picture."""
        data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        messages = self.exchange("comm_msg", {"comm_id": slider, "data": data})
        if not any(message["buffers"] for message in messages):
            raise RuntimeError(f"{self.learner.name}: a slider was moved, and no picture came")


def can_read(paths):
    """Return those of ``paths``, files or folders, that this account can read.

    A kernel runs these lines. A path that does not exist raises FileNotFoundError.
    """
    import os

    found = []
    for path in paths:
        try:
            os.listdir(path) if os.path.isdir(path) else open(path).close()
            found.append(path)
        except PermissionError:
            pass
    return found


# --- What is measured -----------------------------------------------------------------------------


def at_once(function, items):
    """Call ``function`` with each item, all at once; return the results in order."""
    pool = ThreadPoolExecutor(len(items))
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def seconds_of(function, items):
    """Call ``function`` with each item, all at once; return the seconds of each."""

    def timed(item):
        start = time.perf_counter()
        function(item)
        return time.perf_counter() - start

    return at_once(timed, items)


def waiting_times(kernel, slider, delay):
    """Return the seconds until small cells have run, and until pictures have followed a slider."""
    cells, pictures = [], []
    time.sleep(delay)  # or everybody would press a key at the same moment
    for k in range(ROUNDS):
        start = time.perf_counter()
        kernel.run("sum(range(1000))")
        cells.append(time.perf_counter() - start)
        time.sleep(max(0, 0.5 - cells[-1]))
        start = time.perf_counter()
        kernel.move(slider, 0.5 + k % 2)
        pictures.append(time.perf_counter() - start)
        time.sleep(max(0, 0.5 - pictures[-1]))
    return cells, pictures


class MemoryWatch:
    """Looks twice a second how much memory the learners' processes hold, and keeps the peaks.

    ``servers`` and ``kernels`` give the own memory of each learner in bytes, and ``together`` the
    largest sum of the own memory of all. ``files`` is the memory of program files that the largest
    process of each kind has open; all others have the same ones open.
    """

    def __init__(self):
        self.servers, self.kernels, self.files, self.together = {}, {}, {}, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _watch(self):
        names = {user_id: name for name, user_id in trial_accounts().items()}
        while not self._ended.wait(0.5):
            now = self._look(names)
            self.together = max(self.together, sum(own for _, _, own, _ in now))
            for is_kernel, peaks in ((False, self.servers), (True, self.kernels)):
                raise_peaks(peaks, [(who, own) for kind, who, own, _ in now if kind is is_kernel])
            for is_kernel, _, _, files in now:
                self.files[is_kernel] = max(files, self.files.get(is_kernel, 0))

    def _look(self, names):
        """Return for every process: is it a kernel, whose is it, its own memory, its files'."""
        found = []
        for process in psutil.process_iter(["uids", "cmdline", "memory_info"]):
            uids, words, memory = (process.info[key] for key in ("uids", "cmdline", "memory_info"))
            if uids and uids.real in names and words and memory:
                kernel = "ipykernel_launcher" in words
                own = memory.rss - memory.shared
                found.append((kernel, names[uids.real], own, memory.shared))
        return found


def raise_peaks(peaks, measured):
    """Raise ``peaks``, {name: bytes}, to the sums of ``measured``, pairs of a name and bytes."""
    now = {}
    for name, memory in measured:
        now[name] = now.get(name, 0) + memory
    for name, memory in now.items():
        peaks[name] = max(peaks.get(name, 0), memory)


# --- The trial ------------------------------------------------------------------------------------


def trial(count):
    """Hold a class with ``count`` learners; return the rows of the three tables, by name."""
    token = secrets.token_hex(16)
    accounts = make_accounts(count)
    repository = publish_course()
    site = start_hub(token)
    learners = [Learner(k, *account, site) for k, account in enumerate(accounts.items())]
    storm, waiting, memory = [], [], []

    def note(what, seconds):
        add_row(storm, [what, len(seconds), *median_and_last(seconds)])

    note("log in", seconds_of(Learner.log_in, learners))
    with MemoryWatch() as watch:
        note("start the servers", seconds_of(Learner.start, learners))
    add_row(memory, memory_row("the servers alone", watch))
    note("fetch the course", seconds_of(lambda one: one.pull(repository), learners))

    kernels = {}
    with MemoryWatch() as watch:

        def run_own(learner):
            kernels[learner] = learner.run(learner.notebook)

        note("run notebook 01, 02 or 03", seconds_of(run_own, learners))
    add_row(memory, memory_row("and notebook 01, 02 or 03", watch))

    sliders = dict(zip(learners, at_once(lambda one: kernels[one].open_lab(), learners)))
    for at_work in sorted({min(size, count) for size in AT_WORK}):
        add_row(waiting, waiting_row(learners[:at_work], kernels, sliders))

    code = dict(zip(learners, at_once(lambda one: one.solve(kernels[one]), learners)))
    check_homes(learners, kernels)
    at_once(Kernel.close, list(kernels.values()))
    add_row(memory, run_torch(learners, note))

    at_once(Learner.stop, learners)
    at_once(Learner.start, learners)
    check_kept(code, "after a stop and a start")
    publish_update("The teacher has added this sentence.")
    at_once(lambda one: one.pull(repository), learners)
    check_kept(code, "after an update")
    check_updated(learners, "The teacher has added this sentence.")
    cull(learners, site, token)
    check_on_disk(code)
    check_progress(learners)
    return {"class_storm": storm, "class_waiting": waiting, "class_memory": memory}


def add_row(table, row):
    """Add a row to a table, and print it for those who wait."""
    table.append(row)
    print(*row, sep=" · ", flush=True)


def run_torch(learners, note):
    """Let as many learners as fit run notebook 08 at once; return the row of the memory table."""
    each = peak_memory(TORCH_NOTEBOOK)
    size = how_many_fit(psutil.virtual_memory().available, each, len(learners))
    some = learners[:size]
    threads = set()

    def run(learner):
        kernel = learner.run(TORCH_NOTEBOOK)
        threads.add(kernel.run("import torch; print(torch.get_num_threads())")[0].strip())

    with MemoryWatch() as watch:
        note("run notebook 08", seconds_of(run, some))
    assert threads == {"1"}, f"kernels must have one thread each, they have {threads}"
    watch.servers = {one.name: watch.servers[one.name] for one in some}
    return memory_row("and notebook 08", watch)


def check_homes(learners, kernels):
    """Assert that no learner can read another's home, and that this check would notice."""
    for learner, neighbour in zip(learners, learners[1:] + learners[:1]):
        notebook = neighbour.home / COURSE / f"{neighbour.notebook}.ipynb"
        paths = [str(neighbour.home), str(notebook)]
        question = f"{inspect.getsource(can_read)}\nprint(can_read({paths!r}))"
        assert kernels[learner].run(question)[0].strip() == "[]", f"{neighbour.name}'s home is open"
        neighbour.home.chmod(0o755)
        opened = kernels[learner].run(question)[0].strip()
        neighbour.home.chmod(0o700)
        assert opened == str(paths), f"an open home must be noticed, got {opened}"
        try:
            learner.ask("GET", f"/user/{neighbour.name}/api/contents")
        except RuntimeError as error:
            assert ": 403 " in str(error), error
        else:
            raise AssertionError(f"{learner.name} can use the server of {neighbour.name}")
    print(f"{len(learners)} homes are closed to the neighbour.", flush=True)


def check_kept(code, when):
    """Assert that every learner's own code is still in the notebook."""
    lost = [learner.name for learner in code if not learner.has_kept(code[learner])]
    assert not lost, f"{when} the work of {lost} is lost"
    print(f"{len(code)} learners still have their work {when}.", flush=True)


def check_updated(learners, sentence):
    """Assert that every learner has got the teacher's new sentence."""
    for learner in learners:
        assert sentence in learner.open(learner.notebook)["cells"][0]["source"], learner.name


def cull(learners, site, token):
    """Send a culler that waits for nobody, and assert that it stops every server."""
    command = [sys.executable, "-m", "jupyterhub_idle_culler", f"--url={site}/hub/api"]
    command += ["--timeout=1", "--cull-every=2"]
    environment = os.environ | {"JUPYTERHUB_API_TOKEN": token}
    with open(FOLDER / "culler.txt", "w") as log:
        culler = subprocess.Popen(command, cwd=FOLDER, env=environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: not any(one.is_running() for one in learners), "the culler")
    finally:
        culler.kill()
        culler.wait()
    print(f"The culler has stopped {len(learners)} servers.", flush=True)


def check_on_disk(code):
    """Assert that every learner's work lies in the learner's home when no server runs."""
    for learner, own in code.items():
        path = learner.home / COURSE / f"{learner.notebook}.ipynb"
        assert own in {cell.source for cell in notebooks.read(path).cells}, learner.name


def check_progress(learners):
    """Assert that the teacher's script collects what every learner has solved."""
    folder = FOLDER / "collected"
    homes = [learner.home for learner in learners]
    subprocess.run(["sh", CLASS_SERVER / "collect-progress.sh", folder, *homes], check=True)
    rows = {row.learner: row.solved for row in progress.overview(folder)}
    assert rows == {one.name: [f"{one.notebook[:2]}.1"] for one in learners}, rows
    print(f"The progress of {len(rows)} learners is collected.", flush=True)


# --- The tables -----------------------------------------------------------------------------------


def median_and_last(seconds):
    """Return the median and the largest of some seconds, as texts."""
    return [f"{value:.1f} s" for value in (statistics.median(seconds), max(seconds))]


def waiting_row(learners, kernels, sliders):
    """Measure the waiting times of ``learners`` together; return a row of their table."""
    places = {learner: k / len(learners) for k, learner in enumerate(learners)}
    times = at_once(lambda one: waiting_times(kernels[one], sliders[one], places[one]), learners)
    row = [len(learners)]
    for kind in zip(*times):
        everybody = np.concatenate(kind)
        row += [f"{1000 * np.quantile(everybody, share):.0f} ms" for share in (0.5, 0.95)]
    return row


def memory_row(what, watch):
    """Return a row of the memory table."""
    kernels = list(watch.kernels.values())
    return [
        what,
        len(watch.kernels or watch.servers),
        mebibytes(statistics.median(watch.servers.values())),
        mebibytes(statistics.median(kernels)) if kernels else "–",
        mebibytes(max(kernels)) if kernels else "–",
        f"{watch.together / 2**30:.1f} GiB",
        f"{sum(watch.files.values()) / 2**30:.1f} GiB",
    ]


def mebibytes(size):
    """Return a number of bytes as a text."""
    return f"{math.ceil(size / 2**20)} MiB"


HEADERS = {
    "class_storm": ["all at once", "learners", "median", "the last one"],
    "class_waiting": [
        "learners at work",
        "small cell: median",
        "95 %",
        "slider to picture: median",
        "95 %",
    ],
    "class_memory": [
        "what runs",
        "learners",
        "server: median",
        "kernel: median",
        "largest",
        "all learners together",
        "program files, once for all",
    ],
}


def main():
    """Hold a class on a JupyterHub of its own, measure it, and remove every trace of it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--learners",
        type=int,
        default=LEARNERS,
        help=f"default: {LEARNERS}, for which the tables in docs/results.md are written",
    )
    count = parser.parse_args().learners
    if found := obstacles():
        sys.exit("The trial cannot run here.\n" + "\n".join(found))
    with nothing_left():
        tables = trial(count)
    for name, rows in tables.items():
        if count == LEARNERS:
            write_table(name, HEADERS[name], rows)


if __name__ == "__main__":
    main()
