"""Workers as actors of a Ray cluster, which is running or is started on this machine."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .engine import CellDone, Event, Lost, Made, MakeWorker, Ready, Unusable
from .local_engine import QUIET, in_words
from .work import CellWork, Outcome

_ANSWER_SECONDS = 10.0
_STORE_BYTES = 100 << 20  # This suffices, because records are small.
_VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # A worker without its own GPUs sees all.
}


@dataclass(frozen=True)
class Resources:
    """What each actor takes from the cluster.

    Attributes:
        cpus, gpus: the number of processors and GPUs.
        others: the amount of each other resource by its name in the cluster, such as `{"TPU": 4}`.
    """

    cpus: float = 1
    gpus: float = 0
    others: Mapping[str, float] = field(default_factory=dict)


class RayEngine:
    """One actor for each worker.

    Ray's own retries are off. A lost actor is replaced by the sweep, as a lost process is.

    Args:
        make_worker: called in each actor. nb101train must be installed on the cluster.
        num_workers: the number of actors.
        address: HOST:PORT of a running cluster, or "auto" for one that runs on this machine. None
            starts a cluster on this machine, which ends with this process.
        resources: what each actor takes.

    Raises:
        ImportError: Ray is missing.
        ValueError: the address is not allowed.
        ConnectionError: no cluster answers at the address.
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
        self._waiting: dict[Any, int] = {}  # The keys are the answers that are awaited.

    def start(self, worker: int) -> None:
        """Start an actor. Its `Ready` follows as soon as the cluster has room for it."""
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
        """What the actors reported, and how they ended."""
        waiting = list(self._waiting)
        ready, _ = self._ray.wait(waiting, num_returns=1, timeout=timeout, fetch_local=False)
        if ready:  # All others that have arrived are taken too.
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
            # An actor that can't be reached may still run, but another one replaces it.
            self._ray.kill(self._actors.pop(worker), no_restart=True)
            return Lost(worker, f"worker {worker} (actor): {_cause(error)}")

    def close(self) -> None:
        """Kill all actors, and end the cluster if it was started here."""
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
                f"{error}; if the cluster uses tokens, set $RAY_AUTH_MODE=token and its token"
            ) from None

    def _cluster_for_all(self) -> dict[str, Any]:
        """The options that start a cluster on this machine with room for all workers."""
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
    """A worker in a process of Ray."""

    def __init__(self, make_worker: MakeWorker) -> None:
        os.environ.update({**QUIET, **os.environ})
        self._fault = ""
        try:
            self._trains = make_worker()
        except Exception as error:  # The user must see every error.
            self._fault = in_words(error)

    def fault(self) -> str:
        """Why the worker can't work; empty if it can."""
        return self._fault

    def train(self, work: CellWork, upcoming: CellWork | None) -> Iterable[Outcome]:
        """Yield the outcome of each run of a cell."""
        yield from self._trains.train(work, upcoming)


def _imported() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ImportError(
            'the engine "ray" needs Ray, which is not installed: pip install "nb101fast[sweep]"'
        ) from error
    return ray


def _check_address(address: str) -> None:
    """Raise an error at once if nothing answers. Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal()) or "//" in host:
        raise ValueError(f"address={address!r} is not allowed; use HOST:PORT or 'auto'")
    try:
        socket.create_connection((host, int(port)), _ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(f"address={address!r}: no Ray cluster answers: {error}") from None


def _cause(error: Exception) -> str:
    """The first line of Ray's explanation, since the others are for Ray's developers."""
    cause = getattr(error, "cause", None)
    return in_words(cause) if isinstance(cause, Exception) else str(error).splitlines()[0]
