"""What several unit tests need."""

import signal

import pytest


@pytest.fixture
def interruptible():
    """Let an interrupt raise KeyboardInterrupt: a program started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
