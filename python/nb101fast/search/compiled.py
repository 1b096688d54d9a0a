"""An optimizer of the compiled core that is asked and told from Python."""

from __future__ import annotations

from .. import _core
from ..checks import check_choice
from .optimizer import Proposal, Trial
from .run_numbers import seed_of_runs
from .simulated_run import checked_configuration
from .simulated_training import SimulatedTraining


class CompiledOptimizer:
    """One run of a compiled optimizer. It makes the same proposals as within `search.run`.

    Args:
        settings: the optimizer's settings in the core.
        training: the problem to solve.
        seed: decides the proposals.
    """

    def __init__(
        self, settings: _core.SearchSettings, training: SimulatedTraining, seed: int
    ) -> None:
        self._epochs = training.epochs
        self._optimizer = _core.Optimizer(settings, training.core, seed_of_runs(seed))

    def ask(self) -> Proposal:
        """See `Optimizer.ask`."""
        code, budget = self._optimizer.ask()
        return Proposal(code, self._epochs[budget])

    def tell(self, trial: Trial, /) -> None:
        """See `Optimizer.tell`."""
        check_choice("epochs", trial.epochs, self._epochs)
        self._optimizer.tell(
            code=checked_configuration(trial.code),
            cell_id=trial.cell_id,
            budget=self._epochs.index(trial.epochs),
            repeat=trial.repeat,
            accuracy=trial.validation_accuracy,
        )
