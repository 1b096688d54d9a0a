"""Names of files: how they are checked, shown, and given to the core."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from . import _core


def checked_name(path: str | os.PathLike[str]) -> str:
    """The path as text.

    Raises:
        TypeError: the name is bytes.
        ValueError: the name contains a null character, or its bytes are not UTF-8.
    """
    name = os.fspath(path)
    if not isinstance(name, str):
        raise TypeError(f"path {name!r} is not allowed; use text or a pathlib.Path")
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
