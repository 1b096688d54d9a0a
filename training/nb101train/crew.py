"""Who does the work of a sweep: how many workers, where, and with what."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .engine import Engine, MakeWorker
from .local_engine import LocalEngine
from .plan import Plan
from .run_options import RunOptions
from .shard import Shard
from .worker import Worker, WorkerSettings

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Crew:
    """Who does the work of a sweep; the results don't depend on it.

    Attributes:
        engine: "local", processes of this machine, or "ray".
        num_workers: how many cells are trained at a time.
        threads: of each worker; None: its share of this machine's processors, or 1 of a cluster's.
        device: as of `find_strategy`.
        gpus: that each worker has for itself; 0: all that it sees.
        address: of a running Ray cluster; None starts one here.
        resources: of a Ray cluster that each worker takes, `{"TPU": 4}`.
        checkpoints: whether long runs are saved now and then, in the sweep's folder.
    """

    engine: str = "local"
    num_workers: int = 1
    threads: int | None = None
    device: str = "auto"
    gpus: int = 0
    address: str | None = None
    resources: Mapping[str, float] = field(default_factory=dict)
    checkpoints: bool = False

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise ValueError(f"engine {self.engine!r}; {', '.join(ENGINES)} are allowed")
        if self.num_workers < 1:
            raise ValueError(f"{self.num_workers} workers; 1 or more are allowed")

    def hired(self, folder: Path, plan: Plan, shard: Shard) -> Engine:
        """The engine, whose workers begin when they are started."""
        make_worker: MakeWorker = functools.partial(Worker, self._settings(folder, plan))
        if self.engine == "local":
            return LocalEngine(
                make_worker,
                self.num_workers,
                gpus_per_worker=self.gpus,
                log=str(shard.log_in(folder)),
            )
        from .ray_engine import RayEngine, Resources  # not everybody has Ray

        resources = Resources(self._num_threads, self.gpus, self.resources)
        return RayEngine(make_worker, self.num_workers, address=self.address, resources=resources)

    @property
    def _num_threads(self) -> int:
        here = 1 if self.address else os.cpu_count() or 1
        return self.threads or max(1, here // self.num_workers)

    def _settings(self, folder: Path, plan: Plan) -> WorkerSettings:
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
