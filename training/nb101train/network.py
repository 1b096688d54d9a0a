"""The network of a cell: its variables in the official creation order, and its forward pass.

Source: `nasbench/lib/model_builder.py` and `base_ops.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nb101fast.op_map import op_layers, pruned
from nb101fast.skeleton import PlacedCell, kernel_deviation, placed_cells

from .config import TrainConfig

Forward = Callable[[tf.Tensor, "Mode"], tf.Tensor]


@dataclass
class Mode:
    """How a forward pass normalises.

    Attributes:
        training: True to normalise by the statistics of the batch; False to use the moving ones.
        statistics: if training, the pass appends the batch mean and variance of each batch norm, in
            the order of `Network.moving`.
    """

    training: bool
    statistics: list[tf.Tensor] = field(default_factory=list)


class ConvBnRelu:
    """A convolution without bias, then batch norm, then ReLU.

    The batch variance that is collected has Bessel's correction, as TensorFlow's fused kernel
    computes it.
    """

    def __init__(self, network: Network, name: str, size: int, channels: tuple[int, int]) -> None:
        shape = (size, size, *channels)
        self._kernel = network.add_variable(f"{name}/conv2d/kernel", shape)
        norm = f"{name}/batch_normalization"
        self._gamma = network.add_variable(f"{norm}/gamma", channels[1:])
        self._beta = network.add_variable(f"{norm}/beta", channels[1:])
        self._mean = network.add_statistic(f"{norm}/moving_mean", channels[1])
        self._variance = network.add_statistic(f"{norm}/moving_variance", channels[1])
        self._epsilon = network.config.bn_epsilon

    def __call__(self, images: tf.Tensor, mode: Mode) -> tf.Tensor:
        kernel = tf.cast(self._kernel, images.dtype)
        convolved = tf.nn.conv2d(images, kernel, strides=1, padding="SAME")
        empty = tf.constant([], tf.float32)
        normalised, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=convolved,
            scale=self._gamma,
            offset=self._beta,
            mean=empty if mode.training else self._mean,
            variance=empty if mode.training else self._variance,
            epsilon=self._epsilon,
            is_training=mode.training,
        )
        if mode.training:
            mode.statistics += [mean, variance]
        return tf.nn.relu(normalised)


class Network:
    """The network of one cell: a stem, stacks of cells, a mean over the image and a dense layer.

    Args:
        matrix: (V, V) strictly upper triangular 0/1. It is pruned here, and its vertex order is
            kept, since the channels of a vertex depend on it.
        ops: V operation names of `OP_MAP`, between "input" and "output".
        config: the sizes.

    Attributes:
        matrix, ops: the pruned cell.
        trainable: the trainable variables in the official creation order.
        moving: the moving mean and variance of each batch norm, in the same order.

    Raises:
        OutOfDomainError: nothing joins input and output.
        ValueError: the matrix or the operations are not allowed, or there are fewer channels than
            vertices that share them.
    """

    def __init__(self, matrix: npt.ArrayLike, ops: Sequence[str], config: TrainConfig) -> None:
        self.config = config
        self.matrix, self.ops = pruned(matrix, ops)
        self.trainable: list[tf.Variable] = []
        self.moving: list[tf.Variable] = []
        self._forward = self._build()

    def __call__(self, images: tf.Tensor, mode: Mode) -> tf.Tensor:
        """Logits (B, num_classes) float32 of normalised images (B, S, S, 3)."""
        values = tf.cast(images, self.config.dtype)
        for layer in self._forward:
            values = layer(values, mode)
        means = tf.reduce_mean(tf.cast(values, tf.float32), axis=[1, 2])
        return tf.linalg.matmul(means, self._dense) + self._bias

    @property
    def trainable_parameters(self) -> int:
        """The number of values that are trained."""
        return sum(int(np.prod(variable.shape)) for variable in self.trainable)

    def add_variable(self, name: str, shape: Sequence[int]) -> tf.Variable:
        """Add a trainable variable of zeros."""
        variable = tf.Variable(tf.zeros(shape), name=name, trainable=True)
        self.trainable.append(variable)
        return variable

    def add_statistic(self, name: str, channels: int) -> tf.Variable:
        """Add a moving statistic of zeros. Each replica has its own; the first one's is read."""
        variable = tf.Variable(
            tf.zeros([channels]),
            name=name,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        self.moving.append(variable)
        return variable

    def initial_values(self, seed: int) -> tuple[list[npt.NDArray[np.float32]], ...]:
        """Initial values of `trainable` and `moving`, which the seed alone decides.

        Kernels of convolutions are drawn from a normal distribution, scaled by the fan-in and
        truncated at 2 standard deviations. The dense kernel is Glorot uniform. Gammas and moving
        variances are 1, and all else is 0.
        """
        rng = np.random.default_rng(seed)
        trainable = [_initial_value(v.name, v.shape.as_list(), rng) for v in self.trainable]
        moving = [np.full(v.shape, "variance" in v.name, np.float32) for v in self.moving]
        return trainable, moving

    def _build(self) -> list[Forward]:
        config = self.config
        layers: list[Forward] = [ConvBnRelu(self, "stem", 3, (3, config.stem_filters))]
        for cell in placed_cells(self.matrix, config):
            if cell.halves:
                layers.append(_halve)
            layers.append(CellLayer(self, cell))
        self._dense = self.add_variable("dense/kernel", (cell.channels[-1], config.num_classes))
        self._bias = self.add_variable("dense/bias", (config.num_classes,))
        return layers


class CellLayer:
    """One cell of the network, with the channels that it has at its place."""

    def __init__(self, network: Network, cell: PlacedCell) -> None:
        self._matrix = network.matrix
        self._last = len(self._matrix) - 1
        self._channels = cell.channels
        self._projections: dict[int, Forward] = {}
        self._ops: dict[int, Forward] = {}
        for vertex in range(1, self._last):
            scope = f"{cell.scope}/vertex_{vertex}"
            self._add_projection(network, scope, vertex)
            self._ops[vertex] = _op_layer(network, scope, self._channels[vertex], vertex)
        # In the official code the cell of two vertices has another name for its projection.
        scope = cell.scope if self._last > 1 else f"{cell.scope}/output"
        self._add_projection(network, scope, self._last)

    def _add_projection(self, network: Network, scope: str, vertex: int) -> None:
        if self._matrix[0, vertex]:
            channels = self._channels[0], self._channels[vertex]
            self._projections[vertex] = ConvBnRelu(network, f"{scope}/projection", 1, channels)

    def __call__(self, inputs: tf.Tensor, mode: Mode) -> tf.Tensor:
        values = [inputs]
        for vertex in range(1, self._last):
            arriving = [
                _truncated(values[source], self._channels[vertex])
                for source in range(1, vertex)
                if self._matrix[source, vertex]
            ]
            if vertex in self._projections:
                arriving.append(self._projections[vertex](inputs, mode))
            values.append(self._ops[vertex](_sum(arriving), mode))
        outputs = []
        if leaving := [values[v] for v in range(1, self._last) if self._matrix[v, self._last]]:
            outputs.append(tf.concat(leaving, axis=-1) if len(leaving) > 1 else leaving[0])
        if self._last in self._projections:
            outputs.append(self._projections[self._last](inputs, mode))
        return _sum(outputs)


def _op_layer(network: Network, scope: str, channels: int, vertex: int) -> Forward:
    """The layer of a vertex's operation. It has as many output channels as input channels."""
    layers = op_layers(network.ops[vertex], channels)
    pool: list[Forward] = [_max_pool] if layers.pools else []
    convolutions = [
        ConvBnRelu(network, f"{scope}/{name}", size, (inputs, outputs))
        for name, (size, inputs, outputs) in zip(layers.scopes, layers.convolutions, strict=True)
    ]
    return _chain([*pool, *convolutions])


def _chain(layers: Sequence[Forward]) -> Forward:
    def forward(images: tf.Tensor, mode: Mode) -> tf.Tensor:
        for layer in layers:
            images = layer(images, mode)
        return images

    return forward


def _max_pool(images: tf.Tensor, mode: Mode) -> tf.Tensor:
    return tf.nn.max_pool2d(images, ksize=3, strides=1, padding="SAME")


def _halve(images: tf.Tensor, mode: Mode) -> tf.Tensor:
    return tf.nn.max_pool2d(images, ksize=2, strides=2, padding="SAME")


def _truncated(values: tf.Tensor, channels: int) -> tf.Tensor:
    return values if values.shape[-1] == channels else values[..., :channels]


def _sum(tensors: list[tf.Tensor]) -> tf.Tensor:
    return tensors[0] if len(tensors) == 1 else tf.add_n(tensors)


def _initial_value(
    name: str, shape: Sequence[int], rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    if "conv2d/kernel" in name:
        deviation = kernel_deviation(math.prod(shape[:-1]))
        return _cut_normal(shape, rng) * np.float32(deviation)
    if "dense/kernel" in name:
        limit = np.sqrt(6 / sum(shape))
        return rng.uniform(-limit, limit, shape).astype(np.float32)
    return np.full(shape, "gamma" in name, np.float32)


def _cut_normal(shape: Sequence[int], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Standard normal values. Those beyond 2 deviations are drawn again."""
    values = rng.standard_normal(shape, np.float32)
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = rng.standard_normal(int(beyond.sum()), np.float32)
    return values
