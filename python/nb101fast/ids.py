"""Cell ids: the positions of cells among the 423,624 of the space, in the official order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from . import _core
from .codes import Codes, ManyCodes, OneCode, is_batch

NUM_CELLS: int = _core.NUM_CELLS

Ids: TypeAlias = npt.NDArray[np.int32]
OneId: TypeAlias = "int | np.int32"
ManyIds: TypeAlias = "Ids | Sequence[int]"


def as_id(cell_id: OneId, *, least: int = 0) -> int:
    """One cell id as an int.

    Args:
        cell_id: an int, an np.int32 or a 0-d int32 array.
        least: 0, or -1 where that stands for no cell.

    Raises:
        TypeError: anything else, NumPy scalars of another type among them.
        IndexError: it is not in least..423,623.
    """
    return _core.as_id(cell_id, least)


def as_ids(ids: ManyIds, *, least: int = 0) -> Ids:
    """Cell ids as int32 (N,).

    Args:
        ids: an int32 array, or a list or tuple of what `as_id` takes.
        least: 0, or -1 where that stands for no cell.

    Raises:
        TypeError: anything else, arrays of another type among them.
        IndexError: an id that is not in least..423,623; the error has its position.
    """
    return _core.as_ids(ids, least)


@overload
def cell_ids(codes: OneCode, *, threads: int = 1) -> int: ...
@overload
def cell_ids(codes: ManyCodes, *, out: Ids | None = None, threads: int = 1) -> Ids: ...
def cell_ids(codes: Any, *, out: Any = None, threads: int = 1) -> Any:
    """The cell id (0..423,623) of each code, found by pruning it and by its canonical form.

    Ids follow the order in which the official generator finds the cells, so they depend on no data
    file. Go on with `objective.by_id(ids)`, `index.query(ids=ids)`, or `cell_codes()[ids]`, which
    are the codes of the representatives. Leave out -1 first: `ids[ids >= 0]`.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.
        out: int32 (N,) to write into.
        threads: how many threads to use. The interpreter's lock is released.

    Returns:
        int32 (N,), or one int for one code; -1 outside the search space. A matrix that was padded
        at its end is outside too, because nothing leads to its last vertex; see `encode`.

    Raises:
        TypeError: an array of another type than uint32.
        ValueError: `out` has another shape, or a code doesn't fit 32 bits.

    Example:
        >>> cell_ids(cell_codes()[:3])
        array([0, 1, 2], dtype=int32)
    """
    if out is None and not is_batch(codes):
        return _core.cell_id(codes)
    return _core.cell_ids(codes, out, threads)


def cell_codes() -> Codes:
    """By cell id, the code of the official representative: read-only uint32 (423624,).

    `cell_codes()[ids]` turns cell ids into codes.
    """
    return _core.cell_codes()


def cell_parameters() -> npt.NDArray[np.uint32]:
    """By cell id, trainable parameters of the official network: read-only uint32 (423624,)."""
    return _core.cell_parameters()
