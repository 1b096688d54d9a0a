"""One run: a cell is trained for one budget, and evaluated at the start, halfway and at the end.

Source: `nasbench/lib/evaluate.py`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

import nb101fast
from nb101fast._core import visible
from nb101fast.checks import check_count, check_type
from nb101fast.progress import Phases, Progress, told
from nb101fast.schema import Anything, ListOf, MapOf, Number, Record
from nb101fast.skeleton import MAX_SETTING

from . import checkpoint
from .config import TrainConfig
from .datasets.sampler import Sampler
from .record import RunResult, StageResult, module_hash
from .resident import ResidentDataset
from .run_options import RunOptions, checked_options
from .schedule import cosine
from .seeds import check_seed
from .trainer import Trainer
from .training_error import TrainingError

STEPS_PER_CALL = (
    100  # The official code has this number. After each call all values must be finite.
)

# Marks a number that TensorBoard draws as a curve. `tf.summary.scalar` would need TensorBoard here.
_SCALAR = tf.compat.v1.SummaryMetadata(
    plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"),
    data_class="DATA_CLASS_SCALAR",
)


_SECONDS = Number(0)
NOTES = {  # of a checkpoint
    "settings": MapOf(Anything()),
    "evaluations": ListOf(Record({f.name: Number() for f in fields(StageResult)}), 0, 3),
    "step_seconds": _SECONDS,
    "evaluation_seconds": _SECONDS,
    "seconds": _SECONDS,
}


class _NotFiniteError(Exception):
    pass


def check_run(epochs: int, repeat: int) -> None:
    """Raise ValueError unless a cell can have this run."""
    check_count("epochs", epochs, 1, MAX_SETTING)
    check_count("repeat", repeat, 0, MAX_SETTING)


class CellTrainer:
    """Makes all runs of one cell, which is compiled once.

    Args:
        matrix, ops, strategy: as in `Trainer`.
        config: the settings, except the epochs of each run and the sizes of the data set.
        data: the data set on the device.
        seed: the random numbers of a run follow from it, the cell, the epochs and the repeat.

    Attributes:
        config: the settings with the sizes of the data set.
        data: the argument.
        trainer: the `Trainer` of all runs.
        module_hash: the official hash of the cell.
        ready_seconds: the seconds that it took to compile both programs.

    Raises:
        TypeError: `data` is of another class.
        ValueError: the seed is not allowed, or `Trainer` refuses the cell or the settings.

    Example:
        >>> data = ResidentDataset(load_dataset("digits"))
        >>> CellTrainer(matrix, ops, DIGITS, data).run(epochs=4, repeat=0)
    """

    def __init__(
        self,
        matrix: npt.ArrayLike,
        ops: Sequence[str],
        config: TrainConfig,
        data: ResidentDataset,
        *,
        strategy: tf.distribute.Strategy | None = None,
        seed: int = 0,
    ) -> None:
        check_type("data", data, ResidentDataset, use="a ResidentDataset")
        check_seed(seed)
        self.config = data.config(config)
        self.data = data
        self.trainer = Trainer(matrix, ops, self.config, strategy=strategy)
        self.module_hash = module_hash(self.trainer.matrix, self.trainer.ops)
        self._seed = seed
        self._compile_seconds: float | None = None
        self.ready_seconds = 0.0

    def compile(self) -> float:
        """Compile both programs if that is not done yet; return the training program's seconds."""
        if self._compile_seconds is None:
            began = time.perf_counter()
            draws = Sampler(self.data.dataset, self.config.batch_size, 0).draws(0, 1)
            self.trainer.train(self.data.train, draws, np.zeros(1, np.float32))
            self._compile_seconds = time.perf_counter() - began
            self.evaluate()
            self.ready_seconds = time.perf_counter() - began
        return self._compile_seconds

    def run(
        self,
        epochs: int,
        repeat: int,
        options: RunOptions | None = None,
        progress: Progress | None = None,
    ) -> RunResult:
        """Make one run.

        Args:
            epochs: the budget, over which the learning rate falls along half a cosine.
            repeat: the number of the run among those of this budget. Each has its own seed.
            options: attempts, limits and files; None for the defaults.
            progress: True for a bar, or a function that is called with the number of steps done and
                the number of steps in all.

        Raises:
            TypeError: `options` are of another class.
            ValueError: `epochs` or `repeat` is out of its range.
            TrainingError: some values were not finite in each attempt.
            FormatError: the run's checkpoint is damaged, or it was written with other settings.
        """
        options = checked_options(options)
        check_run(epochs, repeat)
        reason = ""
        with told(progress, "training") as phases:
            phases.begin("compiling")
            self.compile()
            for folder in (options.checkpoint_folder, options.tensorboard_folder):
                if folder is not None:
                    os.makedirs(folder, exist_ok=True)  # now, and not in the middle of the training
            for attempt in range(options.max_attempts):
                try:
                    return _Attempt(self, epochs, repeat, attempt, options, phases).result()
                except _NotFiniteError as error:
                    reason = str(error)
        raise TrainingError(options.max_attempts, reason)

    def attempt_seed(self, epochs: int, repeat: int, attempt: int) -> int:
        """The seed of one attempt: 63 random bits, which are the same on every machine.

        Raises:
            ValueError: `epochs`, `repeat` or `attempt` is out of its range.
        """
        check_run(epochs, repeat)
        check_count("attempt", attempt, 0, MAX_SETTING)
        words = [self._seed, int(self.module_hash, 16), epochs, repeat, attempt]
        return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0]) >> 1

    def evaluate(self) -> list[float]:
        """Train, validation and test accuracy, each float32(k / n)."""
        size = self.data.dataset.evaluation_batch
        return self.data.accuracies(self.trainer.count_correct(self.data.evaluation, size))


