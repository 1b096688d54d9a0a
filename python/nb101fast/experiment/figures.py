"""The paper's figures of an experiment: regret over time, of all runs, and by mutation rate."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import plotting
from ..search import PRESETS, Evolution, RandomSearch, Settings, Trajectories
from ..search.observations import Doubles
from ..search.settings import Factory
from ..search.trajectories import Regret
from .mean_regret import confidence_band, mean_regret
from .plan import ExperimentPlan

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 400  # of a curve, more than the eye can tell apart
_QUARTILES = (0.25, 0.75)
# An optimizer has the same line in every figure, whatever the other optimizers are.
_LINES = {
    "rs": 0,
    "re": 1,
    "smac": 2,
    "bohb": 3,
    "tpe": 4,
    "hb": 5,
    "rl": 6,
    "nre": 7,
    "ls": 10,
}
# Markers tell curves apart in grey print, where colours do not.
_MARKERS = "osD^vPX*<>p"
_MARKER_DISTANCE = 0.12  # in parts of the panel's diagonal
_SPENT = {"seconds": "simulated training time (seconds)", "evaluations": "evaluations"}

Runs = Mapping[str, Trajectories]
Draw = Callable[["Axes", "_Picture"], None]


@dataclass(frozen=True, eq=False)
class _Curve:
    """The curve of one optimizer, and its final values.

    Attributes:
        settings: the optimizer.
        look: the colour, the line style, the markers and the label.
        spent: what the runs have spent, from the first point at which all have an incumbent.
        middle: the mean or the median of the runs at these points.
        low, high: the 95 % interval of the mean, or the quartiles, at these points.
        final: the final values of the runs in which a training ended, ascending.
    """

    settings: Settings | Factory
    look: dict[str, Any]
    spent: Doubles
    middle: Doubles
    low: Doubles
    high: Doubles
    final: Doubles


@dataclass(frozen=True, eq=False)
class _Picture:
    """What the panels show.

    Attributes:
        plan: the experiment.
        regret: "test" or "validation".
        curves: those of the optimizers in which a training ended.
    """

    plan: ExperimentPlan
    regret: Regret
    curves: Sequence[_Curve]

    @property
    def quantity(self) -> str:
        """The name of the values: the figures of the official notebook show accuracies."""
        return f"{self.regret} {'accuracy' if self.plan.reports_queried_test else 'regret'}"

    @property
    def statistic(self) -> str:
        """The name of the middle of the runs: "mean" or "median"."""
        return PRESETS[self.plan.preset].middle


def figures(plan: ExperimentPlan, runs: Runs, *, regret: Regret = "test") -> dict[str, Figure]:
    """The figures by name: "regret" has both panels, the others have one panel each.

    If the runs are those of evolution at several mutation rates, "mutation_rate" is there too. If
    the preset reports the queried test accuracy, as the official notebook does, the figures show
    accuracies instead of regrets.
    """
    curves = [_curve(plan, each, regret) for each in runs.values()]
    picture = _Picture(plan, regret, [each for each in curves if len(each.final)])
    panels: dict[str, tuple[Draw, ...]] = {
        "regret": (_draw_middle, _draw_final),
        f"{picture.statistic}_regret": (_draw_middle,),
        "final_regret": (_draw_final,),
    }
    if len(_by_rate(picture)) > 1:
        panels["mutation_rate"] = (_draw_by_rate,)
    return {name: _figure(picture, draws) for name, draws in panels.items()}


def _curve(plan: ExperimentPlan, runs: Trajectories, regret: Regret) -> _Curve:
    limits = plan.limits
    final = runs.regret_at([np.inf], regret=regret)[:, 0]
    has_trained = ~np.isnan(final)
    begin = mean_regret(runs, unit=limits.unit).spent[:1]
    spent = np.geomspace(begin, limits.most, _POINTS)[:, 0] if len(begin) else begin
    regret_at = runs.regret_at if limits.unit == "seconds" else runs.regret_after
    best = runs.best_test_accuracy if regret == "test" else runs.best_validation_accuracy

    def shown(values: Doubles) -> Doubles:
        return best - values if plan.reports_queried_test else values

    middle, low, high = _middle(plan, shown(regret_at(spent, regret=regret)[has_trained]))
    return _Curve(
        settings=plan.optimizers[runs.optimizer],
        look=_look(plan, runs.optimizer),
        spent=spent,
        middle=middle,
        low=low,
        high=high,
        final=np.sort(shown(final[has_trained])),
    )


def _middle(plan: ExperimentPlan, values: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """The middle of the runs and both ends of its band, at each point."""
    if not len(values):
        empty = np.empty(values.shape[1])
        return empty, empty, empty
    if PRESETS[plan.preset].middle == "median":
        low, high = np.quantile(values, _QUARTILES, axis=0)
        return np.median(values, axis=0), low, high
    return values.mean(axis=0), *confidence_band(values)


@plotting.style()
def _figure(picture: _Picture, draws: tuple[Draw, ...]) -> Figure:
    title = _title(picture.plan, is_narrow=len(draws) == 1)
    figure, axes = plotting.panels(1, len(draws), inches=(5.0, 3.9), title=title)
    for each, draw in zip(axes, draws, strict=True):
        draw(each, picture)
    if picture.curves:
        axes[0].legend()
    return figure


def _title(plan: ExperimentPlan, *, is_narrow: bool) -> str:
    runs = f"{plan.runs:,} runs each, preset {plan.preset!r}"
    if plan.index.is_synthetic:
        return f"SYNTHETIC values, made up for load tests: not a result\n{runs}"
    return plotting.plain(os.path.basename(plan.index.path)) + ("\n" if is_narrow else ": ") + runs


def _draw_middle(axes: Axes, picture: _Picture) -> None:
    limits, curves = picture.plan.limits, picture.curves
    for each in curves:
        plotting.steps(axes, each.spent, each.middle, **each.look)
        color = each.look["color"]
        axes.fill_between(
            each.spent, each.low, each.high, step="post", color=color, alpha=0.18, linewidth=0
        )
    axes.set_xscale("log")
    if curves:
        first = min(float(each.spent[0]) for each in curves)
        axes.set_xlim(10.0 ** math.floor(math.log10(first)), limits.most)
    axes.set_xlabel(_SPENT[limits.unit])
    axes.set_ylabel(_axis_label(picture))
    axes.set_title(f"{picture.statistic.capitalize()} {picture.quantity}, {_band(picture)}")
    if not picture.plan.reports_queried_test:
        plotting.set_log(axes, "y")


def _draw_final(axes: Axes, picture: _Picture) -> None:
    for each in picture.curves:
        shares = np.arange(len(each.final) + 1) / len(each.final)
        plotting.steps(axes, np.append(each.final[:1], each.final), shares, **each.look)
    axes.set_ylim(0, 1.01)
    axes.set_ylabel("share of runs at or below")
    axes.set_xlabel(_axis_label(picture))
    axes.set_title(f"Final {picture.quantity} of the runs")
    if picture.plan.reports_queried_test:
        return
    finals = np.concatenate([np.empty(0), *(each.final for each in picture.curves)])
    if (finals > 0).any():  # a logarithmic axis cannot show a regret of 0
        axes.set_xlim(finals[finals > 0].min() / 1.1, finals.max() * 1.1)
    plotting.set_log(axes, "x")


def _by_rate(picture: _Picture) -> dict[float, _Curve]:
    """The curves of evolution with the notebook's mutation, by its rate, ascending."""
    by_rate = {
        each.settings.mutation_rate: each
        for each in picture.curves
        if type(each.settings) is Evolution and each.settings.mutation == "notebook"
    }
    return dict(sorted(by_rate.items()))


