"""A file that only grows, and that ends with a whole piece after a crash."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING

from nb101fast.file_lock import try_lock
from nb101fast.regular_file import open_own

if TYPE_CHECKING:
    from typing_extensions import Self

# On Windows a file is binary only if it is opened as such.
_OPEN_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)


class AppendOnlyFile:
    """A file that one process extends piece by piece; a piece is on disk when `append` returns.

    Args:
        path: the file. It is made if it does not exist.

    Raises:
        BlockingIOError: another process has opened the file in this way.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._descriptor = open_own(path, _OPEN_FLAGS)
        if not try_lock(self._descriptor):
            os.close(self._descriptor)
            raise BlockingIOError(
                f"{self.path}: another driver writes this file; wait for it to end"
            )
        self.size = os.fstat(self._descriptor).st_size
        sync_folder(os.path.dirname(os.path.abspath(path)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def append(self, data: bytes) -> None:
        """Add a piece to the end. If that fails, nothing of the piece is left in the file.

        Raises:
            OSError: the piece can't be written, for example because the disk is full.
        """
        view = memoryview(data)
        try:
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
        except BaseException as error:  # KeyboardInterrupt is included.
            os.ftruncate(self._descriptor, self.size)
            if isinstance(error, OSError):
                raise type(error)(error.errno, f"{self.path}: {error.strerror}") from None
            raise
        self.size += len(data)

    def cut(self, size: int) -> int:
        """Cut the file down to `size` bytes; return how many bytes were cut off."""
        cut_off = self.size - size
        if cut_off:
            os.ftruncate(self._descriptor, size)
            os.fsync(self._descriptor)
            self.size = size
        return cut_off

    def close(self) -> None:
        """Close the file, which also frees its lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def sync_folder(folder: str) -> None:
    """Wait until the names of a folder's files are on disk."""
    if os.name == "nt":
        return  # Windows can't open a folder.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
