"""A learner's work as one file: all notebooks and the progress. Notebook 00 shows the two buttons.

The file is a ZIP archive that a browser saves. On Binder, where a session's files vanish, it is the
way to take the work along and to bring it back.
"""

import io
import json
import os
import zipfile
from datetime import datetime
from pathlib import Path

import anywidget
import traitlets

from nnutils import progress


def pack_work(folder="."):
    """Return a ZIP archive, as bytes, of all notebooks in ``folder`` and of the progress."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(Path(folder).glob("*.ipynb")):
            archive.write(path, path.name)
        if progress.progress_file().is_file():
            archive.write(progress.progress_file(), progress.FILE_NAME)
    return buffer.getvalue()


def unpack_work(data, folder="."):
    """Bring the archive ``data``, bytes from ``pack_work``, back; say in a sentence what was done.

    A notebook whose cells are the same stays as it is. One that differs is replaced, and moved into
    a new folder "replaced …" beside it, so that nothing is lost. The progress gets the lines that
    it lacks. Raises ValueError, and changes nothing, when ``data`` is not such an archive.
    """
    files = _read(data)
    progress_lines = files.pop(progress.FILE_NAME, None)
    folder = Path(folder)
    old = {name: folder / name for name in files if (folder / name).exists()}
    same = {name for name, path in old.items() if _cells(path.read_bytes()) == _cells(files[name])}
    shelf = folder / f"replaced {datetime.now():%Y-%m-%d %H.%M.%S}"
    for name in sorted(files.keys() - same):
        _write(folder / name, files[name], shelf / name if name in old else None)
    lines = 0 if progress_lines is None else _merge_progress(progress_lines)
    text = f"Notebooks brought back: {len(files) - len(same)}. New lines of progress: {lines}."
    if same:
        text += f" Notebooks that were the same already: {len(same)}."
    if shelf.exists():
        text += f" What was replaced lies in the folder “{shelf.name}”."
    return text


class BackupWidget(anywidget.AnyWidget):
    """Two buttons: one saves the learner's work as a file, the other brings it back.

    The notebooks are those in the folder in which the kernel runs, the notebook's own.
    """

    _esm = Path(__file__).with_name("backup.js")
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self):
        super().__init__()
        self.on_msg(self._asked)

    def _asked(self, _, content, buffers):
        self.message = ""
        try:
            if content == "save":
                name = f"neural_networks_{datetime.now():%Y-%m-%d}.zip"
                self.send({"name": name}, [pack_work()])
                self.message = f"Your work is in the file {name}. Keep it on your own machine."
            else:
                done = unpack_work(bytes(buffers[0]))
                self.message = f"{done} Reload this page (F5) to see it."
        except (OSError, ValueError) as error:
            self.message = f"That did not work: {error}"

    def _repr_mimebundle_(self, **_):
        data, metadata = super()._repr_mimebundle_()
        return data | {"text/plain": "Two buttons: Save my work, Bring my work back"}, metadata


def _read(data):
    """Return the files of an archive as a dict of bytes; raise ValueError for any other archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"the file must be one that “Save my work” made ({error})") from None
    for name, content in files.items():
        if name == progress.FILE_NAME:
            continue
        if Path(name).name != name or not name.endswith(".ipynb") or _cells(content) is None:
            raise ValueError(
                f"the file must hold notebooks and {progress.FILE_NAME}, "
                f"got {name!r}, which is neither"
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
