"""How long work reports its progress: to a function, or to the user on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeAlias

from ._core import visible

# Long work calls such a function with how much is done and how much there is in all.
Progress: TypeAlias = Callable[[int, int], None]

_BAR_WIDTH = 30
_REDRAW_SECONDS = 0.1


class ProgressBar:
    """A bar on stderr, drawn at each call of `bar(done, total)` if stderr is a terminal.

    Example:
        >>> with ProgressBar("compiling") as bar:
        ...     nb101fast.compile(inputs, output, progress=bar)
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._began = time.monotonic()
        self._drawn = 0.0
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown and self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not self._shown or (now - self._drawn < _REDRAW_SECONDS and done < total):
            return
        self._drawn = now
        share = done / total if total else 1.0
        bar = "#" * round(share * _BAR_WIDTH)
        left = (now - self._began) * (1 - share) / share if share else 0.0
        sys.stderr.write(
            f"\r{self._label} [{bar:<{_BAR_WIDTH}}] {share:4.0%}, {left:.0f} s left\x1b[K"
        )
        sys.stderr.flush()


def tell(text: str) -> None:
    """Print one line on stderr. It takes the place of a progress bar, if there is one."""
    shown = visible(text)
    print(f"\r\x1b[K{shown}" if sys.stderr.isatty() else shown, file=sys.stderr, flush=True)
