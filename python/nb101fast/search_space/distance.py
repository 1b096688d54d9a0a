"""How far two codes are from each other."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from .. import _core
from ..checks import check_choice
from ..codes import ManyCodes, OneCode, as_code, as_codes, is_batch

DISTANCES = ("raw", "cell")
Distance = Literal["raw", "cell"]


@overload
def edit_distance(codes: OneCode, others: OneCode, *, how: Distance = "raw") -> int: ...
@overload
def edit_distance(
    codes: ManyCodes, others: ManyCodes | OneCode, *, how: Distance = "raw"
) -> npt.NDArray[np.int32]: ...
@overload
def edit_distance(
    codes: OneCode, others: ManyCodes, *, how: Distance = "raw"
) -> npt.NDArray[np.int32]: ...
def edit_distance(codes: Any, others: Any, *, how: Distance = "raw") -> Any:
    """How many single changes lead from each code to the other; `neighbors` says what a change is.

    Args:
        codes, others: uint32 (N,) or a list of codes, each; or one code or `Cell`, which is paired
            with all of the others.
        how: "raw": how many of the 21 edges and 5 labels differ, unpruned. "cell": the fewest
            edges to flip and labels to change between the pruned cells, over all ways to match
            their vertices (the exact graph edit distance; half a microsecond a pair). A vertex that
            only one of the two has costs nothing but its edges.

    Returns:
        int32 (N,), or one int. With "cell", -1 if a code is outside the search space.

    Raises:
        TypeError: an array of another type than uint32.
        ValueError: no such distance, or arrays of different shapes.
        OutOfDomainError: with "raw", a code with bit 31 or a label 3.

    Example:
        >>> edit_distance(32, 33), edit_distance(32, 33, how="cell")
        (1, 0)
    """
    check_choice("how", how, DISTANCES)
    pair = [as_codes(each if is_batch(each) else [as_code(each)]) for each in (codes, others)]
    if not is_batch(codes):
        pair[0] = np.broadcast_to(pair[0], pair[1].shape)
    if not is_batch(others):
        pair[1] = np.broadcast_to(pair[1], pair[0].shape)
    if len(pair[0]) != len(pair[1]):
        raise ValueError(
            f"codes have shape {pair[0].shape} and others {pair[1].shape}; use the same shape"
        )
    distances = _core.distances(how == "cell", *pair)
    return distances if is_batch(codes) or is_batch(others) else int(distances[0])
