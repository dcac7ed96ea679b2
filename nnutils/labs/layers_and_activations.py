"""The labs of notebook 04: one activation with its slope, and hidden layers that bend the plane."""

from typing import NamedTuple

import numpy as np
from contourpy import contour_generator
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from nnutils import activations, datasets
from nnutils.labs.base import Action, Choice, Lab, Slider, shown
from nnutils.network import Linear, Network
from nnutils.optimizers import Adam
from nnutils.plotting import (
    BLACK,
    BLUE,
    CLASS_COLORS,
    CLASS_MARKERS,
    GREY,
    LIGHT_BLUE,
    LIGHT_ORANGE,
    ORANGE,
    places_of_neurons,
)

__all__ = ["activation_explorer_lab", "bend_the_plane_lab"]

# --- Explore an activation: the numbers ----------------------------------------------------------

FUNCTIONS = {
    "sigmoid": (activations.sigmoid, activations.sigmoid_grad),
    "tanh": (activations.tanh, activations.tanh_grad),
    "ReLU": (activations.relu, activations.relu_grad),
    "leaky ReLU": (activations.leaky_relu, activations.leaky_relu_grad),
}
STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "ReLU": 1.0, "leaky ReLU": 1.0}
INPUTS = np.linspace(-2, 2, 81)
STROKE = 8  # one input in eight is drawn, as a stroke
Z = np.linspace(-8, 8, 321)  # as far as the sliders can bring z
LAYERS = 10
FLOOR = -8  # of the axis for what arrives behind many layers, in powers of ten


class Explored(NamedTuple):
    """What the picture of the explorer shows."""

    name: str
    leak: float  # the slope of the leaky ReLU below zero
    curve: tuple  # f and f′ over Z
    numbers: tuple  # w, x, b
    z: float
    a: float
    slope: float
    inputs_z: np.ndarray  # (81,) where the inputs from −2 to 2 land
    saturated: float  # the share of them at which the slope is small
    arrives: np.ndarray  # (11,) the slope of the output of 0, 1, … 10 layers in a row
    layers: int


def activate(name, z, leak):
    """Return the activation ``name`` and its derivative at ``z``."""
    f, f_grad = FUNCTIONS[name]
    return (f(z, leak), f_grad(z, leak)) if name == "leaky ReLU" else (f(z), f_grad(z))


def pass_through(name, w, b, x, leak):
    """Feed ``x`` through ten neurons in a row, all alike; return each output's slope, dₐ/dₓ.

    By the chain rule every neuron multiplies the slope by w · f′(z), at its own z.
    """
    slopes = [1.0]
    for _ in range(LAYERS):
        a, slope = activate(name, w * x + b, leak)
        slopes.append(slopes[-1] * w * float(slope))
        x = a
    return np.array(slopes)


def explore(name, w, b, x, leak, layers):
    """Compute one neuron's answer, its slope, and what arrives behind several of them."""
    z = w * x + b
    a, slope = activate(name, z, leak)
    inputs_z = w * INPUTS + b
    saturated = np.mean(activate(name, inputs_z, leak)[1] < 0.1 * STEEPEST[name])
    return Explored(
        name=name,
        leak=leak,
        curve=activate(name, Z, leak),
        numbers=(w, x, b),
        z=z,
        a=float(a),
        slope=float(slope),
        inputs_z=inputs_z,
        saturated=float(saturated),
        arrives=pass_through(name, w, b, x, leak),
        layers=layers,
    )


# --- Explore an activation: the picture ----------------------------------------------------------


