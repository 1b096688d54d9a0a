"""Trains one cell after another in a worker's process. Each cell is compiled once for its runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .config import TrainConfig
from .record import record_payload
from .run_options import RunOptions
from .tensorflow_start import load_tensorflow
from .training_error import TrainingError
from .work import CellWork, Outcome, RunFailure, RunRecord

if TYPE_CHECKING:
    from .run import CellTrainer


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker needs to know. It is the same for all cells.

    Attributes:
        dataset: the text that names the data set, as `load_dataset` takes it.
        config: the settings. The worker puts the data set's sizes in place of their own.
        fingerprint: the fingerprint that the data set must have; empty allows any.
        seed: the sweep's seed.
        options: attempts, limits and files of each run.
        device: "auto", "cpu", "gpu" or "tpu", as `find_strategy` takes it.
        threads: the number of threads for the operations of a network; 0 for all processors.
        overlap: whether the next cell is compiled while one trains. None decides by the device:
            on a CPU the cell that trains would become slower, so it is not done there.
    """

    dataset: str
    config: TrainConfig
    fingerprint: str = ""
    seed: int = 0
    options: RunOptions = field(default_factory=RunOptions)
    device: str = "auto"
    threads: int = 0
    overlap: bool | None = None


class TrainingWorker:
    """Trains cells on a device that holds the data set.

    TensorFlow is imported and the data set is loaded when the worker is made, once for all cells.

    Raises:
        ImportError: TensorFlow is missing.
        ValueError: the data set is not the one that the sweep began with.
        Exception: what `load_dataset` and `find_strategy` raise.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        load_tensorflow()
        import tensorflow as tf  # This takes seconds, so only a process that trains does it.

        from .datasets import load_dataset
        from .resident import ResidentDataset
        from .strategy import device_type, find_strategy

        tf.get_logger().setLevel("ERROR")  # TensorFlow warns about each new cell that it traces.
        if settings.threads:
            tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
            tf.config.threading.set_inter_op_parallelism_threads(settings.threads)
        self._settings = settings
        self._strategy = find_strategy(settings.device)
        self._config = settings.config.on_cores(self._strategy.num_replicas_in_sync)
        dataset = load_dataset(settings.dataset)
        if settings.fingerprint not in ("", dataset.fingerprint):
            raise ValueError(
                f"dataset={settings.dataset!r} has the fingerprint {dataset.fingerprint} here, but "
                f"the sweep began with {settings.fingerprint}; put the same data set here"
            )
        self._data = ResidentDataset(dataset, self._strategy)
        elsewhere = device_type(self._strategy) != "CPU"
        self._overlap = elsewhere if settings.overlap is None else settings.overlap
        self._compiler = ThreadPoolExecutor(1, thread_name_prefix="compile")
        self._ahead: tuple[CellWork, Future[CellTrainer]] | None = None
        gc.freeze()  # `gc.collect` after each cell then skips what stays for good.

    def train(self, work: CellWork, upcoming: CellWork | None = None) -> Iterator[Outcome]:
        """Make the runs of a cell, and yield the outcome of each as soon as it has ended.

        Args:
            work: the cell and its runs.
            upcoming: the cell that probably follows, which may be compiled in the meantime.
        """

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
        gc.collect()  # A network and its programs refer to each other, so nothing else frees them.

    def _compiled(self, work: CellWork) -> CellTrainer:
        ahead, self._ahead = self._ahead, None
        if ahead and ahead[0].code == work.code:
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
