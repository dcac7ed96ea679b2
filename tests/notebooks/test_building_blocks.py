"""What notebook 08 says of its traps and of its small network, run from its own text."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from nnutils import datasets, training
from nnutils.autograd import Value
from nnutils.exercises.course import find_exercise
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

    def run(seed, extra, options):
        curve, model = built["learn"](seed, *extra, **options)
        return curve, training.evaluate(model, built["X_test"], built["y_test"])[1]

    return {kind: [run(seed, *how) for seed in range(3)] for kind, how in kinds.items()}


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


def test_forgetting_zero_grad_is_momentum_without_friction(built):
    forgetful, rolling = built["learn"](1, zero_grad=False)[0], built["learn"](1, momentum=1.0)[0]
    np.testing.assert_allclose(forgetful[:5], rolling[:5], rtol=1e-3)


def test_softmax_twice_comes_to_rest_at_1_48_with_92_percent(built):
    X, y, loss_function = built["X"], built["y"], built["loss_function"]
    generator = torch.Generator().manual_seed(0)
    model = training.make_mlp(784, 64, 10, generator=generator).append(nn.Softmax(dim=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(200):
        for rows in torch.randperm(len(X), generator=generator).split(128):
            optimizer.zero_grad()
            loss_function(model(X[rows]), y[rows]).backward()
            optimizer.step()
    assert loss_function(model(X), y).item() == pytest.approx(1.48, abs=0.005)
    accuracy = training.evaluate(model, built["X_test"], built["y_test"])[1]
    assert accuracy == pytest.approx(0.92, abs=0.005)


def test_the_panels_stand_in_the_order_that_the_check_expects():
    kinds = ["as it should be", "softmax twice", "ReLU on the logits", "no zero_grad"]
    mixed = [kinds[k] for k in np.random.default_rng(50).permutation(4)]
    (path,) = [path for path in notebooks.all_notebooks() if path.name.startswith("08")]
    text = "".join(cell.source for cell in notebooks.read(path).cells)
    assert "np.random.default_rng(50).permutation(4)" in text
    places = [text.index(f'"{kind}": [') for kind in kinds]
    assert places == sorted(places)
    assert dict(zip("ABCD", mixed)) == find_exercise("trap_of_curve").reference()


def test_most_small_networks_learn_xor_and_those_that_do_answer_it(built):
    ends = [built["learn_xor"](seed) for seed in range(10)]
    assert sum(loss.data < 0.0005 for loss in ends) == 7
    slow = [seed for seed, loss in enumerate(ends) if loss.data > 0.01]
    assert len(slow) == 3
    assert all(built["learn_xor"](seed, steps=1000).data < 0.01 for seed in slow)
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
