"""Draw the figure of a lab again and again, fast.

Most of the time of a drawing goes into what seldom changes: the axes with their ticks and labels,
and the legends. They are kept as pixels and laid over the rest.
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
        visible = [frame for frame in self._frames if frame.ax.get_visible()]
        for frame in visible:
            frame.update()
        canvas = self._figure.canvas
        canvas.draw()  # without the frames, which are animated
        for frame in visible:
            frame.show(canvas.get_renderer())
        return plotting.to_png(canvas.buffer_rgba())

    def _lay_out(self):
        # The margin leaves room for wider numbers on the axes later on.
        self._figure.set_layout_engine("constrained", w_pad=MARGIN, h_pad=MARGIN / 2)
        self._figure.draw_without_rendering()
        self._figure.set_layout_engine("none")
        self._axes = list(self._figure.axes)
        self._frames = [Frame(ax) for ax in self._axes]


class Frame:
    """What stands around the data of ``ax``: axis lines, ticks and their labels, the legend."""

    def __init__(self, ax):
        self.ax = ax
        self._drawn = None  # the settings with which the pixels were drawn

    def update(self):
        """Draw the frame into its pixels, if it has changed."""
        if self._settings() == self._drawn and not any(part.stale for part in self._parts):
            return
        figure = self.ax.figure
        renderer = RendererAgg(*figure.canvas.get_width_height(), figure.dpi)
        self.ax.apply_aspect()
        kinds = (Axis, Spine, Legend) if self.ax.axison else Legend
        artists = [artist for artist in self.ax.get_children() if isinstance(artist, kinds)]
        for artist in sorted(artists, key=lambda artist: artist.zorder):
            artist.set_animated(True)
            artist.draw(renderer)
        self._cut_out(np.asarray(renderer.buffer_rgba()))
        self._parts = [part for artist in artists for part in artist.findobj()]
        self._parts = [part for part in self._parts if not isinstance(part, Axis)]
        for part in self._parts:
            part.stale = False  # those too that are empty, and so were not drawn
        self._drawn = self._settings()

    def show(self, renderer):
        """Lay the pixels over what ``renderer`` has drawn."""
        if self._pixels.size:
            renderer.draw_image(renderer.new_gc(), *self._corner, self._pixels)

    def _settings(self):
        """Return what an axis tells by its settings; it calls itself stale at each ``set_xlim``."""
        axes = (self.ax.xaxis, self.ax.yaxis)
        return self.ax.axison, [
            (a.get_visible(), *a.get_view_interval(), a.major.locator, a.major.formatter)
            for a in axes
        ]

    def _cut_out(self, pixels):
        """Keep what is not empty of ``pixels`` (rows, columns, 4), the lowest row first."""
        rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=k)) for k in (1, 0))
        if not len(rows):
            self._pixels = pixels[:0]
            return
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        self._pixels = np.ascontiguousarray(pixels[top:bottom, left:right][::-1])
        self._corner = left, len(pixels) - bottom
