"""The engine of a sweep, which runs its workers, and what the workers tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from .work import CellWork, Outcome

Message = tuple[CellWork, CellWork | None]  # It holds a worker's next cell and the one after it.


class Trains(Protocol):
    """Makes the runs of cells. `TrainingWorker` does this; tests have other classes that do."""

    def train(self, work: CellWork, upcoming: CellWork | None = None) -> Iterable[Outcome]:
        """Make the runs of a cell. `upcoming` is the cell that probably follows."""


MakeWorker = Callable[[], Trains]  # It is pickled and called in the worker's process.


class EngineError(RuntimeError):
    """The sweep can't continue, because no worker can work."""


@dataclass(frozen=True)
class Ready:
    """A worker has started and waits for its first cell."""

    worker: int


@dataclass(frozen=True)
class Unusable:
    """A worker can't start, and trying again would not help."""

    worker: int
    reason: str


@dataclass(frozen=True)
class Made:
    """A worker made a run, or the run failed."""

    worker: int
    outcome: Outcome


@dataclass(frozen=True)
class CellDone:
    """A worker has ended the last run of its cell, and waits for another cell."""

    worker: int


@dataclass(frozen=True)
class Lost:
    """A worker has ended unexpectedly, and the run that it was making is lost."""

    worker: int
    reason: str


Event = Ready | Unusable | Made | CellDone | Lost


class Engine(Protocol):
    """Runs workers, which are numbered from 0 to `num_workers - 1`."""

    num_workers: int

    def start(self, worker: int) -> None:
        """Start a worker, the first time or in place of a lost one. A `Ready` follows."""

    def submit(self, worker: int, work: CellWork, upcoming: CellWork | None) -> None:
        """Give a cell to a worker that waits. A `Made` for each run and a `CellDone` follow."""

    def events(self, timeout: float) -> list[Event]:
        """What has happened, in the order of each worker; waits `timeout` seconds at most."""

    def close(self) -> None:
        """End all workers at once."""
