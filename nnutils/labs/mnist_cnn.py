"""The lab of notebook 10: what the maps of a convolutional network show of a digit."""

from functools import lru_cache
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.patches import Rectangle
from PIL import Image

from nnutils.activations import relu, softmax
from nnutils.convolution import conv2d, max_pool2d
from nnutils.datasets import load_digits, to_inputs
from nnutils.labs.base import Action, Choice, Lab, Slider
from nnutils.plotting import BLUE, GREY, LIGHT, ORANGE
from nnutils.training import evaluate, make_cnn, train_steps

__all__ = ["feature_maps_lab"]

EMPTY = "an empty pad"
LAYERS = ("first convolution", "first pooling", "second convolution", "second pooling")
# For each layer: pixels from one number of a map to the next, and the side of what each looks at.
VIEWS = dict(zip(LAYERS, ((1, 5), (2, 6), (2, 14), (4, 16))))
PEN = np.array([[64, 160, 64], [160, 255, 160], [64, 160, 64]], np.uint8)
MIDDLE = 13.5  # of 28 pixels, counted from 0
GLOW = mpl.colormaps["inferno"].with_extremes(bad="white")
SIGNS = mpl.colormaps["gray"].with_extremes(bad="white")
FAINT = 0.5  # maps that answer less than this are shown dark
EPOCHS = 8  # of a whole training; two on fewer digits are there at the start


class State(NamedTuple):
    """What the picture and the caption show."""

    name: str
    picture: np.ndarray  # (28, 28) uint8, as the network sees it
    moved: tuple  # dx, dy and the angle in degrees
    layer: str
    maps: np.ndarray  # (C, side, side) of this layer
    channel: int  # counted from 0
    strongest: tuple | None  # row and column of its largest number; None when all are 0
    kernels: np.ndarray  # (C_in, 5, 5) that this channel looks with
    probabilities: np.ndarray  # (10,)
    about: str


# --- The picture ----------------------------------------------------------------------------------


@lru_cache
def digits():
    """Return the bundled digits."""
    return load_digits()


@lru_cache
def examples():
    """Return pictures to start from by name: the first test digit of each class, and nothing."""
    data = digits()
    first = {f"a {k}": data.X_test[data.y_test == k][0] for k in range(10)}
    return first | {EMPTY: np.zeros((28, 28), np.uint8)}


def move(picture, dx, dy, angle):
    """Turn a picture about its middle by ``angle`` degrees to the left, then shift it."""
    turned = Image.fromarray(picture).rotate(
        angle, Image.Resampling.BILINEAR, translate=(dx, dy), fillcolor=0
    )
    return np.asarray(turned)


def move_back(row, column, dx, dy, angle):
    """Return the pixel of the picture that ``move`` brings to (row, column)."""
    across, down = column - dx - MIDDLE, row - dy - MIDDLE
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return round(sin * across + cos * down + MIDDLE), round(cos * across - sin * down + MIDDLE)


def dab(picture, row, column):
    """Return the picture with a dot of ink at the pixel, or without the ink when it is full.

    The rim of a dot is not full, so that dots beside each other join into a stroke.
    """
    room = np.pad(picture, 1)
    window = room[row : row + 3, column : column + 3]
    window[:] = 0 if picture[row, column] > 200 else np.maximum(window, PEN)
    return room[1:-1, 1:-1]


# --- The network ----------------------------------------------------------------------------------


def forward(picture, weights):
    """Return the maps of each layer (C, side, side) by its name, and the ten probabilities.

    This is ``make_cnn`` for one picture, with the NumPy functions of notebook 07.
    """
    K1, b1, K2, b2, W3, b3, W4, b4 = weights
    first = relu(conv2d(to_inputs(picture[None, None]), K1, b1))
    pooled = max_pool2d(first, 2)
    second = relu(conv2d(pooled, K2, b2))
    pooled_again = max_pool2d(second, 2)
    hidden = relu(pooled_again.reshape(1, -1) @ W3.T + b3)
    maps = dict(zip(LAYERS, (first[0], pooled[0], second[0], pooled_again[0])))
    return maps, softmax(hidden @ W4.T + b4)[0]


def weights_of(model):
    """Return copies of the parameters of a network as arrays."""
    return tuple(p.detach().cpu().numpy().copy() for p in model.parameters())


def share_read(model):
    """Return in words how many of the bundled test digits the network reads rightly."""
    accuracy = evaluate(model, digits().X_test, digits().y_test)[1]
    return f"reads {accuracy:.0%} of the 360 bundled test digits"


def new_network():
    """Return an untrained network, the same one each time."""
    return make_cnn(torch.Generator().manual_seed(0))


