"""Workers as processes of this machine."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator

from nb101fast.process_pool import Ended, ProcessPool

from .engine import CellDone, Event, Lost, Made, MakeWorker, Message, Ready, Unusable
from .work import CellWork

_VISIBLE_GPUS = "CUDA_VISIBLE_DEVICES"
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "2"
}  # TensorFlow prints only errors, unless the user has set another level.
_LOG_MODE = os.O_WRONLY | os.O_CREAT | os.O_APPEND


class LocalEngine:
    """One process for each worker. It ends at once when this process ends.

    Args:
        make_worker: called in each process.
        num_workers: the number of processes.
        gpus_per_worker: the number of GPUs that each worker sees and no other worker does; 0 shows
            all GPUs to all workers.
        log: what worker N prints goes to the file `{log}-worker-{N}.txt`; None leaves it on this
            process's output.

    Raises:
        ValueError: there are fewer GPUs than all workers need.
    """

    def __init__(
        self,
        make_worker: MakeWorker,
        num_workers: int,
        *,
        gpus_per_worker: int = 0,
        log: str | None = None,
    ) -> None:
        self.num_workers, self._log = num_workers, log
        self._make_worker = make_worker
        self._gpus = _shared_out(num_workers, gpus_per_worker)
        self._pool = ProcessPool()

    def start(self, worker: int) -> None:
        """Start a worker; its `Ready` follows."""
        environment = {**QUIET, **os.environ, **self._gpus[worker]}
        log = f"{self._log}-worker-{worker}.txt" if self._log else None
        serve = functools.partial(_events, worker, self._make_worker, environment, log)
        self._pool.start(worker, serve)

    def submit(self, worker: int, work: CellWork, upcoming: CellWork | None) -> None:
        """Give a cell to a worker that waits."""
        self._pool.send(worker, (work, upcoming))

    def events(self, timeout: float) -> list[Event]:
        """What the workers reported, and how they ended."""
        events: list[Event] = []
        for worker, answer in self._pool.received(timeout):
            if isinstance(answer, Ended):
                process = f"worker {worker} (process {answer.pid})"
                events.append(Lost(worker, f"{process} ended with {answer.how}"))
                continue
            events.append(answer)
            if isinstance(answer, Lost):
                self._pool.stop(worker)
        return events

    def close(self) -> None:
        """Kill all workers; the runs that they are at are lost."""
        self._pool.close()


def _shared_out(num_workers: int, each: int) -> list[dict[str, str]]:
    """For each worker the environment variables that let it see only its own GPUs."""
    if not each:
        return [{}] * num_workers
    wanted = num_workers * each
    visible = os.environ.get(_VISIBLE_GPUS, ",".join(map(str, range(wanted)))).split(",")
    if len(visible) < wanted:
        raise ValueError(
            f"{num_workers} workers with {each} GPUs each need {wanted} GPUs, but "
            f"${_VISIBLE_GPUS} names {len(visible)}; use fewer workers, or fewer GPUs for each"
        )
    return [
        {_VISIBLE_GPUS: ",".join(visible[n * each : (n + 1) * each])} for n in range(num_workers)
    ]


def _events(
    worker: int,
    make_worker: MakeWorker,
    environment: dict[str, str],
    log: str | None,
    messages: Iterator[Message],
) -> Iterator[Event]:
    """Train the cells that a worker is given, and yield what it reports."""
    if log:  # TensorFlow prints much at any log level.
        descriptor = os.open(log, _LOG_MODE, 0o644)
        os.dup2(descriptor, sys.stdout.fileno())
        os.dup2(descriptor, sys.stderr.fileno())
    os.environ.update(environment)
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
    return " ".join(f"{type(error).__name__}: {error}".split())
