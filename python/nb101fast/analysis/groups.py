"""Values grouped by a small integer, such as accuracy by depth: counts, means and quartiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import plotting
from ..arrays import Doubles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_LARGE = 8  # above this number of keys, labels need a smaller type
_SHORT = ((1_000_000, "M"), (1_000, "k"))


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of all keys that occur.

    Attributes:
        keys: int64 (G,), ascending.
        counts: int64 (G,), how many values a group has. NaN does not count.
        means: float64 (G,).
        quartiles: float64 (G, 3), interpolated linearly; the middle one is the median.
    """

    keys: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    means: Doubles
    quartiles: Doubles

    def draw(self, axes: Axes, **labels: str) -> None:
        """Draw a box from the first to the third quartile, the median, the mean and the count.

        Args:
            axes: the panel to draw in.
            **labels: passed on to `Axes.set`, such as xlabel and ylabel.
        """
        low, middle, high = self.quartiles.T
        axes.bar(self.keys, high - low, 0.7, low, color="#b9d7ea", edgecolor=plotting.PALETTE[0])
        axes.hlines(middle, self.keys - 0.35, self.keys + 0.35, color=plotting.PALETTE[0], lw=2)
        axes.plot(self.keys, self.means, "o", color=plotting.PALETTE[1], ms=4)
        texts = [
            f"{key}\n{_short(count)}" for key, count in zip(self.keys, self.counts, strict=True)
        ]
        axes.set_xticks(self.keys, texts, fontsize=8.5 if len(self.keys) <= _MOST_LARGE else 6.5)
        axes.use_sticky_edges = False  # otherwise the axis would begin where the lowest bar does
        axes.autoscale_view()
        axes.grid(visible=False, axis="x")
        axes.set(**labels)


def groups_of(keys: npt.NDArray[Any], values: Doubles) -> Groups:
    """Group values by their keys; a NaN is left out.

    Args:
        keys: integers (N,).
        values: float64 (N,), at least one of them a number.
    """
    known = ~np.isnan(values)
    keys, values = keys[known], values[known]
    unique, counts = np.unique(keys, return_counts=True)
    ordered = values[np.argsort(keys, kind="stable")]
    parts = np.split(ordered, np.cumsum(counts)[:-1])
    return Groups(
        keys=unique.astype(np.int64),
        counts=counts,
        means=np.array([part.mean() for part in parts]),
        quartiles=np.array([np.quantile(part, [0.25, 0.5, 0.75]) for part in parts]),
    )


def _short(count: int) -> str:
    """A count in few characters, such as 1.2k or 35M."""
    for unit, letter in _SHORT:
        if count >= unit:
            digits = 1 if count < 9.95 * unit else 0
            return f"{count / unit:.{digits}f}{letter}"
    return str(count)
