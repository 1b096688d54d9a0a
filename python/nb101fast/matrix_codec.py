"""Matrices and operations of many cells, packed into codes and unpacked from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from . import _core
from .codes import MAX_VERTICES, ManyCodes, OneCode, as_code, is_batch
from .ops import OPS, check_ends, label_of_name, wrong_number_of_ops
from .phrases import counted


@overload
def encode(matrices: npt.ArrayLike, ops: Sequence[str]) -> int: ...
@overload
def encode(matrices: npt.ArrayLike, ops: Any) -> Any: ...
def encode(matrices: npt.ArrayLike, ops: Any) -> Any:
    """Pack cells into codes. The cells stay as they are; `cell_ids` prunes them.

    The output is the last vertex. A matrix that was padded to a larger size must keep it there: put
    the padding before the output, or cut it off. An operation's name may be anything, such as
    "null", on a vertex that pruning removes; its label is then 0. (`Cell` and `ModelSpec` have the
    same rule.) Integer labels are 0, 1 or 2 on every vertex.

    Args:
        matrices: (N, V, V) strictly upper triangular 0/1, bool, integer or integral float,
            2 <= V <= 7; or one (V, V).
        ops: integer labels 0..2, (N, V-2) or (N, V), of which the first and the last column are
            ignored; or operation names in the same shapes, those of all vertices with "input" first
            and "output" last. For one matrix, the same without N.

    Returns:
        uint32 (N,); one int for one matrix.

    Raises:
        ValueError: anything else. It says which value is at fault, and where.

    Example:
        >>> encode([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])
        4195329
    """
    matrix_array = _numeric(matrices, "a matrix")
    single = matrix_array.ndim == 2
    if single:
        matrix_array = matrix_array[np.newaxis]
    _check_shape(matrix_array, single)
    matrix_bytes = _as_bytes(matrix_array)
    labels = _interior_labels(ops, matrix_bytes, single)
    label_bytes = _as_bytes(labels)
    if matrix_array.shape[1] < MAX_VERTICES:
        matrix_bytes, label_bytes = _spread(matrix_bytes, label_bytes)
    codes, first_faulty = _core.encode_arrays(
        np.ascontiguousarray(matrix_bytes), np.ascontiguousarray(label_bytes)
    )
    if first_faulty < len(codes):
        _explain(matrix_array, labels, first_faulty, single)
    return int(codes[0]) if single else codes


def _numeric(values: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    _core.check_mask(values, f"the elements of {what}")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{what} must be rectangular: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{what} of dtype {array.dtype} cannot be read; use bool, integer or float"
        )
    return array


def _check_shape(matrices: npt.NDArray[Any], single: bool) -> None:
    shape = matrices.shape
    given = shape[1:] if single else shape
    if len(shape) != 3 or shape[1] != shape[2]:
        raise ValueError(f"matrices have shape {given}; use (N, V, V) or (V, V)")
    if not 2 <= shape[1] <= MAX_VERTICES:
        raise ValueError(
            f"matrices have shape {given}: {counted(shape[1], 'vertex', 'vertices')}; use 2 to 7"
        )


def _interior_labels(ops: Any, matrices: npt.NDArray[np.uint8], single: bool) -> npt.NDArray[Any]:
    """(N, V - 2) labels of operations that are given as labels or names, for one cell or many."""
    count, vertices = matrices.shape[:2]
    _core.check_mask(ops, "ops")
    try:
        no_cells = not count and isinstance(ops, list)
        array = np.empty((0, vertices - 2), np.uint8) if no_cells else np.asarray(ops)
    except ValueError as error:
        raise ValueError(f"ops must be rectangular: {error}") from None
    if single:
        array = array[np.newaxis]
    _check_ops_shape(array.shape, count, vertices, single)
    if array.dtype.kind in "UO":
        return _labels_of_names(array, matrices)
    if array.size == 0:
        array = array.astype(np.uint8)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"ops have dtype {array.dtype}; use integer labels or operation names")
    return array[:, 1:-1] if array.shape[1] == vertices else array


def _check_ops_shape(shape: tuple[int, ...], count: int, vertices: int, single: bool) -> None:
    allowed = (count, vertices - 2), (count, vertices)
    if shape in allowed:
        return
    if single and len(shape) == 2:
        raise ValueError(wrong_number_of_ops(shape[1], vertices))
    wanted = " or ".join(str(each[1:] if single else each) for each in allowed)
    given = shape[1:] if single else shape
    raise ValueError(f"ops have shape {given}; use {wanted} with matrices of {vertices} vertices")


def _labels_of_names(
    names: npt.NDArray[Any], matrices: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Labels of the interior vertices from the names of these or of all vertices."""
    vertices = matrices.shape[1]
    first = 1 if names.shape[1] < vertices else 0  # the vertex of the first column
    labels = np.zeros((len(names), vertices - 2), np.uint8)
    for cell, (row, matrix) in enumerate(zip(names.tolist(), matrices, strict=True)):
        if not first:
            check_ends(row)
        try:
            for vertex in range(1, vertices - 1):
                position = vertex - first
                labels[cell, vertex - 1] = label_of_name(row[position], vertex, position, matrix)
        except ValueError as error:
            if len(names) == 1:
                raise
            raise ValueError(f"cell {cell}: {error}") from None
    return labels


