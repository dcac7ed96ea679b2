"""What is special about the exercises of notebook 07; the contract tests cover the rest."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nnutils import convolution
from nnutils.exercises import convolution as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge
from nnutils.gradcheck import numeric_gradient, relative_error

LOOPS, SHAPES = find_exercise("convolution_loops"), find_exercise("convolution_shapes")


def cases_of(name):
    """Return the cases of an exercise, with some that are drawn."""
    exercise = find_exercise(name)
    return exercise.cases_for(exercise.reference)


def tensor(array):
    return torch.tensor(np.asarray(array, dtype=float))


def run_lines(program):
    """Run the two loops in the order of this program and return Y."""
    names = {"np": np, "X": module._PICTURE, "W": module._KERNEL}
    exec(program, names)
    return names["Y"]


def test_the_ordered_lines_give_the_example(program):
    Y = run_lines(program(LOOPS, LOOPS.reference()))
    assert Y.tolist() == [[10, 12, 12], [18, 16, 16], [13, 9, 3]]


def test_no_mistaken_order_runs(program):
    for mistake in LOOPS.mistakes:
        with pytest.raises((NameError, IndentationError)):
            run_lines(program(LOOPS, mistake.of(LOOPS)()))


def test_no_other_order_of_the_lines_works(program):
    """Every line but the first uses a name that the line before it makes, or stands inside it."""
    order = LOOPS.reference()
    right = run_lines(program(LOOPS, order))
    for place in range(len(order) - 1):
        swapped = order[:place] + order[place + 1] + order[place] + order[place + 2 :]
        try:
            Y = run_lines(program(LOOPS, swapped))
        except (NameError, IndentationError):
            continue
        assert Y.tolist() != right.tolist(), swapped


def test_a_wrong_order_is_told_where_it_begins():
    assert judge(LOOPS, lambda: "FEAGBDC").mistake == "output_made_anew"
    text = judge(LOOPS, lambda: "FEGDABC").text
    assert "The first 3 lines are right. D, in place 4, comes too early" in text
    assert "exactly once" in judge(LOOPS, lambda: "FEA").text


def test_the_size_is_that_of_torch_and_of_the_package():
    for case in cases_of("output_size"):
        n, kernel, *settings = case.args
        size = module.output_size(*case.args)
        X, W = torch.zeros(1, 1, n), torch.zeros(1, 1, kernel)
        assert size == F.conv1d(X, W, None, *settings).shape[2]
        assert size == convolution.output_size(*case.args)


def test_the_convolution_is_that_of_torch():
    for case in cases_of("conv2d"):
        X, W, b, stride = case.args
        theirs = F.conv2d(tensor(X), tensor(W), tensor(b), stride)
        np.testing.assert_allclose(module.conv2d(*case.args), theirs)


def test_max_pooling_is_that_of_torch():
    for case in cases_of("max_pool"):
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
    assert list(SHAPES.reference().values()) == expected


def test_a_wrong_shape_is_named_and_not_corrected():
    text = judge(SHAPES, lambda: SHAPES.reference() | {"flattened": (64, 100)}).text
    assert 'Look again at "flattened". The order is' in text and "144" not in text
    table = SHAPES.reference() | {"parameters of the second convolution": 7}
    text = judge(SHAPES, lambda: table).text
    assert '"parameters of the second convolution". It is a number' in text and "2416" not in text
    assert "Keep the names" in judge(SHAPES, lambda: {}).text


@pytest.mark.parametrize("case", cases_of("conv2d_backward"), ids=lambda c: c.label)
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


def conv2d_in_single_precision(X, W, b, stride):
    X, W, b = (torch.tensor(array, dtype=torch.float32) for array in (X, W, b))
    return F.conv2d(X, W, b, stride)


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
    ("name", "function"),
    [
        ("convolution_loops", lambda: "f e g a d b c"),
        ("output_size", size_by_counting),
        ("conv2d", conv2d_with_torch_shapes),
        ("conv2d", conv2d_number_by_number),
        ("conv2d", lambda X, W, b, stride: F.conv2d(tensor(X), tensor(W), tensor(b), stride)),
        ("conv2d", conv2d_in_single_precision),
        ("max_pool", pool_with_reshape),
        ("max_pool", lambda X, size: F.max_pool2d(tensor(X)[None].float(), size)[0]),
        ("conv2d_backward", back_weight_by_weight),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).text.startswith("solved")


# --- What goes wrong ------------------------------------------------------------------------------


def size_rounding(n, kernel, stride, padding, dilation):
    return round((n + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1


def pool_rounding(X, size):
    return module.max_pool(np.pad(1.0 * X, (0, size // 2), constant_values=-np.inf), size)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("output_size", size_rounding),
        ("output_size", lambda n, k, *others: module.output_size(n, k, *others) if n >= k else 0),
        ("conv2d", lambda *args: module.conv2d(*args).round(2)),
        ("max_pool", lambda X, size: module.max_pool(X[:, : len(X) // size * size], size)),
        ("max_pool", pool_rounding),
        ("max_pool", lambda X, size: module.max_pool(X, size).astype(int)),
        ("conv2d_backward", lambda *args: [a.round(2) for a in module.conv2d_backward(*args)]),
    ],
)
def test_a_wrong_answer_is_not_solved_nor_taken_for_a_known_mistake(name, function):
    result = judge(find_exercise(name), function)
    assert result.text.startswith("wrong on this input")


def test_exchanged_rows_and_columns_are_recognised():
    def exchanged(X, W, b, stride):
        return module.conv2d(X.swapaxes(1, 2), W.swapaxes(2, 3), b, stride)

    assert judge(find_exercise("conv2d"), exchanged).mistake == "rows_for_columns"
