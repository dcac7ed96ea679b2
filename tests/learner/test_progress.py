import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from nnutils import backup, progress
from nnutils.exercises import base

REPOSITORY = Path(progress.__file__).parents[1]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "own"))
    monkeypatch.setattr(progress, "_told", False)
    for name in progress.BINDER_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def line(exercise, result="solved", time="2030-01-02T03:04:05+00:00", mistake=None):
    entry = {"time": time, "exercise": exercise, "result": result, "mistake": mistake}
    return json.dumps(entry) + "\n"


def test_one_answer_is_one_line_of_json():
    before = datetime.now(UTC).replace(microsecond=0)
    progress.record("03.1", "wrong in a known way", "_strictly_above")
    progress.record("03.1", "solved")
    lines = progress.progress_file().read_text().splitlines()
    first, second = map(json.loads, lines)
    assert before <= datetime.fromisoformat(first.pop("time")) <= datetime.now(UTC)
    assert first == {
        "exercise": "03.1",
        "result": "wrong in a known way",
        "mistake": "_strictly_above",
    }
    assert second["mistake"] is None


def test_what_was_solved_once_stays_solved():
    for exercise, result in (
        ("03.1", "solved"),
        ("03.1", "wrong on this input"),
        ("03.2", "solved, but"),
        ("03.3", "raised this error"),
        ("03.q1", "wrong"),
    ):
        progress.record(exercise, result)
    assert progress.solved() == {"03.1", "03.2"}


def test_nothing_is_solved_without_a_file():
    assert progress.solved() == set()
    assert not progress.progress_file().exists()


def test_many_processes_write_at_once(capsys):
    code = (
        "import sys; from nnutils import progress\n"
        "for k in range(300): progress.record(f'03.{sys.argv[1]}-{k}', 'solved', 'm' * 200)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(n)]) for n in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert progress.solved() == {f"03.{n}-{k}" for n in range(4) for k in range(300)}
    lines = progress.progress_file().read_text().splitlines()
    assert len([line for line in lines if line]) == 1200
    assert capsys.readouterr().out == ""  # no line is damaged


def test_damaged_lines_are_skipped_and_reported(capsys):
    progress.record("03.1", "solved")
    with progress.progress_file().open("ab") as file:
        file.write(b"\n\xff\xfe\x00\n[1, 2]\n{}\n" + b"[" * 100_000 + b'\n{"time": "20')
    progress.record("03.2", "solved")  # after a line that broke off
    assert progress.solved() == {"03.1", "03.2"}
    assert capsys.readouterr().out == "progress.jsonl: 5 damaged line(s) skipped.\n"


def test_the_folder_of_the_variable_is_made(monkeypatch, tmp_path):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "a" / "b"))
    progress.record("03.1", "solved")
    assert (tmp_path / "a" / "b" / "progress.jsonl").is_file()


def test_the_folder_without_the_variable(monkeypatch, tmp_path):
    monkeypatch.delenv("NNUTILS_PROGRESS")
    monkeypatch.setattr("platformdirs.user_data_dir", lambda app, appauthor: str(tmp_path / app))
    assert progress.progress_file() == tmp_path / "nnutils" / "progress.jsonl"


@pytest.mark.parametrize("name", progress.BINDER_VARIABLES)
def test_under_binder_progress_lies_in_the_course_folder(monkeypatch, name):
    monkeypatch.setenv(name, "something")
    assert "own" in str(progress.progress_file())  # the variable of the course goes first
    monkeypatch.delenv("NNUTILS_PROGRESS")
    assert progress.progress_file() == REPOSITORY / ".progress" / "progress.jsonl"


def test_a_folder_that_cannot_be_written_gives_one_calm_line(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "file" / "folder"))
    progress.record("03.1", "solved")
    progress.record("03.1", "solved")
    said = capsys.readouterr().out
    assert said.startswith("Your progress is not saved (") and said.count("\n") == 1
    assert progress.solved() == set()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_gives_one_calm_line(monkeypatch, capsys):
    monkeypatch.setattr(progress, "progress_file", lambda: Path("/dev/full"))
    progress.record("03.1", "solved")
    assert "No space left" in capsys.readouterr().out


