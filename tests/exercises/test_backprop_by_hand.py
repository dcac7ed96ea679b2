"""What is special about the exercises of notebook 06; the contract tests cover the rest."""

import re

import numpy as np
import pytest
import torch

from nnutils.activations import relu, relu_grad, sigmoid
from nnutils.exercises import backprop_by_hand as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge, slip
from nnutils.gradcheck import numeric_gradient, relative_error
from tools import notebooks

PROGRAM, FOOLED = find_exercise("repaired_gradients"), find_exercise("fooled_check")
LINES = find_exercise("lines_that_run")


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


def test_the_pencil_finds_what_torch_finds():
    a, b = tensors([3.0, -2.0])
    u = a * b
    v = u + a
    gradients = torch.autograd.grad(v**2, [v, u, b, a])
    assert module.by_pencil() == tuple(g.item() for g in gradients)


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


# --- Predicted lines and a fooled check, by running them ------------------------------------------

UPDATES = {"A": "W -= dW", "B": "W -= dW", "C": "b -= db", "D": "b -= db", "E": "b -= db", "F": ""}


def lines_of_the_notebook():
    """Return a dict from each letter to its line, as the text above the exercise shows it."""
    cells = notebooks.read(notebooks.all_notebooks()[6]).cells
    (text,) = (c.source for c in cells if "· Predict which slips NumPy stops" in c.source)
    return dict(re.findall(r"^([A-F])   (.+)$", text, flags=re.MULTILINE))


@pytest.mark.parametrize(("which", "sizes"), [(0, (4, 3, 2)), (1, (3, 3, 3))])
def test_exactly_the_lines_named_run(which, sizes):
    n, n_in, n_out = sizes
    rng, ran = np.random.default_rng(0), ""
    for letter, line in lines_of_the_notebook().items():
        shapes = {"X": (n, n_in), "W": (n_out, n_in), "b": n_out, "dZ": (n, n_out)}
        names = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        names["dA"] = rng.normal(size=(n, n_out))
        try:
            exec(f"{line}\n{UPDATES[letter]}", names)
        except ValueError:
            continue
        ran += letter
    assert ran == module.lines_that_run()[which]


def test_letters_are_taken_in_any_usual_form_and_a_wrong_one_is_named():
    for answer in [("be", "A, B, D, E, F"), (["E", "B"], "FEDBA"), ["BE", "a b d e f"]]:
        assert judge(LINES, lambda answer=answer: answer).verdict == "solved"
    assert "line D" in judge(LINES, lambda: ("BDE", "ABDEF")).message
    for answer in (None, 3, ("BE",), ("BE", 7)):
        assert judge(LINES, lambda answer=answer: answer).verdict.startswith("wrong")


def test_the_fooled_check_is_that_of_the_package():
    z, large, small = module.fooled_check()
    for place, error in [(z, 1), (-9.99e-6, 1), (0.0, 1), (2e-6, 0.25)]:
        assert module.check_error(relu, relu_grad, place, 1e-5) == pytest.approx(error)
    for f, f_grad, x, h in [
        (relu, relu_grad, z, 1e-5),
        (np.sin, np.cos, 1.0, large),
        (np.sin, np.cos, 1.0, small),
        (np.sin, np.cos, 1.0, 1e-5),
    ]:
        measured = numeric_gradient(f, np.array(x), h)
        expected = relative_error(np.array(f_grad(x)), measured)
        assert module.check_error(f, f_grad, x, h) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("answer", [(-1e-6, 0.2, 1e-16), (0, 1, 1e-15), [-9e-6, 0.13, 1e-17]])
def test_whatever_fools_the_check_is_accepted(answer):
    assert judge(FOOLED, lambda: answer).verdict == "solved"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((3e-6, 0.2, 1e-15), "Your z lies above 0"),
        ((-2e-5, 0.2, 1e-15), "so far from 0"),
        ((-1e-6, 1e-15, 0.2), "exchanged"),
        ((-1e-6, 0.1, 1e-15), "At your `large`"),
        ((-1e-6, 0.2, 1e-12), "At your `small`"),
        ((-1e-6, 0.2, 0), "At your `small`"),
    ],
)
def test_what_does_not_fool_it_is_told_why(answer, said):
    result = judge(FOOLED, lambda: answer)
    assert result.verdict.startswith("wrong") and said in result.message


def test_an_answer_of_another_kind_is_survived():
    for answer in (None, (1, 2), ("a", 1, 2), "abc"):
        assert judge(FOOLED, lambda answer=answer: answer).verdict != "solved"


# --- The planted faults do what their sentences say -----------------------------------------------


@pytest.mark.parametrize(
    ("mistake", "times_n", "wrong_shapes"),
    [
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
    sentences = {mistake.name: mistake.sentence for mistake in PROGRAM.mistakes}
    assert len(set(sentences.values())) == len(sentences)
    assert len([name for name in sentences if name.endswith("_left") and "factor" not in name]) == 8


def test_a_program_that_still_has_its_three_faults_is_not_attempted():
    def renamed(X, y, W1, b1, W2, b2):
        return PROGRAM.stub(X, y, W1, b1, W2, b2)

    assert judge(PROGRAM, renamed).verdict == "not attempted"


# --- Judging --------------------------------------------------------------------------------------


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
        ("backward", two_layers_example_by_example),
        ("backward", two_layers_in_torch),
        ("repaired_gradients", program_divided_at_the_end),
        ("repaired_gradients", program_in_float32),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).text.startswith("solved")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
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
    def columns(*args):
        dW1, db1, dW2, db2 = module.backward(*args)
        return dW1, db1[:, None], dW2, db2[:, None]

    assert judge(find_exercise("backward"), columns).verdict == "wrong on this input"
    assert judge(find_exercise("backward"), lambda *args: "dW1").verdict == "wrong on this input"
    assert judge(PROGRAM, lambda *args: 1 / 0).verdict == "raised this error"
