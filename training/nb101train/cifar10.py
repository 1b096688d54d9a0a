"""CIFAR-10 in the order of its files: https://www.cs.toronto.edu/~kriz/cifar.html.

The publisher's files are one of two forms, binary or Python's pickle; each as its archive or as the
folder that the archive holds. Both give the same `Dataset`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import pickle
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from nb101fast import FormatError

from .dataset import Dataset, Split

Array = npt.NDArray[Any]

_NUM_CLASSES = 10
_IMAGE_SIZE = 32
_PIXEL_BYTES = 3 * _IMAGE_SIZE**2  # a plane of red, one of green, one of blue
_NAMES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
_CACHED_FOLDER = "cifar-10-batches-*"  # in Keras's cache it stands in another of such a name


@dataclass(frozen=True)
class BatchFile:
    """One file of images, and what is known of it."""

    name: str
    num_bytes: int
    md5: str | None = None  # none is published of the binary files; the archive's SHA-256 is


@dataclass(frozen=True)
class Form:
    """One of the two forms in which CIFAR-10 is published."""

    archive: str
    num_bytes: int  # of the archive
    sha256: str
    folder: str  # in the archive
    batches: tuple[BatchFile, ...]  # five of training, one of test
    images_per_batch: int
    decode: Callable[[bytes], tuple[Array, Array]]  # (N,) labels and (N, 3072) pixels


def _binary_records(data: bytes) -> tuple[Array, Array]:
    records = np.frombuffer(data, np.uint8).reshape(-1, 1 + _PIXEL_BYTES)
    return records[:, 0], records[:, 1:]


def _pickled_batch(data: bytes) -> tuple[Array, Array]:
    batch = _BatchUnpickler(io.BytesIO(data), encoding="bytes").load()
    _version, shape, dtype, is_fortran, content = batch[b"data"].state
    if dtype.arguments[0] != b"u1":
        raise ValueError(f"pixels of dtype {dtype.arguments[0]!r}; b'u1' is allowed")
    pixels = np.ndarray(shape, np.uint8, content, order="F" if is_fortran else "C")
    return np.asarray(batch[b"labels"]), pixels


class _ArrayPart:
    """An array or dtype as a pickle describes it; NumPy's own code isn't run at a file's word."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.state = state


class _BatchUnpickler(pickle.Unpickler):
    """Reads one array among plain values, and refuses all else."""

    _ARRAY_PARTS = frozenset(
        [("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")]
    )

    def find_class(self, module: str, name: str) -> type[_ArrayPart]:
        if (module, name) not in self._ARRAY_PARTS:
            raise pickle.UnpicklingError(f"it calls {module}.{name}; only an array is allowed")
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
FORMS = (BINARY, PYTHON)  # the one without pickles first


def load_cifar10(path: Path, forms: Sequence[Form] = FORMS) -> Dataset:
    """CIFAR-10 as NAS-Bench-101 split it: 40,000 to train on, 10,000 of validation, 10,000 of test.

    `path` is an archive, the folder in it, or a folder that has one of these: Keras's cache, say.
    Which form it is tell the contents, not the name. Nothing is written.

    Raises:
        FileNotFoundError: no CIFAR-10 there.
        FormatError: a file that is not the published one: which, what was found and expected.
    """
    place, form = _located(path, forms)
    files = _archived_files if place.is_file() else _folder_files
    batches = {batch: _split(where, data, batch, form) for batch, where, data in files(place, form)}
    if missing := [batch.name for batch in form.batches if batch not in batches]:
        raise FormatError(f"{place}: {', '.join(missing)} missing")
    *training, validation, test = (batches[batch] for batch in form.batches)
    train = Split(
        np.concatenate([split.images for split in training]),
        np.concatenate([split.labels for split in training]),
    )
    return Dataset(
        name="cifar10",
        train=train,
        validation=validation,
        test=test,
        num_classes=_NUM_CLASSES,
        mean=(125.31, 122.95, 113.87),
        deviation=(62.99, 62.09, 66.70),
        padding=4,
        flip=True,
        train_sample=form.images_per_batch,
        evaluation_batch=256,
    )


