"""What the engines have in common: workers in a pool, and what happens in a worker."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping

from nb101fast._core import visible
from nb101fast.regular_file import open_own
from nb101fast.worker_pool import Ended, WorkerPool

from .engine import CellDone, Event, Lost, Made, MakeWorker, Message, Ready, Unusable
from .work import CellWork

QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "2"
}  # TensorFlow prints only errors, unless the user has set another level.
_LOG_MODE = os.O_WRONLY | os.O_CREAT | os.O_APPEND


class PoolEngine:
    """Runs workers in a pool. An engine adds how a worker is started."""

    num_workers: int
    _pool: WorkerPool

    def submit(self, worker: int, work: CellWork, upcoming: CellWork | None) -> None:
        """Give a cell to a worker that waits."""
        self._pool.send(worker, (work, upcoming))

    def events(self, timeout: float) -> list[Event]:
        """What the workers reported, and how they ended."""
        events: list[Event] = []
        for worker, answer in self._pool.received(timeout):
            if isinstance(answer, Ended):
                events.append(
                    Lost(worker, f"worker {worker} ({answer.who}) ended with {answer.how}")
                )
                continue
            events.append(answer)
            if isinstance(answer, Lost):
                self._pool.stop(worker)
        return events

    def close(self) -> None:
        """Kill all workers; the runs that they are at are lost."""
        self._pool.close()


def worker_events(
    worker: int,
    make_worker: MakeWorker,
    environment: Mapping[str, str],
    log: str | None,
    messages: Iterator[Message],
) -> Iterator[Event]:
    """Train the cells that a worker is given, and yield what it reports.

    Args:
        worker: its number.
        make_worker: called before the first cell.
        environment: variables that are set before that.
        log: the file to which the worker's output is appended; None for this process's own output.
        messages: the cells.
    """
    if log:  # TensorFlow prints much at any log level.
        descriptor = open_own(log, _LOG_MODE)
        os.dup2(descriptor, sys.stdout.fileno())
        os.dup2(descriptor, sys.stderr.fileno())
    os.environ.update({**QUIET, **os.environ, **environment})
    try:
        trains = make_worker()
    except Exception as error:  # The user must see every error.
        yield Unusable(worker, in_words(error))
        return
    yield Ready(worker)
    for work, upcoming in messages:
        try:
            for outcome in trains.train(work, upcoming):
                yield Made(worker, outcome)
        except Exception as error:  # The worker's state is unknown, so another worker replaces it.
            yield Lost(worker, in_words(error))
            return
        yield CellDone(worker)


def in_words(error: Exception) -> str:
    """An exception in one line."""
    return visible(" ".join(f"{type(error).__name__}: {error}".split()))
