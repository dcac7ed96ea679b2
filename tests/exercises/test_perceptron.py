"""What is special about the exercises of notebook 02; the contract tests cover the rest."""

from itertools import product

import numpy as np
import pytest
import torch

from nnutils.exercises import perceptron as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge
from nnutils.perceptron import Perceptron, half_adder, step_unit

GATES, LOOP = find_exercise("gates"), find_exercise("mend_the_loop")
ADDER = find_exercise("half_adder")
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def fitted(X, y, epochs):
    """Return what a mended loop must return, from the textbook's perceptron."""
    model = Perceptron(X.shape[1])
    report = model.fit(X, y, max_epochs=epochs)
    return *model.w, model.b, report.epochs, len(report.updates)


def test_the_mended_loop_is_the_perceptron():
    rng = np.random.default_rng(0)
    cases = [case.args for case in LOOP.all_cases] + [LOOP.draw(rng) for _ in range(30)]
    compared = 0
    for X, y, epochs in cases:
        w, *rest = module.mend_the_loop(X, y, epochs)
        if len(set(y)) == 2:  # the textbook asks for both classes
            assert (*w, *rest) == fitted(X, y, epochs)
            compared += 1
    assert compared > 20


def test_the_faults_have_the_symptoms_that_the_exercise_tells():
    X, y = module.LEAVES, module.KINDS
    w, b, epochs, updates = LOOP.stub(X, y, 100)
    assert (b, epochs, updates) == (0, 100, 202)
    assert (step_unit(X, w, b) != y).sum() == 1
    assert module.mend_the_loop(X, y, 100)[2:] == (3, 6)
    pair = X[[2, 7]], y[[2, 7]]
    w, b, epochs, updates = LOOP.stub(*pair, 100)
    assert (epochs, updates) == (100, 1)
    np.testing.assert_array_equal(step_unit(pair[0], w, b), pair[1])


def test_a_program_that_does_what_the_stub_does_is_not_attempted():
    def hardly_changed(X, y, epochs):
        w, b, epoch, updates = LOOP.stub(X, y, epochs)
        return np.array(w), float(b), epoch, updates

    for function in (LOOP.stub, hardly_changed):
        result = judge(LOOP, function)
        assert result.text == (
            "not attempted: The program in the cell above still does what it did.\n"
            'For a hint: `check("mend_the_loop", hint=1)`'
        )


def loop_with_break(X, y, epochs):
    w, b, epoch, updates = np.zeros(X.shape[1]), 0.0, 0, 0
    while epoch < epochs:
        epoch, before = epoch + 1, updates
        for x, label in zip(X, y, strict=True):
            answer = 1 if w @ x + b >= 0 else 0
            if answer != label:
                w, b, updates = w + (label - answer) * x, b + label - answer, updates + 1
        if updates == before:
            break
    return [w, b, epoch, updates]


def loop_that_adds_zeros(X, y, epochs):
    """Move the bias after right answers too, where the error is 0."""
    weights, updates, epoch, mistakes = np.zeros(X.shape[1] + 1), 0, 0, 1
    while mistakes and epoch < epochs:
        epoch, mistakes = epoch + 1, 0
        for x, label in zip(np.column_stack([X, np.ones(len(X))]), y, strict=True):
            error = label - (weights @ x >= 0)
            weights = weights + error * x
            mistakes += abs(error)
        updates += mistakes
    return weights[:-1], weights[-1], epoch, updates


def loop_without_early_end(X, y, epochs):
    w, b, _, updates = module.mend_the_loop(X, y, epochs)
    return w, b, epochs, updates


def loop_that_leaves_an_epoch(X, y, epochs):
    """Ask for an end after every example, not after every epoch."""
    w, b, epoch, updates = np.zeros(X.shape[1]), 0, 0, 0
    mistakes = 1
    while mistakes > 0 and epoch < epochs:
        epoch, mistakes = epoch + 1, 0
        for x, label in zip(X, y, strict=True):
            error = label - int(w @ x + b >= 0)
            w, b = w + error * x, b + error
            mistakes, updates = mistakes + abs(error), updates + abs(error)
            if mistakes == 0:
                break
    return w, b, epoch, updates


def test_a_loop_without_an_early_end_has_one_fault_left():
    assert judge(LOOP, loop_without_early_end).mistake == "count_still_left"


def test_the_adder_adds():
    W1, b1, W2, b2 = module.half_adder()
    np.testing.assert_array_equal(
        step_unit(step_unit(CORNERS, W1, b1), W2, b2), half_adder(CORNERS)
    )


