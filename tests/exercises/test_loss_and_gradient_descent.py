"""What is special about the exercises of notebook 05; the contract tests cover the rest."""

import numpy as np
import pytest
import torch

from nnutils import optimizers
from nnutils.exercises import loss_and_gradient_descent as module
from nnutils.exercises.course import find_exercise, questions_of
from nnutils.exercises.judge import judge, slip

# --- The references -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", find_exercise("huber_loss").cases_for(module.huber_loss))
def test_huber_loss_and_its_gradient_are_twice_those_of_torch(case):  # which writes a ½
    y_hat, y = (torch.tensor(a, requires_grad=True) for a in case.args)
    expected = 2 * torch.nn.functional.huber_loss(y_hat, y)
    expected.backward()
    loss, gradient = module.huber_loss(*case.args)
    assert loss == pytest.approx(expected.item())
    np.testing.assert_allclose(gradient, y_hat.grad, atol=1e-12)


def follow(step, start, memories, gradients):
    """Take one ``step(p, g, *memory, t)`` for each gradient; return all the parameters."""
    p, memory, path = start, [np.zeros_like(start) for _ in range(memories)], []
    for t, g in enumerate(gradients, start=1):
        p, *memory = step(p, g, *memory, t)
        path.append(p)
    return np.array(path)


OURS = {
    "rmsprop_step": (lambda p, g, s, t: module.rmsprop_step(p, g, s, 0.1, 0.9, 1e-8), 1),
    "adam_step": (lambda p, g, m, s, t: module.adam_step(p, g, m, s, t), 2),
}
TORCH = {
    "rmsprop_step": lambda p: torch.optim.RMSprop(p, 0.1, alpha=0.9),
    "adam_step": lambda p: torch.optim.Adam(p, 0.1),
}
NNUTILS = {
    "rmsprop_step": lambda: optimizers.RMSProp(0.1, 0.9),
    "adam_step": lambda: optimizers.Adam(0.1),
}


@pytest.mark.parametrize("name", OURS)
def test_a_hundred_steps_equal_torch_and_nnutils(name):
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=4), rng.normal(size=(100, 4))
    got = follow(OURS[name][0], start, OURS[name][1], gradients)
    t, ours = torch.tensor(start, requires_grad=True), start.copy()
    referee, optimizer = TORCH[name]([t]), NNUTILS[name]()
    for place, g in zip(got, gradients):
        t.grad = torch.tensor(g)
        referee.step()
        optimizer.step([ours], [g])
        np.testing.assert_allclose(place, t.detach().numpy(), rtol=0, atol=1e-10)
        np.testing.assert_allclose(place, ours, rtol=0, atol=1e-10)


# --- Other right answers --------------------------------------------------------------------------


def huber_with_loops(y_hat, y):
    n, loss, gradient = len(y), 0, []
    for e in y_hat - y:
        if abs(e) < 1:
            loss, slope = loss + e**2 / n, 2 * e
        else:
            loss, slope = loss + (2 * abs(e) - 1) / n, 2 if e > 0 else -2
        gradient.append(slope / n)
    return loss, gradient


def huber_by_clipping(y_hat, y):
    e = y_hat - y
    near = np.clip(e, -1, 1)
    return np.mean(near * (2 * e - near)), 2 * near / e.size


def cross_entropy_row_by_row(z, y):
    total = 0.0
    for row, label in zip(z, y):
        m = max(row)
        total += m + np.log(sum(np.exp(v - m) for v in row)) - row[label]
    return total / len(y)


def rmsprop_by_difference(p, g, s, rate, beta, eps):
    s = s + (1 - beta) * (g * g - s)
    return p - rate * g / (eps + np.sqrt(s)), s


