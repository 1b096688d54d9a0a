"""TPE by the library Hyperopt, which the compiled TPE is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..named_parameters import Choice, code_of, parameters
from .libraries import library, undisturbed
from .optimizer import Proposal, Trial
from .settings import TPE, Settings
from .simulated_training import SimulatedTraining


@dataclass(frozen=True)
class HyperoptTPE(Settings):
    """The TPE of the library Hyperopt. `search.TPE` makes proposals of the same distribution.

    Args:
        settings: the settings of `search.TPE`.

    Example:
        >>> from nb101fast import search
        >>> settings = search.HyperoptTPE(search.TPE(num_candidates=100))
        >>> search.run(settings, index, runs=1, budget_seconds=1e4)
    """

    name = "hyperopt-tpe"
    title = "TPE by Hyperopt"
    libraries = ("hyperopt",)
    settings: TPE = field(default_factory=TPE)

    def __call__(self, training: SimulatedTraining, seed: int) -> HyperoptOptimizer:
        """See `Settings`.

        Raises:
            ImportError: Hyperopt is missing.
        """
        return HyperoptOptimizer(self.settings, training.epochs[-1], seed)


class HyperoptOptimizer:
    """One run of Hyperopt's TPE; calling `HyperoptTPE` makes it."""

    def __init__(self, settings: TPE, epochs: int, seed: int) -> None:
        self._hyperopt = library("hyperopt")
        self._settings = settings
        self._epochs = epochs
        self._random = np.random.default_rng(seed)
        self._choices = {
            name: choice.values
            for name, choice in parameters("A").items()
            if isinstance(choice, Choice)
        }
        with undisturbed():
            space = {name: self._hyperopt.hp.choice(name, v) for name, v in self._choices.items()}
            self._domain = self._hyperopt.Domain(None, space)
            self._trials = self._hyperopt.Trials()

    def ask(self) -> Proposal:
        """See `Optimizer.ask`."""
        with undisturbed():
            [proposed] = self._hyperopt.tpe.suggest(
                self._trials.new_trial_ids(1),
                self._domain,
                self._trials,
                int(self._random.integers(2**31 - 1)),
                n_startup_jobs=self._settings.num_startup,
                n_EI_candidates=self._settings.num_candidates,
                gamma=self._settings.gamma,
                verbose=False,
            )
        self._asked: dict[str, Any] = proposed
        chosen = proposed["misc"]["vals"]
        code = code_of({name: v[chosen[name][0]] for name, v in self._choices.items()})
        return Proposal(code, self._epochs)

    def tell(self, trial: Trial, /) -> None:
        """See `Optimizer.tell`."""
        loss = 1 - trial.validation_accuracy
        self._asked["result"] = {"loss": loss, "status": self._hyperopt.STATUS_OK}
        self._asked["state"] = self._hyperopt.JOB_STATE_DONE
        with undisturbed():
            self._trials.insert_trial_doc(self._asked)
            self._trials.refresh()
