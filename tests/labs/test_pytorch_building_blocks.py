"""The lab of notebook 08 against PyTorch: what runs, what is refused, shapes and parameters."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nnutils.labs import pytorch_building_blocks as lab_module
from nnutils.labs.pytorch_building_blocks import Block, build_network_lab, compute, slots

THE_LAB = build_network_lab()
BLOCKS = lab_module.BLOCKS[1:]
START = {"input": "image 1×28×28", "batch_size": 2, "n": 8000, "w": 10, "c": 20, "k": 5}

# Sizes are drawn from those that occur, so that many stacks run; the widest layers are left out.
values = st.fixed_dictionaries(
    {
        "input": st.sampled_from(list(lab_module.INPUTS)),
        "batch_size": st.sampled_from([1, 2, 16]),
        "n": st.sampled_from([1, 10, 24, 28, 32, 128, 144, 784, 3072, 8000]),
        "w": st.sampled_from([10, 32, 128]),
        "c": st.sampled_from([4, 8, 20]),
        "k": st.sampled_from([1, 3, 5, 7, 9]),
    }
)
stacks = st.lists(st.sampled_from(BLOCKS), max_size=6).map(lambda options: slots(*options))


@st.composite
def long_stacks(draw):
    """Values of a stack that fits, block by block, but perhaps for its last one."""
    numbers, options = draw(values), []
    for option in draw(st.lists(st.sampled_from(BLOCKS), min_size=10, max_size=20)):
        stack = slots(*options, option)
        if "Linear(n, w)" not in options:
            stack |= lab_module.fit_n(**numbers, **stack)
        if compute(**numbers | stack).problem is None and len(options) < 5:
            options, numbers = [*options, option], numbers | {"n": stack.get("n", numbers["n"])}
    return numbers | slots(*options, draw(st.sampled_from(BLOCKS)))


def run_in_torch(state):
    """Build the line of torch that the lab shows, and run the batch through it block by block.

    Returns the model, the shapes that were reached, and torch's error or None.
    """
    model = eval(lab_module.code_line(state), {"nn": nn}).eval()
    x = torch.zeros(state.shapes[0])
    shapes = [tuple(x.shape)]
    with torch.no_grad():
        for block in model:
            try:
                x = block(x)
            except RuntimeError as error:
                return model, shapes, error
            shapes.append(tuple(x.shape))
    return model, shapes, None


def assert_equals_torch(state):
    model, shapes, error = run_in_torch(state)
    assert list(state.shapes) == shapes
    assert (state.problem is None) == (error is None), error
    counts = [sum(p.numel() for p in block.parameters()) for block in model]
    assert [block.parameters for block in state.blocks] == counts
    assert lab_module.total(state) == sum(counts)


@given(values=values, stack=stacks, fit=st.booleans())
@settings(max_examples=400, deadline=None)
def test_verdict_shapes_and_parameters_are_those_of_torch(values, stack, fit):
    values = values | stack
    if fit:
        values = values | lab_module.fit_n(**values)
    assert_equals_torch(compute(**values))


@given(values=long_stacks())
@settings(max_examples=300, deadline=None)
def test_stacks_that_fit_nearly_to_the_end_are_those_of_torch(values):
    state = compute(**values)
    assert len(state.shapes) >= len(state.blocks)
    assert_equals_torch(state)


@pytest.mark.parametrize("option", BLOCKS)
@pytest.mark.parametrize("input", list(lab_module.INPUTS))
@pytest.mark.parametrize("before", [[], ["Flatten()"], ["MaxPool2d(2)"] * 5, ["Linear(n, w)"]])
def test_every_block_on_every_kind_of_input(option, input, before):
    n = 28 if "28" in input else 32 if "32" in input else 784
    numbers = START | {"input": input, "n": n}
    assert_equals_torch(compute(**numbers, **slots(*before, option)))


@given(values=values, stack=stacks)
@settings(max_examples=100, deadline=None)
def test_the_weights_have_the_shapes_of_torch(values, stack):
    state = compute(**values, **stack)
    for block in state.blocks:
        module = eval(f"nn.{block.code}", {"nn": nn})
        weights = [tuple(p.shape) for name, p in module.named_parameters() if name == "weight"]
        assert weights == ([block.weight_shape] if block.weight_shape else [])
        formula = lab_module.formula(block)
        terms, _, result = formula.rpartition(" = ")
        assert eval((terms or result).replace("·", "*")) == block.parameters
        assert result == f"{block.parameters:,}"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"block5": "—"}, "the last axis of (2, 20, 20, 20) has 20. Flatten() before it"),
        ({"n": 784}, "takes 784 numbers for each example, but 8,000 arrive"),
        ({"input": "784 numbers"}, "plain rows of 784 numbers arrive"),
        ({"input": "image 3×32×32"}, "takes images of 1 channel, but those that arrive have 3"),
        ({"block1": "MaxPool2d(2)", "c": 4}, "images of 4 channels, but those that arrive have 1"),
        ({"block2": "Conv2d(c, c, k)", "block4": "Conv2d(c, c, k)", "k": 9}, "shrunk to 4×4"),
    ],
)
def test_a_mistake_is_explained_in_words_with_its_numbers(changes, words):
    state = compute(**START | lab_module.CONVOLUTIONS | changes)
    assert words in state.problem
    assert_equals_torch(state)


@given(values=values, stack=stacks)
@settings(max_examples=200, deadline=None)
def test_the_advice_about_a_first_number_helps(values, stack):
    """Where the lab says what a block's first number must be, torch takes it with that number."""
    state = compute(**values, **stack)
    advice = re.search(r"Its first number must be ([\d,]+)\.", state.problem or "")
    if not advice:
        return
    block = state.blocks[len(state.shapes) - 1]
    mended = Block(block.kind, (int(advice[1].replace(",", "")), *block.numbers[1:]))
    module = eval(f"nn.{mended.code}", {"nn": nn})
    try:
        module(torch.zeros(state.shapes[-1]))
    except RuntimeError:  # one mistake can hide another: the images may be too small as well
        assert "shrunk" in lab_module.mistake(mended, state.shapes[-1])