ONE, TWO = [1, 1], [3, 3]  # weights that count ones
OTHER_ADDERS = {
    "or_and": ([ONE, ONE], [-0.5, -1.5], [[1, -1], [0, 1]], [-0.5, -0.5]),
    "and_first": ([ONE, [-1, -1]], [-2, 0], [[-1, -1], [1, 0]], [0, -1]),
    "three_units": ([ONE, [-1, -1], TWO], [-1, 1, -6], [[2, 2, 0], [0, 0, 5]], [-4, -5]),
    "one_way_and_other": (
        [[1, -1], [-1, 1], ONE],
        [-1, -1, -2],
        [[1, 1, 0], [0, 0, 1]],
        [-1, -1],
    ),
    "arrays": tuple(map(np.array, ([ONE, ONE], [-0.9, -1.1], [[5, -6], [0, 1]], [-4, -1]))),
    "tensors": [torch.tensor(part) for part in module.half_adder()],
}


@pytest.mark.parametrize("name", OTHER_ADDERS)
def test_other_networks_that_add_are_accepted(name):
    assert judge(ADDER, lambda: OTHER_ADDERS[name]).verdict == "solved"


def test_a_wrong_adder_is_told_by_its_first_wrong_pair():
    W1, b1, _, b2 = module.half_adder()
    text = judge(ADDER, lambda: (W1, b1, [[1, 1], [-1, 0]], b2)).message
    assert text == (
        "For 0 + 0 your carry is 1, and it must be 0. Your hidden units answer (0, 1) there."
    )
    text = judge(ADDER, lambda: (W1, [-1.5, 1.5], [[1, 1], [0, -1]], b2)).message
    assert text.startswith("For 0 + 1 your sum is 0, and it must be 1.")


@pytest.mark.parametrize(
    ("place", "part", "said"),
    [
        (0, [[1, 1, 1], [1, 1, 1]], "W1 must have the shape (2, 2), it has (2, 3)."),
        (1, -0.5, "b1 must have the shape (2,), it has ()."),
        (0, [1, 1, 1], "W1 must have the shape (3, 2), it has (3,)."),
        (2, [1, 1], "W2 must have the shape (2, 2), it has (2,)."),
        (3, [-1.5, 0.5, 1], "b2 must have the shape (2,), it has (3,)."),
        (0, [[1, 1], [1]], "W1 must hold numbers, in rows of the same length."),
        (3, ["a", "b"], "b2 must hold numbers, in rows of the same length."),
        (2, None, "W2 must have the shape (2, 2), it has ()."),
    ],
)
def test_layers_that_do_not_fit_are_named(place, part, said):
    layers = list(module.half_adder())
    layers[place] = part
    assert judge(ADDER, lambda: layers).message == said
    assert judge(ADDER, lambda: layers[:3]).message.startswith("Return four things")


def test_the_rule_is_that_of_the_perceptron():
    rng = np.random.default_rng(0)
    for _ in range(50):
        model = Perceptron(3, rate=rng.uniform(0.1, 2))
        model.w, model.b = rng.normal(size=3), rng.normal()
        x, y = rng.normal(size=3), int(rng.integers(2))
        w, b = module.learning_rule(model.w, model.b, x, y, model.rate)
        model.update(x, y)
        np.testing.assert_allclose([*w, b], [*model.w, model.b])


@pytest.mark.parametrize("name", module.gates())
def test_gates_are_what_they_are_called(name):
    *weights, bias = module.gates()[name]
    inputs = np.array(list(product([False, True], repeat=len(weights))))
    right = {
        "NOR": ~inputs.any(axis=1),
        "x1 but not x2": inputs[:, 0] & ~inputs[:, 1],
        "at least two of three": inputs.sum(axis=1) >= 2,
    }[name]
    np.testing.assert_array_equal(inputs @ weights + bias >= 0, right)


def test_other_weights_for_the_same_gates_are_accepted():
    others = {
        "NOR": [-3, -5, 0],
        "x1 but not x2": (2.0, -7.0, -1.0),
        "at least two of three": np.array([5, 4, 6, -8]),
    }
    assert judge(GATES, lambda: others).verdict == "solved"
    others = {name: torch.tensor(numbers) for name, numbers in others.items()}
    assert judge(GATES, lambda: others).verdict == "solved"


