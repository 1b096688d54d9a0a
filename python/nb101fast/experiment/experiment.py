"""The whole experiment, from an index to figures. It can be interrupted and continued."""

from __future__ import annotations

import functools
import os
from contextlib import closing

from .. import plotting
from ..checks import check_choice, check_count
from ..extras import import_extra
from ..index import Index
from ..progress import Progress
from ..search.protocol import Recorded
from ..search.trajectories import REGRETS, Regret
from .figures import figures
from .folder import Folder
from .plan import ExperimentPlan, Optimizers, fingerprint
from .report import ExperimentReport
from .run_range import missing_ranges
from .summary import summarize
from .trajectories_file import write_trajectories
from .worker import ExperimentWorker
from .workers import compute_ranges

_MOST_WORKERS = 1024


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
        workers: how many processes compute; None means as many as there are processors. It changes
            no number. With more than 1, a program must call this function under
            `if __name__ == "__main__":`.
        progress: called with the number of runs done and the number of runs in all.

    Raises:
        ValueError: `search.run` refuses an argument, an optimizer is given twice, or the folder
            holds another experiment or other files. This is checked before any run.
        NotADirectoryError: `out` is a file.
        ImportError: matplotlib, pyarrow or an optimizer's library is missing. This is checked
            before any run.
        ChildProcessError: a worker process died. The runs that ended before are kept.

    Source: Ying et al., 2019, figure 7.

    Example:
        >>> report = run_experiment(nb101fast.open(), "out", optimizers=["rs", "re"], runs=500,
        ...                         budget_seconds=1e3)
        >>> print(report.markdown())
    """
    plotting.import_matplotlib("matplotlib.figure")
    import_extra("pyarrow.parquet", extra="arrow")
    check_choice("regret", regret, REGRETS)
    num_workers = workers if workers is not None else os.cpu_count() or 1
    check_count("workers", num_workers, 1, _MOST_WORKERS)
    plan = ExperimentPlan.of(
        index,
        optimizers,
        runs=runs,
        budget_seconds=budget_seconds,
        max_evaluations=max_evaluations,
        seed=seed,
        preset=preset,
        record=record,
    )
    folder = Folder(out)
    folder.check(plan)
    _run_missing(plan, folder, num_workers, progress)
    trajectories = write_trajectories(plan, folder)
    summaries = summarize(trajectories, regret=regret)
    report = ExperimentReport(folder.path, plan, regret, trajectories, summaries)
    report.write_tables(folder)
    for name, figure in figures(plan, trajectories, regret=regret).items():
        plotting.save(figure, folder.path, name)
    return report


def _run_missing(
    plan: ExperimentPlan, folder: Folder, num_workers: int, progress: Progress | None
) -> None:
    done = {name: folder.runs_done(plan, name) for name in plan.optimizers}
    folder.claim(plan)
    count = sum(map(len, done.values()))
    make_worker = functools.partial(ExperimentWorker, plan, folder, fingerprint(plan.index))
    with closing(compute_ranges(make_worker, missing_ranges(plan, done), num_workers)) as ranges:
        for runs in ranges:
            count += runs.runs
            if progress:
                progress(count, plan.num_runs)
