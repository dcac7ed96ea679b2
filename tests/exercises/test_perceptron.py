"""What is special about the exercises of notebook 02; the contract tests cover the rest."""

import numpy as np
import pytest

from nnutils.exercises import perceptron as module
from nnutils.exercises.base import judge
from nnutils.perceptron import Perceptron, xor_network

EXERCISES = {exercise.id: exercise for exercise in module.EXERCISES}
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path))


def run_lines(order, X, y):
    """Run the lines of exercise 02.5 in this order; return the weights, the bias, the epochs."""
    names = {"np": np, "X": X, "y": y}
    exec("\n".join(module.LOOP_LINES[letter] for letter in order), names)
    return *names["w"], names["b"], names["epoch"] + 1


def test_the_ordered_lines_are_the_perceptron():
    X, y = CORNERS, np.array([0, 0, 0, 1])
    model = Perceptron(2)
    report = model.fit(X, y)
    assert run_lines(module.loop_order(), X, y) == (*model.w, model.b, report.epochs)


def test_the_mistaken_orders_do_what_their_sentences_say():
    X, y = CORNERS, np.array([0, 0, 0, 1])
    assert run_lines(module._asks_before_the_pass(), X, y) == (0, 0, 0, 1)
    with pytest.raises(NameError, match="mistakes"):
        run_lines(module._counts_only_after_the_pass(), X, y)


def test_a_wrong_order_is_told_where_it_begins():
    result = judge(EXERCISES["02.5"], lambda: "CEHAGIDBF")
    assert "The first 2 lines are right" in result.text
    assert "exactly once" in judge(EXERCISES["02.5"], lambda: "CEA").text
    assert "in capitals and without spaces" in judge(EXERCISES["02.5"], lambda: "ceahgidbf").text


def test_the_rule_is_that_of_the_perceptron():
    rng = np.random.default_rng(0)
    for _ in range(50):
        model = Perceptron(3, rate=rng.uniform(0.1, 2))
        model.w, model.b = rng.normal(size=3), rng.normal()
        x, y = rng.normal(size=3), int(rng.integers(2))
        w, b = module.update(model.w, model.b, x, y, model.rate)
        model.update(x, y)
        np.testing.assert_allclose([*w, b], [*model.w, model.b])


def test_the_table_is_the_first_pass_of_the_perceptron():
    model = Perceptron(2)
    rows = []
    for x, y in zip(CORNERS, [0, 0, 0, 1], strict=True):
        y_hat = int(model.predict(x))
        model.update(x, y)
        rows.append([y_hat, y - y_hat, *model.w, model.b])
    np.testing.assert_array_equal(module.and_table(), rows)


def test_a_wrong_number_in_the_table_is_named_and_not_corrected():
    table = module.and_table()
    table[2][3] = 7
    text = judge(EXERCISES["02.4"], lambda: table).text
    assert "In row (1, 0) the weight w2 is not." in text
    assert "shape is (3, 5)" in judge(EXERCISES["02.4"], lambda: table[:3]).text


@pytest.mark.parametrize("name", module.GATES)
def test_gates_are_what_they_are_called(name):
    inputs = module._corners(3 if "three" in name else 2).astype(bool)
    right = {
        "NOR": ~inputs.any(axis=1),
        "x1 but not x2": inputs[:, 0] & ~inputs[:, 1],
        "at least two of three": inputs.sum(axis=1) >= 2,
    }[name]
    np.testing.assert_array_equal(module.GATES[name], right)
    assert module._gate_answers(module.gates())[name] == module.GATES[name]


def test_other_weights_for_the_same_gates_are_accepted():
    others = {
        "NOR": [-3, -5, 0],
        "x1 but not x2": (2.0, -7.0, -1.0),
        "at least two of three": np.array([5, 4, 6, -8]),
    }
    assert judge(EXERCISES["02.2"], lambda: others).text.startswith("solved")


def test_a_wrong_gate_is_named_with_its_inputs():
    wrong = module.gates() | {"at least two of three": [1, 1, 0, -1.5]}
    text = judge(EXERCISES["02.2"], lambda: wrong).text
    assert "at least two of three: for the inputs (0, 1, 1) the sum with the bias is -0.5" in text
    short = module.gates() | {"NOR": [1, 1]}
    assert "NOR: 2 weights and a bias are needed" in judge(EXERCISES["02.2"], lambda: short).text


def test_two_layers_make_xor():
    case = EXERCISES["02.6"].cases[0]
    np.testing.assert_array_equal(module.two_layers(*case.args), xor_network(CORNERS))


def neuron_with_loop(x, w, b):
    z = b
    for value, weight in zip(x, w, strict=True):
        z += value * weight
    return int(z >= 0)


def neuron_with_constant_input(x, w, b):
    return bool(np.append(x, 1) @ np.append(w, b) >= 0)


def update_with_if(w, b, x, y, rate):
    z = w @ x + b
    if y == 1 and z < 0:
        return w + rate * x, b + rate
    if y == 0 and z >= 0:
        return w - rate * x, b - rate
    return w, b


def two_layers_row_by_row(X, W1, b1, w2, b2):
    answers = []
    for x in X:
        hidden = [neuron_with_loop(x, w, b) for w, b in zip(W1, b1, strict=True)]
        answers.append(neuron_with_loop(hidden, w2, b2))
    return np.array(answers)


@pytest.mark.parametrize(
    ("id", "function"),
    [
        ("02.1", neuron_with_loop),
        ("02.1", neuron_with_constant_input),
        ("02.3", update_with_if),
        ("02.4", lambda: tuple(tuple(float(n) for n in row) for row in module.and_table())),
        ("02.6", two_layers_row_by_row),
    ],
)
def test_other_right_ways_are_accepted(id, function):
    assert judge(EXERCISES[id], function).text.startswith("solved")


def update_in_place(w, b, x, y, rate):
    error = y - int(w @ x + b >= 0)
    w += rate * error * x
    return w, b + rate * error


def test_an_update_in_place_is_noticed():
    assert judge(EXERCISES["02.3"], update_in_place).text.startswith("solved, but")


@pytest.mark.parametrize("exercise", module.EXERCISES, ids=lambda exercise: exercise.id)
def test_every_known_mistake_is_recognised_as_itself(exercise):
    for mistake in exercise.mistakes:
        result = judge(exercise, mistake.function)
        assert result.verdict == "wrong in a known way"
        assert result.mistake == mistake.function.__name__
    assert judge(exercise, exercise.reference).text.startswith("solved")
