"""An index as the official API shows it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _core
from ..index import Index
from .read_when_asked import UNREAD


class OfficialIndex:
    """An index that a benchmark and its dictionaries share.

    Attributes:
        index: the open index.
        reader: gives the rows of the index as official dictionaries.
        budgets: the position of each budget, by its epochs.
        is_as_compiled: whether the dictionaries still have the values of the file. This is so
            until a user gets an entry, which can be changed.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self.reader = _core.official_reader(index.reader.file)
        self.budgets = {epochs: budget for budget, epochs in enumerate(index.epochs)}
        self.is_as_compiled = True
        self._unread_runs: dict[int, dict[int, Any]] = {}  # The keys are sets of budgets.

    @cached_property
    def rows(self) -> npt.NDArray[np.int32]:
        """All rows, in the compiled file's order."""
        return self.reader.rows()

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """The place of each row in the compiled file's order."""
        places = np.empty(len(self.rows), np.int64)
        places[self.rows] = np.arange(len(self.rows))
        return places

    @cached_property
    def hashes(self) -> list[str]:
        """All hashes, in the compiled file's order."""
        return self.reader.hashes_of_rows(self.rows)

    def unread_runs(self, row: int) -> dict[int, Any]:
        """`UNREAD` for each budget at which a row has runs, by epochs. It is not to be changed."""
        budgets = self.reader.budget_set(row)
        unread = self._unread_runs.get(budgets)
        if unread is None:
            present = [epochs for epochs, budget in self.budgets.items() if budgets >> budget & 1]
            unread = self._unread_runs[budgets] = dict.fromkeys(present, UNREAD)
        return unread

    def __reduce__(self) -> tuple[Any, ...]:
        return OfficialIndex, (self.index,), {"is_as_compiled": self.is_as_compiled}
