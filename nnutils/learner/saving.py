"""What Jupyter's server does when it saves a notebook of the course: what needs a kernel goes.

A lab and a quiz are shown in three ways: as a widget, and as a picture or a text for a page without
a kernel. JupyterLab prefers the widget. In a notebook that is opened again it would find none, and
say "Error displaying widget" where the picture could be. The file ``saving.json`` tells Jupyter to
load this module. Notebooks that do not use the course's package are none of its business.
"""

import re

from nnutils.learner.view import WIDGET_VIEW

IMPORT = re.compile(r"^ *(from|import) nnutils\b", re.MULTILINE)


def drop_widget_views(model, **_):
    """Leave the widget views out of ``model``, a notebook on its way to the disk.

    Only a notebook that imports ``nnutils`` is touched. An output that has nothing else to show
    keeps its view. The open page stays as it is.
    """
    if model["type"] != "notebook":
        return
    cells = model["content"]["cells"]
    if not any(IMPORT.search("".join(cell["source"])) for cell in cells):
        return
    for cell in cells:
        for output in cell.get("outputs", []):
            if len(output.get("data", {})) > 1:
                output["data"].pop(WIDGET_VIEW, None)


def _jupyter_server_extension_points():
    """Name this module as an extension of Jupyter's server."""
    return [{"module": "nnutils.learner.saving"}]


def _load_jupyter_server_extension(app):
    """Let the server ``app`` call `drop_widget_views` before it saves a file."""
    app.contents_manager.register_pre_save_hook(drop_widget_views)