def learn(model, examples, epochs):
    """Train on the first bundled digits; yield the history after each batch."""
    data = digits()
    return train_steps(
        model,
        data.X_train[:examples],
        data.y_train[:examples],
        epochs=epochs,
        batch_size=32,
        peak_rate=4e-3,
        generator=torch.Generator().manual_seed(0),
        device="cpu",
    )


def first_network():
    """Return a network that has had half a second to learn, the same one each time."""
    with torch.random.fork_rng(devices=[]):  # dropout draws from torch's own generator
        torch.manual_seed(0)
        model = new_network()
        for _ in learn(model, examples=1000, epochs=2):
            pass
    return model


# --- State, picture, caption ----------------------------------------------------------------------


def compute(digit, layer, channel, dx, dy, angle, drawings, weights, about):
    """Move the picture and put it through the network."""
    picture = move(drawings.get(digit, examples()[digit]), dx, dy, angle)
    maps, probabilities = forward(picture, weights)
    channel = min(channel, len(maps[layer])) - 1
    chosen = maps[layer][channel]
    strongest = np.unravel_index(chosen.argmax(), chosen.shape) if chosen.any() else None
    kernels = weights[0 if layer.startswith("first") else 2][channel]
    name = "your drawing" if digit in drawings else digit
    return State(
        name,
        picture,
        (dx, dy, angle),
        layer,
        maps[layer],
        channel,
        strongest,
        kernels,
        probabilities,
        about,
    )


def tiles_in_a_row(count):
    """Return how many tiles stand in a row, for a mosaic that is nearly square."""
    return int(np.ceil(np.sqrt(count)))


def mosaic(tiles):
    """Return tiles (C, side, side) beside and below each other, with gaps of NaN."""
    count, side, _ = tiles.shape
    columns = tiles_in_a_row(count)
    cells = np.full((columns**2, side + 1, side + 1), np.nan)
    cells[:count, :side, :side] = tiles
    rows = cells.reshape(columns, columns, side + 1, side + 1).swapaxes(1, 2)
    return rows.reshape(columns * (side + 1), -1)[:-1, :-1]


def build(figure):
    """Make the five axes once: picture, probabilities, all maps, one map, its kernels."""
    grid = figure.add_gridspec(2, 3, width_ratios=[1, 1.6, 0.9], height_ratios=[1.8, 1])
    places = (grid[0, 0], grid[1, 0], grid[:, 1], grid[0, 2], grid[1, 2])
    pad, chances, *others = (figure.add_subplot(place) for place in places)
    pad.imshow(np.zeros((28, 28)), cmap="gray_r", vmin=0, vmax=255)
    pad.add_patch(Rectangle((-0.5, -0.5), 28, 28, fill=False, edgecolor=GREY, clip_on=False))
    pad.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=ORANGE, linewidth=2))
    pad.axis("off")
    chances.bar(range(10), np.ones(10))
    chances.set(ylim=(0, 1), xlim=(-0.6, 9.6), xticks=range(10), yticks=[])
    chances.spines["left"].set_visible(False)
    chances.tick_params(length=0, labelsize=11)
    for ax, colours in zip(others, (GLOW, GLOW, SIGNS)):
        ax.imshow(np.zeros((1, 1)), cmap=colours, extent=(0, 1, 1, 0), interpolation="nearest")
        ax.axis("off")
    others[2].add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=GREY, clip_on=False))
    for ax, colour in zip(others[:2], (ORANGE, "white")):
        frame = Rectangle((0, 0), 1, 1, fill=False, edgecolor=colour, linewidth=3, clip_on=False)
        ax.add_patch(frame)
    for ax in figure.axes:
        ax.set_title("what the network sees", fontsize=12)


