from pathlib import Path

import pytest

from tools.notebooks import isolated_environment

# Runs in every kernel before the first cell; the tests' helpers are on its path.
STRICT = """
import legible

legible.be_strict()
del legible
"""


@pytest.fixture(scope="session")
def environment():
    """Give the kernels empty folders, no network and no GPU; text too small or pale is an error."""
    with isolated_environment() as variables:
        startup = Path(variables["IPYTHONDIR"], "profile_default", "startup", "strict.py")
        startup.parent.mkdir(parents=True)
        startup.write_text(STRICT, encoding="utf-8")
        yield variables


@pytest.fixture
def environment_of(environment):
    """Return a function: the environment of a notebook. Those up to 06 find no torch in theirs."""

    def environment_of(path):
        alone = int(path.name[:2]) <= 6
        return environment | ({"TESTS_WITHOUT_TORCH": "1"} if alone else {})

    return environment_of
