"""The worker of an experiment, which computes runs."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import Any, NamedTuple

from ..search import OptimizerRuns, find_fronts, run
from .needs import Needs
from .plan import ExperimentPlan
from .run_range import RunRange


class Computed(NamedTuple):
    """Some runs: their trajectories as a Parquet file, and the seconds that they took."""

    file: bytes
    seconds: float


class ExperimentWorker:
    """Computes one range of runs after another.

    Args:
        plan: the experiment.
        needs: what it needs, as it was at the start of the experiment.

    Raises:
        ValueError: the index file or the software is another one here.
    """

    def __init__(self, plan: ExperimentPlan, needs: Needs) -> None:
        if fault := needs.fault():
            raise ValueError(fault)
        self._plan = plan

    def compute(self, runs: RunRange) -> Computed:
        """Compute a range of runs."""
        began = time.perf_counter()
        part = self._run(runs)
        file = io.BytesIO()
        replace(part, optimizer=runs.optimizer).to_parquet(file)
        return Computed(file.getvalue(), time.perf_counter() - began)

    def _run(self, runs: RunRange) -> OptimizerRuns:
        plan = self._plan
        options: dict[str, Any] = {
            "optimizer": plan.optimizers[runs.optimizer],
            "index": plan.index,
            "runs": runs.runs,
            "first_run": runs.first_run,
            "budget_seconds": plan.limits.budget_seconds,
            "max_evaluations": plan.limits.max_evaluations,
            "seed": plan.seed,
            "preset": plan.preset,
        }
        if plan.objectives is None:
            return run(**options, record=plan.record)
        return find_fronts(
            **options, maximize=plan.objectives.maximize, minimize=plan.objectives.minimize
        )
