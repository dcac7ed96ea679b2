import hashlib
import pickle
import re
import tarfile
import warnings

import numpy as np
import pytest
from numpy.random import default_rng

from nnutils.datasets import (
    colour,
    files,
    load_cifar10,
    load_photos,
)


def test_photos_are_four_different_colour_pictures():
    photos = load_photos()
    assert photos.shape == (4, 3, 128, 128) and photos.dtype == np.uint8
    assert (files.BUNDLED / "photos.png").stat().st_size < 120_000
    for photo in photos:
        red, green, blue = photo.astype(int)
        assert photo.std() > 30
        assert np.abs(red - green).max() > 60 and np.abs(green - blue).max() > 60
    assert photos[2, 2].mean() > photos[2, 0].mean()  # the sky behind the rocket is blue
    assert photos[1, 0].mean() > photos[1, 2].mean()  # the saucer below the cup is red


def test_pieces_laid_in_rows_of_eight_are_the_photographs_again():
    images = load_cifar10("photos")
    assert images.X.shape == (64, 3, 32, 32) and images.X.dtype == np.uint8
    assert images.name == "pieces of four photographs"
    rows = [np.concatenate(images.X[k : k + 8], axis=2) for k in range(0, 64, 8)]
    whole = np.concatenate(rows, axis=1)
    photos = load_photos()
    above, below = np.concatenate(photos[:2], axis=2), np.concatenate(photos[2:], axis=2)
    assert np.array_equal(whole, np.concatenate([above, below], axis=1))


def test_the_label_of_a_piece_names_its_photograph():
    images = load_cifar10("photos")
    assert images.classes == ("cat", "cup", "rocket", "astronaut")
    assert images.y.dtype == np.int64 and np.bincount(images.y).tolist() == [16] * 4
    photos = load_photos()
    for piece, label in zip(images.X, images.y, strict=True):
        blocks = photos[label].reshape(3, 4, 32, 4, 32).transpose(1, 3, 0, 2, 4).reshape(16, -1)
        assert (blocks == piece.ravel()).all(axis=1).any()


def test_missing_photographs_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "BUNDLED", tmp_path)
    for load in (load_photos, load_cifar10):
        with pytest.raises(FileNotFoundError, match=r"photos\.png.*git restore data"):
            load()


# --- CIFAR-10 ----------------------------------------------------------------------------------


class OldPickle:
    """Unpickles with the warning that NumPy 2.4.0 to 2.4.4 give for files of CIFAR-10's age."""

    def __reduce__(self):
        return warnings.warn, ("dtype(): align", np.exceptions.VisibleDeprecationWarning)


@pytest.fixture
def tiny_cifar(monkeypatch, tmp_path):
    """A CIFAR-10 of five images a file, its archive, and an empty folder as NNUTILS_DATA."""
    from torchvision.datasets import CIFAR10

    rng = default_rng(6)
    source = tmp_path / "source" / "cifar-10-batches-py"
    source.mkdir(parents=True)

    def write(name, content):
        (source / name).write_bytes(pickle.dumps(content, protocol=2))
        return hashlib.md5((source / name).read_bytes()).hexdigest()

    batches = {
        name: {"data": rng.integers(0, 256, (5, 3072), dtype=np.uint8), "labels": [3, 8, 8, 0, 6]}
        for name in ("data_batch_1", "data_batch_2", "test_batch")
    }
    sums = [[name, write(name, batch | {"old": OldPickle()})] for name, batch in batches.items()]
    classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship"]
    meta = write("batches.meta", {"label_names": [*classes, "truck"]})
    archive = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(source, source.name)
    monkeypatch.setattr(CIFAR10, "train_list", sums[:-1])
    monkeypatch.setattr(CIFAR10, "test_list", sums[-1:])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": meta})
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(colour, "CIFAR10_SHA256", digest)
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("NNUTILS_DATA", str(folder))
    return folder, archive.read_bytes(), batches["test_batch"]


