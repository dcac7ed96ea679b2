"""Run a learner's function without trusting it: it may never end, fail, print, or be unfinished."""

import ast
import builtins
import contextlib
import contextvars
import copy
import ctypes
import inspect
import io
import linecache
import math
import random
import sys
import textwrap
import threading
import time
import traceback
from dataclasses import dataclass

import numpy as np
from IPython import get_ipython

from nnutils.exercises.values import changed, loaded_torch, plain

SECONDS = 5  # of processor time for all cases together

inside = contextvars.ContextVar("whether a learner's function runs here", default=False)


class _Stopped(BaseException):
    """Raised in a thread whose time is up."""


@dataclass
class Failure:
    """An error of a learner's: its class, what Python says, its line in the learner's cell."""

    kind: type
    text: str
    line: int | None


@dataclass
class Outcome:
    """What a function did on one case, as plain data.

    ``value`` is what is compared, ``returned`` what is shown; they differ where an exercise
    observes what the returned object does. ``changed`` tells whether the input has changed.
    """

    value: object = None
    returned: object = None
    error: Failure | None = None
    changed: bool = False
    printed: str = ""


@dataclass
class Run:
    """What a function did on all cases, and how many seconds it computed.

    ``ended`` is False when its time was up. ``line`` is then the line it was in, ``printed`` what
    it had printed there, ``waited`` tells whether it spent its time waiting, and ``stopped``
    whether its thread could be stopped.
    """

    outcomes: list
    seconds: float
    ended: bool = True
    line: int | None = None
    printed: str = ""
    waited: bool = False
    stopped: bool = True


def run(function, cases, seconds=math.inf, observe=None):
    """Call ``function`` on a copy of every case and return a ``Run``.

    It may compute for ``seconds`` of processor time or take six times as long by the clock, imports
    not counted. It runs in a daemon thread, with the context variables of the caller; so does
    ``observe``, which makes of each answer what is compared. An interrupt of the caller stops that
    thread and is passed on. The states of random generators stay as they were.
    """
    outcomes, over, finished = [], threading.Event(), threading.Event()
    output, times = ShortOutput(), [0.0]

    def call_all():
        inside.set(True)
        with contextlib.suppress(_Stopped):
            for case in cases:
                start = time.thread_time()
                outcomes.append(_call(function, case, observe, output))
                times.append(time.thread_time() - start)
                if over.is_set():
                    break
        finished.set()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(call_all,), daemon=True)
    budget = _Budget(seconds)
    with _surroundings_kept(output):
        thread.start()
        try:
            # In short pieces, so that an interrupt comes through on Windows too. (An interrupt of
            # thread.join would make Python 3.11 take the thread for a finished one.)
            while not finished.wait(0.05) and not budget.is_spent(_frames_of(thread)):
                pass
            result = Run(outcomes[:], sum(times), finished.is_set())
            if not result.ended:
                result.line = line_in(function, reversed(_frames_of(thread)))
                result.printed = output.cut()
                result.waited = budget.computed < budget.waited / 10
        finally:
            over.set()
            if not finished.is_set():
                threading.Thread(target=_stop, args=(thread, finished, output), daemon=True).start()
                finished.wait(1)
    result.stopped = finished.is_set() or output.holds(thread)
    return result


def _call(function, case, observe, output):
    args = copy.deepcopy(case.args)
    try:
        value = function(*args)
        returned = plain(value)
        observed = returned if observe is None else plain(observe(value))
    except _Stopped:
        raise
    except BaseException as error:
        return Outcome(error=_failure(function, error), printed=output.cut())
    return Outcome(observed, returned, changed=changed(case.args, args), printed=output.cut())


def _failure(function, error):
    text = "".join(traceback.format_exception_only(error)).strip()
    return Failure(type(error), text, line_in(function, traceback.walk_tb(error.__traceback__)))


