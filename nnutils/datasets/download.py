"""Download a file from the first of several addresses that sends it whole."""

import errno
import glob
import os
import time
from contextlib import suppress
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm.auto import tqdm

TIMEOUT = 10  # seconds to wait for an answer
ATTEMPTS = 4  # at one address
PAUSE = 1  # seconds between two attempts
CHUNK = 65_536  # bytes
STALE = 3600  # seconds after which nobody writes into a part file any more
FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or the user's share of it


def download(urls, path, check):
    """Download ``path`` from the first of ``urls`` that sends what ``check`` accepts.

    ``check`` gets the bytes and raises ValueError when they are not the right ones. They are kept
    in a part file beside ``path`` until they are whole and checked; the longest part file that an
    earlier call left, even one that was killed, is continued, and the others go. Raises OSError,
    with the answer of each address, when none sent the file, when the folder cannot be written
    into, and when the disk is full: then the part file goes too.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # each process writes its own
    left = path.with_name(f"{path.name}.part")
    if path.is_dir():
        raise OSError(f"{path} is a folder")
    try:
        part.touch()
    except OSError as problem:
        raise OSError(f"cannot write into the folder {path.parent}: {problem.strerror}") from None
    for other in sorted(path.parent.glob(f"{glob.escape(path.name)}*.part")):
        with suppress(OSError):  # another process has taken it
            if other == part or (other != left and _is_at_work(other)):
                continue
            if other.stat().st_size > part.stat().st_size:
                os.replace(other, part)
            else:
                other.unlink()
    try:
        _fetch_from_any(urls, part, check)
        os.replace(part, path)
    except OSError as problem:
        if problem.errno in FULL:
            part.unlink()
            raise OSError(f"the disk with {path.parent} is full: {problem.strerror}") from None
        raise
    finally:
        if part.exists():
            os.replace(part, left)
            if left.stat().st_size == 0:
                left.unlink()


def _is_at_work(part):
    """Tell whether the process that the part file is named after may still write into it.

    Windows needs no answer: it keeps a file that is open from being renamed or deleted.
    """
    process = part.suffixes[-2].removeprefix(".")
    if os.name == "nt" or time.time() - part.stat().st_mtime > STALE:
        return False
    try:
        os.kill(int(process), 0)
    except PermissionError:  # it is another user's
        return True
    except (OSError, OverflowError, ValueError):  # there is none, or the name has no number
        return False
    return True


def _fetch_from_any(urls, part, check):
    """Fill the file ``part`` from the first address that works."""
    answers = {}
    for url in urls:
        for attempt in range(ATTEMPTS):
            time.sleep(PAUSE if attempt else 0)
            answers[url], again = _try(url, part, check)
            if answers[url] is None:
                return
            if not again:
                break
    tried = "; ".join(f"{url}: {answer}" for url, answer in answers.items())
    raise OSError(f"the download failed ({tried})")


def _try(url, part, check):
    """Return what went wrong (None when all went well) and whether to ask this address again."""
    before = part.stat().st_size
    try:
        _fetch(url, part)
        check(part.read_bytes())
    except ValueError as problem:  # when resumed, the two halves may come from different files
        os.truncate(part, 0)
        return f"what it sent {problem}", before > 0
    except HTTPError as problem:
        problem.close()
        if problem.code == 416:  # there is nothing behind our last byte: begin anew
            os.truncate(part, 0)
        return f"{problem.code} {problem.reason}", problem.code == 416 or problem.code >= 500
    except URLError as problem:
        return _in_words(problem.reason), False
    except (OSError, HTTPException) as problem:  # cut or silent: go on while new bytes come in
        if getattr(problem, "errno", None) in FULL:
            raise
        return _in_words(problem), part.stat().st_size > before
    return None, False


def _in_words(problem):
    return f"no answer for {TIMEOUT} s" if isinstance(problem, TimeoutError) else str(problem)


def _fetch(url, part):
    """Append to the file ``part`` what is missing; begin anew if the server cannot resume."""
    have = part.stat().st_size
    headers = {"Range": f"bytes={have}-"} if have else {}
    with urlopen(Request(url, headers=headers), timeout=TIMEOUT) as response:
        start = have if response.status == 206 else 0
        length = response.headers["Content-Length"]
        total = start + int(length) if length else None
        name = url.rpartition("/")[2]
        with (
            open(part, "r+b") as file,
            tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=name) as bar,
        ):
            file.seek(start)
            file.truncate()
            while chunk := response.read1(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
    have = part.stat().st_size
    if total is not None and have < total:
        raise ConnectionError(f"the connection broke after {have:,} of {total:,} bytes")
