"""The labs of notebook 07: a window that slides over a picture, and what a stack of them sees."""

import time
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from nnutils.convolution import conv2d, conv2d_backward, output_size
from nnutils.datasets import load_photos
from nnutils.labs.base import Action, Lab, Slider
from nnutils.plotting import BLACK, GREY, ORANGE

__all__ = ["convolution_lab", "receptive_field_lab"]

# The example of notebook 07 in the upper left corner, continued to the largest size.
PIXELS = np.array(
    [
        [1, 2, 0, 3, 1, 0, 2, 1, 0],
        [0, 1, 2, 3, 1, 2, 0, 1, 3],
        [1, 2, 1, 0, 0, 1, 3, 0, 1],
        [5, 2, 3, 1, 1, 0, 1, 2, 0],
        [2, 1, 0, 1, 1, 2, 0, 1, 4],
        [0, 3, 1, 2, 0, 1, 1, 0, 2],
        [1, 0, 2, 1, 4, 0, 2, 3, 1],
        [2, 1, 0, 0, 1, 3, 0, 1, 2],
        [0, 2, 1, 3, 0, 1, 2, 0, 1],
    ]
)
WEIGHTS = np.array(
    [[1, 2, 1, 0, 1], [0, 1, 0, 1, 2], [2, 1, 0, 1, 0], [1, 0, 2, 1, 0], [0, 1, 1, 0, 2]]
)
SIDE = 32  # of the picture in the second lab

WHITE = (255, 255, 255)
PADDING = (229, 229, 229)
WINDOW = (255, 221, 158)  # light orange
DONE = (211, 229, 241)  # light blue
SEEN = (208, 104, 8)  # orange, in grey darker than what lies around
HATCH = "#A8A8A8"


# --- Grids of numbers -----------------------------------------------------------------------------


@lru_cache
def glyphs(text):
    """Return the outline of ``text``, centred at (0, 0), for letters of size 1 and y downwards."""
    outline = TextPath((0, 0), text, size=1)
    (left, bottom), (right, top) = outline.get_extents().get_points()
    middle = [(left + right) / 2, (bottom + top) / 2]
    return Path((outline.vertices - middle) * [1, -1], outline.codes)


def numbers(values):
    """Return the outlines of all numbers of a grid as one path; a NaN leaves its cell empty.

    One path for a whole grid is drawn in a tenth of the time that a text for each cell takes.
    """
    size = min(0.62, 0.087 * len(values))  # in cells
    places = np.argwhere(~np.isnan(values))
    outlines = [glyphs(f"{values[row, column]:g}") for row, column in places]
    return Path.make_compound_path(
        *(Path(size * o.vertices + place[::-1], o.codes) for o, place in zip(outlines, places))
    )


