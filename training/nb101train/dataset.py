"""A labelled image set as the harness trains on it: three splits and how they are prepared."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int32]
Channels = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their classes, in the order in which they are evaluated."""

    images: Images = field(repr=False)  # (N, S, S, 3)
    labels: Labels = field(repr=False)  # (N,), from 0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three splits, and the settings with which they are trained and evaluated."""

    name: str  # "digits", "cifar10" or "npz"
    train: Split
    validation: Split
    test: Split
    num_classes: int
    mean: Channels  # of each channel, on the images' own values
    deviation: Channels
    padding: int  # zeros around a training image, before it is normalised, for a random crop
    flip: bool  # whether training images are flipped left to right at random
    train_sample: int  # train accuracy is measured on the first so many training images
    evaluation_batch: int  # only whole batches are evaluated
    fingerprint: str = ""  # 16 hex digits of all the above but the name; computed if not given

    def __post_init__(self) -> None:
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", self._computed_fingerprint())

    @property
    def image_size(self) -> int:
        """Height and width of an image, in pixels."""
        return int(self.train.images.shape[1])

    def num_evaluated(self, split_size: int) -> int:
        """How many of a split's first images are evaluated: those that fill whole batches.

        CIFAR-10's test set of 10,000 in batches of 256: 9,984.
        """
        return split_size // self.evaluation_batch * self.evaluation_batch

    def with_all_training_images(self) -> Dataset:
        """The same, also trained on the validation images, which are still evaluated."""
        train = Split(
            np.concatenate([self.train.images, self.validation.images]),
            np.concatenate([self.train.labels, self.validation.labels]),
        )
        return replace(self, train=train, fingerprint="")

    def normalised(self, images: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """(..., 3) values less the mean, over the deviation, in float32."""
        normalised = np.array(images, np.float32)
        normalised -= np.asarray(self.mean, np.float32)
        normalised /= np.asarray(self.deviation, np.float32)
        return normalised

    def _computed_fingerprint(self) -> str:
        settings = [self.num_classes, self.mean, self.deviation, self.padding, self.flip]
        digest = hashlib.sha256(
            json.dumps([*settings, self.train_sample, self.evaluation_batch]).encode()
        )
        for split in (self.train, self.validation, self.test):
            digest.update(repr(split.images.shape).encode())
            digest.update(np.ascontiguousarray(split.images).data)
            digest.update(np.ascontiguousarray(split.labels, "<i4").data)
        return digest.hexdigest()[:16]


def load_dataset(text: str) -> Dataset:
    """The data set that a text names, checked and in memory.

    `digits`: scikit-learn's digits, 1,797 of 8x8. `cifar10:PATH`: CIFAR-10 from an archive, its
    folder or a cache of Keras; without a path, from Keras's own cache. `npz:PATH`: see
    `image_archive`.

    Raises:
        ValueError: the text names none of these.
        FileNotFoundError: nothing at the path.
        FormatError: what is there is damaged or not what it should be.
        ImportError: the digits need scikit-learn.
    """
    # each of these makes a Dataset
    from .cifar10 import keras_cache, load_cifar10
    from .digits import load_digits
    from .image_archive import load_npz

    name, _, path = text.partition(":")
    if text == "digits":
        return load_digits()
    if name == "cifar10":
        return load_cifar10(Path(path).expanduser() if path else keras_cache())
    if name == "npz" and path:
        return load_npz(Path(path).expanduser())
    raise ValueError(f"data set {text!r}; digits, cifar10, cifar10:PATH and npz:PATH are allowed")


def in_colour(grey: Images) -> Images:
    """(N, S, S) or (N, S, S, 1) images with their only channel three times."""
    size = grey.shape[:3]
    return np.repeat(grey.reshape(*size, 1), 3, axis=3)


def channel_statistics(images: Images) -> tuple[Channels, Channels]:
    """Mean and deviation of each channel of (N, S, S, 3) images.

    The sums are whole numbers, so that the result is the same on every machine.
    """
    means, deviations = [], []
    for channel in np.moveaxis(images, 3, 0):
        total = int(channel.sum(dtype=np.int64))
        squares = int(np.square(channel, dtype=np.uint16).sum(dtype=np.int64))
        count = channel.size
        means.append(total / count)
        deviations.append(math.sqrt((count * squares - total * total) / (count * count)))
    return (means[0], means[1], means[2]), (deviations[0], deviations[1], deviations[2])
