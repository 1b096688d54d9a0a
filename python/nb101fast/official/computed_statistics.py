"""The official dictionary `computed_statistics`."""

from __future__ import annotations

from .runs_by_epochs import RunsByEpochs
from .statistics import Statistics


class ComputedStatistics(Statistics[RunsByEpochs]):
    """The values of all runs by epochs, by module hash."""

    __slots__ = ()

    def _entry(self, row: int) -> RunsByEpochs:
        return RunsByEpochs.of_row(self._source, row)
