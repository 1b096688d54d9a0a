"""The whole experiment, from an index to figures. It can be interrupted and continued."""

from __future__ import annotations

import os
from collections.abc import Iterable

from .. import figure_file, plotting
from ..checks import check_choice
from ..extras import import_extra
from ..index import Index
from ..progress import Phases, Progress, tell, told
from ..search.protocol import Recorded
from ..search.trajectories import REGRETS, Regret
from .crew import Crew
from .figures import figures
from .folder import Folder
from .forecast import Forecast
from .plan import ExperimentPlan, Optimizers
from .report import ExperimentReport
from .run_range import missing_ranges
from .summary import summarize
from .trajectories_file import write_trajectories

_MANY_TRAININGS = 100_000  # A run of the paper has a tenth of them.


def run_experiment(
    index: Index,
    out: str | os.PathLike[str],
    *,
    optimizers: Optimizers | None = None,
    runs: int | None = None,
    budget_seconds: float | None = None,
    max_evaluations: int | None = None,
    seed: int = 0,
    preset: str = "paper",
    regret: Regret = "test",
    record: Recorded = "incumbents",
    objectives: Iterable[str] | None = None,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> ExperimentReport:
    """Run each optimizer many times; write, sum up and draw the results.

    If the experiment is interrupted, the same call continues it and comes to the same numbers. A
    later call may also ask for more runs or more optimizers. docs/experiment.md describes the files
    in the folder.

    Args:
        index: an index of measured or synthetic runs.
        out: the experiment's folder. It is made if it does not exist.
        optimizers: names, settings or factories, see `search.run`; or a dictionary of them, whose
            keys are the names that they get. None means those of the preset, which are the paper's
            seven for "paper" and "scripts".
        runs: how many runs of each optimizer to compute. None means 500, or 100 for the preset
            "mini".
        budget_seconds: the simulated time that each run may spend. None means 1e7 if
            `max_evaluations` is not given either, otherwise any time.
        max_evaluations: how many trainings each run may end, beside or in place of a time budget.
            If only this is given, the curves are drawn over evaluations.
        seed, preset, record: see `search.run`.
        regret: which regret is summed up and drawn, see `Trajectories.regret_at`. It does not
            change the runs.
        objectives: several objectives, for which `search.find_fronts` runs the optimizers: names
            such as "test_accuracy" and "parameters", or NAME:minimize and NAME:maximize for any
            column. The optimizers are then "rs" and "nsga2" if none are given.
        engine: "local" to compute in processes of this machine, or "ray" in actors of a Ray
            cluster. It changes no number.
        address: HOST:PORT of a running Ray cluster, or "auto" for one that runs on this machine.
            None starts a cluster on this machine.
        workers: how many processes or actors compute; None means as many as the machine or the
            cluster has processors, but the engine "local" computes runs that take less than a
            second in this process. It changes no number.
        progress: True for a bar, or a function that is called with the number of runs done and the
            number of runs in all. The time left that the bar shows weighs each optimizer by what
            its runs have cost so far.

    Raises:
        ValueError: `search.run` refuses an argument, an optimizer is given twice, the folder
            holds another experiment or other files, or a node of the cluster has another version
            of a package or of the index. This is checked before any run.
        ConnectionError: no Ray cluster answers at the address.
        NotADirectoryError: `out` is a file.
        ImportError: matplotlib, pyarrow, Ray or an optimizer's library is missing. This is checked
            before any run.
        ChildProcessError: the same runs lost a worker four times, or a worker ended three times
            in a row before it was ready. The runs that ended before are kept.

    Source: Ying et al., 2019, figure 7.

    Example:
        >>> report = run_experiment(nb101fast.open(), "out", optimizers=["rs", "re"], runs=500,
        ...                         budget_seconds=1e3)
        >>> print(report.markdown())
    """
    plotting.import_matplotlib("matplotlib.figure")
    import_extra("pyarrow.parquet", extra="arrow")
    check_choice("regret", regret, REGRETS)
    crew = Crew(engine, workers, address)
    plan = ExperimentPlan.of(
        index,
        optimizers,
        runs=runs,
        budget_seconds=budget_seconds,
        max_evaluations=max_evaluations,
        seed=seed,
        preset=preset,
        record=record,
        objectives=objectives,
    )
    if plan.objectives is not None and regret != "test":
        raise ValueError(
            f"regret={regret!r} is not allowed with several objectives; leave it out, because "
            "their regret is that of the hypervolume"
        )
    folder = Folder(out)
    folder.check(plan)
    with told(progress, "experiment") as phases:
        _run_missing(plan, folder, crew, phases)
        phases.begin("writing")
        trajectories = write_trajectories(plan, folder)
        summaries = summarize(trajectories, regret=regret)
        phases.begin("figures")
        pictures = {}
        for name, figure in figures(plan, trajectories, regret=regret).items():
            png, _ = figure_file.save(figure, folder.path, name)
            pictures[name] = png.read_bytes()
        report = ExperimentReport(folder.path, plan, regret, trajectories, summaries, pictures)
        report.write_tables(folder)
    return report


def _tell_of_long_runs(plan: ExperimentPlan) -> None:
    """Warn if the trainings of the index are too short for the budget, as with small images."""
    trainings = plan.trainings_in_a_run
    if trainings > _MANY_TRAININGS:
        tell(
            f"each run has time for about {trainings:,.0f} trainings, so the experiment may take "
            "days; a run of the paper has about 10,000; choose a shorter budget",
            "warning",
        )


def _run_missing(plan: ExperimentPlan, folder: Folder, crew: Crew, phases: Phases) -> None:
    phases.begin("reading what is there")
    done = {name: folder.runs_done(plan, name) for name in plan.optimizers}
    count = sum(map(len, done.values()))
    forecast = Forecast({name: plan.runs - len(numbers) for name, numbers in done.items()})
    phases.begin("running")
    with crew.at_work(plan, missing_ranges(plan, done)) as parts:
        folder.claim(plan)
        _tell_of_long_runs(plan)
        for runs, computed in parts:
            folder.keep(runs, computed.file)
            forecast.add(runs, computed.seconds)
            count += runs.runs
            phases(count, plan.num_runs, forecast.seconds_left())
