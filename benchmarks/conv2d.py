"""Convolution: `nnutils.convolution` beside torch and beside the naive loops."""

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.tables import measure, write_table
from nnutils.convolution import conv2d, conv2d_backward, conv2d_naive

SHAPES = [((64, 3, 32, 32), (6, 3, 3, 3)), ((128, 16, 28, 28), (32, 16, 3, 3))]


def compare(x_shape, w_shape):
    """Return one row of the table."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal(x_shape, dtype=np.float32)
    W = rng.standard_normal(w_shape, dtype=np.float32)
    dY = np.ones_like(conv2d(X, W))
    X_torch, W_torch = torch.tensor(X, requires_grad=True), torch.tensor(W, requires_grad=True)
    dY_torch = torch.tensor(dY)

    def torch_forward():
        with torch.no_grad():
            F.conv2d(X_torch, W_torch)

    def torch_forward_and_backward():
        torch.autograd.grad(F.conv2d(X_torch, W_torch), (X_torch, W_torch), dY_torch)

    def forward_and_backward():
        conv2d(X, W)
        conv2d_backward(dY, X, W)

    t = measure(
        {
            "forward": lambda: conv2d(X, W),
            "torch forward": torch_forward,
            "both": forward_and_backward,
            "torch both": torch_forward_and_backward,
        },
        rounds=51,
    )
    t |= measure({"naive": lambda: conv2d_naive(X, W)}, rounds=3)
    return [
        "×".join(map(str, x_shape)),
        "×".join(map(str, w_shape)),
        f"{1000 * t['forward']:.1f} ms",
        f"{t['forward'] / t['torch forward']:.1f}",
        f"{t['both'] / t['torch both']:.1f}",
        f"{t['naive'] / t['forward']:.0f}",
    ]


if __name__ == "__main__":
    header = [
        "pictures",
        "kernels",
        "`conv2d`",
        "`conv2d` : torch",
        "forward and backward : torch",
        "naive loops : `conv2d`",
    ]
    write_table("conv2d", header, [compare(*shapes) for shapes in SHAPES])
