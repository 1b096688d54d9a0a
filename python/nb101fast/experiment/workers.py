"""Processes that share the work of an experiment."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait

from .work import Work, Worker

MakeWorker = Callable[[], Worker]

_SPAWN = multiprocessing.get_context("spawn")  # libraries' threads don't survive a fork


def work_done(
    make_worker: MakeWorker, works: Sequence[Work], num_workers: int
) -> Generator[Work, None, None]:
    """Do all work, here or in several processes; yields each piece when it is done and kept.

    However this ends, no process is left.

    Args:
        make_worker: called once by each worker; picklable where there are several.
        num_workers: processes; 1: this one alone.

    Raises:
        ChildProcessError: a worker died.
        Exception: what a worker raised.
    """
    if num_workers == 1 or len(works) == 1:
        worker = make_worker()
        for work in works:
            worker.do(work)
            yield work
        return
    with contextlib.ExitStack() as ends:
        workers: list[_WorkerProcess] = []
        for _ in range(min(num_workers, len(works))):
            workers.append(_WorkerProcess(make_worker))
            ends.callback(workers[-1].end)
        yield from _shared_out(workers, works)


def _shared_out(workers: Sequence[_WorkerProcess], works: Sequence[Work]) -> Iterator[Work]:
    waiting = iter(works)
    busy = {worker.connection: worker for worker in workers if worker.take(next(waiting, None))}
    while busy:
        for connection in wait(list(busy)):
            assert isinstance(connection, Connection)
            worker = busy.pop(connection)
            yield worker.finished()
            if worker.take(next(waiting, None)):
                busy[connection] = worker


class _WorkerProcess:
    """One process, which ends at once when this one does."""

    def __init__(self, make_worker: MakeWorker) -> None:
        self.connection, end = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(end, make_worker), daemon=True)
        self._process.start()
        end.close()  # so that the pipe ends with the worker
        self._work: Work | None = None

    def take(self, work: Work | None) -> bool:
        """Begin a piece of work; False for none."""
        self._work = work
        if work is not None:
            with contextlib.suppress(OSError):  # it is dead, as `finished` tells
                self.connection.send(work)
        return work is not None

    def finished(self) -> Work:
        """The work that it was given, now done; or what went wrong."""
        assert self._work is not None
        try:
            error = self.connection.recv()
        except (EOFError, OSError):
            raise ChildProcessError(
                f"a worker process ended with {self.end(wait_seconds=1.0)} in {self._work}; what "
                "was done before is kept, and the same command goes on from there"
            ) from None
        if error is not None:
            raise error
        return self._work

    def end(self, wait_seconds: float = 0.0) -> str:
        """End the process if it doesn't itself; returns how it ended, in words."""
        self.connection.close()
        self._process.join(wait_seconds)
        self._process.kill()
        self._process.join()
        code = self._process.exitcode or 0
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def _serve(connection: Connection, make_worker: MakeWorker) -> None:
    """A worker's process: work in, None or an exception out, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the driver, which ends us
    threading.Thread(target=_end_with_driver, daemon=True).start()
    worker: Worker | None = None
    with contextlib.suppress(EOFError, BrokenPipeError):  # the driver has closed the pipe
        while True:
            work = connection.recv()
            outcome: Exception | None = None
            try:
                worker = worker or make_worker()
                worker.do(work)
            except Exception as error:  # whatever it is, the driver raises it
                outcome = error
            connection.send(outcome)


def _end_with_driver() -> None:
    driver = multiprocessing.parent_process()
    assert driver is not None
    wait([driver.sentinel])
    os._exit(1)  # in the middle of whatever it is
