"""The lab of notebook 00 that asks PyTorch for its device; the pad is in `draw_a_digit`."""

from typing import NamedTuple

from matplotlib.patches import Circle

from nnutils.labs.base import Action, Lab
from nnutils.learner import setup_check
from nnutils.plotting import GREEN, GREY

__all__ = ["device_lab"]


class Device(NamedTuple):
    """What PyTorch has said, and whether it has said something."""

    said: str
    answered: bool


def draw_lamp(figure, state):
    """Draw a lamp, off until PyTorch has answered, with the state beside it."""
    if not figure.axes:
        axes = figure.subplots()
        axes.add_patch(Circle((0.5, 0.5), 0.35, edgecolor=GREY, linewidth=2))
        axes.text(1.1, 0.5, "", va="center", fontsize=15)
        axes.set(xlim=(0, 5), ylim=(0, 1), aspect="equal")
        axes.axis("off")
    (axes,) = figure.axes
    axes.patches[0].set_facecolor(GREEN if state.answered else "white")
    axes.texts[0].set_text("PyTorch has answered" if state.answered else "not asked yet")


def ask_torch(**_):
    """Ask PyTorch for its device, which takes some seconds: it has to start."""
    yield {"said": "PyTorch is starting, which takes some seconds.", "answered": False}
    row = setup_check.ask_for_device()
    yield {"said": f"Device: {row.state}. {row.todo}".strip(), "answered": True}


def device_lab():
    """Press a button, and PyTorch, started in a process of its own, tells its device."""
    return Lab(
        "Which device does PyTorch use?",
        [Action("ask", "Ask PyTorch", ask_torch)],
        Device,
        draw_lamp,
        lambda state: state.said,
        hidden={"said": "PyTorch was not asked yet.", "answered": False},
        size=(5, 1),
    )
