"""CIFAR-10 from the TFRecord files on which the official code trains.

Each record is a `tf.train.Example` with two features: `image`, 3,072 bytes (a plane of red, one of
green and one of blue, each by rows), and `label`, an integer.

Source: `nasbench/scripts/generate_cifar10_tfrecords.py` and `nasbench/lib/cifar.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from nb101fast import FormatError

from .cifar10 import official_splits
from .cifar10_forms import PIXEL_BYTES, images_of_planes
from .dataset import Dataset, Split, check_labels

_FEATURES = {
    "image": tf.io.FixedLenFeature([], tf.string),
    "label": tf.io.FixedLenFeature([], tf.int64),
}


def load_official_files(config: Mapping[str, Any]) -> Dataset:
    """Load the data set that an official configuration names.

    Args:
        config: of its official names these are used: `train_data_files`, a list (the train accuracy
            is measured on the first file), `valid_data_file`, `test_data_file` and `num_labels`.

    Raises:
        ValueError: one of the files is not given.
        FileNotFoundError: one of the files is not there.
        FormatError: a file is damaged, or it doesn't hold such records.

    Example:
        >>> load_official_files({
        ...     "train_data_files": [f"train_{number}.tfrecords" for number in (1, 2, 3, 4)],
        ...     "valid_data_file": "validation.tfrecords",
        ...     "test_data_file": "test.tfrecords",
        ...     "num_labels": 10,
        ... })
    """
    num_classes = config["num_labels"]
    files = _given(config, "train_data_files")
    if isinstance(files, (str, os.PathLike)):
        raise ValueError(
            f"config['train_data_files']={files!r} is not allowed; use a list of files"
        )
    training = [_split(file, num_classes) for file in files]
    validation = _split(_given(config, "valid_data_file"), num_classes)
    test = _split(_given(config, "test_data_file"), num_classes)
    return official_splits(training, validation, test, num_classes)


def _given(config: Mapping[str, Any], name: str) -> Any:
    if not (value := config.get(name)):
        raise ValueError(
            f"config[{name!r}]={value!r}: no data to train and test on; set "
            "config['train_data_files'], config['valid_data_file'] and config['test_data_file'] to "
            "CIFAR-10's TFRecord files, or give dataset='cifar10:PATH'"
        )
    return value


def _split(path: str | os.PathLike[str], num_classes: int) -> Split:
    name = os.fspath(path)
    if not os.path.isfile(name):
        raise FileNotFoundError(f"{name}: no such file of CIFAR-10 in TFRecord format")
    try:
        records = list(tf.data.TFRecordDataset(name).as_numpy_iterator())
        if not records:
            raise FormatError(f"{name}: no records in the file; give a file of images")
        features = tf.io.parse_example(records, _FEATURES)
    except tf.errors.OpError as error:
        raise FormatError(f"{name}: not CIFAR-10 in TFRecord format: {error.message}") from None
    images, labels = features["image"].numpy(), features["label"].numpy()
    for number, image in enumerate(images):
        if len(image) != PIXEL_BYTES:
            raise FormatError(
                f"{name}: image {number} has {len(image)} bytes, not {PIXEL_BYTES} as an image of "
                "32x32 pixels has"
            )
    check_labels(name, labels, num_classes)
    pixels = np.frombuffer(b"".join(images), np.uint8)
    return Split(images_of_planes(pixels), labels.astype(np.int32))
