"""Colour pictures: four bundled photographs, and CIFAR-10 where it can be had."""

import hashlib
import os
import tarfile
import warnings
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from PIL import Image

from nnutils.datasets.files import (
    bundled,
    data_folder,
    is_offline,
    say,
    say_what_stands_in,
    set_aside,
)

CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
PHOTOS = ("cat", "cup", "rocket", "astronaut")  # in data/photos.png: two above, two below


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
    none, ImportError or RuntimeError when torchvision does not load; ``"photos"`` loads the pieces.
    Raises ValueError for another source. Used in notebook 07; Krizhevsky, "Learning multiple layers
    of features from tiny images", 2009.
    """
    if source not in ("auto", "cifar10", "photos"):
        raise ValueError(f'source must be "auto", "cifar10" or "photos", got {source!r}')
    if source == "photos":
        return _cut_photos()
    try:
        folder, _ = data_folder()
        if source == "cifar10":
            return _read_cifar10(folder, folder, may_download=True)
        # A notebook stores this line: it is the same wherever the folder lies, online or not.
        return _read_cifar10(folder, "the data folder", may_download=False)
    except (OSError, ImportError, RuntimeError) as problem:
        if source == "cifar10":
            raise
        say_what_stands_in("CIFAR-10", problem, "64 pieces of four photographs")
        return _cut_photos()


def _read_photos():
    """Return the photographs side by side: (3, 256, 256)."""
    return np.asarray(Image.open(bundled("photos.png"))).transpose(2, 0, 1)


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


def _read_cifar10(folder, place, may_download):
    """Return CIFAR-10 from ``folder``, unpacking its archive or downloading it where needed.

    ``place`` is what the OSError calls the folder when CIFAR-10 cannot be had.
    """
    unpacked, archive = folder / "cifar-10-batches-py", folder / "cifar-10-python.tar.gz"
    if unpacked.is_dir():
        try:
            return _open_cifar10(folder)
        except (OSError, ValueError) as problem:
            say(f"{unpacked} is not used: {problem}.")
    if archive.is_file():
        try:
            _check_cifar10(archive.read_bytes())
        except ValueError as problem:
            set_aside(archive, problem)
    if not archive.is_file():
        if not may_download:
            raise OSError(f"{archive.name} is not in {place}")
        _download_cifar10(archive, place)
    with tarfile.open(archive) as file, TemporaryDirectory() as elsewhere:
        target = folder if os.access(folder, os.W_OK) else elsewhere
        # Python before 3.11.4 has no such filter; what is unpacked is the published file anyway.
        file.extraction_filter = getattr(tarfile, "data_filter", None)
        file.extractall(target)
        return _open_cifar10(target)


def _open_cifar10(folder):
    """Return the unpacked CIFAR-10 in ``folder``; ValueError unless every file is right."""
    from torchvision.datasets import CIFAR10  # here, since it loads torch

    with warnings.catch_warnings():  # NumPy 2.4.0 to 2.4.4 find the files' old pickles strange
        warnings.simplefilter("ignore", np.exceptions.VisibleDeprecationWarning)
        try:
            data = CIFAR10(folder, train=False)
        except RuntimeError:  # torchvision compares the MD5 sum of each file
            raise ValueError("it is not complete, or not the published one") from None
    X = np.ascontiguousarray(data.data.transpose(0, 3, 1, 2))  # torchvision has channels last
    return ColourImages(X, np.array(data.targets), tuple(data.classes), "CIFAR-10")


def _download_cifar10(archive, place):
    if is_offline():
        raise OSError(f"{archive.name} is not in {place}, and NNUTILS_OFFLINE forbids a download")
    from nnutils.datasets.download import download  # here, since most sessions never download

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
