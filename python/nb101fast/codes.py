"""Packed cells: a `code` is a uint32 that holds a 7x7 matrix and five labels.

Bits 0..20 are the upper triangle of the adjacency matrix, row-major (`numpy.triu_indices(7, 1)`),
bits 21..30 two bits for each interior vertex 1..5. A cell of fewer vertices has its interior at
1..n-2 and its output at 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from . import _core

NUM_CELLS: int = _core.NUM_CELLS
MAX_VERTICES = 7
OPS: tuple[str, ...] = tuple(_core.OPS)
INPUT, OUTPUT = "input", "output"

Codes = npt.NDArray[np.uint32]
Meaning = Literal["official", "raw-9"]

_MAX_RAW_EDGES = {"official": 21, "raw-9": 9}


@overload
def encode(matrices: npt.ArrayLike, ops: Sequence[str]) -> int: ...
@overload
def encode(matrices: npt.ArrayLike, ops: Any) -> Any: ...
def encode(matrices: npt.ArrayLike, ops: Any) -> Any:
    """Pack cells into codes, as they are: nothing is pruned.

    Args:
        matrices: (N, V, V) strictly upper triangular 0/1, bool, integer or integral float,
            2 <= V <= 7; or one (V, V).
        ops: (N, V-2) integer labels 0..2, or (N, V) with anything in the first and the last
            column; or operation names in their place.

    Returns:
        uint32 (N,); one int for one matrix.

    Raises:
        ValueError: anything else; says which value, and where.

    Example:
        >>> encode([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])
        4195329
    """
    matrix_array = _numeric(matrices, "a matrix")
    single = matrix_array.ndim == 2
    if single:
        matrix_array = matrix_array[np.newaxis]
    vertices = _check_shape(matrix_array, single)
    labels = as_labels(ops, matrix_array.shape[0], vertices, single)
    matrix_bytes = _as_bytes(matrix_array)
    label_bytes = _as_bytes(labels)
    if vertices < MAX_VERTICES:
        matrix_bytes, label_bytes = _spread(matrix_bytes, label_bytes)
    codes, first_faulty = _core.encode_arrays(
        np.ascontiguousarray(matrix_bytes), np.ascontiguousarray(label_bytes)
    )
    if first_faulty < len(codes):
        _explain(matrix_array, labels, first_faulty, single)
    return int(codes[0]) if single else codes


def _numeric(values: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{what} must be rectangular: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{what} of dtype {array.dtype} cannot be read; bool, integer or float is allowed"
        )
    return array


def _check_shape(matrices: npt.NDArray[Any], single: bool) -> int:
    shape = matrices.shape
    given = shape[1:] if single else shape
    if len(shape) != 3 or shape[1] != shape[2]:
        raise ValueError(f"matrices have shape {given}; (N, V, V) or (V, V) is allowed")
    if not 2 <= shape[1] <= MAX_VERTICES:
        raise ValueError(f"matrices have shape {given}: {shape[1]} vertices; 2 to 7 are allowed")
    return int(shape[1])


def as_labels(ops: Any, count: int, vertices: int, single: bool) -> npt.NDArray[Any]:
    """(count, vertices - 2) labels of operations given as labels or names, of one cell or many."""
    array = np.asarray(ops) if count or not isinstance(ops, list) else np.empty((0, vertices - 2))
    if array.dtype.kind in "UO":
        array = _labels_of_names(array, vertices)
    elif array.size == 0:
        array = array.astype(np.uint8)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"ops of dtype {array.dtype} cannot be read; integers or names are")
    given = array.shape
    if single:
        array = array[np.newaxis]
    allowed = (count, vertices - 2), (count, vertices)
    if array.shape not in allowed:
        wanted = " or ".join(str(shape[1:] if single else shape) for shape in allowed)
        raise ValueError(f"ops have shape {given}; {wanted} is allowed for {vertices} vertices")
    return array[:, 1:-1] if array.shape[1] == vertices else array


def _labels_of_names(names: npt.NDArray[Any], vertices: int) -> npt.NDArray[np.uint8]:
    """Names of all vertices, or of the interior ones, to labels; the ends may be any label."""
    labels = np.zeros(names.shape, np.uint8)
    whole = names.ndim > 0 and names.shape[-1] == vertices
    for position in np.ndindex(names.shape):
        name, column = names[position], position[-1] if position else 0
        is_end = whole and column in (0, vertices - 1)
        if is_end and name != (expected := INPUT if column == 0 else OUTPUT):
            raise ValueError(f"operation {name!r} at position {column}; {expected!r} is allowed")
        if is_end:
            continue
        if name not in OPS:
            raise ValueError(
                f"unknown operation {name!r} at position {', '.join(map(str, position))}; "
                f"{', '.join(OPS)} are allowed"
            )
        labels[position] = OPS.index(name)
    return labels


def _as_bytes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The same values as uint8; a value that doesn't fit becomes 255, which nothing allows."""
    if array.dtype.kind in "bui" and array.dtype.itemsize == 1:
        return array.view(np.uint8)  # a negative number becomes a large one
    with np.errstate(invalid="ignore"):
        as_bytes = array.astype(np.uint8)
    as_bytes[as_bytes != array] = 255
    return as_bytes


