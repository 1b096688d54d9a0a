"""The folder that a trained model is written to: its weights, and what was measured."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from nb101fast.whole_file import write_whole

from .trainer import Trainer

WEIGHTS, METADATA = "weights.npz", "metadata.json"


def save_model(folder: str | os.PathLike[str], trainer: Trainer, metadata: dict[str, Any]) -> None:
    """Write `weights.npz` and `metadata.json`.

    Args:
        folder: made if it doesn't exist.
        trainer: its variables and moving statistics are written under their official names.
        metadata: what `metadata.json` shall hold.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    variables = [*trainer.variables(), *trainer.moving_statistics()]
    arrays: dict[str, Any] = {v.name.removesuffix(":0"): np.asarray(v) for v in variables}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_whole(place / WEIGHTS, buffer.getvalue(), follows_links=False)
    text = json.dumps(metadata, indent=2)
    write_whole(place / METADATA, text.encode(), follows_links=False)
