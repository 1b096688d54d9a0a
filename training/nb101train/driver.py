"""The driver of a sweep: it writes each run to disk as soon as it is made, and then counts it."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import nb101fast
from nb101fast import FormatError
from nb101fast.phrases import counted
from nb101fast.progress import Phases, tell

from .crew import Crew
from .dispatcher import Batch, Dispatcher
from .driver_status import DriverStatus, Running, State
from .failures import FailureLog, read_failures
from .ledger import Ledger, work_list
from .plan import SweepPlan
from .shard import Shard, ShardWriter, shards_in
from .shard_runs import ShardRuns, read_runs
from .work import CellWork

_HEARTBEAT_SECONDS = 1.0


class Driver:
    """The work of one process on its shard. It counts only runs that the shard's files hold.

    Args:
        folder: the folder of the sweep.
        plan: what is trained.
        shard: the part of the sweep to work on.
        writer: the open file of the shard.
        retry_failed: whether runs that have failed are tried again.

    Raises:
        FormatError: a file in the folder is damaged.
    """

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
        self.made = _made_runs(folder, plan, read)
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


def _made_runs(folder: Path, plan: SweepPlan, shards: Sequence[Shard]) -> Ledger:
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
                f"{_described(path, runs, int(foreign[0]))}: the run is not of this sweep; move "
                "the file out of the folder"
            )
        again = made.add_all(runs.codes, units)
        if again is not None:
            raise FormatError(
                f"{_described(path, runs, again)}: the run occurs a second time; move the file out "
                "of the folder"
            )
    return made


def _described(path: Path, runs: ShardRuns, place: int) -> str:
    """The place of a run in its file, and which run it is."""
    cell = nb101fast.Cell.from_code(int(runs.codes[place]))
    return (
        f"{path}: byte {runs.offsets[place]}: record {place}: {cell.hash}, "
        f"{counted(runs.epochs[place], 'epoch')}, repeat {runs.repeats[place]}"
    )