def _as_bytes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The same values as uint8. A value that doesn't fit becomes 255, which is never allowed."""
    if array.dtype.kind in "bui" and array.dtype.itemsize == 1:
        return array.view(np.uint8)  # a negative number becomes a large one
    with np.errstate(invalid="ignore"):
        as_bytes = array.astype(np.uint8)
    as_bytes[as_bytes != array] = 255
    return as_bytes


def _spread(
    matrices: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Cells of fewer vertices as cells of seven: the interior stays, the output goes to 6."""
    count, vertices = matrices.shape[:2]
    places = np.r_[0 : vertices - 1, MAX_VERTICES - 1]
    spread = np.zeros((count, MAX_VERTICES, MAX_VERTICES), np.uint8)
    spread[:, places[:, np.newaxis], places] = matrices
    spread_labels = np.zeros((count, MAX_VERTICES - 2), np.uint8)
    spread_labels[:, : vertices - 2] = labels
    return spread, spread_labels


def _explain(matrices: npt.NDArray[Any], labels: npt.NDArray[Any], cell: int, single: bool) -> None:
    """Raise ValueError for the first fault of a faulty cell."""
    where = "" if single else f" of cell {cell}"
    for (row, column), value in np.ndenumerate(matrices[cell]):
        place = f"[{row}, {column}]{where}"
        if value not in (0, 1):
            raise ValueError(f"matrix element {value} at {place} is not allowed; use 0 or 1")
        if value and column <= row:
            raise ValueError(
                f"matrix element {value} at {place} is not above the diagonal: "
                "edges go from lower to higher vertices"
            )
    for position, label in enumerate(labels[cell]):
        if label not in (0, 1, 2):
            raise ValueError(
                f"label {label} of interior vertex {position + 1}{where} is not allowed; use "
                f"0 ({OPS[0]}), 1 ({OPS[1]}) or 2 ({OPS[2]})"
            )


def decode(codes: ManyCodes | OneCode) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Unpack codes into matrices and labels. Nothing is pruned.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.

    Returns:
        Matrices (N, 7, 7) and labels (N, 5), both uint8; (7, 7) and (5,) for one code.

    Raises:
        TypeError: an array of another type. Cell ids become codes by `cell_codes()[ids]`.

    Example:
        >>> matrix, labels = decode(32)  # input joined to output by one edge
    """
    given: Any = codes
    if is_batch(given):
        return _core.decode_codes(given)
    matrices, labels = _core.decode_codes([as_code(given)])
    return matrices[0], labels[0]
