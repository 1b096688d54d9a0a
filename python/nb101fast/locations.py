"""Where files lie: the index that is opened by default, the user's cache, and names of files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from . import _core

INDEX_VARIABLE = "NB101FAST_INDEX"
CACHE_VARIABLE = "NB101FAST_CACHE"
CACHED_NAMES = ("nasbench_full.nb101", "nasbench_only108.nb101")  # the first that is there
BUILT_IN = Path(__file__).parent / "data" / "nb101_digits.nb101"


def cache_folder() -> Path:
    """The folder of compiled indexes: `$NB101FAST_CACHE`, or `nb101fast` in the user's cache."""
    if folder := os.environ.get(CACHE_VARIABLE):
        return Path(folder)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "nb101fast"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nb101fast"


def chosen_index() -> str | None:
    """The index that `$NB101FAST_INDEX` names, else one in the cache; None if there is none.

    Raises:
        FileNotFoundError: there is no file that the variable names.
    """
    if path := os.environ.get(INDEX_VARIABLE):
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"{path}: there is no such file, and ${INDEX_VARIABLE} names it; set the variable "
                "to an index, or unset it"
            )
        return path
    cached = (cache_folder() / name for name in CACHED_NAMES)
    return next((str(path) for path in cached if path.is_file()), None)


def checked_name(path: str | os.PathLike[str]) -> str:
    """The path as text.

    Raises:
        ValueError: the name contains a null character, or its bytes are not UTF-8.
    """
    name = os.fspath(path)
    try:
        shown_name(name)
        is_sound = "\0" not in name
    except UnicodeError:
        is_sound = False
    if not is_sound:
        raise ValueError(
            f"path {name!r} is not allowed; use a name in UTF-8 without null characters"
        )
    return name


def shown_name(name: str) -> str:
    """The name as people read it, also where the locale cannot decode it and Python escapes it."""
    return os.fsencode(name).decode("utf-8")


def core_name(path: str | os.PathLike[str]) -> bytes:
    """The checked path as the compiled core takes it: the bytes of the name, in any locale."""
    return os.fsencode(checked_name(path))


def checked_target(inputs: Iterable[str], output: str | os.PathLike[str]) -> str:
    """The name of a file to write, after checks that it can be written: nothing is done in vain.

    Args:
        inputs: files that are read, none of which may be the output.
        output: the file.

    Raises:
        ValueError: the output is one of the inputs, or its name is not allowed.
        OSError: the output is no regular file, or its folder is missing.
    """
    target = checked_name(output)
    for path in inputs:
        with contextlib.suppress(FileNotFoundError):
            if os.path.samefile(path, target):
                raise ValueError(f"output {target!r} is the input {path!r}; use another name")
    _core.check_regular(core_name(target))
    folder = os.path.dirname(os.path.abspath(target))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"output {target!r}: there is no folder {folder!r}; make it first")
    return target
