"""CIFAR-10 from the files of its publisher, https://www.cs.toronto.edu/~kriz/cifar.html.

The publisher offers the images in two forms, as binary files and as pickles of Python. Each form is
read from its archive or from the folder that the archive holds. Both give the same `Dataset`, with
the images in the order of the files.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from nb101fast import FormatError

from .cifar10_forms import FORMS, PIXEL_BYTES, Array, BatchFile, Form, images_of_planes
from .dataset import Dataset, Split, check_labels

_NUM_CLASSES = 10
_EVALUATION_BATCH = 256  # The official code evaluates in batches of the training's size.
_CACHED_FOLDER = "cifar-10-batches-*"  # In Keras's cache, a folder of this name holds another one.


def load_cifar10(path: Path, forms: Sequence[Form] = FORMS) -> Dataset:
    """Load CIFAR-10 as NAS-Bench-101 splits it.

    40,000 images are for training, 10,000 for validation and 10,000 for the test. The fifth of the
    publisher's training files is the validation split. Nothing is written to disk.

    Args:
        path: an archive, the folder that an archive holds, or a folder with one of these in it,
            such as Keras's cache. The form is recognised by the names and sizes of the files.
        forms: the forms that are accepted.

    Raises:
        FileNotFoundError: there is no CIFAR-10 at the path.
        FormatError: a file is not the published one. The message names the file, and says what was
            found and what was expected.
    """
    place, form = _located(path, forms)
    files = _archived_files if place.is_file() else _folder_files
    batches = {batch: _split(where, data, batch, form) for batch, where, data in files(place, form)}
    if missing := [batch.name for batch in form.batches if batch not in batches]:
        raise FormatError(f"{place} lacks {', '.join(missing)}; use the whole CIFAR-10")
    *training, validation, test = (batches[batch] for batch in form.batches)
    return official_splits(training, validation, test)


def official_splits(
    training: Sequence[Split], validation: Split, test: Split, num_classes: int = _NUM_CLASSES
) -> Dataset:
    """The data set with the official settings of CIFAR-10.

    Args:
        training: the parts of the training images. The train accuracy is measured on the first.
        validation, test: the other splits.
        num_classes: labels are 0 to `num_classes - 1`.

    Source: `nasbench/lib/cifar.py`.
    """
    train = Split(
        np.concatenate([split.images for split in training]),
        np.concatenate([split.labels for split in training]),
    )
    train_sample = len(training[0].labels)
    return Dataset(
        name="cifar10",
        train=train,
        validation=validation,
        test=test,
        num_classes=num_classes,
        mean=(125.31, 122.95, 113.87),
        deviation=(62.99, 62.09, 66.70),
        padding=4,
        flip=True,
        train_sample=train_sample,
        evaluation_batch=min(
            _EVALUATION_BATCH, train_sample, len(validation.labels), len(test.labels)
        ),
    )


def keras_cache() -> Path:
    """The folder in which Keras keeps its data sets: `datasets` in $KERAS_HOME or `~/.keras`."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets"


def _located(path: Path, forms: Sequence[Form]) -> tuple[Path, Form]:
    """Find the archive or the folder of batches at a path or just below it, and its form."""
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
    fault = "has no CIFAR-10" if path.exists() else "does not exist"
    raise FileNotFoundError(
        f"{path} {fault}; use cifar10:PATH, where PATH is {names}, or a folder with the "
        "files of one"
    )


def _form_of_archive(path: Path, forms: Sequence[Form]) -> Form:
    size = path.stat().st_size
    for form in forms:
        if form.num_bytes == size:
            return form
    allowed = " or ".join(f"{form.archive} of {form.num_bytes:,} bytes" for form in forms)
    raise FormatError(
        f"{path} has {size:,} bytes, so it is not an archive of CIFAR-10; use {allowed}"
    )


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
            f"{path} is not the published {form.archive}: its SHA-256 is {found}, not "
            f"{form.sha256}; download it again"
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
                    assert file is not None  # The member is a plain file.
                    yield batches[name], where, file.read()
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise FormatError(f"{path} is damaged: {error}; download it again") from None


def _name_in_folder(path: Path, member: tarfile.TarInfo, folder: str) -> str:
    """The path of a member in the archive's only folder. A link or a path outside is refused."""
    top, *below = PurePosixPath(member.name).parts or ("",)
    if top != folder or ".." in below or not (member.isreg() or member.isdir()):
        raise FormatError(
            f"{path} holds {member.name!r}, which is not a file or folder in {folder}; "
            "download the official archive again"
        )
    return "/".join(below) if member.isreg() else ""


def _check_size(where: str, size: int, batch: BatchFile) -> None:
    if size != batch.num_bytes:
        raise FormatError(
            f"{where} has {size:,} bytes, not {batch.num_bytes:,}; download CIFAR-10 again"
        )


def _split(where: str, data: bytes, batch: BatchFile, form: Form) -> Split:
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if batch.md5 not in (None, found):
        raise FormatError(f"{where}: its MD5 is {found}, not {batch.md5}; download CIFAR-10 again")
    try:
        labels, pixels = form.decode(data)
    except Exception as error:  # A damaged pickle can raise any exception.
        raise FormatError(f"{where} is not a batch of CIFAR-10: {error}") from None
    _check_batch(where, labels, pixels, form.images_per_batch)
    return Split(images_of_planes(pixels), labels.astype(np.int32))


def _check_batch(where: str, labels: Array, pixels: Array, count: int) -> None:
    if labels.shape != (count,) or pixels.shape != (count, PIXEL_BYTES):
        raise FormatError(
            f"{where}: the labels have shape {labels.shape} and the pixels {pixels.shape}, but "
            f"({count},) and ({count}, {PIXEL_BYTES}) are expected"
        )
    if labels.dtype.kind not in "iu":
        raise FormatError(f"{where}: the labels have dtype {labels.dtype}, not integers")
    check_labels(where, labels, _NUM_CLASSES)
