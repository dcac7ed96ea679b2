"""What every lab is made of: controls, a picture with a caption, and a lock around the drawing.

A lab is three plain functions and a list of controls. `compute` turns the values of the controls
into a state, `draw` shows the state in a figure, and `caption` says in one sentence what is to be
seen. `Lab` connects them with widgets. Everything works without a browser too.
"""

import copy
import html
import inspect
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nnutils import plotting
from nnutils.labs.painter import Painter
from nnutils.learner.view import script, stylesheet, view_of

DPI = 100
SET_TITLE = {"axes.titley": 1.0}  # looking for a title's place takes long
STYLE = ["default", plotting.STYLE, SET_TITLE]
CLOSE_AFTER = 60  # seconds on no page; a cell that is moved is on none for a moment
REST = 0.01  # seconds between two frames of a running action, in which other threads get the lock

# The style of matplotlib is global: two labs must not set and restore it at the same time.
_STYLE_LOCK = threading.Lock()


def shown(number):
    """Return a number as a short text, with a minus sign that can be told from a hyphen."""
    return f"{number + 0.0:.4g}".replace("-", "−")  # + 0.0 makes 0 of −0


class Control:
    """What all controls with a value have in common."""

    def moved(self, value, old):
        """Return the value that the control has at ``value`` of its widget, after ``old``."""
        return value

    def follow(self, widget, value):
        """Show ``value`` in ``widget``."""
        widget.value = value

    def values(self, most):
        """Return the values from the first to the last, at most ``most``, the start among them."""
        return [True, False] if self.start else [False, True]


@dataclass(frozen=True)
class Slider(Control):
    """Describe a slider from ``low`` to ``high``; a whole ``step`` gives whole numbers."""

    name: str
    label: str
    low: float
    high: float
    step: float
    start: float

    @property
    def decimals(self):
        """The number of digits after the point that the slider's values have."""
        grid = (self.low, self.high, self.step)
        return max(0, *(-Decimal(str(number)).as_tuple().exponent for number in grid))

    def values(self, most):
        """Return places of the handle, evenly far from each other, and the start."""
        steps = round((self.high - self.low) / self.step)
        places = {round(k) for k in np.linspace(0, steps, min(steps + 1, most - 1))}
        places.add(round((self.start - self.low) / self.step))
        return [round(self.low + k * self.step, self.decimals) for k in sorted(places)]

    def check(self, value):
        """Return ``value`` as the slider's kind of number; raise ValueError when out of range."""
        if not self.low <= value <= self.high:
            raise ValueError(
                f"{self.name} must lie between {self.low} and {self.high}, got {value}"
            )
        if not isinstance(self.step, int):
            return float(value)
        if value != int(value):
            raise ValueError(f"{self.name} must be a whole number, got {value}")
        return int(value)

    def widget(self, **looks):
        """Return the slider as a widget."""
        whole = isinstance(self.step, int)
        return (widgets.IntSlider if whole else widgets.FloatSlider)(
            value=self.start,
            min=self.low,
            max=self.high,
            step=self.step,
            readout_format="d" if whole else f".{self.decimals}f",
            description=self.label,
            **looks,
        )

    def moved(self, value, old):
        """Return the value that a handle at ``value`` stands for, when it was ``old`` before.

        Handles snap to the steps and add rounding errors; a person moves by half a step or more.
        """
        return old if abs(value - old) < self.step / 2 else round(value, self.decimals)

    def follow(self, widget, value):
        """Move the handle of ``widget`` to ``value``."""
        if round(widget.value, self.decimals) != value:
            widget.continuous_update = False  # else the page would send the snapped value back
            widget.value = value
            widget.continuous_update = True


@dataclass(frozen=True)
class Choice(Control):
    """Describe a list from which one of ``options`` is chosen."""

    name: str
    label: str
    options: tuple
    start: object

    def check(self, value):
        """Return ``value``; raise ValueError when it is none of the options."""
        if value not in self.options:
            raise ValueError(f"{self.name} must be one of {list(self.options)}, got {value!r}")
        return value

    def values(self, most):
        """Return the options."""
        return list(self.options[:most])

    def widget(self, **looks):
        """Return the list as a widget."""
        return widgets.Dropdown(
            value=self.start, options=list(self.options), description=self.label, **looks
        )


