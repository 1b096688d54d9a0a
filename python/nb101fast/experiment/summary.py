"""The runs of each optimizer of an experiment in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..checks import check_type
from ..search import OptimizerRuns
from ..search.mean_regret import confidence_band, mean_regret, regret_of
from ..search.trajectories import Regret

REFERENCE = "rs"  # the optimizer that all others are compared with


@dataclass(frozen=True)
class OptimizerSummary:
    """The runs of one optimizer in numbers.

    Attributes:
        optimizer: the optimizer's name.
        runs: how many runs there are.
        runs_without_training: in how many of them no training ended. These have no regret, and the
            regrets below leave them out.
        mean_final_regret: the mean final regret; None if no run has one.
        mean_low, mean_high: the 95 % bootstrap interval of that mean; None for fewer than 2 runs.
        median_final_regret: half of the runs have a lower final regret.
        quartile_low, quartile_high: 25 % and 75 % of the runs have a lower final regret.
        mean_evaluations: how many trainings ended, as a mean over the runs.
        invalid_share: the share of invalid configurations among all that were proposed.
        seconds_to_rs: the simulated seconds at which the mean regret is first below the final mean
            regret of random search. None if it never is, if there is no random search, or if the
            time is not limited.
        evaluations_to_rs: the same in evaluations, if the time is not limited; otherwise None.
        speedup_over_rs: the limit of the seconds or evaluations, divided by that number.
    """

    optimizer: str
    runs: int
    runs_without_training: int
    mean_final_regret: float | None
    mean_low: float | None
    mean_high: float | None
    median_final_regret: float | None
    quartile_low: float | None
    quartile_high: float | None
    mean_evaluations: float
    invalid_share: float
    seconds_to_rs: float | None
    evaluations_to_rs: float | None
    speedup_over_rs: float | None


def summarize(
    trajectories: Mapping[str, OptimizerRuns], *, regret: Regret = "test"
) -> tuple[OptimizerSummary, ...]:
    """Sum up each optimizer, and compare it with random search if that is one of them.

    Args:
        trajectories: the runs, or the fronts of runs, by optimizer.
        regret: which regret is summed up, see `Trajectories.regret_at`. Fronts have one regret
            alone.
    """
    check_type("trajectories", trajectories, Mapping, use="Trajectories by name")
    level = math.nan
    if REFERENCE in trajectories:
        mean = mean_regret(trajectories[REFERENCE], regret=regret).regret
        level = float(mean[-1]) if len(mean) else math.nan
    return tuple(_summary(name, each, level, regret) for name, each in trajectories.items())


def _summary(
    name: str, trajectories: OptimizerRuns, level: float, kind: Regret
) -> OptimizerSummary:
    values = regret_of(trajectories, kind)
    regret = trajectories.incumbents.values_at(values, "seconds", [np.inf])[:, 0]
    known = regret[~np.isnan(regret)]
    (low,), (high,) = confidence_band(known[:, np.newaxis])
    shares = np.quantile(known, [0.25, 0.5, 0.75]) if len(known) else np.full(3, np.nan)
    evaluations, invalid = trajectories.num_evaluations.sum(), trajectories.num_invalid.sum()
    unit, most = trajectories.limits.unit, trajectories.limits.most
    mean = mean_regret(trajectories, regret=kind, unit=unit)
    spent = None if name == REFERENCE else mean.first_below(level)
    return OptimizerSummary(
        optimizer=name,
        runs=len(regret),
        runs_without_training=len(regret) - len(known),
        mean_final_regret=_known(known.mean() if len(known) else math.nan),
        mean_low=_known(low),
        mean_high=_known(high),
        median_final_regret=_known(shares[1]),
        quartile_low=_known(shares[0]),
        quartile_high=_known(shares[2]),
        mean_evaluations=float(evaluations / len(regret)),
        invalid_share=float(invalid / max(1, evaluations + invalid)),
        seconds_to_rs=spent if unit == "seconds" else None,
        evaluations_to_rs=spent if unit == "evaluations" else None,
        speedup_over_rs=most / spent if spent else None,
    )


def _known(number: float) -> float | None:
    return None if math.isnan(number) else float(number)
