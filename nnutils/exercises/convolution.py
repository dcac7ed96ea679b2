"""The exercises and questions of notebook 07."""

import math

import numpy as np

from nnutils.convolution import output_size
from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question

# --- 07.1: put the two loops in order ------------------------------------------------------------

LOOP_LINES = {
    "A": "for row in range(out):",
    "B": "        window = X[row : row + k, column : column + k]",
    "C": "        Y[row, column] = (window * W).sum()",
    "D": "    for column in range(out):",
    "E": "out = len(X) - k + 1",
    "F": "k = len(W)",
    "G": "Y = np.zeros((out, out))",
}


def loop_order():
    """Return the letters of the lines in the order in which they must stand."""
    return "FEGADBC"


def _letters(got):
    return "".join(str(got).split()).upper()


def _same_letters(got, expected):
    return _letters(got) == _letters(expected)


def _output_made_anew():
    return "FEAGDBC"


def _window_before_its_column():
    return "FEGABDC"


def _sum_before_the_window():
    return "FEGADCB"


def _size_before_the_kernel():
    return "EFGADBC"


def _explain_order(got):
    letters = _letters(got)
    if sorted(letters) != sorted(LOOP_LINES):
        return f"Use each of the letters {', '.join(sorted(LOOP_LINES))} exactly once."
    place = next(i for i, pair in enumerate(zip(letters, loop_order())) if pair[0] != pair[1])
    line = LOOP_LINES[letters[place]].strip()
    return f"The first {place} lines are right. Line {place + 1}, `{line}`, comes too early."


# --- 07.2: the size of the output, which is nnutils.convolution.output_size ----------------------


def _ceiling(n, kernel, stride, padding, dilation):
    span = dilation * (kernel - 1) + 1
    return math.ceil((n + 2 * padding - span) / stride) + 1


def _without_plus_one(n, kernel, stride, padding, dilation):
    span = dilation * (kernel - 1) + 1
    return (n + 2 * padding - span) // stride


def _padding_on_one_side(n, kernel, stride, padding, dilation):
    span = dilation * (kernel - 1) + 1
    return (n + padding - span) // stride + 1


def _dilation_forgotten(n, kernel, stride, padding, dilation):
    return (n + 2 * padding - kernel) // stride + 1


def _span_one_too_long(n, kernel, stride, padding, dilation):
    return (n + 2 * padding - dilation * kernel) // stride + 1


def _stride_of_the_output(n, kernel, stride, padding, dilation):
    span = dilation * (kernel - 1) + 1
    return (n + 2 * padding - span + 1) // stride


def _true_division(n, kernel, stride, padding, dilation):
    span = dilation * (kernel - 1) + 1
    return (n + 2 * padding - span) / stride + 1


# --- 07.3: channels ------------------------------------------------------------------------------


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


def _flipped(X, W, b, stride):
    return conv2d(X, W[:, :, ::-1, ::-1], b, stride)


def _without_bias(X, W, b, stride):
    return conv2d(X, W, np.zeros(len(W)), stride)


def _bias_in_every_product(X, W, b, stride):
    return conv2d(X, W, b * W[0].size, stride)


def _stride_forgotten(X, W, b, stride):
    size = (X.shape[-1] - W.shape[-1]) // stride + 1
    return conv2d(X, W, b, 1)[:, :size, :size]


def _first_channel_only(X, W, b, stride):
    return conv2d(X[:1], W[:, :1], b, stride)


def _first_kernel_only(X, W, b, stride):
    return conv2d(X, np.repeat(W[:1], len(W), axis=0), b, stride)


def _rows_for_columns(X, W, b, stride):
    return conv2d(X, W.transpose(0, 1, 3, 2), b, stride).transpose(0, 2, 1)


# --- 07.4: max pooling ---------------------------------------------------------------------------


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


def _mean_pool(X, size):
    height, width = len(X) // size, len(X[0]) // size
    return X[: height * size, : width * size].reshape(height, size, width, size).mean(axis=(1, 3))


