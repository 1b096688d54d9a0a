"""The results of an experiment."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from .. import figure_file
from ..phrases import counted
from ..search import Fronts, OptimizerRuns
from ..search.trajectories import Regret
from .folder import Folder
from .plan import ExperimentPlan
from .summary import REFERENCE, OptimizerSummary
from .summary_table import as_csv, as_html, as_markdown


@dataclass(frozen=True, repr=False)
class ExperimentReport:
    """The runs of an experiment and their summaries; `run_experiment` makes it.

    A notebook shows its figure and its table.

    Attributes:
        folder: the experiment's folder.
        plan: the plan that was carried out.
        regret: which regret the summaries and the figures have. It has no meaning if the plan has
            several objectives.
        trajectories: the runs by optimizer, with the incumbents alone.
        summaries: one for each optimizer, in the order of the plan.
        figures: the figures as PNG, by name.
    """

    folder: Path
    plan: ExperimentPlan
    regret: Regret
    trajectories: Mapping[str, OptimizerRuns]
    summaries: tuple[OptimizerSummary, ...]
    figures: Mapping[str, bytes]

    def markdown(self) -> str:
        """The table of all optimizers in Markdown, with what was run and what to know about it."""
        lines = [*self._what_was_run(), "", as_markdown(self.summaries), "", *self._what_to_know()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.markdown()

    def _repr_html_(self) -> str:
        return "\n".join(
            [
                *(f"<p>{escape(line)}</p>" for line in self._what_was_run()),
                figure_file.as_html(self.figures["regret"], "regret"),
                as_html(self.summaries),
                *(f"<p>{escape(line)}</p>" for line in self._what_to_know()),
            ]
        )

    def _what_was_run(self) -> list[str]:
        plan = self.plan
        lines = [f"{plan.index!r}: {plan.limits} a run, preset {plan.preset!r}"]
        if plan.index.is_synthetic:
            lines.append(
                "SYNTHETIC values, made up for load tests: they say nothing about the optimizers."
            )
        return lines

    def _what_to_know(self) -> list[str]:
        if self.plan.objectives is not None:
            lines = [self._best_front()]
        else:
            lines = [self._best_accuracies()]
        if self.plan.objectives is None and self.plan.reports_queried_test:
            lines.append("The reported test accuracy is that of the run that was drawn.")
        return lines + [
            f"In {counted(row.runs_without_training, 'run')} of {row.optimizer} no training ended "
            "within the budget; the figures and the table leave such runs out."
            for row in self.summaries
            if row.runs_without_training
        ]

    def _best_accuracies(self) -> str:
        best = self._best()
        return (
            f"This is {self.regret} regret. The best mean test accuracy of a cell is "
            f"{best['best_test_accuracy']:.5f}, the best mean validation accuracy "
            f"{best['best_validation_accuracy']:.5f}."
        )

    def _best_front(self) -> str:
        fronts = next(each for each in self.trajectories.values() if isinstance(each, Fronts))
        corner = zip(fronts.objectives.names, fronts.reference.tolist(), strict=True)
        place = ", ".join(f"{name} {value:g}" for name, value in corner)
        return (
            "This is hypervolume regret. The exact front has "
            f"{counted(len(fronts.exact_front), 'point')} and the hypervolume "
            f"{fronts.best_hypervolume:.5f} to the reference point {place}."
        )

    def _best(self) -> dict[str, float]:
        names = ["best_hypervolume"]
        if self.plan.objectives is None:
            names = ["best_test_accuracy", "best_validation_accuracy"]
        of_all = self.trajectories.values()
        return {name: max(getattr(each, name) for each in of_all) for name in names}

    def write_tables(self, folder: Folder) -> None:
        """Write summary.csv and summary.json."""
        rows = [dataclasses.asdict(row) for row in self.summaries]
        contents = {
            "experiment": self.plan.facts(),
            "regret": self.regret if self.plan.objectives is None else "hypervolume",
            **self._best(),
            "reference": REFERENCE,
            "optimizers": rows,
        }
        folder.write("summary.csv", as_csv(self.summaries))
        folder.write("summary.json", json.dumps(contents, indent=2, allow_nan=False) + "\n")
