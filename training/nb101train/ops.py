"""The operations of the official map, and cells made of them.

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
# Those after the first three are outside the data set's space; labels go on from there.
OPS = (*nb101fast.OPS, "identity", "bottleneck3x3", "bottleneck5x5", "maxpool3x3-conv1x1")


def pruned(matrix: npt.ArrayLike, ops: Sequence[str]) -> tuple[Matrix, tuple[str, ...]]:
    """The vertices on a path from input to output, in their order.

    Raises:
        OutOfDomainError: there is no such path.
        ValueError: not a strictly upper triangular 0/1 matrix of 2 to 32 vertices, or not an
            operation of `OPS` for each vertex between input and output.
    """
    names = tuple(map(str, ops))
    for name in names[1:-1]:
        if name not in OPS:
            raise ValueError(f"unknown operation {name!r}; {', '.join(OPS)} are allowed")
    if names[:1] != (INPUT,) or names[1:][-1:] != (OUTPUT,):
        raise ValueError(f"ops {names!r} don't begin with {INPUT!r} and end with {OUTPUT!r}")
    labels = [OPS.index(name) for name in names[1:-1]]
    nb101fast.module_hash(matrix, labels)  # raises for whatever else is wrong
    spec = ModelSpec(np.asarray(matrix).astype(np.uint8), names)
    assert spec.matrix is not None
    return spec.matrix, tuple(spec.ops)
