"""The plan of an experiment: everything that decides its numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeAlias

import numpy as np

from .. import _core
from ..checks import check_choice, check_count, check_type
from ..index import Index
from ..search import (
    PRESETS,
    Fronts,
    Objectives,
    OptimizerRuns,
    Settings,
    Trajectories,
    front_training_for,
    settings_of,
    training_for,
)
from ..search.front_search import as_names
from ..search.limits import Limits
from ..search.protocol import RECORDED, Recorded, name_of
from ..search.run_numbers import checked_seed
from ..search.runner import runs_at_once
from ..search.settings import Factory
from .needs import Needs, fingerprint

Optimizers: TypeAlias = Iterable[str | Settings | Factory] | Mapping[str, str | Settings | Factory]
DEFAULT_SECONDS = 1e7  # as in the paper
WITH_OBJECTIVES = ("rs", "nsga2")  # the optimizers that are compared if none are given
_MOST_RUNS = 10_000_000


@dataclass(frozen=True)
class ExperimentPlan:
    """An experiment whose arguments have been checked; `ExperimentPlan.of` makes it.

    Attributes:
        index: the index that the optimizers search.
        optimizers: their settings by name, in the order of the report.
        runs: how many runs each optimizer has.
        limits: what each run may spend.
        seed: the seed of all runs.
        preset: the name of the protocol.
        record: "incumbents" or "everything".
        objectives: several objectives, whose fronts are found; None for the accuracy alone.
    """

    index: Index
    optimizers: Mapping[str, Settings | Factory]
    runs: int
    limits: Limits
    seed: int
    preset: str
    record: Recorded
    objectives: Objectives | None = None

    @classmethod
    def of(
        cls,
        index: Index,
        optimizers: Optimizers | None = None,
        *,
        runs: int | None = None,
        budget_seconds: float | None = None,
        max_evaluations: int | None = None,
        seed: int = 0,
        preset: str = "paper",
        record: Recorded = "incumbents",
        objectives: Iterable[str] | None = None,
    ) -> ExperimentPlan:
        """Make a plan after checking that every optimizer can be made and can end a training.

        The arguments are those of `run_experiment`.

        Raises:
            ValueError: an argument is not allowed, an optimizer is given twice, or the index lacks
                the budgets that an optimizer needs.
            ImportError: the library of an optimizer is missing.
        """
        check_type("index", index, Index, use="an open Index")
        check_choice("preset", preset, PRESETS)
        check_choice("record", record, RECORDED)
        several = None if objectives is None else _checked_objectives(objectives, record)
        num_runs = PRESETS[preset].runs if runs is None else runs
        check_count("runs", num_runs, 1, _MOST_RUNS)
        compared = PRESETS[preset].compared if several is None else WITH_OBJECTIVES
        by_name = _by_name(compared if optimizers is None else optimizers, preset)
        if budget_seconds is None and max_evaluations is None:
            budget_seconds = DEFAULT_SECONDS
        limits = _checked_limits(
            index, by_name.values(), preset, several, budget_seconds, max_evaluations
        )
        word = checked_seed(seed)
        return cls(index, by_name, num_runs, limits, word, preset, record, several)

    @property
    def reports_queried_test(self) -> bool:
        """Whether the reported test accuracy is that of the run drawn, not the mean of its cell."""
        return PRESETS[self.preset].test == "queried"

    @property
    def num_runs(self) -> int:
        """The number of runs of all optimizers."""
        return self.runs * len(self.optimizers)

    @property
    def trainings_in_a_run(self) -> float:
        """About how many trainings a run has time for, if all are at the highest budget."""
        most = self.limits.max_evaluations or math.inf
        seconds = float(np.nanmean(self.index.column("training_time")))
        time = self.limits.budget_seconds
        return most if time is None or seconds <= 0 else min(most, time / seconds)

    def runs_at_once(self, optimizer: str) -> int:
        """How many runs make one part: few enough that the workers end at about the same time."""
        return runs_at_once(self.optimizers[optimizer])

    @property
    def results(self) -> type[OptimizerRuns]:
        """The class of the runs."""
        return Trajectories if self.objectives is None else Fronts

    @property
    def results_name(self) -> str:
        """The name of the file with all runs: trajectories.parquet or fronts.parquet."""
        return f"{self.results.__name__.lower()}.parquet"

    def has(self, part: OptimizerRuns) -> bool:
        """Whether some runs belong to this experiment."""
        return (
            part.optimizer in self.optimizers
            and (part.preset, part.index, part.seed) == (self.preset, repr(self.index), self.seed)
            and part.limits == self.limits
            and self._has_recorded(part)
        )

    def _has_recorded(self, part: OptimizerRuns) -> bool:
        if isinstance(part, Trajectories):
            return (part.evaluations is not None) == (self.record == "everything")
        return isinstance(part, Fronts) and part.objectives == self.objectives

    def needs(self) -> Needs:
        """What each worker needs, as it is here and now."""
        optimizers = [each for each in self.optimizers.values() if isinstance(each, Settings)]
        libraries = {name: version(name) for each in optimizers for name in each.libraries}
        path = self.index.path
        return Needs(_core.__version__, libraries, path, fingerprint(path))

    def facts(self) -> dict[str, Any]:
        """Everything that decides the numbers, as values of JSON."""
        return {
            "optimizers": {name: _in_words(each) for name, each in self.optimizers.items()},
            "runs": self.runs,
            "budget_seconds": self.limits.budget_seconds,
            "max_evaluations": self.limits.max_evaluations,
            "seed": self.seed,
            "preset": self.preset,
            "record": self.record,
            "objectives": None if self.objectives is None else str(self.objectives),
            "index": repr(self.index),
            "index_sha256": fingerprint(self.index.path),
            "nb101fast": _core.__version__,
        }


def _by_name(optimizers: Optimizers, preset: str) -> dict[str, Settings | Factory]:
    """The optimizers by the names that they have in the experiment."""
    pairs = (
        [(name, settings_of(each, preset)) for name, each in optimizers.items()]
        if isinstance(optimizers, Mapping)
        else [(name_of(each), settings_of(each, preset)) for each in optimizers]
    )
    by_name: dict[str, Settings | Factory] = {}
    for name, settings in pairs:
        if name in by_name:
            raise ValueError(
                f"optimizer {name!r} is given twice; give each name once, or choose other names "
                "with a dictionary"
            )
        if not isinstance(name, str) or not re.fullmatch(r"[\w.+-]+", name):
            raise ValueError(
                f"optimizer {name!r} has a name that is not allowed; use letters, digits and -+._"
            )
        by_name[name] = settings
    if not by_name:
        raise ValueError("no optimizers: give at least one")
    return by_name


def _checked_objectives(words: Iterable[str], record: Recorded) -> Objectives:
    if record != "incumbents":
        raise ValueError(
            f"record={record!r} is not allowed with several objectives; use 'incumbents', the "
            "trainings that joined a front"
        )
    return Objectives.of_words(as_names("objectives", words))


def _checked_limits(
    index: Index,
    optimizers: Iterable[Settings | Factory],
    preset: str,
    objectives: Objectives | None,
    budget_seconds: float | None,
    max_evaluations: int | None,
) -> Limits:
    """The limits, after making every optimizer and checking that it can spend them."""
    for settings in optimizers:
        training = (
            training_for(settings, index, preset=preset)
            if objectives is None
            else front_training_for(settings, index, objectives, preset=preset)
        )
        limits = training.check_limits(budget_seconds, max_evaluations)
        settings(training, 0)  # raises ImportError if the library is missing
    return limits


def _in_words(settings: Settings | Factory) -> str:
    """A text for the optimizer that is the same in every process."""
    if isinstance(settings, Settings):
        versions = [f", {name} {version(name)}" for name in settings.libraries]
        return repr(settings) + "".join(versions)
    return f"{settings.__module__}.{getattr(settings, '__qualname__', type(settings).__name__)}"
