"""How close a kernel comes to Sobel's when it learns from one picture, as in notebook 07.

python -m benchmarks.kernel

For each photograph and each of five seeds a kernel of nine small random weights learns by gradient
descent to make the edge picture, which Sobel's kernel has made, from the photograph.
"""

import numpy as np

from benchmarks.tables import SEEDS, write_table
from nnutils.convolution import conv2d, conv2d_backward
from nnutils.datasets import load_photos

SOBEL = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
PHOTOS = ("cat", "cup", "rocket", "astronaut")
RATE, STEPS, LIMIT, CLOSE = 0.1, 500, 10_000, 0.03


def learn(picture, seed):
    """Return how far the worst weight is from Sobel's after STEPS, and the first step below CLOSE.

    ``picture`` has shape (rows, columns); the kernel sees it with mean 0 and standard deviation 1.
    """
    X = ((picture - picture.mean()) / picture.std())[None, None]
    Y = conv2d(X, SOBEL[None, None])
    W = np.random.default_rng(seed).normal(scale=0.1, size=(1, 1, 3, 3))
    errors = []
    while len(errors) < STEPS or (CLOSE <= errors[-1] and len(errors) < LIMIT):
        _, dW, _ = conv2d_backward(2 * (conv2d(X, W) - Y) / Y.size, X, W)
        W = W - RATE * dW
        errors.append(np.abs(W - SOBEL).max())
    return errors[STEPS - 1], 1 + int(np.argmax(np.array(errors) < CLOSE))


def rows():
    """Return the rows of the table: a photograph, what is left after STEPS, steps to CLOSE."""
    found = []
    for name, photo in zip(PHOTOS, load_photos(), strict=True):
        errors, steps = zip(*(learn(photo.mean(axis=0), seed) for seed in SEEDS), strict=True)
        each = ", ".join(f"{error:.3f}" for error in errors)
        found.append([name, f"{np.mean(errors):.3f}", each, ", ".join(f"{n:,}" for n in steps)])
    return found


if __name__ == "__main__":
    header = [
        "photograph",
        f"worst weight after {STEPS} steps, mean",
        "each seed",
        f"steps until it is within {CLOSE}",
    ]
    write_table("kernel", header, rows())
