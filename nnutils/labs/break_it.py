"""A lab of notebook 06: twelve planted mistakes, to be found by their traces."""

from functools import cache
from typing import NamedTuple

import numpy as np

from nnutils.datasets import make_moons
from nnutils.gradcheck import GradientReport, check_gradients
from nnutils.labs.base import Action, Choice, Lab, Toggle
from nnutils.labs.broken import BUGS, OUTSIDE, make_right
from nnutils.ladder import RUNAWAY, climb_ladder, with_random_weights
from nnutils.optimizers import SGD
from nnutils.plotting import BLACK, BLUE, DARK_ORANGE, GREY, LIGHT, ORANGE

__all__ = ["break_it_lab"]

STEPS, RATE = 400, 0.4
CHECKED = 8  # examples in the gradient check
SEED = 48  # of the first order of the cases: it begins with one that can be read off
OPEN = "choose"
PLACES = {"layer 3": 3, "layer 2": 2, "layer 1": 1, "outside the backward pass": OUTSIDE}
NAMES = {bug.name: bug for bug in BUGS}
ARRAYS = ("W3", "b3", "W2", "b2", "W1", "b1")  # from the output backwards
LOWEST, TOP = 1e-12, 20.0  # of the errors that are drawn, of the losses
LAYERS = {"relu": "ReLU", "tanh": "tanh"}
LADDER = ("start at ln C", "four by heart", "gradients", "constant input", "shuffled labels")
START = {"layer": OPEN, "bug": OPEN, "judged": (OPEN, OPEN)}  # of every case


class Evidence(NamedTuple):
    """What a network leaves behind that was trained and checked."""

    losses: np.ndarray  # one before each step, up to the one that runs away
    accuracy: float  # on fresh examples
    report: GradientReport


class State(NamedTuple):
    """What the picture shows."""

    number: int  # of the case, from 1
    case: Evidence
    right: Evidence  # the same network without the mistake
    layers: str  # what stands between them
    rungs: tuple  # of the ladder; none before it is climbed
    guess: str  # what the controls say, and the judgement on it
    answer: object  # the Bug, once it is found or shown, else None
    score: str


# --- The evidence ---------------------------------------------------------------------------------


def examples():
    """Return 200 moons to learn from and 500 fresh ones: X, y, X_test, y_test."""
    rng = np.random.default_rng(0)
    return *make_moons(200, 0.1, rng), *make_moons(500, 0.1, rng)


def examine(network):
    """Check the gradients of ``network`` at random weights, then train it: `Evidence`."""
    X, y, X_test, y_test = examples()
    drawn = with_random_weights(network, np.random.default_rng(2))
    report = check_gradients(drawn, X[:CHECKED], y[:CHECKED])
    losses, optimizer = [], SGD(RATE)
    while len(losses) < STEPS and (not losses or losses[-1] < RUNAWAY):
        losses.append(network.train_step(X, y, optimizer))
    return Evidence(np.array(losses), network.accuracy(X_test, y_test), report)


def first_weights():
    """Return the generator that draws the same first weights for every network."""
    return np.random.default_rng(2)


@cache
def examine_bug(name):
    """Return the `Evidence` of the mistake called ``name``."""
    return examine(NAMES[name].make(first_weights()))


@cache
def examine_right(activation):
    """Return the `Evidence` of the network without a mistake."""
    return examine(make_right(first_weights(), activation))


@cache
def climb_bug(name):
    """Return the five rungs of the debugging ladder for the mistake called ``name``."""
    X, y, _, _ = examples()
    network = NAMES[name].make(first_weights())
    return climb_ladder(network, X, y, np.random.default_rng(3)).rungs


def bug_of(seed, position):
    """Return the mistake that comes at ``position``, from 0, in the order of ``seed``."""
    return BUGS[np.random.default_rng(seed).permutation(len(BUGS))[position]]


def compute(layer, bug, climb, seed, position, results, judged):
    """Collect the evidence on the case at ``position``, and judge the guess if it was made."""
    case = bug_of(seed, position)
    answer = case if results[position] else None
    return State(
        position + 1,
        examine_bug(case.name),
        examine_right(case.activation),
        LAYERS[case.activation],
        climb_bug(case.name) if climb else (),
        explanation(case) if answer else judgement(case, layer, bug, judged),
        answer,
        f"Found {results.count('found')} of {len(BUGS)}, shown {results.count('shown')}.",
    )


