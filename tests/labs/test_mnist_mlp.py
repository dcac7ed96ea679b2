"""The lab of notebook 09 against PyTorch's own count of parameters, and whole runs."""

import numpy as np
import pytest

from nnutils.datasets import load_digits
from nnutils.labs import mnist_mlp
from nnutils.training import make_mlp


@pytest.fixture(scope="module")
def shared_lab():
    """One lab for all tests: its network learns for seconds when it is made."""
    lab = mnist_mlp.train_mlp_lab()
    yield lab
    lab.close()


@pytest.mark.parametrize(("width", "depth"), [(32, 0), (32, 1), (8, 3), (512, 2)])
def test_the_parameters_are_those_that_torch_counts(lab, width, depth):
    lab.set(width=width, depth=depth)
    model = make_mlp(*mnist_mlp.layer_sizes(width, depth))
    assert lab.state.parameters == sum(p.numel() for p in model.parameters())


def test_a_run_learns_and_keeps_the_one_before(lab):
    (first,) = lab.state.runs
    lab.set(width=8, epochs=5)
    lab.press("train")
    assert lab.wait(120) and lab.error is None
    now, before = lab.state.runs
    assert before is first
    assert now.network == "784–8–10" and len(now.loss) == len(now.val_accuracy) == 5
    assert now.loss[-1] < now.loss[0]
    assert now.network in lab.caption_text


def test_the_first_run_is_a_trained_network_and_the_same_each_time(lab):
    (run,) = lab.state.runs
    (again,) = mnist_mlp.train_mlp_lab().state.runs
    assert len(run.loss) == mnist_mlp.START["epochs"]
    assert run.val_accuracy[-1] > 0.85
    np.testing.assert_allclose(again.loss, run.loss, rtol=1e-3)


def test_the_epochs_are_whole_numbers_and_fit_in_the_picture(lab):
    (first,) = lab.state.runs
    for epochs in (*range(1, 13), 19, 20, 21, 37, 60):
        curves = [np.full(epochs, 0.5)] * 4
        lab.set(runs=(mnist_mlp.Run("784–10", *curves), first))
        longest = max(epochs, len(first.loss))
        for axes in lab.figure.axes:
            ticks = [text.get_text() for text in axes.get_xticklabels()]
            assert all(tick.isdigit() for tick in ticks), ticks
            assert axes.get_xlim() == (0, longest + 1)
            box = axes.get_tightbbox()
            assert 0 <= box.x0 and box.x1 <= lab.figure.bbox.width


def test_validation_digits_are_never_learned_from(lab):
    highest = lab._controls["examples"].high
    assert highest + mnist_mlp.VALIDATION <= len(load_digits().X_train)


def test_stop_keeps_what_was_reached(lab):
    lab.set(epochs=60)
    lab.press("train")
    lab.stop()
    assert lab.wait(60) and lab.error is None
    assert len(lab.state.runs[0].loss) < 60
