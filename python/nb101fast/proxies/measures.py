"""The zero-cost proxies, each by its paper: numbers that an untrained network has.

Each function takes a `Probe`. "Kernels" are the weights of the convolutions and of the dense layer.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np

from ..extras import needs
from .probe import Probe, kernels_of, layers_of

with needs("torch", extra="torch"):
    import torch
    from torch import Tensor, nn

_JITTER = 1e-5  # what `jacob_cov` adds to each eigenvalue
_ZEN_STEP = 0.01  # the standard deviation of the noise that `zen` adds to images

Hook = Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]


def params(probe: Probe) -> float:
    """The number of trainable parameters."""
    return float(sum(weight.numel() for weight in probe.network.parameters()))


def flops(probe: Probe) -> float:
    """Floating-point operations for one image: two for each multiply-accumulate.

    The convolutions and the dense layer count, as in `search_space.flops`.
    """
    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        counts.append(2 * layer.weight.numel() * math.prod(output.shape[2:]))

    with torch.no_grad(), hooked(layers_of(probe.network, nn.Conv2d, nn.Linear), count):
        probe.network(probe.images[:2])  # Batch norm needs two.
    return float(sum(counts))


def l2_norm(probe: Probe) -> float:
    """The sum of the Euclidean norms of the kernels.

    Source: Abdelfattah et al., 2021, "Zero-Cost Proxies for Lightweight NAS", its code.
    """
    return sum(kernel.norm().item() for kernel in kernels_of(probe.network))


def grad_norm(probe: Probe) -> float:
    """The sum of the Euclidean norms of the kernels' gradients.

    Source: Abdelfattah et al., 2021, "Zero-Cost Proxies for Lightweight NAS".
    """
    return sum(gradient.norm().item() for gradient in probe.gradients)


def plain(probe: Probe) -> float:
    """The sum of weight times gradient over the kernels.

    Batch norm makes the part of the convolutions 0, so this tells only of the dense layer.

    Source: Abdelfattah et al., 2021, "Zero-Cost Proxies for Lightweight NAS", its code.
    """
    return _dot(kernels_of(probe.network), probe.gradients)


def snip(probe: Probe) -> float:
    """The sum of the absolute values of weight times gradient over the kernels.

    Source: Lee et al., 2019, "SNIP: Single-Shot Network Pruning based on Connection Sensitivity".
    """
    kernels = kernels_of(probe.network)
    return sum(
        (kernel * gradient).abs().sum().item()
        for kernel, gradient in zip(kernels, probe.gradients, strict=True)
    )


def grasp(probe: Probe) -> float:
    """The sum of -weight times (Hessian times gradient) over the kernels.

    Source: Wang et al., 2020, "Picking Winning Tickets Before Training by Preserving Gradient
    Flow".
    """
    kernels = kernels_of(probe.network)
    gradients = torch.autograd.grad(probe.loss(), kernels, create_graph=True)
    squares = [(gradient.detach() * gradient).sum() for gradient in gradients]
    products = torch.autograd.grad(torch.stack(squares).sum(), kernels)
    return -_dot(kernels, products)


def fisher(probe: Probe) -> float:
    """How much the loss depends on each channel of the kernels' layers.

    For each channel and image, activation times gradient is summed over the places of the image.
    The result is half of the mean square over the images, summed over the channels.

    Source: Theis et al., 2018, "Faster gaze prediction with dense networks and Fisher pruning";
    Turner et al., 2020, "BlockSwap".
    """
    outputs: list[Tensor] = []
    with hooked(layers_of(probe.network, nn.Conv2d, nn.Linear), _collect(outputs)):
        loss = probe.loss()
    gradients = torch.autograd.grad(loss, outputs)
    total = 0.0
    for output, gradient in zip(outputs, gradients, strict=True):
        of_channel = (output * gradient).flatten(2).sum(2) if output.ndim > 2 else output * gradient
        total += of_channel.square().mean(0).sum().item() / 2
    return total


def synflow(probe: Probe) -> float:
    """The sum of weight times gradient over the kernels, without data.

    The gradient is that of the sum of the outputs for an image of ones. All weights are taken as
    positive, and batch norm is left out. The numbers can become very large, so they are float64.

    Source: Tanaka et al., 2020, "Pruning neural networks without any data by iteratively conserving
    synaptic flow".
    """
    network = _without_batch_norm(probe.network).double()
    with torch.no_grad():
        for weight in network.parameters():
            weight.abs_()
    kernels = kernels_of(network)
    ones = torch.ones_like(probe.images[:1], dtype=torch.float64)
    return _dot(kernels, torch.autograd.grad(network(ones).sum(), kernels))


def jacob_cov(probe: Probe) -> float:
    """How little the gradients with respect to the pixels are correlated between images.

    It is the sum of -log(v + k) - 1 / (v + k) over the eigenvalues v of the matrix of correlations,
    with k = 1e-5. The gradient is that of the sum of an image's logits.

    Source: Mellor et al., 2020, "Neural Architecture Search without Training", first version.
    """
    images = probe.images.clone().requires_grad_()
    (jacobian,) = torch.autograd.grad(probe.network(images).sum(), images)
    rows = jacobian.flatten(1).double().cpu().numpy()
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(rows)) + _JITTER
    return float(-(np.log(eigenvalues) + 1 / eigenvalues).sum())


def naswot(probe: Probe) -> float:
    """How much the images differ in which ReLUs they activate.

    It is the logarithm of the absolute determinant of the matrix that says for two images how many
    ReLUs treat both alike. It is -inf if two images are alike to all of them.

    Source: Mellor et al., 2021, "Neural Architecture Search without Training".
    """
    kernel = torch.zeros(len(probe.images), len(probe.images), dtype=torch.float64)

    def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        active = (output > 0).flatten(1).float()
        idle = 1 - active
        kernel.add_((active @ active.T + idle @ idle.T).cpu())

    with torch.no_grad(), hooked(layers_of(probe.network, nn.ReLU), add):
        probe.network(probe.images)
    return torch.linalg.slogdet(kernel).logabsdet.item()


def zen(probe: Probe) -> float:
    """How much the last cell's output changes with the images, with batch norm's scaling undone.

    Images and kernels are drawn from a standard normal distribution. Then normal noise of standard
    deviation 0.01 is added to the images. The score is the logarithm of the mean norm of the
    change of the output, plus the logarithm of the standard deviation before each batch norm. All
    connections between vertices are kept.

    Source: Lin et al., 2021, "Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition".
    """
    network, kernels = probe.network, kernels_of(probe.network)
    random = torch.Generator().manual_seed(probe.seed)
    inputs: list[Tensor] = []

    def normal(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=random).to(like.device)

    def keep_variance(layer: nn.Module, arriving: tuple[Tensor, ...], output: Tensor) -> None:
        inputs.append(arriving[0].var((0, 2, 3), correction=0).mean())

    with torch.no_grad(), restored(kernels):
        for kernel in kernels:
            kernel.copy_(normal(kernel))
        images = normal(probe.images)
        moved = network.features(images + _ZEN_STEP * normal(images))
        with hooked(layers_of(network, nn.BatchNorm2d), keep_variance):
            change = (network.features(images) - moved).flatten(1).norm(dim=1).mean()
        return (change.log() + torch.stack(inputs).log().sum() / 2).item()


PROXIES: Mapping[str, Callable[[Probe], float]] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            *(params, flops, l2_norm, plain, grad_norm, snip, grasp, fisher),
            *(synflow, jacob_cov, naswot, zen),
        )
    }
)


@contextmanager
def hooked(layers: Sequence[nn.Module], hook: Hook) -> Iterator[None]:
    """Call the hook with each layer, its inputs and its output, whenever it computes."""
    handles = [layer.register_forward_hook(hook) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def restored(weights: Sequence[Tensor]) -> Iterator[None]:
    """Give weights their values back at the end of the block; to copy a network takes longer."""
    values = [weight.detach().clone() for weight in weights]
    try:
        yield
    finally:
        for weight, value in zip(weights, values, strict=True):
            weight.data.copy_(value)


def _collect(outputs: list[Tensor]) -> Hook:
    def collect(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs.append(output)

    return collect


def _dot(some: Sequence[Tensor], others: Sequence[Tensor]) -> float:
    return sum((one * other).sum().item() for one, other in zip(some, others, strict=True))


def _without_batch_norm(network: nn.Module) -> Any:
    bare = copy.deepcopy(network)
    for layer in bare.modules():
        for name, child in layer.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(layer, name, nn.Identity())
    return bare
