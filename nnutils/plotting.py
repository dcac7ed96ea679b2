"""Figures of the course: one palette, one style, and an alternative text for every picture."""

import io
import logging
from itertools import pairwise

import matplotlib as mpl
import numpy as np
from IPython.display import display
from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.font_manager import fontManager
from PIL import Image

# Okabe and Ito (2008), "Color Universal Design": told apart in the common kinds of colour
# blindness. Class 0 is always blue and round, class 1 always orange and triangular.
BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
YELLOW = "#E69F00"
SKY = "#56B4E9"
PINK = "#CC79A7"
BLACK = "#222222"
GREY = "#767676"
LIGHT = "#D9D9D9"
DARK_ORANGE = "#B34700"  # for text on white, and below white text: contrast at least 4.5
DARK_GREEN = "#00563F"  # for gradients, which flow back
LIGHT_BLUE = "#D3E5F1"  # where the answer is 0
LIGHT_ORANGE = "#EFB48C"  # where it is 1; in grey it is the darker one of the two
PALETTE = (BLUE, ORANGE, GREEN, PINK, BLACK)  # YELLOW and SKY are too pale for lines on white
CLASS_COLORS = (BLUE, ORANGE)
CLASS_MARKERS = ("o", "^")
SIGNED = LinearSegmentedColormap.from_list("signed", [BLUE, "white", ORANGE])  # below 0, 0, above

