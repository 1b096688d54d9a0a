"""The cells that cannot be told from the best one, and their share of the raw space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import plotting
from ..arrays import Doubles
from ..cell import Cell
from ..ids import Ids
from .measured import Measured, sentence_of_absence
from .raw_space import MOST_RAW_EDGES, NUM_RAW, count_raw
from .row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PARAMETERS = "trainable_parameters"
_MOST_SHOWN = 40
_MOST_DRAWN = 6


@dataclass(frozen=True)
class BestCell:
    """One of the best cells.

    Attributes:
        cell: the cell.
        numbers: the means over its runs at the final budget, by metric, as far as the index has
            them. Parameters are those of the network that was trained.
        error: the standard error of its mean test accuracy; NaN for a cell with one run.
    """

    cell: Cell
    numbers: dict[str, float]
    error: float


@dataclass(frozen=True, eq=False)
class BestCells:
    """The best cell by mean test accuracy, and the cells within two of its standard errors.

    All arrays are empty if the index has no test accuracies.

    Attributes:
        final_epochs: the budget of the accuracies.
        means: float64 (n,), the highest mean test accuracies for the figure, descending.
        errors: float64 (n,), their standard errors: the sample standard deviation of a cell's runs,
            divided by the square root of their number. NaN for a cell with one run.
        ids: int32, the best cell, followed by the cells that are at most two of its standard errors
            below it. If the best cell has one run, it is alone.
        drawn: the very best cells, in their order, for the report.
        raw_official: how many of the 2^21 * 3^5 raw configurations these cells are.
        raw_9: how many of those have at most 9 edges before pruning.
    """

    final_epochs: int
    means: Doubles
    errors: Doubles
    ids: Ids
    drawn: tuple[BestCell, ...]
    raw_official: int
    raw_9: int

    title = "The best cells and the noise"
    name = "best_cells"

    @property
    def caption(self) -> str:
        """See `Part`."""
        if not len(self.ids):
            return sentence_of_absence(("test_accuracy",), self.final_epochs)
        shown = (
            f"The {len(self.means)} highest mean test accuracies at {self.final_epochs} epochs. "
            "The bar of a cell with two runs or more is one standard error on either side."
        )
        if not self._knows_error:
            return f"{shown} The best cell has one run, so its standard error is unknown."
        return (
            f"{shown} The line is two standard errors below the best cell. "
            f"{len(self.ids) - 1:,} other cells are above it. Together with the best they are "
            f"{self.raw_official:,} of the {NUM_RAW:,} raw configurations."
        )

    @property
    def _knows_error(self) -> bool:
        return not np.isnan(self.errors[0])

    def rows(self) -> list[Row]:
        """See `Part`; the counts are unknown without a standard error."""
        if not len(self.ids):
            return []
        known = self._knows_error
        further = "further cells within 2 standard errors of the best"
        raw = "raw configurations of these cells and the best"
        return [
            Row("id of the best cell by test accuracy", int(self.ids[0])),
            Row("standard error of the best", 100 * float(self.errors[0]), "% points"),
            Row(further, len(self.ids) - 1 if known else np.nan, "", 11),
            Row(f"{raw}, valid officially", self.raw_official if known else np.nan, "", 11_570),
            Row(f"{raw}, of at most 9 raw edges", self.raw_9 if known else np.nan, "", 11_570),
        ]

    @plotting.style()
    def figure(self) -> Figure | None:
        """See `Part`; the best cells side by side."""
        if not len(self.ids):
            return None
        figure, axes = plotting.panels(inches=(8.4, 3.1))
        places = np.arange(1, len(self.means) + 1)
        errors = np.nan_to_num(self.errors)
        axes[0].errorbar(
            places, self.means, errors, fmt="o", ms=4, lw=1, capsize=2, color=plotting.PALETTE[0]
        )
        if self._knows_error:
            low = self.means[0] - 2 * self.errors[0]
            axes[0].axhline(low, label="two standard errors below the best", **plotting.line(1))
            axes[0].legend()
        axes[0].set(xlabel="place", ylabel="mean test accuracy", xlim=(0, len(places) + 1))
        return figure


def best_cells_of(measured: Measured) -> BestCells:
    """Find the best cells and count their raw configurations."""
    means = measured.mean("test_accuracy")
    best_first = np.argsort(-means, kind="stable")[: np.count_nonzero(~np.isnan(means))]
    counts = (~np.isnan(measured.runs("test_accuracy"))).sum(axis=0)
    errors = measured.deviation("test_accuracy") / np.sqrt(np.maximum(counts, 1))
    error = errors[best_first[:1]]  # empty without test accuracies
    near = best_first[:1]
    if len(error) and not np.isnan(error[0]):
        near = best_first[means[best_first] >= means[best_first[0]] - 2 * error[0]]
    ids: Ids = measured.index.cells[near]
    shown = best_first[:_MOST_SHOWN]
    metrics = measured.present("test_accuracy", "validation_accuracy", "training_time", _PARAMETERS)
    return BestCells(
        final_epochs=measured.final_epochs,
        means=means[shown],
        errors=errors[shown],
        ids=ids,
        drawn=tuple(
            BestCell(
                Cell.from_id(measured.index.cells[row]),
                {metric: float(measured.mean(metric)[row]) for metric in metrics},
                float(errors[row]),
            )
            for row in shown[:_MOST_DRAWN]
        ),
        raw_official=int(count_raw()[ids].sum()),
        raw_9=int(count_raw(most_edges=MOST_RAW_EDGES)[ids].sum()),
    )
