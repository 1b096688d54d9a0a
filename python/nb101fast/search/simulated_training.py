"""An index as trainings that take simulated time: the problem that optimizers solve."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, Literal

from .. import _core
from ..codes import checked_code, is_scalar
from ..index import Index
from .optimizer import Evaluation

Validity = Literal["raw-9", "raw"]
ReportedTest = Literal["mean", "queried"]

_VALIDITIES = ("raw-9", "raw")
_REPORTED_TESTS = ("mean", "queried")
_LABEL_3 = 0x155 << 21  # the low bits of the labels in a code


class SimulatedTraining:
    """The trainings that an index holds, as an optimizer meets them.

    A configuration is invalid if it is no cell in the meaning of `validity`, or if the index lacks
    its cell at one of the budgets. It costs nothing and has accuracy 0.

    Args:
        index: of measured, or synthetic, runs.
        epochs: the budgets that may be asked for; the greatest is the final one, at which the
            incumbent is reported.
        validity: "raw-9": at most 9 edges before pruning (`nas_benchmarks`, as in the paper's
            experiments); "raw": the official meaning.
        test: the incumbent's test accuracy that is reported: "mean" of its cell's runs at the final
            budget (Ying et al., 2019, figure 7), or of the run that was "queried" (the official
            notebook).

    Raises:
        ValueError: a budget that the index lacks, no cell with runs at all of them, or a run whose
            time or accuracy is no number.

    Example:
        >>> training = SimulatedTraining(nb101fast.open())
        >>> run = training.start(budget_seconds=1000, seed=0)
        >>> run.evaluate(32)
    """

    def __init__(
        self,
        index: Index,
        *,
        epochs: Sequence[int] = (108,),
        validity: Validity = "raw-9",
        test: ReportedTest = "mean",
    ) -> None:
        self.index = index
        self.epochs = _checked_epochs(epochs, index)
        if validity not in _VALIDITIES:
            raise ValueError(f"validity={validity!r}; 'raw-9' and 'raw' are allowed")
        if test not in _REPORTED_TESTS:
            raise ValueError(f"test={test!r}; 'mean' and 'queried' are allowed")
        self.validity = validity
        self.test = test
        places = [index.epochs.index(budget) for budget in self.epochs]
        self._core = _core.SimulatedTraining(
            index._file, places, validity == "raw-9", test == "queried"
        )
        if not self._core.num_cells:
            wanted = ", ".join(map(str, self.epochs))
            raise ValueError(f"{index!r} has no cell with runs at each of {wanted} epochs")

    @property
    def best_test_accuracy(self) -> float:
        """The mean test accuracy of the index's best cell at the final budget, in double."""
        return self._core.best_mean_test

    def check_budget(self, budget_seconds: float) -> float:
        """The budget as a float, or ValueError where no training can end within it."""
        seconds = float(budget_seconds)
        if not (0 < seconds < math.inf):
            raise ValueError(
                f"budget_seconds={budget_seconds!r}; a finite number of seconds above 0 is allowed"
            )
        if seconds < self._core.shortest_run:
            raise ValueError(
                f"budget_seconds={budget_seconds!r}; no training ends within it: the shortest of "
                f"{self.index!r} took {self._core.shortest_run:g} s"
            )
        return seconds

    def start(self, budget_seconds: float, *, seed: int, run: int = 0) -> SimulatedRun:
        """One run of an optimizer; (seed, run) decides which repeats it will draw."""
        return SimulatedRun(self, self.check_budget(budget_seconds), seed_word(seed), run)


class SimulatedRun:
    """One run on the simulated clock; `SimulatedTraining.start` makes one.

    Its incumbent is the cell of the best observed validation accuracy, at whatever budget; an equal
    one doesn't replace it.
    """

    def __init__(
        self,
        training: SimulatedTraining,
        budget_seconds: float,
        seed: int,
        run: int,
        *,
        records_all: bool = False,
    ) -> None:
        self.training = training
        self.budget_seconds = budget_seconds
        self._core = _core.SearchRun(training._core, budget_seconds, seed, run, records_all)

    def evaluate(self, code: int, epochs: int | None = None) -> Evaluation | None:
        """Train a configuration: a repeat is drawn, its time paid.

        Args:
            code: any raw configuration, valid or not.
            epochs: one of the training's budgets; None for the final one.

        Returns:
            None where it would end after the budget. It doesn't count, and the run is over.

        Raises:
            ValueError: a code of bit 31 or label 3, or no such budget.
        """
        budgets = self.training.epochs
        if epochs is None:
            epochs = budgets[-1]
        if epochs not in budgets:
            allowed = ", ".join(map(str, budgets))
            raise ValueError(f"epochs={epochs!r}; {allowed} are allowed")
        told = self._core.evaluate(_checked_configuration(code), budgets.index(epochs))
        if told is None:
            return None
        code, cell, _, repeat, accuracy, seconds = told
        return Evaluation(code, cell, epochs, repeat, accuracy, seconds)

    @property
    def seconds(self) -> float:
        """What the clock shows."""
        return self._core.seconds

    @property
    def is_over(self) -> bool:
        """Whether a training didn't end within the budget."""
        return self._core.is_over

    @property
    def num_evaluations(self) -> int:
        """Trainings that ended within the budget."""
        return self._core.num_evaluations

    @property
    def num_invalid(self) -> int:
        """Invalid configurations that were asked for."""
        return self._core.num_invalid

    @property
    def regret(self) -> float:
        """Test regret of the incumbent; NaN before the first training ended."""
        tests = _core.record_of([self._core])["incumbents"]["test_accuracy"]
        return float(self.training.best_test_accuracy - tests[-1]) if len(tests) else math.nan


def seed_word(seed: int) -> int:
    """A seed as the core takes it: any int, modulo 2^64."""
    return operator.index(seed) % (1 << 64)


def _checked_epochs(epochs: Sequence[int], index: Index) -> tuple[int, ...]:
    allowed = ", ".join(map(str, index.epochs))
    for budget in epochs:
        if budget not in index.epochs:
            raise ValueError(f"epochs={budget!r} are needed; {index!r} has {allowed}")
    if not epochs or len(set(epochs)) < len(epochs):
        raise ValueError(f"epochs={tuple(epochs)!r}; one or more of {allowed}, none twice")
    return tuple(sorted(int(budget) for budget in epochs))


def _checked_configuration(code: Any) -> int:
    if not is_scalar(code):
        raise TypeError(f"a configuration is a code (int), not {type(code)!r}")
    number = checked_code(code)
    if number >> 31 or number & number >> 1 & _LABEL_3:
        raise ValueError(f"code {number} has bit 31 set or a label 3: no configuration has")
    return number