def adam_as_in_the_paper(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    s = s + (1 - beta2) * (g * g - s)
    root = np.sqrt(1 - beta2**t)
    return p - rate * root / (1 - beta1**t) * m / (np.sqrt(s) + root * eps), m, s


def huber_in_torch(y_hat, y):
    y_hat = torch.tensor(y_hat, dtype=torch.float32, requires_grad=True)
    loss = 2 * torch.nn.functional.huber_loss(y_hat, torch.Tensor(y))
    loss.backward()
    return [loss, y_hat.grad]


def cross_entropy_in_torch(z, y):
    return torch.nn.functional.cross_entropy(torch.Tensor(z), torch.tensor(y))


def rmsprop_in_float32(p, g, s, rate, beta, eps):
    p, g, s = (a.astype(np.float32) for a in (p, g, s))
    return rmsprop_by_difference(p, g, s, rate, beta, eps)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("huber_loss", huber_with_loops),
        ("huber_loss", huber_by_clipping),
        ("huber_loss", huber_in_torch),
        ("cross_entropy", cross_entropy_row_by_row),
        ("cross_entropy", cross_entropy_in_torch),
        ("rmsprop_step", rmsprop_by_difference),
        ("rmsprop_step", rmsprop_in_float32),
        ("adam_step", adam_as_in_the_paper),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).text.startswith("solved")


def rmsprop_in_place(p, g, s, rate, beta, eps):
    s *= beta
    s += (1 - beta) * g**2
    p -= rate * g / (np.sqrt(s) + eps)
    return p, s


def test_a_step_that_changes_its_input_is_told_so():
    assert judge(find_exercise("rmsprop_step"), rmsprop_in_place).text.startswith("solved, but")


# --- Wrong answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("huber_loss", "error**2, 2", "error**3, 2"),
        ("rmsprop_step", "rate * g", "0.1 * g"),
        ("rmsprop_step", "beta * s + (1 - beta)", "0.9 * s + 0.1"),
        ("rmsprop_step", " + eps)", ")"),
        ("adam_step", "p - rate", "p - 0.1"),
        ("adam_step", "beta2**t", "0.999**t"),
    ],
)
def test_what_is_wrong_with_some_settings_is_wrong_in_no_known_way(name, old, new):
    exercise = find_exercise(name)
    result = judge(exercise, slip("wrong", old, new, "").of(exercise))
    assert (result.verdict, result.mistake) == ("wrong on this input", None)


@pytest.mark.parametrize(
    "shift",
    [
        lambda z, y: z.mean(axis=1, keepdims=True),
        lambda z, y: z.mean(),
        lambda z, y: z[np.arange(len(y)), y][:, None],
        lambda z, y: z[0].max(),
    ],
    ids=["mean of the row", "mean of all", "logit of the label", "largest of the first row"],
)
def test_another_number_than_the_largest_subtracted_is_no_known_mistake(shift):
    def cross_entropy(z, y):
        z = z - shift(z, y)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -np.mean(log_p[np.arange(len(y)), y])

    result = judge(find_exercise("cross_entropy"), cross_entropy)
    assert (result.verdict, result.mistake) == ("wrong on this input", None)


# --- The numbers in the questions -----------------------------------------------------------------


def test_numbers_in_the_questions():
    questions = questions_of("loss_and_gradient_descent")
    right = {q.name: next(c.text for c in q.choices if c.correct) for q in questions}
    assert right["one_perceptron_update"] == "(−1, 0.5)"
    np.testing.assert_array_equal(0.5 * (0 - 1) * np.array([2, -1]), [-1, 0.5])
    sigmoid = torch.sigmoid(torch.tensor([0.0, 0.1], dtype=torch.float64))
    rise = float(sigmoid[1] - sigmoid[0])
    assert float(right["sigmoid_near_zero"]) == pytest.approx(rise, abs=1e-4)
    assert int(right["tenth_of_the_noise"]) == 25 * 10**2


def train_without_the_constants(kind, rate):
    """Train on the fifty examples of section 7, of which no input is constant, and return w."""
    target = torch.repeat_interleave(torch.tensor([1.0, -1.0]), torch.tensor([30, 20]))
    X = torch.zeros(50, 131)
    X[:, 0] = target
    for k in range(50):
        start, width = (1 + k, 1) if k < 30 else (31 + 5 * (k - 30), 5)
        X[k, start : start + width] = 1
    w = torch.zeros(131, requires_grad=True)
    optimizer = kind([w], rate)
    for _ in range(600):
        optimizer.zero_grad()
        ((X @ w - target) ** 2).mean().backward()
        optimizer.step()
    return w.detach().numpy()


@pytest.mark.parametrize("rate", [0.01, 0.03, 0.1])
def test_without_the_constants_adam_trusts_the_target(rate):
    assert train_without_the_constants(torch.optim.Adam, rate)[0] == pytest.approx(0.4, abs=0.06)
