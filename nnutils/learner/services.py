"""The hosted services that run the course in a browser: which one this is, what it keeps."""

import os
import sys
from typing import NamedTuple


class Service(NamedTuple):
    """A service: its name, what ends a session there, and what keeps the notebook itself.

    ``keeps_notebook`` is empty where notebooks are files like all others.
    """

    name: str
    ends: str
    keeps_notebook: str


BINDER = Service("Binder", "a pause of ten minutes ends it", "")
COLAB = Service("Colab", "it ends after a while", "File → Save a copy in Drive keeps the notebook.")
KAGGLE = Service("Kaggle", "it ends after a while", "Save Version keeps the notebook.")

# Set by BinderHub in every server that it starts (the last one by its Kubernetes service).
BINDER_VARIABLES = ("BINDER_REPO_URL", "BINDER_LAUNCH_HOST", "BINDER_SERVICE_HOST")


def this_service():
    """Return the service that runs this kernel, or None for one's own machine."""
    if any(name in os.environ for name in BINDER_VARIABLES):
        return BINDER
    if "google.colab" in sys.modules or any(name.startswith("COLAB_") for name in os.environ):
        return COLAB
    return KAGGLE if "KAGGLE_KERNEL_RUN_TYPE" in os.environ else None