def _windows_overlap(X, size):
    height, width = len(X) // size, len(X[0]) // size
    places = [[(row, column) for column in range(width)] for row in range(height)]
    return np.array([[X[r : r + size, c : c + size].max() for r, c in row] for row in places])


def _leftovers_kept(X, size):
    height, width = math.ceil(len(X) / size), math.ceil(len(X[0]) / size)
    return np.array(
        [
            [X[r * size : (r + 1) * size, c * size : (c + 1) * size].max() for c in range(width)]
            for r in range(height)
        ]
    )


def _starts_at_zero(X, size):
    return np.maximum(max_pool(X, size), 0)


# --- 07.5: a table of shapes ---------------------------------------------------------------------


def shapes():
    """Return the shapes of 64 colour images on their way through two convolutions."""
    return {
        "images": (64, 3, 32, 32),
        "kernels of the first convolution": (6, 3, 3, 3),
        "after the first convolution": (64, 6, 30, 30),
        "after max pooling": (64, 6, 15, 15),
        "parameters of the second convolution": 2416,
        "after the second convolution": (64, 16, 7, 7),
        "after max pooling again": (64, 16, 3, 3),
        "flattened": (64, 144),
    }


def _channels_turned():
    return shapes() | {"kernels of the first convolution": (3, 6, 3, 3)}


def _channels_last():
    return shapes() | {
        "after the first convolution": (64, 30, 30, 6),
        "after max pooling": (64, 15, 15, 6),
        "after the second convolution": (64, 7, 7, 16),
        "after max pooling again": (64, 3, 3, 16),
    }


def _rounds_up():
    return shapes() | {"after max pooling again": (64, 16, 4, 4), "flattened": (64, 256)}


def _pads_one_side():
    return shapes() | {"after the second convolution": (64, 16, 6, 6)}


def _flattens_the_batch():
    return shapes() | {"flattened": (9216,)}


def _without_biases():
    return shapes() | {"parameters of the second convolution": 2400}


def _one_bias():
    return shapes() | {"parameters of the second convolution": 2401}


def _one_slice_for_all_channels():
    return shapes() | {"parameters of the second convolution": 416}


ORDER = "The order is (images, channels, rows, columns)."


def _explain_shapes(got):
    if not isinstance(got, dict) or got.keys() != shapes().keys():
        return "Keep the names of the table as they are and fill in the shapes."
    wrong = next(name for name, shape in shapes().items() if got[name] != shape)
    order = "A number, not a shape." if wrong.startswith("parameters") else ORDER
    return f'Look again at "{wrong}". {order}'


# --- 07.6: the way back --------------------------------------------------------------------------


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


def _slices(dY, W, stride):
    """Yield each number of dY with the slices of its window."""
    k = len(W)
    for (row, column), dy in np.ndenumerate(dY):
        rows = slice(row * stride, row * stride + k)
        yield dy, (rows, slice(column * stride, column * stride + k))


def _window_overwritten(dY, X, W, stride):
    dX, dW = np.zeros(X.shape), conv2d_backward(dY, X, W, stride)[1]
    for dy, window in _slices(dY, W, stride):
        dX[window] = dy * W
    return dX, dW


def _kernel_overwritten(dY, X, W, stride):
    dX, dW = conv2d_backward(dY, X, W, stride)[0], np.zeros(W.shape)
    for dy, window in _slices(dY, W, stride):
        dW = dy * X[window]
    return dX, dW


def _kernel_and_window_exchanged(dY, X, W, stride):
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for dy, window in _slices(dY, W, stride):
        dW += dy * W
        dX[window] += dy * X[window]
    return dX, dW


def _kernel_flipped(dY, X, W, stride):
    return conv2d_backward(dY, X, W[::-1, ::-1], stride)[0], conv2d_backward(dY, X, W, stride)[1]


def _stride_left_out(dY, X, W, stride):
    return conv2d_backward(dY, X, W, 1)


