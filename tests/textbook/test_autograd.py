"""The engine against PyTorch, closed formulas and central differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nnutils.autograd import Value

# One program runs on numbers of both kinds: a list of operations on what was computed so far.
ONE = {
    "tanh": lambda a: a.tanh(),
    "relu": lambda a: a.relu(),
    "exp": lambda a: (a.tanh() * 2).exp(),  # kept small: a chain of exponentials overflows
    "log": lambda a: (a * a + 0.5).log(),
    "negative": lambda a: -a,
    "square": lambda a: a**2,
    "root": lambda a: (a**2 + 1) ** 0.5,
    "inverse": lambda a: 1 / (a**2 + 1),
    "less from": lambda a: 3 - a,
    "more": lambda a: 2 + a,
    "times": lambda a: 1.5 * a,
}
TWO = {
    "+": lambda a, b: a + b,
    "−": lambda a, b: a - b,
    "·": lambda a, b: a.tanh() * b,
    "/": lambda a, b: a / (b**2 + 0.7),
}
place = st.integers(0, 50)
steps = st.lists(
    st.tuples(st.sampled_from(list(ONE)), place)
    | st.tuples(st.sampled_from(list(TWO)), place, place),
    min_size=1,
    max_size=12,
)


def run(program, numbers):
    """Return the sum of all that the program computes: every result is used, many of them twice."""
    results = list(numbers)
    for name, *places in program:
        operands = [results[k % len(results)] for k in places]
        results.append((ONE | TWO)[name](*operands))
    total = results[-1]
    for result in results[:-1]:
        total = total + result * 0.1
    return total


@settings(deadline=None, max_examples=300)
@given(program=steps, numbers=st.lists(st.floats(-3, 3), min_size=1, max_size=4))
def test_values_and_gradients_of_any_formula_equal_torch(program, numbers):
    ours = [Value(number) for number in numbers]
    theirs = [torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in numbers]
    result, expected = run(program, ours), run(program, theirs)
    result.backward()
    expected.backward()
    assert result.data == pytest.approx(expected.item(), rel=1e-9, abs=1e-9)
    for value, tensor in zip(ours, theirs):
        assert value.grad == pytest.approx(tensor.grad.item(), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("x", [-2.0, 0.0, 0.5, 3.0])
@pytest.mark.parametrize("n", [-2, -0.5, 0, 1, 2, 3, 2.5])
def test_powers_equal_torch(x, n):
    a, t = Value(x), torch.tensor(x, dtype=torch.float64, requires_grad=True)
    expected = t**n
    expected.backward()
    if not (math.isfinite(expected.item()) and math.isfinite(t.grad.item())):
        with pytest.raises((ValueError, ZeroDivisionError)):
            a**n
        return
    power = a**n
    power.backward()
    assert power.data == pytest.approx(expected.item())
    assert a.grad == pytest.approx(t.grad.item())


def test_a_number_used_twice_gets_both_shares():
    a = Value(3.0)
    result = a * a + a
    result.backward()
    assert result.data == 12 and a.grad == 7  # 2a + 1


def test_a_second_call_adds_to_the_gradients_as_in_torch():
    w, t = Value(2.0), torch.tensor(2.0, requires_grad=True)
    ours, theirs = (w * 3 - 10) ** 2, (t * 3 - 10) ** 2
    for _ in range(2):
        ours.backward()
        theirs.backward(retain_graph=True)
        assert w.grad == t.grad.item()
    w.backward()
    t.backward()
    assert w.grad == t.grad.item()


def test_values_in_between_keep_the_gradient_of_the_last_call():
    w = Value(2.0)
    z = w * 3
    loss = (z - 10) ** 2
    loss.backward()
    loss.backward()
    assert z.grad == -8 and w.grad == -48


def test_a_chain_of_a_hundred_thousand_steps_needs_no_recursion():
    a = b = Value(1.0)
    for _ in range(100_000):
        b = b + 1
    b.backward()
    assert b.data == 100_001 and a.grad == 1
    del b  # taking it apart must not recurse either


def test_a_number_used_in_a_thousand_ways_costs_a_thousand_steps():
    a = Value(0.001)
    b = a
    for _ in range(1000):
        b = b + b * a  # 2¹⁰⁰⁰ ways lead from b to a
    b.backward()
    h = 1e-6
    measured = (((1.001 + h) ** 1000 * (0.001 + h)) - (1.001 - h) ** 1000 * (0.001 - h)) / (2 * h)
    assert a.grad == pytest.approx(measured, rel=1e-6)


def test_each_origin_stands_after_its_operands():
    a, b = Value(1.0), Value(2.0)
    product = a * b
    result = product + product.tanh()
    order = result.origins()
    assert order[-1] is result and len(order) == 5
    for place, value in enumerate(order):
        assert all(order.index(operand) < place for operand, _ in value.record)


def test_numbers_of_numpy_and_sums_of_lists_work():
    a = Value(2.0)
    for result, expected in [(np.float64(3) * a, 6), (a / np.float32(4), 0.5), (sum([a, a, 1]), 5)]:
        assert isinstance(result, Value) and result.data == expected


def test_a_value_shows_its_number_and_its_gradient():
    a = Value(2)
    (a**2).backward()
    assert repr(a) == "Value(2, grad=4)"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: Value("2"), "data must be a real number, got '2'"),
        (lambda: Value(1j), r"data must be a real number, got 1j"),
        (lambda: Value(1.0) + None, "data must be a real number, got None"),
        (lambda: Value(2.0) ** Value(2.0), r"exponent must be a real number, got Value\(2, grad=0"),
        (lambda: Value(-2.0) ** 0.5, "must be a real number"),
        (lambda: Value(0.0).log(), "log needs a number above 0, got 0"),
        (lambda: Value(-1.0).log(), "log needs a number above 0, got -1"),
        (lambda: Value(1000.0).exp(), r"exp\(1000\) is too large"),
    ],
)
def test_what_gives_no_real_number_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()
