"""The settings of a training, and their official values."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Any, Literal

from nb101fast.checks import check_choice, check_count, check_number, check_type
from nb101fast.skeleton import MAX_SETTING, NetworkConfig

OFFICIAL_CORES = 2  # The published runs were made on a TPU v2 chip, which has two cores.
LEARNING_RATE_PER_CORE = 0.1
BATCH_PER_CORE = 128
OFFICIAL_DATASET = "cifar10"
AUGMENTED_EPOCHS = 200  # of `augment`

DTypeName = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class TrainConfig(NetworkConfig):
    """How a cell's network is built and trained. The defaults are the official settings.

    The sizes of the network, from `bn_momentum` to `image_size`, are those of `NetworkConfig`.

    Attributes:
        epochs: the budget of a run.
        batch_size: the number of images in a step, on all devices together.
        learning_rate: the peak, from which the rate falls along half a cosine.
        weight_decay: the loss includes this times half the sum of the squares of all weights.
        momentum: of RMSProp, whose decay is 0.9 and whose epsilon is 1.0.
        bn_groups: the number of equal parts of a batch that are normalised separately. The official
            TPU had two cores, which normalised separately.
        num_train_images: the number of images in an epoch.
        dtype: "float32" or "bfloat16" for activations. Variables and statistics are float32.

    Raises:
        ValueError: a setting is out of its range.

    Source: `nasbench/lib/config.py`, and the paper's supplement.

    Example:
        >>> TrainConfig(epochs=4).total_steps
        625
    """

    epochs: int = 108
    batch_size: int = BATCH_PER_CORE * OFFICIAL_CORES
    learning_rate: float = LEARNING_RATE_PER_CORE * OFFICIAL_CORES
    weight_decay: float = 1e-4
    momentum: float = 0.9
    bn_groups: int = OFFICIAL_CORES
    num_train_images: int = 40000
    dtype: DTypeName = "float32"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_finite("learning_rate", self.learning_rate)
        _check_finite("weight_decay", self.weight_decay)
        check_number("momentum", self.momentum, 0, 1)
        check_choice("dtype", self.dtype, ("float32", "bfloat16"))
        if self.batch_size % self.bn_groups:
            raise ValueError(
                f"batch_size={self.batch_size} is not allowed; use a multiple of "
                f"bn_groups={self.bn_groups}"
            )
        if not self.total_steps:
            raise ValueError(
                f"epochs={self.epochs} of {self.num_train_images} images make no whole batch of "
                f"{self.batch_size}; use more epochs or a smaller batch_size"
            )

    @property
    def total_steps(self) -> int:
        """The number of steps in a run: int(epochs * num_train_images / batch_size)."""
        return self.epochs * self.num_train_images // self.batch_size

    @property
    def half_steps(self) -> int:
        """The number of steps before the halfway evaluation."""
        return self.total_steps // 2

    def on_cores(self, cores: int) -> TrainConfig:
        """The settings for a number of cores among which a batch is split.

        If the cores can share the batch norm groups evenly, the settings stay as they are. If they
        can't, each core gets one group, which keeps its number of images and its part of the peak
        learning rate: officially 128 images and 0.1.

        Example:
            >>> TrainConfig().on_cores(8).batch_size
            1024
        """
        check_count("cores", cores, 1, MAX_SETTING)
        if self.bn_groups % cores == 0:
            return self
        return replace(
            self,
            batch_size=self.batch_size // self.bn_groups * cores,
            learning_rate=self.learning_rate / self.bn_groups * cores,
            bn_groups=cores,
        )


def checked_config(config: TrainConfig | None) -> TrainConfig:
    """The settings; the official ones for None.

    Raises:
        TypeError: it is something else.
    """
    if config is None:
        return TrainConfig()
    check_type("config", config, TrainConfig, use="a TrainConfig or None")
    return config


def _check_finite(name: str, value: Any) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (is_number and 0 <= value <= sys.float_info.max):
        raise ValueError(f"{name}={value!r} is not allowed; use a finite number from 0")


# Settings for scikit-learn's digits of 8x8 pixels, small enough for an ordinary processor. With a
# larger bn_momentum or batch_size the accuracy after 4 epochs stays near chance. The command
# `nb101train sweep OUT --max-vertices 4` made the built-in NB101-digits with these settings.
DIGITS = TrainConfig(
    batch_size=64,
    learning_rate=0.1,
    bn_momentum=0.9,
    bn_groups=1,
    stem_filters=8,
    num_stacks=2,
    cells_per_stack=1,
    image_size=8,
    num_train_images=997,
)
