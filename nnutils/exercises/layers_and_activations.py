"""The exercises and questions of notebook 04."""

import numpy as np

from nnutils import activations
from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question

# --- 04.1: a layer for a whole batch -------------------------------------------------------------


def layer(X, W, b):
    """Return the outputs (n, out) of a linear layer for a batch X (n, in)."""
    Z = X @ W.T + b
    return Z


def _weights_not_turned(X, W, b):
    return X @ W + b


def _bias_left_out(X, W, b):
    return X @ W.T


def _examples_in_columns(X, W, b):
    return W @ X.T + b[:, None]


def _bias_subtracted(X, W, b):
    return X @ W.T - b


# --- 04.2: a table of shapes ---------------------------------------------------------------------


def shapes():
    """Return the shape of every array of a network 6 → 4 → 3 that gets 32 examples."""
    return {
        "X": (32, 6),
        "W1": (4, 6),
        "b1": (4,),
        "Z1": (32, 4),
        "A1": (32, 4),
        "W2": (3, 4),
        "b2": (3,),
        "Z2": (32, 3),
    }


def _weights_in_out():
    return shapes() | {"W1": (6, 4), "W2": (4, 3)}


def _batch_comes_last():
    return shapes() | {"Z1": (4, 32), "A1": (4, 32), "Z2": (3, 32)}


def _bias_for_every_example():
    return shapes() | {"b1": (32, 4), "b2": (32, 3)}


def _bias_for_every_input():
    return shapes() | {"b1": (6,), "b2": (4,)}


# --- 04.3: two linear layers are one -------------------------------------------------------------


def collapse(W1, b1, W2, b2):
    """Return the W and the b of the one linear layer that does the same as two in a row."""
    W = W2 @ W1
    b = W2 @ b1 + b2
    return W, b


def _first_bias_lost(W1, b1, W2, b2):
    return W2 @ W1, b2


def _biases_added(W1, b1, W2, b2):
    return W2 @ W1, b1 + b2


def _wrong_order(W1, b1, W2, b2):
    return W1 @ W2, W2 @ b1 + b2


def _turned(W1, b1, W2, b2):
    return W1.T @ W2.T, W2 @ b1 + b2


# --- 04.4: the leaky ReLU and its slope ----------------------------------------------------------


def leaky_relu_and_derivative(z, slope):
    """Return the leaky ReLU of z and its derivative at z, both in the shape of z."""
    a = np.where(z > 0, z, slope * z)
    da = np.where(z > 0, 1.0, slope)
    return a, da


def _steep_at_zero(z, slope):
    return leaky_relu_and_derivative(z, slope)[0], np.where(z >= 0, 1.0, slope)


def _flat_below_zero(z, slope):
    return leaky_relu_and_derivative(z, slope)[0], np.where(z > 0, 1.0, 0.0)


def _plain_relu(z, slope):
    return np.maximum(z, 0), np.where(z > 0, 1.0, 0.0)


def _times_z(z, slope):
    return leaky_relu_and_derivative(z, slope)[0], np.where(z > 0, 1.0, slope * z)


def _never_below_the_slope(z, slope):
    return np.maximum(z, slope), np.where(z > 0, 1.0, slope)


def _sides_exchanged(z, slope):
    return np.where(z > 0, slope * z, z), np.where(z > 0, slope, 1.0)


# --- 04.5: a bump with a flat top ----------------------------------------------------------------


def bump(x, left, right, ramp, height):
    """Return a bump over x that rises behind left, is flat on top, and is 0 again at right."""
    steepness = height / ramp
    up = activations.relu(x - left) - activations.relu(x - left - ramp)
    down = activations.relu(x - right + ramp) - activations.relu(x - right)
    return steepness * (up - down)


def _steepness_is_height(x, left, right, ramp, height):
    return ramp * bump(x, left, right, ramp, height)


def _falls_behind_right(x, left, right, ramp, height):
    return bump(x, left, right + ramp, ramp, height)


def _rises_twice(x, left, right, ramp, height):
    up = activations.relu(x - left) - activations.relu(x - left - ramp)
    down = activations.relu(x - right + ramp) - activations.relu(x - right)
    return height / ramp * (up + down)


def _stops_rising_never(x, left, right, ramp, height):
    return height / ramp * (activations.relu(x - left) - activations.relu(x - right))


def _peaks_before_left(x, left, right, ramp, height):
    up = activations.relu(x + left) - activations.relu(x + left - ramp)
    down = activations.relu(x + right + ramp) - activations.relu(x + right)
    return height / ramp * (up - down)


# --- 04.6: the lines of a forward pass -----------------------------------------------------------