def keras_cache() -> Path:
    """Where Keras keeps its data sets: `datasets` in $KERAS_HOME or in `~/.keras`."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets"


def _located(path: Path, forms: Sequence[Form]) -> tuple[Path, Form]:
    """The archive or the folder of batches at or a little below a path, and its form."""
    if path.is_file():
        return path, _form_of_archive(path, forms)
    deeper = (_CACHED_FOLDER, f"{_CACHED_FOLDER}/{_CACHED_FOLDER}")
    for folder in (path, *(found for pattern in deeper for found in sorted(path.glob(pattern)))):
        for form in forms:
            if any((folder / batch.name).is_file() for batch in form.batches):
                return folder, form
    sizes = {form.num_bytes: form for form in forms}
    for file in sorted(path.glob("*")):
        if file.is_file() and file.stat().st_size in sizes:
            return file, sizes[file.stat().st_size]
    names = " or ".join(form.archive for form in forms)
    raise FileNotFoundError(
        f"{path}: no CIFAR-10 there; cifar10:PATH takes {names}, or a folder with its batches"
    )


def _form_of_archive(path: Path, forms: Sequence[Form]) -> Form:
    size = path.stat().st_size
    for form in forms:
        if form.num_bytes == size:
            return form
    allowed = " and ".join(f"{form.num_bytes:,} ({form.archive})" for form in forms)
    raise FormatError(f"{path}: {size:,} bytes; {allowed} are allowed")


def _folder_files(folder: Path, form: Form) -> Iterator[tuple[BatchFile, str, bytes]]:
    for batch in form.batches:
        file = folder / batch.name
        if file.is_file():
            _check_size(str(file), file.stat().st_size, batch)
            yield batch, str(file), file.read_bytes()


def _archived_files(path: Path, form: Form) -> Iterator[tuple[BatchFile, str, bytes]]:
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != form.sha256:
        raise FormatError(
            f"{path}: not the published {form.archive}: expected SHA-256 {form.sha256}, "
            f"found {found}"
        )
    batches = {batch.name: batch for batch in form.batches}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            for member in archive:
                name = _name_in_folder(path, member, form.folder)
                if name in batches:
                    where = f"{path}: {member.name}"
                    _check_size(where, member.size, batches[name])
                    file = archive.extractfile(member)
                    assert file is not None  # not of a plain file
                    yield batches[name], where, file.read()
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise FormatError(f"{path}: damaged: {error}") from None


def _name_in_folder(path: Path, member: tarfile.TarInfo, folder: str) -> str:
    """A member's path in the archive's one folder; a link or a path elsewhere is refused."""
    top, *below = PurePosixPath(member.name).parts or ("",)
    if top != folder or ".." in below or not (member.isreg() or member.isdir()):
        raise FormatError(
            f"{path}: {member.name!r} in it; plain files and folders in {folder} are allowed"
        )
    return "/".join(below) if member.isreg() else ""


def _check_size(where: str, size: int, batch: BatchFile) -> None:
    if size != batch.num_bytes:
        raise FormatError(f"{where}: {size:,} bytes; {batch.num_bytes:,} are allowed")


def _split(where: str, data: bytes, batch: BatchFile, form: Form) -> Split:
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if batch.md5 not in (None, found):
        raise FormatError(f"{where}: expected MD5 {batch.md5}, found {found}")
    try:
        labels, pixels = form.decode(data)
    except Exception as error:  # a pickle can fail with any
        raise FormatError(f"{where}: not a batch of CIFAR-10: {error}") from None
    _check_batch(where, labels, pixels, form.images_per_batch)
    planes = pixels.reshape(-1, 3, _IMAGE_SIZE, _IMAGE_SIZE)
    images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    return Split(images, labels.astype(np.int32))


def _check_batch(where: str, labels: Array, pixels: Array, count: int) -> None:
    if labels.shape != (count,) or pixels.shape != (count, _PIXEL_BYTES):
        raise FormatError(
            f"{where}: labels of shape {labels.shape} and pixels of {pixels.shape}; "
            f"({count},) and ({count}, {_PIXEL_BYTES}) are allowed"
        )
    if labels.dtype.kind not in "iu":
        raise FormatError(f"{where}: labels of dtype {labels.dtype}; integers are allowed")
    wrong = np.flatnonzero((labels < 0) | (labels >= _NUM_CLASSES))
    if wrong.size:
        raise FormatError(
            f"{where}: image {wrong[0]} has label {labels[wrong[0]]}; "
            f"0 to {_NUM_CLASSES - 1} are allowed"
        )
