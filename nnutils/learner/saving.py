"""What Jupyter's server does when it saves a notebook: it leaves out what needs a running kernel.

A lab and a quiz are shown in three ways: as a widget, and as a picture or a text for a page without
a kernel. JupyterLab prefers the widget. In a notebook that is opened again it would find none, and
say "Error displaying widget" where the picture could be. The file ``saving.json`` tells Jupyter to
load this module.
"""

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def drop_widget_views(model, **_):
    """Leave the widget views out of ``model``, a notebook on its way to the disk.

    An output that has nothing else to show keeps its view. The open page stays as it is.
    """
    if model["type"] != "notebook":
        return
    for cell in model["content"]["cells"]:
        for output in cell.get("outputs", []):
            if len(output.get("data", {})) > 1:
                output["data"].pop(WIDGET_VIEW, None)


def _jupyter_server_extension_points():
    """Name this module as an extension of Jupyter's server."""
    return [{"module": "nnutils.saving"}]


def _load_jupyter_server_extension(app):
    """Let the server ``app`` call `drop_widget_views` before it saves a file."""
    app.contents_manager.register_pre_save_hook(drop_widget_views)
