"""No network for any test; the option ``--lax`` for other versions than ``constraints.txt`` has."""

import importlib
import os
import signal
import sys
from pathlib import Path

import pytest

HELPERS = str(Path(__file__).parent / "helpers")
if HELPERS not in sys.path:
    sys.path.insert(0, HELPERS)
    others = os.environ.get("PYTHONPATH")  # of the Pythons and kernels that the tests start
    os.environ["PYTHONPATH"] = HELPERS + os.pathsep + others if others else HELPERS
importlib.import_module("offline")


def pytest_addoption(parser):
    """Add the option."""
    parser.addoption(
        "--lax",
        action="store_true",
        help="run the notebooks without comparing their outputs; warnings are no errors",
    )


def pytest_configure(config):
    """Let warnings be warnings again: the last filter counts."""
    if config.getoption("lax"):
        config.addinivalue_line("filterwarnings", "default")


@pytest.fixture(scope="session")
def mnist_folder():
    """Return the folder of the real MNIST files; a test that needs them is skipped without."""
    from tools.notebooks import mnist_folder  # what the tests of the wheel do without

    if mnist_folder() is None:
        pytest.skip("the real MNIST files are not here: set NNUTILS_DATA to their folder")
    return str(mnist_folder())


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Give each test a progress file of its own."""
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "progress"))


@pytest.fixture
def interruptible():
    """Let an interrupt raise KeyboardInterrupt: a program started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
