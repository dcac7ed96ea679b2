"""What a learner has solved: one short line of JSON per answer in one file that only grows.

Notebook 00 shows it as a course map, and saves and restores it.
"""

import contextlib
import json
import os
import re
import zipfile
from pathlib import Path

from nnutils.datasets.files import folder_named
from nnutils.learner import lines
from nnutils.learner.services import BINDER, this_service

FILE_NAME = "progress.jsonl"

# What systems add to a folder that they pack, besides the notebooks that Jupyter keeps hidden.
ADDED = re.compile(r"(^|/)(\.[^./]|(__MACOSX|Thumbs\.db|desktop\.ini)(/|$))", re.IGNORECASE)

_unsaved = []  # the answers that this kernel could not save


def progress_file():
    """Return the path of the progress file, which need not exist yet.

    It is ``progress.jsonl`` in the folder ``NNUTILS_PROGRESS``; else, under Binder, in
    ``.progress`` of the course's folder; else in the user's data folder of this system.
    """
    folder = folder_named("NNUTILS_PROGRESS")
    if not folder and this_service() == BINDER:
        folder = Path(__file__).parents[2] / ".progress"
    elif not folder:
        from platformdirs import user_data_dir

        folder = user_data_dir("nnutils", appauthor=False)
    return Path(folder) / FILE_NAME


def record(exercise, result, mistake=None, **more):
    """Append one answer to the progress file; say once, calmly, if that is not possible.

    ``exercise`` is a name that lasts, of an exercise, a question or a guess, ``result`` the
    verdict, ``mistake`` the name of a known mistake or None. A guess has ``more`` to keep: what was
    guessed. Never raises because of the file.
    """
    entry = {"exercise": exercise, "result": result, "mistake": mistake} | more
    if not lines.keep(progress_file(), entry, "Your progress is"):
        _unsaved.append(entry)


def answers_to(name):
    """Return the answers to the exercise, question or guess ``name``, the oldest first.

    Those that this kernel could not save are among them.
    """
    text = ""
    with contextlib.suppress(OSError):
        text = text_of(progress_file())
    named = "\n".join(line for line in text.splitlines() if f'"{name}"' in line)
    saved = map(json.loads, lines.sound_lines(named, FILE_NAME, _is_answer))
    return [answer for answer in [*saved, *_unsaved] if answer["exercise"] == name]


def solved():
    """Return the names of all exercises solved and questions answered so far, as a set."""
    return solved_in(read(progress_file()))


def read(path):
    """Return the answers in the progress file ``path``, each a dict; [] when it does not exist.

    An answer has the texts ``time``, ``exercise`` and ``result``. Damaged lines are skipped, and
    how many they are is said. ``path`` may be the archive that notebook 00 saves. Raises OSError,
    KeyError or zipfile.BadZipFile when the file cannot be read.
    """
    return [json.loads(line) for line in _lines(path)]


def text_of(path):
    """Return the text of a progress file, also out of an archive; "" when it does not exist."""
    if not os.path.exists(path):
        return ""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return files_in(archive)[FILE_NAME].decode("utf-8", errors="replace")
    return path.read_text(encoding="utf-8", errors="replace")


def files_in(archive):
    """Return the files of an archive as a dict of bytes.

    What systems add is left out, and so is a folder around all files. Some programs for Windows
    separate its name by a backslash.
    """
    entries = {name.replace("\\", "/"): name for name in archive.namelist()}
    names = [name for name in entries if not (name.endswith("/") or ADDED.search(name))]
    folders = {name[: name.rfind("/") + 1] for name in names}
    around = folders.pop() if len(folders) == 1 else ""
    if around in ("/", "../") or around.count("/") > 1:
        around = ""
    return {name.removeprefix(around): archive.read(entries[name]) for name in names}


def solved_in(answers):
    """Return the names of what is solved in a list of answers, as a set."""
    return {answer["exercise"] for answer in answers if answer["result"].startswith("solved")}


def export_progress(path):
    """Add to the file ``path`` every line of the progress that it lacks; return how many.

    The file is made if it is not there. Nothing in it is ever lost. Raises OSError when it cannot
    be written.
    """
    return _merge(progress_file(), Path(path))


def import_progress(path):
    """Add to the progress every line of the file ``path`` that it lacks; return how many.

    Raises ValueError when there is no such file, and OSError when the progress cannot be written.
    """
    if not Path(path).is_file():
        raise ValueError(f"path must be a file made by export_progress, got {str(path)!r}")
    return _merge(Path(path), progress_file())


def _lines(path):
    """Return the sound lines of a progress file, which need not exist; name the damaged ones."""
    return lines.sound_lines(text_of(path), path.name, _is_answer)


def _is_answer(entry):
    return all(isinstance(entry.get(key), str) for key in ("time", "exercise", "result"))


def _merge(source, target):
    return len(lines.add_missing(target, _lines(target), _lines(source)))
