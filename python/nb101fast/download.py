"""Downloads one file. A partial file survives interruptions; bytes are checked as they arrive."""

from __future__ import annotations

import contextlib
import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from . import _core
from ._core import FormatError, visible
from .inputs import CHUNK_BYTES
from .intake import Intake
from .official_files import PublishedFile
from .progress import Phases, tell
from .regular_file import open_own

_RECEIVE_BYTES = 1 << 20  # A socket seldom holds more bytes at once.
_SIZE_TOLERANCE = 0.05  # Published sizes are rounded; a log-in page is much smaller.
_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})  # Another try may succeed.
_UNSATISFIABLE = 416  # The file has no bytes after those that are already here.


@dataclass(frozen=True)
class Patience:
    """How long a download keeps trying when the connection is bad.

    Attributes:
        timeout: seconds without a byte, after which a connection counts as cut.
        retries: how many tries in a row may bring no new byte.
        first_delay: seconds to wait after a connection that brought new bytes and then broke. Each
            try in a row without a new byte doubles the delay.
        longest_delay: the longest delay in seconds.
    """

    timeout: float = 30.0
    retries: int = 6
    first_delay: float = 1.0
    longest_delay: float = 30.0

    def delay(self, barren: int) -> float:
        """Seconds to wait after this number of tries in a row that brought no new byte."""
        return float(min(self.first_delay * 2**barren, self.longest_delay))


AnyIntake = TypeVar("AnyIntake", bound=Intake)


class _Cut(Exception):  # noqa: N818 - It is not an error, because another try follows.
    """A connection ended before the file did."""


class Download(Generic[AnyIntake]):
    """A file that is being downloaded into a partial file and fed to an intake.

    Args:
        url: where the file is.
        partial: what was downloaded so far. It may be missing.
        expected: the file that must arrive.
        new_intake: makes an intake. It is called again where the download starts again.
        patience: how long to try again with a bad connection.
        phases: is told how far the download is.
    """

    def __init__(
        self,
        url: str,
        partial: Path,
        expected: PublishedFile,
        new_intake: Callable[[], AnyIntake],
        patience: Patience,
        phases: Phases,
    ) -> None:
        self.partial, self.expected, self._new_intake = partial, expected, new_intake
        self.shown_url = shown_url(url)
        self._url, self._patience, self._phases = url, patience, phases
        self._is_reached = False
        self._total: int | None = None
        self._tag: str | None = None  # The server gives each version of the file another tag.
        self._intake = self._new_intake()

    def complete(self) -> AnyIntake:
        """Download what is missing, check the digest, and return the intake of the whole file."""
        try:
            with open(self.partial, "ab", 0, opener=open_own) as self._file:
                self._phases.begin("reading what is there")
                self._read_back()
                self._phases.begin("downloading")
                if self._intake.sha256 != self.expected.sha256:
                    self._receive_all()
                self._check()
        finally:
            with contextlib.suppress(FileNotFoundError):
                if self.partial.stat().st_size == 0:
                    self.partial.unlink()
        return self._intake

    def _read_back(self) -> None:
        """Parse the bytes that an earlier fetch left."""
        try:
            with open(self.partial, "rb", 0, opener=open_own) as file:
                while chunk := file.read(CHUNK_BYTES):
                    self._intake.feed(chunk)
                    self._show_progress()
        except FormatError as error:
            self._begin_anew(f"{self.partial} is damaged ({error})")
        if self._intake.num_bytes:
            tell(f"{self.partial}: continues after {self._intake.num_bytes:,} bytes")

    def _begin_anew(self, reason: str) -> None:
        tell(f"{reason}; starting again")
        self._file.truncate(0)
        self._intake = self._new_intake()
        self._total = self._tag = None

    def _check(self) -> None:
        sha256 = self._intake.sha256
        if sha256 != self.expected.sha256:
            self._file.truncate(0)
            raise FormatError(
                f"{self.shown_url}: {self.expected.difference(sha256, self._intake.num_bytes)}; "
                "the download is removed, and the next fetch starts again"
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
                f"{self.shown_url}: {reason}; gave up after {barren} tries without a new byte; "
                f"{so_far} are kept in {self.partial}, and the next fetch goes on from there"
            )
        delay = self._patience.delay(barren)
        tell(f"{self.shown_url}: {reason} after {so_far}; trying again in {delay:g} s")
        time.sleep(delay)

    def _receive(self) -> None:
        """Receive what one connection brings; raise _Cut if the file is not complete afterwards."""
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
            # Without a network or such a host, or with a bad certificate, waiting seldom helps.
            if not self._is_reached:
                raise ConnectionError(
                    f"{self.shown_url}: {visible(str(error.reason))}; "
                    f"{self.expected.without_network}"
                ) from None
            raise _Cut(visible(str(error.reason))) from None
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
        """The exception for an answer that does not hold the file."""
        if error.code == _UNSATISFIABLE and self._intake.num_bytes:
            self._begin_anew(f"{self.shown_url}: the file is no longer than the partial one")
            return _Cut("nothing more to send")
        text = f"HTTP status {error.code} {visible(str(error.reason))}"
        return (
            _Cut(text) if error.code in _PASSING_STATUSES else OSError(f"{self.shown_url}: {text}")
        )

    def _extent(self, response: http.client.HTTPResponse) -> tuple[int, int]:
        """The offset at which an answer begins and the size of the whole file, both checked."""
        if response.status == http.HTTPStatus.PARTIAL_CONTENT:
            text = response.headers.get("Content-Range", "")
            numbers = re.fullmatch(r"bytes ([0-9]+)-[0-9]+/([0-9]+)", text)
        else:
            text = response.headers.get("Content-Length", "")
            numbers = re.fullmatch(r"()([0-9]+)", text)
        if not numbers:
            raise OSError(
                f"{self.shown_url}: the server does not say how long the file is; use another "
                "server, or download the file in another way and name it as source"
            )
        start, total = int(numbers[1] or 0), int(numbers[2])
        self._check_total(total)
        if start not in (0, self._intake.num_bytes):
            raise OSError(
                f"{self.shown_url}: asked for the bytes from {self._intake.num_bytes:,} on, the "
                f"server sends those from {start:,} on"
            )
        return start, total

    def _check_total(self, total: int) -> None:
        """Check the size that the server states, before anything is overwritten."""
        expected = self.expected.about_bytes
        if expected and abs(total - expected) > expected * _SIZE_TOLERANCE:
            raise FormatError(
                f"{self.shown_url}: not the {self.expected.title}: expected about "
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
                f"{error}; not the {self.expected.title}; the download is removed, and "
                "the next fetch starts again"
            ) from None
        self._show_progress()

    def _show_progress(self) -> None:
        done = self._intake.num_bytes
        self._phases(done, max(done, self._total or self.expected.about_bytes))

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


def shown_url(url: str) -> str:
    """The URL without its query, which may hold a key."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _received(response: http.client.HTTPResponse) -> bytes:
    """The bytes that have arrived, at least one."""
    try:
        chunk = response.read1(_RECEIVE_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _Cut(_words(error)) from None
    if not chunk:
        raise _Cut("the connection was cut")
    return chunk


def _strong_tag(response: http.client.HTTPResponse) -> str | None:
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else None  # A weak tag does not identify the bytes.


def _words(error: Exception) -> str:
    return visible(str(error)) or type(error).__name__
