"""The paper's figure of an experiment: mean regret over time, and final regret of all runs."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import plotting
from ..search import Settings, Trajectories
from ..search.observations import Doubles
from .mean_regret import confidence_band, mean_regret
from .plan import ExperimentPlan

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 400  # of a curve, more than the eye can tell apart
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
_FIRST_OTHER_LINE = 11

Runs = Mapping[str, Trajectories]
Draw = Callable[["Axes", ExperimentPlan, Sequence["_Curves"]], None]


@dataclass(frozen=True, eq=False)
class _Curves:
    """The curves of one optimizer.

    Their values are test regrets, or queried test accuracies if the preset reports those.

    Attributes:
        look: the colour, the line style and the label.
        seconds: points of the simulated time, from the first at which all runs have an incumbent.
        mean: the mean of the runs at these points.
        low, high: the 95 % interval of the mean at these points.
        final: the final values of the runs in which a training ended, ascending.
    """

    look: dict[str, Any]
    seconds: Doubles
    mean: Doubles
    low: Doubles
    high: Doubles
    final: Doubles

    @classmethod
    def of(cls, plan: ExperimentPlan, number: int, trajectories: Trajectories) -> _Curves:
        regret = trajectories.final_regret
        has_trained = ~np.isnan(regret)
        begin = mean_regret(trajectories).seconds[:1]
        seconds = np.geomspace(begin, plan.budget_seconds, _POINTS)[:, 0] if len(begin) else begin
        shown = _shown(plan, trajectories, trajectories.regret_at(seconds)[has_trained])
        low, high = confidence_band(shown)
        return cls(
            look=_look(plan, number, trajectories.optimizer),
            seconds=seconds,
            mean=shown.mean(axis=0) if len(shown) else seconds,
            low=low,
            high=high,
            final=np.sort(_shown(plan, trajectories, regret[has_trained])),
        )


def figures(plan: ExperimentPlan, runs: Runs) -> dict[str, Figure]:
    """The figures by name: "regret" has both panels, the others have one panel each.

    If the preset reports the queried test accuracy, as the official notebook does, the figures show
    it instead of the regret.
    """
    curves = [_Curves.of(plan, number, each) for number, each in enumerate(runs.values())]
    curves = [each for each in curves if len(each.final)]
    panels = {
        "regret": (_draw_mean, _draw_final),
        "mean_regret": (_draw_mean,),
        "final_regret": (_draw_final,),
    }
    return {name: _figure(plan, curves, draws) for name, draws in panels.items()}


@plotting.style()
def _figure(plan: ExperimentPlan, curves: Sequence[_Curves], draws: tuple[Draw, ...]) -> Figure:
    figure, axes = plotting.panels(1, len(draws), inches=(5.0, 3.9), title=_title(plan))
    for each, draw in zip(axes, draws, strict=True):
        draw(each, plan, curves)
    if curves:
        axes[0].legend()
    return figure


def _title(plan: ExperimentPlan) -> str:
    runs = f"{plan.runs:,} runs each, preset {plan.preset!r}"
    if plan.index.is_synthetic:
        return f"SYNTHETIC values, made up for load tests: not a result\n{runs}"
    return f"{os.path.basename(plan.index.path)}: {runs}"


def _draw_mean(axes: Axes, plan: ExperimentPlan, curves: Sequence[_Curves]) -> None:
    for each in curves:
        plotting.steps(axes, each.seconds, each.mean, **each.look)
        color = each.look["color"]
        axes.fill_between(
            each.seconds, each.low, each.high, step="post", color=color, alpha=0.18, linewidth=0
        )
    axes.set_xscale("log")
    if curves:
        first = min(float(each.seconds[0]) for each in curves)
        axes.set_xlim(10.0 ** math.floor(math.log10(first)), plan.budget_seconds)
    axes.set_xlabel("simulated training time (seconds)")
    if plan.reports_queried_test:
        axes.set_ylabel("queried test accuracy")
        axes.set_title("Mean test accuracy, with 95 % band")
        return
    plotting.set_log(axes, "y")
    axes.set_ylabel("test regret")
    axes.set_title("Mean test regret, with 95 % band")


def _draw_final(axes: Axes, plan: ExperimentPlan, curves: Sequence[_Curves]) -> None:
    for each in curves:
        shares = np.arange(len(each.final) + 1) / len(each.final)
        plotting.steps(axes, np.append(each.final[:1], each.final), shares, **each.look)
    axes.set_ylim(0, 1.01)
    axes.set_ylabel("share of runs at or below")
    if plan.reports_queried_test:
        axes.set_xlabel("queried test accuracy")
        axes.set_title("Final test accuracy of the runs")
        return
    finals = np.concatenate([each.final for each in curves]) if curves else np.empty(0)
    if (finals > 0).any():  # a logarithmic axis cannot show a regret of 0
        axes.set_xlim(finals[finals > 0].min() / 1.1, finals.max() * 1.1)
    plotting.set_log(axes, "x")
    axes.set_xlabel("test regret")
    axes.set_title("Final test regret of the runs")


def _shown(plan: ExperimentPlan, trajectories: Trajectories, regret: Doubles) -> Doubles:
    """What the figures show of a regret: itself, or the accuracy that it was computed from."""
    return trajectories.best_test_accuracy - regret if plan.reports_queried_test else regret


def _look(plan: ExperimentPlan, number: int, name: str) -> dict[str, Any]:
    settings = plan.optimizers[name]
    label = settings.title if isinstance(settings, Settings) else name
    return plotting.line(_LINES.get(name, _FIRST_OTHER_LINE + number)) | {"label": label}
