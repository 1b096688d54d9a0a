"""Training of the Inception-like cell in plain TensorFlow: one network and one loop.

It shares no code with the harness. A user who knows the official settings would write it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy.typing as npt
import tensorflow as tf

BATCH_SIZE = 32
EPSILON, KEPT = 1e-5, 0.997
WEIGHT_DECAY = 1e-4


class BareTraining:
    """The official network, batch norm on two halves of a batch, RMSProp.

    Args:
        weights: initial values of the trainable variables in the order of their use: kernel, gamma
            and beta of each convolution, then those of the dense layer.
        stacks, cells: the number of stacks, and of cells in each.
    """

    def __init__(self, weights: Sequence[npt.NDArray[Any]], stacks: int, cells: int) -> None:
        self._stacks, self._cells = stacks, cells
        self.weights = [tf.Variable(value) for value in weights]
        self.mean_squares = [tf.Variable(tf.ones_like(weight)) for weight in self.weights]
        self.momenta = [tf.Variable(tf.zeros_like(weight)) for weight in self.weights]
        gammas = self.weights[1:-2:3]
        self.means = [tf.Variable(tf.zeros_like(gamma), trainable=False) for gamma in gammas]
        self.variances = [tf.Variable(tf.ones_like(gamma), trainable=False) for gamma in gammas]
        signature = [
            tf.TensorSpec([None, BATCH_SIZE, 32, 32, 3], tf.float32),
            tf.TensorSpec([None, BATCH_SIZE], tf.int32),
            tf.TensorSpec([None], tf.float32),
        ]
        self.train = tf.function(self._train, input_signature=signature)

    def _train(self, images: Any, labels: Any, rates: Any) -> Any:
        """Train on images (steps, B, 32, 32, 3), labels (steps, B); return the last loss."""
        loss = tf.constant(0.0)
        for step in tf.range(tf.shape(rates)[0]):
            loss = self._step(images[step], labels[step], rates[step])
        return loss

    def _step(self, images: Any, labels: Any, rate: Any) -> Any:
        with tf.GradientTape() as tape:
            losses, statistics = [], []
            for half, classes in zip(tf.split(images, 2), tf.split(labels, 2), strict=True):
                collected: list[Any] = []
                logits = self._logits(half, collected)
                statistics.append(collected)
                losses.append(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=logits)
                )
            entropy = tf.reduce_mean(tf.concat(losses, 0))
            decay = WEIGHT_DECAY * tf.add_n([tf.nn.l2_loss(weight) for weight in self.weights])
            loss = entropy + decay
        gradients = tape.gradient(loss, self.weights)
        for moving_mean, moving_variance, (mean, variance) in zip(
            self.means, self.variances, statistics[0], strict=True
        ):
            moving_mean.assign_sub((moving_mean - mean) * (1 - KEPT))
            moving_variance.assign_sub((moving_variance - variance) * (1 - KEPT))
        for weight, mean_square, momentum, gradient in zip(
            self.weights, self.mean_squares, self.momenta, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyRMSProp(
                var=weight.handle,
                ms=mean_square.handle,
                mom=momentum.handle,
                lr=rate,
                rho=0.9,
                momentum=0.9,
                epsilon=1.0,
                grad=gradient,
            )
        return entropy

    def _logits(self, images: Any, statistics: list[Any]) -> Any:
        weights = iter(self.weights)
        values = conv_bn_relu(images, weights, statistics)
        for stack in range(self._stacks):
            if stack:
                values = tf.nn.max_pool2d(values, 2, 2, "SAME")
            for _ in range(self._cells):
                values = cell(values, weights, statistics)
        return tf.reduce_mean(values, [1, 2]) @ next(weights) + next(weights)


def cell(inputs: Any, weights: Iterator[Any], statistics: list[Any]) -> Any:
    """Compute the branches, each after a projection: 1x1, 3x3, twice 3x3, max-pool."""
    branches = []
    for convolutions in (1, 1, 2, 0):
        values = conv_bn_relu(inputs, weights, statistics)
        for _ in range(convolutions):
            values = conv_bn_relu(values, weights, statistics)
        if not convolutions:
            values = tf.nn.max_pool2d(values, 3, 1, "SAME")
        branches.append(values)
    return tf.concat(branches, -1)


def conv_bn_relu(values: Any, weights: Iterator[Any], statistics: list[Any]) -> Any:
    """Apply a convolution of the kernel's size, fused batch norm and ReLU."""
    kernel, gamma, beta = next(weights), next(weights), next(weights)
    values = tf.nn.conv2d(values, kernel, 1, "SAME")
    values, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        values, gamma, beta, epsilon=EPSILON, is_training=True
    )
    statistics.append((mean, variance))
    return tf.nn.relu(values)
