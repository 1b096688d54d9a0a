"""What a run may spend."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..phrases import counted
from .observations import Unit


class Limits(NamedTuple):
    """What a run may spend. It ends when either is spent.

    Attributes:
        budget_seconds: the simulated time; None means any time.
        max_evaluations: how many trainings may end; None means any number. Invalid configurations
            are not trained, so they do not count.
    """

    budget_seconds: float | None
    max_evaluations: int | None

    @property
    def unit(self) -> Unit:
        """What curves are drawn over: seconds, or evaluations if the time is not limited."""
        return "evaluations" if self.budget_seconds is None else "seconds"

    @property
    def most(self) -> float:
        """The most that a run may spend of that unit."""
        most = self.max_evaluations if self.budget_seconds is None else self.budget_seconds
        return math.inf if most is None else most

    def __str__(self) -> str:
        seconds, evaluations = self
        limits = [] if seconds is None else [f"{seconds:g} s"]
        limits += [] if evaluations is None else [counted(evaluations, "evaluation")]
        return " or ".join(limits)
