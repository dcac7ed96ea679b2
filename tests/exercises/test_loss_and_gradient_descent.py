"""What is special about the exercises of notebook 05; the contract tests cover the rest."""

import numpy as np
import pytest
import torch

from nnutils import losses, optimizers
from nnutils.exercises import loss_and_gradient_descent as module
from nnutils.exercises.base import judge
from nnutils.gradcheck import numeric_gradient

EXERCISES = {exercise.id: exercise for exercise in module.EXERCISES}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path))


# --- The references -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EXERCISES["05.1"].cases, ids=lambda case: case.label)
def test_mse_is_that_of_torch_and_its_gradient_the_slope(case):
    y_hat, y = case.args
    loss, gradient = module.mse_and_gradient(y_hat, y)
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


STEPS = {
    "05.4": (lambda p, g, s, t: module.adagrad_step(p, g, s, 0.1, 1e-10), 1),
    "05.5": (lambda p, g, s, t: module.rmsprop_step(p, g, s, 0.1, 0.9, 1e-8), 1),
    "05.6": (lambda p, g, m, s, t: module.adam_step(p, g, m, s, t), 2),
}
TORCH = {
    "05.4": lambda p: torch.optim.Adagrad(p, 0.1),
    "05.5": lambda p: torch.optim.RMSprop(p, 0.1, alpha=0.9),
    "05.6": lambda p: torch.optim.Adam(p, 0.1),
}
NNUTILS = {
    "05.4": lambda: optimizers.Adagrad(0.1),
    "05.5": lambda: optimizers.RMSProp(0.1, 0.9),
    "05.6": lambda: optimizers.Adam(0.1),
}


@pytest.mark.parametrize("id", STEPS)
def test_a_hundred_steps_equal_torch_and_nnutils(id):
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=4), rng.normal(size=(100, 4))
    got = follow(STEPS[id][0], start, STEPS[id][1], gradients)
    t, ours = torch.tensor(start, requires_grad=True), start.copy()
    referee, optimizer = TORCH[id]([t]), NNUTILS[id]()
    for place, g in zip(got, gradients):
        t.grad = torch.tensor(g)
        referee.step()
        optimizer.step([ours], [g])
        np.testing.assert_allclose(place, t.detach().numpy(), rtol=0, atol=1e-10)
        np.testing.assert_allclose(place, ours, rtol=0, atol=1e-10)


# --- The seven steps in order ---------------------------------------------------------------------

X = np.random.default_rng(1).normal(size=100)
Y = 2 * X


def run_lines(order):
    """Run the lines of exercise 05.3 in this order; return the weight and the losses."""
    names = {"np": np, "X": X, "y": Y, "rate": 0.05, "history": []}
    names["rng"] = np.random.default_rng(0)
    exec("\n".join(module.LOOP_LINES[letter] for letter in order), names)
    return names["w"], names["history"]


def test_the_ordered_lines_fit_the_line():
    w, history = run_lines(module.loop_order())
    assert w == pytest.approx(2, abs=1e-4)
    assert len(history) == 200 and history[-1] < 1e-6 < history[0]
    slope = np.polyfit(X, Y, 1)[0]
    assert w == pytest.approx(slope, abs=1e-4)


def test_the_mistaken_orders_do_what_their_sentences_say():
    for wrong in (
        module._parameters_defined_in_every_epoch,
        module._parameters_defined_for_every_batch,
    ):
        with pytest.raises(IndentationError):
            run_lines(wrong())
    with pytest.raises(NameError, match="dw"):
        run_lines(module._update_before_backward())
    with pytest.raises(NameError, match="error"):
        run_lines(module._loss_before_forward())
    assert run_lines(module._backward_before_loss()) == run_lines(module.loop_order())


def test_a_wrong_order_is_told_where_it_begins():
    text = judge(EXERCISES["05.3"], lambda: "FGCBEAD").text
    assert "Right up to line 1. Then line 2, `for batch in" in text
    assert "exactly once" in judge(EXERCISES["05.3"], lambda: "FCGBEA").text
    assert judge(EXERCISES["05.3"], lambda: "f c g b e a d").text.startswith("solved")


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


def adagrad_with_power(p, g, s, rate, eps):
    s = s + np.square(g)
    return p - rate / (s**0.5 + eps) * g, s


def rmsprop_by_difference(p, g, s, rate, beta, eps):
    s = s + (1 - beta) * (g * g - s)
    return p - rate * g / (eps + np.sqrt(s)), s


def adam_as_in_the_paper(p, g, m, s, t, rate=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    s = s + (1 - beta2) * (g * g - s)
    root = np.sqrt(1 - beta2**t)
    return p - rate * root / (1 - beta1**t) * m / (np.sqrt(s) + root * eps), m, s


@pytest.mark.parametrize(
    ("id", "function"),
    [
        ("05.1", mse_with_loops),
        ("05.2", cross_entropy_row_by_row),
        ("05.4", adagrad_with_power),
        ("05.5", rmsprop_by_difference),
        ("05.6", adam_as_in_the_paper),
    ],
)
def test_other_right_ways_are_accepted(id, function):
    assert judge(EXERCISES[id], function).text.startswith("solved")


def adagrad_in_place(p, g, s, rate, eps):
    s += g**2
    p -= rate * g / (np.sqrt(s) + eps)
    return p, s


def test_a_step_that_changes_its_input_is_told_so():
    assert judge(EXERCISES["05.4"], adagrad_in_place).text.startswith("solved, but")


# --- The numbers in the questions -----------------------------------------------------------------


def test_numbers_in_the_questions():
    right = {q.id: next(c.text for c in q.choices if c.correct) for q in module.QUIZ}
    assert right["05.w1"] == "(−1, 0.5)"
    np.testing.assert_array_equal(0.5 * (0 - 1) * np.array([2, -1]), [-1, 0.5])
    sigmoid = torch.sigmoid(torch.tensor([0.0, 0.1], dtype=torch.float64))
    assert float(right["05.w3"]) == pytest.approx(float(sigmoid[1] - sigmoid[0]), abs=1e-4)
    assert int(right["05.q3"]) == 25 * 10**2
