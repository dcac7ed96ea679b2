"""What is special about the exercises of notebook 06; the contract tests cover the rest."""

from itertools import permutations

import numpy as np
import pytest
import torch

from nnutils.activations import relu, relu_grad, sigmoid
from nnutils.exercises import backprop_by_hand as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge, slip
from nnutils.gradcheck import check_gradients, numeric_gradient
from nnutils.losses import cross_entropy_grad
from nnutils.network import Network
from nnutils.optimizers import SGD

PROGRAM, STEP = find_exercise("repaired_gradients"), find_exercise("training_step")


def cases_of(name):
    """Return the cases of an exercise, three drawn ones among them."""
    exercise = find_exercise(name)
    return exercise.cases_for(exercise.reference)


def tensors(arrays, dtype=torch.float64):
    return [torch.tensor(a, dtype=dtype, requires_grad=True) for a in arrays]


def assert_gradients(found, tensors):
    for gradient, t in zip(found, tensors, strict=True):
        assert np.shape(gradient) == t.shape
        np.testing.assert_allclose(gradient, t.grad.numpy(), rtol=1e-9, atol=1e-12)


# --- The references are right, by torch -----------------------------------------------------------


@pytest.mark.parametrize("case", cases_of("chain"))
def test_the_chain_is_that_of_torch(case):
    *values, y = case.args
    w, b, x = tensors(values)
    ((torch.tanh(w * x + b) - y) ** 2).backward()
    assert_gradients(module.chain(*case.args), [w, b, x])


@pytest.mark.parametrize("case", cases_of("layer_backward"))
def test_the_layer_is_that_of_torch(case):
    dA, *arrays = case.args
    X, W, b = tensors(arrays)
    torch.sigmoid(X @ W.T + b).backward(torch.tensor(dA))
    dW, db, dX = module.layer_backward(*case.args)
    assert_gradients([dX, dW, db], [X, W, b])


@pytest.mark.parametrize("case", cases_of("backward"))
def test_the_two_layers_are_those_of_torch(case):
    X, y, *arrays = case.args
    W1, b1, W2, b2 = parameters = tensors(arrays)
    Z2 = torch.relu(torch.tensor(X) @ W1.T + b1) @ W2.T + b2
    torch.nn.functional.cross_entropy(Z2, torch.tensor(y)).backward()
    assert_gradients(module.backward(*case.args), parameters)


@pytest.mark.parametrize("case", cases_of("repaired_gradients"))
def test_the_repaired_program_is_that_of_torch(case):
    X, y, *arrays = case.args
    W1, b1, W2, b2 = parameters = tensors(arrays)
    y_hat = torch.sigmoid(torch.sigmoid(torch.tensor(X) @ W1.T + b1) @ W2.T + b2)
    loss = torch.nn.functional.mse_loss(y_hat, torch.tensor(y))
    loss.backward()
    found, *gradients = module.repaired_gradients(*case.args)
    assert found == pytest.approx(loss.item())
    assert_gradients(gradients, parameters)


def test_the_check_finds_right_gradients_right_and_wrong_ones_wrong():
    x = np.array([[0.3, -1.2], [0.7, 0.1]])
    assert module.gradient_check(module.BOWL, x, 2 * x) < 1e-9
    assert module.gradient_check(module.BOWL, x, -2 * x) == pytest.approx(1)
    assert module.gradient_check(module.BOWL, x, 4 * x) == pytest.approx(1 / 3)
    tx = torch.tensor(x, requires_grad=True)
    (torch.sum(torch.sin(tx) * torch.exp(tx / 2)) + torch.prod(torch.cos(tx))).backward()
    assert module.gradient_check(module.WAVES, x, tx.grad.numpy()) < 1e-9


def test_a_wrong_check_is_told_which_function_it_was_given():
    text = judge(find_exercise("gradient_check"), lambda f, x, dx, h=1e-5: 0.5).text
    assert "f: sum of sin(x)·exp(x/2), plus product of cos(x)\n" in text


# --- The planted faults do what their sentences say -----------------------------------------------


@pytest.mark.parametrize(
    ("mistake", "times_n", "wrong_shapes"),
    [
        ("nothing_mended", None, {1, 3}),
        ("biases_left", None, {1, 3}),
        ("hidden_bias_left", None, {1}),
        ("output_bias_left", None, {3}),
        ("mean_left", 4, set()),
        ("factor_two_left", 0.5, set()),
    ],
)
def test_the_faults_left_in_the_program(mistaken, mistake, times_n, wrong_shapes):
    args = PROGRAM.cases[1].args
    _, *right = module.repaired_gradients(*args)
    _, *found = mistaken(PROGRAM, mistake)(*args)
    pairs = list(zip(found, right, strict=True))
    assert {k for k, (a, b) in enumerate(pairs) if a.shape != b.shape} == wrong_shapes
    if times_n is not None:
        for a, b in pairs:
            np.testing.assert_allclose(a, times_n * b)


