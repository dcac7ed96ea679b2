"""Python imports this module when it starts: the tests put its folder on PYTHONPATH."""

import os
import sys

import offline  # noqa: F401

if os.environ.get("TESTS_WITHOUT_TORCH"):
    sys.modules["torch"] = sys.modules["torchvision"] = None  # whoever imports them gets an error
