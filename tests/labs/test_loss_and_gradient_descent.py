"""The labs of notebook 05 against torch.optim and closed formulas."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from nnutils import datasets
from nnutils.labs import loss_and_gradient_descent as module
from nnutils.labs.base import Click

RAVINE = {"landscape": "ravine", "start_x": -2.5, "start_y": 1.5, "rate": 0.1, "momentum": 0.8}
START = {**RAVINE, "own_rates": False, "noise": 0.0, "steps": module.STEPS, "seed": 0}
TORCH = {
    "SGD": lambda p: torch.optim.SGD(p, 0.1),
    "Momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.8),
    "Adagrad": lambda p: torch.optim.Adagrad(p, 0.1),
    "RMSProp": lambda p: torch.optim.RMSprop(p, 0.1, alpha=0.9),
    "Adam": lambda p: torch.optim.Adam(p, 0.1, betas=(0.8, 0.999)),
}


def state(**changes):
    return module.compute(**{**START, **changes})


@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("landscape", module.LANDSCAPES)
def test_paths_are_those_of_torch(name, landscape):
    p = torch.tensor([-2.5, 1.5], dtype=torch.float64, requires_grad=True)
    optimizer, expected = TORCH[name]([p]), [p.detach().numpy().copy()]
    _, gradient = module.LANDSCAPES[landscape]
    for _ in range(module.STEPS):
        p.grad = torch.tensor(gradient(p.detach().numpy()))
        optimizer.step()
        expected.append(p.detach().numpy().copy())
    np.testing.assert_allclose(state(landscape=landscape).paths[name], expected, atol=1e-9)


@pytest.mark.parametrize(("landscape", "noise"), [("ravine", 0.5), ("saddle", 0), ("3 or 8", 0)])
def test_no_other_rate_has_a_lower_curve_than_each_ones_own(landscape, noise):
    def height(losses):
        lost = [module.FAR**4] * (module.STEPS + 1 - len(losses))  # higher than whoever stays
        return np.log(np.maximum([*losses, *lost], module.LOWEST)).mean()

    races = {r: state(landscape=landscape, rate=r, noise=noise) for r in module.RATES.tolist()}
    own = state(landscape=landscape, own_rates=True, noise=noise)
    for name, rate in own.rates.items():
        np.testing.assert_array_equal(own.paths[name], races[rate].paths[name])
        lowest = min(height(race.losses[name]) for race in races.values())
        assert height(own.losses[name]) <= lowest + 0.01
    assert "with each racer's own best rate" in module.caption(own)


def test_all_start_at_the_start_and_losses_belong_to_places():
    s = state(noise=1.0)
    assert list(s.paths) == list(module.RACERS)
    for name, path in s.paths.items():
        np.testing.assert_array_equal(path[0], [-2.5, 1.5])
        np.testing.assert_allclose(s.losses[name], 0.1 * path[:, 0] ** 2 + 5 * path[:, 1] ** 2)


@pytest.mark.parametrize("steps", [0, 1, 37])
def test_fewer_steps_are_the_beginning_of_the_same_race(steps):
    whole, part = state(noise=0.7), state(noise=0.7, steps=steps)
    for name, path in part.paths.items():
        assert len(path) == steps + 1
        np.testing.assert_array_equal(path, whole.paths[name][: steps + 1])


@pytest.mark.parametrize(("landscape", "limit"), [("bowl", 1.0), ("ravine", 0.2)])
def test_sgd_diverges_beyond_two_over_the_curvature(landscape, limit):
    for rate, goes in [(limit - 0.02, False), (limit + 0.1, True)]:
        s = state(landscape=landscape, rate=rate)
        assert module.has_diverged(s, "SGD") is goes
        assert bool(s.losses["SGD"][-1] > s.losses["SGD"][0]) is goes


def test_a_diverged_racer_is_named_with_its_step_and_not_ranked():
    s = state(rate=0.25)
    steps = len(s.paths["SGD"]) - 1
    # Each step multiplies y by 1 − 0.25·10 = −1.5, from 1.5 on: the first above 100.
    assert steps == int(np.ceil(np.log(100 / 1.5) / np.log(1.5)))
    text = module.caption(s)
    assert f"Diverged, each step carrying it farther out (×): SGD at step {steps}." in text
    assert "SGD" not in module.leading(s)
    before = state(rate=0.25, steps=steps - 1)
    assert not module.has_diverged(before, "SGD") and "Diverged" not in module.caption(before)


def test_one_step_is_enough_in_the_bowl_at_one_over_the_curvature():
    s = state(landscape="bowl", rate=0.5, steps=1)
    assert module.leading(s) == ["SGD", "Momentum"]
    assert "SGD and Momentum are level with a loss below 0.000001" in module.caption(s)


def test_a_loss_of_data_has_an_axis_of_its_own():
    lab = module.optimizer_race_lab()
    _, losses, _ = lab.figure.axes
    lab.set(landscape="3 or 8")
    low, high = losses.get_ylim()
    for curve in lab.state.losses.values():
        assert low < curve.min() and curve.max() < high
    lab.set(landscape="ravine")
    assert losses.get_ylim() == (1e-6, 1e3)


def test_in_the_bowl_momentum_rolls_out_again():
    s = state(landscape="bowl", rate=0.5, steps=2)
    assert module.leading(s) == ["SGD"] and s.losses["Momentum"][-1] > 1


@pytest.mark.parametrize("own_rates", [False, True])
def test_who_comes_to_rest_in_the_deepest_valley_as_the_summary_says(own_rates):
    s = state(landscape="many minima", start_x=-2.6, start_y=1.6, rate=0.18, own_rates=own_rates)
    resting = {name for name, losses in s.losses.items() if max(losses[-10:]) < 1e-3}
    assert resting == ({"Adagrad", "Adam"} if own_rates else set())


def test_rmsprop_never_rests_at_a_rate_at_which_sgd_diverges():
    s = state(rate=0.25)
    assert module.has_diverged(s, "SGD")
    assert min(s.losses["RMSProp"]) < 1e-6 and max(s.losses["RMSProp"][-20:]) > 0.1


def test_nobody_leaves_the_ridge_of_the_saddle_without_noise():
    s = state(landscape="saddle", start_y=0.0)
    assert all((path[:, 1] == 0).all() for path in s.paths.values())
    assert "nobody leaves it" in module.caption(s)


@pytest.mark.parametrize("changes", [{"start_y": 0.0, "noise": 0.1}, {"start_y": 0.1}])
def test_a_little_noise_or_a_little_distance_leads_off_the_ridge(changes):
    s = state(landscape="saddle", **changes)
    assert all(abs(path[-1, 1]) > 0.05 for path in s.paths.values())
    assert "nobody leaves it" not in module.caption(s)


def test_the_deepest_valley_is_told_from_the_others():
    s = state(landscape="many minima", start_x=0.3, start_y=-0.4, momentum=0.0)
    assert "SGD, Momentum, Adagrad, RMSProp and Adam are in the deepest" in module.caption(s)
    s = state(landscape="many minima", start_x=1.8, start_y=1.8, rate=0.01, momentum=0.0)
    assert "Nobody is in the deepest valley" in module.caption(s)


def test_the_leader_has_the_lowest_loss():
    s = state(steps=40)
    (leader,) = module.leading(s)
    assert leader == min(s.losses, key=lambda name: s.losses[name][-1])
    assert f"{leader} leads" in module.caption(s)


def test_other_noise_is_another_race_and_the_same_noise_the_same():
    first, again, other = state(noise=1.0), state(noise=1.0), state(noise=1.0, seed=1)
    for name in module.RACERS:
        np.testing.assert_array_equal(first.paths[name], again.paths[name])
        assert np.abs(first.paths[name] - other.paths[name]).max() > 0.01


def test_a_click_on_the_land_sets_the_start_and_elsewhere_nothing():
    assert module.choose_start(Click(0, 1.23, -0.04)) == {"start_x": 1.2, "start_y": 0.0}
    assert module.choose_start(Click(0, 3.04, -9.0)) == {"start_x": 3.0, "start_y": -3.0}
    assert module.choose_start(Click(1, 50.0, 1.0)) == {}
    lab = module.optimizer_race_lab()
    lab.click(0, -1.0, 2.0)
    np.testing.assert_array_equal(lab.state.paths["Adam"][0], [-1, 2])


def test_the_race_runs_from_the_first_step_to_the_last(monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    frames = list(module.run_race(**START))
    assert [frame["steps"] for frame in frames] == list(range(0, module.STEPS + 1, 2))
    assert frames[-1]["progress"] == 1


def test_the_bands_of_the_picture_follow_the_loss():
    picture = module.shaded("ravine")
    axis = np.linspace(-3, 3, 320)
    middle = picture[160]  # along y = 0, where the loss is 0.1·x²: lowest in the middle
    assert picture.min() == 0 and picture.max() <= 1
    assert abs(axis[middle.argmin()]) < 1.5
    assert picture[0, 160] > picture[160, 0]  # steeper across than along


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0077123, "0.0077"), (3.04, "3"), (-2.5, "−2.5"), (120.0, "120"), (1.26e-5, "0.000013")],
)
def test_numbers_are_shown_with_two_digits_and_no_exponent(number, text):
    assert module.shown(number) == text


# --- Walk down a parabola -------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.9, 1.0, 1.1])
def test_the_walk_is_that_of_the_closed_formula(rate):
    path = module.walk(rate, 20).path
    np.testing.assert_allclose(path, 3 - 3 * (1 - 2 * rate) ** np.arange(21), atol=1e-9)


@pytest.mark.parametrize(
    ("rate", "steps", "words"),
    [
        (0.1, 12, ["creeps down on one side", "by 0.8.", "After 12 steps w = 2.8"]),
        (0.5, 1, ["a single step arrives", "After 1 step w = 3 and the loss is 0."]),
        (0.9, 5, ["the other side each time, and comes closer", "by −0.8."]),
        (1.0, 3, ["never comes closer", "w = 6 and the loss is 9."]),
        (1.1, 5, ["runs away", "by −1.2."]),
    ],
)
def test_the_caption_says_what_the_rate_does(rate, steps, words):
    caption = module.say_walk(module.walk(rate, steps))
    assert all(text in caption for text in words), caption


# --- A landscape that belongs to data -------------------------------------------------------------


def test_the_inputs_are_the_ink_in_both_windows_of_each_3_and_8():
    X, y = module.two_windows()
    digits = datasets.load_digits()
    chosen = [k for k, label in enumerate(digits.y_train) if label in (3, 8)]
    np.testing.assert_array_equal(y, [digits.y_train[k] == 8 for k in chosen])
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-9)
    one, other = (digits.X_train[chosen[k]].astype(float) / 255 for k in (7, 9))
    for column, (top, left) in enumerate([(10, 10), (16, 11)]):
        inks = [
            sum(grey[top + r, left + c] for r in range(3) for c in range(3))
            for grey in (one, other)
        ]
        assert X[7, column] - X[9, column] == pytest.approx(inks[0] - inks[1], abs=1e-5)


@pytest.mark.parametrize("w", [(-2.5, 1.5), (0.0, 0.0), (3.0, -3.0)])
def test_the_loss_of_the_neuron_and_its_gradient_are_those_of_torch(w):
    X, y = map(torch.tensor, module.two_windows())
    p = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(X.double() @ p, y)
    loss.backward()
    np.testing.assert_allclose(module.neuron_loss(np.array([w, w])), loss.item(), rtol=1e-6)
    np.testing.assert_allclose(module.neuron_grad(np.array([w]))[0], p.grad, rtol=1e-6)


def test_the_roll_ends_at_the_lowest_place():
    found = minimize(module.neuron_loss, [0, 0], jac=module.neuron_grad)
    path = module.roll(-2.0, -2.0, 1.0, 2000).path
    np.testing.assert_allclose(path[-1], found.x, atol=1e-3)
    assert (np.abs(found.x) < module.EDGE).all()
    np.testing.assert_allclose(module.LOWEST_PLACE, found.x, atol=0.005)


def test_the_labels_of_the_heights_stand_on_their_lines():
    _, land = module.landscape_of_data_lab().figure.axes
    labels = {float(text.get_text()): text.get_position() for text in land.texts}
    assert sorted(labels) == sorted(module.HEIGHTS)
    for height, place in labels.items():
        assert module.neuron_loss(np.array(place)) == pytest.approx(height, rel=0.1)


def test_the_legend_counts_the_steps_of_the_border():
    lab = module.landscape_of_data_lab()
    lab.set(steps=1)
    texts = [text.get_text() for text in lab.figure.axes[0].get_legend().get_texts()]
    assert texts == ["border at the start", "after 1 step"]


def test_the_border_is_where_the_sum_is_zero_and_the_caption_counts_the_right_side():
    lab = module.landscape_of_data_lab()
    lab.set(w1=1.2, w2=-0.4, steps=0)
    data, _ = lab.figure.axes
    for line in data.lines[2:]:  # at 0 steps both borders are that of the start
        np.testing.assert_allclose(np.array([1.2, -0.4]) @ line.get_data(), 0, atol=1e-9)
    X, y = module.two_windows()
    right = sum((1.2 * a - 0.4 * b >= 0) == (label == 1) for (a, b), label in zip(X, y))
    assert "The weights are (1.2, −0.4): loss " in lab.caption_text
    assert f"{right} of 287 digits right." in lab.caption_text


def test_a_click_on_its_land_sets_the_weights_and_takes_the_steps_back():
    assert module.choose_weights(Click(1, 1.23, -0.04)) == {"w1": 1.2, "w2": 0.0, "steps": 0}
    assert module.choose_weights(Click(0, 1.0, 1.0)) == {}


def test_rolling_shows_every_step(monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    frames = list(module.run_roll())
    assert [frame["steps"] for frame in frames] == list(range(module.MOST_STEPS + 1))
    assert frames[-1]["progress"] == 1
