"""The package as others install it: a wheel, outside a clone, without torch, with ipywidgets 7.

`make test` builds it and installs it into an environment of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = Path(sys.prefix, "bare", "bin", "python")
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="`make test` makes the environment")

SCRIPT = """
import importlib, importlib.util, io, pathlib, sys
import ipywidgets, nnutils
from PIL import Image
from nnutils import datasets
from nnutils.exercises import card, check, course, guess, quiz
from nnutils.learner.setup_check import check_digits, check_python

assert ipywidgets.__version__ == "7.7.1"
assert importlib.util.find_spec("torch") is None
assert pathlib.Path(nnutils.__file__).is_relative_to(sys.prefix)

assert datasets.load_digits().X_train.shape == (1437, 28, 28)
assert datasets.load_photos().shape == (4, 3, 128, 128)
assert datasets.load_mnist().name == "bundled digits"
assert check_digits().fine and check_python().fine
assert card()._repr_markdown_().count(" % |") >= 10

def my_accuracy(answers, labels):
    return (answers == labels).mean()

assert check("accuracy").verdict == "solved"
assert course.summary()[0].solved == 1
assert sum(row.questions for row in course.summary()) > 50

def assert_shows(shown):
    data, _ = shown._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert data["text/plain"]
    return data

assert_shows(quiz("why_centre"))
assert_shows(quiz("why_centre", "twenty_of_twenty"))
assert_shows(guess("how_many_are_big"))
for module in ("start_here", "perceptron", "dice_sum_model", "backprop_by_hand", "draw_a_digit"):
    module = importlib.import_module(f"nnutils.labs.{module}")
    for name in module.__all__:
        if name.endswith("_lab"):
            Image.open(io.BytesIO(assert_shows(getattr(module, name)())["image/png"])).load()
"""


def test_digits_checks_quizzes_and_labs_work(tmp_path):
    environment = {name: os.environ[name] for name in os.environ if name != "NNUTILS_DATA"}
    environment |= {"NNUTILS_OFFLINE": "1", "HOME": str(tmp_path)}
    command = [PYTHON, "-c", SCRIPT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
