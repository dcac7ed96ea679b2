"""The labs of notebook 01 against the neuron's formulas, and the drawing of a cell."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from nnutils.labs import biological_neuron as labs
from nnutils.neurons import NEURON, firing_rate, rheobase

START = {"current": 2.0, "threshold": -50.0, "tau": 10.0, "t_ref": 2.0, "noise": 0.0, "seed": 0}


# --- Drive a neuron -------------------------------------------------------------------------------


def test_start_state_shows_the_number_of_the_course():
    lab = labs.drive_neuron_lab()
    assert "At 2 nA the neuron fires at 55.2 Hz" in lab.caption_text  # the step of 0.1 ms costs 0.1
    assert "gives 55.3 Hz. The rheobase is 1.5 nA." in lab.caption_text


@settings(deadline=None, max_examples=25)
@given(
    current=st.floats(0, 5),
    threshold=st.floats(-60, -40),
    tau=st.floats(5, 30),
    t_ref=st.sampled_from([0.0, 2.0, 7.5, 20.0]),
)
def test_without_noise_the_measured_point_lies_on_the_curve(current, threshold, tau, t_ref):
    values = dict(START, current=current, threshold=threshold, tau=tau, t_ref=t_ref)
    state = labs.compute_drive(**values)
    formula = firing_rate(current, state.neuron)
    if all(len(row) < 2 for row in state.times):  # too slow for two spikes in one run
        assert state.measured == 0
        assert formula < 1000 / labs.DURATION * 3
    else:
        interval, exact = 1000 / state.measured, 1000 / formula
        assert interval == pytest.approx(exact, abs=0.11 + 0.01 * exact)


def test_runs_are_equal_without_noise_and_differ_with_it():
    quiet = labs.compute_drive(**START)
    assert all(np.array_equal(row, quiet.times[0]) for row in quiet.times)
    noisy = labs.compute_drive(**dict(START, noise=3.0))
    assert not np.array_equal(noisy.times[0], noisy.times[1])


def test_caption_below_the_rheobase_says_where_the_voltage_settles():
    lab = labs.drive_neuron_lab()
    lab.set(current=1.0)
    assert "never fires" in lab.caption_text
    assert "settles at -55 mV" in lab.caption_text
    assert lab.state.recording.V[0, -1] == pytest.approx(-55, abs=1e-6)


def test_noise_makes_the_neuron_fire_below_the_rheobase():
    lab = labs.drive_neuron_lab()
    lab.set(current=1.3, noise=3.0)
    assert lab.state.measured > 5
    assert firing_rate(1.3, lab.state.neuron) == 0


def test_other_noise_changes_the_spikes_and_reset_brings_the_start_back():
    lab = labs.drive_neuron_lab()
    picture, caption = lab.png, lab.caption_text
    lab.set(noise=3.0)
    before = lab.state.times[0]
    lab.press("new_noise")
    assert lab.error is None
    assert not np.array_equal(before, lab.state.times[0])
    lab.reset()
    assert (lab.png, lab.caption_text) == (picture, caption)


def test_drawing_shows_the_state():
    figure = Figure()
    for values in (START, dict(START, threshold=-55.0, current=3.0, noise=2.0)):
        state = labs.compute_drive(**values)
        labs.draw_drive(figure, state)
    trace, curve, raster = figure.axes
    assert set(trace.lines[0].get_ydata()) == {-55.0}
    assert len(raster.lines[0].get_xdata()) == sum(map(len, state.times))
    assert curve.lines[2].get_xydata().tolist() == [[3.0, state.measured]]
    assert curve.lines[0].get_xdata()[0] == rheobase(state.neuron) == 1.0
    assert trace.lines[2].get_ydata().max() == labs.PEAK


@pytest.mark.parametrize("threshold", [-60.0, -57.5, -50.0, -40.0])
@pytest.mark.parametrize("current", [0.0, 5.0])
@pytest.mark.parametrize("t_ref", [0.0, 20.0])
def test_no_name_in_the_drawing_touches_a_line_or_another_name(threshold, current, t_ref):
    lab = labs.drive_neuron_lab()
    lab.set(threshold=threshold, current=current, t_ref=t_ref, tau=5.0)
    trace, curve, _ = lab.figure.axes
    threshold_name, rest = (text.get_window_extent() for text in trace.texts)
    assert not threshold_name.overlaps(rest)
    legend, name = (part.get_window_extent() for part in (curve.get_legend(), *curve.texts))
    assert curve.texts[0].get_text() == "rheobase" and not name.overlaps(legend)
    onset, formula, measured = (line.get_path() for line in curve.lines)
    for box in (legend, name):
        for path in (onset, formula):
            transform = curve.get_xaxis_transform() if path is onset else curve.transData
            assert not path.transformed(transform).intersects_bbox(box, filled=False)
        (point,) = curve.transData.transform(measured.vertices)
        assert not box.padded(5).contains(*point)


# --- Strip the f–I curve down ---------------------------------------------------------------------

CURRENTS = np.array([0.0, 1.0, 1.5, 1.55, 2.5, 6.0, 10.0])


def test_the_stages_are_neuron_no_refractory_time_relu_and_step():
    no_refractory_time = replace(NEURON, t_ref=0.0)
    for stage, expected in [
        (0, firing_rate(CURRENTS)),
        (1, firing_rate(CURRENTS, no_refractory_time)),
        (2, 50 * np.maximum(0, CURRENTS - 1.5)),
        (3, 50 * (CURRENTS >= 1.5)),
    ]:
        np.testing.assert_allclose(labs.simplified_rate(CURRENTS, stage), expected, atol=1e-6)


def test_slope_of_the_relu_is_that_of_the_curve_far_out():
    """R / (tau · (V_th − V_reset)) in Hz for each nA; Dayan and Abbott, section 5.4."""
    assert 1000 * NEURON.R / (NEURON.tau * (NEURON.V_th - NEURON.V_reset)) == labs.SLOPE
    far = labs.simplified_rate(np.array([1000.0, 1001.0]), 1)
    assert far[1] - far[0] == pytest.approx(labs.SLOPE, rel=1e-3)


@given(st.sampled_from([0, 1, 2]), st.floats(0.01, 0.99))
def test_between_two_stages_the_curve_lies_between_them(stage, share):
    curves = [labs.simplified_rate(CURRENTS, s) for s in (stage, stage + share, stage + 1)]
    low, high = np.minimum(curves[0], curves[2]), np.maximum(curves[0], curves[2])
    assert (low - 1e-9 <= curves[1]).all() and (curves[1] <= high + 1e-9).all()


def test_caption_of_each_stage_says_what_is_lost():
    lab = labs.simplify_neuron_lab()
    assert "Simplification 1 of 3" in lab.caption_text  # the start answers no task
    for stage, words in [
        (0.0, "Nothing simplified yet: the neuron's own f–I curve"),
        (1.0, "Simplification 1 of 3: no refractory time (lost: the upper limit of 500 Hz)"),
        (1.4, "40% of the way to simplification 2 of 3: ReLU"),
        (2.0, "(lost: the steep start)"),
        (3.0, "(lost: how far the current lies above it)"),
    ]:
        lab.set(simplification=stage)
        assert words in lab.caption_text
        assert lab.caption_text.startswith(lab.figure.axes[0].get_title())
    assert "77.0 Hz, the simplified curve shows 50.0 Hz, an answer of 1.00" in lab.caption_text


def test_on_the_rheobase_the_step_answers_1():
    lab = labs.simplify_neuron_lab()
    lab.set(simplification=3.0, current=1.5)
    assert "fires at 0.0 Hz, the simplified curve shows 50.0 Hz" in lab.caption_text


# --- The drawing of a cell ------------------------------------------------------------------------


def test_drawing_names_the_four_parts():
    ax = Figure().subplots()
    assert labs.draw_cell(ax) is ax
    words = " ".join(text.get_text() for text in ax.texts)
    assert all(part in words for part in ("dendrites", "soma", "axon", "synapse"))


def points_of(curves):
    """Return 201 points on each of the curves of a drawing, (201, 2)."""
    u = np.linspace(0, 1, 201)[:, None]
    return [
        (1 - u) ** 2 * start + 2 * u * (1 - u) * bend + u**2 * end
        for start, bend, end in (map(np.array, points) for *points, _ in curves)
    ]


def nearest(place, curves):
    return min(np.hypot(*(points - place).T).min() for points in points_of(curves))


def test_the_line_from_the_word_dendrites_ends_on_a_dendrite():
    _, pointed_at, _ = labs.LABELS[0]
    assert nearest(pointed_at, labs.DENDRITES) < 0.05


def test_each_end_of_the_axon_almost_touches_the_next_cell():
    """The ends are circles of radius 0.12, the next cell's lines about 0.1 wide."""
    ends = [end for _, _, end, _ in labs.AXON[2:]]
    assert len(ends) == 3
    for end in ends:
        gap = nearest(end, labs.NEXT_CELL) - 0.12 - 0.05
        assert 0.05 < gap < 0.15, end
