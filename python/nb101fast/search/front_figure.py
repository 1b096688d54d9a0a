"""Fronts as a figure: their hypervolume regret over what was spent, and what the runs attained."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from .. import plotting
from ..arrays import Doubles
from ..whole_space import LESS_IS_BETTER
from .compared_runs import SAME, figure_title_of, labels_of, runs_by_name
from .fronts import Fronts
from .regret_figure import CURVE_POINTS, PANEL_INCHES, RegretFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EXACT = {"color": "#555555", "linewidth": 0.8, "marker": ".", "markersize": 5, "zorder": 1}


@plotting.style()
def plot_fronts(fronts: Iterable[Fronts] | Mapping[str, Fronts]) -> Figure:
    """Draw the fronts of optimizers: their hypervolume regret, and what half of the runs attained.

    The left panel shows the mean hypervolume regret with its 95 % bootstrap interval. With two
    objectives, the right panel shows the points that half of the runs attained, a band from 25 % to
    75 % of them, and the exact front. With more, it shows the share of runs at or below each final
    regret. It needs `pip install "nb101fast[plots]"`.

    Args:
        fronts: the runs of each optimizer; or a dictionary of them, whose keys are the names in the
            legend. All have the same objectives, preset and limits.

    Returns:
        A matplotlib figure, which may be changed. A notebook shows it.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: something else is given than fronts.
        ValueError: none are given, two have the same name, or they differ in their objectives,
            preset, limits, or reference and ideal points.

    Example:
        >>> from nb101fast import search
        >>> found = [search.find_fronts(name, index, runs=20, budget_seconds=1e4)
        ...          for name in ("rs", "nsga2")]
        >>> search.plot_fronts(found).savefig("fronts.png")
    """
    by_name = runs_by_name("fronts", fronts, Fronts, (*SAME, "objectives"))
    _check_same_points(by_name)
    drawn = RegretFigure.of(by_name, labels_of(fronts, by_name))
    figure, axes = plotting.panels(1, 2, inches=PANEL_INCHES, title=figure_title_of(by_name))
    drawn.draw_middle(axes[0])
    draw_attained(axes[1], drawn, by_name)
    if drawn.curves:
        axes[0].legend()
    return figure


def _check_same_points(by_name: Mapping[str, Fronts]) -> None:
    """Raise ValueError unless all hypervolumes are shares of the same box."""
    (first, one), *others = by_name.items()
    for name, other in others:
        for what in ("reference", "ideal"):
            if not np.array_equal(getattr(one, what), getattr(other, what)):
                raise ValueError(
                    f"fronts: {name!r} has another {what} point than {first!r}, so their regrets "
                    "can't be compared; use runs of the same index and reference point"
                )


def draw_attained(axes: Axes, drawn: RegretFigure, by_name: Mapping[str, Fronts]) -> None:
    """Draw what the runs attained; or their final regrets, if there are not two objectives."""
    first = next(iter(by_name.values()))
    if len(first.objectives.names) != 2:
        drawn.draw_final(axes)
        return
    up, across = first.objectives.names  # the cost, which is minimized, is drawn across
    sign_up, sign_across = first.objectives.signs
    exact = first.exact_front[np.argsort(first.exact_front[:, 1] * sign_across)]
    plotting.steps(axes, exact[:, 1], exact[:, 0], **_EXACT, label="exact front")
    places = _places(exact[:, 1], is_log=across in LESS_IS_BETTER) * sign_across
    for curve in drawn.curves:
        fronts = by_name[curve.name]
        attained = _attained(fronts, places)[np.diff(fronts.incumbents.starts) > 0]
        low, middle, high = (_share_attained(attained, share) for share in (0.25, 0.5, 0.75))
        plotting.steps(axes, places * sign_across, middle * sign_up, **curve.look)
        axes.fill_between(
            places * sign_across,
            low * sign_up,
            high * sign_up,
            step="post",
            color=curve.look["color"],
            alpha=0.18,
            linewidth=0,
        )
    plotting.set_log(axes, *(["x"] if across in LESS_IS_BETTER and exact[:, 1].min() > 0 else []))
    if np.abs(exact[:, 0]).max() >= 1000:
        plotting.label_plainly(axes.yaxis)
    axes.set(xlabel=_words(across), ylabel=_words(up))
    axes.set_title("Attained by half of the runs, with 25-75 % band")
    axes.legend(loc="best")


def _places(values: Doubles, *, is_log: bool) -> Doubles:
    """Where curves are computed: from the one end of the exact front to the other, in its order."""
    if is_log and values.min() > 0:
        return np.geomspace(values[0], values[-1], CURVE_POINTS)
    return np.linspace(values[0], values[-1], CURVE_POINTS)


def _attained(fronts: Fronts, places: Doubles) -> Doubles:
    """The best first objective of each run, up to each value of the second: (runs, places).

    Less is better in both. It is infinite where a run has no such point.
    """
    best = np.full((len(fronts), len(places)), np.inf)
    for run in range(len(fronts)):
        points = fronts.means[fronts.rows_of_front(run)] * fronts.objectives.signs
        points = points[np.argsort(points[:, 1], kind="stable")]
        least = np.append(np.minimum.accumulate(points[:, 0]), np.inf)  # the last: none
        # A place of the exact front may differ from the value that it was made of by rounding.
        number = np.searchsorted(points[:, 1], places + np.abs(places) * 1e-12, side="right")
        best[run] = least[number - 1]
    return best


def _share_attained(attained: Doubles, share: float) -> Doubles:
    """What at least this share of the runs attained at each place; NaN where fewer did."""
    number = math.ceil(share * len(attained)) - 1
    values = np.sort(attained, axis=0)[number]
    return np.where(np.isinf(values), np.nan, values)


def _words(name: str) -> str:
    return plotting.plain(name.replace("_", " "))
