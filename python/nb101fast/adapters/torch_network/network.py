"""The network of a cell as a module of PyTorch."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Sequence

import numpy.typing as npt

from ...cell import Cell
from ...checks import check_type
from ...extras import needs
from ...op_map import Matrix, op_layers, pruned
from ...skeleton import NetworkConfig, PlacedCell, placed_cells
from .layers import ConvBnRelu, Dense, halving_pool, max_pool
from .official_variables import load_values, read_weights, write_weights

with needs("torch", extra="torch"):
    import torch
    from torch import Tensor, nn


class Network(nn.Module):
    """The network of one cell: a stem, stacks of cells, a mean over the image and a dense layer.

    It computes what the official code computes, and begins with initial values of the same
    distributions. `torch.manual_seed` decides them. The names of its parameters are the official
    names of the variables, with dots: `stack0.module0.vertex_1.projection.conv2d.weight`.

    Args:
        cell_or_matrix: a `Cell`; or a (V, V) strictly upper triangular matrix of 0 and 1. It is
            pruned here, and its vertex order is kept, since the channels of a vertex depend on it.
        ops: with a matrix, V operation names of `nb101fast.op_map.OP_MAP` between "input" and
            "output". With a `Cell`, None.
        config: the sizes; None for the official ones. A `nb101train.TrainConfig` is allowed too.

    Attributes:
        matrix, ops: the pruned cell.
        config: the sizes.

    Raises:
        OutOfDomainError: nothing joins input and output.
        TypeError: operations are missing or given twice, or `config` is of another class.
        ValueError: the matrix or the operations are not allowed, or there are fewer channels than
            vertices that share them.

    Source: `nasbench/lib/model_builder.py`.

    Example:
        >>> network = Network(nb101fast.Cell.from_id(50))
        >>> network(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        cell_or_matrix: Cell | npt.ArrayLike,
        ops: Sequence[str] | None = None,
        config: NetworkConfig | None = None,
    ) -> None:
        super().__init__()
        self.config = NetworkConfig() if config is None else config
        check_type("config", self.config, NetworkConfig, use="a NetworkConfig or None")
        self.matrix, self.ops = _graph(cell_or_matrix, ops)
        self.stem = ConvBnRelu(3, 3, self.config.stem_filters, self.config)
        stacks = [nn.Sequential() for _ in range(self.config.num_stacks)]
        for cell in placed_cells(self.matrix, self.config):
            stack = stacks[cell.stack]
            if cell.halves:
                stack.add_module("halve", halving_pool())
            stack.add_module(
                f"module{cell.number}", CellLayer(self.matrix, self.ops, cell, self.config)
            )
        for number, stack in enumerate(stacks):
            self.add_module(f"stack{number}", stack)
        self.dense = Dense(cell.channels[-1], self.config.num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, num_classes) of normalised images (B, 3, S, S)."""
        return self.dense(self.features(images).mean((2, 3)))

    def features(self, images: Tensor) -> Tensor:
        """The output of the last cell (B, C, height, width), before the mean over the image."""
        values = self.stem(images)
        for number in range(self.config.num_stacks):
            values = self.get_submodule(f"stack{number}")(values)
        return values

    def load_official(self, arrays: Sequence[npt.ArrayLike]) -> None:
        """Take over the values of the official variables.

        Args:
            arrays: the trainable variables in the official order and layout (kernels of
                convolutions are height, width, input channels, output channels), as
                `nb101train.Trainer.variables` has them. The moving mean and variance of each batch
                norm may follow; otherwise they stay as they are.

        Raises:
            ValueError: there are fewer or more arrays, or one has another shape.
        """
        load_values(self, arrays)

    def load_weights(self, path: str | os.PathLike[str]) -> None:
        """Take over the weights and moving statistics that a `weights.npz` holds.

        `nb101train` writes such files, and so do `evaluate` of the drop-in and `save_weights`.

        Raises:
            FileNotFoundError: there is no such file.
            FormatError: it is damaged, or it has the variables of another network. The text names
                the file and the variable.

        Example:
            >>> network = Network(cell, config=NetworkConfig(stem_filters=8))
            >>> network.save_weights("weights.npz")
            >>> network.load_weights("weights.npz")
        """
        read_weights(self, path)

    def save_weights(self, path: str | os.PathLike[str]) -> None:
        """Write the weights and moving statistics under their official names, as `nb101train` does.

        Raises:
            OSError: the file can't be written.

        Example:
            >>> Network(cell).save_weights("weights.npz")
        """
        write_weights(self, path)


class CellLayer(nn.Module):
    """One cell of the network, with the channels that it has at its place."""

    def __init__(
        self, matrix: Matrix, ops: Sequence[str], cell: PlacedCell, config: NetworkConfig
    ) -> None:
        super().__init__()
        *interior, last = range(1, len(matrix))
        for vertex in interior:
            self.add_module(
                f"vertex_{vertex}", Vertex(vertex, matrix, ops[vertex], cell.channels, config)
            )
        self._vertices = [f"vertex_{vertex}" for vertex in interior]
        self._leaving = [vertex for vertex in interior if matrix[vertex, last]]
        self._projection: str | None = None
        if matrix[0, last]:
            projection = ConvBnRelu(1, cell.channels[0], cell.channels[last], config)
            # In the official code the cell of two vertices has another name for its projection.
            self._projection = "projection" if interior else "output.projection"
            if interior:
                self.projection = projection
            else:
                self.output = nn.ModuleDict({"projection": projection})

    def forward(self, images: Tensor) -> Tensor:
        values = [images]
        for name in self._vertices:
            values.append(self.get_submodule(name)(values))
        leaving = [values[vertex] for vertex in self._leaving]
        outputs = [torch.cat(leaving, 1) if len(leaving) > 1 else leaving[0]] if leaving else []
        if self._projection:
            outputs.append(self.get_submodule(self._projection)(images))
        return _sum(outputs)


class Vertex(nn.Module):
    """An interior vertex: the sum of what arrives there, and its operation."""

    def __init__(
        self,
        vertex: int,
        matrix: Matrix,
        op: str,
        channels: Sequence[int],
        config: NetworkConfig,
    ) -> None:
        super().__init__()
        self._channels = channels[vertex]
        self._sources = [source for source in range(1, vertex) if matrix[source, vertex]]
        layers = op_layers(op, self._channels)
        self.projection = (
            ConvBnRelu(1, channels[0], self._channels, config) if matrix[0, vertex] else None
        )
        self.pool = max_pool() if layers.pools else None
        convolutions = [ConvBnRelu(*shape, config) for shape in layers.convolutions]
        self._convolutions = layers.scope
        self.add_module(
            layers.scope,
            convolutions[0] if len(convolutions) == 1 else nn.Sequential(*convolutions),
        )

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        """The value of this vertex, from those of the cell's input and the vertices before."""
        arriving = [_truncated(values[source], self._channels) for source in self._sources]
        if self.projection is not None:
            arriving.append(self.projection(values[0]))
        value = _sum(arriving)
        if self.pool is not None:
            value = self.pool(value)
        return self.get_submodule(self._convolutions)(value)


def _graph(
    cell_or_matrix: Cell | npt.ArrayLike, ops: Sequence[str] | None
) -> tuple[Matrix, tuple[str, ...]]:
    if isinstance(cell_or_matrix, Cell):
        if ops is not None:
            raise TypeError(f"ops={ops!r} is not allowed with a Cell, which has its own; use None")
        return pruned(cell_or_matrix.matrix, cell_or_matrix.ops)
    if ops is None:
        raise TypeError(
            f"{reprlib.repr(cell_or_matrix)} alone is not allowed; give a Cell, or a matrix and "
            "its operations"
        )
    return pruned(cell_or_matrix, ops)


def _truncated(images: Tensor, channels: int) -> Tensor:
    return images if images.shape[1] == channels else images[:, :channels]


def _sum(tensors: Sequence[Tensor]) -> Tensor:
    first, *others = tensors
    for other in others:
        first = first + other
    return first
