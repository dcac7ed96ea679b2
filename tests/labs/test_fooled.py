"""The lab of the least ink against PyTorch's gradients, and central differences."""

import numpy as np
import pytest
import torch

from nnutils.datasets import load_digits, to_inputs
from nnutils.labs import fooled
from nnutils.learner.drawings import Drawings
from nnutils.training import make_cnn, make_mlp, predict


@pytest.fixture(scope="module")
def model():
    return make_mlp(784, 10, generator=torch.Generator().manual_seed(3)).eval()


@pytest.fixture(scope="module")
def digit():
    return to_inputs(torch.tensor(load_digits().X_test[5]))


@pytest.fixture
def lab(model):
    data = load_digits()
    mine = Drawings(data.X_test[:6], data.y_test[:6], False, "six of the course's")
    return fooled.fool_it_lab(model, mine)


def loss(model, x, y):
    return torch.nn.functional.cross_entropy(model.double()(x.double()), y).item()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_step_goes_most_where_a_central_difference_is_large(digit, sign):
    model = make_mlp(784, 10, generator=torch.Generator().manual_seed(3)).double()
    x, y, ink = digit[None].double(), torch.tensor([4]), digit.sum().double()
    change = (fooled.step(model, x, y, fooled.SLOPES, ink, sign) - x)[0]
    assert change.abs().sum().item() == pytest.approx(fooled.SHARE * ink.item(), rel=0.02)
    rows, columns = np.nonzero((digit.numpy() > 0.2) & (digit.numpy() < 0.8))
    ratios = []
    for row, column in zip(rows[:8], columns[:8], strict=True):
        nudge = torch.zeros_like(x)
        nudge[0, row, column] = 1e-5
        slope = (loss(model, x + nudge, y) - loss(model, x - nudge, y)) / 2e-5
        ratios.append(change[row, column].item() / slope)
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-3)
    assert np.sign(ratios[0]) == sign


def test_a_step_by_signs_moves_each_pixel_alike(model, digit):
    change = fooled.step(model.float(), digit[None], torch.tensor([4]), fooled.SIGNS, 1, -1) - digit
    free = (digit > 0.05) & (digit < 0.95)
    np.testing.assert_allclose(change[0][free].abs(), fooled.EPSILON, rtol=1e-3)


@pytest.mark.parametrize("way", [fooled.SLOPES, fooled.SIGNS])
@pytest.mark.parametrize("target", [fooled.ANY, 7])
def test_a_walk_ends_where_it_was_to_lead(digit, way, target):
    network = make_cnn(torch.Generator().manual_seed(3)).eval()
    pictures, probabilities = fooled.walk(network, digit, target, way)
    assert pictures.shape == (fooled.STEPS + 1, 28, 28) and pictures.min() >= 0
    assert pictures.max() <= 1
    np.testing.assert_array_equal(pictures[0], digit)
    np.testing.assert_allclose(probabilities[-1], predict(network, pictures[-1:])[0], rtol=1e-4)
    first = probabilities[0].argmax()
    if target == fooled.ANY:
        assert probabilities[-1, first] < probabilities[0, first]
    else:
        assert probabilities[-1, 7] > probabilities[0, 7]


@pytest.mark.parametrize(
    ("answers", "target", "first"),
    [
        ([3, 3, 5, 3], fooled.ANY, 2),
        ([3, 3, 5, 9], 9, 3),
        ([3, 3, 3], fooled.ANY, None),
        ([3, 5, 5], 8, None),
        ([3, 3], 3, 0),
    ],
)
def test_the_first_step_that_misleads(answers, target, first):
    assert fooled.first_misled(np.array(answers), target) == first


def test_the_least_is_the_first_step_with_another_answer(lab):
    lab.set(steps=0)
    lab.press("least")
    steps, before = lab.values["steps"], lab.state.probabilities[0].argmax()
    assert 0 < steps < fooled.STEPS and lab.state.probabilities[1].argmax() != before
    lab.set(steps=steps - 1)
    assert lab.state.probabilities[1].argmax() == before


def test_the_picture_is_the_digit_with_the_change(lab):
    lab.set(steps=7)
    state = lab.state
    np.testing.assert_allclose(state.before + state.change, state.after, atol=1e-6)
    assert state.share == pytest.approx(0.07, abs=0.005)
    assert "After 7 of 40 steps 7% of its ink is changed" in lab.caption_text
    lab.set(steps=0)
    assert state.before is not lab.state.after and not lab.state.change.any()


def test_the_learners_own_model_stays_as_it_was(model):
    before = [p.clone() for p in model.float().parameters()]
    model.train()
    fooled.fool_it_lab(model)
    assert model.training
    assert all(torch.equal(p, q) for p, q in zip(before, model.parameters(), strict=True))
    assert all(p.grad is None for p in model.parameters())


def test_each_digit_has_a_name_of_its_own(lab):
    names = lab._controls["digit"].options
    assert len(set(names)) == 6 and names[0].startswith("1: a")
