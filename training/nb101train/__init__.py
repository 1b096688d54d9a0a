"""Train any cell as NAS-Bench-101 did, one or a whole sweep of them.

>>> from nb101train import DIGITS, Trainer, evaluate
>>> result = evaluate(matrix, ops, dataset="digits", config=DIGITS, epochs=12)
>>> result.evaluations[-1].test_accuracy
0.955
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .config import DIGITS, TrainConfig
from .dataset import Dataset, load_dataset
from .record import Evaluation, RunResult
from .run_options import RunOptions

if TYPE_CHECKING:
    from .augmentation import augment
    from .evaluation import evaluate
    from .run import CellTrainer, TrainingError
    from .trainer import Trainer

__all__ = [
    "DIGITS",
    "CellTrainer",
    "Dataset",
    "Evaluation",
    "RunOptions",
    "RunResult",
    "TrainConfig",
    "Trainer",
    "TrainingError",
    "augment",
    "evaluate",
    "load_dataset",
]

# These import TensorFlow, which takes seconds.
_TRAINING = {
    "CellTrainer": "run",
    "Trainer": "trainer",
    "TrainingError": "run",
    "augment": "augmentation",
    "evaluate": "evaluation",
}


def __getattr__(name: str) -> Any:
    if name not in _TRAINING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .requirements import require_tensorflow

    require_tensorflow()
    return getattr(importlib.import_module(f"{__name__}.{_TRAINING[name]}"), name)
