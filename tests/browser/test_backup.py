"""The two buttons of notebook 00: the work is saved as a file and comes back in a new session."""

import io
import json
import zipfile

NAME = "00_start_here.ipynb"


def run_cell_with(notebook, text):
    """Run the cells whose source holds ``text``."""
    places = [k for k, cell in enumerate(notebook.content()) if text in "".join(cell["source"])]
    assert notebook.run_cells(places) == []


def status(notebook):
    return notebook.page.locator("p[role=status]")


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
            with notebook.page.expect_download() as download:
                notebook.page.get_by_role("button", name="Save my work").click()
            file = tmp_path / download.value.suggested_filename
            download.value.save_as(file)
            status(notebook).get_by_text(file.name).wait_for()
        packed = zipfile.ZipFile(io.BytesIO(file.read_bytes()))
        assert json.loads(packed.read(NAME)) == json.loads(mine)

        path.write_text(fresh, "utf-8")  # a new session
        with open_notebook(NAME) as notebook:
            run_cell_with(notebook, "BackupWidget()")
            with notebook.page.expect_file_chooser() as chooser:
                notebook.page.get_by_role("button", name="Bring my work back").click()
            chooser.value.set_files(file)
            status(notebook).get_by_text("Notebooks brought back: 1.").wait_for()
        assert "return w * x + b  # mine" in path.read_text("utf-8")
        (shelf,) = server.folder.glob("replaced *")
        assert (shelf / NAME).read_text("utf-8") == fresh
    finally:
        path.write_text(fresh, "utf-8")
