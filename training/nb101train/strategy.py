"""The devices on which a training runs, as a `tf.distribute.Strategy`."""

from __future__ import annotations

import tensorflow as tf

from nb101fast.checks import check_choice

from .run_options import DEVICES


def find_strategy(device: str = "auto", *, tpu: str = "") -> tf.distribute.Strategy:
    """The strategy for a kind of device.

    Args:
        device: "cpu"; "gpu" for all GPUs that are visible; "tpu" for all cores of a TPU; "auto" for
            a TPU if there is one, else for the GPUs, else for the CPU.
        tpu: the TPU's name or address. Empty takes the local one, or the one that the environment
            names.

    Returns:
        A TPUStrategy, a MirroredStrategy over several GPUs, or a OneDeviceStrategy.

    Raises:
        ValueError: the kind is unknown.
        RuntimeError: there is no such device.

    Example:
        >>> find_strategy("cpu").num_replicas_in_sync
        1
    """
    check_choice("device", device, DEVICES)
    if device == "tpu":
        return _tpu(tpu)
    gpus = tf.config.list_logical_devices("GPU")
    if device == "gpu" and not gpus:
        raise RuntimeError(
            "device='gpu': TensorFlow sees no GPU; install its GPU support, or use 'cpu'"
        )
    if device == "auto" and tf.config.list_physical_devices("TPU"):
        return _tpu(tpu)
    if device == "cpu" or not gpus:
        return tf.distribute.OneDeviceStrategy("/cpu:0")
    if len(gpus) == 1:
        return tf.distribute.OneDeviceStrategy(gpus[0].name)
    return tf.distribute.MirroredStrategy([gpu.name for gpu in gpus])


def device_type(strategy: tf.distribute.Strategy) -> str:
    """The kind of device that the replicas of a strategy run on: "CPU", "GPU" or "TPU"."""
    try:
        devices = strategy.extended.worker_devices
    except RuntimeError:  # It is the default strategy, which uses a GPU if there is one.
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
        raise RuntimeError(f"device='tpu': no TPU can be reached: {reason}") from None
    return tf.distribute.TPUStrategy(resolver)
