"""The exercises of notebook 10."""

import copy
import math

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake, mistake, slip
from nnutils.exercises.kinds import order, table
from nnutils.exercises.late import nn, torch


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


@mistake(
    "with_padding",
    "That works, and it is another network: here the convolutions have no padding, and 512 numbers "
    "reach the hidden layer.",
)
def _with_padding():
    network = cnn()
    network[1] = nn.Conv2d(1, 16, 5, padding=2)
    network[4] = nn.Conv2d(16, 32, 5, padding=2)
    network[8] = nn.Linear(32 * 7 * 7, 128)
    return network


def _observe_network(network):
    """Return what a network computes with given weights, or a sentence if it cannot.

    The weights follow from their shapes, however the network is built. To see what it drops while
    it learns, all hidden units are made positive, and each logit is one of them less another: of
    many answers to one image the least and the greatest are looked at.
    """
    if not isinstance(network, nn.Module):
        return "Return the stack of blocks, an `nn.Sequential`."
    network = copy.deepcopy(network).cpu().eval()
    images = torch.rand(3, 28, 28, generator=torch.Generator().manual_seed(0))
    try:
        shape = tuple(network(images).shape)
    except Exception as error:
        return f"Three images of 28×28 do not pass through your network. PyTorch says: {error}"
    if shape != (3, 10):
        return f"Three images give {shape} in place of (3, 10)."
    pairs = torch.kron(torch.eye(10), torch.tensor([[1.0, -1.0]]))
    with torch.no_grad():
        for p in network.parameters():
            generator = torch.Generator().manual_seed(math.prod(p.shape))
            p.copy_(torch.randn(p.shape, generator=generator) / p[0].numel() ** 0.5)
        logits = network(images)
        for p in network.parameters():
            p.abs_()
            if p.shape == (10, 128):
                p.zero_()[:, :20] = pairs
        torch.default_generator.manual_seed(0)
        many = network.train()(images[:1].expand(100, -1, -1))
    return {"logits": logits, "least": many.amin(dim=0), "greatest": many.amax(dim=0)}


def _explain_network(seen):
    if isinstance(seen, str):
        return seen
    return "Compare block by block with the description: kernels, channels, units, dropout."


def parameters_per_layer(layers):
    """Return the number of weights and biases of each layer, given as (n_in, n_out, k)."""
    counts = []
    for n_in, n_out, k in layers:
        counts.append(n_out * (n_in * k * k + 1))
    return counts


def shift(X, dx, dy):
    """Return the images X (n, rows, columns) moved dx to the right and dy down, zeros coming in."""
    height, width = X.shape[1:]
    room = np.pad(X, ((0, 0), (abs(dy), abs(dy)), (abs(dx), abs(dx))))
    top = abs(dy) - dy
    left = abs(dx) - dx
    return room[:, top : top + height, left : left + width]


def _draw_layers(rng):
    sizes = rng.permutation(np.arange(2, 14)).reshape(4, 3)
    return ([tuple(layer) for layer in sizes[: rng.integers(1, 5)].tolist()],)


def _draw_shift(rng):
    rows, columns = rng.permutation([3, 4, 5])[:2]
    dx, dy = rng.integers(-5, 6, 2).tolist()
    return rng.normal(size=(2, rows, columns)).round(3), dx, dy


_PICTURES = np.arange(1, 25).reshape(2, 3, 4)

