"""The workers of a sweep: how many there are, where they run, and on which devices."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nb101fast.actor_pool import Resources
from nb101fast.checks import check_choice, check_count
from nb101fast.skeleton import MAX_SETTING
from nb101fast.worker_pool import MAX_SILENCE

from .engine import Engine, MakeWorker
from .local_engine import LocalEngine
from .plan import SweepPlan
from .ray_engine import RayEngine
from .run_options import DEVICES, RunOptions
from .shard import Shard
from .worker import TrainingWorker, WorkerSettings

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Crew:
    """The workers of a sweep. The results don't depend on them.

    Attributes:
        engine: "local" for processes of this machine, or "ray" for actors of a Ray cluster.
        num_workers: the number of workers; each trains one cell at a time.
        threads: the number of threads of each worker. None gives each its share of this machine's
            processors, or one thread in a cluster that is already running.
        device: "auto", "cpu", "gpu" or "tpu", as `find_strategy` takes it.
        gpus: the number of GPUs that each worker has for itself; 0 lets all workers see all GPUs.
        address: HOST:PORT of a running Ray cluster, or "auto" for one that runs on this machine.
            None starts a cluster on this machine.
        resources: other resources of the Ray cluster that each worker takes, such as `{"TPU": 4}`.
        checkpoints: whether long runs are saved now and then in the sweep's folder.
        max_silence: a worker that gives no sign of life for so many seconds, because it was stopped
            or can't be reached, is killed and replaced.

    Raises:
        ValueError: the engine, the number of workers, the device or `max_silence` is not
            allowed.

    Example:
        >>> sweep("out", Request(codes=cells_up_to(4)), Crew(num_workers=2))
    """

    engine: str = "local"
    num_workers: int = 1
    threads: int | None = None
    device: str = "auto"
    gpus: int = 0
    address: str | None = None
    resources: Mapping[str, float] = field(default_factory=dict)
    checkpoints: bool = False
    max_silence: float = MAX_SILENCE

    def __post_init__(self) -> None:
        check_choice("device", self.device, DEVICES)
        check_choice("engine", self.engine, ENGINES)
        if self.num_workers < 1:
            raise ValueError(f"num_workers={self.num_workers} is not allowed; use 1 or more")
        check_count("gpus", self.gpus, 0, MAX_SETTING)
        if self.threads is not None:
            check_count("threads", self.threads, 1, MAX_SETTING)
        if not self.max_silence > 0:
            raise ValueError(f"max_silence={self.max_silence} is not allowed; use more than 0")

    def hired(self, folder: Path, plan: SweepPlan, shard: Shard) -> Engine:
        """The engine that runs these workers. They begin when the engine starts them."""
        make_worker: MakeWorker = functools.partial(TrainingWorker, self._settings(folder, plan))
        if self.engine == "local":
            return LocalEngine(
                make_worker,
                self.num_workers,
                gpus_per_worker=self.gpus,
                log=str(shard.log_in(folder)),
                max_silence=self.max_silence,
            )
        resources = Resources(self._num_threads, self.gpus, self.resources)
        return RayEngine(
            make_worker,
            self.num_workers,
            address=self.address,
            resources=resources,
            max_silence=self.max_silence,
        )

    @property
    def _num_threads(self) -> int:
        here = 1 if self.address else os.cpu_count() or 1
        return self.threads or max(1, here // self.num_workers)

    def _settings(self, folder: Path, plan: SweepPlan) -> WorkerSettings:
        checkpoints = folder / "checkpoints"
        if self.checkpoints:
            checkpoints.mkdir(exist_ok=True)
        return WorkerSettings(
            dataset=plan.dataset,
            fingerprint=plan.fingerprint,
            config=plan.config,
            seed=plan.seed,
            options=RunOptions(
                max_seconds=plan.max_seconds,
                checkpoint_folder=str(checkpoints.resolve()) if self.checkpoints else None,
            ),
            device=self.device,
            threads=self._num_threads,
        )