def _draw_by_rate(axes: Axes, picture: _Picture) -> None:
    by_rate = _by_rate(picture)
    finals = [_middle(picture.plan, each.final[:, np.newaxis]) for each in by_rate.values()]
    middle, low, high = np.concatenate(finals, axis=1)
    error = np.abs([low - middle, high - middle])
    look = look_of(_LINES["re"]) | {"markevery": 1, "label": Evolution.title}
    axes.errorbar(list(by_rate), middle, yerr=error, capsize=3, **look)
    for each in picture.curves:
        if isinstance(each.settings, RandomSearch):
            middle, low, high = np.concatenate(_middle(picture.plan, each.final[:, np.newaxis]))
            look = {name: each.look[name] for name in ("color", "linestyle", "label")}
            axes.axhline(middle, **look)
            axes.axhspan(low, high, color=each.look["color"], alpha=0.18, linewidth=0)
    plotting.set_log(axes, "x")
    axes.set_xticks(list(by_rate), [f"{rate:g}" for rate in by_rate])
    axes.set_xlabel("mutation rate")
    axes.set_ylabel(_axis_label(picture))
    axes.set_title(f"{picture.statistic.capitalize()} final {picture.quantity}, {_band(picture)}")


def _band(picture: _Picture) -> str:
    return f"with {'95 %' if picture.statistic == 'mean' else '25-75 %'} band"


def _axis_label(picture: _Picture) -> str:
    is_queried = picture.plan.reports_queried_test and picture.regret == "test"
    return f"queried {picture.quantity}" if is_queried else picture.quantity


def _look(plan: ExperimentPlan, name: str) -> dict[str, Any]:
    look = look_of(lines_of(plan.optimizers)[name])
    settings = plan.optimizers[name]
    if isinstance(settings, Settings) and settings.name == name:
        return look | {"label": plotting.plain(settings.title)}
    return look | {"label": plotting.plain(name)}


def lines_of(names: Collection[str]) -> dict[str, int]:
    """The number of each optimizer's line. Others than those of `_LINES` get the free colours."""
    known = {name: _LINES[name] for name in names if name in _LINES}
    colours = {line % len(plotting.PALETTE) for line in known.values()}
    free = sorted(
        set(range(plotting.NUM_LINES)) - set(known.values()),
        key=lambda line: (line % len(plotting.PALETTE) in colours, line),
    )
    others = [name for name in names if name not in _LINES]
    return known | dict(zip(others, itertools.cycle(free), strict=False))


def look_of(line: int) -> dict[str, Any]:
    """The colour, the line style and the markers of a curve by the number of its line."""
    marker = line % len(_MARKERS)
    begin = _MARKER_DISTANCE * marker / len(_MARKERS)  # so that markers of near curves do not meet
    return plotting.line(line) | {
        "marker": _MARKERS[marker],
        "markersize": 4.5,
        "markevery": (begin, _MARKER_DISTANCE),
    }