def _mean_over_windows(dY, X, W, stride):
    dX, dW = conv2d_backward(dY, X, W, stride)
    return dX, dW / dY.size


def _incoming_gradient_forgotten(dY, X, W, stride):
    return conv2d_backward(np.ones(dY.shape), X, W, stride)


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

EXERCISES = [
    Exercise(
        id="07.1",
        title="Put the two loops in order",
        function="my_order",
        reference=loop_order,
        cases=[Case(())],
        compare=_same_letters,
        hints=(
            "A line can only use what the lines above it have made: which names does each need?",
            "Three lines stand before the loops: the side of the kernel, the side of the output "
            "that follows from it, and the empty output.",
            "It begins with F, E, G. Then come the loop over rows and, inside, the one over "
            "columns.",
        ),
        mistakes=[
            Mistake(
                _output_made_anew,
                "Y = np.zeros(…) stands between the loop over rows and the lines inside it. The "
                "output is made once, before both loops.",
            ),
            Mistake(
                _window_before_its_column,
                "The window is cut out before the loop over columns begins: there is no column "
                "yet.",
            ),
            Mistake(
                _sum_before_the_window,
                "The sum is taken before the window is cut out: it would be the sum of the window "
                "before.",
            ),
            Mistake(
                _size_before_the_kernel,
                "The side of the output needs k, which is set in a later line.",
            ),
        ],
        explain=_explain_order,
    ),
    Exercise(
        id="07.2",
        title="Compute the size of the output",
        function="my_output_size",
        reference=output_size,
        cases=[
            Case((5, 3, 1, 0, 1), "the example"),
            Case((5, 3, 2, 0, 1), "the example with stride 2"),
            Case((5, 3, 1, 1, 1), "the example with padding 1"),
            Case((32, 3, 1, 0, 1), "a colour image"),
            Case((6, 3, 2, 0, 1), "a stride that leaves a pixel over"),
            Case((9, 3, 1, 0, 3), "dilation 3"),
            Case((28, 5, 3, 2, 2), "everything at once"),
            Case((7, 7, 4, 0, 1), "one window"),
            Case((10, 1, 3, 1, 5), "a kernel of one pixel"),
        ],
        hints=(
            "First the span: how many pixels does the kernel reach over, from its first to its "
            "last? Without dilation that is its side.",
            "k numbers have k − 1 steps of d pixels between them, so the span is d(k − 1) + 1. "
            "What is left of the padded side is room to slide.",
            "Every stride that fits into this room gives one more window: room // stride + 1, "
            "where room is n + 2 * padding - span.",
        ),
        mistakes=[
            Mistake(
                _ceiling,
                "You round up. A window that would stick out over the border is left out: round "
                "down, with //.",
            ),
            Mistake(
                _without_plus_one,
                "One is missing: before the first slide there already is a window. Add 1.",
            ),
            Mistake(
                _padding_on_one_side,
                "The padding is counted once. There are zeros on both sides: 2 * padding.",
            ),
            Mistake(
                _dilation_forgotten,
                "The dilation is missing: a kernel of side k spans d(k − 1) + 1 pixels.",
            ),
            Mistake(
                _span_one_too_long,
                "The span is not d · k: between k numbers there are only k − 1 steps, and the last "
                "number needs one pixel. It is d(k − 1) + 1.",
            ),
            Mistake(
                _stride_of_the_output,
                "You divide the output at stride 1 by the stride. Divide the room to slide, and "
                "add 1 for the first window afterwards.",
            ),
            Mistake(
                _true_division,
                "A number of windows is a whole number: divide with //, which rounds down.",
            ),
        ],
    ),
    Exercise(
        id="07.3",
        title="Convolve all channels",
        function="my_conv2d",
        reference=conv2d,
        cases=[
            Case((_PICTURE[None], _KERNEL[None, None], np.zeros(1), 1), "the example"),
            Case((_PICTURE[None], _KERNEL[None, None], np.array([0.5]), 2), "stride 2 and a bias"),
            Case((_IMAGE, _KERNELS, np.array([0.0, 1.0, -2.0]), 1), "2 → 3 channels"),
            Case((_IMAGE, _KERNELS, np.array([0.0, 1.0, -2.0]), 2), "2 → 3 channels, stride 2"),
        ],
        hints=(
            "Window number row begins at the pixel row * stride, and all channels are cut alike: "
            "X[:, …, …].",
            "A window and one kernel W[i] both have the shape (C, k, k). Multiply them and add up "
            "everything, over the channels too.",
            "Y[i, row, column] = (window * W[i]).sum() + b[i]",
        ),
        mistakes=[
            Mistake(
                _flipped,
                "Your kernel is upside down. conv2d, here and in torch, does not flip it.",
            ),
            Mistake(_without_bias, "The bias is missing: each output channel adds its own b[i]."),
            Mistake(
                _bias_in_every_product,
                "The bias is added inside the sum, so it counts once for every product. Add it "
                "once, behind the sum.",
            ),
            Mistake(
                _stride_forgotten,
                "The windows move by one pixel. With a stride, window number row begins at "
                "row * stride.",
            ),
            Mistake(
                _first_channel_only,
                "Only the first channel counts. The window has all channels, X[:, …, …], and the "
                "sum goes over all of them.",
            ),
            Mistake(
                _first_kernel_only,
                "All output channels use the first kernel. Channel i has its own: W[i].",
            ),
            Mistake(_rows_for_columns, "Rows and columns are exchanged."),
        ],
    ),
    Exercise(
        id="07.4",
        title="Pool the largest",
        function="my_max_pool",
        reference=max_pool,
        cases=[
            Case((_PICTURE[:4, :4], 2), "4×4 in windows of 2×2"),
            Case((_PICTURE, 2), "5×5: a row and a column are left over"),
            Case((-1 - _PICTURE, 2), "negative numbers"),
            Case((np.arange(42).reshape(6, 7) % 11, 3), "6×7 in windows of 3×3"),
            Case((_PICTURE, 1), "windows of one pixel"),
        ],
        hints=(
            "As many windows fit along a side as size goes into it: len(X) // size.",
            "Window number row begins at row * size and ends before row * size + size.",
            "Cut the window out of X and take .max() of it.",
        ),
        mistakes=[
            Mistake(_mean_pool, "That is the mean of each window. Take the largest, .max()."),
            Mistake(
                _windows_overlap,
                "Your windows move by one pixel and overlap. Here they stand side by side: window "
                "number row begins at row * size.",
            ),
            Mistake(
                _leftovers_kept,
                "You keep windows that stick out over the border. As with a stride, what is left "
                "over is dropped: // rounds down.",
            ),
            Mistake(
                _starts_at_zero,
                "A window of negative numbers gives 0. Start from the window's own numbers, not "
                "from 0.",
            ),
        ],
    ),
    Exercise(
        id="07.5",
        title="Fill in the table of shapes",
        function="my_shapes",
        reference=shapes,
        cases=[Case(())],
        hints=(
            "The number of images runs through unchanged, and the number of channels is that of "
            "the kernels.",
            "Rows and columns follow from the floor formula: ⌊(n + 2p − k) / s⌋ + 1. Max pooling "
            "2×2 is a window of 2 with stride 2. Parameters: out · in · k · k weights, and a bias "
            "for each output channel.",
            "The second convolution gives ⌊(15 + 2 − 5) / 2⌋ + 1 numbers on a side and has "
            "16 · 6 · 5 · 5 weights. Flattening lays everything that belongs to one image in one "
            "row.",
        ),
        mistakes=[
            Mistake(_channels_turned, "Kernels have the shape (out, in, k, k): 6 comes first."),
            Mistake(
                _channels_last,
                "The channels stand behind the images: (images, channels, rows, columns), in torch "
                "and here.",
            ),
            Mistake(
                _rounds_up,
                "Pooling drops the row and the column that are left over: half of 7, rounded down.",
            ),
            Mistake(
                _pads_one_side,
                "Padding 1 puts zeros on both sides: the padded side is 15 + 2.",
            ),
            Mistake(
                _flattens_the_batch,
                "Flattening keeps the images apart: one row for each of the 64.",
            ),
            Mistake(_without_biases, "The biases are missing, one for each output channel."),
            Mistake(_one_bias, "There is one bias for each output channel, not one for all."),
            Mistake(
                _one_slice_for_all_channels,
                "Each kernel has weights of its own for every input channel: 6 · 5 · 5 of them.",
            ),
        ],
        explain=_explain_shapes,
    ),
    Exercise(
        id="07.6",
        title="Go all the way back",
        function="my_conv2d_backward",
        reference=conv2d_backward,
        cases=[
            Case((np.array([[2.0]]), _PICTURE[:3, :3], _KERNEL, 1), "one window"),
            Case((np.arange(9.0).reshape(3, 3) - 2, _PICTURE, _KERNEL, 1), "nine windows"),
            Case((np.array([[1.0, -2], [3, 0.5]]), _PICTURE, _KERNEL, 2), "stride 2"),
            Case((np.array([[1.0, -1]]), _PICTURE[:2, :4], _KERNEL[:2, 1:], 2), "2×2, no overlap"),
        ],
        hints=(
            "Window number row begins at row * stride, as on the way forward: "
            "rows = slice(row * stride, row * stride + k).",
            "y = Σ x · w: a small change of w moves y by x, a small change of x moves y by w. The "
            "chain rule multiplies both by dY[row, column].",
            "dW += dY[row, column] * X[rows, columns], and the same with W into dX[rows, columns].",
        ),
        mistakes=[
            Mistake(
                _window_overwritten,
                "A pixel in several windows keeps only the last part of its gradient: add with "
                "+= where you have =.",
            ),
            Mistake(
                _kernel_overwritten,
                "dW keeps only the last window. Every window uses the same kernel, so their parts "
                "add up: += where you have =.",
            ),
            Mistake(
                _kernel_and_window_exchanged,
                "X and W are exchanged: the derivative with respect to a weight is the pixel that "
                "it met, and the other way round.",
            ),
            Mistake(
                _kernel_flipped,
                "dX uses the kernel upside down. Pixel (i, j) of the window met weight (i, j), so "
                "nothing is flipped when you add window by window.",
            ),
            Mistake(
                _stride_left_out,
                "The stride is missing: window number row begins at row * stride, as on the way "
                "forward.",
            ),
            Mistake(
                _mean_over_windows,
                "dW is divided by the number of windows. The loss decides whether there is a mean; "
                "it is already in dY.",
            ),
            Mistake(
                _incoming_gradient_forgotten,
                "dY is missing: each window's part is multiplied by its dY[row, column].",
            ),
        ],
    ),
]

