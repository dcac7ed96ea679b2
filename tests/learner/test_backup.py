import io
import json
import zipfile

import numpy as np
import pytest

from nnutils.learner import backup, drawings, progress


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


def archive(files, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content, method)  # of 1980, whenever it runs
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


def test_the_digits_of_ones_own_come_back_too(folder):
    picture = np.full((28, 28), 7, np.uint8)
    drawings.keep(picture, 3)
    drawings.record_reading("perceptron", 1, 1)
    data = backup.pack_work()
    drawings.forget()
    drawings.keep(picture, 8)
    assert "Digits of your own brought back: 1." in backup.unpack_work(data)
    assert sorted(drawings.load().labels) == [3, 8]
    assert drawings.readings() == {"perceptron": (1, 1)}
    assert "Digits of your own brought back: 0." in backup.unpack_work(data)


def test_an_archive_from_before_there_were_drawings_leaves_them_alone(folder):
    drawings.keep(np.full((28, 28), 7, np.uint8), 3)
    old = archive({"a.ipynb": notebook("a"), progress.FILE_NAME: ""})
    assert "Digits" not in backup.unpack_work(old)
    assert drawings.load().labels.tolist() == [3]


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


def damaged():
    """Return an archive in which compressed bytes are overwritten."""
    data = archive({"a.ipynb": notebook("a")}, zipfile.ZIP_DEFLATED)
    return data[:40] + b"\xff" * 20 + data[60:]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "Save my work"),
        (b"", "Save my work"),
        (archive({"a.ipynb": notebook("a")})[:-30], "Save my work"),
        (damaged(), "Save my work"),
        (archive({"a.ipynb": notebook("a"), "b.txt": "text"}), "got 'b.txt'"),
        (archive({"a.ipynb": "{}"}), "got 'a.ipynb'"),
        (archive({"a.ipynb": "[1"}), "got 'a.ipynb'"),
        (archive({"../a.ipynb": notebook("a")}), r"got '\.\./a\.ipynb'"),
        (archive({"..\\a.ipynb": notebook("a")}), r"got '\.\./a\.ipynb'"),
        (archive({"/a.ipynb": notebook("a")}), "got '/a.ipynb'"),
        (archive({"one/../../a.ipynb": notebook("a")}), r"got 'one/\.\./\.\./a\.ipynb'"),
        (archive({"one/two/a.ipynb": notebook("a")}), "got 'one/two/a.ipynb'"),
        (archive({"a.ipynb": notebook("a"), "b/b.ipynb": notebook("b")}), "got 'b/b.ipynb'"),
    ],
)
def test_any_other_file_is_refused_and_changes_nothing(folder, data, message):
    (folder / "a.ipynb").write_text(notebook("mine"))
    with pytest.raises(ValueError, match=message):
        backup.unpack_work(data)
    assert [p.name for p in folder.parent.rglob("*") if p.is_file()] == ["a.ipynb"]
    assert (folder / "a.ipynb").read_text() == notebook("mine")


ADDED_BY_SYSTEMS = {
    "macOS": ("__MACOSX/._{}", "._.DS_Store", ".DS_Store"),
    "Windows": ("{}Thumbs.db", "{}desktop.ini"),
    "JupyterLab": ("{}.ipynb_checkpoints/a-checkpoint.ipynb",),
}


@pytest.mark.parametrize("around", ["", "my work/", "my work\\", "./"])
@pytest.mark.parametrize("system", ADDED_BY_SYSTEMS)
def test_what_systems_add_to_an_archive_does_not_matter(folder, around, system):
    files = {
        f"{around}a.ipynb": notebook("a"),
        f"{around}progress.jsonl": "",
        f"{around}drawings.jsonl": "",
    }
    files |= {around: ""} if around else {}
    files |= {name.format(around): "not a notebook" for name in ADDED_BY_SYSTEMS[system]}
    assert backup.unpack_work(archive(files)).startswith("Notebooks brought back: 1.")
    assert [path.name for path in folder.rglob("*")] == ["a.ipynb"]
    assert (folder / "a.ipynb").read_text() == notebook("a")


