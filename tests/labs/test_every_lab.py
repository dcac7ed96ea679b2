"""What every lab must keep to, whatever it shows."""

import importlib
import inspect
import io
import itertools
import math
import pkgutil
import re

import legible
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import style
from PIL import Image

import nnutils.labs
from nnutils.labs import base
from nnutils.labs.base import Choice, Lab, Slider

MODULES = [
    importlib.import_module(f"nnutils.labs.{module.name}")
    for module in pkgutil.iter_modules(nnutils.labs.__path__)
]
LABS = {
    f"{module.__name__.rpartition('.')[2]}-{name}": getattr(module, name)
    for module in MODULES
    for name in getattr(module, "__all__", [])
    if name.endswith("_lab")
}
EDGE = 3  # pixels that may stick out of the picture: half a line's width


@pytest.fixture(scope="module", params=LABS)
def make_lab(request):
    return LABS[request.param]


@pytest.fixture(scope="module")
def shared_lab(make_lab):
    """One lab for all tests: some learn for seconds when they are made."""
    lab = make_lab()
    yield lab
    lab.close()


def controls(lab):
    return list(lab._controls.values())


def grid(slider):
    steps = math.floor((slider.high - slider.low) / slider.step + 1e-9)
    values = slider.low + slider.step * np.arange(steps + 1)
    return [slider.check(round(value, slider.decimals)) for value in values.tolist()]


def all_values(control):
    if isinstance(control, Slider):
        return grid(control)
    return list(control.options) if isinstance(control, Choice) else [False, True]


def random_values(lab, rng):
    return {
        control.name: options[rng.integers(len(options))]
        for control in controls(lab)
        for options in [all_values(control)]
    }


def spread(values, n=5):
    """Return up to ``n`` of ``values``: the first, the last, and some between."""
    return [values[i] for i in np.unique(np.linspace(0, len(values) - 1, n).round().astype(int))]


def assert_sound(lab):
    """The lab shows no error, its caption is a sentence, and nothing is cut off."""
    if lab.error is not None:
        raise lab.error
    text = lab.caption_text
    assert len(text.split()) >= 3, text
    assert text.endswith((".", "!", "?")), text
    assert not re.search(r"\b(nan|inf|none)\b|0x|array\(|np\.", text, re.IGNORECASE), text
    box, size = lab.figure.get_tightbbox(), lab.figure.get_size_inches()
    overlap = 100 * np.array([-box.x0, -box.y0, box.x1 - size[0], box.y1 - size[1]])
    assert (overlap < EDGE).all(), f"cut off (left, bottom, right, top; pixels): {overlap.round()}"


def remembered(lab):
    """Return what reset must restore: values, with generators of random numbers as their state."""
    return {
        name: value.bit_generator.state if isinstance(value, np.random.Generator) else value
        for name, value in lab.values.items()
        if isinstance(
            value, bool | int | float | str | tuple | list | np.ndarray | np.random.Generator
        )
    }


def test_the_lab_functions_are_named_and_described():
    assert LABS
    for name, function in LABS.items():
        assert name.endswith("_lab"), name
        assert function.__doc__, name


def test_the_start_state(make_lab):
    lab = make_lab()
    assert isinstance(lab, Lab)
    assert_sound(lab)
    width, height = Image.open(io.BytesIO(lab.png)).size
    assert width <= 800 and height <= 400
    data, metadata = lab._repr_mimebundle_()
    assert data["image/png"] == lab.png
    assert data["text/plain"] == f"{lab.title}: {lab.caption_text}"
    assert metadata["image/png"]["alt"] == lab.caption_text
    labels = [control.label for control in controls(lab)]
    labels += [action.label for action in lab._actions.values()]
    assert all(labels) and len(set(labels)) == len(labels)


def test_its_tracks_are_few_and_pass_the_start_state(lab):
    assert len(lab.tracks) <= 3
    for name in set(lab.tracks) & set(lab._controls):
        control = lab._controls[name]
        values = control.values(41)
        assert control.start in values and 2 <= len(values) <= 41
        assert [control.check(value) for value in values] == values
    for name in set(lab.tracks) - set(lab._controls):
        assert inspect.isgeneratorfunction(inspect.unwrap(unpartial(lab._actions[name].function)))


def unpartial(function):
    """Return the function inside ``functools.partial``."""
    return getattr(function, "func", function)


def test_the_start_state_is_the_same_every_time(make_lab, lab):
    again = make_lab()
    assert again.png == lab.png
    assert again.caption_text == lab.caption_text


