"""The exercises of notebook 04."""

import numpy as np

from nnutils import activations
from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.exercises.kinds import order, table


def layer(X, W, b):
    """Return the outputs (n, out) of a linear layer for a batch X (n, in)."""
    Z = X @ W.T + b
    return Z


def collapse(W1, b1, W2, b2):
    """Return the W and the b of the one linear layer that does the same as two in a row."""
    W = W2 @ W1
    b = W2 @ b1 + b2
    return W, b


def leaky_relu(z, slope):
    """Return the leaky ReLU of z and its derivative at z, both in the shape of z."""
    a = np.where(z > 0, z, slope * z)
    da = np.where(z > 0, 1.0, slope)
    return a, da


def bump(x, left, right, ramp, height):
    """Return a bump over x that rises from left, is flat on top, and is 0 again at right."""
    steepness = height / ramp
    up = activations.relu(x - left) - activations.relu(x - left - ramp)
    down = activations.relu(x - right + ramp) - activations.relu(x - right)
    return steepness * (up - down)


def _draw_layer(rng):
    n, n_in, n_out = rng.permutation([2, 3, 4])
    shapes = (n, n_in), (n_out, n_in), n_out
    return tuple(rng.normal(size=shape).round(2) for shape in shapes)


def _draw_two_layers(rng):
    n_in, hidden, n_out = rng.permutation([2, 3, 4])
    shapes = (hidden, n_in), hidden, (n_out, hidden), n_out
    return tuple(rng.normal(size=shape).round(2) for shape in shapes)


def _draw_leaky_relu(rng):
    z = rng.normal(size=rng.permutation([2, 4])).round(2)
    z.flat[rng.integers(z.size)] = 0
    return z, round(rng.uniform(0.01, 0.9), 3)


def _draw_bump(rng):
    left, ramp, top = rng.uniform([-3, 0.3, 0.3], [1, 2, 3]).round(2).tolist()
    right = round(left + 2 * ramp + top, 2)
    x = rng.uniform(left - 1, right + 1, rng.integers(9, 14)).round(2)
    return x, left, right, ramp, round(rng.choice([-1, 1]) * rng.uniform(0.5, 4), 2)


W1 = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
W2 = np.array([[1.0, -1.0, 2.0], [0.5, 0.0, -2.0]])
SQUARE = np.array([[1.0, 2.0], [3.0, -1.0]])
X_GRID = np.linspace(-2, 6, 33)


