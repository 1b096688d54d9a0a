"""Gives the ranges of an experiment to workers, and again if a worker is lost."""

from __future__ import annotations

import functools
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .._core import visible
from ..progress import tell
from ..worker_pool import Ended, Serve, WorkerPool
from .run_range import RunRange
from .worker import Computed, ExperimentWorker

MOST_REPEATS = 3  # of a range whose workers are lost
MOST_FAILED_STARTS = 3  # of one worker, in a row. One may fail because its node dies.

MakeWorker: TypeAlias = Callable[[], ExperimentWorker]
Part: TypeAlias = tuple[RunRange, Computed]


@dataclass(frozen=True)
class Ready:
    """The first answer of a worker, which then waits for its first range."""


class Dispatcher:
    """Shares ranges of runs among the workers of a pool.

    Only workers that are ready are given ranges. So no range waits for a worker for which the
    cluster has no room, while another worker is idle.

    Args:
        pool: where the workers are.
        make_worker: called once by each worker. It is pickled.
        ranges: the runs to compute.
        num_workers: how many workers are started at most.
    """

    def __init__(
        self,
        pool: WorkerPool,
        make_worker: MakeWorker,
        ranges: Sequence[RunRange],
        num_workers: int,
    ) -> None:
        self._pool = pool
        self._serve: Serve = functools.partial(_answers, make_worker)
        self._num_workers = min(num_workers, len(ranges))
        self._waiting = deque(ranges)
        self._at_work: dict[int, RunRange] = {}
        self._idle: set[int] = set()
        self._losses: Counter[RunRange] = Counter()
        self._failed_starts: Counter[int] = Counter()

    def parts(self) -> Iterator[Part]:
        """Yield each range with its trajectories when it is computed.

        Raises:
            ChildProcessError: a range lost a worker `MOST_REPEATS` + 1 times, or a worker ends
                `MOST_FAILED_STARTS` times before it is ready.
            Exception: what a worker raised.
        """
        for worker in range(self._num_workers):
            self._pool.start(worker, self._serve)
        while self._waiting or self._at_work:
            for worker, answer in self._pool.received():
                runs = self._at_work.pop(worker, None)
                self._take(worker, runs, answer)
                self._deal()
                if runs and isinstance(answer, Computed):
                    yield runs, answer

    def _take(self, worker: int, runs: RunRange | None, answer: Any) -> None:
        if isinstance(answer, (Ended, MemoryError)):
            self._take_loss(worker, runs, f"worker {worker}: {_in_words(answer)}")
        elif isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Ended):
            self._idle.discard(worker)
            self._pool.start(worker, self._serve)
        else:
            self._failed_starts[worker] = 0
            self._idle.add(worker)

    def _take_loss(self, worker: int, runs: RunRange | None, reason: str) -> None:
        if runs:
            self._losses[runs] += 1
            if self._losses[runs] > MOST_REPEATS:
                raise ChildProcessError(
                    f"{runs} lost {self._losses[runs]} workers; the last was {reason}; what was "
                    "done before is kept, and the same command goes on from there"
                )
            tell(f"{reason}; another worker computes {runs}", "warning")
            self._waiting.appendleft(runs)
        elif worker not in self._idle:
            self._failed_starts[worker] += 1
            if self._failed_starts[worker] >= MOST_FAILED_STARTS:
                raise ChildProcessError(
                    f"a worker ended {MOST_FAILED_STARTS} times before it was ready; the last was "
                    f"{reason}"
                )

    def _deal(self) -> None:
        while self._waiting and self._idle:
            worker = min(self._idle)
            self._idle.remove(worker)
            self._at_work[worker] = self._waiting.popleft()
            self._pool.send(worker, self._at_work[worker])


def _answers(make_worker: MakeWorker, ranges: Iterator[RunRange]) -> Iterator[Any]:
    """What a worker answers: `Ready`; to each range what it computed; or what was raised."""
    try:
        worker = make_worker()
    except Exception as error:  # the driver raises it
        yield error
        return
    yield Ready()
    for runs in ranges:
        try:
            yield worker.compute(runs)
        except Exception as error:  # the driver raises it, unless it is a MemoryError
            yield error


def _in_words(answer: Ended | MemoryError) -> str:
    if isinstance(answer, Ended):
        return str(answer)
    return visible(" ".join(f"no memory: {answer}".rstrip(": ").split()))