# fmt: off
EXERCISES = [
    table(
        "cnn_shapes",
        "Fill in the table of shapes",
        right={
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
        },
        remark="Images come as (examples, channels, rows, columns), kernels as "
               "(out, in, rows, columns).",
        hints=[
            "Kernels have their outputs in front: (out, in, rows, columns). The batch is no part "
            "of them.",
            "A window of 5 fits into a row of n pixels at n − 5 + 1 places. Pooling halves a side.",
            "The sides are 28, 24, 12, 8, 4. Flattened, 32 maps of 4×4 are 512 numbers.",
        ],
        mistakes=[
            ("as_if_padded",
             {"after the second convolution": (64, 32, 12, 12),
              "after max pooling again": (64, 32, 6, 6), "flattened": (64, 32 * 6 * 6)},
             "Those are the sides with padding 2. Without padding a window of 5 fits into 12 "
             "pixels at 8 places."),
            ("one_pixel_too_few",
             {"after the second convolution": (64, 32, 7, 7),
              "after max pooling again": (64, 32, 3, 3), "flattened": (64, 32 * 3 * 3)},
             "One place is missing: a window of 5 fits into 12 pixels at 12 − 5 + 1 places."),
            ("kernels_turned",
             {"kernels of the first convolution": (1, 16, 5, 5),
              "kernels of the second convolution": (16, 32, 5, 5)},
             "The kernels are turned: torch keeps them as (out, in, rows, columns)."),
            ("one_channel_each", {"kernels of the second convolution": (32, 1, 5, 5)},
             "Each of the 32 kernels looks at all 16 maps below, with weights of its own for "
             "each."),
            ("flattened_with_the_batch", {"flattened": (64 * 512,)},
             "The examples stay apart: only the axes behind the first are laid end to end."),
        ],
    ),
    Exercise(
        "cnn",
        "Write the network",
        cnn,
        minutes=12,
        cases=[Case()],
        observe=_observe_network,
        explain=_explain_network,
        hints=[
            "The second round is like the first: convolution, ReLU, pooling. Its input channels "
            "are the output channels of the first.",
            "Flatten leaves 32 · 4 · 4 = 512 numbers for each image; those are the inputs of the "
            "hidden layer.",
            "`nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2)`, and behind `nn.Flatten()` "
            "`nn.Linear(512, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)`.",
        ],
        mistakes=[
            slip("without_the_second_relu", "32, 5),\n        nn.ReLU(),", "32, 5),",
                 "The ReLU behind the second convolution is missing."),
            slip("without_the_second_pooling",
                 "nn.MaxPool2d(2),\n        nn.Flatten(),\n        nn.Linear(512, 128)",
                 "nn.Flatten(),\n        nn.Linear(32 * 8 * 8, 128)",
                 "The second pooling is missing: the hidden layer has four times as many inputs."),
            _with_padding,
            slip("without_relu_before_the_logits", "128),\n        nn.ReLU(),", "128),",
                 "The hidden layer has no ReLU: two linear layers in a row are worth one."),
            slip("without_dropout", "nn.Dropout(0.5),", "",
                 "Nothing is dropped while the network learns: between the hidden layer's ReLU and "
                 "the last layer dropout must be at work."),
            slip("softmax_at_the_end", "nn.Linear(128, 10)",
                 "nn.Linear(128, 10), nn.Softmax(dim=1)",
                 "Return logits: the loss applies softmax itself (trap 1 of notebook 08)."),
            slip("relu_on_the_logits", "nn.Linear(128, 10)", "nn.Linear(128, 10), nn.ReLU()",
                 "No ReLU on the logits: it makes classes die (trap 2 of notebook 08)."),
        ],
    ),
    Exercise(
        "parameters_per_layer",
        "Count the parameters of each layer",
        parameters_per_layer,
        draw=_draw_layers,
        cases=[
            Case(([(1, 16, 5), (16, 32, 5), (512, 128, 1), (128, 10, 1)],), "today's network"),
            Case(([(3, 6, 3)],), "one convolution of colour images"),
            Case(([(784, 512, 1), (512, 10, 1)],), "no convolution at all"),
            Case(([(2, 3, 2)],), "small enough to count with your fingers"),
        ],
        hints=[
            "One output looks at k·k pixels in each of the `n_in` channels.",
            "Each output has one bias, whatever the number of its inputs.",
            "`n_out * (n_in * k * k + 1)`",
        ],
        mistakes=[
            slip("without_biases", " + 1", "",
                 "The biases are missing: one for each output."),
            slip("one_bias_a_layer", "(n_in * k * k + 1)", "n_in * k * k + 1",
                 "You count one bias a layer. Each output has its own."),
            slip("a_bias_for_each_square", "n_in * k * k + 1", "n_in * (k * k + 1)",
                 "You count a bias for each input channel. The products of all channels go into "
                 "one sum, and it has one bias."),
            slip("channels_forgotten", "n_in * k", "k",
                 "The input channels are missing: a kernel has weights for each of them."),
            slip("side_not_squared", "k * k", "k",
                 "A kernel of side k has k·k weights for each channel."),
            slip("only_the_sum", "return counts", "return sum(counts)",
                 "Return a list with the count of each layer, not their sum."),
        ],
    ),
    order(
        "training_script",
        "Put the training script in order",
        right=["FCHBGDAE", "FHCBGDAE", "FCBGDHAE", "FCBGDAEH"],  # a new network is in training mode
        hints=[
            "First what is made, then what is trained, then what is tested. What does the "
            "optimizer need?",
            "`train()` switches dropout on, `eval()` switches it off. When must it be on?",
            "The loops are B, G, D in a row; the last two lines are A and E.",
        ],
        mistakes=[
            ("tested_with_dropout", "DEA",
             "The test comes before `model.eval()`: a random half of the hidden units is missing "
             "while the network is tested."),
            ("trained_without_dropout", "HAB",
             "`model.eval()` stands before the loop: the network learns without dropout."),
            ("optimizer_before_the_model", "CF",
             "The optimizer needs the parameters of a model that is not there yet."),
            ("tested_before_training", "ED",
             "The network is tested before it has learned anything: about 10 %."),
            ("new_optimizer_each_epoch", "BCG",
             "Between the loops the optimizer would be made anew in each epoch, and Adam would "
             "forget its running means."),
            ("train_before_the_model", "HF",
             "A line uses `model` before the line that makes it."),
            ("train_in_the_loops", "BHD",
             "The two `for` lines and the line inside them must follow each other."),
            ("optimizer_after_the_step", "DC",
             "The training step needs the optimizer, which a later line of yours makes."),
        ],
    ),
    Exercise(
        "shift",
        "Shift images",
        shift,
        draw=_draw_shift,
        cases=[
            Case((_PICTURES, 1, 2), "one to the right, two down"),
            Case((_PICTURES, -2, 1), "two to the left, one down"),
            Case((_PICTURES, 3, -1), "three to the right, one up"),
            Case((_PICTURES, 0, 0), "not at all"),
            Case((_PICTURES, 5, 0), "out of the picture"),
        ],
        hints=[
            "The picture lies in the middle of its room. Moving it to the right is moving the "
            "window to the left.",
            "The picture begins at column `abs(dx)` of its room, and a window there shows it "
            "unmoved. With `dx` above 0 the window begins `dx` further left.",
            "`top = abs(dy) - dy`, `left = abs(dx) - dx`, and the window has `height` rows and "
            "`width` columns.",
        ],
        mistakes=[
            Mistake("rolled",
                    "What leaves on one side comes back on the other. Zeros must come in.",
                    lambda X, dx, dy: np.roll(X, (dy, dx), axis=(1, 2))),
            Mistake("other_way",
                    "The pictures move the other way: a window further right moves them to the "
                    "left.",
                    lambda X, dx, dy: shift(X, -dx, -dy)),
            slip("up_in_place_of_down", "abs(dy) - dy", "abs(dy) + dy",
                 "Rows are counted from the top: `dy` above 0 moves the pictures down."),
            Mistake("axes_exchanged",
                    "`dx` and `dy` are exchanged: rows are axis 1 and belong to `dy`, columns are "
                    "axis 2 and belong to `dx`.",
                    lambda X, dx, dy: shift(X, dy, dx)),
            Mistake("not_moved",
                    "The pictures do not move: the window must leave the middle of the room.",
                    lambda X, dx, dy: X),
            slip("room_kept", "top : top + height, left : left + width", "top:, left:",
                 "The pictures have grown: the window must have their old height and width."),
        ],
    ),
]
