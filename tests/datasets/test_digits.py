import gzip
import hashlib
import os
import pickle
import subprocess
import sys
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scipy.ndimage import center_of_mass, map_coordinates

from nnutils import datasets
from nnutils.datasets import (
    augment_digits,
    centre_by_mass,
    centre_of_mass,
    fit_to_box,
    load_cifar10,
    load_digits,
    load_mnist,
    load_photos,
    make_blobs,
    make_circles,
    make_moons,
    make_spiral,
    make_xor,
    prepare_digit,
)

TOY_SETS = [make_moons, make_circles, make_spiral, make_xor, make_blobs]
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    monkeypatch.setenv("NNUTILS_OFFLINE", "1")


def new_rng(seed=0):
    return np.random.default_rng(seed)


# --- Toy sets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", TOY_SETS)
@pytest.mark.parametrize("n", [1, 2, 7, 200])
def test_toy_sets_have_n_examples_and_balanced_labels(make, n):
    X, y = make(n, 0.1, new_rng())
    assert X.shape == (n, 2) and X.dtype == np.float64
    assert y.shape == (n,) and y.dtype == np.int64
    counts = np.bincount(y, minlength=2)
    assert len(counts) == 2 and abs(counts[0] - counts[1]) <= 1


@pytest.mark.parametrize("make", TOY_SETS)
def test_toy_sets_repeat_with_the_seed_and_mix_the_classes(make):
    X, y = make(100, 0.2, new_rng(3))
    X_again, y_again = make(100, 0.2, new_rng(3))
    X_other, _ = make(100, 0.2, new_rng(4))
    assert np.array_equal(X, X_again) and np.array_equal(y, y_again)
    assert not np.array_equal(X, X_other)
    assert 30 < (np.diff(y) != 0).sum() < 70  # neither sorted nor alternating


@pytest.mark.parametrize("make", TOY_SETS)
def test_noise_is_the_standard_deviation_of_the_shift(make):
    still, y = make(5000, 0, new_rng())
    moved, y_moved = make(5000, 0.3, new_rng())
    assert np.array_equal(y, y_moved)
    assert (moved - still).std(axis=0) == pytest.approx([0.3, 0.3], rel=0.05)
    assert (moved - still).mean(axis=0) == pytest.approx([0, 0], abs=0.02)


def test_moons_lie_on_two_half_circles():
    X, y = make_moons(1000, 0, new_rng())
    for label, centre, up in ((0, (0, 0), 1), (1, (1, 0.5), -1)):
        arm = X[y == label] - centre
        assert np.allclose(np.hypot(*arm.T), 1)
        assert (up * arm[:, 1] >= 0).all()
        assert arm[:, 0].min() < -0.99 and arm[:, 0].max() > 0.99


def test_moons_are_those_of_scikit_learn():
    from sklearn.datasets import make_moons as sklearn_moons

    dense, y_dense = sklearn_moons(4000, noise=None)
    X, y = make_moons(300, 0, new_rng())
    for label in (0, 1):
        gaps = X[y == label][:, None] - dense[y_dense == label]
        assert np.hypot(*np.moveaxis(gaps, -1, 0)).min(axis=1).max() < 1e-3


def test_circles_have_radius_1_and_one_half():
    X, y = make_circles(1000, 0, new_rng())
    assert np.allclose(np.hypot(*X.T), np.where(y == 0, 1, 0.5))
    for label in (0, 1):  # all the way round
        angles = np.sort(np.arctan2(*X[y == label].T))
        assert np.diff(angles).max() < 0.2


def test_spiral_arms_grow_with_the_angle_and_are_half_a_turn_apart():
    X, y = make_spiral(2000, 0, new_rng())
    radius = np.hypot(*X.T)
    assert 0.1 <= radius.min() < 0.11 and 0.99 < radius.max() <= 1
    turned = np.where(y[:, None] == 0, X, -X)  # arm 1 turned by half a turn lies on arm 0
    angle = 2.5 * np.pi * (radius - 0.1) / 0.9
    assert np.allclose(turned, radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]))


