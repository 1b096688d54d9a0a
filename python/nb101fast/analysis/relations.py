"""Training time, parameters and accuracy against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import plotting
from .correlation import pearson, spearman
from .measured import Doubles, Measured
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
_MOST_POINTS = 2000  # more are binned
_LEFT_OUT = 0.01  # of the cells, at the low end of an accuracy's axis


@dataclass(frozen=True, eq=False)
class Relations:
    """Means over repeats at the final budget.

    Attributes:
        columns: by metric, float64 (C,) by row of `Index.cells`, NaN without a run.
        pearson, spearman: of each of `PAIRS`.
    """

    final_epochs: int
    columns: dict[str, Doubles]
    pearson: dict[tuple[str, str], float]
    spearman: dict[tuple[str, str], float]

    title = "Training time, parameters and accuracy"
    name = "relations"

    @property
    def caption(self) -> str:
        """What one sees."""
        how = (
            "A hexagon's colour is its number of cells, but for the lowest 1 % of an accuracy"
            if self._is_binned
            else "A dot is a cell"
        )
        return (
            f"{how}; values at {self.final_epochs} epochs, mean of the repeats. Parameters are "
            "those of the network that was trained. Above each panel stand the correlations over "
            "all cells."
        )

    @property
    def _is_binned(self) -> bool:
        return len(self.columns["test_accuracy"]) > _MOST_POINTS

    def rows(self) -> list[Row]:
        """Both correlations of each pair."""
        rows = []
        for pair in PAIRS:
            names = " and ".join(name.replace("_", " ") for name in pair)
            rows.append(Row(f"Pearson, {names}", self.pearson[pair], "", PAPER.get(pair)))
            rows.append(Row(f"Spearman, {names}", self.spearman[pair]))
        return rows

    @plotting.style()
    def figure(self) -> Figure:
        """A panel for each pair."""
        figure, axes = plotting.panels(2, 2)
        for panel, pair in zip(axes, PAIRS, strict=True):
            self._draw(panel, *pair)
            panel.set(xlabel=LABELS[pair[0]], ylabel=LABELS[pair[1]])
            panel.set_title(
                f"Pearson {self.pearson[pair]:.3f}, Spearman {self.spearman[pair]:.3f}", fontsize=9
            )
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
    """The columns and their correlations."""
    columns = {metric: measured.mean(metric) for metric in LABELS}
    return Relations(
        final_epochs=measured.final_epochs,
        columns=columns,
        pearson={(x, y): pearson(columns[x], columns[y]) for x, y in PAIRS},
        spearman={(x, y): spearman(columns[x], columns[y]) for x, y in PAIRS},
    )


def _is_shown(name: str, values: Doubles) -> Any:
    """Whether each is within the axis, most of which a few cells that failed would take."""
    if not name.endswith("accuracy"):
        return values > 0
    known = values[~np.isnan(values)]
    return values >= np.quantile(known, _LEFT_OUT if len(known) > _MOST_POINTS else 0)
