"""The worker of an experiment, which computes runs and keeps them in the folder."""

from __future__ import annotations

from dataclasses import replace

from ..search import run
from .folder import Folder
from .plan import ExperimentPlan, fingerprint
from .run_range import RunRange


class ExperimentWorker:
    """Computes one range of runs after another.

    Args:
        plan: the experiment.
        folder: where the runs are kept.
        index_sha256: the fingerprint of the index file at the start of the experiment.

    Raises:
        ValueError: the index file has been replaced since then.
    """

    def __init__(self, plan: ExperimentPlan, folder: Folder, index_sha256: str) -> None:
        if fingerprint(plan.index) != index_sha256:
            raise ValueError(
                f"{plan.index.path} was replaced by another index during the experiment; restore "
                "the file, or start another experiment in a new folder"
            )
        self._plan, self._folder = plan, folder

    def compute(self, runs: RunRange) -> None:
        """Compute a range of runs and keep it."""
        plan = self._plan
        part = run(
            plan.optimizers[runs.optimizer],
            plan.index,
            runs=runs.runs,
            first_run=runs.first_run,
            budget_seconds=plan.limits.budget_seconds,
            max_evaluations=plan.limits.max_evaluations,
            seed=plan.seed,
            preset=plan.preset,
            record=plan.record,
        )
        self._folder.keep(replace(part, optimizer=runs.optimizer))
