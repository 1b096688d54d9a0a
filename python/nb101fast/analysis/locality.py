"""Whether similar cells have similar accuracies: along random walks, and around the best cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import plotting, search_space
from ..arrays import Doubles
from ..ids import cell_codes
from .correlation import pearson
from .groups import Groups, groups_of
from .measured import ACCURACIES, Measured, sentence_of_absence
from .row import Row
from .walks import LAGS, STEPS, WALKS, autocorrelate, walk

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Distances:
    """Validation accuracy by distance from the best cell.

    Attributes:
        best_id: the cell with the highest mean validation accuracy; of equal ones the lowest id.
        accuracy: the validation accuracies, grouped by `edit_distance(how="cell")` from that cell.
        correlation: Pearson's correlation of distance and accuracy over all cells, the best one
            included.
    """

    best_id: int
    accuracy: Groups
    correlation: float


@dataclass(frozen=True, eq=False)
class Locality:
    """The autocorrelation along random walks, and accuracy by distance from the best cell.

    Attributes:
        final_epochs: the budget of the accuracies.
        missing: the accuracies that the index lacks.
        autocorrelation: float64 (LAGS + 1,) by metric, over all walks. NaN if no two cells of the
            index are one change apart, or if all accuracies are equal.
        spread: float64 (LAGS + 1,) by metric, the standard deviation between single walks.
        distances: None if the index has no validation accuracies.
    """

    final_epochs: int
    missing: tuple[str, ...]
    autocorrelation: dict[str, Doubles]
    spread: dict[str, Doubles]
    distances: Distances | None

    title = "Locality"
    name = "locality"

    @property
    def lag_of_noise(self) -> float:
        """The first lag at which a single walk cannot tell the autocorrelation from 0.

        That is where the autocorrelation of validation accuracy is less than twice the spread
        between single walks. NaN if this is beyond LAGS, or if there is no autocorrelation.
        """
        curve, spread = (
            part["validation_accuracy"] for part in (self.autocorrelation, self.spread)
        )
        below = np.flatnonzero(curve < 2 * spread)
        return float(below[0]) if len(below) else np.nan

    @property
    def has_walks(self) -> bool:
        """Whether there is an autocorrelation of some accuracy."""
        return any(not np.isnan(curve[0]) for curve in self.autocorrelation.values())

    @property
    def caption(self) -> str:
        """See `Part`."""
        sentences = [sentence_of_absence(self.missing, self.final_epochs)]
        if self.has_walks:
            sentences.append(
                f"{'First panel: the' if self.distances else 'The'} autocorrelation of accuracy at "
                f"{self.final_epochs} epochs along {WALKS:,} random walks of {STEPS:,} steps. Each "
                "step goes to a cell that is one change away. The band is twice the standard "
                "deviation between single walks."
            )
        elif self.autocorrelation:
            sentences.append(
                "There is no autocorrelation, because no change leads from one cell of this index "
                "to another, or all accuracies are equal."
            )
        if self.distances:
            sentences.append(
                f"{'Second panel: the' if self.has_walks else 'The'} validation accuracy by edit "
                f"distance from the best cell, which has id {self.distances.best_id}. A box "
                "reaches from the first to the third quartile. The line is the median, the dot the "
                "mean, and the number below is how many cells have this distance."
            )
        return " ".join(filter(None, sentences))

    def rows(self) -> list[Row]:
        """See `Part`; the first lags, the lag of the noise and the fitness-distance correlation."""
        if not self.distances:
            return []
        curve = self.autocorrelation["validation_accuracy"]
        return [
            *(Row(f"autocorrelation at lag {lag}", float(curve[lag])) for lag in (1, 3, 6)),
            Row("lag at which it reaches the noise of one walk", self.lag_of_noise, "", 6),
            Row("fitness-distance correlation", self.distances.correlation),
        ]

    @plotting.style()
    def figure(self) -> Figure | None:
        """See `Part`; the curves and the boxes."""
        num_panels = self.has_walks + (self.distances is not None)
        if not num_panels:
            return None
        figure, axes = plotting.panels(1, num_panels, inches=(4.7, 3.2))
        if self.has_walks:
            self._draw_curves(axes[0])
        if self.distances:
            self.distances.accuracy.draw(
                axes[-1], xlabel="edit distance from the best cell", ylabel="validation accuracy"
            )
        return figure

    def _draw_curves(self, axes: Axes) -> None:
        lags = np.arange(LAGS + 1)
        for number, (metric, curve) in enumerate(self.autocorrelation.items()):
            label = metric.removesuffix("_accuracy")
            axes.plot(lags, curve, **plotting.line(number), label=label)
        metric = "validation_accuracy" if self.distances else next(iter(self.spread))
        band = 2 * self.spread[metric]
        axes.fill_between(lags, -band, band, color="#dddddd", zorder=0, label="noise of one walk")
        axes.set(xlabel="steps apart", ylabel="autocorrelation", xlim=(0, LAGS))
        axes.set_xticks(range(0, LAGS + 1, 2))
        axes.legend()


def locality_of(measured: Measured) -> Locality:
    """Walk among the cells that have all accuracies of the index, and measure distances."""
    accuracies = {metric: measured.mean(metric) for metric in measured.present(*ACCURACIES)}
    curves: dict[str, tuple[Doubles, Doubles]] = {}
    if accuracies:
        known = ~np.isnan(np.stack(list(accuracies.values()))).any(axis=0)
        walks = walk(measured.index.cells[known])
        curves = {
            metric: autocorrelate(measured.by_id(values)[walks])
            for metric, values in accuracies.items()
        }
    return Locality(
        final_epochs=measured.final_epochs,
        missing=measured.absent(*ACCURACIES),
        autocorrelation={metric: curve for metric, (curve, _) in curves.items()},
        spread={metric: spread for metric, (_, spread) in curves.items()},
        distances=_distances_of(measured) if "validation_accuracy" in accuracies else None,
    )


def _distances_of(measured: Measured) -> Distances:
    validation = measured.mean("validation_accuracy")
    best_id = int(measured.index.cells[np.nanargmax(validation)])
    distances = search_space.edit_distance(measured.codes, int(cell_codes()[best_id]), how="cell")
    return Distances(
        best_id=best_id,
        accuracy=groups_of(distances, validation),
        correlation=pearson(distances.astype(np.float64), validation),
    )
