"""One cell trained and evaluated from scratch, as the data set's were.

Source: `nasbench/lib/evaluate.py`, `train_and_evaluate`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from .config import TrainConfig
from .dataset import load_dataset
from .model_folder import save_model
from .record import RunResult
from .run import CellTrainer, Progress, ResidentDataset
from .run_options import RunOptions
from .strategy import find_strategy

_HALFWAY = ["0.5"]  # the official intermediate evaluations


def evaluate(
    matrix: npt.ArrayLike,
    ops: Sequence[str],
    model_dir: str | os.PathLike[str] | None = None,
    *,
    dataset: str = "cifar10",
    config: TrainConfig | None = None,
    epochs: int | None = None,
    repeat: int = 0,
    seed: int = 0,
    device: str = "auto",
    options: RunOptions | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Train one cell once.

    Args:
        matrix, ops: of any number of vertices up to 32, with the official map's operations.
        model_dir: where the weights and `metadata.json` are left; None: nowhere.
        dataset: as of `load_dataset`.
        config: the settings; the official ones if not given.
        epochs: in place of the settings'.
        repeat, seed: all random numbers follow from them.
        device: as of `find_strategy`.
        options: attempts, limits, checkpoints, summaries.
        progress: called with the steps done and the steps in all.

    Raises:
        TrainingError: values that are not finite in every attempt.
        ValueError, FileNotFoundError, RuntimeError: no such cell, data set or device.

    Example:
        >>> evaluate(matrix, ops, dataset="digits", config=DIGITS, epochs=12).evaluations[-1]
        Evaluation(epochs=12.0, training_time=0.97, train_accuracy=0.9725, ...)
    """
    settings = config or TrainConfig()
    strategy = find_strategy(device)
    data = ResidentDataset(load_dataset(dataset), strategy)
    settings = settings.on_cores(strategy.num_replicas_in_sync)
    cell = CellTrainer(matrix, ops, settings, data, strategy=strategy, seed=seed)
    result = cell.run(epochs or settings.epochs, repeat, options, progress)
    if model_dir is not None:
        save_model(model_dir, cell.trainer, _metadata(result, cell.config))
    return result


def _metadata(result: RunResult, config: TrainConfig) -> dict[str, Any]:
    """What the official code leaves in `metadata.json`, but for metrics of sample images."""
    steps = (1, config.half_steps, config.total_steps)
    return {
        "trainable_params": result.trainable_parameters,
        "total_time": result.total_time,
        "evaluation_results": [
            {"training_steps": step, **vars(evaluation)}
            for step, evaluation in zip(steps, result.evaluations, strict=True)
        ],
    }


def evaluate_spec(
    spec: Any, config: Mapping[str, Any], model_dir: str, dataset: str, device: str
) -> RunResult:
    """As `nasbench.api.NASBench.evaluate`: a ModelSpec by the official settings.

    Args:
        config: the official settings by their official names.
    """
    options = RunOptions(
        max_attempts=config["max_attempts"],
        max_seconds=config["train_seconds"] if config["train_seconds"] > 0 else float("inf"),
        tensorboard_folder=model_dir,
    )
    return evaluate(
        spec.matrix,
        spec.ops,
        model_dir,
        dataset=dataset,
        config=from_official(config),
        device=device,
        options=options,
    )


def from_official(config: Mapping[str, Any]) -> TrainConfig:
    """The settings that the official names mean.

    Raises:
        ValueError: evaluations or a schedule that the data set's runs didn't have.
    """
    for name, allowed in (
        ("intermediate_evaluations", _HALFWAY),
        ("lr_decay_method", "COSINE_BY_STEP"),
        ("data_format", "channels_last"),
    ):
        if config[name] != allowed:
            raise ValueError(f"config[{name!r}] is {config[name]!r}; {allowed!r} is allowed")
    cores = config["tpu_num_shards"] if config["use_tpu"] else 1
    return TrainConfig(
        epochs=config["train_epochs"],
        batch_size=config["batch_size"],
        learning_rate=config["learning_rate"] * cores,
        weight_decay=config["weight_decay"],
        momentum=config["momentum"],
        bn_groups=cores,
        stem_filters=config["stem_filter_size"],
        num_stacks=config["num_stacks"],
        cells_per_stack=config["num_modules_per_stack"],
        num_classes=config["num_labels"],
    )
