"""Codes, cell ids and hashes: the numbers by which cells are named, and the checks of them.

- A *code* is a cell packed into 32 bits: a matrix of 7x7 and five labels. Bits 0..20 are the upper
  triangle of the adjacency matrix, row-major (`numpy.triu_indices(7, 1)`). Bits 21..30 are two bits
  for each interior vertex 1..5. A cell of n < 7 vertices has its interior vertices at 1..n-2 and
  its output at 6.
- A *cell id* is the position of a cell among the 423,624 of the space, in the official order.
- A *hash* is the official module hash, as 32 hex digits or 16 bytes.

Codes and ids are both integers, and most ids are valid codes of other cells. NumPy's types tell
them apart: codes are uint32, ids are int32. An array or NumPy scalar of another integer type is
refused, because it could be either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from . import _core
from .checks import check_choice
from .phrases import counted

if TYPE_CHECKING:
    from .cell import Cell

NUM_CELLS: int = _core.NUM_CELLS
MAX_VERTICES = 7
OPS: tuple[str, ...] = tuple(_core.OPS)
INPUT, OUTPUT = "input", "output"

Codes: TypeAlias = npt.NDArray[np.uint32]
Ids: TypeAlias = npt.NDArray[np.int32]
Hashes: TypeAlias = "list[str] | tuple[str, ...] | npt.NDArray[np.uint8]"  # digits, or (N, 16)
OneCode: TypeAlias = "int | np.uint32 | Cell"
ManyCodes: TypeAlias = "Codes | Sequence[int] | Sequence[Cell]"
OneId: TypeAlias = "int | np.int32"
ManyIds: TypeAlias = "Ids | Sequence[int]"
Validity = Literal["official", "raw-9"]

_MAX_RAW_EDGES = {"official": 21, "raw-9": 9}
_HASH_BYTES = 16


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
        ops: (N, V-2) integer labels 0..2, or (N, V) with anything in the first and the last
            column; or operation names in their place.

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


def wrong_number_of_ops(given: int, vertices: int) -> str:
    """What the error says of a wrong number of names or labels."""
    return (
        f"{counted(given, 'operation')} given for a matrix of {vertices} vertices; give a name or "
        f"label for each interior vertex ({vertices - 2}) or for each vertex ({vertices})"
    )


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
            row = row[1:-1]
        for column, name in enumerate(row):
            vertex = column + 1
            if name in OPS:
                labels[cell, column] = OPS.index(name)
            elif not is_removed(vertex, matrix):
                raise ValueError(
                    unknown_operation(name, vertex - first, matrix)
                    if len(names) == 1
                    else f"cell {cell}: {unknown_operation(name, vertex - first, matrix)}"
                )
    return labels


def check_ends(names: Sequence[Any]) -> None:
    """ValueError unless the names of all vertices begin with "input" and end with "output"."""
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


def is_removed(vertex: int, matrix: npt.NDArray[np.uint8]) -> bool:
    """Whether pruning removes a vertex. It removes none where nothing joins input and output."""
    kept = _core.kept_vertices(np.ascontiguousarray(matrix))
    return bool(kept) and vertex not in kept


def unknown_operation(name: object, position: int, matrix: npt.NDArray[np.uint8]) -> str:
    """What the error says of a name that no operation has, on a vertex that counts."""
    message = (
        f"unknown operation {name!r} at position {position}; use {', '.join(OPS)}. Another name is "
        "allowed on a vertex that pruning removes, and this one "
    )
    if _core.kept_vertices(np.ascontiguousarray(matrix)):
        return message + "stays"
    return message + (
        "stays because nothing joins the first vertex to the last. If the matrix was padded at its "
        "end, cut it to its own size, or put the padding before the output"
    )


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
        ValueError: no such validity.

    Example:
        >>> is_valid(32), is_valid(0)
        (True, False)
    """
    check_choice("validity", validity, _MAX_RAW_EDGES)
    most = _MAX_RAW_EDGES[validity]
    if is_batch(codes):
        return _core.valid_codes(codes, most)
    return bool(_core.valid_codes([as_code(codes)], most)[0])


def cell_codes() -> Codes:
    """By cell id, the code of the official representative: read-only uint32 (423624,).

    `cell_codes()[ids]` turns cell ids into codes.
    """
    return _core.cell_codes()


def cell_hashes() -> npt.NDArray[np.uint8]:
    """By cell id, the official module hash: read-only uint8 (423624, 16).

    The first call computes them, in about a second. `ids_of_hashes` is the way back.
    """
    return _core.cell_hashes()


def cell_parameters() -> npt.NDArray[np.uint32]:
    """By cell id, trainable parameters of the official network: read-only uint32 (423624,)."""
    return _core.cell_parameters()


# ---------------------------------------------------------------- hashes


def ids_of_hashes(hashes: Hashes, *, threads: int = 1) -> Ids:
    """The cell id of each official hash, among all cells of the space and without an index.

    The first call computes the hashes of all cells and a perfect hash of them, in about a second;
    then a hash takes some 20 nanoseconds. `Index.find` gives the cells of one index alone.

    Go on with `objective.by_id(ids)`, `index.query(ids=ids)` or `cell_codes()[ids]`, after leaving
    out -1: `ids[ids >= 0]`.

    Args:
        hashes: a list of strings of 32 hex digits, or uint8 (N, 16).
        threads: how many threads to use. The interpreter's lock is released.

    Returns:
        int32 (N,); -1 for a hash that no cell has.

    Raises:
        TypeError: a single string.
        ValueError: a string that is no hash, or an array of another shape or dtype.

    Example:
        >>> ids_of_hashes(["28cfc7874f6d200472e1a9dcd8650aa0"])
        array([359715], dtype=int32)
    """
    return _core.ids_of_hashes(as_hashes(hashes), threads)


def as_hashes(hashes: Hashes) -> npt.NDArray[np.uint8]:
    """Hashes as uint8 (N, 16), or TypeError or ValueError."""
    if isinstance(hashes, (str, bytes)):
        raise TypeError(f"hashes={hashes!r} is one string; give a list of hashes")
    _core.check_mask(hashes, "hashes")
    if not isinstance(hashes, np.ndarray) or hashes.dtype.kind in "USO":
        texts = [text.decode("ascii") if isinstance(text, bytes) else text for text in hashes]
        joined = b"".join(map(bytes_of_hash, texts))
        return np.frombuffer(joined, np.uint8).reshape(-1, _HASH_BYTES)
    if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] != _HASH_BYTES:
        raise ValueError(
            f"hashes have shape {hashes.shape} and dtype {hashes.dtype}; use uint8 (N, 16) or a "
            "list of strings of 32 hex digits"
        )
    return np.ascontiguousarray(hashes)


def bytes_of_hash(module_hash: str) -> bytes:
    """The 16 bytes of a module hash, or ValueError."""
    try:
        digest = bytes.fromhex(module_hash)
    except (ValueError, TypeError):
        digest = b""
    if len(digest) != _HASH_BYTES or len(module_hash) != 2 * _HASH_BYTES:
        raise ValueError(f"module hash {module_hash!r} is not allowed; use 32 hex digits")
    return digest


# ---------------------------------------------------------------- which numbers are which


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
