"""The labs of notebook 04 against torch, central differences and what geometry demands."""

import numpy as np
import pytest
import torch

from nnutils.gradcheck import numeric_gradient
from nnutils.labs import layers_and_activations as module

TORCH = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "ReLU": torch.relu,
    "leaky ReLU": lambda z: torch.nn.functional.leaky_relu(z, 0.2),
}


def trained(**settings):
    """Return the lab after a whole training."""
    lab = module.bend_the_plane_lab()
    lab.set(**settings)
    *_, last = module.train(**lab.values)
    last.pop("progress")
    lab.set(**last)
    assert lab.error is None
    return lab


# --- The activation explorer ----------------------------------------------------------------------


@pytest.mark.parametrize("name", module.FUNCTIONS)
def test_what_arrives_behind_layers_is_the_derivative_of_torch(name):
    for w, b, x in [(1.0, 0.0, 1.0), (-1.7, 0.4, 0.9), (2.5, 1.0, -0.3), (0.0, 1.0, 1.0)]:
        state = module.explore(name, w, b, x, leak=0.2, layers=3)
        start = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        a = start
        for layer in range(1, module.LAYERS + 1):
            a = TORCH[name](w * a + b)
            (slope,) = torch.autograd.grad(a, start, retain_graph=True)
            assert state.arrives[layer] == pytest.approx(slope.item(), rel=1e-9, abs=1e-300)
            if layer == 1:
                assert state.a == pytest.approx(a.item())


@pytest.mark.parametrize("name", module.FUNCTIONS)
def test_the_slope_is_the_central_difference_of_the_curve(name):
    state = module.explore(name, w=1.0, b=0.3, x=0.5, leak=0.2, layers=1)
    h = 1e-6
    values = [module.explore(name, 1.0, 0.3, 0.5 + way, 0.2, 1).a for way in (h, -h)]
    assert state.slope == pytest.approx((values[0] - values[1]) / (2 * h), rel=1e-7)
    assert f"the slope of the curve there is {module.shown(state.slope)}" in (
        module.explain_activation(state)
    )


def test_the_saturated_share_is_counted():
    state = module.explore("sigmoid", w=3.0, b=0.0, x=1.0, leak=0.1, layers=1)
    s = 1 / (1 + np.exp(-3 * np.linspace(-2, 2, 81)))
    assert state.saturated == np.mean(s * (1 - s) < 0.025)
    assert module.explore("ReLU", 1.0, 2.0, 1.0, 0.1, 1).saturated == 1 / 81  # z = 0 alone


def test_strokes_show_where_inputs_land_and_what_is_answered():
    lab = module.activation_explorer_lab()
    lab.set(name="tanh", w=3.0, b=0.5)
    below, answers = lab.figure.axes[0].lines[4:6]
    z = 3 * np.linspace(-2, 2, 11) + 0.5
    np.testing.assert_allclose(below.get_xdata(), z)
    np.testing.assert_allclose(answers.get_ydata(), np.tanh(z))


def test_leaking_mends_a_dead_relu():
    dead = module.explore("ReLU", 1.0, 0.0, -1.0, leak=0.1, layers=3)
    leaky = module.explore("leaky ReLU", 1.0, 0.0, -1.0, leak=0.1, layers=3)
    assert dead.arrives[3] == 0
    assert leaky.arrives[3] == pytest.approx(1e-3)


# --- The plane ------------------------------------------------------------------------------------


def test_the_network_of_the_lab_has_the_outputs_of_torch():
    network = module.make_network(neurons=3, layers=2, activation="tanh", seed=0)
    X = np.random.default_rng(0).normal(size=(20, 2))
    parts = [torch.tensor(p) for p in network.parameters()]
    H = torch.tensor(X)
    for W, b in zip(parts[:4:2], parts[1:4:2]):
        H = torch.tanh(torch.nn.functional.linear(H, W, b))
    np.testing.assert_allclose(module.hidden_view(network, X), H.numpy())
    outputs = torch.nn.functional.linear(H, *parts[4:])
    np.testing.assert_allclose(network.forward(X), outputs.numpy())


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "ReLU", "no activation"])
def test_each_neuron_has_the_picture_of_its_answers(activation):
    state = trained(data="circles", neurons=3, layers=2, activation=activation).state
    assert [pictures.shape for pictures in state.pictures] == [(3, 31, 31)] * 2
    assert [W.shape for W in state.weights] == [(3, 2), (3, 3), (1, 3)]
    network = module.make_network(3, 2, activation, 12)
    f = {"ReLU": torch.relu, "no activation": lambda z: z}.get(activation) or TORCH[activation]
    first = network.layers[0]
    place = np.array([[module.SIDE[8], module.SIDE[40]]])  # in row 20 and column 4 of a picture
    start = module.own_pictures(network, activation)[0]
    z = first.W @ place[0] + first.b
    answer = f(torch.tensor(z)).numpy()
    if activation == "sigmoid":
        answer = 2 * answer - 1
    if activation in ("tanh", "sigmoid"):
        np.testing.assert_allclose(start[:, 20, 4], answer, atol=1e-12)
    else:
        assert np.abs(start).max(axis=(1, 2)) == pytest.approx(1)
        assert (np.sign(start[:, 20, 4]) == np.sign(answer)).all()