# fmt: off
EXERCISES = [
    Exercise(
        "layer",
        "Write a layer for a whole batch",
        layer,
        cases=[
            Case((np.array([[1.0, 1.0]]), W1, np.array([0.5, 0.0, -1.0])), "one example"),
            Case((np.array([[1.0, 0.0], [2.0, -1.0], [0.5, 3.0]]), SQUARE, np.array([10.0, 20.0])),
                 "as many neurons as inputs"),
            Case((np.arange(12.0).reshape(4, 3), W2, np.array([1.0, -1.0])), "four examples"),
        ],
        draw=_draw_layer,
        hints=[
            "A row of X and a row of W have the same length: one number for each input. The inner "
            "product of the two is one entry of Z.",
            "`@` combines the rows of its left array with the columns of its right one. `W.T` has "
            "the rows of W as its columns.",
            "`Z = X @ W.T + b`: NumPy adds b to every row.",
        ],
        mistakes=[
            slip("weights_not_turned", "W.T", "W",
                 "`X @ W` combines the rows of X with the columns of W. A neuron is a row of W: "
                 "turn it, `W.T`. With as many neurons as inputs no error would have told you."),
            slip("bias_left_out", " + b", "",
                 "The bias is missing from Z: add b, one number for each neuron."),
            slip("examples_in_columns", "X @ W.T + b", "W @ X.T + b[:, None]",
                 "The numbers are right, but your examples stand in columns. In this course every "
                 "row is an example: the shape must be (n, out)."),
            slip("bias_subtracted", "+ b", "- b",
                 "The bias has the wrong sign: it is added."),
        ],
    ),
    table(
        "layer_shapes",
        "Fill in a table of shapes",
        right={"X": (32, 6), "W1": (4, 6), "b1": (4,), "Z1": (32, 4), "A1": (32, 4),
               "W2": (3, 4), "b2": (3,), "Z2": (32, 3)},
        hints=[
            "Two kinds of arrays: those of the layers (W, b) know nothing of the batch; those that "
            "flow through (X, Z, A) have one row for each example.",
            "W has the shape (out, in) and b the shape (out,). For the first layer in is 6 and out "
            "is 4.",
            "W1 (4, 6), b1 (4,), Z1 and A1 (32, 4). Now the second layer, in the same way.",
        ],
        mistakes=[
            ("weights_in_out", {"W1": (6, 4), "W2": (4, 3)},
             "The weights are turned round: W has one row for each neuron, so its shape is "
             "(out, in)."),
            ("batch_comes_last", {"Z1": (4, 32), "A1": (4, 32), "Z2": (3, 32)},
             "Examples are rows: the number of examples comes first in Z1, A1 and Z2."),
            ("bias_for_every_example", {"b1": (32, 4), "b2": (32, 3)},
             "A bias belongs to a neuron, not to an example: b knows nothing of the batch."),
            ("bias_for_every_input", {"b1": (6,), "b2": (4,)},
             "A neuron has one bias, however many inputs it has: as many biases as the layer has "
             "neurons."),
        ],
    ),
    Exercise(
        "collapse",
        "Collapse two layers into one",
        collapse,
        cases=[
            Case((W1, np.array([1.0, -2.0, 0.5]), W2, np.array([0.0, 4.0])), "2 → 3 → 2"),
            Case((W2, np.array([1.0, -3.0]), SQUARE, np.array([-1.0, 0.5])), "3 → 2 → 2"),
        ],
        draw=_draw_two_layers,
        hints=[
            "For one example the two layers give `W2 @ (W1 @ x + b1) + b2`. Multiply out.",
            "What stands in front of x is W. Everything without x is b.",
            "`W = W2 @ W1` and `b = W2 @ b1 + b2`.",
        ],
        mistakes=[
            slip("first_bias_lost", "W2 @ b1 + b2", "b2",
                 "W is right, but b1 has got lost. It goes through the second layer as the inputs "
                 "do: `W2 @ b1 + b2`."),
            slip("biases_added", "W2 @ b1", "b1",
                 "b1 cannot be added as it is: the second layer multiplies it by W2 first."),
            slip("wrong_order", "W2 @ W1", "W1 @ W2",
                 "The order of the product is wrong: x meets W1 first, so W1 stands right of W2."),
            slip("turned", "W2 @ W1", "W1.T @ W2.T",
                 "This W has the shape (in, out). It must have one row for each neuron: turn it, "
                 "or multiply `W2 @ W1`."),
        ],
    ),
    Exercise(
        "leaky_relu",
        "Write the leaky ReLU and its derivative",
        leaky_relu,
        cases=[
            Case((np.array([-2.0, -0.5, 0.5, 3.0]), 0.1)),
            Case((np.array([-1.0, 0.0, 1.0]), 0.25), "with the kink"),
            Case((np.array([[-4.0, 2.0], [0.0, -1.0], [0.1, 0.5]]), 0.3),
                 "two neurons, three examples"),
        ],
        draw=_draw_leaky_relu,
        hints=[
            "`np.where(condition, a, b)` takes from a where the condition holds, and from b "
            "elsewhere.",
            "Both are straight pieces. Above zero a is z with derivative 1, below it is "
            "`slope * z`. What is the derivative of `slope * z`?",
            "`a = np.where(z > 0, z, slope * z)` and `da = np.where(z > 0, 1.0, slope)`.",
        ],
        mistakes=[
            slip("steep_at_zero", "z > 0, 1.0", "z >= 0, 1.0",
                 "At exactly 0 the course, like torch, takes the derivative from the left: slope. "
                 "Compare with `z > 0`, not `z >= 0`."),
            slip("flat_below_zero", "1.0, slope", "1.0, 0.0",
                 "da is the derivative of the plain ReLU. Below zero the leaky one still rises: "
                 "its derivative is slope."),
            Mistake("plain_relu",
                    "That is the plain ReLU. The leaky one lets `slope * z` through below zero.",
                    lambda z, slope: leaky_relu(z, 0.0)),
            slip("times_z", "1.0, slope", "1.0, slope * z",
                 "Below zero you return `slope * z` as the derivative. That is the value; how fast "
                 "it grows is slope."),
            slip("never_below_the_slope", "np.where(z > 0, z, slope * z)", "np.maximum(z, slope)",
                 "Wherever z is smaller than slope, a is slope itself. Above zero it must be z, "
                 "below zero `slope * z`."),
            Mistake("sides_exchanged",
                    "The two sides are exchanged: z passes unchanged above 0.",
                    lambda z, slope: (np.where(z > 0, slope * z, z), np.where(z > 0, slope, 1.0))),
        ],
    ),
    Exercise(
        "bump",
        "Build a bump with a flat top",
        bump,
        minutes=10,
        cases=[
            Case((X_GRID, 0.0, 4.0, 1.0, 1.0), "height 1, ramp 1"),
            Case((X_GRID, 1.0, 4.0, 0.5, 3.0), "higher and steeper"),
            Case((X_GRID, 0.0, 5.0, 2.0, -1.0), "a dent"),
        ],
        draw=_draw_bump,
        hints=[
            "`relu(x - left)` starts to rise at left and never stops. A second ReLU with the "
            "opposite sign stops it.",
            "`up = relu(x - left) - relu(x - left - ramp)` ends at the height ramp. The same "
            "thing, begun at `right - ramp`, goes down again.",
            "`down = relu(x - right + ramp) - relu(x - right)`, and the steepness is "
            "`height / ramp`.",
        ],
        mistakes=[
            slip("steepness_is_height", "height / ramp", "height",
                 "The top has the wrong height: it rises for the length of the ramp, so its "
                 "steepness must be `height / ramp`."),
            Mistake("falls_behind_right",
                    "Your bump begins to fall at right. It must be 0 again there: begin to fall at "
                    "`right - ramp`.",
                    lambda x, left, right, ramp, height: bump(x, left, right + ramp, ramp, height)),
            slip("rises_twice", "up - down", "up + down",
                 "Your second ramp goes up too: subtract it."),
            slip("stops_rising_never", "up - down",
                 "activations.relu(x - left) - activations.relu(x - right)",
                 "Your bump rises until right and stays up. It needs four bends: start and end of "
                 "the rise, start and end of the fall."),
            Mistake("peaks_before_left",
                    "What should lie at left and right lies at −left and −right: a ReLU that "
                    "starts at left is `relu(x - left)`, with a minus.",
                    lambda x, left, right, ramp, height: bump(x, -left, -right, ramp, height)),
        ],
    ),
    order(
        "forward_pass",
        "Put a forward pass in order",
        right="FBDGACE",
        hints=[
            "The indented lines belong to the loop over the hidden layers. What is the input of "
            "the first hidden layer?",
            "In the loop: first the weighted sums, then the activation. The last layer comes "
            "behind the loop, and no activation follows it.",
            "It begins with F, B, D, G.",
        ],
        mistakes=[
            ("activation_first", "GD",
             "The activation uses Z before it is computed: first the weighted sums, then tanh."),
            ("last_layer_too_early", "AG",
             "The loop gives W and b new values in every round. Take the last layer's weights "
             "behind the loop."),
        ],
    ),
]