FORWARD_ORDER = "FBDGACE"
FORWARD_LINES = {
    "A": "W, b = layers[-1]",
    "B": "for W, b in layers[:-1]:",
    "C": "output = A @ W.T + b",
    "D": "    Z = A @ W.T + b",
    "E": "labels = (output >= 0).astype(int)",
    "F": "A = X",
    "G": "    A = np.tanh(Z)",
}


def forward_order():
    """Return the letters of the lines in the order in which they must stand."""
    return FORWARD_ORDER


def _letters(got):
    return "".join(str(got).split()).upper()


def _same_letters(got, expected):
    return _letters(got) == _letters(expected)


def _activation_first():
    return "FBGDACE"


def _last_layer_too_early():
    return "FABDGCE"


def _explain_order(got):
    letters = _letters(got)
    if sorted(letters) != sorted(FORWARD_ORDER):
        return f"Use each of the letters {', '.join(sorted(FORWARD_LINES))} exactly once."
    place = next(i for i, letter in enumerate(letters) if letter != FORWARD_ORDER[i])
    line = FORWARD_LINES[letters[place]].strip()
    return f"Right so far: {place} of the lines. Line {place + 1}, `{line}`, comes too early."


W1 = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
W2 = np.array([[1.0, -1.0, 2.0], [0.5, 0.0, -2.0]])
SQUARE = np.array([[1.0, 2.0], [3.0, -1.0]])
X_GRID = np.linspace(-2, 6, 33)

