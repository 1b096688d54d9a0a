"""An optimizer of the compiled core, asked and told from Python."""

from __future__ import annotations

from typing import Any

from .. import _core
from .optimizer import Evaluation
from .simulated_training import SimulatedTraining


class CompiledOptimizer:
    """Asks and learns as the many runs of `search.run` do.

    Args:
        settings: as the core takes them.
        training: what it will optimize.
        seed: decides its proposals.
    """

    def __init__(self, settings: Any, training: SimulatedTraining, seed: int) -> None:
        self._epochs = training.epochs
        self._core = _core.Optimizer(settings, training._core, seed)

    def ask(self) -> tuple[int, int]:
        """As of `Optimizer`."""
        code, budget = self._core.ask()
        return code, self._epochs[budget]

    def tell(self, evaluation: Evaluation) -> None:
        """As of `Optimizer`; of the evaluation that was asked for last."""
        self._core.tell(
            evaluation.code,
            evaluation.cell,
            self._epochs.index(evaluation.epochs),
            evaluation.validation_accuracy,
        )
