"""The pieces that an experiment is computed in: consecutive runs of one optimizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .plan import ExperimentPlan

_TRAININGS = 10_000  # in a run of the paper, about


class RunRange(NamedTuple):
    """Consecutive runs of one optimizer, which are computed and kept together."""

    optimizer: str
    first_run: int
    runs: int

    def __str__(self) -> str:
        last = self.first_run + self.runs - 1
        runs = f"run {last}" if self.runs == 1 else f"runs {self.first_run} to {last}"
        return f"{runs} of {self.optimizer!r}"


def missing_ranges(plan: ExperimentPlan, done: Mapping[str, set[int]]) -> list[RunRange]:
    """The runs that are still to be computed, ordered so that all optimizers advance together.

    Args:
        plan: the experiment.
        done: the numbers of the runs that are there, by optimizer.
    """
    ranges = [each for name in plan.optimizers for each in _missing_of(plan, name, done[name])]
    return sorted(ranges, key=lambda each: each.first_run)


def take_no_second(plan: ExperimentPlan, ranges: Sequence[RunRange]) -> bool:
    """Whether one process computes these runs in less than a second.

    A part of an optimizer takes a second at most if its runs have as many trainings as those of the
    paper. Where a part is a single run, it may take any time, as with SMAC and with optimizers in
    Python.
    """
    sizes = [plan.runs_at_once(each.optimizer) for each in ranges]
    parts = sum(each.runs / size for each, size in zip(ranges, sizes, strict=True))
    return 1 not in sizes and parts * plan.trainings_in_a_run < _TRAININGS


def _missing_of(plan: ExperimentPlan, name: str, done: set[int]) -> Iterator[RunRange]:
    absent = np.array(sorted(set(range(plan.runs)) - done), np.int64)
    if not len(absent):
        return
    begins_anew = (np.diff(absent) > 1) | (absent[1:] % plan.runs_at_once(name) == 0)
    for numbers in np.split(absent, np.flatnonzero(begins_anew) + 1):
        yield RunRange(name, int(numbers[0]), len(numbers))
