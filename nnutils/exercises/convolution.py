"""The exercises of notebook 07."""

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.exercises.kinds import order, table


def output_size(n, kernel, stride, padding, dilation):
    """Return how many windows fit along a side of n pixels."""
    span = dilation * (kernel - 1) + 1
    return (n + 2 * padding - span) // stride + 1


def conv2d(X, W, b, stride):
    """Convolve one image X (C, n, n) with the kernels W (out, C, k, k), plus the bias b (out,)."""
    k = W.shape[-1]
    size = (X.shape[-1] - k) // stride + 1
    Y = np.zeros((len(W), size, size))
    for i in range(len(W)):
        for row in range(size):
            for column in range(size):
                top, left = row * stride, column * stride
                window = X[:, top : top + k, left : left + k]
                Y[i, row, column] = (window * W[i]).sum() + b[i]
    return Y


def max_pool(X, size):
    """Return the largest number of every size × size window; windows stand side by side."""
    height, width = len(X) // size, len(X[0]) // size
    Y = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            top = row * size
            left = column * size
            Y[row, column] = X[top : top + size, left : left + size].max()
    return Y


def conv2d_backward(dY, X, W, stride):
    """Return the gradients dX and dW, given dY; all of them have two axes."""
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    k = len(W)
    for row in range(len(dY)):
        for column in range(len(dY[0])):
            rows = slice(row * stride, row * stride + k)
            columns = slice(column * stride, column * stride + k)
            dW += dY[row, column] * X[rows, columns]
            dX[rows, columns] += dY[row, column] * W
    return dX, dW


# The example of the notebook, and an image of two channels.
_PICTURE = np.array(
    [[1, 2, 0, 3, 1], [0, 1, 2, 3, 1], [1, 2, 1, 0, 0], [5, 2, 3, 1, 1], [2, 1, 0, 1, 1]]
)
_KERNEL = np.array([[1, 2, 1], [0, 1, 0], [2, 1, 0]])
_IMAGE = np.array([_PICTURE, _PICTURE.T])
_KERNELS = np.array(
    [
        [[[1, 2, 1], [0, 1, 0], [2, 1, 0]], [[0, 1, 0], [1, -4, 1], [0, 2, 0]]],
        [[[0, 0, 1], [0, 2, 0], [0, 3, 0]], [[1, 0, -1], [2, 0, -2], [1, 3, -1]]],
        [[[1, 1, 1], [1, 1, 1], [1, 1, 0]], [[0, 0, 1], [5, 0, 0], [0, 0, 0]]],
    ]
)


def _numbers(rng, *shape):
    return rng.normal(size=shape).round(2)


def _draw_side(rng):
    kernel, stride, padding, dilation = rng.permutation([1, 2, 3, 4]).tolist()
    least = max(1, dilation * (kernel - 1) + 1 - 2 * padding)
    return least + int(rng.integers(20)), kernel, stride, padding, dilation


def _draw_image(rng):
    (channels, out, k), n = rng.permutation([2, 3, 4]), rng.integers(5, 8)
    X, W = _numbers(rng, channels, n, n), _numbers(rng, out, channels, k, k)
    return X, W, _numbers(rng, out), int(rng.integers(1, 4))


def _draw_map(rng):
    size = int(rng.integers(2, 4))
    rows, columns = rng.choice(np.arange(size, 3 * size), 2, replace=False)
    return rng.normal(size=(rows, columns)).round(3), size


def _draw_way_back(rng):
    (k, rows, columns), stride = rng.permutation([2, 3, 4]), int(rng.integers(1, 4))
    height, width = (np.array([rows, columns]) - 1) * stride + k + rng.integers(stride, size=2)
    return _numbers(rng, rows, columns), _numbers(rng, height, width), _numbers(rng, k, k), stride