def squares(cells):
    """Return the squares of the True cells of a grid as one path."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    paths = [Path(corners + place[::-1], closed=True) for place in np.argwhere(cells)]
    return Path.make_compound_path(*paths)


def make_grid(ax):
    """Make the artists of a grid: the colours, the lines between the cells, the numbers."""
    ax.imshow(cells(1, WHITE))
    ax.add_collection(LineCollection([], colors=GREY, clip_on=False))
    ax.add_patch(PathPatch(Path(np.empty((0, 2))), facecolor=BLACK, linewidth=0, zorder=3))
    ax.axis("off")


def cells(side, colour):
    """Return the cells of a grid, all of one colour: (side, side, 3) uint8."""
    return np.full((side, side, 3), colour, np.uint8)


def fill_grid(ax, colours, values=None):
    """Show cells of these colours (N, N, 3) with these values (N, N) in the grid of ``ax``."""
    end = len(colours) - 0.5
    ax.images[0].set(data=colours, extent=(-0.5, end, end, -0.5))
    ax.set(xlim=(-0.5, end), ylim=(end, -0.5))
    edges = np.arange(len(colours) + 1) - 0.5
    rows = [[(-0.5, y), (end, y)] for y in edges]
    ax.collections[0].set_segments(rows + [[(x, -0.5), (x, end)] for x in edges])
    ax.collections[0].set_linewidth(0.6 if len(colours) <= 16 else 0.25)
    if values is not None:
        ax.patches[0].set_path(numbers(values))


def frame(ax, colour, linewidth):
    """Make a rectangle without a place."""
    ax.add_patch(Rectangle((0, 0), 0, 0, fill=False, edgecolor=colour, linewidth=linewidth))


def put_frame(rectangle, row, column, side):
    """Put a rectangle round ``side`` cells, the first of them at (row, column)."""
    rectangle.set(bounds=(column - 0.5, row - 0.5, side, side))


# --- Lab 1: step a window across the input --------------------------------------------------------


class State(NamedTuple):
    """What the first picture shows; where nothing fits, Y is None and ``problem`` says why."""

    X: np.ndarray  # (n, n)
    W: np.ndarray  # (k, k)
    padded: np.ndarray  # (N, N)
    Y: np.ndarray | None  # (out, out)
    unseen: np.ndarray  # (N, N) True where no window looks
    position: int  # of the window, row by row
    options: dict  # stride, padding, dilation
    problem: str


def compute(n, kernel, stride, padding, dilation, position):
    """Convolve the n×n input with the kernel; mark the pixels that no window looks at."""
    X, W = PIXELS[:n, :n], WEIGHTS[:kernel, :kernel]
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    padded = np.pad(X, padding)
    try:
        Y = conv2d(X[None, None], W[None, None], **options)[0, 0]
    except ValueError as problem:
        return State(X, W, padded, None, np.zeros_like(padded, bool), 0, options, str(problem))
    looks = looked_at(len(padded), kernel, len(Y), stride, dilation)
    unseen = ~np.outer(looks, looks)
    return State(X, W, padded, Y, unseen, min(position, Y.size - 1), options, "")


def looked_at(n, kernel, out, stride, dilation):
    """Return for each of n places of a side whether one of the windows looks at it."""
    looks = np.zeros(n, bool)
    for window in range(out):
        looks[stride * window + dilation * np.arange(kernel)] = True
    return looks


def window_of(state):
    """Return the rows and the columns of the padded input that the window looks at."""
    row, column = divmod(state.position, len(state.Y))
    offsets = state.options["dilation"] * np.arange(len(state.W))
    return state.options["stride"] * row + offsets, state.options["stride"] * column + offsets


def dropped(state):
    """Return how many rows (and columns) behind the last window are too few for another one."""
    span = state.options["dilation"] * (len(state.W) - 1) + 1
    return len(state.padded) - state.options["stride"] * (len(state.Y) - 1) - span


def build(figure):
    """Make the four grids once: input, kernel, products, output."""
    grid = figure.add_gridspec(2, 3, width_ratios=[2, 1, 2])
    places = (grid[:, 0], grid[0, 1], grid[1, 1], grid[:, 2])
    for place, title in zip(places, ("input", "kernel", "products", "output")):
        ax = figure.add_subplot(place)
        make_grid(ax)
        ax.set_title(title)
    left, _, _, right = figure.axes
    frame(left, BLACK, 2)  # the input inside its zeros
    frame(left, ORANGE, 3)  # the window
    left.add_patch(PathPatch(squares(np.zeros((1, 1))), fill=False, hatch="////", linewidth=0))
    left.patches[-1].set_edgecolor(HATCH)
    frame(right, ORANGE, 3)
    right.text(0, 0, "", ha="center", va="center")


def draw(figure, state):
    """Draw the window on the input, the products below the kernel, and the output so far."""
    if not figure.axes:
        build(figure)
    left, middle, below, right = figure.axes
    _, border, window, unseen = left.patches
    fits = state.Y is not None
    N, k, p = len(state.padded), len(state.W), state.options["padding"]

    colours = cells(N, PADDING)
    colours[p : N - p, p : N - p] = WHITE
    products = np.full((k, k), np.nan)
    if fits:
        rows, columns = window_of(state)
        colours[np.ix_(rows, columns)] = WINDOW
        products = state.padded[np.ix_(rows, columns)] * state.W
        put_frame(window, rows[0], columns[0], rows[-1] - rows[0] + 1)
    fill_grid(left, colours, state.padded.astype(float))
    put_frame(border, p, p, N - 2 * p)
    window.set_visible(fits)
    unseen.set_path(squares(state.unseen))
    left.set_title(f"input {len(state.X)}×{len(state.X)}" + (", zeros around it" if p else ""))

    fill_grid(middle, cells(k, WHITE), state.W.astype(float))
    fill_grid(below, cells(k, WINDOW if fits else WHITE), products)
    below.set_title(f"products: sum {products.sum():g}" if fits else "products: none")
    draw_output(right, state)


def draw_output(ax, state):
    """Draw the numbers of the output up to the window's, or the reason why there is none."""
    _, spot = ax.patches
    spot.set_visible(state.Y is not None)
    if state.Y is None:
        fill_grid(ax, cells(1, WHITE), np.full((1, 1), np.nan))
        ax.texts[0].set_text(state.problem.replace(", ", ",\n"))
        ax.set_title("no output")
        return
    out = len(state.Y)
    done = np.arange(out * out).reshape(out, out) <= state.position
    colours = cells(out, WHITE)
    colours[done] = DONE
    row, column = divmod(state.position, out)
    colours[row, column] = WINDOW
    fill_grid(ax, colours, np.where(done, state.Y, np.nan))
    put_frame(spot, row, column, 1)
    ax.texts[0].set_text("")
    ax.set_title(f"output {out}×{out}")


