"""The Inception-like cell of the official README: the example that everybody knows."""

from __future__ import annotations

MATRIX = [
    [0, 1, 1, 1, 0, 1, 0],  # input
    [0, 0, 0, 0, 0, 0, 1],  # 1x1 convolution
    [0, 0, 0, 0, 0, 0, 1],  # 3x3 convolution
    [0, 0, 0, 0, 1, 0, 0],  # 5x5 convolution, as two of 3x3
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 1],  # 3x3 max-pool
    [0, 0, 0, 0, 0, 0, 0],  # output
]
OPS = [
    "input",
    "conv1x1-bn-relu",
    "conv3x3-bn-relu",
    "conv3x3-bn-relu",
    "conv3x3-bn-relu",
    "maxpool3x3",
    "output",
]
HASH = "28cfc7874f6d200472e1a9dcd8650aa0"
