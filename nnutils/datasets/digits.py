"""The data of the course: toy sets in the plane, handwritten digits, colour pictures.

Images are uint8, 0 for paper and 255 for full ink; they become floats when a batch is made.
"""

import gzip
import hashlib
import os
import tarfile
import warnings
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

DATA_FOLDER = Path(__file__).resolve().parent.parent / "data"

MIRRORS = (  # public copies of MNIST, the same that torchvision asks
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
MNIST_SHA256 = {  # of the files' content when unpacked, since .gz files of one content can differ
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
PHOTOS = ("cat", "cup", "rocket", "astronaut")  # in data/photos.png: two above, two below


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


class ColourImages(NamedTuple):
    """Colour images, their labels, and what the labels stand for.

    ``X`` has shape (n, 3, 32, 32), uint8, the channels red, green and blue; ``y`` has shape (n,),
    int64; ``classes[y[i]]`` says in a word what image i shows; ``name`` is "CIFAR-10" or "pieces of
    four photographs".
    """

    X: np.ndarray
    y: np.ndarray
    classes: tuple
    name: str


# --- Toy sets: X (n, 2) float64, y (n,) int64, the classes as equal in number as n allows ---------


def make_moons(n, noise, rng):
    """Draw two half circles of radius 1 that reach into each other, labels 0 and 1.

    Class 0 arches up around (0, 0), class 1 down around (1, 0.5). ``noise`` is the standard
    deviation of the shift that is added to each coordinate, ``rng`` a ``numpy.random.Generator``.
    Raises ValueError for an n below 1, a negative noise or another rng.
    """
    y = _draw_labels(n, noise, rng, classes=2)
    angle = rng.uniform(0, np.pi, n)
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    X[y == 1] = [1, 0.5] - X[y == 1]
    return X + rng.normal(0, noise, X.shape), y


def make_circles(n, noise, rng):
    """Draw a circle of radius 1 (label 0) around one of radius 0.5 (label 1).

    ``noise``, ``rng`` and errors as in ``make_moons``.
    """
    y = _draw_labels(n, noise, rng, classes=2)
    angle = rng.uniform(0, 2 * np.pi, n)
    radius = np.where(y == 0, 1, 0.5)
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return X + rng.normal(0, noise, X.shape), y


def make_spiral(n, noise, rng):
    """Draw two arms that wind 1.25 times round each other, labels 0 and 1.

    The radius grows evenly with the angle, from 0.1 to 1; arm 1 is arm 0 turned by half a turn.
    ``noise``, ``rng`` and errors as in ``make_moons``.
    """
    y = _draw_labels(n, noise, rng, classes=2)
    way = rng.uniform(0, 1, n)  # how far along its arm a point lies
    radius = 0.1 + 0.9 * way
    angle = 2 * np.pi * 1.25 * way + np.pi * y
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return X + rng.normal(0, noise, X.shape), y


def make_xor(n, noise, rng):
    """Draw points around the four corners (±1, ±1): label 1 where the two signs differ.

    ``noise``, ``rng`` and errors as in ``make_moons``.
    """
    corner = _draw_labels(n, noise, rng, classes=4)
    corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    X = corners[corner]
    return X + rng.normal(0, noise, X.shape), corner % 2


def make_blobs(n, noise, rng, centres=((-1, -1), (1, 1))):
    """Draw one round cloud of points at each of the ``centres``, labels 0 … C−1.

    ``centres`` has shape (C, 2). ``noise``, ``rng`` and errors as in ``make_moons``.
    """
    centres = np.asarray(centres, dtype=float)
    if centres.ndim != 2 or centres.shape[1] != 2:
        raise ValueError(f"centres must have shape (C, 2), got {centres.shape}")
    y = _draw_labels(n, noise, rng, classes=len(centres))
    X = centres[y]
    return X + rng.normal(0, noise, X.shape), y


def _draw_labels(n, noise, rng, classes):
    """Check the arguments of a toy set and return its labels (n,), balanced and shuffled."""
    if int(n) != n or n < 1:
        raise ValueError(f"n must be a whole number of at least 1, got {n}")
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise must be a number of at least 0, got {noise}")
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator, got {rng!r}")
    return rng.permutation(np.arange(n) % classes)


# --- From a drawing to an image like those of MNIST -----------------------------------------------


def fit_to_box(image, size=20):
    """Cut out the ink of ``image`` and scale it until its longer side has ``size`` pixels.

    ``image`` has shape (h, w), 0 for paper, any unit. Returns floats from 0 to 1, the strongest
    ink being 1; the shorter side keeps its proportion. An image without ink gives (size, size)
    zeros. Raises ValueError unless the image has two axes and finite values of at least 0.
    Shown in notebook 09.
    """
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
    mass = image.sum(dtype=float)
    row = image.sum(axis=1, dtype=float) @ np.arange(image.shape[0]) / mass
    column = image.sum(axis=0, dtype=float) @ np.arange(image.shape[1]) / mass
    return float(row), float(column)


def centre_by_mass(box, size=28):
    """Place ``box`` in an empty square so that its centre of mass lies nearest the middle.

    ``box`` has shape (h, w); the result (size, size) and the same type. The middle is row and
    column size/2, and no part of the box is lost, so a lopsided box stops at the border. Raises
    ValueError when the box is larger than the square. Shown in notebook 09.
    """
    box = np.asarray(box)
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
    if int(copies) != copies or copies < 1:
        raise ValueError(f"copies must be a whole number of at least 1, got {copies}")
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator, got {rng!r}")
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
    path = DATA_FOLDER / "digits.npz"
    if not path.exists():
        raise FileNotFoundError(
            f"the bundled digits are not at {path}: install the course from its own folder "
            "with `pip install -e .`"
        )
    with np.load(path) as file:
        return file["images"], file["labels"].astype(np.int64)


def _sharpen(box):
    """Double the contrast of an enlarged 8×8 digit about its middle grey: its edges are blurred."""
    return (2 * (box - 0.25)).clip(0, 1)


# --- MNIST ----------------------------------------------------------------------------------------


def load_mnist(source="auto"):
    """Load MNIST: 60,000 images for training, 10,000 for the test.

    The four files are read from the folder ``NNUTILS_DATA`` when that is set, otherwise from the
    course's ``data/``, raw or as .gz. What is missing is downloaded into the same folder, unless
    ``NNUTILS_OFFLINE=1``. With ``source="auto"`` the bundled digits stand in when MNIST cannot be
    had, and a line says so; ``"mnist"`` raises OSError with what was tried; ``"digits"`` loads the
    bundled digits. A file whose content is not the published one is set aside and never used.
    Raises ValueError for another source. Used in notebooks 06, 09 and 10; LeCun et al., 1998.
    """
    if source not in ("auto", "mnist", "digits"):
        raise ValueError(f'source must be "auto", "mnist" or "digits", got {source!r}')
    if source == "digits":
        return load_digits()
    try:
        X_train, y_train, X_test, y_test = (_read_mnist(name) for name in MNIST_SHA256)
    except OSError as problem:
        if source == "mnist":
            raise
        print(
            f"MNIST is not available: {problem}. The 1,797 bundled digits stand in. "
            'With a network, load_mnist("mnist") fetches MNIST; data/README.md shows other ways.'
        )
        return load_digits()
    return ImageData(X_train, y_train.astype(np.int64), X_test, y_test.astype(np.int64), "MNIST")


def _read_mnist(name):
    """Return one of the four files as an array, from the disk or else from a mirror."""
    folder, place = _data_folder()
    for path in (folder / name, folder / f"{name}.gz"):
        if path.exists():
            try:
                return _parse_idx(_unpack(path.read_bytes(), name))
            except ValueError as problem:
                _set_aside(path, problem)
    if _is_offline():
        raise OSError(f"{name} is not in {place}, and NNUTILS_OFFLINE forbids a download")
    return _download_mnist(name, folder)


def _download_mnist(name, folder):
    """Download one of the four files into ``folder`` and return it as an array."""
    from nnutils.download import download  # here, since most sessions never download

    path = folder / f"{name}.gz"
    urls = [f"{mirror}{name}.gz" for mirror in MIRRORS]
    try:
        download(urls, path, check=lambda content: _unpack(content, name))
    except OSError as problem:
        raise OSError(f"{name} is not in {folder}, and {problem}") from problem
    return _parse_idx(_unpack(path.read_bytes(), name))


def _data_folder():
    """Return the folder that data files are read from, and what the messages call it."""
    folder, place = DATA_FOLDER, "data/"
    if os.environ.get("NNUTILS_DATA"):
        folder, place = Path(os.environ["NNUTILS_DATA"]).expanduser(), "NNUTILS_DATA"
    if not folder.is_dir():
        raise OSError(f"{place} is no folder ({folder})")
    return folder, place


def _is_offline():
    return os.environ.get("NNUTILS_OFFLINE", "0") not in ("", "0")


def _unpack(content, name):
    """Return the bytes of an MNIST file without gzip; ValueError unless they are the right ones."""
    start = content[:15]
    if content.startswith(b"\x1f\x8b"):  # the mark of gzip
        try:
            content = gzip.decompress(content)
        except EOFError:
            raise ValueError("is truncated") from None
        except (gzip.BadGzipFile, zlib.error):
            raise ValueError("is corrupt") from None
    if hashlib.sha256(content).hexdigest() != MNIST_SHA256[name]:
        raise ValueError(
            f"is not the published {name} ({len(content):,} bytes, the file begins with {start})"
        )
    return content


def _parse_idx(content):
    """Return the array in an IDX file: the fourth byte counts the axes, their lengths follow."""
    axes = content[3]
    shape = np.frombuffer(content, dtype=">i4", count=axes, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape).copy()


def _set_aside(path, problem):
    """Say that a file is not used, and give it another name if the folder allows it."""
    aside = path.with_name(f"{path.name}.damaged")
    while aside.exists():  # an earlier one is kept too
        aside = aside.with_name(f"{aside.name}.damaged")
    try:
        path.rename(aside)
    except OSError:
        print(f"{path} {problem}. It is not used.")
    else:
        print(f"{path} {problem}. It is not used; its name is now {aside.name}.")


# --- Colour pictures ------------------------------------------------------------------------------


def load_photos():
    """Load four photographs: a cat, a cup, a rocket and an astronaut, (4, 3, 128, 128) uint8.

    The second axis holds the channels red, green and blue. Raises FileNotFoundError when the
    course's data folder is not there. Used in notebook 07.
    """
    return _cut(_read_photos(), 128)


def load_cifar10(source="auto"):
    """Load the 10,000 test images of CIFAR-10: colour images of 32×32 pixels in ten classes.

    They are read through ``torchvision.datasets.CIFAR10`` from the folder ``NNUTILS_DATA`` when
    that is set, otherwise from the course's ``data/``: from ``cifar-10-batches-py``, or from the
    published archive, whose SHA-256 is checked. With ``source="auto"`` nothing is downloaded: when
    CIFAR-10 is not there, 64 pieces of the bundled photographs stand in, and a line says so.
    ``"cifar10"`` asks for a download, 170 MB, and raises OSError with what was tried when there is
    none; ``"photos"`` loads the pieces. Raises ValueError for another source. Used in notebook 07;
    Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    if source not in ("auto", "cifar10", "photos"):
        raise ValueError(f'source must be "auto", "cifar10" or "photos", got {source!r}')
    if source == "photos":
        return _cut_photos()
    try:
        return _read_cifar10(may_download=source == "cifar10")
    except OSError as problem:
        if source == "cifar10":
            raise
        print(
            f"CIFAR-10 is not available: {problem}. 64 pieces of four photographs stand in. "
            'With a network, load_cifar10("cifar10") fetches it, 170 MB; data/README.md shows '
            "other ways."
        )
        return _cut_photos()


def _read_photos():
    """Return the photographs side by side: (3, 256, 256)."""
    path = DATA_FOLDER / "photos.png"
    if not path.exists():
        raise FileNotFoundError(
            f"the bundled photographs are not at {path}: install the course from its own folder "
            "with `pip install -e .`"
        )
    return np.asarray(Image.open(path)).transpose(2, 0, 1)


def _cut(picture, size):
    """Cut a picture (3, H, W) into squares, row by row: (n, 3, size, size)."""
    channels, height, width = picture.shape
    squares = picture.reshape(channels, height // size, size, width // size, size)
    return squares.transpose(1, 3, 0, 2, 4).reshape(-1, channels, size, size)


def _cut_photos():
    """Return the photographs as 64 images of CIFAR-10's size, eight to a row."""
    row, column = np.divmod(np.arange(64), 8)
    y = 2 * (row // 4) + column // 4
    return ColourImages(_cut(_read_photos(), 32), y, PHOTOS, "pieces of four photographs")


def _read_cifar10(may_download):
    """Return CIFAR-10 from the disk, unpacking its archive or downloading it where needed."""
    folder, place = _data_folder()
    unpacked, archive = folder / "cifar-10-batches-py", folder / "cifar-10-python.tar.gz"
    if unpacked.is_dir():
        try:
            return _open_cifar10(folder)
        except RuntimeError:  # torchvision compares the MD5 sum of each file
            print(f"{unpacked} is not complete, or not the published one. It is not used.")
    if archive.exists():
        try:
            _check_cifar10(archive.read_bytes())
        except ValueError as problem:
            _set_aside(archive, problem)
    if not archive.exists():
        if not may_download:
            raise OSError(f"{archive.name} is not in {place}")
        _download_cifar10(archive, place)
    with tarfile.open(archive) as file:
        # Python before 3.11.4 has no such filter; what is unpacked is the published file anyway.
        file.extraction_filter = getattr(tarfile, "data_filter", None)
        file.extractall(folder)
    return _open_cifar10(folder)


def _open_cifar10(folder):
    """Return the unpacked CIFAR-10 in ``folder``; RuntimeError unless every file is right."""
    from torchvision.datasets import CIFAR10  # here, since it loads torch

    with warnings.catch_warnings():  # NumPy 2.4.0 to 2.4.4 find the files' old pickles strange
        warnings.simplefilter("ignore", np.exceptions.VisibleDeprecationWarning)
        data = CIFAR10(folder, train=False)
    X = np.ascontiguousarray(data.data.transpose(0, 3, 1, 2))  # torchvision has channels last
    return ColourImages(X, np.array(data.targets), tuple(data.classes), "CIFAR-10")


def _download_cifar10(archive, place):
    if _is_offline():
        raise OSError(f"{archive.name} is not in {place}, and NNUTILS_OFFLINE forbids a download")
    from nnutils.download import download  # here, since most sessions never download

    try:
        download([CIFAR10_URL], archive, _check_cifar10)
    except OSError as problem:
        raise OSError(f"{archive.name} is not in {place}, and {problem}") from problem


def _check_cifar10(content):
    """Raise ValueError unless these bytes are the published archive."""
    if hashlib.sha256(content).hexdigest() != CIFAR10_SHA256:
        raise ValueError(
            f"is not the published archive of CIFAR-10 ({len(content):,} bytes, the file begins "
            f"with {content[:15]})"
        )
