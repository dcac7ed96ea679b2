"""What is special about the exercises of notebook 07; the contract tests cover the rest."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nnutils import convolution
from nnutils.exercises import convolution as module
from nnutils.exercises.base import judge
from nnutils.gradcheck import numeric_gradient, relative_error

EXERCISES = {exercise.id: exercise for exercise in module.EXERCISES}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path))


def tensor(array):
    return torch.tensor(np.asarray(array, dtype=float))


def run_lines(order):
    """Run the lines of exercise 07.1 in this order and return Y."""
    names = {"np": np, "X": module._PICTURE, "W": module._KERNEL}
    exec("\n".join(module.LOOP_LINES[letter] for letter in order), names)
    return names["Y"]


def test_the_ordered_lines_give_the_example():
    assert run_lines(module.loop_order()).tolist() == [[10, 12, 12], [18, 16, 16], [13, 9, 3]]


def test_no_mistaken_order_runs():
    for mistake in EXERCISES["07.1"].mistakes:
        with pytest.raises((NameError, IndentationError)):
            run_lines(mistake.function())


def test_no_other_order_of_the_lines_works():
    """Every line but the first uses a name that the line before it makes, or stands inside it."""
    order = module.loop_order()
    for place in range(len(order) - 1):
        swapped = order[:place] + order[place + 1] + order[place] + order[place + 2 :]
        try:
            Y = run_lines(swapped)
        except (NameError, IndentationError):
            continue
        assert Y.tolist() != run_lines(order).tolist(), swapped


def test_a_wrong_order_is_told_where_it_begins():
    text = judge(EXERCISES["07.1"], lambda: "FEAGBDC").text
    assert "The first 2 lines are right. Line 3, `for row in range(out):`, comes too early" in text
    assert "exactly once" in judge(EXERCISES["07.1"], lambda: "FEA").text


def test_the_convolution_is_that_of_torch():
    for case in EXERCISES["07.3"].cases:
        X, W, b, stride = case.args
        theirs = F.conv2d(tensor(X), tensor(W), tensor(b), stride)
        np.testing.assert_allclose(module.conv2d(*case.args), theirs)


def test_max_pooling_is_that_of_torch():
    for case in EXERCISES["07.4"].cases:
        X, size = case.args
        np.testing.assert_array_equal(
            module.max_pool(X, size), F.max_pool2d(tensor(X)[None], size)[0]
        )


def test_the_table_holds_the_shapes_of_torch():
    X = torch.zeros(64, 3, 32, 32)
    first, pool, second = nn.Conv2d(3, 6, 3), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5, 2, 1)
    steps = [X]
    for layer in (first, pool, second, pool, nn.Flatten()):
        steps.append(layer(steps[-1]))
    shapes = [tuple(step.shape) for step in steps]
    parameters = sum(parameter.numel() for parameter in second.parameters())
    expected = [shapes[0], tuple(first.weight.shape), *shapes[1:3], parameters, *shapes[3:]]
    assert list(module.shapes().values()) == expected


def test_a_wrong_shape_is_named_and_not_corrected():
    table = module.shapes() | {"flattened": (64, 100)}
    text = judge(EXERCISES["07.5"], lambda: table).text
    assert 'Look again at "flattened". The order is' in text and "144" not in text
    table = module.shapes() | {"parameters of the second convolution": 7}
    text = judge(EXERCISES["07.5"], lambda: table).text
    assert '"parameters of the second convolution". A number' in text and "2416" not in text
    assert "Keep the names" in judge(EXERCISES["07.5"], lambda: {}).text


@pytest.mark.parametrize("case", EXERCISES["07.6"].cases, ids=lambda case: case.label)
def test_the_way_back_equals_the_package_and_central_differences(case):
    dY, X, W, stride = case.args
    X, W = X.astype(float), W.astype(float)
    dX, dW = module.conv2d_backward(dY, X, W, stride)
    packed = [a[None, None] for a in (dY, X, W)]
    dX_package, dW_package, _ = convolution.conv2d_backward(*packed, stride)
    np.testing.assert_allclose(dX, dX_package[0, 0])
    np.testing.assert_allclose(dW, dW_package[0, 0])

    def loss(_):
        return (dY * convolution.conv2d(X[None, None], W[None, None], stride=stride)).sum()

    for gradient, array in ((dX, X), (dW, W)):
        assert relative_error(gradient, numeric_gradient(loss, array)) < 1e-7


# --- Other right ways -----------------------------------------------------------------------------


def size_by_counting(n, kernel, stride, padding, dilation):
    last = n + 2 * padding - dilation * (kernel - 1) - 1
    return len([start for start in range(0, last + 1, stride)])


def conv2d_with_torch_shapes(X, W, b, stride):
    return convolution.conv2d(X[None], W, b, stride)[0]


def conv2d_number_by_number(X, W, b, stride):
    out, channels, k, _ = W.shape
    size = (X.shape[-1] - k) // stride + 1
    Y = [[[b[o]] * size for _ in range(size)] for o in range(out)]
    for o, c, row, column, i, j in np.ndindex(out, channels, size, size, k, k):
        Y[o][row][column] += X[c, row * stride + i, column * stride + j] * W[o, c, i, j]
    return Y


def pool_with_reshape(X, size):
    height, width = X.shape[0] // size * size, X.shape[1] // size * size
    return X[:height, :width].reshape(height // size, size, -1, size).max(axis=(1, 3))


def back_weight_by_weight(dY, X, W, stride):
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for (i, j), w in np.ndenumerate(W):
        pixels = slice(i, i + stride * len(dY), stride), slice(j, j + stride * len(dY[0]), stride)
        dW[i, j] = (X[pixels] * dY).sum()
        dX[pixels] += w * dY
    return [dX, dW]


@pytest.mark.parametrize(
    ("id", "function"),
    [
        ("07.1", lambda: "f e g a d b c"),
        ("07.2", size_by_counting),
        ("07.3", conv2d_with_torch_shapes),
        ("07.3", conv2d_number_by_number),
        ("07.4", pool_with_reshape),
        ("07.6", back_weight_by_weight),
    ],
)
def test_other_right_ways_are_accepted(id, function):
    assert judge(EXERCISES[id], function).text.startswith("solved")
