"""What notebook 07 builds in the open, run from its own text and compared with something else."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nnutils.convolution import conv2d, conv2d_backward
from nnutils.datasets import load_photos
from tools import notebooks
from tools.tables import measured

SOBEL = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


@pytest.fixture(scope="module")
def built():
    """Return the functions that notebook 07 defines, by name."""
    (path,) = [path for path in notebooks.all_notebooks() if path.name.startswith("07")]
    names = {"np": np, "conv2d": conv2d, "conv2d_backward": conv2d_backward}
    names["sobel"] = SOBEL[None, None]
    for cell in notebooks.read(path).cells:
        if cell.cell_type == "code" and cell.source.lstrip().startswith(("def conv_", "sobel =")):
            text = cell.source[cell.source.index("def ") :]
            exec(text[: text.rindex("\n\n")], names)  # without the lines that call them
    return names


@pytest.mark.parametrize("stride", [1, 2, 3, (1, 2), (3, 1)])
@pytest.mark.parametrize("padding", range(3))
@pytest.mark.parametrize("dilation", range(1, 4))
def test_the_fourth_version_equals_torch(built, stride, padding, dilation):
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(9, 11)), rng.normal(size=(3, 3))
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    theirs = F.conv2d(torch.tensor(X)[None, None], torch.tensor(W)[None, None], **options)
    np.testing.assert_allclose(built["conv_4"](X, W, **options), theirs[0, 0], atol=1e-12)


def test_the_first_version_equals_torch(built):
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(8, 8)), rng.normal(size=(3, 3))
    theirs = F.conv2d(torch.tensor(X)[None, None], torch.tensor(W)[None, None])[0, 0]
    np.testing.assert_allclose(built["conv_1"](X, W), theirs, atol=1e-12)


def test_the_kernel_goes_down_the_gradient_of_torch(built):
    photo = load_photos()[1].mean(axis=0)
    weights, losses = built["learn"](photo, seed=3, steps=5)
    x = torch.tensor((photo - photo.mean()) / photo.std())[None, None]
    w = torch.tensor(weights[0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for step in range(5):
        optimizer.zero_grad()
        loss = F.mse_loss(F.conv2d(x, w), F.conv2d(x, torch.tensor(SOBEL)[None, None]))
        assert losses[step] == pytest.approx(loss.item())
        loss.backward()
        optimizer.step()
        np.testing.assert_allclose(weights[step + 1], w.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_from_the_cat_it_learns_sobels_kernel_from_several_starts(built):
    for seed in range(3):
        weights, _ = built["learn"](load_photos()[0].mean(axis=0), seed)
        assert np.abs(weights[-1] - SOBEL).max() < 0.03


def test_the_notebook_says_of_other_photographs_what_was_measured():
    table = {name: (float(mean), steps) for name, mean, _, steps in measured("kernel")}
    assert list(table) == ["cat", "cup", "rocket", "astronaut"]
    assert table["cat"][0] < 0.03
    assert max(table, key=lambda name: table[name][0]) == "rocket"
    steps = [int(n.replace(",", "")) for _, each in table.values() for n in each.split(", ")]
    assert len(steps) == 20 and max(steps) < 1200
