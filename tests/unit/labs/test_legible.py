"""The text in every lab's picture can be read: 12 pixels at least, and a contrast of 4.5."""

import importlib
import pkgutil

import legible
import matplotlib.pyplot as plt
import pytest

import nnutils.labs
from nnutils.labs.base import Choice, Slider

SECONDS = 0.5  # that an action runs


def all_labs():
    """Return every function that makes a lab, by its name."""
    modules = [
        importlib.import_module(f"nnutils.labs.{module.name}")
        for module in pkgutil.iter_modules(nnutils.labs.__path__)
    ]
    return {
        name: vars(module)[name]
        for module in modules
        for name in getattr(module, "__all__", [])
        if name.endswith("_lab")
    }


LABS = all_labs()


def ends(control):
    """Return the values at which a control's texts may be longest."""
    if isinstance(control, Slider):
        return control.low, control.high
    if isinstance(control, Choice):
        return control.options[0], control.options[-1]
    return False, True


@pytest.mark.parametrize("make", LABS.values(), ids=LABS)
def test_the_text_of_a_lab_can_be_read(make):
    lab = make()
    found = dict.fromkeys(legible.complaints(lab.figure), "start")
    for name, control in lab._controls.items():
        for value in ends(control):
            lab.set(**{name: value})
            found |= dict.fromkeys(legible.complaints(lab.figure), f"{name}={value}")
        lab.reset()
    for action in lab._actions:
        lab.press(action)
        lab.wait(SECONDS)
        lab.stop()
        assert lab.wait(60)
        found |= dict.fromkeys(legible.complaints(lab.figure), action)
        lab.reset()
    assert found == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ({"fontsize": 8.6}, "11.9 pixels"),
        ({"fontsize": 8.7}, None),
        ({"color": "#777777"}, "4.48"),
        ({"color": "#767676"}, None),
        ({"color": "black", "alpha": 0.3}, "contrast"),
        ({"color": "white", "bbox": {"fc": "#D55E00"}}, "3.87"),
        ({"color": "white", "bbox": {"fc": "#0072B2"}}, None),
    ],
)
def test_what_cannot_be_read_is_noticed(text, complaint):
    figure, ax = plt.subplots(dpi=100)
    ax.text(0.5, 0.5, "a word", **text)
    found = legible.complaints(figure)
    plt.close(figure)
    assert [complaint in sentence for sentence in found] == ([True] if complaint else [])
