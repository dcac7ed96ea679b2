"""The exercises of notebook 10."""

import copy
import math

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake, mistake, slip
from nnutils.exercises.kinds import table
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


def shift(X, dx, dy):
    """Return the images X (n, rows, columns) moved dx to the right and dy down, zeros coming in."""
    height, width = X.shape[1:]
    room = np.pad(X, ((0, 0), (abs(dy), abs(dy)), (abs(dx), abs(dx))))
    top = abs(dy) - dy
    left = abs(dx) - dx
    return room[:, top : top + height, left : left + width]


def aim(model, x, target, epsilon):
    """Return x (n, rows, columns) after one step towards the classes target (n,)."""
    x = x.clone().requires_grad_()
    loss = nn.functional.cross_entropy(model(x), target)
    (slope,) = torch.autograd.grad(loss, x)
    return (x - epsilon * slope.sign()).clamp(0, 1).detach()


def _draw_shift(rng):
    rows, columns = rng.permutation([3, 4, 5])[:2]
    dx, dy = rng.integers(-5, 6, 2).tolist()
    return rng.normal(size=(2, rows, columns)).round(3), dx, dy


def _aimed(rng, rows, columns, epsilon):
    """Return a small network, pictures from 0 to 1, the classes wanted, and ``epsilon``."""
    from nnutils.training import make_mlp

    generator = torch.Generator().manual_seed(int(rng.integers(1000)))
    model = make_mlp(rows * columns, 30, 10, generator=generator)
    with torch.no_grad():
        model[1].weight[:, columns + 1] = 0  # a pixel without a slope
    x = torch.rand(3, rows, columns, generator=generator).round(decimals=2)
    x[:, 0], x[:, 1] = 0, 1  # white and black already
    return model, x, torch.tensor(rng.permutation(10)[:3]), epsilon


_PICTURES = np.arange(1, 25).reshape(2, 3, 4)

# fmt: off
EXERCISES = [
    Exercise(
        "cnn",
        "Write the network",
        cnn,
        minutes=10,
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
    Exercise(
        "aim",
        "Aim at a digit",
        aim,
        draw=lambda rng: _aimed(rng, 4, 5, round(rng.uniform(0.05, 0.5), 2)),
        cases=lambda: [
            Case(_aimed(np.random.default_rng(0), 4, 4, 0.1), "three pictures, ε = 0.1"),
            Case(_aimed(np.random.default_rng(1), 3, 5, 0.7), "a large ε"),
            Case(_aimed(np.random.default_rng(2), 5, 3, 0), "ε = 0: nothing changes"),
        ],
        hints=[
            "The loss says how far the network is from reading the classes that you want. Which "
            "classes belong into it?",
            "`torch.autograd.grad(loss, x)` returns a tuple with one gradient in it. The loss must "
            "fall, so each pixel goes against its slope.",
            "`cross_entropy(model(x), target)`, `(slope,) = torch.autograd.grad(loss, x)`, and at "
            "last `(x - epsilon * slope.sign()).clamp(0, 1).detach()`.",
        ],
        mistakes=[
            slip("away", "x - epsilon", "x + epsilon",
                 "The pictures move away from the classes that are wanted: the loss for these must "
                 "fall."),
            slip("not_clamped", ".clamp(0, 1)", "",
                 "Some pixels are lighter than white or darker than black: keep them between 0 "
                 "and 1."),
            slip("without_sign", "slope.sign()", "slope",
                 "Each pixel moves by its slope. It is to move by `epsilon`, whatever the size of "
                 "its slope."),
            slip("own_answer", "(model(x), target)", "(model(x), model(x).argmax(dim=1))",
                 "This makes the network surer of what it reads already. The loss must be that of "
                 "the classes that are wanted."),
        ],
    ),
    table(
        "official_shapes",
        "Read a network that others wrote",
        right={
            "images": (64, 1, 28, 28),
            "after the first convolution": (64, 32, 26, 26),
            "after the second convolution": (64, 64, 24, 24),
            "after max pooling": (64, 64, 12, 12),
            "flattened": (64, 9216),
            "weights of the first fully connected layer": (128, 9216),
            "parameters in all": 1199882,
        },
        remark="Images come as (examples, channels, rows, columns).",
        hints=[
            "A window of 3 fits into a row of n pixels at n − 3 + 1 places. There is one pooling "
            "only, after the second convolution.",
            "Flattened, 64 maps of 12×12 are 9,216 numbers. A layer's weights have the shape "
            "(out, in).",
            "Parameters: 32·(1·9 + 1), 64·(32·9 + 1), 128·(9216 + 1) and 10·(128 + 1), all added.",
        ],
        mistakes=[
            ("pooled_twice",
             {"after the second convolution": (64, 64, 11, 11), "after max pooling": (64, 64, 5, 5),
              "flattened": (64, 1600), "weights of the first fully connected layer": (128, 1600),
              "parameters in all": 225034},
             "You have pooled after the first convolution too, as our network does. This one does "
             "not."),
            ("as_if_padded",
             {"after the second convolution": (64, 64, 26, 26),
              "after max pooling": (64, 64, 13, 13), "flattened": (64, 10816),
              "weights of the first fully connected layer": (128, 10816),
              "parameters in all": 1404682},
             "Those are the sides with padding 1. Without it a window of 3 fits into 26 pixels at "
             "24 places."),
            ("weights_turned", {"weights of the first fully connected layer": (9216, 128)},
             "The weights are turned: torch keeps them as (out, in)."),
            ("without_biases", {"parameters in all": 1199648},
             "The biases are missing in the sum: one for each output of each layer."),
            ("flattened_with_the_batch", {"flattened": (64 * 9216,)},
             "The examples stay apart: only the axes behind the first are laid end to end."),
        ],
    ),
]
