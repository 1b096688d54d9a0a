"""The compiled copy of an official file: made once, found again, renewed when the file changes."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from . import compiler, index
from .index import INDEX_MAGIC, FormatError, Index, cache_folder
from .inputs import is_frame_start
from .progress import ProgressBar

_START_BYTES = 16  # enough to tell an index from a TFRecord


def open_any(path: str | os.PathLike[str]) -> Index:
    """Open an index, or an official TFRecord by its compiled copy.

    The copy lies beside the file, `.nb101` in place of its suffix, or in the cache where that
    folder can't be written or that name is taken by something else.

    Raises:
        FormatError: neither an index nor a TFRecord; told by the contents, not by the name.
    """
    name = os.fspath(path)
    with open(name, "rb") as file:
        start = file.read(_START_BYTES)
    if start.startswith(INDEX_MAGIC):
        return index.open(name)
    if not is_frame_start(start):
        raise FormatError(
            f"{name}: byte 0: neither an index nor a TFRecord file: it begins with {start!r}"
        )
    return _compiled(Path(name).resolve())


def _compiled(source: Path) -> Index:
    beside, cached = source.with_suffix(".nb101"), _place_in_cache(source)
    for place in (beside, cached):
        if (copy := _copy_at(place, source)) and _is_current(copy, source):
            return copy
    is_free = beside != source and (not beside.exists() or _copy_at(beside, source) is not None)
    if is_free and os.access(source.parent, os.W_OK):
        return _compile(source, beside)
    cached.parent.mkdir(parents=True, exist_ok=True)
    return _compile(source, cached)


def _place_in_cache(source: Path) -> Path:
    # Files of one name in many folders have copies of their own.
    digest = hashlib.sha256(os.fsencode(source)).hexdigest()
    return cache_folder() / f"{source.stem}-{digest[:16]}.nb101"


def _copy_at(place: Path, source: Path) -> Index | None:
    """The index at a place if it was compiled from a file of this name alone."""
    try:
        copy = index.open(place)
    except (OSError, FormatError):
        return None
    names = [known.get("name") for known in copy.provenance.get("sources", [])]
    return copy if names == [source.name] else None


def _is_current(copy: Index, source: Path) -> bool:
    known, now = copy.provenance["sources"][0], source.stat()
    recorded = known.get("num_bytes"), known.get("modified_ns")
    return recorded == (now.st_size, now.st_mtime_ns)


def _compile(source: Path, target: Path) -> Index:
    print(f"compiling {source} once, into {target}", file=sys.stderr)
    with ProgressBar("compiling") as bar:
        compiler.compile(source, target, progress=bar)
    return index.open(target)
