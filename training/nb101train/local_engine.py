"""Workers as processes of this machine."""

from __future__ import annotations

import functools
import os

from nb101fast.phrases import counted
from nb101fast.process_pool import ProcessPool
from nb101fast.worker_pool import MAX_SILENCE

from .engine import MakeWorker
from .pool_engine import PoolEngine, worker_events

_VISIBLE_GPUS = "CUDA_VISIBLE_DEVICES"


class LocalEngine(PoolEngine):
    """One process for each worker. It ends at once when this process ends.

    Args:
        make_worker: called in each process.
        num_workers: the number of processes.
        gpus_per_worker: the number of GPUs that each worker sees and no other worker does; 0 shows
            all GPUs to all workers.
        log: what worker N prints goes to the file `{log}-worker-{N}.txt`; None leaves it on this
            process's output.
        max_silence: a worker that gives no sign of life for so many seconds is killed.

    Raises:
        ValueError: there are fewer GPUs than all workers need, or `max_silence` is not above 0.
    """

    def __init__(
        self,
        make_worker: MakeWorker,
        num_workers: int,
        *,
        gpus_per_worker: int = 0,
        log: str | None = None,
        max_silence: float = MAX_SILENCE,
    ) -> None:
        self.num_workers, self._log = num_workers, log
        self._make_worker = make_worker
        self._gpus = _shared_out(num_workers, gpus_per_worker)
        self._pool = ProcessPool(max_silence)

    def start(self, worker: int) -> None:
        """Start a worker; its `Ready` follows."""
        log = f"{self._log}-worker-{worker}.txt" if self._log else None
        serve = functools.partial(worker_events, worker, self._make_worker, self._gpus[worker], log)
        self._pool.start(worker, serve)


def _shared_out(num_workers: int, each: int) -> list[dict[str, str]]:
    """For each worker the environment variables that let it see only its own GPUs."""
    if not each:
        return [{}] * num_workers
    wanted = num_workers * each
    visible = os.environ.get(_VISIBLE_GPUS, ",".join(map(str, range(wanted)))).split(",")
    if len(visible) < wanted:
        raise ValueError(
            f"{counted(num_workers, 'worker')} with {counted(each, 'GPU')} each need "
            f"{counted(wanted, 'GPU')}, but ${_VISIBLE_GPUS} names {len(visible)}; use fewer "
            "workers, or fewer GPUs for each"
        )
    return [
        {_VISIBLE_GPUS: ",".join(visible[n * each : (n + 1) * each])} for n in range(num_workers)
    ]
