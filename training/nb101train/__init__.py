"""Train cells as NAS-Bench-101 did: one cell, or a sweep of many.

>>> from nb101train import DIGITS, Trainer, evaluate
>>> result = evaluate(matrix, ops, dataset="digits", config=DIGITS, epochs=12)
>>> result.evaluations[-1].test_accuracy
0.955
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .config import DIGITS, TrainConfig
from .datasets import Dataset, load_dataset
from .record import RunResult, StageResult, read_results
from .run_options import RunOptions
from .shard_runs import ShardRuns, read_runs
from .training_error import TrainingError

if TYPE_CHECKING:
    from .augmentation import augment
    from .evaluation import evaluate
    from .run import CellTrainer
    from .trainer import Trainer

__all__ = [
    "DIGITS",
    "CellTrainer",
    "Dataset",
    "RunOptions",
    "RunResult",
    "ShardRuns",
    "StageResult",
    "TrainConfig",
    "Trainer",
    "TrainingError",
    "augment",
    "evaluate",
    "load_dataset",
    "read_results",
    "read_runs",
]

# The modules of these names import TensorFlow, which takes seconds. They are loaded when used.
_TRAINING = {
    "CellTrainer": "run",
    "Trainer": "trainer",
    "augment": "augmentation",
    "evaluate": "evaluation",
}


def __getattr__(name: str) -> Any:
    if name not in _TRAINING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .tensorflow_start import load_tensorflow

    load_tensorflow()
    return getattr(importlib.import_module(f"{__name__}.{_TRAINING[name]}"), name)
