"""An untrained network with a batch of images: what the proxies look at."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any

from ..adapters.torch_network import Network
from ..checks import check_type
from ..extras import needs

with needs("torch", extra="torch"):
    import torch
    from torch import Tensor, nn


class Probe:
    """A copy of a network, and a batch. What several proxies need is computed once.

    Batch norm normalises by the statistics of the batch, because the network is not trained.

    Args:
        network: the network, which is copied and not changed.
        images: (B, 3, S, S) normalised floats, a tensor or an array.
        labels: (B,) integers.
        seed: decides what a proxy draws at random.

    Attributes:
        network: the copy, in training mode.
        images, labels: the batch as tensors, float32 (B, 3, S, S) and int64 (B,).
        seed: the argument.

    Raises:
        TypeError: `network` is of another class.
        ValueError: the images or the labels have another shape or type.
    """

    def __init__(self, network: Network, images: Any, labels: Any, *, seed: int = 0) -> None:
        check_type("network", network, Network, use="a torch_network.Network")
        self.network = copy.deepcopy(network).train()
        self.images, self.labels = checked_batch(images, labels, network.config.num_classes)
        self.seed = seed

    @cached_property
    def gradients(self) -> tuple[Tensor, ...]:
        """The gradient of the loss with respect to each kernel of `kernels_of`."""
        return torch.autograd.grad(self.loss(), kernels_of(self.network))

    def loss(self) -> Tensor:
        """The mean cross-entropy of the batch."""
        return nn.functional.cross_entropy(self.network(self.images), self.labels)


def layers_of(network: nn.Module, *kinds: type) -> list[nn.Module]:
    """The layers of a network that are of some classes, in their order."""
    return [layer for layer in network.modules() if isinstance(layer, kinds)]


def kernels_of(network: nn.Module) -> list[Tensor]:
    """The weights of a network's convolutions and of its dense layer, without the bias."""
    return [layer.weight for layer in layers_of(network, nn.Conv2d, nn.Linear)]


def checked_batch(images: Any, labels: Any, num_classes: int) -> tuple[Tensor, Tensor]:
    """A batch as tensors of float32 and int64.

    Raises:
        ValueError: the images or the labels have another shape or type.
    """
    batch, classes = torch.as_tensor(images), torch.as_tensor(labels)
    shape = tuple(batch.shape)
    if len(shape) != 4 or shape[1] != 3 or len(batch) < 2 or not batch.is_floating_point():
        raise ValueError(
            f"images have shape {shape} and type {batch.dtype}; use two or more, (B, 3, S, S), "
            "normalised floats"
        )
    if classes.shape != (len(batch),) or classes.is_floating_point():
        raise ValueError(
            f"labels have shape {tuple(classes.shape)} and type {classes.dtype}; use "
            f"({len(batch)},) integers"
        )
    least, most = int(classes.min()), int(classes.max())
    if least < 0 or most >= num_classes:
        raise ValueError(f"labels {least} to {most} are not allowed; use 0 to {num_classes - 1}")
    return batch.float(), classes.long()