def test_xor_gives_1_where_the_signs_differ():
    X, y = make_xor(400, 0, new_rng())
    corners, counts = np.unique(X, axis=0, return_counts=True)
    assert corners.tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    assert counts.tolist() == [100] * 4
    assert np.array_equal(y, (X[:, 0] * X[:, 1] < 0).astype(int))


def test_blobs_lie_at_their_centres():
    centres = np.array([[0, 0], [3, 0], [0, 4]])
    X, y = make_blobs(3001, 0.5, new_rng(), centres=centres)
    assert np.bincount(y).tolist() == [1001, 1000, 1000]
    for label, centre in enumerate(centres):
        assert X[y == label].mean(axis=0) == pytest.approx(centre, abs=0.06)
        assert X[y == label].std(axis=0) == pytest.approx([0.5, 0.5], rel=0.08)


@pytest.mark.parametrize("make", TOY_SETS)
@pytest.mark.parametrize(
    ("n", "noise", "rng", "message"),
    [
        (0, 0.1, new_rng(), "n must be a whole number of at least 1, got 0"),
        (2.5, 0.1, new_rng(), "n must be a whole number of at least 1, got 2.5"),
        (10, -0.1, new_rng(), "noise must be a number of at least 0, got -0.1"),
        (10, float("nan"), new_rng(), "noise must be a number of at least 0, got nan"),
        (10, 0.1, 42, "rng must be a numpy.random.Generator, got 42"),
    ],
)
def test_toy_sets_refuse_bad_arguments(make, n, noise, rng, message):
    with pytest.raises(ValueError, match=message):
        make(n, noise, rng)


def test_blobs_refuse_centres_of_another_shape():
    with pytest.raises(ValueError, match=r"centres must have shape \(C, 2\), got \(2,\)"):
        make_blobs(10, 0.1, new_rng(), centres=(1, 2))


# --- From a drawing to an image like those of MNIST -----------------------------------------------


def draw_five(size, width, shift=(0, 0), ink=255):
    """Draw a 5 in strokes on a canvas of size×size; the shift is in pixels."""
    points = [(0.6, 0.25), (0.35, 0.25), (0.33, 0.5), (0.6, 0.5), (0.6, 0.75), (0.3, 0.75)]
    canvas = Image.new("L", (size, size))
    moved = [(size * x + shift[0], size * y + shift[1]) for x, y in points]
    ImageDraw.Draw(canvas).line(moved, fill=ink, width=width)
    return np.asarray(canvas)


def test_prepared_digit_does_not_depend_on_where_it_was_drawn():
    here = prepare_digit(draw_five(280, 20))
    for shift in ((40, 0), (-50, 60), (0, -50)):
        assert np.array_equal(prepare_digit(draw_five(280, 20, shift)), here)


@pytest.mark.parametrize("scale", [0.5, 2, 4])
def test_prepared_digit_hardly_depends_on_the_size_of_the_drawing(scale):
    one = prepare_digit(draw_five(280, 20)).astype(float)
    other = prepare_digit(draw_five(int(280 * scale), int(20 * scale))).astype(float)
    assert np.abs(one - other).mean() < 4  # of 255
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("unit", [1, 0.25, 1 / 255, 1000])
def test_prepared_digit_does_not_depend_on_the_unit_of_ink(unit):
    drawing = draw_five(100, 9).astype(float)
    assert np.array_equal(prepare_digit(drawing * unit), prepare_digit(drawing))


def test_fit_to_box_keeps_the_proportion():
    image = np.zeros((50, 80))
    image[5:45, 30:40] = 7  # 40 high, 10 wide
    assert np.array_equal(fit_to_box(image), np.ones((20, 5)))
    assert np.array_equal(fit_to_box(image.T), np.ones((5, 20)))
    assert fit_to_box(np.ones((1, 300))).shape == (1, 20)


