"""The settings of a training, and the official values of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

OFFICIAL_CORES = 2  # of one TPU v2 chip, on which the published runs were made
LEARNING_RATE_PER_CORE = 0.1
BATCH_PER_CORE = 128

DTypeName = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class TrainConfig:
    """How a cell's network is built and trained; the defaults are the official settings.

    Attributes:
        epochs: the budget of a run.
        batch_size: images a step, over all devices.
        learning_rate: the peak, from which it falls along half a cosine.
        weight_decay: times half of the squares of all trainable variables, inside the loss.
        momentum: RMSProp's. Its decay is 0.9, its epsilon 1.0 and its mean square begins at 1.
        bn_momentum, bn_epsilon: batch norm's; the moving statistics keep so much at each step.
        bn_groups: a batch is normalised in so many equal parts, each on its own; the official TPU
            had two cores.
        stem_filters: channels of the first convolution.
        num_stacks: stacks of cells; channels double and the image halves between them.
        cells_per_stack: cells in each.
        num_classes: labels 0..num_classes - 1.
        image_size: images are squares of so many pixels, in 3 channels.
        num_train_images: images in an epoch.
        dtype: of the activations; variables and statistics are float32.

    Raises:
        ValueError: a setting out of its range.

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
    bn_momentum: float = 0.997
    bn_epsilon: float = 1e-5
    bn_groups: int = OFFICIAL_CORES
    stem_filters: int = 128
    num_stacks: int = 3
    cells_per_stack: int = 3
    num_classes: int = 10
    image_size: int = 32
    num_train_images: int = 40000
    dtype: DTypeName = "float32"

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.type == "int":
                _check_integer(field.name, getattr(self, field.name))
        for name, (low, high) in _RANGES.items():
            _check_range(name, getattr(self, name), low, high)
        if self.dtype not in ("float32", "bfloat16"):
            raise ValueError(f"dtype={self.dtype!r}; 'float32' and 'bfloat16' are allowed")
        if self.batch_size % self.bn_groups:
            raise ValueError(
                f"batch_size={self.batch_size} is no multiple of bn_groups={self.bn_groups}"
            )
        if not self.total_steps:
            raise ValueError(
                f"epochs={self.epochs} of {self.num_train_images} images make no whole batch of "
                f"{self.batch_size}"
            )

    @property
    def total_steps(self) -> int:
        """Steps of a run: int(epochs * num_train_images / batch_size)."""
        return self.epochs * self.num_train_images // self.batch_size

    @property
    def half_steps(self) -> int:
        """Steps until the halfway evaluation."""
        return self.total_steps // 2

    def on_cores(self, cores: int) -> TrainConfig:
        """The same for a number of cores that a batch is split over.

        As it is where the cores can share the batch norm groups. Else one group a core, each with
        as large a part of the batch and of the peak learning rate as a group has now: officially
        128 images and 0.1.
        """
        _check_integer("cores", cores)
        if self.bn_groups % cores == 0:
            return self
        return replace(
            self,
            batch_size=self.batch_size // self.bn_groups * cores,
            learning_rate=self.learning_rate / self.bn_groups * cores,
            bn_groups=cores,
        )


_RANGES: dict[str, tuple[float, float]] = {
    "learning_rate": (0.0, math.inf),
    "weight_decay": (0.0, math.inf),
    "momentum": (0.0, 1.0),
    "bn_momentum": (0.0, 1.0),
    "bn_epsilon": (0.0, 1.0),
}


def _check_integer(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name}={value!r}; an integer from 1 is allowed")


def _check_range(name: str, value: Any, low: float, high: float) -> None:
    if not isinstance(value, (int, float)) or not low <= value <= high or math.isinf(value):
        raise ValueError(f"{name}={value!r}; {low:g} to {high:g} is allowed")


# Small enough for an ordinary processor: scikit-learn's digits, 8x8, for which it was chosen among
# others: batch norm that remembers longer, or larger batches, stay near chance at 4 epochs.
# `nb101train sweep OUT --max-vertices 4` made the built-in NB101-digits with it.
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
