"""The exercises of notebook 08 against PyTorch; the contract tests cover what all share."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from nnutils.autograd import Value
from nnutils.exercises import pytorch_building_blocks as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge


def cases_of(name):
    """Return the cases of an exercise, with some that are drawn."""
    exercise = find_exercise(name)
    return exercise.cases_for(exercise.reference)


# --- The references -------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [-5.0, -0.3, 0.0, 1.0, 4.0])
def test_the_sigmoid_of_the_engine_is_that_of_torch(z):
    ours, theirs = Value(z), torch.tensor(z, dtype=torch.float64, requires_grad=True)
    result, expected = module.engine_sigmoid(ours), torch.sigmoid(theirs)
    (result * 3).backward()
    (expected * 3).backward()
    assert result.data == pytest.approx(expected.item())
    assert ours.grad == pytest.approx(theirs.grad.item())


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


@pytest.mark.parametrize("case", cases_of("repair_script"), ids=lambda c: c.label)
def test_the_repaired_script_is_a_training_by_the_formulas(case):
    model, X, y, X_new, steps = copy.deepcopy(case.args)
    W1, b1, W2, b2 = (p.detach().double().numpy() for p in model.parameters())
    losses, logits, again = module.repair_script(*copy.deepcopy(case.args))
    assert logits.equal(again)
    torch.manual_seed(0)
    inputs, targets = X.double().numpy(), np.eye(len(b2))[y.numpy()]
    for loss in losses:
        kept = nn.functional.dropout(torch.ones(len(X), len(b1)), 0.5).double().numpy()
        Z = inputs @ W1.T + b1
        A = np.maximum(Z, 0) * kept
        outputs = A @ W2.T + b2
        P = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
        assert loss == pytest.approx(-np.log((P * targets).sum(axis=1)).mean(), rel=1e-4)
        dlogits = (P - targets) / len(X)
        dZ = dlogits @ W2 * kept * (Z > 0)
        W2, b2 = W2 - 0.1 * dlogits.T @ A, b2 - 0.1 * dlogits.sum(axis=0)
        W1, b1 = W1 - 0.1 * dZ.T @ inputs, b1 - 0.1 * dZ.sum(axis=0)
    assert len(losses) == steps
    expected = np.maximum(X_new.double().numpy() @ W1.T + b1, 0) @ W2.T + b2
    np.testing.assert_allclose(logits.numpy(), expected, rtol=1e-3, atol=1e-4)


# --- Answers written in another way ---------------------------------------------------------------


def sigmoid_of_operations(z):
    return 1 / (1 + (-z).exp())


def sigmoid_by_tanh(z):
    return ((z / 2).tanh() + 1) / 2


def sigmoid_by_hand(z):
    s = float(torch.sigmoid(torch.tensor(z.data, dtype=torch.float64)))
    value = Value(s)
    value.record = ((z, s - s**2),)
    value.depth = z.depth + 1
    return value


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


def script_with_zero_grad_of_the_model(model, X, y, X_new, steps):
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = -model(X).log_softmax(dim=1)[range(len(y)), y].mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    model.eval()
    return losses, *(model(X_new).detach().numpy() for _ in range(2))


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("engine_sigmoid", sigmoid_of_operations),
        ("engine_sigmoid", sigmoid_by_tanh),
        ("engine_sigmoid", sigmoid_by_hand),
        ("linear", linear_with_register),
        ("linear", linear_of_torch),
        ("repair_script", script_with_zero_grad_of_the_model),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).text.startswith("solved")


# --- What goes wrong ------------------------------------------------------------------------------


def without_super(W, b):
    class MyLinear(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(W)
            self.bias = nn.Parameter(b)

        def forward(self, x):
            return x @ self.weight.T + self.bias

    return MyLinear()


@pytest.mark.parametrize(
    ("name", "function", "message", "line"),
    [
        ("linear", without_super, "before Module.__init__() call", "self.weight = nn.Parameter(W)"),
        ("engine_sigmoid", lambda z: Value(z), "data must be a real number, got Value", "Value(z)"),
    ],
)
def test_an_error_is_shown_with_the_line(name, function, message, line):
    result = judge(find_exercise(name), function)
    assert result.verdict == "raised this error"
    assert message in result.text and line in result.text


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


def two_faults_left(model, X, y, X_new, steps):
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(X), y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses, model(X_new), model(X_new)


@pytest.mark.parametrize(
    ("name", "function", "said"),
    [
        ("engine_sigmoid", lambda z: 1 / (1 + np.exp(-z.data)), "a plain number"),
        ("engine_sigmoid", lambda z: z, "wrong on this input"),
        ("linear", linear_layer(lambda layer, x, W, b: x @ W.T + b), "do not learn"),
        ("linear", linear_layer(detached), "do not learn"),
        ("linear", linear_layer(turned_when_it_was_kept, turned=True), "kept as"),
        ("linear", lambda W, b: nn.Module, "wrong on this input"),
        ("repair_script", two_faults_left, "wrong on this input"),
        ("trap_of_curve", lambda: dict.fromkeys("ABCD", "softmax twice"), 'Look again at "A"'),
    ],
)
def test_what_is_said_is_true_of_other_ways_to_go_wrong(name, function, said):
    assert said in judge(find_exercise(name), function).text


def test_a_weight_that_is_turned_twice_is_not_told_to_turn_it():
    def forward(layer, x, W, b):
        return x @ layer.weight.T + layer.bias

    assert judge(find_exercise("linear"), linear_layer(forward, turned=True)).mistake is None


def test_the_script_with_all_three_faults_is_not_attempted():
    result = judge(find_exercise("repair_script"), module._script_with_faults)
    assert result.verdict == "not attempted"
