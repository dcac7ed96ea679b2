"""How a class fares, from the progress files that its learners have handed in.

::

    python -m tools.class_overview FOLDER [--notebook 03]

The folder holds one file for each learner: NAME.jsonl, or NAME.zip as notebook 00 saves it.
"""

import argparse
import statistics
import sys
import textwrap
import zipfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from matplotlib import style
from matplotlib.figure import Figure

from nnutils import plotting
from nnutils.exercises.course import exercises_of, find_exercise, numbers, questions_of
from nnutils.exercises.guesses import GUESSED, REVEALED
from nnutils.learner import progress
from nnutils.learner.progress import solved_in

PAUSE = 60  # minutes: whoever answers nothing for longer is doing something else


class LearnerRow(NamedTuple):
    """A learner, what is solved, what was tried but is still open, the time of the last answer.

    Exercises and questions are named by their numbers, such as "03.2".
    """

    learner: str
    solved: list
    open: list
    last: str


class ExerciseRow(NamedTuple):
    """An exercise, by how many learners it is solved or still open, and their known mistakes.

    ``mistakes`` gives for the sentence of each mistake how many learners made it, solved or not.
    ``minutes`` is the median that learners took, or None; ``estimate`` is what the course expects.
    """

    number: str
    title: str
    solved: int
    open: int
    mistakes: dict
    minutes: float | None = None
    estimate: int = 8


def read_class(folder):
    """Return {learner: answers} of the progress files in ``folder``; say what was skipped.

    Raises ValueError when there is no such folder.
    """
    if not Path(folder).is_dir():
        raise ValueError(f"folder must hold progress files, got {str(folder)!r}")
    learners = {}
    for path in sorted(Path(folder).iterdir()):
        if path.suffix not in (".jsonl", ".zip"):
            continue
        try:
            answers = progress.read(path)
            is_empty = not answers and not progress.text_of(path).strip()
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            print(f"{path.name}: skipped ({error}).")
            continue
        if answers or is_empty:
            learners[path.stem] = answers
        else:
            print(f"{path.name}: skipped, since no line can be read.")
    return learners


def learner_rows(learners, notebook=""):
    """Return one ``LearnerRow`` for each of ``learners``, by the answers in one notebook ("03")."""
    number = numbers(exercises_of) | {
        name: f"question {k}" for name, k in numbers(questions_of).items()
    }
    rows = []
    for learner, answers in learners.items():
        places = [number.get(answer["exercise"], "").partition(".")[0] for answer in answers]
        answers = [a for a, place in zip(answers, places) if place.endswith(notebook)]
        done = solved_in(answers)
        judged = [answer for answer in answers if answer["result"] not in (GUESSED, REVEALED)]
        tried = {answer["exercise"] for answer in judged}
        rows.append(
            LearnerRow(
                learner,
                sorted(number.get(name, name) for name in done),
                sorted(number.get(name, name) for name in tried - done),
                max((answer["time"] for answer in answers), default=""),
            )
        )
    return rows


def exercise_rows(learners, notebook=""):
    """Return one ``ExerciseRow`` for each exercise that one of ``learners`` has tried."""
    rows = [
        exercise_row(find_exercise(name), number, learners.values())
        for name, number in numbers(exercises_of).items()
        if number.startswith(notebook)
    ]
    return [row for row in rows if row.solved + row.open]


def exercise_row(exercise, number, learners):
    """Return the ``ExerciseRow`` of one exercise; ``learners`` holds the answers of each."""
    answers = [[a for a in each if a["exercise"] == exercise.name] for each in learners]
    tried = sum(map(bool, answers))
    solved = sum(bool(solved_in(each)) for each in answers)
    made = [{answer.get("mistake") for answer in each} for each in answers]
    counts = {m.sentence: sum(m.name in names for names in made) for m in exercise.mistakes}
    often_first = sorted(counts.items(), key=lambda item: -item[1])
    mistakes = {sentence: count for sentence, count in often_first if count}
    taken = [minutes_taken(each, exercise.name) for each in learners]
    taken = [minutes for minutes in taken if minutes is not None]
    median = statistics.median(taken) if taken else None
    return ExerciseRow(
        number, exercise.title, solved, tried - solved, mistakes, median, exercise.minutes
    )


def minutes_taken(answers, name):
    """Return the minutes from the answer before the exercise ``name`` to the one that solved it.

    None where the learner has not solved it, where it was the first thing tried, and where more
    than PAUSE minutes lie between two of these answers.
    """
    answers = sorted(answers, key=lambda answer: answer["time"])
    places = [k for k, answer in enumerate(answers) if answer["exercise"] == name]
    right = [k for k in places if solved_in([answers[k]])]
    if not right or places[0] == 0:
        return None
    times = [datetime.fromisoformat(a["time"]) for a in answers[places[0] - 1 : right[0] + 1]]
    gaps = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(times)]
    return sum(gaps) if max(gaps) <= PAUSE else None