def build_explorer(figure):
    """Make the curve with its tangent, and the chain of layers beside it."""
    curve, chain = figure.subplots(1, 2, width_ratios=[1.5, 1])
    curve.axhline(0, color=GREY, linewidth=0.8)
    curve.plot(Z, 0 * Z, color=BLUE, label="activation f(z)")
    curve.plot(Z, 0 * Z, "--", color=ORANGE, label="its slope f′(z)")
    curve.plot([], [], color=BLACK, linewidth=1.2, label="tangent")
    # Strokes for some inputs, and for their answers: darker where several lie on one another.
    curve.plot([], [], "|", color=BLACK, markersize=10)
    curve.plot([], [], "_", color=BLUE, markersize=14, markeredgewidth=2, alpha=0.4)
    curve.plot([], [], "o", color=BLUE, markersize=10, markeredgecolor="white")
    curve.plot([], [], "D", color=ORANGE, markersize=8, markeredgecolor="white")
    curve.set(xlabel="z = w · x + b  (strokes: x from −2 to 2)", xlim=(-8.2, 9.6))
    beside = {"transform": curve.transAxes, "rotation": 270, "va": "center", "color": BLUE}
    curve.text(1.02, 0.5, "strokes: their answers", **beside)
    curve.set_xticks(range(-8, 9, 4))
    curve.legend(loc="upper left", fontsize=10)
    chain.plot(np.arange(LAYERS + 1), np.zeros(LAYERS + 1), ".-", color=BLACK)
    chain.plot([], [], "o", color=ORANGE, markersize=11, markeredgecolor="white")
    chain.axhline(0, color=GREY, linewidth=0.8)
    chain.set(
        xlabel="layers in a row",
        ylabel="how much of a change arrives",
        xlim=(-0.5, 10.5),
        ylim=(FLOOR - 0.6, 5.5),
    )
    chain.set_xticks(range(0, LAYERS + 1, 2))
    chain.set_yticks(  # powers of ten; an axis with scale "log" takes longer to draw
        range(FLOOR, 5, 2), ["≤ 10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1", "100", "10⁴"]
    )


def draw_explorer(figure, state):
    """Draw the curve, the chosen point with its tangent, and what arrives behind each layer."""
    if not figure.axes:
        build_explorer(figure)
    curve, chain = figure.axes
    low, high = (-1.4, 2.4) if state.name in ("sigmoid", "tanh") else (-4.8, 8.8)
    curve.set_ylim(low, high)
    _, f, slope, tangent, sums, answers, point, diamond = curve.lines
    f.set_ydata(state.curve[0])
    slope.set_ydata(state.curve[1])
    ends = np.array([-20.0, 20.0])  # beyond the picture
    tangent.set_data(ends, state.a + state.slope * (ends - state.z))
    z = state.inputs_z[::STROKE]
    sums.set_data(z, np.full(len(z), low + 0.04 * (high - low)))
    answers.set_data(np.full(len(z), 9.0), activate(state.name, z, state.leak)[0])
    point.set_data([state.z], [state.a])
    diamond.set_data([state.z], [state.slope])
    curve.set_title(f"{state.name}: f({shown(state.z)}) = {shown(state.a)}", fontsize=12)
    arrives = np.log10(np.maximum(np.abs(state.arrives), 10.0**FLOOR))
    chain.lines[0].set_ydata(arrives)
    chain.lines[1].set_data([state.layers], [arrives[state.layers]])
    chain.set_title(
        f"after {state.layers} in a row: {shown(state.arrives[state.layers])}", fontsize=12
    )


def explain_activation(state):
    """Say in words what the neuron answers and how much of a change gets through."""
    w, x, b = map(shown, state.numbers)
    return (
        f"{state.name}: weight {w} times input {x} plus bias {b} gives z = {shown(state.z)}; the "
        f"answer is {shown(state.a)} and the slope of the curve there is {shown(state.slope)}. "
        f"Of the inputs from −2 to 2, {state.saturated:.0%} land where the slope is less than a "
        f"tenth of the largest one. Behind {state.layers} such neurons in a row, a small change of "
        f"the input arrives multiplied by {shown(state.arrives[state.layers])}. "
        f"A leaky ReLU has the slope {shown(state.leak)} below zero."
    )


def activation_explorer_lab():
    """Choose an activation, move the weight, bias and input, and read slope and saturation."""
    return Lab(
        "Explore an activation",
        [
            Choice("name", "activation", tuple(FUNCTIONS), "sigmoid"),
            Slider("x", "input x", -2, 2, 0.1, 1.0),
            Slider("w", "weight w", -3, 3, 0.1, 1.0),
            Slider("b", "bias b", -2, 2, 0.1, 0.0),
            Slider("leak", "slope of the leaky ReLU", 0, 0.5, 0.01, 0.1),
            Slider("layers", "layers in a row", 0, LAYERS, 1, 5),
        ],
        explore,
        draw_explorer,
        explain_activation,
        size=(8, 3.7),
        tracks=("x", "w", "name"),
    )


# --- Bend the plane: data and network ------------------------------------------------------------

