"""Draw the figure of a lab again and again, fast.

Most of the time of a drawing goes into what seldom changes: the axes with their ticks and labels,
the legends, and texts. Each of them is kept as pixels and laid over the rest.
"""

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.legend import Legend
from matplotlib.spines import Spine

from nnutils import plotting

MARGIN = 0.12  # inches at the sides of a picture


class Painter:
    """Turn ``figure`` into PNG; its axes keep the places that they get when they are new."""

    def __init__(self, figure):
        self._figure = figure
        self._axes = []

    def png(self):
        """Return the figure as the bytes of a PNG file."""
        if self._figure.axes != self._axes:
            self._lay_out()
        layers = [layer for ax in self._axes if ax.get_visible() for layer in self._layers(ax)]
        for layer in layers:
            layer.update()
        canvas = self._figure.canvas
        canvas.draw()  # without the artists of the layers, which are animated
        for layer in layers:
            layer.show(canvas.get_renderer())
        return plotting.to_png(canvas.buffer_rgba())

    def _lay_out(self):
        # The margin leaves room for wider numbers on the axes later on.
        self._figure.set_layout_engine("constrained", w_pad=MARGIN, h_pad=MARGIN / 2)
        self._figure.draw_without_rendering()
        self._figure.set_layout_engine("none")
        self._axes = list(self._figure.axes)
        self._frames = {ax: Frame(ax) for ax in self._axes}
        self._labels = {}

    def _layers(self, ax):
        """Return the frame of ``ax`` and the labels in it, the topmost last."""
        texts = sorted(ax.texts, key=lambda text: text.zorder)
        labels = [self._labels.setdefault(text, Label(text)) for text in texts]
        return [self._frames[ax], *labels]


class Layer:
    """Artists that are drawn anew only if their ``settings`` or one of their parts have changed."""

    def __init__(self, figure):
        self._figure = figure
        self._drawn = None  # the settings with which the pixels were drawn
        self._parts = []  # artists that tell by themselves that they are stale

    def update(self):
        """Draw the artists into the layer's pixels, if they have changed."""
        if self.settings() == self._drawn and not any(part.stale for part in self._parts):
            return
        renderer = RendererAgg(*self._figure.canvas.get_width_height(), self._figure.dpi)
        self.draw(renderer)
        self._cut_out(np.asarray(renderer.buffer_rgba()))
        self._drawn = self.settings()

    def show(self, renderer):
        """Lay the pixels over what ``renderer`` has drawn."""
        if self._pixels.size:
            renderer.draw_image(renderer.new_gc(), *self._corner, self._pixels)

    def _cut_out(self, pixels):
        """Keep what is not empty of ``pixels`` (rows, columns, 4), the lowest row first."""
        rows = np.flatnonzero(pixels[..., 3].any(axis=1))
        if not len(rows):
            self._pixels = pixels[:0]
            return
        top, bottom = rows[0], rows[-1] + 1
        columns = np.flatnonzero(pixels[top:bottom, :, 3].any(axis=0))
        left, right = columns[0], columns[-1] + 1
        self._pixels = np.ascontiguousarray(pixels[top:bottom, left:right][::-1])
        self._corner = left, len(pixels) - bottom


class Frame(Layer):
    """What stands around the data of ``ax``: axis lines, ticks and their labels, the legend."""

    def __init__(self, ax):
        super().__init__(ax.figure)
        self._ax = ax

    def settings(self):
        """Return what an axis tells by its settings; it calls itself stale at each ``set_xlim``."""
        axes = (self._ax.xaxis, self._ax.yaxis)
        return self._ax.axison, [
            (a.get_visible(), *a.get_view_interval(), a.major.locator, a.major.formatter)
            for a in axes
        ]

    def draw(self, renderer):
        """Draw the frame."""
        self._ax.apply_aspect()
        kinds = (Axis, Spine, Legend) if self._ax.axison else Legend
        artists = [artist for artist in self._ax.get_children() if isinstance(artist, kinds)]
        for artist in sorted(artists, key=lambda artist: artist.zorder):
            artist.set_animated(True)
            artist.draw(renderer)
        self._parts = [part for artist in artists for part in artist.findobj()]
        self._parts = [part for part in self._parts if not isinstance(part, Axis)]
        for part in self._parts:
            part.stale = False  # those too that are empty, and so were not drawn


class Label(Layer):
    """One ``text`` in the axes. Labs set its looks at every drawing: what counts is the result."""

    def __init__(self, text):
        super().__init__(text.figure)
        self._text = text
        text.set_animated(True)

    def settings(self):
        """Return all that a text of a lab may change."""
        text = self._text
        box = text.get_bbox_patch()
        return (
            *(text.get_visible(), text.get_text(), text.get_color(), text.get_alpha()),
            *text.get_transform().transform(text.get_unitless_position()),
            *(text.get_fontsize(), text.get_fontweight(), text.get_rotation()),
            *(text.get_ha(), text.get_va()),
            box and (box.get_visible(), box.get_facecolor(), box.get_edgecolor()),
        )

    def draw(self, renderer):
        """Draw the text."""
        self._text.draw(renderer)
