"""The operations of the official map, and the pruning of cells that have them.

Source: `nasbench/lib/base_ops.py`, `OP_MAP`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import nb101fast
from nb101fast.api import ModelSpec

Matrix = npt.NDArray[np.uint8]

INPUT, OUTPUT = "input", "output"
# The label of an operation is its position. The official data set has the first three alone.
OPS = (*nb101fast.OPS, "identity", "bottleneck3x3", "bottleneck5x5", "maxpool3x3-conv1x1")


def pruned(matrix: npt.ArrayLike, ops: Sequence[str]) -> tuple[Matrix, tuple[str, ...]]:
    """Keep the vertices that lie on a path from input to output, in their order.

    Returns:
        The matrix and the operations of these vertices.

    Raises:
        OutOfDomainError: no path joins input and output.
        ValueError: the matrix is not strictly upper triangular 0/1 with 2 to 32 vertices, or the
            operations are not "input", names of `OPS` and "output".

    Example:
        >>> pruned([[0, 1, 1], [0, 0, 0], [0, 0, 0]], ["input", "identity", "output"])[1]
        ('input', 'output')
    """
    names = tuple(map(str, ops))
    for name in names[1:-1]:
        if name not in OPS:
            raise ValueError(f"operation {name!r} is not allowed; use {', '.join(OPS)}")
    if names[:1] != (INPUT,) or names[1:][-1:] != (OUTPUT,):
        raise ValueError(
            f"ops={names!r} are not allowed; begin with {INPUT!r} and end with {OUTPUT!r}"
        )
    labels = [OPS.index(name) for name in names[1:-1]]
    nb101fast.module_hash(matrix, labels)  # This raises an error if anything else is wrong.
    spec = ModelSpec(np.asarray(matrix).astype(np.uint8), names)
    assert spec.matrix is not None
    return spec.matrix, tuple(spec.ops)