def tables(learners, exercises):
    """Return the rows of learners and of exercises as three tables in Markdown."""
    lines = [
        "Minutes: the median from the answer before an exercise to the one that solved it.",
        "",
        "| exercise | solved | still open | minutes | estimate |",
        "|:--|--:|--:|--:|--:|",
    ]
    for row in exercises:
        minutes = "" if row.minutes is None else f"{row.minutes:.0f}"
        cells = (f"{row.number} {row.title}", row.solved, row.open, minutes, row.estimate)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += ["", "| exercise | known mistake | made by |", "|:--|:--|--:|"]
    lines += [
        f"| {row.number} | {sentence} | {count} |"
        for row in exercises
        for sentence, count in row.mistakes.items()
    ]
    lines += ["", "| learner | solved | still open | last answer |", "|:--|--:|:--|:--|"]
    lines += [
        f"| {row.learner} | {len(row.solved)} | {', '.join(row.open)} | {row.last} |"
        for row in learners
    ]
    return "\n".join(lines)


def plot_class(rows, learners):
    """Draw how a class of so many ``learners`` fares; return the figure and a text that tells it.

    ``rows`` come from ``exercise_rows``. Each exercise is a thick bar, and each of its known
    mistakes a thin one below: how many learners made it.
    """
    places, mistakes, place = [], [], 0.0
    for row in rows:
        places.append(place)
        mistakes += [(place + k, *made) for k, made in enumerate(row.mistakes.items(), start=1)]
        place += len(row.mistakes) + 1.4
    with style.context(["default", plotting.STYLE]):
        figure = Figure(figsize=(12, 1.6 + 0.4 * place))
        ax = figure.subplots()
    solved, still_open = [row.solved for row in rows], [row.open for row in rows]
    counts = [count for _, _, count in mistakes]
    bars = ax.barh(places, solved, 0.9, color=plotting.BLUE, label="solved")
    ax.bar_label(bars, [count or "" for count in solved], label_type="center", color="white")
    bars = ax.barh(
        places, still_open, 0.9, solved, color=plotting.YELLOW, label="tried, still open"
    )
    ax.bar_label(bars, [count or "" for count in still_open], label_type="center")
    bars = ax.barh([place for place, _, _ in mistakes], counts, 0.4, color=plotting.ORANGE)
    bars.set_label("made this known mistake")
    ax.bar_label(bars, padding=4)

    sentences = [textwrap.shorten(sentence, 120, placeholder=" …") for _, sentence, _ in mistakes]
    ax.set_yticks(
        [*places, *(place for place, _, _ in mistakes)],
        [f"{row.number} {row.title}" for row in rows]
        + [textwrap.fill(sentence, 62) for sentence in sentences],
    )
    for k, label in enumerate(ax.get_yticklabels()):
        label.set(fontsize=12 if k < len(rows) else 10, parse_math=False)
        label.set_fontweight("bold" if k < len(rows) else "normal")
    ax.set(xlim=(0, learners), ylim=(place - 0.7, -0.8), xlabel=f"learners, of {learners}")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper center", ncols=3)
    told = [f"{row.number}: {row.solved} solved, {row.open} still open" for row in rows]
    told += [f"{count} made the mistake: {sentence}" for _, sentence, count in mistakes]
    return figure, f"{learners} learners. {'; '.join(told)}"


def main():
    """Print the overview of a class as tables, and draw it into ``overview.png`` in the folder."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.class_overview", description=main.__doc__
    )
    parser.add_argument(
        "folder", type=Path, help="holds one file for each learner: NAME.jsonl or .zip"
    )
    parser.add_argument("--notebook", default="", metavar="NN", help="this notebook only")
    options = parser.parse_args()
    try:
        learners = read_class(options.folder)
    except ValueError as error:
        sys.exit(str(error))
    rows = exercise_rows(learners, options.notebook)
    if not rows:
        sys.exit(f"{len(learners)} learners, and none has tried an exercise yet.")
    print(f"{len(learners)} learners\n\n{tables(learner_rows(learners, options.notebook), rows)}")

    figure, alt = plot_class(rows, len(learners))
    picture = options.folder / "overview.png"
    print(f"\n{alt}")
    try:
        figure.savefig(picture, metadata={"Description": alt})
    except OSError as error:
        sys.exit(f"The picture is not saved: {error}")
    print(f"The picture is {picture}")


if __name__ == "__main__":
    main()
