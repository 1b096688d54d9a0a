"""An official file from the network into the user's cache, compiled while it downloads."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from . import _core, index
from .compiler import Findings, make_provenance
from .index import FormatError, cache_folder, checked_name
from .inputs import (
    CHUNK_BYTES,
    RECORD_BYTES,
    Meter,
    Progress,
    Source,
    estimated_records,
    read_input,
)

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

BASE_URL = "https://storage.googleapis.com/nasbench"
BASE_URL_VARIABLE = "NB101FAST_BASE_URL"

_RECEIVE_BYTES = 1 << 20  # at most at once; a socket seldom holds more
_SIZE_TOLERANCE = 0.05  # sizes are published rounded; a log-in page is far from any of them
_LOCK_POLL_SECONDS = 0.1
_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})  # worth another try
_UNSATISFIABLE = 416  # nothing of the file lies behind the bytes that are here

Which = Literal["full", "only108"]


@dataclass(frozen=True)
class OfficialFile:
    """A published file; its digest decides, its size only refuses other things early."""

    name: str
    sha256: str
    about_bytes: int

    @property
    def index_name(self) -> str:
        """Of its index in the cache, where `open()` looks."""
        return str(Path(self.name).with_suffix(".nb101"))


OFFICIAL_FILES = {
    "full": OfficialFile(
        "nasbench_full.tfrecord",
        "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c",
        2_086_000_000,
    ),
    "only108": OfficialFile(
        "nasbench_only108.tfrecord",
        "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
        522_800_000,
    ),
}


@dataclass(frozen=True)
class Patience:
    """How long to bear with a bad connection."""

    timeout: float = 30.0  # seconds without a byte
    retries: int = 6  # after tries in a row that bring no byte more
    first_delay: float = 1.0  # seconds before a retry, doubled by each such try
    longest_delay: float = 30.0

    def delay(self, barren: int) -> float:
        """Seconds to wait after so many tries in a row that brought no byte more."""
        return float(min(self.first_delay * 2**barren, self.longest_delay))


def fetch(
    which: Which = "full",
    *,
    source: str | os.PathLike[str] | None = None,
    base_url: str | None = None,
    accept_any: bool = False,
    force: bool = False,
    keep_tfrecord: bool = False,
    expected: OfficialFile | None = None,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Path:
    """Download an official file and compile it into the cache, where `open()` finds it.

    What was downloaded before an interruption is kept, and the next call goes on from there. Of
    calls at the same time one downloads, and the others wait for its result.

    Args:
        which: "full", or "only108" for the 108-epoch runs alone.
        source: a file that is here already, or another URL (http or https).
        base_url: the folder to download from; None: `$NB101FAST_BASE_URL`, then the official one.
        accept_any: compile a file that is here already whatever its SHA-256.
        force: make the index anew where there is one.
        keep_tfrecord: keep the downloaded file too, beside the index.
        expected: another file than the official one, as on a mirror of subsets.
        patience: with a bad connection; None for the defaults.
        progress: called with the bytes done and the bytes in all.

    Returns:
        The index file.

    Raises:
        FormatError: not the official file. No index is written, and a download begins anew.
        OSError: no connection, or no room; what was downloaded is kept.

    Example:
        >>> nb101fast.open(nb101fast.fetch("only108"))
    """
    if which not in OFFICIAL_FILES:
        allowed = ", ".join(map(repr, OFFICIAL_FILES))
        raise ValueError(f"which={which!r}; {allowed} are allowed")
    official = expected or OFFICIAL_FILES[which]
    path, url = _origin(official, source, base_url)
    if accept_any and path is None:
        raise ValueError("accept_any needs a file that is here: a download is always checked")
    target = cache_folder() / official.index_name
    checked_name(target)
    before = _identity(target)
    if before and not force:
        return _already_there(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _lock(target.with_name(f"{official.name}.lock"), official.name):
        now = _identity(target)
        if now and (now != before or not force):
            return _already_there(target)
        if path is not None:
            _compile_file(path, target, official, accept_any, progress)
        else:
            partial = target.with_name(f"{official.name}.part")
            download = _Download(url, partial, official, patience or Patience(), progress)
            _compile_download(download, target, keep_tfrecord)
    return target


def _origin(
    official: OfficialFile, source: str | os.PathLike[str] | None, base_url: str | None
) -> tuple[str | None, str]:
    """The file that is here, or None and the URL."""
    if source is None:
        base = base_url or os.environ.get(BASE_URL_VARIABLE) or BASE_URL
        return None, _checked_url(f"{base.rstrip('/')}/{official.name}")
    name = checked_name(source)
    return (None, _checked_url(name)) if "://" in name else (name, "")


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"URL {url!r}; one of http or https is allowed")
    if re.search(r"[^!-~]", url):
        raise ValueError(f"URL {url!r}; printable ASCII without spaces is allowed")
    return url


def _identity(target: Path) -> tuple[int, int] | None:
    """What tells one file of this name from the next; None for no file."""
    try:
        state = target.stat()
    except FileNotFoundError:
        return None
    return state.st_ino, state.st_mtime_ns


def _already_there(target: Path) -> Path:
    try:
        index.open(target)
    except FormatError as error:
        raise FormatError(f"{error}; --force makes it anew") from None
    _tell(f"{target} is there; --force makes it anew")
    return target


def _tell(text: str) -> None:
    """One line for the user, in place of a progress bar that may be there."""
    print(f"\r\x1b[K{text}" if sys.stderr.isatty() else text, file=sys.stderr, flush=True)


# -------------------------------------------------------------------- one fetch at a time


@contextlib.contextmanager
def _lock(path: Path, name: str) -> Iterator[None]:
    """Held by one process; the system lets it go when that process ends, however it ends."""
    with open(path, "ab") as file:
        if not _try_lock(file.fileno()):
            _tell(f"another fetch of {name} is under way; waiting for it to end")
            while not _try_lock(file.fileno()):
                time.sleep(_LOCK_POLL_SECONDS)
        yield


if sys.platform == "win32":

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


# -------------------------------------------------------------------- bytes to an index


def _compile_file(
    path: str, target: Path, official: OfficialFile, accept_any: bool, progress: Progress | None
) -> None:
    table = _core.RunTable()
    table.reserve(estimated_records(path))
    meter = Meter(os.path.getsize(path), progress)
    source = read_input(table, path, os.cpu_count() or 1, meter)
    if source.sha256 != official.sha256:
        text = f"{path}: {_difference(official, source.sha256, source.num_bytes)}"
        if not accept_any:
            raise FormatError(f"{text}; --any compiles it still")
        _tell(f"{text}; compiled all the same")
    _write_index(table, target, asdict(source), synthetic=source.synthetic)


def _write_index(
    table: _core.RunTable, target: Path, source: dict[str, Any], *, synthetic: bool = False
) -> None:
    assembly = _core.IndexAssembly(table, threads=os.cpu_count() or 1)
    marks: dict[str, Any] = {"findings": Findings(**table.findings).told()}
    if synthetic:
        marks["synthetic"] = True
    assembly.write(str(target), json.dumps(make_provenance([source], **marks)))


def _difference(official: OfficialFile, sha256: str, num_bytes: int) -> str:
    known = {file.sha256: file.name for file in OFFICIAL_FILES.values()}
    name = f", that of {known[sha256]}" if sha256 in known else ""
    return (
        f"not the official {official.name}: expected SHA-256 {official.sha256}, "
        f"found {sha256}{name} ({num_bytes:,} bytes)"
    )


class _Intake:
    """Digests and parses the bytes of a TFRecord as they come."""

    def __init__(self, source: str, num_bytes: int) -> None:
        self.table = _core.RunTable()
        self.table.reserve(num_bytes // RECORD_BYTES)
        self._reader = _core.RecordReader(self.table, source, os.cpu_count() or 1)
        self._digest = hashlib.sha256()
        self.num_bytes = 0

    def feed(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self.num_bytes += len(chunk)
        self._reader.feed(chunk)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def finish(self, name: str, modified_ns: int) -> Source:
        self._reader.finish()
        records = self._reader.num_records
        return Source(name, self.num_bytes, self.sha256, records, modified_ns, "tfrecord")


# -------------------------------------------------------------------- a download


class _Cut(Exception):  # noqa: N818 - no error yet: another try follows
    """A connection ended before the file did."""


def _compile_download(download: _Download, target: Path, keep_tfrecord: bool) -> None:
    partial, name = download.partial, download.official.name
    intake = download.complete()
    source = intake.finish(name, partial.stat().st_mtime_ns)
    try:
        _write_index(intake.table, target, asdict(source) | {"url": download.shown_url})
    except OSError:
        _tell(f"{partial}: the whole download is kept; the next fetch goes on from there")
        raise
    if keep_tfrecord:
        partial.replace(target.with_name(name))
    else:
        partial.unlink()


class _Download:
    """A file on its way into its partial file, which outlives interruptions, and an intake."""

    def __init__(
        self,
        url: str,
        partial: Path,
        official: OfficialFile,
        patience: Patience,
        progress: Progress | None,
    ) -> None:
        self.partial, self.official = partial, official
        self.shown_url = urlsplit(url)._replace(query="", fragment="").geturl()
        self._url, self._patience, self._progress = url, patience, progress
        self._is_reached = False
        self._total: int | None = None
        self._tag: str | None = None  # the server's name for this version of the file
        self._intake = self._new_intake()

    def complete(self) -> _Intake:
        """Download what is missing. The intake of the whole, whose digest is as expected."""
        try:
            with open(self.partial, "ab", buffering=0) as self._file:
                self._read_back()
                if self._intake.sha256 != self.official.sha256:
                    self._receive_all()
                self._check()
        finally:
            with contextlib.suppress(FileNotFoundError):
                if self.partial.stat().st_size == 0:
                    self.partial.unlink()
        return self._intake

    def _new_intake(self) -> _Intake:
        return _Intake(self.shown_url, self.official.about_bytes)

    def _read_back(self) -> None:
        """Take in what an earlier fetch left."""
        try:
            with open(self.partial, "rb", buffering=0) as file:
                while chunk := file.read(CHUNK_BYTES):
                    self._intake.feed(chunk)
                    self._show_progress()
        except FormatError as error:
            self._begin_anew(f"{self.partial} is damaged ({error})")
        if self._intake.num_bytes:
            _tell(f"{self.partial}: going on after {self._intake.num_bytes:,} bytes")

    def _begin_anew(self, reason: str) -> None:
        _tell(f"{reason}; beginning anew")
        self._file.truncate(0)
        self._intake = self._new_intake()
        self._total = self._tag = None

    def _check(self) -> None:
        sha256 = self._intake.sha256
        if sha256 != self.official.sha256:
            self._file.truncate(0)
            raise FormatError(
                f"{self.shown_url}: {_difference(self.official, sha256, self._intake.num_bytes)}; "
                "the download is removed, and the next fetch begins anew"
            )

    # ---------------------------------------------------------------- connections

    def _receive_all(self) -> None:
        barren, furthest = 0, self._intake.num_bytes
        while True:
            try:
                return self._receive()
            except _Cut as cut:
                barren = 0 if self._intake.num_bytes > furthest else barren + 1
                furthest = max(furthest, self._intake.num_bytes)
                self._wait(str(cut), barren)

    def _wait(self, reason: str, barren: int) -> None:
        so_far = f"{self._intake.num_bytes:,} bytes"
        if barren > self._patience.retries:
            raise ConnectionError(
                f"{self.shown_url}: {reason}; given up after {barren} tries without a byte more; "
                f"{so_far} are kept in {self.partial}, and the next fetch goes on from there"
            )
        delay = self._patience.delay(barren)
        _tell(f"{self.shown_url}: {reason} after {so_far}; trying again in {delay:g} s")
        time.sleep(delay)

    def _receive(self) -> None:
        """What one connection brings; _Cut unless that is all."""
        with contextlib.closing(self._connect()) as response:
            self._is_reached = True
            start, total = self._extent(response)
            if start != self._intake.num_bytes:
                self._begin_anew(f"{self.shown_url}: the server sends the file from its start")
            self._total, self._tag = total, _strong_tag(response)
            while self._intake.num_bytes < total:
                self._take(_received(response))

    def _connect(self) -> http.client.HTTPResponse:
        request = urllib.request.Request(self._url, headers=self._range_headers())
        try:
            response: http.client.HTTPResponse = urllib.request.urlopen(
                request, timeout=self._patience.timeout
            )
        except urllib.error.HTTPError as error:
            error.close()
            raise self._answer(error) from None
        except urllib.error.URLError as error:
            if (
                not self._is_reached
            ):  # no network, no such host, a bad certificate: waiting seldom helps
                raise ConnectionError(f"{self.shown_url}: {error.reason}") from None
            raise _Cut(str(error.reason)) from None
        except (OSError, http.client.HTTPException) as error:
            raise _Cut(_words(error)) from None
        return response

    def _range_headers(self) -> dict[str, str]:
        headers = {"User-Agent": f"nb101fast/{_core.__version__}"}
        if self._intake.num_bytes:
            headers["Range"] = f"bytes={self._intake.num_bytes}-"
            if self._tag:
                headers["If-Range"] = self._tag
        return headers

    def _answer(self, error: urllib.error.HTTPError) -> Exception:
        """What to raise for an answer without the file."""
        if error.code == _UNSATISFIABLE and self._intake.num_bytes:
            self._begin_anew(f"{self.shown_url}: the file is no longer than the partial one")
            return _Cut("nothing more to send")
        text = f"HTTP status {error.code} {error.reason}"
        return (
            _Cut(text) if error.code in _PASSING_STATUSES else OSError(f"{self.shown_url}: {text}")
        )

    def _extent(self, response: http.client.HTTPResponse) -> tuple[int, int]:
        """Where the bytes of an answer begin, and the whole file's size, both plausible."""
        if response.status == http.HTTPStatus.PARTIAL_CONTENT:
            text = response.headers.get("Content-Range", "")
            numbers = re.fullmatch(r"bytes ([0-9]+)-[0-9]+/([0-9]+)", text)
        else:
            text = response.headers.get("Content-Length", "")
            numbers = re.fullmatch(r"()([0-9]+)", text)
        if not numbers:
            raise OSError(f"{self.shown_url}: the server does not say how long the file is")
        start, total = int(numbers[1] or 0), int(numbers[2])
        self._check_total(total)
        if start not in (0, self._intake.num_bytes):
            raise OSError(
                f"{self.shown_url}: asked for the bytes from {self._intake.num_bytes:,} on, the "
                f"server sends those from {start:,} on"
            )
        return start, total

    def _check_total(self, total: int) -> None:
        """Before anything is overwritten."""
        expected = self.official.about_bytes
        if abs(total - expected) > expected * _SIZE_TOLERANCE:
            raise FormatError(
                f"{self.shown_url}: not the official {self.official.name}: expected about "
                f"{expected:,} bytes, found {total:,}"
            )
        if self._intake.num_bytes and self._total not in (None, total):
            self._begin_anew(f"{self.shown_url}: the file changed on the server")
            raise _Cut("another file")

    # ---------------------------------------------------------------- bytes

    def _take(self, chunk: bytes) -> None:
        self._store(chunk)
        try:
            self._intake.feed(chunk)
        except FormatError as error:
            self._file.truncate(0)
            raise FormatError(
                f"{error}; not the official {self.official.name}; the download is removed, and "
                "the next fetch begins anew"
            ) from None
        self._show_progress()

    def _show_progress(self) -> None:
        if self._progress:
            done = self._intake.num_bytes
            self._progress(done, max(done, self._total or self.official.about_bytes))

    def _store(self, chunk: bytes) -> None:
        left = memoryview(chunk)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror} after {self._intake.num_bytes:,} bytes, which are kept: the "
                "next fetch goes on from there",
                str(self.partial),
            ) from None


def _received(response: http.client.HTTPResponse) -> bytes:
    """The bytes that have come, at least one."""
    try:
        chunk = response.read1(_RECEIVE_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _Cut(_words(error)) from None
    if not chunk:
        raise _Cut("the connection was cut")
    return chunk


def _strong_tag(response: http.client.HTTPResponse) -> str | None:
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else None  # a weak one can't vouch for bytes


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
