"""A sweep's driver: deals cells to workers and keeps what they make, so that a start goes on."""

from __future__ import annotations

import contextlib
import functools
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
from nb101fast.inputs import Progress
from nb101fast.progress import tell

from .crew import Crew
from .engine import Batch, Dispatcher
from .failures import Failure, FailureLog, read_failures
from .file_lock import is_locked, locked
from .plan import Plan, Request, read_plan, write_plan
from .record import parse_payload
from .shard import Shard, ShardWriter, read_records, shards_in
from .status import DriverStatus, Running, State
from .work import Ledger, hash_of, shard_of, work_list
from .worker import CellWork

INDEX_NAME = "index.nb101"
_HEARTBEAT_SECONDS = 1.0


@dataclass(frozen=True)
class SweepReport:
    """What a sweep, or one shard of it, came to.

    Attributes:
        runs, made: of the shard's cells; `made_here`: since this start.
        failures: the runs that failed, and are not made.
        index: what was compiled; None for one shard of several, or where nothing was made.
    """

    plan: Plan
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
    """Begin a sweep, or go on with it, until each run is made or has failed.

    Results are appended to the shard's file as they come; a start after any end finds them there.
    The whole sweep's are compiled at last, those of several shards when it is started without.

    Args:
        folder: of the sweep, made where there is none.
        request: what is swept; what it leaves open stays as it was begun.
        crew: who does the work.
        shard: which part; None: all.
        retry_failed: make failed runs again.
        index: an existing index that is updated; None compiles into the sweep's folder.
        progress: called with the epochs trained and those to be trained by this start.

    Raises:
        ValueError: the sweep was begun otherwise.
        BlockingIOError: another driver works on the same runs.
        FormatError: a damaged file in the folder.
        EngineError: no worker can work.
        OSError: the disk is full, say; whole results stay.
    """
    place, part = Path(folder), shard or Shard()
    began = time.monotonic()
    plan, writer = _opened(place, request, part)
    with writer:
        if writer.torn_bytes:
            tell(f"{writer.path}: cut {writer.torn_bytes} bytes of a torn record off its end")
        driver = _Driver(place, plan, part, writer, retry_failed)
        driver.run(crew, progress)
        report = None
        if part.count == 1 and len(driver.made):
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
    folder: Path, plan: Plan, update: str | os.PathLike[str] | None = None, *, num_failed: int = 0
) -> CompileReport:
    """Compile all shards of a sweep, into its folder or into an index that is updated."""
    shards = [shard.results_in(folder) for shard in shards_in(folder)]
    return nb101fast.compile(
        [path for path in shards if path.stat().st_size],
        None if update else folder / INDEX_NAME,
        update=update,
        denominator=plan.denominator,
        training={**plan.description(), "failed_runs": num_failed},
    )


def made_runs(folder: Path, plan: Plan, shards: Sequence[Shard]) -> Ledger:
    """What the shards' files hold.

    Raises:
        FormatError: a damaged record, one of another sweep, or a run twice.
    """
    made, known = Ledger(plan.units), frozenset(plan.codes.tolist())
    for shard in shards:
        path = shard.results_in(folder)
        for start, payload in read_records(path):
            try:
                run = parse_payload(payload)
                code = _code_of_graph(run.matrix.tobytes(), run.ops)
            except ValueError as error:
                raise FormatError(f"{path}: byte {start}: {error}") from None
            unit = (run.epochs, run.repeat)
            where = f"{path}: byte {start}: {run.module_hash}, {run.epochs} epochs, repeat"
            if code not in known or unit not in plan.units:
                raise FormatError(f"{where} {run.repeat}: no run of this sweep")
            if not made.add(code, unit):
                raise FormatError(f"{where} {run.repeat}: a second time")
    return made


@functools.lru_cache(maxsize=1024)  # the runs of a cell come together
def _code_of_graph(matrix: bytes, ops: tuple[str, ...]) -> int:
    vertices = len(ops)
    return nb101fast.encode(np.frombuffer(matrix, np.uint8).reshape(vertices, vertices), ops)


def _opened(folder: Path, request: Request, shard: Shard) -> tuple[Plan, ShardWriter]:
    """The plan, agreed with what was begun, and the shard's file."""
    _agreed(folder, request)  # a faulty request leaves nothing behind
    folder.mkdir(parents=True, exist_ok=True)
    # One driver at a time: the plan that it reads stays that of its shard.
    with locked(folder / "sweep.lock"):
        begun, plan = _agreed(folder, request)
        for other in shards_in(folder):
            if other.count != shard.count and is_locked(other.results_in(folder)):
                raise BlockingIOError(
                    f"{folder}: a driver works on shard {other}; while it does, others need "
                    f"to be of {other.count} too, and this is {shard}"
                )
        writer = ShardWriter(shard.results_in(folder))
        if begun is None or begun.as_json() != plan.as_json():
            write_plan(folder, plan)
    return plan, writer


def _agreed(folder: Path, request: Request) -> tuple[Plan | None, Plan]:
    try:
        begun = read_plan(folder)
    except FileNotFoundError:
        return None, request.plan()
    return begun, request.applied_to(begun)


class _Driver:
    """What one process knows of its shard, in step with the shard's files."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        shard: Shard,
        writer: ShardWriter,
        retry_failed: bool,
    ) -> None:
        self._folder, self._plan, self._shard, self._writer = folder, plan, shard, writer
        # Shards of the same count have other cells.
        read = [each for each in shards_in(folder) if each == shard or each.count != shard.count]
        self.made = made_runs(folder, plan, read)
        self._codes = shard_of(plan.codes, shard)
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

    def run(self, crew: Crew, progress: Progress | None) -> None:
        """Have the work done."""
        works = work_list(self._codes, self.made, self._skipped)
        state: State = "stopped"
        try:
            if first := next(works, None):
                self._work(crew, itertools.chain([first], works), progress)
            state = "complete"
        except KeyboardInterrupt:
            raise InterruptedError(f"interrupted: {self._so_far}") from None
        finally:
            self._tell_status(state, None)

    def _work(self, crew: Crew, works: Iterator[CellWork], progress: Progress | None) -> None:
        hired = crew.hired(self._folder, self._plan, self._shard)
        with contextlib.closing(hired) as engine:
            dispatcher = Dispatcher(engine, works)
            self._tell_status("running", dispatcher)
            for batch in dispatcher.batches(_HEARTBEAT_SECONDS):
                self._keep(batch)
                if time.time() - self._status_written >= _HEARTBEAT_SECONDS:
                    self._tell_status("running", dispatcher)
                if progress:
                    progress(self._epochs_here + self._epochs_failed, self._epochs_to_do)

    def _keep(self, batch: Batch) -> None:
        """Write what came, then count it."""
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
            tell(f"{reason}; what is left of its cell is dealt again")

    @property
    def _so_far(self) -> str:
        made = f"{self.num_made:,} of {self.num_runs:,} runs are made"
        return f"{made}, and the same command goes on"

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
                Running(worker, hash_of(code), *unit) for worker, (code, unit) in running.items()
            ),
        )
        with contextlib.suppress(OSError):  # a full disk stops the sweep by its results alone
            status.write(self._shard.status_in(self._folder))
