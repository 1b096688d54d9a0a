"""How accuracy and training time change when one operation of a cell is replaced by another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import plotting, search_space
from ..arrays import Doubles
from ..codes import MATRIX_BITS
from ..ids import cell_ids
from .measured import Measured, sentence_of_absence
from .row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPERATIONS = ("conv 3x3", "conv 1x1", "max-pool 3x3")  # labels 0, 1 and 2
METRICS_USED = ("validation_accuracy", "training_time")
# By old and new label: the changes of accuracy and of time that Ying et al. (2019) published.
PAPER = {(0, 1): (-1.16, -14.11), (0, 2): (-1.99, -9.84), (1, 2): (-0.81, 5.04)}


@dataclass(frozen=True, eq=False)
class Replacements:
    """Mean changes over all pairs of a cell and a vertex with the old operation.

    A pair counts if the index has the cell with the new operation too.

    Attributes:
        final_epochs: the budget of the values.
        missing: the metrics that the index lacks. Their changes are NaN.
        counts: int64 (3, 3) by old and new label, the number of pairs.
        accuracy: float64 (3, 3), the mean change of validation accuracy in percentage points.
        time: float64 (3, 3), the mean of new training time / old training time - 1, in percent.
    """

    final_epochs: int
    missing: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    accuracy: Doubles
    time: Doubles

    title = "Replacing one operation"
    name = "replacements"

    @property
    def caption(self) -> str:
        """See `Part`."""
        absence = sentence_of_absence(self.missing, self.final_epochs)
        if not self.counts.any():
            return f"{absence} No replacement leads from a cell of this index to another.".lstrip()
        return (
            f"{absence} The mean change when one vertex of a cell gets another operation and "
            f"everything else stays, over {self.counts.sum():,} pairs of a cell and a vertex at "
            f"{self.final_epochs} epochs."
        ).lstrip()

    def rows(self) -> list[Row]:
        """See `Part`; the directions are those that the paper gives."""
        rows: list[Row] = []
        for (old, new), (accuracy, time) in PAPER.items():
            what = f"{OPERATIONS[old]} to {OPERATIONS[new]}"
            changes = float(self.accuracy[old, new]), float(self.time[old, new])
            if "validation_accuracy" not in self.missing:
                name = f"{what}: validation accuracy"
                rows.append(Row(name, changes[0], "% points", accuracy, True))
            if "training_time" not in self.missing:
                rows.append(Row(f"{what}: training time", changes[1], "%", time, True))
        return rows

    @plotting.style()
    def figure(self) -> Figure | None:
        """See `Part`; a square matrix of old and new operations for each metric."""
        parts = {
            "validation_accuracy": ("validation accuracy, percentage points", self.accuracy),
            "training_time": ("training time, %", self.time),
        }
        shown = [part for metric, part in parts.items() if metric not in self.missing]
        if not shown:
            return None
        figure, axes = plotting.panels(1, len(shown), inches=(4.2, 3.4))
        for panel, (title, changes) in zip(axes, shown, strict=True):
            largest = np.nanmax(np.abs(changes), initial=0.01)
            colours = {"cmap": "PuOr", "vmin": -2 * largest, "vmax": 2 * largest}
            plotting.matrix(panel, changes, OPERATIONS, "+.2f", **colours)
            panel.set(title=title, xlabel="new operation", ylabel="old operation")
        return figure


def replacements_of(measured: Measured) -> Replacements:
    """Replace the operation of each interior vertex of each cell by both others."""
    missing = measured.absent(*METRICS_USED)
    accuracy, time = (measured.by_id(measured.mean(metric)) for metric in METRICS_USED)
    counts = np.zeros((3, 3), np.int64)
    sums = np.zeros((2, 3, 3))
    interior = search_space.num_vertices(measured.codes) - 2
    for vertex in range(5):
        ids = measured.index.cells[interior > vertex]
        codes = measured.codes[interior > vertex]
        shift = np.uint32(MATRIX_BITS + 2 * vertex)  # A label has two bits.
        labels = (codes >> shift) & np.uint32(3)
        for old, new in np.argwhere(~np.eye(3, dtype=np.bool_)).tolist():
            chosen = labels == old
            before = ids[chosen]
            # old ^ (old ^ new) is new, so the exclusive or replaces the label.
            after = cell_ids(codes[chosen] ^ (np.uint32(old ^ new) << shift))
            changes = np.stack([accuracy[after] - accuracy[before], time[after] / time[before] - 1])
            known = ~np.isnan(changes[[metric not in missing for metric in METRICS_USED]])
            counted = known.all(axis=0) & known.any(axis=0)
            counts[old, new] += counted.sum()
            sums[:, old, new] += [change[counted].sum() for change in changes]
    means = np.full((2, 3, 3), np.nan)
    np.divide(100 * sums, counts, out=means, where=counts > 0)
    return Replacements(measured.final_epochs, missing, counts, *means)
