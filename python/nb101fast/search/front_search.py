"""Many runs of one optimizer with several objectives, in the paper's protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .. import _core
from ..checks import check_choice, check_type
from ..index import Index
from ..progress import Progress
from .fronts import Fronts
from .multi_objective_training import MultiObjectiveTraining
from .objectives import Objectives
from .observations import Observations
from .presets import PRESETS
from .protocol import name_of, settings_of
from .run_numbers import checked_runs, checked_seed
from .runner import Runner
from .settings import Factory, Settings


def find_fronts(
    optimizer: str | Settings | Factory,
    index: Index,
    *,
    maximize: Sequence[str] = ("test_accuracy",),
    minimize: Sequence[str] = ("parameters",),
    reference: Mapping[str, float] | None = None,
    runs: int,
    budget_seconds: float | None = None,
    max_evaluations: int | None = None,
    seed: int = 0,
    preset: str = "paper",
    first_run: int = 0,
    epochs: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Fronts:
    """Run an optimizer many times with several objectives, on the simulated clock.

    The protocol is that of `search.run`. But the optimizer is told every objective of a training.
    It is told the validation accuracy in place of the test accuracy. The front of a run has the
    trainings that no other training of the run dominates, and its cells are judged by their means.

    Args:
        optimizer: "nsga2"; another name or settings, see `search.run`, of an optimizer that trains
            at the highest budget alone; or a function `factory(training, seed)`. Its training is a
            `MultiObjectiveTraining`, whose method `told` has the objectives.
        index: an index of measured or synthetic runs.
        maximize, minimize: the objectives, by the names that `Index.top_k` takes.
        reference: the point up to which hypervolumes are measured: a value for each objective. None
            takes the worst value that a cell has.
        runs, budget_seconds, max_evaluations, seed, preset, first_run, epochs, threads, progress:
            see `search.run`.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: `search.run` refuses an argument, an objective is not allowed, or the optimizer
            trains at several budgets.

    Example:
        >>> from nb101fast import search
        >>> fronts = search.find_fronts("nsga2", index, runs=100, budget_seconds=1e4)
        >>> fronts.final_regret.mean()
    """
    settings = settings_of(optimizer, preset)
    count, first = checked_runs(runs, first_run)
    objectives = Objectives(as_names("maximize", maximize), as_names("minimize", minimize))
    training = front_training_for(
        settings, index, objectives, reference=reference, preset=preset, epochs=epochs
    )
    runner = Runner(
        name=name_of(optimizer),
        settings=settings,
        preset=preset,
        training=training,
        limits=training.check_limits(budget_seconds, max_evaluations),
        seed=checked_seed(seed),
        recorded=_core.Recorded.everything,
    )
    return Fronts.joined(
        [
            _fronts(runner, training, number, record)
            for number, record in runner.records(first, count, threads, progress)
        ]
    )


def front_training_for(
    optimizer: Settings | Factory,
    index: Index,
    objectives: Objectives,
    *,
    reference: Mapping[str, float] | None = None,
    preset: str = "paper",
    epochs: int | None = None,
) -> MultiObjectiveTraining:
    """The problem with several objectives that an optimizer solves in a preset's protocol.

    Raises:
        TypeError: `index` is no index.
        ValueError: an argument is not allowed, or the optimizer trains at several budgets.
    """
    check_choice("preset", preset, PRESETS)
    check_type("index", index, Index, use="an open Index")
    final = index.epochs[-1] if epochs is None else epochs
    if isinstance(optimizer, Settings) and len(budgets := optimizer.budgets(final)) > 1:
        raise ValueError(
            f"optimizer {optimizer.name!r} trains at {', '.join(map(str, budgets))} epochs; use "
            "one that trains at the highest budget alone, such as 'nsga2' or 'rs'"
        )
    protocol = PRESETS[preset]
    return MultiObjectiveTraining(
        index,
        objectives,
        reference=reference,
        epochs=final,
        validity=protocol.validity,
        max_vertices=protocol.max_vertices,
    )


def as_names(argument: str, names: Iterable[str]) -> tuple[str, ...]:
    """Names of columns as a tuple. One string, which would be its letters, is refused."""
    if isinstance(names, str):
        raise TypeError(f"{argument}={names!r} is one string; use a list of strings")
    return tuple(names)


def _fronts(
    runner: Runner, training: MultiObjectiveTraining, first: int, record: _core.SearchRecord
) -> Fronts:
    everything = record["evaluations"]
    rows, hypervolume, counts = _core.front_steps(
        training.values, everything["cell_id"], everything["repeat"], everything["count"]
    )
    incumbents = Observations.of_core(everything, training.epochs).chosen(rows, counts)
    return Fronts(
        **runner.facts(first),
        objectives=training.objectives,
        reference=training.reference,
        ideal=training.ideal,
        exact_front=training.exact_front,
        best_hypervolume=training.best_hypervolume,
        incumbents=incumbents,
        told=training.told_values(incumbents.cell_id, incumbents.repeat),
        means=training.reported_values(incumbents.cell_id),
        hypervolume=hypervolume,
        num_evaluations=record["num_evaluations"],
        num_invalid=record["num_invalid"],
        seconds=record["seconds"],
    )
