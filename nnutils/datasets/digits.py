"""The bundled digits: prepared as MNIST was, read, distorted.

Images are uint8, 0 for paper and 255 for full ink.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from nnutils.checks import generator, whole_number
from nnutils.datasets.files import bundled


class ImageData(NamedTuple):
    """Images and labels for training and for the test.

    ``X_train`` and ``X_test`` have shape (n, 28, 28), uint8; ``y_train`` and ``y_test`` shape (n,),
    int64, 0 … 9; ``name`` is "MNIST" or "bundled digits".
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    name: str


def to_inputs(X):
    """Return pictures as the inputs of a network, floats from 0 to 1.

    X is an array or a tensor of any shape: uint8 from 0 to 255 is divided by 255, floats stay as
    they are. Raises ValueError for numbers of another kind.
    """
    kind = str(X.dtype)  # "uint8", or "torch.uint8"
    if kind.endswith("uint8"):
        return X / 255
    if "float" not in kind:
        raise ValueError(f"images must be uint8 from 0 to 255 or floats, got {kind}")
    return X


# --- From a drawing to an image like those of MNIST -----------------------------------------------


def fit_to_box(image, size=20):
    """Cut out the ink of ``image`` and scale it until its longer side has ``size`` pixels.

    ``image`` has shape (h, w), 0 for paper, any unit. Returns floats from 0 to 1, the strongest
    ink being 1; the shorter side keeps its proportion. An image without ink gives (size, size)
    zeros. Raises ValueError unless the image has two axes and finite values of at least 0, and
    ``size`` is a whole number of at least 1. Shown in notebook 09.
    """
    size = whole_number("size", size)
    image = np.asarray(image, dtype=float)
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"image must have shape (h, w), got {image.shape}")
    if not (np.isfinite(image).all() and image.min() >= 0):
        raise ValueError(f"image must hold finite values of at least 0, got {image}")
    if not image.any():
        return np.zeros((size, size))
    rows = np.flatnonzero(image.any(axis=1))
    columns = np.flatnonzero(image.any(axis=0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / image.max()
    height, width = (max(1, round(size * side / max(ink.shape))) for side in ink.shape)
    picture = Image.fromarray(ink.astype(np.float32))
    box = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), dtype=float)
    box = box.clip(0, 1)  # bicubic interpolation overshoots at edges
    return box / box.max()


def centre_of_mass(image):
    """Return the row and the column, as floats, about which the ink of ``image`` balances."""
    image = np.asarray(image)
    mass = image.sum(dtype=float)
    row = image.sum(axis=1, dtype=float) @ np.arange(image.shape[0]) / mass
    column = image.sum(axis=0, dtype=float) @ np.arange(image.shape[1]) / mass
    return float(row), float(column)


def centre_by_mass(box, size=28):
    """Place ``box`` in an empty square so that its centre of mass lies nearest the middle.

    ``box`` has shape (h, w); the result (size, size) and the same type. The middle is row and
    column size/2, and no part of the box is lost, so a lopsided box stops at the border. Raises
    ValueError when the box is larger than the square, and when ``size`` is not a whole number of
    at least 1. Shown in notebook 09.
    """
    box, size = np.asarray(box), whole_number("size", size)
    if box.ndim != 2 or max(box.shape) > size:
        raise ValueError(f"box must fit into ({size}, {size}), got {box.shape}")
    square = np.zeros((size, size), dtype=box.dtype)
    if box.any():
        height, width = box.shape
        row, column = centre_of_mass(box)
        top = min(max(round(size / 2 - row), 0), size - height)
        left = min(max(round(size / 2 - column), 0), size - width)
        square[top : top + height, left : left + width] = box
    return square


def prepare_digit(image):
    """Prepare a drawing of any size the way MNIST was prepared: (28, 28) uint8.

    The ink is scaled into a 20×20 box and placed by its centre of mass. ``image`` and errors as
    in ``fit_to_box``. Shown in notebook 09; LeCun et al., "Gradient-based learning applied to
    document recognition", 1998.
    """
    return centre_by_mass(_to_uint8(fit_to_box(image)))


def _to_uint8(image):
    return np.round(255 * image).astype(np.uint8)


# --- The bundled digits ---------------------------------------------------------------------------


