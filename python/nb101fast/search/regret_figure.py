"""The regret of optimizers as a figure: over what the runs have spent, and at their end."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import plotting
from ..arrays import Doubles
from ..checks import check_choice
from .compared_runs import SAME, figure_title_of, labels_of, runs_by_name
from .fronts import Fronts
from .limits import Limits
from .mean_regret import confidence_band, mean_regret, regret_of
from .optimizer_runs import OptimizerRuns
from .presets import PRESETS
from .trajectories import REGRETS, Regret, Trajectories

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_QUARTILES = (0.25, 0.75)
# An optimizer has the same line in every figure, whatever the other optimizers are. Any two of them
# differ by colour and by marker, and the paper's seven differ in grey print too.
_LINES = {
    "rs": 0,
    "re": 1,
    "smac": 2,
    "bohb": 3,
    "tpe": 4,
    "hb": 6,
    "nre": 7,
    "rl": 8,
    "nsga2": 20,  # of the colour of SMAC, which has one objective
    "ls": 32,
}
_SPENT = {"seconds": "simulated training time (seconds)", "evaluations": "evaluations"}
PANEL_INCHES = (5.0, 3.9)
CURVE_POINTS = 400  # more than the eye can tell apart
_LEAST_SHARE = 1e-9  # of the limit, where a curve begins at the earliest


@dataclass(frozen=True, eq=False)
class RegretCurve:
    """The curve of one optimizer, and its final values.

    Attributes:
        name: the optimizer's name.
        look: the colour, the line style, the markers and the label.
        spent: what the runs have spent, from the first point at which all have an incumbent.
        middle: the mean or the median of the runs at these points.
        low, high: the 95 % interval of the mean, or the quartiles, at these points.
        final: the final values of the runs in which a training ended, ascending.
    """

    name: str
    look: dict[str, Any]
    spent: Doubles
    middle: Doubles
    low: Doubles
    high: Doubles
    final: Doubles


@dataclass(frozen=True, eq=False)
class RegretFigure:
    """What the panels of a figure show.

    Attributes:
        preset: the name of the protocol.
        limits: what each run could spend.
        regret: "test", "validation" or "hypervolume".
        curves: those of the optimizers in which a training ended.
    """

    preset: str
    limits: Limits
    regret: str
    curves: Sequence[RegretCurve]

    @classmethod
    def of(
        cls,
        trajectories: Mapping[str, OptimizerRuns],
        labels: Mapping[str, str],
        regret: Regret = "test",
    ) -> RegretFigure:
        """The curves of runs of the same preset and limits.

        Args:
            trajectories: the runs by the optimizer's name, at least one.
            labels: what the legend calls each optimizer, as plain text.
            regret: which regret is drawn. Fronts have that of the hypervolume alone.
        """
        first = next(iter(trajectories.values()))
        lines = lines_of(trajectories)
        looks = {
            name: plotting.curve(lines[name]) | {"label": plotting.plain(labels[name])}
            for name in trajectories
        }
        curves = [_curve(name, each, regret, looks[name]) for name, each in trajectories.items()]
        drawn = "hypervolume" if isinstance(first, Fronts) else regret
        return cls(first.preset, first.limits, drawn, [each for each in curves if len(each.final)])

    @property
    def is_accuracy(self) -> bool:
        """Whether accuracies are drawn: the official notebook reports the queried test accuracy."""
        return self.regret != "hypervolume" and PRESETS[self.preset].test == "queried"

    @property
    def quantity(self) -> str:
        """The name of the values."""
        return f"{self.regret} {'accuracy' if self.is_accuracy else 'regret'}"

    @property
    def statistic(self) -> str:
        """The name of the middle of the runs: "mean" or "median"."""
        return PRESETS[self.preset].middle

    @property
    def band(self) -> str:
        """What a title says of the bands around the curves."""
        return f"with {'95 %' if self.statistic == 'mean' else '25-75 %'} band"

    @property
    def axis_label(self) -> str:
        """The label of the axis of the values."""
        is_queried = self.is_accuracy and self.regret == "test"
        return f"queried {self.quantity}" if is_queried else self.quantity

    def draw_middle(self, axes: Axes) -> None:
        """Draw the mean or the median of the runs over what they have spent, with its band."""
        for each in self.curves:
            plotting.steps(axes, each.spent, each.middle, **each.look)
            color = each.look["color"]
            axes.fill_between(
                each.spent, each.low, each.high, step="post", color=color, alpha=0.18, linewidth=0
            )
        if self.curves:
            first = min(float(each.spent[0]) for each in self.curves)
            axes.set_xlim(10.0 ** math.floor(math.log10(first)), self.limits.most)
        plotting.set_log(axes, "x")
        axes.set_xlabel(_SPENT[self.limits.unit])
        axes.set_ylabel(self.axis_label)
        axes.set_title(f"{self.statistic.capitalize()} {self.quantity}, {self.band}")
        self._set_log(axes, "y", [each.middle for each in self.curves])

    def draw_final(self, axes: Axes) -> None:
        """Draw the share of runs whose final value is at or below each value."""
        for each in self.curves:
            shares = np.arange(len(each.final) + 1) / len(each.final)
            plotting.steps(axes, np.append(each.final[:1], each.final), shares, **each.look)
        axes.set_ylim(0, 1.01)
        axes.set_ylabel("share of runs at or below")
        axes.set_xlabel(self.axis_label)
        axes.set_title(f"Final {self.quantity} of the runs")
        positive = self._set_log(axes, "x", [each.final for each in self.curves])
        if len(positive):
            axes.set_xlim(positive.min() / 1.1, positive.max() * 1.1)

    def _set_log(self, axes: Axes, direction: str, values: Sequence[Doubles]) -> Doubles:
        """Make the axis of regrets logarithmic if one is above 0, and return those above 0."""
        drawn = np.concatenate([np.empty(0), *values])
        positive = drawn[(drawn > 0) & (not self.is_accuracy)]
        if len(positive):
            plotting.set_log(axes, direction)
        return positive


@plotting.style()
def plot_regret(
    trajectories: Iterable[Trajectories] | Mapping[str, Trajectories],
    *,
    regret: Regret = "test",
) -> Figure:
    """Draw the regret of optimizers: over what they have spent, and of the runs at their end.

    The left panel shows the mean of the runs with its 95 % bootstrap interval, the right one the
    share of runs at or below each final regret. For presets that report medians or accuracies, the
    panels show those instead. The function needs `pip install "nb101fast[plots]"`.

    Args:
        trajectories: the runs of each optimizer; or a dictionary of them, whose keys are the names
            in the legend. All have the same preset and the same limits.
        regret: "test" or "validation", see `Trajectories.regret_at`.

    Returns:
        A matplotlib figure, which may be changed. A notebook shows it.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: something else is given than trajectories.
        ValueError: none are given, two have the same name, or they differ in preset or limits.

    Example:
        >>> from nb101fast import search
        >>> runs = [search.run(name, index, runs=50, budget_seconds=1e5) for name in ("rs", "re")]
        >>> figure = search.plot_regret(runs)
        >>> figure.axes[0].set_title("my title")
        >>> figure.savefig("regret.png")
    """
    check_choice("regret", regret, REGRETS)
    by_name = runs_by_name("trajectories", trajectories, Trajectories, SAME)
    drawn = RegretFigure.of(by_name, labels_of(trajectories, by_name), regret)
    title = figure_title_of(by_name)
    figure, axes = plotting.panels(1, 2, inches=PANEL_INCHES, title=title)
    drawn.draw_middle(axes[0])
    drawn.draw_final(axes[1])
    if drawn.curves:
        axes[0].legend()
    return figure


def middle_of(preset: str, values: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """The middle of the runs and both ends of its band, at each point.

    Args:
        preset: it decides whether the middle is the mean or the median.
        values: float64 (runs, points).
    """
    if not len(values):
        empty = np.empty(values.shape[1])
        return empty, empty, empty
    if PRESETS[preset].middle == "median":
        low, high = np.quantile(values, _QUARTILES, axis=0)
        return np.median(values, axis=0), low, high
    return values.mean(axis=0), *confidence_band(values)


def lines_of(names: Collection[str]) -> dict[str, int]:
    """The number of each optimizer's line. Those that `_LINES` lacks get unused colours."""
    known = {name: _LINES[name] for name in names if name in _LINES}
    colours = {line % len(plotting.PALETTE) for line in known.values()}
    free = sorted(
        set(range(plotting.NUM_LINES)) - set(known.values()),
        key=lambda line: (line % len(plotting.PALETTE) in colours, line),
    )
    others = [name for name in names if name not in _LINES]
    return known | dict(zip(others, itertools.cycle(free), strict=False))


