"""What it does to a cell when one of its operations is replaced by another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import plotting, search_space
from ..codes import cell_ids
from .measured import Doubles, Measured
from .row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPERATIONS = ("conv 3x3", "conv 1x1", "max-pool 3x3")  # by label
PAPER = {(0, 1): (-1.16, -14.11), (0, 2): (-1.99, -9.84), (1, 2): (-0.81, 5.04)}
_FIRST_LABEL_BIT = 21


@dataclass(frozen=True, eq=False)
class Replacements:
    """Means over all (cell, vertex) of the old operation where the new cell is there too.

    Attributes:
        counts: int64 (3, 3) by old and new label: how many (cell, vertex).
        accuracy: float64 (3, 3), mean change of validation accuracy, in percentage points.
        time: float64 (3, 3), mean of new / old training time - 1, in percent.
    """

    final_epochs: int
    counts: npt.NDArray[np.int64]
    accuracy: Doubles
    time: Doubles

    title = "Replacing one operation"
    name = "replacements"

    @property
    def caption(self) -> str:
        """What one sees."""
        return (
            "The mean change when one vertex of a cell takes another operation and all else stays, "
            f"over {self.counts.sum():,} pairs of a cell and a vertex at {self.final_epochs} "
            "epochs, each counted once."
        )

    def rows(self) -> list[Row]:
        """Both changes in the directions that the paper gives."""
        rows: list[Row] = []
        for (old, new), (accuracy, time) in PAPER.items():
            what = f"{OPERATIONS[old]} to {OPERATIONS[new]}"
            changes = float(self.accuracy[old, new]), float(self.time[old, new])
            rows += [
                Row(f"{what}: validation accuracy", changes[0], "% points", accuracy, True),
                Row(f"{what}: training time", changes[1], "%", time, True),
            ]
        return rows

    @plotting.style()
    def figure(self) -> Figure:
        """Two squares of old and new operation."""
        figure, axes = plotting.panels(1, 2, inches=(4.2, 3.4))
        parts = (
            ("validation accuracy, percentage points", self.accuracy),
            ("training time, %", self.time),
        )
        for panel, (title, changes) in zip(axes, parts, strict=True):
            largest = np.nanmax(np.abs(changes), initial=0.01)
            colours = {"cmap": "PuOr", "vmin": -2 * largest, "vmax": 2 * largest}
            plotting.matrix(panel, changes, OPERATIONS, "+.2f", **colours)
            panel.set(title=title, xlabel="new operation", ylabel="old operation")
        return figure


def replacements_of(measured: Measured) -> Replacements:
    """Relabel every interior vertex of every cell in both ways."""
    accuracy = measured.by_id(measured.mean("validation_accuracy"))
    time = measured.by_id(measured.mean("training_time"))
    counts = np.zeros((3, 3), np.int64)
    sums = np.zeros((2, 3, 3))
    interior = search_space.num_vertices(measured.codes) - 2
    for vertex in range(5):
        cells = measured.index.cells[interior > vertex]
        codes = measured.codes[interior > vertex]
        shift = np.uint32(_FIRST_LABEL_BIT + 2 * vertex)
        labels = (codes >> shift) & np.uint32(3)
        for old, new in np.argwhere(~np.eye(3, dtype=np.bool_)).tolist():
            chosen = labels == old
            before = cells[chosen]
            after = cell_ids(codes[chosen] ^ (np.uint32(old ^ new) << shift))
            change = accuracy[after] - accuracy[before]
            ratio = time[after] / time[before]
            known = ~(np.isnan(change) | np.isnan(ratio))
            counts[old, new] += known.sum()
            sums[:, old, new] += change[known].sum(), (ratio[known] - 1).sum()
    means = np.full((2, 3, 3), np.nan)
    np.divide(100 * sums, counts, out=means, where=counts > 0)
    return Replacements(measured.final_epochs, counts, *means)
