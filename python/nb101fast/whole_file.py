"""Files that are written whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

import io
import os
from types import TracebackType
from typing import Any

from ._core import AtomicFile
from .file_names import core_name


class WholeFile(io.RawIOBase):
    """A binary file that replaces the file at `path` when its `with` block ends.

    Until then the contents lie in a temporary file in the same folder. If the block ends with an
    exception, the temporary file is removed and `path` stays as it was.

    Args:
        path: the file. It may be missing.
        follows_links: where `path` is a symbolic link, whether the file at its end is replaced and
            the link stays, or the link itself is replaced. The latter is for names that others can
            foresee in a folder that they can write.

    Raises:
        OSError: the folder is missing, the disk is full, or the like; or a device, pipe, socket or
            folder has this name. The text names `path`.
        ValueError: the name is not allowed, as `checked_name` says.

    Example:
        >>> with WholeFile("report.html") as file:
        ...     size = file.write(b"<p>A report</p>")
    """

    def __init__(self, path: str | os.PathLike[str], *, follows_links: bool = True) -> None:
        self._file: AtomicFile | None = AtomicFile(core_name(path), follows_links)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Append bytes, or what is like them."""
        assert self._file is not None
        self._file.write(bytes(data))
        return len(data)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        file, self._file = self._file, None  # Without `commit`, its temporary file is removed.
        if kind is None and file is not None:
            file.commit()
        self.close()


def write_whole(path: str | os.PathLike[str], *parts: bytes, follows_links: bool = True) -> None:
    """Replace the contents of a file by these parts, one after the other.

    Args:
        path, follows_links: as `WholeFile` takes them.
        parts: the contents.

    Raises:
        OSError, ValueError: as `WholeFile` raises them.

    Example:
        >>> write_whole("report.html", page.encode())
    """
    with WholeFile(path, follows_links=follows_links) as file:
        for part in parts:
            file.write(part)
