"""Runs a sweep: gives cells to workers, and writes each run to disk as soon as it is made."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import nb101fast
from nb101fast import CompileReport, FormatError
from nb101fast.file_lock import is_locked, locked
from nb101fast.phrases import counted
from nb101fast.progress import Phases, Progress, tell, told
from nb101fast.regular_file import refuse_link

from .crew import Crew
from .dispatcher import Batch, Dispatcher
from .driver_status import DriverStatus, Running, State
from .failures import Failure, FailureLog, read_failures
from .ledger import Ledger, work_list
from .plan import SweepPlan, read_plan, write_plan
from .request import Request
from .shard import Shard, ShardWriter, shards_in
from .shard_runs import ShardRuns, read_runs
from .work import CellWork

INDEX_NAME = "index.nb101"
_HEARTBEAT_SECONDS = 1.0


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
        driver = _Driver(place, plan, part, writer, retry_failed)
        report = None
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


def made_runs(folder: Path, plan: SweepPlan, shards: Sequence[Shard]) -> Ledger:
    """The runs that the shards hold.

    Raises:
        FormatError: a record is damaged, a run is not of this sweep, or a run occurs twice. The
            error names the file, the byte and the record.
    """
    made = Ledger(plan.units)
    for shard in shards:
        path = shard.results_in(folder)
        runs = read_runs(path)
        units = made.positions(runs.epochs, runs.repeats)
        foreign = np.flatnonzero((units < 0) | ~np.isin(runs.codes, plan.codes))
        if len(foreign):
            raise FormatError(
                f"{_described(path, runs, int(foreign[0]))}: the run is not of this sweep"
            )
        again = made.add_all(runs.codes, units)
        if again is not None:
            raise FormatError(f"{_described(path, runs, again)}: the run occurs a second time")
    return made


def _described(path: Path, runs: ShardRuns, place: int) -> str:
    """The place of a run in its file, and which run it is."""
    cell = nb101fast.Cell.from_code(int(runs.codes[place]))
    return (
        f"{path}: byte {runs.offsets[place]}: record {place}: {cell.hash}, "
        f"{counted(runs.epochs[place], 'epoch')}, repeat {runs.repeats[place]}"
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


class _Driver:
    """The work of one process on its shard. It counts only runs that the shard's files hold."""

    def __init__(
        self,
        folder: Path,
        plan: SweepPlan,
        shard: Shard,
        writer: ShardWriter,
        retry_failed: bool,
    ) -> None:
        self._folder, self._plan, self._shard, self._writer = folder, plan, shard, writer
        # Other shards of the same count have other cells, so they need not be read.
        read = [each for each in shards_in(folder) if each == shard or each.count != shard.count]
        self.made = made_runs(folder, plan, read)
        self._codes = shard.cells_of(plan.codes)
        left = {code: self.made.left(code) for code in self._codes.tolist()}
        self.failed = {
            key: failure
            for key, failure in read_failures(folder).items()
            if key[1] in left.get(key[0], ())
        }
        self._skipped = frozenset() if retry_failed else frozenset(self.failed)
        self.num_runs = len(self._codes) * len(plan.units)
        self.num_made = self.num_runs - sum(map(len, left.values()))
        todo = (unit for code in left for unit in left[code] if (code, unit) not in self._skipped)
        self._epochs_to_do = sum(epochs for epochs, _ in todo)
        self.runs_here = self._epochs_here = self._epochs_failed = self.lost_workers = 0
        self._started = time.time()
        self._status_written = 0.0

    def run(self, crew: Crew, phases: Phases) -> None:
        """Train the cells that have runs left, and write their runs."""
        works = work_list(self._codes, self.made, self._skipped)
        state: State = "stopped"
        try:
            if first := next(works, None):
                self._work(crew, itertools.chain([first], works), phases)
            state = "complete"
        except KeyboardInterrupt:
            raise InterruptedError(f"interrupted: {self._so_far}") from None
        finally:
            self._tell_status(state, None)

    def _work(self, crew: Crew, works: Iterator[CellWork], phases: Phases) -> None:
        hired = crew.hired(self._folder, self._plan, self._shard)
        with contextlib.closing(hired) as engine:
            dispatcher = Dispatcher(engine, works)
            self._tell_status("running", dispatcher)
            for batch in dispatcher.batches(_HEARTBEAT_SECONDS):
                self._keep(batch)
                if time.time() - self._status_written >= _HEARTBEAT_SECONDS:
                    self._tell_status("running", dispatcher)
                phases(self._epochs_here + self._epochs_failed, self._epochs_to_do)

    def _keep(self, batch: Batch) -> None:
        """Write the runs and failures that have arrived, then count them."""
        if batch.records:
            try:
                self._writer.append_records([record.payload for _, record in batch.records])
            except OSError as error:
                what = f"{error.strerror}; {self._so_far}"
                raise type(error)(error.errno, what) from None
        for code, record in batch.records:
            unit = (record.epochs, record.repeat)
            self.made.add(code, unit)
            self.failed.pop((code, unit), None)
            self._epochs_here += record.epochs
        self.num_made += len(batch.records)
        self.runs_here += len(batch.records)
        if batch.failures:
            with FailureLog(self._shard.failures_in(self._folder)) as log:
                log.append_failures(batch.failures)
        for failure in batch.failures:
            self.failed[failure.key] = failure
            self._epochs_failed += failure.epochs
        self.lost_workers += len(batch.lost)
        for reason in batch.lost:
            tell(
                f"{reason}; another worker takes over the runs that are left of its cell", "warning"
            )

    @property
    def _so_far(self) -> str:
        made = f"{self.num_made:,} of {counted(self.num_runs, 'run')}"
        return f"the sweep has made {made}, and the same command continues from there"

    def _tell_status(self, state: State, dispatcher: Dispatcher | None) -> None:
        self._status_written = time.time()
        running = dispatcher.running() if dispatcher else {}
        status = DriverStatus(
            state=state,
            host=socket.gethostname(),
            pid=os.getpid(),
            started=self._started,
            updated=self._status_written,
            runs=self.num_runs,
            made=self.num_made,
            failed=len(self.failed),
            epochs_left=self._epochs_to_do - self._epochs_here - self._epochs_failed,
            runs_here=self.runs_here,
            epochs_here=self._epochs_here,
            lost_workers=self.lost_workers,
            records=self._writer.num_records,
            num_bytes=self._writer.size,
            running=tuple(
                Running(worker, work.module_hash, *work.units[0])
                for worker, work in running.items()
            ),
        )
        # A full disk must stop the sweep only when a run cannot be written.
        with contextlib.suppress(OSError):
            status.write(self._shard.status_in(self._folder))