def torch_call(state):
    """Return the call of torch that gives the same output."""
    options = ", ".join(f"{name}={value}" for name, value in state.options.items())
    return f"F.conv2d(X, W, {options})"


def caption(state):
    """Say in words what the window sees, what is never looked at, and what torch calls it."""
    n, k = len(state.X), len(state.W)
    start = f"Input {n}×{n}, kernel {k}×{k}, " + ", ".join(
        f"{name} {value}" for name, value in state.options.items()
    )
    if state.Y is None:
        return f"{start}: {state.problem}. Choose a smaller kernel or dilation, or more padding."
    out = len(state.Y)
    row, column = divmod(state.position, out)
    return (
        f"{start}: the output is {out}×{out}. Window {state.position + 1} of {out * out} (row "
        f"{row}, column {column} of the output): {sum_in_words(state)}. {unseen_in_words(state)} "
        f"In torch: {torch_call(state)}."
    )


def sum_in_words(state):
    """Write the sum of a small window product by product, that of a large one row by row."""
    pixels = state.padded[np.ix_(*window_of(state))]
    total = (pixels * state.W).sum()
    if len(state.W) <= 3:
        pairs = zip(pixels.ravel(), state.W.ravel())
        return " + ".join(f"{x}·{w}" for x, w in pairs) + f" = {total}"
    rows = " + ".join(str(part) for part in (pixels * state.W).sum(axis=1))
    return f"its rows give {rows} = {total}"


def unseen_in_words(state):
    """Say how many pixels no window looks at, and how many rows the stride drops at the border."""
    count, border = int(state.unseen.sum()), dropped(state)
    if count == 0:
        return "Every pixel is looked at."
    text = f"No window looks at {count} of {state.padded.size} pixels (hatched)"
    if border == 0:
        return f"{text}, which lie between the windows."
    lost = "row and the last column are" if border == 1 else f"{border} rows and columns are"
    return f"{text}; the last {lost} dropped."


def back(position, **values):
    """Go back by one window, as far as the first."""
    return {"position": max(position - 1, 0)}


def step(position, **values):
    """Go on by one window; after the last comes the first."""
    state = compute(position=position, **values)
    return {"position": 0 if state.Y is None else (state.position + 1) % state.Y.size}


