"""What is special about the exercises of notebook 01; the contract tests cover the rest."""

import numpy as np
import pytest

from nnutils.exercises.biological_neuron import sealed_cell
from nnutils.exercises.course import find_exercise, questions_of
from nnutils.exercises.judge import judge
from nnutils.neurons import NEURON, euler_step, firing_rate, rheobase

CLOSED = find_exercise("sealed_cell")


@pytest.mark.parametrize("number", range(1, 13))
def test_two_recordings_tell_what_is_in_a_sealed_cell(number):
    """To half of the 2 % that are allowed; the steps of 0.1 ms cost the rest."""
    neuron = sealed_cell(number).neuron
    weak, strong = 0.5 * rheobase(neuron), 1.5 * rheobase(neuron)
    found = CLOSED.reference(sealed_cell(number), weak, strong)
    np.testing.assert_allclose(found, (rheobase(neuron), neuron.tau, neuron.R), rtol=0.01)


def test_the_cases_are_weak_and_strong_for_their_cells():
    rng = np.random.default_rng(0)
    for cell, weak, strong in [case.args for case in CLOSED.cases] + [CLOSED.draw(rng)] * 5:
        assert 0 < weak < rheobase(cell.neuron) < strong
        assert not cell(weak).spikes.any() and cell(strong).spikes.any()


def test_a_sealed_cell_says_nothing_of_what_is_in_it_and_keeps_its_recordings():
    cell = sealed_cell(3)
    assert repr(cell) == "SealedCell()"
    cell(0.1).V[:] = 0
    assert cell(0.1).V.max() < -40


def by_search(probe, weak, strong):
    """Return the three numbers, with the rheobase found by halving."""
    t, V, _ = probe(weak)
    R = (V[-1] - V[0]) / weak
    tau = t[V >= V[0] + (1 - np.exp(-1)) * (V[-1] - V[0])][0]
    for _ in range(7):
        middle = (weak + strong) / 2
        weak, strong = (weak, middle) if probe(middle).spikes.any() else (middle, strong)
    return [strong, tau, R]


def from_the_slope(probe, weak, strong):
    """Return the three numbers, with tau from the first step of the voltage."""
    t, V, _ = probe(weak)
    R = (V[-1] - V[0]) / weak
    return np.array([(probe(strong).V.max() - V[0]) / R, R * weak / (V[1] - V[0]) * t[1], R])


def rate_by_mean_interval(times):
    return 1000 / np.diff(times).mean() if len(times) > 1 else 0.0


def rate_by_rheobase(current, neuron):
    if current <= (neuron.V_th - neuron.V_rest) / neuron.R:
        return 0
    up = neuron.R * current + neuron.V_rest
    climb = np.log(up - neuron.V_reset) - np.log(up - neuron.V_th)
    return 1000.0 / (neuron.tau * climb + neuron.t_ref)


def step_in_one_line(V, current, dt, neuron):
    return V + dt * (neuron.V_rest - V + neuron.R * current) / neuron.tau


def unit_of_booleans(excitatory, inhibitory, threshold):
    return sum(inhibitory) == 0 and sum(excitatory) >= threshold


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("euler_step", step_in_one_line),
        ("sealed_cell", by_search),
        ("sealed_cell", from_the_slope),
        ("measured_rate", rate_by_mean_interval),
        ("firing_rate", rate_by_rheobase),
        ("firing_rate", lambda *args: np.float32(firing_rate(*args))),
        ("mcculloch_pitts", unit_of_booleans),
    ],
)
def test_other_right_ways_are_solved(name, function):
    assert judge(find_exercise(name), function).verdict == "solved"


def zero_up_to(limit):
    return lambda current, neuron: 0.0 if current <= limit else formula(current, neuron)


def formula(current, neuron):
    V_end = np.float64(neuron.V_rest + neuron.R * current)
    climb = neuron.tau * np.log((V_end - neuron.V_reset) / (V_end - neuron.V_th))
    return 1000 / (neuron.t_ref + climb)


