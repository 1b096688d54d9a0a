"""The official dictionary `fixed_statistics`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .statistics import Statistics


class FixedStatistics(Statistics[dict[str, Any]]):
    """The adjacency matrix, operations and trainable parameters, by module hash."""

    __slots__ = ()

    def _entry(self, row: int) -> dict[str, Any]:
        return self._source.reader.fixed(row)

    def _entries(self, rows: npt.NDArray[np.int32]) -> list[dict[str, Any]]:
        return self._source.reader.fixed_of_rows(rows)
