"""Values of a learner's and of a reference's: when two are equal, how they differ, as text."""

import contextlib
import inspect
import numbers
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

KEYS = (str, numbers.Number, tuple, type(None))
LAZY = ("generator", "map", "filter", "zip", "dict_keys", "dict_values", "dict_items")


@dataclass(frozen=True)
class Other:
    """A value that is no data: the name of its type, and how it shows itself."""

    kind: str
    text: str


def loaded_torch():
    """Return the module torch, or None; whoever has a tensor has imported torch."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "get_rng_state") else None  # the learner's torch.py has none


def plain(value, depth=20):
    """Return a value as plain data, in which nothing of the learner's is left that could run.

    That is None, ``...``, truth values, numbers, text, arrays, and lists, tuples and dicts of them.
    A tensor, and whatever else NumPy can make an array of, becomes an array; anything else becomes
    an ``Other``.
    """
    torch = loaded_torch()
    if value is None or value is ... or type(value) in (bool, int, float, complex, str):
        return value
    if isinstance(value, (np.generic, Other)):
        return value
    if isinstance(value, str):
        return str(value)
    if depth and isinstance(value, Mapping):
        keys = [key if isinstance(key, KEYS) else text_of(key) for key in value]
        return dict(zip(keys, (plain(part, depth - 1) for part in value.values())))
    if depth and isinstance(value, (list, range)):
        return [plain(part, depth - 1) for part in value]
    if depth and isinstance(value, tuple):
        return tuple(plain(part, depth - 1) for part in value)
    with contextlib.suppress(Exception):
        if torch and isinstance(value, torch.Tensor):
            return value.numpy(force=True).copy()
        if isinstance(value, (numbers.Real, Decimal)):
            return float(value)
        if hasattr(type(value), "__array__"):
            array = np.array(value)
            return array.astype(float) if array.dtype == object else array
    if inspect.iscoroutine(value):
        value.close()  # else Python warns that nobody has waited for it
    return Other(type(value).__name__, text_of(value))


def text_of(value):
    """Return how a value shows itself; an object of the learner's may fail to."""
    try:
        return repr(value)
    except Exception:
        return f"a {type(value).__name__}"


def same(got, expected):
    """Tell whether ``got`` equals ``expected``: same shape, numbers to 1e-6 (1e-9 near zero).

    Both are plain data. Whole numbers, truth values and text must be equal exactly. Tuples, lists
    and dicts are compared entry by entry. Numbers of single precision may also be wrong by 1e-6 of
    the largest expected one: in a sum, rounding errors are as large as its largest part.
    """
    return _same(got, expected, 1e-6 * _largest(expected))


def _same(got, expected, rounding):
    if expected is None or isinstance(expected, (str, Other)):
        return isinstance(got, type(expected)) and got == expected
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and got.keys() == expected.keys()
            and all(_same(got[key], expected[key], rounding) for key in expected)
        )
    if isinstance(expected, (tuple, list)):
        return (
            isinstance(got, (tuple, list, np.ndarray))
            and len(got) == len(expected)
            and all(_same(*pair, rounding) for pair in zip(got, expected))
        )
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape or got.dtype.kind not in "biuf":
        return False
    if "f" not in (got.dtype.kind, expected.dtype.kind):
        return np.array_equal(got, expected)
    atol = max(1e-9, rounding) if got.dtype in (np.float32, np.float16) else 1e-9
    return np.allclose(got, expected, rtol=1e-6, atol=atol, equal_nan=True)


