"""The two buttons of notebook 00: the work is saved as a file and comes back in a new session."""

import base64
import io
import json
import secrets
import zipfile

NAME = "00_start_here.ipynb"
LONG = 120_000  # milliseconds


def run_cell_with(notebook, text):
    """Run the cells whose source holds ``text``."""
    places = [k for k, cell in enumerate(notebook.content()) if text in "".join(cell["source"])]
    assert notebook.run_cells(places) == []


def status(notebook):
    return notebook.page.locator("p[role=status]")


def save(notebook, folder):
    """Press the left button, and return the file that the browser has stored in ``folder``."""
    with notebook.page.expect_download(timeout=LONG) as download:
        notebook.page.get_by_role("button", name="Save my work").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    status(notebook).get_by_text(file.name).wait_for()
    return file


def bring_back(notebook, file):
    """Press the right button, and choose ``file``."""
    with notebook.page.expect_file_chooser() as chooser:
        notebook.page.get_by_role("button", name="Bring my work back").click()
    chooser.value.set_files(file)


def test_work_is_saved_with_one_click_and_brought_back_with_the_other(
    open_notebook, server, tmp_path
):
    path = server.folder / NAME
    fresh = path.read_text("utf-8")
    mine = fresh.replace('"    return ..."', '"    return w * x + b  # mine"', 1)
    assert mine != fresh
    try:
        path.write_text(mine, "utf-8")
        with open_notebook(NAME) as notebook:
            run_cell_with(notebook, "BackupWidget()")
            file = save(notebook, tmp_path)
        packed = zipfile.ZipFile(io.BytesIO(file.read_bytes()))
        assert json.loads(packed.read(NAME)) == json.loads(mine)

        path.write_text(fresh, "utf-8")  # a new session
        with open_notebook(NAME) as notebook:
            run_cell_with(notebook, "BackupWidget()")
            bring_back(notebook, file)
            status(notebook).get_by_text("Notebooks brought back: 1.").wait_for()
        assert "return w * x + b  # mine" in path.read_text("utf-8")
        (shelf,) = server.folder.glob("replaced *")
        assert (shelf / NAME).read_text("utf-8") == fresh
    finally:
        path.write_text(fresh, "utf-8")


def test_a_file_of_any_size_comes_back(open_notebook, server, tmp_path):
    """A single message of over 10 MB would close the kernel's connection."""
    path = server.folder / "big.ipynb"
    noise = base64.b64encode(secrets.token_bytes(12_000_000)).decode()
    cell = {"cell_type": "raw", "id": "noise", "metadata": {}, "source": noise}
    big = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    try:
        path.write_text(big, "utf-8")
        with open_notebook(NAME) as notebook:
            run_cell_with(notebook, "BackupWidget()")
            file = save(notebook, tmp_path)
            assert file.stat().st_size > 11_000_000
            path.unlink()
            bring_back(notebook, file)
            status(notebook).get_by_text("Notebooks brought back: 1.").wait_for(timeout=LONG)
        assert path.read_text("utf-8") == big
    finally:
        path.unlink(missing_ok=True)


def test_one_click_saves_one_file(open_cells):
    """A message of the kernel reaches every view of the two buttons."""
    cells = [("from nnutils.learner.backup import BackupWidget\nBackupWidget()", "backup")]
    with open_cells("views.ipynb", cells) as notebook:
        notebook.page.evaluate("jupyterapp.commands.execute('notebook:create-output-view')")
        buttons = notebook.page.get_by_role("button", name="Save my work")
        assert notebook.becomes(lambda notebook: buttons.count() == 2, 60)
        notebook.page.evaluate(
            """() => {
                 const { click } = HTMLAnchorElement.prototype;
                 window.saved = 0; // Chromium itself refuses the second of two files at once
                 HTMLAnchorElement.prototype.click = function () {
                   saved += 1;
                   click.call(this);
                 };
               }"""
        )
        for place in (0, 1, 0):
            with notebook.page.expect_download(timeout=LONG):
                buttons.nth(place).click()
        assert notebook.page.evaluate("saved") == 3
