"""The progress of work that takes long: reported to a function, or shown to the user as a bar."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO, TypeAlias

from ._core import visible
from .checks import check_choice

# What users give to long work: True for a bar, or a function that is called with how much is done
# and how much there is in all.
Progress: TypeAlias = Callable[[int, int], None] | bool

LEVELS = ("error", "warning", "info", "debug")  # what is said on stderr, from least to most
DEFAULT_LEVEL = "info"
_MOST_BAR, _LEAST_BAR = 30, 5  # characters
_REDRAW_SECONDS = 0.1
_FORECAST_SECONDS = 0.5  # of work, before which a forecast would mean nothing
_MINUTE, _HOUR, _DAY = 60, 3600, 86400

_level = DEFAULT_LEVEL


def set_level(level: str) -> None:
    """Choose what this process says on stderr beside errors.

    Args:
        level: "error" for errors alone; "warning" for warnings too; "info" for bars and notes too;
            "debug" for what other libraries say too.

    Raises:
        ValueError: there is no such level.
    """
    global _level
    check_choice("level", level, LEVELS)
    _level = level
    if level == "error":
        warnings.simplefilter("ignore")


def is_said(level: str) -> bool:
    """Whether what has this level is said."""
    return LEVELS.index(level) <= LEVELS.index(_level)


class Phases:
    """Takes the progress of work that takes long, and passes it on to a function if there is one.

    Args:
        function: the user's function, or None.
    """

    def __init__(self, function: Callable[[int, int], None] | None = None) -> None:
        self._function = function

    def begin(self, phase: str) -> None:
        """Say what the work does from now on, such as "writing"."""

    def __call__(self, done: int, total: int, seconds_left: float | None = None) -> None:
        """Say how much of the phase is done.

        Args:
            done: how much is done.
            total: how much there is in all.
            seconds_left: how long the rest takes. None lets the bar guess it from its pace.
        """
        if self._function:
            self._function(done, total)


class ProgressBar(Phases):
    """A bar for one piece of work, if stderr is a terminal or the program is a notebook.

    It has one line, whatever the width of the terminal, and leaves nothing behind. In a notebook it
    is printed on stdout.

    Args:
        label: what the work is, such as "compiling".

    Example:
        >>> with ProgressBar("compiling") as bar:
        ...     report = nb101fast.compile("runs.parquet", "runs.nb101", progress=bar)
    """

    def __init__(self, label: str) -> None:
        super().__init__()
        self._stream = _stream_of_bars()
        self._label, self._phase = label, ""
        self._drawn_at: float | None = None
        self._first: tuple[int, float] | None = None  # of the phase: what was done, and when

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream and self._drawn_at is not None:
            self._stream.write(_blank(self._stream))
            self._stream.flush()

    def begin(self, phase: str) -> None:
        """Say what the work does from now on."""
        self._phase, self._first = phase, None
        self._draw("")

    def __call__(self, done: int, total: int, seconds_left: float | None = None) -> None:
        """Draw how much of the phase is done, at most ten times a second."""
        now = time.monotonic()
        self._first = self._first or (done, now)
        is_recent = self._drawn_at is not None and now - self._drawn_at < _REDRAW_SECONDS
        if is_recent and done < total:
            return
        if seconds_left is None:
            seconds_left = self._forecast(done, total, now)
        share = min(done / total, 1.0) if total else 1.0
        left = "" if seconds_left is None or done >= total else f", {_in_words(seconds_left)} left"
        self._draw(f"{int(100 * share):3} %{left}", share)

    def _forecast(self, done: int, total: int, now: float) -> float | None:
        """The time that is left at the pace of the phase so far; None if it has none yet."""
        first_done, began = self._first or (done, now)
        if done <= first_done or now - began < _FORECAST_SECONDS:
            return None
        return (total - done) * (now - began) / (done - first_done)

    def _draw(self, numbers: str, share: float | None = None) -> None:
        if not self._stream:
            return
        columns = _columns(self._stream) - 1  # In the last column, some terminals begin a new line.
        name = ": ".join(filter(None, (self._label, self._phase)))
        line = " ".join(filter(None, (name, numbers)))
        room = min(columns - len(line) - 3, _MOST_BAR)
        if share is not None and room >= _LEAST_BAR:
            bar = "#" * int(share * room)
            line = f"{name} [{bar:<{room}}] {numbers}"
        elif len(line) > columns and numbers:
            line = numbers
        self._stream.write(f"\r{line[:columns]:<{columns}}")
        self._stream.flush()
        self._drawn_at = time.monotonic()


@contextmanager
def told(progress: Progress | None, label: str) -> Iterator[Phases]:
    """Turn what a user gave as `progress` into what the work tells its progress to.

    Args:
        progress: True for a bar, a function, or None or False for neither. A `Phases` is taken as
            it is, so that one bar serves work within other work.
        label: what the work is, for the bar.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(progress, Phases):
        yield progress
    elif progress is True:
        with ProgressBar(label) as bar:
            yield bar
    elif progress is None or progress is False:
        yield Phases()
    elif callable(progress):
        yield Phases(progress)
    else:
        raise TypeError(
            f"progress={progress!r} is not allowed; use True, or a function of two numbers"
        )


def tell(text: str, level: str = "info") -> None:
    """Print one line on stderr, unless the level is not said. It takes the place of a bar."""
    if not is_said(level) or sys.stderr is None:  # which is so in programs without a console
        return
    begin = _blank(sys.stderr) if sys.stderr.isatty() else ""
    print(f"{begin}{visible(text)}", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """A duration in the largest unit that gives a number of at least two.

    Example:
        >>> duration(300)
        '5.0 min'
    """
    for name, size in (("days", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} s"


def _in_words(seconds: float) -> str:
    return duration(seconds) if seconds >= 1 else "less than 1 s"


def _stream_of_bars() -> TextIO | None:
    """Where a bar is drawn; None if nobody would see it."""
    if not is_said("info"):
        return None
    if "ipykernel" in sys.modules and sys.stdout is not None and not sys.stdout.isatty():
        return sys.stdout
    return sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None


def _columns(stream: TextIO) -> int:
    """The width of the terminal, at least 2."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # a notebook has no width
        columns = 0
    return max(columns or 80, 2)


def _blank(stream: TextIO) -> str:
    """What empties the line of the cursor and moves the cursor to its start, on every terminal."""
    return f"\r{' ' * (_columns(stream) - 1)}\r"
