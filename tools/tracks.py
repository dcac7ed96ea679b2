"""Let the labs move where there is no kernel: their pictures along a few tracks, drawn beforehand.

The web site and the slides show them; a few lines of plain JavaScript, ``tracks.js``, go with them.
"""

import html
import importlib
import io
import json
import pkgutil
import re
from functools import cache
from pathlib import Path

from PIL import Image

from nnutils import labs

MOST = 41  # frames of a track
SCRIPT = Path(__file__).with_suffix(".js")
STYLES = Path(__file__).with_suffix(".css")


@cache
def makers():
    """Return {name: function} of all functions that make a lab."""
    modules = [importlib.import_module(f"nnutils.labs.{m.name}") for m in pkgutil.iter_modules(labs.__path__)]
    return {
        name: getattr(module, name)
        for module in modules
        for name in getattr(module, "__all__", ())
        if name.endswith("_lab")
    }


def name_in(cell, notebook):
    """Return the name of the function that makes the lab of a cell with the tag ``lab``."""
    cells = notebook.cells[: notebook.cells.index(cell) + 1]
    last = cell.source.rstrip().splitlines()[-1]
    for text in (last, cell.source, *(c.source for c in reversed(cells))):
        found = [name for name in re.findall(r"(\w+_lab)\(", text) if name in makers()]
        if found:
            return found[-1]
    raise ValueError(f"no function of nnutils.labs makes the lab of the cell {cell.id}")


def webp(png):
    """Return a picture as lossless WebP."""
    packed = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(packed, "WEBP", lossless=True, method=4)
    return packed.getvalue()


def draw(name, keep):
    """Draw all tracks of the lab that the function ``name`` makes, and return what the page needs.

    ``keep(file, bytes)`` stores a picture and returns its address. The answer is a dict: the labels
    of the controls that do not move, and the tracks, each with its label and its frames.
    """
    lab = makers()[name]()
    tracks = []
    for track, label in lab.tracks.items():
        frames = [
            {
                "at": f"{value:g}" if isinstance(value, float) else str(value),
                "src": keep(f"{name}-{track}-{k}.webp", webp(png)),
                "caption": caption,
            }
            for k, (value, png, caption) in enumerate(lab.frames(track, MOST))
        ]
        start = next((k for k, f in enumerate(frames) if f["caption"] == lab.caption_text), 0)
        tracks.append({"label": label, "start": start, "frames": frames})
    still = [label for label in lab.labels if label not in lab.tracks.values()]
    lab.close()
    return {"title": lab.title, "still": still, "tracks": tracks}


def figure(name, drawn, picture, caption):
    """Return the HTML of a lab that moves; ``picture`` is the HTML of its stored picture."""
    if not drawn["tracks"]:
        return f'<figure class="lab">{picture}<figcaption>{html.escape(caption)}</figcaption></figure>'
    data = json.dumps(drawn["tracks"], ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<figure class="lab" id="{name}">{picture}<figcaption>{html.escape(caption)}</figcaption>'
        f'<div class="tracks" hidden></div><script type="application/json">{data}</script></figure>'
    )
