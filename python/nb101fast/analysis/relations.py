"""Training time, trainable parameters and accuracies, each against another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import plotting
from ..arrays import Doubles
from ..scatter import draw_cells
from .correlation import pearson, spearman
from .measured import Measured, in_words, sentence_of_absence
from .row import Row

if TYPE_CHECKING:
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
_MOST_POINTS = 2000  # Above this number, cells are drawn as hexagons.


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
    def figure(self) -> Figure | None:
        """See `Part`."""
        if not self.pearson:
            return None
        count = len(self.pearson)
        figure, axes = plotting.panels(math.ceil(count / 2), min(2, count))
        for panel, pair in zip(axes, self.pearson, strict=False):
            draw_cells(panel, *pair, self.columns, is_binned=self._is_binned)
            panel.set(xlabel=LABELS[pair[0]], ylabel=LABELS[pair[1]])
            panel.set_title(
                f"Pearson {self.pearson[pair]:.3f}, Spearman {self.spearman[pair]:.3f}", fontsize=9
            )
        for panel in axes[count:]:
            panel.remove()
        return figure


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
