"""Training of the Inception-like cell in plain PyTorch, with channels last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

EPSILON, NEW = 1e-5, 0.003

Tensors = Iterator[Any]


class TorchTraining:
    """The official network, batch norm over a whole batch, PyTorch's own RMSProp.

    Args:
        weights: initial values in TensorFlow's shapes: kernel, gamma and beta of each
            convolution, then those of the dense layer.
        stacks, cells: the number of stacks, and of cells in each.
    """

    def __init__(self, weights: Sequence[npt.NDArray[Any]], stacks: int, cells: int) -> None:
        self._stacks, self._cells = stacks, cells
        self._weights = [torch.from_numpy(in_torch_order(value)) for value in weights]
        for number, weight in enumerate(self._weights):
            if weight.ndim == 4:
                self._weights[number] = weight.contiguous(memory_format=torch.channels_last)
            self._weights[number].requires_grad_()
        gammas = self._weights[1:-2:3]
        self._means = [torch.zeros(len(gamma)) for gamma in gammas]
        self._variances = [torch.ones(len(gamma)) for gamma in gammas]
        self._optimizer = torch.optim.RMSprop(
            self._weights, 0.2, 0.9, 1.0, weight_decay=1e-4, momentum=0.9
        )

    def train(
        self,
        images: npt.NDArray[np.float32],
        labels: npt.NDArray[np.int32],
        rates: npt.NDArray[np.float32],
    ) -> float:
        """Train on images (steps, B, 32, 32, 3), labels (steps, B); return the last loss."""
        batches = torch.from_numpy(images).permute(0, 1, 4, 2, 3)  # a view: channels stay last
        classes = torch.from_numpy(labels.astype(np.int64))
        loss = torch.tensor(0.0)
        for step, rate in enumerate(rates):
            self._optimizer.param_groups[0]["lr"] = float(rate)
            loss = functional.cross_entropy(self._logits(batches[step]), classes[step])
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
        return float(loss.detach())

    def _logits(self, images: Any) -> Any:
        weights, moving = iter(self._weights), zip(self._means, self._variances, strict=True)
        values = conv_bn_relu(images, weights, moving)
        for stack in range(self._stacks):
            if stack:
                values = functional.max_pool2d(values, 2)
            for _ in range(self._cells):
                values = cell(values, weights, moving)
        return functional.linear(values.mean((2, 3)), next(weights), next(weights))


def in_torch_order(value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Move a kernel's outputs and inputs to the front, and the dense layer's outputs."""
    axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[value.ndim]
    return np.ascontiguousarray(value.transpose(axes))


def cell(inputs: Any, weights: Tensors, moving: Iterator[tuple[Any, Any]]) -> Any:
    """Compute the branches, each after a projection: 1x1, 3x3, twice 3x3, max-pool."""
    branches = []
    for convolutions in (1, 1, 2, 0):
        values = conv_bn_relu(inputs, weights, moving)
        for _ in range(convolutions):
            values = conv_bn_relu(values, weights, moving)
        if not convolutions:
            values = functional.max_pool2d(values, 3, 1, 1)
        branches.append(values)
    return torch.cat(branches, 1)


def conv_bn_relu(values: Any, weights: Tensors, moving: Iterator[tuple[Any, Any]]) -> Any:
    """Apply a convolution of the kernel's size, batch norm and ReLU."""
    kernel, gamma, beta = next(weights), next(weights), next(weights)
    values = functional.conv2d(values, kernel, padding=kernel.shape[-1] // 2)
    mean, variance = next(moving)
    values = functional.batch_norm(values, mean, variance, gamma, beta, True, NEW, EPSILON)
    return functional.relu(values, inplace=True)
