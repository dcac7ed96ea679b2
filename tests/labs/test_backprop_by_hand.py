"""The labs of notebook 06 against torch, and everything in the inspector's picture at its place."""

import itertools

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.path import Path

from nnutils.labs import backprop_by_hand as lab_module
from nnutils.labs.backprop_by_hand import (
    WORDS,
    backprop_inspector_lab,
    kind,
    place_boxes,
    silent_delta_lab,
    thing_at,
)
from nnutils.labs.base import Click
from nnutils.labs.inspector import run

SIZES = [
    (inputs, *hidden, outputs)
    for inputs, outputs in [(2, 1), (1, 4), (4, 3), (4, 4)]
    for hidden in [(), (2,), (4,), (1, 4), (4, 4), (3, 2)]
]


@pytest.fixture
def lab():
    """The inspector at the first operation, with example (1, 2)."""
    lab = backprop_inspector_lab()
    lab.set(row="row 1")
    lab.press("begin")
    return lab


def choose(lab, sizes, **changes):
    """Choose the network with these sizes."""
    hidden1, hidden2 = (*sizes[1:-1], 0, 0)[:2]
    lab.set(inputs=sizes[0], hidden1=hidden1, hidden2=hidden2, outputs=sizes[-1], **changes)
    assert lab.state.program.sizes == sizes


def go_to(lab, name):
    """Move the slider to the operation that finds ``name``, in the first pass."""
    names = [operation.name for operation in lab.state.program.operations]
    lab.set(step=names.index(name) + 1)
    assert lab.error is None and lab.state.operation.name == name


def seen(lab):
    """Return what a learner sees, and all that the lab knows."""
    state = lab.state
    return lab.png, lab.caption_text, state.place, state.pass_number, state.values, state.thing


def place_of(thing, sizes):
    """Return a place of the picture that belongs to ``thing`` and to nothing else."""
    boxes = place_boxes(sizes)
    if thing in boxes:
        return boxes[thing].x, boxes[thing].y
    start, end = map(np.array, lab_module.place_edges(sizes)[thing])
    for share in (0.5, 0.1, 0.3, 0.7, 0.9):
        x, y = start + share * (end - start)
        if thing_at(x, y, sizes) == thing:
            return x, y
    raise AssertionError(f"no place on {thing} is nearest to it")


def test_the_network_of_the_notebook(lab):
    outputs, losses, gradients = [], [], []
    for row in ("row 1", "row 2"):
        lab.set(row=row, step=31)
        assert lab.state.place == len(lab.state.program.operations) - 1 == 30
        outputs.append(round(lab.state.values["a2[0]"], 4))
        losses.append(lab.state.values["L"])
        gradients.append(lab.state.values["dW1[0,1]"])
    assert outputs == [0.7514, 0.7801]
    assert round(np.mean(losses), 4) == 0.3352
    weights = [[[0.1, 0.3], [0.2, 0.4]], [0.1, 0.2], [[0.5, 0.6]], [0.3]]
    W1, b1, W2, b2 = (torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in weights)
    X = torch.tensor([[1, 2], [3, 4]], dtype=torch.float64)
    y_hat = torch.sigmoid(torch.sigmoid(X @ W1.T + b1) @ W2.T + b2)
    torch.mean((y_hat[:, 0] - torch.tensor([1, 0])) ** 2).backward()
    assert np.mean(gradients) == pytest.approx(W1.grad[0, 1].item())


def test_it_opens_where_blame_has_gone_back_through_a_weight():
    lab = backprop_inspector_lab()
    assert lab.state.operation.name == "da1[0]"
    assert lab.caption_text.startswith(
        "Pass 1, operation 13 of 31, backward, how the loss changes with a: da1[0] = "
        "W2[0,0]·dz2[0] = 0.5·0.2677 = 0.1338; central difference 0.1338, agree: yes. "
    )
    assert "Network 2–2–1, sigmoid, squared error, learning rate 0.5, row 2" in lab.caption_text


def test_from_the_start_goes_to_the_first_sum_from_everywhere(lab):
    first = seen(lab)
    assert lab.caption_text.startswith(
        "Pass 1, operation 1 of 31, forward, add up the weighted inputs: z1[0] = "
        "W1[0,0]·x[0] + W1[0,1]·x[1] + b1[0] = 0.1·1 + 0.3·2 + 0.1 = 0.8. "
    )
    lab.set(passes=3, step=20)
    lab.press("begin")
    assert seen(lab) == first