def _shown(runs: OptimizerRuns, regret: Regret) -> Doubles:
    """What is drawn of each row of `incumbents`: its regret or its accuracy."""
    values = regret_of(runs, regret)
    if isinstance(runs, Trajectories) and PRESETS[runs.preset].test == "queried":
        best = runs.best_test_accuracy if regret == "test" else runs.best_validation_accuracy
        return best - values
    return values


def _curve(name: str, runs: OptimizerRuns, regret: Regret, look: dict[str, Any]) -> RegretCurve:
    limits, values = runs.limits, _shown(runs, regret)
    final = runs.incumbents.values_at(values, limits.unit, [np.inf])[:, 0]
    has_trained = ~np.isnan(final)
    begin = mean_regret(runs, unit=limits.unit).spent[:1]
    begin = np.maximum(begin, limits.most * _LEAST_SHARE)  # for trainings that take no time
    spent = np.geomspace(begin, limits.most, CURVE_POINTS)[:, 0] if len(begin) else begin
    at_points = runs.incumbents.values_at(values, limits.unit, spent)
    middle, low, high = middle_of(runs.preset, at_points[has_trained])
    return RegretCurve(
        name=name,
        look=look,
        spent=spent,
        middle=middle,
        low=low,
        high=high,
        final=np.sort(final[has_trained]),
    )
