"""The distribution of accuracy over the cells, and of the noise between runs of one cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import plotting
from ..arrays import Doubles
from .measured import ACCURACIES, Measured, in_words, sentence_of_absence
from .row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEST_MEAN_TEST = 0.943175752957662  # of the best cell at 108 epochs (Ying et al., 2019)
_CURVE_POINTS = 400
_TAIL = 0.01  # of the noise at each end, which would be an empty part of the panel


@dataclass(frozen=True, eq=False)
class Distributions:
    """Empirical distributions.

    Attributes:
        final_epochs: the budget of the accuracies.
        missing: the accuracies that the index lacks.
        accuracies: float64 by metric, the means of the cells over their runs, ascending.
        noise: float64 by budget, the sample standard deviations of the cells' test accuracies over
            their runs, ascending. It is empty for a budget at which no cell has two runs.
    """

    final_epochs: int
    missing: tuple[str, ...]
    accuracies: dict[str, Doubles]
    noise: dict[int, Doubles]

    title = "Distribution of accuracy and noise"
    name = "distributions"

    @property
    def has_noise(self) -> bool:
        """Whether the noise is known at some budget."""
        return any(len(values) for values in self.noise.values())

    @property
    def caption(self) -> str:
        """See `Part`."""
        sentences = [sentence_of_absence(self.missing, self.final_epochs)]
        if self.accuracies:
            sentences.append(
                f"{'First panel: the' if self.has_noise else 'The'} share of cells below an "
                f"accuracy at {self.final_epochs} epochs. The accuracy of a cell is the mean of "
                "its runs."
            )
        if self.has_noise:
            sentences.append(
                "Second panel: the noise at each budget, which is the sample standard deviation of "
                "the test accuracies of one cell's runs, in percentage points. The outermost "
                "percent at each end is not shown."
            )
        elif self.noise:
            sentences.append("No cell has two runs, so the noise between runs is unknown.")
        return " ".join(filter(None, sentences))

    def rows(self) -> list[Row]:
        """See `Part`."""
        rows = [
            Row(f"median {in_words(metric)}", float(np.median(values)))
            for metric, values in self.accuracies.items()
        ]
        rows += [
            Row(
                f"median noise of test accuracy, {epochs} epochs",
                100 * float(np.median(values)) if len(values) else np.nan,
                "% points",
            )
            for epochs, values in self.noise.items()
        ]
        if "test_accuracy" in self.accuracies:
            best = float(self.accuracies["test_accuracy"][-1])
            rows.insert(0, Row("best mean test accuracy", best, "", BEST_MEAN_TEST))
        return rows

    @plotting.style()
    def figure(self) -> Figure | None:
        """See `Part`."""
        if not self.accuracies:
            return None
        figure, axes = plotting.panels(1, 1 + self.has_noise)
        for number, (metric, values) in enumerate(self.accuracies.items()):
            _draw_curve(axes[0], values, number, metric.removesuffix("_accuracy"))
        axes[0].set(title=f"accuracy at {self.final_epochs} epochs", xlabel="accuracy")
        axes[0].set(ylabel="share of cells", xlim=_range(self.accuracies.values()))
        axes[0].legend()
        if self.has_noise:
            for number, (epochs, values) in enumerate(self.noise.items()):
                if len(values):
                    _draw_curve(axes[1], 100 * values, number, f"{epochs} epochs")
            axes[1].set(title="noise", xlabel="std of test accuracy, percentage points")
            if any(values.any() for values in self.noise.values()):
                axes[1].set_xlim(_noise_range(self.noise.values()))
                plotting.set_log(axes[1], "x")
            axes[1].legend()
        return figure


def distributions_of(measured: Measured) -> Distributions:
    """Sort the accuracies at the final budget, and the noise at each budget."""
    present = measured.present(*ACCURACIES)
    return Distributions(
        final_epochs=measured.final_epochs,
        missing=measured.absent(*ACCURACIES),
        accuracies={metric: _ascending(measured.mean(metric)) for metric in present},
        noise={
            epochs: _ascending(measured.deviation("test_accuracy", epochs))
            for epochs in measured.epochs
            if "test_accuracy" in present
        },
    )


def _ascending(values: Doubles) -> Doubles:
    return np.sort(values[~np.isnan(values)])


def _draw_curve(axes: Axes, values: Doubles, number: int, label: str) -> None:
    """Draw the empirical distribution function; of many cells, at some hundred places."""
    shares = np.arange(1, len(values) + 1) / len(values)
    if len(values) > _CURVE_POINTS:
        places = np.linspace(0, len(values) - 1, _CURVE_POINTS).round().astype(int)
        values, shares = values[places], shares[places]
    plotting.steps(axes, values, shares, **plotting.line(number), label=label)


def _noise_range(columns: Iterable[Doubles]) -> tuple[float, float]:
    """The range of the noise, in percentage points, without the few cells at both of its ends."""
    positive = [100 * values[values > 0] for values in columns if values.any()]
    low, high = (
        pick(float(np.quantile(values, share)) for values in positive)
        for pick, share in ((min, _TAIL), (max, 1 - _TAIL))
    )
    return 0.9 * low, 1.1 * high


def _range(columns: Iterable[Doubles], left_out: float = 0.01) -> tuple[float, float]:
    """The range of the values without the lowest few: failed runs would stretch the axis."""
    ascending = [values for values in columns if len(values)]
    low = min(float(np.quantile(values, left_out)) for values in ascending)
    high = max(float(values[-1]) for values in ascending)
    margin = 0.02 * (high - low) or 0.01
    return low - margin, high + margin
