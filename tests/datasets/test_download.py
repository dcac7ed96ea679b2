import errno
import gzip
import hashlib
import io
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nnutils.datasets import download, load_mnist, mnist
from tools.notebooks import ROOT

CONTENT = np.random.default_rng(0).bytes(300_000)
PAGE = b"<!DOCTYPE html><html><body>Please log in to this network.</body></html>"


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch):
    """Fail on any name or address but this machine's own, and wait for nothing."""
    look_up = socket.getaddrinfo

    def look_up_loopback(host, *args, **kwargs):
        assert host == "127.0.0.1", f"a test asked for {host}"
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_loopback)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setattr(download, "PAUSE", 0)


# --- A server that misbehaves: each address has a list of answers, the last one repeats -----------


class Mirror(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.answers = {}
        self.requests = []  # (path, Range)
        self.closing = threading.Event()

    def url(self, path, *answers):
        self.answers[path] = list(answers)
        return f"http://127.0.0.1:{self.server_port}{path}"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append((self.path, self.headers["Range"]))
        answers = self.server.answers[self.path]
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *args):
        pass


def send(content, upto=None, ranges=True, announced=True):
    """Send the content, or what is behind the asked-for byte; cut the line at byte ``upto``."""

    def answer(handler):
        asked = handler.headers["Range"]
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and ranges else 0
        if start >= len(content):
            return handler.send_error(416)
        handler.send_response(206 if start else 200)
        if announced:
            handler.send_header("Content-Length", str(len(content) - start))
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.end_headers()
        handler.wfile.write(content[start:upto])

    return answer


def refuse(status):
    return lambda handler: handler.send_error(status)


def hang(handler):
    handler.server.closing.wait(30)


def send_half_and_hang(content):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        hang(handler)

    return answer


def hang_up(handler):
    handler.close_connection = True


@pytest.fixture
def mirror():
    server = Mirror()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


def check(content):
    if content != CONTENT:
        raise ValueError("is something else")


def get(urls, path):
    download.download(urls, path, check)


def ranges(mirror):
    return [asked for _, asked in mirror.requests]


# --- download -------------------------------------------------------------------------------------


