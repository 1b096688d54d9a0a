"""Scikit-learn's digits: 1,797 small images that need no download and are quick to train on."""

from __future__ import annotations

import numpy as np

from .dataset import Dataset, Split, channel_statistics, in_colour

_NUM_TRAIN, _NUM_VALIDATION = 997, 400
_EVALUATED = 400  # Each split has so many, so every accuracy is a multiple of 1/400.


def load_digits() -> Dataset:
    """Load the digits in a fixed order: 997 to train on, 400 for validation, 400 for the test.

    The images are 8x8 pixels with values from 0 to 16, as scikit-learn stores them.
    """
    from sklearn import datasets  # This takes a second, so it waits until the digits are wanted.

    bunch = datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    images = in_colour(bunch.images[order].astype(np.uint8))
    labels = bunch.target[order].astype(np.int32)
    train, validation, test = (
        Split(images[part], labels[part])
        for part in (
            slice(_NUM_TRAIN),
            slice(_NUM_TRAIN, _NUM_TRAIN + _NUM_VALIDATION),
            slice(_NUM_TRAIN + _NUM_VALIDATION, None),
        )
    )
    mean, deviation = channel_statistics(train.images)
    return Dataset(
        name="digits",
        train=train,
        validation=validation,
        test=test,
        num_classes=10,
        mean=mean,
        deviation=deviation,
        padding=1,
        flip=False,
        train_sample=_EVALUATED,
        evaluation_batch=_EVALUATED,
    )
