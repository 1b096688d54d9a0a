"""The folder in which a trained model is left: its weights, and what was measured."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from .trainer import Trainer
from .whole_file import write_whole

WEIGHTS, METADATA = "weights.npz", "metadata.json"


def save_model(folder: str | os.PathLike[str], trainer: Trainer, metadata: dict[str, Any]) -> None:
    """Write `weights.npz`, arrays by the official variable names, and `metadata.json`."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    variables = [*trainer.variables(), *trainer.moving_statistics()]
    arrays: dict[str, Any] = {v.name.removesuffix(":0"): np.asarray(v) for v in variables}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_whole(place / WEIGHTS, buffer.getvalue())
    write_whole(place / METADATA, json.dumps(metadata, indent=2).encode())
