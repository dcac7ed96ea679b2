import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nnutils.learner import lines, progress
from nnutils.learner.services import BINDER_VARIABLES

REPOSITORY = Path(progress.__file__).parents[2]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "own"))
    monkeypatch.setattr(lines, "_told", set())
    for name in BINDER_VARIABLES:
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
        "import sys; from nnutils.learner import progress\n"
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


def test_the_folder_of_the_variable_as_services_pass_it(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # Windows
    monkeypatch.chdir(tmp_path)
    for value in ("~/course", " ~/course ", f"{tmp_path / 'course'} "):
        monkeypatch.setenv("NNUTILS_PROGRESS", value)
        assert progress.progress_file() == tmp_path / "course" / "progress.jsonl"
    monkeypatch.setenv("NNUTILS_PROGRESS", "kept/here")  # not in the folder of the notebook
    assert progress.progress_file() == REPOSITORY / "kept" / "here" / "progress.jsonl"


def test_the_folder_without_the_variable(monkeypatch, tmp_path):
    monkeypatch.delenv("NNUTILS_PROGRESS")
    monkeypatch.setattr("platformdirs.user_data_dir", lambda app, appauthor: str(tmp_path / app))
    assert progress.progress_file() == tmp_path / "nnutils" / "progress.jsonl"


@pytest.mark.parametrize("name", BINDER_VARIABLES)
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
