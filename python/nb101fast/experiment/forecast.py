"""How long an experiment still takes, by what the runs of each optimizer have cost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

from .run_range import RunRange


class Forecast:
    """Weighs the runs that are left by the measured cost of their optimizers.

    Args:
        runs_left: how many runs of each optimizer are still to be computed.
    """

    def __init__(self, runs_left: Mapping[str, int]) -> None:
        self._left = Counter(runs_left)
        self._done: Counter[str] = Counter()
        self._costs: dict[str, float] = dict.fromkeys(runs_left, 0.0)
        self._began = time.monotonic()

    def add(self, runs: RunRange, seconds: float) -> None:
        """Count some runs as done, which took a worker so many seconds."""
        self._left[runs.optimizer] -= runs.runs
        self._done[runs.optimizer] += runs.runs
        self._costs[runs.optimizer] += seconds

    def seconds_left(self) -> float | None:
        """How long all workers together need for the rest.

        None until the cost of each optimizer that has runs left is known.
        """
        waiting = [name for name, runs in self._left.items() if runs]
        if any(not self._done[name] for name in waiting):
            return None
        cost = sum(self._left[name] * self._costs[name] / self._done[name] for name in waiting)
        spent = sum(self._costs.values())
        return cost * (time.monotonic() - self._began) / spent if spent else None
