"""Workers as actors of a Ray cluster, which is running or is started on this machine."""

from __future__ import annotations

import functools

from nb101fast.actor_pool import ActorPool, Resources
from nb101fast.worker_pool import MAX_SILENCE

from .engine import MakeWorker
from .pool_engine import PoolEngine, worker_events


class RayEngine(PoolEngine):
    """One actor for each worker. A lost actor is replaced by the sweep, as a lost process is.

    Args:
        make_worker: called in each actor. nb101train must be installed on the cluster.
        num_workers: the number of actors.
        address: HOST:PORT of a running cluster, or "auto" for one that runs on this machine. None
            starts a cluster on this machine, which ends with this process.
        resources: what each actor takes.
        max_silence: an actor that gives no sign of life for so many seconds is killed.

    Raises:
        ImportError, ValueError, ConnectionError: as `ActorPool` raises them.
    """

    def __init__(
        self,
        make_worker: MakeWorker,
        num_workers: int,
        *,
        address: str | None = None,
        resources: Resources | None = None,
        max_silence: float = MAX_SILENCE,
    ) -> None:
        self.num_workers = num_workers
        self._make_worker = make_worker
        self._pool = ActorPool(
            address, room_for=num_workers, resources=resources, max_silence=max_silence
        )

    def start(self, worker: int) -> None:
        """Start an actor. Its `Ready` follows as soon as the cluster has room for it."""
        serve = functools.partial(worker_events, worker, self._make_worker, {}, None)
        self._pool.start(worker, serve)
