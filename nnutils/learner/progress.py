"""What a learner has solved: one short line of JSON per answer in one file that only grows.

Notebook 00 shows it as a course map, and saves and restores it. A teacher who has collected the
files of a class, one for each learner, gets a table and a picture of them::

    python -m nnutils.progress FOLDER [--notebook 03]
"""

import argparse
import json
import os
import sys
import zipfile
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

FILE_NAME = "progress.jsonl"

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


class ExerciseRow(NamedTuple):
    """An exercise, by how many learners it is solved or still open, and their known mistakes.

    ``mistakes`` gives for the sentence of each mistake how many learners made it, solved or not.
    """

    exercise: str
    title: str
    solved: int
    open: int
    mistakes: dict


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
    return Path(folder) / FILE_NAME


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
    """Return one ``LearnerRow`` per progress file in ``folder``, for a teacher.

    The file is NAME.jsonl, or NAME.zip, the archive that notebook 00 saves. The time is "" where
    there is no answer yet. A damaged line or file is skipped and named. Raises ValueError when
    there is no such folder.
    """
    return _learner_rows(_class(folder))


def exercise_overview(folder):
    """Return one ``ExerciseRow`` per exercise that somebody has tried, from the same files.

    A damaged line or file is skipped and named. Raises ValueError when there is no such folder.
    """
    return _exercise_rows(_class(folder))


def _learner_rows(learners):
    rows = []
    for learner, entries in learners.items():
        done = _solved(entries)
        tried = {entry["exercise"] for entry in entries}
        last = max((entry["time"] for entry in entries), default="")
        rows.append(LearnerRow(learner, sorted(done), sorted(tried - done), last))
    return rows


def _exercise_rows(learners):
    from nnutils.exercises.base import exercise_modules  # which imports this module

    modules = exercise_modules().values()
    exercises = [exercise for module in modules for exercise in module.EXERCISES]
    rows = [_exercise_row(exercise, learners.values()) for exercise in exercises]
    return [row for row in rows if row.solved + row.open]


def _exercise_row(exercise, learners):
    answers = [
        [entry for entry in entries if entry["exercise"] == exercise.id] for entries in learners
    ]
    solved = sum(bool(_solved(entries)) for entries in answers)
    made = [{entry.get("mistake") for entry in entries} for entries in answers]
    mistakes = {}
    for mistake in exercise.mistakes:
        count = sum(mistake.function.__name__ in names for names in made)
        if count:
            mistakes[mistake.sentence] = count
    often_first = dict(sorted(mistakes.items(), key=lambda item: -item[1]))
    tried = sum(map(bool, answers))
    return ExerciseRow(exercise.id, exercise.title, solved, tried - solved, often_first)


def _class(folder):
    """Return {learner: answers} of the progress files in ``folder``; say what was skipped."""
    if not Path(folder).is_dir():
        raise ValueError(f"folder must hold progress files, got {str(folder)!r}")
    learners = {}
    for path in sorted(Path(folder).iterdir()):
        if path.suffix not in (".jsonl", ".zip"):
            continue
        try:
            text = _text(path)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            print(f"{path.name}: skipped ({error}).")
            continue
        entries = [json.loads(line) for line in _sound_lines(text, path.name)]
        if entries or not text.strip():
            learners[path.stem] = entries
        else:
            print(f"{path.name}: skipped, since no line can be read.")
    return learners


def _text(path):
    """Return the text of a progress file, also out of the archive that notebook 00 saves."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read(FILE_NAME).decode("utf-8", errors="replace")
    return path.read_text(encoding="utf-8", errors="replace")


def _solved(entries):
    return {entry["exercise"] for entry in entries if entry["result"].startswith("solved")}


def _entries(path):
    return [json.loads(line) for line in _lines(path)]


def _lines(path):
    """Return the sound lines of a progress file, which need not exist."""
    return _sound_lines(_text(path), path.name) if os.path.isfile(path) else []


def _sound_lines(text, name):
    """Return the lines that are answers; say how many damaged ones of ``name`` were skipped."""
    lines = [line for line in text.splitlines() if line.strip()]
    sound = [line for line in lines if _is_sound(line)]
    if len(sound) < len(lines):
        print(f"{name}: {len(lines) - len(sound)} damaged line(s) skipped.")
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


def _tables(learner_rows, exercise_rows):
    """Return the overview of a class as three tables in Markdown."""
    lines = ["| exercise | solved | still open |", "|:--|--:|--:|"]
    lines += [
        f"| {row.exercise} {row.title} | {row.solved} | {row.open} |" for row in exercise_rows
    ]
    lines += ["", "| exercise | known mistake | made by |", "|:--|:--|--:|"]
    lines += [
        f"| {row.exercise} | {sentence} | {count} |"
        for row in exercise_rows
        for sentence, count in row.mistakes.items()
    ]
    lines += ["", "| learner | solved | still open | last answer |", "|:--|--:|:--|:--|"]
    lines += [
        f"| {row.learner} | {len(row.solved)} | {', '.join(row.open)} | {row.last} |"
        for row in learner_rows
    ]
    return "\n".join(lines)


def main():
    """Print the overview of a class as tables, and draw it into ``overview.png`` in the folder."""
    parser = argparse.ArgumentParser(prog="python -m nnutils.progress", description=main.__doc__)
    parser.add_argument(
        "folder", type=Path, help="holds one file for each learner: NAME.jsonl or .zip"
    )
    parser.add_argument("--notebook", default="", metavar="NN", help="this notebook only")
    options = parser.parse_args()
    try:
        answers = _class(options.folder)
    except ValueError as error:
        sys.exit(str(error))
    learners = {
        learner: [entry for entry in entries if entry["exercise"].startswith(options.notebook)]
        for learner, entries in answers.items()
    }
    rows = _exercise_rows(learners)
    if not rows:
        sys.exit(f"{len(learners)} learners, and none has tried an exercise yet.")
    print(f"{len(learners)} learners\n\n{_tables(_learner_rows(learners), rows)}")

    from nnutils.plotting import plot_class  # which imports Matplotlib

    figure, alt = plot_class(rows, len(learners))
    picture = options.folder / "overview.png"
    figure.savefig(picture, metadata={"Description": alt})
    print(f"\n{alt}\nThe picture is {picture}")


if __name__ == "__main__":
    main()
