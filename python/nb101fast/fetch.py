"""Downloads the official results into the user's cache: the official file, or an index of it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from ._core import FormatError
from .builder import IndexBuilder
from .checks import check_choice, check_type
from .file_lock import locked
from .file_names import checked_name
from .inputs import Meter, estimated_records
from .intake import Intake, RecordIntake
from .locations import cache_folder
from .official_files import OFFICIAL_FILES, OfficialFile, PublishedFile
from .progress import Phases, Progress, tell, told
from .reader import IndexReader

if TYPE_CHECKING:
    from .download import Patience

BASE_URL = "https://storage.googleapis.com/nasbench"
BASE_URL_VARIABLE = "NB101FAST_BASE_URL"

Which = Literal["full", "only108"]


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

    What was downloaded before an interruption is kept, and the next call goes on from there. If
    several processes fetch at the same time, one downloads and the others wait for its result.

    Args:
        which: "full" for all runs, or "only108" for the runs of 108 epochs.
        source: a local file, or another URL (http or https).
        base_url: the folder to download from. None takes `$NB101FAST_BASE_URL`, or the official
            folder if that is not set.
        accept_any: compile a local file even if its SHA-256 is not that of the official file.
        force: make a new index, even if the cache already has one.
        keep_tfrecord: also keep the downloaded file, next to the index.
        expected: an `nb101fast.official_files.OfficialFile`, the file to expect in place of the
            official one, if a mirror has another file.
        patience: an `nb101fast.download.Patience`, how long to try again with a bad connection;
            None for the defaults.
        progress: True for a bar, or a function that is called with the number of bytes done and the
            number of bytes in all.

    Returns:
        The index file.

    Raises:
        FormatError: the file is not the expected one. No index is written, and the next call
            downloads the file from its start.
        OSError: there is no connection, or no room on the disk. What was downloaded is kept.
        ValueError: an argument or the URL is not allowed.

    Example:
        >>> nb101fast.open(nb101fast.fetch("only108"))
    """
    official = _official(which) if expected is None else expected
    check_type("expected", official, OfficialFile, use="an OfficialFile")
    path, url = _origin(official, source, base_url)
    if accept_any and path is None:
        raise ValueError(
            "accept_any=True is for a local file, source=FILE: a download is always checked"
        )

    def make(target: Path, phases: Phases) -> None:
        if path is not None:
            _compile_file(path, target, official, accept_any, phases)
        else:
            _compile_download(url, target, official, keep_tfrecord, patience, phases)

    return _in_cache(official.index_name, official.name, make, force, progress)