def _largest(value):
    """Return the largest absolute number in plain data; 0 where there is none."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return max(map(_largest, value), default=0.0)
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        return 0.0
    return float(np.abs(array[np.isfinite(array)].astype(float)).max(initial=0.0))


def changed(before, after):
    """Tell whether an input has changed: arrays, and lists and dicts of them, to the last bit."""
    if type(before) is not type(after):
        return True
    if isinstance(before, dict):
        return before.keys() != after.keys() or any(changed(before[k], after[k]) for k in before)
    if isinstance(before, (list, tuple)):
        return len(before) != len(after) or any(map(changed, before, after))
    before, after = plain(before), plain(after)
    if isinstance(before, np.ndarray):
        return before.shape != after.shape or before.tobytes() != after.tobytes()
    return isinstance(before, (int, float, str)) and repr(before) != repr(after)


def what_differs(got, expected):
    """Say in a sentence how the form of ``got`` differs from the expected one, or ""."""
    if got is None and expected is not None:
        return "The answer is `None`: is a `return` missing?"
    if isinstance(got, Other):
        return _what_it_is(got)
    if isinstance(got, tuple) and len(got) == 1 and same(got[0], expected):
        return "The answer is a tuple with one entry: the comma behind it is too much."
    if isinstance(expected, tuple):
        return _which_differs(got, expected)
    shape = _shape(got)
    if isinstance(got, tuple) and not isinstance(expected, list) and shape != _shape(expected):
        return f"Return one result, not {len(got)}."
    if None not in (shape, _shape(expected)) and shape != _shape(expected):
        return f"The shape is {shape}, expected {_shape(expected)}."
    with contextlib.suppress(TypeError, ValueError):  # text, say
        if np.isnan(got).any():
            return "The answer holds NaN (not a number)."
    return ""


def _shape(value):
    with contextlib.suppress(ValueError):  # of [[1], [2, 3]] NumPy can make no array
        return np.shape(value)


def _what_it_is(got):
    if got.kind == "coroutine":
        return "`async` makes a function that only promises an answer: leave it out."
    if got.kind in LAZY:
        return f"The answer is a `{got.kind}`, not yet its values: return `list(…)` of it."
    return ""


def _which_differs(got, expected):
    """Say which of several results differs, and how."""
    count = len(expected)
    if isinstance(got, np.ndarray) and got.shape == _shape(expected):
        got = tuple(got)
    if not isinstance(got, (tuple, list)) or len(got) != count:
        what = f"got {len(got)}" if isinstance(got, (tuple, list)) else "got one"
        return f"Return {count} results, with commas between them, {what}."
    rounding = 1e-6 * _largest(expected)
    for k, (one, right) in enumerate(zip(got, expected), start=1):
        if not _same(one, right, rounding):
            return f"Result {k} of {count} is wrong. {what_differs(one, right)}".strip()
    return ""


def joined(*parts):
    """Return the parts that are not empty, a line each."""
    return "\n".join(part for part in parts if part)


def entry(label, value):
    """Show a value under its name, an array with its shape, a list of arrays one by one."""
    value = plain(value)
    parts = dict(enumerate(value)) if isinstance(value, (tuple, list)) else value
    if isinstance(parts, dict) and any(isinstance(part, np.ndarray) for part in parts.values()):
        return joined(*(entry(f"{label}[{key!r}]", part) for key, part in parts.items()))
    if isinstance(value, np.ndarray):
        label = f"{label}, shape {value.shape}"
    text = _shown(value)
    return f"{label}:\n{textwrap.indent(text, '    ')}" if "\n" in text else f"{label}: {text}"


def _shown(value):
    if isinstance(value, Other):
        return shortened(value.text, 1000)
    if isinstance(value, (np.ndarray, np.generic)):
        text = np.array2string(np.asarray(value), precision=6, threshold=40, separator=", ")
    elif isinstance(value, float):
        text = f"{value:.8g}"
    elif isinstance(value, (list, tuple)):
        inner = ", ".join(_shown(part) for part in value[:50])
        comma = "," if len(value) == 1 else ""
        text = f"[{inner}]" if isinstance(value, list) else f"({inner}{comma})"
    else:
        text = repr(value)
    return shortened(text)


def shortened(text, length=400, lines=20):
    """Return ``text``, cut off behind ``length`` characters or ``lines`` lines."""
    short = "\n".join(text[:length].split("\n")[:lines])
    return text if short == text else short + " …"
