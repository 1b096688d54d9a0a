"""Worker processes of this machine, which end when this process ends."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any

from . import main_module
from .worker_pool import MAX_SILENCE, Ended, Serve, Silence, received_within

_SPAWN = multiprocessing.get_context("spawn")  # the threads of libraries don't survive a fork
_SECONDS_TO_EXIT = 1.0  # for a process that has closed its connection


@dataclass(frozen=True)
class _Beat:
    """A sign of life, which a worker sends now and then, whatever its main thread does."""


@dataclass(frozen=True)
class _Closed:
    """A worker has closed its pipe of answers, and nothing more arrives."""


class ProcessPool:
    """Worker processes by number, each with a pipe for messages and a pipe for answers.

    A worker ignores Ctrl-C, since this process decides when it ends. It is killed by `stop` and
    `close`, and it ends at once when this process ends, however that happens. It does not load the
    program's main module.

    Args:
        max_silence: a worker that gives no sign of life for so many seconds is killed.

    Raises:
        ValueError: `max_silence` is not above 0.

    Example:
        >>> def doubled(numbers):
        ...     for number in numbers:
        ...         yield 2 * number
        >>> with contextlib.closing(ProcessPool()) as pool:
        ...     pool.start(0, doubled)
        ...     pool.send(0, 21)
        ...     list(pool.received())
        [(0, 42)]
    """

    def __init__(self, max_silence: float = MAX_SILENCE) -> None:
        self._silence = Silence(max_silence)
        self._processes: dict[int, BaseProcess] = {}
        self._answers: dict[int, Connection] = {}
        self._waiting: dict[int, queue.SimpleQueue[Any]] = {}  # pickled messages; None is the end
        self._arrived: queue.SimpleQueue[tuple[int, Connection, Any]] = queue.SimpleQueue()

    def start(self, worker: int, serve: Serve) -> None:
        """Start the process of a worker; see `WorkerPool`."""
        pickled = main_module.pickled_without(serve)
        # One pipe for each direction: each thread below closes the end that it alone uses.
        worker_messages, messages = _SPAWN.Pipe(duplex=False)
        answers, worker_answers = _SPAWN.Pipe(duplex=False)
        process = _SPAWN.Process(
            target=_run,
            args=(worker_messages, worker_answers, pickled, self._silence.beat_seconds),
            daemon=True,
        )
        with main_module.hidden():
            process.start()
        worker_messages.close()  # so that the pipes close when the worker ends
        worker_answers.close()
        waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._processes[worker], self._answers[worker] = process, answers
        self._waiting[worker] = waiting
        self._silence.heard(worker)
        threading.Thread(target=self._read, args=(worker, answers), daemon=True).start()
        threading.Thread(target=_write, args=(messages, waiting), daemon=True).start()

    def send(self, worker: int, message: Any) -> None:
        """Send a message to a worker; see `WorkerPool`."""
        self._waiting[worker].put(ForkingPickler.dumps(message))

    def received(self, timeout: float | None = None) -> Iterator[tuple[int, Any]]:
        """Yield what has arrived from all workers; see `WorkerPool`."""
        return received_within(timeout, self._polled)

    def _polled(self, seconds: float) -> Iterator[tuple[int, Any]]:
        """Yield what has arrived, if need be after some seconds; kill workers that are silent."""
        while (arrived := self._next(seconds)) is not None:
            seconds = 0.0
            worker, answers, answer = arrived
            if self._answers.get(worker) is not answers:  # The worker was stopped.
                continue
            self._silence.heard(worker)
            if isinstance(answer, _Closed):
                answer = self._end(worker, _SECONDS_TO_EXIT)
            if not isinstance(answer, _Beat):
                yield worker, answer
        for worker in self._silence.too_long():
            if worker in self._processes:
                ended = self._end(worker, 0.0)
                yield worker, Ended(ended.who, f"{ended.how} after {self._silence}")

    def _next(self, seconds: float) -> tuple[int, Connection, Any] | None:
        """What arrives next within some seconds; None if nothing does."""
        try:
            return self._arrived.get(timeout=seconds)
        except queue.Empty:
            return None
        finally:
            self._silence.count()

    def _read(self, worker: int, answers: Connection) -> None:
        """Take what a worker sends, in a thread of its own.

        A worker that is stopped while it sends holds up this thread, and nobody else.
        """
        try:
            with answers, contextlib.suppress(EOFError, OSError):
                while True:
                    self._arrived.put((worker, answers, answers.recv()))
        finally:  # also if an answer can't be unpickled
            self._arrived.put((worker, answers, _Closed()))

    def stop(self, worker: int) -> None:
        """Kill the process of a worker."""
        self._end(worker, 0.0)

    def close(self) -> None:
        """Kill the processes of all workers."""
        for worker in list(self._processes):
            self.stop(worker)

    def _end(self, worker: int, seconds_to_exit: float) -> Ended:
        self._silence.forget(worker)
        del self._answers[worker]  # Its thread closes it, as soon as the process has ended.
        self._waiting.pop(worker).put(None)  # Its thread closes the pipe of messages.
        process = self._processes.pop(worker)
        process.join(seconds_to_exit)
        process.kill()
        process.join()
        code = process.exitcode or 0
        how = f"signal {_name_of_signal(-code)}" if code < 0 else f"exit status {code}"
        return Ended(f"process {process.pid}", how)


def _name_of_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # Python has no names for most real-time signals.
        return str(number)


def _write(messages: Connection, waiting: queue.SimpleQueue[Any]) -> None:
    """Send messages in a thread of its own, which a worker that does not read may hold up."""
    with messages, contextlib.suppress(OSError):
        while (message := waiting.get()) is not None:
            messages.send_bytes(message)


def _run(messages: Connection, answers: Connection, pickled: bytes, beat_seconds: float) -> None:
    """The main function of a worker's process. It is given what the worker does as a pickle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    sending = threading.Lock()

    def send(answer: Any) -> None:
        with sending:
            answers.send(answer)

    threading.Thread(target=_beat, args=(send, beat_seconds), daemon=True).start()
    with contextlib.suppress(ConnectionError):  # the parent has closed the pipe
        serve: Serve = pickle.loads(pickled)
        for answer in serve(_received(messages)):
            send(answer)


def _beat(send: Callable[[Any], None], seconds: float) -> None:
    with contextlib.suppress(OSError):  # the parent has closed the pipe
        while True:
            time.sleep(seconds)
            send(_Beat())


def _received(messages: Connection) -> Iterator[Any]:
    with contextlib.suppress(EOFError, OSError):  # the parent has closed the pipe
        while True:
            yield messages.recv()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)  # at once, whatever the main thread is doing
