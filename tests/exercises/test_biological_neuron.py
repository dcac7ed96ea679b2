"""What is special about the exercises of notebook 01; the contract tests cover the rest."""

import numpy as np
import pytest

from nnutils.exercises.course import find_exercise, questions_of
from nnutils.exercises.judge import judge
from nnutils.neurons import NEURON, euler_step, firing_rate, rheobase, simulate, spike_times

STEPS = find_exercise("refractory_steps")


def run_lines(program):
    """Run the lines of the neuron in the order of this program; return the times of the spikes."""
    names = {name: getattr(NEURON, name) for name in ("V_rest", "V_th", "V_reset", "tau", "R")}
    names |= {"current": 2.0, "dt": 0.1, "t_ref": 2.0, "times": 0.1 * np.arange(1, 2001)}
    spikes = names["spikes"] = []
    exec(program.replace("round(t_ref / dt)", "round(t_ref / dt); spikes.append(t)"), names)
    return spikes


def test_the_ordered_lines_are_the_neuron(program):
    expected = spike_times(simulate(2.0, 200))
    assert len(expected) == 11
    found = run_lines(program(STEPS, STEPS.reference()))
    assert found == pytest.approx(list(expected))


def test_the_mistaken_orders_are_no_such_neuron(program):
    assert judge(STEPS, lambda: "FCAHDGBE").mistake == "moves_while_refractory"
    assert run_lines(program(STEPS, "FCAHDGBE")) == []  # it never fires
    assert judge(STEPS, lambda: "FCBEAGDH").mistake == "asks_before_the_step"
    late = run_lines(program(STEPS, "FCBEAGDH"))
    assert late[0] == pytest.approx(spike_times(simulate(2.0, 200))[0] + 0.1)  # a step late


def test_a_wrong_order_is_told_where_it_begins():
    result = judge(STEPS, lambda: "FCADGHBE")
    assert "The first 3 lines are right. D, in place 4, comes too early." in result.text
    assert "exactly once" in judge(STEPS, lambda: "FCAG").text
    assert judge(STEPS, lambda: [*"fcagdhbe"]).verdict == "solved"
    assert judge(STEPS, lambda: "FCAEBHDG").mistake == "asks_before_the_step"  # G is not to blame


def test_table_holds_what_numpy_gives():
    for current, (relu, step) in find_exercise("relu_and_step").reference().items():
        z = current - rheobase()
        assert relu == np.maximum(0, z)
        assert step == np.heaviside(z, 1)


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
        ("refractory_steps", lambda: "FCAGDHBE"),
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