def assert_is_cifar(images, batch):
    assert images.name == "CIFAR-10"
    assert images.X.shape == (5, 3, 32, 32) and images.X.dtype == np.uint8
    assert np.array_equal(images.X.reshape(5, -1), batch["data"])  # red, green, blue one by one
    assert images.X.flags.c_contiguous and images.y.dtype == np.int64
    names = [images.classes[label] for label in images.y]
    assert names == ["cat", "ship", "ship", "airplane", "frog"]


def unpack_cifar(folder, packed):
    (folder / "cifar-10-python.tar.gz").write_bytes(packed)
    with tarfile.open(folder / "cifar-10-python.tar.gz") as file:
        file.extractall(folder, filter="data")
    (folder / "cifar-10-python.tar.gz").unlink()


@pytest.mark.parametrize("source", ["auto", "cifar10"])
def test_cifar_is_read_unpacked_without_a_word(tiny_cifar, capsys, source):
    folder, packed, batch = tiny_cifar
    unpack_cifar(folder, packed)
    assert_is_cifar(load_cifar10(source), batch)
    assert capsys.readouterr().out == ""


def test_cifar_is_read_from_its_archive_and_then_from_the_folder(tiny_cifar, capsys):
    folder, packed, batch = tiny_cifar
    (folder / "cifar-10-python.tar.gz").write_bytes(packed)
    assert_is_cifar(load_cifar10(), batch)
    (folder / "cifar-10-python.tar.gz").unlink()
    assert_is_cifar(load_cifar10(), batch)
    assert capsys.readouterr().out == ""


def test_cifar_lies_in_the_data_folder_of_the_course_without_the_variable(tiny_cifar, monkeypatch):
    folder, packed, batch = tiny_cifar
    unpack_cifar(folder, packed)
    monkeypatch.setattr(files, "BUNDLED", folder)
    (folder / "elsewhere").mkdir()
    monkeypatch.setenv("NNUTILS_DATA", str(folder / "elsewhere"))
    message = f"cifar-10-python.tar.gz is not in {folder / 'elsewhere'}"
    with pytest.raises(OSError, match=re.escape(message)):
        load_cifar10("cifar10")
    monkeypatch.setenv("NNUTILS_DATA", "")
    assert_is_cifar(load_cifar10("cifar10"), batch)


@pytest.mark.parametrize("offline", ["0", "1"])
def test_without_cifar_the_photographs_stand_in_and_nothing_is_fetched(
    tiny_cifar, monkeypatch, the_line, offline
):
    folder, _, _ = tiny_cifar
    monkeypatch.setenv("NNUTILS_OFFLINE", offline)

    def refuse(*args):
        raise AssertionError("nobody asked for a download")

    monkeypatch.setattr("nnutils.datasets.download.download", refuse)
    images = load_cifar10()
    line = the_line()
    assert np.array_equal(images.X, load_cifar10("photos").X)
    # The line is stored in a notebook and compared: it names no folder, no variable.
    assert line.strip() == (
        "CIFAR-10 is not available: cifar-10-python.tar.gz is not in the data folder. 64 pieces of "
        "four photographs stand in. data/README.md shows how to get it by hand."
    )
    assert list(folder.iterdir()) == []


def test_cifar_is_downloaded_when_it_is_asked_for(tiny_cifar, monkeypatch):
    _, packed, batch = tiny_cifar
    monkeypatch.setenv("NNUTILS_OFFLINE", "0")
    asked = []

    def send(urls, path, check):
        asked.extend(urls)
        check(packed)
        path.write_bytes(packed)

    monkeypatch.setattr("nnutils.datasets.download.download", send)
    assert_is_cifar(load_cifar10("cifar10"), batch)
    assert_is_cifar(load_cifar10("cifar10"), batch)
    assert asked == [colour.CIFAR10_URL]


def test_a_download_of_cifar_that_fails_is_reported(tiny_cifar, monkeypatch):
    monkeypatch.setenv("NNUTILS_OFFLINE", "0")

    def fail(urls, path, check):
        with pytest.raises(ValueError, match=r"not the published archive of CIFAR-10 \(17 bytes"):
            check(b"<!DOCTYPE html>..")
        raise OSError("the download failed")

    monkeypatch.setattr("nnutils.datasets.download.download", fail)
    with pytest.raises(OSError, match=r"not in .*, and the download failed"):
        load_cifar10("cifar10")


