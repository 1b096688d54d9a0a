"""Locks of files: held as long as the file is open, so they end with their process."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
_PATIENCE_SECONDS = 1.0  # `is_locked` holds a lock for a moment
_PAUSE_SECONDS = 0.02


def try_lock(descriptor: int) -> bool:
    """Lock an open file for this process alone; False where another keeps its lock.

    Where the file system has no locks it succeeds: there the user must take care.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _flock(descriptor, wait=False):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def is_locked(path: str | os.PathLike[str]) -> bool:
    """Whether a process holds the lock of a file; False where there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _flock(descriptor, wait=False)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(path: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the lock of a file, made where there is none, after waiting for it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _flock(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)


def _flock(descriptor: int, *, wait: bool) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise
    return True
