"""The exercises and questions of notebook 01."""

from dataclasses import replace

import numpy as np

from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question
from nnutils.neurons import (
    NEURON,
    LIFNeuron,
    euler_step,
    firing_rate,
    mcculloch_pitts,
    measured_rate,
)

# --- 01.1: one Euler step -------------------------------------------------------------------------


def _leak_forgotten(V, current, dt, neuron):
    return V + dt / neuron.tau * neuron.R * current


def _leak_away_from_rest(V, current, dt, neuron):
    return V + dt / neuron.tau * ((V - neuron.V_rest) + neuron.R * current)


def _leak_to_zero(V, current, dt, neuron):
    return V + dt / neuron.tau * (-V + neuron.R * current)


def _without_resistance(V, current, dt, neuron):
    return V + dt / neuron.tau * (-(V - neuron.V_rest) + current)


def _without_time_constant(V, current, dt, neuron):
    return V + dt * (-(V - neuron.V_rest) + neuron.R * current)


def _without_step(V, current, dt, neuron):
    return V + (-(V - neuron.V_rest) + neuron.R * current) / neuron.tau


def _change_alone(V, current, dt, neuron):
    return euler_step(V, current, dt, neuron) - V


# --- 01.2: put the refractory neuron in order -----------------------------------------------------

NEURON_LINES = {
    "A": "    if wait > 0:",
    "B": "    if V >= V_th:",
    "C": "for t in times:",
    "D": "    else:",
    "E": "        V, wait = V_reset, round(t_ref / dt)",
    "F": "V, wait = V_rest, 0",
    "G": "        V, wait = V_reset, wait - 1",
    "H": "        V = V + dt / tau * (-(V - V_rest) + R * current)",
}


def neuron_order():
    """Return the letters of the lines in the order in which they must stand."""
    return "FCAGDHBE"


def _moves_while_refractory():
    return "FCAHDGBE"


def _asks_before_the_step():
    return "FCBEAGDH"


def _explain_order(got):
    letters = "".join(str(got).split()).upper()
    if sorted(letters) != sorted(NEURON_LINES):
        return f"Use each of the letters {', '.join(sorted(NEURON_LINES))} exactly once."
    place = next(i for i, letter in enumerate(letters) if letter != neuron_order()[i])
    line = NEURON_LINES[letters[place]].strip()
    return f"The first {place} lines are right. Line {place + 1}, `{line}`, comes too early."


# --- 01.3: measure a firing rate ------------------------------------------------------------------


def _counts_spikes(times):
    if len(times) < 2:
        return 0.0
    return 1000 * len(times) / (times[-1] - times[0])


def _for_each_millisecond(times):
    return measured_rate(times) / 1000


def _interval_in_place_of_rate(times):
    return 1000 / measured_rate(times) if len(times) > 1 else 0.0


def _from_time_zero(times):
    if len(times) < 2:
        return 0.0
    return 1000 * (len(times) - 1) / times[-1]


def _spikes_from_time_zero(times):
    if len(times) < 2:
        return 0.0
    return 1000 * len(times) / times[-1]


# --- 01.4: the formula of the f–I curve -----------------------------------------------------------


def _refractory_time_forgotten(current, neuron):
    return firing_rate(current, replace(neuron, t_ref=0.0))


def _milliseconds(current, neuron):
    return firing_rate(current, neuron) / 1000


def _interval(current, neuron):
    rate = firing_rate(current, neuron)
    return 1000 / rate if rate else 0.0


def _climbs_from_rest(current, neuron):
    return firing_rate(current, replace(neuron, V_reset=neuron.V_rest))


def _logarithm_to_base_ten(current, neuron):
    return firing_rate(current, replace(neuron, tau=neuron.tau / np.log(10)))


def _rest_forgotten(current, neuron):
    V_end = neuron.R * current
    if V_end <= neuron.V_th:
        return 0.0
    climb = neuron.tau * np.log((V_end - neuron.V_reset) / (V_end - neuron.V_th))
    return 1000 / (neuron.t_ref + climb)


def _not_zero_below(current, neuron):
    V_end = neuron.V_rest + neuron.R * current
    climb = neuron.tau * np.log((V_end - neuron.V_reset) / (V_end - neuron.V_th))
    return 1000 / (neuron.t_ref + climb)


def _not_zero_on_the_rheobase(current, neuron):
    V_end = neuron.V_rest + neuron.R * current
    return 0.0 if V_end < neuron.V_th else _not_zero_below(current, neuron)


# --- 01.5: ReLU and step in a table ---------------------------------------------------------------


def relu_and_step():
    """Return for each current in nA the answers of the ReLU and of the step unit."""
    return {
        0.5: (0, 0),
        1.5: (0, 1),
        2.0: (0.5, 1),
        4.0: (2.5, 1),
    }


