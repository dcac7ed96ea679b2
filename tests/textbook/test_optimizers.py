"""Optimizers and the schedule against ``torch.optim``, step by step."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nnutils.optimizers import SGD, Adagrad, Adam, RMSProp, one_cycle

PAIRS = {
    "sgd": (lambda: SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
    "momentum": (lambda: SGD(0.03, 0.9), lambda p: torch.optim.SGD(p, 0.03, momentum=0.9)),
    "adagrad": (lambda: Adagrad(0.2), lambda p: torch.optim.Adagrad(p, 0.2)),
    "adagrad as it comes": (Adagrad, torch.optim.Adagrad),
    "rmsprop": (lambda: RMSProp(0.02, 0.9), lambda p: torch.optim.RMSprop(p, 0.02, alpha=0.9)),
    "rmsprop as it comes": (RMSProp, torch.optim.RMSprop),
    "adam": (
        lambda: Adam(0.05, 0.8, 0.99, 1e-6),
        lambda p: torch.optim.Adam(p, 0.05, betas=(0.8, 0.99), eps=1e-6),
    ),
    "adam as it comes": (Adam, torch.optim.Adam),
}
THEIRS = {
    SGD: torch.optim.SGD,
    Adagrad: torch.optim.Adagrad,
    RMSProp: torch.optim.RMSprop,
    Adam: torch.optim.Adam,
}
ALL = list(THEIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_a_hundred_steps_equal_torch(name):
    """Down a noisy bowl, for arrays of many shapes, one of them larger than a piece."""
    ours, theirs = PAIRS[name]
    rng = np.random.default_rng(0)
    parameters = [
        rng.normal(size=shape) for shape in [(), (3,), (4, 5), (2, 3, 4), (500, 70), (0, 2)]
    ]
    tensors = [torch.tensor(p, requires_grad=True) for p in parameters]
    optimizer, referee = ours(), theirs(tensors)
    for _ in range(100):
        noise = [rng.normal(size=p.shape) for p in parameters]
        optimizer.step(parameters, [p + n for p, n in zip(parameters, noise)])
        for t, n in zip(tensors, noise):
            t.grad = t.detach() + torch.tensor(n)
        referee.step()
        for p, t in zip(parameters, tensors):
            np.testing.assert_allclose(p, t.detach().numpy(), rtol=0, atol=1e-10)
    assert np.abs(parameters[2] - np.random.default_rng(0).normal(size=(4, 5))).max() > 1e-3


@pytest.mark.parametrize("kind", ALL)
def test_the_layout_of_the_arrays_does_not_matter(kind):
    rng = np.random.default_rng(1)
    start, gradient = rng.normal(size=(40, 900)), rng.normal(size=(40, 900))
    plain, turned, part = start.copy(), start.T.copy().T, np.zeros((80, 900))[::2]
    part[:] = start
    optimizer = kind(0.1)
    for _ in range(3):
        optimizer.step([plain, turned, part], [gradient] * 3)
    assert np.abs(plain - start).max() > 0.01
    np.testing.assert_array_equal(turned, plain)
    np.testing.assert_array_equal(part, plain)


@pytest.mark.parametrize("kind", ALL)
def test_steps_are_in_place_keep_float32_and_leave_the_gradients_alone(kind):
    p, g = np.ones((2, 3), np.float32), np.full((2, 3), 0.5)
    reference = p.astype(float)
    optimizer, precise = kind(0.1), kind(0.1)
    for _ in range(5):
        optimizer.step([p], [g])
        precise.step([reference], [g])
    assert p.dtype == np.float32
    assert (g == 0.5).all()
    np.testing.assert_allclose(p, reference, rtol=1e-5)
    assert (p < 1).all()


@pytest.mark.parametrize("kind", ALL)
def test_the_rate_may_change_between_steps(kind):
    p, t = np.array([1.0]), torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    optimizer = kind(0.1)
    referee = THEIRS[kind]([t], 0.1)
    for rate in (0.1, 0.01, 0.0, 0.2):
        optimizer.rate = referee.param_groups[0]["lr"] = rate
        optimizer.step([p], [np.cos(p)])
        t.grad = torch.cos(t.detach())
        referee.step()
    assert p[0] == pytest.approx(t.item(), abs=1e-10)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("parameters", "gradients", "message"),
    [
        ([np.ones(3)], [], "expected 1 gradients, got 0"),
        ([np.ones(3)], [np.ones((3, 1))], r"must have shape \(3,\), got \(3, 1\)"),
        ([np.ones((1, 3))], [np.ones(3)], r"must have shape \(1, 3\), got \(3,\)"),
        ([np.ones(3, int)], [np.ones(3)], "array of floats"),
        ([[1.0, 2.0]], [np.ones(2)], "array of floats"),
        ([1.0], [1.0], "array of floats"),
        ([np.ones(2)], [np.array(["1", "2"])], "array of real numbers, got one of <U1"),
        ([np.ones(2)], [np.array([1j, 2])], "array of real numbers, got one of complex128"),
    ],
)
def test_what_cannot_be_changed_in_place_is_refused(kind, parameters, gradients, message):
    optimizer = kind(0.1)
    with pytest.raises(ValueError, match=message):
        optimizer.step(parameters, gradients)
    optimizer.step([np.ones(4)], [np.ones(4)])  # the failed step left nothing behind


@pytest.mark.parametrize("kind", ALL)
def test_a_read_only_parameter_leaves_the_others_as_they_are(kind):
    first, second = np.ones(2), np.ones(3)
    second.flags.writeable = False
    with pytest.raises(ValueError, match=r"must be writable, got a read-only array \(3,\)"):
        kind(0.1).step([first, second], [np.ones(2), np.ones(3)])
    assert (first == 1).all()


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    "form",
    [np.ndarray.tolist, lambda g: g.view(np.matrix), torch.tensor, lambda g: g.astype(np.uint8)],
)
def test_a_gradient_of_any_form_is_an_array_of_floats(kind, form):
    """Whole numbers too; and the product of two matrices would not be element by element."""
    gradient = np.array([[2, 4], [1, 7]])
    results = []
    for g in (gradient.astype(float), form(gradient)):
        p, optimizer = np.ones((2, 2)), kind(0.1)
        for _ in range(3):
            optimizer.step([p], [g])
        results.append(p)
    np.testing.assert_array_equal(results[1], results[0])
    assert (results[0] < 1).all()


def test_an_optimizer_belongs_to_one_list_of_parameters():
    optimizer = Adam()
    optimizer.step([np.ones(3)], [np.ones(3)])
    with pytest.raises(ValueError, match=r"keep their first shapes, \[\(3,\)\], got \[\(1,\)\]"):
        optimizer.step([np.ones(1)], [np.ones(1)])
    with pytest.raises(ValueError, match="keep their first shapes"):
        optimizer.step([np.ones(3), np.ones(3)], [np.ones(3), np.ones(3)])


SETTINGS = [  # ours, its namesake, what torch calls the setting, how it takes a number
    *((kind, "rate", THEIRS[kind], lambda x: {"lr": x}) for kind in ALL),
    (SGD, "momentum", torch.optim.SGD, lambda x: {"lr": 0.1, "momentum": x}),
    (RMSProp, "beta", torch.optim.RMSprop, lambda x: {"alpha": x}),
    (Adam, "beta1", torch.optim.Adam, lambda x: {"betas": (x, 0.9)}),
    (Adam, "beta2", torch.optim.Adam, lambda x: {"betas": (0.9, x)}),
    *((kind, "eps", THEIRS[kind], lambda x: {"eps": x}) for kind in (Adagrad, RMSProp, Adam)),
]


@pytest.mark.parametrize(("kind", "setting", "theirs", "as_torch"), SETTINGS)
def test_what_torch_refuses_is_refused(kind, setting, theirs, as_torch):
    values = (-1.0, -0.1, 0.0, 0.5) + ((1.0, 1.5) if kind is Adam and "beta" in setting else ())
    for value in values:
        try:
            theirs([torch.zeros(1)], **as_torch(value))
        except ValueError:
            with pytest.raises(ValueError, match=f"{setting} must be a finite number of at least"):
                kind(**{"rate": 0.1} | {setting: value})
        else:
            kind(**{"rate": 0.1} | {setting: value})


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        *(
            (kind, setting, value)
            for kind, setting, *_ in SETTINGS
            for value in (float("inf"), float("nan"), "0.1", None)
        ),
        (RMSProp, "beta", 1.0),  # torch takes it: a mean of squares that stays 0, or falls below
        (RMSProp, "beta", 1.5),
    ],
)
def test_what_leads_nowhere_is_refused(kind, setting, value):
    with pytest.raises(ValueError, match=f"{setting} must be a finite number of at least 0"):
        kind(**{"rate": 0.1} | {setting: value})


@settings(deadline=None)
@given(total=st.integers(1, 300), peak=st.floats(1e-4, 10))
def test_one_cycle_equals_torch(total, peak):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, total, cycle_momentum=False)
    for step in range(total):
        assert one_cycle(step, total, peak) == pytest.approx(schedule.get_last_lr()[0], rel=1e-9)
        optimizer.step()
        if step < total - 1:
            schedule.step()


def test_one_cycle_rises_then_falls():
    rates = [one_cycle(step, 100, 2.0) for step in range(100)]
    assert np.argmax(rates) == 29
    assert (np.diff(rates[:30]) > 0).all()
    assert (np.diff(rates[29:]) < 0).all()
    assert (rates[0], rates[29], rates[99]) == pytest.approx((2 / 25, 2, 2 / 250_000))


@pytest.mark.parametrize(("step", "total"), [(-1, 10), (10, 10), (2.5, 10), (float("nan"), 10)])
def test_one_cycle_ends(step, total):
    with pytest.raises(ValueError, match=rf"step must lie in 0 … {total - 1}, got {step}"):
        one_cycle(step, total, 1.0)
