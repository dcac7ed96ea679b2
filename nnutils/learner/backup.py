"""A learner's work as one file: notebooks, progress, drawings. Notebook 00 shows the two buttons.

The file is a ZIP archive that a browser saves. On Binder, where a session's files vanish, it is the
way to take the work along and to bring it back.
"""

import io
import json
import os
import zipfile
import zlib
from datetime import datetime
from pathlib import Path

import anywidget
import traitlets

from nnutils.learner import drawings, progress
from nnutils.learner.services import this_service
from nnutils.learner.view import script


def pack_work(folder="."):
    """Return a ZIP archive, as bytes, of all notebooks in ``folder``, progress and drawings."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(Path(folder).glob("[!.]*.ipynb")):
            archive.write(path, path.name)
        for path in (progress.progress_file(), drawings.drawings_file()):
            if path.is_file():
                archive.write(path, path.name)
    return buffer.getvalue()


def unpack_work(data, folder="."):
    """Bring the archive ``data``, bytes from ``pack_work``, back; say in a sentence what was done.

    A notebook whose cells are the same stays as it is. One that differs is replaced, and moved into
    a new folder "replaced …" beside it, so that nothing is lost. The progress and the drawings get
    the lines that they lack. The archive may have been unpacked and packed again on any system.
    Raises ValueError, and changes nothing, when ``data`` is no such archive.
    """
    files = _read(data)
    progress_lines = files.pop(progress.FILE_NAME, None)
    drawn = files.pop(drawings.FILE_NAME, b"").decode("utf-8", errors="replace")
    folder = Path(folder)
    old = {name: folder / name for name in files if (folder / name).exists()}
    same = {name for name, path in old.items() if _cells(path.read_bytes()) == _cells(files[name])}
    shelf = folder / f"replaced {datetime.now():%Y-%m-%d %H.%M.%S}"
    for name in sorted(files.keys() - same):
        _write(folder / name, files[name], shelf / name if name in old else None)
    lines = 0 if progress_lines is None else _merge_progress(progress_lines)
    text = f"Notebooks brought back: {len(files) - len(same)}. New lines of progress: {lines}."
    if drawn:
        text += f" Digits of your own brought back: {drawings.bring_back(drawn)}."
    if same:
        text += f" Notebooks that were the same already: {len(same)}."
    if shelf.exists():
        text += f" What was replaced lies in the folder “{shelf.name}”."
    return text


class BackupWidget(anywidget.AnyWidget):
    """Two buttons: one saves the learner's work as a file, the other brings it back.

    The notebooks are those in the folder in which the kernel runs, the notebook's own. A service
    that keeps the notebook elsewhere is named in the message.

    A view on the page asks for the file by ``{"save": True, "view": …}``, and the answer
    ``{"name": …}`` brings it. A file comes back in pieces, each with ``{"at": …, "size": …,
    "view": …}``, its place and the size of the file in bytes; the answer ``{"next": …}`` asks for
    the piece at this place. Answers reach every view, and name the one that they are for.
    """

    _esm = script(Path(__file__).with_name("backup.js"))
    _ipython_display_ = None  # ipywidgets 7 has one, which would not show the text
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self):
        super().__init__()
        self._arriving = {}  # by the view, the pieces of its file so far
        self.on_msg(self._asked)

    def _asked(self, _widget, content, buffers):
        try:
            if "save" in content:
                self._save(content["view"])
            else:
                self._restore(**content, piece=buffers[0])
        except Exception as error:  # whatever it is, the page must not wait in vain
            self.message = f"That did not work: {error}"

    def _save(self, view):
        self.message = ""
        name = f"neural_networks_{datetime.now():%Y-%m-%d}.zip"
        self.send({"view": view, "name": name}, [pack_work()])
        self.message = f"Your work is in the file {name}. Keep it on your own machine.{_notebook()}"

    def _restore(self, view, at, size, piece):
        if at == 0:
            self.message = ""
            self._arriving[view] = bytearray()
        data = self._arriving[view]
        data += piece
        if len(data) < size:
            self.send({"view": view, "next": len(data)})
        else:
            done = unpack_work(self._arriving.pop(view))
            self.message = done + (_notebook() or " Reload this page (F5) to see it.")

    def _repr_mimebundle_(self, **_):
        data, metadata = super()._repr_mimebundle_()
        return data | {"text/plain": "Two buttons: Save my work, Bring my work back"}, metadata


def _notebook():
    """Return what keeps the notebook itself, where no file of it lies in the kernel's folder."""
    service = this_service()
    return f" {service.keeps_notebook}" if service and service.keeps_notebook else ""


def _read(data):
    """Return the files of an archive as a dict of bytes; raise ValueError for any other archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = progress.files_in(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"the file must be one that “Save my work” made ({error})") from None
    for name, content in files.items():
        if name in (progress.FILE_NAME, drawings.FILE_NAME):
            continue
        if Path(name).name != name or not name.endswith(".ipynb") or _cells(content) is None:
            raise ValueError(
                f"the file must hold notebooks, {progress.FILE_NAME} and {drawings.FILE_NAME}, "
                f"got {name!r}, which is none of these"
            )
    return files


def _cells(content):
    """Return kind and source of each cell of a notebook's bytes; None if it is no notebook."""
    try:
        return [
            (cell["cell_type"], "".join(cell["source"])) for cell in json.loads(content)["cells"]
        ]
    except (ValueError, KeyError, TypeError):
        return None


def _write(path, content, shelf):
    """Write ``content`` to ``path``; what is there goes to ``shelf`` first."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    if shelf is not None:
        shelf.parent.mkdir(exist_ok=True)
        os.replace(path, shelf)
    os.replace(part, path)


def _merge_progress(lines):
    part = progress.progress_file().with_name(f"{progress.FILE_NAME}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(lines)
    try:
        return progress.import_progress(part)
    finally:
        part.unlink()
