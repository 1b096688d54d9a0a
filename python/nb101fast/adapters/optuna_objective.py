"""The benchmark as an Optuna objective.

>>> objective = Objective(nb101fast.open(), budget_seconds=1000, seed=0)
>>> study = optuna.create_study(direction="maximize")
>>> study.optimize(objective, callbacks=[objective.stop_at_budget])

Tested with Optuna 5.0.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from ..cell import Cell
from ..extras import needs
from ..search import SimulatedTraining
from .parameters import Choice, Encoding, IntegerRange, Parameter, code_of, parameters

with needs("optuna", extra="adapters"):
    from optuna import Study, TrialPruned
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )
    from optuna.trial import BaseTrial, FrozenTrial

if TYPE_CHECKING:
    from ..index import Index
    from ..search_space import Validity

INVALIDS = ("zero", "prune")
NO_END = sys.float_info.max  # of a budget, which is finite


class Objective:
    """Validation accuracy of a trial's cell, of a repeat drawn at random: to be maximized.

    One simulated training after the other, so a study runs it in one job. A trial gets the user
    attributes `cell` (its id), `hash`, `repeat`, `seconds` (of simulated training) and
    `test_accuracy` (the mean); `cell` alone, -1, where it is invalid or the index lacks it.

    Args:
        index: the index whose trainings are simulated.
        encoding: "A", "B" or "C", as `nb101fast.adapters.parameters` says.
        epochs: a budget, one of `index.epochs`.
        validity: "raw-9" as `nas_benchmarks` has it, or "raw", the official meaning.
        invalid: what an invalid trial gets: "zero", accuracy 0.0, or "prune", `TrialPruned`. Its
            training costs nothing either way.
        budget_seconds: of simulated training. A trial that would end after it is pruned, and
            `stop_at_budget` stops the study.
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
        invalid: Literal["zero", "prune"] = "zero",
        budget_seconds: float = NO_END,
        seed: int = 0,
    ) -> None:
        if invalid not in INVALIDS:
            raise ValueError(f"invalid={invalid!r}; {', '.join(map(repr, INVALIDS))} are allowed")
        self._parameters = parameters(encoding)
        self._invalid = invalid
        self._test_accuracy = index.objective("test_accuracy", epochs=epochs)
        training = SimulatedTraining(index, epochs=(epochs,), validity=validity)
        self._run = training.start(budget_seconds, seed=seed)

    @property
    def seconds(self) -> float:
        """Simulated seconds that all trials took so far."""
        return self._run.seconds

    def __call__(self, trial: BaseTrial) -> float:
        """The validation accuracy of one training of the cell that the trial suggests."""
        code = code_of({name: _suggestion(trial, name, p) for name, p in self._parameters.items()})
        evaluation = self._run.evaluate(code)
        if evaluation is None:
            raise TrialPruned("it would end after the budget")
        trial.set_user_attr("cell", evaluation.cell)
        if evaluation.cell >= 0:
            trial.set_user_attr("hash", Cell.from_code(code).hash)
            trial.set_user_attr("repeat", evaluation.repeat)
            trial.set_user_attr("seconds", evaluation.seconds)
            trial.set_user_attr("test_accuracy", self._test_accuracy(code))
        elif self._invalid == "prune":
            raise TrialPruned(f"code {code} is invalid, or its cell is not in the index")
        return evaluation.validation_accuracy

    def stop_at_budget(self, study: Study, trial: FrozenTrial) -> None:
        """A callback for `study.optimize`: stops it once a trial would end after the budget."""
        if self._run.is_over:
            study.stop()


def distributions(encoding: Encoding = "A") -> dict[str, BaseDistribution]:
    """The parameters of an encoding as Optuna's distributions.

    Raises:
        ValueError: no such encoding.

    Example:
        >>> distributions("C")["num_edges"]
        IntDistribution(high=9, log=False, low=0, step=1)
    """
    return {name: _distribution(parameter) for name, parameter in parameters(encoding).items()}


def _suggestion(trial: BaseTrial, name: str, parameter: Parameter) -> str | float:
    if isinstance(parameter, Choice):
        chosen: str | int = trial.suggest_categorical(name, parameter.values)
        return chosen
    if isinstance(parameter, IntegerRange):
        return trial.suggest_int(name, parameter.low, parameter.high)
    return trial.suggest_float(name, parameter.low, parameter.high)


def _distribution(parameter: Parameter) -> BaseDistribution:
    if isinstance(parameter, Choice):
        return CategoricalDistribution(parameter.values)
    if isinstance(parameter, IntegerRange):
        return IntDistribution(parameter.low, parameter.high)
    return FloatDistribution(parameter.low, parameter.high)
