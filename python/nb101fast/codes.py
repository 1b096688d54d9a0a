"""Codes: cells packed into 32 bits.

A code is a matrix of 7x7 and five labels. Bits 0..20 are the upper triangle of the adjacency
matrix, row-major (`numpy.triu_indices(7, 1)`). Bits 21..30 are two bits for each interior vertex
1..5. A cell of n < 7 vertices has its interior vertices at 1..n-2 and its output at 6.

Codes and cell ids are both integers, and most ids are valid codes of other cells. NumPy's types
tell them apart: codes are uint32, ids are int32. An array or NumPy scalar of another integer type
is refused, because it could be either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from . import _core
from .checks import check_choice

if TYPE_CHECKING:
    from .cell import Cell

MAX_VERTICES = 7
MATRIX_BITS, LABEL_BITS = 21, 10
LOW_LABEL_BITS = 0b01_01_01_01_01  # of the bits of the labels, the lower one of each label

Codes: TypeAlias = npt.NDArray[np.uint32]
OneCode: TypeAlias = "int | np.uint32 | Cell"
ManyCodes: TypeAlias = "Codes | Sequence[int] | Sequence[Cell]"
Validity = Literal["official", "raw-9"]

_MAX_RAW_EDGES = {"official": 21, "raw-9": 9}


def is_batch(values: object) -> bool:
    """Whether a value is several codes or ids: an array, a list or a tuple, but not a 0-d array."""
    return _core.is_batch(values)


def as_code(code: OneCode) -> int:
    """One code as an int.

    Args:
        code: an int, an np.uint32, a 0-d uint32 array or a `Cell`.

    Raises:
        TypeError: anything else, NumPy scalars of another type among them.
        ValueError: it doesn't fit 32 bits without sign.
    """
    return _core.as_code(code)


def as_codes(codes: ManyCodes) -> Codes:
    """Codes as uint32 (N,).

    Args:
        codes: a uint32 array, or a list or tuple of what `as_code` takes.

    Raises:
        TypeError: anything else, arrays of another type among them.
        ValueError: an array of another number of dimensions, or a code that doesn't fit 32 bits.
    """
    return _core.as_codes(codes)


def by_code(function: Callable[[Any], npt.NDArray[Any]], codes: Any) -> Any:
    """What a function of several codes gives: an array, or for one code one number of Python."""
    return function(codes) if is_batch(codes) else function([as_code(codes)])[0].item()


@overload
def is_valid(codes: OneCode, *, validity: Validity = "official") -> bool: ...
@overload
def is_valid(codes: ManyCodes, *, validity: Validity = "official") -> npt.NDArray[np.bool_]: ...
def is_valid(codes: Any, *, validity: Validity = "official") -> Any:
    """Whether each code is a cell of the space.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.
        validity: "official": the pruned cell has at most 9 edges (Ying et al., 2019). "raw-9": the
            unpruned cell has at most 9 edges too, as `nas_benchmarks` and HPOBench want it.

    Returns:
        bool (N,), or one bool for one code.

    Raises:
        TypeError: an array of another type than uint32.
        ValueError: `validity` is neither "official" nor "raw-9".

    Example:
        >>> is_valid(32), is_valid(0)
        (True, False)
    """
    check_choice("validity", validity, _MAX_RAW_EDGES)
    most = _MAX_RAW_EDGES[validity]
    return by_code(lambda array: _core.valid_codes(array, most), codes)
