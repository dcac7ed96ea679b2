import pytest

from nnutils.notebooks import isolated_environment


@pytest.fixture(scope="session")
def environment():
    """Give the kernels empty folders, no network and no GPU."""
    with isolated_environment() as variables:
        yield variables
