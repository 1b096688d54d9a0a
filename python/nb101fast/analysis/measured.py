"""The measured values of an index, as the analyses need them: runs and their means, in double."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from ..arrays import Doubles
from ..codes import Codes
from ..ids import NUM_CELLS, cell_codes
from ..index import Index
from ..phrases import counted
from ..whole_space import WholeSpace

ACCURACIES = ("train_accuracy", "validation_accuracy", "test_accuracy")
ANALYSED_METRICS = (*ACCURACIES, "training_time")
# The range of the values that are analysed. Any other value would make sums and ratios meaningless
# or infinite.
USABLE = {
    **dict.fromkeys(ACCURACIES, (0.0, 1.0)),
    "training_time": (1e-6, 1e12),
    "trainable_parameters": (1.0, 1e12),
}


class Measured:
    """The final metrics of an index, in the order of `Index.cells`.

    A mean is the sum of the runs present, in double, divided by their number. Unlike the mean of
    `Index.query`, it is not rounded to float32. A value outside `USABLE` counts as absent.

    Args:
        index: an index in which some cell has a value of some metric at the final budget, which is
            the highest.

    Attributes:
        index: the index.
        epochs: the budgets of the index.
        final_epochs: the highest budget.
        missing: the metrics that no cell has at the final budget.
        left_out: by metric and budget, how many values were read that are outside `USABLE`.

    Raises:
        ValueError: the index has no cells, or no cell has any of the metrics.
    """

    def __init__(self, index: Index) -> None:
        if not len(index):
            raise ValueError(f"{index.path} has no cells; use an index with at least one")
        self.index = index
        self.epochs = index.epochs
        self.final_epochs = max(index.epochs)
        self._means: dict[tuple[str, int], Doubles] = {}
        self.left_out: dict[tuple[str, int], int] = {}
        self.missing = tuple(metric for metric in USABLE if not self.has(metric, self.final_epochs))
        if {*ANALYSED_METRICS} <= {*self.missing}:
            raise ValueError(
                f"{index.path} has no accuracies from 0 to 1 and no training times above 0 at "
                f"{self.final_epochs} epochs; use an index that has some of them"
            )

    @cached_property
    def codes(self) -> Codes:
        """The codes of the cells' representatives: uint32 (C,)."""
        codes: Codes = cell_codes()[self.index.cells]
        return codes

    def present(self, *metrics: str) -> tuple[str, ...]:
        """Those of some metrics that the index has at the final budget."""
        return tuple(metric for metric in metrics if metric not in self.missing)

    def absent(self, *metrics: str) -> tuple[str, ...]:
        """Those of some metrics that the index lacks at the final budget."""
        return tuple(metric for metric in metrics if metric in self.missing)

    def has(self, metric: str, epochs: int) -> bool:
        """Whether some cell has a value of a metric at a budget."""
        return not np.isnan(self.mean(metric, epochs)).all()

    def runs(self, metric: str, epochs: int | None = None) -> Doubles:
        """The values of all runs: (repeats, C), NaN for an absent one.

        Args:
            metric: a metric's name.
            epochs: a budget; None means the final one.
        """
        epochs = epochs or self.final_epochs
        repeats = self.index.reader.num_repeats(epochs)
        spaces = [WholeSpace(self.index.reader, epochs, repeat=repeat) for repeat in range(repeats)]
        values = np.stack([space.values(metric) for space in spaces])
        low, high = USABLE[metric]
        is_usable = (low <= values) & (values <= high)
        self.left_out[metric, epochs] = int((~is_usable & ~np.isnan(values)).sum())
        return np.where(is_usable, values, np.nan)

    def mean(self, metric: str, epochs: int | None = None) -> Doubles:
        """The means over the runs present: (C,), NaN if a cell has none. `epochs` as in `runs`."""
        place = metric, epochs or self.final_epochs
        if place not in self._means:
            runs = self.runs(*place)
            counts = (~np.isnan(runs)).sum(axis=0)
            sums = np.nansum(runs, axis=0)
            self._means[place] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        return self._means[place]

    def deviation(self, metric: str, epochs: int | None = None) -> Doubles:
        """The sample standard deviations over the runs present: (C,), NaN for fewer than two."""
        runs = self.runs(metric, epochs)
        counts = (~np.isnan(runs)).sum(axis=0)
        squares = np.nansum((runs - self.mean(metric, epochs)) ** 2, axis=0)
        return np.where(counts > 1, np.sqrt(squares / np.maximum(counts - 1, 1)), np.nan)

    def by_id(self, values: Doubles) -> Doubles:
        """Spread the values of the cells present over all cell ids: (423624,), NaN elsewhere."""
        spread = np.full(NUM_CELLS, np.nan)
        spread[self.index.cells] = values
        return spread


def in_words(metric: str) -> str:
    """A metric's name as it is written in texts: "validation accuracy"."""
    return metric.replace("_", " ")


def sentences_of_left_out(left_out: Mapping[tuple[str, int], int]) -> list[str]:
    """What `Measured.left_out` says, in a sentence for each metric and budget.

    Example:
        >>> sentences_of_left_out({("training_time", 4): 3})
        ['3 values of training time at 4 epochs, which must be from 1e-06 to 1e+12, are left out.']
    """
    return [
        f"{counted(count, 'value')} of {in_words(metric)} at {epochs} epochs, which must be from "
        f"{USABLE[metric][0]:g} to {USABLE[metric][1]:g}, {'is' if count == 1 else 'are'} left out."
        for (metric, epochs), count in left_out.items()
        if count
    ]


def sentence_of_absence(metrics: Sequence[str], epochs: int) -> str:
    """A sentence that says which metrics an index lacks at a budget; empty if it lacks none.

    Example:
        >>> sentence_of_absence(("train_accuracy", "training_time"), 108)
        'This index has no train accuracy and no training time at 108 epochs.'
    """
    if not metrics:
        return ""
    listed = " and ".join(f"no {in_words(metric)}" for metric in metrics)
    return f"This index has {listed} at {epochs} epochs."
