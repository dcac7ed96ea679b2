"""Run a learner's function without trusting it: it may never end, fail, print, or be unfinished."""

import ast
import contextlib
import contextvars
import copy
import ctypes
import inspect
import io
import linecache
import sys
import textwrap
import threading
import time
import traceback
from dataclasses import dataclass

import numpy as np


class _Stopped(BaseException):
    """Raised in a thread whose time is up."""


@dataclass
class Outcome:
    """What a function did on one case: its value or its error, and whether its input changed."""

    value: object = None
    error: BaseException | None = None
    changed: bool = False


@dataclass
class Run:
    """What a function did on all cases.

    ``ended`` is False when the time was up; ``line`` is then the line it was in, and ``stopped``
    tells whether its thread could be stopped.
    """

    outcomes: list
    seconds: float
    ended: bool = True
    line: int | None = None
    stopped: bool = True


def run(function, cases, timeout):
    """Call ``function`` on a copy of every case, for at most ``timeout`` seconds: a ``Run``.

    The function runs in a daemon thread, with the context variables of the caller. An interrupt of
    the caller stops that thread and is passed on.
    """
    outcomes, over, finished = [], threading.Event(), threading.Event()

    def call_all():
        try:
            with contextlib.suppress(_Stopped):
                for case in cases:
                    outcomes.append(_call(function, case))
                    if over.is_set():
                        break
        finally:
            finished.set()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(call_all,), daemon=True)
    start = time.monotonic()
    thread.start()
    try:
        # In short pieces, so that an interrupt comes through on Windows too. (An interrupt of
        # thread.join would make Python 3.11 take the thread for a finished one.)
        while not finished.wait(0.05) and time.monotonic() < start + timeout:
            pass
        ended = finished.is_set()
        result = Run(outcomes[:], time.monotonic() - start, ended)
        frame = sys._current_frames().get(thread.ident)
        if not result.ended and frame is not None:
            frames = list(traceback.walk_stack(frame))
            result.line = line_in(function, reversed(frames))
    finally:
        over.set()
        _stop(thread, finished)
    result.stopped = finished.is_set()
    return result


def _call(function, case):
    args = copy.deepcopy(case.args)
    try:
        value = function(*args)
        with contextlib.suppress(Exception):  # some objects cannot be copied
            value = copy.deepcopy(value)
    except _Stopped:
        raise
    except BaseException as error:
        return Outcome(error=error)
    return Outcome(value, changed=_differ(case.args, args))


def _stop(thread, finished):
    """Raise ``_Stopped`` in ``thread`` until it is finished, three times at most.

    The function may catch it (``except:``), or be deep in compiled code, where nothing reaches it.
    """
    for _ in range(3):
        if not finished.is_set():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(_Stopped)
            )
            finished.wait(0.3)


def _differ(before, after):
    """Tell whether an input changed: arrays, and lists and dicts of them, to the last bit."""
    before, after = to_numpy(before), to_numpy(after)
    if type(before) is not type(after):
        return True
    if isinstance(before, dict):
        return before.keys() != after.keys() or any(_differ(before[k], after[k]) for k in before)
    if isinstance(before, (list, tuple)):
        return len(before) != len(after) or any(map(_differ, before, after))
    if isinstance(before, np.ndarray):
        return before.shape != after.shape or before.tobytes() != after.tobytes()
    return isinstance(before, (int, float, str)) and repr(before) != repr(after)


def to_numpy(value):
    """Return a torch tensor as an array, anything else as it is."""
    torch = sys.modules.get("torch")  # whoever has a tensor has imported torch
    return value.numpy(force=True) if torch and isinstance(value, torch.Tensor) else value


class ShortOutput(io.StringIO):
    """Keep the first 200 characters that are printed."""

    def write(self, text):
        """Take ``text`` as a file does, and forget what is too long."""
        super().write(text[: 200 - self.tell()])
        return len(text)


def gap_lines(function):
    """Return the lines of the cell in which a value is still ``...``; [] if they cannot be read."""
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return []
    return sorted({first + gap.lineno - 1 for gap in _gaps(tree)})


def _gaps(node):
    if isinstance(node, ast.Constant) and node.value is ...:
        return [node]
    if isinstance(node, ast.Subscript):  # a[..., 0] is not a gap
        return _gaps(node.value)
    return [gap for child in ast.iter_child_nodes(node) for gap in _gaps(child)]


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
