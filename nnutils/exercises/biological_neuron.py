"""The exercises of notebook 01, and the sealed cells that one of them asks about."""

import functools
from dataclasses import dataclass, field, replace

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.neurons import (
    NEURON,
    LIFNeuron,
    Recording,
    euler_step,
    firing_rate,
    mcculloch_pitts,
    measured_rate,
    rheobase,
    simulate,
)

# --- Sealed cells ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class SealedCell:
    """A neuron that can be driven and recorded; what is in it must be found out."""

    neuron: LIFNeuron = field(repr=False)

    def __call__(self, current):
        """Return the Recording of 200 ms during which ``current`` in nA flows in."""
        return Recording(*(part.copy() for part in _recorded(self.neuron, float(current))))


@functools.lru_cache(maxsize=64)
def _recorded(neuron, current):
    return simulate(current, 200, neuron)


def sealed_cell(number):
    """Return the SealedCell of this number; each number stands for another neuron."""
    return _any_cell(np.random.default_rng(number))[0]


def _any_cell(rng):
    """Return a SealedCell, a current that is too weak for it and one that makes it fire."""
    V_rest, tau, R = rng.uniform([-75, 12, 15], [-60, 25, 80]).round(1).tolist()
    V_th, V_reset = V_rest + rng.uniform(8, 20), V_rest - rng.uniform(1, 6)
    neuron = LIFNeuron(V_rest, V_th, V_reset, tau, R, t_ref=float(rng.integers(1, 6)))
    weak, strong = rheobase(neuron) * rng.uniform([0.3, 1.3], [0.8, 1.6])
    return SealedCell(neuron), float(weak), float(strong)


def sealed_cell_numbers(probe, weak, strong):
    """Return the rheobase in nA, tau in ms and R in MΩ of a cell that can only be probed."""
    recording = probe(weak)
    t, V = recording.t, recording.V
    rise = V.max() - V.min()  # mV, from rest to where it settles
    R = rise / weak
    level = V.min() + 0.632 * rise  # mV, after one time constant
    tau = t[np.abs(V - level).argmin()]  # the time at which V is nearest to it
    threshold = probe(strong).V.max()
    rheobase = (threshold - V.min()) / R
    return rheobase, tau, R


def _within_two_percent(got, expected):
    """Tell whether three numbers are right to within 2 %."""
    return np.shape(got) == (3,) and np.allclose(got, expected, rtol=0.02, atol=0)


# --- Cases ----------------------------------------------------------------------------------------


def _rate_above_rheobase(current, neuron):
    V_end = neuron.V_rest + neuron.R * current
    climb = neuron.tau * np.log((V_end - neuron.V_reset) / (V_end - neuron.V_th))
    return 1000 / (neuron.t_ref + climb)


def _any_neuron(rng):
    """Return a neuron whose six numbers are whole ones."""
    lowest, below = [-70, -55, -80, 5, 2, 0], [-60, -45, -70, 25, 12, 7]
    return LIFNeuron(*rng.integers(lowest, below).astype(float).tolist())


def _any_step(rng):
    V, current, dt = rng.uniform([-85, -4, 0.1], [-45, 4, 2]).round(2).tolist()
    return V, current, dt, _any_neuron(rng)


def _any_times(rng):
    return (np.sort(rng.choice(np.arange(1, 2000), size=rng.integers(4, 9), replace=False)) / 10,)


def _any_current(rng):
    """Return a current in quarters of a nA, which is exact also on the rheobase, and a neuron."""
    return float(rng.integers(2, 80) / 4), _any_neuron(rng)


def _any_inputs(rng):
    """Return 2 to 5 excitatory and one more inhibitory inputs, few of these on, and a threshold."""
    n = int(rng.integers(2, 6))
    inputs = rng.binomial(1, 0.6, n).tolist(), rng.binomial(1, 0.1, n + 1).tolist()
    return *inputs, int(rng.integers(n + 1))


OTHER = LIFNeuron(V_rest=-60.0, V_th=-45.0, V_reset=-62.0, tau=20.0, R=4.0, t_ref=5.0)


