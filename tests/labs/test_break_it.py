"""The lab of the planted mistakes: blind until solved, judged by the evidence that is shown."""

import io

import numpy as np
import pytest
from PIL import Image

from nnutils.datasets import make_moons
from nnutils.gradcheck import check_gradients
from nnutils.labs import break_it as lab_module
from nnutils.labs.broken import BUGS, OUTSIDE, EarlyUpdate, make_right
from nnutils.optimizers import SGD

NAMES = [bug.name for bug in BUGS]
PLACES = {3: "layer 3", 2: "layer 2", 1: "layer 1", OUTSIDE: "outside the backward pass"}
STILL_99 = {  # the loss falls and the network reads moons as if nothing were wrong
    "bias gradient forgotten",
    "derivative f′ taken at a",
    "weights transposed on the way back",
    "weights updated too early",
    "a layer's output in place of its input",
}
FALLS = STILL_99 | {"bias gradient averaged", "derivative f′ left out", "softmax twice"}


@pytest.fixture
def lab():
    return lab_module.break_it_lab()


def case_of(lab):
    return lab_module.bug_of(lab.values["seed"], lab.values["position"])


def texts(lab):
    """Return all words of the picture and the caption."""
    words = [text.get_text() for ax in lab.figure.axes for text in (*ax.texts, ax.title)]
    words += [label.get_text() for ax in lab.figure.axes for label in (ax.xaxis.label,)]
    return " | ".join([*words, lab.caption_text])


def solve(lab):
    bug = case_of(lab)
    lab.set(layer=PLACES[bug.place], bug=bug.name)
    lab.press("guess")


def go_to(lab, name):
    order = [lab_module.bug_of(lab.values["seed"], k).name for k in range(12)]
    lab.set(position=order.index(name))


# --- Blind ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [lab_module.SEED, 0, 1])
def test_every_order_holds_every_case_once(seed):
    assert sorted(lab_module.bug_of(seed, k).name for k in range(12)) == sorted(NAMES)


def test_nothing_is_given_away_before_the_answer(lab):
    for k in range(12):
        bug = case_of(lab)
        for climb in (False, True):
            lab.set(climb=climb)
            shown = texts(lab)
            assert f"Case {k + 1} of 12" in shown
            for other in BUGS:
                assert other.name not in shown
                assert other.story[:30] not in shown and other.trace not in shown
            for line in (bug.wrong, bug.right):
                assert line not in shown
        lab.press("next_case")
    assert lab.values["position"] == 0


def test_a_wrong_guess_does_not_give_the_case_away(lab):
    for position in range(12):
        bug = lab_module.bug_of(lab_module.SEED, position)
        layer = "layer 3" if bug.place != 3 else "layer 1"
        for guess in NAMES:
            if guess != bug.name:
                made = {"layer": layer, "bug": guess, "judged": (layer, guess)}
                state = lab_module.compute(**lab.values | made | {"position": position})
                words = lab_module.caption(state)
                assert state.answer is None and f"“{guess}”" in words
                assert bug.name not in words and bug.story not in words


def test_the_list_is_in_an_order_that_says_nothing(lab):
    first, *names = lab._controls["bug"].options
    assert first == "choose" and names == sorted(NAMES, key=str.lower)


# --- The evidence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bug", BUGS, ids=NAMES)
def test_loss_and_check_are_those_of_the_broken_network(bug):
    rng = np.random.default_rng(0)
    X, y = make_moons(200, 0.1, rng)
    X_test, y_test = make_moons(500, 0.1, rng)
    network = bug.make(lab_module.first_weights())
    evidence = lab_module.examine_bug(bug.name)
    optimizer = SGD(0.4)
    for loss in evidence.losses:
        assert network.loss(network.forward(X), y) == pytest.approx(loss)
        network.train_step(X, y, optimizer)
    assert len(evidence.losses) == 400 or evidence.losses[-1] > 1e3
    assert evidence.accuracy == network.accuracy(X_test, y_test)
    assert evidence.report.wrong_layer == (bug.place or None)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_grey_curve_is_a_network_that_works(activation):
    evidence = lab_module.examine_right(activation)
    assert evidence.report.all_ok and evidence.accuracy > 0.99
    assert evidence.losses[-1] < 0.01
    assert check_gradients(
        make_right(np.random.default_rng(0), activation),
        *make_moons(8, 0.1, np.random.default_rng(0)),
    ).all_ok


