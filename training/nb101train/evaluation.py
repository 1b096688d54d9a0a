"""Trains and evaluates one cell in the way in which the official data set was made.

Source: `nasbench/lib/evaluate.py`, `train_and_evaluate`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from nb101fast.file_names import checked_name
from nb101fast.progress import Progress, told

from .config import OFFICIAL_DATASET, TrainConfig, checked_config
from .datasets import Dataset, load_dataset
from .datasets.cifar10_tfrecords import load_official_files
from .model_folder import save_model
from .record import RunResult
from .resident import ResidentDataset
from .run import CellTrainer, check_run
from .run_options import RunOptions, checked_options
from .seeds import check_seed
from .strategy import find_strategy

# Official settings that had this value in every run of the official data set.
_ONLY_VALUES = {
    "intermediate_evaluations": ["0.5"],
    "lr_decay_method": "COSINE_BY_STEP",
    "data_format": "channels_last",
}


def evaluate(
    matrix: npt.ArrayLike,
    ops: Sequence[str],
    model_dir: str | os.PathLike[str] | None = None,
    *,
    dataset: str | Dataset = OFFICIAL_DATASET,
    config: TrainConfig | None = None,
    epochs: int | None = None,
    repeat: int = 0,
    seed: int = 0,
    device: str = "auto",
    options: RunOptions | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Train one cell once, and evaluate it at the start, halfway and at the end.

    Args:
        matrix: (V, V) strictly upper triangular 0/1, with at most 32 vertices.
        ops: V operation names of the official map, between "input" and "output".
        model_dir: the folder for the weights and `metadata.json`. None writes nothing.
        dataset: a data set, or a text that `load_dataset` takes.
        config: the settings; None for the official ones.
        epochs: the budget, in place of the settings' own.
        repeat, seed: all random numbers follow from them.
        device: "auto", "cpu", "gpu" or "tpu", as `find_strategy` takes it.
        options: attempts, limits, checkpoints and summaries.
        progress: True for a bar, or a function that is called with the number of steps done and the
            number of steps in all.

    Raises:
        TrainingError: some values were not finite in each attempt.
        OutOfDomainError: nothing joins input and output.
        TypeError: an argument is of another class.
        ValueError: the cell, the data set or a setting is not allowed.
        FileNotFoundError: the data set is not there.
        RuntimeError: the device is not there.

    Example:
        >>> evaluate(matrix, ops, dataset="digits", config=DIGITS, epochs=12).evaluations[-1]
        StageResult(epochs=12.0, training_time=0.97, train_accuracy=0.9725, ...)
    """
    folder = None if model_dir is None else checked_name(model_dir)
    settings = checked_config(config)
    budget = settings.epochs if epochs is None else epochs
    check_run(budget, repeat)
    check_seed(seed)
    chosen = checked_options(options)
    strategy = find_strategy(device)
    with told(progress, "training") as phases:
        phases.begin("loading the images")
        loaded = dataset if isinstance(dataset, Dataset) else load_dataset(dataset)
        data = ResidentDataset(loaded, strategy)
        settings = settings.on_cores(strategy.num_replicas_in_sync)
        cell = CellTrainer(matrix, ops, settings, data, strategy=strategy, seed=seed)
        result = cell.run(budget, repeat, chosen, phases)
        if folder is not None:
            phases.begin("writing")
            save_model(folder, cell.trainer, _metadata(result, replace(cell.config, epochs=budget)))
    return result


def _metadata(result: RunResult, config: TrainConfig) -> dict[str, Any]:
    """The contents of the official `metadata.json`, without its metrics of sample images."""
    steps = (0, config.half_steps, config.total_steps)
    return {
        "trainable_params": result.trainable_parameters,
        "total_time": result.total_time,
        "evaluation_results": [
            {"training_steps": step, **vars(evaluation)}
            for step, evaluation in zip(steps, result.evaluations, strict=True)
        ],
    }


def evaluate_spec(
    spec: Any,
    config: Mapping[str, Any],
    model_dir: str,
    dataset: str | Dataset | None = None,
    device: str = "auto",
) -> RunResult:
    """Train and evaluate a ModelSpec as `nasbench.api.NASBench.evaluate` does.

    Args:
        spec: a valid ModelSpec.
        config: the official settings by their official names.
        model_dir: the folder for weights, `metadata.json` and summaries.
        dataset: as in `evaluate`. None takes the TFRecord files that `config` names as
            `train_data_files`, `valid_data_file` and `test_data_file`.
        device: as in `evaluate`.

    Raises:
        ValueError: `config` names no data files and `dataset` is None, or a setting is not allowed.
        Exception: what `evaluate` and `load_official_files` raise.

    Example:
        >>> evaluate_spec(spec, nasbench.config, "model", dataset="cifar10:cifar-10-batches-bin")
    """
    settings = from_official(config)
    options = RunOptions(
        max_attempts=config["max_attempts"],
        max_seconds=config["train_seconds"] if config["train_seconds"] > 0 else float("inf"),
        tensorboard_folder=model_dir,
    )
    return evaluate(
        spec.matrix,
        spec.ops,
        model_dir,
        dataset=load_official_files(config) if dataset is None else dataset,
        config=settings,
        device=device,
        options=options,
    )


def from_official(config: Mapping[str, Any]) -> TrainConfig:
    """The settings that an official configuration stands for.

    Raises:
        ValueError: the evaluations, the schedule or the data format are not those with which the
            runs of the official data set were made.
    """
    for name, allowed in _ONLY_VALUES.items():
        if config[name] != allowed:
            raise ValueError(f"config[{name!r}]={config[name]!r} is not allowed; use {allowed!r}")
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
