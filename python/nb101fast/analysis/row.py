"""A figure of the summary, beside the one that the paper published."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: what was measured.
        value: NaN where this index can't tell.
        unit: "" for a plain number; "% points" are hundredths of an accuracy.
        paper: what Ying et al. (2019) published of CIFAR-10; None for nothing.
        is_change: whether the number is written with its sign.
    """

    name: str
    value: float
    unit: str = ""
    paper: float | None = None
    is_change: bool = False

    @property
    def text(self) -> str:
        """The value to be read, with its unit."""
        return self._written(self.value)

    @property
    def paper_text(self) -> str:
        """The paper's figure to be read; empty without one."""
        return "" if self.paper is None else self._written(self.paper)

    def _written(self, value: float) -> str:
        if math.isnan(value):
            return "-"
        if self.is_change:
            return f"{value:+.2f} {self.unit}"
        number = f"{value:,.0f}" if value == int(value) else f"{value:.4g}"
        return f"{number} {self.unit}".rstrip()