def test_next_and_back_lead_through_the_same_states(lab):
    choose(lab, (1, 2, 2), loss="cross-entropy", row="row 2")
    length = len(lab.state.program.operations)
    forwards = [seen(lab)]
    for _ in range(2 * length + 3):
        lab.press("go_on")
        forwards.append(seen(lab))
    assert lab.state.pass_number == 3 and lab.state.place == 3
    assert len({png for png, *_ in forwards}) == len(forwards)
    for expected in reversed(forwards[:-1]):
        lab.press("go_back")
        assert seen(lab) == expected
    lab.press("go_back")
    assert seen(lab) == forwards[0], "there is nothing before the first operation"


def test_the_slider_goes_where_the_buttons_go_and_beyond_the_pass(lab):
    with_slider = backprop_inspector_lab()
    with_slider.set(row="row 1")
    for step in range(2, 34):
        lab.press("go_on")
        with_slider.set(step=step)
        assert seen(with_slider) == seen(lab)
    assert lab.values["step"] == 2 and lab.values["passes"] == 1
    assert lab.caption_text.startswith("Pass 2, operation 2 of 31, forward")
    assert "The loss in the pass before was 0.0618." in lab.caption_text


def test_an_undone_update_brings_the_old_weights_back(lab):
    go_to(lab, "z2[0]")
    old = lab.state.values["W1[0,0]"], lab.state.values["z2[0]"]
    for _ in range(31):
        lab.press("go_on")
    assert lab.state.pass_number == 2
    assert (lab.state.values["W1[0,0]"], lab.state.values["z2[0]"]) != old
    for _ in range(31):
        lab.press("go_back")
    assert (lab.state.values["W1[0,0]"], lab.state.values["z2[0]"]) == old


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "ReLU"])
def test_passes_are_steps_of_sgd(lab, activation):
    choose(lab, (3, 4, 2), activation=activation, rate=0.1, loss="cross-entropy")
    values = lab.state.values
    f = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "ReLU": torch.nn.ReLU}[activation]
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), f(), torch.nn.Linear(4, 2)).double()
    with torch.no_grad():
        for k, layer in ((1, model[0]), (2, model[2])):
            for (j, i), _ in np.ndenumerate(layer.weight.numpy()):
                layer.weight[j, i] = values[f"W{k}[{j},{i}]"]
            for j in range(len(layer.bias)):
                layer.bias[j] = values[f"b{k}[{j}]"]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, label = torch.tensor([[1.0, 2.0, -1.0]], dtype=torch.float64), torch.tensor([0])
    losses = []
    for number in range(1, 6):
        lab.press("next_loss")
        assert lab.state.operation.name == "L" and lab.state.pass_number == number
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), label)
        loss.backward()
        optimizer.step()
        losses.append(lab.state.values["L"])
        assert losses[-1] == pytest.approx(loss.item(), rel=1e-9)
    assert losses == sorted(losses, reverse=True)


def test_next_line_does_a_line_of_numpy_at_a_time(lab):
    choose(lab, (2, 3, 2))
    lines = [lab.state.operation.line]
    while lab.state.pass_number == 1:
        lab.press("next_line")
        place, operations = lab.state.place, lab.state.program.operations
        assert operations[place].line != operations[(place + 1) % len(operations)].line
        lines.append(lab.state.operation.line)
    assert lines[:5] == [
        "z1 = W1 @ x + b1",
        "z1 = W1 @ x + b1",  # its other two neurons
        "a1 = sigmoid(z1)",
        "z2 = W2 @ a1 + b2",
        "a2 = sigmoid(z2)",
    ]
    every_line = dict.fromkeys(operation.line for operation in lab.state.program.operations)
    assert lines[1:-1] == list(every_line)


