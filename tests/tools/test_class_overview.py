import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from nnutils.exercises.course import find_exercise
from nnutils.learner import backup, progress
from tools.class_overview import (
    ExerciseRow,
    exercise_rows,
    learner_rows,
    minutes_taken,
    plot_class,
    read_class,
    tables,
)
from tools.notebooks import ROOT


def line(exercise, result="solved", time="2030-01-02T03:04:05+00:00", mistake=None):
    entry = {"time": time, "exercise": exercise, "result": result, "mistake": mistake}
    return json.dumps(entry) + "\n"


def test_overview_of_a_class(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "bo.jsonl").write_text(
        line("judge_roll", "wrong", "2030-01-03T00:00:00+00:00")
        + line("one_die_more", "wrong")
        + line("one_die_more", "solved, but")
    )
    (folder / "an.jsonl").write_text("")
    (folder / "cy.jsonl").write_text(line("how_many_are_big", "guessed"))
    (folder / "notes.txt").write_text(line("gone"))
    assert learner_rows(read_class(folder)) == [
        ("an", [], [], ""),
        ("bo", ["03.1"], ["03.2"], "2030-01-03T00:00:00+00:00"),
        ("cy", [], [], "2030-01-02T03:04:05+00:00"),  # a guess is neither solved nor open
    ]
    with pytest.raises(ValueError, match="folder must hold progress files"):
        read_class(tmp_path / "nowhere")


def known(exercise, mistake):
    return line(exercise, "wrong in a known way", mistake=mistake)


@pytest.fixture
def class_folder(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    files = {
        # twice the same mistake is one learner who made it
        "an": known("judge_roll", "strictly_above") * 2
        + line("judge_roll")
        + line("thresholds_that_work"),
        "bo": known("judge_roll", "strictly_above") + known("judge_roll", "turned_round"),
        "cy": line("judge_roll", "raised this error") + line("judge_roll", "solved, but"),
        "di": known("one_die_more", "no_such_mistake")
        + line("neuron")
        + known("neuron", "turned_round"),
        "ed": "",
    }
    for name, text in files.items():
        (folder / f"{name}.jsonl").write_text(text)
    return folder


def test_overview_of_the_exercises_of_a_class(class_folder):
    sentences = {
        (name, mistake.name): mistake.sentence
        for name in ("neuron", "judge_roll")
        for mistake in find_exercise(name).mistakes
    }
    rows = exercise_rows(read_class(class_folder))
    assert [row[:5] for row in rows] == [
        ("02.1", "Write a neuron", 1, 0, {sentences["neuron", "turned_round"]: 1}),
        ("03.1", "Throw in one more die", 0, 1, {}),
        (
            "03.2",
            "Judge one roll",
            2,
            1,
            {
                sentences["judge_roll", "strictly_above"]: 2,
                sentences["judge_roll", "turned_round"]: 1,
            },
        ),
    ]
    assert [row.number for row in exercise_rows(read_class(class_folder), "02")] == ["02.1"]


def at(minute, exercise, result="solved"):
    return {
        "time": f"2030-01-02T0{minute // 60}:{minute % 60:02}:00+00:00",
        "exercise": exercise,
        "result": result,
    }


def test_minutes_run_from_the_answer_before_to_the_one_that_solves():
    answers = [at(0, "one_die_more"), at(3, "judge_roll", "wrong"), at(7, "judge_roll")]
    answers += [at(9, "judge_roll"), at(60, "double_loop", "wrong"), at(200, "double_loop")]
    answers += [at(205, "fair_threshold", "wrong")]
    assert minutes_taken(answers, "judge_roll") == 7
    assert minutes_taken(reversed(answers), "judge_roll") == 7
    assert minutes_taken(answers, "one_die_more") is None  # nobody knows when it was begun
    assert minutes_taken(answers, "double_loop") is None  # a long pause
    assert minutes_taken(answers, "fair_threshold") is None  # not solved
    assert minutes_taken(answers, "cnn") is None


def test_the_overview_sets_the_median_beside_the_estimate():
    learners = {
        name: [at(0, "one_die_more"), at(minutes, "judge_roll")]
        for name, minutes in (("an", 4), ("bo", 6), ("cy", 50))
    }
    row = exercise_rows(learners)[1]
    assert (row.minutes, row.estimate) == (6, find_exercise("judge_roll").minutes)
    assert f"| 03.2 Judge one roll | 3 | 0 | 6 | {row.estimate} |" in tables([], [row])


def test_damaged_files_of_a_class_are_skipped_and_named(class_folder, capsys):
    (class_folder / "fo.jsonl").write_bytes(b"\xff\x00 no progress file")
    (class_folder / "gi.jsonl").write_text("broken\n" + line("one_die_more"))
    (class_folder / "hu.jsonl").mkdir()
    learners = [row.learner for row in learner_rows(read_class(class_folder))]
    assert learners == ["an", "bo", "cy", "di", "ed", "gi"]
    said = capsys.readouterr().out
    assert "fo.jsonl: skipped, since no line can be read." in said
    assert "gi.jsonl: 1 damaged line(s) skipped." in said
    assert "hu.jsonl: skipped" in said


def test_a_class_may_hand_in_the_archives_that_notebook_00_saves(
    class_folder, monkeypatch, tmp_path, capsys
):
    progress.record("one_die_more", "solved")
    monkeypatch.chdir(tmp_path)
    (class_folder / "ja.zip").write_bytes(backup.pack_work())
    with zipfile.ZipFile(class_folder / "ju.zip", "w") as archive:  # as a Mac packs a folder
        archive.writestr("work/progress.jsonl", progress.progress_file().read_bytes())
        archive.writestr("__MACOSX/work/._progress.jsonl", b"not text")
    (class_folder / "ko.zip").write_bytes(b"no archive")
    with zipfile.ZipFile(class_folder / "li.zip", "w") as archive:
        archive.writestr("notebook.ipynb", "{}")
    rows = {row.learner: row.solved for row in learner_rows(read_class(class_folder))}
    assert rows["ja"] == rows["ju"] == ["03.1"]
    assert not {"ko", "li"} & rows.keys()
    said = capsys.readouterr().out
    assert "ko.zip: skipped (" in said and "li.zip: skipped (" in said


def test_a_file_of_a_class_that_cannot_be_read_is_skipped_and_named(
    class_folder, monkeypatch, capsys
):
    def read_text(path, **rest):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", read_text)
    assert learner_rows(read_class(class_folder)) == []
    assert "an.jsonl: skipped ([Errno 13] Permission denied)." in capsys.readouterr().out


def run_command(*arguments, **environment):
    command = [sys.executable, "-m", "tools.class_overview", *map(str, arguments)]
    environment = os.environ | environment
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8")


def test_command_prints_tables_and_writes_a_picture_with_a_text(class_folder):
    result = run_command(class_folder, "--notebook", "03")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "5 learners"
    assert "| 03.2 Judge one roll | 2 | 1 |  | 8 |" in lines
    assert any(line.startswith("| 03.2 | A weighted sum of exactly") for line in lines)
    assert "| bo | 0 | 03.2 | 2030-01-02T03:04:05+00:00 |" in lines
    assert "neuron" not in result.stdout
    with Image.open(class_folder / "overview.png") as picture:
        assert "03.2: 2 solved, 1 still open" in picture.text["Description"]
        assert picture.text["Description"] in result.stdout


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"PYTHONIOENCODING": "ascii"}, "李 Żaneta"),
        ({"PYTHONIOENCODING": "cp1252"}, "李 Żaneta"),
        (  # where Python cannot read the name of the file
            {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
            r"\udce6\udc9d\udc8e \udcc5\udcbbaneta",
        ),
    ],
    ids=["ascii", "cp1252", "C"],
)
def test_what_the_tools_print_is_utf_8_on_every_system(class_folder, environment, name):
    if "LC_ALL" in environment and sys.platform != "linux":
        pytest.skip("names of files are bytes on Linux only")
    (class_folder / "李 Żaneta.jsonl").write_text(known("judge_roll", "turned_round"))
    result = run_command(class_folder, **environment)
    assert result.returncode == 0, result.stderr
    assert f"| {name} | 0 | 03.2 |" in result.stdout
    assert (class_folder / "overview.png").is_file()


