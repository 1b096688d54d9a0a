"""Workers as processes of this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from .engine import CellDone, Event, Lost, Made, MakeWorker, Ready, Unusable
from .worker import CellWork

_SPAWN = multiprocessing.get_context("spawn")  # TensorFlow's threads don't survive a fork
_VISIBLE_GPUS = "CUDA_VISIBLE_DEVICES"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2"}  # errors alone, unless the user has set another
_LOG_MODE = os.O_WRONLY | os.O_CREAT | os.O_APPEND


class LocalEngine:
    """One process a worker, which ends at once when this one does.

    Args:
        make_worker: called in each process.
        num_workers: how many.
        gpus_per_worker: each sees so many GPUs of its own; 0: all that there are.
        log: what worker N prints goes to the file `{log}-worker-{N}.txt`; None: with ours.
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
        self._processes: dict[int, Any] = {}
        self._connections: dict[int, Connection] = {}

    def start(self, worker: int) -> None:
        """Start a worker; its `Ready` follows."""
        connection, end = _SPAWN.Pipe()
        environment = {**QUIET, **os.environ, **self._gpus[worker]}
        log = f"{self._log}-worker-{worker}.txt" if self._log else None
        process = _SPAWN.Process(
            target=_serve, args=(end, worker, self._make_worker, environment, log), daemon=True
        )
        process.start()
        end.close()  # so that the pipe ends with the worker
        self._processes[worker], self._connections[worker] = process, connection

    def submit(self, worker: int, work: CellWork, upcoming: CellWork | None) -> None:
        """Give a cell to a worker that waits."""
        with contextlib.suppress(OSError):  # it is lost, as the next reading tells
            self._connections[worker].send((work, upcoming))

    def events(self, timeout: float) -> list[Event]:
        """What the workers told, or how they ended."""
        workers = {connection: worker for worker, connection in self._connections.items()}
        events: list[Event] = []
        for connection in wait(list(workers), timeout):
            assert isinstance(connection, Connection)
            events += self._read(workers[connection], connection)
        return events

    def _read(self, worker: int, connection: Connection) -> list[Event]:
        events: list[Event] = []
        try:
            while connection.poll():
                events.append(connection.recv())
                if isinstance(events[-1], Lost):
                    self._end(worker, wait_seconds=0.0)
                    break
        except (EOFError, OSError):
            events.append(Lost(worker, self._end(worker)))
        return events

    def close(self) -> None:
        """End all workers; what they were doing is lost."""
        for worker in list(self._processes):
            self._end(worker, wait_seconds=0.0)

    def _end(self, worker: int, wait_seconds: float = 1.0) -> str:
        """End a worker if it doesn't end itself; returns how it ended, in words."""
        self._connections.pop(worker).close()
        process = self._processes.pop(worker)
        process.join(wait_seconds)
        process.kill()
        process.join()
        code = process.exitcode
        ended = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        return f"worker {worker} (process {process.pid}) ended with {ended}"


def _shared_out(num_workers: int, each: int) -> list[dict[str, str]]:
    """The variables by which each worker sees GPUs of its own."""
    if not each:
        return [{}] * num_workers
    wanted = num_workers * each
    visible = os.environ.get(_VISIBLE_GPUS, ",".join(map(str, range(wanted)))).split(",")
    if len(visible) < wanted:
        raise ValueError(
            f"{num_workers} workers with {each} GPUs each, and ${_VISIBLE_GPUS} has {len(visible)}"
        )
    return [
        {_VISIBLE_GPUS: ",".join(visible[n * each : (n + 1) * each])} for n in range(num_workers)
    ]


def _serve(
    connection: Connection,
    worker: int,
    make_worker: MakeWorker,
    environment: dict[str, str],
    log: str | None,
) -> None:
    """A worker's process: cells in, events out, until the pipe ends."""
    if log:  # TensorFlow has much to say, whatever its log level
        descriptor = os.open(log, _LOG_MODE, 0o644)
        os.dup2(descriptor, sys.stdout.fileno())
        os.dup2(descriptor, sys.stderr.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the driver, which ends us
    threading.Thread(target=_end_with_driver, daemon=True).start()
    os.environ.update(environment)
    with contextlib.suppress(EOFError, OSError):  # the driver has closed the pipe
        for event in _events(connection, worker, make_worker):
            connection.send(event)


def _events(connection: Connection, worker: int, make_worker: MakeWorker) -> Iterator[Event]:
    try:
        trains = make_worker()
    except Exception as error:  # whatever it is, the user must know
        yield Unusable(worker, in_words(error))
        return
    yield Ready(worker)
    while True:
        work, upcoming = connection.recv()
        try:
            for outcome in trains.train(work, upcoming):
                yield Made(worker, outcome)
        except Exception as error:  # its state is unknown now: another takes over
            yield Lost(worker, in_words(error))
            return
        yield CellDone(worker)


def _end_with_driver() -> None:
    driver = multiprocessing.parent_process()
    assert driver is not None
    wait([driver.sentinel])
    os._exit(1)  # in the middle of whatever it is


def in_words(error: Exception) -> str:
    """An exception in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
