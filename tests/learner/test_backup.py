import io
import json
import zipfile

import pytest

from nnutils import backup, progress


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "progress"))
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def notebook(*sources, output=""):
    cells = [
        {"cell_type": "code", "source": [source], "outputs": [{"text": output}]}
        for source in sources
    ]
    return json.dumps({"cells": cells, "nbformat": 4})


def archive(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in files.items():
            packed.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def test_work_saved_in_one_session_is_back_in_the_next(folder):
    (folder / "03_dice.ipynb").write_text(notebook("return w * x"))
    (folder / "my_own.ipynb").write_text(notebook("1 + 1"))
    (folder / "data.csv").write_text("not packed")
    progress.record("03.1", "solved")
    data = backup.pack_work()

    for path in folder.glob("*"):
        path.unlink()
    progress.progress_file().unlink()
    (folder / "03_dice.ipynb").write_text(notebook("return ..."))  # as a fresh session has it
    text = backup.unpack_work(data)
    assert text.startswith("Notebooks brought back: 2. New lines of progress: 1.")
    assert json.loads((folder / "03_dice.ipynb").read_text())["cells"][0]["source"] == [
        "return w * x"
    ]
    assert (folder / "my_own.ipynb").is_file() and not (folder / "data.csv").exists()
    assert progress.solved() == {"03.1"}
    (shelf,) = folder.glob("replaced *")
    assert shelf.name in text
    assert (shelf / "03_dice.ipynb").read_text() == notebook("return ...")
    assert sorted(path.name for path in shelf.iterdir()) == ["03_dice.ipynb"]


def test_a_notebook_with_the_same_cells_stays_as_it_is(folder):
    path = folder / "01_neuron.ipynb"
    path.write_text(notebook("x = 1", output="old"))
    data = backup.pack_work()
    path.write_text(notebook("x = 1", output="new"))
    assert "Notebooks that were the same already: 1." in backup.unpack_work(data)
    assert path.read_text() == notebook("x = 1", output="new")
    assert [p.name for p in folder.iterdir()] == ["01_neuron.ipynb"]


def test_bringing_it_back_twice_changes_nothing_more(folder):
    (folder / "a.ipynb").write_text(notebook("a"))
    progress.record("01.1", "solved")
    data = backup.pack_work()
    (folder / "a.ipynb").write_text(notebook("b"))
    backup.unpack_work(data)
    before = sorted(folder.rglob("*"))
    assert backup.unpack_work(data).startswith(
        "Notebooks brought back: 0. New lines of progress: 0."
    )
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "Save my work"),
        (b"", "Save my work"),
        (archive(a__ipynb=notebook("a"))[:-30], "Save my work"),
        (archive(a__ipynb=notebook("a"), b__txt="text"), "got 'b.txt'"),
        (archive(a__ipynb="{}"), "got 'a.ipynb'"),
        (archive(a__ipynb="[1"), "got 'a.ipynb'"),
        (archive(**{"../a__ipynb": notebook("a")}), r"got '\.\./a\.ipynb'"),
        (archive(**{"folder/a__ipynb": notebook("a")}), "got 'folder/a.ipynb'"),
    ],
)
def test_any_other_file_is_refused_and_changes_nothing(folder, data, message):
    (folder / "a.ipynb").write_text(notebook("mine"))
    with pytest.raises(ValueError, match=message):
        backup.unpack_work(data)
    assert [p.name for p in folder.parent.rglob("*") if p.is_file()] == ["a.ipynb"]
    assert (folder / "a.ipynb").read_text() == notebook("mine")


def test_the_widget_sends_the_file_and_takes_it_back(folder, monkeypatch):
    (folder / "a.ipynb").write_text(notebook("a"))
    sent = []
    monkeypatch.setattr(backup.BackupWidget, "send", lambda _, *message: sent.append(message))
    widget = backup.BackupWidget()
    widget._handle_custom_msg("save", [])
    ((content, (data,)),) = sent
    assert content["name"].endswith(".zip") and content["name"] in widget.message
    (folder / "a.ipynb").unlink()
    widget._handle_custom_msg("restore", [memoryview(data)])
    assert (folder / "a.ipynb").is_file()
    assert widget.message.startswith("Notebooks brought back: 1. New lines of progress: 0.")
    widget._handle_custom_msg("restore", [memoryview(b"something else")])
    assert widget.message.startswith("That did not work: the file must be one that “Save my work”")


def test_a_page_without_a_kernel_says_what_would_be_there():
    data = backup.BackupWidget()._repr_mimebundle_()[0]
    assert data["text/plain"] == "Two buttons: Save my work, Bring my work back"
