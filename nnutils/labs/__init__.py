"""Interactive labs, one module per notebook, built on `nnutils.labs.base`."""
