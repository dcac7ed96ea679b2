"""How a widget is shown: as a MIME bundle that ipywidgets 7 and 8, and Colab, understand."""

from pathlib import Path

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def script(path):
    """Return the script of a widget, as text: anywidget would keep every widget of a file alive.

    Before it stands what all of them need: their keys, and a sentence when their kernel is gone.
    """
    return _behind("page.js", path)


def stylesheet(path):
    """Return the style of a widget, as text; before it stands what several of them need."""
    return _behind("page.css", path)


def _behind(shared, path):
    return "\n".join(p.read_text("utf-8") for p in (Path(__file__).with_name(shared), path))


def view_of(widget, inner):
    """Return data and metadata of the bundle that shows ``widget``.

    ``inner`` is an anywidget: ``widget`` itself, or one of those inside it. Its own bundle is the
    same under ipywidgets 7 and 8, and holds what Colab asks for; only the model's id changes.
    """
    data, metadata = inner._repr_mimebundle_()
    return {WIDGET_VIEW: data[WIDGET_VIEW] | {"model_id": widget.model_id}}, metadata
