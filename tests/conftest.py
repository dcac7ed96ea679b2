"""No network for any test; the option ``--lax`` for other versions than ``constraints.txt`` has."""

import importlib
import os
import sys
from pathlib import Path

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
