"""The labs of notebook 07 against torch: its results, its gradients, its refusals."""

import itertools
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nnutils.labs import convolution as module
from nnutils.labs.base import Click

SETTINGS = list(itertools.product(range(5, 10), range(1, 6), range(1, 5), range(3), range(1, 4)))


def at(n=5, kernel=3, stride=1, padding=0, dilation=1, position=0):
    return module.compute(n, kernel, stride, padding, dilation, position)


def as_torch(array):
    return torch.tensor(array, dtype=torch.float64)[None, None]


# --- Lab 1 ----------------------------------------------------------------------------------------


def test_the_caption_names_the_call_of_torch_that_gives_the_same_everywhere():
    refused = 0
    for values in SETTINGS:
        state = at(*values)
        caption = module.caption(state)
        names = {"F": F, "X": as_torch(state.X), "W": as_torch(state.W)}
        if state.Y is None:
            refused += 1
            with pytest.raises(RuntimeError, match="Kernel size can't be greater"):
                F.conv2d(names["X"], names["W"], **state.options)
            assert state.problem in caption
            continue
        call = re.search(r"In torch: (F\.conv2d\(.*\))\.$", caption)[1]
        np.testing.assert_array_equal(eval(call, names)[0, 0], state.Y)
    assert 0 < refused < len(SETTINGS) / 4


def test_the_start_is_the_example_of_the_notebook():
    state = module.convolution_lab().state
    assert state.X.tolist() == [
        [1, 2, 0, 3, 1],
        [0, 1, 2, 3, 1],
        [1, 2, 1, 0, 0],
        [5, 2, 3, 1, 1],
        [2, 1, 0, 1, 1],
    ]
    assert state.W.tolist() == [[1, 2, 1], [0, 1, 0], [2, 1, 0]]
    assert state.Y.tolist() == [[10, 12, 12], [18, 16, 16], [13, 9, 3]]


@pytest.mark.parametrize("values", SETTINGS[::23])
def test_the_window_sees_what_adds_up_to_the_number_of_the_output(values):
    state = at(*values)
    if state.Y is None:
        return
    for position in range(state.Y.size):
        state = at(*values, position)
        products = state.padded[np.ix_(*module.window_of(state))] * state.W
        assert products.sum() == state.Y.flat[position]
        sum_in_words = module.sum_in_words(state).removeprefix("its rows give ")
        left, right = sum_in_words.replace("·", "*").split(" = ")
        assert eval(left) == int(right) == state.Y.flat[position]


@pytest.mark.parametrize("values", SETTINGS[::7])
def test_hatched_pixels_are_those_that_no_gradient_reaches(values):
    state = at(*values)
    if state.Y is None:
        return
    padded = torch.zeros(1, 1, *state.padded.shape, requires_grad=True)
    options = state.options | {"padding": 0}
    F.conv2d(padded, torch.ones(1, 1, *state.W.shape), **options).sum().backward()
    unseen = padded.grad[0, 0].numpy() == 0
    np.testing.assert_array_equal(state.unseen, unseen)
    behind = np.flatnonzero(~unseen.all(axis=1))[-1] + 1
    assert module.dropped(state) == len(unseen) - behind
    words = module.unseen_in_words(state)
    assert ("Every pixel" in words) == (not unseen.any())
    assert ("dropped" in words) == (module.dropped(state) > 0)


def test_a_stride_that_does_not_divide_drops_a_row_and_a_column():
    caption = module.caption(at(n=6, stride=2))
    assert "No window looks at 11 of 36 pixels" in caption
    assert "the last row and the last column are dropped" in caption
    assert "the last 2 rows and columns are dropped" in module.caption(at(n=8, stride=3))


def test_where_the_kernel_does_not_fit_the_lab_says_so_and_goes_on():
    lab = module.convolution_lab()
    lab.set(kernel=5, dilation=2)
    assert "the kernel spans 9 pixels, the padded input has only 5" in lab.caption_text
    for action in ("step", "back", "play"):
        lab.press(action)
        assert lab.wait(10) and lab.error is None
    lab.click(3, 0, 0)
    assert lab.error is None
    lab.set(padding=2)
    assert "the output is 1×1" in lab.caption_text


def test_steps_visit_every_window_in_order_and_begin_anew():
    lab = module.convolution_lab()
    lab.set(n=6, stride=2, padding=1, position=0)
    places = []
    for _ in range(9):
        places.append(lab.state.position)
        lab.press("step")
    assert places == list(range(9)) and lab.state.position == 0
    lab.press("back")
    assert lab.state.position == 0
    lab.set(position=3)
    lab.press("back")
    assert lab.state.position == 2