def _spread(
    matrices: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Cells of fewer vertices among seven: the interior stays, the output goes to 6."""
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
            raise ValueError(f"matrix element {value} at {place}; 0 and 1 are allowed")
        if value and column <= row:
            raise ValueError(
                f"matrix element {value} at {place} is not above the diagonal: "
                "edges go from lower to higher vertices"
            )
    for position, label in enumerate(labels[cell]):
        if label not in (0, 1, 2):
            raise ValueError(
                f"label {label} of interior vertex {position + 1}{where}; 0 ({OPS[0]}), "
                f"1 ({OPS[1]}) and 2 ({OPS[2]}) are allowed"
            )


def decode(codes: Codes | int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Unpack codes as they are: matrices (N, 7, 7) and labels (N, 5), both uint8.

    One int gives (7, 7) and (5,).
    """
    if is_scalar(codes):
        matrices, labels = _core.decode_codes(np.array([checked_code(codes)], np.uint32))
        return matrices[0], labels[0]
    return _core.decode_codes(np.asarray(codes))


def is_scalar(codes: object) -> bool:
    """True for an int, a NumPy integer or a 0-d integer array."""
    return isinstance(codes, (int, np.integer)) or (
        isinstance(codes, np.ndarray) and not codes.ndim
    )


def checked_code(code: Any) -> int:
    """A scalar as an int that fits 32 bits, or ValueError."""
    number = int(code.__index__())
    if not 0 <= number < 1 << 32:
        raise ValueError(f"code {number} does not fit 32 bits without sign")
    return number


@overload
def cell_ids(codes: int, *, threads: int = 1) -> int: ...
@overload
def cell_ids(
    codes: Codes, *, out: npt.NDArray[np.int32] | None = None, threads: int = 1
) -> npt.NDArray[np.int32]: ...
def cell_ids(codes: Any, *, out: Any = None, threads: int = 1) -> Any:
    """The cell id (0..423,623) of each code, after pruning and canonical form.

    Ids follow the official generator's walk, so they depend on no data file.

    Args:
        codes: uint32 (N,), or one int.
        out: int32 (N,) to write into.
        threads: how many threads to use; the GIL is released.

    Returns:
        int32 (N,), or one int; -1 = outside the search space.

    Example:
        >>> cell_ids(cell_codes()[:3])
        array([0, 1, 2], dtype=int32)
    """
    if out is None and is_scalar(codes):
        return _core.cell_id(checked_code(codes))
    return _core.cell_ids(codes, out, threads)


def is_valid(codes: Any, *, meaning: Meaning = "official") -> Any:
    """Whether each code is a cell of the space: bool (N,), or one bool for one int.

    Args:
        codes: uint32 (N,), or one int.
        meaning: "official": at most 9 edges after pruning (Ying et al., 2019). "raw-9": at most 9
            edges before it too, as `nas_benchmarks` and HPOBench have it.
    """
    if meaning not in _MAX_RAW_EDGES:
        raise ValueError(f"meaning={meaning!r}; {', '.join(map(repr, _MAX_RAW_EDGES))} are allowed")
    if is_scalar(codes):
        return bool(is_valid(np.array([checked_code(codes)], np.uint32), meaning=meaning)[0])
    return _core.valid_codes(codes, _MAX_RAW_EDGES[meaning])


def cell_codes() -> Codes:
    """By cell id, the code of the official representative: read-only uint32 (423624,)."""
    return _core.cell_codes()


def cell_hashes() -> npt.NDArray[np.uint8]:
    """By cell id, the official module hash: read-only uint8 (423624, 16).

    Computed at the first call, in about a second.
    """
    return _core.cell_hashes()


def cell_parameters() -> npt.NDArray[np.uint32]:
    """By cell id, trainable parameters of the official network: read-only uint32 (423624,)."""
    return _core.cell_parameters()