def load_digits(split="writers", rng=None):
    """Load the 1,797 bundled digits as 28×28 images, 360 of them for the test.

    With ``split="writers"`` the test set is the last 360 in file order, largely written by people
    who wrote none of the others; with ``"random"`` it is 360 drawn by ``rng``, a
    ``numpy.random.Generator``. Raises FileNotFoundError when the course's data folder is not there
    and ValueError for another split. Used in notebooks 06, 09 and 10; Alpaydin and Kaynak, 1998.
    """
    images, labels = _read_digits()
    if split == "writers":
        order = np.arange(len(labels))
    elif split == "random" and isinstance(rng, np.random.Generator):
        order = rng.permutation(len(labels))
    else:
        raise ValueError(f'split must be "writers", or "random" with an rng, got {split!r}, {rng}')
    X = np.stack([centre_by_mass(_to_uint8(_sharpen(fit_to_box(image)))) for image in images])
    train, test = order[:-360], order[-360:]
    return ImageData(X[train], labels[train], X[test], labels[test], "bundled digits")


def augment_digits(X, y, copies, rng):
    """Return ``copies`` distorted versions of each digit, and their labels.

    X has shape (n, 28, 28), uint8, y shape (n,); the results have copies·n rows, one version of all
    digits after the other. Each digit is turned, sheared, stretched and bent by chance, its strokes
    become thinner and its contrast stronger, and ``prepare_digit`` prepares it anew. ``rng`` is a
    ``numpy.random.Generator``. Raises ValueError when lengths or shapes differ, for copies below 1
    and for another rng. Used in notebook 09; Simard et al., "Best practices for convolutional
    neural networks applied to visual document analysis", 2003.
    """
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim != 3 or X.shape[1:] != (28, 28) or X.dtype != np.uint8:
        raise ValueError(f"X must have shape (n, 28, 28) and hold uint8, got {X.shape}, {X.dtype}")
    if y.shape != X.shape[:1] or len(y) == 0:
        raise ValueError(f"y must hold {len(X)} labels, at least one, got shape {y.shape}")
    copies = whole_number("copies", copies)
    generator(rng)
    versions = [prepare_digit(image) for _ in range(copies) for image in _distort(X, rng)]
    return np.stack(versions), np.tile(y, copies)


def _distort(X, rng):
    """Return the digits of X (n, 28, 28) in other shapes and with other strokes, 0 … 255."""
    ink = _sample(X, *_draw_places(len(X), rng))
    weakest = rng.uniform(0, 0.6, (len(X), 1, 1)) * ink.max(axis=(1, 2), keepdims=True)
    contrast = rng.uniform(1, 3, (len(X), 1, 1))
    return (contrast * (ink - weakest)).clip(0, 255)


def _draw_places(n, rng):
    """Draw n distortions: rows and columns (n, 28, 28) at which each new pixel finds its ink."""
    turn, shear, stretch = (
        rng.normal(mean, spread, (n, 1, 1)) for mean, spread in ((0, 0.12), (0, 0.3), (0.2, 0.2))
    )
    down, right = np.mgrid[:28, :28] - 13.5  # from the middle
    right = right * np.exp(-stretch) + down * shear
    # The bend: 5×5 nodes are shifted at random, and the pixels between them follow linearly.
    nodes = rng.normal(0, 1.5, (2, n, 5, 5))
    share = np.maximum(0, 1 - abs(np.linspace(0, 4, 28)[:, None] - np.arange(5)))  # (28, 5)
    bend_down, bend_right = share @ nodes @ share.T
    row = np.sin(turn) * right + np.cos(turn) * down + bend_down + 13.5
    column = np.cos(turn) * right - np.sin(turn) * down + bend_right + 13.5
    return row, column


def _sample(images, row, column):
    """Return the ink of each image at places between its pixels, by linear interpolation.

    ``images`` has shape (n, h, w), ``row`` and ``column`` one entry for each place, (n, …); outside
    the images is paper.
    """
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    n, height, width = padded.shape
    row, column = (row + 1).clip(0, height - 1.001), (column + 1).clip(0, width - 1.001)
    top, left = row.astype(int), column.astype(int)
    down, right = (row - top).astype(np.float32), (column - left).astype(np.float32)
    corner = (height * np.arange(n)[:, None, None] + top) * width + left  # in the flat array
    above, below = (
        (1 - right) * padded.take(first) + right * padded.take(first + 1)
        for first in (corner, corner + width)
    )
    return (1 - down) * above + down * below


def _read_digits():
    """Return the digits as UCI published them: images (1797, 8, 8), 0 … 16, and labels."""
    with np.load(bundled("digits.npz")) as file:
        return file["images"], file["labels"].astype(np.int64)


def _sharpen(box):
    """Double the contrast of an enlarged 8×8 digit about its middle grey: its edges are blurred."""
    return (2 * (box - 0.25)).clip(0, 1)
