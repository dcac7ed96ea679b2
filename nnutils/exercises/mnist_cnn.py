"""The exercises and questions of notebook 10."""

import numpy as np
import torch
from torch import nn

from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question, same

# --- 10.1: a table of shapes ---------------------------------------------------------------------


def shapes():
    """Return the shapes of 64 images on their way through the network, and of two weights."""
    return {
        "images": (64, 28, 28),
        "with a channel": (64, 1, 28, 28),
        "kernels of the first convolution": (16, 1, 5, 5),
        "after the first convolution": (64, 16, 24, 24),
        "after max pooling": (64, 16, 12, 12),
        "kernels of the second convolution": (32, 16, 5, 5),
        "after the second convolution": (64, 32, 8, 8),
        "after max pooling again": (64, 32, 4, 4),
        "flattened": (64, 512),
        "logits": (64, 10),
    }


def _with_sides(conv1, pool1, conv2, pool2):
    return shapes() | {
        "after the first convolution": (64, 16, conv1, conv1),
        "after max pooling": (64, 16, pool1, pool1),
        "after the second convolution": (64, 32, conv2, conv2),
        "after max pooling again": (64, 32, pool2, pool2),
        "flattened": (64, 32 * pool2 * pool2),
    }


def _as_if_padded():
    return _with_sides(28, 14, 14, 7)


def _one_pixel_too_few():
    return _with_sides(23, 11, 6, 3)


def _kernels_turned():
    return shapes() | {
        "kernels of the first convolution": (1, 16, 5, 5),
        "kernels of the second convolution": (16, 32, 5, 5),
    }


def _one_channel_each():
    return shapes() | {"kernels of the second convolution": (32, 1, 5, 5)}


def _flattened_with_the_batch():
    return shapes() | {"flattened": (64 * 512,)}


def _explain_shapes(got):
    if not isinstance(got, dict) or got.keys() != shapes().keys():
        return "Keep the names of the table as they are and fill in the shapes."
    wrong = next(name for name, shape in shapes().items() if not same(got[name], shape))
    return (
        f'Look again at "{wrong}". Images come as (examples, channels, rows, columns), kernels as '
        "(out, in, rows, columns)."
    )


# --- 10.2: write the network ---------------------------------------------------------------------


