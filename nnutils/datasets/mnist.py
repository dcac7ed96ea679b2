"""MNIST, from local files or a download; the bundled digits stand in where it cannot be had."""

import gzip
import hashlib
import os
import re
import zlib
from pathlib import Path

import numpy as np

from nnutils.datasets.digits import ImageData, load_digits
from nnutils.datasets.files import data_folder, is_offline, say_what_stands_in, set_aside

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
KERAS = "mnist.npz"  # Keras keeps all four in this file, as arrays of these names
KERAS_ARRAYS = dict(zip(MNIST_SHA256, ("x_train", "y_train", "x_test", "y_test")))
KAGGLE_INPUTS = Path("/kaggle/input")  # the data sets that a notebook on Kaggle was given
RESEMBLING = re.compile(r"mnist|idx[13]|ubyte|(train|test)\.csv", re.IGNORECASE)


def load_mnist(source="auto"):
    """Load MNIST: 60,000 images for training, 10,000 for the test.

    The four files are read from the folder ``NNUTILS_DATA`` when that is set, otherwise from the
    course's ``data/``, raw or as .gz, named and placed as torchvision, Kaggle or Keras does; on
    Kaggle, also from a data set that the notebook was given. What is missing is downloaded into the
    same folder, unless ``NNUTILS_OFFLINE=1``. With ``source="auto"`` the bundled digits stand in
    when MNIST cannot be had, and a line says so; ``"mnist"`` raises OSError with what was tried;
    ``"digits"`` loads the bundled digits. A file whose content is not the published one is never
    used. Raises ValueError for another source. Used in notebooks 06, 09 and 10; LeCun et al., 1998.
    """
    if source not in ("auto", "mnist", "digits"):
        raise ValueError(f'source must be "auto", "mnist" or "digits", got {source!r}')
    if source == "digits":
        return load_digits()
    try:
        folder, place = data_folder()
        place = folder if source == "mnist" else place
        arrays = [_read_mnist(name, folder, place) for name in MNIST_SHA256]
    except OSError as problem:
        if source == "mnist":
            raise
        fetch = 'load_mnist("mnist") fetches it'
        say_what_stands_in("MNIST", problem, "The 1,797 bundled digits", fetch)
        return load_digits()
    X_train, y_train, X_test, y_test = arrays
    return ImageData(X_train, y_train.astype(np.int64), X_test, y_test.astype(np.int64), "MNIST")


def save_for_torchvision(data, folder):
    """Write images and labels as torchvision keeps MNIST: four files in ``folder``/MNIST/raw.

    ``data`` is what ``load_mnist`` or ``load_digits`` returns. ``torchvision.datasets.MNIST`` reads
    them from ``folder``. Raises OSError when they cannot be written. Used in notebook 09.
    """
    raw = Path(folder) / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    arrays = data.X_train, data.y_train, data.X_test, data.y_test
    for name, array in zip(MNIST_SHA256, arrays):
        head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
        (raw / name).write_bytes(head + array.astype(np.uint8).tobytes())


def missing_files(folder=None):
    """Return the names of those of MNIST's four files that are not in the folder, unread.

    It is that of the data files, unless another is given.
    """
    try:
        folder = folder or data_folder()[0]
    except OSError:
        return list(MNIST_SHA256)
    return [name for name in MNIST_SHA256 if not any(map(os.path.isfile, _places(folder, name)))]


def _places(folder, name):
    """Return the paths at which one of the four files may lie, as its usual sources put it."""
    names = name, name.replace("-idx", ".idx")  # the second is Kaggle's, often in a folder of it
    inside = "", "MNIST/raw", "raw", *names
    files = [f"{each}{end}" for each in names for end in ("", ".gz")]
    places = []
    for root in (folder, *sorted(KAGGLE_INPUTS.glob("*"))):
        places += [*(root / each / file for each in inside for file in files), root / KERAS]
    return places


def _read_mnist(name, folder, place):
    """Return one of the four files as an array, from ``folder`` or else from a mirror.

    ``place`` is what the OSError calls the folder when the file cannot be had.
    """
    problems = []
    for path in filter(os.path.isfile, _places(folder, name)):
        try:
            return _parse_idx(_read(path, name))
        except OSError as problem:
            problems.append(f"{path} cannot be read: {problem.strerror or problem}")
        except ValueError as problem:
            if path in (folder / name, folder / f"{name}.gz"):
                set_aside(path, problem)
            else:  # of another program
                problems.append(f"{path} {problem}")
    problems = [*problems, *_resembling(folder)][:4]
    absent = f"{name} is not in {place}" + (f" ({'; '.join(problems)})" if problems else "")
    if is_offline():
        raise OSError(f"{absent}, and NNUTILS_OFFLINE forbids a download")
    return _download_mnist(name, folder, absent)


def _resembling(folder):
    """Return why what is called like MNIST in ``folder``, or one folder deeper, is not taken."""
    usual = [place for name in MNIST_SHA256 for place in _places(folder, name)]
    usual = {path for place in filter(os.path.isfile, usual) for path in (place, *place.parents)}
    found = [path for pattern in ("*", "*/*") for path in sorted(folder.glob(pattern))]
    why = {True: "is a folder without it", False: "is not read: another name, form or place"}
    return [
        f"{path} {why[path.is_dir()]}"
        for path in found
        if RESEMBLING.search(path.name)
        and path not in usual
        and path.suffix not in (".damaged", ".part")
    ]


def _download_mnist(name, folder, absent):
    """Download one of the four files into ``folder`` and return it as an array."""
    path = folder / f"{name}.gz"
    urls = [f"{mirror}{name}.gz" for mirror in MIRRORS]
    from nnutils.datasets.download import download  # here, since most sessions never download

    try:
        download(urls, path, check=lambda content: _unpack(content, name))
    except OSError as problem:
        raise OSError(f"{absent}, and {problem}") from problem
    return _parse_idx(_unpack(path.read_bytes(), name))


def _read(path, name):
    """Return the bytes of one of the four files from ``path``; ValueError if they are others."""
    if path.name != KERAS:
        return _unpack(path.read_bytes(), name)
    try:
        with open(path, "rb") as file, np.load(file) as arrays:
            array = arrays[KERAS_ARRAYS[name]]
    except OSError:
        raise
    except Exception:  # damaged files raise errors of many kinds
        raise ValueError("is not the file of this name that Keras has") from None
    lengths = np.array(array.shape, ">i4").tobytes()
    return _unpack(bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes(), name)


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
