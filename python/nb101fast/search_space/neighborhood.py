"""Which cells are one change away from a code or a cell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _core
from ..codes import OneCode
from ..ids import Ids


class NeighborTable(NamedTuple):
    """The neighbours of every cell, as CSR.

    `indices[indptr[i]:indptr[i + 1]]` are the ids of the neighbours of cell i.
    """

    indptr: npt.NDArray[np.int64]
    indices: Ids


def neighbors(code: OneCode) -> Ids:
    """The ids of all cells that one change of this raw code leads to.

    A change flips one of the 21 edges or replaces one of the 5 labels; then the result is pruned.
    The code itself may be invalid. Go on with `objective.by_id(ids)`, `index.query(ids=ids)` or
    `cell_codes()[ids]`.

    Returns:
        int32 (N,), ascending, without the code's own cell.

    Raises:
        TypeError: a NumPy scalar of another type than uint32.
        OutOfDomainError: a code with bit 31 or a label 3.

    Example:
        >>> neighbors(32)  # input to output; the five dead vertices stay dead
        array([], dtype=int32)
    """
    return _core.neighbors(code)


def neighbor_table(*, threads: int = 1) -> NeighborTable:
    """The neighbours of every representative `cell_codes()[i]`: 7,653,143 ids (34 MB).

    The table is not symmetric. One change can cut vertices off, which pruning then removes, but no
    single change of the smaller cell's representative brings them back.
    Go on from ids with `objective.by_id(ids)`, `index.query(ids=ids)` or `cell_codes()[ids]`.

    Args:
        threads: how many threads to use. The interpreter's lock is released.

    Returns:
        A `NeighborTable`: `indptr`, int64 (423625,), and `indices`, int32 (7653143,).

    Example:
        >>> indptr, indices = neighbor_table()
        >>> import scipy.sparse
        >>> adjacency = scipy.sparse.csr_array((np.ones(len(indices)), indices, indptr))
    """
    return NeighborTable(*_core.neighbor_table(threads))
