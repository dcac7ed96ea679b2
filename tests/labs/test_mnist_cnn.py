"""The lab of notebook 10 against PyTorch's own forward pass and SciPy's shifts."""

import numpy as np
import pytest
import scipy.ndimage
import torch

from nnutils.datasets import load_digits
from nnutils.labs import mnist_cnn
from nnutils.training import evaluate, make_cnn, predict


@pytest.fixture(scope="module")
def shared_lab():
    """One lab for all tests: its network learns for seconds when it is made."""
    lab = mnist_cnn.feature_maps_lab()
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def model():
    return make_cnn(torch.Generator().manual_seed(3)).eval()


def a_picture():
    return load_digits().X_test[5]


def test_maps_and_probabilities_are_those_of_torch(model):
    picture = a_picture()
    maps, probabilities = mnist_cnn.forward(picture, mnist_cnn.weights_of(model))
    with torch.no_grad():
        x = torch.tensor(picture[None]).float() / 255
        for name, blocks in zip(mnist_cnn.LAYERS, (3, 4, 6, 7), strict=True):
            expected = model[:blocks](x)[0]
            np.testing.assert_allclose(maps[name], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(probabilities, predict(model, picture[None])[0], rtol=1e-4)


@pytest.mark.parametrize(("layer", "blocks"), list(zip(mnist_cnn.LAYERS, (3, 4, 6, 7))))
def test_a_number_looks_at_the_pixels_in_its_frame_and_at_no_others(model, layer, blocks):
    """They are the pixels with a gradient when pooling takes the mean: a maximum hides the rest."""
    layers = [torch.nn.AvgPool2d(2) if i in (3, 6) else part for i, part in enumerate(model)]
    layers = [part for part in layers[:blocks] if not isinstance(part, torch.nn.ReLU)]
    step, view = mnist_cnn.VIEWS[layer]
    x = torch.zeros(1, 28, 28, requires_grad=True)
    torch.nn.Sequential(*layers)(x)[0, 0, 1, 2].backward()
    rows, columns = np.nonzero(x.grad[0].numpy())
    assert (rows.min(), rows.max()) == (step, step + view - 1)
    assert (columns.min(), columns.max()) == (2 * step, 2 * step + view - 1)


def test_the_frame_is_drawn_where_the_strongest_number_looks(lab):
    lab.set(layer=mnist_cnn.LAYERS[1], channel=3)
    row, column = lab.state.strongest
    chosen = lab.state.maps[2]
    assert chosen[row, column] == chosen.max()
    frame = lab.figure.axes[0].patches[1]
    assert frame.get_visible()
    assert frame.get_bbox().bounds == (2 * column - 0.5, 2 * row - 0.5, 6, 6)
    lab.set(digit=mnist_cnn.EMPTY, weights=[0 * w for w in lab.values["weights"]])
    assert "map 3 is silent" in lab.caption_text and not frame.get_visible()


def test_the_lab_begins_with_the_drawing_that_it_is_given(model):
    drawing = a_picture()
    lab = mnist_cnn.feature_maps_lab(model, drawing)
    np.testing.assert_array_equal(lab.state.picture, drawing)
    assert lab.caption_text.startswith("Your drawing, ")


def test_the_lab_shows_the_network_that_it_is_given(model):
    lab = mnist_cnn.feature_maps_lab(model)
    digits = load_digits()
    accuracy = evaluate(model, digits.X_test, digits.y_test)[1]
    assert f"Your network reads {accuracy:.0%} of the 360" in lab.caption_text
    np.testing.assert_allclose(
        lab.state.probabilities, predict(model, lab.state.picture[None])[0], rtol=1e-4
    )


def test_at_the_start_it_has_learned_something_and_always_the_same():
    digits = load_digits()
    before = torch.get_rng_state()
    models = [mnist_cnn.first_network() for _ in range(2)]
    assert torch.get_rng_state().equal(before), "the learner's own generator is left alone"
    assert evaluate(models[0], digits.X_test, digits.y_test)[1] > 0.75
    for one, other in zip(*map(mnist_cnn.weights_of, models), strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_class_has_an_example_of_it_and_the_pad_is_empty(lab):
    digits = load_digits()
    for k in range(10):
        lab.set(digit=f"a {k}")
        (place,) = np.flatnonzero((digits.X_test == lab.state.picture).all(axis=(1, 2)))
        assert digits.y_test[place] == k
    lab.set(digit=mnist_cnn.EMPTY)
    assert not lab.state.picture.any()


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (3, 0), (0, -4), (-8, 8), (5, 7)])
def test_a_shift_is_that_of_scipy(dx, dy):
    picture = a_picture()
    expected = scipy.ndimage.shift(picture, (dy, dx), order=0, mode="constant", cval=0)
    np.testing.assert_array_equal(mnist_cnn.move(picture, dx, dy, 0), expected)


def test_a_quarter_turn_is_to_the_left():
    picture = a_picture()
    np.testing.assert_array_equal(mnist_cnn.move(picture, 0, 0, 90), np.rot90(picture))
    np.testing.assert_array_equal(mnist_cnn.move(picture, 0, 0, -90), np.rot90(picture, -1))


