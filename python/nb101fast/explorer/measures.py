"""The measures that an explorer shows: one value for each cell, packed as small as its kind allows.

What follows from a cell alone, such as its parameters, is no measure: the page computes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Doubles, in_single_precision
from ..measurement import FixedRepeat, Measurement
from ..own_column import Label
from ..reader import IndexReader
from ..schema import Choice, Flag, Integer, Nullable, Record, Text
from ..whole_space import GREATER_IS_BETTER
from .packed_array import MOST_STEPS, PACKED_ARRAY, PackedArray

STATISTICS = ("mean", "spread")
# What a manifest says of a measure.
MEASURE = Record(
    {
        "name": Text(),
        "is_own": Flag(),
        "epochs": Nullable(Integer(1)),
        "statistic": Nullable(Choice(STATISTICS)),
        "unit": Text(),
        "description": Text(),
        "better": Nullable(Choice(("greater", "less"))),
        "values": PACKED_ARRAY,
    }
)

_SPREAD_STEP = 1e-4


@dataclass(frozen=True)
class Measure:
    """A measure of all cells of an index, by row.

    Attributes:
        name: of a metric or of an own column.
        is_own: whether it is an own column.
        epochs: the budget; None for an own column.
        statistic: "mean" over the runs of a cell; or "spread", their standard deviation, for a cell
            of two or more runs; None for an own column.
        label: the unit and the description, which are empty for accuracies.
        values: the packed values.
    """

    name: str
    is_own: bool
    epochs: int | None
    statistic: str | None
    label: Label
    values: PackedArray

    def as_json(self) -> dict[str, Any]:
        """What the manifest says of the measure."""
        return {
            "name": self.name,
            "is_own": self.is_own,
            "epochs": self.epochs,
            "statistic": self.statistic,
            "unit": self.label.unit,
            "description": self.label.description,
            "better": self._better(),
            "values": self.values.as_json(),
        }

    def _better(self) -> str | None:
        """Which end of the values is the better one."""
        if self.is_own or self.statistic == "spread":
            return None
        return "greater" if self.name in GREATER_IS_BETTER else "less"


def measures_of(reader: IndexReader) -> Iterator[Measure]:
    """The measures of an index, all at the end of the training.

    They are the mean validation accuracy at each budget; the other accuracies, the training time
    and the spreads of two accuracies at the highest budget; and the own columns. A measure that no
    cell has is left out, such as the test accuracy of an index without any.
    """
    highest = reader.epochs[-1]
    for epochs in reader.epochs:
        yield from _mean_accuracy(reader, "validation_accuracy", epochs)
    yield from _mean_accuracy(reader, "test_accuracy", highest)
    yield from _mean_accuracy(reader, "train_accuracy", highest)
    for metric in ("validation_accuracy", "test_accuracy"):
        yield from _spread(reader, metric, highest)
    yield from _training_time(reader, highest)
    for number, name in enumerate(reader.own_columns):
        yield _own(reader, name, number)


def _mean_accuracy(reader: IndexReader, metric: str, epochs: int) -> Iterator[Measure]:
    step = accuracy_step(reader.denominator, reader.num_repeats(epochs))
    values = reader.values(_final(reader, metric, epochs, "mean"))
    if _has_any(values):
        packed = PackedArray.in_steps(f"{metric}_{epochs}", values, step)
        yield Measure(metric, False, epochs, "mean", Label(), packed)


def _spread(reader: IndexReader, metric: str, epochs: int) -> Iterator[Measure]:
    repeats = range(reader.num_repeats(epochs))
    runs = np.stack([reader.values(_final(reader, metric, epochs, r)) for r in repeats])
    values = _deviation(runs)
    if _has_any(values):
        packed = PackedArray.in_steps(f"{metric}_{epochs}_spread", values, _SPREAD_STEP)
        yield Measure(metric, False, epochs, "spread", Label(), packed)


def _training_time(reader: IndexReader, epochs: int) -> Iterator[Measure]:
    values = reader.values(_final(reader, "training_time", epochs, "mean"))
    if _has_any(values):
        packed = PackedArray.of(f"training_time_{epochs}", in_single_precision(values))
        yield Measure("training_time", False, epochs, "mean", Label("s"), packed)


def _has_any(values: Doubles) -> bool:
    return not np.isnan(values).all()


def _own(reader: IndexReader, name: str, number: int) -> Measure:
    # The name of the file does not have that of the column, which may be any text.
    values = in_single_precision(reader.own_column(name).values)
    packed = PackedArray.of(f"own_{number}", values)
    return Measure(name, True, None, None, reader.own_columns[name], packed)


def _final(reader: IndexReader, metric: str, epochs: int, repeat: FixedRepeat) -> Measurement:
    return reader.measurement(metric, epochs=epochs, stage="final", repeat=repeat)


def _deviation(runs: Doubles) -> Doubles:
    """The sample standard deviation over the first axis; NaN where there are fewer than two."""
    known = ~np.isnan(runs)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        total = np.where(known, runs, 0).sum(axis=0)
        squares = np.where(known, (runs - total / count) ** 2, 0).sum(axis=0)
        deviation: Doubles = np.sqrt(squares / np.where(count > 1, count - 1, np.nan))
    return deviation


def accuracy_step(denominator: int | None, repeats: int) -> float:
    """The unit in which the page stores accuracies.

    Every mean of at most so many runs is a multiple of it, unless that would need more than 16
    bits. Then it is the smallest unit that 16 bits allow.
    """
    if denominator is None:
        return 1 / MOST_STEPS
    return 1 / min(denominator * math.lcm(*range(1, repeats + 1)), MOST_STEPS)
