"""The layers of a network: convolution, dense layer and max-pool, as TensorFlow has them."""

from __future__ import annotations

from ...extras import needs
from ...skeleton import NetworkConfig, kernel_deviation

with needs("torch", extra="torch"):
    from torch import Tensor, nn


class Convolution(nn.Conv2d):
    """A convolution of stride 1 without bias, padded as TensorFlow's "SAME".

    Its kernel is initialised as in the official code: from a normal distribution that is scaled by
    the fan-in and truncated at 2 standard deviations.
    """

    def __init__(self, size: int, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, size, padding=size // 2, bias=False)

    def reset_parameters(self) -> None:
        """Draw the initial kernel with PyTorch's random numbers."""
        deviation = kernel_deviation(self.weight[0].numel())
        nn.init.trunc_normal_(self.weight, std=deviation, a=-2 * deviation, b=2 * deviation)


class Dense(nn.Linear):
    """A dense layer. Its kernel begins with Glorot's uniform values, and its bias with 0."""

    def reset_parameters(self) -> None:
        """Draw the initial kernel with PyTorch's random numbers."""
        nn.init.xavier_uniform_(self.weight)
        nn.init.zeros_(self.bias)


class ConvBnRelu(nn.Module):
    """A convolution, then batch norm, then ReLU.

    PyTorch's moving variance has Bessel's correction, as the official one has.
    """

    def __init__(self, size: int, inputs: int, outputs: int, config: NetworkConfig) -> None:
        super().__init__()
        self.conv2d = Convolution(size, inputs, outputs)
        self.batch_normalization = nn.BatchNorm2d(
            outputs, eps=config.bn_epsilon, momentum=1 - config.bn_momentum
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, images: Tensor) -> Tensor:
        return self.relu(self.batch_normalization(self.conv2d(images)))


def max_pool() -> nn.MaxPool2d:
    """A 3x3 max-pool that keeps the height and width."""
    return nn.MaxPool2d(3, stride=1, padding=1)


def halving_pool() -> nn.MaxPool2d:
    """A 2x2 max-pool that halves the height and width, rounded up as TensorFlow's "SAME" does."""
    return nn.MaxPool2d(2, ceil_mode=True)