MAKERS = {  # a centre and a factor fit each set to a plane from −2 to 2
    "XOR": (datasets.make_xor, (0, 0), 1.2),
    "circles": (datasets.make_circles, (0, 0), 1.6),
    "moons": (datasets.make_moons, (0.5, 0.25), 1.2),
    "spiral": (datasets.make_spiral, (0, 0), 1.8),
}
BENDS = {"tanh": "tanh", "sigmoid": "sigmoid", "ReLU": "relu", "no activation": "relu"}
MOST_NEURONS = 8  # in a hidden layer
WIDE, HIGH = 0.34, 0.42  # half of a neuron's own picture
STEPS, EVERY = 600, 10  # of one training; one step in ten is kept for the replay
FRESH = 500
EDGE = 2.4  # of the plane
SIDE = np.linspace(-EDGE, EDGE, 61)
PIXELS = np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2)
COARSE = np.stack(np.meshgrid(SIDE[::2], SIDE[::2]), axis=-1).reshape(-1, 2)
SHADES = LinearSegmentedColormap.from_list("classes", [LIGHT_BLUE, "white", LIGHT_ORANGE])


def grid_lines(spacing=0.4, n=49):
    """Return the lines of a grid on the plane, (lines, n, 2): first upright ones, then level."""
    places = np.arange(-EDGE, EDGE + 0.01, spacing)
    upright = np.stack(np.meshgrid(places, np.linspace(-EDGE, EDGE, n), indexing="ij"), axis=-1)
    return np.concatenate([upright, upright[..., ::-1]])


GRID = grid_lines()


class Bent(NamedTuple):
    """What the picture of the bent plane shows."""

    settings: tuple  # data, noise, points, neurons, layers, activation, rate, seed
    X: np.ndarray  # (n, 2) the points to learn from
    y: np.ndarray  # (n, 1)
    logits: np.ndarray  # (61, 61) over the plane of the inputs
    pictures: tuple  # for each hidden layer what its neurons answer over the plane: (k, 31, 31)
    weights: tuple  # of each layer, the output's too
    seen: np.ndarray  # (n, 2) the points as the last hidden layer sees them
    grid: np.ndarray  # (lines, 49, 2) the grid as the last hidden layer sees it
    cut: tuple  # (2,) and a number: the answer is 1 where cut[0] · place + cut[1] ≥ 0
    accuracy: float
    fresh: float  # the accuracy on 500 points that it does not learn from
    asked: int  # the step that the replay slider asks for
    step: int  # the step that is shown
    done: int  # the steps that were taken


def make_points(data, noise, n, seed):
    """Return ``n`` points (n, 2) of a toy set, fitted to the plane, and their labels (n, 1)."""
    make, centre, factor = MAKERS[data]
    X, y = make(n, noise, np.random.default_rng(seed))
    return factor * (X - centre), y[:, None]


def make_network(neurons, layers, activation, seed):
    """Return a network 2 → neurons (→ neurons) → 1 at its random start."""
    network = Network(
        [2, *[neurons] * layers, 1],
        np.random.default_rng(seed),
        BENDS[activation],
        loss="binary_cross_entropy",
        dtype=float,
    )
    if activation == "no activation":
        network.layers = [layer for layer in network.layers if isinstance(layer, Linear)]
    return network


def hidden_views(network, X):
    """Return what each hidden layer answers to ``X`` (n, 2): arrays of shape (n, neurons)."""
    views = []
    for layer in network.layers[:-1]:
        X = layer.forward(X)
        if isinstance(layer, Linear):
            views.append(X)
        else:  # its activation
            views[-1] = X
    return views


def hidden_view(network, X):
    """Return what the last hidden layer answers to ``X`` (n, 2): shape (n, neurons)."""
    return hidden_views(network, X)[-1]


def own_pictures(network, activation):
    """Return for each hidden layer the pictures (neurons, 31, 31) of its neurons, −1 to 1.

    A picture shows what one neuron answers all over the plane of the inputs. Sigmoids are stretched
    from 0 … 1; answers without limits are divided by the neuron's largest.
    """
    pictures, side = [], len(SIDE[::2])
    for H in hidden_views(network, COARSE):
        if activation == "sigmoid":
            H = 2 * H - 1
        elif activation != "tanh":
            H = H / np.maximum(np.abs(H).max(axis=0), 1e-9)
        pictures.append(H.T.reshape(-1, side, side))
    return tuple(pictures)


