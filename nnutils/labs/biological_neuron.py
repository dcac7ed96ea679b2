"""The labs of notebook 01: drive a neuron, and strip its f–I curve down; the drawing of a cell."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Circle, PathPatch, Polygon
from matplotlib.path import Path

from nnutils.labs.base import Action, Lab, Slider
from nnutils.neurons import (
    NEURON,
    LIFNeuron,
    Recording,
    firing_rate,
    measured_rate,
    rheobase,
    simulate,
    spike_times,
)
from nnutils.plotting import BLACK, BLUE, DARK_ORANGE, GREEN, GREY, LIGHT, ORANGE

__all__ = ["drive_neuron_lab", "simplify_neuron_lab"]

# --- Drive a neuron -------------------------------------------------------------------------------

RUNS = 10
DURATION = 300  # ms of each run
CURRENTS = np.linspace(0, 5, 251)  # nA, of the f–I curve
PEAK = 20.0  # mV: the model knows no peak, a spike is drawn up to here
LINE = 10  # mV, the height of a line of text beside the voltage


class Drive(NamedTuple):
    """What the picture of the driven neuron shows."""

    current: float
    neuron: LIFNeuron
    noise: float
    recording: Recording  # RUNS runs in rows
    times: list  # of the spikes, one array for each run
    measured: float  # Hz, mean over the runs
    curve: np.ndarray  # Hz, the formula at CURRENTS


def compute_drive(current, threshold, tau, t_ref, noise, seed):
    """Simulate ten runs of the neuron, which differ only by their noise."""
    neuron = LIFNeuron(V_th=threshold, tau=tau, t_ref=t_ref)
    rng = np.random.default_rng(seed)
    recording = simulate(np.full(RUNS, current), DURATION, neuron, noise=noise, rng=rng)
    times = spike_times(recording)
    measured = float(np.mean([measured_rate(row) for row in times]))
    curve = firing_rate(CURRENTS, neuron)
    return Drive(current, neuron, noise, recording, times, measured, curve)


def build_drive(figure):
    """Make the three axes and their artists once."""
    axes = figure.subplot_mosaic(
        [["trace", "curve"], ["raster", "curve"]], width_ratios=[1.4, 1], height_ratios=[1.7, 1]
    )
    trace, raster, curve = axes["trace"], axes["raster"], axes["curve"]
    trace.axhline(0, color=ORANGE, linestyle="--", linewidth=1.2)  # the threshold
    trace.axhline(NEURON.V_rest, color=GREY, linestyle=":", linewidth=1.2)
    trace.plot([], [], color=BLUE, linewidth=1.2)
    beside = {"transform": trace.get_yaxis_transform(), "fontsize": 10.5, "va": "center"}
    trace.text(1.01, 0, "threshold", color=DARK_ORANGE, **beside)
    trace.text(1.01, NEURON.V_rest, "rest", color=GREY, **beside)
    trace.set(xlim=(0, DURATION), ylim=(-90, PEAK + 5), ylabel="voltage (mV)")
    trace.set_title("Voltage of the first run")
    trace.set_yticks([-80, -40, 0])
    trace.set_xticks(range(0, DURATION + 1, 100), [])

    raster.plot([], [], "|", color=BLACK, markersize=8, markeredgewidth=1.2)
    raster.set(xlim=(0, DURATION), ylim=(RUNS + 0.7, 0.3), xlabel="time (ms)", ylabel="run")
    raster.set_yticks([1, RUNS])
    raster.set_xticks(range(0, DURATION + 1, 100))

    curve.axvline(0, color=ORANGE, linestyle="--", linewidth=1.2)  # the rheobase
    curve.plot([], [], color=BLUE, label="formula,\nno noise")
    curve.plot([], [], "o", color=ORANGE, markersize=9, label="measured", clip_on=False)
    top = {"transform": curve.get_xaxis_transform(), "fontsize": 10.5, "va": "top"}
    curve.text(0, 1, "rheobase", color=DARK_ORANGE, **top)
    curve.set(xlim=(0, CURRENTS[-1]), xlabel="current (nA)", ylabel="firing rate (Hz)")
    curve.locator_params(axis="y", nbins=5)
    curve.yaxis.set_label_coords(-0.23, 0.5)  # leaves room for rates of four digits
    curve.set_title("f–I curve")
    curve.legend(  # below the rheobase's name, and right of all places of its line
        loc="upper right",
        bbox_to_anchor=(1.01, 0.93),
        fontsize=10.5,
        handlelength=1.2,
        labelspacing=0.3,
        borderpad=0,
        borderaxespad=0,
    )


def draw_drive(figure, state):
    """Draw the voltage of the first run, the spikes of all runs, and the point on the f–I curve."""
    if not figure.axes:
        build_drive(figure)
    trace, curve, raster = figure.axes
    threshold = state.neuron.V_th
    trace.lines[0].set_ydata([threshold, threshold])
    spread = max(0, LINE - (threshold - NEURON.V_rest)) / 2  # else the two names would touch
    trace.texts[0].set_y(threshold + spread)
    trace.texts[1].set_y(NEURON.V_rest - spread)
    with_peaks = np.where(state.recording.spikes[0], PEAK, state.recording.V[0])
    trace.lines[2].set_data(state.recording.t, with_peaks)

    runs = np.repeat(np.arange(1, RUNS + 1), [len(row) for row in state.times])
    raster.lines[0].set_data(np.concatenate(state.times), runs)

    onset = rheobase(state.neuron)
    curve.lines[0].set_xdata([onset, onset])
    curve.texts[0].set_x(onset + 0.1)
    curve.lines[1].set_data(CURRENTS, state.curve)
    curve.lines[2].set_data([state.current], [state.measured])
    curve.set_ylim(0, 1.4 * max(100.0, state.curve.max(), state.measured))


def caption_drive(state):
    """Say in words what the neuron does and how it compares with the formula."""
    formula = firing_rate(state.current, state.neuron)
    text = (
        f"At {state.current:g} nA the neuron fires at {state.measured:.1f} Hz "
        f"(mean of {RUNS} runs); the formula for no noise gives {formula:.1f} Hz. "
        f"The rheobase is {rheobase(state.neuron):g} nA"
    )
    if formula == 0:
        V_end = state.neuron.V_rest + state.neuron.R * state.current
        text += f": without noise the voltage settles at {V_end:g} mV and never fires"
    return f"{text}. Spikes in run 1: {len(state.times[0])}."


def draw_new_noise(seed, **values):
    """Draw other random kicks."""
    return {"seed": seed + 1}


def drive_neuron_lab():
    """Drive a neuron: its voltage, its spikes in ten runs, and its point on the f–I curve."""
    return Lab(
        "Drive a neuron",
        [
            Slider("current", "current (nA)", 0, 5, 0.05, 2.0),
            Slider("threshold", "threshold (mV)", -60, -40, 0.5, -50.0),
            Slider("tau", "time constant (ms)", 5, 30, 0.5, 10.0),
            Slider("t_ref", "refractory time (ms)", 0, 20, 0.5, 2.0),
            Slider("noise", "noise (mV)", 0, 6, 0.25, 0.0),
            Action("new_noise", "Other noise", draw_new_noise),
        ],
        compute_drive,
        draw_drive,
        caption_drive,
        hidden={"seed": 0},
        size=(8, 4),
        tracks=("current", "threshold", "t_ref"),
    )


# --- Strip the f–I curve down ---------------------------------------------------------------------

SLOPE = 50.0  # Hz for each nA: R / (tau · (V_th − V_reset)), the slope far above the rheobase
UP_TO = 10  # nA
ALL_CURRENTS = np.linspace(0, UP_TO, 1001)
STAGES = (
    "the neuron's own f–I curve",
    "no refractory time (lost: the upper limit of 500 Hz)",
    "ReLU, threshold and straight line (lost: the steep start)",
    "step, threshold alone (lost: how far the current lies above it)",
)


class Simplified(NamedTuple):
    """What the picture of the simplified neuron shows."""

    simplification: float
    current: float
    original: np.ndarray  # Hz at ALL_CURRENTS
    simplified: np.ndarray  # Hz at ALL_CURRENTS


def simplified_rate(currents, simplification):
    """Return the f–I curve in Hz after 0 to 3 steps of simplification; between them it blends.

    Step 1 takes the refractory time away, step 2 leads to the ReLU, step 3 to the step unit, whose
    answer 1 is drawn as 50 Hz.
    """
    z = np.round(currents - rheobase(), 9)
    relu = SLOPE * np.maximum(0, z)
    if simplification <= 1:
        return firing_rate(currents, replace(NEURON, t_ref=NEURON.t_ref * (1 - simplification)))
    if simplification <= 2:
        curve, done = firing_rate(currents, replace(NEURON, t_ref=0.0)), simplification - 1
        return (1 - done) * curve + done * relu
    done = simplification - 2
    return (1 - done) * relu + done * SLOPE * (z >= 0)


def compute_simplified(simplification, current):
    """Compute the f–I curve of the neuron and its simplification."""
    original = simplified_rate(ALL_CURRENTS, 0)
    simplified = simplified_rate(ALL_CURRENTS, simplification)
    return Simplified(simplification, current, original, simplified)


def build_simplified(figure):
    """Make the axes and their artists once."""
    ax = figure.subplots()
    ax.add_patch(Polygon([(0, 0)], facecolor=LIGHT, label="difference"))
    ax.plot([], [], color=GREY, linestyle="--", label="the neuron")
    ax.plot([], [], color=BLUE, linewidth=3, label="simplified")
    ax.plot([], [], "o-", color=ORANGE, markersize=8, linewidth=1.2, label="chosen current")
    ax.lines[-1].set_clip_on(False)
    ax.axvline(rheobase(), color=GREEN, linestyle=":")
    place = {"transform": ax.get_xaxis_transform(), "ha": "right", "va": "top", "fontsize": 10.5}
    ax.text(rheobase() - 0.1, 0.96, "rheobase,\nz = 0", **place)
    ax.set(xlim=(0, UP_TO), ylim=(0, SLOPE * UP_TO))
    ax.set(xlabel="current (nA)", ylabel="firing rate (Hz)")
    z_axis = ax.secondary_xaxis(
        "top", (lambda current: current - rheobase(), lambda z: z + rheobase())
    )
    z_axis.set_xlabel("z = current − rheobase")
    answer = ax.secondary_yaxis("right", (lambda rate: rate / SLOPE, lambda y: y * SLOPE))
    answer.set_ylabel(f"answer (1 is {SLOPE:g} Hz)")
    ax.legend(loc="upper left", bbox_to_anchor=(rheobase() / UP_TO, 1))


def draw_simplified(figure, state):
    """Draw the curve of the neuron, the simplified one, and the gap between them."""
    if not figure.axes:
        build_simplified(figure)
    ax = figure.axes[0]
    there = np.column_stack([ALL_CURRENTS, state.original])
    back = np.column_stack([ALL_CURRENTS, state.simplified])[::-1]
    ax.patches[0].set_xy(np.vstack([there, back]))
    ax.lines[0].set_data(ALL_CURRENTS, state.original)
    ax.lines[1].set_data(ALL_CURRENTS, state.simplified)
    ax.lines[2].set_data([state.current, state.current], both_rates(state))
    ax.set_title(stage_of(state).partition(" (")[0], pad=44)  # above the axis of z


def both_rates(state):
    """Return the rates in Hz of the neuron and of its simplification at the chosen current."""
    current = np.array([state.current])
    steps = (0, state.simplification)
    return [float(simplified_rate(current, step)[0]) for step in steps]


def stage_of(state):
    """Say which simplification is shown, and what it has lost."""
    number = int(np.ceil(state.simplification))
    share = 1 + state.simplification - number
    if number == 0:
        return f"Nothing simplified yet: {STAGES[0]}"
    if share == 1:
        return f"Simplification {number} of 3: {STAGES[number]}"
    return f"{share:.0%} of the way to simplification {number} of 3: {STAGES[number]}"


def caption_simplified(state):
    """Say in words which simplification is shown and what it changes at the chosen current."""
    before, after = both_rates(state)
    return (
        f"{stage_of(state)}. At {state.current:g} nA, z = {state.current - rheobase():.4g}: "
        f"the neuron fires at {before:.1f} Hz, the simplified curve shows {after:.1f} Hz, "
        f"an answer of {after / SLOPE:.2f}."
    )


def simplify_neuron_lab():
    """Strip the f–I curve of a neuron down to the ReLU and the step, and see what gets lost."""
    return Lab(
        "From the f–I curve to the ReLU and the step",
        [
            Slider("simplification", "simplification", 0, 3, 0.05, 1.0),
            Slider("current", "current (nA)", 0, UP_TO, 0.05, 2.5),
        ],
        compute_simplified,
        draw_simplified,
        caption_simplified,
        size=(8, 4),
        tracks=("simplification", "current"),
    )


# --- The drawing of a cell ------------------------------------------------------------------------

# Curves by start, bend and end, with their width.
DENDRITES = [
    ((-0.3, 0.2), (-0.9, 0.5), (-1.3, 1.1), 6),
    ((-1.04, 0.77), (-1.4, 0.8), (-2.1, 0.7), 3.5),
    ((-1.25, 1.0), (-1.4, 1.4), (-1.2, 1.7), 3),
    ((-1.6, 0.77), (-2.0, 0.9), (-2.2, 1.25), 2.5),
    ((-0.3, -0.1), (-1.0, -0.1), (-1.6, -0.4), 6),
    ((-1.36, -0.29), (-2.0, -0.1), (-2.6, -0.05), 3.5),
    ((-1.5, -0.35), (-1.9, -0.6), (-2.3, -1.0), 3.5),
    ((-2.1, -0.1), (-2.4, 0.1), (-2.6, 0.35), 2.5),
    ((-0.15, -0.3), (-0.5, -0.8), (-0.9, -1.4), 5),
    ((-0.55, -0.85), (-1.0, -1.1), (-1.5, -1.5), 3),
    ((0.0, 0.3), (0.0, 0.9), (-0.3, 1.5), 4.5),
]
AXON = [
    ((0.3, 0), (1.2, 0.25), (2.4, 0.0), 4.5),
    ((2.4, 0.0), (3.6, -0.25), (4.6, 0.0), 4),
    ((4.6, 0.0), (5.2, 0.15), (5.9, 0.75), 3),
    ((4.6, 0.0), (5.3, 0.0), (5.95, -0.05), 3),
    ((4.6, 0.0), (5.2, -0.2), (5.7, -0.95), 3),
]
NEXT_CELL = [
    ((6.15, 1.1), (6.1, 0.5), (6.9, 0.1), 5),
    ((6.22, -0.08), (6.5, -0.02), (6.9, 0.05), 5),
    ((5.95, -1.2), (5.92, -0.6), (6.9, 0.0), 5),
]
LABELS = [
    ("dendrites:\nsignals come in", (-1.9, 0.73), (-2.9, 2.42)),
    ("soma:\nadds them up", (0.05, 0.2), (0.6, 1.85)),
    ("axon:\ncarries the answer", (2.4, 0.05), (2.3, -1.5)),
    ("synapse:\na gap to the next cell", (6.08, 0.8), (4.6, 1.85)),
]


def draw_cell(ax):
    """Draw a nerve cell on ``ax`` with its parts named, and a piece of the next one.

    Shown in notebook 01; a drawing, not to scale.
    """
    for curves, color in ((DENDRITES, BLUE), (AXON, ORANGE), (NEXT_CELL, GREY)):
        for start, bend, end, width in curves:
            path = Path([start, bend, end], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
            style = {"linewidth": width, "edgecolor": color, "capstyle": "round"}
            ax.add_patch(PathPatch(path, facecolor="none", **style))
    for *_, end, _ in AXON[2:]:
        ax.add_patch(Circle(end, 0.12, color=ORANGE))
    ax.add_patch(Circle((0, 0), 0.42, facecolor=GREEN, edgecolor="white", zorder=3))
    ax.add_patch(Circle((7.0, 0.05), 0.42, color=GREY))
    for text, place, corner in LABELS:
        arrow = {"arrowstyle": "-", "color": BLACK, "linewidth": 1}
        ax.annotate(text, place, corner, arrowprops=arrow, va="top" if corner[1] > 0 else "center")
    ax.annotate("", (3.9, 0.5), (2.9, 0.5), arrowprops={"arrowstyle": "->", "color": BLACK})
    ax.set(xlim=(-3, 7.6), ylim=(-1.9, 2.45), aspect="equal")
    ax.axis("off")
    return ax
