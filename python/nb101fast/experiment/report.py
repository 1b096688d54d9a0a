"""The results of an experiment."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..search import Trajectories
from ..search.trajectories import Regret
from .folder import Folder
from .plan import ExperimentPlan
from .summary import REFERENCE, OptimizerSummary, as_csv, as_markdown


@dataclass(frozen=True)
class ExperimentReport:
    """The runs of an experiment and their summaries; `run_experiment` makes it.

    Attributes:
        folder: the experiment's folder.
        plan: the plan that was carried out.
        regret: which regret the summaries and the figures have.
        trajectories: the runs by optimizer, with the incumbents alone.
        summaries: one for each optimizer, in the order of the plan.
    """

    folder: Path
    plan: ExperimentPlan
    regret: Regret
    trajectories: Mapping[str, Trajectories]
    summaries: tuple[OptimizerSummary, ...]

    def markdown(self) -> str:
        """The table of all optimizers in Markdown, with what was run and what to know about it."""
        plan = self.plan
        lines = [f"{plan.index!r}: {plan.limits} a run, preset {plan.preset!r}"]
        if plan.index.is_synthetic:
            lines.append(
                "SYNTHETIC values, made up for load tests: they say nothing about the optimizers."
            )
        lines += ["", as_markdown(self.summaries), "", self._best_accuracies()]
        if plan.reports_queried_test:
            lines.append("The reported test accuracy is that of the run that was drawn.")
        lines += [
            f"In {row.runs_without_training:,} runs of {row.optimizer} no training ended within "
            "the budget; these runs are left out."
            for row in self.summaries
            if row.runs_without_training
        ]
        return "\n".join(lines).rstrip()

    def _best_accuracies(self) -> str:
        best = self._best()
        return (
            f"This is {self.regret} regret. The best mean test accuracy of a cell is "
            f"{best['best_test_accuracy']:.5f}, the best mean validation accuracy "
            f"{best['best_validation_accuracy']:.5f}."
        )

    def _best(self) -> dict[str, float]:
        names = ("best_test_accuracy", "best_validation_accuracy")
        of_all = self.trajectories.values()
        return {name: max(getattr(each, name) for each in of_all) for name in names}

    def write_tables(self, folder: Folder) -> None:
        """Write summary.csv and summary.json."""
        rows = [dataclasses.asdict(row) for row in self.summaries]
        contents = {
            "experiment": self.plan.facts(),
            "regret": self.regret,
            **self._best(),
            "reference": REFERENCE,
            "optimizers": rows,
        }
        folder.write("summary.csv", as_csv(self.summaries))
        folder.write("summary.json", json.dumps(contents, indent=2, allow_nan=False) + "\n")