@pytest.mark.parametrize(
    ("name", "numbers", "mistake", "untrue"),
    [
        ("NOR", [-0.5, -0.5, 0.75], "nand_for_nor", "below 1"),
        ("NOR", [1, 1, -1], "or_for_nor", "turn the sign"),
        ("x1 but not x2", [1, -0.2, -0.5], "x1_alone", "does not look at x2"),
    ],
)
def test_a_sentence_is_true_of_all_weights_that_answer_so(name, numbers, mistake, untrue):
    result = judge(GATES, lambda: module.gates() | {name: numbers})
    assert result.mistake == mistake and untrue not in result.text


def test_a_wrong_gate_is_named_with_its_inputs():
    wrong = module.gates() | {"at least two of three": [1, 1, 0, -1.5]}
    text = judge(GATES, lambda: wrong).text
    assert "at least two of three: for the inputs (0, 1, 1) the sum with the bias is -0.5" in text
    right = {"NOR": [-3, -5, 0]}  # other weights than those of the reference
    for numbers in ([1, 1], None, "1, 1, -0.5", [[1, -1], -0.5], [1, None, -0.5], 7):
        answer = module.gates() | right | {"x1 but not x2": numbers}
        said = judge(GATES, lambda answer=answer: answer).message
        assert said == "x1 but not x2: 2 weights and a bias are needed."


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


def in_single_precision(w, b, x, y, rate):
    w, b = update_with_if(w, b, x, y, rate)
    return torch.tensor(w).float(), torch.tensor(b).float()


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("neuron", neuron_with_loop),
        ("neuron", neuron_with_constant_input),
        ("learning_rule", update_with_if),
        ("learning_rule", in_single_precision),
        ("mend_the_loop", loop_with_break),
        ("mend_the_loop", loop_that_adds_zeros),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).text.startswith("solved")


def update_by(answer):
    """Return the learning rule with another answer: ``answer(w, x, b)``."""

    def rule(w, b, x, y, rate):
        error = rate * (y - answer(w, x, b))
        return w + error * x, b + error

    return rule


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("neuron", lambda x, w, b: int(w @ x > 0)),
        ("neuron", lambda x, w, b: int(b >= 0)),
        ("neuron", lambda x, w, b: int(w[:2] @ x[:2] + b >= 0)),
        ("neuron", lambda x, w, b: int(sum(x) + b >= 0)),
        ("neuron", lambda x, w, b: int(abs(w) @ x + b >= 0)),
        ("neuron", lambda x, w, b: int(w @ abs(x) + b >= 0)),
        ("learning_rule", update_by(lambda w, x, b: 0)),
        ("learning_rule", update_by(lambda w, x, b: int(b >= 0))),
        ("learning_rule", update_by(lambda w, x, b: int(w.sum() + b >= 0))),
        ("learning_rule", update_by(lambda w, x, b: int(w @ x - b >= 0))),
        ("learning_rule", update_by(lambda w, x, b: np.sign(w @ x + b))),
        ("learning_rule", lambda *args: [np.round(part, 2) for part in update_with_if(*args)]),
        ("mend_the_loop", loop_that_leaves_an_epoch),
        ("mend_the_loop", lambda X, y, epochs: module.mend_the_loop(X, y, epochs + 1)),
        ("mend_the_loop", lambda X, y, epochs: module.mend_the_loop(X, y, 100)),
        ("mend_the_loop", lambda X, y, epochs: module.mend_the_loop(X[::-1], y[::-1], epochs)),
    ],
)
def test_a_wrong_answer_is_neither_solved_nor_another_mistake(name, function):
    result = judge(find_exercise(name), function)
    assert (result.verdict, result.mistake) == ("wrong on this input", None)


@pytest.mark.parametrize(
    ("name", "mistake", "function", "untrue"),
    [
        ("neuron", "strictly_above", lambda x, w, b: 0 if w @ x + b <= 0 else 1, "where you have"),
        ("neuron", "bias_as_threshold", lambda x, w, b: int(w @ x - b >= 0), "You compare"),
        ("learning_rule", "wrong_way", lambda *args: update_with_if(*args[:4], -args[4]), "not y_"),
    ],
)
def test_a_sentence_does_not_say_how_the_answer_was_written(name, mistake, function, untrue):
    result = judge(find_exercise(name), function)
    assert result.mistake == mistake and untrue not in result.text


def update_in_place(w, b, x, y, rate):
    error = y - int(w @ x + b >= 0)
    w += rate * error * x
    return w, b + rate * error


def test_an_update_in_place_is_noticed():
    assert judge(find_exercise("learning_rule"), update_in_place).text.startswith("solved, but")