# fmt: off
EXERCISES = [
    order(
        "convolution_loops",
        "Put the two loops in order",
        right="FEGADBC",
        hints=[
            "A line can only use what the lines above it have made: which names does each need?",
            "Three lines stand before the loops: the side of the kernel, the side of the output "
            "that follows from it, and the empty output.",
            "It begins with F, E, G. Then come the loop over rows and, inside, the one over "
            "columns.",
        ],
        mistakes=[
            ("output_made_anew", "AGD",
             "`Y = np.zeros(…)` stands between the two loops. The output is made once, before "
             "both."),
            ("window_before_its_column", "BD",
             "The window is cut out before the loop over columns begins: there is no column yet."),
            ("sum_before_the_window", "CB",
             "The sum of a window is taken before that window is cut out."),
            ("size_before_the_kernel", "EF",
             "The side of the output needs `k`, which is set in a later line."),
        ],
    ),
    Exercise(
        "output_size",
        "Compute the size of the output",
        output_size,
        draw=_draw_side,
        cases=[
            Case((5, 3, 1, 0, 1), "the example"),
            Case((5, 3, 2, 0, 1), "the example with stride 2"),
            Case((5, 3, 1, 1, 1), "the example with padding 1"),
            Case((32, 3, 1, 0, 1), "a colour image"),
            Case((6, 3, 2, 0, 1), "a stride that leaves a pixel over"),
            Case((8, 3, 4, 0, 1), "a stride larger than the kernel"),
            Case((2, 5, 1, 2, 1), "a kernel larger than the picture"),
            Case((9, 3, 1, 0, 3), "dilation 3"),
            Case((28, 5, 3, 2, 2), "everything at once"),
            Case((7, 7, 4, 0, 1), "one window"),
            Case((10, 1, 3, 1, 5), "a kernel of one pixel"),
        ],
        hints=[
            "First the span: how many pixels does the kernel reach over, from its first to its "
            "last? Without dilation that is its side.",
            "Between k numbers there are k − 1 steps of d pixels each, so the span is "
            "`d * (k - 1) + 1`. What is left of the padded side is room to slide.",
            "Every stride that fits into this room gives one more window: `room // stride + 1`, "
            "where `room = n + 2 * padding - span`.",
        ],
        mistakes=[
            slip("ceiling",
                 "(n + 2 * padding - span) // stride",
                 "-(-(n + 2 * padding - span) // stride)",
                 "You round up. A window that would stick out over the border is left out: round "
                 "down, with `//`."),
            slip("without_plus_one", "// stride + 1", "// stride",
                 "One is missing: before the first slide there already is a window. Add 1."),
            slip("padding_on_one_side", "2 * padding", "padding",
                 "The padding is counted once. There are zeros on both sides: `2 * padding`."),
            slip("dilation_forgotten", "dilation * (kernel - 1) + 1", "kernel",
                 "The dilation is missing: a kernel of side k spans `d * (k - 1) + 1` pixels."),
            slip("span_one_too_long", "dilation * (kernel - 1) + 1", "dilation * kernel",
                 "The span is not `d * k`: between k numbers there are only k − 1 steps, and the "
                 "last number needs one pixel. It is `d * (k - 1) + 1`."),
            slip("stride_of_the_output",
                 "- span) // stride + 1",
                 "- span + 1) // stride",
                 "You divide the output at stride 1 by the stride. Divide the room to slide, and "
                 "add 1 for the first window afterwards."),
            slip("true_division", "// stride", "/ stride",
                 "A number of windows is a whole number: divide with `//`, which rounds down."),
        ],
    ),
    Exercise(
        "conv2d",
        "Convolve all channels",
        conv2d,
        minutes=12,
        draw=_draw_image,
        cases=[
            Case((_PICTURE[None], _KERNEL[None, None], np.zeros(1), 1), "the example"),
            Case((_PICTURE[None], _KERNEL[None, None], np.array([0.5]), 2), "stride 2 and a bias"),
            Case((_IMAGE, _KERNELS, np.array([0.0, 1.0, -2.0]), 1), "2 → 3 channels"),
            Case((_IMAGE, _KERNELS, np.array([0.0, 1.0, -2.0]), 2), "2 → 3 channels, stride 2"),
        ],
        hints=[
            "Window number `row` begins at the pixel `row * stride`, and all channels are cut "
            "alike: `X[:, …, …]`.",
            "A window and one kernel `W[i]` both have the shape (C, k, k). Multiply them and add "
            "up everything, over the channels too.",
            "`Y[i, row, column] = (window * W[i]).sum() + b[i]`",
        ],
        mistakes=[
            slip("flipped", "W[i]", "W[i, :, ::-1, ::-1]",
                 "Your kernel is upside down. conv2d, here and in torch, does not flip it."),
            slip("without_bias", " + b[i]", "",
                 "The bias is missing: each output channel adds its own `b[i]`."),
            slip("bias_in_every_product", "W[i]).sum() + b[i]", "W[i] + b[i]).sum()",
                 "The bias is added inside the sum, so it counts once for every product. Add it "
                 "once, behind the sum."),
            slip("stride_forgotten", "row * stride, column * stride", "row, column",
                 "The windows move by one pixel. With a stride, window number `row` begins at "
                 "`row * stride`."),
            slip("first_channel_only", "window * W[i]", "window[0] * W[i, 0]",
                 "Only the first channel counts. The window has all channels, `X[:, …, …]`, and "
                 "the sum goes over all of them."),
            slip("first_kernel_only", "W[i]", "W[0]",
                 "All output channels use the first kernel. Channel i has its own: `W[i]`."),
            slip("rows_for_columns", "top : top + k, left : left + k",
                 "left : left + k, top : top + k",
                 "Rows and columns of the window are exchanged."),
        ],
    ),
    Exercise(
        "max_pool",
        "Pool the largest",
        max_pool,
        draw=_draw_map,
        cases=[
            Case((_PICTURE[:4, :4], 2), "4×4 in windows of 2×2"),
            Case((_PICTURE, 2), "5×5: a row and a column are left over"),
            Case((-1 - _PICTURE, 2), "negative numbers"),
            Case((np.arange(40).reshape(8, 5) * 7 % 11 - 4.125, 3), "8×5 in windows of 3×3"),
            Case((_PICTURE[:1], 1), "a single row in windows of one pixel"),
        ],
        hints=[
            "As many windows fit along a side as `size` goes into it: `len(X) // size` from top to "
            "bottom.",
            "Window number `row` begins at `row * size` and ends before `row * size + size`.",
            "Cut the window out of `X` and take `.max()` of it.",
        ],
        mistakes=[
            slip("mean_pool", ".max()", ".mean()",
                 "That is the mean of each window. Take the largest, `.max()`."),
            slip("windows_overlap",
                 "X[top : top + size, left : left + size]",
                 "X[row : row + size, column : column + size]",
                 "Your windows move by one pixel and overlap. Here they stand side by side: window "
                 "number `row` begins at `row * size`."),
            slip("leftovers_kept",
                 "len(X) // size, len(X[0]) // size",
                 "-(-len(X) // size), -(-len(X[0]) // size)",
                 "You keep windows that stick out over the border. As with a stride, what is left "
                 "over is dropped: `//` rounds down."),
            slip("starts_at_zero", ".max()", ".max(initial=0)",
                 "A window of negative numbers gives 0, not the largest of them."),
        ],
    ),
    table(
        "convolution_shapes",
        "Fill in the table of shapes",
        right={
            "images": (64, 3, 32, 32),
            "kernels of the first convolution": (6, 3, 3, 3),
            "after the first convolution": (64, 6, 30, 30),
            "after max pooling": (64, 6, 15, 15),
            "parameters of the second convolution": 2416,
            "after the second convolution": (64, 16, 7, 7),
            "after max pooling again": (64, 16, 3, 3),
            "flattened": (64, 144),
        },
        hints=[
            "The number of images runs through unchanged, and the number of channels is that of "
            "the kernels.",
            "Rows and columns follow from the floor formula: ⌊(n + 2p − k) / s⌋ + 1. Max pooling "
            "2×2 is a window of 2 with stride 2. Parameters: out · in · k · k weights, and a bias "
            "for each output channel.",
            "The second convolution gives ⌊(15 + 2 − 5) / 2⌋ + 1 numbers on a side and has "
            "16 · 6 · 5 · 5 weights. Flattening lays everything that belongs to one image in one "
            "row.",
        ],
        mistakes=[
            ("channels_turned", {"kernels of the first convolution": (3, 6, 3, 3)},
             "Kernels have the shape (out, in, k, k): 6 comes first."),
            ("channels_last",
             {"after the first convolution": (64, 30, 30, 6),
              "after max pooling": (64, 15, 15, 6),
              "after the second convolution": (64, 7, 7, 16),
              "after max pooling again": (64, 3, 3, 16)},
             "The channels stand behind the images: (images, channels, rows, columns), in torch "
             "and here."),
            ("rounds_up", {"after max pooling again": (64, 16, 4, 4), "flattened": (64, 256)},
             "Pooling drops the row and the column that are left over: half of 7, rounded down."),
            ("pads_one_side", {"after the second convolution": (64, 16, 6, 6)},
             "Padding 1 puts zeros on both sides: the padded side is 15 + 2."),
            ("flattens_the_batch", {"flattened": (9216,)},
             "Flattening keeps the images apart: one row for each of the 64."),
            ("without_biases", {"parameters of the second convolution": 2400},
             "The biases are missing, one for each output channel."),
            ("one_bias", {"parameters of the second convolution": 2401},
             "There is one bias for each output channel, not one for all."),
            ("one_slice_for_all_channels", {"parameters of the second convolution": 416},
             "Each kernel has weights of its own for every input channel: 6 · 5 · 5 of them."),
        ],
        remark="The order is (images, channels, rows, columns).",
    ),
    Exercise(
        "conv2d_backward",
        "Go all the way back",
        conv2d_backward,
        minutes=15,
        draw=_draw_way_back,
        cases=[
            Case((np.array([[2.0]]), _PICTURE[:3, :3], _KERNEL, 1), "one window"),
            Case((np.arange(9.0).reshape(3, 3) - 2, _PICTURE, _KERNEL, 1), "nine windows"),
            Case((np.array([[1.0, -2], [3, 0.5]]), _PICTURE, _KERNEL, 2), "stride 2"),
            Case((np.array([[1.0, -1]]), _PICTURE[:2, :4], _KERNEL[:2, 1:], 2), "2×2, no overlap"),
        ],
        hints=[
            "Window number `row` begins at `row * stride`, as on the way forward: "
            "`rows = slice(row * stride, row * stride + k)`.",
            "y = Σ x · w: a small change of w moves y by x times as much, a small change of x by w "
            "times as much. The chain rule multiplies both by `dY[row, column]`.",
            "`dW += dY[row, column] * X[rows, columns]`, and the same with `W` into "
            "`dX[rows, columns]`.",
        ],
        mistakes=[
            slip("window_overwritten", "dX[rows, columns] +=", "dX[rows, columns] =",
                 "A pixel in several windows keeps only the last part of its gradient: the parts "
                 "add up, with `+=`."),
            slip("kernel_overwritten", "dW +=", "dW =",
                 "`dW` keeps only the last window. Every window uses the same kernel, so their "
                 "parts add up, with `+=`."),
            slip("kernel_and_window_exchanged",
                 "* X[rows, columns]\n            dX[rows, columns] += dY[row, column] * W",
                 "* W\n            dX[rows, columns] += dY[row, column] * X[rows, columns]",
                 "X and W are exchanged: the derivative with respect to a weight is the pixel that "
                 "it met, and the other way round."),
            slip("kernel_flipped", "column] * W", "column] * W[::-1, ::-1]",
                 "`dX` uses the kernel upside down. Pixel (i, j) of the window met weight (i, j), "
                 "so nothing is flipped when you add window by window."),
            Mistake("stride_left_out",
                    "The stride is missing: window number `row` begins at `row * stride`, as on "
                    "the way forward.",
                    lambda dY, X, W, stride: conv2d_backward(dY, X, W, 1)),
            slip("mean_over_windows", "return dX, dW", "return dX, dW / dY.size",
                 "`dW` is divided by the number of windows. The loss decides whether there is a "
                 "mean; it is already in `dY`."),
            Mistake("incoming_gradient_forgotten",
                    "`dY` is missing: each window's part is multiplied by its `dY[row, column]`.",
                    lambda dY, X, W, stride: conv2d_backward(np.ones(dY.shape), X, W, stride)),
        ],
    ),
]
