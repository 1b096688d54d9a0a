"""Trains a cell longer and on more images, to see which accuracy it can reach.

The official code calls this augmenting. The runs of the official data set were made in
another way: they are shorter and use fewer images.

Source: `nasbench/lib/evaluate.py`, `augment_and_evaluate`, and `scripts/augment_model.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import nb101fast
from nb101fast.checks import check_count
from nb101fast.file_names import checked_name
from nb101fast.progress import Phases, Progress, told
from nb101fast.schema import Anything, ListOf, MapOf, Number, Row, Text
from nb101fast.skeleton import MAX_SETTING

from . import checkpoint
from .architectures import Architecture, architecture_of
from .config import AUGMENTED_EPOCHS, OFFICIAL_DATASET, TrainConfig
from .datasets import Dataset, load_dataset
from .datasets.sampler import Sampler
from .model_folder import save_model
from .resident import ResidentDataset
from .run import STEPS_PER_CALL
from .schedule import stepwise
from .seeds import check_seed
from .strategy import find_strategy
from .trainer import Trainer
from .training_error import TrainingError

EPOCHS_PER_TEST = 5
CHECKPOINT = "checkpoint.npz"

NOTES = {  # of a checkpoint
    "config": MapOf(Anything()),
    "seed": Anything(),
    "cell": MapOf(Anything()),
    "fingerprint": Text(),
    "accuracies": ListOf(Row((Number(), Number()))),
}


@dataclass(frozen=True)
class Augmented:
    """The result of a longer training.

    Attributes:
        trainable_parameters: the number of values that are trained.
        test_accuracies: test accuracy by the epochs after which it was measured, ascending.
    """

    trainable_parameters: int
    test_accuracies: Mapping[float, float]

    @property
    def test_accuracy(self) -> float:
        """The test accuracy at the end."""
        return list(self.test_accuracies.values())[-1]


def augment(
    architecture: str | Architecture,
    model_dir: str | os.PathLike[str],
    *,
    dataset: str | Dataset = OFFICIAL_DATASET,
    config: TrainConfig | None = None,
    epochs_per_test: int = EPOCHS_PER_TEST,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> Augmented:
    """Train a cell on the training and validation images with a stepwise schedule, and test it.

    Args:
        architecture: a name of `ARCHITECTURES`, or a cell with its sizes.
        model_dir: the folder for the weights, `metadata.json` and a checkpoint. The checkpoint is
            written after each test. After an interruption the same call goes on from it.
        dataset: a data set, or a text that `load_dataset` takes.
        config: the settings; None for the official ones with 200 epochs. The architecture's sizes
            take the place of its own.
        epochs_per_test: the number of epochs between two tests.
        seed: all random numbers follow from it.
        device: "auto", "cpu", "gpu" or "tpu", as `find_strategy` takes it.
        progress: True for a bar, or a function that is called with the number of steps done and the
            number of steps in all.

    Raises:
        TrainingError: some values are not finite.
        FormatError: the checkpoint in the folder is damaged, or it belongs to other settings.
        TypeError: an argument is of another class.
        ValueError: the architecture, the data set or a setting is not allowed.
        FileNotFoundError: the data set is not there.
        RuntimeError: the device is not there.

    Example:
        >>> augment("best", "model", dataset="cifar10:cifar-10-binary.tar.gz").test_accuracy
    """
    folder = Path(checked_name(model_dir))
    check_count("epochs_per_test", epochs_per_test, 1, MAX_SETTING)
    check_seed(seed)
    chosen = architecture_of(architecture)
    strategy = find_strategy(device)
    with told(progress, "training") as phases:
        phases.begin("loading the images")
        loaded = dataset if isinstance(dataset, Dataset) else load_dataset(dataset)
        data = ResidentDataset(loaded.with_all_training_images(), strategy)
        settings = replace(
            data.config(TrainConfig(epochs=AUGMENTED_EPOCHS) if config is None else config),
            stem_filters=chosen.stem_filters,
            cells_per_stack=chosen.cells_per_stack,
        ).on_cores(strategy.num_replicas_in_sync)
        trainer = Trainer(chosen.matrix, chosen.ops, settings, strategy=strategy)
        trainer.reset(seed)
        folder.mkdir(parents=True, exist_ok=True)
        accuracies = _train_and_test(trainer, data, folder, epochs_per_test, seed, phases)
        augmented = Augmented(trainer.trainable_parameters, accuracies)
        metadata = {
            "trainable_params": augmented.trainable_parameters,
            "test_accuracy": augmented.test_accuracy,
            "test_accuracies": accuracies,
        }
        phases.begin("writing")
        save_model(folder, trainer, metadata)
    return augmented


def _train_and_test(
    trainer: Trainer,
    data: ResidentDataset,
    folder: Path,
    epochs_per_test: int,
    seed: int,
    phases: Phases,
) -> dict[float, float]:
    """Train, from the folder's checkpoint if there is one; return test accuracy by epochs done."""
    config = trainer.config
    steps_per_epoch = config.num_train_images / config.batch_size
    key = {
        "config": asdict(config),
        "seed": seed,
        "cell": {"matrix": trainer.matrix.tolist(), "ops": list(trainer.ops)},
        "fingerprint": data.dataset.fingerprint,
    }
    notes = checkpoint.restore(folder / CHECKPOINT, trainer, NOTES) or {**key, "accuracies": []}
    if {name: notes[name] for name in key} != key:
        raise nb101fast.FormatError(
            f"{folder / CHECKPOINT} was made with another cell, data set or other settings; use "
            "another folder"
        )
    accuracies: list[tuple[float, float]] = [(e, a) for e, a in notes["accuracies"]]
    sampler = Sampler(data.dataset, config.batch_size, seed)
    # An epoch may be shorter than one step.
    steps_per_test = max(1, int(epochs_per_test * steps_per_epoch))
    while trainer.steps_done < config.total_steps:
        next_test = trainer.steps_done + steps_per_test
        _train_until(min(next_test, config.total_steps), trainer, data, sampler, phases)
        size = data.dataset.evaluation_batch
        phases.begin("evaluating")
        *_, test = data.accuracies(trainer.count_correct(data.evaluation, size))
        accuracies.append((trainer.steps_done / steps_per_epoch, test))
        checkpoint.save(folder / CHECKPOINT, trainer, {**key, "accuracies": accuracies})
    return dict(accuracies)


def _train_until(
    last_step: int,
    trainer: Trainer,
    data: ResidentDataset,
    sampler: Sampler,
    phases: Phases,
) -> None:
    config = trainer.config
    total = config.epochs * config.num_train_images / config.batch_size
    phases.begin("steps")
    while trainer.steps_done < last_step:
        done = trainer.steps_done
        steps = min(STEPS_PER_CALL, last_step - done)
        rates = stepwise(config.learning_rate, total, done, steps)
        loss, finite = trainer.train(data.train, sampler.draws(done, steps), rates)
        if not (finite and np.isfinite(loss)):
            raise TrainingError(1, f"values that are not finite at step {trainer.steps_done}")
        phases(trainer.steps_done, config.total_steps)
