"""The whole experiment, from an index to figures. It can be interrupted and continued."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from contextlib import closing

from .. import plotting
from ..checks import check_count
from ..extras import import_extra
from ..index import Index
from ..progress import Progress
from ..search import Settings
from ..search.protocol import Recorded
from ..search.settings import Factory
from .figures import figures
from .folder import Folder
from .plan import ExperimentPlan, fingerprint
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
    optimizers: Iterable[str | Settings | Factory],
    runs: int = 500,
    budget_seconds: float = 1e7,
    seed: int = 0,
    preset: str = "paper",
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
        optimizers: names, settings or factories, see `search.run`.
        runs: how many runs of each optimizer to compute.
        budget_seconds: the simulated time that each run may spend.
        seed, preset, record: see `search.run`.
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
    num_workers = workers if workers is not None else os.cpu_count() or 1
    check_count("workers", num_workers, 1, _MOST_WORKERS)
    plan = ExperimentPlan.of(
        index,
        optimizers,
        runs=runs,
        budget_seconds=budget_seconds,
        seed=seed,
        preset=preset,
        record=record,
    )
    folder = Folder(out)
    folder.check(plan)
    _run_missing(plan, folder, num_workers, progress)
    trajectories = write_trajectories(plan, folder)
    report = ExperimentReport(folder.path, plan, trajectories, summarize(trajectories))
    report.write_tables(folder)
    for name, figure in figures(plan, trajectories).items():
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
