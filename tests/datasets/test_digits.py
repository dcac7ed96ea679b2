import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from PIL import Image, ImageDraw
from scipy.ndimage import center_of_mass, map_coordinates

from nnutils.datasets import (
    augment_digits,
    centre_by_mass,
    centre_of_mass,
    digits,
    files,
    fit_to_box,
    load_digits,
    prepare_digit,
)
from tools.notebooks import ROOT

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
    image = default_rng(0).random((9, 13))
    assert centre_of_mass(image) == pytest.approx(center_of_mass(image))


def test_centre_of_mass_of_bytes_does_not_overflow():
    assert centre_of_mass(np.full((28, 28), 255, np.uint8)) == pytest.approx((13.5, 13.5))


def test_centre_by_mass_moves_without_changing_anything():
    box = default_rng(0).integers(1, 256, (20, 7), dtype=np.uint8)
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
    rng = default_rng(seed)
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
    X_more, y_more = augment_digits(X, y, 3, default_rng(0))
    assert X_more.shape == (180, 28, 28) and X_more.dtype == np.uint8
    assert np.array_equal(y_more, np.concatenate([y, y, y]))
    for image in X_more:
        assert image.max() == 255
        assert max(np.ptp(np.flatnonzero(image.any(axis=axis))) + 1 for axis in (0, 1)) <= 20
        assert np.abs(np.subtract(center_of_mass(image), 14)).max() <= 1


def test_augmented_digits_look_like_their_originals_but_differ():
    digits = load_digits()
    X, y = digits.X_test[:100], digits.y_test[:100]
    X_more, _ = augment_digits(X, y, 2, default_rng(0))
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
    first, again, other = (augment_digits(X, y, 1, default_rng(seed))[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(X, before)


def test_sampling_between_pixels_is_that_of_scipy():
    rng = default_rng(0)
    images = rng.integers(0, 256, (3, 11, 13), dtype=np.uint8)
    row, column = rng.uniform(-2, 12, (3, 5, 4)), rng.uniform(-2, 14, (3, 5, 4))
    expected = [
        map_coordinates(image.astype(float), (r, c), order=1, mode="grid-constant")
        for image, r, c in zip(images, row, column)
    ]
    assert np.allclose(digits._sample(images, row, column), expected, atol=0.6)


def test_a_blank_image_stays_blank():
    X, y = augment_digits(np.zeros((2, 28, 28), np.uint8), np.array([3, 4]), 2, default_rng(0))
    assert not X.any() and y.tolist() == [3, 4, 3, 4]


@pytest.mark.parametrize(
    ("X", "y", "copies", "rng", "message"),
    [
        (np.ones((2, 28, 28)), [1, 2], 1, default_rng(0), "hold uint8"),
        (np.ones((2, 784), np.uint8), [1, 2], 1, default_rng(0), r"shape \(n, 28, 28\)"),
        (np.ones((2, 28, 28), np.uint8), [1], 1, default_rng(0), "y must hold 2 labels"),
        (np.ones((0, 28, 28), np.uint8), [], 1, default_rng(0), "at least one"),
        (
            np.ones((1, 28, 28), np.uint8),
            [1],
            0,
            default_rng(0),
            "copies must be a whole number",
        ),
        (
            np.ones((1, 28, 28), np.uint8),
            [1],
            1.5,
            default_rng(0),
            "copies must be a whole number",
        ),
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
    images, labels = digits._read_digits()
    assert images.dtype == np.uint8 and np.array_equal(images, original.images)
    assert np.array_equal(labels, original.target)
    assert (files.BUNDLED / "digits.npz").stat().st_size < 50_000


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
    random = load_digits("random", default_rng(1))
    again = load_digits(split="random", rng=default_rng(1))
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

    random = np.mean([accuracy(load_digits("random", default_rng(seed))) for seed in range(3)])
    assert random > accuracy(load_digits()) + 0.015


@pytest.mark.parametrize(
    ("split", "rng"), [("random", None), ("random", 7), ("first", default_rng(0))]
)
def test_load_digits_refuses_another_split(split, rng):
    with pytest.raises(ValueError, match='split must be "writers", or "random" with an rng'):
        load_digits(split, rng)


def test_missing_bundled_digits_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "BUNDLED", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"digits\.npz.*git restore data"):
        load_digits()


def test_bundled_digits_are_found_from_any_folder_without_torch(tmp_path):
    code = (
        "import sys; from nnutils.datasets import load_digits; print(load_digits().name); "
        "print([m for m in ('torch', 'matplotlib', 'urllib.request') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NNUTILS_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["bundled digits", "[]"]


@pytest.mark.mnist
def test_prepare_digit_leaves_real_mnist_as_it_is(real_mnist):
    """MNIST was prepared this way, so doing it again changes (next to) nothing."""
    images = real_mnist.X_test[:2000]
    again = np.stack([prepare_digit(image) for image in images])
    difference = np.abs(again.astype(int) - images).max(axis=(1, 2))
    assert (difference <= 2).mean() > 0.999


@pytest.mark.mnist
def test_prepare_digit_undoes_a_shift_and_an_enlargement_of_real_mnist(real_mnist):
    for image in real_mnist.X_test[:50]:
        large = np.pad(np.kron(image, np.ones((8, 8), np.uint8)), ((90, 0), (0, 40)))
        assert np.abs(prepare_digit(large).astype(int) - image).mean() < 6
