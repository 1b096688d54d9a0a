"""The compiled copy of an official file: made once, found again, renewed if the file changes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from . import compiler
from ._core import FormatError
from .file_names import checked_name
from .file_sample import sample_sha256
from .formats import format_of
from .index import Index
from .index import open as open_index
from .locations import cache_folder
from .progress import tell
from .provenance import Marks


def open_any(path: str | os.PathLike[str]) -> Index:
    """Open an index, or an official TFRecord, plain or gzip, by its compiled copy.

    The copy lies beside the file, with `.nb101` in place of its suffix. It lies in the cache if
    that folder can't be written, or if something else has that name: another file, or an index with
    own columns or marks. It is made anew if the size of the file, the time of its last change or a
    sample of its blocks has changed. Once there is a copy, the file itself may be deleted.

    Raises:
        FormatError: the contents are neither an index nor a TFRecord.
        FileNotFoundError: there is neither the file nor a copy of it.
    """
    name = checked_name(path)
    source = Path(name).resolve()
    if not os.path.exists(name) and (copy := _any_copy(source)):
        return copy
    kind = format_of(name)
    if kind == "index":
        return open_index(name)
    if kind not in ("tfrecord", "tfrecord.gz"):
        raise FormatError(f"{name}: byte 0: this is neither an index nor a TFRecord file")
    return _compiled(source)


def _compiled(source: Path) -> Index:
    beside, cached = _place_beside(source), _place_in_cache(source)
    for place in (beside, cached):
        if (copy := _copy_at(place, source)) and _is_current(copy, source):
            return copy
    if beside != source and _is_free(beside, source) and os.access(source.parent, os.W_OK):
        return _compile(source, beside)
    cached.parent.mkdir(parents=True, exist_ok=True)
    return _compile(source, cached)


def _is_free(place: Path, source: Path) -> bool:
    """Whether a copy may be written here, because nothing is lost that the file does not have."""
    if not place.exists():
        return True
    there = _copy_at(place, source)
    return there is not None and not there.own_columns and Marks.of(there.provenance) == Marks()


def _any_copy(source: Path) -> Index | None:
    """A copy of a file that was deleted."""
    return _copy_at(_place_beside(source), source) or _copy_at(_place_in_cache(source), source)


def _stem(source: Path) -> str:
    """The name of a file without the suffixes of a TFRecord."""
    return Path(source.name.removesuffix(".gz")).stem


def _place_beside(source: Path) -> Path:
    return source.with_name(f"{_stem(source)}.nb101")


def _place_in_cache(source: Path) -> Path:
    # Files of one name in different folders have copies of their own.
    digest = hashlib.sha256(os.fsencode(source)).hexdigest()
    return cache_folder() / f"{_stem(source)}-{digest[:16]}.nb101"


def _copy_at(place: Path, source: Path) -> Index | None:
    """The index at a place, if it was compiled from a file of this name alone."""
    try:
        copy = open_index(place)
        names = [known.get("name") for known in copy.provenance.get("sources", [])]
    except (OSError, FormatError):
        return None
    return copy if names == [source.name] else None


def _is_current(copy: Index, source: Path) -> bool:
    known, now = copy.provenance["sources"][0], source.stat()
    recorded = known.get("num_bytes"), known.get("modified_ns")
    is_unchanged = recorded == (now.st_size, now.st_mtime_ns)
    return is_unchanged and known.get("sample_sha256") == sample_sha256(source)


def _compile(source: Path, target: Path) -> Index:
    tell(f"compiling {source} once, into {target}")
    compiler.compile(source, target, progress=True)
    return open_index(target)