def test_new_weights_begin_anew_and_avoid_the_kink(lab):
    lab.set(passes=3, step=20)
    known = {lab.state.values["W1[0,0]"]}
    for _ in range(5):
        lab.press("new_weights")
        assert (lab.state.pass_number, lab.state.place) == (1, 0)
        known.add(tuple(lab.state.values.values()))
    assert len(known) == 6
    for seed, row in itertools.product(range(50), ("row 1", "row 2")):
        start = lab_module.first_numbers((4, 4, 2), row, 0.5, seed)
        program = lab_module.make_program((4, 4, 2), "relu")
        values = run(program.operations[:4], start)
        assert min(abs(values[f"z1[{j}]"]) for j in range(4)) > 0.04
        for name in ("W1[0,3]", "b2[1]", "W2[1,2]"):
            assert 0.04 < abs(start[name]) < 0.95


def test_training_ends_before_numbers_get_out_of_hand(lab):
    rng = np.random.default_rng(3)
    ended = False
    for _ in range(300):
        sizes = tuple(map(int, rng.integers(1, 5, rng.integers(2, 5))))
        choose_quietly = {"activation": "ReLU", "loss": "squared error", "rate": 2.0, "passes": 12}
        hidden1, hidden2 = (*sizes[1:-1], 0, 0)[:2]
        values = lab.values | choose_quietly
        values |= {"inputs": sizes[0], "hidden1": hidden1, "hidden2": hidden2}
        values |= {"outputs": sizes[-1], "seed": int(rng.integers(100))}
        state = lab_module.compute(**values)
        weights = [abs(v) for name, v in state.values.items() if name[0] in "Wb"]
        assert max(weights) <= 100
        if state.too_large:
            ended = True
            assert max(abs(v) for name, v in state.values.items() if "new" in name) > 100
            assert "the training ends here" in lab_module.caption(state)
            assert state.operation is state.program.operations[-1]
    assert ended


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_a_click_selects_the_thing_under_it(lab, sizes):
    choose(lab, sizes)
    go_to(lab, "L")
    boxes, edges = place_boxes(sizes), lab_module.place_edges(sizes)
    parameters = sum(i * o for i, o in itertools.pairwise(sizes))
    assert len(edges) == parameters and len(boxes) == sizes[0] + 2 * sum(sizes[1:]) + 1
    assert {o.thing for o in lab.state.program.operations} <= {*boxes, *edges}
    for thing in (*boxes, *edges):
        x, y = place_of(thing, sizes)
        changes = lab_module.select(Click(0, x, y), **lab.values)
        assert changes["selected"][0] == thing
    for thing in ("x[0]", f"W1[{sizes[1] - 1},0]", "b1[0]", "a1[0]", "L"):
        lab.click(0, *place_of(thing, sizes))
        assert lab.error is None and lab.state.selected and lab.state.thing == thing
        assert "(selected)" in lab.caption_text
    png = lab.png
    lab.click(0, 400, 371)  # beside everything
    assert not lab.state.selected and lab.state.thing == "L" and lab.png != png


@pytest.mark.parametrize("sizes", [(2, 2, 1), (4, 4, 4, 4), (1, 1), (4, 4)], ids=str)
def test_everything_can_be_reached_with_the_arrow_keys(lab, sizes):
    choose(lab, sizes)
    places = [(8 * i, 400 - 4 * j) for i in range(101) for j in range(101)]  # of the cross-hair
    reached = {thing_at(x, y, sizes) for x, y in places}
    assert reached == {*place_boxes(sizes), *lab_module.place_edges(sizes), None}
    lab._clicked(lab.picture, {"x": 0.5, "y": 0.08}, [])
    assert not lab.state.selected
    x, y = next(p for p in places if thing_at(*p, sizes) == "W1[0,0]")
    lab._clicked(lab.picture, {"x": x / 800, "y": 1 - y / 400}, [])
    assert lab.state.selected and lab.state.thing == "W1[0,0]"


def test_the_unit_of_the_axes_is_the_pixel(lab):
    transform = lab.figure.axes[0].transData
    np.testing.assert_allclose(transform.transform([(12, 6), (500, 300)]), [(12, 6), (500, 300)])


def test_a_selection_lasts_until_the_next_operation(lab):
    go_to(lab, "dz1[0]")
    lab.click(0, *place_of("W2[0,1]", (2, 2, 1)))
    assert lab.state.thing == "W2[0,1]"
    lab.press("go_on")
    assert not lab.state.selected and lab.state.thing == "a1[1]"
    lab.press("go_back")
    assert not lab.state.selected and lab.state.thing == "a1[0]"
    lab.click(0, *place_of("W2[0,1]", (2, 2, 1)))
    choose(lab, (1, 1))
    assert not lab.state.selected and lab.error is None
    assert lab.state.thing in {*place_boxes((1, 1)), *lab_module.place_edges((1, 1))}


