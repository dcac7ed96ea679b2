"""A leaky integrate-and-fire neuron, its firing rate, and the threshold units it turns into.

Units throughout: mV, ms, nA, MΩ (1 MΩ · 1 nA = 1 mV) and Hz. Derived in notebook 01.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nnutils.checks import finite_number

MAX_STEPS = 1_000_000  # of one simulation: some ten seconds


@dataclass(frozen=True)
class LIFNeuron:
    """Hold the six numbers of a leaky integrate-and-fire neuron.

    ``V_rest``, ``V_th`` and ``V_reset`` are the resting, threshold and reset potential in mV,
    ``tau`` the membrane time constant in ms, ``R`` the membrane resistance in MΩ, ``t_ref`` the
    refractory time in ms. Raises ValueError when a number is not finite, ``tau`` or ``R`` is not
    positive, ``t_ref`` is negative, or the threshold does not lie above the reset potential.
    Derived in notebook 01; see Dayan and Abbott (2001), *Theoretical Neuroscience*, section 5.4.
    """

    V_rest: float = -65.0
    V_th: float = -50.0
    V_reset: float = -70.0
    tau: float = 10.0
    R: float = 10.0
    t_ref: float = 2.0

    def __post_init__(self):
        for name in ("V_rest", "V_th", "V_reset"):
            finite_number(name, getattr(self, name))
        finite_number("tau", self.tau, above=0)
        finite_number("R", self.R, above=0)
        finite_number("t_ref", self.t_ref, at_least=0)
        if self.V_th <= self.V_reset:
            raise ValueError(
                f"V_th must be above V_reset, got V_th = {self.V_th} and V_reset = {self.V_reset}"
            )


NEURON = LIFNeuron()  # the neuron of notebook 01


class Recording(NamedTuple):
    """Hold what a simulation recorded: one neuron, or m neurons in rows.

    ``t`` (n,) are the times in ms, ``V`` (n,) or (m, n) the voltages in mV, and ``spikes``, of
    the shape of ``V``, is True where a neuron fired.
    """

    t: np.ndarray
    V: np.ndarray
    spikes: np.ndarray


def euler_step(V, current, dt, neuron=NEURON):
    """Return the voltage in mV that follows ``V`` after ``dt`` ms, by one Euler step.

    It follows tau · dV/dt = −(V − V_rest) + R · I. ``V`` in mV and ``current`` in nA are numbers
    or arrays of one shape. Derived in notebook 01.
    """
    change = -(V - neuron.V_rest) + neuron.R * current
    return V + dt / neuron.tau * change


def simulate(current, duration, neuron=NEURON, dt=0.1, noise=0.0, rng=None):
    """Simulate ``duration`` ms of a leaky integrate-and-fire neuron and return a Recording.

    ``current`` in nA is a number, an array (m,) that drives m equal neurons at once, or a
    function of the time in ms that returns one of the two. The neuron starts at rest. After a
    spike it stays at the reset potential for the refractory time, rounded to whole steps.
    ``noise`` in mV is the standard deviation that random kicks alone would give the voltage
    without a threshold; ``rng`` is a ``numpy.random.Generator``. Derived in notebook 01. Raises
    ValueError when a number is not finite, ``duration`` or ``dt`` is not positive, ``dt`` exceeds
    ``duration`` or reaches ``tau``, ``noise`` is negative or has no ``rng``, the current is empty
    or has another shape, or the simulation would take more than a million steps.
    """
    _check_run(duration, neuron, dt, noise, rng)
    steps = round(duration / dt)
    t = dt * np.arange(steps + 1)
    currents = _current_at_each_step(current, t[:-1])  # (steps,) or (steps, m)
    held_steps = round(neuron.t_ref / dt)
    kick = noise * np.sqrt(2 * dt / neuron.tau)

    V = np.full(np.atleast_1d(currents[0]).shape, neuron.V_rest, dtype=float)
    hold = np.zeros(len(V), dtype=int)  # steps for which a neuron is still refractory
    voltages = np.full((len(V), steps + 1), neuron.V_rest, dtype=float)
    spikes = np.zeros(voltages.shape, dtype=bool)
    for k in range(steps):
        V = euler_step(V, currents[k], dt, neuron)
        if noise:
            V += kick * rng.standard_normal(len(V))
        V[hold > 0] = neuron.V_reset
        hold -= 1
        fired = V >= neuron.V_th
        V[fired] = neuron.V_reset
        hold[fired] = held_steps
        voltages[:, k + 1] = V
        spikes[:, k + 1] = fired
    if currents.ndim == 1:
        return Recording(t, voltages[0], spikes[0])
    return Recording(t, voltages, spikes)


def spike_times(recording):
    """Return the spike times in ms of a Recording: an array, or for m neurons a list of m arrays.

    Derived in notebook 01.
    """
    if recording.spikes.ndim == 1:
        return recording.t[recording.spikes]
    return [recording.t[row] for row in recording.spikes]


def measured_rate(times):
    """Return the firing rate in Hz of one neuron that spiked at ``times`` (n,), in ms and in order.

    It is the number of intervals between spikes over the time from the first spike to the last;
    with fewer than two spikes there is no interval and the rate is 0. Raises ValueError when
    ``times`` is not one row of finite, increasing numbers. Derived in notebook 01.
    """
    times = np.asarray(times, dtype=float)
    if times.ndim != 1:
        raise ValueError(f"times must have shape (n,), got {times.shape}")
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise ValueError(f"times must be finite and increasing, got {times}")
    if len(times) < 2:
        return 0.0
    return float(1000 * (len(times) - 1) / (times[-1] - times[0]))


def rheobase(neuron=NEURON):
    """Return the current in nA above which ``neuron`` fires: (V_th − V_rest) / R.

    Derived in notebook 01.
    """
    return (neuron.V_th - neuron.V_rest) / neuron.R


def firing_rate(current, neuron=NEURON):
    """Return the exact firing rate in Hz for a constant ``current`` in nA (number or array).

    It is 1000 / (t_ref + tau · ln((R·I + V_rest − V_reset) / (R·I + V_rest − V_th))) above the
    rheobase, 0 up to it. Raises ValueError when the current is empty or not finite. Derived in
    notebook 01; see Dayan and Abbott (2001), *Theoretical Neuroscience*, equation 5.11.
    """
    current = np.asarray(current, dtype=float)
    _check_current(current)
    V_end = neuron.R * current + neuron.V_rest  # where the voltage would settle without spikes
    fires = V_end > neuron.V_th
    V_end = np.where(fires, V_end, neuron.V_th + 1)  # any voltage whose logarithm exists
    climb = neuron.tau * np.log((V_end - neuron.V_reset) / (V_end - neuron.V_th))
    rate = np.where(fires, 1000 / (neuron.t_ref + climb), 0.0)
    return float(rate) if rate.ndim == 0 else rate


def threshold_unit(x, weights, threshold):
    """Return 1 where the weighted sum of the inputs reaches ``threshold``, else 0.

    ``x`` is one example (d,) or n of them in rows (n, d), ``weights`` has shape (d,): positive
    for an excitatory synapse, negative for an inhibitory one. Raises ValueError when the shapes
    do not fit or the threshold is not finite. Derived in notebook 01.
    """
    x, weights = np.asarray(x), np.asarray(weights)
    if weights.ndim != 1 or len(weights) == 0:
        raise ValueError(f"weights must have shape (d,) with d at least 1, got {weights.shape}")
    if x.ndim not in (1, 2) or x.shape[-1] != len(weights):
        raise ValueError(f"x must have shape {weights.shape} or (n, {len(weights)}), got {x.shape}")
    fires = x @ weights >= finite_number("threshold", threshold)
    return int(fires) if x.ndim == 1 else fires.astype(int)


def mcculloch_pitts(excitatory, inhibitory, threshold):
    """Return 1 if no inhibitory input is on and at least ``threshold`` excitatory ones are, else 0.

    ``excitatory`` and ``inhibitory`` are lists of zeros and ones, either may be empty. Raises
    ValueError when an input is neither 0 nor 1, or the threshold is not finite. Derived in notebook
    01; the unit of McCulloch and Pitts (1943), "A logical calculus of the ideas immanent in nervous
    activity".
    """
    finite_number("threshold", threshold)
    for name, inputs in (("excitatory", excitatory), ("inhibitory", inhibitory)):
        if not np.isin(inputs, (0, 1)).all():
            raise ValueError(f"{name} must hold zeros and ones, got {inputs}")
    if any(inhibitory):
        return 0
    return int(sum(excitatory) >= threshold)


def _check_current(current):
    if current.size == 0:
        raise ValueError("current must hold at least one number, got none")
    if not np.isfinite(current).all():
        raise ValueError(f"current must be finite, got {current}")


def _check_run(duration, neuron, dt, noise, rng):
    finite_number("duration", duration, above=0)
    finite_number("dt", dt, above=0)
    finite_number("noise", noise, at_least=0)
    if dt > duration:
        raise ValueError(f"dt must be at most the duration of {duration} ms, got {dt}")
    if dt >= neuron.tau:
        raise ValueError(f"dt must be smaller than tau = {neuron.tau} ms, got {dt}")
    if duration / dt > MAX_STEPS:
        raise ValueError(f"duration / dt must be at most {MAX_STEPS} steps, got {duration / dt:g}")
    if noise and not isinstance(rng, np.random.Generator):
        raise ValueError(f"noise needs a generator, rng=np.random.default_rng(0), got {rng!r}")


def _current_at_each_step(current, t):
    """Return the current at the times ``t`` (steps,): (steps,) for one neuron, (steps, m) for m."""
    if callable(current):
        currents = np.array([current(time) for time in t], dtype=float)
    else:
        current = np.asarray(current, dtype=float)
        currents = np.broadcast_to(current, (len(t), *current.shape))
    if currents.ndim > 2:
        raise ValueError(f"current must be a number or have shape (m,), got {currents.shape[1:]}")
    _check_current(currents)
    return currents