def play(position, **values):
    """Slide the window from the first place to the last."""
    state = compute(position=position, **values)
    last = 0 if state.Y is None else state.Y.size - 1
    for place in range(last + 1):
        yield {"position": place, "progress": (place + 1) / (last + 1)}
        time.sleep(0.08)  # slow enough to watch


def choose_window(click, **values):
    """Move the window to the output's cell that was clicked."""
    state = compute(**values)
    row, column = round(click.y), round(click.x)
    if click.axes != 3 or state.Y is None or not (0 <= row < len(state.Y) > column >= 0):
        return {}
    return {"position": row * len(state.Y) + column}


def convolution_lab():
    """Step a window across a small input: kernel size, stride, padding, dilation."""
    return Lab(
        "Slide a window over the input",
        [
            Slider("n", "side of the input", 5, 9, 1, 5),
            Slider("kernel", "side of the kernel", 1, 5, 1, 3),
            Slider("stride", "stride", 1, 4, 1, 1),
            Slider("padding", "padding", 0, 2, 1, 0),
            Slider("dilation", "dilation", 1, 3, 1, 1),
            Action("step", "Step", step),
            Action("back", "Back", back),
            Action("play", "Play", play),
        ],
        compute,
        draw,
        caption,
        hidden={"position": 4},
        on_click=choose_window,
        size=(8, 4),
        tracks=("play", "stride", "padding"),
    )


# --- Lab 2: what a number in a stack of layers depends on -----------------------------------------


class Stack(NamedTuple):
    """What the second picture shows; ``problem`` says why a layer does not fit, if one does not."""

    sides: list  # of the picture and of each layer that fits
    masks: list  # for each of these, (side, side) True where the chosen number depends on it
    spot: tuple  # layer, row and column of the chosen number
    options: dict  # layers, kernel, stride, dilation
    problem: str


