"""The learner's own handwriting: digits from the pad of notebook 00, each with the digit meant.

They lie in one file beside the progress, on this machine alone. The notebooks try each stage of the
machine on them, and note there how many it has read.
"""

import base64
import json
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from nnutils.datasets import load_digits
from nnutils.learner import lines, progress

FILE_NAME = "drawings.jsonl"
MOST = 1000  # so many drawings are read, the newest


class Drawings(NamedTuple):
    """Drawings of digits, and whose they are.

    ``images`` has shape (n, 28, 28), uint8, prepared as MNIST was; ``labels`` shape (n,), int64,
    the digits that were meant. ``own`` tells whether the learner drew them, ``whose`` says it in a
    sentence.
    """

    images: np.ndarray
    labels: np.ndarray
    own: bool
    whose: str

    def show(self, answers):
        """Show the newest twenty drawings, each under what was read in it, and count what is right.

        ``answers`` has shape (n,) and holds digits. Raises ValueError for another shape.
        """
        from nnutils import plotting  # late: Matplotlib takes its time

        answers = np.asarray(answers)
        if answers.shape != self.labels.shape:
            raise ValueError(f"answers must have shape {self.labels.shape}, got {answers.shape}")
        wrong = answers != self.labels
        titles = [
            f"{answer}, is {label}" if bad else answer
            for answer, label, bad in zip(answers, self.labels, wrong)
        ]
        plotting.show_images(
            self.images[-20:],
            titles[-20:],
            "Handwritten digits, each under what was read in it and, if wrong, what it is.",
            wrong=wrong[-20:],
            columns=10,
        )
        print(f"{np.sum(~wrong)} of {len(wrong)} right: {self.whose}")


def drawings_file():
    """Return the path of the file, beside that of the progress; it need not exist yet."""
    return progress.progress_file().with_name(FILE_NAME)


def keep(image, digit):
    """Keep a drawing ``image`` (28, 28), uint8, and the ``digit`` that was meant.

    Returns whether that was possible; if not, a calm line says so, once. Raises ValueError for an
    image of another kind or without ink, and for anything but a digit.
    """
    image = np.asarray(image)
    if image.shape != (28, 28) or image.dtype != np.uint8 or not image.any():
        raise ValueError(
            "image must have shape (28, 28) and hold uint8 with some ink, "
            f"got {image.shape}, {image.dtype}{'' if image.any() else ', all of it 0'}"
        )
    entry = {"digit": _digit(digit), "image": base64.b64encode(image.tobytes()).decode()}
    return lines.keep(drawings_file(), entry, "Your drawings are")


def load(digits=None):
    """Return the learner's own drawings, or some that stand in while there are none.

    ``digits``, for example (3, 8), restricts both to these digits. Two of each digit stand in: the
    first and the last of it among the course's 360 test digits. Raises ValueError unless ``digits``
    holds digits, at least one. Used from notebook 02 on.
    """
    wanted = tuple(range(10)) if digits is None else tuple(map(_digit, np.unique(digits)))
    if not wanted:
        raise ValueError(f"digits must hold at least one digit, got {digits}")
    mine = own()
    chosen = np.isin(mine.labels, wanted)
    if chosen.any():
        return _as_own(mine.images[chosen], mine.labels[chosen])
    test = load_digits()
    rows = [np.flatnonzero(test.y_test == digit)[k] for k in (0, -1) for digit in wanted]
    missed = "some" if digits is None else " or ".join(map(with_article, wanted))
    whose = (
        f"{len(rows)} of the course's test digits stand in for yours, until you keep {missed} in "
        "notebook 00."
    )
    return Drawings(test.X_test[rows], test.y_test[rows], False, whose)


def own():
    """Return the drawings that the learner has kept, the newest last; there may be none."""
    return _as_own(*_content()[:2])


def forget():
    """Delete the file, the drawings and what was read of them; return whether it is gone."""
    try:
        drawings_file().unlink(missing_ok=True)
    except OSError as error:
        print(f"{FILE_NAME} cannot be deleted ({error.strerror}).")
        return False
    return True


def record_reading(stage, right, of):
    """Note that a ``stage`` of the machine has read ``right`` of so many own drawings.

    ``stage`` is the slug of its notebook. A result that is known already adds nothing to the file.
    """
    if readings().get(stage) != (right, of):
        entry = {"stage": stage, "right": int(right), "of": int(of)}
        lines.keep(drawings_file(), entry, "Your drawings are")


def readings():
    """Return {stage: (right, of)}, the newest result of each stage on the learner's drawings."""
    return dict(_content()[2])


def bring_back(text):
    """Add every line of ``text``, a file like this one, that is missing; return how many drawings.

    Raises OSError when the file cannot be written.
    """
    present = lines.sound_lines(_text(), FILE_NAME, _is_entry)
    added = lines.add_missing(
        drawings_file(), present, lines.sound_lines(text, FILE_NAME, _is_entry)
    )
    return sum("image" in json.loads(line) for line in added)


def with_article(digit):
    """Return "a 3", and "an 8"."""
    return f"an {digit}" if digit == 8 else f"a {digit}"


def _as_own(images, labels):
    n = len(labels)
    return Drawings(images, labels, True, f"{n} digit{'s' * (n != 1)} of your own.")


def _digit(digit):
    if digit not in range(10):
        raise ValueError(f"digit must be a whole number from 0 to 9, got {digit!r}")
    return int(digit)


def _content():
    """Return the images, the labels and the readings; the file is read anew when it has changed."""
    path = drawings_file()
    try:
        state = path.stat()
    except OSError:
        return _parse("")
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1)
def _read(path, _changed, _size):
    try:
        return _parse(_text())
    except OSError as error:
        print(f"{path.name} cannot be read ({error.strerror}).")
        return _parse("")


def _parse(text):
    entries = map(json.loads, lines.sound_lines(text, FILE_NAME, _is_entry))
    entries = sorted(entries, key=lambda entry: entry["time"])
    kept = [entry for entry in entries if "image" in entry][-MOST:]
    images = np.array([_image(entry) for entry in kept], np.uint8).reshape(-1, 28, 28)
    labels = np.array([entry["digit"] for entry in kept], np.int64)
    readings = {e["stage"]: (e["right"], e["of"]) for e in entries if "stage" in e}
    return images, labels, readings


def _text():
    path = drawings_file()
    return path.read_text("utf-8", errors="replace") if path.exists() else ""


def _is_entry(entry):
    """Tell whether a line of the file, as a dict, holds a drawing or a result."""
    if not isinstance(entry.get("time"), str):
        return False
    if "stage" in entry:
        numbers = entry.get("right"), entry.get("of")
        return isinstance(entry["stage"], str) and all(type(n) is int for n in numbers)
    try:
        return entry.get("digit") in range(10) and len(_image(entry)) == 28
    except (KeyError, TypeError, ValueError):
        return False


def _image(entry):
    pixels = base64.b64decode(entry["image"], validate=True)
    return np.frombuffer(pixels, np.uint8).reshape(28, 28)
