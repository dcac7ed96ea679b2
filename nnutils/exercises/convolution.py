"""The exercises of notebook 07."""

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake, slip


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


def moving_kernel(down, right):
    """Return the 5×5 kernel that moves a picture, with padding 2, by so many pixels."""
    W = np.zeros((5, 5))
    row = 2 - down
    column = 2 - right
    W[row, column] = 1
    return W


def mend_max_pool(X, size, stride):
    """Return the largest number of every size × size window; windows begin stride pixels apart."""
    height = (len(X) - size) // stride + 1
    width = (len(X[0]) - size) // stride + 1
    Y = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            top, left = row * stride, column * stride
            window = X[top : top + size, left : left + size]
            Y[row, column] = window.max()
    return Y


def _pool_with_faults(X, size, stride):
    """Return what the program in the stub of ``mend_max_pool`` returns."""
    height = len(X) // stride
    width = len(X[0]) // stride
    Y = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            top, left = row * size, column * size
            window = X[top : top + size, left : left + size]
            Y[row, column] = max(0, window.max())
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
    size, stride = rng.permutation([2, 3, 4])[:2].tolist()
    rows, columns = rng.choice(np.arange(size, 3 * size + 2), 2, replace=False)
    return rng.normal(size=(rows, columns)).round(3), size, stride


def _draw_way_back(rng):
    (k, rows, columns), stride = rng.permutation([2, 3, 4]), int(rng.integers(1, 4))
    height, width = (np.array([rows, columns]) - 1) * stride + k + rng.integers(stride, size=2)
    return _numbers(rng, rows, columns), _numbers(rng, height, width), _numbers(rng, k, k), stride


# fmt: off
EXERCISES = [
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
        "moving_kernel",
        "Design a kernel that moves a picture",
        moving_kernel,
        minutes=5,
        cases=[
            Case((0, 0), "the picture stays"),
            Case((0, 1), "one pixel to the right"),
            Case((1, 0), "one pixel down"),
            Case((-2, 1), "two up, one to the right"),
            Case((2, -1), "two down, one to the left"),
            Case((-1, -2), "one up, two to the left"),
        ],
        hints=[
            "Which kernel leaves the picture as it is? The window is centred on its middle pixel, "
            "in row 2 and column 2.",
            "Each output pixel copies one pixel of its window. When the picture moves to the "
            "right, what is seen here came from the left.",
            "To move by (down, right), copy the pixel that lies `down` rows above the middle, and "
            "`right` columns left of it: `row = 2 - down`.",
        ],
        mistakes=[
            Mistake("moves_the_other_way",
                    "Your kernel moves the picture the other way. A pixel of the output that looks "
                    "to the right brings what lies there to the left.",
                    lambda down, right: moving_kernel(-down, -right)),
            Mistake("rows_for_columns",
                    "Down and right are exchanged: a picture that moves down is looked up in "
                    "another row.",
                    lambda down, right: moving_kernel(right, down)),
            Mistake("only_rows_turned",
                    "Up and down are right, left and right are exchanged.",
                    lambda down, right: moving_kernel(down, -right)),
            Mistake("only_columns_turned",
                    "Left and right are right, up and down are exchanged.",
                    lambda down, right: moving_kernel(-down, right)),
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
        "mend_max_pool",
        "Find three faults in a max pooling",
        mend_max_pool,
        stub=_pool_with_faults,
        draw=_draw_map,
        cases=[
            Case((_PICTURE[:4, :4], 2, 2), "4×4, windows of 2×2 side by side"),
            Case((_PICTURE, 3, 2), "5×5, windows of 3×3, stride 2"),
            Case((-1 - _PICTURE, 2, 2), "negative numbers"),
            Case((np.arange(40).reshape(8, 5) * 7 % 11 - 4.125, 3, 1), "8×5, windows of 3×3"),
            Case((_PICTURE[:3], 2, 3), "3×5, windows of 2×2, stride 3"),
            Case((_PICTURE[:1], 1, 2), "a single row, every second pixel"),
        ],
        hints=[
            "Try windows that overlap, a size that does not divide the side, numbers below 0. Look "
            "for a line that each of them upsets.",
            "How many windows fit is the formula of `output_size`, without padding. Where window "
            "number `row` begins depends on the stride. And what is the largest of −3 and −1?",
            "`height = (len(X) - size) // stride + 1`, likewise the width; `top = row * stride`; "
            "`window.max()` without the 0.",
        ],
        mistakes=[
            slip("count_still_wrong",
                 "(len(X) - size) // stride + 1\n    width = (len(X[0]) - size) // stride + 1",
                 "len(X) // stride\n    width = len(X[0]) // stride",
                 "Two faults are mended. The number of windows is still wrong: some of yours stick "
                 "out over the border."),
            slip("stride_still_wrong", "row * stride, column * stride", "row * size, column * size",
                 "Two faults are mended. The windows still begin in the wrong places: the stride "
                 "says how far apart they are."),
            slip("zero_still_there", "window.max()", "max(0, window.max())",
                 "Two faults are mended. A window of negative numbers still gives 0, not the "
                 "largest of them."),
            slip("mean_pool", "window.max()", "window.mean()",
                 "That is the mean of each window. Take the largest, `.max()`."),
            slip("leftovers_kept",
                 "(len(X) - size) // stride + 1\n    width = (len(X[0]) - size) // stride + 1",
                 "-(-(len(X) - size) // stride) + 1\n"
                 "    width = -(-(len(X[0]) - size) // stride) + 1",
                 "You keep windows that stick out over the border. What is left over is dropped: "
                 "`//` rounds down."),
            slip("windows_by_one_pixel", "row * stride, column * stride", "row, column",
                 "Your windows move by one pixel. Window number `row` begins at `row * stride`."),
        ],
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
