"""The runs of one optimizer on one problem, computed by the core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .. import _core
from ..codes import OneCode
from ..progress import Progress, told
from .limits import Limits
from .optimizer import Trial
from .run_numbers import seed_of_runs
from .settings import CompiledSettings, Factory, Settings
from .simulated_run import SimulatedRun
from .simulated_training import SimulatedTraining


def runs_at_once(optimizer: Settings | Factory) -> int:
    """How many runs a process computes between two reports of progress. One, for a factory."""
    return optimizer.runs_at_once if isinstance(optimizer, Settings) else 1


@dataclass(frozen=True)
class Runner:
    """What all runs of one call have in common.

    Attributes:
        name: the optimizer's name in the results.
        settings: the optimizer.
        preset: the name of the protocol.
        training: the problem.
        limits: what each run may spend.
        seed: the seed of all runs.
        recorded: which trainings are recorded.
    """

    name: str
    settings: Settings | Factory
    preset: str
    training: SimulatedTraining
    limits: Limits
    seed: int
    recorded: _core.Recorded

    def records(
        self, first: int, count: int, threads: int, progress: Progress | None
    ) -> Iterator[tuple[int, _core.SearchRecord]]:
        """Compute consecutive runs, and yield them in parts: the first run, and what was recorded.

        Args:
            first: the number of the first run.
            count: how many runs.
            threads: how many threads compute the runs of a compiled optimizer.
            progress: see `search.run`.
        """
        step = runs_at_once(self.settings) * max(threads, 1)
        with told(progress, "searching") as phases:
            for number in range(first, first + count, step):
                some = min(step, first + count - number)
                yield number, self._record(number, some, threads)
                phases(number - first + some, count)

    def facts(self, first: int) -> dict[str, Any]:
        """What the results of a part say of its runs."""
        return {
            "optimizer": self.name,
            "preset": self.preset,
            "index": repr(self.training.index),
            "seed": self.seed,
            "first_run": first,
            "budget_seconds": self.limits.budget_seconds,
            "max_evaluations": self.limits.max_evaluations,
            "epochs": self.training.epochs[-1],
        }

    def _record(self, first: int, count: int, threads: int) -> _core.SearchRecord:
        if isinstance(self.settings, CompiledSettings):
            return self._run_compiled(self.settings, first, count, threads)
        return _core.record_of([self._run(number) for number in range(first, first + count)])

    def _run_compiled(
        self, settings: CompiledSettings, first: int, count: int, threads: int
    ) -> _core.SearchRecord:
        return _core.run_search(
            training=self.training.core,
            settings=settings.compiled_for(self.training),
            budget_seconds=self.limits.budget_seconds,
            max_evaluations=self.limits.max_evaluations,
            seed=seed_of_runs(self.seed),
            first_run=first,
            num_runs=count,
            recorded=self.recorded,
            threads=threads,
        )

    def _run(self, number: int) -> _core.SearchRun:
        """One run of an optimizer in Python."""
        word = seed_of_runs(self.seed)
        optimizer = self.settings(self.training, _core.optimizer_seed(word, number))
        run = SimulatedRun(self.training, self.limits, word, number, recorded=self.recorded)
        while not run.is_over and (trial := _trial(run, optimizer.ask())) is not None:
            optimizer.tell(trial)
            run.core.check_progress(number)
        return run.core


def _trial(run: SimulatedRun, asked: OneCode | tuple[OneCode, int]) -> Trial | None:
    if not isinstance(asked, tuple):
        return run.evaluate(asked)
    if len(asked) != 2:
        raise TypeError(
            f"ask() returned {asked!r}, which is not allowed; return a code, or a code "
            "and its epochs"
        )
    return run.evaluate(*asked)