def test_the_delta_left_in_the_program_is_that_of_cross_entropy(mistaken):
    X, y, *parameters = PROGRAM.cases[1].args
    W1, b1, W2, b2 = parameters

    def cross_entropy(_):
        p = sigmoid(sigmoid(X @ W1.T + b1) @ W2.T + b2)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    _, *found = mistaken(PROGRAM, "delta_left")(X, y, *parameters)
    for gradient, array in zip(found, parameters, strict=True):
        np.testing.assert_allclose(gradient, numeric_gradient(cross_entropy, array), atol=1e-8)


def test_each_combination_of_the_three_faults_has_its_own_sentence():
    faults = ("not summed|have one row", "does not belong|delta of cross", "mean")
    sentences = {mistake.name: mistake.sentence for mistake in PROGRAM.mistakes}
    assert len(set(sentences.values())) == len(sentences)
    assert len([name for name in sentences if name.endswith("_left") and "factor" not in name]) == 8
    assert "All three" in sentences["nothing_mended"]
    for fault in faults:
        assert any(word in sentences["nothing_mended"] for word in fault.split("|"))


# --- The order of a training step -----------------------------------------------------------------


def run_lines(program):
    """Run the lines in the order of this program, on copies; return W1 and W2 after the step."""
    rng = np.random.default_rng(0)
    names = {"X": rng.normal(size=(6, 3)), "y": rng.integers(4, size=6), "rate": 0.3}
    names |= {"W1": rng.normal(size=(5, 3)), "W2": rng.normal(size=(4, 5))}
    names |= {"relu": relu, "relu_grad": relu_grad, "cross_entropy_grad": cross_entropy_grad}
    exec(program, names)
    return names["W1"], names["W2"]


def test_the_ordered_lines_are_a_training_step(program):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 3)), rng.integers(4, size=6)
    network = Network([3, 5, 4], rng, dtype=np.float64)
    W1, b1, W2, b2 = network.parameters()
    rng = np.random.default_rng(0)
    rng.normal(size=(6, 3)), rng.integers(4, size=6)
    W1[:], W2[:] = rng.normal(size=(5, 3)), rng.normal(size=(4, 5))
    b1[:] = b2[:] = 0
    assert check_gradients(network, X, y).all_ok
    network.train_step(X, y, SGD(0.3))
    step = program(STEP, STEP.reference())
    for found, expected in zip(run_lines(step), (W1, W2), strict=True):
        np.testing.assert_allclose(found, expected)


def test_exactly_the_orders_that_work_are_accepted(program):
    """Of all orders of the five lines after the forward pass, by running them."""
    right = run_lines(program(STEP, STEP.reference()))
    accepted = 0
    for end in permutations("FDAIG"):
        order = "CBHE" + "".join(end)
        try:
            works = all(map(np.array_equal, run_lines(program(STEP, order)), right))
        except NameError:
            works = False
        verdict = judge(STEP, lambda order=order: order).verdict
        assert (verdict == "solved") == works, order
        accepted += works
    assert accepted > 3


def test_the_mistaken_orders_do_what_their_sentences_say(program, mistaken):
    right = run_lines(program(STEP, STEP.reference()))
    found = run_lines(program(STEP, mistaken(STEP, "updates_at_once")()))
    assert not np.allclose(found[0], right[0])
    np.testing.assert_array_equal(found[1], right[1])
    with pytest.raises(NameError, match="dZ2"):
        run_lines(program(STEP, mistaken(STEP, "backward_from_the_input")()))


def test_a_wrong_order_is_told_what_is_wrong():
    assert judge(STEP, lambda: "CBHFDIEAG").message.startswith(
        "The first layer (D, I) comes before"
    )
    text = judge(STEP, lambda: "CBEHFDAIG").text
    assert "Line E needs Z2, which line H computes" in text
    assert "exactly once" in judge(STEP, lambda: "CBH").text
    assert judge(STEP, lambda: "C B H E D F I A G").verdict == "solved"


# --- Judging --------------------------------------------------------------------------------------


def chain_in_one_line(w, b, x, y):
    a = np.tanh(w * x + b)
    common = 2 * (a - y) / np.cosh(w * x + b) ** 2
    return np.array([common * x, common, common * w])


def layer_with_loops(dA, X, W, b):
    dW, db, dX = np.zeros(W.shape), np.zeros(len(b)), np.zeros(X.shape)
    for k, x in enumerate(X):
        for j in range(len(W)):
            a = 1 / (1 + np.exp(-(W[j] @ x + b[j])))
            dz = dA[k, j] * a * (1 - a)
            dW[j] += dz * x
            db[j] += dz
            dX[k] += dz * W[j]
    return dW, db, dX


