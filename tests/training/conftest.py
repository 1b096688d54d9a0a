"""How all tests set up TensorFlow, and the fixtures that several test files use."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any

import numpy as np
import pytest

from nb101train.datasets import Dataset, load_dataset
from nb101train.tensorflow_start import load_tensorflow

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # otherwise it prints much when it starts
HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
NUM_DEVICES = 2


def pytest_report_header() -> str:
    return "" if HAS_TENSORFLOW else "TensorFlow is not installed: tests that need it are left out"


def pytest_ignore_collect(collection_path: os.PathLike[str]) -> bool | None:
    """Load TensorFlow before a file that imports it, because the file's import loads Keras too.

    Without TensorFlow, which some Pythons don't have yet, the file is left out.
    """
    if not os.path.isfile(collection_path):
        return None
    with open(collection_path, encoding="utf-8") as file:
        if "import tensorflow" not in file.read():
            return None
    if HAS_TENSORFLOW:
        load_tensorflow()
    return not HAS_TENSORFLOW or None


@pytest.fixture(scope="session", autouse=True)
def tensorflow_devices() -> None:
    """Make two devices of the CPU before TensorFlow starts, if a test file has imported it."""
    if "tensorflow" not in sys.modules:
        return
    import tensorflow as tf

    processor = tf.config.list_physical_devices("CPU")[0]
    device = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(processor, [device] * NUM_DEVICES)
    # Networks so small give several threads little to share, and much to wait for.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that gives every test the same random numbers in every run."""
    return np.random.default_rng(101)


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """Scikit-learn's digits."""
    return load_dataset("digits")


@pytest.fixture(scope="session")
def mirrored() -> Any:
    """A strategy of two replicas. All tests share it, since TensorFlow mixes up several."""
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
