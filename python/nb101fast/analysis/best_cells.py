"""How many cells can't be told from the best, and how much of the raw space they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import _core, plotting
from ..codes import NUM_CELLS
from .measured import Doubles, Ids, Measured
from .row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUM_RAW = 2**21 * 3**5
_MOST_RAW_EDGES = 9
_MOST_SHOWN = 40
_LABELINGS = 1 << 10
_LOW_BITS = 0b01_01_01_01_01  # of five labels


@dataclass(frozen=True, eq=False)
class BestCells:
    """The best cell by mean test accuracy, and those within two of its standard errors.

    Attributes:
        means: float64 (n,), the highest mean test accuracies, descending, for the figure.
        errors: float64 (n,), their standard errors, the sample standard deviation over repeats by
            the root of their number; NaN of a cell with one run.
        cells: int32, the ids that lie at most two standard errors of the best below it, itself
            first; itself alone where it has one run.
        raw, raw_9: how many of the 2^21 * 3^5 raw configurations these cells are, by the official
            validity, and with at most 9 edges before pruning too.
    """

    final_epochs: int
    means: Doubles
    errors: Doubles
    cells: Ids
    raw: int
    raw_9: int

    title = "The best cells and the noise"
    name = "best_cells"

    @property
    def caption(self) -> str:
        """What one sees."""
        shown = (
            f"The {len(self.means)} highest mean test accuracies at {self.final_epochs} epochs, "
            "with a standard error on either side where there are two runs or more."
        )
        if np.isnan(self.errors[0]):
            return f"{shown} The best cell has one run, so its standard error is unknown."
        return (
            f"{shown} {len(self.cells) - 1:,} further cells lie above the line, two standard "
            f"errors below the best: with it {self.raw:,} of the {NUM_RAW:,} raw configurations."
        )

    def rows(self) -> list[Row]:
        """The counts; unknown without a standard error."""
        known = not np.isnan(self.errors[0])
        further = "further cells within 2 standard errors of the best"
        raw = "raw configurations of these cells and the best"
        return [
            Row("id of the best cell by test accuracy", int(self.cells[0])),
            Row("standard error of the best", 100 * float(self.errors[0]), "% points"),
            Row(further, len(self.cells) - 1 if known else np.nan, "", 11),
            Row(f"{raw}, valid officially", self.raw if known else np.nan, "", 11_570),
            Row(f"{raw}, of at most 9 raw edges", self.raw_9 if known else np.nan, "", 11_570),
        ]

    @plotting.style()
    def figure(self) -> Figure:
        """The best, one beside the other."""
        figure, axes = plotting.panels(inches=(8.4, 3.1))
        places = np.arange(1, len(self.means) + 1)
        errors = np.nan_to_num(self.errors)
        axes[0].errorbar(
            places, self.means, errors, fmt="o", ms=4, lw=1, capsize=2, color=plotting.PALETTE[0]
        )
        if not np.isnan(self.errors[0]):
            low = self.means[0] - 2 * self.errors[0]
            axes[0].axhline(low, label="two standard errors below the best", **plotting.line(1))
            axes[0].legend()
        axes[0].set(xlabel="place", ylabel="mean test accuracy", xlim=(0, len(places) + 1))
        return figure


def best_cells_of(measured: Measured) -> BestCells:
    """Find the best cells and count their raw configurations."""
    means = measured.mean("test_accuracy")
    rows = np.argsort(-means, kind="stable")[: np.count_nonzero(~np.isnan(means))]
    counts = (~np.isnan(measured.runs("test_accuracy"))).sum(axis=0)
    errors = measured.deviation("test_accuracy") / np.sqrt(np.maximum(counts, 1))
    low = means[rows[0]] - 2 * np.nan_to_num(errors[rows[0]])
    near = rows[means[rows] >= low] if errors[rows[0]] == errors[rows[0]] else rows[:1]
    cells: Ids = measured.index.cells[near]
    shown = rows[:_MOST_SHOWN]
    return BestCells(
        final_epochs=measured.final_epochs,
        means=means[shown],
        errors=errors[shown],
        cells=cells,
        raw=int(count_raw()[cells].sum()),
        raw_9=int(count_raw(most_edges=_MOST_RAW_EDGES)[cells].sum()),
    )


def count_raw(*, most_edges: int = 21) -> npt.NDArray[np.int64]:
    """How many of the 2^21 * 3^5 raw configurations each cell is: int64 (423624,), by id.

    Those are the valid ones; their labels of dead vertices count too. The core finds a cell by the
    placement of its matrix and a rank by its labels: so count matrices by placement, and gather
    cells for each placement and labelling.

    Args:
        most_edges: only matrices of so many edges, before pruning, or fewer.
    """
    placement_of_matrix, placements, ranks = _core.look_up_tables()
    if most_edges < 21:
        placement_of_matrix = placement_of_matrix[_edges_of_matrices() <= most_edges]
    matrices = np.bincount(placement_of_matrix, minlength=len(placements))
    first_ids, row_starts = placements.T
    used = np.flatnonzero((first_ids >= 0) & (matrices > 0))
    labelings = np.arange(_LABELINGS)
    labelings = labelings[labelings & (labelings >> 1) & _LOW_BITS == 0]  # no label 3
    ids = first_ids[used, None] + ranks[row_starts[used, None] + labelings]
    weights = np.repeat(matrices[used], len(labelings))
    # Sums of whole numbers below 2^53 are exact in double.
    return np.bincount(ids.reshape(-1), weights, NUM_CELLS).astype(np.int64)


def _edges_of_matrices() -> npt.NDArray[np.uint8]:
    """How many edges each of the 2^21 matrices has."""
    edges = np.zeros(1, np.uint8)
    for _ in range(21):
        edges = np.concatenate([edges, edges + np.uint8(1)])
    return edges