# --- Judging a guess by the evidence --------------------------------------------------------------


def judgement(case, layer, bug, judged):
    """Say what the controls are set to, and what is right and wrong in it once it was judged."""
    if (layer, bug) == (OPEN, OPEN):
        return "Which layer's gradient goes wrong first, and which bug is it?"
    if (layer, bug) != judged:
        chosen = " and ".join(words for words in (layer, in_quotes(bug)) if OPEN not in words)
        return f"Your guess: {chosen}. Press “Guess”."
    words = []
    if layer != OPEN:
        words.append(judge_layer(examine_bug(case.name).report, PLACES[layer]))
    if bug != OPEN:
        words.append(judge_bug(case, NAMES[bug]))
    return " ".join(words)


def judge_layer(report, guess):
    """Compare the layer ``guess`` with what the gradient check says."""
    place = OUTSIDE if report.all_ok else report.wrong_layer
    first = next((name for name in ARRAYS if not report.ok[name]), None)
    if place == OUTSIDE and guess == OUTSIDE:
        return "Right, outside: all six arrays agree, so the backward pass has no mistake."
    if guess == place:
        return f"Right, layer {guess}: from the output backwards, d{first} is the first wrong one."
    if place == OUTSIDE:
        return f"Not layer {guess}: all six arrays agree with the differences."
    if guess == OUTSIDE:
        return f"Not outside: d{first} is wrong, so the mistake is in the backward pass."
    if report.ok[f"W{guess}"] and report.ok[f"b{guess}"]:
        return f"Not layer {guess}: dW{guess} and db{guess} agree with the differences."
    return (
        f"Not layer {guess}: d{first} is wrong too and lies nearer the output, and a mistake "
        "spoils the layers before it."
    )


def judge_bug(case, guess):
    """Compare the traces of the bug ``guess`` with those of the ``case``."""
    if guess == case:
        return f"Right, the bug is {in_quotes(guess.name)}."
    here = examine_bug(case.name)
    seen, expected = wrong_arrays(here.report), wrong_arrays(examine_bug(guess.name).report)
    if seen == expected:
        return (
            f"{in_quotes(guess.name)} would leave the same gradient check, but {guess.trace}. "
            f"Here are {LAYERS[case.activation]} layers, and {course(here.losses)}."
        )
    return (
        f"Not {in_quotes(guess.name)}: with it {listed(expected)} would be wrong, "
        f"and here {listed(seen)}."
    )


def in_quotes(name):
    """Return ``name`` in quotation marks."""
    return f"“{name}”"


def wrong_arrays(report):
    """Return the names of the arrays whose gradients are wrong."""
    return [name for name in ARRAYS if not report.ok[name]]


def listed(names):
    """Return the gradients of ``names`` as a list in words."""
    if len(names) in (0, len(ARRAYS)):
        return "all six arrays" if names else "no array"
    *most, last = [f"d{name}" for name in names]
    return f"{', '.join(most)} and {last}" if most else f"only {last}"


def course(losses):
    """Say in words what the loss does."""
    if losses[-1] > RUNAWAY:
        return f"the loss runs away, from {losses[0]:.2g} past {RUNAWAY:g} in {len(losses)} steps"
    if np.ptp(losses) == 0:
        return f"the loss stays at {losses[0]:.2g}"
    return f"the loss goes from {losses[0]:.2g} to {losses[-1]:.2g}"


def where(bug):
    """Say which layer's gradient goes wrong first."""
    return (
        f"first wrong in layer {bug.place}" if bug.place != OUTSIDE else "outside the backward pass"
    )


def explanation(bug):
    """Tell the story of ``bug``, with both lines, what it cost, and what catches it."""
    cost = (
        f"It got {examine_bug(bug.name).accuracy:.0%} of fresh moons right "
        f"(the right network {examine_right(bug.activation).accuracy:.0%})."
    )
    if bug.place == OUTSIDE:
        rung = climb_bug(bug.name)[bug.rung - 1]
        cost += (
            f" A gradient check cannot see this one; rung {bug.rung} of the ladder, {rung.name}, "
            f"does: {rung.seen}."
        )
    return (
        f"It is {in_quotes(bug.name)}, {where(bug)}. {bug.story} "
        f"Wrong line: {in_quotes(bug.wrong)}, right line: {in_quotes(bug.right)}. {cost}"
    )


