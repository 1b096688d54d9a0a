"""A labelled image set: three splits, and the settings with which they are trained on."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nb101fast import FormatError

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int32]
Channels = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their classes, in the order in which they are evaluated.

    Attributes:
        images: (N, S, S, 3) uint8.
        labels: (N,) int32, from 0.
    """

    images: Images = field(repr=False)
    labels: Labels = field(repr=False)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three splits of an image set, and the settings of their training and evaluation.

    Attributes:
        name: "digits", "cifar10" or "npz".
        train, validation, test: the splits.
        num_classes: labels are 0 to `num_classes - 1`.
        mean, deviation: of each channel, on the scale of the images. Images are normalised by them.
        padding: the number of zeros on each side of a training image before it is normalised; a
            random crop may reach into them.
        flip: whether training images are flipped left to right at random.
        train_sample: the train accuracy is measured on this many of the first training images.
        evaluation_batch: images are evaluated in batches of this size, and only in whole batches.
        fingerprint: 16 hex digits that identify all of the above except the name. It is computed if
            it isn't given.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    num_classes: int
    mean: Channels
    deviation: Channels
    padding: int
    flip: bool
    train_sample: int
    evaluation_batch: int
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", self._computed_fingerprint())

    @property
    def sizes(self) -> dict[str, Any]:
        """The settings of `TrainConfig` that are sizes of the data set, by name."""
        return {
            "num_classes": self.num_classes,
            "image_size": self.image_size,
            "num_train_images": len(self.train.labels),
        }

    @property
    def image_size(self) -> int:
        """Height and width of an image, in pixels."""
        return int(self.train.images.shape[1])

    def num_evaluated(self, split_size: int) -> int:
        """How many of a split's first images fill whole batches, and so are evaluated.

        For CIFAR-10's test set of 10,000 images in batches of 256 this is 9,984.
        """
        return split_size // self.evaluation_batch * self.evaluation_batch

    def with_all_training_images(self) -> Dataset:
        """The same data set, but training uses the validation images too."""
        train = Split(
            np.concatenate([self.train.images, self.validation.images]),
            np.concatenate([self.train.labels, self.validation.labels]),
        )
        return replace(self, train=train, fingerprint="")

    def normalised(self, images: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Subtract the mean from (..., 3) values and divide by the deviation, in float32."""
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


def in_colour(grey: Images) -> Images:
    """Repeat the only channel of (N, S, S) or (N, S, S, 1) images: (N, S, S, 3)."""
    size = grey.shape[:3]
    return np.repeat(grey.reshape(*size, 1), 3, axis=3)


def channel_statistics(images: Images) -> tuple[Channels, Channels]:
    """Mean and deviation of each channel of (N, S, S, 3) images.

    The sums are computed in integers, so that the result is the same on every machine.
    """
    means, deviations = [], []
    for channel in np.moveaxis(images, 3, 0):
        total = int(channel.sum(dtype=np.int64))
        squares = int(np.square(channel, dtype=np.uint16).sum(dtype=np.int64))
        count = channel.size
        means.append(total / count)
        deviations.append(math.sqrt((count * squares - total * total) / (count * count)))
    return (means[0], means[1], means[2]), (deviations[0], deviations[1], deviations[2])


def check_labels(where: str, labels: npt.NDArray[Any], num_classes: int) -> None:
    """Raise FormatError for the first label that is not 0 to `num_classes - 1`."""
    wrong = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if wrong.size:
        raise FormatError(
            f"{where}: image {wrong[0]} has label {labels[wrong[0]]}, which is not allowed; "
            f"use 0 to {num_classes - 1}"
        )
