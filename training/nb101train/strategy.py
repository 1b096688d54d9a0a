"""The devices that a training runs on, as a `tf.distribute.Strategy`."""

from __future__ import annotations

import tensorflow as tf

DEVICES = ("auto", "cpu", "gpu", "tpu")


def find_strategy(device: str = "auto", *, tpu: str = "") -> tf.distribute.Strategy:
    """The strategy for a kind of device.

    Args:
        device: "cpu"; "gpu": all that are visible; "tpu": all cores; "auto": the best there is.
        tpu: the TPU's name or address; empty: the local one, or what the environment names.

    Returns:
        A TPUStrategy, a MirroredStrategy over several GPUs, or a OneDeviceStrategy.

    Raises:
        ValueError: an unknown kind.
        RuntimeError: a device that was asked for is not there.
    """
    if device not in DEVICES:
        raise ValueError(f"device {device!r}; {', '.join(DEVICES)} are allowed")
    if device == "tpu":
        return _tpu(tpu)
    gpus = tf.config.list_logical_devices("GPU")
    if device == "gpu" and not gpus:
        raise RuntimeError("a GPU was asked for, and TensorFlow sees none")
    if device == "auto" and tf.config.list_physical_devices("TPU"):
        return _tpu(tpu)
    if device == "cpu" or not gpus:
        return tf.distribute.OneDeviceStrategy("/cpu:0")
    if len(gpus) == 1:
        return tf.distribute.OneDeviceStrategy(gpus[0].name)
    return tf.distribute.MirroredStrategy([gpu.name for gpu in gpus])


def device_type(strategy: tf.distribute.Strategy) -> str:
    """What a strategy's replicas run on: "CPU", "GPU" or "TPU"."""
    try:
        devices = strategy.extended.worker_devices
    except RuntimeError:  # no strategy chosen: TensorFlow takes a GPU where there is one
        return "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    return str(tf.DeviceSpec.from_string(devices[0]).device_type)


def _tpu(name: str) -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        if name not in ("", "local"):
            tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RuntimeError(f"a TPU was asked for, and there is none to reach: {reason}") from None
    return tf.distribute.TPUStrategy(resolver)
