"""Which number is read from an index: a metric at a stage, for a budget and a repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from . import _core
from .checks import check_choice
from .phrases import alternatives

METRICS = ("train_accuracy", "validation_accuracy", "test_accuracy", "training_time")
STAGES = tuple(_core.Stage.__members__)
# Every metric that an index stores for a run. A metric of an evaluation has a value at each stage;
# a record has these metrics in this order.
STORED_METRICS = tuple(_core.Metric.__members__)
EVALUATION_METRICS = (
    "current_epoch",
    "training_time",
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
)
# The values of the evaluations of a run, in the order in which `Runs.values` has them.
STAGED_METRICS = tuple(f"{stage}_{metric}" for stage in STAGES for metric in EVALUATION_METRICS)

Stage = Literal["start", "halfway", "final"]
Repeat: TypeAlias = int | Literal["mean", "random"]
FixedRepeat: TypeAlias = int | Literal["mean"]
QueryRepeat: TypeAlias = int | Literal["mean", "random", "all"]
Budgets: TypeAlias = tuple[tuple[int, int], ...]  # epochs, and the number of repeats


@dataclass(frozen=True)
class Measurement:
    """Says which number of each cell is meant. It is checked once, when it is made.

    A mean is taken over the runs that the cell has. It is summed in double precision and rounded
    once, to float32. Everything in this package that gives a mean gives this one.

    An own column has one value for a cell. Whatever the stage, the epochs and the repeat are, this
    is the value that is meant.

    Attributes:
        metric: one of `STORED_METRICS`, or the name of an own column.
        stage: "start", "halfway" or "final".
        epochs: the budget, one of those in `budgets`.
        repeat: a number from 0, "mean", "random" or "all".
        budgets: the epochs of the index, each with its greatest number of repeats.
        own_columns: the names of the own columns of the index.

    Args:
        words: the repeats that are allowed in addition to numbers.

    Raises:
        ValueError: a value is not allowed; the message says which values are.
    """

    metric: str
    stage: str
    epochs: int
    repeat: QueryRepeat
    budgets: Budgets = field(repr=False)
    words: InitVar[Sequence[str]] = ("mean", "random", "all")
    own_columns: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self, words: Sequence[str]) -> None:
        check_choice("metric", self.metric, (*STORED_METRICS, *self.own_columns))
        check_choice("stage", self.stage, STAGES)
        check_epochs(self.epochs, self.budgets)
        is_number = isinstance(self.repeat, (int, np.integer)) and not isinstance(self.repeat, bool)
        if is_number and 0 <= int(self.repeat) < self.num_repeats:
            return
        if not isinstance(self.repeat, str) or self.repeat not in words:
            numbers = f"0 to {self.num_repeats - 1}"
            joint = " or " if len(words) == 1 else ", "
            allowed = numbers + joint + alternatives(words) if words else numbers
            raise ValueError(f"repeat={self.repeat!r} is not allowed; use {allowed}")

    @property
    def budget(self) -> int:
        """The position of the epochs among those of the index."""
        return [epochs for epochs, _ in self.budgets].index(self.epochs)

    @property
    def num_repeats(self) -> int:
        """The greatest number of repeats that a cell of the index has at this budget."""
        return self.budgets[self.budget][1]

    @property
    def is_own(self) -> bool:
        """Whether an own column is meant, and not a metric."""
        return self.metric in self.own_columns

    def of(self, metric: str) -> Measurement:
        """The same measurement for another metric."""
        return replace(self, metric=metric)

    def of_repeat(self, repeat: int) -> Measurement:
        """The same measurement for one repeat."""
        return replace(self, repeat=repeat)


def check_epochs(epochs: Any, budgets: Budgets) -> None:
    """Raise ValueError unless the index has this budget."""
    present = [number for number, _ in budgets]
    is_number = isinstance(epochs, (int, np.integer)) and not isinstance(epochs, bool)
    if not is_number or epochs not in present:
        raise ValueError(f"epochs={epochs!r} is not in this index; use {alternatives(present)}")
