"""Modules that are imported at their first use: torch takes seconds, and 00 to 06 do without."""

from importlib import import_module


class Late:
    """Stand for the module ``name`` until one of its names is asked for."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        return getattr(import_module(self._name), name)


torch, nn = Late("torch"), Late("torch.nn")
