"""The paper's benchmark of optimizers, from an index to figures; it goes on where it was."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TypeAlias

from .. import plotting
from ..index import Index
from ..search import Settings
from ..search.protocol import Recorded
from ..search.settings import Factory, check_count
from ..tables import import_library
from .figures import figures
from .folder import Folder
from .plan import Plan, fingerprint
from .report import Report
from .summary import summarize
from .trajectories_file import write_trajectories
from .work import Worker, missing_work
from .workers import work_done

Progress: TypeAlias = Callable[[int, int], None]  # runs done, runs in all

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
) -> Report:
    """Run optimizers many times each, and write down, sum up and draw how they did.

    Whatever ends it, the same call goes on from there, and comes to the same numbers; so do calls
    with more runs or more optimizers. docs/experiment.md says what lies in the folder.

    Args:
        index: an index, measured or synthetic.
        out: the experiment's folder, made where it isn't there.
        optimizers: names, settings or factories, as of `search.run`.
        runs: of each optimizer.
        budget_seconds: simulated seconds of training that each run may spend.
        seed, preset, record: as of `search.run`.
        workers: processes; None: as many as there are processors. They don't decide any number.
            With more than 1, a program must call this under `if __name__ == "__main__":`.
        progress: called with the runs done and the runs in all.

    Raises:
        ValueError: what `search.run` refuses; an optimizer twice; a folder that holds another
            experiment, or something else where its runs should be. Before any run.
        NotADirectoryError: `out` is a file.
        ImportError: matplotlib, pyarrow or an optimizer's library is missing. Before any run.
        ChildProcessError: a worker died. What was done before is kept.

    Source: Ying et al., 2019, figure 7.

    Example:
        >>> report = run_experiment(nb101fast.open(), "out", optimizers=["rs", "re"], runs=500,
        ...                         budget_seconds=1e3)
        >>> print(report.markdown())
    """
    plotting.import_matplotlib("matplotlib.figure")
    import_library("pyarrow.parquet")
    num_workers = workers if workers is not None else os.cpu_count() or 1
    check_count("workers", num_workers, 1, _MOST_WORKERS)
    plan = Plan.of(
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
    report = Report(folder.path, plan, trajectories, summarize(trajectories))
    report.write_tables(folder)
    for name, figure in figures(plan, trajectories).items():
        plotting.save(figure, folder.path, name)
    return report


def _run_missing(plan: Plan, folder: Folder, num_workers: int, progress: Progress | None) -> None:
    done = {name: folder.runs_done(plan, name) for name in plan.optimizers}
    folder.claim(plan)
    count = sum(map(len, done.values()))
    make_worker = functools.partial(Worker, plan, folder, fingerprint(plan.index))
    with closing(work_done(make_worker, missing_work(plan, done), num_workers)) as works:
        for work in works:
            count += work.runs
            if progress:
                progress(count, plan.num_runs)
