"""Workers as actors of a Ray cluster: one that runs, or one of this machine's processors."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .engine import CellDone, Event, Lost, Made, MakeWorker, Outcome, Ready, Unusable
from .local_engine import QUIET, in_words
from .worker import CellWork

_ANSWER_SECONDS = 10.0
_STORE_BYTES = 100 << 20  # records are small
_VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # workers without GPUs of their own see all
}


@dataclass(frozen=True)
class Resources:
    """What each actor takes of the cluster.

    Attributes:
        cpus, gpus: how many.
        others: by their names in the cluster, `{"TPU": 4}`.
    """

    cpus: float = 1
    gpus: float = 0
    others: Mapping[str, float] = field(default_factory=dict)


class RayEngine:
    """One actor a worker. Ray itself retries nothing: a lost actor is replaced as a process is.

    Args:
        make_worker: called in each actor; nb101train is installed there.
        num_workers: how many.
        address: HOST:PORT of a running cluster, or "auto" for this machine's; None starts one.
        resources: of each.

    Raises:
        ImportError: no Ray.
        ValueError, ConnectionError: no address, or no cluster there.
    """

    def __init__(
        self,
        make_worker: MakeWorker,
        num_workers: int,
        *,
        address: str | None = None,
        resources: Resources | None = None,
    ) -> None:
        self.num_workers = num_workers
        self._make_worker = make_worker
        self._resources = resources or Resources()
        self._ray = _imported()
        self._connect(address)
        self._actors: dict[int, Any] = {}
        self._waiting: dict[Any, int] = {}  # by what they wait for: readiness, or the next outcome

    def start(self, worker: int) -> None:
        """Start an actor; its `Ready` follows when the cluster has room for it."""
        actor = self._ray.remote(_Actor).options(
            num_cpus=self._resources.cpus,
            num_gpus=self._resources.gpus,
            resources=dict(self._resources.others),
            max_restarts=0,
            max_task_retries=0,
        )
        self._actors[worker] = actor.remote(self._make_worker)
        self._waiting[self._actors[worker].fault.remote()] = worker

    def submit(self, worker: int, work: CellWork, upcoming: CellWork | None) -> None:
        """Give a cell to an actor that waits."""
        self._waiting[self._actors[worker].train.remote(work, upcoming)] = worker

    def events(self, timeout: float) -> list[Event]:
        """What the actors told, or how they ended."""
        waiting = list(self._waiting)
        ready, _ = self._ray.wait(waiting, num_returns=1, timeout=timeout, fetch_local=False)
        if ready:  # and all others that are
            ready, _ = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)
        return [self._event(reference) for reference in ready]

    def _event(self, reference: Any) -> Event:
        worker = self._waiting[reference]
        try:
            if isinstance(reference, self._ray.ObjectRef):
                del self._waiting[reference]
                fault = self._ray.get(reference)
                return Unusable(worker, fault) if fault else Ready(worker)
            return Made(worker, self._ray.get(next(reference)))
        except StopIteration:
            del self._waiting[reference]
            return CellDone(worker)
        except self._ray.exceptions.RayError as error:
            self._waiting.pop(reference, None)
            # Unavailable is not dead: it must not go on with what another will do.
            self._ray.kill(self._actors.pop(worker), no_restart=True)
            return Lost(worker, f"worker {worker} (actor): {_cause(error)}")

    def close(self) -> None:
        """End all actors, and a cluster that was started here."""
        for actor in self._actors.values():
            self._ray.kill(actor, no_restart=True)
        self._ray.shutdown()

    def _connect(self, address: str | None) -> None:
        os.environ.update({**_VARIABLES, **os.environ})
        if address not in (None, "auto"):
            _check_address(str(address))
        options = self._cluster_for_all() if address is None else {"address": address}
        try:
            self._ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
        except ConnectionError as error:
            raise ConnectionError(
                f"{error}; a cluster with tokens needs $RAY_AUTH_MODE=token and its token"
            ) from None

    def _cluster_for_all(self) -> dict[str, Any]:
        """What starts a cluster here that has room for all workers."""
        count, each = self.num_workers, self._resources
        return {
            "address": "local",
            "num_cpus": max(1, round(each.cpus * count)),
            "num_gpus": round(each.gpus * count),
            "resources": {name: amount * count for name, amount in each.others.items()},
            "object_store_memory": _STORE_BYTES,
            "include_dashboard": False,
        }


class _Actor:
    """A worker in a process of Ray's."""

    def __init__(self, make_worker: MakeWorker) -> None:
        os.environ.update({**QUIET, **os.environ})
        self._fault = ""
        try:
            self._trains = make_worker()
        except Exception as error:  # whatever it is, the user must know
            self._fault = in_words(error)

    def fault(self) -> str:
        """Why it can't work; empty where it can."""
        return self._fault

    def train(self, work: CellWork, upcoming: CellWork | None) -> Iterable[Outcome]:
        """The outcomes of a cell's runs, one by one."""
        yield from self._trains.train(work, upcoming)


def _imported() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ImportError('--engine ray needs Ray: pip install "nb101fast[sweep]"') from error
    return ray


def _check_address(address: str) -> None:
    """Raise at once where nobody answers; Ray itself goes on asking for minutes."""
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal()) or "//" in host:
        raise ValueError(f"address {address!r}; HOST:PORT and auto are allowed")
    try:
        socket.create_connection((host, int(port)), _ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(f"no Ray cluster at {address}: {error}") from None


def _cause(error: Exception) -> str:
    """The first line of Ray's explanation: the others are for its developers."""
    cause = getattr(error, "cause", None)
    return in_words(cause) if isinstance(cause, Exception) else str(error).splitlines()[0]