def check_without_changing_x(f, x, dx, h=1e-5):
    n = []
    for i in range(x.size):
        step = np.zeros(x.size)
        step[i] = h
        step = step.reshape(x.shape)
        n.append((f(x + step) - f(x - step)) / (2 * h))
    n = np.array(n).reshape(x.shape)
    length = lambda a: np.sqrt((a**2).sum())  # noqa: E731
    return length(dx - n) / (length(dx) + length(n))


def two_layers_example_by_example(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = (np.zeros_like(p) for p in (W1, b1, W2, b2))
    for x, right in zip(X, y, strict=True):
        z1 = W1 @ x + b1
        a1 = np.where(z1 > 0, z1, 0)
        p = np.exp(W2 @ a1 + b2)
        dz2 = p / p.sum() / len(y)
        dz2[right] -= 1 / len(y)
        dz1 = (W2.T @ dz2) * (z1 > 0)
        dW2 += np.outer(dz2, a1)
        db2 += dz2
        dW1 += np.outer(dz1, x)
        db1 += dz1
    return dW1, db1, dW2, db2


def program_divided_at_the_end(X, y, W1, b1, W2, b2):
    A1 = sigmoid(X @ W1.T + b1)
    A2 = sigmoid(A1 @ W2.T + b2)
    dZ2 = (A2 - y) * A2 * (1 - A2)
    dZ1 = (dZ2 @ W2) * A1 * (1 - A1)
    n = len(X)
    gradients = dZ1.T @ X, dZ1.sum(0), dZ2.T @ A1, dZ2.sum(0)
    return np.square(A2 - y).sum() / n, *(2 * g / n for g in gradients)


def chain_in_torch(w, b, x, y):
    w, b, x = variables = tensors([w, b, x], torch.float32)
    ((torch.tanh(w * x + b) - y) ** 2).backward()
    return [v.grad for v in variables]


def layer_in_torch(dA, X, W, b):
    X, W, b = tensors([X, W, b], torch.float32)
    torch.sigmoid(X @ W.T + b).backward(torch.Tensor(dA))
    return W.grad, b.grad, X.grad


def two_layers_in_torch(X, y, *parameters):
    W1, b1, W2, b2 = parameters = tensors(parameters, torch.float32)
    Z2 = torch.relu(torch.Tensor(X) @ W1.T + b1) @ W2.T + b2
    torch.nn.functional.cross_entropy(Z2, torch.tensor(y)).backward()
    return [p.grad for p in parameters]


def program_in_float32(*args):
    return program_divided_at_the_end(*(a.astype(np.float32) for a in args))


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("chain", chain_in_one_line),
        ("chain", chain_in_torch),
        ("layer_backward", layer_with_loops),
        ("layer_backward", layer_in_torch),
        ("gradient_check", check_without_changing_x),
        ("backward", two_layers_example_by_example),
        ("backward", two_layers_in_torch),
        ("repaired_gradients", program_divided_at_the_end),
        ("repaired_gradients", program_in_float32),
        ("training_step", lambda: "cbhedfiag"),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).text.startswith("solved")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("gradient_check", "h=1e-5", "h=1e-2"),
        ("gradient_check", "n = np.zeros_like(x)", "n, h = np.zeros_like(x), 1e-5"),
        ("backward", "(Z2, y)", "(Z2, y) * len(y) / len(b2)"),
        ("backward", "(Z2, y)", "(Z2, y) * len(y) / len(W1)"),
        ("backward", "relu_grad(Z1)", "(Z1 >= 0)"),
        ("repaired_gradients", " / len(X)", " / len(W1)"),
        ("repaired_gradients", " / len(X)", " / X.shape[1]"),
    ],
)
def test_what_is_wrong_for_some_sizes_is_wrong_in_no_known_way(name, old, new):
    exercise = find_exercise(name)
    result = judge(exercise, slip("wrong", old, new, "").of(exercise))
    assert (result.verdict, result.mistake) == ("wrong on this input", None)


def test_a_gradient_of_the_wrong_shape_or_type_is_survived():
    def column(dA, X, W, b):
        dW, db, dX = module.layer_backward(dA, X, W, b)
        return dW, db[:, None], dX

    for wrong in (column, lambda dA, X, W, b: None):
        assert judge(find_exercise("layer_backward"), wrong).verdict == "wrong on this input"
    assert judge(find_exercise("backward"), lambda *args: "dW1").verdict == "wrong on this input"
    assert judge(PROGRAM, lambda *args: 1 / 0).verdict == "raised this error"
