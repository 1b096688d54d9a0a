"""A run in the middle, as one file that is there whole or not at all.

The file is an .npz archive after its SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from typing import Any

import numpy as np

from nb101fast import FormatError

from .trainer import Trainer
from .whole_file import write_whole

Notes = dict[str, Any]  # of the run, as JSON has it

_DIGEST_BYTES = 32


def save(path: str | os.PathLike[str], trainer: Trainer, notes: Notes) -> None:
    """Write the training state and the run's notes."""
    arrays: dict[str, Any] = {
        f"state_{n}": np.asarray(variable) for n, variable in enumerate(trainer.state())
    }
    buffer = io.BytesIO()
    np.savez(buffer, notes=json.dumps({**notes, "steps_done": trainer.steps_done}), **arrays)
    archive = buffer.getvalue()
    write_whole(path, hashlib.sha256(archive).digest(), archive)


def restore(path: str | os.PathLike[str], trainer: Trainer) -> Notes | None:
    """Take the training state back; returns the run's notes, or None where there is no file.

    Raises:
        FormatError: a damaged file, or one of another network.
    """
    try:
        with open(path, "rb") as file:
            digest, content = file.read(_DIGEST_BYTES), file.read()
    except FileNotFoundError:
        return None
    if hashlib.sha256(content).digest() != digest:
        raise FormatError(f"{os.fspath(path)}: a damaged checkpoint")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        notes: Notes = json.loads(str(archive["notes"]))
        arrays = [archive[f"state_{n}"] for n in range(len(archive.files) - 1)]
    variables = trainer.state()
    if [array.shape for array in arrays] != [tuple(v.shape) for v in variables]:
        raise FormatError(f"{os.fspath(path)}: a checkpoint of another network")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    trainer.steps_done = notes.pop("steps_done")
    return notes
