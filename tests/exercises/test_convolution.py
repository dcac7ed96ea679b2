"""What is special about the exercises of notebook 07; the contract tests cover the rest."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nnutils import convolution
from nnutils.exercises import convolution as module
from nnutils.exercises.course import find_exercise
from nnutils.exercises.judge import judge
from nnutils.gradcheck import numeric_gradient, relative_error


def cases_of(name):
    """Return the cases of an exercise, with some that are drawn."""
    exercise = find_exercise(name)
    return exercise.cases_for(exercise.reference)


def tensor(array):
    return torch.tensor(np.asarray(array, dtype=float))


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


@pytest.mark.parametrize("case", cases_of("moving_kernel"), ids=lambda c: c.label)
def test_the_kernel_moves_a_picture_as_slices_do(case):
    down, right = case.args
    picture = np.random.default_rng(0).normal(size=(9, 8))
    W = module.moving_kernel(down, right)
    moved = F.conv2d(tensor(picture)[None, None], tensor(W)[None, None], padding=2)[0, 0].numpy()
    expected = np.pad(picture, 2)[2 - down : 11 - down, 2 - right : 10 - right]
    np.testing.assert_allclose(moved, expected)


def test_max_pooling_is_that_of_torch():
    for case in cases_of("mend_max_pool"):
        X, size, stride = case.args
        theirs = F.max_pool2d(tensor(X)[None], size, stride)[0]
        np.testing.assert_array_equal(module.mend_max_pool(*case.args), theirs)
        packed = convolution.max_pool2d(np.asarray(X)[None, None], size, stride)[0, 0]
        np.testing.assert_array_equal(packed, theirs)


def test_the_faulty_pooling_passes_on_the_table_and_shows_each_fault_elsewhere():
    faulty, right = module._pool_with_faults, module.mend_max_pool
    table = module._PICTURE, 2, 2
    np.testing.assert_array_equal(faulty(*table), right(*table))
    assert right(*table).tolist() == [[2, 3], [5, 3]]
    wrong = faulty(module._PICTURE, 3, 2) != right(module._PICTURE, 3, 2)
    assert wrong.tolist() == [[False, False], [False, True]]
    with pytest.raises(ValueError, match="zero-size array"):
        faulty(np.pad(module._PICTURE, (0, 1), constant_values=9), 3, 1)
    assert not faulty(-1 - module._PICTURE, 2, 2).any()


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


def pool_with_windows(X, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(X, (size, size))
    return windows[::stride, ::stride].max(axis=(2, 3))


def kernel_as_a_list(down, right):
    return [[int((i, j) == (2 - down, 2 - right)) for j in range(5)] for i in range(5)]


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
        ("output_size", size_by_counting),
        ("conv2d", conv2d_with_torch_shapes),
        ("conv2d", conv2d_number_by_number),
        ("conv2d", lambda X, W, b, stride: F.conv2d(tensor(X), tensor(W), tensor(b), stride)),
        ("conv2d", conv2d_in_single_precision),
        ("moving_kernel", kernel_as_a_list),
        ("moving_kernel", lambda d, r: np.roll(np.eye(1, 25, 12).reshape(5, 5), (-d, -r), (0, 1))),
        ("mend_max_pool", pool_with_windows),
        ("mend_max_pool", lambda X, *others: F.max_pool2d(tensor(X)[None].float(), *others)[0]),
        ("conv2d_backward", back_weight_by_weight),
    ],
)
def test_other_right_ways_are_accepted(name, function):
    assert judge(find_exercise(name), function).text.startswith("solved")


# --- What goes wrong ------------------------------------------------------------------------------


def size_rounding(n, kernel, stride, padding, dilation):
    return round((n + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1


def two_faults_left(X, size, stride):
    return np.maximum(module.mend_max_pool(X, size, size), 0)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("output_size", size_rounding),
        ("output_size", lambda n, k, *others: module.output_size(n, k, *others) if n >= k else 0),
        ("conv2d", lambda *args: module.conv2d(*args).round(2)),
        ("moving_kernel", lambda down, right: np.roll(module.moving_kernel(down, right), 1)),
        ("mend_max_pool", two_faults_left),
        ("mend_max_pool", lambda X, *others: module.mend_max_pool(X[:, :-1], *others)),
        ("mend_max_pool", lambda *args: module.mend_max_pool(*args).astype(int)),
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
