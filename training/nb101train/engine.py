"""What a sweep asks of its workers, wherever they are, and how cells are dealt to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from .failures import Failure
from .work import Unit, code_of
from .worker import CellWork, RunFailure, RunRecord

MAX_LOSSES = 3  # of workers in a row at one cell, no run between them, until its runs are failures
MAX_GIVEN_UP = 3  # cells in a row with no run between them, until it's not the cells' fault

Outcome = RunRecord | RunFailure


class Trains(Protocol):
    """What does the work: a `Worker`, or what a test has in its place."""

    def train(self, work: CellWork, upcoming: CellWork | None = None) -> Iterable[Outcome]:
        """Make the runs of a cell; `upcoming` is likely to be the next."""


MakeWorker = Callable[[], Trains]  # goes to the worker's process, so it can be pickled


class EngineError(RuntimeError):
    """No worker can work."""


@dataclass(frozen=True)
class Ready:
    """A worker waits for its first cell."""

    worker: int


@dataclass(frozen=True)
class Unusable:
    """A worker can't be made, for a reason that will stay."""

    worker: int
    reason: str


@dataclass(frozen=True)
class Made:
    """A worker ended a run."""

    worker: int
    outcome: Outcome


@dataclass(frozen=True)
class CellDone:
    """A worker ended the last run of its cell and waits for another."""

    worker: int


@dataclass(frozen=True)
class Lost:
    """A worker is gone, with what it was doing."""

    worker: int
    reason: str


Event = Ready | Unusable | Made | CellDone | Lost


class Engine(Protocol):
    """Workers by number: 0 to `num_workers - 1`."""

    num_workers: int

    def start(self, worker: int) -> None:
        """Start a worker, the first time or in place of a lost one; `Ready` follows."""

    def submit(self, worker: int, work: CellWork, upcoming: CellWork | None) -> None:
        """Give a cell to a worker that waits; a `Made` for each run and `CellDone` follow."""

    def events(self, timeout: float) -> list[Event]:
        """What happened, in order of each worker; waits at most so many seconds for it."""

    def close(self) -> None:
        """End all workers at once."""


@dataclass
class Task:
    """A cell in work, and what is left of it."""

    work: CellWork
    losses: int = 0

    def note(self, outcome: Outcome) -> None:
        """Take a run that ended off what is left."""
        ended = (outcome.epochs, outcome.repeat)
        left = tuple(unit for unit in self.work.units if unit != ended)
        self.work, self.losses = replace(self.work, units=left), 0


@dataclass(frozen=True)
class Batch:
    """What came at one time: records of runs, and runs that failed."""

    records: list[tuple[int, RunRecord]] = field(default_factory=list)  # with the cell's code
    failures: list[Failure] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # why, of workers that were replaced


class Dispatcher:
    """Deals cells to the workers of an engine, each with the one that will follow.

    A worker that is lost is replaced, and what is left of its cell dealt again.
    """

    def __init__(self, engine: Engine, works: Iterable[CellWork]) -> None:
        self._engine = engine
        self._works = iter(works)
        self._again: deque[Task] = deque()  # cells of lost workers
        self._idle: set[int] = set()
        self._started: set[int] = set()
        self._ready: set[int] = set()
        self._tasks: dict[int, Task] = {}
        self._upcoming: dict[int, Task] = {}
        self._failed_starts = self._given_up = 0

    def running(self) -> dict[int, tuple[int, Unit]]:
        """By worker, the cell's code and the run that it is at."""
        tasks = sorted(self._tasks.items())
        return {n: (code_of(task.work), task.work.units[0]) for n, task in tasks if task.work.units}

    def batches(self, heartbeat: float) -> Iterator[Batch]:
        """What comes until all is done; an empty batch where nothing came in `heartbeat` seconds.

        Raises:
            EngineError: workers can't be started, or are lost whatever they do.
        """
        while self._has_work():
            for worker in set(range(self._engine.num_workers)) - self._started:
                self._started.add(worker)
                self._engine.start(worker)
            batch = Batch()
            for event in self._engine.events(heartbeat):
                self._take(event, batch)
            self._deal()  # before the batch goes to disk
            yield batch

    def _take(self, event: Event, batch: Batch) -> None:
        worker = event.worker
        if isinstance(event, Made):
            self._tasks[worker].note(event.outcome)
            self._note(code_of(self._tasks[worker].work), event.outcome, batch)
        elif isinstance(event, Unusable):
            raise EngineError(f"worker {worker} can't start: {event.reason}")
        elif isinstance(event, Lost):
            self._take_loss(event, batch)
        else:
            if isinstance(event, Ready):
                self._failed_starts = 0
                self._ready.add(worker)
            self._tasks.pop(worker, None)
            self._idle.add(worker)

    def _note(self, code: int, outcome: Outcome, batch: Batch) -> None:
        if isinstance(outcome, RunRecord):
            batch.records.append((code, outcome))
            self._failed_starts = self._given_up = 0
        else:
            of = (outcome.epochs, outcome.repeat, outcome.attempts, outcome.reason)
            batch.failures.append(Failure(code, *of))

    def _take_loss(self, event: Lost, batch: Batch) -> None:
        worker = event.worker
        batch.lost.append(event.reason)
        if worker not in self._ready:
            self._failed_starts += 1
            if self._failed_starts >= MAX_LOSSES:
                raise EngineError(f"workers end before they are ready: {event.reason}")
        for workers in (self._started, self._ready, self._idle):
            workers.discard(worker)
        if upcoming := self._upcoming.pop(worker, None):
            self._again.appendleft(upcoming)
        if task := self._tasks.pop(worker, None):
            self._retry(task, event.reason, batch)

    def _retry(self, task: Task, reason: str, batch: Batch) -> None:
        if not task.work.units:  # lost between its last run and the next cell
            return
        task.losses += 1
        if task.losses < MAX_LOSSES:
            self._again.appendleft(task)
            return
        self._given_up += 1
        if self._given_up >= MAX_GIVEN_UP:
            raise EngineError(f"workers are lost at every cell; the last: {reason}")
        reason = f"{task.losses} workers in a row were lost at it; the last: {reason}"
        code = code_of(task.work)
        batch.failures.extend(Failure(code, *unit, 0, reason) for unit in task.work.units)

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
        """A cell that another worker has not begun: better compiled twice than waited for."""
        return self._upcoming.popitem()[1] if self._upcoming else None
