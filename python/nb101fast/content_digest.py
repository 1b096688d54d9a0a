"""A digest of the values of a table, whatever file holds them and however they are compressed."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt


class ContentDigest:
    """The SHA-256 of a text and of the rows of a table, which may come in parts.

    A row is the values of its columns one after the other, little-endian and without gaps. All NaN
    count as equal, because Parquet does not keep them apart.

    Args:
        text: what else belongs to the contents, such as their metadata.

    Example:
        >>> digest = ContentDigest(b"provenance")
        >>> digest.update(np.array([1, 2], np.uint32), np.array([0.5, 0.25]))
        >>> digest.hexdigest()[:8]
        '0911f5bc'
    """

    def __init__(self, text: bytes) -> None:
        self._sha256 = hashlib.sha256(text)

    def update(self, *columns: npt.NDArray[Any]) -> None:
        """Add the next rows.

        Args:
            columns: numbers or booleans of shape (N,) or (N, M): N rows.
        """
        fields = [
            (f"column {number}", column.dtype.newbyteorder("<"), column.shape[1:])
            for number, column in enumerate(columns)
        ]
        rows = np.empty(len(columns[0]), fields)
        for (name, *_), column in zip(fields, columns, strict=True):
            is_float = column.dtype.kind == "f"
            rows[name] = np.where(np.isnan(column), np.nan, column) if is_float else column
        self._sha256.update(rows.view(np.uint8).data)

    def hexdigest(self) -> str:
        """The digest as 64 hexadecimal digits."""
        return self._sha256.hexdigest()