def test_the_tables_are_printed_where_the_picture_cannot_be_written(class_folder):
    (class_folder / "overview.png").mkdir()
    result = run_command(class_folder)
    assert result.returncode == 1 and "| 03.2 Judge one roll |" in result.stdout
    assert result.stderr.startswith("The picture is not saved: ")


@pytest.mark.parametrize(
    ("folder", "message"),
    [("nowhere", "folder must hold progress files"), ("", "0 learners, and none has tried")],
)
def test_command_says_when_there_is_nothing_to_show(folder, message, tmp_path):
    result = run_command(tmp_path / folder)
    assert result.returncode == 1
    assert message in result.stderr


def test_class_shows_each_exercise_and_each_mistake_with_its_number():
    rows = [
        ExerciseRow("03.1", "Throw in one more die", 20, 3, {"Add up.": 7, "One too long.": 2}),
        ExerciseRow("03.2", "Judge one roll", 0, 5, {}),
    ]
    figure, alt = plot_class(rows, learners=30)
    (ax,) = figure.axes
    widths = [[bar.get_width() for bar in bars] for bars in ax.containers]
    assert widths == [[20, 0], [3, 5], [7, 2]]
    starts = [bar.get_x() for bar in ax.containers[1]]
    assert starts == [20, 0]  # what is still open stands behind what is solved
    labels = {
        round(place, 1): label.get_text()
        for place, label in zip(ax.get_yticks(), ax.get_yticklabels())
    }
    assert list(labels.values()) == [
        "03.1 Throw in one more die",
        "03.2 Judge one roll",
        "Add up.",
        "One too long.",
    ]
    assert sorted(labels) == sorted(
        round(bar.get_y() + bar.get_height() / 2, 1)
        for bars in (ax.containers[0], ax.containers[2])
        for bar in bars
    )
    assert ax.get_xlim() == (0, 30)
    assert alt == (
        "30 learners. 03.1: 20 solved, 3 still open; 03.2: 0 solved, 5 still open; "
        "7 made the mistake: Add up.; 2 made the mistake: One too long."
    )


def test_nothing_in_the_picture_of_a_class_is_cut_off_or_overlaps():
    sentence = "The weights move the wrong way, and this sentence goes on and on. " * 4
    rows = [
        ExerciseRow(
            f"0{n}.{k}", "A title of an ordinary length", 9, 2, {sentence + str(n): 1, "b": 2}
        )
        for n in range(10)
        for k in range(1, 7)
    ]
    figure, _ = plot_class(rows, learners=11)
    figure.draw_without_rendering()
    _, height = figure.canvas.get_width_height()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert min(box.x0 for box in boxes) >= 0
    boxes.sort(key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 for low, high in zip(boxes, boxes[1:]))
    (legend,) = figure.legends
    assert legend.get_window_extent().y0 >= boxes[-1].y1
    assert legend.get_window_extent().y1 <= height
