"""The benchmark as an objective for Optuna.

>>> import optuna
>>> objective = Objective(nb101fast.open(), budget_seconds=1000, seed=0)
>>> study = optuna.create_study(direction="maximize")
>>> study.optimize(objective, callbacks=[objective.stop_at_budget])

Tested with Optuna 5.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..cell import Cell
from ..checks import check_choice
from ..extras import needs
from ..named_parameters import Choice, Encoding, IntegerRange, Parameter, code_of, parameters
from ..search import SimulatedTraining
from ..search.simulated_training import MOST_EVALUATIONS

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
    from ..codes import Validity
    from ..index import Index

INVALIDS = ("zero", "prune")


class Objective:
    """An objective whose value is the validation accuracy of the cell that a trial suggests.

    One of the cell's training runs is drawn for each trial; maximize the value. All trials share
    one simulated clock, so a study must run the objective in one job. A trial gets the user
    attributes `cell_id`, `hash`, `repeat`, `seconds` (of simulated training) and `test_accuracy`
    (the mean). If the configuration is invalid or the index lacks its cell, the trial only gets
    `cell_id`, which is -1.

    Args:
        index: the index whose trainings are simulated.
        encoding: "A", "B" or "C"; `nb101fast.named_parameters` describes them.
        epochs: a budget, one of `index.epochs`; None takes the highest.
        validity: "raw-9" as in `nas_benchmarks`, or "official"; see `search.SimulatedTraining`.
        invalid: "zero" gives an invalid trial the value 0.0; "prune" raises `TrialPruned`. The
            trial costs no time in either case.
        budget_seconds: the simulated time that the study may spend. A trial that would end after it
            is pruned, and `stop_at_budget` stops the study. None means any time.
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
        invalid: Literal["zero", "prune"] = "zero",
        budget_seconds: float | None = None,
        seed: int = 0,
    ) -> None:
        check_choice("invalid", invalid, INVALIDS)
        self._parameters = parameters(encoding)
        self._invalid = invalid
        self._test_accuracy = index.objective("test_accuracy", epochs=epochs)
        budgets = None if epochs is None else (epochs,)
        training = SimulatedTraining(index, epochs=budgets, validity=validity)
        endless = MOST_EVALUATIONS if budget_seconds is None else None
        self._run = training.start(budget_seconds, max_evaluations=endless, seed=seed)

    @property
    def seconds(self) -> float:
        """The simulated seconds that all trials have taken so far."""
        return self._run.seconds

    def __call__(self, trial: BaseTrial) -> float:
        """Train the cell that the trial suggests; return the validation accuracy.

        Raises:
            TrialPruned: the training would end after the budget, or the trial is invalid and
                `invalid` is "prune".
        """
        code = code_of({name: _suggestion(trial, name, p) for name, p in self._parameters.items()})
        trained = self._run.evaluate(code)
        if trained is None:
            raise TrialPruned("the training would end after the budget")
        trial.set_user_attr("cell_id", trained.cell_id)
        if trained.cell_id >= 0:
            trial.set_user_attr("hash", Cell.from_code(code).hash)
            trial.set_user_attr("repeat", trained.repeat)
            trial.set_user_attr("seconds", trained.seconds)
            trial.set_user_attr("test_accuracy", self._test_accuracy(code))
        elif self._invalid == "prune":
            raise TrialPruned(f"code {code} is invalid, or its cell is not in the index")
        return trained.validation_accuracy

    def stop_at_budget(self, study: Study, trial: FrozenTrial) -> None:
        """Stop the study once the budget is spent; a callback for `study.optimize`."""
        if self._run.is_over:
            study.stop()


def distributions(encoding: Encoding = "A") -> dict[str, BaseDistribution]:
    """The parameters of an encoding as Optuna's distributions.

    Raises:
        ValueError: there is no such encoding.

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
