"""The paper's protocol: many runs of one optimizer on the simulated clock."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .. import _core
from ..checks import check_choice, check_type
from ..index import Index
from ..phrases import alternatives
from ..progress import Progress
from .observations import Observations
from .presets import PRESETS
from .run_numbers import checked_runs, checked_seed
from .runner import Runner
from .settings import Factory, Settings
from .simulated_training import SimulatedTraining
from .trajectories import Trajectories

Recorded: TypeAlias = Literal["incumbents", "everything"]

RECORDED: dict[str, _core.Recorded] = {
    "incumbents": _core.Recorded.incumbents,
    "everything": _core.Recorded.everything,
}


def run(
    optimizer: str | Settings | Factory,
    index: Index,
    *,
    runs: int,
    budget_seconds: float | None = None,
    max_evaluations: int | None = None,
    seed: int = 0,
    preset: str = "paper",
    first_run: int = 0,
    epochs: int | None = None,
    record: Recorded = "incumbents",
    threads: int = 1,
    progress: Progress | None = None,
) -> Trajectories:
    """Run an optimizer many times on an index, on the simulated clock.

    For each training that the optimizer proposes, one of the cell's runs in the index is drawn. The
    optimizer is told the run's validation accuracy, and the run's training time passes on the
    clock. A training that would end after the budget does not count, and it ends the run. The
    incumbent is the cell with the highest validation accuracy seen so far.

    Args:
        optimizer: a name, which has the settings of the preset; settings, such as
            `search.Evolution(population=50)`; or a function `factory(training, seed)` that makes an
            `Optimizer` for one run.
        index: an index of measured or synthetic runs.
        runs: how many independent runs to compute.
        budget_seconds: the simulated time that each run may spend.
        max_evaluations: how many trainings each run may end, beside or in place of a time budget.
            A training counts whatever its epochs are. Invalid configurations do not count, because
            they are not trained.
        seed: an int from -2^256 to 2^256. Run number r depends only on the seed and r, not on the
            number of threads.
        preset: "paper" (Ying et al., 2019), "scripts" (the defaults of `nas_benchmarks`),
            "notebook" (the official notebook, with official validity and the test accuracy of the
            run that was drawn), "mini" (the paper's NAS-Bench-Mini, cells of at most 6 vertices) or
            "mutation-rates" (evolution at several mutation rates).
        first_run: the number of the first run, to continue earlier runs. All numbers are below
            2^31 - 1.
        epochs: the final budget; None takes the highest of the index.
        record: "incumbents", or "everything" to record all trainings, at 48 bytes each.
        threads: how many threads compute the runs of a compiled optimizer. An optimizer in Python
            uses one.
        progress: True for a bar, or a function that is called with the number of runs done and the
            number of runs in all.

    Raises:
        ValueError: an argument is not allowed, neither `budget_seconds` nor `max_evaluations` is
            given, the time budget is shorter than every training, or the index lacks the epochs
            that the optimizer needs. All of this is checked before any run. The error also ends a
            run whose optimizer proposes 1,000,000 configurations in a row that cost nothing.

    Source: Ying et al., 2019, section 4 (figure 7).

    Example:
        >>> from nb101fast import search
        >>> trajectories = search.run("re", nb101fast.open(), runs=100, budget_seconds=1e4)
        >>> trajectories.final_regret.mean()
    """
    settings = settings_of(optimizer, preset)
    count, first = checked_runs(runs, first_run)
    check_choice("record", record, RECORDED)
    training = training_for(settings, index, preset=preset, epochs=epochs)
    runner = Runner(
        name=name_of(optimizer),
        settings=settings,
        preset=preset,
        training=training,
        limits=training.check_limits(budget_seconds, max_evaluations),
        seed=checked_seed(seed),
        recorded=RECORDED[record],
    )
    return Trajectories.joined(
        [
            _trajectories(runner, number, record)
            for number, record in runner.records(first, count, threads, progress)
        ]
    )


def settings_of(optimizer: str | Settings | Factory, preset: str = "paper") -> Settings | Factory:
    """The settings that a name has in a preset. Settings and factories are returned as they are.

    Raises:
        ValueError: there is no such preset, or it has no such optimizer.
        TypeError: the optimizer is neither a name nor a factory.
    """
    check_choice("preset", preset, PRESETS)
    if not isinstance(optimizer, str):
        if not callable(optimizer):
            raise TypeError(
                f"optimizer={optimizer!r} is not allowed; use a name, settings or a factory"
            )
        return optimizer
    known = PRESETS[preset].optimizers
    if optimizer not in known:
        raise ValueError(
            f"optimizer={optimizer!r} is not allowed in preset {preset!r}; use "
            f"{alternatives(known)}"
        )
    return known[optimizer]


def training_for(
    optimizer: Settings | Factory, index: Index, *, preset: str = "paper", epochs: int | None = None
) -> SimulatedTraining:
    """The problem that an optimizer solves in a preset's protocol.

    `Settings` say which budgets the optimizer uses. Any other factory may use all budgets of the
    index up to `epochs`, which are its highest budget if they are None.

    Raises:
        TypeError: `index` is no index.
        ValueError: the index lacks a budget that the optimizer uses, or there is no such preset.
    """
    check_choice("preset", preset, PRESETS)
    check_type("index", index, Index, use="an open Index")
    final = index.epochs[-1] if epochs is None else epochs
    if isinstance(optimizer, Settings):
        budgets = optimizer.budgets(final)
    else:
        budgets = (*(budget for budget in index.epochs if budget < final), final)
    protocol = PRESETS[preset]
    return SimulatedTraining(
        index,
        epochs=budgets,
        validity=protocol.validity,
        test=protocol.test,
        max_vertices=protocol.max_vertices,
    )


def name_of(optimizer: str | Settings | Factory) -> str:
    """The optimizer's name in trajectories."""
    if isinstance(optimizer, str):
        return optimizer
    return str(getattr(optimizer, "name", getattr(optimizer, "__name__", type(optimizer).__name__)))


def _trajectories(runner: Runner, first: int, record: _core.SearchRecord) -> Trajectories:
    epochs = runner.training.epochs
    records_all = runner.recorded == _core.Recorded.everything
    return Trajectories(
        **runner.facts(first),
        best_test_accuracy=runner.training.best_test_accuracy,
        best_validation_accuracy=runner.training.best_validation_accuracy,
        incumbents=Observations.of_core(record["incumbents"], epochs),
        evaluations=Observations.of_core(record["evaluations"], epochs) if records_all else None,
        num_evaluations=record["num_evaluations"],
        num_invalid=record["num_invalid"],
        seconds=record["seconds"],
    )
