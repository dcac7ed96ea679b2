"""What notebook 08 says of its traps and of its small network, run from its own text."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from nnutils import datasets, training
from nnutils.autograd import Value
from tools import notebooks


@pytest.fixture(scope="module")
def built():
    """Return the functions ``learn`` and ``learn_xor`` of notebook 08, by name."""
    (path,) = [path for path in notebooks.all_notebooks() if path.name.startswith("08")]
    digits = datasets.load_digits()
    names = {"np": np, "torch": torch, "Value": Value, "training": training}
    names["loss_function"] = nn.CrossEntropyLoss()
    for part in ("train", "test"):
        X, y = getattr(digits, f"X_{part}"), getattr(digits, f"y_{part}")
        names[f"X_{part}"] = torch.tensor(datasets.to_inputs(X.reshape(-1, 784))).float()
        names[f"y_{part}"] = torch.tensor(y)
    names |= {"X": names["X_train"], "y": names["y_train"]}
    for cell in notebooks.read(path).cells:
        if cell.cell_type == "code" and ("def learn(" in cell.source or "XOR =" in cell.source):
            exec(cell.source, names)
    return names


@pytest.fixture(scope="module")
def runs(built):
    """Return {mistake: [(losses, accuracy) for three seeds]}, as the notebook trains them."""
    kinds = {
        "right": ((), {}),
        "softmax": ((nn.Softmax(dim=1),), {}),
        "relu": ((nn.ReLU(),), {}),
        "zero_grad": ((), {"zero_grad": False}),
    }
    learn = built["learn"]
    return {
        kind: [learn(seed, *extra, **options) for seed in range(3)]
        for kind, (extra, options) in kinds.items()
    }


@pytest.mark.parametrize("mistake", ["softmax", "relu", "zero_grad"])
def test_every_mistake_costs_ten_points_with_some_seed(runs, mistake):
    worst = {kind: min(accuracy for _, accuracy in three) for kind, three in runs.items()}
    assert worst["right"] > worst[mistake] + 0.1


def test_the_panels_show_what_the_exercise_asks_for(runs):
    losses = {kind: np.array([curve for curve, _ in three]) for kind, three in runs.items()}
    assert (losses["right"][:, -1] < 0.3).all()
    assert losses["softmax"].min() > math.log(math.e + 9) - 1  # the lowest it could reach
    assert losses["relu"][:, -1].min() < 0.3 and losses["relu"][:, -1].max() > 0.7
    assert (losses["zero_grad"][:, 0] < losses["right"][:, 0]).all()  # fast at first
    swings = np.abs(np.diff(losses["zero_grad"])).mean(axis=1)
    assert (swings > 3 * np.abs(np.diff(losses["relu"])).mean(axis=1)).all()


def test_most_small_networks_learn_xor_and_those_that_do_answer_it(built):
    ends = [built["learn_xor"](seed) for seed in range(10)]
    assert sum(loss.data < 0.0005 for loss in ends) == 7
    loss = ends[1].data
    weights = torch.tensor(np.random.default_rng(1).normal(size=13), requires_grad=True)
    hidden, output = weights[:9].reshape(3, 3), weights[9:]
    X = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=torch.float64)
    y = torch.tensor([0.0, 1, 1, 0], dtype=torch.float64)
    for _ in range(200):
        expected = ((torch.tanh(X @ hidden.T) @ output[:3] + output[3] - y) ** 2).mean()
        (slope,) = torch.autograd.grad(expected, weights)
        with torch.no_grad():
            weights -= 0.2 * slope
    assert loss == pytest.approx(expected.item(), rel=1e-6, abs=1e-12)