def test_export_and_import_are_the_same_file(monkeypatch, tmp_path):
    progress.record("03.1", "solved")
    progress.record("03.1", "solved")  # in the same second: an equal line, which is kept
    progress.record("03.2", "wrong on this input")
    own = progress.progress_file().read_text()
    assert progress.export_progress(tmp_path / "saved.jsonl") == 3
    assert (tmp_path / "saved.jsonl").read_text() == own

    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "elsewhere"))
    progress.record("04.1", "solved")
    assert progress.import_progress(tmp_path / "saved.jsonl") == 3
    assert progress.import_progress(tmp_path / "saved.jsonl") == 0
    assert progress.solved() == {"03.1", "04.1"}
    assert progress.progress_file().read_text().endswith(own)


def test_an_export_never_loses_what_the_file_held(tmp_path):
    saved = tmp_path / "saved.jsonl"
    saved.write_text(line("02.1") + "damaged\n" + line("02.2").rstrip("\n"))
    progress.record("03.1", "solved")
    assert progress.export_progress(saved) == 1
    assert progress.export_progress(saved) == 0
    assert saved.read_text().startswith(line("02.1") + "damaged\n" + line("02.2"))
    assert progress.import_progress(saved) == 2
    assert progress.solved() == {"02.1", "02.2", "03.1"}


def test_an_export_without_progress_makes_an_empty_file(tmp_path):
    assert progress.export_progress(tmp_path / "saved.jsonl") == 0
    assert (tmp_path / "saved.jsonl").read_text() == ""


def test_importing_what_is_no_file_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"path must be a file.*nowhere\.jsonl"):
        progress.import_progress(tmp_path / "nowhere.jsonl")


def test_importing_another_kind_of_file_adds_nothing(tmp_path, capsys):
    (tmp_path / "other.txt").write_text('{"cells": []}\nHello\n')
    assert progress.import_progress(tmp_path / "other.txt") == 0
    assert "other.txt: 2 damaged line(s) skipped." in capsys.readouterr().out


def test_overview_of_a_class(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "bo.jsonl").write_text(
        line("03.2", "wrong", "2030-01-03T00:00:00+00:00")
        + line("03.1", "wrong")
        + line("03.1", "solved, but")
    )
    (folder / "an.jsonl").write_text("")
    (folder / "notes.txt").write_text(line("03.9"))
    assert progress.overview(folder) == [
        ("an", [], [], ""),
        ("bo", ["03.1"], ["03.2"], "2030-01-03T00:00:00+00:00"),
    ]
    with pytest.raises(ValueError, match="folder must hold progress files"):
        progress.overview(tmp_path / "nowhere")


def known(exercise, mistake):
    return line(exercise, "wrong in a known way", mistake=mistake)