@pytest.mark.parametrize("angle", [0, 90, -90, 30, -45])
def test_a_dot_appears_where_the_picture_was_clicked(lab, angle):
    lab.set(digit=mnist_cnn.EMPTY, dx=3, dy=-2, angle=angle)
    for row, column in [(12, 15), (8, 19)]:
        lab.click(0, column, row)
        picture = lab.state.picture.astype(float)
        rows, columns = np.mgrid[:28, :28]
        assert abs((picture * rows).sum() / picture.sum() - row) < 0.8
        assert abs((picture * columns).sum() / picture.sum() - column) < 0.8
        lab.press("clean")
        assert not lab.state.picture.any()


def test_dots_beside_each_other_join_into_a_stroke(lab):
    lab.set(digit=mnist_cnn.EMPTY)
    for row in range(8, 20):
        lab.click(0, 14, row)
    assert (lab.state.picture[8:20, 14] == 255).all()
    lab.click(0, 14, 12)  # full ink now: a click takes it away
    assert (lab.state.picture[11:14, 13:16] == 0).all()


def test_a_click_on_ink_erases_and_the_borders_hold():
    empty = np.zeros((28, 28), np.uint8)
    dot = mnist_cnn.dab(empty, 10, 20)
    np.testing.assert_array_equal(dot[9:12, 19:22], mnist_cnn.PEN)
    assert dot.sum(dtype=int) == mnist_cnn.PEN.sum(dtype=int) and not empty.any()
    assert not mnist_cnn.dab(dot, 10, 20).any()
    for row, column in [(0, 0), (27, 27), (0, 27)]:
        corner = mnist_cnn.dab(empty, row, column)
        assert corner.shape == (28, 28) and corner[row, column] == 255


def test_clicks_beside_the_moved_pad_are_ignored(lab):
    lab.set(digit=mnist_cnn.EMPTY, dx=8)
    lab.click(0, 2, 10)  # what lies there would be six columns left of the pad
    assert lab.values["drawings"] == {} and lab.error is None


def test_a_drawing_belongs_to_its_picture(lab):
    lab.set(digit=mnist_cnn.EMPTY)
    lab.click(0, 14, 14)
    drawn = lab.state.picture
    lab.set(digit="a 1")
    assert lab.state.name == "a 1"
    lab.set(digit=mnist_cnn.EMPTY)
    np.testing.assert_array_equal(lab.state.picture, drawn)
    assert "Your drawing" in lab.caption_text
    lab.press("clean")
    assert not lab.state.picture.any() and "An empty pad" in lab.caption_text


@pytest.mark.parametrize(("layer", "count", "columns"), [(1, 16, 4), (3, 32, 6)])
def test_a_click_on_a_map_chooses_it(lab, layer, count, columns):
    lab.set(layer=mnist_cnn.LAYERS[layer])
    for channel in range(1, count + 1):
        row, column = divmod(channel - 1, columns)
        lab.click(2, (column + 0.5) / columns, (row + 0.5) / columns)
        assert lab.values["channel"] == channel
    lab.click(2, 0.99, 0.99)  # of 36 places 4 are empty; of 16 none
    assert lab.values["channel"] == count


def test_a_mosaic_has_its_tiles_row_by_row_and_gaps_between():
    tiles = np.arange(7 * 4).reshape(7, 2, 2)
    picture = mnist_cnn.mosaic(tiles)
    assert picture.shape == (8, 8)
    for k, tile in enumerate(tiles):
        row, column = divmod(k, 3)
        np.testing.assert_array_equal(
            picture[3 * row : 3 * row + 2, 3 * column : 3 * column + 2], tile
        )
    assert np.isnan(picture).sum() == 64 - 28


def test_the_kernel_is_that_of_the_chosen_map(lab, model):
    lab.set(weights=mnist_cnn.weights_of(model), channel=7)
    for layer, place in zip(mnist_cnn.LAYERS, (1, 1, 4, 4), strict=True):
        lab.set(layer=layer)
        np.testing.assert_array_equal(lab.state.kernels, model[place].weight.detach()[6])


def test_training_goes_from_nothing_to_something_and_can_be_forgotten(lab):
    lab.press("forget")
    untrained = lab.state
    assert "Untrained" in lab.caption_text
    lab.press("train")
    assert lab.wait(120) and lab.error is None
    digits, after = load_digits(), make_cnn()
    with torch.no_grad():
        for parameter, array in zip(after.parameters(), lab.values["weights"], strict=True):
            parameter.copy_(torch.tensor(array))
    accuracy = evaluate(after, digits.X_test, digits.y_test)[1]
    assert accuracy > 0.88
    epochs = mnist_cnn.EPOCHS
    assert f"After {epochs} of {epochs} epochs the network reads {accuracy:.0%}" in lab.caption_text
    lab.press("forget")
    np.testing.assert_array_equal(lab.state.probabilities, untrained.probabilities)


def test_stop_keeps_what_was_reached(lab):
    lab.press("train")
    lab.stop()
    assert lab.wait(60) and lab.error is None
    assert f"After {mnist_cnn.EPOCHS} of" not in lab.caption_text
