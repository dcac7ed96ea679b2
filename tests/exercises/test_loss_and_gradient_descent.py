"""What is special about the exercises of notebook 05; the contract tests cover the rest."""

import numpy as np
import pytest
import torch

from nnutils import losses, optimizers
from nnutils.exercises import loss_and_gradient_descent as module
from nnutils.exercises.course import find_exercise, questions_of
from nnutils.exercises.judge import judge, slip
from nnutils.gradcheck import numeric_gradient

# --- The references -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", find_exercise("mse").cases_for(module.mse))
def test_mse_is_that_of_torch_and_its_gradient_the_slope(case):
    y_hat, y = case.args
    loss, gradient = module.mse(y_hat, y)
    expected = torch.nn.functional.mse_loss(torch.tensor(y_hat), torch.tensor(y))
    assert loss == pytest.approx(expected.item())
    numeric = numeric_gradient(lambda p: losses.mse(p, y), y_hat.copy())
    np.testing.assert_allclose(gradient, numeric, atol=1e-8)


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


def mse_with_loops(y_hat, y):
    n = len(y)
    loss = sum((p - t) ** 2 for p, t in zip(y_hat, y)) / n
    return loss, np.array([2 / n * (p - t) for p, t in zip(y_hat, y)])


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


def mse_in_torch(y_hat, y):
    y_hat = torch.tensor(y_hat, dtype=torch.float32, requires_grad=True)
    loss = torch.nn.functional.mse_loss(y_hat, torch.Tensor(y))
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
        ("mse", mse_with_loops),
        ("mse", mse_in_torch),
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
        ("mse", "np.mean(error**2)", "np.mean(error) ** 2"),
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
