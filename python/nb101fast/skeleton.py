"""The network around a cell: its sizes, and the channels that the cell has at each place in it.

Source: `nasbench/lib/model_builder.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

from .checks import check_count, check_number
from .graph import vertex_channels
from .op_map import Matrix

MAX_SETTING = 2**31 - 1  # The frameworks count most things with 32 bits.
_CUT_DEVIATION = 0.87962566103423978  # of a standard normal distribution that is truncated at 2


@dataclass(frozen=True)
class NetworkConfig:
    """The sizes of a network. The defaults are the official settings.

    Attributes:
        bn_momentum: the part of its value that a moving statistic of batch norm keeps in a step.
        bn_epsilon: the epsilon of batch norm.
        stem_filters: the channels of the first convolution.
        num_stacks: the number of stacks of cells. From one stack to the next the channels double
            and the height and width of the images halve.
        cells_per_stack: the number of cells in each stack.
        num_classes: labels are 0 to `num_classes - 1`.
        image_size: the height and width of an image in pixels; images have 3 channels.

    Raises:
        ValueError: a setting is out of its range.

    Source: `nasbench/lib/config.py`.

    Example:
        >>> NetworkConfig(stem_filters=16).num_stacks
        3
    """

    bn_momentum: float = 0.997
    bn_epsilon: float = 1e-5
    stem_filters: int = 128
    num_stacks: int = 3
    cells_per_stack: int = 3
    num_classes: int = 10
    image_size: int = 32

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.type == "int":
                check_count(field.name, getattr(self, field.name), 1, MAX_SETTING)
        check_number("bn_momentum", self.bn_momentum, 0, 1)
        check_number("bn_epsilon", self.bn_epsilon, 0, 1)


@dataclass(frozen=True)
class PlacedCell:
    """A cell at its place in the network.

    Attributes:
        stack, number: which stack it is in, and its number there, both from 0.
        channels: how many channels each vertex has.
    """

    stack: int
    number: int
    channels: tuple[int, ...]

    @property
    def halves(self) -> bool:
        """Whether a 2x2 max-pool of stride 2 stands before the cell."""
        return self.stack > 0 and self.number == 0

    @property
    def scope(self) -> str:
        """The official name of the cell, such as "stack0/module2"."""
        return f"stack{self.stack}/module{self.number}"


def placed_cells(matrix: Matrix, config: NetworkConfig) -> Iterator[PlacedCell]:
    """All cells of the network of a pruned cell, from the stem to the dense layer.

    Raises:
        ValueError: a cell has fewer channels than vertices that share them.

    Example:
        >>> cells = placed_cells(matrix, NetworkConfig(num_stacks=2, cells_per_stack=1))
        >>> for cell in cells:
        ...     print(cell.scope, cell.channels)
        stack0/module0 (128, 32, 32, 32, 32, 32, 128)
        stack1/module0 (128, 64, 64, 64, 64, 64, 256)
    """
    inputs = config.stem_filters
    for stack in range(config.num_stacks):
        outputs = config.stem_filters << stack
        for number in range(config.cells_per_stack):
            channels = vertex_channels(matrix, input_channels=inputs, output_channels=outputs)
            if not all(channels):
                raise ValueError(
                    f"{outputs} channels are too few for the {matrix[1:, -1].sum()} vertices that "
                    "feed the output, which need one each; raise stem_filters"
                )
            yield PlacedCell(stack, number, tuple(channels))
            inputs = outputs


def kernel_deviation(fan_in: int) -> float:
    """The standard deviation of the normal distribution that a convolution's kernel is drawn from.

    Values beyond 2 standard deviations are drawn again. The standard deviation of this truncated
    distribution is `fan_in ** -0.5`.
    """
    return math.pow(fan_in, -0.5) / _CUT_DEVIATION
