"""The optional cells of notebook 07 write pictures for TensorBoard, or say what is missing."""

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nnutils.convolution import conv2d
from tools import notebooks

NAMES = ("pieces of four photographs", "CIFAR-10")


def cells_with(*words):
    """Return the sources of the cells of notebook 07 that hold these words."""
    (path,) = [path for path in notebooks.all_notebooks() if path.name.startswith("07")]
    cells = [c.source for c in notebooks.read(path).cells if c.cell_type == "code"]
    return [next(source for source in cells if word in source) for word in words]


@pytest.fixture
def run_cells(tmp_path, monkeypatch):
    """Run both cells in an empty folder, with arrays of the shapes that they find there."""
    sources = cells_with("def three_batches", "SummaryWriter(folder)")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")

    def run(name=NAMES[0]):
        rng = np.random.default_rng(0)
        pictures = rng.integers(0, 256, (200, 3, 32, 32), dtype=np.uint8)
        names = {
            "np": np,
            "conv2d": conv2d,
            "images": SimpleNamespace(name=name, X=pictures),
            "batch": pictures[:64] / 255,
            "six": rng.normal(scale=0.1, size=(6, 3, 3, 3)),
            "b": np.zeros(6),
        }
        for source in sources:  # the course's own text
            exec(source, names)
        return names

    return run


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_three_batches_are_written_one_step_each(name, run_cells, tmp_path, capsys):
    run_cells(name)
    assert "tensorboard --logdir data/runs" in capsys.readouterr().out
    events = EventAccumulator(str(tmp_path / "data" / "runs" / "07_convolution"))
    events.Reload()
    tags = events.Tags()["images"]
    assert tags == ["images", "vertical edges"]
    for tag in tags:
        pictures = events.Images(tag)
        assert [picture.step for picture in pictures] == [0, 1, 2]
        assert len({picture.encoded_image_string for picture in pictures}) == 3
        for picture in pictures:
            assert picture.encoded_image_string.startswith(b"\x89PNG")
            assert picture.width > 200 and picture.height > 200  # many small pictures in one


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_batches_of_cifar_are_its_images_in_order(run_cells):
    names = run_cells("CIFAR-10")
    batches = [np.array(batch) for batch in names["three_batches"]()]
    assert [batch.shape for batch in batches] == 3 * [(64, 3, 32, 32)]
    np.testing.assert_allclose(np.concatenate(batches), names["images"].X[:192] / 255, atol=1e-6)


def test_without_tensorboard_the_cell_says_so(run_cells, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    run_cells()
    assert "TensorBoard is not installed" in capsys.readouterr().out
    assert not (tmp_path / "data").exists()
