"""An official file from the network into the user's cache, compiled while it downloads."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from . import _core, index
from .compiler import Findings, make_provenance
from .index import FormatError, cache_folder, checked_name
from .inputs import Meter, Progress, estimated_records, read_input
from .official_files import OFFICIAL_FILES, OfficialFile
from .progress import tell

if TYPE_CHECKING:
    from .download import Download, Patience

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

BASE_URL = "https://storage.googleapis.com/nasbench"
BASE_URL_VARIABLE = "NB101FAST_BASE_URL"

_LOCK_POLL_SECONDS = 0.1

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
            from .download import Download, Patience  # the network's modules, for this alone

            partial = target.with_name(f"{official.name}.part")
            download = Download(url, partial, official, patience or Patience(), progress)
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
    tell(f"{target} is there; --force makes it anew")
    return target


@contextlib.contextmanager
def _lock(path: Path, name: str) -> Iterator[None]:
    """Held by one process; the system lets it go when that process ends, however it ends."""
    with open(path, "ab") as file:
        if not _try_lock(file.fileno()):
            tell(f"another fetch of {name} is under way; waiting for it to end")
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
        text = f"{path}: {official.difference(source.sha256, source.num_bytes)}"
        if not accept_any:
            raise FormatError(f"{text}; --any compiles it still")
        tell(f"{text}; compiled all the same")
    _write_index(table, target, asdict(source), synthetic=source.synthetic)


def _write_index(
    table: _core.RunTable, target: Path, source: dict[str, Any], *, synthetic: bool = False
) -> None:
    assembly = _core.IndexAssembly(table, threads=os.cpu_count() or 1)
    findings = Findings(**table.findings)
    provenance = make_provenance([source], findings=findings, synthetic=synthetic)
    assembly.write(str(target), json.dumps(provenance))


def _compile_download(download: Download, target: Path, keep_tfrecord: bool) -> None:
    partial, name = download.partial, download.official.name
    intake = download.complete()
    source = intake.finish(name, partial.stat().st_mtime_ns)
    try:
        _write_index(intake.table, target, asdict(source) | {"url": download.shown_url})
    except OSError:
        tell(f"{partial}: the whole download is kept; the next fetch goes on from there")
        raise
    if keep_tfrecord:
        partial.replace(target.with_name(name))
    else:
        partial.unlink()