EXERCISES = [
    Exercise(
        id="04.1",
        title="Write a layer for a whole batch",
        function="my_layer",
        reference=layer,
        cases=[
            Case((np.array([[1.0, 1.0]]), W1, np.array([0.5, 0.0, -1.0])), "one example"),
            Case((np.array([[1.0, 0.0], [2.0, -1.0]]), SQUARE, np.array([10.0, 20.0]))),
            Case((np.arange(12.0).reshape(4, 3), W2, np.array([1.0, -1.0])), "four examples"),
        ],
        hints=(
            "A row of X and a row of W have the same length: one number for each input. The inner "
            "product of the two is one entry of Z.",
            "`@` combines the rows of its left array with the columns of its right one. W.T has "
            "the rows of W as its columns.",
            "Z = X @ W.T + b: NumPy adds b to every row.",
        ),
        mistakes=[
            Mistake(
                _weights_not_turned,
                "`X @ W` combines the rows of X with the columns of W. A neuron is a row of W: "
                "turn it, W.T. With as many neurons as inputs no error would have told you.",
            ),
            Mistake(_bias_left_out, "The bias is missing: add b, one number for each neuron."),
            Mistake(
                _examples_in_columns,
                "The numbers are right, but your examples stand in columns. In this course every "
                "row is an example: the shape must be (n, out).",
            ),
            Mistake(_bias_subtracted, "The bias has the wrong sign: it is added."),
        ],
    ),
    Exercise(
        id="04.2",
        title="Fill in a table of shapes",
        function="my_shapes",
        reference=shapes,
        cases=[Case(())],
        hints=(
            "Two kinds of arrays: those of the layers (W, b) know nothing of the batch; those that "
            "flow through (X, Z, A) have one row for each example.",
            "W has the shape (out, in) and b the shape (out,). For the first layer in is 6 and "
            "out is 4.",
            "W1 (4, 6), b1 (4,), Z1 and A1 (32, 4). Now the second layer, in the same way.",
        ),
        mistakes=[
            Mistake(
                _weights_in_out,
                "The weights are turned round: W has one row for each neuron, so its shape is "
                "(out, in).",
            ),
            Mistake(
                _batch_comes_last,
                "Examples are rows: the number of examples comes first in Z1, A1 and Z2.",
            ),
            Mistake(
                _bias_for_every_example,
                "A bias belongs to a neuron, not to an example: b knows nothing of the batch.",
            ),
            Mistake(
                _bias_for_every_input,
                "A neuron has one bias, however many inputs it has: as many biases as the layer "
                "has neurons.",
            ),
        ],
    ),
    Exercise(
        id="04.3",
        title="Collapse two layers into one",
        function="my_collapse",
        reference=collapse,
        cases=[
            Case((W1, np.array([1.0, -2.0, 0.5]), W2, np.array([0.0, 4.0])), "2 → 3 → 2"),
            Case((SQUARE, np.array([1.0, 2.0]), SQUARE.T, np.array([-1.0, 0.5])), "2 → 2 → 2"),
            Case((W2, np.zeros(2), SQUARE, np.ones(2)), "3 → 2 → 2"),
        ],
        hints=(
            "For one example the two layers give W2 @ (W1 @ x + b1) + b2. Multiply out.",
            "What stands in front of x is W. Everything without x is b.",
            "W = W2 @ W1 and b = W2 @ b1 + b2.",
        ),
        mistakes=[
            Mistake(
                _first_bias_lost,
                "W is right, but b1 has got lost. It goes through the second layer as the inputs "
                "do: W2 @ b1 + b2.",
            ),
            Mistake(
                _biases_added,
                "b1 cannot be added as it is: the second layer multiplies it by W2 first.",
            ),
            Mistake(
                _wrong_order,
                "The order of the product is wrong: x meets W1 first, so W1 stands right of W2.",
            ),
            Mistake(
                _turned,
                "This W has the shape (in, out): you have collapsed the turned arrays. Turn it "
                "back, or multiply W2 @ W1.",
            ),
        ],
    ),
    Exercise(
        id="04.4",
        title="Write the leaky ReLU and its derivative",
        function="my_leaky_relu",
        reference=leaky_relu_and_derivative,
        cases=[
            Case((np.array([-2.0, -0.5, 0.5, 3.0]), 0.1)),
            Case((np.array([-1.0, 0.0, 1.0]), 0.25), "with the kink"),
            Case((np.array([[-4.0, 2.0], [0.0, -1.0]]), 0.01), "a layer of two, a batch of two"),
        ],
        hints=(
            "np.where(condition, a, b) takes from a where the condition holds, and from b "
            "elsewhere.",
            "Both are straight pieces. Above zero a is z with derivative 1, below it is slope * z. "
            "What is the derivative of slope * z?",
            "a = np.where(z > 0, z, slope * z) and da = np.where(z > 0, 1.0, slope).",
        ),
        mistakes=[
            Mistake(
                _steep_at_zero,
                "At exactly 0 the course, like torch, takes the derivative from the left: slope. "
                "Compare with z > 0, not z >= 0.",
            ),
            Mistake(
                _flat_below_zero,
                "That is the derivative of the plain ReLU. Below zero the leaky one still rises: "
                "its derivative is slope.",
            ),
            Mistake(
                _plain_relu,
                "That is the plain ReLU. The leaky one lets slope * z through below zero.",
            ),
            Mistake(
                _times_z,
                "Below zero you return slope * z as the derivative. That is the value; how fast "
                "it grows is slope.",
            ),
            Mistake(
                _never_below_the_slope,
                "max(z, slope) compares z with the slope itself. Below zero the value is slope * "
                "z.",
            ),
            Mistake(_sides_exchanged, "The two sides are exchanged: z passes unchanged above 0."),
        ],
    ),
    Exercise(
        id="04.5",
        title="Build a bump with a flat top",
        function="my_bump",
        reference=bump,
        cases=[
            Case((X_GRID, 0.0, 4.0, 1.0, 1.0), "height 1, ramp 1"),
            Case((X_GRID, 1.0, 4.0, 0.5, 3.0), "higher and steeper"),
            Case((X_GRID, 0.0, 5.0, 2.0, -1.0), "a dent"),
        ],
        hints=(
            "relu(x - left) starts to rise at left and never stops. A second ReLU with the "
            "opposite sign stops it.",
            "up = relu(x - left) - relu(x - left - ramp) ends at the height ramp. The same thing, "
            "begun at right - ramp, goes down again.",
            "down = relu(x - right + ramp) - relu(x - right), and the steepness is height / ramp.",
        ),
        mistakes=[
            Mistake(
                _steepness_is_height,
                "The top has the wrong height: it rises for the length of the ramp, so its "
                "steepness must be height / ramp.",
            ),
            Mistake(
                _falls_behind_right,
                "Your bump begins to fall at right. It must be 0 again there: begin to fall at "
                "right - ramp.",
            ),
            Mistake(_rises_twice, "Your second ramp goes up too: subtract it."),
            Mistake(
                _stops_rising_never,
                "With two ReLUs it rises until right and stays up. Four are needed: start and end "
                "of the rise, start and end of the fall.",
            ),
            Mistake(
                _peaks_before_left,
                "The bump lies mirrored, left of zero: a ReLU that starts at left is "
                "relu(x - left), with a minus.",
            ),
        ],
    ),
    Exercise(
        id="04.6",
        title="Put a forward pass in order",
        function="my_order",
        reference=forward_order,
        cases=[Case(())],
        compare=_same_letters,
        hints=(
            "The indented lines belong to the loop over the hidden layers. What is the input of "
            "the first hidden layer?",
            "In the loop: first the weighted sums, then the activation. The last layer comes "
            "behind the loop, and no activation follows it.",
            "It begins with F, B, D, G.",
        ),
        mistakes=[
            Mistake(
                _activation_first,
                "The activation uses Z before it is computed: first the weighted sums, then tanh.",
            ),
            Mistake(
                _last_layer_too_early,
                "The loop gives W and b new values in every round. Take the last layer's weights "
                "behind the loop.",
            ),
        ],
        explain=_explain_order,
    ),
]