def _step_zero_at_zero():
    return {**relu_and_step(), 1.5: (0, 0)}


def _relu_below_zero():
    return {**relu_and_step(), 0.5: (-1.0, 0)}


def _current_in_place_of_z():
    return {current: (current, 1) for current in relu_and_step()}


def _exchanged():
    return {current: (step, relu) for current, (relu, step) in relu_and_step().items()}


# --- 01.6: the unit of McCulloch and Pitts --------------------------------------------------------


def _subtracts(excitatory, inhibitory, threshold):
    return int(sum(excitatory) - sum(inhibitory) >= threshold)


def _strictly_above(excitatory, inhibitory, threshold):
    return 0 if any(inhibitory) else int(sum(excitatory) > threshold)


def _inhibition_ignored(excitatory, inhibitory, threshold):
    return int(sum(excitatory) >= threshold)


def _all_must_inhibit(excitatory, inhibitory, threshold):
    if len(inhibitory) and all(inhibitory):
        return 0
    return int(sum(excitatory) >= threshold)


def _veto_for_being_there(excitatory, inhibitory, threshold):
    return 0 if len(inhibitory) else int(sum(excitatory) >= threshold)


OTHER = LIFNeuron(V_rest=-60.0, V_th=-45.0, V_reset=-62.0, tau=20.0, R=4.0, t_ref=5.0)

