import tracemalloc

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from nnutils import convolution
from nnutils.convolution import (
    conv2d,
    conv2d_backward,
    conv2d_naive,
    max_pool2d,
    max_pool2d_backward,
    output_size,
    sliding_windows,
)
from nnutils.gradcheck import numeric_gradient, relative_error

# The example of notebook 07, worked by hand.
PICTURE = [[1, 2, 0, 3, 1], [0, 1, 2, 3, 1], [1, 2, 1, 0, 0], [5, 2, 3, 1, 1], [2, 1, 0, 1, 1]]
KERNEL = [[1, 2, 1], [0, 1, 0], [2, 1, 0]]
PADDED_RESULT = [
    [1, 3, 4, 10, 8],
    [5, 10, 12, 12, 6],
    [7, 18, 16, 16, 8],
    [11, 13, 9, 3, 4],
    [14, 13, 9, 7, 4],
]


def one(rows):
    """One picture of one channel, or one kernel: (1, 1, H, W)."""
    return np.array(rows)[None, None]


def same(mine, theirs, dtype=np.float64):
    """Same shape, and the same numbers within the rounding of the type."""
    assert mine.shape == tuple(theirs.shape)
    tolerance = 1e-4 if dtype == np.float32 else 1e-11
    np.testing.assert_allclose(mine, theirs.detach().numpy(), rtol=tolerance, atol=tolerance)


@st.composite
def convolutions(draw):
    """Pictures, kernels, bias and settings that fit together, as ints or as pairs."""

    def setting(low, high):
        number = st.integers(low, high)
        return draw(st.one_of(number, st.tuples(number, number)))

    def sides(value):
        return value if isinstance(value, tuple) else (value, value)

    options = {"stride": setting(1, 4), "padding": setting(0, 3), "dilation": setting(1, 3)}
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    size = []
    for k, p, d in zip(kernel, sides(options["padding"]), sides(options["dilation"]), strict=True):
        size.append(draw(st.integers(max(1, d * (k - 1) + 1 - 2 * p), 12)))
    examples, channels, kernels = (draw(st.integers(1, 4)) for _ in range(3))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = rng.standard_normal((examples, channels, *size)).astype(dtype)
    W = rng.standard_normal((kernels, channels, *kernel)).astype(dtype)
    b = rng.standard_normal(kernels).astype(dtype) if draw(st.booleans()) else None
    return X, W, b, options


@st.composite
def poolings(draw):
    number = st.integers(1, 4)
    setting = st.one_of(number, st.tuples(number, number))
    size, stride = draw(setting), draw(st.one_of(st.none(), setting))
    shape = draw(st.tuples(*[st.integers(1, 3)] * 2, *[st.integers(4, 11)] * 2))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):  # few different numbers: many equal ones in a window
        return rng.integers(0, 3, shape).astype(dtype), size, stride
    return rng.standard_normal(shape).astype(dtype), size, stride


def tensor(array, learn=False):
    return None if array is None else torch.tensor(array, requires_grad=learn)


class TestTheExampleOfNotebook07:
    @pytest.mark.parametrize("convolve", [conv2d, conv2d_naive])
    def test_stride_1_stride_2_and_padding_1(self, convolve):
        X, W = one(PICTURE), one(KERNEL)
        assert convolve(X, W).tolist() == [[[[10, 12, 12], [18, 16, 16], [13, 9, 3]]]]
        assert convolve(X, W, stride=2).tolist() == [[[[10, 12], [13, 3]]]]
        assert convolve(X, W, stride=(1, 2)).tolist() == [[[[10, 12], [18, 16], [13, 3]]]]
        assert convolve(X, W, padding=1).tolist() == [[PADDED_RESULT]]

    def test_a_batch_of_64_colour_pictures(self):
        X, W = np.zeros((64, 3, 32, 32)), np.zeros((6, 3, 3, 3))
        assert conv2d(X, W).shape == (64, 6, 30, 30)

    def test_the_kernel_is_not_flipped(self):
        one_pixel, kernel = np.zeros((1, 1, 5, 5)), one(KERNEL)
        one_pixel[0, 0, 2, 2] = 1
        assert conv2d(one_pixel, kernel).tolist() == kernel[:, :, ::-1, ::-1].tolist()

    def test_a_stride_can_leave_border_pixels_unseen(self):
        X, W, dY = np.ones((1, 1, 6, 6)), np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))
        dX, _, _ = conv2d_backward(dY, X, W, stride=2)
        assert output_size(6, 3, stride=2) == 2
        assert (dX[0, 0, 5] == 0).all() and (dX[0, 0, :, 5] == 0).all()
        assert (dX[0, 0, :5, :5] > 0).all()