QUIZ = [
    Question(
        "07.w1",
        "From notebook 03: how do the counts for two dice come from the counts for one?",
        [
            Choice(
                "every count is multiplied by 6",
                False,
                "That gives the right number of rolls, 36, but leaves the sums where they were. A "
                "second die also moves them.",
            ),
            Choice(
                "the list is laid down six times, each time one place further, and added up",
                True,
                "One copy for each face of the second die. Sliding, multiplying and adding up is "
                "what a convolution does.",
            ),
            Choice(
                "every count is squared",
                False,
                "Squares of 1 are 1: there would be one roll for each sum, and no tent.",
            ),
        ],
    ),
    Question(
        "07.w2",
        "From notebook 02: which two steps does a neuron compute?",
        [
            Choice(
                "the inner product with its weights, then a function of that sum",
                True,
                "The bias is one more weight, on a constant 1.",
            ),
            Choice(
                "a function of each input, then the largest of the results",
                False,
                "The function comes second, and it is applied once, to the sum.",
            ),
            Choice(
                "the error, then the update",
                False,
                "That is learning. A neuron that only answers does neither.",
            ),
        ],
    ),
    Question(
        "07.w3",
        "From notebook 03: `rolls` has shape (216, 3) and `weights` has shape (3,). What is the "
        "shape of `rolls @ weights`?",
        [
            Choice("(216, 3)", False, "The three columns meet the three weights and are added up."),
            Choice("(3,)", False, "One sum is left for each row, and there are 216 rows."),
            Choice("(216,)", True, "One weighted sum for each roll."),
        ],
    ),
    Question(
        "07.q1",
        "`np.convolve` flips the list that slides, `conv2d` does not flip its kernel. Why does a "
        "network that *learns* its kernels not care?",
        [
            Choice(
                "learned kernels are always symmetric",
                False,
                "Nothing makes them so. An edge detector, say, has a light and a dark side.",
            ),
            Choice(
                "the two give the same output for every kernel",
                False,
                "They do so for symmetric kernels only. With the loaded dice the two differed.",
            ),
            Choice(
                "it learns the flipped kernel where the other would learn the plain one",
                True,
                "Whatever one of them computes, the other computes with the kernel turned round.",
            ),
        ],
    ),
    Question(
        "07.q2",
        "An input of 8×8, a kernel of 3×3, stride 3, no padding. What comes out?",
        [
            Choice(
                "3×3: the last windows reach over the border and find zeros there",
                False,
                "Zeros are there only when you ask for padding. A window that does not fit is left "
                "out.",
            ),
            Choice(
                "2×2, and the last two rows and columns are never looked at",
                True,
                "⌊(8 − 3) / 3⌋ + 1 = 2. The windows cover pixels 0 to 5; 6 and 7 are dropped.",
            ),
            Choice(
                "an error: 3 does not divide 8 − 3",
                False,
                "Some explanations forbid it, the libraries do not: they round down and say "
                "nothing.",
            ),
        ],
    ),
    Question(
        "07.q3",
        "Stride 1, a kernel of 5×5, dilation 2. Which padding gives an output as large as the "
        "input?",
        [
            Choice(
                "2",
                False,
                "That is right without dilation. With it the kernel spans 2 · 4 + 1 = 9 pixels.",
            ),
            Choice(
                "4",
                True,
                "The kernel spans 2 · 4 + 1 = 9 pixels. Beside the one in the middle, 4 stick out "
                "on each side.",
            ),
            Choice(
                "8",
                False,
                "8 zeros are needed in all, and padding counts those of one side.",
            ),
            Choice(
                "5",
                False,
                "Then the output would be larger by 2: the pixel in the middle needs no zero.",
            ),
        ],
    ),
    Question(
        "07.q4",
        "`Y` has shape (64, 6, 30, 30). What does picture number 5 of `Y.reshape(-1, 3, 30, 30)` "
        "show?",
        [
            Choice(
                "image 5 in colour",
                False,
                "Every image became two pictures, so image 5 is found in numbers 10 and 11. And "
                "its channels are not red, green and blue.",
            ),
            Choice(
                "channel 5 of image 0",
                False,
                "That would be so for a reshape to (−1, 30, 30). Here three channels at a time are "
                "painted over one another.",
            ),
            Choice(
                "channels 3, 4 and 5 of image 2, shown as red, green and blue",
                True,
                "5 = 2 · 2 + 1: the second half of image 2. What looks like colour is three "
                "unrelated features.",
            ),
        ],
    ),
    Question(
        "07.q5",
        "The pictures become twice as wide and twice as high. How many parameters does the same "
        "convolution have now?",
        [
            Choice(
                "as many as before",
                True,
                "The kernels do not know how large the picture is. Only the output grows.",
            ),
            Choice(
                "four times as many",
                False,
                "The output has four times as many numbers, but all come from the same kernels.",
            ),
            Choice(
                "sixteen times as many",
                False,
                "So it would be for a dense layer from all pixels to all outputs. A convolution "
                "shares its weights.",
            ),
        ],
    ),
]
