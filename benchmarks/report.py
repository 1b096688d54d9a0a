"""The table at the end of a run: the time of each piece of work, its floor and its targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Unit = Literal["ns", "bytes"]

HEADER = ("work", "measured", "floor", "ratio", "must", "aim", "verdict")


@dataclass(frozen=True)
class Target:
    """What must be reached and what should be: multiples of the floor, or times without one."""

    must: float
    aim: float


@dataclass(frozen=True)
class Row:
    """A measurement of one item, which is a cell, a call or a file."""

    work: str
    measured: float
    floor: float | None = None
    stated: bool = False  # the floor is a published number, not measured in this run
    target: Target | None = None
    unit: Unit = "ns"

    @property
    def ratio(self) -> float | None:
        """Return the measurement as a multiple of the floor."""
        return self.measured / self.floor if self.floor else None

    @property
    def verdict(self) -> str:
        """Return the verdict in words; a dash if there is no target."""
        if self.target is None:
            return "-"
        reached = self.measured if self.ratio is None else self.ratio
        if reached <= self.target.aim:
            return "reached aim"
        return "within must" if reached <= self.target.must else "missed"

    def cells(self) -> tuple[str, ...]:
        """Return the row's texts in the order of the header."""
        floor = "-" if self.floor is None else _amount(self.floor, self.unit)
        limits = (self.target.must, self.target.aim) if self.target else (None, None)
        return (
            self.work,
            _amount(self.measured, self.unit),
            floor + " (stated)" * self.stated,
            _times(self.ratio),
            *map(self._limit, limits),
            self.verdict,
        )

    def _limit(self, limit: float | None) -> str:
        if limit is None:
            return "-"
        return _amount(limit, self.unit) if self.floor is None else _times(limit)


def render(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the table, with words to the left and numbers to the right."""
    table = [HEADER, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(_aligned, line, widths, range(len(HEADER)))).rstrip() for line in table]


def _aligned(text: str, width: int, column: int) -> str:
    is_words = HEADER[column] in ("work", "verdict")
    return text.ljust(width) if is_words else text.rjust(width)


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.3g} x"


def _amount(amount: float, unit: Unit) -> str:
    if unit == "bytes":
        return f"{amount / 1e6:.2f} MB"
    for size, name in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if amount >= size:
            return f"{amount / size:.3g} {name}"
    return f"{amount:.3g} ns"
