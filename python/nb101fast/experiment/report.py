"""What came out of an experiment."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..search import Trajectories
from .folder import Folder
from .plan import Plan
from .summary import REFERENCE, Summary, as_csv, as_markdown


@dataclass(frozen=True)
class Report:
    """The runs of an experiment and their summary; `run_experiment` makes it.

    Attributes:
        folder: where all of it lies.
        plan: what the experiment is.
        trajectories: by optimizer, incumbents alone.
        summaries: a row for each optimizer.
    """

    folder: Path
    plan: Plan
    trajectories: Mapping[str, Trajectories]
    summaries: tuple[Summary, ...]

    def markdown(self) -> str:
        """The table, and what it is of."""
        plan = self.plan
        lines = [f"{plan.index!r}: {plan.budget_seconds:g} s a run, preset {plan.preset!r}"]
        if plan.index.is_synthetic:
            lines.append(
                "SYNTHETIC values, made up for load tests: they say nothing of optimizers."
            )
        lines += ["", as_markdown(self.summaries), ""]
        if plan.reports_queried_test:
            lines.append("The test accuracy is that of the run that was queried.")
        lines += [
            f"In {row.runs_without_training:,} runs of {row.optimizer} no training ended within "
            "the budget; they take no part."
            for row in self.summaries
            if row.runs_without_training
        ]
        return "\n".join(lines).rstrip()

    def write_tables(self, folder: Folder) -> None:
        """Write summary.csv and summary.json."""
        rows = [dataclasses.asdict(row) for row in self.summaries]
        contents = {"experiment": self.plan.facts(), "reference": REFERENCE, "optimizers": rows}
        folder.write("summary.csv", as_csv(self.summaries))
        folder.write("summary.json", json.dumps(contents, indent=2, allow_nan=False) + "\n")
