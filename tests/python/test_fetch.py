"""Fetching from a server on this machine that misbehaves in every way that servers do."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import FormatError, synthetic
from nb101fast.__main__ import main
from nb101fast.download import Patience
from nb101fast.fetch import fetch, fetch_index
from nb101fast.locations import CACHED_NAMES
from nb101fast.official_files import OFFICIAL_FILES, OfficialFile
from reference import child_processes

NAME = "nasbench_full.tfrecord"
QUICK = Patience(timeout=5, retries=3, first_delay=0.001, longest_delay=0.002)
PATIENCE = 30.0  # seconds until something counts as hanging

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


class Site:
    """One file on a server, how the server misbehaves, and what it was asked and sent."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.tag = '"1"'
        self.cuts: list[int] = []  # of the next answers: cut after so many bytes
        self.statuses: list[int] = []  # of the next answers
        self.ignores_range = False
        self.tells_length = True
        self.shift = 0  # of the range that is sent against the one asked for
        self.hold_after: int | None = None  # bytes; then the answer waits for `released`
        self.held, self.released = threading.Event(), threading.Event()
        self.requests: list[dict[str, str]] = []
        self.served: list[int] = []  # bytes of each answer
        self.url = ""

    @property
    def ranges(self) -> list[str | None]:
        return [headers.get("Range") for headers in self.requests]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one GET."""
        self.requests.append(dict(request.headers))
        status = self.statuses.pop(0) if self.statuses else 200
        start = self._start(request) if status == 200 else 0
        if status != 200 or start > len(self.data) - 1:
            request.send_error(status if status != 200 else 416)
            return
        body = self.data[start:]
        request.send_response(206 if start else 200)
        if start:
            total = len(self.data)
            request.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if self.tells_length:
            request.send_header("Content-Length", str(len(body)))
        request.send_header("ETag", self.tag)
        request.end_headers()
        self.served.append(0)
        self._send(request, body[: self.cuts.pop(0)] if self.cuts else body)

    def _start(self, request: BaseHTTPRequestHandler) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        is_same = request.headers.get("If-Range", self.tag) == self.tag
        return int(asked[1]) + self.shift if asked and is_same and not self.ignores_range else 0

    def _send(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        if self.hold_after is not None and len(body) > self.hold_after:
            self._write(request, body[: self.hold_after])
            body = body[self.hold_after :]
            self.hold_after = None
            self.held.set()
            self.released.wait(PATIENCE)
        self._write(request, body)

    def _write(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        request.wfile.write(body)
        request.wfile.flush()
        self.served[-1] += len(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what these tests are about."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small file of the official format."""
    cells = np.random.default_rng(11).choice(nb101fast.cell_codes(), 300, replace=False)
    path = tmp_path_factory.mktemp("official") / NAME
    synthetic.write_tfrecord(path, codes=cells)
    return path.read_bytes()


@pytest.fixture(scope="module")
def official(data: bytes) -> OfficialFile:
    return OfficialFile(NAME, hashlib.sha256(data).hexdigest(), len(data))


