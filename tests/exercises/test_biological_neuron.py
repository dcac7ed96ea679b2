"""What is special about the exercises of notebook 01; the contract tests cover the rest."""

import numpy as np
import pytest

from nnutils.exercises import biological_neuron as module
from nnutils.exercises.base import judge
from nnutils.neurons import NEURON, firing_rate, rheobase, simulate, spike_times

EXERCISES = {exercise.id: exercise for exercise in module.EXERCISES}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path))


def run_lines(order):
    """Run the lines of exercise 01.2 in this order; return the times of the spikes."""
    names = {name: getattr(NEURON, name) for name in ("V_rest", "V_th", "V_reset", "tau", "R")}
    names |= {"current": 2.0, "dt": 0.1, "t_ref": 2.0, "times": 0.1 * np.arange(1, 2001)}
    lines = [module.NEURON_LINES[letter] for letter in order]
    after = lines.index("        V, wait = V_reset, round(t_ref / dt)") + 1
    lines.insert(after, "        spikes.append(t)")
    exec("\n".join(lines), names | {"spikes": (spikes := [])})
    return spikes


def test_the_ordered_lines_are_the_neuron():
    expected = spike_times(simulate(2.0, 200))
    assert len(expected) == 11
    assert run_lines(module.neuron_order()) == pytest.approx(list(expected))


def test_the_mistaken_orders_are_no_such_neuron():
    assert run_lines(module._moves_while_refractory()) == []  # it never fires
    late = run_lines(module._asks_before_the_step())
    assert late[0] == pytest.approx(spike_times(simulate(2.0, 200))[0] + 0.1)  # a step late


def test_a_wrong_order_is_told_where_it_begins():
    result = judge(EXERCISES["01.2"], lambda: "FCADGHBE")
    assert "The first 3 lines are right. Line 4, `else:`, comes too early." in result.text
    assert "exactly once" in judge(EXERCISES["01.2"], lambda: "FCAG").text


def test_table_holds_what_numpy_gives():
    for current, (relu, step) in module.relu_and_step().items():
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
    ("id", "function"),
    [
        ("01.1", step_in_one_line),
        ("01.2", lambda: "FCAGDHBE"),
        ("01.3", rate_by_mean_interval),
        ("01.4", rate_by_rheobase),
        ("01.6", unit_of_booleans),
    ],
)
def test_other_right_ways_are_solved(id, function):
    assert judge(EXERCISES[id], function).verdict == "solved"


def test_numbers_in_the_feedback_are_those_of_the_model():
    texts = " ".join(choice.feedback for question in module.QUIZ for choice in question.choices)
    assert "55.3 to 126.9 Hz" in texts
    assert [f"{firing_rate(current):.1f}" for current in (2.0, 4.0)] == ["55.3", "126.9"]
    assert "= −51 mV" in texts and NEURON.V_rest + NEURON.R * 1.4 == pytest.approx(-51)
