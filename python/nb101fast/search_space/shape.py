"""The shape of pruned cells, and what their official networks cost."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import numpy.typing as npt

from .. import _core
from ..codes import ManyCodes, OneCode, by_code


@overload
def depth(codes: OneCode) -> int: ...
@overload
def depth(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def depth(codes: Any) -> Any:
    """Edges of the longest path from input to output in the pruned cell: 1 to 6.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.

    Returns:
        int32 (N,), or one int; -1 outside the search space.

    Raises:
        TypeError: an array of another type than uint32.

    Source: Ying et al., 2019, section 3.

    Example:
        >>> depth(32)
        1
    """
    return _trait(_core.Trait.depth, codes)


@overload
def width(codes: OneCode) -> int: ...
@overload
def width(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def width(codes: Any) -> Any:
    """Edges of the largest directed cut of the pruned cell: 1 to 6.

    A directed cut divides the vertices into a side of the input and a side of the output, so that
    no edge goes back. It has the edges that go across. So a chain has width 1, however long it is.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.

    Returns:
        int32 (N,), or one int; -1 outside the search space.

    Raises:
        TypeError: an array of another type than uint32.

    Source: Ying et al., 2019, section 3 ("maximum directed cut").
    """
    return _trait(_core.Trait.width, codes)


@overload
def num_vertices(codes: OneCode) -> int: ...
@overload
def num_vertices(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def num_vertices(codes: Any) -> Any:
    """Vertices of the pruned cell, 2 to 7, the input and the output included.

    Takes, returns and raises what `depth` does.
    """
    return _trait(_core.Trait.num_vertices, codes)


@overload
def num_edges(codes: OneCode) -> int: ...
@overload
def num_edges(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def num_edges(codes: Any) -> Any:
    """Edges of the pruned cell, 1 to 9.

    Takes, returns and raises what `depth` does.
    """
    return _trait(_core.Trait.num_edges, codes)


@overload
def parameters(codes: OneCode) -> int: ...
@overload
def parameters(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def parameters(codes: Any) -> Any:
    """Trainable parameters of the official network, those of `cell_parameters`.

    Takes, returns and raises what `depth` does.
    """
    return _trait(_core.Trait.parameters, codes)


@overload
def macs(codes: OneCode) -> int: ...
@overload
def macs(codes: ManyCodes) -> npt.NDArray[np.int64]: ...
def macs(codes: Any) -> Any:
    """Multiply-accumulates of the cell's official network for one 32x32 image, at inference.

    The convolutions (stem, projections, vertices) and the dense layer count: for each place of
    their output, kernel height times width times input channels times output channels. Batch norm,
    ReLU, additions and pooling don't count. The network is that of the cell's representative, as
    for `parameters`. The first call takes 0.2 s.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.

    Returns:
        int64 (N,), or one int; -1 outside the search space.

    Raises:
        TypeError: an array of another type than uint32.

    Example:
        >>> macs(32)  # the stem, projections and the dense layer
        137761792
    """
    return by_code(_core.macs, codes)


@overload
def flops(codes: OneCode) -> int: ...
@overload
def flops(codes: ManyCodes) -> npt.NDArray[np.int64]: ...
def flops(codes: Any) -> Any:
    """Floating-point operations: two for each of `macs`, a multiplication and an addition.

    Some authors call half of this number FLOPs. Takes, returns and raises what `macs` does.
    """
    counts: Any = macs(codes)
    return counts * (1 + (counts >= 0))


def _trait(trait: _core.Trait, codes: Any) -> Any:
    return by_code(lambda array: _core.traits(trait, array), codes)
