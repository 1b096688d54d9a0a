"""What trains in a process of its own: cell after cell, each compiled once for all its runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .config import TrainConfig
from .record import record_payload
from .requirements import require_tensorflow
from .run_options import RunOptions

if TYPE_CHECKING:
    from .run import CellTrainer


@dataclass(frozen=True)
class CellWork:
    """A cell, and its runs that are to be made: epochs and repeat of each, in this order."""

    matrix: tuple[tuple[int, ...], ...]
    ops: tuple[str, ...]
    units: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class RunRecord:
    """A run that was made, as a record of the official format."""

    epochs: int
    repeat: int
    payload: bytes


@dataclass(frozen=True)
class RunFailure:
    """A run that could not be made."""

    epochs: int
    repeat: int
    attempts: int
    reason: str


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker is told once.

    Attributes:
        dataset: as of `load_dataset`.
        config: the settings; the data set's sizes are set by the worker.
        fingerprint: that the data set must have; empty: any.
        seed: of the sweep.
        options: of each run.
        device: as of `find_strategy`.
        threads: for the operations of a network; 0 for all processors.
        overlap: compile the next cell while one trains. None: where that is not done by the
            processors that train, which it would slow down.
    """

    dataset: str
    config: TrainConfig
    fingerprint: str = ""
    seed: int = 0
    options: RunOptions = field(default_factory=RunOptions)
    device: str = "auto"
    threads: int = 0
    overlap: bool | None = None


class Worker:
    """A device with the data set on it, ready for cells. Imports TensorFlow when it is made."""

    def __init__(self, settings: WorkerSettings) -> None:
        require_tensorflow()
        import tensorflow as tf  # it takes seconds: only where something is trained

        from .dataset import load_dataset
        from .run import ResidentDataset
        from .strategy import device_type, find_strategy

        tf.get_logger().setLevel("ERROR")  # it takes one cell after another for needless tracing
        if settings.threads:
            tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
            tf.config.threading.set_inter_op_parallelism_threads(settings.threads)
        self._settings = settings
        self._strategy = find_strategy(settings.device)
        self._config = settings.config.on_cores(self._strategy.num_replicas_in_sync)
        dataset = load_dataset(settings.dataset)
        if settings.fingerprint not in ("", dataset.fingerprint):
            raise ValueError(
                f"data set {settings.dataset!r} has the fingerprint {dataset.fingerprint} here; "
                f"{settings.fingerprint} is allowed"
            )
        self._data = ResidentDataset(dataset, self._strategy)
        elsewhere = device_type(self._strategy) != "CPU"
        self._overlap = elsewhere if settings.overlap is None else settings.overlap
        self._compiler = ThreadPoolExecutor(1, thread_name_prefix="compile")
        self._ahead: tuple[CellWork, Future[CellTrainer]] | None = None
        gc.freeze()  # what stays for good need not be searched after each cell

    def train(
        self, work: CellWork, upcoming: CellWork | None = None
    ) -> Iterator[RunRecord | RunFailure]:
        """Make the runs of a cell, while the next one compiles."""
        from .run import TrainingError

        trainer = self._compiled(work)
        if upcoming and self._overlap:
            self._ahead = upcoming, self._compiler.submit(self._compile, upcoming)
        for epochs, repeat in work.units:
            try:
                result = trainer.run(epochs, repeat, self._settings.options)
            except TrainingError as error:
                yield RunFailure(epochs, repeat, error.attempts, str(error))
            else:
                yield RunRecord(epochs, repeat, record_payload(result))
        del trainer
        gc.collect()  # a network and its programs refer to each other

    def _compiled(self, work: CellWork) -> CellTrainer:
        ahead, self._ahead = self._ahead, None
        if ahead and (ahead[0].matrix, ahead[0].ops) == (work.matrix, work.ops):
            return ahead[1].result()
        return self._compile(work)

    def _compile(self, work: CellWork) -> CellTrainer:
        from .run import CellTrainer

        trainer = CellTrainer(
            work.matrix,
            work.ops,
            self._config,
            self._data,
            strategy=self._strategy,
            seed=self._settings.seed,
        )
        trainer.compile()
        return trainer
