"""The lab of notebook 03 against plain counting."""

import numpy as np
import pytest

from nnutils import dice
from nnutils.labs import dice_sum_model
from nnutils.labs.base import Click

START = {
    "rule": dice_sum_model.SUM,
    "w1": 1,
    "w2": 1,
    "w3": 1,
    "threshold": 11,
    "rolls_to_learn": 50,
    "seed": 0,
}


def count_right(w1, w2, w3, threshold):
    right = 0
    for a in range(1, 7):
        for b in range(1, 7):
            for c in range(1, 7):
                # Sliders move in steps of 0.05: compare whole multiples of it.
                total = round(20 * w1) * a + round(20 * w2) * b + round(20 * w3) * c
                right += (total >= round(20 * threshold)) == (a + b + c >= 11)
    return right


@pytest.mark.parametrize(
    ("weights", "threshold"),
    [((1, 1, 1), 11), ((1, 1, 1), 10), ((1, 1, 0), 8), ((0.1, 0.2, 0.3), 2.2), ((-1, 2, 0.7), 6)],
)
def test_right_answers_equal_plain_counting(weights, threshold):
    values = dict(START, w1=weights[0], w2=weights[1], w3=weights[2], threshold=threshold)
    state = dice_sum_model.compute(**values, roll=(1, 3, 4))
    right = count_right(*weights, threshold)
    assert (state.says_big == dice.is_big(dice.all_rolls())).sum() == right
    assert f"{right} of 216 rolls right" in dice_sum_model.caption(state)


def test_the_picture_puts_every_roll_where_a_click_finds_it():
    for index in (0, 17, 100, 215):
        roll = tuple(int(x) for x in dice.all_rolls()[index])
        column, row = dice_sum_model.cell_of(roll)
        marked = dice_sum_model.grid(np.arange(216) == index)
        assert marked[row, column] == 1 and np.nansum(marked) == 1
        assert dice_sum_model.choose_roll(Click(0, column, row)) == {"roll": roll}
    assert dice_sum_model.choose_roll(Click(0, 6, 2)) == {}  # between two tables
    assert dice_sum_model.choose_roll(Click(1, 3, 2)) == {}  # on the histogram


def test_the_casino_pays_by_its_own_rule():
    weights, threshold = dice.casino_rule()
    values = dict(zip(("w1", "w2", "w3"), (weights / 2).tolist(), strict=True))
    values = START | values | {"rule": dice_sum_model.CASINO, "threshold": threshold / 2}
    state = dice_sum_model.compute(**values, roll=(4, 6, 6))
    assert (state.says_big == state.big).all()
    assert "216 of 216 rolls right" in dice_sum_model.caption(state)
    wrong = dice_sum_model.casino_lab()
    wrong.set(threshold=18)
    wrong.click(0, *dice_sum_model.cell_of((4, 1, 1)))
    assert "the model says small (wrong: the casino says big)" in wrong.caption_text


def test_the_text_says_how_the_second_lab_starts():
    assert "130 of 216 rolls right" in dice_sum_model.casino_lab().caption_text  # 86 go wrong


@pytest.mark.parametrize("rule", dice_sum_model.RULES)
@pytest.mark.parametrize("seed", range(2))
def test_learning_ends_with_every_roll_it_saw_judged_right(rule, seed, monkeypatch):
    monkeypatch.setattr(dice_sum_model.time, "sleep", lambda seconds: None)
    lab = dice_sum_model.roll_dice_lab()
    lab.set(rule=rule, seed=seed, rolls_to_learn=200)
    lab.press("learn")
    assert lab.wait(30)
    assert lab.error is None
    learned = lab.values
    rolls = dice.roll_dice(200, np.random.default_rng(seed))
    weights = np.array([learned["w1"], learned["w2"], learned["w3"]])
    says_big = np.round(rolls @ weights - learned["threshold"], 9) >= 0
    assert (says_big == dice_sum_model.RULES[rule](rolls)).all()


def test_rolling_gives_another_roll_each_time():
    lab = dice_sum_model.roll_dice_lab()
    seen = set()
    for _ in range(10):
        lab.press("roll_dice")
        seen.add(lab.values["roll"])
    assert len(seen) > 5
