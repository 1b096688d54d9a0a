"""Any labelled image set, read from an .npz file that `numpy.savez` wrote.

The file holds six arrays: `train_images` and `train_labels`, and the same for `validation` and
`test`. Images are uint8 of shape (N, S, S, 3), or grey of shape (N, S, S) or (N, S, S, 1). Labels
are integers from 0, and each class has at least one training image.

The file may also hold settings, if their defaults don't fit:

- `mean` and `deviation`: one value, or one for each channel. The default is computed from the
  training images.
- `padding`: the zeros on each side of a training image. The default is an eighth of its size.
- `flip`: 1 if training images may be flipped left to right, else 0, the default.
- `train_sample`: the number of training images on which the train accuracy is measured. The default
  is the number of validation images.
- `evaluation_batch`: the size of a batch in evaluations. The default is 256, or the number of
  images that are evaluated of the smallest split if that is less.

Example:
    >>> np.savez("images.npz", train_images=images, train_labels=labels, ...)
    >>> load_dataset("npz:images.npz")
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nb101fast import FormatError
from nb101fast.regular_file import open_regular

from .dataset import Channels, Dataset, Images, Labels, Split, channel_statistics, in_colour

Array = npt.NDArray[Any]

_SPLITS = ("train", "validation", "test")
ARRAYS = tuple(f"{split}_{what}" for split in _SPLITS for what in ("images", "labels"))
SETTINGS = ("mean", "deviation", "padding", "flip", "train_sample", "evaluation_batch")

_MAGIC = b"PK\x03\x04"
_EVALUATION_BATCH = 256
_MAX_CLASSES = 2**31  # Labels are int32.


def load_npz(path: Path) -> Dataset:
    """Load the image set in an .npz file.

    Raises:
        FileNotFoundError: there is no such file.
        FormatError: the file is damaged, or an array is not as the module's text says. The message
            names the array and says what is allowed.
    """
    arrays = _read(path)
    try:
        return _dataset(arrays)
    except ValueError as error:
        raise FormatError(f"{path}: {error}") from None


def _read(path: Path) -> dict[str, Array]:
    with open(path, "rb", opener=open_regular) as stream:  # np.load would leave a broken file open.
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise FormatError(f"{path} is not an .npz file; write one with numpy.savez")
        stream.seek(0)
        try:
            with np.load(stream, allow_pickle=False) as archive:
                _check_names(archive.files)
                return {name: np.asarray(archive[name]) for name in archive.files}
        except Exception as error:  # zipfile, zlib and NumPy raise many kinds.
            raise FormatError(f"{path}: {error}") from None


def _check_names(names: list[str]) -> None:
    for name in names:
        if name not in ARRAYS + SETTINGS:
            raise ValueError(f"array {name!r} is not allowed; use {', '.join(ARRAYS + SETTINGS)}")
    if missing := [name for name in ARRAYS if name not in names]:
        raise ValueError(f"{', '.join(missing)} missing; give {', '.join(ARRAYS)}")


def _dataset(arrays: dict[str, Array]) -> Dataset:
    train, validation, test = (_split(arrays, name) for name in _SPLITS)
    size, num_classes = train.images.shape[1], _num_classes(train.labels)
    _check_like_train("validation", validation, size, num_classes)
    _check_like_train("test", test, size, num_classes)

    num_train, num_validation = len(train.labels), len(validation.labels)
    default = min(num_train, num_validation)
    train_sample = _whole_number(arrays, "train_sample", default, 1, num_train)
    smallest = min(train_sample, num_validation, len(test.labels))
    default = min(_EVALUATION_BATCH, smallest)
    evaluation_batch = _whole_number(arrays, "evaluation_batch", default, 1, smallest)

    mean, deviation = channel_statistics(train.images)
    deviation = _channels(arrays, "deviation", deviation)
    if min(deviation) <= 0:
        raise ValueError(f"deviation={deviation} is not allowed; use numbers above 0")
    return Dataset(
        name="npz",
        train=train,
        validation=validation,
        test=test,
        num_classes=num_classes,
        mean=_channels(arrays, "mean", mean),
        deviation=deviation,
        padding=_whole_number(arrays, "padding", size // 8, 0, size),
        flip=bool(_whole_number(arrays, "flip", 0, 0, 1)),
        train_sample=train_sample,
        evaluation_batch=evaluation_batch,
    )


def _split(arrays: dict[str, Array], name: str) -> Split:
    images = _images(f"{name}_images", arrays[f"{name}_images"])
    return Split(images, _labels(f"{name}_labels", arrays[f"{name}_labels"], len(images)))


def _images(name: str, images: Array) -> Images:
    if images.dtype != np.uint8:
        raise ValueError(f"{name} has dtype {images.dtype}, which is not allowed; use uint8")
    shape = images.shape
    is_square = len(shape) in (3, 4) and shape[1] == shape[2] and 0 not in shape
    if not is_square or shape[3:] not in ((), (1,), (3,)):
        raise ValueError(
            f"{name} has shape {shape}, which is not allowed; use (N, S, S), (N, S, S, 1) or "
            "(N, S, S, 3)"
        )
    return images if shape[3:] == (3,) else in_colour(images)


def _labels(name: str, labels: Array, num_images: int) -> Labels:
    if labels.dtype.kind not in "iu":
        raise ValueError(f"{name} has dtype {labels.dtype}, which is not allowed; use integers")
    if labels.shape != (num_images,):
        raise ValueError(
            f"{name} has shape {labels.shape}; use ({num_images},), one label for each image"
        )
    _check_range(name, labels, _MAX_CLASSES)
    return labels.astype(np.int32)


def _check_range(name: str, labels: Array, num_classes: int) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if wrong.size:
        raise ValueError(
            f"{name}[{wrong[0]}]={labels[wrong[0]]} is not allowed; use 0 to {num_classes - 1}"
        )


def _num_classes(train_labels: Labels) -> int:
    classes = np.unique(train_labels)
    absent = np.flatnonzero(classes != np.arange(len(classes)))
    if absent.size:
        raise ValueError(
            f"train_labels has no {absent[0]}; give each class from 0 to {classes[-1]} an image"
        )
    return len(classes)


def _check_like_train(name: str, split: Split, size: int, num_classes: int) -> None:
    found = split.images.shape[1]
    if found != size:
        raise ValueError(
            f"{name}_images have {found}x{found} pixels; use {size}x{size}, as train_images have"
        )
    _check_range(f"{name}_labels", split.labels, num_classes)


def _whole_number(arrays: dict[str, Array], name: str, default: int, least: int, most: int) -> int:
    value = arrays.get(name, np.asarray(default))
    if value.shape != () or value.dtype.kind not in "biu" or not least <= int(value) <= most:
        raise ValueError(f"{name}={value.tolist()!r} is not allowed; use {least} to {most}")
    return int(value)


def _channels(arrays: dict[str, Array], name: str, default: Channels) -> Channels:
    value = arrays.get(name, np.asarray(default))
    if (
        value.shape not in ((), (3,))
        or value.dtype.kind not in "iuf"
        or not np.isfinite(value).all()
    ):
        raise ValueError(
            f"{name}={value.tolist()!r} is not allowed; use one or three finite numbers"
        )
    red, green, blue = (float(number) for number in np.broadcast_to(value, 3))
    return red, green, blue