def cnn():
    """Return the network: it takes images (n, 28, 28) and returns logits (n, 10)."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(512, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )


def _rebuilt(*places, by=()):
    """Return the network with the layers at ``places`` left out, and those of ``by`` at its end."""
    layers = [layer for place, layer in enumerate(cnn()) if place not in places]
    return nn.Sequential(*layers, *by)


def _without_the_second_relu():
    return _rebuilt(5)


def _without_the_second_pooling():
    network = _rebuilt(6)
    network[7] = nn.Linear(32 * 8 * 8, 128)
    return network


def _with_padding():
    network = cnn()
    network[1] = nn.Conv2d(1, 16, 5, padding=2)
    network[4] = nn.Conv2d(16, 32, 5, padding=2)
    network[8] = nn.Linear(32 * 7 * 7, 128)
    return network


def _without_relu_before_the_logits():
    return _rebuilt(9)


def _without_dropout():
    return _rebuilt(10)


def _softmax_at_the_end():
    return _rebuilt(by=[nn.Softmax(dim=1)])


def _relu_on_the_logits():
    return _rebuilt(by=[nn.ReLU()])


def _described(network):
    """Return what the network computes with given weights, their shapes, and its dropouts."""
    generator = torch.Generator().manual_seed(0)
    before = [p.detach().clone() for p in network.parameters()]
    with torch.no_grad():
        for p in network.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) / p[0].numel() ** 0.5)
        logits = network.eval()(torch.rand(3, 28, 28, generator=generator))
        for p, value in zip(network.parameters(), before):
            p.copy_(value)
    dropouts = [block.p for block in network.modules() if isinstance(block, nn.Dropout)]
    return {"logits": logits.double(), "shapes": [tuple(p.shape) for p in before], "p": dropouts}


def _same_network(got, expected):
    """Tell whether both compute the same with the same weights, and drop out alike."""
    return same(_described(got), _described(expected))


def _explain_network(got):
    if not isinstance(got, nn.Module):
        return "Return the stack of blocks, an `nn.Sequential`."
    try:
        logits = _described(got)["logits"]
    except Exception as error:
        return f"Three images of 28×28 do not pass through your network. PyTorch says: {error}"
    if logits.shape != (3, 10):
        return f"Three images give {tuple(logits.shape)} in place of (3, 10)."
    return "Compare block by block with the description: kernels, channels, units, dropout."


# --- 10.3: count the parameters ------------------------------------------------------------------


def count_parameters(layers):
    """Return the number of weights and biases of each layer, given as (n_in, n_out, k)."""
    counts = []
    for n_in, n_out, k in layers:
        counts.append(n_out * (n_in * k * k + 1))
    return counts


def _without_biases(layers):
    return [n_out * n_in * k * k for n_in, n_out, k in layers]


def _one_bias_a_layer(layers):
    return [n_out * n_in * k * k + 1 for n_in, n_out, k in layers]


def _a_bias_for_each_square(layers):
    return [n_out * n_in * (k * k + 1) for n_in, n_out, k in layers]


def _channels_forgotten(layers):
    return [n_out * (k * k + 1) for n_in, n_out, k in layers]


def _side_not_squared(layers):
    return [n_out * (n_in * k + 1) for n_in, n_out, k in layers]


def _only_the_sum(layers):
    return sum(count_parameters(layers))


# --- 10.4: put the training script in order ------------------------------------------------------

SCRIPT = {
    "A": "model.eval()",
    "B": "for epoch in range(8):",
    "C": "optimizer = torch.optim.Adam(model.parameters(), lr=0.001)",
    "D": "        train_step(model, optimizer, X_train[rows], y_train[rows])",
    "E": "print((model(X_test).argmax(dim=1) == y_test).float().mean())",
    "F": "model = make_cnn()",
    "G": "    for rows in torch.randperm(len(X_train)).split(128):",
    "H": "model.train()",
}
_BEFORE = ("FC", "FH", "CB", "HB", "BG", "GD", "DA", "AE")  # the first must come before the second


def script_order():
    """Return the letters of the lines of the script in an order that works."""
    return "FCHBGDAE"


def _is_right_script(got, expected):
    letters = _letters(got)
    return (
        sorted(letters) == sorted(SCRIPT)
        and "BGD" in letters
        and all(letters.index(first) < letters.index(second) for first, second in _BEFORE)
    )


def _letters(got):
    return "".join(str(got).split()).upper()


def _tested_with_dropout():
    return "FCHBGDEA"


def _trained_without_dropout():
    return "FCHABGDE"


def _optimizer_before_the_model():
    return "CFHBGDAE"


def _tested_before_training():
    return "FCAEHBGD"


def _new_optimizer_each_epoch():
    return "FHBCGDAE"


def _explain_script(got):
    letters = _letters(got)
    if sorted(letters) != sorted(SCRIPT):
        return "Use each of the letters A to H exactly once."
    at = letters.index
    if at("F") > min(at("C"), at("H"), at("A"), at("E")):
        return "A line uses `model` before the line that makes it."
    if "BGD" not in letters:
        return "The two `for` lines and the line inside them must follow each other."
    if at("C") > at("D"):
        return "The training step needs the optimizer, which a later line of yours makes."
    if not at("A") < at("E"):
        return "When the network is tested, dropout must be off."
    return "Ask of each line: is dropout on or off here, and has the network learned yet?"


# --- 10.5: shift images --------------------------------------------------------------------------


def shift(X, dx, dy):
    """Return the images X (n, rows, columns) moved dx to the right and dy down, zeros coming in."""
    height, width = X.shape[1:]
    room = np.pad(X, ((0, 0), (abs(dy), abs(dy)), (abs(dx), abs(dx))))
    top = abs(dy) - dy
    left = abs(dx) - dx
    return room[:, top : top + height, left : left + width]


def _rolled(X, dx, dy):
    return np.roll(X, (dy, dx), axis=(1, 2))


def _other_way(X, dx, dy):
    return shift(X, -dx, -dy)


def _up_in_place_of_down(X, dx, dy):
    return shift(X, dx, -dy)


def _axes_exchanged(X, dx, dy):
    return shift(X, dy, dx)


def _not_moved(X, dx, dy):
    return X


def _room_kept(X, dx, dy):
    n, height, width = X.shape
    room = np.zeros((n, height + abs(dy), width + abs(dx)), X.dtype)
    room[:, max(dy, 0) : max(dy, 0) + height, max(dx, 0) : max(dx, 0) + width] = X
    return room


_PICTURES = np.arange(1, 25).reshape(2, 3, 4)

EXERCISES = [
    Exercise(
        id="10.1",
        title="Fill in the table of shapes",
        function="my_shapes",
        reference=shapes,
        cases=[Case(())],
        hints=(
            "Kernels have their outputs in front: (out, in, rows, columns). The batch is no part "
            "of them.",
            "A window of 5 fits into a row of n pixels at n − 5 + 1 places. Pooling halves a side.",
            "The sides are 28, 24, 12, 8, 4. Flattened, 32 maps of 4×4 are 512 numbers.",
        ),
        mistakes=[
            Mistake(
                _as_if_padded,
                "Those are the sides with padding 2. Without padding a window of 5 fits into 28 "
                "pixels at 24 places.",
            ),
            Mistake(
                _one_pixel_too_few,
                "One place is missing in each convolution: a window of 5 fits into 28 pixels at "
                "28 − 5 + 1 places.",
            ),
            Mistake(
                _kernels_turned,
                "The kernels are turned: torch keeps them as (out, in, rows, columns).",
            ),
            Mistake(
                _one_channel_each,
                "Each of the 32 kernels looks at all 16 maps below, with weights of its own for "
                "each.",
            ),
            Mistake(
                _flattened_with_the_batch,
                "The examples stay apart: only the axes behind the first are laid end to end.",
            ),
        ],
        explain=_explain_shapes,
    ),
    Exercise(
        id="10.2",
        title="Write the network",
        function="my_cnn",
        reference=cnn,
        cases=[Case(())],
        compare=_same_network,
        explain=_explain_network,
        hints=(
            "The second round is like the first: convolution, ReLU, pooling. Its input channels "
            "are the output channels of the first.",
            "Flatten leaves 32 · 4 · 4 = 512 numbers for each image; those are the inputs of the "
            "hidden layer.",
            "nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2), and behind Flatten "
            "nn.Linear(512, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10).",
        ),
        mistakes=[
            Mistake(
                _without_the_second_relu,
                "The ReLU behind the second convolution is missing.",
            ),
            Mistake(
                _without_the_second_pooling,
                "The second pooling is missing: the hidden layer has four times as many inputs.",
            ),
            Mistake(
                _with_padding,
                "That works, and it is another network: here the convolutions have no padding, "
                "and 512 numbers reach the hidden layer.",
            ),
            Mistake(
                _without_relu_before_the_logits,
                "The hidden layer has no ReLU: two linear layers in a row are worth one.",
            ),
            Mistake(_without_dropout, "Dropout is missing, between the ReLU and the last layer."),
            Mistake(
                _softmax_at_the_end,
                "Return logits: the loss applies softmax itself (trap 1 of notebook 08).",
            ),
            Mistake(
                _relu_on_the_logits,
                "No ReLU on the logits: it makes classes die (trap 2 of notebook 08).",
            ),
        ],
    ),
    Exercise(
        id="10.3",
        title="Count the parameters of each layer",
        function="my_count_parameters",
        reference=count_parameters,
        cases=[
            Case(([(1, 16, 5), (16, 32, 5), (512, 128, 1), (128, 10, 1)],), "today's network"),
            Case(([(3, 6, 3)],), "one convolution of colour images"),
            Case(([(784, 512, 1), (512, 10, 1)],), "no convolution at all"),
            Case(([(2, 3, 2)],), "small enough to count with your fingers"),
        ],
        hints=(
            "One output looks at k·k pixels in each of the n_in channels.",
            "Each output has one bias, whatever the number of its inputs.",
            "n_out * (n_in * k * k + 1)",
        ),
        mistakes=[
            Mistake(_without_biases, "The biases are missing: one for each output."),
            Mistake(_one_bias_a_layer, "You count one bias a layer. Each output has its own."),
            Mistake(
                _a_bias_for_each_square,
                "You count a bias for each input channel. The products of all channels go into "
                "one sum, and it has one bias.",
            ),
            Mistake(
                _channels_forgotten,
                "The input channels are missing: a kernel has weights for each of them.",
            ),
            Mistake(_side_not_squared, "A kernel of side k has k·k weights for each channel."),
            Mistake(_only_the_sum, "Return a list with the count of each layer, not their sum."),
        ],
    ),
    Exercise(
        id="10.4",
        title="Put the training script in order",
        function="my_script_order",
        reference=script_order,
        cases=[Case(())],
        compare=_is_right_script,
        explain=_explain_script,
        hints=(
            "First what is made, then what is trained, then what is tested. What does the "
            "optimizer need?",
            "train() switches dropout on, eval() switches it off. When must it be on?",
            "The loops are B, G, D in a row; the last two lines are A and E.",
        ),
        mistakes=[
            Mistake(
                _tested_with_dropout,
                "The test comes before `model.eval()`: a random half of the hidden units is "
                "missing while the network is tested.",
            ),
            Mistake(
                _trained_without_dropout,
                "`model.eval()` stands before the loop: the network learns without dropout.",
            ),
            Mistake(
                _optimizer_before_the_model,
                "The optimizer needs the parameters of a model that is not there yet.",
            ),
            Mistake(
                _tested_before_training,
                "The network is tested before it has learned anything: about 10 %.",
            ),
            Mistake(
                _new_optimizer_each_epoch,
                "The optimizer is made anew in each epoch, and Adam forgets its running means. "
                "And the line is not set in as lines of a loop are.",
            ),
        ],
    ),
    Exercise(
        id="10.5",
        title="Shift images",
        function="my_shift",
        reference=shift,
        cases=[
            Case((_PICTURES, 1, 2), "one to the right, two down"),
            Case((_PICTURES, -2, 1), "two to the left, one down"),
            Case((_PICTURES, 3, -1), "three to the right, one up"),
            Case((_PICTURES, 0, 0), "not at all"),
            Case((_PICTURES, 5, 0), "out of the picture"),
        ],
        hints=(
            "The picture lies in the middle of its room. Moving it to the right is moving the "
            "window to the left.",
            "With dx = 0 the window begins at column abs(dx). With dx above 0 it begins that much "
            "further left.",
            "top = abs(dy) - dy, left = abs(dx) - dx, and the window has height rows and width "
            "columns.",
        ),
        mistakes=[
            Mistake(
                _rolled,
                "What leaves on one side comes back on the other. Zeros must come in.",
            ),
            Mistake(
                _other_way,
                "The pictures move the other way: a window further right moves them to the left.",
            ),
            Mistake(
                _up_in_place_of_down,
                "Rows are counted from the top: dy above 0 moves the pictures down.",
            ),
            Mistake(
                _axes_exchanged,
                "dx and dy are exchanged: rows are axis 1 and belong to dy, columns axis 2 and dx.",
            ),
            Mistake(_not_moved, "The window stays in the middle: the pictures do not move."),
            Mistake(
                _room_kept,
                "The pictures have grown. Cut them back to their old height and width.",
            ),
        ],
    ),
]

QUIZ = [
    Question(
        "10.w1",
        "From notebook 07: a convolution from 1 to 16 channels with kernels of 5×5. How many "
        "parameters has it on pictures of 28×28, how many on pictures of 200×200?",
        [
            Choice(
                "416 on the small pictures, many more on the large ones",
                False,
                "The kernel slides: a larger picture gives more windows, not more weights.",
            ),
            Choice(
                "416 on both",
                True,
                "16 kernels of 25 weights and 16 biases. All windows share them.",
            ),
            Choice(
                "12,560 on both: 784 weights for each channel",
                False,
                "That would be a fully connected layer of 16 units. A kernel has 25 weights.",
            ),
        ],
    ),
    Question(
        "10.w2",
        "From notebook 08: you ask a network with dropout twice about the same image and get two "
        "different answers. What was forgotten?",
        [
            Choice(
                "`model.eval()`",
                True,
                "In training mode a random half of the numbers is set to 0, each time another one.",
            ),
            Choice(
                "`torch.no_grad()`",
                False,
                "Without it the numbers are the same and only memory is wasted.",
            ),
            Choice(
                "`optimizer.zero_grad()`",
                False,
                "That matters while the network learns. Here nothing is learned.",
            ),
        ],
    ),
    Question(
        "10.w3",
        "From notebook 09: why is the test set looked at once, at the end?",
        [
            Choice(
                "because testing takes long",
                False,
                "It takes a second. The reason lies in what the number would be worth.",
            ),
            Choice(
                "because the network would learn from it by backpropagation",
                False,
                "Testing computes no gradients. It is you who would learn from it, by choosing.",
            ),
            Choice(
                "because whoever chooses by it makes its number too good",
                True,
                "Choose on validation images. Then the test number is an honest one.",
            ),
        ],
    ),
    Question(
        "10.q1",
        "In the first epochs the training accuracy of such a network is often *lower* than its "
        "accuracy on new images. How so?",
        [
            Choice(
                "new images are easier than the training images",
                False,
                "Both come from one source. What differs is the network that looks at them.",
            ),
            Choice(
                "the network overfits",
                False,
                "Then it would be the other way round: better on the images that it has learned.",
            ),
            Choice(
                "while it learns, half of its hidden units are switched off",
                True,
                "The training accuracy is measured as the network meets the images, with dropout "
                "and while the weights still change. For new images all units are there.",
            ),
        ],
    ),
    Question(
        "10.q2",
        "A digit is moved two pixels to the right, away from the border. What do its 16 maps of "
        "the first convolution do?",
        [
            Choice(
                "they do not change",
                False,
                "Not yet. Each number says what is seen *at its place*, and the digit has moved.",
            ),
            Choice(
                "they move two pixels to the right and are otherwise the same",
                True,
                "The same kernels meet the same pixels two places further on.",
            ),
            Choice(
                "they change in ways that cannot be foretold",
                False,
                "So it is in a fully connected layer, where each pixel has weights of its own.",
            ),
        ],
    ),
    Question(
        "10.q3",
        "The network is 80,202 numbers, 65,664 of them in the first fully connected layer. Which "
        "layers take most of the computing time?",
        [
            Choice(
                "the convolutions: each of their weights is used at every place",
                True,
                "12,800 weights of the second one at 64 places each are 819,200 products for one "
                "image; the fully connected layer uses each of its weights once.",
            ),
            Choice(
                "the first fully connected layer: it has most weights",
                False,
                "Each of its weights is used once for an image. Count how often a kernel's is.",
            ),
            Choice(
                "the poolings: they look at every number",
                False,
                "They compare and multiply nothing; that is little beside 25 products a place.",
            ),
        ],
    ),
    Question(
        "10.q4",
        "Of 10,000 test images network A gets 50 wrong that B gets right, and B gets 130 wrong "
        "that A gets right. Why is this comparison sharper than that of two accuracies?",
        [
            Choice(
                "because it uses more images",
                False,
                "It uses the same 10,000, and even fewer of them count: 180.",
            ),
            Choice(
                "because the hard and the easy images are the same for both networks",
                True,
                "Images that both read rightly, or both wrongly, say nothing about the "
                "difference. The 180 others do: 130 and 50 are 80 apart, coins would be by about "
                "√180, which is 13.",
            ),
            Choice(
                "it is not sharper: the accuracies say the same",
                False,
                "They hide on which images the networks differ, and so how much is luck.",
            ),
        ],
    ),
]