@pytest.mark.parametrize(
    ("options", "remark"),
    [
        (["Flatten()", "Linear(n, w)", "ReLU()", "Linear(w, 10)"], ""),
        (["Flatten()", "Linear(n, w)", "Linear(w, 10)"], "two Linear blocks without ReLU"),
        (["Flatten()", "Linear(n, w)", "Dropout(0.5)", "Linear(w, 10)"], "two Linear blocks"),
        (["Flatten()", "Linear(n, w)", "ReLU()"], "the last block is ReLU()"),
        ([], ""),
    ],
)
def test_what_is_odd_is_said(options, remark):
    state = compute(**START | {"n": 784} | slots(*options))
    assert state.problem is None
    assert remark in state.remark and bool(remark) == bool(state.remark)


def test_linear_along_the_last_axis_runs_and_is_called_odd():
    state = compute(**START | {"n": 28} | slots("Linear(n, w)"))
    assert state.shapes[-1] == (2, 1, 28, 10) and "along the last axis" in state.remark
    assert_equals_torch(state)


def test_fit_n_counts_what_arrives():
    lab = build_network_lab()
    lab.set(block4="MaxPool2d(2)")
    assert "takes 8,000 numbers for each example, but 2,000 arrive" in lab.caption_text
    lab.press("fit_n")
    assert lab.values["n"] == 2000 and lab.state.problem is None
    lab.press("fit_n")  # nothing is left to fit
    assert lab.values["n"] == 2000
    lab.set(n=28, w=512, c=32, batch_size=1, k=1)
    lab.set(block1="Linear(n, w)", block2="Conv2d(1, c, k)", block3="Flatten()", block4="—")
    lab.set(block5="—")
    lab.press("fit_n")  # 458,752 numbers are more than the slider has
    assert lab.error is None and lab.values["n"] == 28


def test_dense_network():
    lab = build_network_lab()
    lab.set(input="image 3×32×32")
    lab.press("dense")
    assert lab.state.problem is None
    assert lab.state.shapes[-1] == (64, 10) and lab_module.total(lab.state) == 101_770


def test_the_picture_says_what_the_state_says():
    lab = build_network_lab()
    lab.set(block5="—")
    texts = [text.get_text() for text in lab.figure.axes[0].texts]
    for shape in lab.state.shapes:
        assert str(shape) in texts
    assert "does not fit" in texts and "parameters, 90,550 in all" in texts
    message = " ".join(texts[21].replace("\u00a0", " ").split())
    assert message == lab_module.verdict(lab.state)


@given(values=values, stack=stacks, n=st.sampled_from([28, 784, 32768]))
@settings(max_examples=200, deadline=None)
def test_the_message_fits_into_its_panel(values, stack, n):
    THE_LAB.set(**values | stack | {"batch_size": 200, "n": n, "w": 512, "c": 32})
    assert THE_LAB.error is None
    axes, renderer = THE_LAB.figure.axes[0], THE_LAB.figure.canvas.get_renderer()
    panel = axes.patches[-1].get_window_extent(renderer)
    box = axes.texts[21].get_window_extent(renderer)
    assert panel.x0 <= box.x0 and box.x1 <= panel.x1
    assert panel.y0 <= box.y0 and box.y1 <= panel.y1
