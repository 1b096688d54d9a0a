"""Regular files, opened so that no device, pipe or socket of their name is waited for or written.

A pipe gives its bytes only once, but files are read more than once. So `nb101fast compile <(...)`
is refused like any other pipe.
"""

from __future__ import annotations

import os
import stat
from typing import TypeAlias

from . import _core

PathLike: TypeAlias = str | os.PathLike[str]

# Windows has neither of these flags, and no pipes among its files.
_NON_BLOCKING = getattr(os, "O_NONBLOCK", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: PathLike, flags: int, mode: int = 0o666) -> int:
    """Open a regular file as `os.open` does; `open` takes this function as its opener.

    Returns:
        The descriptor.

    Raises:
        OSError: a device, pipe, socket or folder has this name, and the text says which of them;
            or the file cannot be opened.

    Example:
        >>> with open("runs.json", "rb", opener=open_regular) as file:
        ...     start = file.read(12)
    """
    _core.check_regular(os.fsencode(path))
    descriptor = os.open(path, flags | _NON_BLOCKING, mode)
    # Since the check, something else may have got the name.
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{os.fspath(path)} is no longer a regular file; use one")
    return descriptor


def open_own(path: PathLike, flags: int, mode: int = 0o644) -> int:
    """Open a file whose name this project chose, as `open_regular` does.

    Raises:
        OSError: as `open_regular` and `refuse_link` raise it.
    """
    refuse_link(path)
    return open_regular(path, flags | _NO_LINK, mode)


def refuse_link(path: PathLike) -> None:
    """Refuse a symbolic link in place of a file whose name this project chose.

    Others can foresee the name and put a link there. The file at its end would then be written.

    Raises:
        OSError: there is a symbolic link.
    """
    if os.path.islink(path):
        raise OSError(f"{os.fspath(path)} is a symbolic link; remove it")


def read_regular(path: PathLike) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: as `open_regular` raises it.
    """
    with open(path, "rb", opener=open_regular) as file:
        return file.read()