class TestOutputSize:
    @given(
        n=st.integers(1, 40),
        kernel=st.integers(1, 9),
        stride=st.integers(1, 7),
        padding=st.integers(0, 5),
        dilation=st.integers(1, 4),
    )
    def test_counts_the_windows(self, n, kernel, stride, padding, dilation):
        last = n + 2 * padding - (dilation * (kernel - 1) + 1)
        starts = range(0, last + 1, stride)
        if starts:
            assert output_size(n, kernel, stride, padding, dilation) == len(starts)
        else:
            with pytest.raises(ValueError, match="the kernel spans"):
                output_size(n, kernel, stride, padding, dilation)

    def test_takes_numpy_integers(self):
        assert output_size(np.int64(28), np.int32(5)) == 24

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"n": 0}, "n must be a whole number of at least 1, got 0"),
            ({"kernel": 0}, "kernel must be a whole number of at least 1, got 0"),
            ({"stride": 0}, "stride must be a whole number of at least 1, got 0"),
            ({"stride": -2}, "stride must be a whole number of at least 1, got -2"),
            ({"padding": -1}, "padding must be a whole number of at least 0, got -1"),
            ({"dilation": 0}, "dilation must be a whole number of at least 1, got 0"),
            ({"stride": 1.5}, "stride must be a whole number of at least 1, got 1.5"),
            ({"padding": "same"}, "padding must be a whole number of at least 0, got 'same'"),
            ({"kernel": 6}, "the kernel spans 6 pixels, the padded input has only 5"),
            ({"dilation": 3}, "the kernel spans 7 pixels, the padded input has only 5"),
        ],
    )
    def test_bad_values_are_named(self, values, message):
        with pytest.raises(ValueError, match=message):
            output_size(**{"n": 5, "kernel": 3} | values)


