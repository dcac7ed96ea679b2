"""The neuron against SciPy's integrator, closed formulas and truth tables."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from nnutils.neurons import (
    NEURON,
    LIFNeuron,
    euler_step,
    firing_rate,
    mcculloch_pitts,
    measured_rate,
    rheobase,
    simulate,
    spike_times,
    threshold_unit,
)

neurons = st.builds(
    LIFNeuron,
    V_rest=st.floats(-75, -60),
    V_th=st.floats(-56, -40),
    V_reset=st.floats(-80, -60),
    tau=st.floats(3, 30),
    R=st.floats(2, 50),
    t_ref=st.floats(0, 5),
)


def interval_by_scipy(current, neuron):
    """Integrate the membrane equation from reset to threshold and add the refractory time."""

    def slope(_, V):
        return (neuron.V_rest - V + neuron.R * current) / neuron.tau

    def reached(_, V):
        return V[0] - neuron.V_th

    reached.terminal = True
    run = solve_ivp(slope, (0, 1e4), [neuron.V_reset], events=reached, rtol=1e-10, atol=1e-10)
    return run.t_events[0][0] + neuron.t_ref


def climbing_steps_of_euler(current, neuron, dt):
    """Return after how many steps the geometric sequence from reset would reach the threshold."""
    V_end = neuron.V_rest + neuron.R * current
    ratio = (V_end - neuron.V_th) / (V_end - neuron.V_reset)
    return np.log(ratio) / np.log1p(-dt / neuron.tau)


# --- The formulas ---------------------------------------------------------------------------------


def test_the_numbers_of_the_course():
    assert rheobase() == 1.5
    assert f"{firing_rate(2.0):.1f}" == "55.3"
    assert f"{measured_rate(spike_times(simulate(2.0, 1000, dt=0.01))):.1f}" == "55.3"


@pytest.mark.parametrize("current", [1.501, 1.6, 2.0, 3.5, 10.0])
@pytest.mark.parametrize(
    "neuron",
    [NEURON, replace(NEURON, t_ref=0.0), LIFNeuron(-60, -52, -61, 22, 14, 3.5)],
)
def test_rate_equals_scipys_integration(current, neuron):
    assert firing_rate(current, neuron) == pytest.approx(
        1000 / interval_by_scipy(current, neuron), rel=1e-6
    )


def test_rate_is_zero_up_to_the_rheobase_and_positive_above():
    np.testing.assert_array_equal(firing_rate([-3, 0, 1, 1.5]), 0)
    assert firing_rate(1.5 + 1e-12) > 0


def test_rate_of_many_currents_equals_the_rates_one_by_one():
    currents = np.linspace(0, 5, 41).reshape(1, 41)
    expected = [[firing_rate(current) for current in currents[0]]]
    np.testing.assert_array_equal(firing_rate(currents), expected)
    assert isinstance(firing_rate(2.0), float)


def test_rate_saturates_at_one_spike_per_refractory_time():
    assert firing_rate(1e4) < 500
    assert firing_rate(1e4) == pytest.approx(500, rel=0.01)


def test_rate_without_refractory_time_ends_on_a_straight_line():
    """Far up, the rate is the ReLU of slope R / (tau (V_th − V_reset)) plus 1 / (2 tau)."""
    neuron = replace(NEURON, t_ref=0.0)
    currents = np.array([50.0, 100.0, 200.0])
    relu = 50 * np.maximum(0, currents - rheobase(neuron))  # 50 Hz per nA
    np.testing.assert_allclose(firing_rate(currents, neuron) - relu, 50, atol=0.7)
    gaps = firing_rate(np.linspace(1.5, 50, 500), neuron) - 50 * (np.linspace(1.5, 50, 500) - 1.5)
    assert (np.diff(gaps) >= 0).all() and gaps[0] == 0


@given(neurons)
def test_rheobase_is_where_the_voltage_would_just_settle_on_the_threshold(neuron):
    assert neuron.V_rest + neuron.R * rheobase(neuron) == pytest.approx(neuron.V_th)
    assert firing_rate(rheobase(neuron) - 1e-6, neuron) == 0
    assert firing_rate(rheobase(neuron) + 1e-6, neuron) > 0


# --- The simulation -------------------------------------------------------------------------------


def test_euler_step_by_hand():
    # −(−65 + 65) + 10 · 2 = 20 mV, of which a hundredth; then −(−60 + 65) + 20 = 15.
    assert euler_step(-65.0, 2.0, 0.1) == pytest.approx(-64.8)
    np.testing.assert_allclose(euler_step(np.array([-65.0, -60.0]), 2.0, 1.0), [-63, -58.5])
    assert euler_step(-60.0, 0.0, 1.0) == pytest.approx(-60.5)  # the leak alone


@settings(deadline=None, max_examples=25)
@given(neurons, st.floats(0.1, 3), st.sampled_from([0.5, 0.1, 0.05]))
def test_simulated_interval_is_that_of_the_geometric_sequence(neuron, above, dt):
    current = rheobase(neuron) + above * 15 / neuron.R
    climb = climbing_steps_of_euler(current, neuron, dt)
    assume(abs(climb - round(climb)) > 1e-6)  # there the rounding of the numbers decides
    interval = dt * (np.ceil(climb) + round(neuron.t_ref / dt))
    times = spike_times(simulate(current, 3 * interval + 5 * neuron.tau, neuron, dt))
    assert len(times) > 1
    np.testing.assert_allclose(np.diff(times), interval, atol=1e-9)


@pytest.mark.parametrize("dt", [0.5, 0.25, 0.1, 0.05, 0.01])
def test_simulated_interval_is_within_the_error_of_the_step(dt):
    """Euler shortens the climb by about dt/2 · ln(…), the last step may overshoot by dt."""
    currents = np.linspace(1.55, 6, 60)
    rates = [measured_rate(times) for times in spike_times(simulate(currents, 500, dt=dt))]
    exact = 1000 / firing_rate(currents)
    shorter = dt / 2 * (exact - NEURON.t_ref) / NEURON.tau * 1.1
    error = 1000 / np.array(rates) - exact
    assert (error <= dt + 1e-9).all()
    assert (error >= -shorter).all()


def test_error_shrinks_with_the_step():
    currents = np.linspace(1.55, 6, 60)
    worst = []
    for dt in (0.5, 0.1, 0.02):
        recording = simulate(currents, 300, dt=dt)
        rates = [measured_rate(times) for times in spike_times(recording)]
        worst.append(np.abs(rates - firing_rate(currents)).max())
    assert worst[1] < worst[0] / 3
    assert worst[2] < worst[1] / 3


def test_voltage_below_threshold_equals_scipys_for_a_changing_current():
    def current(t):
        return 1.2 * np.sin(2 * np.pi * t / 40)

    def slope(t, V):
        return (NEURON.V_rest - V + NEURON.R * current(t)) / NEURON.tau

    recording = simulate(current, 100, dt=0.01)
    exact = solve_ivp(slope, (0, 100), [-65.0], t_eval=recording.t[:-1], rtol=1e-8, atol=1e-8).y[0]
    assert not recording.spikes.any()
    assert np.abs(recording.V[:-1] - exact).max() < 0.02


def test_pulse_makes_spikes_only_while_it_lasts():
    times = spike_times(simulate(lambda t: 3.0 if 50 <= t < 100 else 0.0, 200))
    assert len(times) > 3
    assert 50 < times[0] and times[-1] < 100.1


def test_many_neurons_equal_each_one_alone():
    currents = np.array([0.0, 1.6, 2.0, 4.0])
    together = simulate(currents, 100)
    assert together.V.shape == together.spikes.shape == (4, 1001)
    for row, current in enumerate(currents):
        alone = simulate(float(current), 100)
        np.testing.assert_array_equal(together.V[row], alone.V)
        np.testing.assert_array_equal(spike_times(together)[row], spike_times(alone))


def test_current_may_be_a_function_that_gives_one_value_for_each_neuron():
    changing = simulate(lambda t: np.array([0.0, 2.0]), 50)
    np.testing.assert_array_equal(changing.V, simulate(np.array([0.0, 2.0]), 50).V)


def test_one_current_in_an_array_stays_an_array():
    assert simulate(np.array([2.0]), 50).V.shape == (1, 501)


def test_recording_covers_the_duration_and_starts_at_rest():
    recording = simulate(2.0, 200, dt=0.1)
    assert recording.t.shape == recording.V.shape == recording.spikes.shape == (2001,)
    assert recording.t[0] == 0 and recording.t[-1] == pytest.approx(200)
    assert recording.V[0] == -65


def test_neuron_is_held_at_reset_for_the_refractory_time():
    recording = simulate(2.0, 100, replace(NEURON, t_ref=3.0))
    first = int(np.flatnonzero(recording.spikes)[0])
    assert recording.V.max() < NEURON.V_th
    assert (recording.V[first : first + 31] == NEURON.V_reset).all()
    assert recording.V[first + 31] > NEURON.V_reset


def test_neuron_whose_resting_potential_lies_above_its_threshold_fires_by_itself():
    neuron = LIFNeuron(V_rest=-45.0)
    rate = measured_rate(spike_times(simulate(0.0, 500, neuron, dt=0.01)))
    assert rate == pytest.approx(firing_rate(0.0, neuron), rel=1e-3)


# --- Noise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [1.0, 0.2])
def test_noise_is_the_standard_deviation_of_the_free_voltage(dt):
    neuron = LIFNeuron(V_th=100.0)  # never reached
    rng = np.random.default_rng(0)
    V = simulate(np.zeros(200), 2000, neuron, dt, noise=3.0, rng=rng).V[:, int(100 / dt) :]
    a = dt / neuron.tau  # the sequence V ← (1 − a) V + kick has this standard deviation:
    assert V.std() == pytest.approx(3.0 / np.sqrt(1 - a / 2), rel=0.01)
    assert V.mean() == pytest.approx(neuron.V_rest, abs=0.05)


def test_noise_comes_from_the_generator_alone():
    first, again, other = (
        simulate(1.4, 200, noise=3.0, rng=np.random.default_rng(seed)).V for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_noise_makes_a_neuron_fire_below_the_rheobase():
    assert not simulate(1.3, 1000).spikes.any()
    assert simulate(1.3, 1000, noise=3.0, rng=np.random.default_rng(0)).spikes.any()


def test_without_noise_the_generator_is_not_used():
    rng = np.random.default_rng(5)
    simulate(2.0, 20, rng=rng)
    assert rng.random() == np.random.default_rng(5).random()


# --- Many senders ---------------------------------------------------------------------------------


def test_the_average_of_many_small_kicks_tells_the_rate():
    """A weight in nA per Hz is the kick in nA times the 0.005 s that it lasts (notebook 01)."""
    rng = np.random.default_rng(0)
    rates, kicks, senders = np.array([40, 60, 20]), np.array([6, 4, -4]), 1000
    spikes = rng.poisson(senders * rates[:, None, None] * 1e-4, (3, 20, 10_000))
    starts = np.tensordot(kicks / senders, spikes, 1)  # (draws, steps of 0.1 ms)
    current = np.apply_along_axis(np.convolve, 1, starts, np.ones(50))[:, :10_000]
    mean = rates @ (kicks * 0.005)
    assert mean == pytest.approx(2.0)
    assert current[:, 50:].mean() == pytest.approx(mean, rel=0.005)
    recording = simulate(lambda t: current[:, round(t / 0.1)], 1000)
    answers = [measured_rate(times) for times in spike_times(recording)]
    assert np.mean(answers) == pytest.approx(firing_rate(mean), abs=0.5)


def test_a_few_strong_kicks_reach_the_threshold_where_their_average_does_not():
    sender = spike_times(simulate(2.5, 200))
    received = simulate(lambda t: 3 * sum(0 <= t - spike < 5 for spike in sender), 200)
    assert f"{3 * 0.005 * firing_rate(2.5):.2f}" == "1.16"  # nA, below the rheobase of 1.5
    assert received.spikes.sum() == 5


# --- Spikes ---------------------------------------------------------------------------------------


def test_measured_rate_counts_intervals():
    assert measured_rate([10.0, 30.0, 50.0]) == 50.0  # two intervals in 40 ms
    assert measured_rate([7.0]) == 0.0
    assert measured_rate([]) == 0.0


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([[1.0, 2.0]], r"shape \(n,\), got \(1, 2\)"),
        (3.0, r"shape \(n,\), got \(\)"),
        ([1.0, np.nan], "finite and increasing"),
        ([2.0, 1.0], "finite and increasing"),
        ([1.0, 1.0], "finite and increasing"),
    ],
)
def test_measured_rate_refuses_what_is_no_row_of_times(times, message):
    with pytest.raises(ValueError, match=message):
        measured_rate(times)


# --- Bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"tau": -10.0}, "tau must be a finite number above 0, got -10"),
        ({"tau": 0.0}, "tau must be a finite number above 0, got 0"),
        ({"tau": np.inf}, "tau must be a finite number above 0, got inf"),
        ({"R": 0.0}, "R must be a finite number above 0"),
        ({"t_ref": -0.1}, "t_ref must be a finite number of at least 0, got -0.1"),
        ({"V_rest": np.nan}, "V_rest must be a finite number, got nan"),
        ({"V_th": -70.0}, "V_th must be above V_reset, got V_th = -70.0 and V_reset = -70.0"),
        ({"V_th": -80.0}, "V_th must be above V_reset"),
    ],
)
def test_impossible_neurons_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        LIFNeuron(**numbers)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"duration": 0}, "duration must be a finite number above 0, got 0"),
        ({"duration": -5}, "duration must be a finite number above 0"),
        ({"duration": np.inf}, "duration must be a finite number"),
        ({"duration": 1e9}, "at most 1000000 steps, got 1e[+]10"),
        ({"dt": 0}, "dt must be a finite number above 0"),
        ({"dt": np.nan}, "dt must be a finite number"),
        ({"dt": 10.0}, "dt must be smaller than tau = 10.0 ms, got 10.0"),
        ({"duration": 1, "dt": 2}, "dt must be at most the duration of 1 ms, got 2"),
        ({"noise": -1.0}, "noise must be a finite number of at least 0, got -1.0"),
        ({"noise": np.nan}, "noise must be a finite number"),
        ({"noise": 1.0}, "noise needs a generator"),
        ({"current": []}, "current must hold at least one number, got none"),
        ({"current": np.nan}, "current must be finite"),
        ({"current": [1.0, np.inf]}, "current must be finite"),
        ({"current": np.ones((2, 3))}, r"have shape \(m,\), got \(2, 3\)"),
        ({"current": lambda t: np.nan}, "current must be finite"),
    ],
)
def test_impossible_simulations_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate(**{"current": 2.0, "duration": 100, **arguments})


@pytest.mark.parametrize("current", [[], np.nan, [2.0, -np.inf]])
def test_firing_rate_refuses_currents_that_are_none(current):
    with pytest.raises(ValueError, match="current must"):
        firing_rate(current)


# --- Threshold units ------------------------------------------------------------------------------


def test_threshold_unit_fires_from_the_threshold_on():
    assert threshold_unit([1, 1, 0], [1.0, 1.0, -2.0], 2) == 1
    assert threshold_unit([1, 1, 1], [1.0, 1.0, -2.0], 2) == 0
    answers = threshold_unit([[0, 0], [0, 1], [1, 1]], [1.0, 1.0], 1.0)
    np.testing.assert_array_equal(answers, [0, 1, 1])


@pytest.mark.parametrize(
    ("x", "weights", "message"),
    [
        ([1, 2], [1.0, 2.0, 3.0], r"x must have shape \(3,\) or \(n, 3\), got \(2,\)"),
        (1.0, [1.0], r"got \(\)"),
        ([1], 1.0, r"weights must have shape \(d,\) with d at least 1, got \(\)"),
        ([], [], r"weights must have shape \(d,\) with d at least 1, got \(0,\)"),
        ([1], [[1.0]], r"got \(1, 1\)"),
    ],
)
def test_threshold_unit_refuses_shapes_that_do_not_fit(x, weights, message):
    with pytest.raises(ValueError, match=message):
        threshold_unit(x, weights, 0)


@pytest.mark.parametrize(
    ("threshold", "truth"), [(2, lambda a, b: a and b), (1, lambda a, b: a or b)]
)
def test_mcculloch_pitts_computes_and_and_or(threshold, truth):
    for a, b in product((0, 1), repeat=2):
        assert mcculloch_pitts([a, b], [], threshold) == truth(a, b)


def test_mcculloch_pitts_computes_not():
    assert [mcculloch_pitts([], [a], 0) for a in (0, 1)] == [1, 0]


@pytest.mark.parametrize("threshold", [1, 2, 3])
def test_veto_is_a_weight_that_is_negative_enough(threshold):
    """Three excitatory inputs cannot outweigh an inhibitory weight of −3 and a threshold of 1."""
    for x in product((0, 1), repeat=5):
        veto = mcculloch_pitts(x[:3], x[3:], threshold)
        assert veto == threshold_unit(x, [1, 1, 1, -3, -3], threshold)


@pytest.mark.parametrize(("excitatory", "inhibitory"), [([2], []), ([1], [-1]), ([0.5], [])])
def test_mcculloch_pitts_refuses_what_is_neither_0_nor_1(excitatory, inhibitory):
    with pytest.raises(ValueError, match="must hold zeros and ones"):
        mcculloch_pitts(excitatory, inhibitory, 1)