def test_the_first_input_and_the_first_neuron_stand_on_top():
    lab = module.bend_the_plane_lab()
    drawn = lab.figure.axes[1]
    named = {text.get_text(): text.get_position() for text in drawn.texts}
    assert named["x₁"][1] > named["x₂"][1] and named["1"][1] > named["2"][1]
    for k in (0, 1):
        left, right, low, high = drawn.images[k].get_extent()
        x, y = named[str(k + 1)]
        assert left < x < right and low < y < high
        np.testing.assert_array_equal(drawn.images[k].get_array(), lab.state.pictures[0][k])
    lab.set(neurons=3)  # then the right panel shows no single neuron
    assert [text.get_text() for text in drawn.texts] == ["x₁", "x₂", "", ""]


@pytest.mark.parametrize("neurons", [1, 2, 3, 8])
@pytest.mark.parametrize("activation", module.BENDS)
def test_the_cut_on_the_right_parts_the_points_as_the_answers_on_the_left(neurons, activation):
    lab = trained(data="moons", neurons=neurons, activation=activation)
    state = lab.state
    a, c = state.cut
    right = (state.seen @ a + c >= 0).astype(int)
    network = module.make_network(neurons, 1, activation, lab.values["seed"])
    for p, kept in zip(network.parameters(), lab.values["history"][-1]):
        p[:] = kept
    np.testing.assert_array_equal(right, network.predict(state.X)[:, 0])
    assert state.accuracy == np.mean(right == state.y[:, 0])


def test_edge_on_nothing_is_stretched():
    """The two directions of the picture are at right angles and of length 1; height is distance."""
    rng = np.random.default_rng(0)
    w, b, X, H = rng.normal(size=5), 0.7, rng.normal(size=(30, 2)), rng.normal(size=(30, 5))
    A, c, _ = module.choose_view(w, b, X, H)
    np.testing.assert_allclose(A @ A.T, np.eye(2), atol=1e-12)
    foot = H[0] - (w @ H[0] + b) / (w @ w) * w  # the nearest point of the cut
    assert w @ foot + b == pytest.approx(0)
    assert abs((A @ H[0] + c)[1]) == pytest.approx(np.linalg.norm(H[0] - foot))


def test_the_grid_of_the_plane_is_straight_and_covers_it():
    grid = module.GRID
    steps = np.diff(grid, axis=1)
    np.testing.assert_allclose(np.diff(steps, axis=1), 0, atol=1e-12)
    assert grid.min() == -module.EDGE and grid.max() == pytest.approx(module.EDGE)


@pytest.mark.parametrize("layers", [1, 2])
def test_without_an_activation_the_grid_stays_straight_and_a_line_is_all_there_is(layers):
    lab = trained(data="circles", noise=0.06, neurons=8, layers=layers, activation="no activation")
    steps = np.diff(lab.state.grid, axis=1)
    np.testing.assert_allclose(np.diff(steps, axis=1), 0, atol=1e-9)
    assert lab.state.accuracy < 0.75
    bent = trained(data="circles", noise=0.06, neurons=8, layers=layers, activation="tanh")
    assert np.abs(np.diff(bent.state.grid, n=2, axis=1)).max() > 0.1
    assert bent.state.accuracy == 1


def test_the_capacity_that_the_notebook_speaks_of():
    right = {
        neurons: trained(data="circles", noise=0.06, neurons=neurons).state.accuracy
        for neurons in (1, 2, 3)
    }
    assert right[1] < 0.75
    assert 0.75 < right[2] < 0.9
    assert right[3] > 0.98


def test_the_start_of_the_lab_learns_xor_and_the_next_one_fails():
    lab = trained()
    assert lab.state.accuracy == lab.state.fresh == 1
    assert trained(seed=lab.values["seed"] + 1).state.accuracy < 0.8


def test_few_noisy_points_are_learned_by_heart():
    state = trained(data="moons", noise=0.4, points=40, neurons=8, layers=2, rate=0.1).state
    assert state.accuracy - state.fresh > 0.1


def test_training_follows_the_gradient():
    """The first step of Adam moves every parameter by the rate, against the numeric gradient."""
    lab = module.bend_the_plane_lab()
    settings = {k: lab.values[k] for k in ("data", "noise", "points")}
    X, y = module.points_of(**settings)
    network = module.make_network(2, 1, "tanh", lab.values["seed"])
    slopes = [
        numeric_gradient(lambda _: network.loss(network.forward(X), y), p)
        for p in network.parameters()
    ]
    before = [p.copy() for p in network.parameters()]
    network.train_step(X, y, module.Adam(0.03))
    for p, start, slope in zip(network.parameters(), before, slopes):
        np.testing.assert_allclose(p - start, -0.03 * np.sign(slope), rtol=1e-3)


def test_replay_shows_the_weights_of_that_step():
    lab = trained()
    last = lab.png
    lab.set(step=100)
    network = module.make_network(2, 1, "tanh", lab.values["seed"])
    X, y = lab.state.X, lab.state.y
    optimizer = module.Adam(lab.values["rate"])
    for _ in range(100):
        network.train_step(X, y, optimizer)
    expected = network.forward(module.PIXELS).reshape(lab.state.logits.shape)
    np.testing.assert_allclose(lab.state.logits, expected, rtol=1e-9)
    assert "Shown is step 100 of 600 taken" in lab.caption_text
    lab.set(step=600)
    assert lab.png == last


def test_another_control_starts_from_scratch():
    lab = trained()
    lab.set(neurons=3)
    assert lab.state.done == lab.state.step == 0
    lab.set(neurons=2)
    assert lab.state.done == 600


def test_stop_keeps_what_was_learned():
    lab = module.bend_the_plane_lab()
    lab.press("train")
    lab.wait(0.3)
    lab.stop()
    assert lab.wait(10)
    assert lab.error is None
    assert lab.state.done == len(lab.values["history"] or [0]) * 10 - 10
    assert lab.state.step == lab.state.done