def test_hidden_files_are_nobodys_work(folder):
    (folder / "a.ipynb").write_text(notebook("a"))
    (folder / "._a.ipynb").write_bytes(b"\x00\x05\x16\x07")  # as macOS writes it on a USB stick
    assert zipfile.ZipFile(io.BytesIO(backup.pack_work())).namelist() == ["a.ipynb"]


class View:
    """What a view on the page does: `saved` are the files it got, by name."""

    def __init__(self, widget, messages, name):
        self.widget, self.messages, self.name, self.saved = widget, messages, name, {}

    def send(self, *buffers, **content):
        self.widget._handle_custom_msg({"view": self.name, **content}, list(buffers))

    def take(self):
        """Take the answers that are for this view; return where the next piece begins."""
        wanted = None
        for content, *buffers in [m for m in self.messages if m[0]["view"] == self.name]:
            wanted = content.get("next")
            if "name" in content:
                ((self.saved[content["name"]],),) = buffers
        self.messages[:] = [m for m in self.messages if m[0]["view"] != self.name]
        return wanted

    def send_piece(self, data, at, size):
        self.send(memoryview(data)[at : at + size], at=at, size=len(data))
        return self.take()


@pytest.fixture
def views(folder, monkeypatch):
    """Two views of one widget."""
    messages = []
    monkeypatch.setattr(backup.BackupWidget, "send", lambda _, *message: messages.append(message))
    widget = backup.BackupWidget()
    return View(widget, messages, 0.1), View(widget, messages, 0.2)


def test_the_file_goes_to_the_view_that_asks_for_it(folder, views):
    (folder / "a.ipynb").write_text(notebook("a"))
    one, other = views
    one.send(save=True)
    assert other.take() is None and other.saved == {}
    assert one.take() is None
    ((name, data),) = one.saved.items()
    assert name.endswith(".zip") and name in one.widget.message
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["a.ipynb"]


def test_a_file_comes_back_in_pieces_from_each_view(folder, views):
    big = {name: archive({f"{name}.ipynb": notebook(name * 1000)}) for name in "ab"}
    places = dict.fromkeys("ab", 0)
    while any(place is not None for place in places.values()):  # the views take turns
        for view, name in zip(views, "ab"):
            if places[name] is not None:
                places[name] = view.send_piece(big[name], places[name], 300)
    for name in "ab":
        assert (folder / f"{name}.ipynb").read_text() == notebook(name * 1000)
    assert views[0].widget.message.startswith("Notebooks brought back: 1. New lines of progress: 0")


@pytest.mark.parametrize(
    ("variable", "kept"), [("COLAB_RELEASE_TAG", "in Drive"), ("KAGGLE_KERNEL_RUN_TYPE", "Version")]
)
def test_a_service_that_keeps_the_notebook_elsewhere_is_told(
    folder, views, monkeypatch, variable, kept
):
    view, _ = views
    data = archive({"a.ipynb": notebook("a")})
    view.send(save=True)
    assert kept not in view.widget.message
    view.send_piece(data, 0, len(data))
    assert "F5" in view.widget.message
    monkeypatch.setenv(variable, "something")
    view.send(save=True)
    assert kept in view.widget.message
    view.send_piece(data, 0, len(data))
    assert kept in view.widget.message and "F5" not in view.widget.message


def test_a_view_can_begin_anew_and_hears_of_every_failure(folder, views, monkeypatch):
    view, _ = views
    data = archive({"a.ipynb": notebook("a")})
    assert view.send_piece(data, 0, 50) == 50
    for wrong in (b"something else", b""):
        assert view.send_piece(wrong, 0, 50) is None
        assert view.widget.message.startswith("That did not work: the file must be one that “Save")
    monkeypatch.setattr(backup, "_write", lambda *_: 1 / 0)
    view.send_piece(data, 0, len(data))
    assert view.widget.message == "That did not work: division by zero"


def test_a_page_without_a_kernel_says_what_would_be_there():
    data = backup.BackupWidget()._repr_mimebundle_()[0]
    assert data["text/plain"] == "Two buttons: Save my work, Bring my work back"