class _Budget:
    """What a thread may use: seconds of processor time, six times as many by the clock."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.computed = self.waited = self.imported = 0.0
        self._last = time.process_time(), time.monotonic()

    def is_spent(self, frames):
        """Count the time since the last call. Imports are free, but do not last for ever."""
        now = time.process_time(), time.monotonic()
        computed, waited = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now
        if _imports(frames):
            self.imported += waited
        else:
            self.computed += computed
            self.waited += waited
        return (
            self.computed > self.seconds
            or self.waited > 6 * self.seconds
            or self.imported > 24 * self.seconds
        )


def _frames_of(thread):
    """Return the frames of a thread with their lines, the innermost first."""
    frame = sys._current_frames().get(thread.ident)
    return list(traceback.walk_stack(frame)) if frame else []


def _imports(frames):
    return any(frame.f_code.co_filename.startswith("<frozen importlib") for frame, _ in frames)


def _stop(thread, finished, output):
    """Raise ``_Stopped`` in ``thread`` again and again until it is finished, a minute at most.

    The function may catch it (``except:``), or be deep in compiled code, where nothing reaches it.
    One that goes on printing is held there for ever. A module whose import is broken off would be
    of no use until the kernel is restarted: an import may end.
    """
    for k in range(600):
        if not _imports(_frames_of(thread)):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(_Stopped)
            )
        if finished.wait(0.1) or output.holds(thread):
            break
        if k == 2:
            output.hold(thread)


@contextlib.contextmanager
def _surroundings_kept(output):
    """Send what is printed to ``output``, keep random generators and the kernel as they are."""
    torch, shell = loaded_torch(), get_ipython()
    with contextlib.ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002
        stack.callback(_restore_torch, torch and torch.get_rng_state())
        stack.enter_context(contextlib.redirect_stdout(output))
        stack.enter_context(contextlib.redirect_stderr(output))
        stack.enter_context(_replaced(builtins, "input", _refuse_input))
        if hasattr(shell, "ask_exit"):
            stack.enter_context(_replaced(shell, "ask_exit", _refuse_exit))
        yield


def _restore_torch(state):
    if torch := loaded_torch():  # perhaps only since a moment ago, and then without a state
        torch.set_rng_state(torch.Generator().get_state() if state is None else state)


@contextlib.contextmanager
def _replaced(owner, name, value):
    old = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, old)


def _refuse_input(*_):
    raise RuntimeError("input() waits for somebody to type: the numbers come as arguments")


def _refuse_exit():
    raise SystemExit("exit() ends the kernel, and your variables with it: a function has `return`")


class ShortOutput(io.StringIO):
    """Keep the first 200 characters that are printed, and hold a thread that prints for ever."""

    _to_hold = _held = None

    def write(self, text):
        """Take ``text`` as a file does, and forget what is too long."""
        if self._to_hold == threading.get_ident():
            self._held = self._to_hold
            threading.Event().wait()
        room = 200 - self.tell()
        if room > 0:
            super().write(text if len(text) <= room else text[:room] + " …")
        return len(text)

    def hold(self, thread):
        """Let ``thread`` wait when it writes the next time, until Python ends."""
        self._to_hold = thread.ident

    def holds(self, thread):
        """Tell whether ``thread`` waits here."""
        return self._held == thread.ident

    def cut(self):
        """Return what was printed since the last time."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


def gap_lines(function):
    """Return the lines of the cell in which a value is still ``...``; [] if they cannot be read."""
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return []
    return sorted({first + gap.lineno - 1 for gap in _gaps(tree)})


def _gaps(node):
    if _is_dots(node):
        return [node]
    if isinstance(node, ast.Subscript):  # a[..., 0] is not a gap
        return _gaps(node.value)
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.ExceptHandler):  # except TypeError: ...
        children = [c for c in children if not (isinstance(c, ast.Expr) and _is_dots(c.value))]
    if isinstance(node, ast.Call):  # np.einsum(X, [..., 0], …)
        children = [c for c in children if not (isinstance(c, ast.List) and len(c.elts) > 1)]
    return [gap for child in children for gap in _gaps(child)]


def _is_dots(node):
    return isinstance(node, ast.Constant) and node.value is ...


def line_in(function, frames):
    """Return the innermost line number of ``frames`` that lies in the function's cell, or None."""
    file = _file(function)
    lines = [line for frame, line in frames if frame.f_code.co_filename == file]
    return lines[-1] if lines else None


def line_text(function, line):
    """Return the text of a line of the function's cell."""
    return linecache.getline(_file(function) or "", line).strip()


def _file(function):
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code.co_filename if code else None
