"""Where data files lie, whether more may be fetched, and how a line says so."""

import os
import sys
from pathlib import Path

from platformdirs import user_data_path

# The digits and photographs that come with the course lie inside an installed package. In a clone
# they lie in ``data/``, and so does all that is downloaded.
_PACKAGED = Path(__file__).with_name("bundled")
_CLONE = Path("") if _PACKAGED.is_dir() else Path(__file__).resolve().parents[2]
BUNDLED = _PACKAGED if _PACKAGED.is_dir() else _CLONE / "data"


def folder_named(variable):
    """Return the folder that an environment variable names, or None where it names none.

    Spaces around it do not count, ``~`` is the home folder. A relative one lies in the course's
    folder, from which the course is started, not in that of the notebook that runs.
    """
    name = os.environ.get(variable, "").strip()  # Path.expanduser raises for an unknown ~user
    return Path(_CLONE, os.path.expanduser(name)).absolute() if name else None


def bundled(name):
    """Return the path of a file that comes with the course.

    Raises FileNotFoundError, saying what to do, when it is not there.
    """
    path = BUNDLED / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{name}, which comes with the course, is not at {path}: in a terminal, in the "
            "course's folder, `git restore data` brings it back"
        )
    return path


def data_folder():
    """Return the folder of data files, and what a line that notebooks store calls it.

    It is ``NNUTILS_DATA`` when that is set; else ``data/`` in the course's folder; else, without a
    clone, ``data`` in the user's data folder of this system. It is called by its whole path, but by
    the variable where that holds the same path. Raises OSError when it is not there and cannot be
    made.
    """
    named = folder_named("NNUTILS_DATA")
    folder = named or BUNDLED
    if folder == _PACKAGED:
        folder = user_data_path("nnutils", appauthor=False) / "data"
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        raise OSError(f"{'NNUTILS_DATA' if named else 'data/'} is no folder ({folder})")
    is_known = os.environ.get("NNUTILS_DATA", "").strip() == str(folder)
    return folder, "NNUTILS_DATA" if is_known else str(folder)


def is_offline():
    """Tell whether the variable NNUTILS_OFFLINE forbids downloads: any word but those for no."""
    word = os.environ.get("NNUTILS_OFFLINE", "").strip().lower()
    return word not in ("", "0", "no", "false", "off")


def say(line):
    """Print ``line``, with escapes for what the output's encoding lacks."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding))


def say_what_stands_in(name, problem, stand_in, fetch=""):
    """Say in a line that the data ``name`` cannot be had, what stands in, and what ``fetch``es."""
    fetch = f"With a network, {fetch}. " if fetch and not is_offline() else ""
    say(
        f"{name} is not available: {problem}. {stand_in} stand in. "
        f"{fetch}data/README.md shows how to get it by hand."
    )


def set_aside(path, problem):
    """Say that a file is not used, and give it another name if the folder allows it."""
    aside = path.with_name(f"{path.name}.damaged")
    while aside.exists():  # an earlier one is kept too
        aside = aside.with_name(f"{aside.name}.damaged")
    try:
        path.rename(aside)
    except OSError:
        say(f"{path} {problem}. It is not used.")
    else:
        say(f"{path} {problem}. It is not used; its name is now {aside.name}.")