def compute_stack(layers, kernel, stride, dilation, spot):
    """Trace the number at ``spot`` (layer, row, column) back to the pixels that it depends on."""
    options = {"layers": layers, "kernel": kernel, "stride": stride, "dilation": dilation}
    sides, problem = [SIDE], ""
    for layer in range(1, layers + 1):
        try:
            sides.append(output_size(sides[-1], kernel, stride, dilation=dilation))
        except ValueError as error:
            problem = f"layer {layer} does not fit: {error}"
            break
    chosen, row, column = spot or (len(sides) - 1, sides[-1] // 2, sides[-1] // 2)
    if chosen >= len(sides) or max(row, column) >= sides[chosen]:
        chosen, row, column = len(sides) - 1, sides[-1] // 2, sides[-1] // 2
    mask = np.zeros((sides[chosen], sides[chosen]), bool)
    mask[row, column] = True
    masks = [mask]
    for side in sides[chosen - 1 :: -1] if chosen else []:
        masks.insert(0, reached(masks[0], side, kernel, stride, dilation))
    masks += [np.zeros((side, side), bool) for side in sides[chosen + 1 :]]
    return Stack(sides, masks, (chosen, row, column), options, problem)


def reached(mask, side, kernel, stride, dilation):
    """Return the cells of the layer before that a gradient at the cells of ``mask`` reaches."""
    X, W = np.zeros((1, 1, side, side)), np.ones((1, 1, kernel, kernel))
    dX, _, _ = conv2d_backward(1.0 * mask[None, None], X, W, stride, dilation=dilation)
    return dX[0, 0] > 0


def field(state):
    """Return the side of the receptive field: 1, and d(k − 1) steps more for each layer below."""
    kernel, stride = state.options["kernel"], state.options["stride"]
    step = state.options["dilation"] * (kernel - 1)
    return 1 + sum(step * stride**layer for layer in range(state.spot[0]))


@lru_cache
def cat():
    """Return the cat in grey (SIDE, SIDE), from 0 to 1."""
    photo = load_photos()[0].mean(axis=0)
    size = len(photo) // SIDE
    return photo.reshape(SIDE, size, SIDE, size).mean(axis=(1, 3)) / 255


def box_of(mask):
    """Return the first row, the first column and the side of the square around the True cells."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return rows[0], columns[0], rows[-1] - rows[0] + 1


def as_seen(mask):
    """Return the cat (SIDE, SIDE, 3): clear where a number looks, tinted where it skips a pixel."""
    row, column, side = box_of(mask)
    picture = np.repeat(150 + 105 * cat()[:, :, None], 3, axis=2)  # pale
    picture[row : row + side, column : column + side] *= np.array(WINDOW) / 255
    picture[mask] = 255 * cat()[mask][:, None]
    return picture.astype(np.uint8)


def build_stack(figure):
    """Make the picture and three layers once."""
    for ax in figure.subplots(1, 4, width_ratios=[1.5, 1, 1, 1]):
        make_grid(ax)
        ax.set_title("0")
        ax.text(0, 0, "", ha="center", va="center")
        frame(ax, BLACK, 3)
    frame(figure.axes[0], ORANGE, 2)  # the receptive field


def draw_stack(figure, state):
    """Draw the picture and the layers, and what the chosen number depends on."""
    if not figure.axes:
        build_stack(figure)
    put_frame(figure.axes[0].patches[2], *box_of(state.masks[0]))
    for layer, ax in enumerate(figure.axes):
        fits = layer < len(state.sides)
        stopped = bool(state.problem) and layer == len(state.sides)
        ax.set_visible(fits or stopped)
        ax.texts[0].set_text("does\nnot fit" if stopped else "")
        ax.patches[1].set_visible(layer == state.spot[0])
        if not fits:
            fill_grid(ax, cells(1, WHITE))
            ax.set_title(f"layer {layer}")
            continue
        side = state.sides[layer]
        colours = cells(side, DONE)
        colours[state.masks[layer]] = SEEN
        fill_grid(ax, as_seen(state.masks[0]) if layer == 0 else colours)
        put_frame(ax.patches[1], *state.spot[1:], 1)
        name = f"layer {layer}" if layer else "picture"
        ax.set_title(f"{name}: {side}×{side}")


def caption_stack(state):
    """Say in words how large the receptive field is."""
    layers, k, stride, dilation = state.options.values()
    layer, row, column = state.spot
    place = f"row {row}, column {column} of " + (f"layer {layer}" if layer else "the picture")
    count, side = int(state.masks[0].sum()), field(state)
    text = (
        f"{layers} {'layer' if layers == 1 else 'layers'}, kernel {k}×{k}, stride {stride}, "
        f"dilation {dilation}; sides {' → '.join(map(str, state.sides))}. The number in {place} "
        f"depends on {count} of {SIDE * SIDE:,} pixels; its receptive field is {side}×{side}"
    )
    skipped = side**2 - count
    text += f", of which {skipped} pixels are skipped (tinted)." if skipped else "."
    return f"{text} But {state.problem}." if state.problem else text


def choose_spot(click, **values):
    """Choose the number that was clicked."""
    sides = compute_stack(**values).sides
    row, column = round(click.y), round(click.x)
    if click.axes >= len(sides) or not (0 <= row < sides[click.axes] > column >= 0):
        return {}
    return {"spot": (click.axes, row, column)}


def receptive_field_lab():
    """Click a number in a stack of convolutions and see the pixels that it depends on."""
    return Lab(
        "What does this number see?",
        [
            Slider("layers", "layers", 1, 3, 1, 3),
            Slider("kernel", "side of the kernel", 2, 5, 1, 3),
            Slider("stride", "stride", 1, 3, 1, 1),
            Slider("dilation", "dilation", 1, 3, 1, 1),
        ],
        compute_stack,
        draw_stack,
        caption_stack,
        hidden={"spot": ()},
        on_click=choose_spot,
        size=(8, 3.2),
        tracks=("layers", "kernel", "dilation"),
    )