QUIZ = [
    Question(
        "04.w1",
        "From notebook 01: what does the ReLU keep of a nerve cell's f–I curve?",
        [
            Choice(
                "the threshold alone",
                False,
                "That is the step. It forgets how strong the current is once the threshold is "
                "reached.",
            ),
            Choice(
                "the saturation at a highest rate",
                False,
                "The ReLU rises for ever. Saturation comes from the refractory time, and the "
                "sigmoid below will show something like it.",
            ),
            Choice(
                "the threshold and the straight line above it",
                True,
                "Nothing up to the threshold, then as much more as goes in.",
            ),
        ],
    ),
    Question(
        "04.w2",
        "From notebook 02: one neuron cannot do XOR, two layers can. What did the hidden layer do?",
        [
            Choice(
                "it moved the corners, so that one line could part them",
                True,
                "(0, 1) and (1, 0) fell together on one place. Today's notebook is about this.",
            ),
            Choice(
                "it drew a curved line",
                False,
                "Each of its neurons drew a straight line. The corners were moved.",
            ),
            Choice(
                "it learned from its mistakes",
                False,
                "Nobody learned there: the nine numbers were chosen by hand.",
            ),
        ],
    ),
    Question(
        "04.w3",
        "From notebook 03: a network is a set of functions. What does training do?",
        [
            Choice(
                "it makes the set larger",
                False,
                "The set is fixed by the shape of the network. More neurons would make it larger.",
            ),
            Choice(
                "it looks for a good function in the set",
                True,
                "Every choice of weights is one function, and training searches among them.",
            ),
            Choice(
                "it finds the only function that is right",
                False,
                "Many different weights do the same job: there was a whole patch of them.",
            ),
        ],
    ),
    Question(
        "04.q1",
        "The layer `Linear(10, 5)` has just worked on 3 examples. Now 200 come. How many numbers "
        "(weights and biases) does the layer hold?",
        [
            Choice(
                "50",
                False,
                "These are the weights, 5 times 10. Each of the five neurons has a bias as well.",
            ),
            Choice("55", True, "50 weights and 5 biases, whatever the batch."),
            Choice(
                "55 for each example, 11,000 in all",
                False,
                "All examples meet the same weights. Only X and Z grow with the batch.",
            ),
        ],
    ),
    Question(
        "04.q2",
        "A sigmoid neuron has answered a = 0.9. What is the derivative at its z?",
        [
            Choice(
                "0.09",
                True,
                "σ′(z) = σ(z) · (1 − σ(z)), and σ(z) is a: 0.9 · 0.1. The answer alone is enough.",
            ),
            Choice(
                "0.205",
                False,
                "That is σ′(0.9): the derivative taken at the answer a. It belongs at z, where σ "
                "has already been applied: a · (1 − a).",
            ),
            Choice(
                "0.25",
                False,
                "That is the largest slope, at z = 0, where the answer is 0.5.",
            ),
        ],
    ),
    Question(
        "04.q3",
        "Somebody builds 2 → 50 → 50 → 1 for the circles and forgets the activations. What can "
        "its border between the classes look like?",
        [
            Choice(
                "any closed curve: there are a hundred neurons",
                False,
                "Without activations they all collapse into a single neuron.",
            ),
            Choice(
                "a polygon with up to fifty sides",
                False,
                "Fifty ReLU neurons could draw something of the kind. Without a bend in between "
                "there are no corners.",
            ),
            Choice(
                "a straight line",
                True,
                "Linear layers in a row are one linear layer, here 2 → 1.",
            ),
        ],
    ),
    Question(
        "04.q4",
        "A network gets 100 % of its 40 training examples right, and 86 % of new ones. A smaller "
        "network gets 94 % and 90 %. Which one is better?",
        [
            Choice(
                "the first: it makes no mistakes",
                False,
                "None on examples whose answers it has seen. It has learned their noise as well.",
            ),
            Choice(
                "the second: it is right more often on new examples",
                True,
                "What counts is the share of new examples. The gap between 100 and 86 is "
                "overfitting.",
            ),
            Choice(
                "they are equally good: 100 + 86 is about 94 + 90",
                False,
                "The two shares do not add up to anything. Nobody needs answers for examples that "
                "already have one.",
            ),
        ],
    ),
]