class TestConv2d:
    @settings(max_examples=150, deadline=None)
    @given(convolutions())
    def test_equals_torch(self, drawn):
        X, W, b, options = drawn
        Y = conv2d(X, W, b, **options)
        assert Y.dtype == X.dtype
        same(Y, F.conv2d(tensor(X), tensor(W), tensor(b), **options), X.dtype)

    @settings(max_examples=40, deadline=None)
    @given(convolutions())
    def test_the_loops_equal_torch(self, drawn):
        X, W, b, options = drawn
        Y = conv2d_naive(X, W, b, **options)
        assert Y.dtype == X.dtype
        same(Y, F.conv2d(tensor(X), tensor(W), tensor(b), **options), X.dtype)

    @settings(max_examples=50, deadline=None)
    @given(convolutions(), st.sampled_from([np.uint8, np.int32, np.int64]))
    def test_whole_numbers_equal_torch_exactly(self, drawn, dtype):
        X, W, _, options = drawn
        X, W = (10 * np.abs(X)).astype(dtype), (10 * np.abs(W)).astype(dtype)
        Y = conv2d(X, W, **options)
        assert Y.dtype == np.int64
        theirs = F.conv2d(tensor(X.astype(float)), tensor(W.astype(float)), **options)
        assert np.array_equal(Y, theirs.numpy())

    @settings(max_examples=100, deadline=None)
    @given(convolutions())
    def test_backward_equals_autograd(self, drawn):
        X, W, _, options = drawn
        inputs = [tensor(a, learn=True) for a in (X, W, np.zeros(len(W), X.dtype))]
        Y = F.conv2d(*inputs, **options)
        dY = np.random.default_rng(0).standard_normal(tuple(Y.shape)).astype(X.dtype)
        Y.backward(tensor(dY))
        gradients = conv2d_backward(dY, X, W, **options)
        for mine, theirs in zip(gradients, inputs, strict=True):
            assert mine.dtype == X.dtype
            same(mine, theirs.grad, X.dtype)

    @pytest.mark.parametrize(
        "options",
        [{}, {"stride": 2, "padding": 1}, {"stride": (1, 3), "padding": (2, 0), "dilation": 2}],
    )
    def test_backward_equals_central_differences(self, options):
        rng = np.random.default_rng(7)
        X, W = rng.standard_normal((2, 3, 7, 8)), rng.standard_normal((4, 3, 3, 2))
        b = rng.standard_normal(4)
        dY = rng.standard_normal(conv2d(X, W, b, **options).shape)

        def loss(_):
            return (dY * conv2d(X, W, b, **options)).sum()

        gradients = conv2d_backward(dY, X, W, **options)
        for gradient, array in zip(gradients, (X, W, b), strict=True):
            assert relative_error(gradient, numeric_gradient(loss, array)) < 1e-7

    @pytest.mark.parametrize("convolve", [conv2d, conv2d_naive])
    def test_whole_numbers_do_not_overflow(self, convolve):
        X, W = np.full((1, 1, 3, 3), 200, np.uint8), np.full((1, 1, 3, 3), 2, np.uint8)
        assert convolve(X, W).item() == 9 * 400
        assert convolve(X > 0, W > 0).item() == 9

    def test_leaves_its_inputs_alone(self):
        rng = np.random.default_rng(1)
        arrays = [rng.standard_normal(shape) for shape in ((2, 1, 6, 6), (3, 1, 3, 3), (3,))]
        before = [a.copy() for a in arrays]
        for a in arrays:
            a.flags.writeable = False
        X, W, b = arrays
        conv2d_backward(conv2d(X, W, b, padding=1), X, W, padding=1)
        assert all((a == old).all() for a, old in zip(arrays, before, strict=True))

    @pytest.mark.parametrize("size", [1, 40, 200, 1000])
    @pytest.mark.parametrize(
        "options", [{}, {"stride": (2, 1), "padding": (1, 2)}, {"padding": 2, "dilation": (1, 2)}]
    )
    def test_slices_of_any_size_equal_torch(self, monkeypatch, size, options):
        """From one row at a time to several examples at a time, with a rest."""
        monkeypatch.setattr(convolution, "SLICE", size)
        rng = np.random.default_rng(0)
        X, W, b = (rng.standard_normal(s) for s in ((5, 2, 7, 6), (3, 2, 2, 3), (3,)))
        inputs = [tensor(a, learn=True) for a in (X, W, b)]
        theirs = F.conv2d(*inputs, **options)
        dY = rng.standard_normal(tuple(theirs.shape))
        theirs.backward(tensor(dY))
        same(conv2d(X, W, b, **options), theirs)
        for mine, t in zip(conv2d_backward(dY, X, W, **options), inputs, strict=True):
            same(mine, t.grad)

    @pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
    def test_a_large_picture_needs_little_beside_the_results(self, monkeypatch, dtype):
        monkeypatch.setattr(convolution, "SLICE", 10_000)
        X, W = np.ones((1, 3, 500, 600), dtype), np.ones((2, 3, 3, 3), dtype)
        dY = np.ones((1, 2, 498, 598), np.float32)
        for f in (lambda: [conv2d(X, W)], lambda: conv2d_backward(dY, X, W)):
            tracemalloc.start()
            results = f()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            beside = dY.size * 8 + 2**20  # dY in the type of the sums
            assert peak < sum(r.nbytes for r in results) + beside < 27 * X.size

    def test_the_bias_may_be_of_any_kind(self):
        X, W, b = np.ones((2, 1, 4, 4), int), np.ones((2, 1, 3, 3), int), np.array([0.5, -1])
        expected = conv2d(X, W) + b[:, None, None]
        for convolve in (conv2d, conv2d_naive):
            for form in (b, b.tolist(), torch.tensor(b)):
                np.testing.assert_array_equal(convolve(X, W, form), expected)

    def test_no_example_gives_no_picture(self):
        assert conv2d(np.zeros((0, 3, 8, 8)), np.zeros((6, 3, 3, 3))).shape == (0, 6, 6, 6)

    @pytest.mark.parametrize("convolve", [conv2d, conv2d_naive])
    @pytest.mark.parametrize(
        ("X", "W", "options", "message"),
        [
            ((5, 5), (1, 1, 3, 3), {}, r"X must have shape \(N, C, H, W\), got \(5, 5\)"),
            ((1, 1, 5, 5), (3, 3), {}, r"W must have shape \(out, C, kh, kw\), got \(3, 3\)"),
            ((1, 3, 5, 5), (2, 1, 3, 3), {}, "X has 3 channels, but W expects 1"),
            ((1, 1, 5, 5), (0, 1, 3, 3), {}, r"at least one kernel .* got shape \(0, 1, 3, 3\)"),
            ((1, 0, 5, 5), (2, 0, 3, 3), {}, r"one channel, got shape \(2, 0, 3, 3\)"),
            ((1, 1, 5, 5), (2, 1, 3, 3), {"b": np.zeros(3)}, r"b must have shape \(2,\), got"),
            ((1, 1, 5, 5), (2, 1, 3, 3), {"b": 0.5}, r"b must have shape \(2,\), got \(\)"),
            ((1, 1, 5, 2), (2, 1, 3, 3), {}, "the kernel spans 3 pixels, the padded input has"),
            ((1, 1, 5, 5), (2, 1, 3, 3), {"stride": 0}, "stride must be .* at least 1, got 0"),
            ((1, 1, 5, 5), (2, 1, 3, 3), {"stride": (1, 0)}, "stride must be .* got 0"),
            ((1, 1, 5, 5), (2, 1, 3, 3), {"padding": -1}, "padding must be .* got -1"),
            ((1, 1, 5, 5), (2, 1, 3, 3), {"dilation": (1, 2, 3)}, r"dilation must be an int or a"),
        ],
    )
    def test_what_does_not_fit_is_named(self, convolve, X, W, options, message):
        with pytest.raises(ValueError, match=message):
            convolve(np.zeros(X), np.zeros(W), **options)

    def test_a_gradient_of_the_wrong_shape_is_named(self):
        with pytest.raises(ValueError, match=r"dY must have shape \(1, 2, 3, 3\), got \(1, 2, 5"):
            conv2d_backward(np.zeros((1, 2, 5, 5)), np.zeros((1, 1, 5, 5)), np.zeros((2, 1, 3, 3)))