@dataclass(frozen=True)
class Toggle(Control):
    """Describe a box that is ticked or not."""

    name: str
    label: str
    start: bool

    def check(self, value):
        """Return ``value`` as a bool; raise ValueError when it is neither True nor False."""
        if value not in (True, False):
            raise ValueError(f"{self.name} must be True or False, got {value!r}")
        return bool(value)

    def widget(self, **looks):
        """Return the box as a widget."""
        return widgets.Checkbox(value=self.start, description=self.label, **looks)


@dataclass(frozen=True)
class Action:
    """Describe a button: ``function(**values)`` returns a dict of changed values, or yields such.

    A generator runs in a thread. Every dict that it yields is drawn; the key ``progress``, from 0
    to 1, moves the progress bar.
    """

    name: str
    label: str
    function: Callable


@dataclass(frozen=True)
class Click:
    """Hold a click: the index of its axes in ``figure.axes`` and the place in their units."""

    axes: int
    x: float
    y: float


@dataclass(frozen=True)
class Stroke:
    """Hold a stroke of the pen, or a piece of one: points (x, y) in the units of the pad.

    A piece that ``continues`` goes on from where the one before has ended; it repeats that point.
    A stroke that ``replaces`` stands for the one before, which a palm has drawn.
    """

    points: tuple
    continues: bool = False
    replaces: bool = False


class Picture(anywidget.AnyWidget):
    """Show a PNG with its caption, which is also the alternative text, and report clicks.

    The arrow keys move a cross-hair over a clickable picture that has the focus; Enter or the
    space bar clicks. Clicks arrive as custom messages ``{"x": …, "y": …}``, fractions of the
    picture counted from its upper left corner. ``width`` and ``height`` are in pixels.

    ``pad`` is the part of the picture that one can draw on, if there is one: left, top, width and
    height as fractions of the picture; ``pen`` is the pen's width as a fraction of the pad's. A
    piece of a `Stroke` arrives as ``{"points": [[x, y], …], "continues": …, "replaces": …,
    "id": …}``, fractions of the pad. It is shown by the page until the answer ``{"drawn": id}``
    says that the picture has it, and the next piece comes after that.
    """

    _esm = script(Path(__file__).with_name("picture.js"))
    _css = stylesheet(Path(__file__).with_name("picture.css"))
    png = traitlets.Bytes().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    caption = traitlets.Unicode().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    clickable = traitlets.Bool(False).tag(sync=True)
    pad = traitlets.List().tag(sync=True)
    pen = traitlets.Float().tag(sync=True)


