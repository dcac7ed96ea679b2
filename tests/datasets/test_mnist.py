import gzip
import hashlib
import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

from nnutils.datasets import (
    files,
    load_digits,
    load_mnist,
    mnist,
    save_for_torchvision,
)
from tools.notebooks import ROOT


def to_idx(array):
    """Write the bytes of an IDX file: two zeros, 8 for bytes, the number of axes, their lengths."""
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Six training and four test images instead of MNIST; NNUTILS_DATA names an empty folder."""
    rng = default_rng(5)
    arrays = {
        "train-images-idx3-ubyte": rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        "train-labels-idx1-ubyte": rng.integers(0, 10, 6, dtype=np.uint8),
        "t10k-images-idx3-ubyte": rng.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1-ubyte": rng.integers(0, 10, 4, dtype=np.uint8),
    }
    assert list(arrays) == list(mnist.MNIST_SHA256)
    sums = {name: hashlib.sha256(to_idx(array)).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(mnist, "MNIST_SHA256", sums)
    folder = tmp_path / "mnist"
    folder.mkdir()
    monkeypatch.setenv("NNUTILS_DATA", str(folder))
    return folder, arrays


def write_files(folder, arrays, packed):
    for name, array in arrays.items():
        content = to_idx(array)
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)


def refuse(self, *args):
    """Stand in for a method of Path: permissions do not bind every account."""
    raise PermissionError(13, "Permission denied", str(self))


def assert_is(data, arrays):
    assert data.name == "MNIST"
    for got, expected in zip(data, arrays.values(), strict=False):
        assert np.array_equal(got, expected)
        assert got.flags.writeable  # torch.from_numpy warns otherwise
    assert data.X_train.dtype == np.uint8 and data.y_train.dtype == np.int64


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("source", ["auto", "mnist"])
def test_mnist_is_read_raw_or_packed_without_a_word(tiny, capsys, packed, source):
    folder, arrays = tiny
    write_files(folder, arrays, packed)
    assert_is(load_mnist(source), arrays)
    assert capsys.readouterr().out == ""


def test_gzip_is_known_by_its_content(tiny):
    folder, arrays = tiny
    for name, array in arrays.items():  # a browser may unpack a file and keep its name
        (folder / f"{name}.gz").write_bytes(to_idx(array))
    assert_is(load_mnist("mnist"), arrays)


def test_data_folder_of_the_course_is_used_without_the_variable(tiny, monkeypatch):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    monkeypatch.delenv("NNUTILS_DATA")
    monkeypatch.setattr(files, "BUNDLED", folder)
    assert_is(load_mnist("mnist"), arrays)
    monkeypatch.setenv("NNUTILS_DATA", "")
    assert_is(load_mnist("mnist"), arrays)


def test_the_variable_names_the_only_place_looked_at(tiny, monkeypatch, tmp_path):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    monkeypatch.setattr(files, "BUNDLED", folder)
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("NNUTILS_DATA", str(tmp_path / "empty"))
    message = f"train-images-idx3-ubyte is not in {tmp_path / 'empty'}"
    with pytest.raises(OSError, match=re.escape(message)):
        load_mnist("mnist")


# --- Names and folders that other programs give -------------------------------------------------


def dotted(name):
    return name.replace("-idx", ".idx")


PLACES = {
    "torchvision's root": lambda name: f"MNIST/raw/{name}",
    "torchvision's folder MNIST": lambda name: f"raw/{name}.gz",
    "Kaggle's files": dotted,
    "Kaggle's folders": lambda name: f"{name}/{name}",
    "Kaggle's folders with a dot": lambda name: f"{dotted(name)}/{dotted(name)}",
    "Kaggle's folder and file": lambda name: f"{name}/{dotted(name)}",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_mnist_is_read_where_other_programs_put_it(tiny, capsys, place):
    folder, arrays = tiny
    for name, array in arrays.items():
        content = to_idx(array)
        path = folder / place(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    assert mnist.missing_files() == []
    assert_is(load_mnist("mnist"), arrays)
    assert capsys.readouterr().out == ""


def test_mnist_is_read_from_what_a_notebook_on_kaggle_was_given(tiny, monkeypatch, tmp_path):
    _, arrays = tiny
    given = tmp_path / "input" / "mnist-dataset"
    given.mkdir(parents=True)
    for name, array in arrays.items():
        (given / dotted(name)).write_bytes(to_idx(array))
    assert mnist.missing_files() == list(arrays)
    monkeypatch.setattr(mnist, "KAGGLE_INPUTS", given.parent)
    assert mnist.missing_files() == []
    assert_is(load_mnist("mnist"), arrays)


def write_keras(folder, arrays):
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez(folder / "mnist.npz", **dict(zip(names, arrays.values(), strict=True)))


def test_mnist_is_read_from_the_file_of_keras(tiny, capsys):
    folder, arrays = tiny
    write_keras(folder, arrays)
    assert mnist.missing_files() == []
    assert_is(load_mnist("mnist"), arrays)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("how", ["other arrays", "other names", "cut", "text", "one array"])
def test_another_file_of_that_name_is_named_and_left_alone(tiny, the_line, how):
    folder, arrays = tiny
    path = folder / "mnist.npz"
    write_keras(folder, {name: array[::-1] for name, array in arrays.items()})
    if how == "other names":
        np.savez(path, images=arrays["train-images-idx3-ubyte"])
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "text":
        path.write_text("<!DOCTYPE html>")
    elif how == "one array":
        with open(path, "wb") as file:
            np.save(file, arrays["train-images-idx3-ubyte"])
    before = path.read_bytes()
    assert load_mnist().name == "bundled digits"
    assert f"{path} is not the " in the_line()
    assert path.read_bytes() == before


def test_a_file_of_another_program_is_not_renamed(tiny, the_line):
    folder, _ = tiny
    path = folder / "raw" / "train-images-idx3-ubyte"  # Fashion-MNIST has the same names
    path.parent.mkdir()
    path.write_bytes(b"clothes")
    assert load_mnist().name == "bundled digits"
    assert f"{path} is not the published train-images-idx3-ubyte (7 bytes" in the_line()
    assert path.read_bytes() == b"clothes"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ("mnist_train.csv", "is not read: another name, form or place"),
        ("train.csv", "is not read: another name, form or place"),
        ("MNIST.zip", "is not read: another name, form or place"),
        ("archive/train-images.idx3-ubyte", "is not read: another name, form or place"),
        ("train-images-idx3-ubyte/readme.txt", "is a folder without it"),
        ("MNIST/processed/training.pt", "is a folder without it"),
    ],
)
def test_what_looks_like_mnist_is_named_with_the_reason(tiny, found, why):
    folder, _ = tiny
    path = folder / found
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"something")
    if why == "is a folder without it":
        path = folder / Path(found).parts[0]
    with pytest.raises(OSError, match=re.escape(f"is not in {folder} ({path} {why})")):
        load_mnist("mnist")


def test_only_what_is_missing_is_explained(tiny):
    """The files that are there, and damaged or half ones, do not look like a missing file."""
    folder, arrays = tiny
    write_files(folder, arrays, packed=False)
    (folder / "t10k-labels-idx1-ubyte").rename(folder / "t10k-labels-idx1-ubyte.damaged")
    (folder / "t10k-labels-idx1-ubyte.gz.part").touch()
    message = f"t10k-labels-idx1-ubyte is not in {folder}, and NNUTILS_OFFLINE"
    with pytest.raises(OSError, match=re.escape(message)):
        load_mnist("mnist")


# --- Without MNIST -------------------------------------------------------------------------------


def test_without_mnist_the_bundled_digits_stand_in_with_one_line(tiny, the_line):
    folder, _ = tiny
    data = load_mnist()
    line = the_line()
    assert data.name == "bundled digits"
    assert np.array_equal(data.X_test, load_digits().X_test)
    assert "NNUTILS_OFFLINE forbids a download" in line and "1,797 bundled digits" in line
    assert "fetches" not in line and "data/README.md" in line
    assert str(folder) not in line  # the line is stored in notebooks; the variable tells the path
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("how", ["relative", "~", "unset"])
def test_the_whole_path_is_said_where_no_variable_holds_it(tiny, monkeypatch, the_line, how):
    folder, _ = tiny
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    monkeypatch.setattr(files, "BUNDLED", folder)
    if how == "unset":
        monkeypatch.delenv("NNUTILS_DATA")
    else:
        relative = str(Path(os.path.relpath(folder, ROOT)))
        monkeypatch.setenv("NNUTILS_DATA", "~/mnist" if how == "~" else relative)
    monkeypatch.setattr(mnist, "load_digits", lambda: None)
    load_mnist()
    said = the_line().partition(" is not in ")[2].partition(", and ")[0]
    assert Path(said).is_absolute() and Path(said).samefile(folder)


def test_without_mnist_an_explicit_wish_raises(tiny, capsys):
    folder, _ = tiny
    message = f"not in {folder}, and NNUTILS_OFFLINE forbids"
    with pytest.raises(OSError, match=re.escape(message)):
        load_mnist("mnist")
    assert capsys.readouterr().out == ""


def test_a_folder_that_is_not_there_is_named_and_not_made(tiny, monkeypatch, tmp_path, the_line):
    monkeypatch.setenv("NNUTILS_DATA", str(tmp_path / "nowhere"))
    monkeypatch.delenv("NNUTILS_OFFLINE")
    assert load_mnist().name == "bundled digits"
    assert "NNUTILS_DATA is no folder" in (line := the_line()) and "nowhere" in line
    with pytest.raises(OSError, match="nowhere"):
        load_mnist("mnist")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("value", ["~nosuchuser/mnist", "x" * 5000, "data/README.md"])
def test_a_variable_that_names_no_folder_is_no_error_by_itself(monkeypatch, the_line, value):
    monkeypatch.setenv("NNUTILS_DATA", value)
    assert load_mnist().name == "bundled digits"
    assert value in the_line()
    with pytest.raises(OSError, match=re.escape(value)):
        load_mnist("mnist")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_output_without_the_letters_of_a_path_is_no_error(tiny, monkeypatch, encoding):
    folder, _ = tiny
    (folder / "数据_mnist.csv").touch()
    output = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr("sys.stdout", output)
    assert load_mnist().name == "bundled digits"
    output.seek(0)
    assert r"\u6570\u636e_mnist.csv" in output.read()


def test_digits_can_be_asked_for(tiny, capsys):
    assert load_mnist("digits").name == "bundled digits"
    assert capsys.readouterr().out == ""


def test_another_source_is_refused():
    with pytest.raises(ValueError, match=r"source must be .*, got 'cifar'"):
        load_mnist("cifar")


def spoil(packed, how):
    """Return bytes that are not the packed file they should be."""
    if how == "truncated":
        return packed[: len(packed) // 2]
    if how == "corrupt":
        return packed[:400] + bytes([packed[400] ^ 255]) + packed[401:]
    if how == "garbled":
        return packed[:10] + b"\xff" * 50 + packed[60:]  # no deflate block begins like this
    if how == "another file":
        return gzip.compress(b"something else")
    return b"<!DOCTYPE html><html>Please log in</html>"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("truncated", "is truncated"),
        ("garbled", "is corrupt"),
        ("corrupt", "is "),  # whether inflating or the checksum notices, depends on the byte
        ("another file", "is not the published t10k-images-idx3-ubyte (14 bytes"),
        ("page", "begins with b'<!DOCTYPE html>'"),
    ],
)
def test_a_bad_file_is_named_set_aside_and_not_used(tiny, capsys, how, words):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    path = folder / "t10k-images-idx3-ubyte.gz"
    bad = spoil(path.read_bytes(), how)
    path.write_bytes(bad)
    assert load_mnist().name == "bundled digits"
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(str(path)) and words in first
    assert "its name is now t10k-images-idx3-ubyte.gz.damaged" in first
    assert second.startswith("MNIST is not available: t10k-images-idx3-ubyte is not in")
    assert not path.exists()
    assert (folder / f"{path.name}.damaged").read_bytes() == bad


def test_every_cut_of_a_packed_file_is_noticed(tiny):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    packed = (folder / "train-labels-idx1-ubyte.gz").read_bytes()
    for length in range(len(packed)):
        with pytest.raises(ValueError, match=r"truncated|corrupt|not the published"):
            mnist._unpack(packed[:length], "train-labels-idx1-ubyte")


def test_a_bad_raw_file_makes_way_for_a_good_packed_one(tiny, the_line):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    (folder / "train-labels-idx1-ubyte").write_bytes(b"too short")
    assert_is(load_mnist("mnist"), arrays)
    assert "train-labels-idx1-ubyte.damaged" in the_line()


def test_a_second_bad_file_does_not_replace_the_first(tiny):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    path = folder / "train-labels-idx1-ubyte.gz"
    for content in (b"one", b"two", b"three"):
        path.write_bytes(content)
        load_mnist()
    aside = sorted(path.read_bytes() for path in folder.glob("*.damaged"))
    assert aside == [b"one", b"three", b"two"]


def test_in_an_unwritable_folder_a_bad_file_is_only_named(tiny, monkeypatch, capsys):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(b"not this")

    monkeypatch.setattr(Path, "rename", refuse)
    assert load_mnist().name == "bundled digits"
    first, _ = capsys.readouterr().out.splitlines()
    assert first.startswith(str(path)) and first.endswith("It is not used.")
    assert path.read_bytes() == b"not this"
    with pytest.raises(OSError, match="train-images-idx3-ubyte is not in"):
        load_mnist("mnist")


def test_a_folder_in_the_place_of_a_file_does_not_hide_a_good_one(tiny, capsys):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    (folder / "train-images-idx3-ubyte").mkdir()
    assert_is(load_mnist(), arrays)
    assert capsys.readouterr().out == ""


def test_a_file_that_cannot_be_read_does_not_hide_a_good_one(tiny, monkeypatch, the_line):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    closed, read = folder / "train-images-idx3-ubyte", Path.read_bytes
    closed.touch()
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: refuse(path) if path == closed else read(path)
    )
    assert_is(load_mnist(), arrays)
    (folder / "train-images-idx3-ubyte.gz").unlink()
    assert load_mnist().name == "bundled digits"
    assert f"{closed} cannot be read: Permission denied" in the_line()
    assert closed.exists()


@pytest.mark.mnist
def test_real_mnist_has_the_published_counts_and_statistics(real_mnist):
    assert real_mnist.X_train.shape == (60000, 28, 28) and real_mnist.X_test.shape == (
        10000,
        28,
        28,
    )
    published_train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    published_test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(real_mnist.y_train).tolist() == published_train
    assert np.bincount(real_mnist.y_test).tolist() == published_test
    assert real_mnist.X_train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert real_mnist.X_train.std() / 255 == pytest.approx(0.3081, abs=5e-5)


def test_torchvision_reads_what_is_saved_for_it(tmp_path):
    from torchvision.datasets import MNIST

    digits = load_digits()
    save_for_torchvision(digits, tmp_path)
    train, test = MNIST(tmp_path), MNIST(tmp_path, train=False)
    assert np.array_equal(train.data, digits.X_train) and np.array_equal(
        train.targets, digits.y_train
    )
    assert np.array_equal(test.data, digits.X_test) and np.array_equal(test.targets, digits.y_test)
