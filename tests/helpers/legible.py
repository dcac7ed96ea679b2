"""Whether all text of a figure can be read: its size, and its contrast to what lies behind it."""

import colour
import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.text import Text

SMALLEST = 12  # pixels
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3


def visible_texts(figure):
    """Return the texts in ``figure`` that are seen; an axes or its axis may be switched off."""
    hidden = {part for axes in figure.axes if not axes.get_visible() for part in axes.findobj(Text)}
    off = [axis for axes in figure.axes if not axes.axison for axis in (axes.xaxis, axes.yaxis)]
    hidden |= {part for axis in off for part in axis.findobj(Text)}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in hidden
    ]


def pixels_without(texts, figure):
    """Draw ``figure`` without ``texts``; return its pixels, (height, width, 3) from 0 to 1."""
    layout = figure.get_layout_engine()
    figure.set_layout_engine("none")  # else the axes would grow into the place of the texts
    for text in texts:
        text.set_visible(False)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255
    for text in texts:
        text.set_visible(True)
    figure.set_layout_engine(layout or "none")
    return pixels


def over(rgba, behind):
    """Return the colour of ``rgba`` on top of ``behind``."""
    *rgb, alpha = rgba
    return alpha * np.array(rgb) + (1 - alpha) * np.asarray(behind)


def complaints(figure):
    """Return a sentence for each text that is too small or too pale."""
    figure.draw_without_rendering()  # puts everything in its place
    texts = visible_texts(figure)
    places = [text.get_window_extent() for text in texts]
    pixels = pixels_without(texts, figure)
    height, width = pixels.shape[:2]
    found = []
    for text, place in zip(texts, places):
        size = text.get_fontsize() * figure.dpi / 72
        left, right = np.clip([place.x0, place.x1], 0, width).astype(int)
        low, high = np.clip([height - place.y1, height - place.y0], 0, height).astype(int)
        if right <= left or high <= low:
            continue
        behind = np.median(pixels[low:high, left:right], axis=(0, 1))
        if text.get_bbox_patch() is not None:
            behind = over(text.get_bbox_patch().get_facecolor(), behind)
        alpha = 1 if text.get_alpha() is None else text.get_alpha()
        front = over((*to_rgba(text.get_color())[:3], alpha), behind)
        contrast = colour.contrast(front, behind)
        if size < SMALLEST:
            found.append(f"{text.get_text()!r} is {size:.1f} pixels high")
        if contrast < LEAST_CONTRAST:
            found.append(f"{text.get_text()!r} has a contrast of {contrast:.2f}")
    return found


def be_strict():
    """Let a figure with text that cannot be read raise AssertionError when it is shown."""
    from nnutils import plotting

    picture_of = plotting.picture_of

    def picture_if_legible(figure):
        found = complaints(figure)
        assert not found, found
        return picture_of(figure)

    plotting.picture_of = picture_if_legible
