"""The paper's figures of an experiment: regret over time, of all runs, and by mutation rate."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from .. import plotting
from ..phrases import counted
from ..search import Evolution, Fronts, OptimizerRuns, RandomSearch
from ..search.front_figure import draw_attained
from ..search.regret_figure import PANEL_INCHES, RegretCurve, RegretFigure, lines_of, middle_of
from ..search.settings import title_of
from ..search.trajectories import Regret
from .plan import ExperimentPlan

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RunsByName: TypeAlias = Mapping[str, OptimizerRuns]
Draw: TypeAlias = Callable[["Axes"], None]


def figures(
    plan: ExperimentPlan, runs: RunsByName, *, regret: Regret = "test"
) -> dict[str, Figure]:
    """The figures by name.

    "regret" has two panels: the regret over what was spent, and either the final regret or, with
    several objectives, the fronts. Each panel is also there alone, as "mean_regret" or
    "median_regret" and as "final_regret" or "attained". If the runs are those of evolution at
    several mutation rates, "mutation_rate" is there too. If the preset reports the queried test
    accuracy, as the official notebook does, the figures show accuracies instead of regrets.
    """
    titles = {name: title_of(name, plan.optimizers[name]) for name in runs}
    picture = RegretFigure.of(runs, titles, regret)
    panels: dict[str, tuple[Draw, ...]] = {
        "regret": _both_panels(picture, runs),
        f"{picture.statistic}_regret": (picture.draw_middle,),
        "final_regret": (picture.draw_final,),
    }
    if plan.objectives is not None:
        panels["attained"] = _both_panels(picture, runs)[1:]
    if len(_by_rate(plan, picture)) > 1:
        panels["mutation_rate"] = (lambda axes: _draw_by_rate(axes, plan, picture),)
    return {name: _figure(plan, picture, draws) for name, draws in panels.items()}


def _both_panels(picture: RegretFigure, runs: RunsByName) -> tuple[Draw, Draw]:
    fronts = {name: each for name, each in runs.items() if isinstance(each, Fronts)}
    if fronts:
        return picture.draw_middle, lambda axes: draw_attained(axes, picture, fronts)
    return picture.draw_middle, picture.draw_final


@plotting.style()
def _figure(plan: ExperimentPlan, picture: RegretFigure, draws: tuple[Draw, ...]) -> Figure:
    title = _title(plan, is_narrow=len(draws) == 1)
    figure, axes = plotting.panels(1, len(draws), inches=PANEL_INCHES, title=title)
    for each, draw in zip(axes, draws, strict=True):
        draw(each)
    if picture.curves:
        axes[0].legend()
    return figure


def _title(plan: ExperimentPlan, *, is_narrow: bool) -> str:
    runs = f"{counted(plan.runs, 'run')} each, preset {plan.preset!r}"
    if plan.index.is_synthetic:
        return f"SYNTHETIC values, made up for load tests: not a result\n{runs}"
    return plotting.plain(os.path.basename(plan.index.path)) + ("\n" if is_narrow else ": ") + runs


def _by_rate(plan: ExperimentPlan, picture: RegretFigure) -> dict[float, RegretCurve]:
    """The curves of evolution with the notebook's mutation, by its rate, ascending."""
    by_rate = {}
    for each in picture.curves:
        settings = plan.optimizers[each.name]
        if type(settings) is Evolution and settings.mutation == "notebook":
            by_rate[settings.mutation_rate] = each
    return dict(sorted(by_rate.items()))


def _draw_by_rate(axes: Axes, plan: ExperimentPlan, picture: RegretFigure) -> None:
    by_rate = _by_rate(plan, picture)
    finals = [middle_of(plan.preset, each.final[:, np.newaxis]) for each in by_rate.values()]
    middle, low, high = np.concatenate(finals, axis=1)
    error = np.abs([low - middle, high - middle])
    number = lines_of([Evolution.name])[Evolution.name]
    look = plotting.curve(number) | {"markevery": 1, "label": Evolution.title}
    axes.errorbar(list(by_rate), middle, yerr=error, capsize=3, **look)
    for each in picture.curves:
        if isinstance(plan.optimizers[each.name], RandomSearch):
            middle, low, high = np.concatenate(middle_of(plan.preset, each.final[:, np.newaxis]))
            look = {name: each.look[name] for name in ("color", "linestyle", "label")}
            axes.axhline(middle, **look)
            axes.axhspan(low, high, color=each.look["color"], alpha=0.18, linewidth=0)
    plotting.set_log(axes, "x")
    axes.set_xticks(list(by_rate), [f"{rate:g}" for rate in by_rate])
    axes.set_xlabel("mutation rate")
    axes.set_ylabel(picture.axis_label)
    axes.set_title(f"{picture.statistic.capitalize()} final {picture.quantity}, {picture.band}")