def fetch_index(
    url: str,
    sha256: str,
    which: Which = "full",
    *,
    force: bool = False,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Path:
    """Download a compiled index of an official file into the cache, where `open()` finds it.

    An index has a tenth of the size of the official file. What was downloaded before an
    interruption is kept, and the next call goes on from there. The index is checked as
    `open(verify="full")` does before it takes its place.

    Args:
        url: the index (http or https).
        sha256: the SHA-256 of the index, from a source that you trust.
        which: "full" for an index of all runs, or "only108" for one of the runs of 108 epochs.
        force: download the index even if the cache already has one.
        patience: how long to try again with a bad connection; None for the defaults.
        progress: True for a bar, or a function that is called with the number of bytes done and the
            number of bytes in all.

    Returns:
        The index file.

    Raises:
        FormatError: the file has another SHA-256, or is not a valid index. It is removed.
        OSError: there is no connection, or no room on the disk. What was downloaded is kept.

    Example:
        >>> nb101fast.fetch_index("https://example.org/nasbench_full.nb101", sha256="5c1f...")
    """
    name = _official(which).index_name
    expected = PublishedFile(name, _checked_sha256(sha256))
    check_type("url", url, str, use="text")
    checked = _checked_url(url)

    def make(target: Path, phases: Phases) -> None:
        _place_index(checked, target, expected, patience, phases)

    return _in_cache(name, name, make, force, progress)


def _official(which: Which) -> OfficialFile:
    check_choice("which", which, OFFICIAL_FILES)
    return OFFICIAL_FILES[which]


def _in_cache(
    index_name: str,
    fetched_name: str,
    make: Callable[[Path, Phases], None],
    force: bool,
    progress: Progress | None,
) -> Path:
    """The index of this name in the cache. One process at a time makes it if it is missing."""
    target = cache_folder() / index_name
    checked_name(target)
    before = _identity(target)
    if before and not force:
        return _already_there(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    waiting = f"another fetch of {fetched_name} is under way; waiting for it to end"
    with locked(target.with_name(f"{fetched_name}.lock"), lambda: tell(waiting)):
        now = _identity(target)
        if now and (now != before or not force):
            return _already_there(target)
        with told(progress, "fetching") as phases:
            make(target, phases)
    return target


def _origin(
    official: OfficialFile, source: str | os.PathLike[str] | None, base_url: str | None
) -> tuple[str | None, str]:
    """The name of the local file, or None and the URL to download from."""
    if source is None:
        base = base_url or os.environ.get(BASE_URL_VARIABLE) or BASE_URL
        return None, _checked_url(f"{base.rstrip('/')}/{official.name}")
    name = checked_name(source)
    return (None, _checked_url(name)) if "://" in name else (name, "")


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0  # A port that is no number is an error.
    except ValueError as error:
        raise ValueError(f"URL {url!r} is not allowed: {error}; use another one") from None
    if "@" in parts.netloc:  # The URL is not shown, because it may hold a password.
        raise ValueError("a URL with a user's name is not allowed; use one without it")
    if parts.scheme not in ("http", "https") or not has_host:
        raise ValueError(f"URL {url!r} is not allowed; use one of http or https")
    if re.search(r"[^!-~]", url):
        raise ValueError(f"URL {url!r} is not allowed; use printable ASCII without spaces")
    return url


def _checked_sha256(sha256: str) -> str:
    check_type("sha256", sha256, str, use="text")
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", sha256):
        raise ValueError(f"sha256={sha256!r} is not allowed; use 64 hexadecimal digits")
    return sha256.lower()


def _identity(target: Path) -> tuple[int, int] | None:
    """Two numbers that change if the file is replaced; None if there is no file."""
    try:
        state = target.stat()
    except FileNotFoundError:
        return None
    return state.st_ino, state.st_mtime_ns


def _already_there(target: Path) -> Path:
    try:
        IndexReader(target)
    except FormatError as error:
        raise FormatError(f"{error}; force=True makes it again") from None
    tell(f"{target} is there already and is kept, unless you force a new fetch")
    return target


# -------------------------------------------------------------------- bytes to an index


def _compile_file(
    path: str, target: Path, official: OfficialFile, accept_any: bool, phases: Phases
) -> None:
    builder = IndexBuilder()
    builder.reserve(estimated_records(path))
    phases.begin("reading")
    source = builder.add_file(path, Meter(os.path.getsize(path), phases))
    if source.sha256 != official.sha256:
        text = f"{path}: {official.difference(source.sha256, source.num_bytes)}"
        if not accept_any:
            raise FormatError(f"{text}; accept_any=True compiles it still")
        tell(f"{text}; it is compiled all the same", "warning")
    phases.begin("writing")
    builder.finish(target)


def _compile_download(
    url: str,
    target: Path,
    official: OfficialFile,
    keep_tfrecord: bool,
    patience: Patience | None,
    phases: Phases,
) -> None:
    from .download import Download, Patience, shown_url  # They load the network.

    shown = shown_url(url)

    def new_intake() -> RecordIntake:
        return RecordIntake(shown, official.about_bytes)

    partial = target.with_name(f"{official.name}.part")
    download = Download(url, partial, official, new_intake, patience or Patience(), phases)
    builder = download.complete().finish(official.name, partial, shown)
    phases.begin("writing")
    try:
        builder.finish(target)
    except OSError:
        tell(f"{partial}: the whole download is kept; the next fetch goes on from there")
        raise
    if keep_tfrecord:
        partial.replace(target.with_name(official.name))
    else:
        partial.unlink()


def _place_index(
    url: str, target: Path, expected: PublishedFile, patience: Patience | None, phases: Phases
) -> None:
    from .download import Download, Patience  # They load the network.

    partial = target.with_name(f"{expected.name}.{expected.sha256[:8]}.part")
    Download(url, partial, expected, Intake, patience or Patience(), phases).complete()
    phases.begin("checking")
    try:
        IndexReader(partial, verify="full")
    except FormatError as error:
        partial.unlink()
        raise FormatError(f"{error}; the download is removed") from None
    with open(partial, "rb+") as file:
        os.fsync(file.fileno())  # before the name, so that a power failure leaves no empty index
    partial.replace(target)
