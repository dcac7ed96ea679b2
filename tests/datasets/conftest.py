import pytest

from nnutils.datasets import load_mnist


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    monkeypatch.setenv("NNUTILS_OFFLINE", "1")


@pytest.fixture
def the_line(capsys):
    """Give a function that returns the one line that was printed."""

    def read():
        (line,) = capsys.readouterr().out.splitlines()
        return line

    return read


@pytest.fixture(scope="module")
def real_mnist(mnist_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NNUTILS_DATA", mnist_folder)
        patch.setenv("NNUTILS_OFFLINE", "1")
        return load_mnist("mnist")
