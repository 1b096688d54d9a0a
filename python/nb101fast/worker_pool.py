"""Workers by number, wherever they run: what they are given, what they answer, how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

# What a worker does: it takes an iterator of messages and yields answers. It is pickled.
Serve: TypeAlias = Callable[[Iterator[Any]], Iterator[Any]]


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

    `ProcessPool` has them as processes of this machine, `ActorPool` as actors of a Ray cluster.
    """

    def start(self, worker: int, serve: Serve) -> None:
        """Start a worker, the first time or after it has ended.

        Args:
            worker: its number.
            serve: called in the worker with an iterator of the messages that `send` sends. The
                worker sends back what `serve` yields, and ends when `serve` returns.
        """

    def send(self, worker: int, message: Any) -> None:
        """Send a message to a worker. If the worker has ended, `received` will say so."""

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
