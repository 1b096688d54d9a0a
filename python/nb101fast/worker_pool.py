"""Workers by number, wherever they run: what they are given, what they answer, how they end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

# What a worker does: it takes an iterator of messages and yields answers. It is pickled.
Serve: TypeAlias = Callable[[Iterator[Any]], Iterator[Any]]

# After so many seconds without a sign of life, a worker is killed. A machine that swaps, or that
# starts many workers, can take a minute or two.
MAX_SILENCE = 300.0
_POLL_SECONDS = 1.0  # between two looks at the workers
_MOST_BEAT_SECONDS = 5.0  # between two signs of life
_MOST_COUNTED_SECONDS = 5.0  # of silence since the last look; for longer, nobody looked


@dataclass(frozen=True)
class Ended:
    """A worker has ended, and answers no more.

    Attributes:
        who: "process 4214", or "actor".
        how: "signal SIGKILL", "exit status 1", or the exception that ended it.
    """

    who: str
    how: str

    def __str__(self) -> str:
        return f"{self.who} ended with {self.how}"


class WorkerPool(Protocol):
    """Workers, each with messages and answers of its own.

    `ProcessPool` has them as processes of this machine, `ActorPool` as actors of a Ray cluster. A
    worker that gives no sign of life for too long, such as one that was stopped, is killed.
    """

    def start(self, worker: int, serve: Serve) -> None:
        """Start a worker, the first time or after it has ended.

        Args:
            worker: its number.
            serve: called in the worker with an iterator of the messages that `send` sends. The
                worker sends back what `serve` yields, and ends when `serve` returns.
        """

    def send(self, worker: int, message: Any) -> None:
        """Send a message to a worker, which gets all messages in the order of the calls.

        If the worker has ended, `received` will say so.
        """

    def received(self, timeout: float | None = None) -> Iterator[tuple[int, Any]]:
        """Yield what has arrived from all workers, as pairs of worker and answer.

        The last answer of a worker that ends by itself is an `Ended`. A worker that the caller
        stops in the meantime yields nothing more.

        Args:
            timeout: the seconds to wait if nothing has arrived; None waits without a limit.
        """

    def stop(self, worker: int) -> None:
        """Kill a worker."""

    def close(self) -> None:
        """Kill all workers."""


def received_within(
    timeout: float | None, polled: Callable[[float], Iterator[tuple[int, Any]]]
) -> Iterator[tuple[int, Any]]:
    """Yield what has arrived, with looks at the workers while nothing has; see `WorkerPool`.

    Args:
        timeout: as in `WorkerPool.received`.
        polled: looks at the workers for at most the seconds that it is given, and yields what has
            arrived.
    """
    end = math.inf if timeout is None else time.monotonic() + timeout
    has_arrived = False
    while not has_arrived:
        left = max(end - time.monotonic(), 0.0)
        for found in polled(min(left, _POLL_SECONDS)):
            has_arrived = True
            yield found
        if not left:
            return


class Silence:
    """For how long each worker has given no sign of life.

    Time in which this process itself did not look does not count: it may have been stopped along
    with the workers, or the machine may have slept.

    Args:
        most: after so many seconds a worker has been silent for too long.

    Attributes:
        beat_seconds: how often a worker should give a sign of life.

    Raises:
        ValueError: the limit is not above 0.
    """

    def __init__(self, most: float) -> None:
        if not most > 0:
            raise ValueError(f"max_silence={most!r} is not allowed; use seconds above 0")
        self._most = most
        self.beat_seconds = min(_MOST_BEAT_SECONDS, most / 10)
        self._seconds: dict[int, float] = {}
        self._looked = time.monotonic()

    def __str__(self) -> str:
        return f"no sign of life for {self._most:g} s"

    def heard(self, worker: int) -> None:
        """Note a sign of life. From the first one on, the silence of a worker is counted."""
        self._seconds[worker] = 0.0

    def forget(self, worker: int) -> None:
        """Count no longer for a worker."""
        self._seconds.pop(worker, None)

    def count(self) -> None:
        """Count the time since the last call as silence of all workers.

        Call it first, and then `heard` for the signs of life that came in this time.
        """
        now = time.monotonic()
        passed = min(now - self._looked, _MOST_COUNTED_SECONDS)
        self._looked = now
        for worker in self._seconds:
            self._seconds[worker] += passed

    def too_long(self) -> list[int]:
        """The workers that are silent for too long."""
        return [worker for worker, seconds in self._seconds.items() if seconds > self._most]