def test_what_the_twelve_still_learn():
    falls, still_99 = set(), set()
    for bug in BUGS:
        evidence = lab_module.examine_bug(bug.name)
        if evidence.losses[-1] < 0.6 * evidence.losses[0]:
            falls.add(bug.name)
        if evidence.accuracy > 0.985:
            still_99.add(bug.name)
    assert falls == FALLS and still_99 == STILL_99


def test_early_updates_use_the_rate_of_the_lab():
    assert EarlyUpdate.rate == lab_module.RATE


def test_the_picture_shows_the_evidence(lab):
    for _ in range(12):
        evidence = lab_module.examine_bug(case_of(lab).name)
        loss, check, _ = lab.figure.axes
        np.testing.assert_array_equal(loss.lines[1].get_ydata(), evidence.losses)
        away = evidence.losses[-1] > 1e3
        assert len(loss.lines[2].get_xdata()) == away
        assert loss.texts[0].get_text() == ("runs away" if away else "")
        words = [text.get_text() for text in check.texts]
        for name, word in zip(("W3", "b3", "W2", "b2", "W1", "b1"), words, strict=True):
            error = evidence.report.errors[name]
            assert word == ("agrees" if error < 1e-7 else f"wrong {error:.2f}")
        ends = [path.vertices[-1][0] for path in check.collections[1].get_paths()]
        expected = [max(error, 5e-12) for error in evidence.report.errors.values()]
        np.testing.assert_allclose(ends, expected)
        assert (np.array(ends) > 1e-7).sum() == len(check.lines[2].get_xdata())
        lab.press("next_case")


def test_labels_stand_in_the_order_of_the_check(lab):
    labels = [label.get_text().split()[-1] for label in lab.figure.axes[1].get_yticklabels()]
    assert labels == ["dW3", "db3", "dW2", "db2", "dW1", "db1"]
    assert lab.figure.axes[1].yaxis_inverted()
    assert list(lab.state.case.report.errors) == [label[1:] for label in labels]


@pytest.mark.parametrize("name", ["softmax twice", "bias gradient averaged"])
def test_the_ladder_is_climbed_on_demand(lab, name):
    go_to(lab, name)
    ladder = lab.figure.axes[2].texts[0]
    assert ladder.get_text().count("?") == 5 and "rung" not in lab.caption_text
    lab.set(climb=True)
    rungs = lab.state.rungs
    assert [rung.holds for rung in rungs] == [
        mark == "✓" for mark in ladder.get_text() if mark in "✓✗"
    ]
    broken = {k for k, rung in enumerate(rungs, start=1) if not rung.holds}
    assert broken == {k for k in range(1, 6) if f"rung {k}," in lab.caption_text}
    assert case_of(lab).rung in broken


# --- Guessing -------------------------------------------------------------------------------------


def test_a_guess_is_judged_only_when_it_is_made(lab):
    lab.set(layer="layer 3")
    assert "Your guess: layer 3. Press “Guess”." in lab.caption_text
    lab.set(bug="softmax twice")
    assert "Your guess: layer 3 and “softmax twice”. Press “Guess”." in lab.caption_text
    lab.press("guess")
    assert "Not layer 3" in lab.caption_text and "Press" not in lab.caption_text
    lab.set(layer="layer 2")
    assert "Not layer" not in lab.caption_text and "Press “Guess”" in lab.caption_text


def test_guessing_nothing_asks_again(lab):
    lab.press("guess")
    assert "Which layer's gradient goes wrong first" in lab.caption_text


@pytest.mark.parametrize(
    ("name", "layer", "words"),
    [
        ("bias gradient forgotten", "layer 3", "Not layer 3: dW3 and db3 agree"),
        ("bias gradient forgotten", "layer 1", "Right, layer 1: from the output backwards, db1 is"),
        ("bias gradient averaged", "layer 1", "Not layer 1: db3 is wrong too and lies nearer"),
        ("a layer's output in place of its input", "layer 1", "Not layer 1: dW1 and db1 agree"),
        ("derivative f′ left out", "outside the backward pass", "Not outside: dW2 is wrong"),
        ("softmax twice", "layer 2", "Not layer 2: all six arrays agree"),
        ("softmax twice", "outside the backward pass", "Right, outside: all six arrays agree"),
    ],
)
def test_the_layer_is_judged_by_the_check(lab, name, layer, words):
    go_to(lab, name)
    lab.set(layer=layer)
    lab.press("guess")
    assert words in lab.caption_text
    assert "Found 0" in lab.caption_text


