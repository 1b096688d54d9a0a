"""The random order in which a run sees its training images, and how each image is changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .dataset import Dataset

# One row for each image: its number, the first row and column of its crop, whether it is flipped.
Draws = npt.NDArray[np.int32]
DRAW_FIELDS = 4


class Sampler:
    """The training images of a run in their random order, with random crops and flips.

    Every epoch shuffles all images, and a batch may lie in two epochs. The images of a step depend
    on the seed and on the number of the step alone, so that a run can be resumed anywhere.

    Args:
        dataset: its training images, padding and flip decide what can be drawn.
        batch_size: the number of images in a step.
        seed: all draws follow from it.

    Source: `nasbench/lib/cifar.py`.

    Example:
        >>> Sampler(load_dataset("digits"), batch_size=64, seed=0).draws(0, 10).shape
        (10, 64, 4)
    """

    def __init__(self, dataset: Dataset, batch_size: int, seed: int) -> None:
        self._num_images = len(dataset.train.labels)
        self._offsets = 2 * dataset.padding + 1
        self._flips = 2 if dataset.flip else 1
        self._batch_size = batch_size
        self._seed = seed
        self._epoch: tuple[int, Draws] | None = None

    def draws(self, first_step: int, steps: int) -> Draws:
        """The draws of consecutive steps: (steps, B, 4) int32."""
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
