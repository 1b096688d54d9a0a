"""Whether cells that differ little are alike: random walks, and distance from the best cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import plotting, search_space
from ..codes import NUM_CELLS, cell_codes
from .correlation import pearson
from .groups import Groups, groups_of
from .measured import ACCURACIES, Doubles, Ids, Measured
from .row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WALKS = 1000
STEPS = 1000  # of each walk that count
LAGS = 20
_STEPS_BEFORE = 100  # until where a walk began no longer matters
_SEED = 0


@dataclass(frozen=True, eq=False)
class Locality:
    """Autocorrelation along random walks, and accuracy by distance from the best cell.

    Attributes:
        autocorrelation: by metric, float64 (LAGS + 1,) over all walks; NaN where no two cells are
            one change apart, or all are equal.
        spread: likewise, the standard deviation between single walks.
        best_cell: the id of the highest mean validation accuracy, of equals the lowest.
        by_distance: validation accuracy by edit distance from it (`edit_distance(how="cell")`).
        fitness_distance: Pearson's correlation of the two, the best cell among them.
    """

    final_epochs: int
    autocorrelation: dict[str, Doubles]
    spread: dict[str, Doubles]
    best_cell: int
    by_distance: Groups
    fitness_distance: float

    title = "Locality"
    name = "locality"

    @property
    def lag_of_noise(self) -> float:
        """The first lag of validation accuracy that one walk can't tell from 0; NaN beyond LAGS.

        That is, where the autocorrelation is less than twice the spread between single walks.
        """
        curve, spread = (
            part["validation_accuracy"] for part in (self.autocorrelation, self.spread)
        )
        below = np.flatnonzero(curve < 2 * spread)
        return float(below[0]) if len(below) else np.nan

    @property
    def caption(self) -> str:
        """What one sees."""
        right = (
            f"validation accuracy by edit distance from the best cell, id {self.best_cell}: "
            "quartiles, median and mean, and how many cells lie so far."
        )
        if np.isnan(self.autocorrelation["validation_accuracy"][0]):
            return (
                "No walk leads from cell to cell of this index, or all cells are equal: there is "
                f"no autocorrelation. Shown is {right}"
            )
        return (
            f"Left: autocorrelation of accuracy at {self.final_epochs} epochs along {WALKS:,} "
            f"random walks of {STEPS:,} steps, each to a cell one change away; the band is "
            f"twice the spread of single walks. Right: {right}"
        )

    def rows(self) -> list[Row]:
        """The first lags, where the noise begins, and the fitness-distance correlation."""
        curve = self.autocorrelation["validation_accuracy"]
        return [
            *(Row(f"autocorrelation at lag {lag}", float(curve[lag])) for lag in (1, 3, 6)),
            Row("lag at which it reaches the noise of one walk", self.lag_of_noise, "", 6),
            Row("fitness-distance correlation", self.fitness_distance),
        ]

    @plotting.style()
    def figure(self) -> Figure:
        """The curves, where there are any, and the boxes."""
        has_walks = not np.isnan(self.autocorrelation["validation_accuracy"][0])
        figure, axes = plotting.panels(1, 1 + has_walks, inches=(4.7, 3.2))
        if has_walks:
            self._draw_curves(axes[0])
        self.by_distance.draw(
            axes[-1], xlabel="edit distance from the best cell", ylabel="validation accuracy"
        )
        return figure

    def _draw_curves(self, axes: Axes) -> None:
        lags = np.arange(LAGS + 1)
        for number, (metric, curve) in enumerate(self.autocorrelation.items()):
            label = metric.removesuffix("_accuracy")
            axes.plot(lags, curve, **plotting.line(number), label=label)
        band = 2 * self.spread["validation_accuracy"]
        axes.fill_between(lags, -band, band, color="#dddddd", zorder=0, label="noise of one walk")
        axes.set(xlabel="steps apart", ylabel="autocorrelation", xlim=(0, LAGS))
        axes.set_xticks(range(0, LAGS + 1, 2))
        axes.legend()


def locality_of(measured: Measured) -> Locality:
    """Walk over the cells of the index that have accuracies, and measure distances."""
    accuracies = {metric: measured.mean(metric) for metric in ACCURACIES}
    known = ~np.isnan(np.stack(list(accuracies.values()))).any(axis=0)
    walks = _walk(measured.index.cells[known])
    pairs = {
        metric: _autocorrelate(measured.by_id(values)[walks])
        for metric, values in accuracies.items()
    }
    validation = accuracies["validation_accuracy"]
    best = int(measured.index.cells[np.nanargmax(validation)])
    distances = search_space.edit_distance(measured.codes, int(cell_codes()[best]), how="cell")
    return Locality(
        final_epochs=measured.final_epochs,
        autocorrelation={metric: curve for metric, (curve, _) in pairs.items()},
        spread={metric: spread for metric, (_, spread) in pairs.items()},
        best_cell=best,
        by_distance=groups_of(distances, validation),
        fitness_distance=pearson(distances.astype(np.float64), validation),
    )


def _walk(cells: Ids) -> Ids:
    """Cell ids along the walks: int32 (STEPS, WALKS), or (STEPS, 0) where none is possible.

    A walk begins at any cell that has neighbours and goes on to any of them, each as likely.
    """
    indptr, indices = _graph_of(cells)
    degrees = np.diff(indptr)
    starts = np.flatnonzero(degrees)
    walks = np.empty((STEPS, WALKS if len(starts) else 0), np.int32)
    if not len(starts):
        return walks
    rng = np.random.default_rng(_SEED)
    place = rng.choice(starts, WALKS)
    for step in range(-_STEPS_BEFORE, STEPS):
        place = indices[indptr[place] + (rng.random(WALKS) * degrees[place]).astype(np.int64)]
        if step >= 0:
            walks[step] = place
    return walks


def _graph_of(cells: Ids) -> search_space.NeighborTable:
    """The cells that one change of either one's representative makes of each other, as CSR.

    The neighbour table alone won't do: no one change revives a dead vertex of a representative, so
    a walk would end among the smallest cells.
    """
    indptr, indices = search_space.neighbor_table()
    present = np.zeros(NUM_CELLS, np.bool_)
    present[cells] = True
    sources = np.repeat(np.arange(NUM_CELLS), np.diff(indptr))
    kept = present[sources] & present[indices]
    sources, targets = sources[kept], indices[kept].astype(np.int64)
    pairs = np.concatenate([sources * NUM_CELLS + targets, targets * NUM_CELLS + sources])
    pairs.sort()  # np.unique takes ten times as long
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    sources, targets = np.divmod(pairs, NUM_CELLS)
    ends = np.cumsum(np.bincount(sources, minlength=NUM_CELLS))
    return search_space.NeighborTable(np.concatenate([[0], ends]), targets.astype(np.int32))


def _autocorrelate(values: npt.NDArray[np.float64]) -> tuple[Doubles, Doubles]:
    """Of values (steps, walks): by lag, over all walks, and the spread between single ones.

    The mean and the variance are those of all walks together.
    """
    nothing = np.full(LAGS + 1, np.nan)
    if not values.size or np.ptp(values) == 0:
        return nothing, nothing
    centred = values - values.mean()
    products = np.stack(
        [
            np.einsum("tw,tw->w", centred[: len(centred) - lag], centred[lag:])
            / (len(centred) - lag)
            for lag in range(LAGS + 1)
        ]
    )
    products /= products[0].mean()
    return products.mean(axis=1), products.std(axis=1, ddof=1)
