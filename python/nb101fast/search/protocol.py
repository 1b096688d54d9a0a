"""The paper's protocol: many runs of one optimizer on the simulated clock."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .. import _core
from ..index import Index
from .presets import PRESETS
from .settings import CompiledSettings, Factory, Settings
from .simulated_training import SimulatedRun, SimulatedTraining, seed_word
from .steps import Steps
from .trajectories import Trajectories, join

Recorded: TypeAlias = Literal["incumbents", "everything"]
Progress: TypeAlias = Callable[[int, int], None]  # runs done, runs in all

_RUNS_AT_ONCE = 64  # between two calls of `progress`
_MOST_FREE_IN_A_ROW = 100_000  # proposals of an optimizer in Python that spends nothing


def run(
    optimizer: str | Settings | Factory,
    index: Index,
    *,
    runs: int,
    budget_seconds: float,
    seed: int = 0,
    preset: str = "paper",
    first_run: int = 0,
    epochs: int = 108,
    record: Recorded = "incumbents",
    threads: int = 1,
    progress: Progress | None = None,
) -> Trajectories:
    """Run an optimizer many times on an index, on the simulated clock.

    Each evaluation draws one of its cell's runs; the optimizer is told its validation accuracy, and
    its training time passes. An evaluation that would end after the budget doesn't count, and ends
    the run. The incumbent is the cell of the best validation accuracy that was observed.

    Args:
        optimizer: a name, whose settings are the preset's; settings, as
            `search.Evolution(population=50)`; or any factory of optimizers that are asked and told,
            `factory(training, seed)`.
        index: an index, measured or synthetic.
        runs: how many, each for itself.
        budget_seconds: simulated seconds of training that each may spend.
        seed: an int. Run r depends on the seed and r alone, whatever the threads.
        preset: "paper" (Ying et al., 2019), "scripts" (the defaults of `nas_benchmarks`) or
            "notebook" (the official notebook's protocol: official validity, the queried test
            accuracy).
        first_run: the number of the first run, to go on where others ended.
        epochs: of the final budget.
        record: "incumbents", or "everything": all evaluations, 48 bytes each.
        threads: for optimizers of this package; the others are Python.
        progress: called with the runs done and the runs in all.

    Raises:
        ValueError: no such optimizer or preset, a budget that no training fits, or an index without
            the epochs that the optimizer needs; all before any run.

    Source: Ying et al., 2019, section 4 (figure 7).

    Example:
        >>> from nb101fast import search
        >>> trajectories = search.run("re", nb101fast.open(), runs=100, budget_seconds=1e4)
        >>> trajectories.final_regret.mean()
    """
    settings = settings_of(optimizer, preset)
    count = _checked_count("runs", runs, 1)
    first = _checked_count("first_run", first_run, 0)
    if record not in ("incumbents", "everything"):
        raise ValueError(f"record={record!r}; 'incumbents' and 'everything' are allowed")
    training = training_for(settings, index, preset=preset, epochs=epochs)
    plan = _Plan(
        settings, training, training.check_budget(budget_seconds), seed, record == "everything"
    )
    parts = []
    for number in range(first, first + count, _RUNS_AT_ONCE):
        some = min(_RUNS_AT_ONCE, first + count - number)
        parts.append(plan.trajectories(preset, number, some, threads))
        if progress:
            progress(number - first + some, count)
    return join(parts)


def settings_of(optimizer: str | Settings | Factory, preset: str = "paper") -> Settings | Factory:
    """The settings that a name has in a preset; anything else as it is.

    Raises:
        ValueError: no such preset, or no such optimizer in it.
        TypeError: neither a name nor a factory.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset={preset!r}; {_listed(PRESETS)} are allowed")
    if not isinstance(optimizer, str):
        if not callable(optimizer):
            raise TypeError(f"optimizer={optimizer!r}; a name or a factory is allowed")
        return optimizer
    known = PRESETS[preset].optimizers
    if optimizer not in known:
        raise ValueError(f"optimizer={optimizer!r}; {_listed(known)} are in preset {preset!r}")
    return known[optimizer]


def training_for(
    optimizer: Settings | Factory, index: Index, *, preset: str = "paper", epochs: int = 108
) -> SimulatedTraining:
    """The trainings that an optimizer meets in a preset's protocol.

    A factory of another kind than `Settings` may ask for every budget of the index up to `epochs`.

    Raises:
        ValueError: the index lacks a budget that the optimizer needs.
    """
    if isinstance(optimizer, Settings):
        budgets = optimizer.budgets(epochs)
    else:
        budgets = (*(budget for budget in index.epochs if budget < epochs), epochs)
    protocol = PRESETS[preset]
    return SimulatedTraining(index, epochs=budgets, validity=protocol.validity, test=protocol.test)


@dataclass(frozen=True)
class _Plan:
    """What all runs have in common."""

    settings: Settings | Factory
    training: SimulatedTraining
    budget_seconds: float
    seed: int
    records_all: bool

    def trajectories(self, preset: str, first: int, count: int, threads: int) -> Trajectories:
        """Of some consecutive runs."""
        compiled = isinstance(self.settings, CompiledSettings)
        record = self._compiled(first, count, threads) if compiled else self._asked(first, count)
        epochs = self.training.epochs
        evaluations = Steps.of_record(record["evaluations"], epochs) if self.records_all else None
        return Trajectories(
            optimizer=name_of(self.settings),
            preset=preset,
            index=repr(self.training.index),
            seed=self.seed,
            first_run=first,
            budget_seconds=self.budget_seconds,
            epochs=epochs[-1],
            best_test_accuracy=self.training.best_test_accuracy,
            incumbents=Steps.of_record(record["incumbents"], epochs),
            evaluations=evaluations,
            num_evaluations=record["num_evaluations"],
            num_invalid=record["num_invalid"],
            seconds=record["seconds"],
        )

    def _compiled(self, first: int, count: int, threads: int) -> dict[str, Any]:
        assert isinstance(self.settings, CompiledSettings)
        return _core.run_search(
            self.training._core,
            self.settings.compiled(),
            self.budget_seconds,
            seed_word(self.seed),
            first,
            count,
            self.records_all,
            threads,
        )

    def _asked(self, first: int, count: int) -> dict[str, Any]:
        return _core.record_of([self._run(number) for number in range(first, first + count)])

    def _run(self, number: int) -> Any:
        """One run of an optimizer in Python."""
        word = seed_word(self.seed)
        optimizer = self.settings(self.training, _core.optimizer_seed(word, number))
        run = SimulatedRun(
            self.training, self.budget_seconds, word, number, records_all=self.records_all
        )
        while (evaluation := run.evaluate(*optimizer.ask())) is not None:
            optimizer.tell(evaluation)
            if run._core.num_free_in_a_row >= _MOST_FREE_IN_A_ROW:
                raise ValueError(
                    f"run {number} asked for {_MOST_FREE_IN_A_ROW:,} configurations in a row that "
                    "cost nothing, so its budget is never spent"
                )
        return run._core


def name_of(optimizer: Settings | Factory) -> str:
    """What trajectories call it."""
    return str(getattr(optimizer, "name", getattr(optimizer, "__name__", type(optimizer).__name__)))


def _checked_count(argument: str, value: int, least: int) -> int:
    number = operator.index(value)
    if number < least:
        raise ValueError(f"{argument}={value!r}; {least} or more are allowed")
    return number


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
