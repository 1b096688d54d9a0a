"""An index as a set of trainings that take simulated time: the problem that optimizers solve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Literal

from .. import _core
from ..checks import check_choice, check_count, check_type
from ..codes import MAX_VERTICES, Validity
from ..index import Index
from .limits import Limits
from .run_numbers import MOST_RUNS, seed_of_runs
from .simulated_run import SimulatedRun

ReportedTest = Literal["mean", "queried"]

_VALIDITIES = {"raw-9": _core.Validity.raw_9, "official": _core.Validity.official}
_REPORTED_TESTS = {"mean": _core.ReportedTest.mean, "queried": _core.ReportedTest.queried}
MOST_EVALUATIONS = 1_000_000_000_000
_MOST_TRAININGS = 1_000_000_000  # how often a time budget may hold the shortest training above 0 s


class SimulatedTraining:
    """The trainings that an index holds, as an optimizer meets them.

    A configuration is invalid if it is not a cell in the meaning of `validity`, if the cell has
    more than `max_vertices` vertices, or if the index lacks the cell at one of the budgets. An
    invalid configuration costs no time and has accuracy 0.

    Args:
        index: an index of measured or synthetic runs.
        epochs: the budgets that optimizers may ask for. The greatest is the final budget, at which
            test accuracies are reported. None takes the highest budget of the index alone.
        validity: "raw-9" allows at most 9 edges before pruning, as `nas_benchmarks` does and as
            the paper's experiments did. "official" allows at most 9 edges after pruning.
        test: which test accuracy is reported for a cell. "mean" is the mean of the cell's runs at
            the final budget (Ying et al., 2019, figure 7). "queried" is the test accuracy of the
            run that was drawn (the official notebook).
        max_vertices: how many vertices a cell may have after pruning. With 6, the problem is the
            paper's NAS-Bench-Mini. Configurations still have 7 vertices before pruning.

    Attributes:
        index, validity, test, max_vertices: the arguments.
        epochs: the budgets, ascending.
        core: the compiled object that holds the trainings.

    Raises:
        TypeError: `index` is no index.
        ValueError: an argument is not allowed, the index lacks a budget, no cell has runs at all
            budgets, or a run lacks its training time, validation accuracy or test accuracy, or has
            one that is not a finite number.

    Example:
        >>> training = SimulatedTraining(nb101fast.open())
        >>> run = training.start(budget_seconds=1000, seed=0)
        >>> run.evaluate(32)
    """

    def __init__(
        self,
        index: Index,
        *,
        epochs: Sequence[int] | None = None,
        validity: Validity = "raw-9",
        test: ReportedTest = "mean",
        max_vertices: int = MAX_VERTICES,
    ) -> None:
        check_type("index", index, Index, use="an open Index")
        check_choice("validity", validity, _VALIDITIES)
        check_choice("test", test, _REPORTED_TESTS)
        check_count("max_vertices", max_vertices, 2, MAX_VERTICES)
        self.index = index
        self.epochs = _checked_epochs(index.epochs[-1:] if epochs is None else epochs, index)
        self.validity = validity
        self.test = test
        self.max_vertices = max_vertices
        self.core = _core.SimulatedTraining(
            index=index.reader.file,
            budgets=[index.epochs.index(budget) for budget in self.epochs],
            validity=_VALIDITIES[validity],
            reported=_REPORTED_TESTS[test],
            max_vertices=max_vertices,
        )
        if not self.core.num_cells:
            wanted = ", ".join(map(str, self.epochs))
            small = f" of at most {max_vertices} vertices" if max_vertices < MAX_VERTICES else ""
            raise ValueError(
                f"{index!r} has no cell{small} with runs at each of {wanted} epochs; use fewer "
                "budgets or an index with more runs"
            )

    @property
    def best_test_accuracy(self) -> float:
        """The highest mean test accuracy of a cell at the final budget, computed in double."""
        return self.core.best_mean_test

    @property
    def best_validation_accuracy(self) -> float:
        """The highest mean validation accuracy of a cell at the final budget."""
        return self.core.best_mean_validation

    def check_limits(self, budget_seconds: float | None, max_evaluations: int | None) -> Limits:
        """Check what a run may spend.

        Raises:
            TypeError: the time is not a number.
            ValueError: neither limit is given. The time is not finite and positive, or it is
                shorter than every training. The time is more than 10^9 times the shortest training
                above 0 s, and the evaluations are not limited. The number of evaluations is not in
                1..10^12.
        """
        if budget_seconds is None and max_evaluations is None:
            raise ValueError(
                "budget_seconds and max_evaluations are both missing, so a run would never end; "
                "give one of them or both"
            )
        if max_evaluations is not None:
            check_count("max_evaluations", max_evaluations, 1, MOST_EVALUATIONS)
        if budget_seconds is None:
            return Limits(None, max_evaluations)
        return Limits(self._checked_seconds(budget_seconds, max_evaluations), max_evaluations)

    def _checked_seconds(self, budget_seconds: float, max_evaluations: int | None) -> float:
        check_type("budget_seconds", budget_seconds, Real, use="a number of seconds")
        try:
            seconds = float(budget_seconds)
        except OverflowError:
            seconds = math.inf
        if not (0 < seconds < math.inf):
            raise ValueError(
                f"budget_seconds={budget_seconds!r} is not allowed; use a finite number of seconds "
                "above 0"
            )
        self._check_trainings(seconds, is_bounded=max_evaluations is not None)
        if seconds < self.core.shortest_run:
            raise ValueError(
                f"budget_seconds={budget_seconds!r} is too short; the shortest training of "
                f"{self.index!r} takes {self.core.shortest_run:g} s"
            )
        return seconds

    def _check_trainings(self, seconds: float, *, is_bounded: bool) -> None:
        """Refuse a time into which so many trainings fit that a run would hardly end."""
        cell_id, shortest = self.core.shortest_paid_run
        if not is_bounded and seconds > _MOST_TRAININGS * shortest:
            raise ValueError(
                f"budget_seconds={seconds:g} is too long: a run of cell {cell_id} in "
                f"{self.index!r} takes {shortest:g} s, and a budget may be at most "
                f"{_MOST_TRAININGS:,} times the shortest run; use a shorter one, or give "
                "max_evaluations too"
            )

    def start(
        self,
        budget_seconds: float | None = None,
        *,
        max_evaluations: int | None = None,
        seed: int,
        run: int = 0,
    ) -> SimulatedRun:
        """Start one run of an optimizer.

        Args:
            budget_seconds: the simulated time that the run may spend; None means any time.
            max_evaluations: how many trainings may end; None means any number. At least one of both
                limits must be given.
            seed: with `run`, it decides which repeats are drawn.
            run: the number of the run.

        Raises:
            ValueError: what `check_limits` refuses, or a number of a run that is not allowed.
        """
        limits = self.check_limits(budget_seconds, max_evaluations)
        check_count("run", run, 0, MOST_RUNS - 1)
        return SimulatedRun(self, limits, seed_of_runs(seed), run)


def _checked_epochs(epochs: Sequence[int], index: Index) -> tuple[int, ...]:
    allowed = ", ".join(map(str, index.epochs))
    for budget in epochs:
        if budget not in index.epochs:
            raise ValueError(
                f"epochs={budget!r} are needed, but {index!r} has no such budget; use {allowed}, "
                "or another index"
            )
    if not epochs or len(set(epochs)) < len(epochs):
        raise ValueError(
            f"epochs={tuple(epochs)!r} is not allowed; use one or more of {allowed}, each once"
        )
    return tuple(sorted(int(budget) for budget in epochs))
