"""How accuracies are distributed over the cells, and how much repeats of one cell differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import plotting
from .measured import ACCURACIES, Doubles, Measured
from .row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEST_MEAN_TEST = 0.943175752957662  # Ying et al., 2019: that of the best cell at 108 epochs
_CURVE_POINTS = 400


@dataclass(frozen=True, eq=False)
class Distributions:
    """Empirical distributions.

    Attributes:
        final_epochs: the budget of the accuracies.
        accuracies: by metric, the cells' means over repeats, ascending float64.
        noise: by budget, the cells' sample standard deviations of test accuracy over repeats,
            ascending float64; empty where no cell has two runs.
    """

    final_epochs: int
    accuracies: dict[str, Doubles]
    noise: dict[int, Doubles]

    title = "Distribution of accuracy and of noise"
    name = "distributions"

    @property
    def has_noise(self) -> bool:
        """Whether some budget has cells of two runs or more."""
        return any(len(values) for values in self.noise.values())

    @property
    def caption(self) -> str:
        """What one sees."""
        noise = (
            "Right: the noise at each budget, the sample standard deviation of test accuracy over "
            "a cell's repeats, in percentage points."
            if self.has_noise
            else "No cell has two runs, so the noise between repeats is unknown."
        )
        return (
            f"Left: the share of cells below an accuracy at {self.final_epochs} epochs, each the "
            f"mean of its repeats. {noise}"
        )

    def rows(self) -> list[Row]:
        """The middle of each distribution, and the best."""
        rows = [
            Row(f"median {metric.replace('_', ' ')}", float(np.median(values)))
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
        best = float(self.accuracies["test_accuracy"][-1])
        return [Row("best mean test accuracy", best, "", BEST_MEAN_TEST), *rows]

    @plotting.style()
    def figure(self) -> Figure:
        """Both sets of curves."""
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
                plotting.set_log(axes[1], "x")
            axes[1].legend()
        return figure


def distributions_of(measured: Measured) -> Distributions:
    """Accuracies at the final budget, and noise at each."""
    return Distributions(
        final_epochs=measured.final_epochs,
        accuracies={metric: _ascending(measured.mean(metric)) for metric in ACCURACIES},
        noise={
            epochs: _ascending(measured.deviation("test_accuracy", epochs))
            for epochs in measured.epochs
        },
    )


def _ascending(values: Doubles) -> Doubles:
    return np.sort(values[~np.isnan(values)])


def _draw_curve(axes: Axes, values: Doubles, number: int, label: str) -> None:
    """The empirical distribution function, at some hundred places where there are more cells."""
    shares = np.arange(1, len(values) + 1) / len(values)
    if len(values) > _CURVE_POINTS:
        places = np.linspace(0, len(values) - 1, _CURVE_POINTS).round().astype(int)
        values, shares = values[places], shares[places]
    plotting.steps(axes, values, shares, **plotting.line(number), label=label)


def _range(columns: Iterable[Doubles], left_out: float = 0.01) -> tuple[float, float]:
    """Where the curves lie but for the lowest few, so that failed runs don't squeeze them."""
    ascending = [values for values in columns if len(values)]
    low = min(float(np.quantile(values, left_out)) for values in ascending)
    high = max(float(values[-1]) for values in ascending)
    margin = 0.02 * (high - low) or 0.01
    return low - margin, high + margin