def test_a_thing_tells_what_is_known_so_far(lab):
    click = place_of("W1[0,1]", (2, 2, 1))
    lab.click(0, *click)
    assert "Weight W1[0,1] = 0.3, from x[1] to z1[0] (selected)." in lab.caption_text
    assert "local derivative ∂z1[0]/∂W1[0,1] = x[1] = 2; central difference 2," in lab.caption_text
    assert "Not computed yet: dW1[0,1], new W1[0,1]." in lab.caption_text
    go_to(lab, "b1[1]".replace("b", "db"))
    lab.click(0, *click)
    number = "dW1[0,1] = dz1[0]·x[1] = −0.009933·2 = −0.01987; central difference −0.01987"
    assert f"{number}, agree: yes." in lab.caption_text
    assert "Not computed yet: new W1[0,1]." in lab.caption_text
    go_to(lab, "new b2[0]")
    lab.click(0, *click)
    assert "= 0.3 − 0.5·(−0.01987) = 0.3099." in lab.caption_text
    assert "Not computed yet" not in lab.caption_text


def test_a_kink_of_relu_is_called_by_its_name(lab):
    choose(lab, (1, 1), activation="ReLU")
    values = dict(lab.state.values) | {"b1[0]": -lab.state.values["W1[0,0]"] * 1.0}
    program = lab.state.program
    state = lab.state._replace(values=run(program.operations, values), place=5, thing="a1[0]")
    assert state.values["z1[0]"] == 0
    lab_module.draw(Figure(figsize=(8, 4)), state)
    verdicts = [lab_module.verdict(r) for r in lab_module.known_and_missing(state)[0][2:]]
    assert verdicts == ["no: kink", "yes", "no: kink"]


def boxes_of_texts(figure):
    """Return the bounding boxes (n, 4) of all texts: left, bottom, right, top in pixels."""
    paths = figure.axes[0].collections[2].get_paths()
    drawn = [path.vertices[path.codes != Path.CLOSEPOLY] for path in paths]
    return np.array([[*vertices.min(axis=0), *vertices.max(axis=0)] for vertices in drawn])


def overlaps(boxes):
    left, bottom, right, top = boxes.T
    across = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    up = np.minimum.outer(top, top) - np.maximum.outer(bottom, bottom)
    both = np.triu((across > 0.5) & (up > 0.5), 1)
    return np.argwhere(both)


@pytest.mark.parametrize("loss", ["squared error", "cross-entropy"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "ReLU"])
@pytest.mark.parametrize("sizes", [(2, 2, 1), (2, 2, 2), (4, 4, 4, 4), (4, 1), (3, 3, 3)], ids=str)
def test_no_text_is_cut_off_or_covers_another(lab, sizes, activation, loss):
    choose(lab, sizes, activation=activation, loss=loss, seed=1)
    rng = np.random.default_rng(7)
    figure = Figure(figsize=(8, 4), dpi=100)
    things = [*place_boxes(sizes), *lab_module.place_edges(sizes)]
    for step in rng.permutation(len(lab.state.program.operations))[:20] + 1:
        here = {"step": int(step), "passes": int(rng.choice([0, 1, 20, 50]))}
        for thing in (None, str(rng.choice(things))):
            selected = (thing, sizes, *here.values()) if thing else ()
            state = lab_module.compute(**lab.values | here | {"selected": selected})
            lab_module.draw(figure, state)
            boxes = boxes_of_texts(figure)
            inside = (boxes[:, :2] >= (12, 6)).all() and (boxes[:, 2:] <= (788, 394)).all()
            assert inside, (here, thing)
            assert len(overlaps(boxes)) == 0, (here, thing, boxes[overlaps(boxes)[0]])


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_boxes_lie_inside_the_picture_and_apart(sizes):
    boxes = np.array(list(place_boxes(sizes).values()))
    low, high = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    assert (low >= (12, lab_module.TOP + 9)).all() and (high <= (788, 340)).all()
    assert len(overlaps(np.hstack([low, high]))) == 0