@pytest.fixture
def site(data: bytes) -> Iterator[Site]:
    site = Site(data)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        site.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, official: OfficialFile, site: Site
) -> Path:
    """An empty cache; the small file is the official one, and the site is where it lies."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NB101FAST_CACHE", str(folder))
    monkeypatch.setenv("NB101FAST_BASE_URL", f"{site.url}/nasbench/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("NB101FAST_INDEX", raising=False)
    monkeypatch.setitem(OFFICIAL_FILES, "full", official)
    return folder


@pytest.fixture
def partial(cache: Path) -> Path:
    cache.mkdir()
    return cache / f"{NAME}.part"


def names_in(folder: Path) -> set[str]:
    """Return the names of the files that a fetch leaves, except its lock."""
    return {path.name for path in folder.iterdir()} - {f"{NAME}.lock"}


def check_index(cache: Path, data: bytes, tmp_path: Path) -> None:
    """Check that only the index is there, and that it is what `compile` makes."""
    assert names_in(cache) == {CACHED_NAMES[0]}
    (tmp_path / NAME).write_bytes(data)
    nb101fast.compile(tmp_path / NAME, tmp_path / "compiled.nb101")
    expected, found = nb101fast.open(tmp_path / "compiled.nb101"), nb101fast.open(verify="full")
    assert found.path == str(cache / CACHED_NAMES[0])
    assert np.array_equal(found.cells, expected.cells)
    for epochs in expected.epochs:
        answers = [i.query(nb101fast.cell_codes(), epochs=epochs) for i in (found, expected)]
        assert answers[0].tobytes() == answers[1].tobytes()


# -------------------------------------------------------------------- what is official


def test_official_files() -> None:
    assert tuple(file.index_name for file in OFFICIAL_FILES.values()) == CACHED_NAMES
    assert OFFICIAL_FILES["only108"].sha256.startswith("4c39c393")


# -------------------------------------------------------------------- a good connection


def test_fetch(cache: Path, site: Site, data: bytes, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = fetch(progress=lambda done, total: seen.append((done, total)))
    assert path == cache / CACHED_NAMES[0]
    check_index(cache, data, tmp_path)
    assert seen[-1] == (len(data), len(data))
    assert seen == sorted(seen)
    assert site.ranges == [None]


def test_provenance(site: Site, data: bytes, official: OfficialFile) -> None:
    [source] = nb101fast.open(fetch(source=f"{site.url}/copy?key=secret")).provenance["sources"]
    assert source["name"] == NAME
    assert source["num_bytes"] == len(data)
    assert source["sha256"] == official.sha256
    assert source["records"] == 300 * 4 * 3
    assert source["url"] == f"{site.url}/copy"


def test_keep(cache: Path, data: bytes) -> None:
    fetch(keep_tfrecord=True)
    assert names_in(cache) == {NAME, CACHED_NAMES[0]}
    assert (cache / NAME).read_bytes() == data


def test_already_there(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    path = fetch()
    before = path.stat()
    assert fetch() == path
    assert "is there already and is kept" in capsys.readouterr().err
    assert (path.stat().st_ino, len(site.requests)) == (before.st_ino, 1)
    fetch(force=True)
    assert len(site.requests) == 2
    assert path.stat().st_mtime_ns > before.st_mtime_ns


def test_already_there_but_broken(site: Site, cache: Path) -> None:
    cache.mkdir()
    (cache / CACHED_NAMES[0]).write_bytes(b"no index")
    with pytest.raises(FormatError, match="force=True makes it again"):
        fetch()
    assert not site.requests
    nb101fast.open(fetch(force=True))


# -------------------------------------------------------------------- cut connections


def test_cut_connections(cache: Path, site: Site, data: bytes, tmp_path: Path) -> None:
    site.cuts = [1, 0, 100_000, 0, 0, 0, 77_777]
    fetch(patience=QUICK)
    check_index(cache, data, tmp_path)
    starts = [None, 1, 1, 100_001, 100_001, 100_001, 100_001, 177_778]
    assert site.ranges == [start and f"bytes={start}-" for start in starts]
    assert sum(site.served) == len(data)


def test_cut_for_ever(site: Site, partial: Path, data: bytes) -> None:
    site.cuts = [5000] + [0] * 100
    with pytest.raises(ConnectionError, match=r"gave up after 4 tries.* 5,000 bytes are kept"):
        fetch(patience=QUICK)
    assert len(site.requests) == 5
    assert partial.read_bytes() == data[:5000]
    site.cuts = []
    fetch()
    assert site.ranges[-1] == "bytes=5000-"
    assert site.served[-1] == len(data) - 5000


def test_stalled_connection(site: Site, data: bytes) -> None:
    site.hold_after = 12_345
    fetch(patience=Patience(timeout=0.2, retries=100, first_delay=0.001, longest_delay=0.002))
    # On a busy machine, an answer may take longer than that, and is asked for again.
    assert (site.ranges[0], {*site.ranges[1:]}) == (None, {"bytes=12345-"})
    assert site.served[-1] == len(data) - 12_345


def test_passing_refusals(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.statuses = [503, 429, 500]
    fetch(patience=QUICK)
    assert "HTTP status 503 Service Unavailable after 0 bytes; trying" in capsys.readouterr().err


@pytest.mark.parametrize("status", [403, 404, 501])
def test_refusals(site: Site, cache: Path, status: int) -> None:
    site.statuses = [status]
    with pytest.raises(OSError, match=f"HTTP status {status} "):
        fetch(patience=QUICK)
    assert len(site.requests) == 1
    assert names_in(cache) == set()


def test_without_a_connection_the_error_names_the_way_for_a_local_file(
    capsys: pytest.CaptureFixture[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", pytest.fail)  # It is not tried again.
    advice = "a file that you have already can be compiled with "
    with pytest.raises(ConnectionError, match=rf"127\.0\.0\.1:9/.*refused; {advice}source=FILE$"):
        fetch(base_url="http://127.0.0.1:9")
    assert main(["fetch", "--base-url", "http://127.0.0.1:9"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"nb101fast: http://127\.0\.0\.1:9/.*; {advice}--from FILE\n", err)
    assert names_in(cache) == set()


def test_delays_grow_to_a_bound() -> None:
    assert [Patience().delay(barren) for barren in range(7)] == [1, 2, 4, 8, 16, 30, 30]


# -------------------------------------------------------------------- going on


@pytest.mark.parametrize("start", [1, 100_000, -1, None])
def test_going_on(site: Site, partial: Path, data: bytes, tmp_path: Path, start: int) -> None:
    partial.write_bytes(data[:start])
    fetch()
    check_index(partial.parent, data, tmp_path)
    missing = len(data[start:]) if start else 0
    assert site.served == ([missing] if missing else [])


def test_range_ignored(site: Site, partial: Path, data: bytes, tmp_path: Path) -> None:
    partial.write_bytes(data[:1000])
    site.ignores_range = True
    site.cuts = [2000]
    fetch(patience=QUICK)
    check_index(partial.parent, data, tmp_path)
    assert site.ranges == ["bytes=1000-", "bytes=2000-"]
    assert site.served == [2000, len(data)]


def test_range_ignored_and_cut_for_ever(site: Site) -> None:
    site.ignores_range = True
    site.cuts = [2000] * 100
    with pytest.raises(ConnectionError, match="gave up after 4 tries"):
        fetch(patience=QUICK)
    assert len(site.requests) == 5


def test_another_range(site: Site, partial: Path, data: bytes) -> None:
    partial.write_bytes(data[:1000])
    site.shift = 7
    with pytest.raises(OSError, match=r"from 1,000 on, the server sends those from 1,007 on"):
        fetch()
    assert partial.read_bytes() == data[:1000]


def test_file_replaced_on_the_server(site: Site, data: bytes) -> None:
    site.cuts = [1000]
    send = site.answer

    def answer(request: BaseHTTPRequestHandler) -> None:
        send(request)
        site.tag = '"2"'

    site.answer = answer  # type: ignore[method-assign]
    fetch(patience=QUICK)
    assert site.requests[1]["If-Range"] == '"1"'
    assert site.served == [1000, len(data)]


def test_damaged_partial_file(site: Site, partial: Path, data: bytes, tmp_path: Path) -> None:
    partial.write_bytes(data[:5000] + bytes(5000))  # as after a power failure
    fetch()
    check_index(partial.parent, data, tmp_path)
    assert site.ranges == [None]


def test_partial_file_too_long(site: Site, partial: Path, data: bytes, tmp_path: Path) -> None:
    partial.write_bytes(data + data[:100])
    fetch(patience=QUICK)
    check_index(partial.parent, data, tmp_path)
    assert site.served == [len(data)]


# -------------------------------------------------------------------- wrong bytes


def swapped(data: bytes) -> bytes:
    """Return a file of sound records that differs: its first two records are exchanged."""
    first = 16 + int.from_bytes(data[:8], "little")
    second = first + 16 + int.from_bytes(data[first : first + 8], "little")
    return data[first:second] + data[:first] + data[second:]


def test_other_records(site: Site, cache: Path, data: bytes, official: OfficialFile) -> None:
    site.data = swapped(data)
    found = hashlib.sha256(site.data).hexdigest()
    with pytest.raises(FormatError, match=f"expected SHA-256 {official.sha256}, found {found}"):
        fetch()
    assert names_in(cache) == set()
    site.data = data
    fetch()
    assert site.ranges == [None, None]


def test_damaged_records(site: Site, cache: Path, data: bytes) -> None:
    site.data = data[:70_000] + b"\0" + data[70_001:]
    with pytest.raises(FormatError, match=r"record \d+.*not the official .* starts again"):
        fetch()
    assert names_in(cache) == set()


def test_log_in_page(site: Site, partial: Path, data: bytes) -> None:
    partial.write_bytes(data[:1000])
    site.data, site.ignores_range = b"<html>Please log in</html>", True
    with pytest.raises(FormatError, match=f"about {len(data):,} bytes, found 26"):
        fetch()
    assert partial.read_bytes() == data[:1000]


def test_length_untold(site: Site) -> None:
    site.tells_length = False
    with pytest.raises(OSError, match="does not say how long"):
        fetch()


# -------------------------------------------------------------------- a file that is here


def test_from_file(site: Site, cache: Path, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(data)
    fetch(source=tmp_path / "mine")
    check_index(cache, data, tmp_path)
    assert (tmp_path / "mine").read_bytes() == data
    assert not site.requests


def test_from_another_file(cache: Path, data: bytes, tmp_path: Path) -> None:
    source = tmp_path / "mine"
    source.write_bytes(swapped(data))
    with pytest.raises(FormatError, match=r"expected SHA-256 .*, found .*accept_any=True"):
        fetch(source=source)
    assert names_in(cache) == set()


def test_from_the_other_official_file(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(data)
    with pytest.raises(FormatError, match=rf"found \w+, that of {NAME} "):
        fetch("only108", source=tmp_path / "mine")


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        ({"which": "half"}, "which='half' is not allowed; use 'full' or 'only108'"),
        ({"source": "ftp://host/file"}, "one of http or https"),
        ({"base_url": "file:///etc"}, "one of http or https"),
        ({"source": "http://host/a b"}, "without spaces"),
        ({"source": "http://[::1/a"}, "URL 'http://.*' is not allowed: Invalid IPv6 URL"),
        (
            {"base_url": "http://host:abc"},
            "URL 'http://host:abc/.*' is not allowed: .*",
        ),
        ({"base_url": "http://me:S3cret@host"}, "^a URL with a user's name is not allowed"),
        ({"source": "a\0b"}, "null characters"),
        ({"accept_any": True}, "a download is always checked"),
    ],
)
def test_wrong_arguments(site: Site, arguments: dict[str, Any], pattern: str) -> None:
    with pytest.raises(ValueError, match=pattern):
        fetch(**arguments)
    assert not site.requests


# -------------------------------------------------------------------- a compiled index


@pytest.fixture(scope="module")
def index_data(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("index")
    (folder / NAME).write_bytes(data)
    nb101fast.compile(folder / NAME, folder / "compiled.nb101")
    return (folder / "compiled.nb101").read_bytes()


@pytest.fixture
def index_sha256(site: Site, index_data: bytes) -> str:
    """The site has the index. This is its digest."""
    site.data = index_data
    return hashlib.sha256(index_data).hexdigest()


def test_an_index_is_downloaded_as_it_is(
    cache: Path, site: Site, index_data: bytes, index_sha256: str
) -> None:
    seen: list[tuple[int, int]] = []
    site.cuts = [1000, 0, 5000]
    path = fetch_index(
        f"{site.url}/x?key=secret",
        index_sha256,
        patience=QUICK,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert path == cache / CACHED_NAMES[0]
    assert path.read_bytes() == index_data
    assert names_in(cache) == {CACHED_NAMES[0], f"{CACHED_NAMES[0]}.lock"}
    assert site.ranges == [None, "bytes=1000-", "bytes=1000-", "bytes=6000-"]
    assert seen[-1] == (len(index_data), len(index_data))
    assert nb101fast.open().path == str(path)


def test_a_partial_index_is_continued_but_not_one_of_another_digest(
    site: Site, partial: Path, index_data: bytes, index_sha256: str
) -> None:
    parts = [
        partial.with_name(f"{CACHED_NAMES[0]}.{start}.part")
        for start in (index_sha256[:8], "0" * 8)
    ]
    for part in parts:
        part.write_bytes(index_data[:700])
    assert fetch_index(site.url, index_sha256.upper()).read_bytes() == index_data
    assert site.ranges == ["bytes=700-"]
    assert [part.exists() for part in parts] == [False, True]


def test_an_index_of_another_digest_is_refused(
    cache: Path, site: Site, index_data: bytes, index_sha256: str
) -> None:
    site.data = index_data[:-1] + b"?"
    found = hashlib.sha256(site.data).hexdigest()
    with pytest.raises(
        FormatError,
        match=f"not the expected {CACHED_NAMES[0]}: expected .*{index_sha256}, found {found}",
    ):
        fetch_index(site.url, index_sha256)
    assert names_in(cache) == {f"{CACHED_NAMES[0]}.lock"}


def test_an_index_that_is_damaged_is_refused_even_if_its_digest_is_right(
    cache: Path, site: Site, index_data: bytes
) -> None:
    middle = len(index_data) // 2
    site.data = index_data[:middle] + bytes([index_data[middle] ^ 1]) + index_data[middle + 1 :]
    with pytest.raises(FormatError, match="the download is removed"):
        fetch_index(site.url, hashlib.sha256(site.data).hexdigest())
    assert names_in(cache) == {f"{CACHED_NAMES[0]}.lock"}


def test_an_index_that_is_there_is_kept_unless_forced(site: Site, index_sha256: str) -> None:
    path = fetch_index(site.url, index_sha256)
    before = path.stat().st_ino
    assert fetch_index(site.url, index_sha256).stat().st_ino == before
    assert len(site.requests) == 1
    assert fetch_index(site.url, index_sha256, force=True).stat().st_ino != before


@pytest.mark.parametrize(
    ("arguments", "kind", "pattern"),
    [
        (("ftp://host/file", "0" * 64), ValueError, "one of http or https"),
        (("http://host/file", "0" * 63), ValueError, "use 64 hexadecimal digits"),
        (("http://host/file", b"0" * 64), TypeError, "sha256=.* use text"),
        ((Path("file"), "0" * 64), TypeError, "url=.* use text"),
        (("http://host/file", "0" * 64, "half"), ValueError, "use 'full' or 'only108'"),
    ],
)
def test_wrong_arguments_for_an_index(
    site: Site, arguments: tuple[Any, ...], kind: type[Exception], pattern: str
) -> None:
    with pytest.raises(kind, match=pattern):
        fetch_index(*arguments)


def test_the_command_takes_an_index(
    capsys: pytest.CaptureFixture[str], site: Site, index_sha256: str
) -> None:
    assert main(["fetch", "--only108", "--index", site.url, "--sha256", index_sha256]) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(rf".*{CACHED_NAMES[1]}: 300 cells, 3,600 runs; .*\n", out)
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (["--index", "http://host/x"], "--index URL and --sha256 DIGITS go together"),
        (["--sha256", "0" * 64], "--index URL and --sha256 DIGITS go together"),
        (["--index", "http://host/x", "--sha256", "0"], "--sha256 '0' is not allowed"),
        (["--index", "http://host/x", "--sha256", "0" * 64, "--keep"], "--keep is not allowed"),
        (["--index", "http://127.0.0.1:9/x", "--sha256", "0" * 64], "opened by its name"),
    ],
)
def test_the_command_complains_about_an_index(
    capsys: pytest.CaptureFixture[str], arguments: list[str], pattern: str
) -> None:
    assert main(["fetch", *arguments]) == 2
    assert re.search(pattern, capsys.readouterr().err)


# -------------------------------------------------------------------- the command


def test_command(capsys: pytest.CaptureFixture[str], cache: Path) -> None:
    assert main(["fetch", "--keep"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{cache / CACHED_NAMES[0]}: 300 cells, 3,600 runs; nb101fast.open() opens it\n"
    assert err == ""


def test_command_any(capsys: pytest.CaptureFixture[str], data: bytes, tmp_path: Path) -> None:
    source = tmp_path / "mine"
    source.write_bytes(swapped(data))
    assert main(["fetch", "--only108", "--from", str(source)]) == 1
    assert main(["fetch", "--only108", "--from", str(source), "--any"]) == 0
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 2
    assert "; --any compiles it still" in err[0]
    assert err[1].endswith("bytes); it is compiled all the same")
    assert nb101fast.open().path.endswith(CACHED_NAMES[1])


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--from", "missing"], 2), (["--base-url", "x"], 2), (["--any"], 2), (["--from", "."], 2)],
)
def test_command_complains(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    assert main(["fetch", *arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"nb101fast: [^\n]+\n", err)


# -------------------------------------------------------------------- processes

COMMAND = """
import json, signal, sys
from nb101fast.__main__ import main
from nb101fast.official_files import OFFICIAL_FILES, OfficialFile

