"""The benchmark as a problem of OptunaHub.

>>> problem = Problem(nb101fast.open(), seed=0)
>>> study = optuna.create_study(directions=problem.directions)
>>> study.optimize(problem, n_trials=100)

Tested with OptunaHub 0.5 and Optuna 5.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..extras import needs
from ..search import SimulatedTraining
from .optuna_objective import NO_END, distributions
from .parameters import Encoding, code_of

with needs("optunahub", extra="adapters"):
    from optuna.distributions import BaseDistribution
    from optuna.study import StudyDirection
    from optunahub.benchmarks import BaseProblem

if TYPE_CHECKING:
    from ..index import Index
    from ..search_space import Validity


class Problem(BaseProblem):
    """Validation accuracy of a repeat drawn at random; 0.0 of an invalid configuration.

    For user attributes, pruning and a simulated budget, see `optuna_objective.Objective`.

    Args:
        index: the index whose trainings are simulated.
        encoding: "A", "B" or "C", as `nb101fast.adapters.parameters` says.
        epochs: a budget, one of `index.epochs`.
        validity: "raw-9" as `nas_benchmarks` has it, or "raw", the official meaning.
        seed: of the draws of repeats.

    Raises:
        ValueError: an argument that is not allowed.
    """

    def __init__(
        self,
        index: Index,
        *,
        encoding: Encoding = "A",
        epochs: int = 108,
        validity: Validity = "raw-9",
        seed: int = 0,
    ) -> None:
        self._search_space = distributions(encoding)
        training = SimulatedTraining(index, epochs=(epochs,), validity=validity)
        self._run = training.start(NO_END, seed=seed)

    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        """The distributions by name."""
        return dict(self._search_space)

    @property
    def directions(self) -> list[StudyDirection]:
        """One: to be maximized."""
        return [StudyDirection.MAXIMIZE]

    def evaluate(self, params: dict[str, Any]) -> float:
        """The validation accuracy of one training of these parameters.

        Raises:
            ValueError: the names of no encoding, or a value that is not allowed.
        """
        evaluation = self._run.evaluate(code_of(params))
        assert evaluation is not None  # the budget has no end
        return evaluation.validation_accuracy