class _Attempt:
    """One attempt at a run. It starts at step 0 or is resumed from its checkpoint."""

    def __init__(
        self,
        cell: CellTrainer,
        epochs: int,
        repeat: int,
        number: int,
        options: RunOptions,
        phases: Phases,
    ) -> None:
        self._cell, self._trainer = cell, cell.trainer
        self._epochs, self._repeat, self._number = epochs, repeat, number
        self._options, self._phases = options, phases
        self._config = replace(cell.config, epochs=epochs)
        self._seed = cell.attempt_seed(epochs, repeat, number)
        self._sampler = Sampler(cell.data.dataset, self._config.batch_size, self._seed)
        self._evaluations: list[StageResult] = []
        self._step_seconds = self._evaluation_seconds = 0.0
        self._seconds_before = 0.0  # what earlier processes had spent at the last checkpoint
        self._saved_at = 0.0
        self._began = time.perf_counter()

    @property
    def _name(self) -> str:
        return f"{self._cell.module_hash}-{self._epochs}-{self._repeat}-{self._seed}"

    @property
    def _checkpoint_path(self) -> str | None:
        folder = self._options.checkpoint_folder
        return os.path.join(folder, f"{self._name}.checkpoint") if folder else None

    def result(self) -> RunResult:
        """Train to the end. Raise _NotFiniteError if a value is not finite."""
        self._begin()
        try:
            self._train_and_evaluate()
        except _NotFiniteError:
            self._remove_checkpoint()
            raise
        self._remove_checkpoint()
        compile_seconds = self._cell.compile()
        return RunResult(
            matrix=self._trainer.matrix,
            ops=self._trainer.ops,
            epochs=self._epochs,
            repeat=self._repeat,
            seed=self._seed,
            attempts=self._number + 1,
            evaluations=(self._evaluations[0], self._evaluations[1], self._evaluations[2]),
            trainable_parameters=self._trainer.trainable_parameters,
            total_time=self._cell.ready_seconds + self._spent(),
            compile_seconds=compile_seconds,
            step_seconds=self._step_seconds,
            evaluation_seconds=self._evaluation_seconds,
        )

    def _train_and_evaluate(self) -> None:
        stages = (1, self._config.half_steps, self._config.total_steps)
        with _summaries(self._options.tensorboard_folder, self._name) as writer:
            for stage in range(len(self._evaluations), len(stages)):
                self._train_until(max(stages[stage], 1), writer)
                self._evaluate(stage, writer)

    def _begin(self) -> None:
        notes = self._restored()
        if notes is None:
            self._trainer.reset(self._seed)
            return
        self._evaluations = [StageResult(**values) for values in notes["evaluations"]]
        self._step_seconds = self._saved_at = notes["step_seconds"]
        self._evaluation_seconds = notes["evaluation_seconds"]
        self._seconds_before = notes["seconds"]

    def _restored(self) -> checkpoint.Notes | None:
        path = self._checkpoint_path
        notes = checkpoint.restore(path, self._trainer, NOTES) if path else None
        if notes and notes["settings"] != self._settings():
            raise nb101fast.FormatError(
                visible(f"{path} was made with other settings, {notes['settings']}; remove it")
            )
        return notes

    def _settings(self) -> dict[str, Any]:
        return {**asdict(self._config), "dataset": self._cell.data.dataset.fingerprint}

    def _remove_checkpoint(self) -> None:
        if self._checkpoint_path:
            with contextlib.suppress(FileNotFoundError):
                os.remove(self._checkpoint_path)

    def _train_until(self, last_step: int, writer: tf.summary.SummaryWriter | None) -> None:
        config, trainer = self._config, self._trainer
        self._phases.begin("steps")
        while trainer.steps_done < last_step and self._step_seconds < self._options.max_seconds:
            done = trainer.steps_done
            steps = min(STEPS_PER_CALL, last_step - done)
            began = time.perf_counter()
            draws = self._sampler.draws(done, steps)
            rates = cosine(config.learning_rate, config.total_steps, done, steps)
            loss, finite = trainer.train(self._cell.data.train, draws, rates)
            self._step_seconds += time.perf_counter() - began
            if not (finite and np.isfinite(loss)):
                raise _NotFiniteError(f"values that are not finite at step {trainer.steps_done}")
            _summarise(writer, trainer.steps_done, loss=loss, learning_rate=float(rates[-1]))
            self._phases(trainer.steps_done, config.total_steps)
            self._save_if_due()

    def _evaluate(self, stage: int, writer: tf.summary.SummaryWriter | None) -> None:
        self._phases.begin("evaluating")
        began = time.perf_counter()
        accuracies = self._cell.evaluate()
        self._evaluation_seconds += time.perf_counter() - began
        # The official code reports 0.0 for the evaluation at the start, too.
        spent = self._cell.compile() + self._step_seconds if stage else 0.0
        self._evaluations.append(StageResult(self._epochs * stage / 2, spent, *accuracies))
        names = ("train_accuracy", "validation_accuracy", "test_accuracy")
        _summarise(writer, self._trainer.steps_done, **dict(zip(names, accuracies, strict=True)))

    def _save_if_due(self) -> None:
        if not self._checkpoint_path:
            return
        if self._step_seconds - self._saved_at >= self._options.checkpoint_seconds:
            notes = {
                "settings": self._settings(),
                "evaluations": [asdict(each) for each in self._evaluations],
                "step_seconds": self._step_seconds,
                "evaluation_seconds": self._evaluation_seconds,
                "seconds": self._spent(),
            }
            checkpoint.save(self._checkpoint_path, self._trainer, notes)
            self._saved_at = self._step_seconds

    def _spent(self) -> float:
        return self._seconds_before + time.perf_counter() - self._began


@contextlib.contextmanager
def _summaries(
    folder: str | os.PathLike[str] | None, name: str
) -> Iterator[tf.summary.SummaryWriter | None]:
    if folder is None:
        yield None
        return
    writer = tf.summary.create_file_writer(os.path.join(folder, name))
    try:
        yield writer
    finally:
        writer.close()


def _summarise(writer: tf.summary.SummaryWriter | None, step: int, **scalars: float) -> None:
    if writer:
        with writer.as_default(step=step):
            for name, value in scalars.items():
                tf.summary.write(name, tf.constant(value, tf.float32), metadata=_SCALAR)
