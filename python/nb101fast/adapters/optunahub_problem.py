"""The benchmark as a problem for OptunaHub.

>>> import optuna
>>> problem = Problem(nb101fast.open(), seed=0)
>>> study = optuna.create_study(directions=problem.directions)
>>> study.optimize(problem, n_trials=100)

Tested with OptunaHub 0.5 and Optuna 5.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..extras import needs
from ..named_parameters import Encoding, code_of
from ..search import SimulatedTraining
from ..search.simulated_training import MOST_EVALUATIONS
from .optuna_objective import distributions

with needs("optunahub", extra="adapters"):
    from optuna.distributions import BaseDistribution
    from optuna.study import StudyDirection
    from optunahub.benchmarks import BaseProblem

if TYPE_CHECKING:
    from ..codes import Validity
    from ..index import Index


class Problem(BaseProblem):
    """A problem whose value is the validation accuracy of a cell, to be maximized.

    One of the cell's training runs is drawn for each evaluation. An invalid configuration has the
    value 0.0. `optuna_objective.Objective` has user attributes, pruning and a budget as well.

    Args:
        index: the index whose trainings are simulated.
        encoding: "A", "B" or "C"; `nb101fast.named_parameters` describes them.
        epochs: a budget, one of `index.epochs`; None takes the highest.
        validity: "raw-9" as in `nas_benchmarks`, or "official"; see `search.SimulatedTraining`.
        seed: decides which repeats are drawn.

    Raises:
        ValueError: an argument is not allowed.
    """

    def __init__(
        self,
        index: Index,
        *,
        encoding: Encoding = "A",
        epochs: int | None = None,
        validity: Validity = "raw-9",
        seed: int = 0,
    ) -> None:
        self._search_space = distributions(encoding)
        budgets = None if epochs is None else (epochs,)
        training = SimulatedTraining(index, epochs=budgets, validity=validity)
        self._run = training.start(max_evaluations=MOST_EVALUATIONS, seed=seed)

    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        """The distributions of the parameters, by name."""
        return dict(self._search_space)

    @property
    def directions(self) -> list[StudyDirection]:
        """One direction: maximize."""
        return [StudyDirection.MAXIMIZE]

    def evaluate(self, params: dict[str, Any]) -> float:
        """Train the cell of these parameters once; return the validation accuracy.

        Raises:
            ValueError: no encoding has these names, or a value is not allowed.
        """
        trained = self._run.evaluate(code_of(params))
        assert trained is not None  # the run has no time budget
        return trained.validation_accuracy