def test_centre_of_mass_is_that_of_scipy():
    image = new_rng().random((9, 13))
    assert centre_of_mass(image) == pytest.approx(center_of_mass(image))


def test_centre_of_mass_of_bytes_does_not_overflow():
    assert centre_of_mass(np.full((28, 28), 255, np.uint8)) == pytest.approx((13.5, 13.5))


def test_centre_by_mass_moves_without_changing_anything():
    box = new_rng().integers(1, 256, (20, 7), dtype=np.uint8)
    square = centre_by_mass(box)
    assert square.shape == (28, 28) and square.dtype == np.uint8
    assert np.array_equal(np.sort(square[square > 0]), np.sort(box[box > 0]))
    assert np.abs(np.subtract(centre_of_mass(square), 14)).max() <= 0.5


def test_centre_by_mass_loses_nothing_at_the_border():
    box = np.zeros((20, 20), np.uint8)
    box[0, 0], box[19, 19] = 255, 1  # balances in one corner
    square = centre_by_mass(box)
    assert (square[8, 8], square[27, 27]) == (255, 1)


def test_an_empty_drawing_stays_empty():
    assert not prepare_digit(np.zeros((100, 60))).any()
    assert prepare_digit(np.zeros((100, 60))).shape == (28, 28)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.floats(0.01, 1),
    st.integers(min_value=0, max_value=99),
)
def test_every_drawing_becomes_a_centred_image_of_28_by_28(height, width, share, seed):
    rng = new_rng(seed)
    drawing = rng.random((height, width)) * (rng.random((height, width)) < share)
    image = prepare_digit(drawing)
    assert image.shape == (28, 28) and image.dtype == np.uint8
    if drawing.any():
        assert image.max() == 255
        assert max(np.ptp(np.flatnonzero(image.any(axis=axis))) + 1 for axis in (0, 1)) <= 20


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.ones(5), r"shape \(h, w\), got \(5,\)"),
        (np.ones((0, 5)), r"shape \(h, w\), got \(0, 5\)"),
        (np.ones((2, 2, 3)), r"shape \(h, w\), got \(2, 2, 3\)"),
        ([[0, -1]], "at least 0"),
        ([[0, np.nan]], "finite"),
    ],
)
def test_prepare_digit_refuses_what_is_no_drawing(image, message):
    with pytest.raises(ValueError, match=message):
        prepare_digit(image)


def test_centre_by_mass_refuses_a_box_that_is_too_large():
    with pytest.raises(ValueError, match=r"fit into \(28, 28\), got \(20, 29\)"):
        centre_by_mass(np.ones((20, 29)))


# --- Distorted digits -----------------------------------------------------------------------------


def test_augmented_digits_have_their_labels_and_are_prepared_like_mnist():
    digits = load_digits()
    X, y = digits.X_test[:60], digits.y_test[:60]
    X_more, y_more = augment_digits(X, y, 3, new_rng())
    assert X_more.shape == (180, 28, 28) and X_more.dtype == np.uint8
    assert np.array_equal(y_more, np.concatenate([y, y, y]))
    for image in X_more:
        assert image.max() == 255
        assert max(np.ptp(np.flatnonzero(image.any(axis=axis))) + 1 for axis in (0, 1)) <= 20
        assert np.abs(np.subtract(center_of_mass(image), 14)).max() <= 1


def test_augmented_digits_look_like_their_originals_but_differ():
    digits = load_digits()
    X, y = digits.X_test[:100], digits.y_test[:100]
    X_more, _ = augment_digits(X, y, 2, new_rng())
    flat = [images.reshape(len(images), -1).astype(float) for images in (X, X_more[:100])]
    alike = np.corrcoef(*flat)[:100, 100:]  # each original with each version
    own = alike.diagonal()
    assert own.max() < 0.999
    assert own.mean() > alike[y[:, None] != y].mean() + 0.2
    assert not np.array_equal(X_more[:100], X_more[100:])


