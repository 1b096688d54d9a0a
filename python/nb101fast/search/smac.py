"""SMAC (Hutter et al., 2011), as SMAC3 has it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..adapters.parameters import code_of
from .libraries import library, seed_of_32_bits, undisturbed
from .optimizer import Evaluation
from .settings import Settings, check_count, check_number
from .simulated_training import SimulatedTraining

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

_ENDLESS = 2**31 - 1  # trials


@dataclass(frozen=True)
class SMAC(Settings):
    """Bayesian optimization with a random forest (Hutter et al., 2011).

    The forest of `num_trees` is trained anew after each evaluation; one proposal in
    1 / `random_fraction` is random. Configurations that challenge the best are trained again, up to
    `max_evaluations` times each.

    Example:
        >>> search.run(search.SMAC(num_trees=10), index, runs=1, budget_seconds=1e6)
    """

    name = "smac"
    title = "SMAC"
    libraries = ("smac", "ConfigSpace")
    num_trees: int = 5
    random_fraction: float = 0.33
    max_evaluations: int = 1

    def __post_init__(self) -> None:
        check_count("num_trees", self.num_trees, 1, 10_000)
        check_number("random_fraction", self.random_fraction, 0, 1)
        check_count("max_evaluations", self.max_evaluations, 1, 10_000)

    def __call__(self, training: SimulatedTraining, seed: int) -> SMACOptimizer:
        """As of `Settings`.

        Raises:
            ImportError: there is no SMAC3.
        """
        return SMACOptimizer(self, training.epochs[-1], seed)


class SMACOptimizer:
    """One run of SMAC, asked and told; `SMAC` makes it."""

    def __init__(self, settings: SMAC, epochs: int, seed: int) -> None:
        self._history = library("smac.runhistory")
        self._epochs = epochs
        with undisturbed():
            self._facade = _facade(settings, seed_of_32_bits(seed))

    def ask(self) -> tuple[int, int]:
        """As of `Optimizer`."""
        with undisturbed():
            self._asked: Any = self._facade.ask()
        return code_of(self._asked.config), self._epochs

    def tell(self, evaluation: Evaluation) -> None:
        """As of `Optimizer`; of what was asked for last."""
        with undisturbed():
            loss = 1 - evaluation.validation_accuracy
            value = self._history.TrialValue(cost=loss, time=evaluation.seconds)
            self._facade.tell(self._asked, value, save=False)


def _facade(settings: SMAC, seed: int) -> Any:
    """Of SMAC3's facades the one nearest to SMAC 0.x: costs as they are, expected improvement."""
    from ..adapters.config_space import configuration_space

    # A facade writes a folder when it is made, and never again.
    with tempfile.TemporaryDirectory() as directory:
        facade = library("smac").AlgorithmConfigurationFacade
        scenario = library("smac").Scenario(
            configuration_space("A", seed=seed),
            output_directory=Path(directory),
            n_trials=_ENDLESS,
            seed=seed,
        )
        made: Any = facade(
            scenario,
            model=_forest(settings.num_trees, scenario.configspace, seed),
            initial_design=library("smac.initial_design").RandomInitialDesign(
                scenario, n_configs=1
            ),
            acquisition_maximizer=_in_order(facade.get_acquisition_maximizer(scenario)),
            random_design=facade.get_random_design(scenario, probability=settings.random_fraction),
            intensifier=facade.get_intensifier(scenario, max_config_calls=settings.max_evaluations),
            config_selector=facade.get_config_selector(scenario, retrain_after=1),
            logging_level=False,
        )
    return made


def _in_order(maximizer: Any) -> Any:
    """Its local searches in an order of their own: SMAC3 takes them from a set, whose order is that
    of Python's hashes, another in each process.
    """
    local = maximizer._local_search
    starts = local._get_initial_points
    local._get_initial_points = lambda *given: sorted(
        starts(*given), key=lambda start: start.get_array().tolist()
    )
    return maximizer


def _forest(num_trees: int, space: ConfigurationSpace, seed: int) -> Any:
    """As the facade would make it, but for two of its choices that cost time alone."""
    return library("smac.model.random_forest.random_forest").RandomForest(
        space,
        n_trees=num_trees,
        max_depth=20,
        max_leaf_nodes=None,  # a bound has scikit-learn allot so many nodes at once
        n_jobs=1,
        seed=seed,
    )