def draw(figure, state):
    """Draw the picture, what the network makes of it, and the maps of the chosen layer."""
    if not figure.axes:
        build(figure)
    pad, chances, every, one, kernels = figure.axes
    pad.images[0].set_data(state.picture)
    answer = state.probabilities.argmax()
    for k, (bar, probability) in enumerate(zip(chances.patches, state.probabilities)):
        bar.set(height=probability, facecolor=BLUE if k == answer else LIGHT)
    chances.title.set_text(f"{answer}, {state.probabilities[answer]:.0%} sure")

    count, side, _ = state.maps.shape
    largest = max(state.maps.max(), FAINT)
    enlarged = state.maps.repeat(24 // side, axis=1).repeat(24 // side, axis=2)
    every.images[0].set(data=mosaic(enlarged), clim=(0, largest))
    every.title.set_text(f"{state.layer}: {count} maps of {side}×{side}")
    columns = tiles_in_a_row(count)
    row, column = divmod(state.channel, columns)
    every.patches[0].set(bounds=(column / columns, row / columns, 1 / columns, 1 / columns))
    chosen = state.maps[state.channel]
    one.images[0].set(data=chosen, clim=(0, largest))
    answer = "silent" if state.strongest is None else f"up to {chosen.max():.2f}"
    one.title.set_text(f"map {state.channel + 1}, {answer}")
    for frame in (pad.patches[1], one.patches[0]):
        frame.set_visible(state.strongest is not None)
    if state.strongest is not None:
        row, column = state.strongest
        step, view = VIEWS[state.layer]
        pad.patches[1].set_bounds(step * column - 0.5, step * row - 0.5, view, view)
        one.patches[0].set_bounds(column / side, row / side, 1 / side, 1 / side)
    limit = np.abs(state.kernels).max()
    kernels.images[0].set(data=mosaic(state.kernels), clim=(-limit, limit))
    n = len(state.kernels)
    kernels.title.set_text(f"its {'kernel' if n == 1 else f'{n} kernels'} (light: +)")


def caption(state):
    """Say what is seen, which map is chosen and where it is highest, and how it is read."""
    count, side, _ = state.maps.shape
    answers = "is silent"
    if state.strongest is not None:
        row, column = state.strongest
        view = VIEWS[state.layer][1]
        answers = (
            f"is highest, {state.maps[state.channel].max():.2f}, in row {row}, column {column}, "
            f"which looks at the {view}×{view} pixels in the frame"
        )
    first, second = state.probabilities.argsort()[::-1][:2]
    dx, dy, angle = state.moved
    return (
        f"{state.name[0].upper()}{state.name[1:]}, {dx} to the right and {dy} down, turned by "
        f"{angle}°, is read as {first} ({state.probabilities[first]:.0%}), next {second} "
        f"({state.probabilities[second]:.0%}). In the {state.layer}, {count} maps of "
        f"{side}×{side}, map {state.channel + 1} {answers}. {state.about}"
    )


# --- Clicks and buttons ---------------------------------------------------------------------------


def clicked(click, digit, layer, dx, dy, angle, drawings, **values):
    """Draw or erase where the picture was clicked, or choose the map that was clicked."""
    if click.axes == 0:
        row, column = move_back(round(click.y), round(click.x), dx, dy, angle)
        if not (0 <= row < 28 and 0 <= column < 28):
            return {}
        picture = drawings.get(digit, examples()[digit])
        return {"drawings": drawings | {digit: dab(picture, row, column)}}
    if click.axes == 2:
        count = 16 if layer.startswith("first") else 32
        columns = tiles_in_a_row(count)
        channel = int(click.y * columns) * columns + int(click.x * columns) + 1
        return {"channel": channel} if 1 <= channel <= count else {}
    return {}


def clean(digit, drawings, **values):
    """Take away what was drawn on this picture."""
    return {"drawings": {name: picture for name, picture in drawings.items() if name != digit}}


def train(**values):
    """Train an untrained network on the bundled digits, and show it after every third batch."""
    model = new_network()
    about = "It is learning for the first time."
    epoch = 0
    for batch, history in enumerate(learn(model, examples=None, epochs=EPOCHS)):
        finished = len(history.loss) > epoch
        if finished:
            epoch = len(history.loss)
            about = f"After {epoch} of {EPOCHS} epochs the network {share_read(model)}."
        if finished or batch % 3 == 0:
            yield {"weights": weights_of(model), "about": about, "progress": history.progress}


def forget(**values):
    """Go back to random weights."""
    model = new_network()
    return {"weights": weights_of(model), "about": f"Untrained, the network {share_read(model)}."}


def feature_maps_lab(model=None, drawing=None):
    """Look into a convolutional network, layer by layer, at a digit that you move or draw.

    ``model`` is a network of ``make_cnn`` that has been trained, on MNIST for example. Without one
    a network learns 1,000 bundled digits first, which takes about half a second. ``drawing``, a
    picture (28, 28) of uint8, lies on the pad at the start. Used in notebook 10.
    """
    about = "Your network" if model is not None else "After two epochs on 1,000 digits it"
    model = first_network() if model is None else model
    return Lab(
        "Look into the network",
        [
            Choice("digit", "picture", tuple(examples()), "a 3" if drawing is None else EMPTY),
            Choice("layer", "layer", LAYERS, LAYERS[0]),
            Slider("channel", "map", 1, 32, 1, 6),
            Slider("dx", "to the right", -8, 8, 1, 0),
            Slider("dy", "down", -8, 8, 1, 0),
            Slider("angle", "turn", -90, 90, 5, 0),
            Action("clean", "Clean the pad", clean),
            Action("train", "Train anew", train),
            Action("forget", "Forget all", forget),
        ],
        compute,
        draw,
        caption,
        hidden={
            "drawings": {} if drawing is None else {EMPTY: drawing},
            "weights": weights_of(model),
            "about": f"{about} {share_read(model)}.",
        },
        on_click=clicked,
        size=(8, 4),
        tracks=("channel", "layer", "dx"),
    )