def unit_with_veto(is_veto):
    """Return a unit whose inhibitory inputs are a veto when ``is_veto`` of them is true."""
    return lambda e, i, threshold: 0 if i and is_veto(i) else int(sum(e) >= threshold)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("euler_step", lambda V, *rest: round(euler_step(V, *rest), 2)),
        ("euler_step", lambda V, i, dt, n: min(euler_step(V, i, dt, n), n.V_th)),
        ("euler_step", lambda V, i, dt, n: max(euler_step(V, i, dt, n), n.V_reset)),
        ("euler_step", lambda V, i, dt, n: n.V_reset if V >= n.V_th else euler_step(V, i, dt, n)),
        ("euler_step", lambda V, i, dt, n: euler_step(V, abs(i), dt, n)),
        ("euler_step", lambda V, i, dt, n: euler_step(V, i, dt)),
        ("measured_rate", lambda t: 1000 / np.median(np.diff(t)) if len(t) > 1 else 0.0),
        ("measured_rate", lambda t: np.mean(1000 / np.diff(t)) if len(t) > 1 else 0.0),
        ("measured_rate", lambda t: 1000 / (t[1] - t[0]) if len(t) > 1 else 0.0),
        ("sealed_cell", lambda probe, weak, strong: (weak, 10.0, 10.0)),
        ("sealed_cell", lambda *args: np.multiply(1.03, CLOSED.reference(*args))),
        ("firing_rate", zero_up_to(rheobase())),
        ("firing_rate", zero_up_to(0)),
        ("firing_rate", lambda current, neuron: np.nan_to_num(formula(current, neuron))),
        ("firing_rate", lambda current, neuron: np.fmax(formula(current, neuron), 0)),
        ("firing_rate", lambda current, neuron: min(firing_rate(current, neuron), 500)),
        ("firing_rate", lambda current, neuron: round(firing_rate(current, neuron), 2)),
        ("mcculloch_pitts", lambda e, i, threshold: int(sum(e) == threshold and not any(i))),
        ("mcculloch_pitts", lambda e, i, threshold: int(len(e) >= threshold and not any(i))),
        ("mcculloch_pitts", unit_with_veto(lambda i: i[-1])),
        ("mcculloch_pitts", unit_with_veto(lambda i: i[0])),
        ("mcculloch_pitts", unit_with_veto(lambda i: sum(i) == 1)),
        ("mcculloch_pitts", unit_with_veto(lambda i: sum(i) >= 2)),
        ("mcculloch_pitts", unit_with_veto(lambda i: i[0] and i[-1])),
        ("mcculloch_pitts", lambda e, i, threshold: 1 if any(i) else int(sum(e) >= threshold)),
    ],
)
def test_a_wrong_answer_is_neither_solved_nor_another_mistake(name, function):
    result = judge(find_exercise(name), function)
    assert (result.verdict, result.mistake) == ("wrong on this input", None)


@pytest.mark.parametrize(
    ("mistake", "function"),
    [
        ("strictly_above", lambda e, i, threshold: int(not any(i) and sum(e) >= threshold + 1)),
        ("subtracts", lambda e, i, threshold: int(sum(e) >= threshold + sum(i))),
    ],
)
def test_a_sentence_does_not_say_how_the_answer_was_written(mistake, function):
    result = judge(find_exercise("mcculloch_pitts"), function)
    assert result.mistake == mistake
    assert "where you have" not in result.text and "You subtract" not in result.text


def test_numbers_in_the_feedback_are_those_of_the_model():
    questions = questions_of("biological_neuron")
    texts = " ".join(choice.feedback for question in questions for choice in question.choices)
    assert "55.3 to 126.9 Hz" in texts
    assert [f"{firing_rate(current):.1f}" for current in (2.0, 4.0)] == ["55.3", "126.9"]
    assert "= −51 mV" in texts and NEURON.V_rest + NEURON.R * 1.4 == pytest.approx(-51)
