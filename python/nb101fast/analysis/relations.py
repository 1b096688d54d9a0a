"""Training time, trainable parameters and accuracies, each against another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import plotting
from .correlation import pearson, spearman
from .measured import Doubles, Measured, in_words, sentence_of_absence
from .row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS = {
    "training_time": "training time, s",
    "trainable_parameters": "trainable parameters",
    "validation_accuracy": "validation accuracy",
    "test_accuracy": "test accuracy",
}
PAIRS = (
    ("training_time", "validation_accuracy"),
    ("trainable_parameters", "validation_accuracy"),
    ("trainable_parameters", "training_time"),
    ("validation_accuracy", "test_accuracy"),
)
PAPER = {("validation_accuracy", "test_accuracy"): 0.999}
_MOST_POINTS = 2000  # above this, cells are drawn as hexagons
_LEFT_OUT = 0.01  # the share of cells that an accuracy's axis leaves out at its low end


@dataclass(frozen=True, eq=False)
class Relations:
    """The means of the cells over their runs at the final budget, in pairs.

    Attributes:
        final_epochs: the budget.
        missing: the metrics that the index lacks. Pairs that need them are left out.
        columns: float64 (C,) by metric, in the order of `Index.cells`; NaN without a run.
        pearson: Pearson's correlation of each of `PAIRS`.
        spearman: Spearman's correlation of each of `PAIRS`.
    """

    final_epochs: int
    missing: tuple[str, ...]
    columns: dict[str, Doubles]
    pearson: dict[tuple[str, str], float]
    spearman: dict[tuple[str, str], float]

    title = "Training time, parameters and accuracy"
    name = "relations"

    @property
    def caption(self) -> str:
        """See `Part`."""
        absence = sentence_of_absence(self.missing, self.final_epochs)
        if not self.pearson:
            return absence
        marks = (
            "The colour of a hexagon tells how many cells it holds; the lowest 1 % of an accuracy "
            "are not drawn."
            if self._is_binned
            else "Each dot is a cell."
        )
        return (
            f"{absence} {marks} The values are those at {self.final_epochs} epochs, as means over "
            "the runs of a cell. Parameters are those of the network that was trained. The "
            "correlations above each panel are over all cells."
        ).lstrip()

    @property
    def _is_binned(self) -> bool:
        return any(len(column) > _MOST_POINTS for column in self.columns.values())

    def rows(self) -> list[Row]:
        """See `Part`."""
        rows = []
        for pair in self.pearson:
            names = " and ".join(map(in_words, pair))
            rows.append(Row(f"Pearson, {names}", self.pearson[pair], "", PAPER.get(pair)))
            rows.append(Row(f"Spearman, {names}", self.spearman[pair]))
        return rows

    @plotting.style()
    def figure(self, *, is_narrow: bool = False) -> Figure | None:
        """See `Part`."""
        if not self.pearson:
            return None
        figure, axes = plotting.panels(
            math.ceil(len(self.pearson) / 2), min(2, len(self.pearson)), is_narrow=is_narrow
        )
        for panel, pair in zip(axes, self.pearson, strict=False):
            self._draw(panel, *pair)
            panel.set(xlabel=LABELS[pair[0]], ylabel=LABELS[pair[1]])
            panel.set_title(
                f"Pearson {self.pearson[pair]:.3f}, Spearman {self.spearman[pair]:.3f}", fontsize=9
            )
        for panel in axes[len(self.pearson) :]:
            panel.remove()
        return figure

    def _draw(self, axes: Axes, across: str, up: str) -> None:
        x, y = self.columns[across], self.columns[up]
        shown = _is_shown(across, x) & _is_shown(up, y)
        x, y = x[shown], y[shown]
        logarithmic = [
            direction
            for direction, name in (("x", across), ("y", up))
            if not name.endswith("accuracy")
        ]
        if self._is_binned:
            scales: dict[str, Any] = {f"{direction}scale": "log" for direction in logarithmic}
            bins = axes.hexbin(
                x, y, gridsize=60, bins="log", mincnt=1, linewidths=0.1, rasterized=True, **scales
            )
            axes.figure.colorbar(bins, ax=axes, label="cells", pad=0.01)
        else:
            axes.scatter(x, y, 16, plotting.PALETTE[0], alpha=0.7, linewidths=0)
        plotting.set_log(axes, *logarithmic)


def relations_of(measured: Measured) -> Relations:
    """Gather the columns, and correlate those pairs of which the index has both."""
    columns = {metric: measured.mean(metric) for metric in measured.present(*LABELS)}
    pairs = [(x, y) for x, y in PAIRS if x in columns and y in columns]
    pairs = [(x, y) for x, y in pairs if not np.isnan(columns[x] + columns[y]).all()]
    return Relations(
        final_epochs=measured.final_epochs,
        missing=measured.absent(*LABELS),
        columns=columns,
        pearson={(x, y): pearson(columns[x], columns[y]) for x, y in pairs},
        spearman={(x, y): spearman(columns[x], columns[y]) for x, y in pairs},
    )


def _is_shown(name: str, values: Doubles) -> npt.NDArray[np.bool_]:
    """Whether each value is drawn. A few cells that failed would take most of an axis."""
    if not name.endswith("accuracy"):
        return values > 0
    known = values[~np.isnan(values)]
    is_shown: npt.NDArray[np.bool_] = values >= np.quantile(
        known, _LEFT_OUT if len(known) > _MOST_POINTS else 0
    )
    return is_shown
