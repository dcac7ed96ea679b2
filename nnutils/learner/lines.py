"""Files that only grow, one JSON object in a line: the progress and the learner's drawings."""

import json
import os
from datetime import UTC, datetime

_told = set()  # what this kernel has already said that it cannot keep


def keep(path, entry, what):
    """Append ``entry``, a dict, with the time before it; return whether that was possible.

    If not, it is said once, calmly: ``what`` is not saved. Never raises because of the file.
    """
    time = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        append(path, [json.dumps({"time": time} | entry)])
    except OSError as error:
        if what not in _told:
            print(f"{what} not saved ({error.strerror}); everything else works as usual.")
        _told.add(what)
        return False
    return True


def sound_lines(text, name, is_entry):
    """Return the lines of ``text`` whose JSON is a dict that ``is_entry`` accepts.

    How many others there are in the file ``name`` is said.
    """
    found = [line for line in text.splitlines() if line.strip()]
    sound = [line for line in found if _holds(line, is_entry)]
    if len(sound) < len(found):
        print(f"{name}: {len(found) - len(sound)} damaged line(s) skipped.")
    return sound


def _holds(line, is_entry):
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(entry, dict) and is_entry(entry)


def append(path, lines):
    """Append ``lines`` in one write, which the system keeps apart from those of other kernels.

    A last line that broke off is ended first, or it would swallow the next one. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        size = os.fstat(file).st_size
        if size and _last_byte(file, size) != b"\n":
            lines = ["", *lines]
        os.write(file, "".join(line + "\n" for line in lines).encode())
    finally:
        os.close(file)


def add_missing(path, present, others):
    """Append those of ``others`` that are not among the lines ``present``; return them."""
    present = set(present)
    missing = [line for line in others if line not in present]
    append(path, missing)
    return missing


def _last_byte(file, size):
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1)
