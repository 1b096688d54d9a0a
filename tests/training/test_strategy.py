"""Which devices are found, and what is said of those that are not there."""

from __future__ import annotations

import pytest
import tensorflow as tf

from nb101train.strategy import device_type, find_strategy

HAS_GPU = bool(tf.config.list_physical_devices("GPU"))
HAS_TPU = bool(tf.config.list_physical_devices("TPU"))


def test_processor() -> None:
    strategy = find_strategy("cpu")
    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)
    assert strategy.num_replicas_in_sync == 1
    assert device_type(strategy) == "CPU"


@pytest.mark.skipif(HAS_GPU or HAS_TPU, reason="this machine has more than processors")
def test_found_without_accelerators() -> None:
    strategy = find_strategy()
    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)
    assert device_type(strategy) == "CPU"
    assert device_type(tf.distribute.get_strategy()) == "CPU"


def test_device_type_of_several_replicas() -> None:
    assert device_type(tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])) == "CPU"


def test_unknown_device() -> None:
    with pytest.raises(ValueError, match="device 'tpus'; auto, cpu, gpu, tpu are allowed"):
        find_strategy("tpus")


@pytest.mark.skipif(HAS_GPU, reason="this machine has a GPU")
def test_no_gpu() -> None:
    with pytest.raises(RuntimeError, match="a GPU was asked for, and TensorFlow sees none"):
        find_strategy("gpu")


@pytest.mark.skipif(HAS_TPU, reason="this machine has a TPU")
@pytest.mark.parametrize("name", ["", "local"])
def test_no_tpu(name: str) -> None:
    with pytest.raises(RuntimeError, match=r"a TPU was asked for, and there is none to reach: .+"):
        find_strategy("tpu", tpu=name)
