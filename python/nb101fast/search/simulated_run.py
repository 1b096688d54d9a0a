"""One run of an optimizer on the simulated clock."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import _core
from ..checks import check_choice
from ..codes import LABEL_BITS, LOW_LABEL_BITS, MATRIX_BITS, OneCode, as_code
from .limits import Limits
from .optimizer import Trial

if TYPE_CHECKING:
    from .simulated_training import SimulatedTraining


class SimulatedRun:
    """One run of an optimizer on the simulated clock; `SimulatedTraining.start` makes it.

    The incumbent of a run is the cell with the highest validation accuracy seen so far, at any
    budget. A later cell of equal accuracy does not replace it.

    Attributes:
        training: the problem that is solved.
        limits: what the run may spend.
        core: the compiled object that records the run.
    """

    def __init__(
        self,
        training: SimulatedTraining,
        limits: Limits,
        seed: int,
        run: int,
        *,
        recorded: _core.Recorded = _core.Recorded.incumbents,
    ) -> None:
        self.training = training
        self.limits = limits
        self.core = _core.SearchRun(
            training.core,
            limits.budget_seconds,
            limits.max_evaluations,
            seed,
            run,
            recorded,
        )

    def evaluate(self, code: OneCode, epochs: int | None = None) -> Trial | None:
        """Train a configuration: draw one of the cell's runs and let its time pass.

        Args:
            code: any raw configuration, valid or not: an int, an np.uint32 or a `Cell`.
            epochs: one of the training's budgets; None means the final one.

        Returns:
            The result, or None if the run is over. A training that would end after the time budget
            does not count, and it ends the run.

        Raises:
            TypeError: `code` is not one code, such as a cell id of type np.int32.
            ValueError: the code has bit 31 or a label 3 set, or there is no such budget.
        """
        budgets = self.training.epochs
        if epochs is None:
            epochs = budgets[-1]
        check_choice("epochs", epochs, budgets)
        told = self.core.evaluate(checked_configuration(code), budgets.index(epochs))
        if told is None:
            return None
        number, cell_id, _, repeat, accuracy, seconds = told
        return Trial(number, cell_id, epochs, repeat, accuracy, seconds)

    @property
    def seconds(self) -> float:
        """The simulated time that has passed."""
        return self.core.seconds

    @property
    def is_over(self) -> bool:
        """Whether the run has spent what it may.

        That is so once a training was proposed that would end after the time budget, or once
        `max_evaluations` trainings have ended.
        """
        return self.core.is_over

    @property
    def num_evaluations(self) -> int:
        """How many trainings ended. Invalid configurations are not trained and do not count."""
        return self.core.num_evaluations

    @property
    def num_invalid(self) -> int:
        """How many invalid configurations were proposed."""
        return self.core.num_invalid

    @property
    def regret(self) -> float:
        """Test regret of the incumbent; NaN before the first training has ended."""
        tests = _core.record_of([self.core])["incumbents"]["test_accuracy"]
        return float(self.training.best_test_accuracy - tests[-1]) if len(tests) else math.nan


def checked_configuration(code: OneCode) -> int:
    """The code of a configuration.

    Raises:
        TypeError: it is no code.
        ValueError: it has bit 31 or a label 3 set.
    """
    number = as_code(code)
    labels = number >> MATRIX_BITS
    # Both bits of a label 3 are set: the shift puts the higher one onto the place of the lower one.
    if labels >> LABEL_BITS or labels & labels >> 1 & LOW_LABEL_BITS:
        raise ValueError(
            f"code {number} has bit 31 or a label 3 set, so it is not a configuration; use a code "
            "with labels from 0 to 2"
        )
    return number
