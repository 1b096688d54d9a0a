"""TPE, the tree-structured Parzen estimator (Bergstra et al., 2011), by Hyperopt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, check_number
from ..named_parameters import Choice, code_of, parameters
from .libraries import library, undisturbed
from .optimizer import Proposal, Trial
from .settings import Settings
from .simulated_training import SimulatedTraining


@dataclass(frozen=True)
class TPE(Settings):
    """TPE (Bergstra et al., 2011). The default settings are Hyperopt's own.

    The first configurations are drawn at random. After that, the best `gamma * sqrt(n)` of the n
    configurations so far, at most 25, count as good. For each parameter, some candidates are drawn
    from the distribution of the good ones, and the most promising candidate is taken.

    Args:
        num_startup: how many random configurations come first.
        num_candidates: how many candidates are drawn for each parameter.
        gamma: decides how many configurations count as good.

    Example:
        >>> search.run(search.TPE(num_candidates=100), index, runs=1, budget_seconds=1e6)
    """

    name = "tpe"
    title = "TPE"
    libraries = ("hyperopt",)
    num_startup: int = 20
    num_candidates: int = 24
    gamma: float = 0.25

    def __post_init__(self) -> None:
        check_count("num_startup", self.num_startup, 1, 1_000_000)
        check_count("num_candidates", self.num_candidates, 1, 1_000_000)
        check_number("gamma", self.gamma, 0, 100)

    def __call__(self, training: SimulatedTraining, seed: int) -> TPEOptimizer:
        """See `Settings`.

        Raises:
            ImportError: Hyperopt is missing.
        """
        return TPEOptimizer(self, training.epochs[-1], seed)


class TPEOptimizer:
    """One run of TPE; calling `TPE` makes it."""

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
