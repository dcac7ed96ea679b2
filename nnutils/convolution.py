"""Convolution and max pooling: output size, output and gradients.

Derived in notebook 07. As in torch, pictures have the shape (N, C, H, W): examples, channels, rows,
columns; and what is called a convolution is a cross-correlation: the kernel is not flipped. Every
setting of a window (size, stride, padding, dilation) is an int or a pair (rows, columns).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    """Return how many windows fit along a side of n pixels: ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1.

    Because of the floor, a stride can leave pixels at the far border that no window reaches.
    Raises ValueError when a value is not a whole number, is too small, or the kernel does not fit.
    Derived in notebook 07; Dumoulin and Visin (2016), "A guide to convolution arithmetic".
    """
    settings = dict(n=n, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    for name, value in settings.items():
        least = 0 if name == "padding" else 1
        if not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    padded = n + 2 * padding
    span = dilation * (kernel - 1) + 1
    if span > padded:
        raise ValueError(f"the kernel spans {span} pixels, the padded input has only {padded}")
    return (padded - span) // stride + 1


def sliding_windows(X, kernel, stride=1, padding=0, dilation=1):
    """Return the windows that a kernel sees in the pictures X, shape (N, C, kh, kw, out_h, out_w).

    X has shape (N, C, H, W), ``kernel`` is the size (kh, kw) or one int. Entry ``[n, c, i, j]``
    holds the pixels that the kernel's number in row i, column j meets: one for each place of the
    output. Raises ValueError when X does not have four axes, and as ``output_size`` does.
    Derived in notebook 07.
    """
    X = np.asarray(X)
    if X.ndim != 4:
        raise ValueError(f"X must have shape (N, C, H, W), got {X.shape}")
    kernel, stride = _pair(kernel, "kernel"), _pair(stride, "stride")
    padding, dilation = _pair(padding, "padding"), _pair(dilation, "dilation")
    for side in zip(X.shape[2:], kernel, stride, padding, dilation, strict=True):
        output_size(*side)  # raises when the kernel does not fit
    return _windows(_pad(X, *padding), kernel, stride, dilation)


def conv2d(X, W, b=None, stride=1, padding=0, dilation=1):
    """Convolve the pictures X (N, C, H, W) with the kernels W (out, C, kh, kw), plus the bias b.

    Returns (N, out, out_h, out_w). b has shape (out,) or is None; ``padding`` adds zeros on every
    side. Whole numbers are summed in int64. Raises ValueError when the shapes do not fit together,
    and as ``output_size`` does. Derived in notebook 07. Each window becomes a column, and one
    matrix product takes all the sums: Chellapilla, Puri and Simard (2006), "High performance
    convolutional neural networks for document processing".
    """
    X, W = _check(X, W, b)
    windows = sliding_windows(X, W.shape[2:], stride, padding, dilation)
    Y = W.reshape(len(W), -1) @ _columns(windows)
    Y = Y.reshape(len(W), len(X), *windows.shape[4:]).transpose(1, 0, 2, 3)
    return Y if b is None else Y + np.reshape(b, (-1, 1, 1))


def conv2d_naive(X, W, b=None, stride=1, padding=0, dilation=1):
    """Compute what ``conv2d`` computes, window by window in four loops: slow, and it hides nothing.

    Shapes and errors are those of ``conv2d``. Derived in notebook 07.
    """
    X, W = _check(X, W, b)
    (sh, sw), (ph, pw) = _pair(stride, "stride"), _pair(padding, "padding")
    (dh, dw), (kh, kw) = _pair(dilation, "dilation"), W.shape[2:]
    out_h = output_size(X.shape[2], kh, sh, ph, dh)
    out_w = output_size(X.shape[3], kw, sw, pw, dw)
    padded = _pad(X, ph, pw)
    Y = np.zeros((len(X), len(W), out_h, out_w), X.dtype)
    for n in range(len(X)):
        for k in range(len(W)):
            for row in range(out_h):
                for column in range(out_w):
                    top, left = row * sh, column * sw
                    bottom, right = top + dh * (kh - 1) + 1, left + dw * (kw - 1) + 1
                    window = padded[n, :, top:bottom:dh, left:right:dw]
                    Y[n, k, row, column] = (window * W[k]).sum()
    return Y if b is None else Y + np.reshape(b, (-1, 1, 1))


def conv2d_backward(dY, X, W, stride=1, padding=0, dilation=1):
    """Return the gradients dX, dW, db of a loss, given its gradient dY at the output of ``conv2d``.

    dY has the shape of that output, each result the shape of what it belongs to. Raises ValueError
    when a shape does not fit. Derived in notebook 07.
    """
    X, W = _check(X, W)
    windows = sliding_windows(X, W.shape[2:], stride, padding, dilation)
    N, C, kh, kw, out_h, out_w = windows.shape
    dY = _check_shape(dY, (N, len(W), out_h, out_w))
    dy = dY.transpose(1, 0, 2, 3).reshape(len(W), -1)  # one row for each kernel
    dW = (dy @ _columns(windows).T).reshape(W.shape)
    dcolumns = W.reshape(len(W), -1).T @ dy
    dwindows = dcolumns.reshape(C, kh, kw, N, out_h, out_w).transpose(3, 0, 1, 2, 4, 5)
    dX = _add_windows(dwindows, X.shape, stride, padding, dilation)
    return dX, dW, dY.sum(axis=(0, 2, 3))


def max_pool2d(X, size, stride=None):
    """Return the largest pixel of every window of the pictures X (N, C, H, W).

    The result has shape (N, C, out_h, out_w). ``stride`` None means ``size``: windows side by side.
    Raises ValueError as ``sliding_windows`` does. Derived in notebook 07.
    """
    windows = sliding_windows(X, size, size if stride is None else stride)
    N, C, kh, kw, out_h, out_w = windows.shape
    return windows.reshape(N, C, kh * kw, out_h, out_w).max(axis=2)


def max_pool2d_backward(dY, X, size, stride=None):
    """Return the gradient dX, given the gradient dY at the output of ``max_pool2d``.

    Each number of dY goes to the largest pixel of its window. Of equal pixels the first one
    gets it, as in torch. Raises ValueError when a shape does not fit. Derived in notebook 07.
    """
    stride = size if stride is None else stride
    windows = sliding_windows(X, size, stride)
    N, C, kh, kw, out_h, out_w = windows.shape
    dY = _check_shape(dY, (N, C, out_h, out_w))
    winners = windows.reshape(N, C, 1, kh * kw, out_h, out_w).argmax(axis=3, keepdims=True)
    positions = np.arange(kh * kw).reshape(kh, kw, 1, 1)
    dwindows = np.where(winners == positions, dY[:, :, None, None], 0)
    return _add_windows(dwindows, np.shape(X), stride, padding=0, dilation=1)


def _pad(X, top, left):
    """Return a copy of X with ``top`` rows and ``left`` columns of zeros on either side."""
    return np.pad(X, ((0, 0), (0, 0), (top, top), (left, left)))


def _windows(padded, kernel, stride, dilation):
    """View ``padded`` as (N, C, kh, kw, out_h, out_w) without copying a number."""
    (kh, kw), (sh, sw), (dh, dw) = kernel, stride, dilation
    spans = (dh * (kh - 1) + 1, dw * (kw - 1) + 1)
    view = sliding_window_view(padded, spans, axis=(2, 3), writeable=True)
    return view[:, :, ::sh, ::sw, ::dh, ::dw].transpose(0, 1, 4, 5, 2, 3)


def _columns(windows):
    """Copy every window into a column: shape (C·kh·kw, N·out_h·out_w)."""
    N, C, kh, kw, out_h, out_w = windows.shape
    return windows.transpose(1, 2, 3, 0, 4, 5).reshape(C * kh * kw, N * out_h * out_w)


def _add_windows(dwindows, shape, stride, padding, dilation):
    """Add the gradient of every window to the pixels it came from: the way back of the windows."""
    N, C, H, W = shape
    kh, kw = dwindows.shape[2:4]
    top, left = _pair(padding, "padding")
    dpadded = np.zeros((N, C, H + 2 * top, W + 2 * left), dwindows.dtype)
    view = _windows(dpadded, (kh, kw), _pair(stride, "stride"), _pair(dilation, "dilation"))
    for i, j in np.ndindex(kh, kw):  # one at a time: windows overlap, but not for the same i, j
        view[:, :, i, j] += dwindows[:, :, i, j]
    return dpadded[:, :, top : top + H, left : left + W]


def _pair(value, name):
    """Return (value, value) for one number and (rows, columns) for a pair."""
    pair = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"{name} must be an int or a pair (rows, columns), got {value!r}")
    return pair


def _check(X, W, b=None):
    """Return X and W as arrays of one type; whole numbers become int64."""
    X, W = np.asarray(X), np.asarray(W)
    for name, array, shape in (("X", X, "(N, C, H, W)"), ("W", W, "(out, C, kh, kw)")):
        if array.ndim != 4:
            raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    if X.shape[1] != W.shape[1]:
        raise ValueError(f"X has {X.shape[1]} channels, but W expects {W.shape[1]}")
    if b is not None and np.shape(b) != (len(W),):
        raise ValueError(f"b must have shape ({len(W)},), got {np.shape(b)}")
    dtype = np.result_type(X, W)
    dtype = np.dtype(np.int64) if dtype.kind in "bui" else dtype
    return X.astype(dtype, copy=False), W.astype(dtype, copy=False)


def _check_shape(dY, shape):
    """Return dY as an array, which must have the shape of the output."""
    if np.shape(dY) != shape:
        raise ValueError(f"dY must have shape {shape}, got {np.shape(dY)}")
    return np.asarray(dY)
