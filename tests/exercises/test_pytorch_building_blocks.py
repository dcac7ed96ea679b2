"""The exercises of notebook 08 against PyTorch; the contract tests cover what all share."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from nnutils import pytorch
from nnutils.exercises import pytorch_building_blocks as module
from nnutils.exercises.base import judge

EXERCISES = {exercise.id: exercise for exercise in module.EXERCISES}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path))


def arguments(id, case=0):
    return copy.deepcopy(EXERCISES[id].cases[case].args)


# --- The references -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EXERCISES["08.1"].cases, ids=lambda case: case.label)
def test_the_gradient_is_that_of_central_differences(case):
    f, x = case.args
    x = x.double()
    for index in np.ndindex(*x.shape):
        h = torch.zeros_like(x)
        h[index] = 1e-5
        difference = (f(x + h) - f(x - h)) / 2e-5
        assert module.gradient(f, x)[index].item() == pytest.approx(difference.item(), rel=1e-8)


@pytest.mark.parametrize("case", EXERCISES["08.2"].cases, ids=lambda case: case.label)
def test_the_linear_layer_is_that_of_torch(case):
    W, b, x = case.args
    layer = nn.Linear(W.shape[1], W.shape[0])
    layer.load_state_dict({"weight": W, "bias": b})
    outputs, parameters = module.linear(W, b, x)
    torch.testing.assert_close(outputs, layer(x).detach())
    assert parameters == {name: tuple(p.shape) for name, p in layer.named_parameters()}


def test_the_table_of_shapes_is_that_of_torch():
    table = module.shapes()
    flat = table["after Flatten()"][1]
    x, seen = torch.zeros(16, 3, 32, 32), {}
    for block in ("Conv2d(3, 8, 5)", "MaxPool2d(2)", "Conv2d(8, 16, 3)", "Flatten()"):
        x = eval(f"nn.{block}", {"nn": nn})(x)
        seen[f"after {block}"] = tuple(x.shape)
    seen["weight of Conv2d(3, 8, 5)"] = tuple(nn.Conv2d(3, 8, 5).weight.shape)
    seen["weight of Linear(…, 10)"] = tuple(nn.Linear(flat, 10).weight.shape)
    assert seen == table


def test_copied_weights_are_those_of_the_package():
    for case in EXERCISES["08.4"].cases:
        arrays, model, x = copy.deepcopy(case.args)
        with torch.no_grad():
            expected = pytorch.copy_weights(arrays, copy.deepcopy(model))(x)
        assert module.copy_weights(arrays, model, x).equal(expected)


def test_training_with_sgd_is_that_of_the_formula():
    model, _, X, y, steps = arguments("08.5")
    W1, b1, W2, b2 = (p.detach().double().numpy() for p in model.parameters())
    X, targets = X.double().numpy(), np.eye(3)[y.numpy()]
    losses = []
    for _ in range(steps):
        Z = X @ W1.T + b1
        logits = np.maximum(Z, 0) @ W2.T + b2
        P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        losses.append(-np.log((P * targets).sum(axis=1)).mean())
        dlogits = (P - targets) / len(X)
        dZ = dlogits @ W2 * (Z > 0)
        W2, b2 = W2 - 0.1 * dlogits.T @ np.maximum(Z, 0), b2 - 0.1 * dlogits.sum(axis=0)
        W1, b1 = W1 - 0.1 * dZ.T @ X, b1 - 0.1 * dZ.sum(axis=0)
    np.testing.assert_allclose(module.training(*arguments("08.5")), losses, rtol=1e-5)


# --- Answers written in another way ---------------------------------------------------------------


def gradient_by_grad(f, x):
    x = x.detach().requires_grad_(True)
    return torch.autograd.grad(f(x), x)[0]


def linear_with_register(W, b, x):
    class Layer(nn.Module):
        def __init__(self, W, b):
            super(Layer, self).__init__()  # noqa: UP008
            self.register_parameter("bias", nn.Parameter(b.clone()))
            self.weight = nn.Parameter(W.clone())

        def forward(self, x):
            return nn.functional.linear(x, self.weight, self.bias)

    layer = Layer(W, b)
    return layer.forward(x).tolist(), {n: list(p.shape) for n, p in layer.named_parameters()}


def copy_by_state_dict(arrays, model, x):
    tensors = [torch.from_numpy(array) for array in arrays]
    model.load_state_dict(dict(zip(model.state_dict(), tensors, strict=True)))
    return model(x)


def copy_data(arrays, model, x):
    for parameter, array in zip(model.parameters(), arrays, strict=True):
        parameter.data[:] = torch.tensor(array)
    return model(x).detach()


def training_zero_first(model, optimizer, X, y, steps):
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = -model(X).log_softmax(dim=1)[range(len(y)), y].mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses


@pytest.mark.parametrize(
    ("id", "function"),
    [
        ("08.1", gradient_by_grad),
        ("08.2", linear_with_register),
        ("08.4", copy_by_state_dict),
        ("08.4", copy_data),
        ("08.5", training_zero_first),
    ],
)
def test_other_right_ways_are_accepted(id, function):
    assert judge(EXERCISES[id], function).text.startswith("solved")


# --- What goes wrong ------------------------------------------------------------------------------


def without_record(f, x):
    y = f(x)
    y.backward()
    return x.grad


def without_super(W, b, x):
    class MyLinear(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(W)
            self.bias = nn.Parameter(b)

        def forward(self, x):
            return x @ self.weight.T + self.bias

    return MyLinear()(x).detach(), {}


def with_new_dtype(arrays, model, x):
    for parameter, array in zip(model.parameters(), arrays, strict=True):
        parameter.data = torch.tensor(array)
    return model(x)


def without_no_grad(arrays, model, x):
    for parameter, array in zip(model.parameters(), arrays, strict=True):
        parameter.copy_(torch.tensor(array))
    return model(x)


def forward_only_once(model, optimizer, X, y, steps):
    losses = []
    loss = nn.functional.cross_entropy(model(X), y)
    for _ in range(steps):
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


@pytest.mark.parametrize(
    ("id", "function", "message", "line"),
    [
        ("08.1", without_record, "does not require grad", "y.backward()"),
        ("08.2", without_super, "before Module.__init__() call", "self.weight = nn.Parameter(W)"),
        ("08.4", with_new_dtype, "same dtype", "return model(x)"),
        ("08.4", without_no_grad, "leaf Variable that requires grad", "parameter.copy_("),
        ("08.5", forward_only_once, "a second time", "loss.backward()"),
    ],
)
def test_an_error_of_torch_is_shown_with_the_line(id, function, message, line):
    result = judge(EXERCISES[id], function)
    assert result.verdict == "raised this error"
    assert message in result.text and line in result.text


def update_before_the_gradients(model, optimizer, X, y, steps):
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(X), y)
        losses.append(loss.item())
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
    return losses


def only_forward(model, optimizer, X, y, steps):
    return [nn.functional.cross_entropy(model(X), y).item() for _ in range(steps)]


@pytest.mark.parametrize("function", [update_before_the_gradients, only_forward])
def test_every_way_to_learn_nothing_is_recognised(function):
    assert judge(EXERCISES["08.5"], function).mistake == "_without_an_update"


def test_a_wrong_shape_is_named_and_not_corrected():
    table = module.shapes() | {"after MaxPool2d(2)": (16, 8, 15, 15)}
    text = judge(EXERCISES["08.3"], lambda: table).text
    assert '"after MaxPool2d(2)"' in text and "(16, 8, 14, 14)" not in text


def test_the_table_with_sizes_kept_is_that_of_padding():
    assert module._filled(28, 14, 12, 2304) == module.shapes()
    padded = nn.Sequential(
        nn.Conv2d(3, 8, 5, padding="same"), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding="same")
    )
    x = padded(torch.zeros(16, 3, 32, 32))
    table = module._sizes_kept()
    assert table["after Conv2d(8, 16, 3)"] == tuple(x.shape)
    assert table["after Flatten()"] == tuple(x.flatten(1).shape)
