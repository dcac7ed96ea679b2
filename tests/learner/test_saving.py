"""A saved notebook keeps the pictures and texts of its labs, and no widget without a kernel."""

import copy
import json
import sys
from pathlib import Path

import pytest

from nnutils.labs.start_here import device_lab
from nnutils.learner import saving

PLAIN = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "4"}}
ONLY_WIDGET = {"output_type": "display_data", "data": {saving.WIDGET_VIEW: {"model_id": "a"}}}
STREAM = {"output_type": "stream", "name": "stdout", "text": "Hello\n"}


def notebook(*outputs, source="from nnutils.labs import perceptron\nlab"):
    cells = [
        {"cell_type": "markdown", "source": "Above"},
        {"cell_type": "code", "source": source, "outputs": list(outputs)},
    ]
    return {"type": "notebook", "content": {"cells": cells}}


def test_a_lab_keeps_its_picture_and_its_text():
    data, metadata = device_lab()._repr_mimebundle_()
    assert saving.WIDGET_VIEW in data
    model = notebook({"output_type": "execute_result", "data": dict(data), "metadata": metadata})
    saving.drop_widget_views(model=model, path="a.ipynb", contents_manager=None)
    (output,) = model["content"]["cells"][1]["outputs"]
    assert output["data"] == {kind: data[kind] for kind in ("image/png", "text/plain")}
    assert output["metadata"] == metadata


@pytest.mark.parametrize("source", ["import ipyvolume", "# import nnutils", "x = 'nnutils'"])
def test_a_notebook_that_is_not_of_the_course_stays(source):
    data = {saving.WIDGET_VIEW: {"model_id": "a"}, "text/plain": "a widget of somebody's"}
    model = notebook({"output_type": "display_data", "data": data}, source=source)
    before = copy.deepcopy(model)
    saving.drop_widget_views(model=model, path="a.ipynb", contents_manager=None)
    assert model == before


def test_everything_else_stays():
    model = notebook(PLAIN, ONLY_WIDGET, STREAM)
    before = copy.deepcopy(model)
    saving.drop_widget_views(model=model, path="a.ipynb", contents_manager=None)
    assert model == before
    file = {"type": "file", "content": "text"}
    saving.drop_widget_views(model=file, path="a.txt", contents_manager=None)
    assert file == {"type": "file", "content": "text"}


def test_the_installed_package_tells_jupyter_to_load_it():
    settings = Path(sys.prefix, "etc", "jupyter", "jupyter_server_config.d", "nnutils.json")
    extensions = json.loads(settings.read_text("utf-8"))["ServerApp"]["jpserver_extensions"]
    assert extensions == {"nnutils.learner.saving": True}
    assert saving._jupyter_server_extension_points() == [{"module": "nnutils.learner.saving"}]


def test_the_server_calls_it_before_it_saves():
    class Manager:
        def register_pre_save_hook(self, hook):
            self.hook = hook

    class App:
        contents_manager = Manager()

    saving._load_jupyter_server_extension(App)
    assert App.contents_manager.hook is saving.drop_widget_views