def caption(state):
    """Say what the loss and the gradient check show, then the guess or the answer."""
    return (
        f"Case {state.number} of {len(BUGS)}, {state.layers} layers: "
        f"{course(state.case.losses)} (without the mistake to {state.right.losses[-1]:.2g}). "
        f"Gradient check: {checked(state.case.report)}. {climbed(state.rungs)}"
        f"{state.guess} {state.score}"
    )


def checked(report):
    """Say which relative errors of the gradient check are too large."""
    wrong = [f"d{name} {report.errors[name]:.2f}" for name in wrong_arrays(report)]
    if not wrong:
        return "all six relative errors are below 1e-7"
    rest = ", the others below 1e-7" if len(wrong) < len(ARRAYS) else ""
    return f"relative error {', '.join(wrong)}{rest}"


def climbed(rungs):
    """Say which rungs of the ladder break, and what was seen there."""
    breaks = [
        f"rung {k}, {rung.name}, breaks ({rung.seen})"
        for k, rung in enumerate(rungs, start=1)
        if not rung.holds
    ]
    return f"Ladder: {'; '.join(breaks)}. " if breaks else ""


# --- The picture ----------------------------------------------------------------------------------


def build(figure):
    """Make the three axes and their artists once: the loss, the gradient check, the notes."""
    grid = figure.add_gridspec(2, 2, height_ratios=[2.5, 1], width_ratios=[1.25, 1])
    build_loss(figure.add_subplot(grid[0, 0]))
    build_check(figure.add_subplot(grid[0, 1]))
    build_notes(figure.add_subplot(grid[1, :]))


def build_loss(ax):
    """Make the two curves, and the mark where one leaves the picture."""
    ax.plot([], [], color=GREY, linewidth=5, alpha=0.5, label="right network")
    ax.plot([], [], color=ORANGE, label="this case")
    ax.plot([], [], "^", color=ORANGE, markersize=11, clip_on=False, in_layout=False)
    ax.text(0, TOP, "", va="top", color=DARK_ORANGE)
    ax.set(xlim=(-4, STEPS), ylim=(2e-3, TOP), yscale="log", xlabel="step", ylabel="loss")
    ax.set_xticks([0, STEPS // 2, STEPS])
    ax.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
    ax.minorticks_off()
    ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.97), ncols=2, columnspacing=1.2)


def build_check(ax):
    """Make a row for each array, in groups of a layer, the last layer at the top."""
    rows = [0, 1, 2.4, 3.4, 4.8, 5.8]
    ax.hlines(rows, LOWEST, 1, color=LIGHT, linewidth=1)
    ax.hlines(rows, LOWEST, [LOWEST] * 6, linewidth=7)
    ax.axvline(1e-7, color=BLACK, linestyle="--", linewidth=1.2)
    ax.plot([], [], "o", color=BLUE, markersize=9)  # those that agree
    ax.plot([], [], "X", color=ORANGE, markersize=11, markeredgecolor="white")  # the wrong ones
    for row in rows:
        ax.text(12, row, "", va="center", fontsize=11, in_layout=False)
    ax.set(xlim=(LOWEST, 3e7), ylim=(6.4, -0.6), xscale="log", xlabel="relative error")
    ax.set_title("Gradient check, output first", fontsize=12)
    ax.set_xticks([1e-11, 1e-7, 1e-3, 1], ["10⁻¹¹", "10⁻⁷", "10⁻³", "1"])
    ax.minorticks_off()
    labels = [f"layer {name[1]}   d{name}" if "W" in name else f"d{name}" for name in ARRAYS]
    ax.set_yticks(rows, labels)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def build_notes(ax):
    """Make the empty lines under the two charts: the ladder, the bug, its wrong and right line."""
    ax.set(xlim=(0, 1), ylim=(0, 4))
    ax.axis("off")
    for line in range(4):
        ax.text(-0.09, 3.5 - line, "", va="center", fontsize=11, in_layout=False)
    for text in ax.texts[2:]:
        text.set_family("monospace")


def draw(figure, state):
    """Draw the loss beside that of the right network, the gradient check, and the notes."""
    if not figure.axes:
        build(figure)
    loss, check, notes = figure.axes
    draw_loss(loss, state)
    draw_check(check, state.case.report)
    draw_notes(notes, state)


