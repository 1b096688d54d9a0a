"""Columns between NumPy and Arrow, by their memory.

pyarrow's own conversions give the same, but they load pandas where it is installed. That takes
longer than all else that a worker of an experiment loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .extras import import_extra

if TYPE_CHECKING:
    import pyarrow


def array_of(values: npt.NDArray[Any]) -> pyarrow.Array:
    """Numbers or booleans as an array of Arrow without nulls.

    Raises:
        ImportError: pyarrow is missing.
    """
    arrow = import_extra("pyarrow", extra="arrow")
    is_boolean = values.dtype == np.bool_
    stored = np.packbits(values, bitorder="little") if is_boolean else np.ascontiguousarray(values)
    buffers = [None, arrow.py_buffer(stored)]
    return arrow.Array.from_buffers(arrow.from_numpy_dtype(values.dtype), len(values), buffers)


def array_of_texts(texts: Sequence[str]) -> pyarrow.StringArray:
    """Texts as an array of Arrow without nulls.

    Raises:
        ImportError: pyarrow is missing.
    """
    arrow = import_extra("pyarrow", extra="arrow")
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = arrow.py_buffer(ends), arrow.py_buffer(b"".join(encoded))
    return arrow.StringArray.from_buffers(len(encoded), *buffers)


def values_of(column: pyarrow.ChunkedArray) -> npt.NDArray[Any]:
    """The values of a column.

    If they are no numbers or booleans, or if some are null, pyarrow converts them.

    Raises:
        ImportError: pyarrow is missing.
    """
    arrow = import_extra("pyarrow", extra="arrow")
    is_boolean = arrow.types.is_boolean(column.type)
    is_number = arrow.types.is_integer(column.type) or arrow.types.is_floating(column.type)
    if column.null_count or not (is_boolean or is_number):
        return np.asarray(column.to_numpy())
    numbers = column.cast(arrow.uint8()) if is_boolean else column
    values = np.array(np.from_dlpack(numbers.combine_chunks()))
    return values.view(np.bool_) if is_boolean else values