official, limit, *arguments = sys.argv[1:]
OFFICIAL_FILES["full"] = OfficialFile(*json.loads(official))
signal.signal(signal.SIGINT, signal.default_int_handler)
if int(limit):
    import resource
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
sys.exit(main(["fetch", *arguments]))
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(official: OfficialFile) -> Iterator[Start]:
    """Starts `nb101fast fetch` in a process that may write files of `limit` bytes."""
    processes = []

    def start(*arguments: str, limit: int = 0) -> subprocess.Popen[str]:
        facts = json.dumps([official.name, official.sha256, official.about_bytes])
        command = [sys.executable, "-W", "error", "-c", COMMAND, facts, str(limit), *arguments]
        process = child_processes.start(command)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def hold(site: Site, partial: Path, count: int) -> None:
    """Wait until `count` bytes have come, behind which the site holds the rest back."""
    assert site.held.wait(PATIENCE)
    wait_for(lambda: partial.stat().st_size == count)


def test_two_at_once(site: Site, cache: Path, data: bytes, tmp_path: Path, start: Start) -> None:
    site.hold_after = 100_000
    first = start()
    assert site.held.wait(PATIENCE)
    second = start()
    assert second.stderr
    line = second.stderr.readline()
    assert line == f"another fetch of {NAME} is under way; waiting for it to end\n"
    site.released.set()
    outputs = [process.communicate(timeout=PATIENCE) for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert outputs[0][0] == outputs[1][0]
    assert "is there" in outputs[1][1]
    assert site.served == [len(data)]
    check_index(cache, data, tmp_path)


@posix_only
def test_first_of_two_killed(site: Site, data: bytes, partial: Path, start: Start) -> None:
    site.hold_after = 100_000
    first = start()
    hold(site, partial, 100_000)
    second = start("--force")
    assert second.stderr
    assert "waiting" in second.stderr.readline()
    first.kill()
    assert "continues after 100,000 bytes" in second.communicate(timeout=PATIENCE)[1]
    assert second.returncode == 0
    assert site.ranges == [None, "bytes=100000-"]


@posix_only
def test_killed_and_gone_on(
    site: Site, data: bytes, partial: Path, tmp_path: Path, start: Start
) -> None:
    site.hold_after = 123_456
    process = start()
    hold(site, partial, 123_456)
    process.kill()
    assert process.wait(PATIENCE) == -signal.SIGKILL
    assert names_in(partial.parent) == {partial.name}
    fetch()
    assert site.ranges == [None, "bytes=123456-"]
    assert site.served[1] == len(data) - 123_456
    check_index(partial.parent, data, tmp_path)


@posix_only
def test_interrupted(site: Site, data: bytes, partial: Path, start: Start) -> None:
    site.hold_after = 5000
    process = start()
    hold(site, partial, 5000)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "")
    assert re.fullmatch(r"nb101fast: interrupted; .* goes on from there\n", err)
    assert partial.read_bytes() == data[:5000]


@posix_only
def test_full_disk(site: Site, data: bytes, partial: Path, tmp_path: Path, start: Start) -> None:
    process = start(limit=50_000)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "")
    assert re.fullmatch(r"nb101fast: .*File too large after [\d,]+ bytes, which are kept.*\n", err)
    assert names_in(partial.parent) == {partial.name}
    assert partial.read_bytes() == data[:50_000]
    fetch()
    assert site.ranges == [None, "bytes=50000-"]
    check_index(partial.parent, data, tmp_path)


@posix_only
def test_no_room_for_the_index(
    site: Site, data: bytes, partial: Path, tmp_path: Path, start: Start
) -> None:
    partial.write_bytes(data)
    process = start(limit=10_000)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "the whole download is kept" in err
    assert re.fullmatch(r"nb101fast: .*File too large.*", err.splitlines()[-1])
    assert names_in(partial.parent) == {partial.name}
    fetch()
    assert not site.requests
    check_index(partial.parent, data, tmp_path)
