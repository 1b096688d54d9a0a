"""The operations of vertices: their names and labels, and the checks of what users give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from .phrases import counted

OPS: tuple[str, ...] = tuple(_core.OPS)
INPUT, OUTPUT = "input", "output"


def label_of_name(name: object, vertex: int, position: int, matrix: npt.NDArray[np.uint8]) -> int:
    """The label of an interior vertex's operation; 0 for any name on a vertex that is pruned.

    Args:
        name: what the user gave.
        vertex: the interior vertex.
        position: the place of the name among those given, which the error states.
        matrix: (V, V) uint8, strictly upper triangular 0/1.

    Raises:
        ValueError: no operation has the name, and pruning keeps the vertex.
    """
    if name in OPS:
        return OPS.index(name)
    kept = _core.kept_vertices(np.ascontiguousarray(matrix))
    if kept and vertex not in kept:
        return 0
    message = (
        f"unknown operation {name!r} at position {position}; use {', '.join(OPS)}. Another name is "
        "allowed on a vertex that pruning removes, and this one stays"
    )
    if kept:
        raise ValueError(message)
    raise ValueError(
        f"{message} because nothing joins the first vertex to the last. If the matrix was padded "
        "at its end, cut it to its own size, or put the padding before the output"
    )


def check_ends(names: Sequence[Any]) -> None:
    """Raise ValueError unless names of all vertices begin with "input" and end with "output"."""
    if names[0] != INPUT:
        raise ValueError(f"operation {names[0]!r} at position 0 is not allowed; use {INPUT!r}")
    last = len(names) - 1
    if names[last] == OUTPUT:
        return
    message = f"operation {names[last]!r} at position {last} is not allowed; use {OUTPUT!r}"
    if OUTPUT in names:
        place = list(names).index(OUTPUT)
        message += (
            f". The names have it at position {place}: if the cell was padded at its end, cut it "
            f"to its first {place + 1} vertices, or put the padding before the output"
        )
    raise ValueError(message)


def wrong_number_of_ops(given: int, vertices: int) -> str:
    """What the error says of a wrong number of names or labels."""
    return (
        f"{counted(given, 'operation')} given for a matrix of {vertices} vertices; give a name or "
        f"label for each interior vertex ({vertices - 2}) or for each vertex ({vertices})"
    )
