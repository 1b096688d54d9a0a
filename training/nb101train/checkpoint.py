"""A run that is not finished, saved in one file from which it is resumed.

The file holds 32 bytes of SHA-256, then the .npz archive whose digest they are.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from nb101fast import FormatError
from nb101fast._core import visible
from nb101fast.regular_file import open_regular
from nb101fast.schema import Integer, Kind, Record, parse
from nb101fast.whole_file import write_whole

from .trainer import Trainer

Notes = dict[str, Any]  # A run saves these values of JSON beside the training state.
Arrays = list[np.ndarray[Any, Any]]

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


def restore(
    path: str | os.PathLike[str], trainer: Trainer, kinds: Mapping[str, Kind]
) -> Notes | None:
    """Read a training state back into a trainer.

    Args:
        path: a file that `save` wrote.
        trainer: the trainer whose state is replaced.
        kinds: the kind of each note, by its key.

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
    text, arrays = _contents(path, content)
    notes: Notes = parse(
        f"{os.fspath(path)}: its notes", text, Record({**kinds, "steps_done": Integer()})
    )
    variables = trainer.state()
    there = [(array.shape, array.dtype) for array in arrays]
    if there != [(tuple(v.shape), np.dtype(v.dtype.as_numpy_dtype)) for v in variables]:
        raise FormatError(f"{os.fspath(path)} is a checkpoint of another network; remove it")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    trainer.steps_done = notes.pop("steps_done")
    return notes


def _contents(path: str | os.PathLike[str], content: bytes) -> tuple[bytes, Arrays]:
    """The notes as JSON, and the arrays of the training state."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            text = str(archive["notes"]).encode()
            return text, [archive[f"state_{n}"] for n in range(len(archive.files) - 1)]
    except (ValueError, TypeError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise FormatError(
            f"{os.fspath(path)} is not a checkpoint: {visible(str(error))}; remove it to start the "
            "run again"
        ) from None
