"""Codes as rows of numbers, which optimizers and predictors take, and back."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import _core
from ..checks import check_choice
from ..codes import Codes, ManyCodes, OneCode, as_code, is_batch

ENCODINGS: dict[str, _core.Encoding] = {
    encoding.name.replace("_", "-"): encoding for encoding in _core.Encoding
}

Encoding = Literal["A", "B", "C", "one-hot", "path"]
Rows: TypeAlias = npt.NDArray[Any]


def encode_as(codes: ManyCodes | OneCode, name: Encoding, *, out: Rows | None = None) -> Rows:
    """Codes as rows of numbers. Nothing is pruned: for pruned cells, encode `cell_codes()[ids]`.

    - "A": uint8 (N, 26): 21 edges, row-major (`numpy.triu_indices(7, 1)`), and 5 labels
      (`nas_benchmarks`; EvoXBench's 26 integers).
    - "B": uint8 (N, 14): 9 edge numbers, ascending, the last one repeated, and 5 labels. The number
      of the row-major edge (r, c) stands for edge (6 - c, 6 - r), because `nas_benchmarks` decodes
      it so; kurobako does not. Only for codes of 1 to 9 raw edges.
    - "C": float32 (N, 27): the number of edges n, 21 numbers in row-major order, and 5 labels. The
      n greatest of the 21 numbers are edges; here the numbers are 0.0 and 1.0. Only for codes of 0
      to 9 raw edges.
    - "one-hot": uint8 (N, 36): 21 edges, and three columns for each label, in the order 0, 1, 2
      (NASLib has the three in reverse).
    - "path": uint8 (N, 364): which sequences of labels lead from input to output. The sequence
      l0, l1, .. has the column that is the sum of (l_i + 1) * 3^i, so column 0 is the direct edge
      (naszilla, NASLib).

    Labels are 0 `conv3x3-bn-relu`, 1 `conv1x1-bn-relu`, 2 `maxpool3x3`, as everywhere here.
    ConfigSpace lists these choices in another order.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.
        out: an array of that dtype and of the shape (N, columns) to write into, with N = 1 for one
            code. For many codes, new memory takes longer than the rows themselves.

    Returns:
        One row for each code; a single row (columns,) for one code. `out` itself if it is given.

    Raises:
        TypeError: an array of codes of another type than uint32, or `out` of another dtype.
        ValueError: no such encoding, a code that it can't hold, or another shape of `out`.
        OutOfDomainError: a code with bit 31 or a label 3.

    Example:
        >>> encode_as(32, "B")
        array([5, 5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 0, 0, 0], dtype=uint8)
    """
    check_choice("name", name, ENCODINGS)
    encoding = ENCODINGS[name]
    given: Any = codes
    if is_batch(given):
        return _core.encode_codes(encoding, given, out)
    rows = _core.encode_codes(encoding, [as_code(given)], out)
    return rows.reshape(-1) if out is None else rows


def decode_from(x: npt.ArrayLike, name: Encoding) -> Any:
    """The codes of rows of numbers, the way back from `encode_as`.

    A, B, C and one-hot give back the code that was encoded. The numbers of edges in B may have any
    order, and duplicates count once. The numbers in C lie in 0..1; of equal ones the later counts
    as the greater.

    Args:
        x: (N, columns) of any numeric dtype, or one row, which gives one int.

    Returns:
        uint32 (N,), or one int.

    Raises:
        ValueError: no such encoding; "path", because many cells share their paths; a wrong shape;
            or a value that is not allowed, which the error states with its position.
    """
    check_choice("name", name, ENCODINGS)
    encoding = ENCODINGS[name]
    if name == "path":
        raise ValueError(
            "name='path' has no way back, because different cells have the same paths; "
            "use 'A', 'B', 'C' or 'one-hot'"
        )
    _core.check_mask(x, "the elements of x")
    rows = np.asarray(x)
    single = rows.ndim == 1
    _check_rows(rows, name)
    if single:
        rows = rows[np.newaxis]
    codes, num_sound = _decode_rows(rows, encoding)
    if num_sound < len(codes):
        _explain(rows[num_sound].tolist(), name, "" if single else f"{num_sound}, ")
    return int(codes[0]) if single else codes


# For each encoding its groups of columns: how many, the greatest value, and whether it is whole.
_COLUMNS: dict[str, tuple[tuple[int, int, bool], ...]] = {
    "A": ((21, 1, True), (5, 2, True)),
    "B": ((9, 20, True), (5, 2, True)),
    "C": ((1, 9, True), (21, 1, False), (5, 2, True)),
    "one-hot": ((36, 1, True),),
}


def _check_rows(rows: Rows, name: str) -> None:
    columns = sum(count for count, _, _ in _COLUMNS[name])
    if rows.dtype.kind not in "biuf":
        raise ValueError(
            f"x has dtype {rows.dtype}, which cannot be read; use bool, integer or float"
        )
    if rows.ndim not in (1, 2) or rows.shape[-1] != columns:
        raise ValueError(
            f"x has shape {rows.shape}; use (N, {columns}) or ({columns},) for {name!r}"
        )


def _decode_rows(rows: Rows, encoding: _core.Encoding) -> tuple[Codes, int]:
    """The codes, and how many of them come before the first faulty row."""
    if encoding is _core.Encoding.C:
        return _core.decode_rows_of_c(np.ascontiguousarray(rows, np.float64))
    with np.errstate(invalid="ignore"):
        as_bytes = np.ascontiguousarray(rows, np.uint8)
    if rows.dtype != np.uint8:
        as_bytes[as_bytes != rows] = 255  # which is never allowed
    return _core.decode_byte_rows(encoding, as_bytes)


def _explain(row: list[Any], name: str, row_place: str) -> None:
    """Raise ValueError for the first fault of a faulty row."""
    limits = [(most, whole) for count, most, whole in _COLUMNS[name] for _ in range(count)]
    for column, (value, (most, whole)) in enumerate(zip(row, limits, strict=True)):
        if 0 <= value <= most and (value == int(value) or not whole):
            continue
        allowed = "0 or 1" if most == 1 else f"0 to {most}"
        numbers = allowed if whole else "numbers from 0 to 1"
        raise ValueError(
            f"value {value} at [{row_place}{column}] of x is not allowed; use {numbers}"
        )
    for column in range(21, 36, 3):
        ones = int(sum(row[column : column + 3]))
        if ones != 1:
            raise ValueError(
                f"{ones} ones at [{row_place}{column}:{column + 3}] of x, the columns of a label; "
                "use a single 1"
            )
