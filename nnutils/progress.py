"""What a learner has solved: one short line of JSON per answer in one file that only grows.

Notebook 00 shows it as a course map, and saves and restores it.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

NOTEBOOKS = (
    "start_here",
    "biological_neuron",
    "perceptron",
    "dice_sum_model",
    "layers_and_activations",
    "loss_and_gradient_descent",
    "backprop_by_hand",
    "convolution",
    "pytorch_building_blocks",
    "mnist_mlp",
    "mnist_cnn",
)  # the slugs of the notebooks, in order: notebook 03 is NOTEBOOKS[3]

# Set by BinderHub in every server that it starts (the last one by its Kubernetes service).
BINDER_VARIABLES = ("BINDER_REPO_URL", "BINDER_LAUNCH_HOST", "BINDER_SERVICE_HOST")

_told = False  # whether this kernel has already said that progress cannot be saved


class CourseRow(NamedTuple):
    """A notebook of the course, and how much of it is solved."""

    number: str
    slug: str
    solved: int
    exercises: int
    answered: int
    questions: int


class LearnerRow(NamedTuple):
    """A learner, the ids solved, those tried but still open, and the time of the last answer."""

    learner: str
    solved: list
    open: list
    last: str


def progress_file():
    """Return the path of the progress file, which need not exist yet.

    It is ``progress.jsonl`` in the folder ``NNUTILS_PROGRESS``; else, under Binder, in
    ``.progress`` of the course's folder; else in the user's data folder of this system.
    """
    folder = os.environ.get("NNUTILS_PROGRESS")
    if not folder and any(name in os.environ for name in BINDER_VARIABLES):
        folder = Path(__file__).parents[1] / ".progress"
    elif not folder:
        from platformdirs import user_data_dir

        folder = user_data_dir("nnutils", appauthor=False)
    return Path(folder) / "progress.jsonl"


def record(exercise, result, mistake=None):
    """Append one answer to the progress file; say once, calmly, if that is not possible.

    ``exercise`` is an id such as "03.1", ``result`` the verdict, ``mistake`` the name of a known
    mistake or None. Never raises because of the file.
    """
    global _told
    time = datetime.now(UTC).isoformat(timespec="seconds")
    entry = {"time": time, "exercise": exercise, "result": result, "mistake": mistake}
    try:
        _append(progress_file(), [json.dumps(entry)])
    except OSError as error:
        if not _told:
            print(f"Your progress is not saved ({error.strerror}); everything else works as usual.")
        _told = True


def solved():
    """Return the ids of all exercises solved and questions answered so far, as a set."""
    return _solved(_entries(progress_file()))


def summary():
    """Return one ``CourseRow`` per notebook: what is solved and answered, and of how many.

    Imports the exercises of every notebook, and so torch.
    """
    from nnutils.exercises.base import exercise_modules  # which imports this module

    done = solved()
    rows = []
    for number, module in exercise_modules().items():
        exercises = {exercise.id for exercise in module.EXERCISES}
        questions = {question.id for question in module.QUIZ}
        rows.append(
            CourseRow(
                number,
                NOTEBOOKS[int(number)],
                len(exercises & done),
                len(exercises),
                len(questions & done),
                len(questions),
            )
        )
    return rows


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


def overview(folder):
    """Return one ``LearnerRow`` per progress file (``NAME.jsonl``) in ``folder``, for a teacher.

    The time is "" where there is no answer yet. Raises ValueError when there is no such folder.
    """
    if not Path(folder).is_dir():
        raise ValueError(f"folder must hold progress files, got {str(folder)!r}")
    rows = []
    for path in sorted(Path(folder).glob("*.jsonl")):
        entries = _entries(path)
        done = _solved(entries)
        tried = {entry["exercise"] for entry in entries}
        last = max((entry["time"] for entry in entries), default="")
        rows.append(LearnerRow(path.stem, sorted(done), sorted(tried - done), last))
    return rows


def _solved(entries):
    return {entry["exercise"] for entry in entries if entry["result"].startswith("solved")}


def _entries(path):
    return [json.loads(line) for line in _lines(path)]


def _lines(path):
    """Return the sound lines of a progress file; say how many damaged ones were skipped."""
    if not os.path.isfile(path):
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [line for line in lines if line.strip()]
    sound = [line for line in lines if _is_sound(line)]
    if len(sound) < len(lines):
        print(f"{path.name}: {len(lines) - len(sound)} damaged line(s) skipped.")
    return sound


def _is_sound(line):
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return False
    needed = ("time", "exercise", "result")
    return isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in needed)


def _merge(source, target):
    present = set(_lines(target))
    missing = [line for line in _lines(source) if line not in present]
    _append(target, missing)
    return len(missing)


def _append(path, lines):
    """Append ``lines`` in one write, which the system keeps apart from those of other kernels.

    A last line that broke off is ended first, or it would swallow the next one.
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


def _last_byte(file, size):
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1)
