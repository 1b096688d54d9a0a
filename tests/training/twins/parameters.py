"""Trainable parameters of a network, counted by the rules of the operations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import nb101fast
from nb101train.config import TrainConfig


def conv_bn(size: int, inputs: int, outputs: int) -> int:
    """Parameters of a convolution without bias, with the two vectors of its batch norm."""
    return size * size * inputs * outputs + 2 * outputs


def operation(name: str, channels: int) -> int:
    """Parameters of an operation with equal numbers of input and output channels."""
    narrow = channels // 4
    return {
        "conv3x3-bn-relu": conv_bn(3, channels, channels),
        "conv1x1-bn-relu": conv_bn(1, channels, channels),
        "maxpool3x3": 0,
        "identity": 0,
        "maxpool3x3-conv1x1": conv_bn(1, channels, channels),
        "bottleneck3x3": conv_bn(1, channels, narrow)
        + conv_bn(3, narrow, narrow)
        + conv_bn(1, narrow, channels),
        "bottleneck5x5": conv_bn(1, channels, narrow)
        + conv_bn(5, narrow, narrow)
        + conv_bn(1, narrow, channels),
    }[name]


def of_cell(matrix: npt.NDArray[np.uint8], ops: Sequence[str], inputs: int, outputs: int) -> int:
    """Parameters of a pruned cell."""
    channels = nb101fast.vertex_channels(matrix, input_channels=inputs, output_channels=outputs)
    count = sum(operation(ops[v], channels[v]) for v in range(1, len(ops) - 1))
    return count + sum(conv_bn(1, inputs, channels[v]) for v in np.flatnonzero(matrix[0]))


def of_network(matrix: npt.NDArray[np.uint8], ops: Sequence[str], config: TrainConfig) -> int:
    """Parameters of the whole network of a pruned cell."""
    channels = config.stem_filters
    count = conv_bn(3, 3, channels)
    for stack in range(config.num_stacks):
        wider = channels if stack == 0 else 2 * channels
        for _ in range(config.cells_per_stack):
            count += of_cell(matrix, ops, channels, wider)
            channels = wider
    return count + channels * config.num_classes + config.num_classes
