"""The exercises of notebook 08 against PyTorch; the contract tests cover what all share."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from nnutils import training
from nnutils.exercises import pytorch_building_blocks as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge

SHAPES = find_exercise("module_shapes")


def arguments(name):
    return copy.deepcopy(find_exercise(name).all_cases[0].args)


def cases_of(name):
    """Return the cases of an exercise, with some that are drawn."""
    exercise = find_exercise(name)
    return exercise.cases_for(exercise.reference)


# --- The references -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases_of("gradient"), ids=lambda c: c.label)
def test_the_gradient_is_that_of_central_differences(case):
    f, x = case.args
    x = x.double()
    for index in np.ndindex(*x.shape):
        h = torch.zeros_like(x)
        h[index] = 1e-5
        difference = (f(x + h) - f(x - h)) / 2e-5
        assert module.gradient(f, x)[index].item() == pytest.approx(difference.item(), rel=1e-8)


@pytest.mark.parametrize("case", cases_of("linear"), ids=lambda c: c.label)
def test_the_linear_layer_is_that_of_torch(case):
    W, b = case.args
    theirs = nn.Linear(W.shape[1], W.shape[0])
    theirs.load_state_dict({"weight": W, "bias": b})
    ours, x = module.linear(*copy.deepcopy(case.args)), torch.ones(2, W.shape[1])
    for layer in (ours, theirs):
        layer(x).square().sum().backward()
    torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(dict(ours.named_parameters()), dict(theirs.named_parameters()))
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)


def test_the_table_of_shapes_is_that_of_torch():
    table = SHAPES.reference()
    flat = table["after Flatten()"][1]
    x, seen = torch.zeros(16, 3, 32, 32), {}
    for block in ("Conv2d(3, 8, 5)", "MaxPool2d(2)", "Conv2d(8, 16, 3)", "Flatten()"):
        x = eval(f"nn.{block}", {"nn": nn})(x)
        seen[f"after {block}"] = tuple(x.shape)
    seen["weight of Conv2d(3, 8, 5)"] = tuple(nn.Conv2d(3, 8, 5).weight.shape)
    seen["weight of Linear(…, 10)"] = tuple(nn.Linear(flat, 10).weight.shape)
    assert seen == table


def test_copied_weights_are_those_of_the_package():
    for case in cases_of("copy_weights"):
        arrays, model, x = copy.deepcopy(case.args)
        with torch.no_grad():
            expected = training.copy_weights(arrays, copy.deepcopy(model))(x)
        assert module.copy_weights(arrays, model, x).equal(expected)


def test_training_with_sgd_is_that_of_the_formula():
    model, _, X, y, steps = arguments("training")
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
    np.testing.assert_allclose(module.training(*arguments("training")), losses, rtol=1e-5)


# --- Answers written in another way ---------------------------------------------------------------


def gradient_by_grad(f, x):
    x = x.detach().requires_grad_(True)
    return torch.autograd.grad(f(x), x)[0]


def linear_with_register(W, b):
    class Layer(nn.Module):
        def __init__(self, W, b):
            super(Layer, self).__init__()  # noqa: UP008
            self.register_parameter("bias", nn.Parameter(b.clone()))
            self.weight = nn.Parameter(W.clone())

        def forward(self, x):
            return nn.functional.linear(x, self.weight, self.bias)

    return Layer(W, b)


def linear_of_torch(W, b):
    layer = nn.Linear(W.shape[1], len(W))
    layer.weight, layer.bias = nn.Parameter(W), nn.Parameter(b)
    return layer


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
    ("name", "function"),
    [
        ("gradient", gradient_by_grad),
        ("gradient", lambda f, x: module.gradient(f, x.detach()).tolist()),
        ("gradient", lambda f, x: module.gradient(f, x).double().numpy()),
        ("linear", linear_with_register),
        ("linear", linear_of_torch),
        ("copy_weights", copy_by_state_dict),
        ("copy_weights", copy_data),
        ("training", training_zero_first),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).text.startswith("solved")


# --- What goes wrong ------------------------------------------------------------------------------


def without_record(f, x):
    y = f(x)
    y.backward()
    return x.grad


def without_super(W, b):
    class MyLinear(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(W)
            self.bias = nn.Parameter(b)

        def forward(self, x):
            return x @ self.weight.T + self.bias

    return MyLinear()


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
    ("name", "function", "message", "line"),
    [
        ("gradient", without_record, "does not require grad", "y.backward()"),
        ("linear", without_super, "before Module.__init__() call", "self.weight = nn.Parameter(W)"),
        ("copy_weights", with_new_dtype, "same dtype", "return model(x)"),
        ("copy_weights", without_no_grad, "leaf Variable that requires grad", "parameter.copy_("),
        ("training", forward_only_once, "a second time", "loss.backward()"),
    ],
)
def test_an_error_of_torch_is_shown_with_the_line(name, function, message, line):
    result = judge(find_exercise(name), function)
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
    assert judge(find_exercise("training"), function).mistake == "without_an_update"


def test_a_wrong_shape_is_named_and_not_corrected():
    table = SHAPES.reference() | {"after MaxPool2d(2)": (16, 8, 15, 15)}
    text = judge(SHAPES, lambda: table).text
    assert '"after MaxPool2d(2)"' in text and "(16, 8, 14, 14)" not in text


def test_the_table_with_sizes_kept_is_that_of_padding(mistaken):
    padded = nn.Sequential(
        nn.Conv2d(3, 8, 5, padding="same"), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding="same")
    )
    x = padded(torch.zeros(16, 3, 32, 32))
    table = mistaken(SHAPES, "sizes_kept")()
    assert table["after Conv2d(8, 16, 3)"] == tuple(x.shape)
    assert table["after Flatten()"] == tuple(x.flatten(1).shape)


def forget_to_return(f, x):
    module.gradient(f, x)


def accumulate(f, x):
    f(x.requires_grad_()).backward()
    return x.grad


def linear_layer(forward, turned=False):
    """Return an answer: a layer with both parameters, and this ``forward``."""

    def linear(W, b):
        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(W.T if turned else W)
                self.bias = nn.Parameter(b)

        Layer.forward = lambda self, x: forward(self, x, W, b)
        return Layer()

    return linear


def detached(layer, x, W, b):
    return x @ layer.weight.detach().T + layer.bias.detach()


def turned_when_it_was_kept(layer, x, W, b):
    return x @ layer.weight + layer.bias


def copy_the_other_way(arrays, model, x):
    for array, parameter in zip(arrays, model.parameters(), strict=True):
        array[:] = parameter.detach().numpy()
    return model(x)


def copy_two_layers(arrays, model, x):
    with torch.no_grad():
        for parameter, array in list(zip(model.parameters(), arrays, strict=True))[:4]:
            parameter.copy_(torch.tensor(array))
        return model(x)


def zero_once(model, optimizer, X, y, steps):
    optimizer.zero_grad()
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(X), y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses


@pytest.mark.parametrize(
    ("name", "function", "said"),
    [
        ("gradient", forget_to_return, "is a `return` missing?"),
        ("gradient", accumulate, "a gradient from before"),
        ("linear", linear_layer(lambda layer, x, W, b: x @ W.T + b), "do not learn"),
        ("linear", linear_layer(detached), "do not learn"),
        ("linear", linear_layer(turned_when_it_was_kept, turned=True), "kept as"),
        ("linear", lambda W, b: nn.Module, "wrong on this input"),
        ("copy_weights", copy_the_other_way, "still has its own weights"),
        ("copy_weights", copy_two_layers, "wrong on this input"),
        ("training", zero_once, "missing in the loop"),
        ("training", lambda *args: module.training(*args[:4], steps=5), "wrong on this input"),
    ],
)
def test_what_is_said_is_true_of_other_ways_to_go_wrong(name, function, said):
    assert said in judge(find_exercise(name), function).text


def test_a_weight_that_is_turned_twice_is_not_told_to_turn_it():
    def forward(layer, x, W, b):
        return x @ layer.weight.T + layer.bias

    assert judge(find_exercise("linear"), linear_layer(forward, turned=True)).mistake is None


def test_a_case_of_a_training_fits_on_a_screen():
    text = judge(find_exercise("training"), lambda *args: 0).text
    assert "SGD(lr=0.1)" in text and len(text.splitlines()) < 25
