"""Convolution and max pooling: output size, output and gradients.

Derived in notebook 07. As in torch, pictures have the shape (N, C, H, W): examples, channels, rows,
columns; and what is called a convolution is a cross-correlation: the kernel is not flipped. Every
setting of a window (size, stride, padding, dilation) is an int or a pair (rows, columns).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nnutils.checks import whole_number

SLICE = 2**20  # about so many numbers of windows are copied at a time


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    """Return how many windows fit along a side of n pixels: ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1.

    Because of the floor, a stride can leave pixels at the far border that no window reaches.
    Raises ValueError when a value is not a whole number, is too small, or the kernel does not fit.
    Derived in notebook 07; Dumoulin and Visin (2016), "A guide to convolution arithmetic".
    """
    padded = whole_number("n", n) + 2 * whole_number("padding", padding, least=0)
    span = whole_number("dilation", dilation) * (whole_number("kernel", kernel) - 1) + 1
    if span > padded:
        raise ValueError(f"the kernel spans {span} pixels, the padded input has only {padded}")
    return (padded - span) // whole_number("stride", stride) + 1


def sliding_windows(X, kernel, stride=1, padding=0, dilation=1):
    """Return the windows that a kernel sees in the pictures X, shape (N, C, kh, kw, out_h, out_w).

    X has shape (N, C, H, W), ``kernel`` is the size (kh, kw) or one int. Entry ``[n, c, i, j]``
    holds the pixels that the kernel's number in row i, column j meets: one for each place of the
    output. Raises ValueError when X does not have four axes, and as ``output_size`` does.
    Derived in notebook 07.
    """
    return _windows(np.array(X), kernel, stride, padding, dilation)  # never those of X itself


def conv2d(X, W, b=None, stride=1, padding=0, dilation=1):
    """Convolve the pictures X (N, C, H, W) with the kernels W (out, C, kh, kw), plus the bias b.

    Returns (N, out, out_h, out_w). b has shape (out,) or is None; ``padding`` adds zeros on every
    side. Whole numbers are summed in int64. Raises ValueError when the shapes do not fit together,
    and as ``output_size`` does. Derived in notebook 07. Each window becomes a column, and a matrix
    product takes the sums, of one slice of the windows after the other: Chellapilla, Puri and
    Simard (2006), "High performance convolutional neural networks for document processing".
    """
    X, W, b = _check(X, W, b)
    windows = _windows(X, W.shape[2:], stride, padding, dilation)
    w = W.reshape(len(W), -1)
    dtype = W.dtype if b is None else np.result_type(W, b)
    Y = np.empty((len(X), len(W), *windows.shape[4:]), dtype)
    for n, rows in _slices(windows):
        y = w @ _columns(windows[n, ..., rows, :])
        Y[n, :, rows] = y.reshape(Y[n, :, rows].shape)
    if b is not None:
        Y += b[:, None, None]
    return Y


def conv2d_naive(X, W, b=None, stride=1, padding=0, dilation=1):
    """Compute what ``conv2d`` computes, window by window in four loops: slow, and it hides nothing.

    Shapes and errors are those of ``conv2d``. Derived in notebook 07.
    """
    X, W, b = _check(X, W, b)
    (sh, sw), (ph, pw) = _pair(stride, "stride"), _pair(padding, "padding")
    (dh, dw), (kh, kw) = _pair(dilation, "dilation"), W.shape[2:]
    out_h = output_size(X.shape[2], kh, sh, ph, dh)
    out_w = output_size(X.shape[3], kw, sw, pw, dw)
    padded = np.pad(X, [(0, 0), (0, 0), (ph, ph), (pw, pw)])
    Y = np.zeros((len(X), len(W), out_h, out_w), W.dtype)
    for n in range(len(X)):
        for k in range(len(W)):
            for row in range(out_h):
                for column in range(out_w):
                    top, left = row * sh, column * sw
                    bottom, right = top + dh * (kh - 1) + 1, left + dw * (kw - 1) + 1
                    window = padded[n, :, top:bottom:dh, left:right:dw]
                    Y[n, k, row, column] = (window * W[k]).sum()
    return Y if b is None else Y + b[:, None, None]


def conv2d_backward(dY, X, W, stride=1, padding=0, dilation=1):
    """Return the gradients dX, dW, db of a loss, given its gradient dY at the output of ``conv2d``.

    dY has the shape of that output, each result the shape of what it belongs to. Raises ValueError
    when a shape does not fit. Derived in notebook 07.
    """
    X, W, _ = _check(X, W)
    windows = _windows(X, W.shape[2:], stride, padding, dilation)
    dY = _check_shape(dY, (len(X), len(W), *windows.shape[4:]))
    dY = dY.astype(np.result_type(dY, W), copy=False)
    dX, dwindows = _zero_gradient(X.shape, W.shape[2:], stride, padding, dilation, dY.dtype)
    w = W.reshape(len(W), -1)
    dw = np.zeros(w.shape, dY.dtype)
    for n, rows in _slices(windows):
        part = windows[n, ..., rows, :]
        dy = dY[n, :, rows].reshape(len(part), len(W), -1)
        dw += (dy @ _columns(part).swapaxes(1, 2)).sum(axis=0)
        _add(dwindows[n, ..., rows, :], (w.T @ dy).reshape(part.shape))
    return dX, dw.reshape(W.shape), dY.sum(axis=(0, 2, 3))


def max_pool2d(X, size, stride=None):
    """Return the largest pixel of every window of the pictures X (N, C, H, W).

    The result has shape (N, C, out_h, out_w). ``stride`` None means ``size``: windows side by side.
    Raises ValueError as ``sliding_windows`` does. Derived in notebook 07.
    """
    stride = size if stride is None else stride
    windows = _windows(np.asarray(X), size, stride)
    Y = windows[:, :, 0, 0].copy()
    for i, j in np.ndindex(windows.shape[2:4]):
        np.maximum(Y, windows[:, :, i, j], out=Y)
    return Y


def max_pool2d_backward(dY, X, size, stride=None):
    """Return the gradient dX, given the gradient dY at the output of ``max_pool2d``.

    Each number of dY goes to the largest pixel of its window. Of equal pixels the first one
    gets it, as in torch. Raises ValueError when a shape does not fit. Derived in notebook 07.
    """
    stride = size if stride is None else stride
    windows = _windows(np.asarray(X), size, stride)
    N, C, kh, kw, out_h, out_w = windows.shape
    dY = _check_shape(dY, (N, C, out_h, out_w))
    dX, dwindows = _zero_gradient(np.shape(X), (kh, kw), stride, 0, 1, dY.dtype)
    positions = np.arange(kh * kw).reshape(kh, kw, 1, 1)
    for n, rows in _slices(windows):
        part = windows[n, ..., rows, :]
        flat = part.reshape(len(part), C, 1, kh * kw, -1, out_w)
        winners = flat.argmax(axis=3, keepdims=True)
        part = np.where(winners == positions, dY[n, :, None, None, rows], 0)
        _add(dwindows[n, ..., rows, :], part)
    return dX


def _windows(X, kernel, stride=1, padding=0, dilation=1):
    """Return the ``sliding_windows`` of an array, as a view of X itself where nothing is padded."""
    if X.ndim != 4:
        raise ValueError(f"X must have shape (N, C, H, W), got {X.shape}")
    kernel, padding = _pair(kernel, "kernel"), _pair(padding, "padding")
    stride, dilation = _pair(stride, "stride"), _pair(dilation, "dilation")
    for side in zip(X.shape[2:], kernel, stride, padding, dilation, strict=True):
        output_size(*side)  # raises when the kernel does not fit
    if any(padding):
        X = np.pad(X, [(0, 0), (0, 0), *((p, p) for p in padding)])
    return _view(X, kernel, stride, dilation)


def _view(padded, kernel, stride, dilation):
    """View ``padded`` as (N, C, kh, kw, out_h, out_w) without copying a number."""
    (kh, kw), (sh, sw), (dh, dw) = kernel, stride, dilation
    spans = (dh * (kh - 1) + 1, dw * (kw - 1) + 1)
    view = sliding_window_view(padded, spans, axis=(2, 3), writeable=padded.flags.writeable)
    return view[:, :, ::sh, ::sw, ::dh, ::dw].transpose(0, 1, 4, 5, 2, 3)


def _slices(windows):
    """Yield slices of the examples and of the rows, so that each holds about SLICE numbers."""
    N, C, kh, kw, out_h, out_w = windows.shape
    fit = max(1, SLICE // (C * kh * kw * out_w))  # so many rows of the output
    examples, rows = max(1, fit // out_h), min(fit, out_h)
    for n in range(0, N, examples):
        for row in range(0, out_h, rows):
            yield slice(n, n + examples), slice(row, row + rows)


def _columns(windows):
    """Copy every window into a column: shape (N, C·kh·kw, out_h·out_w)."""
    N, C, kh, kw, out_h, out_w = windows.shape
    return windows.reshape(N, C * kh * kw, out_h * out_w)


def _zero_gradient(shape, kernel, stride, padding, dilation, dtype):
    """Return zeros of the ``shape`` of X, and the windows that lie over them."""
    (N, C, H, W), (top, left) = shape, _pair(padding, "padding")
    padded = np.zeros((N, C, H + 2 * top, W + 2 * left), dtype)
    windows = _view(padded, kernel, _pair(stride, "stride"), _pair(dilation, "dilation"))
    return padded[:, :, top : top + H, left : left + W], windows


def _add(windows, dwindows):
    """Add the gradient of every window to the pixels it came from: the way back of the windows."""
    for i, j in np.ndindex(windows.shape[2:4]):  # windows overlap, but not for the same i, j
        windows[:, :, i, j] += dwindows[:, :, i, j]


def _pair(value, name):
    """Return two whole numbers (rows, columns), for one number or for a pair."""
    pair = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"{name} must be an int or a pair (rows, columns), got {value!r}")
    least = 0 if name == "padding" else 1
    return tuple(whole_number(name, number, least) for number in pair)


def _check(X, W, b=None):
    """Return X, W and b as arrays, W of the type that the sums have: int64 for whole numbers."""
    X, W = np.asarray(X), np.asarray(W)
    for name, array, shape in (("X", X, "(N, C, H, W)"), ("W", W, "(out, C, kh, kw)")):
        if array.ndim != 4:
            raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    if X.shape[1] != W.shape[1]:
        raise ValueError(f"X has {X.shape[1]} channels, but W expects {W.shape[1]}")
    if 0 in W.shape[:2]:
        raise ValueError(f"W must hold at least one kernel and one channel, got shape {W.shape}")
    b = None if b is None else np.asarray(b)
    if b is not None and b.shape != (len(W),):
        raise ValueError(f"b must have shape ({len(W)},), got {b.shape}")
    dtype = np.result_type(X, W)
    return X, W.astype(np.int64 if dtype.kind in "bui" else dtype, copy=False), b


def _check_shape(dY, shape):
    """Return dY as an array, which must have the shape of the output."""
    if np.shape(dY) != shape:
        raise ValueError(f"dY must have shape {shape}, got {np.shape(dY)}")
    return np.asarray(dY)
