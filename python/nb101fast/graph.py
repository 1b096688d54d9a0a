"""Graphs of 2 to 32 vertices, in the space or not: their hashes, parameters and channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from .checks import check_count
from .ops import OPS, check_ends, label_of_name, wrong_number_of_ops
from .phrases import counted

_MAX_CHANNELS = 1 << 16  # More channels of the stem, or more stacks, could overflow the count.
_MAX_STACKS = 8
_ABOVE_DIAGONAL = ~np.tri(_core.MAX_GRAPH_VERTICES, dtype=np.bool_)


def module_hash(matrix: npt.ArrayLike, ops: Sequence[str] | npt.ArrayLike) -> str:
    """The official module hash of any cell: 32 hex digits. The cell is pruned first.

    Args:
        matrix: (V, V) strictly upper triangular 0/1, 2 <= V <= 32, of any numeric dtype.
        ops: operation names, or integer labels, of all V vertices or of the V - 2 interior ones.
            A label may be any integer of 64 bits. A name may be anything, such as "null", on a
            vertex that pruning removes.

    Raises:
        OutOfDomainError: nothing joins input and output.
        ValueError: the matrix or the operations are not as described.

    Example:
        >>> module_hash([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
        'd32d0b26d534203b48d866facd98cc3e'

    Source: `nasbench/lib/graph_util.py`, `hash_module`.
    """
    return _core.module_hash(*checked_graph(matrix, ops))


def count_parameters(
    matrix: npt.ArrayLike,
    ops: Sequence[str] | npt.ArrayLike,
    *,
    stem_filters: int = 128,
    num_stacks: int = 3,
    cells_per_stack: int = 3,
    num_classes: int = 10,
) -> int:
    """Trainable parameters of the network that is built from a cell in the vertex order given.

    Isomorphic cells can differ, because the first vertices that feed the output get the channels
    that are left over. The network is the official one unless its skeleton is given.

    Args:
        matrix, ops: as for `module_hash`, but the labels are 0, 1 or 2 on vertices that stay.
        stem_filters: channels of the stem, 1 to 65,536.
        num_stacks: 1 to 8; each stack has twice the channels of the one before.
        cells_per_stack: 1 to 65,536.
        num_classes: 1 to 65,536.

    Raises:
        OutOfDomainError: nothing joins input and output.
        ValueError: the matrix, the operations or the skeleton are not as described.

    Example:
        >>> count_parameters([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["conv3x3-bn-relu"])
        11051402

    Source: `nasbench/lib/model_builder.py`, `compute_vertex_channels`.
    """
    matrix_bytes, labels = checked_graph(matrix, ops)
    interior = labels[_core.kept_vertices(matrix_bytes)][1:-1]
    if ((interior < 0) | (interior >= len(OPS))).any():
        raise ValueError(f"labels {interior.tolist()} are not allowed; use 0, 1 and 2")
    skeleton = {
        "stem_filters": stem_filters,
        "num_stacks": num_stacks,
        "cells_per_stack": cells_per_stack,
        "num_classes": num_classes,
    }
    for name, number in skeleton.items():
        check_count(name, number, 1, _MAX_STACKS if name == "num_stacks" else _MAX_CHANNELS)
    return _core.count_parameters(matrix_bytes, labels, **skeleton)


def vertex_channels(
    matrix: npt.ArrayLike, *, input_channels: int, output_channels: int
) -> list[int]:
    """How many channels each vertex has in a cell that turns `input_channels` into others.

    The cell is pruned first. The vertices that feed the output share its channels; if these don't
    divide evenly, the first vertices get one more. Each other vertex has as many channels as the
    widest vertex that it feeds.

    Args:
        matrix: as for `module_hash`.
        input_channels, output_channels: of the whole cell, 1 to 65,536.

    Returns:
        One number for each vertex that pruning keeps, the input and the output included.

    Raises:
        OutOfDomainError: nothing joins input and output.
        ValueError: the matrix or a number of channels is not as described.

    Source: `nasbench/lib/model_builder.py`, `compute_vertex_channels`.

    Example:
        >>> from nb101fast import inception
        >>> vertex_channels(inception.MATRIX, input_channels=128, output_channels=128)
        [128, 32, 32, 32, 32, 32, 128]
    """
    _core.check_mask(matrix, "the elements of the matrix")
    array = np.asarray(matrix)
    matrix_bytes, _ = checked_graph(array, [0] * (len(array) if array.ndim else 0))
    check_count("input_channels", input_channels, 1, _MAX_CHANNELS)
    check_count("output_channels", output_channels, 1, _MAX_CHANNELS)
    return _core.vertex_channels(matrix_bytes, input_channels, output_channels)


def checked_graph(
    matrix: npt.ArrayLike, ops: Sequence[str] | npt.ArrayLike
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """A checked matrix (V, V) uint8 of 2 to 32 vertices, and the labels of all as int64."""
    _core.check_mask(matrix, "the elements of the matrix")
    _core.check_mask(ops, "ops")
    array = np.asarray(matrix)
    vertices = array.shape[0] if array.ndim == 2 else 0
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.dtype.kind not in "biuf":
        raise ValueError(
            f"the matrix has shape {array.shape} and dtype {array.dtype}; use (V, V) of numbers"
        )
    if not 2 <= vertices <= _core.MAX_GRAPH_VERTICES:
        raise ValueError(
            f"the matrix has {counted(vertices, 'vertex', 'vertices')}; use 2 to "
            f"{_core.MAX_GRAPH_VERTICES}"
        )
    is_allowed = (array == 0) | ((array == 1) & _ABOVE_DIAGONAL[:vertices, :vertices])
    if not is_allowed.all():
        row, column = np.argwhere(~is_allowed)[0]
        raise ValueError(
            f"matrix element {array[row, column]} at [{row}, {column}] is not allowed; use 0 or 1, "
            "and 1 only above the diagonal"
        )
    matrix_bytes = np.ascontiguousarray(array, np.uint8)
    return matrix_bytes, _all_labels(ops, matrix_bytes)


def _all_labels(
    ops: Sequence[str] | npt.ArrayLike, matrix: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int64]:
    vertices = len(matrix)
    given = list(ops) if isinstance(ops, (list, tuple)) else np.asarray(ops).tolist()
    if not isinstance(given, list):
        raise ValueError(f"ops={given!r} is not allowed; give names or labels of the vertices")
    if len(given) not in (vertices - 2, vertices):
        raise ValueError(f"ops={given!r}: {wrong_number_of_ops(len(given), vertices)}")
    first = 1 if len(given) < vertices else 0  # This is the vertex of the first label.
    if not first and any(isinstance(op, str) for op in given):
        check_ends(given)
    labels = np.zeros(vertices, np.int64)
    for vertex in range(1, vertices - 1):
        labels[vertex] = _label_of(given[vertex - first], vertex, vertex - first, matrix)
    return labels


def _label_of(op: Any, vertex: int, position: int, matrix: npt.NDArray[np.uint8]) -> int:
    if isinstance(op, str):
        return label_of_name(op, vertex, position, matrix)
    is_number = isinstance(op, (bool, int, float, np.number))
    # Infinity and NaN are in no range, so `int` never gets them.
    if is_number and -(1 << 63) <= op < 1 << 63 and int(op) == op:
        return int(op)
    raise ValueError(f"label {op!r} is not allowed; use an operation's name or a 64-bit integer")