EXERCISES = [
    Exercise(
        id="01.1",
        title="Take one Euler step",
        function="my_step",
        reference=euler_step,
        cases=[
            Case((-65.0, 2.0, 1.0, NEURON), "at rest, 2 nA"),
            Case((-60.0, 0.0, 1.0, NEURON), "no current: the leak alone"),
            Case((-70.0, 0.0, 0.5, NEURON), "below rest: the leak pulls up"),
            Case((-55.0, 1.0, 0.1, NEURON), "leak and push cancel: nothing changes"),
            Case((-50.0, 3.0, 0.2, OTHER), "another neuron"),
        ],
        hints=(
            "Two things move the voltage: the leak, towards V_rest, and the push R · current. Only "
            "the share dt / tau of them acts in one step.",
            "leak = -(V - neuron.V_rest) is negative above rest and positive below it. "
            "push = neuron.R * current.",
            "The last line is return V + dt / neuron.tau * (leak + push).",
        ),
        mistakes=[
            Mistake(
                _leak_forgotten,
                "The leak is missing: without it the voltage never comes back to rest. Add "
                "-(V - neuron.V_rest) to the push.",
            ),
            Mistake(
                _leak_away_from_rest,
                "The leak has the wrong sign: it drives the voltage away from rest, and ever "
                "faster. It is -(V - neuron.V_rest).",
            ),
            Mistake(
                _leak_to_zero,
                "Your leak pulls towards 0 mV. It pulls towards the resting potential: "
                "-(V - neuron.V_rest).",
            ),
            Mistake(
                _without_resistance,
                "Currents are in nA and voltages in mV: multiply the current by neuron.R first.",
            ),
            Mistake(
                _without_time_constant,
                "The time constant is missing: only the share dt / neuron.tau of the change "
                "happens in one step.",
            ),
            Mistake(
                _without_step,
                "The length of the step is missing: only the share dt / neuron.tau of the change "
                "happens in one step.",
            ),
            Mistake(_change_alone, "That is the change. Add it to the old voltage V."),
        ],
    ),
    Exercise(
        id="01.2",
        title="Put the refractory neuron in order",
        function="my_order",
        reference=neuron_order,
        cases=[Case(())],
        hints=(
            "The line that is not indented and is no loop prepares everything: it comes first.",
            "In every step of time the voltage is moved first: held at V_reset while the neuron is "
            "refractory, else by an Euler step. Only then comes the question for a spike.",
            "It begins with F, then C, then A, then G.",
        ),
        mistakes=[
            Mistake(
                _moves_while_refractory,
                "Lines G and H are exchanged: your neuron integrates while it is refractory and is "
                "held at V_reset for the rest of the time. It could never fire.",
            ),
            Mistake(
                _asks_before_the_step,
                "You ask for a spike before the voltage has moved. Then a spike is noticed one "
                "step late. Move first, ask then.",
            ),
        ],
        explain=_explain_order,
    ),
    Exercise(
        id="01.3",
        title="Measure a firing rate",
        function="my_rate",
        reference=measured_rate,
        cases=[
            Case((np.array([10.0, 30.0, 50.0]),), "two intervals of 20 ms"),
            Case((np.array([14.0, 32.0, 50.0, 68.0, 86.0, 104.0]),), "a regular neuron"),
            Case((np.array([3.0, 10.0, 60.0]),), "an irregular neuron"),
            Case((np.array([0.0, 500.0]),), "two spikes a second"),
            Case((np.array([7.0]),), "one spike: no interval"),
            Case((np.array([]),), "no spike at all"),
        ],
        hints=(
            "A rate is a number of intervals divided by the time that they take together. Between "
            "three spikes lie two intervals.",
            "The intervals take times[-1] - times[0] milliseconds together, and there are "
            "len(times) - 1 of them. With fewer than two spikes return 0.0.",
            "return 1000 * (len(times) - 1) / (times[-1] - times[0]): the 1000 turns spikes per "
            "millisecond into spikes per second.",
        ),
        mistakes=[
            Mistake(
                _counts_spikes,
                "You count the spikes. From the first spike to the last there is one interval "
                "less: divide len(times) - 1 by the time.",
            ),
            Mistake(
                _for_each_millisecond,
                "That is the rate per millisecond. Times are in ms and 1 Hz is one spike a second: "
                "multiply by 1000.",
            ),
            Mistake(
                _interval_in_place_of_rate,
                "That is the mean interval in milliseconds. The rate in Hz is 1000 divided by it.",
            ),
            Mistake(
                _from_time_zero,
                "Your time runs from 0, so it also contains the wait for the first spike. Count "
                "from the first spike: times[-1] - times[0].",
            ),
            Mistake(
                _spikes_from_time_zero,
                "The last spike fell at times[-1], but the time before the first spike is no "
                "interval. Divide len(times) - 1 by times[-1] - times[0].",
            ),
        ],
    ),
    Exercise(
        id="01.4",
        title="Write the formula of the f–I curve",
        function="my_firing_rate",
        reference=firing_rate,
        cases=[
            Case((2.0, NEURON), "2 nA"),
            Case((4.0, NEURON), "4 nA"),
            Case((1.0, NEURON), "below the rheobase"),
            Case((1.5, NEURON), "exactly on the rheobase"),
            Case((3.0, replace(NEURON, t_ref=0.0)), "no refractory time"),
            Case((10.0, OTHER), "another neuron"),
            Case((1.0, OTHER), "another neuron, below its rheobase"),
        ],
        hints=(
            "V_end, the level at which the voltage would settle, decides everything: if it does "
            "not lie above the threshold the rate is 0.",
            "From reset to the threshold takes tau · ln((V_end − V_reset) / (V_end − V_th)) "
            "milliseconds; np.log is the natural logarithm ln.",
            "return 1000 / (neuron.t_ref + climb), and before it: if V_end <= neuron.V_th: "
            "return 0.0.",
        ),
        mistakes=[
            Mistake(
                _refractory_time_forgotten,
                "The refractory time is missing: from spike to spike it takes t_ref plus the climb "
                "from reset to the threshold.",
            ),
            Mistake(
                _milliseconds,
                "That is the rate per millisecond: all times are in ms. For Hz multiply by 1000.",
            ),
            Mistake(
                _interval,
                "That is the time from one spike to the next in ms. The rate in Hz is 1000 divided "
                "by it.",
            ),
            Mistake(
                _climbs_from_rest,
                "Your climb starts at the resting potential. After a spike it starts at V_reset.",
            ),
            Mistake(
                _logarithm_to_base_ten,
                "You took the logarithm to base 10. The formula needs the natural one, np.log.",
            ),
            Mistake(
                _rest_forgotten,
                "The voltage settles at V_rest + R · current. V_rest is missing from your level.",
            ),
            Mistake(
                _not_zero_below,
                "Up to the rheobase the voltage never gets above the threshold and the logarithm "
                "has no value. Return 0.0 if V_end <= V_th.",
            ),
            Mistake(
                _not_zero_on_the_rheobase,
                "Exactly on the rheobase the voltage creeps towards the threshold and never "
                "reaches it: use <= where you have <.",
            ),
        ],
    ),
    Exercise(
        id="01.5",
        title="Fill in a table of ReLU and step",
        function="my_table",
        reference=relu_and_step,
        cases=[Case(())],
        hints=(
            "First turn each current into z = current − 1.5. Then ask both functions about z.",
            "The ReLU answers max(0, z): z itself when it is positive, else 0. The step answers 1 "
            "when z >= 0, else 0.",
            "At 0.5 nA z is −1, and both answer 0. At 2.0 nA z is 0.5: (0.5, 1).",
        ),
        mistakes=[
            Mistake(
                _step_zero_at_zero,
                "At 1.5 nA z is exactly 0, and the step answers 1 there: it is 1 from 0 on (>=), "
                "not only above (>).",
            ),
            Mistake(
                _relu_below_zero,
                "At 0.5 nA z is −1. The ReLU never answers less than 0: max(0, −1) is 0.",
            ),
            Mistake(
                _current_in_place_of_z,
                "You put the current itself into the functions. Subtract the rheobase first: "
                "z = current − 1.5.",
            ),
            Mistake(_exchanged, "The two columns are exchanged: first the ReLU, then the step."),
        ],
    ),
    Exercise(
        id="01.6",
        title="Build the unit of McCulloch and Pitts",
        function="my_unit",
        reference=mcculloch_pitts,
        cases=[
            Case(([1, 1], [], 2), "AND, both on"),
            Case(([1, 0], [], 2), "AND, one on"),
            Case(([1, 0], [], 1), "OR, one on"),
            Case(([1, 1, 1], [1], 2), "three on, but one veto"),
            Case(([1, 1, 1], [0, 1], 1), "one of two vetoes"),
            Case(([1, 1, 0], [0], 2), "a veto that is off"),
            Case(([], [0], 0), "NOT 0"),
            Case(([], [1], 0), "NOT 1"),
        ],
        hints=(
            "First the veto: if any inhibitory input is on, the answer is 0, whatever else is on.",
            "any(inhibitory) is True when at least one of them is 1. After that compare "
            "sum(excitatory) with the threshold.",
            "if any(inhibitory): return 0, and then: return int(sum(excitatory) >= threshold).",
        ),
        mistakes=[
            Mistake(
                _subtracts,
                "You subtract the inhibitory inputs, as signed weights would. In the unit of 1943 "
                "one active inhibitory input is a veto, however many excitatory ones are on.",
            ),
            Mistake(
                _strictly_above,
                "Exactly the threshold is enough: use >= where you have >.",
            ),
            Mistake(
                _inhibition_ignored,
                "The inhibitory inputs change nothing in your unit. If any of them is on, the "
                "answer is 0.",
            ),
            Mistake(
                _all_must_inhibit,
                "In your unit all inhibitory inputs must be on together. One is enough: any(), "
                "not all().",
            ),
            Mistake(
                _veto_for_being_there,
                "An inhibitory input that is off (0) vetoes nothing. Ask for its value with "
                "any(inhibitory), not for its presence.",
            ),
        ],
    ),
]

