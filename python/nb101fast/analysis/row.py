"""One number of an analysis, next to the number that the paper published."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the report's table.

    Attributes:
        name: what the number is.
        value: the number, or NaN if this index does not tell it.
        unit: "" for a plain number; "% points" are hundredths of an accuracy.
        paper: the number that Ying et al. (2019) published for CIFAR-10, or None.
        is_change: whether the number is written with its sign.
    """

    name: str
    value: float
    unit: str = ""
    paper: float | None = None
    is_change: bool = False

    @property
    def text(self) -> str:
        """The value for readers, with its unit; "-" if it is unknown."""
        return self._written(self.value)

    @property
    def paper_text(self) -> str:
        """The paper's number for readers, with its unit; empty if there is none."""
        return "" if self.paper is None else self._written(self.paper)

    def _written(self, value: float) -> str:
        if math.isnan(value):
            return "-"
        if self.is_change:
            return f"{value:+.2f} {self.unit}"
        number = f"{value:,.0f}" if value == int(value) else f"{value:.4g}"
        return f"{number} {self.unit}".rstrip()
