"""What is installed here, what is found, and what is missing, for `nb101fast doctor`."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec

from ._build import build_config
from ._core import FormatError, visible
from .index import Index
from .locations import BUILT_IN, CACHE_VARIABLE, INDEX_VARIABLE, cache_folder, chosen_index
from .phrases import counted

_PACKAGE = "nb101fast"
_NEEDS_OF_USERS = ("adapters", "arrow", "cluster", "completion", "graph", "plots", "search")


def diagnosis() -> str:
    """The lines that `nb101fast doctor` prints."""
    return "\n".join([*_versions(), "", *_places(), "", *_extras()])


def _versions() -> Iterator[str]:
    built = build_config()
    yield f"nb101fast {built['version']}, index format {built['format_version']}"
    yield f"Python {platform.python_version()}, NumPy {_version_of('numpy')}"
    yield f"{platform.platform()}, {counted(os.cpu_count() or 1, 'processor')}"
    yield f"instruction set: {built['active_simd']} (best here: {built['best_simd']})"


def _places() -> Iterator[str]:
    folder = cache_folder()
    is_there = "" if folder.is_dir() else ", which does not exist yet"
    yield f"cache: {visible(str(folder))}{is_there} (${CACHE_VARIABLE} changes it)"
    try:
        index = Index(chosen_index() or str(BUILT_IN))
    except (OSError, FormatError) as error:
        yield f"index: it cannot be opened: {visible(str(error))} (${INDEX_VARIABLE} changes it)"
    else:
        yield f"index: {visible(index.path)} (${INDEX_VARIABLE} changes it)"
        yield f"  {index!r}"


def _extras() -> Iterator[str]:
    yield "extras:"
    for extra in _NEEDS_OF_USERS:
        missing = [name for name in _libraries_of(extra) if not _version_of(name)]
        yield _line(extra, missing, f"{_PACKAGE}[{extra}]")
    # The package tensorflow comes from one of several distributions.
    missing = [name for name in ("nb101train", "tensorflow") if not find_spec(name)]
    yield _line("training", missing, "nb101train[tensorflow]")


def _line(extra: str, missing: list[str], wanted: str) -> str:
    if missing:
        return f'  {extra:10} lacks {", ".join(missing)}: pip install "{wanted}"'
    return f"  {extra:10} is installed"


def _libraries_of(extra: str) -> list[str]:
    """The libraries that an extra of this package installs, whatever the Python."""
    pattern = re.compile(rf"([\w.-]+).*extra == [\"']{extra}[\"']")
    matches = map(pattern.match, metadata.requires(_PACKAGE) or [])
    return [match[1] for match in matches if match]


def _version_of(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
