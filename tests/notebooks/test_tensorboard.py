"""The optional cell of notebook 07 writes pictures for TensorBoard, or says what is missing."""

import importlib.util

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tools import notebooks


@pytest.fixture
def run_cell(tmp_path, monkeypatch):
    """Run the cell in an empty folder, with arrays of the shapes that it finds in the notebook."""
    path = next(path for path in notebooks.all_notebooks() if path.name.startswith("07"))
    (cell,) = [cell for cell in notebooks.read(path).cells if "SummaryWriter" in cell.source]
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    rng = np.random.default_rng(0)
    arrays = {
        "X": rng.random((64, 3, 32, 32)),
        "Y": rng.random((64, 6, 30, 30)),
        "bright": rng.random((128, 3, 30, 30)),
    }
    return lambda: exec(cell.source, arrays)  # the course's own text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_pictures_are_written(run_cell, tmp_path, capsys):
    run_cell()
    assert "tensorboard --logdir data/runs" in capsys.readouterr().out
    events = EventAccumulator(str(tmp_path / "data" / "runs" / "07_convolution"))
    events.Reload()
    tags = events.Tags()["images"]
    assert len(tags) == 3
    for tag in tags:
        (picture,) = events.Images(tag)
        assert picture.encoded_image_string.startswith(b"\x89PNG")
        assert picture.width > 200 and picture.height > 200  # many small pictures in one


def test_without_tensorboard_the_cell_says_so(run_cell, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    run_cell()
    assert "TensorBoard is not installed" in capsys.readouterr().out
    assert not (tmp_path / "data").exists()