def test_play_shows_every_window(monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    lab = module.convolution_lab()
    steps = list(module.play(**lab.values))
    assert [step["position"] for step in steps] == list(range(9))
    assert steps[-1]["progress"] == 1


def test_the_position_stays_inside_a_smaller_output():
    lab = module.convolution_lab()
    lab.set(n=9, padding=2, position=120)
    assert lab.state.position == 120
    lab.set(stride=4)
    assert lab.state.position == lab.state.Y.size - 1


def test_a_click_on_the_output_moves_the_window_there():
    values = {"n": 5, "kernel": 3, "stride": 1, "padding": 0, "dilation": 1, "position": 0}
    assert module.choose_window(Click(3, 1.2, 2.4), **values) == {"position": 7}
    assert module.choose_window(Click(3, 2.6, 0), **values) == {}
    assert module.choose_window(Click(0, 1, 1), **values) == {}


def test_numbers_lie_in_their_cells():
    values = np.array([[1.0, np.nan], [25.0, 8.0]])
    path = module.numbers(values)
    left, top, right, bottom = path.get_extents().extents
    assert -0.5 < left < right < 1.5 and -0.5 < top < bottom < 1.5
    cells = np.rint(path.vertices[path.codes != path.CLOSEPOLY]).astype(int)
    assert set(map(tuple, cells)) == {(0, 0), (0, 1), (1, 1)}  # column, row
    assert len(module.numbers(np.full((2, 2), np.nan)).vertices) == 0


# --- Lab 2 ----------------------------------------------------------------------------------------


def reached_by_torch(layers, kernel, stride, dilation, row, column):
    """Return the pixels that the gradient of one number of the last layer reaches."""
    picture = torch.zeros(1, 1, module.SIDE, module.SIDE, requires_grad=True)
    Y = picture
    for _ in range(layers):
        Y = F.conv2d(Y, torch.ones(1, 1, kernel, kernel), stride=stride, dilation=dilation)
    Y[0, 0, row, column].backward()
    return picture.grad[0, 0].numpy() > 0


@pytest.mark.parametrize(
    "options", list(itertools.product((1, 2, 3), (2, 3, 5), (1, 2, 3), (1, 2, 3)))
)
def test_the_receptive_field_is_what_the_gradient_of_torch_reaches(options):
    state = module.compute_stack(*options, spot=())
    layer, row, column = state.spot
    assert layer == len(state.sides) - 1
    assert (layer < options[0]) == bool(state.problem)
    mask = reached_by_torch(layer, *options[1:], row, column)
    np.testing.assert_array_equal(state.masks[0], mask)
    rows = np.flatnonzero(mask.any(axis=1))
    assert module.field(state) == rows[-1] - rows[0] + 1
    assert f"depends on {mask.sum()} of 1,024 pixels" in module.caption_stack(state)
    box = np.zeros_like(mask)
    row, column, side = module.box_of(state.masks[0])
    box[row : row + side, column : column + side] = True
    assert side == module.field(state) and box[mask].all()
    skipped = re.search(r"of which (\d+) pixels are skipped", module.caption_stack(state))
    assert (box & ~mask).sum() == (int(skipped[1]) if skipped else 0)


def test_a_number_of_any_layer_can_be_chosen():
    lab = module.receptive_field_lab()
    lab.click(1, 4, 7)
    assert lab.state.spot == (1, 7, 4)
    assert "row 7, column 4 of layer 1 depends on 9 of" in lab.caption_text
    assert lab.state.masks[0][7:10, 4:7].all() and not lab.state.masks[2].any()
    lab.click(0, 31, 0)
    assert "of the picture depends on 1 of" in lab.caption_text
    lab.click(1, 100, 0)
    assert lab.state.spot == (0, 0, 31)


def test_a_number_that_is_no_longer_there_gives_way_to_the_middle_one():
    lab = module.receptive_field_lab()
    lab.click(3, 20, 20)
    lab.set(stride=2)
    assert lab.state.spot == (3, 1, 1)
    lab.set(layers=1)
    assert lab.state.spot == (1, 7, 7)


def test_a_layer_that_does_not_fit_is_named():
    lab = module.receptive_field_lab()
    lab.set(kernel=5, stride=3)
    assert lab.state.sides == [32, 10, 2]
    assert "layer 3 does not fit: the kernel spans 5 pixels" in lab.caption_text


def test_what_a_number_sees_stays_clear_and_skipped_pixels_are_tinted():
    state = module.compute_stack(layers=2, kernel=2, stride=1, dilation=3, spot=())
    mask, picture = state.masks[0], module.as_seen(state.masks[0]).astype(int)
    clear = picture[mask]
    assert (clear == clear[:, :1]).all()  # grey
    assert np.abs(clear[:, 0] - 255 * module.cat()[mask]).max() < 1
    row, column, side = module.box_of(mask)
    box = np.zeros_like(mask)
    box[row : row + side, column : column + side] = True
    tinted = picture[box & ~mask]
    assert (tinted[:, 0] > tinted[:, 1]).all() and (tinted[:, 1] > tinted[:, 2]).all()
    assert (picture[~box] == picture[~box][:, :1]).all() and picture[~box].min() >= 150