class TestSlidingWindows:
    def test_a_picture_that_is_read_only(self):
        X = np.ones((1, 1, 4, 4))
        X.flags.writeable = False
        assert sliding_windows(X, 2).flags.writeable

    @settings(max_examples=50, deadline=None)
    @given(convolutions())
    def test_equals_torch_unfold(self, drawn):
        X, W, _, options = drawn
        windows = sliding_windows(X, W.shape[2:], **options)
        N, C, kh, kw, out_h, out_w = windows.shape
        theirs = F.unfold(tensor(X), W.shape[2:], **options)
        same(windows.reshape(N, C * kh * kw, out_h * out_w), theirs)

    def test_writing_into_the_windows_does_not_change_the_picture(self):
        X = np.ones((1, 1, 4, 4))
        sliding_windows(X, 2)[...] = 0
        assert (X == 1).all()

    def test_needs_four_axes(self):
        with pytest.raises(ValueError, match=r"X must have shape \(N, C, H, W\), got \(28, 28\)"):
            sliding_windows(np.zeros((28, 28)), 3)


class TestMaxPool2d:
    @settings(max_examples=100, deadline=None)
    @given(poolings())
    def test_equals_torch_forward_and_backward(self, drawn):
        X, size, stride = drawn
        theirs = tensor(X, learn=True)
        Y = F.max_pool2d(theirs, size, stride)
        dY = np.random.default_rng(0).standard_normal(tuple(Y.shape)).astype(X.dtype)
        Y.backward(tensor(dY))
        pooled, dX = max_pool2d(X, size, stride), max_pool2d_backward(dY, X, size, stride)
        assert pooled.dtype == dX.dtype == X.dtype
        same(pooled, Y, X.dtype)
        same(dX, theirs.grad, X.dtype)

    def test_backward_equals_central_differences(self):
        rng = np.random.default_rng(3)
        X = rng.permutation(2 * 2 * 7 * 6).reshape(2, 2, 7, 6).astype(float)  # no two are close
        dY = rng.standard_normal(max_pool2d(X, 3, 2).shape)

        def loss(_):
            return (dY * max_pool2d(X, 3, 2)).sum()

        gradient = max_pool2d_backward(dY, X, 3, 2)
        assert relative_error(gradient, numeric_gradient(loss, X)) < 1e-7

    @pytest.mark.parametrize("size", [1, 30, 200])
    def test_slices_of_any_size_equal_torch(self, monkeypatch, size):
        monkeypatch.setattr(convolution, "SLICE", size)
        X = np.random.default_rng(0).integers(0, 4, (4, 2, 7, 6)).astype(float)
        theirs = tensor(X, learn=True)
        Y = F.max_pool2d(theirs, 3, 2)
        dY = np.where(np.arange(Y.numel()).reshape(Y.shape) % 5, 1.5, np.inf)
        Y.backward(tensor(dY))
        same(max_pool2d_backward(dY, X, 3, 2), theirs.grad)

    def test_keeps_the_type(self):
        X = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
        assert max_pool2d(X, 2).tolist() == [[[[5, 7], [13, 15]]]]
        assert max_pool2d(X, 2).dtype == np.uint8
        dY = np.ones((1, 1, 2, 2), np.float32)
        assert max_pool2d_backward(dY, X, 2).dtype == np.float32

    @pytest.mark.parametrize(
        ("X", "size", "stride", "message"),
        [
            ((4, 4), 2, None, r"X must have shape \(N, C, H, W\), got \(4, 4\)"),
            ((1, 1, 4, 4), 5, None, "the kernel spans 5 pixels, the padded input has only 4"),
            ((1, 1, 4, 4), 2, 0, "stride must be a whole number of at least 1, got 0"),
            ((1, 1, 4, 4), (2, 2, 2), None, "kernel must be an int or a pair"),
        ],
    )
    def test_what_does_not_fit_is_named(self, X, size, stride, message):
        with pytest.raises(ValueError, match=message):
            max_pool2d(np.zeros(X), size, stride)

    def test_a_gradient_of_the_wrong_shape_is_named(self):
        with pytest.raises(ValueError, match=r"dY must have shape \(1, 1, 2, 2\), got \(1, 1, 4"):
            max_pool2d_backward(np.zeros((1, 1, 4, 4)), np.zeros((1, 1, 4, 4)), 2)