def choose_view(w, b, X, H):
    """Choose how a space of ``len(w)`` hidden neurons becomes a plane; return A, c and the cut.

    The hidden answers ``h`` are drawn at A @ h + c. Two neurons are the two axes themselves. More
    are looked at edge-on: upwards runs the direction of the output weights ``w``, so that the
    straight cut w · h + b = 0 is a level line, and to the right the direction, at right angles to
    it, in which the answers ``H`` (n, neurons) change together with the input x₁.
    """
    if len(w) == 1:
        return np.array([[1.0], [0.0]]), np.zeros(2), (np.array([w[0], 0.0]), b)
    if len(w) == 2:
        return np.eye(2), np.zeros(2), (w, b)
    length = np.linalg.norm(w)
    up = w / length
    side = (X[:, 0] - X[:, 0].mean()) @ (H - H.mean(axis=0))
    side -= side @ up * up
    side /= max(np.linalg.norm(side), 1e-9)  # where no neuron answers there is no direction
    return np.array([side, up]), np.array([0.0, b / length]), (np.array([0.0, 1.0]), 0.0)


def bend(step, history, trained_for, **settings):
    """Compute the plane and the hidden layer's view of it at ``step`` of the replay."""
    done = len(history) - 1 if trained_for == tuple(settings.values()) else 0
    network = start_of(**settings)
    if done > 0:
        for p, kept in zip(network.parameters(), history[min(step // EVERY, done)]):
            p[:] = kept
    X, y = points_of(**settings)
    fresh = make_points(settings["data"], settings["noise"], FRESH, seed=1)
    H = hidden_view(network, X)
    w, b = network.layers[-1].W[0], network.layers[-1].b[0]
    A, c, cut = choose_view(w, b, X, H)
    return Bent(
        settings=tuple(settings.values()),
        X=X,
        y=y,
        logits=network.forward(PIXELS).reshape(len(SIDE), len(SIDE)),
        pictures=own_pictures(network, settings["activation"]),
        weights=tuple(layer.W.copy() for layer in network.layers if isinstance(layer, Linear)),
        seen=H @ A.T + c,
        grid=(hidden_view(network, GRID.reshape(-1, 2)) @ A.T + c).reshape(GRID.shape),
        cut=cut,
        accuracy=network.accuracy(X, y),
        fresh=network.accuracy(*fresh),
        asked=step,
        step=min(step, EVERY * done),
        done=EVERY * done,
    )


def points_of(data, noise, points, **others):
    """Return the points to learn from under these settings."""
    return make_points(data, noise, points, seed=0)


def start_of(neurons, layers, activation, seed, **others):
    """Return the untrained network under these settings."""
    return make_network(neurons, layers, activation, seed)


# --- Bend the plane: the picture -----------------------------------------------------------------


def build_planes(figure):
    """Make the plane of the inputs, the network, and the plane that the hidden layer sees."""
    inputs, drawn, hidden = figure.subplots(1, 3, width_ratios=[3, 2.3, 3])
    drawn.add_collection(LineCollection([], zorder=1))
    for _ in range(2 * MOST_NEURONS):
        drawn.imshow([[0]], SHADES, vmin=-1, vmax=1, aspect="auto", origin="lower", zorder=2)
    drawn.plot([], [], color=GREY, linewidth=0.8, zorder=3)  # round the pictures
    drawn.plot([], [], "o", color="white", markersize=20, markeredgecolor=BLACK, zorder=3)
    for text in ("x₁", "x₂"):
        drawn.text(0, 0, text, fontsize=11, ha="center", va="center_baseline", zorder=4)
    for _ in range(2):
        drawn.text(0, 0, "", fontsize=10.5, ha="left", va="top", zorder=4)
    drawn.axis("off")
    drawn.set_title("the network")
    extent = (-EDGE, EDGE, -EDGE, EDGE)
    inputs.imshow(
        np.zeros((2, 2)), SHADES, extent=extent, origin="lower", vmin=0, vmax=1, aspect="auto"
    )
    hidden.set_facecolor(LIGHT_BLUE)
    hidden.fill([], [], color=LIGHT_ORANGE)  # where the answer is 1
    for ax in (inputs, hidden):
        ax.plot([], [], color=GREY, linewidth=0.6)  # the grid
        ax.plot([], [], color=BLACK)  # where the answer changes
        for colour, marker in zip(CLASS_COLORS, CLASS_MARKERS):
            ax.plot([], [], marker, color=colour, markersize=6, markeredgecolor="white")
            ax.lines[-1].set_markeredgewidth(0.5)
    inputs.lines[0].set_data(*joined(GRID))
    inputs.set(xlabel="input x₁", ylabel="input x₂", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    inputs.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE))
    hidden.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    hidden.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    hidden.yaxis.set_label_coords(-0.22, 0.5)  # beyond the widest number


def joined(lines):
    """Return the x and y of many lines as those of one, with gaps between them."""
    gaps = np.full((len(lines), 1, 2), np.nan)
    return np.concatenate([lines, gaps], axis=1).reshape(-1, 2).T


def draw_planes(figure, state):
    """Draw the points and the grid, straight on the left, as the hidden layer bends them right.

    Between them stands the network, each hidden neuron as the picture of its answers.
    """
    if not figure.axes:
        build_planes(figure)
    inputs, drawn, hidden = figure.axes
    draw_own_pictures(drawn, state)
    label = state.y[:, 0]
    inputs.images[0].set_data(activations.sigmoid(state.logits))
    border = contour_generator(SIDE, SIDE, state.logits).lines(0.0)
    pieces = [np.append(piece, [[np.nan, np.nan]], axis=0) for piece in border]
    inputs.lines[1].set_data(*np.concatenate([np.empty((0, 2)), *pieces]).T)
    inputs.set_title(f"{state.accuracy:.1%} right,\n{state.fresh:.1%} of fresh points")

    neurons, activation = state.settings[3], state.settings[5]
    seen = state.seen.copy()
    if neurons == 1:  # all on one line: lift the two classes apart
        seen[:, 1] += np.where(label == 1, 0.5, -0.5)
    low, high = view_limits(neurons, activation, np.concatenate([seen, state.grid.reshape(-1, 2)]))
    hidden.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    hidden.lines[0].set_data(*joined(state.grid))
    ends, beyond = cut_geometry(*state.cut, (low + high) / 2, 4 * np.linalg.norm(high - low))
    hidden.lines[1].set_data(*ends.T)
    hidden.patches[0].set_xy(np.vstack([ends, ends[::-1] + beyond]))
    for ax, places in ((inputs, state.X), (hidden, seen)):
        for k in (0, 1):
            ax.lines[2 + k].set_data(*places[label == k].T)
    hidden.set_title("the hidden layer's view" + (",\nedge-on" if neurons > 2 else ""))
    hidden.set_xlabel("neuron 1" if neurons < 3 else "sideways, with x₁")
    hidden.set_ylabel(
        {1: "(classes lifted apart)", 2: "neuron 2"}.get(neurons, "distance from the cut")
    )


def draw_own_pictures(ax, state):
    """Draw the network from left to right; an edge is as thick as its weight is large."""
    sizes = [2, *(len(pictures) for pictures in state.pictures), 1]
    columns = places_of_neurons(sizes)
    edges = [
        (start, end, weight)
        for before, after, W in zip(columns, columns[1:], state.weights)
        for end, row in zip(after, W)
        for start, weight in zip(before, row)
    ]
    (lines,) = ax.collections
    lines.set_segments([(start, end) for start, end, _ in edges])
    lines.set_color([ORANGE if weight > 0 else BLUE for *_, weight in edges])
    lines.set_linewidth([min(4, 0.3 + 0.6 * abs(weight)) for *_, weight in edges])
    places = [place for column in columns[1:-1] for place in column]
    pictures = [picture for layer in state.pictures for picture in layer]
    for image in ax.images:
        image.set_visible(False)
    for image, picture, (x, y) in zip(ax.images, pictures, places):
        image.set_data(picture)
        image.set_extent((x - WIDE, x + WIDE, y - HIGH, y + HIGH))
        image.set_visible(True)
    corners = np.array([(-WIDE, -HIGH), (-WIDE, HIGH), (WIDE, HIGH), (WIDE, -HIGH), (-WIDE, -HIGH)])
    ax.lines[0].set_data(*joined(np.array(places)[:, None] + corners))
    half = max(max(sizes), 4) / 2
    ax.set(xlim=(-0.35, len(sizes) - 0.65), ylim=(-half, half))
    ax.lines[1].set_data(*np.transpose([*columns[0], *columns[-1]]))
    for text, place in zip(ax.texts, columns[0]):
        text.set_position(place)
    for text in ax.texts[2:]:
        text.set_text("")
    if sizes[-2] <= 2:  # they are the axes on the right
        for k, (text, (x, y)) in enumerate(zip(ax.texts[2:], columns[-2]), start=1):
            text.set(text=f"{k}", position=(x - 0.9 * WIDE, y + 0.9 * HIGH))


def view_limits(neurons, activation, places):
    """Return the lower left and the upper right corner of the hidden layer's plane."""
    if neurons == 2 and activation == "tanh":
        return np.array([-1.15, -1.15]), np.array([1.15, 1.15])
    if neurons == 2 and activation == "sigmoid":
        return np.array([-0.08, -0.08]), np.array([1.08, 1.08])
    low, high = places.min(axis=0), places.max(axis=0)
    room = 0.06 * (high - low) + 0.02
    return low - room, high + room


def cut_geometry(w, b, centre, far):
    """Return two far points of the line w · place + b = 0, and the way to its side of answer 1."""
    ahead = w / np.linalg.norm(w)
    foot = centre - (w @ centre + b) / np.linalg.norm(w) * ahead
    along = np.array([-ahead[1], ahead[0]])
    return np.array([foot - far * along, foot + far * along]), 2 * far * ahead


def explain_bend(state):
    """Say in words what is learned, how well, and how the right picture is to be read."""
    data, noise, points, neurons, layers, activation, rate, seed = state.settings
    shape = " → ".join(["2", *[str(neurons)] * layers, "1"])
    view = {
        1: "On the right the one hidden neuron, with the two classes lifted apart.",
        2: "On the right the two neurons of the last hidden layer.",
    }.get(neurons, f"On the right the last hidden layer's {neurons} neurons, its cut edge-on.")
    return (
        f"{data}, noise {noise:g}, {points} points; network {shape}, "
        f"{activation}, learning rate {rate:g}, start {seed}. "
        f"Shown is step {state.step} of {state.done} taken (asked for: {state.asked}): "
        f"{state.accuracy:.1%} of the points right, and {state.fresh:.1%} of {FRESH} fresh ones. "
        + view
    )


# --- Bend the plane: what the buttons do ---------------------------------------------------------


def train(step, history, trained_for, **settings):
    """Train from the start weights, and hand over the parameters after every ten steps."""
    network = start_of(**settings)
    X, y = points_of(**settings)
    optimizer = Adam(settings["rate"])
    history = [[p.copy() for p in network.parameters()]]
    for taken in range(EVERY, STEPS + 1, EVERY):
        for _ in range(EVERY):
            network.train_step(X, y, optimizer)
        history.append([p.copy() for p in network.parameters()])
        yield {
            "history": tuple(history),
            "trained_for": tuple(settings.values()),
            "step": taken,
            "progress": taken / STEPS,
        }


def other_start(seed, **values):
    """Draw other start weights."""
    return {"seed": seed + 1, "step": 0}


def bend_the_plane_lab():
    """Train a small network on a toy set and watch its hidden layer bend the plane."""
    return Lab(
        "Bend the plane",
        [
            Choice("data", "data", tuple(MAKERS), "XOR"),
            Slider("noise", "noise", 0, 0.4, 0.02, 0.2),
            Slider("points", "points to learn from", 20, 300, 20, 200),
            Slider("neurons", "neurons in a hidden layer", 1, MOST_NEURONS, 1, 2),
            Slider("layers", "hidden layers", 1, 2, 1, 1),
            Choice("activation", "activation", tuple(BENDS), "tanh"),
            Choice("rate", "learning rate", (0.003, 0.01, 0.03, 0.1, 0.3), 0.03),
            Slider("step", "replay: step", 0, STEPS, EVERY, 0),
            Action("train", "Train", train),
            Action("other_start", "Other start", other_start),
        ],
        bend,
        draw_planes,
        explain_bend,
        hidden={"seed": 12, "history": (), "trained_for": ()},
        size=(8, 4),
        tracks=("train",),
    )