def test_the_picture_shows_what_is_known(lab):
    """The first text after the heading that is a dot stands for a number that is not known."""
    dot = len(lab_module.outline("·", False)[0])
    for name, unknown in [("z1[0]", 12), ("L", 6), ("dz2[0]", 4), ("dz1[1]", 0)]:
        go_to(lab, name)
        paths = lab.figure.axes[0].collections[2].get_paths()
        assert sum(len(path.vertices) == dot for path in paths) == unknown
        faces = lab.figure.axes[0].collections[1].get_facecolors()
        now = np.isclose(faces[:, :3], [255 / 255, 217 / 255, 102 / 255], atol=0.01).all(axis=1)
        assert now.sum() == 2  # the number's box, and its line in the table


def test_edges_show_sign_and_size(lab):
    choose(lab, (2, 2), seed=4)
    lines = lab.figure.axes[0].collections[0]
    values = lab.state.values
    weights = [values[w] for w in lab_module.place_edges((2, 2))]
    widths = np.array(lines.get_linewidths()[2:6])  # behind the two lines to the loss
    assert (np.argsort(widths) == np.argsort(np.abs(weights))).all()
    red = lines.get_colors()[2:6, 0]  # orange has much of it, blue none
    np.testing.assert_array_equal(red > 0.5, np.array(weights) > 0)


def test_every_kind_of_operation_is_put_in_words(lab):
    for loss in ("squared error", "cross-entropy"):
        choose(lab, (3, 2, 2), loss=loss)
        assert {kind(operation) for operation in lab.state.program.operations} <= WORDS.keys()


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.75143, "0.7514"), (-0.0099329, "−0.0099"), (0.00012, "1.2e−4"), (-123.456, "−123.5"),
     (0, "0"), (-9.3e-7, "−9.3e−7"), (12345, "1.2e4"), (0.8, "0.8"), (99.99, "99.99"),
     (-2.51e-10, "−3e−10")],
)  # fmt: skip
def test_numbers_in_boxes_are_brief(number, text):
    assert lab_module.brief(number) == text


# --- Squared error goes silent -------------------------------------------------------------------


@pytest.mark.parametrize("z", [-10.0, -5.0, -0.5, 0.0, 5.0])
@pytest.mark.parametrize("rate", [0.1, 1.0, 3.0])
def test_both_descents_are_those_of_torch(z, rate):
    state = lab_module.compute_silence(z, rate)
    one = torch.ones(1, dtype=torch.float64)
    losses = [
        lambda z: torch.nn.functional.mse_loss(torch.sigmoid(z), one),
        lambda z: torch.nn.functional.binary_cross_entropy_with_logits(z, one),
    ]
    for loss, path, shares in zip(losses, state.paths, lab_module.losses_of(state), strict=True):
        now = torch.full((1,), z, dtype=torch.float64, requires_grad=True)
        first = loss(now).item()
        for place, share in zip(path, shares, strict=True):
            assert place == pytest.approx(now.item(), abs=1e-9)
            assert share == pytest.approx(loss(now).item() / first)
            (slope,) = torch.autograd.grad(loss(now), now)
            now = (now - rate * slope).detach().requires_grad_()


def test_the_dots_stand_on_the_curves_and_the_caption_tells_them():
    lab = silent_delta_lab()
    for z in (-10.0, -5.0, 1.5):
        lab.set(z=z)
        deltas = lab.figure.axes[0].lines
        for curve, dot in zip(deltas[1:3], deltas[3:], strict=True):
            assert dot.get_xdata() == [z]
            assert dot.get_ydata()[0] == pytest.approx(np.interp(z, *curve.get_data()), abs=1e-6)
    lab.set(z=-5.0)
    assert "says 0.006693 (z = −5)" in lab.caption_text
    assert "squared error −0.01321, for cross-entropy −0.9933." in lab.caption_text


def test_what_the_notebook_says_of_the_rates():
    """At −5 a rate of 2 wakes squared error up, at −10 the largest of the slider does not."""

    def said(z, rate):
        return lab_module.sigmoid(lab_module.compute_silence(z, rate).paths[0][-1])

    assert said(-5, 1.0) == pytest.approx(0.019, abs=5e-4)
    assert said(-5, 2.0) > 0.8
    assert said(-10, 3.0) < 1e-4
