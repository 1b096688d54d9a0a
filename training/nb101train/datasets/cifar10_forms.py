"""The two forms in which CIFAR-10 is published: its files, their digests, and how they are read."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_IMAGE_SIZE = 32
PIXEL_BYTES = 3 * _IMAGE_SIZE**2  # Red, green and blue have a plane each.
_NAMES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")


@dataclass(frozen=True)
class BatchFile:
    """One file of images, with its published size and digest.

    Attributes:
        name: the file's name.
        num_bytes: its size.
        md5: its published MD5; None for the binary files, for which none is published.
    """

    name: str
    num_bytes: int
    md5: str | None = None


@dataclass(frozen=True)
class Form:
    """One of the two forms in which CIFAR-10 is published.

    Attributes:
        archive, num_bytes, sha256: the name, the size and the SHA-256 of the archive.
        folder: the folder that the archive holds.
        batches: five files for training, then one for the test.
        images_per_batch: how many images each file has.
        decode: turns the bytes of a file into (N,) labels and (N, 3072) pixels.
    """

    archive: str
    num_bytes: int
    sha256: str
    folder: str
    batches: tuple[BatchFile, ...]
    images_per_batch: int
    decode: Callable[[bytes], tuple[Array, Array]]


def _binary_records(data: bytes) -> tuple[Array, Array]:
    records = np.frombuffer(data, np.uint8).reshape(-1, 1 + PIXEL_BYTES)
    return records[:, 0], records[:, 1:]


def _pickled_batch(data: bytes) -> tuple[Array, Array]:
    batch = _BatchUnpickler(io.BytesIO(data), encoding="bytes").load()
    _version, shape, dtype, is_fortran, content = batch[b"data"].state
    if dtype.arguments[0] != b"u1":
        raise ValueError(f"the pixels have dtype {dtype.arguments[0]!r}, not b'u1'")
    pixels = np.ndarray(shape, np.uint8, content, order="F" if is_fortran else "C")
    return np.asarray(batch[b"labels"]), pixels


class _ArrayPart:
    """Stands for an array or dtype of a pickle, so that the pickle can't call NumPy's code."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.state = state


class _BatchUnpickler(pickle.Unpickler):
    """Reads one array among plain values, and refuses everything else."""

    _ARRAY_PARTS = frozenset(
        [("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")]
    )

    def find_class(self, module: str, name: str) -> type[_ArrayPart]:
        if (module, name) not in self._ARRAY_PARTS:
            raise pickle.UnpicklingError(f"it calls {module}.{name}, but may hold only an array")
        return _ArrayPart


BINARY = Form(
    archive="cifar-10-binary.tar.gz",
    num_bytes=170_052_171,
    sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    folder="cifar-10-batches-bin",
    batches=tuple(BatchFile(f"{name}.bin", 30_730_000) for name in _NAMES),
    images_per_batch=10_000,
    decode=_binary_records,
)

PYTHON = Form(
    archive="cifar-10-python.tar.gz",
    num_bytes=170_498_071,
    sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    folder="cifar-10-batches-py",
    batches=(
        BatchFile("data_batch_1", 31_035_704, "c99cafc152244af753f735de768cd75f"),
        BatchFile("data_batch_2", 31_035_320, "d4bba439e000b95fd0a9bffe97cbabec"),
        BatchFile("data_batch_3", 31_035_999, "54ebc095f3ab1f0389bbae665268c751"),
        BatchFile("data_batch_4", 31_035_696, "634d18415352ddfa80567beed471001a"),
        BatchFile("data_batch_5", 31_035_623, "482c414d41f54cd18b22e5b47cb7c3cb"),
        BatchFile("test_batch", 31_035_526, "40351d587109b95175f43aff81a1287e"),
    ),
    images_per_batch=10_000,
    decode=_pickled_batch,
)

FORMS = (BINARY, PYTHON)  # If a folder has both, the form without pickles is read.


def images_of_planes(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(N, 3072) bytes, a plane of each colour after another, as images (N, 32, 32, 3)."""
    planes = pixels.reshape(-1, 3, _IMAGE_SIZE, _IMAGE_SIZE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