@pytest.fixture
def class_folder(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    files = {
        # twice the same mistake is one learner who made it
        "an": known("03.2", "_strictly_above") * 2 + line("03.2") + line("03.q1"),
        "bo": known("03.2", "_strictly_above") + known("03.2", "_turned_round"),
        "cy": line("03.2", "raised this error") + line("03.2", "solved, but"),
        "di": known("03.1", "_no_such_mistake") + line("02.1") + known("02.1", "_turned_round"),
        "ed": "",
    }
    for name, text in files.items():
        (folder / f"{name}.jsonl").write_text(text)
    return folder


def test_overview_of_the_exercises_of_a_class(class_folder):
    exercises = {
        exercise.id: exercise
        for module in base.exercise_modules().values()
        for exercise in module.EXERCISES
    }
    sentences = {
        (id, mistake.function.__name__): mistake.sentence
        for id, exercise in exercises.items()
        for mistake in exercise.mistakes
    }
    assert progress.exercise_overview(class_folder) == [
        ("02.1", exercises["02.1"].title, 1, 0, {sentences["02.1", "_turned_round"]: 1}),
        ("03.1", exercises["03.1"].title, 0, 1, {}),
        (
            "03.2",
            exercises["03.2"].title,
            2,
            1,
            {sentences["03.2", "_strictly_above"]: 2, sentences["03.2", "_turned_round"]: 1},
        ),
    ]


def test_damaged_files_of_a_class_are_skipped_and_named(class_folder, capsys):
    (class_folder / "fo.jsonl").write_bytes(b"\xff\x00 no progress file")
    (class_folder / "gi.jsonl").write_text("broken\n" + line("03.1"))
    (class_folder / "hu.jsonl").mkdir()
    learners = [row.learner for row in progress.overview(class_folder)]
    assert learners == ["an", "bo", "cy", "di", "ed", "gi"]
    said = capsys.readouterr().out
    assert "fo.jsonl: skipped, since no line can be read." in said
    assert "gi.jsonl: 1 damaged line(s) skipped." in said
    assert "hu.jsonl: skipped" in said


def test_a_class_may_hand_in_the_archives_that_notebook_00_saves(
    class_folder, monkeypatch, tmp_path, capsys
):
    progress.record("03.1", "solved")
    monkeypatch.chdir(tmp_path)
    (class_folder / "ja.zip").write_bytes(backup.pack_work())
    (class_folder / "ko.zip").write_bytes(b"no archive")
    with zipfile.ZipFile(class_folder / "li.zip", "w") as archive:
        archive.writestr("notebook.ipynb", "{}")
    rows = {row.learner: row.solved for row in progress.overview(class_folder)}
    assert rows["ja"] == ["03.1"]
    assert not {"ko", "li"} & rows.keys()
    said = capsys.readouterr().out
    assert "ko.zip: skipped (" in said and "li.zip: skipped (" in said


def test_a_file_of_a_class_that_cannot_be_read_is_skipped_and_named(
    class_folder, monkeypatch, capsys
):
    def read_text(path, **rest):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", read_text)
    assert progress.overview(class_folder) == []
    assert "an.jsonl: skipped ([Errno 13] Permission denied)." in capsys.readouterr().out


def run_command(*arguments):
    command = [sys.executable, "-m", "nnutils.progress", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)


def test_command_prints_tables_and_writes_a_picture_with_a_text(class_folder):
    result = run_command(class_folder, "--notebook", "03")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "5 learners"
    assert "| 03.2 Judge one roll | 2 | 1 |" in lines
    assert any(line.startswith("| 03.2 | A weighted sum of exactly") for line in lines)
    assert "| bo | 0 | 03.2 | 2030-01-02T03:04:05+00:00 |" in lines
    assert "02.1" not in result.stdout
    with Image.open(class_folder / "overview.png") as picture:
        assert "03.2: 2 solved, 1 still open" in picture.text["Description"]
        assert picture.text["Description"] in result.stdout


@pytest.mark.parametrize(
    ("folder", "message"),
    [("nowhere", "folder must hold progress files"), ("", "0 learners, and none has tried")],
)
def test_command_says_when_there_is_nothing_to_show(folder, message, tmp_path):
    result = run_command(tmp_path / folder)
    assert result.returncode == 1
    assert message in result.stderr


def test_summary_counts_each_notebook(monkeypatch):
    def module(exercises, questions):
        return SimpleNamespace(
            EXERCISES=[SimpleNamespace(id=id) for id in exercises],
            QUIZ=[SimpleNamespace(id=id) for id in questions],
        )

    modules = {"02": module(["02.1"], ["02.q1"]), "03": module(["03.1", "03.2"], ["03.q1"])}
    monkeypatch.setattr(base, "exercise_modules", lambda: modules)
    for id in ("03.1", "03.1", "03.q1", "03.9"):
        progress.record(id, "solved")
    progress.record("03.2", "wrong")
    assert progress.summary() == [
        ("02", "perceptron", 0, 1, 0, 1),
        ("03", "dice_sum_model", 1, 2, 1, 1),
    ]


def test_summary_of_the_real_course():
    assert [row.number for row in progress.summary()] == sorted(base.exercise_modules())
    assert all(row.solved == 0 < row.exercises for row in progress.summary())
