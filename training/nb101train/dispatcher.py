"""Gives cells to workers, and again if a worker is lost."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from .engine import Engine, EngineError, Event, Lost, Made, Ready, Unusable
from .failures import Failure
from .work import CellWork, Outcome, RunRecord

# If so many workers are lost at one cell, and no run is made in between, the cell's runs fail.
MAX_LOSSES = 3
# If a worker ends so often in a row before it is ready, the sweep ends.
MAX_FAILED_STARTS = 3
# If so many cells fail in this way, and no run is made in between, the sweep ends.
MAX_GIVEN_UP = 3


@dataclass
class Task:
    """A cell that a worker has, with the runs that are left.

    Attributes:
        work: the cell and these runs.
        losses: how many workers were lost at it since its last run was made.
    """

    work: CellWork
    losses: int = 0

    def note(self, outcome: Outcome) -> None:
        """Remove a run that has ended from those that are left."""
        ended = (outcome.epochs, outcome.repeat)
        left = tuple(unit for unit in self.work.units if unit != ended)
        self.work, self.losses = replace(self.work, units=left), 0


@dataclass(frozen=True)
class Batch:
    """What arrived from the workers at one time.

    Attributes:
        records: the runs that were made, each with the code of its cell.
        failures: the runs that failed.
        lost: for each worker that was lost, the reason.
    """

    records: list[tuple[int, RunRecord]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class Dispatcher:
    """Gives cells to the workers of an engine.

    Each worker also learns which cell it will probably get next, so that it can compile it in the
    meantime. A worker that is lost is replaced, and the runs that are left of its cell are given to
    the next worker that waits.

    Args:
        engine: the workers.
        works: the cells, in the order in which they are given.
    """

    def __init__(self, engine: Engine, works: Iterable[CellWork]) -> None:
        self._engine = engine
        self._works = iter(works)
        self._again: deque[Task] = deque()  # It holds the cells of lost workers.
        self._idle: set[int] = set()
        self._started: set[int] = set()
        self._ready: set[int] = set()
        self._tasks: dict[int, Task] = {}
        self._upcoming: dict[int, Task] = {}
        self._failed_starts: Counter[int] = Counter()
        self._given_up = 0

    def running(self) -> dict[int, CellWork]:
        """The cell that each worker trains. The first of its units is the present run."""
        return {n: task.work for n, task in sorted(self._tasks.items()) if task.work.units}

    def batches(self, heartbeat: float) -> Iterator[Batch]:
        """Yield what arrives, until all work is done.

        Args:
            heartbeat: if nothing arrives for so many seconds, an empty batch is yielded.

        Raises:
            EngineError: workers can't start, or they are lost at every cell.
        """
        while self._has_work():
            for worker in set(range(self._engine.num_workers)) - self._started:
                self._started.add(worker)
                self._engine.start(worker)
            batch = Batch()
            for event in self._engine.events(heartbeat):
                self._take(event, batch)
            self._deal()  # Workers then train while the caller writes the batch.
            yield batch

    def _take(self, event: Event, batch: Batch) -> None:
        worker = event.worker
        if isinstance(event, Made):
            self._tasks[worker].note(event.outcome)
            self._note(self._tasks[worker].work, event.outcome, batch)
        elif isinstance(event, Unusable):
            raise EngineError(f"worker {worker} can't start: {event.reason}")
        elif isinstance(event, Lost):
            self._take_loss(event, batch)
        else:
            if isinstance(event, Ready):
                self._failed_starts[worker] = 0
                self._ready.add(worker)
            self._tasks.pop(worker, None)
            self._idle.add(worker)

    def _note(self, work: CellWork, outcome: Outcome, batch: Batch) -> None:
        if isinstance(outcome, RunRecord):
            batch.records.append((work.code, outcome))
            self._given_up = 0
        else:
            batch.failures.append(Failure(work.code, work.module_hash, **vars(outcome)))

    def _take_loss(self, event: Lost, batch: Batch) -> None:
        worker = event.worker
        batch.lost.append(event.reason)
        if worker not in self._ready:
            self._failed_starts[worker] += 1
            if self._failed_starts[worker] >= MAX_FAILED_STARTS:
                raise EngineError(
                    f"worker {worker} ended {MAX_FAILED_STARTS} times before it was ready; the "
                    f"last: {event.reason}"
                )
        for workers in (self._started, self._ready, self._idle):
            workers.discard(worker)
        if upcoming := self._upcoming.pop(worker, None):
            self._again.appendleft(upcoming)
        if task := self._tasks.pop(worker, None):
            self._retry(task, event.reason, batch)

    def _retry(self, task: Task, reason: str, batch: Batch) -> None:
        if not task.work.units:  # The worker was lost after the last run of the cell.
            return
        task.losses += 1
        if task.losses < MAX_LOSSES:
            self._again.appendleft(task)
            return
        self._given_up += 1
        if self._given_up >= MAX_GIVEN_UP:
            raise EngineError(
                f"workers were lost at {MAX_GIVEN_UP} cells in a row; the last: {reason}"
            )
        reason = f"{task.losses} workers in a row were lost at it; the last: {reason}"
        work = task.work
        batch.failures.extend(
            Failure(work.code, work.module_hash, *unit, 0, reason) for unit in work.units
        )

    def _deal(self) -> None:
        for worker in sorted(self._idle):
            task = self._upcoming.pop(worker, None) or self._next() or self._taken_over()
            if not task:
                return
            self._idle.discard(worker)
            self._tasks[worker] = task
            upcoming = self._next()
            if upcoming:
                self._upcoming[worker] = upcoming
            self._engine.submit(worker, task.work, upcoming.work if upcoming else None)

    def _has_work(self) -> bool:
        if not (self._tasks or self._upcoming or self._again) and (task := self._next()):
            self._again.append(task)
        return bool(self._tasks or self._upcoming or self._again)

    def _next(self) -> Task | None:
        if self._again:
            return self._again.popleft()
        work = next(self._works, None)
        return Task(work) if work else None

    def _taken_over(self) -> Task | None:
        """A cell that another worker would get next, but has not begun.

        That worker may have compiled it already. To compile it again costs less than to wait.
        """
        return self._upcoming.popitem()[1] if self._upcoming else None
