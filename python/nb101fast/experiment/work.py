"""Pieces of an experiment: some runs of one optimizer, kept as soon as they are done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ..search import run
from .folder import Folder
from .plan import Plan, fingerprint


class Work(NamedTuple):
    """Consecutive runs of one optimizer."""

    optimizer: str
    first_run: int
    runs: int

    def __str__(self) -> str:
        return f"runs {self.first_run} to {self.first_run + self.runs - 1} of {self.optimizer!r}"


def missing_work(plan: Plan, done: Mapping[str, set[int]]) -> list[Work]:
    """What is to be done yet, all optimizers in step.

    Args:
        done: the numbers of the runs that are there, by optimizer.
    """
    pieces = [piece for name in plan.optimizers for piece in _missing_of(plan, name, done[name])]
    return sorted(pieces, key=lambda piece: piece.first_run)


def _missing_of(plan: Plan, name: str, done: set[int]) -> Iterator[Work]:
    absent = np.array(sorted(set(range(plan.runs)) - done), np.int64)
    if not len(absent):
        return
    begins_anew = (np.diff(absent) > 1) | (absent[1:] % plan.runs_at_once(name) == 0)
    for numbers in np.split(absent, np.flatnonzero(begins_anew) + 1):
        yield Work(name, int(numbers[0]), len(numbers))


class Worker:
    """Does one piece of work after another.

    Raises:
        ValueError: the index file is no more the one that the experiment began with.
    """

    def __init__(self, plan: Plan, folder: Folder, index_sha256: str) -> None:
        if fingerprint(plan.index) != index_sha256:
            raise ValueError(f"{plan.index.path}: replaced by another index in the meantime")
        self._plan, self._folder = plan, folder

    def do(self, work: Work) -> None:
        """Run it and keep it."""
        plan = self._plan
        part = run(
            plan.optimizers[work.optimizer],
            plan.index,
            runs=work.runs,
            first_run=work.first_run,
            budget_seconds=plan.budget_seconds,
            seed=plan.seed,
            preset=plan.preset,
            record=plan.record,
        )
        self._folder.keep(part)
