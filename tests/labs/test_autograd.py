"""The lab of the engine against PyTorch."""

import pytest
import torch

from nnutils.autograd import Value
from nnutils.labs import autograd as module
from nnutils.labs.base import Click

START = {"first": 2.0, "second": 3.0, "third": 1.0, "step": module.STEPS, "chosen": None}
FORMULAS = list(module.FORMULAS)
TORCH = dict(zip(FORMULAS, [
    lambda w, x, b: (w * x + b - 10) ** 2,
    lambda a, b: a * b + a,
    lambda w, x, b: torch.tanh(w * x + b),
    lambda z: torch.sigmoid(z),
]))  # fmt: skip


def state(formula, **changes):
    return module.compute(**{"formula": formula, **START, **changes})


def variables(s):
    names = module.FORMULAS[s.formula][0]
    return {value.name: value for value in s.places if value.name in names}


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("numbers", [(2.0, 3.0, 1.0), (-0.3, 0.5, 0.2)])
def test_after_the_last_step_all_gradients_are_those_of_torch(formula, numbers):
    s = state(formula, **dict(zip(("first", "second", "third"), numbers)))
    names = module.FORMULAS[formula][0]
    tensors = [torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in numbers]
    result = TORCH[formula](*tensors[: len(names)])
    result.backward()
    assert list(s.places)[-1].data == pytest.approx(result.item())
    for name, tensor in zip(names, tensors):
        assert variables(s)[name].grad == pytest.approx(tensor.grad.item(), abs=1e-12)
    assert s.reached == set(s.places)


@pytest.mark.parametrize("formula", FORMULAS)
def test_each_step_passes_on_one_gradient_and_no_share_comes_later(formula):
    whole = {value.name or value.data: value.grad for value in state(formula).places}
    for step in range(module.STEPS + 1):
        s = state(formula, step=step)
        assert len(s.passed) == max(min(step, s.step) - 1, 0)
        for value in s.passed:  # it had all its shares when its turn came
            assert value.grad == whole[value.name or value.data] or value.name in "+−"
    assert state(formula, step=0).reached == set()


@pytest.mark.parametrize("formula", FORMULAS)
def test_operands_stand_to_the_left_and_no_circle_touches_another(formula):
    places = state(formula).places
    assert len(places) <= module.NODES
    for value, (x, y) in places.items():
        assert all(places[operand][0] < x for operand, _ in value.record)
        assert -0.01 <= x <= module.COLUMNS + 0.01 and abs(y) < 1.6
        others = [place for other, place in places.items() if other is not value]
        assert all(abs(x - a) >= 0.99 or abs(y - b) >= module.GAP - 0.01 for a, b in others)


def test_a_click_on_a_variable_measures_its_gradient():
    lab = module.engine_lab()
    lab.set(step=module.STEPS)
    (x, y) = next(place for value, place in lab.state.places.items() if value.name == "w")
    lab.click(0, x + 0.1, y - 0.1)
    assert lab.state.chosen.name == "w"
    assert lab.state.measured == pytest.approx(-18, abs=1e-6)
    assert "the result changes by −18 · h (nudged: −18)" in lab.caption_text
    lab.click(0, x + 0.6, y)
    assert lab.state.chosen is None


def test_a_choice_without_all_its_shares_is_said_to_wait():
    values = list(state("a·b + a").places)
    a = next(k for k, value in enumerate(values) if value.name == "a")
    s = state("a·b + a", step=2, chosen=a)  # the sum has given a its share, the product not yet
    assert "Not all shares have come to a = 2 yet." in module.caption(s)
    assert "No gradient has come" in module.caption(state("a·b + a", step=1, chosen=a))


def test_a_choice_of_another_formula_is_dropped_when_it_is_not_there():
    assert state("a·b + a", chosen=7).chosen is None


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (0, "is 9. No gradient yet."),
        (1, "Step 1: the result has the gradient 1"),
        (3, "the difference −3 gives −6 · 1 to the sum 7 and −6 · (−1) to the number 10."),
        (5, "the product 6 gives −6 · 3 to w = 2 and −6 · 2 to x = 3."),
    ],
)
def test_the_caption_follows_the_way_back(step, words):
    assert words in module.caption(state(FORMULAS[0], step=step))


def test_going_back_shows_every_step(monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    frames = list(module.go_back())
    assert [frame["step"] for frame in frames] == list(range(module.STEPS + 1))
    assert frames[-1]["progress"] == 1


def test_the_walk_of_the_lab_is_that_of_the_engine():
    result = module.evaluate(FORMULAS[0], (2.0, 3.0, 1.0))
    result.backward()
    walked = list(state(FORMULAS[0]).places)
    assert [value.grad for value in result.origins()] == [value.grad for value in walked]
    assert all(isinstance(value, Value) for value in walked)
    assert module.choose(Click(0, 50.0, 1.0), formula=FORMULAS[0], **START) == {"chosen": None}
