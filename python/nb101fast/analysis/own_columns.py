"""How well own columns, such as the scores of a proxy, rank the cells by their test accuracy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import plotting
from ..arrays import Doubles
from .budgets import FEWEST_CELLS
from .correlation import kendall, spearman
from .measured import Measured, in_words, sentence_of_absence
from .row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METRIC = "test_accuracy"
TOP_PERCENT = (100, 10, 5, 1)


@dataclass(frozen=True, eq=False)
class OwnColumns:
    """The rank correlation of each own column with mean test accuracy at the final budget.

    Attributes:
        final_epochs: the highest budget of the index.
        names: the names of the own columns.
        is_measured: whether the index has test accuracies at the final budget.
        counts: int64 (columns, len(TOP_PERCENT)), how many cells the best so many percent by
            accuracy are, rounded up. Only cells with both values take part.
        spearman, kendall: float64 of the same shape, NaN for fewer than ten cells or if all values
            are equal. Kendall's is tau-b.
    """

    final_epochs: int
    names: tuple[str, ...]
    is_measured: bool
    counts: npt.NDArray[np.int64]
    spearman: Doubles
    kendall: Doubles

    title = "Own columns"
    name = "own_columns"

    @property
    def caption(self) -> str:
        """See `Part`."""
        if not self.is_measured:
            return sentence_of_absence((METRIC,), self.final_epochs)
        return (
            f"Rank correlation of each own column with mean {in_words(METRIC)} at "
            f"{self.final_epochs} epochs, over the best p percent of the cells by this accuracy. "
            "The ranks are those among the chosen cells. Only cells that have both values take "
            f"part, and a correlation needs {FEWEST_CELLS} of them."
        )

    def rows(self) -> list[Row]:
        """See `Part`."""
        return [
            Row(f"{kind}, {name}, top {percent} %", float(values[number, place]))
            for number, name in enumerate(self.names)
            for place, percent in enumerate(TOP_PERCENT)
            for kind, values in (("Spearman", self.spearman), ("Kendall", self.kendall))
        ]

    @plotting.style()
    def figure(self) -> Figure | None:
        """See `Part`; a curve for each column."""
        if np.isnan(self.spearman).all():
            return None
        figure, axes = plotting.panels(1, 2, inches=(3.7, 3.3))
        for panel, label, values in (
            (axes[0], "Spearman", self.spearman),
            (axes[1], "Kendall", self.kendall),
        ):
            for number, name in enumerate(self.names):
                panel.plot(
                    TOP_PERCENT,
                    values[number],
                    marker="o",
                    markersize=3,
                    label=plotting.plain(name),
                    **plotting.line(number),
                )
            panel.set(xscale="log", xlabel="best p percent of the cells", ylabel=label)
            panel.set_xticks(TOP_PERCENT, map(str, TOP_PERCENT))
            panel.minorticks_off()
        axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1))
        return figure


def own_columns_of(measured: Measured) -> OwnColumns:
    """Correlate each own column with the test accuracies."""
    reader = measured.index.reader
    names = tuple(reader.own_columns)
    accuracies = measured.mean(METRIC)
    columns = [reader.own_column(name).values for name in names]
    return OwnColumns(
        final_epochs=measured.final_epochs,
        names=names,
        is_measured=METRIC not in measured.missing,
        counts=np.array([[len(each) for each in _best(c, accuracies)] for c in columns]),
        spearman=_correlations(spearman, columns, accuracies),
        kendall=_correlations(kendall, columns, accuracies),
    )


def _best(column: Doubles, accuracies: Doubles) -> list[npt.NDArray[np.int64]]:
    """The positions of the best cells that have both values, for each of `TOP_PERCENT`."""
    both = np.flatnonzero(~np.isnan(column + accuracies))
    best_first = both[np.argsort(-accuracies[both], kind="stable")]
    return [best_first[: math.ceil(len(both) * percent / 100)] for percent in TOP_PERCENT]


def _correlations(
    correlate: Callable[[Doubles, Doubles], float], columns: list[Doubles], accuracies: Doubles
) -> Doubles:
    return np.array(
        [
            [
                correlate(column[cells], accuracies[cells])
                if len(cells) >= FEWEST_CELLS
                else np.nan
                for cells in _best(column, accuracies)
            ]
            for column in columns
        ]
    )
