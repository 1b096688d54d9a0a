"""What an index has measured, as the analyses need it: runs and their means, in double."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..codes import NUM_CELLS, Codes, cell_codes
from ..index import Index
from ..whole_space import WholeSpace

Doubles = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int32]

ACCURACIES = ("train_accuracy", "validation_accuracy", "test_accuracy")


class Measured:
    """The final metrics of an index, by row of `Index.cells`.

    Unlike `Index.query`, a mean isn't rounded to float32: the runs present are summed in double.

    Args:
        index: at least one of its cells has a run at the final budget, its highest.

    Raises:
        ValueError: none has.
    """

    def __init__(self, index: Index) -> None:
        if not len(index):
            raise ValueError(f"{index.path}: no cells; an index of one cell or more is allowed")
        self.index = index
        self.epochs = index.epochs
        self.final_epochs = max(index.epochs)
        self._means: dict[tuple[str, int], Doubles] = {}
        for metric in (*ACCURACIES, "training_time"):
            if np.isnan(self.mean(metric)).all():
                raise ValueError(
                    f"{index.path}: no cell has a {metric} at {self.final_epochs} epochs; "
                    "one or more are needed"
                )

    @cached_property
    def codes(self) -> Codes:
        """Codes of the representatives: uint32 (C,)."""
        codes: Codes = cell_codes()[self.index.cells]
        return codes

    def runs(self, metric: str, epochs: int | None = None) -> Doubles:
        """Every run: (repeats, C), NaN where there is none. None: the final budget."""
        epochs = epochs or self.final_epochs
        repeats = self.index.repeats[self.epochs.index(epochs)]
        spaces = [WholeSpace(self.index, epochs, repeat=repeat) for repeat in range(repeats)]
        return np.stack([space.values(metric) for space in spaces])

    def mean(self, metric: str, epochs: int | None = None) -> Doubles:
        """Mean over the runs present: (C,), NaN without any. None: the final budget."""
        place = metric, epochs or self.final_epochs
        if place not in self._means:
            runs = self.runs(*place)
            counts = (~np.isnan(runs)).sum(axis=0)
            sums = np.nansum(runs, axis=0)
            self._means[place] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        return self._means[place]

    def deviation(self, metric: str, epochs: int | None = None) -> Doubles:
        """Sample standard deviation over the runs present: (C,), NaN with fewer than two."""
        runs = self.runs(metric, epochs)
        counts = (~np.isnan(runs)).sum(axis=0)
        squares = np.nansum((runs - self.mean(metric, epochs)) ** 2, axis=0)
        return np.where(counts > 1, np.sqrt(squares / np.maximum(counts - 1, 1)), np.nan)

    def by_id(self, values: Doubles) -> Doubles:
        """Values of rows, by cell id: (423624,), NaN for cells that aren't there."""
        spread = np.full(NUM_CELLS, np.nan)
        spread[self.index.cells] = values
        return spread
