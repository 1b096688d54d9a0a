"""A run that is not finished, saved in one file from which it is resumed.

The file holds 32 bytes of SHA-256, then the .npz archive whose digest they are.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from typing import Any

import numpy as np

from nb101fast import FormatError
from nb101fast.regular_file import open_regular
from nb101fast.whole_file import write_whole

from .trainer import Trainer

Notes = dict[str, Any]  # A run saves these values of JSON beside the training state.

_DIGEST_BYTES = 32


def save(path: str | os.PathLike[str], trainer: Trainer, notes: Notes) -> None:
    """Write the training state and the run's notes. The file appears only when it is complete."""
    arrays: dict[str, Any] = {
        f"state_{n}": np.asarray(variable) for n, variable in enumerate(trainer.state())
    }
    buffer = io.BytesIO()
    np.savez(buffer, notes=json.dumps({**notes, "steps_done": trainer.steps_done}), **arrays)
    archive = buffer.getvalue()
    write_whole(path, hashlib.sha256(archive).digest(), archive, follows_links=False)


def restore(path: str | os.PathLike[str], trainer: Trainer) -> Notes | None:
    """Read a training state back into a trainer.

    Returns:
        The run's notes, or None if there is no file.

    Raises:
        FormatError: the file is damaged, or it was written for another network.
    """
    try:
        with open(path, "rb", opener=open_regular) as file:
            digest, content = file.read(_DIGEST_BYTES), file.read()
    except FileNotFoundError:
        return None
    if hashlib.sha256(content).digest() != digest:
        raise FormatError(f"{os.fspath(path)} is damaged; remove it to start the run again")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        notes: Notes = json.loads(str(archive["notes"]))
        arrays = [archive[f"state_{n}"] for n in range(len(archive.files) - 1)]
    variables = trainer.state()
    if [array.shape for array in arrays] != [tuple(v.shape) for v in variables]:
        raise FormatError(f"{os.fspath(path)} is a checkpoint of another network; remove it")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    trainer.steps_done = notes.pop("steps_done")
    return notes
