"""The runs of one cell, as `computed_statistics` has them."""

from __future__ import annotations

from .official_index import OfficialIndex
from .read_when_asked import UNREAD, ReadWhenAsked


class RunsByEpochs(ReadWhenAsked[int, list[dict[str, float]]]):
    """The computed statistics of one cell: the values of each repeat, by epochs.

    It pickles, copies and prints as the plain dictionary.
    """

    __slots__ = ("row", "source")

    source: OfficialIndex
    row: int

    @staticmethod
    def of_row(source: OfficialIndex, row: int) -> RunsByEpochs:
        """The runs of a row of an index. None of the values is read yet."""
        runs = RunsByEpochs(source.unread_runs(row))  # An own `__init__` is a quarter slower.
        runs.source, runs.row = source, row
        source.reader.hide(runs)
        return runs

    def __getitem__(self, key: int) -> list[dict[str, float]]:
        runs = dict.__getitem__(self, key)
        if runs is UNREAD:
            runs = self._read_once(key)
            self.source.reader.hide(self)
        return runs

    def _read(self, key: int) -> list[dict[str, float]]:
        return self.source.reader.computed(self.row, self.source.budgets[key])
