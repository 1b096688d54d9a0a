"""Locks of files: one process at a time, whatever ends it."""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nb101fast import file_lock
from nb101fast.file_lock import is_locked, locked, try_lock

HOLDER = """
import sys, time
from nb101fast.file_lock import locked
with locked(sys.argv[1]):
    print(flush=True)
    time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.lock"


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_a_lock_is_held_during_the_block(path: Path) -> None:
    assert not is_locked(path)  # and the file is not made
    assert not path.exists()
    with locked(path):
        assert is_locked(path)
    assert not is_locked(path)


def test_a_lock_ends_when_its_process_is_killed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "_PATIENCE_SECONDS", 0.0)
    with holder(path) as process:
        descriptor = os.open(path, os.O_RDWR)
        assert is_locked(path)
        assert not try_lock(descriptor)
        process.kill()
        process.wait()
        assert not is_locked(path)
        assert try_lock(descriptor)
        os.close(descriptor)


def test_two_who_look_do_not_see_each_other(path: Path) -> None:
    path.touch()
    look = (
        "import sys; from nb101fast.file_lock import is_locked\n"
        "print(sum(is_locked(sys.argv[1]) for _ in range(5000)))"
    )
    command = [sys.executable, "-c", look, str(path)]
    lookers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [looker.communicate(timeout=60)[0].strip() for looker in lookers] == ["0", "0"]


def test_waiting_is_told_once(path: Path) -> None:
    told: list[str] = []
    with holder(path) as process:
        timer = threading.Timer(0.3, process.kill)
        timer.start()
        with locked(path, lambda: told.append("waiting")):
            timer.join()
    assert told == ["waiting"]
    with locked(path, lambda: told.append("again")):
        pass
    assert told == ["waiting"]


def test_patience_outlasts_a_momentary_lock(path: Path) -> None:
    path.touch()
    first, second = (os.open(path, os.O_RDWR) for _ in range(2))
    assert try_lock(first)
    timer = threading.Timer(0.1, os.close, [first])
    timer.start()
    assert try_lock(second)
    timer.join()
    os.close(second)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no flock")
def test_a_file_system_without_locks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(path):
        assert not is_locked(path)
    monkeypatch.undo()

    def broken(descriptor: int, operation: int) -> None:
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(fcntl, "flock", broken)
    with pytest.raises(OSError, match="broken disk"), locked(path):
        pass


class Kernel:
    """Stands for kernel32 of Windows; notes what it is asked for."""

    def __init__(self) -> None:
        self.LockFileEx = LockFileEx()


class LockFileEx:
    argtypes: tuple[Any, ...] = ()

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []
        self.succeeds = True

    def __call__(self, handle: int, *arguments: Any) -> bool:
        *numbers, place = arguments
        overlapped = place._obj
        self.asked.append((handle, *numbers, overlapped.offset, overlapped.offset_high))
        return self.succeeds


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, LockFileEx]:
    """The module as Windows would load it, over a stand-in for the system."""
    kernel = Kernel()
    msvcrt = ModuleType("msvcrt")
    monkeypatch.setattr(msvcrt, "get_osfhandle", lambda number: 1000 + number, raising=False)
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, use_last_error: kernel, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    spec = importlib.util.spec_from_file_location("nb101fast.windows_file_lock", file_lock.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, kernel.LockFileEx


def test_windows_locks_one_byte_beyond_any_file(windows: tuple[ModuleType, LockFileEx]) -> None:
    module, function = windows
    assert module.try_lock(7)
    # Handle; exclusive (2) and at once (1); reserved; one byte; at 2**63 - 2**32.
    assert function.asked == [(1007, 3, 0, 1, 0, 0, 0x7FFFFFFF)]
    assert len(function.argtypes) == 6


def test_windows_says_that_another_has_the_lock(
    windows: tuple[ModuleType, LockFileEx], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, function = windows
    function.succeeds = False
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(ctypes, "get_last_error", lambda: 33, raising=False)
    assert not module.try_lock(7)
    monkeypatch.setattr(ctypes, "get_last_error", lambda: 6, raising=False)
    monkeypatch.setattr(ctypes, "WinError", lambda code: OSError(code, "invalid"), raising=False)
    with pytest.raises(OSError, match="invalid"):
        module.try_lock(7)
