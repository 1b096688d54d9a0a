"""Which devices are found, and the errors for devices that are missing."""

from __future__ import annotations

import pytest
import tensorflow as tf

from nb101train.strategy import device_type, find_strategy

HAS_GPU = bool(tf.config.list_physical_devices("GPU"))
HAS_TPU = bool(tf.config.list_physical_devices("TPU"))


def test_the_processor_is_one_device() -> None:
    strategy = find_strategy("cpu")
    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)
    assert strategy.num_replicas_in_sync == 1
    assert device_type(strategy) == "CPU"


@pytest.mark.skipif(HAS_GPU or HAS_TPU, reason="this machine has more than processors")
def test_without_accelerators_the_processor_is_found() -> None:
    strategy = find_strategy()
    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)
    assert device_type(strategy) == "CPU"
    assert device_type(tf.distribute.get_strategy()) == "CPU"


def test_device_type_of_several_replicas() -> None:
    assert device_type(tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])) == "CPU"


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(
        ValueError, match="device='tpus' is not allowed; use 'auto', 'cpu', 'gpu' or 'tpu'"
    ):
        find_strategy("tpus")


@pytest.mark.skipif(HAS_GPU, reason="this machine has a GPU")
def test_a_missing_gpu_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="device='gpu': TensorFlow sees no GPU"):
        find_strategy("gpu")


@pytest.mark.skipif(HAS_TPU, reason="this machine has a TPU")
@pytest.mark.parametrize("name", ["", "local"])
def test_a_missing_tpu_is_an_error(name: str) -> None:
    with pytest.raises(RuntimeError, match=r"device='tpu': no TPU can be reached: .+"):
        find_strategy("tpu", tpu=name)
