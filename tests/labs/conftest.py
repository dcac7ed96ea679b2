import weakref

import matplotlib as mpl
import pytest

from nnutils.labs.base import Lab
from nnutils.learner import setup_check


@pytest.fixture(autouse=True)
def labs_are_closed(monkeypatch):
    """Close the labs of each test, as a page does that shows them no longer."""
    made, open_lab = weakref.WeakSet(), Lab._open

    def open_and_note(lab):
        made.add(lab)
        open_lab(lab)

    monkeypatch.setattr(Lab, "_open", open_and_note)
    yield
    for lab in list(made):
        lab.close()


@pytest.fixture(autouse=True)
def torch_answers_at_once(monkeypatch):
    """Let no test wait for another Python that imports PyTorch."""
    row = setup_check.Row("device", "cpu: the processor, which is enough for the course")
    monkeypatch.setattr(setup_check, "ask_for_device", lambda: row)


@pytest.fixture(scope="session")
def hostile_settings():
    """Settings of Matplotlib that a user may have, each of which would spoil a picture."""
    return {
        "axes.autolimit_mode": "round_numbers",
        "axes.facecolor": "yellow",
        "axes.grid": True,
        "axes.prop_cycle": mpl.cycler(linestyle=[":"]),
        "axes.titlelocation": "left",
        "axes.unicode_minus": False,
        "axes.xmargin": 0.4,
        "figure.autolayout": True,
        "figure.constrained_layout.w_pad": 1,
        "figure.dpi": 40,
        "figure.facecolor": "black",
        "figure.figsize": (2, 2),
        "font.family": "monospace",
        "font.size": 30,
        "image.aspect": "auto",
        "image.cmap": "jet",
        "image.interpolation": "bilinear",
        "image.origin": "lower",
        "legend.loc": "lower left",
        "lines.linewidth": 9,
        "lines.marker": "s",
        "mathtext.fontset": "cm",
        "path.sketch": (5, 50, 2),
        "savefig.bbox": "tight",
        "savefig.dpi": 30,
        "text.antialiased": False,
        "text.usetex": True,
        "xtick.bottom": False,
        "xtick.minor.visible": True,
        "ytick.color": "red",
    }


@pytest.fixture
def lab(shared_lab):
    """The lab of a module, which its ``shared_lab`` gives, in its start state."""
    yield shared_lab
    shared_lab.stop()
    assert shared_lab.wait(60), "the action goes on after stop"
    shared_lab.reset()
