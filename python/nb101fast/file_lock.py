"""Exclusive locks of files, which the system releases when the file is closed.

A lock ends with its process, however the process ends. Where the file system has no locks, every
attempt to lock succeeds: there the user must take care that two processes don't collide.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator

from .regular_file import open_own, open_regular

_PATIENCE_SECONDS = 1.0  # `is_locked` of another process holds a lock for a moment
_PAUSE_SECONDS = 0.02
_OPEN_FLAGS = os.O_RDWR | os.O_CREAT


def try_lock(descriptor: int) -> bool:
    """Lock an open file for this process.

    Returns:
        False where another process keeps the lock for a second.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _lock(descriptor):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def is_locked(path: str | os.PathLike[str]) -> bool:
    """Whether a process holds the lock of a file; False if there is no such file."""
    try:
        descriptor = open_regular(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _lock(descriptor, is_shared=True)  # so that two who look don't see each other
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(
    path: str | os.PathLike[str], on_wait: Callable[[], None] | None = None
) -> Iterator[None]:
    """Wait for the lock of a file, and hold it during the block.

    Args:
        path: the file, which is made if it doesn't exist.
        on_wait: called once if another process holds the lock.

    Example:
        >>> with locked("sweep.lock"):
        ...     change_the_plan()
    """
    descriptor = open_own(path, _OPEN_FLAGS)
    try:
        if not _lock(descriptor):
            if on_wait:
                on_wait()
            while not _lock(descriptor):
                time.sleep(_PAUSE_SECONDS)
        yield
    finally:
        os.close(descriptor)


# `_lock` locks an open file without waiting. It returns False where another process has the lock.
if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _FAIL_IMMEDIATELY, _EXCLUSIVE = 1, 2
    _ERROR_LOCK_VIOLATION = 33
    # Windows forbids others to read what is locked. So the locked byte is one that no file has.
    _FAR_HIGH = 0x7FFFFFFF

    class _Overlapped(ctypes.Structure):
        _fields_ = (
            ("internal", ctypes.c_void_p),
            ("internal_high", ctypes.c_void_p),
            ("offset", wintypes.DWORD),
            ("offset_high", wintypes.DWORD),
            ("event", wintypes.HANDLE),
        )

    _KERNEL = ctypes.WinDLL("kernel32", use_last_error=True)
    _KERNEL.LockFileEx.argtypes = (
        wintypes.HANDLE,
        *(wintypes.DWORD,) * 4,  # flags, reserved, bytes to lock: low and high half
        ctypes.POINTER(_Overlapped),
    )

    def _lock(descriptor: int, *, is_shared: bool = False) -> bool:
        place = _Overlapped(offset_high=_FAR_HIGH)
        handle = msvcrt.get_osfhandle(descriptor)
        flags = _FAIL_IMMEDIATELY if is_shared else _EXCLUSIVE | _FAIL_IMMEDIATELY
        if _KERNEL.LockFileEx(handle, flags, 0, 1, 0, ctypes.byref(place)):
            return True
        error = ctypes.get_last_error()
        if error != _ERROR_LOCK_VIOLATION:
            raise ctypes.WinError(error)
        return False

else:
    import fcntl

    _WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)

    def _lock(descriptor: int, *, is_shared: bool = False) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _WITHOUT_LOCKS:
                raise
        return True
