"""Python imports this module when it starts: the tests put its folder on PYTHONPATH."""

import offline  # noqa: F401