@pytest.mark.parametrize(
    ("name", "guess", "words"),
    [
        (
            "bias gradient forgotten",
            "bias gradient averaged",
            "with it db3, db2 and db1 would be wrong, and here only db1.",
        ),
        ("softmax twice", "derivative f′ left out", "and here no array."),
        (
            "weights transposed on the way back",
            "derivative f′ taken at a",
            "but a smooth activation would stand there, and the errors would be about 0.1. "
            "Here are ReLU layers, and the loss goes from 0.54 to 0.0",
        ),
        (
            "gradients collected before the loop",
            "update in the wrong direction",
            "but the loss would rise. Here are tanh layers, and the loss stays at 0.78.",
        ),
        (
            "update in the wrong direction",
            "softmax twice",
            "but the loss would fall and stop just above 0.31. "
            "Here are ReLU layers, and the loss runs away, from 0.54 past 1000 in",
        ),
    ],
)
def test_the_bug_is_judged_by_its_traces(lab, name, guess, words):
    go_to(lab, name)
    lab.set(bug=guess)
    lab.press("guess")
    assert f"“{guess}”" in lab.caption_text and words in lab.caption_text


def test_the_right_bug_in_the_wrong_layer_is_not_found_yet(lab):
    bug = case_of(lab)
    lab.set(layer="layer 3", bug=bug.name)
    lab.press("guess")
    assert f"Right, the bug is “{bug.name}”." in lab.caption_text
    assert "Not layer 3" in lab.caption_text and lab.state.answer is None
    lab.set(layer="layer 2")
    lab.press("guess")
    assert lab.state.answer == bug and "Found 1 of 12, shown 0." in lab.caption_text


def test_all_twelve_can_be_found(lab):
    for k in range(12):
        bug = case_of(lab)
        solve(lab)
        assert lab.error is None
        assert f"It is “{bug.name}”" in lab.caption_text and bug.story in lab.caption_text
        assert f"Found {k + 1} of 12, shown 0." in lab.caption_text
        notes = [text.get_text() for text in lab.figure.axes[2].texts]
        assert bug.name in notes[1]
        assert notes[2] == f"wrong line  {bug.wrong}" and notes[3] == f"right line  {bug.right}"
        blind = "A gradient check cannot see this one; rung 2 of the ladder" in lab.caption_text
        assert blind == (bug.place == OUTSIDE)
        lab.press("next_case")
        assert lab.values["layer"] == lab.values["bug"] == "choose"


def test_a_shown_answer_does_not_count_as_found(lab):
    bug = case_of(lab)
    lab.press("show_answer")
    assert bug.story in lab.caption_text and "Found 0 of 12, shown 1." in lab.caption_text
    solve(lab)
    assert "Found 0 of 12, shown 1." in lab.caption_text
    lab.press("next_case")
    solve(lab)
    lab.press("show_answer")
    assert "Found 1 of 12, shown 1." in lab.caption_text
    for _ in range(11):
        lab.press("next_case")
    assert bug.story in lab.caption_text  # back at the first case, with its answer


def test_a_new_order_forgets_everything(lab):
    order = [lab_module.bug_of(lab.values["seed"], k).name for k in range(12)]
    solve(lab)
    lab.press("next_case")
    lab.press("new_order")
    assert [lab_module.bug_of(lab.values["seed"], k).name for k in range(12)] != order
    assert "Case 1 of 12" in lab.caption_text and "Found 0 of 12, shown 0." in lab.caption_text


def test_reset_goes_back_to_the_first_case(lab):
    png, caption = lab.png, lab.caption_text
    solve(lab)
    lab.press("next_case")
    lab.set(climb=True)
    assert lab.png != png
    lab.reset()
    assert lab.png == png and lab.caption_text == caption


def test_nothing_is_cut_off_in_any_case(lab):
    """The lines under the charts are as wide as the picture: see that its edge stays white."""
    lab.set(climb=True)
    for _ in range(12):
        lab.press("show_answer")
        assert lab.error is None
        pixels = np.asarray(Image.open(io.BytesIO(lab.png)).convert("L"))
        assert (pixels[:, -2:] > 250).all() and (pixels[:, :2] > 250).all()
        lab.press("next_case")


def test_the_first_case_is_one_that_can_be_read_off(lab):
    assert case_of(lab).name == "a layer's output in place of its input"
    assert lab.caption_text.startswith(
        "Case 1 of 12, tanh layers: the loss goes from 0.78 to 0.011"
    )