def test_a_file_is_downloaded_whole(mirror, tmp_path):
    get([mirror.url("/a", send(CONTENT))], tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file.gz"]


def test_a_length_that_is_not_announced_is_no_problem(mirror, tmp_path):
    get([mirror.url("/a", send(CONTENT, announced=False))], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_leads_to_the_next_mirror_at_once(mirror, tmp_path, status):
    get([mirror.url("/a", refuse(status)), mirror.url("/b", send(CONTENT))], tmp_path / "file")
    assert [path for path, _ in mirror.requests] == ["/a", "/b"]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_busy_mirror_is_asked_again(mirror, tmp_path):
    get([mirror.url("/a", refuse(503), refuse(503), send(CONTENT))], tmp_path / "file")
    assert len(mirror.requests) == 3
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_busy_mirror_is_not_asked_for_ever(mirror, tmp_path):
    with pytest.raises(OSError, match="503 Service Unavailable"):
        get([mirror.url("/a", refuse(503))], tmp_path / "file")
    assert len(mirror.requests) == download.ATTEMPTS
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_cannot_be_reached_is_passed_over(mirror, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/a"
    get([nobody, mirror.url("/b", send(CONTENT))], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_cut_download_goes_on_where_it_broke(mirror, tmp_path):
    cuts = [send(CONTENT, upto=100_000), send(CONTENT, upto=250_000), send(CONTENT)]
    get([mirror.url("/a", *cuts)], tmp_path / "file")
    assert ranges(mirror) == [None, "bytes=100000-", "bytes=250000-"]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_cut_download_begins_anew_where_ranges_are_not_known(mirror, tmp_path):
    cut_then_whole = [send(CONTENT, upto=100_000), send(CONTENT, ranges=False)]
    get([mirror.url("/a", *cut_then_whole)], tmp_path / "file")
    assert ranges(mirror) == [None, "bytes=100000-"]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_mirror_that_always_cuts_is_given_up_and_the_next_one_goes_on(mirror, tmp_path):
    always = mirror.url("/a", send(CONTENT, upto=100_000))
    get([always, mirror.url("/b", send(CONTENT))], tmp_path / "file")
    assert mirror.requests == [("/a", None), ("/a", "bytes=100000-"), ("/b", "bytes=100000-")]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_failed_download_is_continued_by_the_next_call(mirror, tmp_path):
    url = mirror.url("/a", send(CONTENT, upto=100_000))
    with pytest.raises(OSError, match="broke after 100,000 of 300,000 bytes"):
        get([url], tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file.part"]
    mirror.requests.clear()
    get([mirror.url("/a", send(CONTENT))], tmp_path / "file")
    assert ranges(mirror) == ["bytes=100000-"]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == CONTENT


KILLED = """
import pathlib, sys
from nnutils.datasets.download import download
download([sys.argv[1]], pathlib.Path(sys.argv[2]), print)
"""


def test_a_killed_download_is_continued_by_the_next_call(mirror, tmp_path):
    url = mirror.url("/a", send_half_and_hang(CONTENT))
    command = [sys.executable, "-c", KILLED, url, str(tmp_path / "file")]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        while sum(path.stat().st_size for path in tmp_path.iterdir()) < len(CONTENT) // 2:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    mirror.requests.clear()
    get([mirror.url("/a", send(CONTENT))], tmp_path / "file")
    assert ranges(mirror) == ["bytes=150000-"]
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def number_of_no_process():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_the_longest_of_the_parts_is_continued_and_the_others_go(mirror, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT[:10])
    (tmp_path / f"file.{number_of_no_process()}.part").write_bytes(CONTENT[:1000])
    old = tmp_path / f"file.{os.getppid()}.part"  # its number belongs to another process by now
    old.write_bytes(CONTENT[:100])
    os.utime(old, (0, 0))
    get([mirror.url("/a", send(CONTENT))], tmp_path / "file")
    assert ranges(mirror) == ["bytes=1000-"]
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name == "nt", reason="Windows protects an open file by itself")
def test_the_part_of_a_process_that_runs_is_left_alone(mirror, tmp_path):
    others = tmp_path / f"file.{os.getppid()}.part"
    others.write_bytes(CONTENT[:1000])
    get([mirror.url("/a", send(CONTENT))], tmp_path / "file")
    assert ranges(mirror) == [None]
    assert others.read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_nothing_stays_on_it(mirror, tmp_path, monkeypatch, number):
    (tmp_path / "file.part").write_bytes(CONTENT[:100_000])

    class FullFile(io.FileIO):
        def write(self, data):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(download, "open", lambda path, mode: FullFile(path, "r+"), raising=False)
    with pytest.raises(OSError, match="is full") as error:
        get([mirror.url("/a", send(CONTENT)), mirror.url("/b", send(CONTENT))], tmp_path / "file")
    assert str(tmp_path) in str(error.value)
    assert [path for path, _ in mirror.requests] == ["/a"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_is_named_before_anything_is_asked(mirror, tmp_path):
    with pytest.raises(OSError, match="is a folder"):
        get([mirror.url("/a", send(CONTENT))], tmp_path)
    assert mirror.requests == []


@pytest.mark.parametrize("left", [b"from another file", CONTENT[:-1] + b"?", CONTENT + b"more"])
def test_a_part_file_that_does_not_belong_is_thrown_away(mirror, tmp_path, left):
    (tmp_path / "file.part").write_bytes(left)
    get([mirror.url("/a", send(CONTENT))], tmp_path / "file")
    assert ranges(mirror)[-1] is None
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_beginning_anew_leaves_nothing_of_a_longer_part_file(mirror, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    get([mirror.url("/a", send(CONTENT, ranges=False))], tmp_path / "file")
    assert len(mirror.requests) == 1
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("answer", [hang, hang_up])
def test_a_silent_mirror_is_passed_over(mirror, tmp_path, monkeypatch, answer):
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    get([mirror.url("/a", answer), mirror.url("/b", send(CONTENT))], tmp_path / "file")
    assert [path for path, _ in mirror.requests] == ["/a", "/b"]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_mirror_that_falls_silent_is_resumed(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    get([mirror.url("/a", send_half_and_hang(CONTENT), send(CONTENT))], tmp_path / "file")
    assert ranges(mirror) == [None, "bytes=150000-"]
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [PAGE, CONTENT[::-1], b""])
def test_wrong_content_is_never_given_the_name(mirror, tmp_path, wrong):
    with pytest.raises(OSError, match="what it sent is something else"):
        get([mirror.url("/a", send(wrong) if wrong else send_nothing)], tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
    get([mirror.url("/a", send(PAGE)), mirror.url("/b", send(CONTENT))], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def send_nothing(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def test_the_error_says_what_each_mirror_answered(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    a, b, c = mirror.url("/a", refuse(403)), mirror.url("/b", hang), mirror.url("/c", send(PAGE))
    with pytest.raises(OSError, match="the download failed") as error:
        get([a, b, c], tmp_path / "file")
    assert f"{a}: 403 Forbidden" in str(error.value)
    assert f"{b}: no answer for 0.5 s" in str(error.value)
    assert f"{c}: what it sent is something else" in str(error.value)


def test_an_older_file_stays_until_the_new_one_is_whole(mirror, tmp_path):
    (tmp_path / "file").write_bytes(b"older")
    with pytest.raises(OSError, match="403"):
        get([mirror.url("/a", refuse(403))], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"older"


def test_an_interrupt_keeps_what_has_come(mirror, tmp_path, monkeypatch):
    def stop(content):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download.download([mirror.url("/a", send(CONTENT))], tmp_path / "file", stop)
    assert (tmp_path / "file.part").read_bytes() == CONTENT


def test_an_unwritable_folder_is_named_before_anything_is_asked(mirror, tmp_path, monkeypatch):
    def refuse_to_touch(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "touch", refuse_to_touch)  # permissions do not bind every account
    with pytest.raises(OSError, match=r"cannot write into the folder .*: Permission denied"):
        get([mirror.url("/a", send(CONTENT))], tmp_path / "file")
    assert mirror.requests == []


def test_two_downloads_at_a_time_do_not_mix(mirror, tmp_path, monkeypatch):
    """Another process takes its own part file; here one id stands for it."""
    started, go_on = threading.Event(), threading.Event()

    def slow(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        handler.wfile.write(CONTENT[:1000])
        started.set()
        go_on.wait(60)
        handler.wfile.write(CONTENT[1000:])

    url = mirror.url("/a", slow, send(CONTENT))
    first = threading.Thread(target=get, args=([url], tmp_path / "file"))
    first.start()
    assert started.wait(60)
    monkeypatch.setattr(download.os, "getpid", lambda: 1)
    get([url], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    go_on.set()
    first.join(60)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_progress_bar_shows_the_bytes(mirror, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE")
    get([mirror.url("/digits.gz", send(CONTENT))], tmp_path / "file")
    assert "digits.gz: 100%" in (bar := capsys.readouterr().err) and "300k/300k" in bar


# --- MNIST from misbehaving mirrors ---------------------------------------------------------------


@pytest.fixture
def tiny(mirror, monkeypatch, tmp_path):
    """Return the four packed files of a tiny MNIST; two mirrors; an empty folder to load into."""
    monkeypatch.delenv("NNUTILS_OFFLINE", raising=False)
    monkeypatch.setenv("NNUTILS_DATA", str(tmp_path))
    rng = np.random.default_rng(2)
    sums, packed = {}, {}
    for name in mnist.MNIST_SHA256:
        n = 5 if name.startswith("train") else 3
        shape = (n, 28, 28) if "images" in name else (n,)
        lengths = b"".join(length.to_bytes(4, "big") for length in shape)
        pixels = rng.integers(0, 10, shape, dtype=np.uint8).tobytes()
        content = bytes([0, 0, 8, len(shape)]) + lengths + pixels
        sums[name] = hashlib.sha256(content).hexdigest()
        packed[name] = gzip.compress(content)
    monkeypatch.setattr(mnist, "MNIST_SHA256", sums)
    address = f"http://127.0.0.1:{mirror.server_port}"
    monkeypatch.setattr(mnist, "MIRRORS", (f"{address}/a/", f"{address}/b/"))
    return packed


def serve(mirror, folder, packed, answer=send):
    for name, content in packed.items():
        mirror.answers[f"/{folder}/{name}.gz"] = [answer(content)]


def test_mnist_is_downloaded_once(mirror, tiny, tmp_path, capsys):
    serve(mirror, "a", tiny)
    data = load_mnist()
    assert data.name == "MNIST" and data.X_train.shape == (5, 28, 28)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{n}.gz" for n in tiny)
    mirror.answers.clear()
    again = load_mnist("mnist")
    assert len(mirror.requests) == 4
    assert all(np.array_equal(one, other) for one, other in zip(data[:4], again[:4], strict=True))
    assert capsys.readouterr().out == ""


def test_only_what_is_missing_is_downloaded(mirror, tiny, tmp_path):
    serve(mirror, "a", tiny)
    kept = "t10k-images-idx3-ubyte"
    (tmp_path / kept).write_bytes(gzip.decompress(tiny[kept]))
    assert load_mnist("mnist").name == "MNIST"
    assert f"/a/{kept}.gz" not in [path for path, _ in mirror.requests]
    assert not (tmp_path / f"{kept}.gz").exists()


@pytest.mark.parametrize(
    "misbehave",
    [
        lambda content: refuse(403),
        lambda content: refuse(503),
        lambda content: send(PAGE),
        lambda content: send(content[: len(content) // 2]),  # a truncated file, announced as whole
        lambda content: send(content, upto=len(content) // 2),  # a cut line
        lambda content: send(gzip.compress(b"another file")),
        lambda content: hang,
    ],
    ids=["403", "503", "page", "truncated", "cut", "wrong", "silent"],
)
def test_the_second_mirror_helps_when_the_first_misbehaves(mirror, tiny, monkeypatch, misbehave):
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    serve(mirror, "a", tiny, misbehave)
    serve(mirror, "b", tiny)
    assert load_mnist("mnist").name == "MNIST"


@pytest.mark.parametrize("answer", [refuse(403), refuse(503), send(PAGE), hang_up])
def test_when_no_mirror_helps_the_bundled_digits_stand_in(mirror, tiny, tmp_path, capsys, answer):
    serve(mirror, "a", tiny, lambda content: answer)
    serve(mirror, "b", tiny, lambda content: answer)
    assert load_mnist().name == "bundled digits"
    (line,) = capsys.readouterr().out.splitlines()
    assert "MNIST is not available: train-images-idx3-ubyte is not in" in line
    assert "/a/" in line and "/b/" in line
    assert "bundled digits stand in" in line and "data/README.md" in line
    assert 'load_mnist("mnist") fetches it' in line
    with pytest.raises(OSError, match=r"/a/train-images.*; .*/b/train-images"):
        load_mnist("mnist")
    assert list(tmp_path.iterdir()) == []


def test_a_page_in_the_place_of_a_file_is_called_so(mirror, tiny):
    serve(mirror, "a", tiny, lambda content: send(PAGE))
    serve(mirror, "b", tiny, lambda content: refuse(404))
    with pytest.raises(OSError, match="begins with b'<!DOCTYPE html>'"):
        load_mnist("mnist")


def test_a_damaged_file_is_set_aside_and_downloaded_again(mirror, tiny, tmp_path, capsys):
    serve(mirror, "a", tiny)
    bad = tmp_path / "train-labels-idx1-ubyte.gz"
    bad.write_bytes(tiny["train-labels-idx1-ubyte"][:-5])
    assert load_mnist("mnist").name == "MNIST"
    assert "is truncated" in capsys.readouterr().out
    assert bad.read_bytes() == tiny["train-labels-idx1-ubyte"]
    aside = tmp_path / "train-labels-idx1-ubyte.gz.damaged"
    assert aside.read_bytes() == tiny["train-labels-idx1-ubyte"][:-5]


def test_an_unwritable_folder_is_reported(mirror, tiny, monkeypatch, capsys):
    def refuse_to_touch(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "touch", refuse_to_touch)
    assert load_mnist().name == "bundled digits"
    assert "cannot write into the folder" in capsys.readouterr().out
    with pytest.raises(OSError, match="cannot write into the folder"):
        load_mnist("mnist")
    assert mirror.requests == []


@pytest.mark.parametrize("value", ["1", "true", "yes", " ON "])
def test_offline_asks_nobody(mirror, tiny, monkeypatch, value):
    serve(mirror, "a", tiny)
    monkeypatch.setenv("NNUTILS_OFFLINE", value)
    assert load_mnist().name == "bundled digits"
    assert mirror.requests == []


@pytest.mark.parametrize("value", ["", "0", " ", "no", "False", " OFF "])
def test_offline_can_be_switched_off(mirror, tiny, monkeypatch, value):
    serve(mirror, "a", tiny)
    monkeypatch.setenv("NNUTILS_OFFLINE", value)
    assert load_mnist("mnist").name == "MNIST"


def test_the_mirrors_are_those_of_torchvision():
    source = Path(find_spec("torchvision").origin).parent / "datasets" / "mnist.py"
    text = source.read_text(encoding="utf-8")
    assert mnist.MIRRORS
    for mirror in mnist.MIRRORS:
        assert f'"{mirror}"' in text
