"""Images that stay on the device, where batches are gathered, cropped, flipped and normalised."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from .dataset import Dataset, Split

MAX_PIXELS = 2**31 - 1  # that an int32 can count

# One row an image: its number, the crop's first row and column, whether to flip it.
Draws = npt.NDArray[np.int32]
DRAW_FIELDS = 4


class ResidentImages:
    """A split on the device, as one row of three bytes a pixel.

    Args:
        split: images (N, S, S, 3) uint8 and labels (N,).
        dataset: its normalisation.
        padding: zeros around each image, between which crops may lie.

    Raises:
        ValueError: more pixels than an int32 can count.
    """

    def __init__(self, split: Split, dataset: Dataset, padding: int = 0) -> None:
        self.num_images, self.size = split.images.shape[:2]
        self.padding = padding
        self._side = self.size + 2 * padding
        pixels = self.num_images * self._side**2
        if pixels > MAX_PIXELS:
            raise ValueError(f"{pixels} pixels with padding; {MAX_PIXELS} at most are allowed")
        around = ((0, 0), (padding, padding), (padding, padding), (0, 0))
        padded = np.pad(split.images, around).reshape(pixels, 3)
        self._pixels = tf.Variable(padded, trainable=False, name="pixels")
        self._labels = tf.Variable(split.labels, trainable=False, name="labels")
        # Over whole rows of pixels: broadcasting over three channels alone takes twice as long.
        scale = 1 / np.array(dataset.deviation)
        self._scale = np.tile(scale, self.size).astype(np.float32)
        self._shift = np.tile(-np.array(dataset.mean) * scale, self.size).astype(np.float32)

    def batch(self, draws: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Normalised images (B, S, S, 3) float32 and labels (B,) int32 of draws (B, 4)."""
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
        """Draws of whole images (B,) as they are."""
        middle = tf.fill(tf.shape(numbers), self.padding)
        return tf.stack([numbers, middle, middle, tf.zeros_like(numbers)], axis=1)


class Sampler:
    """The training images of a run in their random order, crops and flips.

    Every epoch is a full reshuffle, batches straddle epochs, and a step's images depend on the
    seed and the step alone, so that a run can be resumed anywhere.

    Source: `nasbench/lib/cifar.py`.
    """

    def __init__(self, dataset: Dataset, batch_size: int, seed: int) -> None:
        self._num_images = len(dataset.train.labels)
        self._offsets = 2 * dataset.padding + 1
        self._flips = 2 if dataset.flip else 1
        self._batch_size = batch_size
        self._seed = seed
        self._epoch: tuple[int, Draws] | None = None

    def draws(self, first_step: int, steps: int) -> Draws:
        """Draws (steps, B, 4) int32 of so many steps."""
        begin, end = first_step * self._batch_size, (first_step + steps) * self._batch_size
        parts = list(self._parts(begin, end))
        return np.concatenate(parts).reshape(steps, self._batch_size, DRAW_FIELDS)

    def _parts(self, begin: int, end: int) -> Iterator[Draws]:
        while begin < end:
            epoch, position = divmod(begin, self._num_images)
            part = self._epoch_draws(epoch)[position : position + end - begin]
            yield part
            begin += len(part)

    def _epoch_draws(self, epoch: int) -> Draws:
        if self._epoch is None or self._epoch[0] != epoch:
            rng = np.random.default_rng([self._seed, epoch])
            draws = np.empty((self._num_images, DRAW_FIELDS), np.int32)
            draws[:, 0] = rng.permutation(self._num_images)
            draws[:, 1:3] = rng.integers(self._offsets, size=(self._num_images, 2))
            draws[:, 3] = rng.integers(self._flips, size=self._num_images)
            self._epoch = epoch, draws
        return self._epoch[1]