def test_offline_an_explicit_wish_for_cifar_raises(tiny_cifar):
    with pytest.raises(OSError, match="NNUTILS_OFFLINE forbids a download"):
        load_cifar10("cifar10")


def test_a_bad_archive_of_cifar_is_set_aside_and_never_unpacked(tiny_cifar, capsys):
    folder, packed, _ = tiny_cifar
    archive = folder / "cifar-10-python.tar.gz"
    archive.write_bytes(packed[:-1])
    assert load_cifar10().name == "pieces of four photographs"
    first, second = capsys.readouterr().out.splitlines()
    assert "is not the published archive of CIFAR-10" in first
    assert "its name is now cifar-10-python.tar.gz.damaged" in first
    assert second.startswith("CIFAR-10 is not available")
    assert [path.name for path in folder.iterdir()] == ["cifar-10-python.tar.gz.damaged"]


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_damaged_folder_of_cifar_is_not_used(tiny_cifar, capsys, damage):
    folder, packed, batch = tiny_cifar
    unpack_cifar(folder, packed)
    bad = folder / "cifar-10-batches-py" / "data_batch_2"
    if damage == "missing":
        bad.unlink()
    else:
        bad.write_bytes(bad.read_bytes()[:-1] + b"!")
    assert load_cifar10().name == "pieces of four photographs"
    assert "is not complete, or not the published one" in capsys.readouterr().out
    (folder / "cifar-10-python.tar.gz").write_bytes(packed)  # with the archive it is mended
    assert_is_cifar(load_cifar10(), batch)


@pytest.mark.parametrize("error", [ImportError("no torchvision"), RuntimeError("it is broken")])
def test_without_torchvision_the_photographs_stand_in(tiny_cifar, monkeypatch, the_line, error):
    folder, packed, _ = tiny_cifar
    unpack_cifar(folder, packed)

    def fail(folder):
        raise error

    monkeypatch.setattr(colour, "_open_cifar10", fail)
    assert load_cifar10().name == "pieces of four photographs"
    assert f"CIFAR-10 is not available: {error}. 64 pieces" in the_line()
    with pytest.raises(type(error), match=str(error)):
        load_cifar10("cifar10")


def test_a_folder_of_cifar_that_cannot_be_read_makes_way_for_the_archive(
    tiny_cifar, monkeypatch, the_line
):
    folder, packed, batch = tiny_cifar
    unpack_cifar(folder, packed)
    (folder / "cifar-10-python.tar.gz").write_bytes(packed)
    read, problems = colour._open_cifar10, [PermissionError(13, "Permission denied")]

    def refuse_once(folder):
        if problems:
            raise problems.pop()
        return read(folder)

    monkeypatch.setattr(colour, "_open_cifar10", refuse_once)
    assert_is_cifar(load_cifar10(), batch)
    assert "cifar-10-batches-py is not used" in (line := the_line()) and "denied" in line


def test_in_a_folder_that_is_only_read_the_archive_is_unpacked_elsewhere(tiny_cifar, monkeypatch):
    folder, packed, batch = tiny_cifar
    (folder / "cifar-10-python.tar.gz").write_bytes(packed)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert_is_cifar(load_cifar10(), batch)
    assert [path.name for path in folder.iterdir()] == ["cifar-10-python.tar.gz"]


def test_another_source_of_colour_images_is_refused():
    with pytest.raises(ValueError, match=r"source must be .*, got 'mnist'"):
        load_cifar10("mnist")


def test_the_address_and_the_file_names_of_cifar_are_those_of_torchvision():
    from torchvision.datasets import CIFAR10

    assert colour.CIFAR10_URL == CIFAR10.url
    assert CIFAR10.filename == "cifar-10-python.tar.gz"
    assert CIFAR10.base_folder == "cifar-10-batches-py"