# fmt: off
EXERCISES = [
    Exercise(
        "euler_step",
        "Take one Euler step",
        euler_step,
        cases=[
            Case((-65.0, 2.0, 1.0, NEURON), "at rest, 2 nA"),
            Case((-60.0, 0.0, 1.0, NEURON), "no current: the leak alone"),
            Case((-70.0, 0.0, 0.5, NEURON), "below rest: the leak pulls up"),
            Case((-55.0, 1.0, 0.1, NEURON), "leak and push cancel: nothing changes"),
            Case((-50.5, 4.0, 1.0, NEURON), "a step across the threshold: only a step"),
            Case((-48.0, 0.5, 0.2, NEURON), "from above the threshold: only a step"),
            Case((-68.0, -3.0, 1.0, NEURON), "a current that pulls below V_reset"),
            Case((-50.0, 2.6, 0.37, OTHER), "another neuron"),
        ],
        draw=_any_step,
        hints=[
            "Two things move the voltage: the leak, towards `V_rest`, and the push of the current, "
            "which `R` turns into mV. Only the share `dt / tau` of them acts in one step.",
            "`leak = -(V - neuron.V_rest)` is negative above rest and positive below it. The push "
            "is the current times `neuron.R`.",
            "The three lines are `leak = -(V - neuron.V_rest)`, `push = neuron.R * current` and "
            "`return V + dt / neuron.tau * (leak + push)`.",
        ],
        mistakes=[
            slip("leak_forgotten", "-(V - neuron.V_rest) + ", "",
                 "The leak is missing: without it the voltage never comes back to rest. Add "
                 "`-(V - neuron.V_rest)` to the push."),
            slip("leak_away_from_rest", "-(V - neuron.V_rest)", "(V - neuron.V_rest)",
                 "The leak has the wrong sign: it drives the voltage away from rest, and ever "
                 "faster. It is `-(V - neuron.V_rest)`."),
            slip("leak_to_zero", "-(V - neuron.V_rest)", "-V",
                 "Your leak pulls towards 0 mV. It pulls towards the resting potential: "
                 "`-(V - neuron.V_rest)`."),
            slip("without_resistance", "neuron.R * current", "current",
                 "Currents are in nA and voltages in mV: multiply the current by `neuron.R`."),
            slip("without_time_constant", "dt / neuron.tau", "dt",
                 "The time constant is missing: only the share `dt / neuron.tau` of the change "
                 "happens in one step."),
            slip("without_step", "dt / neuron.tau", "1 / neuron.tau",
                 "The length of the step is missing: only the share `dt / neuron.tau` of the "
                 "change happens in one step."),
            slip("change_alone", "V + dt", "dt",
                 "That is the change. Add it to the old voltage `V`."),
        ],
    ),
    Exercise(
        "measured_rate",
        "Find three faults in a firing rate",
        measured_rate,
        cases=[
            Case((np.array([10.0, 30.0, 50.0]),), "two intervals of 20 ms"),
            Case((np.array([14.0, 32.0, 50.0, 68.0, 86.0, 104.0]),), "a regular neuron"),
            Case((np.array([3.0, 10.0, 60.0, 64.0, 99.0]),), "an irregular neuron"),
            Case((np.array([0.0, 500.0]),), "two spikes a second"),
            Case((np.array([7.0]),), "one spike: no interval"),
            Case((np.array([]),), "no spike at all"),
        ],
        draw=_any_times,
        hints=[
            "A rate is a number of intervals divided by the time that they take together. Between "
            "three spikes lie two intervals.",
            "The intervals take `times[-1] - times[0]` milliseconds together, and there are "
            "`len(times) - 1` of them.",
            "`return 1000 * (len(times) - 1) / (times[-1] - times[0])`: the 1000 turns spikes per "
            "millisecond into spikes per second.",
        ],
        mistakes=[
            slip("counts_spikes", "(len(times) - 1)", "len(times)",
                 "One fault is left: you count the spikes. From the first spike to the last there "
                 "is one interval less."),
            slip("for_each_millisecond", "1000 * ", "",
                 "One fault is left: that is the rate per millisecond. Times are in ms and 1 Hz is "
                 "one spike a second."),
            slip("from_time_zero", "(times[-1] - times[0])", "times[-1]",
                 "One fault is left: your time runs from 0, so it also contains the wait for the "
                 "first spike."),
            slip("spikes_from_time_zero", "(len(times) - 1) / (times[-1] - times[0])",
                 "len(times) / times[-1]",
                 "The unit is right now, two faults are left. Count intervals, not spikes, and "
                 "count the time from the first spike to the last."),
            slip("spikes_for_each_millisecond",
                 "1000 * (len(times) - 1) / (times[-1] - times[0])",
                 "len(times) / (times[-1] - times[0])",
                 "The time is right now, two faults are left: the number of intervals, and the "
                 "unit."),
            slip("from_time_zero_for_each_millisecond",
                 "1000 * (len(times) - 1) / (times[-1] - times[0])", "(len(times) - 1) / times[-1]",
                 "The number of intervals is right now, two faults are left: the time in which "
                 "they fall, and the unit."),
            slip("all_three_faults", "1000 * (len(times) - 1) / (times[-1] - times[0])",
                 "len(times) / times[-1]",
                 "That is the program as it was, with all three faults: the number of intervals, "
                 "the time in which they fall, and the unit."),
            slip("interval_in_place_of_rate", "1000 * (len(times) - 1) / (times[-1] - times[0])",
                 "(times[-1] - times[0]) / (len(times) - 1)",
                 "That is the mean interval in milliseconds. The rate in Hz is 1000 divided by "
                 "it."),
        ],
    ),
    Exercise(
        "sealed_cell",
        "Find out what is in a sealed cell",
        sealed_cell_numbers,
        minutes=10,
        cases=[
            Case((SealedCell(LIFNeuron(-72.0, -64.5, -74.0, 18.0, 60.0, 3.0)), 0.05, 0.18),
                 "a cell that is easily excited"),
            Case((SealedCell(NEURON), 1.0, 2.0), "the cell of the lesson"),
            Case((SealedCell(LIFNeuron(-61.0, -48.0, -66.0, 24.0, 25.0, 1.0)), 0.3, 0.7),
                 "a slow cell"),
            Case((SealedCell(LIFNeuron(-68.0, -49.0, -60.0, 12.0, 8.0, 5.0)), 0.75, 3.4),
                 "a cell that resets above rest"),
        ],
        draw=_any_cell,
        hints=[
            "The weak current tells R and τ: how far the voltage rises, and how fast. The strong "
            "one tells the threshold. The rheobase is the current that would lift the voltage just "
            "so far.",
            "R is `rise / weak`. The level lies between rest, `V.min()`, and the highest voltage. "
            "The rheobase is the distance from rest to the threshold, divided by R.",
            "`level = V.min() + 0.632 * rise` and `rheobase = (threshold - V.min()) / R`.",
        ],
        mistakes=[
            slip("rise_for_R", "rise / weak", "rise",
                 "Your R is the rise in mV. R says how far each nA lifts the voltage: divide by "
                 "the current."),
            slip("R_from_zero", "rise / weak", "V.max() / weak",
                 "Your R counts from 0 mV. The current has lifted the voltage from rest: take the "
                 "rise."),
            slip("half_of_the_rise", "0.632", "0.5",
                 "R is right. Your τ is the time for half of the rise. In one time constant 63.2 % "
                 "of it is made."),
            slip("what_is_left", "0.632", "0.368",
                 "R is right. Your τ is the time for 36.8 % of the rise. After one time constant "
                 "36.8 % is still left, and 63.2 % is made."),
            slip("level_from_zero", "V.min() + 0.632 * rise", "0.632 * rise",
                 "R is right. The level for τ lies between rest and the highest voltage: at rest "
                 "plus 63.2 % of the rise."),
            slip("distance_for_rheobase", "(threshold - V.min()) / R", "threshold - V.min()",
                 "R and τ are right. Your rheobase is the way from rest to the threshold, in mV. "
                 "Which current lifts the voltage so far?"),
            slip("rheobase_from_zero", "(threshold - V.min()) / R", "threshold / R",
                 "R and τ are right. Your rheobase counts from 0 mV. The current has to lift the "
                 "voltage from rest to the threshold."),
            slip("strong_for_rheobase", "(threshold - V.min()) / R", "strong",
                 "R and τ are right. `strong` makes the cell fire, but the rheobase is the border "
                 "above which currents do."),
            Mistake("other_order",
                    "The three numbers are right, their order is not: first the rheobase, then τ, "
                    "then R.",
                    lambda *args: sealed_cell_numbers(*args)[::-1]),
            Mistake("cell_of_the_lesson",
                    "Those are the numbers of the lesson's cell. Other cells have others: take "
                    "them from the recordings.",
                    lambda *args: (1.5, 10.0, 10.0)),
        ],
        compare=_within_two_percent,
    ),
    Exercise(
        "firing_rate",
        "Write the formula of the f–I curve",
        firing_rate,
        cases=[
            Case((2.0, NEURON), "2 nA"),
            Case((4.0, NEURON), "4 nA"),
            Case((1.0, NEURON), "below the rheobase"),
            Case((1.5, NEURON), "exactly on the rheobase"),
            Case((30.0, replace(NEURON, t_ref=0.0)), "no refractory time, 30 nA"),
            Case((-1.0, NEURON), "a current that pulls below V_reset"),
            Case((10.0, OTHER), "another neuron"),
            Case((2.0, OTHER), "another neuron, below its rheobase"),
            Case((3.75, OTHER), "another neuron, exactly on its rheobase"),
            Case((-20.0, OTHER), "another neuron, far below V_reset"),
        ],
        draw=_any_current,
        hints=[
            "`V_end`, the level at which the voltage would settle, decides everything: if it does "
            "not lie above the threshold the rate is 0.",
            "From reset to the threshold takes τ · ln((V_end − V_reset) / (V_end − V_th)) "
            "milliseconds; `np.log` is the natural logarithm ln.",
            "`return 1000 / (neuron.t_ref + climb)`, and before the climb: "
            "`if V_end <= neuron.V_th: return 0.0`.",
        ],
        mistakes=[
            slip("refractory_time_forgotten", "neuron.t_ref + climb", "climb",
                 "The refractory time is missing: from spike to spike it takes `t_ref` plus the "
                 "climb from reset to the threshold."),
            slip("milliseconds", "1000 / (neuron", "1 / (neuron",
                 "That is the rate per millisecond: all times are in ms. For Hz multiply by 1000."),
            slip("interval", "1000 / (neuron.t_ref + climb)", "neuron.t_ref + climb",
                 "That is the time from one spike to the next in ms. The rate in Hz is 1000 "
                 "divided by it."),
            slip("climbs_from_rest", "neuron.V_reset", "neuron.V_rest",
                 "Your climb starts at the resting potential. After a spike it starts at "
                 "`V_reset`."),
            slip("logarithm_to_base_ten", "np.log", "np.log10",
                 "You took the logarithm to base 10. The formula needs the natural one, `np.log`."),
            slip("rest_forgotten", " + neuron.V_rest", "",
                 "The voltage settles at the resting potential plus what the current adds: "
                 "`neuron.V_rest` is missing from your `V_end`."),
            Mistake("not_zero_below",
                    "Up to the rheobase the voltage never gets above the threshold: return 0.0 "
                    "if `V_end <= neuron.V_th`.",
                    _rate_above_rheobase),
            Mistake("not_zero_on_the_rheobase",
                    "Exactly on the rheobase the voltage creeps towards the threshold and never "
                    "reaches it: there too, where `V_end == neuron.V_th`, the rate is 0.",
                    lambda current, neuron: 0.0 if current < rheobase(neuron)
                    else _rate_above_rheobase(current, neuron)),
        ],
    ),
    Exercise(
        "mcculloch_pitts",
        "Build the unit of McCulloch and Pitts",
        mcculloch_pitts,
        cases=[
            Case(([1, 1], [], 2), "AND, both on"),
            Case(([1, 0], [], 2), "AND, one on"),
            Case(([1, 0], [], 1), "OR, one on"),
            Case(([1, 1, 1], [1], 2), "three on, but one veto"),
            Case(([1, 1, 1], [0, 1], 1), "the second of two vetoes"),
            Case(([1, 1], [1, 0], 1), "the first of two vetoes"),
            Case(([1, 1, 1], [1, 0, 1], 2), "two of three vetoes"),
            Case(([1, 1, 1, 1], [1, 1, 1], 1), "three vetoes"),
            Case(([1, 0], [1], 2), "too few on, and a veto"),
            Case(([1, 1, 0], [0], 2), "a veto that is off"),
            Case(([1, 0, 1, 1, 1], [0, 0, 0], 2), "more than enough, and no veto"),
            Case(([], [0], 0), "NOT 0"),
            Case(([], [1], 0), "NOT 1"),
        ],
        draw=_any_inputs,
        hints=[
            "First the veto: if any inhibitory input is on, the answer is 0, whatever else is on.",
            "`any(inhibitory)` is True when at least one of them is 1. After that compare "
            "`sum(excitatory)` with the threshold.",
            "`if any(inhibitory): return 0`, and below it "
            "`return int(sum(excitatory) >= threshold)`.",
        ],
        mistakes=[
            Mistake("subtracts",
                    "Your inhibitory inputs count as weights of −1 would. In the unit of 1943 one "
                    "active inhibitory input is a veto, however many excitatory ones are on.",
                    lambda excitatory, inhibitory, threshold:
                    int(sum(excitatory) - sum(inhibitory) >= threshold)),
            slip("strictly_above", ">= threshold", "> threshold",
                 "Exactly the threshold is enough: the sum must be at least `threshold`."),
            slip("inhibition_ignored", "any(inhibitory)", "False",
                 "The inhibitory inputs change nothing in your unit. If any of them is on, the "
                 "answer is 0."),
            slip("all_must_inhibit", "any(inhibitory)", "inhibitory and all(inhibitory)",
                 "In your unit all inhibitory inputs must be on together. One is enough: ask for "
                 "`any(inhibitory)`."),
            slip("veto_for_being_there", "any(inhibitory)", "inhibitory",
                 "An inhibitory input that is off (0) vetoes nothing. Ask for its value with "
                 "`any(inhibitory)`, not for its presence."),
        ],
    ),
]