def test_augmentation_depends_on_the_rng_alone():
    digits = load_digits()
    X, y = digits.X_test[:20], digits.y_test[:20]
    before = X.copy()
    first, again, other = (augment_digits(X, y, 1, new_rng(seed))[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(X, before)


def test_sampling_between_pixels_is_that_of_scipy():
    rng = new_rng()
    images = rng.integers(0, 256, (3, 11, 13), dtype=np.uint8)
    row, column = rng.uniform(-2, 12, (3, 5, 4)), rng.uniform(-2, 14, (3, 5, 4))
    expected = [
        map_coordinates(image.astype(float), (r, c), order=1, mode="grid-constant")
        for image, r, c in zip(images, row, column)
    ]
    assert np.allclose(datasets._sample(images, row, column), expected, atol=0.6)


def test_a_blank_image_stays_blank():
    X, y = augment_digits(np.zeros((2, 28, 28), np.uint8), np.array([3, 4]), 2, new_rng())
    assert not X.any() and y.tolist() == [3, 4, 3, 4]


@pytest.mark.parametrize(
    ("X", "y", "copies", "rng", "message"),
    [
        (np.ones((2, 28, 28)), [1, 2], 1, new_rng(), "hold uint8"),
        (np.ones((2, 784), np.uint8), [1, 2], 1, new_rng(), r"shape \(n, 28, 28\)"),
        (np.ones((2, 28, 28), np.uint8), [1], 1, new_rng(), "y must hold 2 labels"),
        (np.ones((0, 28, 28), np.uint8), [], 1, new_rng(), "at least one"),
        (np.ones((1, 28, 28), np.uint8), [1], 0, new_rng(), "copies must be a whole number"),
        (np.ones((1, 28, 28), np.uint8), [1], 1.5, new_rng(), "copies must be a whole number"),
        (np.ones((1, 28, 28), np.uint8), [1], 1, 42, "rng must be a numpy.random.Generator"),
    ],
)
def test_augmentation_refuses_bad_arguments(X, y, copies, rng, message):
    with pytest.raises(ValueError, match=message):
        augment_digits(X, y, copies, rng)


# --- The bundled digits ---------------------------------------------------------------------------


def test_bundled_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits as sklearn_digits

    original = sklearn_digits()
    images, labels = datasets._read_digits()
    assert images.dtype == np.uint8 and np.array_equal(images, original.images)
    assert np.array_equal(labels, original.target)
    assert (datasets.DATA_FOLDER / "digits.npz").stat().st_size < 50_000


def test_load_digits_keeps_the_file_order_and_tests_on_the_last_360():
    from sklearn.datasets import load_digits as sklearn_digits

    data = load_digits()
    assert data.name == "bundled digits"
    assert data.X_train.shape == (1437, 28, 28) and data.X_test.shape == (360, 28, 28)
    assert data.X_train.dtype == data.X_test.dtype == np.uint8
    assert data.y_train.dtype == data.y_test.dtype == np.int64
    assert np.array_equal(np.concatenate([data.y_train, data.y_test]), sklearn_digits().target)


def test_bundled_digits_look_like_mnist():
    X = np.concatenate(load_digits()[::2][:2])  # both sets of images
    assert (X.max(axis=(1, 2)) == 255).all()
    for axis in (1, 2):
        inked = X.any(axis=axis)
        length = 28 - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1)
        assert length.max() <= 20
    centres = np.array([centre_of_mass(image) for image in X])
    assert np.abs(centres - 14).max() <= 0.5 + 1e-9
    assert 0.10 < X.mean() / 255 < 0.17  # MNIST 0.131
    assert 0.15 < (X > 0).mean() < 0.25  # MNIST 0.191


def test_random_split_holds_the_same_images_and_repeats_with_the_seed():
    writers = load_digits()
    random = load_digits("random", new_rng(1))
    again = load_digits(split="random", rng=new_rng(1))
    assert random.X_test.shape == (360, 28, 28)
    assert np.array_equal(random.X_test, again.X_test)
    assert not np.array_equal(random.y_test, writers.y_test)

    def fingerprints(data):
        images = np.concatenate([data.X_train, data.X_test])
        labels = np.concatenate([data.y_train, data.y_test])
        return sorted((x.tobytes(), y) for x, y in zip(images, labels, strict=True))

    assert fingerprints(random) == fingerprints(writers)


def test_random_split_flatters():
    """A nearest neighbour does better when the same writers are in both parts."""
    from sklearn.neighbors import KNeighborsClassifier

    def accuracy(data):
        flat = [X.reshape(-1, 784).astype(np.float32) for X in (data.X_train, data.X_test)]
        return KNeighborsClassifier(1).fit(flat[0], data.y_train).score(flat[1], data.y_test)

    random = np.mean([accuracy(load_digits("random", new_rng(seed))) for seed in range(3)])
    assert random > accuracy(load_digits()) + 0.015


@pytest.mark.parametrize(("split", "rng"), [("random", None), ("random", 7), ("first", new_rng())])
def test_load_digits_refuses_another_split(split, rng):
    with pytest.raises(ValueError, match='split must be "writers", or "random" with an rng'):
        load_digits(split, rng)


def test_missing_bundled_digits_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "DATA_FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"digits\.npz.*pip install -e"):
        load_digits()


def test_bundled_digits_are_found_from_any_folder_without_torch(tmp_path):
    code = (
        "import sys; from nnutils.datasets import load_digits; print(load_digits().name); "
        "print([m for m in ('torch', 'matplotlib', 'urllib.request') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "NNUTILS_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["bundled digits", "[]"]


# --- MNIST on the disk ----------------------------------------------------------------------------


def to_idx(array):
    """Write the bytes of an IDX file: two zeros, 8 for bytes, the number of axes, their lengths."""
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Six training and four test images instead of MNIST; NNUTILS_DATA names an empty folder."""
    rng = new_rng(5)
    arrays = {
        "train-images-idx3-ubyte": rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        "train-labels-idx1-ubyte": rng.integers(0, 10, 6, dtype=np.uint8),
        "t10k-images-idx3-ubyte": rng.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1-ubyte": rng.integers(0, 10, 4, dtype=np.uint8),
    }
    assert list(arrays) == list(datasets.MNIST_SHA256)
    sums = {name: hashlib.sha256(to_idx(array)).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(datasets, "MNIST_SHA256", sums)
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
    monkeypatch.setattr(datasets, "DATA_FOLDER", folder)
    assert_is(load_mnist("mnist"), arrays)
    monkeypatch.setenv("NNUTILS_DATA", "")
    assert_is(load_mnist("mnist"), arrays)


def test_the_variable_names_the_only_place_looked_at(tiny, monkeypatch, tmp_path):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    monkeypatch.setattr(datasets, "DATA_FOLDER", folder)
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("NNUTILS_DATA", str(tmp_path / "empty"))
    with pytest.raises(OSError, match="train-images-idx3-ubyte is not in NNUTILS_DATA"):
        load_mnist("mnist")


def one_line(capsys):
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    return lines[0]


def test_without_mnist_the_bundled_digits_stand_in_with_one_line(tiny, capsys):
    folder, _ = tiny
    data = load_mnist()
    line = one_line(capsys)
    assert data.name == "bundled digits"
    assert np.array_equal(data.X_test, load_digits().X_test)
    assert "NNUTILS_OFFLINE forbids a download" in line and "1,797 bundled digits" in line
    assert 'load_mnist("mnist") fetches MNIST' in line and "data/README.md" in line
    assert str(folder) not in line  # the line is stored in notebooks
    assert list(folder.iterdir()) == []


def test_without_mnist_an_explicit_wish_raises(tiny, capsys):
    with pytest.raises(OSError, match="not in NNUTILS_DATA, and NNUTILS_OFFLINE forbids"):
        load_mnist("mnist")
    assert capsys.readouterr().out == ""


def test_a_folder_that_is_not_there_is_named_and_not_made(tiny, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("NNUTILS_DATA", str(tmp_path / "nowhere"))
    monkeypatch.delenv("NNUTILS_OFFLINE")
    assert load_mnist().name == "bundled digits"
    assert "NNUTILS_DATA is no folder" in (line := one_line(capsys)) and "nowhere" in line
    with pytest.raises(OSError, match="nowhere"):
        load_mnist("mnist")
    assert not (tmp_path / "nowhere").exists()


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
            datasets._unpack(packed[:length], "train-labels-idx1-ubyte")


def test_a_bad_raw_file_makes_way_for_a_good_packed_one(tiny, capsys):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    (folder / "train-labels-idx1-ubyte").write_bytes(b"too short")
    assert_is(load_mnist("mnist"), arrays)
    assert "train-labels-idx1-ubyte.damaged" in one_line(capsys)


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

    def refuse(self, target):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "rename", refuse)  # permissions do not bind every account
    assert load_mnist().name == "bundled digits"
    first, _ = capsys.readouterr().out.splitlines()
    assert first.startswith(str(path)) and first.endswith("It is not used.")
    assert path.read_bytes() == b"not this"
    with pytest.raises(OSError, match="train-images-idx3-ubyte is not in"):
        load_mnist("mnist")


def test_a_file_that_cannot_be_read_is_reported_and_left_alone(tiny, capsys):
    folder, arrays = tiny
    write_files(folder, arrays, packed=True)
    (folder / "train-images-idx3-ubyte").mkdir()  # a folder in the place of the file
    assert load_mnist().name == "bundled digits"
    assert "train-images-idx3-ubyte" in one_line(capsys)
    assert (folder / "train-images-idx3-ubyte").is_dir()


# --- The real MNIST, where it is ------------------------------------------------------------------


def real_mnist_folder():
    """Return the folder of the real files: NNUTILS_DATA, or one that is shared by checkouts."""
    for folder in (os.environ.get("NNUTILS_DATA"), REPOSITORY.parent / "shared" / "mnist"):
        if folder and any(Path(folder).glob("train-images-idx3-ubyte*")):
            return Path(folder)
    return None


REAL_MNIST = real_mnist_folder()


@pytest.fixture(scope="module")
def mnist():
    if REAL_MNIST is None:
        pytest.skip("the real MNIST files are not here: set NNUTILS_DATA to their folder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NNUTILS_DATA", str(REAL_MNIST))
        patch.setenv("NNUTILS_OFFLINE", "1")
        return load_mnist("mnist")


def test_real_mnist_has_the_published_counts_and_statistics(mnist):
    assert mnist.X_train.shape == (60000, 28, 28) and mnist.X_test.shape == (10000, 28, 28)
    published_train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    published_test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(mnist.y_train).tolist() == published_train
    assert np.bincount(mnist.y_test).tolist() == published_test
    assert mnist.X_train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert mnist.X_train.std() / 255 == pytest.approx(0.3081, abs=5e-5)


def test_prepare_digit_leaves_real_mnist_as_it_is(mnist):
    """MNIST was prepared this way, so doing it again changes (next to) nothing."""
    images = mnist.X_test[:2000]
    again = np.stack([prepare_digit(image) for image in images])
    difference = np.abs(again.astype(int) - images).max(axis=(1, 2))
    assert (difference <= 2).mean() > 0.999


def test_prepare_digit_undoes_a_shift_and_an_enlargement_of_real_mnist(mnist):
    for image in mnist.X_test[:50]:
        large = np.pad(np.kron(image, np.ones((8, 8), np.uint8)), ((90, 0), (0, 40)))
        assert np.abs(prepare_digit(large).astype(int) - image).mean() < 6


# --- Colour pictures ------------------------------------------------------------------------------


def test_photos_are_four_different_colour_pictures():
    photos = load_photos()
    assert photos.shape == (4, 3, 128, 128) and photos.dtype == np.uint8
    assert (datasets.DATA_FOLDER / "photos.png").stat().st_size < 120_000
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
    monkeypatch.setattr(datasets, "DATA_FOLDER", tmp_path)
    for load in (load_photos, load_cifar10):
        with pytest.raises(FileNotFoundError, match=r"photos\.png.*pip install -e"):
            load()


# --- CIFAR-10 -------------------------------------------------------------------------------------


class OldPickle:
    """Unpickles with the warning that NumPy 2.4.0 to 2.4.4 give for files of CIFAR-10's age."""

    def __reduce__(self):
        return warnings.warn, ("dtype(): align", np.exceptions.VisibleDeprecationWarning)


@pytest.fixture
def tiny_cifar(monkeypatch, tmp_path):
    """A CIFAR-10 of five images a file, its archive, and an empty folder as NNUTILS_DATA."""
    from torchvision.datasets import CIFAR10

    rng = new_rng(6)
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
    monkeypatch.setattr(datasets, "CIFAR10_SHA256", digest)
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
    monkeypatch.setattr(datasets, "DATA_FOLDER", folder)
    (folder / "elsewhere").mkdir()
    monkeypatch.setenv("NNUTILS_DATA", str(folder / "elsewhere"))
    with pytest.raises(OSError, match=r"cifar-10-python\.tar\.gz is not in NNUTILS_DATA"):
        load_cifar10("cifar10")
    monkeypatch.setenv("NNUTILS_DATA", "")
    assert_is_cifar(load_cifar10("cifar10"), batch)


def test_without_cifar_the_photographs_stand_in_and_nothing_is_fetched(
    tiny_cifar, monkeypatch, capsys
):
    folder, _, _ = tiny_cifar
    monkeypatch.setenv("NNUTILS_OFFLINE", "0")

    def refuse(*args):
        raise AssertionError("nobody asked for a download")

    monkeypatch.setattr("nnutils.download.download", refuse)
    images = load_cifar10()
    line = one_line(capsys)
    assert np.array_equal(images.X, load_cifar10("photos").X)
    assert "cifar-10-python.tar.gz is not in NNUTILS_DATA" in line
    assert 'load_cifar10("cifar10") fetches it, 170 MB' in line and "data/README.md" in line
    assert str(folder) not in line  # the line is stored in a notebook
    assert list(folder.iterdir()) == []


def test_cifar_is_downloaded_when_it_is_asked_for(tiny_cifar, monkeypatch):
    _, packed, batch = tiny_cifar
    monkeypatch.setenv("NNUTILS_OFFLINE", "0")
    asked = []

    def send(urls, path, check):
        asked.extend(urls)
        check(packed)
        path.write_bytes(packed)

    monkeypatch.setattr("nnutils.download.download", send)
    assert_is_cifar(load_cifar10("cifar10"), batch)
    assert_is_cifar(load_cifar10("cifar10"), batch)
    assert asked == [datasets.CIFAR10_URL]


def test_a_download_of_cifar_that_fails_is_reported(tiny_cifar, monkeypatch):
    monkeypatch.setenv("NNUTILS_OFFLINE", "0")

    def fail(urls, path, check):
        with pytest.raises(ValueError, match=r"not the published archive of CIFAR-10 \(17 bytes"):
            check(b"<!DOCTYPE html>..")
        raise OSError("the download failed")

    monkeypatch.setattr("nnutils.download.download", fail)
    with pytest.raises(OSError, match="not in NNUTILS_DATA, and the download failed"):
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


def test_another_source_of_colour_images_is_refused():
    with pytest.raises(ValueError, match=r"source must be .*, got 'mnist'"):
        load_cifar10("mnist")


def test_the_address_and_the_file_names_of_cifar_are_those_of_torchvision():
    from torchvision.datasets import CIFAR10

    assert datasets.CIFAR10_URL == CIFAR10.url
    assert CIFAR10.filename == "cifar-10-python.tar.gz"
    assert CIFAR10.base_folder == "cifar-10-batches-py"
