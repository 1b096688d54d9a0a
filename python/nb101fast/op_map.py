"""The operations of the official map: their layers, and the pruning of cells that have them.

Source: `nasbench/lib/base_ops.py`, `OP_MAP`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import _core
from .graph import module_hash
from .ops import INPUT, OPS, OUTPUT

Matrix = npt.NDArray[np.uint8]

# The label of an operation is its position. The official data set has the first three alone.
OP_MAP = (*OPS, "identity", "bottleneck3x3", "bottleneck5x5", "maxpool3x3-conv1x1")
# For each operation but the bottlenecks: its scope, whether it pools, the sizes of its kernels.
_PLAIN_OPS: dict[str, tuple[str, bool, tuple[int, ...]]] = {
    "conv3x3-bn-relu": ("Conv3x3-BN-ReLU", False, (3,)),
    "conv1x1-bn-relu": ("Conv1x1-BN-ReLU", False, (1,)),
    "maxpool3x3": ("MaxPool3x3", True, ()),
    "identity": ("Identity", False, ()),
    "maxpool3x3-conv1x1": ("MaxPool3x3-Conv1x1", True, (1,)),
}
_BOTTLENECK = 4  # A bottleneck divides its channels by this.


@dataclass(frozen=True)
class OpLayers:
    """The layers of an operation that has as many output channels as input channels.

    Attributes:
        scope: the official name of the operation within its vertex.
        pools: whether a 3x3 max-pool of stride 1 is the first layer.
        convolutions: the height and width of the kernel, the input channels and the output channels
            of each convolution. Batch norm and ReLU follow each of them.
    """

    scope: str
    pools: bool
    convolutions: tuple[tuple[int, int, int], ...]

    @property
    def scopes(self) -> tuple[str, ...]:
        """The official name of each convolution within its vertex."""
        if len(self.convolutions) == 1:
            return (self.scope,)
        return tuple(f"{self.scope}/{number}" for number in range(len(self.convolutions)))


def op_layers(op: str, channels: int) -> OpLayers:
    """The layers of an operation of `OP_MAP`.

    Raises:
        ValueError: a bottleneck has fewer than 4 channels.

    Example:
        >>> op_layers("maxpool3x3-conv1x1", 8)
        OpLayers(scope='MaxPool3x3-Conv1x1', pools=True, convolutions=((1, 8, 8),))
    """
    if op.startswith("bottleneck"):
        return _bottleneck(op, channels)
    scope, pools, sizes = _PLAIN_OPS[op]
    return OpLayers(scope, pools, tuple((size, channels, channels) for size in sizes))


def _bottleneck(op: str, channels: int) -> OpLayers:
    narrow = channels // _BOTTLENECK
    if not narrow:
        raise ValueError(
            f"{op} needs {_BOTTLENECK} channels or more, and has {channels}; raise stem_filters"
        )
    size = int(op[-1])
    convolutions = ((1, channels, narrow), (size, narrow, narrow), (1, narrow, channels))
    return OpLayers(f"BottleneckConv{size}x{size}", False, convolutions)


def pruned(matrix: npt.ArrayLike, ops: Sequence[str]) -> tuple[Matrix, tuple[str, ...]]:
    """Keep the vertices that lie on a path from input to output, in their order.

    Returns:
        The matrix and the operations of these vertices.

    Raises:
        OutOfDomainError: no path joins input and output.
        ValueError: the matrix is not strictly upper triangular 0/1 with 2 to 32 vertices, or the
            operations are not "input", names of `OP_MAP` and "output".

    Example:
        >>> pruned([[0, 1, 1], [0, 0, 0], [0, 0, 0]], ["input", "identity", "output"])[1]
        ('input', 'output')
    """
    names = tuple(map(str, ops))
    for name in names[1:-1]:
        if name not in OP_MAP:
            raise ValueError(f"operation {name!r} is not allowed; use {', '.join(OP_MAP)}")
    if names[:1] != (INPUT,) or names[1:][-1:] != (OUTPUT,):
        raise ValueError(
            f"ops={names!r} are not allowed; begin with {INPUT!r} and end with {OUTPUT!r}"
        )
    labels = [OP_MAP.index(name) for name in names[1:-1]]
    module_hash(matrix, labels)  # This raises an error if anything else is wrong.
    edges = np.ascontiguousarray(matrix, np.uint8)
    kept = _core.kept_vertices(edges)
    return edges[np.ix_(kept, kept)], tuple(names[vertex] for vertex in kept)
