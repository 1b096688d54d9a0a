"""Every public function of the harness with good arguments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import nb101train
from made_up import small_set
from nb101fast import api
from nb101fast.locations import BUILT_IN
from nb101train import DIGITS, CellTrainer, RunOptions, TrainConfig, Trainer, load_dataset
from nb101train.architectures import Architecture
from nb101train.resident import ResidentDataset
from nb101train.strategy import find_strategy
from reference.wrong_arguments import Calls, settings_of

MATRIX = ((0, 1), (0, 0))
OPS = ("input", "output")
SHARD = Path(__file__).resolve().parents[2] / "training/nb101_digits/shard-00000-of-00001.tfrecord"
# Classes whose objects the harness makes.
NOT_CALLED = {
    "Dataset": "what load_dataset returns",
    "RunResult": "a result",
    "ShardRuns": "a result",
    "StageResult": "a result",
    "TrainingError": "an exception",
    "Trainer.count_correct": "its images are made by ResidentDataset",
    "Trainer.train": "its images and draws are made by ResidentDataset and Sampler",
}
SETTINGS = replace(
    DIGITS, epochs=1, batch_size=2, stem_filters=2, num_stacks=1, num_classes=2, num_train_images=10
)
SMALL_OFFICIAL = {
    **{"train_epochs": 1, "batch_size": 2, "stem_filter_size": 2},
    **{"num_stacks": 1, "num_modules_per_stack": 1},
}


def calls() -> Calls:
    """Each public function with good values of all its arguments."""
    named = f"npz:{small_set(Path())}"
    cell: dict[str, Any] = {"matrix": MATRIX, "ops": OPS}
    strategy = find_strategy("cpu")
    data = ResidentDataset(load_dataset(named), strategy)
    trainer = Trainer(**cell, config=SETTINGS, strategy=strategy)
    runs = CellTrainer(**cell, config=SETTINGS, data=data)
    nasbench = api.NASBench(BUILT_IN)
    nasbench.config.update(SMALL_OFFICIAL)
    images, labels = np.zeros((2, 8, 8, 3), np.float32), np.array([0, 1])
    shared = {"dataset": named, "seed": 1, "device": "cpu", "progress": None}
    return {
        "TrainConfig": (TrainConfig, settings_of(TrainConfig)),
        "TrainConfig.on_cores": (SETTINGS.on_cores, {"cores": 1}),
        "RunOptions": (RunOptions, settings_of(RunOptions)),
        "load_dataset": (load_dataset, {"text": named}),
        "read_runs": (nb101train.read_runs, {"path": SHARD}),
        "read_results": (
            lambda **given: next(nb101train.read_results(**given)),
            {"path": SHARD},
        ),
        "evaluate": (
            nb101train.evaluate,
            {**cell, **shared, "model_dir": "a", "config": SETTINGS, "epochs": 1, "repeat": 0}
            | {"options": RunOptions()},
        ),
        "augment": (
            nb101train.augment,
            {**shared, "architecture": Architecture(MATRIX, OPS, 2, 1), "model_dir": "b"}
            | {"config": SETTINGS, "epochs_per_test": 1},
        ),
        "CellTrainer": (
            CellTrainer,
            {**cell, "config": SETTINGS, "data": data, "strategy": strategy, "seed": 1},
        ),
        "CellTrainer.attempt_seed": (
            runs.attempt_seed,
            {"epochs": 1, "repeat": 0, "attempt": 0},
        ),
        "CellTrainer.compile": (runs.compile, {}),
        "CellTrainer.evaluate": (runs.evaluate, {}),
        "CellTrainer.run": (
            runs.run,
            {"epochs": 1, "repeat": 0, "options": RunOptions(), "progress": None},
        ),
        "Trainer": (
            Trainer,
            {**cell, "config": SETTINGS, "strategy": strategy, "jit_compile": False},
        ),
        **{
            f"Trainer.{name}": (getattr(trainer, name), {})
            for name in ("momenta", "moving_statistics", "slots", "state", "variables")
        },
        "Trainer.logits": (trainer.logits, {"images": images}),
        "Trainer.reset": (trainer.reset, {"seed": 1}),
        "Trainer.step": (trainer.step, {"images": images, "labels": labels}),
        "NASBench.evaluate": (
            nasbench.evaluate,
            {"model_spec": api.ModelSpec(MATRIX, OPS), "model_dir": "c", "dataset": named}
            | {"device": "cpu"},
        ),
    }