def test_no_setting_of_the_user_reaches_the_picture(make_lab, lab, hostile_settings):
    png = lab.png
    with mpl.rc_context(hostile_settings):
        again = make_lab()
        assert again.png == png
        lab.reset()
        assert lab.png == png


def test_every_control_changes_the_caption_and_goes_to_its_ends(lab):
    """Texts have 12 pixels at least and a contrast of 4.5, at the ends too: there they are long."""
    start, start_caption = lab.values, lab.caption_text
    assert legible.complaints(lab.figure) == []
    for control in controls(lab):
        captions = set()
        values = spread(all_values(control))
        for value in values:
            lab.set(**{control.name: value})
            assert_sound(lab)
            captions.add(lab.caption_text)
            if value in (values[0], values[-1]):
                assert legible.complaints(lab.figure) == [], f"{control.name}={value}"
        assert len(captions) > 1, f"{control.name} changes nothing in the caption"
        lab.set(**{control.name: start[control.name]})
        assert lab.caption_text == start_caption


def test_random_values_and_the_way_back(lab):
    start, png, values = remembered(lab), lab.png, lab.values
    rng = np.random.default_rng(20)
    for _ in range(8):
        lab.set(**random_values(lab, rng))
        assert_sound(lab)
    lab.set(**{control.name: values[control.name] for control in controls(lab)})
    assert lab.png == png, "the picture depends on what was drawn before"
    lab.set(**random_values(lab, rng))
    lab.reset()
    assert lab.png == png
    np.testing.assert_equal(remembered(lab), start)


def test_the_picture_is_the_one_that_matplotlib_draws_at_once(make_lab):
    lab = make_lab()
    rng = np.random.default_rng(22)
    for _ in range(3):
        lab.set(**random_values(lab, rng))
    for artist in lab.figure.findobj():
        artist.set_animated(False)
    with style.context(base.STYLE):
        lab.figure.canvas.draw()
    whole = np.asarray(lab.figure.canvas.buffer_rgba())[..., :3].astype(int)
    shown = np.asarray(Image.open(io.BytesIO(lab.png)).convert("RGB"), int)
    assert (np.abs(shown - whole).max(axis=2) > 64).sum() < 10  # a PNG has 256 colours


def test_drawing_again_adds_nothing_to_the_figure(lab):
    rng = np.random.default_rng(21)
    places = [random_values(lab, rng), random_values(lab, rng)]
    counts = []
    for k in range(8):
        lab.set(**places[k % 2])
        counts.append(len(lab.figure.findobj()))
    assert counts[-2:] == counts[2:4]


def test_every_action_can_be_pressed_at_the_start_and_anywhere(lab):
    png = lab.png
    rng = np.random.default_rng(22)
    for action in lab._actions:
        for place, seconds in [({}, 2), (random_values(lab, rng), 0.5)]:
            lab.set(**place)
            lab.press(action)
            lab.wait(seconds)
            lab.stop()
            assert lab.wait(60), f"{action} goes on after stop"
            assert_sound(lab)
            assert legible.complaints(lab.figure) == [], action
            lab.press(action)
            lab.stop()
            assert lab.wait(60)
        lab.reset()
        assert_sound(lab)
        assert lab.png == png


def test_every_frame_of_an_action_is_sound(lab):
    """How far a run gets before stop depends on the machine: no frame may be cut off."""
    rng = np.random.default_rng(23)
    for action in lab._actions.values():
        for place in ({}, random_values(lab, rng)):
            lab.set(**place)
            steps = action.function(**lab.values)
            if not inspect.isgenerator(steps):
                continue
            for changes in itertools.islice(steps, 8):
                lab._take_step(dict(changes))
                assert_sound(lab)
            steps.close()


def test_a_click_anywhere_is_survived(lab):
    if not lab.picture.clickable:
        with pytest.raises(ValueError, match="takes no clicks"):
            lab.click(0, 0.5, 0.5)
        return
    png = lab.png
    for x, y in [(0.5, 0.5), (0.25, 0.3), (0.8, 0.7), (0.1, 0.9), (0.999, 0.001)]:
        lab._clicked(lab.picture, {"x": x, "y": y}, [])
        assert_sound(lab)
    for number, axes in enumerate(lab.figure.axes):
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        lab.click(number, (left + right) / 2, (bottom + top) / 2)
        assert_sound(lab)
    lab.reset()
    assert lab.png == png