class Lab:
    """Connect controls, a picture and a caption; the start state is drawn at once.

    ``controls`` is a list of `Slider`, `Choice`, `Toggle` and `Action`; ``hidden`` is a dict of
    further values that no control shows. All these values are passed by keyword:
    ``compute(**values)`` returns a state of any kind. ``draw(figure, state)`` gets an empty figure
    the first time and the same figure from then on; the axes keep the places that they get when
    they are new, so that nothing jumps. ``caption(state)`` returns one sentence.
    ``on_click(click, **values)`` gets a `Click` and returns a dict of changed values. With
    ``on_stroke(stroke, **values)``, which gets a `Stroke` and returns the same, the first axes are
    a pad to draw on, and ``pen`` names the value that holds the width of the pen in their units.
    ``size`` is in inches of 100 pixels. ``tracks`` names controls and actions that move where there
    is no kernel too: their pictures are drawn beforehand, by `frames`.

    Raises ValueError when a control's start is not among its values or two values have one name,
    and whatever the functions raise for the start state. A later error is shown in the lab, under
    the last good picture, and kept as ``error``.
    """

    def __init__(
        self,
        title,
        controls,
        compute,
        draw,
        caption,
        *,
        hidden=None,
        on_click=None,
        on_stroke=None,
        pen=None,
        size=(8, 4),
        tracks=(),
    ):
        self.title = title
        self.state = None
        self.error = None
        self._compute, self._draw, self._caption = compute, draw, caption
        self._on_click, self._on_stroke, self._pen = on_click, on_stroke, pen
        self._controls = {c.name: c for c in controls if not isinstance(c, Action)}
        self._actions = {c.name: c for c in controls if isinstance(c, Action)}
        self.labels = {c.name: c.label for c in controls}
        self.tracks = {name: self.labels[name] for name in tracks}
        names = [c.name for c in controls if not isinstance(c, Action)] + list(hidden or {})
        if len(set(names)) < len(names):
            raise ValueError(f"every value needs a name of its own, got {names}")
        self._start = {name: c.check(c.start) for name, c in self._controls.items()}
        self._start |= hidden or {}
        self._values = copy.deepcopy(self._start)

        self._lock = threading.RLock()  # callbacks come from several threads
        self._stale = True  # the values have changed since the last drawing
        self._thread = None  # runs the steps of an action
        self._stopping = threading.Event()  # set: the running action may change nothing any more
        self._held = set()  # names of the values that were set during the run

        self._size = size
        self._views = 0  # how many times it is on a page
        self._closing = None  # a timer: it is on no page any more

        self._open()
        self._start_png, self._start_caption = self.png, self.caption_text

    def _open(self):
        """Make the figure and the widgets, and draw."""
        with _STYLE_LOCK, style.context(STYLE):
            self.figure = Figure(figsize=self._size, dpi=DPI)
        FigureCanvasAgg(self.figure)
        self._painter = Painter(self.figure)
        self._build_widgets()
        self._paint()

    def close(self):
        """Let go of the figure and the widgets; a lab that is shown again makes new ones."""
        self.stop()
        with self._lock:
            for widget in list(_parts(self._view)):
                widget.close()
            self.figure.clear()
            self._painter = None

    @property
    def values(self):
        """The values of all controls and the hidden ones, as a dict."""
        return dict(self._values)

    @property
    def caption_text(self):
        """The sentence under the picture."""
        return self.picture.caption

    @property
    def png(self):
        """The picture, as the bytes of a PNG file."""
        return self.picture.png

    def set(self, **changes):
        """Set values as if their controls had been moved, and draw.

        Raises ValueError for a name that the lab does not have, and for a value outside the
        range of its control.
        """
        changes = self._check(changes)
        self._held.update(changes)
        self._apply(changes)

    def press(self, name):
        """Press the button of the action ``name``; an action that is running ends first.

        Raises ValueError when there is no such action.
        """
        if name not in self._actions:
            raise ValueError(f"unknown action {name!r}, expected one of {list(self._actions)}")
        self.stop()
        with self._lock, self._errors_shown():
            result = self._actions[name].function(**self.values)
            if inspect.isgenerator(result):
                self._run(result)
            else:
                self._merge(result)

    def click(self, axes, x, y):
        """Click on axes number ``axes`` at (``x``, ``y``) in the units of these axes.

        Raises ValueError when the lab does not take clicks.
        """
        if self._on_click is None:
            raise ValueError(f"{self.title!r} takes no clicks, got one at ({x}, {y})")
        with self._lock, self._errors_shown():
            self._merge(self._on_click(Click(axes, x, y), **self.values))

    def stroke(self, points, continues=False, replaces=False):
        """Draw on the pad along ``points`` (x, y) in its units; see `Stroke` for the rest.

        Raises ValueError when the lab has no pad, and for anything but pairs of finite numbers.
        """
        if self._on_stroke is None:
            raise ValueError(f"{self.title!r} has no pad to draw on, got a stroke")
        points = np.asarray(points, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError(f"points must be finite numbers of shape (n, 2), got {points}")
        stroke = Stroke(tuple(map(tuple, points.tolist())), continues, replaces)
        with self._lock, self._errors_shown():
            self._merge(self._on_stroke(stroke, **self.values))

    def frames(self, track, most=41):
        """Return the moves along a track, from the start state: a list of (value, PNG, caption).

        The track is a control, which goes through its values, or an action that yields, from the
        start state on. ``value`` is that of the control, or the number of the frame; there are at
        most ``most`` frames. The lab is at its start again afterwards. Raises ValueError for what
        is no track of the lab.
        """
        if track not in self.tracks:
            raise ValueError(f"unknown track {track!r}, expected one of {list(self.tracks)}")
        self.reset()
        if track in self._controls:
            moves = ((value, {track: value}) for value in self._controls[track].values(most))
        else:
            moves = enumerate(chain([{}], self._actions[track].function(**self.values)))
        frames = []
        for value, changes in moves:
            self._merge({k: v for k, v in changes.items() if k != "progress"})
            if self.error is not None:
                raise self.error
            frames.append((value, self.png, self.caption_text))
        self.reset()
        kept = {round(k) for k in np.linspace(0, len(frames) - 1, min(most, len(frames)))}
        return [frames[k] for k in sorted(kept)]

    def reset(self):
        """Go back to the start state; an action that is running ends first."""
        self.stop()
        with self._lock:
            with _STYLE_LOCK, style.context(STYLE):
                self.figure.clear()
            self._apply(copy.deepcopy(self._start))

    def stop(self):
        """End the running action, if there is one, and keep what it has reached."""
        self._stopping.set()
        self._progress_row.layout.visibility = "hidden"

    def wait(self, timeout=None):
        """Wait at most ``timeout`` seconds for the running action; return whether it has ended."""
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _check(self, changes):
        for name in changes:
            if name not in self._values:
                raise ValueError(f"unknown value {name!r}, expected one of {list(self._values)}")
        return {
            name: self._controls[name].check(value) if name in self._controls else value
            for name, value in changes.items()
        }

    def _merge(self, changes):
        self._apply(self._check(changes))

    def _apply(self, changes):
        """Take the changes over, let their widgets follow, and draw.

        A thread that waited for another one's drawing draws only if that one came too early.
        """
        self._values.update(changes)
        for name in changes.keys() & self._controls.keys():
            self._controls[name].follow(self._widgets[name], self._values[name])
        self._stale = True
        with self._lock:
            if self._stale and self._painter is not None:  # else it is closed, and shown nowhere
                self._stale = False
                with self._errors_shown():
                    self._paint()

    def _paint(self):
        state = self._compute(**self.values)
        caption = self._caption(state)
        with _STYLE_LOCK, style.context(STYLE):
            try:
                self._draw(self.figure, state)
                png = self._painter.png()
            except Exception:
                self.figure.clear()  # half drawn: the next drawing begins with an empty figure
                raise
        self.state, self.error = state, None
        if self._on_stroke is not None:
            self._place_pad()
        with self.picture.hold_sync():
            self.picture.png, self.picture.caption, self.picture.error = png, caption, ""

    def _place_pad(self):
        """Tell the page where in the picture the first axes lie, and how wide the pen is."""
        pad = self.figure.axes[0]
        (left, bottom), (right, top) = pad.get_position().get_points().tolist()
        self.picture.pad = [left, 1 - top, right - left, top - bottom]
        self.picture.pen = self._values[self._pen] / abs(np.subtract(*pad.get_xlim()))

    @contextmanager
    def _errors_shown(self):
        try:
            yield
        except Exception as error:
            self.error = error
            self.picture.error = f"{type(error).__name__}: {error}"

    def _run(self, steps):
        self._stopping = threading.Event()
        self._held.clear()
        self._progress.value = 0
        self._progress_row.layout.visibility = "visible"
        self._thread = threading.Thread(
            target=self._follow, args=(steps, self._stopping, self._thread), daemon=True
        )
        self._thread.start()

    def _follow(self, steps, stopping, previous):
        """Draw every step until they end or ``stopping`` is set; runs in the lab's thread."""
        if previous is not None:
            previous.join()  # its last step may still be under way
        with self._errors_shown():
            for changes in steps:
                with self._lock:
                    if stopping.is_set():
                        break
                    self._take_step(dict(changes))
                stopping.wait(REST)
        steps.close()
        with self._lock:
            if stopping is self._stopping:
                self.stop()

    def _take_step(self, changes):
        self._progress.value = changes.pop("progress", self._progress.value)
        self._merge({name: v for name, v in changes.items() if name not in self._held})

    def _build_widgets(self):
        longest = max((len(c.label) for c in self._controls.values()), default=0)
        label_width = f"{0.95 * longest:.1f}ch"  # a letter is a little narrower than a zero
        looks = {
            "style": {"description_width": label_width},
            "layout": {"width": "auto", "margin": "2px 0"},
        }
        self._widgets = {name: c.widget(**looks) for name, c in self._controls.items()}
        for name, widget in self._widgets.items():
            widget.observe(partial(self._moved, name), names="value")

        buttons = [_button(a.label, partial(self.press, a.name)) for a in self._actions.values()]
        buttons.append(_button("Reset", self.reset))
        self._progress = widgets.FloatProgress(max=1, layout={"width": "150px"})
        self._progress_row = widgets.HBox(
            [self._progress, _button("Stop", self.stop)], layout={"visibility": "hidden"}
        )

        width, height = self.figure.canvas.get_width_height()
        clickable = self._on_click is not None
        self.picture = Picture(width=width, height=height, clickable=clickable)
        self.picture.on_msg(self._received)
        columns = "minmax(0, 1fr)"
        if len(self._controls) > 3:  # two columns, where the labels leave room for the sliders
            columns = f"repeat(auto-fit, minmax(min(100%, calc({label_width} + 190px)), 1fr))"
        self._view = widgets.VBox(
            [
                widgets.HTML(f"<b>{html.escape(self.title)}</b>"),
                widgets.GridBox(
                    list(self._widgets.values()),
                    layout={"grid_template_columns": columns, "grid_gap": "0 16px"},
                ),
                widgets.HBox([*buttons, self._progress_row], layout={"flex_flow": "row wrap"}),
                self.picture,
            ],
            layout={"max_width": f"{width}px"},
        )
        self._view.add_class("nnutils-lab")

    def _moved(self, name, change):
        value = self._controls[name].moved(change.new, self._values[name])
        if value != self._values[name]:  # else the widget has followed the value
            self.set(**{name: value})

    def _received(self, picture, message, buffers):
        """Take a message of the page."""
        if "views" in message:
            self._count_views(message["views"])
        elif "points" in message:
            self._stroked(picture, message, buffers)
        else:
            self._clicked(picture, message, buffers)

    def _count_views(self, change):
        """Count where the lab is shown; one that stays shown nowhere is closed."""
        self._views += change
        if self._closing is not None:
            self._closing.cancel()
        if self._views == 0:
            self._closing = threading.Timer(CLOSE_AFTER, self.close)
            self._closing.daemon = True
            self._closing.start()

    def _clicked(self, _picture, message, _buffers):
        width, height = self.figure.canvas.get_width_height()
        point = message["x"] * width, (1 - message["y"]) * height
        for number, axes in reversed(list(enumerate(self.figure.axes))):  # the topmost first
            if axes.get_visible() and axes.bbox.contains(*point):
                x, y = axes.transData.inverted().transform(point)
                self.click(number, float(x), float(y))
                return

    def _stroked(self, picture, message, buffers):
        try:
            pad = self.figure.axes[0]
            points = [(x, 1 - y) for x, y in message["points"]]
            points = (pad.transAxes - pad.transData).transform(points)
            self.stroke(points, message["continues"], message["replaces"])
        finally:
            picture.send({"drawn": message["id"]})

    def _repr_mimebundle_(self, **_):
        """Return the live view for a notebook, and the start state as a picture and as text."""
        if self._painter is None:
            self._open()
        data, metadata = view_of(self._view, self.picture)
        data["image/png"] = self._start_png
        data["text/plain"] = f"{self.title}: {self._start_caption}"
        return data, metadata | {"image/png": {"alt": self._start_caption}}


def _parts(widget):
    """Yield ``widget`` and all the widgets that it is made of: children, layouts, styles."""
    yield widget
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(part, widgets.Widget):
                yield from _parts(part)


def _button(label, function):
    button = widgets.Button(description=label, layout={"width": "auto"})
    button.on_click(lambda _: function())
    return button
