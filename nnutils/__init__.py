"""The helper package of the course: every function in it was first built by hand in a notebook."""

__version__ = "0.1.0"
