"""Let the labs move where there is no kernel: pictures along a few tracks, drawn beforehand.

The web site and the slides show them, with the few lines of plain JavaScript in ``tracks.js``. What
was drawn is kept in ``build/tracks`` until the package changes. The picture of the first page is
one track as a GIF::

    python -m tools.tracks draw_a_digit_lab write docs/images/pad.gif
"""

import argparse
import hashlib
import html
import importlib
import io
import json
import pkgutil
import re
import sys
from functools import cache
from pathlib import Path

from PIL import Image

from nnutils import labs
from tools.notebooks import ROOT

MOST = 41  # frames of a track
KEPT = ROOT / "build" / "tracks"
SCRIPT = Path(__file__).with_suffix(".js")
STYLES = Path(__file__).with_suffix(".css")


@cache
def makers():
    """Return {name: function} of all functions that make a lab."""
    names = [module.name for module in pkgutil.iter_modules(labs.__path__)]
    modules = [importlib.import_module(f"nnutils.labs.{name}") for name in names]
    return {
        name: getattr(module, name)
        for module in modules
        for name in getattr(module, "__all__", ())
        if name.endswith("_lab")
    }


def name_in(cell, notebook):
    """Return the name of the function that makes the lab of a cell with the tag ``lab``.

    Raises ValueError when neither the cell nor one before it calls such a function.
    """
    before = notebook.cells[: notebook.cells.index(cell) + 1]
    last = cell.source.rstrip().splitlines()[-1]
    for text in (last, *(other.source for other in reversed(before))):
        found = [name for name in re.findall(r"(\w+_lab)\(", text) if name in makers()]
        if found:
            return found[-1]
    raise ValueError(f"no function of nnutils.labs makes the lab of the cell {cell.id}")


def webp(png):
    """Return a picture as lossless WebP."""
    packed = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(packed, "WEBP", lossless=True, method=4)
    return packed.getvalue()


@cache
def digest():
    """Return a short name of all that a drawing depends on: the package and its data."""
    found = hashlib.sha256()
    for path in sorted([*(ROOT / "nnutils").rglob("*.py"), *(ROOT / "data").glob("*.npz")]):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def drawn(name):
    """Draw all tracks of the lab that the function ``name`` makes, unless they are kept.

    Returns their folder: ``tracks.json`` holds the labels of the controls that do not move, and of
    each track its label, the number of its start frame, and its frames, whose pictures lie beside.
    """
    folder = KEPT / digest() / name
    if (folder / "tracks.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    lab, tracks = makers()[name](), []
    for track, label in lab.tracks.items():
        frames = []
        moves = lab.frames(track, MOST)
        for k, (value, png, caption) in enumerate(moves):
            file = f"{name}-{track}-{k}.webp"
            (folder / file).write_bytes(webp(png))
            at = in_words(value)
            if track not in lab.values:  # an action
                at = f"picture {k + 1} of {len(moves)}"
            frames.append({"at": at, "src": file, "caption": caption})
        pictures = [png for _, png, _ in moves]
        start = pictures.index(lab.png) if lab.png in pictures else 0
        tracks.append({"label": label, "start": start, "frames": frames})
    still = [label for name, label in lab.labels.items() if name not in lab.tracks]
    text = json.dumps({"still": still, "tracks": tracks}, ensure_ascii=False, indent=1)
    (folder / "tracks.json").write_text(text, "utf-8")
    lab.close()
    return folder


def in_words(value):
    """Return the value of a control as the page shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def figure(name, picture, caption, keep):
    """Return the HTML of a lab that moves, and the labels of what does not move in it.

    ``picture`` is the HTML of its stored picture; ``keep(path)`` returns the address of a file.
    """
    folder = drawn(name)
    read = json.loads((folder / "tracks.json").read_text("utf-8"))
    for track in read["tracks"]:
        for frame in track["frames"]:
            frame["src"] = keep(folder / frame["src"])
    data = json.dumps(read["tracks"], ensure_ascii=False).replace("</", "<\\/")
    moves = (
        f'<div class="tracks" hidden></div><script type="application/json">{data}</script>'
        if read["tracks"]
        else ""
    )
    caption = f"<figcaption>{html.escape(caption)}</figcaption>"
    return f'<figure class="lab" id="{name}">{picture}{caption}{moves}</figure>', read["still"]


def write_gif(name, track, path):
    """Write a track of the lab that the function ``name`` makes as a GIF that begins again."""
    lab = makers()[name]()
    frames = lab.frames(track, MOST)[1:]  # without the start state
    pictures = [Image.open(io.BytesIO(png)).convert("RGB") for _, png, _ in frames]
    times = [*(100 for _ in pictures[1:]), 3000]  # milliseconds; the last one rests
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=times, loop=0)
    lab.close()


def main():
    """Read the command line, write the GIF and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.tracks", description=__doc__)
    parser.add_argument("lab", choices=makers(), metavar="LAB")
    parser.add_argument("track", metavar="TRACK")
    parser.add_argument("file", type=Path, metavar="FILE")
    options = parser.parse_args()
    write_gif(options.lab, options.track, options.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