def draw_loss(ax, state):
    """Draw both loss curves; one that runs away leaves at the top."""
    right, this, mark = ax.lines
    losses = state.case.losses
    right.set_data(np.arange(len(state.right.losses)), state.right.losses)
    this.set_data(np.arange(len(losses)), losses)
    gone = np.flatnonzero(losses > TOP)[:1]
    mark.set_data(gone, np.full(len(gone), TOP))
    ax.texts[0].set_text("runs away" if len(gone) else "")
    ax.texts[0].set_x(gone[0] + 0.05 * STEPS if len(gone) else 0)


def draw_check(ax, report):
    """Draw the relative error of every array, with a sign and a word for right and wrong."""
    rows = ax.get_yticks()
    errors = np.clip([report.errors[name] for name in ARRAYS], 5 * LOWEST, 1)
    ok = np.array([report.ok[name] for name in ARRAYS])
    bars = ax.collections[1]
    bars.set_segments([[(LOWEST, row), (error, row)] for row, error in zip(rows, errors)])
    bars.set_color([BLUE if agrees else ORANGE for agrees in ok])
    ax.lines[1].set_data(errors[ok], rows[ok])
    ax.lines[2].set_data(errors[~ok], rows[~ok])
    for text, error, agrees in zip(ax.texts, errors, ok):
        text.set_text("agrees" if agrees else f"wrong {error:.2f}")
        text.set_color(BLUE if agrees else DARK_ORANGE)


def draw_notes(ax, state):
    """Write the verdicts of the ladder, and the two lines of code once the bug is known."""
    ladder, name, wrong, right = ax.texts
    signs = ["✓" if rung.holds else "✗" for rung in state.rungs] or ["?"] * len(LADDER)
    rungs = [f" {k} {words} {sign}" for k, (words, sign) in enumerate(zip(LADDER, signs), start=1)]
    ladder.set_text("Ladder: " + "  ".join(rungs))
    ladder.set_color(BLACK if state.rungs else GREY)
    bug = state.answer
    found = f"{bug.name}, {where(bug)}" if bug else "?"
    name.set_text(f"Case {state.number} of {len(BUGS)}, {state.layers} layers: {found}")
    wrong.set_text(f"wrong line  {bug.wrong}" if bug else "wrong line  ?")
    right.set_text(f"right line  {bug.right}" if bug else "right line  ?")
    for text, colour in ((wrong, DARK_ORANGE), (right, BLUE)):
        text.set_color(colour if bug else GREY)


# --- What the buttons do --------------------------------------------------------------------------


def guess(layer, bug, seed, position, results, **values):
    """Judge the guess; the case is found when the layer and the bug are right."""
    case = bug_of(seed, position)
    right = bug == case.name and PLACES.get(layer) == case.place
    return {
        "judged": (layer, bug),
        "results": mark(results, position, "found") if right else results,
    }


def show_answer(position, results, **values):
    """Show the answer; the case then counts as shown, not as found."""
    return {"results": mark(results, position, "shown")}


def mark(results, position, how):
    """Return ``results`` with ``how`` at ``position``, unless the case had an answer before."""
    return (*results[:position], results[position] or how, *results[position + 1 :])


def next_case(position, **values):
    """Go on to the next case, after the last one to the first."""
    return {**START, "position": (position + 1) % len(BUGS)}


def new_order(seed, **values):
    """Shuffle the twelve cases and forget all answers."""
    return {**START, "seed": seed + 1, "position": 0, "results": ("",) * len(BUGS)}


def break_it_lab():
    """Find twelve planted mistakes by the loss, the gradient check and the debugging ladder."""
    return Lab(
        "Break it: which line is wrong?",
        [
            Choice("layer", "first wrong layer", (OPEN, *PLACES), OPEN),
            Choice("bug", "bug", (OPEN, *sorted(NAMES, key=str.lower)), OPEN),
            Toggle("climb", "climb the ladder", False),
            Action("guess", "Guess", guess),
            Action("show_answer", "Show the answer", show_answer),
            Action("next_case", "Next case", next_case),
            Action("new_order", "New order", new_order),
        ],
        compute,
        draw,
        caption,
        hidden={
            "seed": SEED,
            "position": 0,
            "results": ("",) * len(BUGS),
            "judged": (OPEN, OPEN),
        },
        tracks=("climb",),
    )
