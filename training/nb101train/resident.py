"""Images that stay on the device, where batches are gathered, cropped, flipped and normalised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from .config import TrainConfig
from .datasets import Dataset, Split

MAX_PIXELS = 2**31 - 1  # An int32 can count so many pixels.


class ResidentImages:
    """A split on the device, stored as one row of three bytes for each pixel.

    Args:
        split: images (N, S, S, 3) uint8 and labels (N,).
        dataset: its mean and deviation normalise the images.
        padding: the number of zeros on each side of an image; a crop may reach into them.

    Raises:
        ValueError: the padded images have more pixels than an int32 can count.
    """

    def __init__(self, split: Split, dataset: Dataset, padding: int = 0) -> None:
        self.num_images, self.size = split.images.shape[:2]
        self.padding = padding
        self._side = self.size + 2 * padding
        pixels = self.num_images * self._side**2
        if pixels > MAX_PIXELS:
            raise ValueError(
                f"{self.num_images} images of {self._side}x{self._side} with padding have {pixels} "
                f"pixels, which is not allowed; use at most {MAX_PIXELS} pixels"
            )
        around = ((0, 0), (padding, padding), (padding, padding), (0, 0))
        padded = np.pad(split.images, around).reshape(pixels, 3)
        self._pixels = tf.Variable(padded, trainable=False, name="pixels")
        self._labels = tf.Variable(split.labels, trainable=False, name="labels")
        # One number for each value of a row of pixels, since to broadcast three numbers over the
        # channels takes twice as long.
        scale = 1 / np.array(dataset.deviation)
        self._scale = np.tile(scale, self.size).astype(np.float32)
        self._shift = np.tile(-np.array(dataset.mean) * scale, self.size).astype(np.float32)

    def batch(self, draws: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The images and labels that are drawn.

        Args:
            draws: (B, 4) int32, as a `Sampler` makes them.

        Returns:
            Normalised images (B, S, S, 3) float32, and labels (B,) int32.
        """
        number, top, left, flip = (field[:, None] for field in tf.unstack(draws, axis=1))
        span = tf.range(self.size)
        rows = number * self._side + top + span
        columns = left + tf.where(flip > 0, self.size - 1 - span, span)
        pixels = rows[:, :, None] * self._side + columns[:, None, :]
        bytes_ = tf.reshape(tf.gather(self._pixels, pixels), [-1, self.size * 3])
        values = tf.cast(bytes_, tf.float32) * self._scale + self._shift
        images = tf.reshape(values, [-1, self.size, self.size, 3])
        return images, tf.gather(self._labels, draws[:, 0])

    def whole(self, numbers: tf.Tensor) -> tf.Tensor:
        """The draws (B, 4) of the images of these numbers (B,), without a crop or a flip."""
        middle = tf.fill(tf.shape(numbers), self.padding)
        return tf.stack([numbers, middle, middle, tf.zeros_like(numbers)], axis=1)


class ResidentDataset:
    """A data set on the device, where all cells are trained on it.

    The images that are evaluated lie there as one split, so that one program evaluates all.

    Args:
        dataset: the data set.
        strategy: the devices; None for TensorFlow's present strategy.

    Raises:
        ValueError: a split has no whole batch to evaluate.
    """

    def __init__(self, dataset: Dataset, strategy: tf.distribute.Strategy | None = None) -> None:
        self.dataset = dataset
        if not all(len(part.labels) for part in self._evaluated_parts()):
            raise ValueError(
                f"evaluation_batch={dataset.evaluation_batch} is not allowed; use at most as many "
                "as there are images of the training sample, of the validation and of the test"
            )
        with (strategy or tf.distribute.get_strategy()).scope():
            self.train = ResidentImages(dataset.train, dataset, dataset.padding)
            self.evaluation = ResidentImages(_joined(self._evaluated_parts()), dataset)

    def config(self, config: TrainConfig) -> TrainConfig:
        """The settings, with the sizes of this data set."""
        return replace(config, **self.dataset.sizes)

    def accuracies(self, correct: npt.NDArray[np.int32]) -> list[float]:
        """Train, validation and test accuracy, each float32(k / n).

        Args:
            correct: how many images of each evaluated batch are classified correctly.
        """
        size = self.dataset.evaluation_batch
        batches = [len(part.labels) // size for part in self._evaluated_parts()]
        parts = np.split(correct, np.cumsum(batches)[:-1])
        return [float(np.float32(part.sum() / (size * len(part)))) for part in parts]

    def _evaluated_parts(self) -> list[Split]:
        """The whole batches of the training sample, the validation and the test images."""
        dataset = self.dataset
        sample = min(dataset.train_sample, len(dataset.train.labels))
        splits = [_first(dataset.train, sample), dataset.validation, dataset.test]
        return [_first(split, dataset.num_evaluated(len(split.labels))) for split in splits]


def _first(split: Split, count: int) -> Split:
    return Split(split.images[:count], split.labels[:count])


def _joined(splits: list[Split]) -> Split:
    images, labels = zip(*((split.images, split.labels) for split in splits), strict=True)
    return Split(np.concatenate(images), np.concatenate(labels))
