"""The guard of the tests: neither they nor the Pythons and kernels they start use a network."""

import socket
import subprocess
import sys

import nbformat
import pytest

from tools import notebooks

# 192.0.2.1 is an address for examples (RFC 5737): nobody answers there.
ATTEMPT = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
REFUSED = "the tests use no network"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org"])
def test_no_other_machine_can_be_reached(host):
    with pytest.raises(OSError, match=REFUSED):
        socket.create_connection((host, 80), timeout=1)


def test_no_packet_leaves_and_no_name_is_looked_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        with pytest.raises(OSError, match=REFUSED):
            sender.sendto(b"hello", ("192.0.2.1", 53))
    with pytest.raises(OSError, match=REFUSED):
        socket.gethostbyname("example.org")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_can(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection((host, server.getsockname()[1]), timeout=5) as client:
            assert client.getpeername() == server.getsockname()


def test_a_python_that_a_test_starts_is_offline_too():
    result = subprocess.run([sys.executable, "-c", ATTEMPT], capture_output=True, text=True)
    assert REFUSED in result.stderr


def test_a_kernel_is_offline_too(tmp_path):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(ATTEMPT)])
    with notebooks.isolated_environment() as environment:
        with pytest.raises(notebooks.CellExecutionError, match=REFUSED):
            notebooks.run(book, tmp_path, environment)
