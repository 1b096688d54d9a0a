"""What gives each function of a list wrong arguments, one at a time, and says what it raises."""

from __future__ import annotations

import contextlib
import inspect
import math
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import numpy as np

from nb101fast import OutOfDomainError

from .child_processes import environment

# What a wrong argument may raise. OSError is for names of files, IndexError for ids, and
# OutOfDomainError for cells.
ALLOWED: tuple[type[Exception], ...] = (
    *(TypeError, ValueError, MemoryError, OSError, IndexError, OutOfDomainError, ImportError),
)
RAW = re.compile(r"incompatible (function|constructor) arguments")  # pybind11's, for no user
MEMORY = 4 << 30  # bytes, beside what the good calls need

Call: TypeAlias = tuple[Callable[..., Any], dict[str, Any]]
Calls: TypeAlias = dict[str, Call]
MayRaise: TypeAlias = Mapping[str, tuple[type[Exception], ...]]


def methods(kind: type) -> set[str]:
    """The public methods of a class."""
    return {
        f"{kind.__name__}.{name}"
        for name, value in inspect.getmembers(kind, callable)
        if not name.startswith("_")
    }


def settings_of(kind: Any) -> dict[str, Any]:
    """The default of each argument of a class."""
    return {name: getattr(kind(), name) for name in inspect.signature(kind).parameters}


def wrong_values() -> list[Any]:
    """Values that hardly any argument allows."""
    return [
        None,
        True,
        -1,
        0,
        2**31,
        2**63,
        2**64,
        -(2**63) - 1,
        10**400,
        1.5,
        -0.5,
        math.nan,
        math.inf,
        1e300,
        "",
        "x",
        "\x1b$\0",
        "\ud800",
        b"x",
        [],
        [None],
        ["x"],
        [math.nan],
        [[1], [1, 2]],
        [2**70],
        {},
        {"x": None},
        object(),
        int,
        np.array([]),
        np.array(["x"]),
        np.array([[1]]),
        np.array(None),
        np.float32(math.nan),
        np.ma.array([1, 2], mask=[False, True], dtype=np.uint32),
        np.ma.masked,
    ]


class StoppedError(BaseException):
    """The call was stopped because it works well with a wrong argument."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise StoppedError


def _make_good_calls(calls: Calls) -> None:
    """Import what the calls need. An import that is stopped half-way fails ever after.

    What the calls write goes to a folder of its own, where it changes nothing for the wrong calls.
    """
    os.mkdir("good")
    os.chdir("good")
    for function, arguments in calls.values():
        with contextlib.suppress(Exception, StoppedError):
            function(**arguments)
    os.chdir("..")


def faults(calls: Calls, may_raise: MayRaise, seconds: float) -> Iterator[str]:
    """Call everything with wrong arguments; yields what raised something else than it may.

    Args:
        calls: each function with good arguments.
        may_raise: what a function may raise beside `ALLOWED`, by its name.
        seconds: a call that takes longer is stopped; 0 stops none.
    """
    for name, (function, arguments) in calls.items():
        allowed = ALLOWED + may_raise.get(name, ())
        for argument in arguments:
            for value in wrong_values():
                if fault := _fault(function, arguments | {argument: value}, allowed, seconds):
                    yield f"{name}({argument}={ascii(value)[:60]}): {fault}"


def _fault(
    function: Callable[..., Any],
    arguments: dict[str, Any],
    allowed: tuple[type[Exception], ...],
    seconds: float,
) -> str:
    try:
        with _stopped_after(seconds):
            function(**arguments)
    except StoppedError:
        return ""
    except Exception as error:
        is_clear = not isinstance(error, UnicodeDecodeError) and not RAW.search(str(error))
        is_allowed = isinstance(error, allowed) and is_clear
        return "" if is_allowed else f"{type(error).__name__}: {error}"
    return ""


@contextlib.contextmanager
def limited_memory() -> Iterator[None]:
    """Let this process take at most so much more memory."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextlib.contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def print_faults(calls: Callable[[], Calls], may_raise: MayRaise, seconds: float) -> None:
    """Print a line for each call with a wrong argument that raised something else than it may.

    Args:
        calls: gives each function with good arguments.
        may_raise, seconds: see `faults`.
    """
    warnings.simplefilter("ignore")
    _make_good_calls(calls())
    signal.signal(signal.SIGALRM, _stop)
    with limited_memory():
        for line in faults(calls(), may_raise, seconds):
            print(line, file=sys.stdout, flush=True)


def check_faults(module: str, folder: Path) -> None:
    """Run a module that calls `print_faults`, in a process and a folder of its own."""
    variables = {
        "NB101FAST_CACHE": str(folder / "cache"),
        "NB101FAST_BASE_URL": "http://127.0.0.1:9",  # where nothing answers
    }
    done = subprocess.run(
        [sys.executable, "-m", module],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(**variables),
        check=False,
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
