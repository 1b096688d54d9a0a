"""Scikit-learn's digits: 1,797 small images that need no download and are quick to train on."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .dataset import Dataset, Split, channel_statistics, in_colour

_NUM_TRAIN, _NUM_VALIDATION = 997, 400
_EVALUATED = 400  # Each split has so many, so every accuracy is a multiple of 1/400.
_FILE = "datasets/data/digits.csv.gz"  # in the folder of scikit-learn


def load_digits() -> Dataset:
    """Load the digits in a fixed order: 997 to train on, 400 for validation, 400 for the test.

    The images are 8x8 pixels with values from 0 to 16, as scikit-learn stores them.

    Raises:
        ImportError: scikit-learn is missing.
    """
    rows = _stored_rows()
    rows = rows[np.random.default_rng(0).permutation(len(rows))]
    images = in_colour(rows[:, :-1].reshape(-1, 8, 8))
    labels = rows[:, -1].astype(np.int32)
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


def _stored_rows() -> npt.NDArray[np.uint8]:
    """The table that scikit-learn stores: a row for each image, 64 pixels and the label.

    Its file is read directly, because the import of scikit-learn takes a second of each process.
    """
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise ImportError("the digits need scikit-learn: pip install scikit-learn")
    return np.loadtxt(Path(package.origin).parent / _FILE, np.uint8, delimiter=",")
