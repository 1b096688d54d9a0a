"""Begins or continues a sweep, and compiles its runs into an index."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import nb101fast
from nb101fast import CompileReport
from nb101fast.file_lock import is_locked, locked
from nb101fast.progress import Progress, tell, told
from nb101fast.regular_file import refuse_link

from .crew import Crew
from .driver import Driver
from .failures import Failure
from .plan import SweepPlan, read_plan, write_plan
from .request import Request
from .shard import Shard, ShardWriter, shards_in

INDEX_NAME = "index.nb101"


@dataclass(frozen=True)
class SweepReport:
    """The result of a sweep, or of one shard of it.

    Attributes:
        plan: what was trained.
        shard: which part of the sweep this was.
        runs: the number of runs of the shard's cells.
        made: how many of these runs are made.
        made_here: how many of these runs this call has made.
        lost_workers: the number of workers that were lost and replaced.
        failures: the runs that have failed.
        seconds: the duration of this call.
        index: what was compiled; None for one shard of several, and if no run is made.
    """

    plan: SweepPlan
    shard: Shard
    runs: int
    made: int
    made_here: int
    lost_workers: int
    failures: tuple[Failure, ...]
    seconds: float
    index: CompileReport | None


def sweep(
    folder: str | os.PathLike[str],
    request: Request,
    crew: Crew,
    *,
    shard: Shard | None = None,
    retry_failed: bool = False,
    index: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> SweepReport:
    """Begin or continue a sweep, until each run is made or has failed.

    Each run is appended to the shard's file as soon as it is made. After any interruption, the same
    call continues with the runs that are missing. At the end all runs are compiled into an
    index. If the sweep is split into shards, call it without a shard when all of them are done.

    Args:
        folder: the folder of the sweep, which is made if it doesn't exist.
        request: what is trained. An attribute that is None keeps the value that the sweep has.
        crew: the workers.
        shard: the part of the sweep to work on; None for all of it.
        retry_failed: whether runs that have failed are tried again.
        index: an existing index to which the runs are added; None makes one in the sweep's folder.
        progress: True for a bar, or a function that is called with the number of epochs that are
            trained, and the number of epochs that this call has to train.

    Raises:
        ValueError: the sweep began with other settings or another data set, or the request is not
            allowed. Nothing is written.
        BlockingIOError: another driver works on the same runs.
        FormatError: a file in the folder is damaged.
        EngineError: no worker can be started, or workers are lost at every cell.
        InterruptedError: Ctrl-C was pressed. The runs that are made are kept.
        OSError: a file can't be written, for example because the disk is full. The runs that are
            made are kept.

    Example:
        >>> sweep("out", Request(codes=cells_up_to(4)), Crew(num_workers=2)).made
        1092
    """
    place, part = Path(folder), shard or Shard()
    began = time.monotonic()
    plan, writer = _opened(place, request, part)
    with writer:
        if writer.torn_bytes:
            tell(f"{writer.path}: cut {writer.torn_bytes} bytes of a torn record off its end")
        driver = Driver(place, plan, part, writer, retry_failed)
        report = None
        if index is not None:
            nb101fast.open(index)  # raises now and not after the training if it can't be opened
        with told(progress, "sweep") as phases:
            phases.begin("training")
            driver.run(crew, phases)
            if part.count == 1 and len(driver.made):
                phases.begin("compiling")
                report = compile_shards(place, plan, index, num_failed=len(driver.failed))
    return SweepReport(
        plan=plan,
        shard=part,
        runs=driver.num_runs,
        made=driver.num_made,
        made_here=driver.runs_here,
        lost_workers=driver.lost_workers,
        failures=tuple(driver.failed.values()),
        seconds=time.monotonic() - began,
        index=report,
    )


def compile_shards(
    folder: Path,
    plan: SweepPlan,
    update: str | os.PathLike[str] | None = None,
    *,
    num_failed: int = 0,
) -> CompileReport:
    """Compile the runs of all shards of a sweep.

    Args:
        folder: the folder of the sweep.
        plan: its plan.
        update: an existing index to which the runs are added; None makes one in the folder.
        num_failed: the number of failed runs, for the provenance of the index.

    Raises:
        OSError: the index in the folder is a symbolic link, or it can't be written.
    """
    refuse_link(folder / INDEX_NAME)
    shards = [shard.results_in(folder) for shard in shards_in(folder)]
    return nb101fast.compile(
        [path for path in shards if path.stat().st_size],
        None if update else folder / INDEX_NAME,
        update=update,
        denominator=plan.denominator,
        training={**plan.description(), "failed_runs": num_failed},
    )


def _opened(folder: Path, request: Request, shard: Shard) -> tuple[SweepPlan, ShardWriter]:
    """Combine the plan with the request, and open the shard's file.

    If the request is not allowed, an error is raised before anything is written.
    """
    _agreed(folder, request)
    folder.mkdir(parents=True, exist_ok=True)
    # Under the lock no other driver can change the plan until this one has locked its shard.
    with locked(folder / "sweep.lock"):
        begun, plan = _agreed(folder, request)
        for other in shards_in(folder):
            if other.count != shard.count and is_locked(other.results_in(folder)):
                raise BlockingIOError(
                    f"{folder}: a driver works on shard {other}, so shard {shard} is not allowed "
                    f"now; use shards of {other.count}, or wait for that driver to end"
                )
        writer = ShardWriter(shard.results_in(folder))
        if begun is None or begun.as_json() != plan.as_json():
            write_plan(folder, plan)
    return plan, writer


def _agreed(folder: Path, request: Request) -> tuple[SweepPlan | None, SweepPlan]:
    try:
        begun = read_plan(folder)
    except FileNotFoundError:
        return None, request.plan()
    return begun, request.applied_to(begun)