QUIZ = [
    Question(
        "01.q1",
        "The current is 1.4 nA and there is no noise. You wait ten times as long. What happens?",
        [
            Choice(
                "nothing: the neuron never fires",
                True,
                "The voltage settles at −65 + 10 · 1.4 = −51 mV, below the threshold of −50 mV, "
                "and stays there.",
            ),
            Choice(
                "it fires once: the small current adds up over time",
                False,
                "Without the leak it would. But the higher the voltage, the stronger the leak, "
                "until both cancel at −51 mV.",
            ),
            Choice(
                "it fires ten times as often",
                False,
                "A rate is a number for each second and does not depend on how long you wait. Here "
                "it is 0.",
            ),
        ],
    ),
    Question(
        "01.q2",
        "You double the current of a firing neuron. How do its spikes change?",
        [
            Choice(
                "there are more of them, each as high as before",
                True,
                "All spikes of a neuron look alike. What changes is when and how often they come.",
            ),
            Choice(
                "they become twice as high",
                False,
                "A spike has no size that could carry a message: it happens, or it does not. The "
                "current shows in the rate.",
            ),
            Choice(
                "there are exactly twice as many of them",
                False,
                "From 2 to 4 nA the rate goes from 55.3 to 126.9 Hz, more than twice. The f–I "
                "curve is no straight line through 0.",
            ),
        ],
    ),
    Question(
        "01.q3",
        "Which property of the neuron's f–I curve does the ReLU keep, and the step does not?",
        [
            Choice(
                "more current above the rheobase gives a larger answer",
                True,
                "The ReLU keeps the threshold and the straight line, the step only the threshold.",
            ),
            Choice(
                "there is no answer below the rheobase",
                False,
                "Both keep that: below the rheobase the ReLU and the step answer 0.",
            ),
            Choice(
                "the rate cannot exceed 500 Hz",
                False,
                "The ReLU has lost it: it grows without limit. It went with the refractory time.",
            ),
            Choice(
                "the moments at which the spikes come",
                False,
                "Neither has a notion of time. That was lost in the first step, when spikes became "
                "a rate.",
            ),
        ],
    ),
    Question(
        "01.q4",
        "Which of these does a unit of an artificial network leave out?",
        [
            Choice(
                "that real neurons signal with single spikes at certain times",
                True,
                "The unit's answer is one number, at best a rate.",
            ),
            Choice(
                "that a neuron slows down under a constant current (adaptation)",
                True,
                "Our neuron forgets everything at each reset, and so does the unit.",
            ),
            Choice(
                "that synapses differ in strength",
                False,
                "That is kept: each input has its own weight.",
            ),
            Choice(
                "that some synapses excite and others inhibit",
                False,
                "That is kept: weights are positive or negative.",
            ),
        ],
    ),
]
