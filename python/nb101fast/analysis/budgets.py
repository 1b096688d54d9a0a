"""How well a short training ranks the cells: the rank correlation between budgets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import plotting
from ..arrays import Doubles
from .correlation import mean_ranks, pearson
from .measured import Measured, sentence_of_absence
from .row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOP_PERCENT = (100, 50, 25, 10, 5, 2, 1)
FEWEST_CELLS = 10  # a correlation of fewer cells would mean nothing
PAPER = {(36, 108, 10): 0.365}  # by two budgets and the best so many percent


@dataclass(frozen=True, eq=False)
class Budgets:
    """Spearman's correlation of mean validation accuracy between budgets.

    Attributes:
        final_epochs: the highest budget of the index.
        epochs: the budgets at which some cell has a validation accuracy, ascending. It is empty if
            the final budget is not one of them.
        counts: int64 (len(TOP_PERCENT),), how many cells the best so many percent at the final
            budget are, rounded up. Only cells with a value at each of the budgets take part. Of
            cells with equal accuracy, the one with the lower id comes first.
        correlation: float64 (len(TOP_PERCENT), budgets, budgets), NaN for fewer than ten cells or
            if all values are equal.
    """

    final_epochs: int
    epochs: tuple[int, ...]
    counts: npt.NDArray[np.int64]
    correlation: Doubles

    title = "Rank correlation between budgets"
    name = "budgets"

    @property
    def caption(self) -> str:
        """See `Part`."""
        if not self.epochs:
            return sentence_of_absence(("validation_accuracy",), self.final_epochs)
        if len(self.epochs) < 2:
            return (
                f"This index has validation accuracies at one budget, {self.epochs[0]} epochs, so "
                "there is no other to compare it with."
            )
        return (
            "Spearman's rank correlation of mean validation accuracy between budgets, over the "
            f"best p percent of {self.counts[0]:,} cells by the accuracy at {self.epochs[-1]} "
            "epochs. The ranks are those among the chosen cells. First panel: all cells. Second "
            "panel: the best 10 %. Third panel: each pair of budgets."
        )

    def rows(self) -> list[Row]:
        """See `Part`; each budget and the final one, for all cells and the best 10 %."""
        return [
            Row(
                f"Spearman, {epochs} and {self.epochs[-1]} epochs, top {percent} %",
                float(self.correlation[TOP_PERCENT.index(percent), budget, -1]),
                "",
                PAPER.get((epochs, self.epochs[-1], percent)),
            )
            for budget, epochs in enumerate(self.epochs[:-1])
            for percent in (100, 10)
        ]

    @plotting.style()
    def figure(self) -> Figure | None:
        """See `Part`; matrices for all cells and the best 10 %, and a curve for each pair."""
        if len(self.epochs) < 2:
            return None
        figure, axes = plotting.panels(1, 3, inches=(3.7, 3.3))
        for panel, percent in zip(axes, (100, 10), strict=False):
            self._draw_matrix(panel, percent)
        for number, (first, second) in enumerate(combinations(range(len(self.epochs)), 2)):
            axes[2].plot(
                TOP_PERCENT,
                self.correlation[:, first, second],
                marker="o",
                markersize=3,
                label=f"{self.epochs[first]}, {self.epochs[second]}",
                **plotting.line(number),
            )
        axes[2].set(xscale="log", xlabel="best p percent of the cells", ylabel="Spearman")
        axes[2].set_xticks(TOP_PERCENT, map(str, TOP_PERCENT))
        axes[2].minorticks_off()
        axes[2].legend(title="epochs", loc="upper left", bbox_to_anchor=(1, 1))
        return figure

    def _draw_matrix(self, axes: Axes, percent: int) -> None:
        values = self.correlation[TOP_PERCENT.index(percent)]
        plotting.matrix(axes, values, self.epochs, ".2f", vmin=-0.2, vmax=1)
        title = "all cells" if percent == 100 else f"best {percent} %"
        axes.set(title=title, xlabel="epochs", ylabel="epochs")


def budgets_of(measured: Measured) -> Budgets:
    """Rank all cells and the best cells at each budget."""
    metric, final_epochs = "validation_accuracy", measured.final_epochs
    epochs: tuple[int, ...] = ()
    if measured.present(metric):
        epochs = tuple(each for each in sorted(measured.epochs) if measured.has(metric, each))
    means = np.array([measured.mean(metric, each) for each in epochs or (final_epochs,)])
    means = means[:, ~np.isnan(means).any(axis=0)]
    best_first = np.argsort(-means[-1], kind="stable")
    counts = [math.ceil(len(best_first) * percent / 100) for percent in TOP_PERCENT]
    return Budgets(
        final_epochs=final_epochs,
        epochs=epochs,
        counts=np.array(counts),
        correlation=np.stack([_correlate(means[:, best_first[:count]]) for count in counts]),
    )


def _correlate(columns: Doubles) -> Doubles:
    """Spearman's correlation of each pair of rows; NaN for too few columns."""
    correlation = np.full((len(columns), len(columns)), np.nan)
    if columns.shape[1] < FEWEST_CELLS:
        return correlation
    ranks = [mean_ranks(column) for column in columns]
    for first, second in combinations_with_replacement(range(len(ranks)), 2):
        value = pearson(ranks[first], ranks[second])
        correlation[first, second] = correlation[second, first] = value
    return correlation