# Fonts of Windows, macOS and Linux with Chinese, Japanese and Korean, which DejaVu Sans lacks.
MORE_FONTS = (
    *("Microsoft YaHei", "SimHei", "SimSun", "Microsoft JhengHei", "Yu Gothic", "Malgun Gothic"),
    *("PingFang SC", "Hiragino Sans GB", "Heiti SC", "Heiti TC", "STHeiti", "Songti SC"),
    *("Hiragino Sans", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC"),
    *("Source Han Sans CN", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback"),
)


def fonts():
    """Return the fonts to look for a letter in: the usual one, then those of the others here."""
    installed = fontManager.get_font_names()  # matplotlib complains of any other
    return ["sans-serif", *(name for name in MORE_FONTS if name in installed)]


def is_worth_a_line(record):
    """Tell whether matplotlib's ``record`` is more than that a font has no other weights."""
    return "Failed to find font weight" not in record.msg


logging.getLogger("matplotlib.font_manager").addFilter(is_worth_a_line)


STYLE = {
    "axes.grid": False,
    "axes.prop_cycle": mpl.cycler(color=PALETTE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 13,
    "axes.labelsize": 12,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "figure.facecolor": "white",  # readable in a dark theme too
    "figure.figsize": (7, 3.5),
    "font.family": fonts(),
    "font.size": 12,
    "image.cmap": "gray_r",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "text.hinting": "none",  # a fifth of a lab's drawing time otherwise goes into it
}


def use_style():
    """Draw every figure from here on in the course's style (colours, text of 12 points, white).

    No setting of the user's counts: what the style leaves open is as in matplotlib's defaults.
    """
    style.use(["default", STYLE])


def to_png(pixels):
    """Return ``pixels`` (rows, columns, 4), red, green, blue and alpha, as a PNG of 256 colours.

    It takes two thirds of the time of ``savefig``, which draws twice, and a third of its bytes.
    """
    picture = Image.fromarray(np.asarray(pixels)).convert("RGB")
    buffer = io.BytesIO()
    picture.quantize(256, method=Image.Quantize.FASTOCTREE).save(
        buffer, format="PNG", compress_level=3
    )
    return buffer.getvalue()


def picture_of(figure):
    """Return ``figure`` as a PNG, and close it: Jupyter shows what is open at the end of a cell."""
    figure.canvas.draw()
    png = to_png(figure.canvas.buffer_rgba())
    if getattr(figure, "number", None) is not None:  # else pyplot has not made it
        import matplotlib.pyplot as plt

        plt.close(figure)
    return png


def show(figure, alt):
    """Show ``figure`` under a cell, with ``alt``, one sentence that says what it shows.

    The sentence is the picture's alternative text: a screen reader reads it out, and the tests
    compare it. Raises ValueError when ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError("alt must say in a sentence what the figure shows, got an empty text")
    data = {"image/png": picture_of(figure), "text/plain": alt}
    display(data, raw=True, metadata={"image/png": {"alt": alt}})


def show_images(images, titles, alt, *, wrong=None, columns=8, **how):
    """Show small pictures in rows, each under its title, with ``alt`` as for `show`.

    ``images`` has shape (n, height, width), ``titles`` n texts or numbers. Titles are orange where
    ``wrong`` (n,) is true. ``how`` goes to Matplotlib's ``imshow``. Raises ValueError unless there
    is one title for each image, at least one.
    """
    import matplotlib.pyplot as plt

    if not 0 < len(images) == len(titles):
        raise ValueError(f"titles must name each of {len(images)} images, got {len(titles)}")
    wrong = np.zeros(len(images)) if wrong is None else wrong
    rows, side = -(-len(images) // columns), 8 / columns  # inches
    above = 0.25 * max(len(str(title).splitlines()) for title in titles)
    height = rows * (side + above)
    figure, axes = plt.subplots(
        rows,
        columns,
        squeeze=False,
        figsize=(8, height),
        layout="none",  # a solver would take half a second
        gridspec_kw={"hspace": above / side, "wspace": 0.04},
    )
    figure.subplots_adjust(left=0, right=1, bottom=0, top=1 - above / height)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, title, bad in zip(axes.flat, images, titles, wrong):
        ax.imshow(image, **how)
        ax.set_title(title, fontsize=11, color=DARK_ORANGE if bad else BLACK)
    show(figure, alt)


def plot_classes(X, y, ax, size=40):
    """Draw the points ``X`` (n, 2) on ``ax``: blue circles for label 0, orange triangles for 1."""
    X, y = np.asarray(X), np.asarray(y)
    for label in (0, 1):
        ax.scatter(
            *X[y == label].T,
            s=size,
            color=CLASS_COLORS[label],
            marker=CLASS_MARKERS[label],
            edgecolors="white",
            linewidths=0.6,
            label=f"class {label}",
        )
    return ax


def draw_line(ax, w, b, length=1):
    """Draw on ``ax`` the line w · x + b = 0 of a unit with two inputs, and an arrow along ``w``.

    ``w`` has shape (2,). The arrow, ``length`` long, points to the side of the answer 1. Used in
    notebook 02.
    """
    w = np.asarray(w)
    foot = -b * w / (w @ w)  # the point of the line that is nearest to the origin
    ax.axline(foot, foot + np.array([-w[1], w[0]]), color=BLACK)
    arrow = length * w / np.linalg.norm(w)
    ax.quiver(*foot, *arrow, angles="xy", scale_units="xy", scale=1, width=0.012)


def draw_neuron(ax, inputs, weights, threshold):
    """Draw a step unit on ``ax`` with its numbers: inputs, weights, weighted sum, answer.

    ``inputs`` and ``weights`` have shape (d,); the answer is 1 when the weighted sum is at least
    ``threshold``. Derived in notebook 03.
    """
    weighted_sum = float(np.dot(inputs, weights))
    answer = int(weighted_sum >= threshold)
    heights = np.linspace(1, -1, len(inputs))
    circle = {"boxstyle": "circle,pad=0.45", "edgecolor": BLACK}
    for x, w, height in zip(inputs, weights, heights):
        ax.annotate(
            "", (1.62, 0.1 * height), (0.25, height), arrowprops={"arrowstyle": "->", "color": GREY}
        )
        on_line = {"facecolor": "white", "edgecolor": "none", "pad": 2}
        ax.text(0.75, 0.67 * height, f"× {w:g}", ha="center", va="center", bbox=on_line)
        ax.text(0, height, f"{x:g}", ha="center", va="center", bbox={**circle, "fc": "white"})
    arrow = {"arrowstyle": "->", "color": GREY}
    ax.annotate("", (3.22, 0), (2.2, 0), arrowprops=arrow)
    ax.annotate("", (5.08, 0), (4.4, 0), arrowprops=arrow)
    box = {"boxstyle": "round,pad=0.5", "edgecolor": BLACK, "facecolor": "white"}
    ax.text(1.95, 0, f"{weighted_sum:g}", ha="center", va="center", bbox={**circle, "fc": "white"})
    ax.text(3.8, 0, f"at least {threshold:g}?", ha="center", va="center", bbox=box)
    fill = DARK_ORANGE if answer else BLUE
    ax.text(5.3, 0, answer, ha="center", va="center", color="white", bbox={**circle, "fc": fill})
    for x, label in zip((0, 1.95, 3.8, 5.3), ("inputs", "weighted sum", "step", "answer")):
        ax.text(x, -1.62, label, ha="center", va="center", color=GREY)
    ax.set(xlim=(-0.5, 5.8), ylim=(-1.8, 1.4))
    ax.axis("off")
    return ax


def places_of_neurons(sizes):
    """Return for each layer the places (x, y) of its neurons, the first one on top.

    ``sizes`` counts the neurons of each layer; the layers stand at x = 0, 1, 2, …, each with its
    middle at y = 0.
    """
    return [[(x, (n - 1) / 2 - k) for k in range(n)] for x, n in enumerate(sizes)]


def draw_network(ax, sizes, lit=None):
    """Draw layers of neurons on ``ax``, each neuron joined to all of the layer before.

    ``sizes`` counts the inputs and the neurons of each layer, from left to right at x = 0, 1, 2, …
    ``lit`` is a pair (layer, neuron), both from 0: that neuron's edges are orange. Derived in
    notebook 04.
    """
    columns = places_of_neurons(sizes)
    for x, (before, after) in enumerate(pairwise(columns), start=1):
        for k, end in enumerate(after):
            look = {"color": ORANGE, "zorder": 2} if (x, k) == lit else {"color": LIGHT}
            for start in before:
                ax.plot(*zip(start, end), linewidth=1.2, **look)
    for column in columns:
        ax.plot(*zip(*column), "o", color="white", markeredgecolor=BLACK, markersize=13, zorder=3)
    ax.set(xlim=(-0.4, len(sizes) - 0.6), ylim=(-max(sizes) / 2 - 1, max(sizes) / 2 + 0.2))
    ax.axis("off")
    return ax


def draw_graph(ax, nodes, edges):
    """Draw a computation on ``ax``: above each edge its value, below it in green its gradient.

    ``nodes`` is a dict from a name to (x, y, text), ``edges`` one from two names to two numbers.
    Texts may stand in the place of numbers, "" for none. Forward leads to the right. Derived in
    notebook 06.
    """
    for (left, right), labels in edges.items():
        _draw_edge(ax, nodes[left][:2], nodes[right][:2], *map(_brief, labels))
    for x, y, text in nodes.values():
        _draw_circle(ax, x, y, 800, text)
    return _frame(ax, [(x, y) for x, y, _ in nodes.values()], 0.4)


def draw_passes(ax, weights, biases, outputs, gradients=None):
    """Draw a network on ``ax`` with its numbers, and below each of them in green its gradient.

    ``weights`` is a list of arrays (out, in), ``biases`` one of arrays (out,), ``outputs`` one of
    the inputs and of what each layer gives, each (n,). ``gradients`` holds three such lists.
    Texts may stand in the place of numbers, "" for none. Derived in notebook 06.
    """
    shown = gradients or [[np.full(np.shape(a), "") for a in p] for p in (weights, biases, outputs)]
    columns = [
        [(2.4 * x, 1.2 * y) for x, y in column]
        for column in places_of_neurons([len(a) for a in outputs])
    ]
    for before, after, W, dW in zip(columns, columns[1:], weights, shown[0]):
        share = 0.66 if len(after) > 1 else 0.45  # where lines are apart
        for (j, i), w in np.ndenumerate(W):
            _draw_edge(ax, before[i], after[j], _brief(w), _brief(dW[j][i]), share)
    for column, a, da in zip(columns, outputs, shown[2]):
        for k, place in enumerate(column):
            _draw_circle(ax, *place, 4200, _brief(a[k]), _brief(da[k]))
    for column, b, db in zip(columns[1:], biases, shown[1]):
        for k, (x, y) in enumerate(column):
            _draw_pair(ax, x, y - 0.53, f"bias {_brief(b[k])}", _brief(db[k]))
    below = 0.4 if gradients else 0.25  # room for what stands below the last circles
    return _frame(ax, [place for column in columns for place in column], 0.37, below)


def _brief(number):
    """Return a number with four decimals at most and a true minus sign, a text as it is."""
    text = number if isinstance(number, str) else f"{round(float(number), 4) + 0.0:g}"
    return text.replace("-", "−")


def _frame(ax, places, margin, below=0.0):
    """Show all places and what stands around them; a unit is as long across as up."""
    (left, bottom), (right, top) = np.min(places, axis=0), np.max(places, axis=0)
    ax.set(xlim=(left - margin, right + margin), ylim=(bottom - margin - below, top + margin))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _draw_edge(ax, start, end, above, below, share=0.5):
    """Draw a line with two texts along it, at this ``share`` of the way."""
    ax.plot(*zip(start, end), color=GREY, linewidth=1.2, zorder=0)
    x, y = (a + share * (b - a) for a, b in zip(start, end))
    angle = np.arctan2(end[1] - start[1], end[0] - start[0])
    _draw_pair(ax, x, y, above, below, angle)


def _draw_circle(ax, x, y, size, above, below=""):
    """Draw a circle with a text in it, or two, the lower one in green."""
    ax.scatter(x, y, s=size, color="white", edgecolors=BLUE, linewidths=1.6, zorder=2)
    if below:
        _draw_pair(ax, x, y, above, below)
    else:
        ax.text(x, y, above, ha="center", va="center")


def _draw_pair(ax, x, y, above, below, angle=0.0):
    """Write a text above the point (x, y), another in green below it, turned by ``angle``."""
    look = {"ha": "center", "rotation": np.degrees(angle), "rotation_mode": "anchor"}
    up, right = 0.03 * np.cos(angle), 0.03 * np.sin(angle)  # a little away from a line
    ax.text(x - right, y + up, above, va="bottom", **look)
    ax.text(x + right, y - up, below, va="top", color=DARK_GREEN, **look)
