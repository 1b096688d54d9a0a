"""SMAC by the library SMAC3, which the compiled SMAC is compared with."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..named_parameters import code_of
from .libraries import library, seed_of_32_bits, undisturbed
from .optimizer import Proposal, Trial
from .settings import SMAC, Settings
from .simulated_training import SimulatedTraining

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

_ENDLESS = 2**31 - 1  # trials, so that SMAC3 never stops by itself


@dataclass(frozen=True)
class SMAC3(Settings):
    """The SMAC of the library SMAC3. `search.SMAC` makes proposals of the same distribution.

    Args:
        settings: the settings of `search.SMAC`.

    Example:
        >>> from nb101fast import search
        >>> settings = search.SMAC3(search.SMAC(num_trees=10))
        >>> search.run(settings, index, runs=1, budget_seconds=1e4)
    """

    name = "smac3"
    title = "SMAC by SMAC3"
    libraries = ("smac", "ConfigSpace")
    settings: SMAC = field(default_factory=SMAC)

    def __call__(self, training: SimulatedTraining, seed: int) -> SMAC3Optimizer:
        """See `Settings`.

        Raises:
            ImportError: SMAC3 is missing.
        """
        return SMAC3Optimizer(self.settings, training.epochs[-1], seed)


class SMAC3Optimizer:
    """One run of SMAC3; calling `SMAC3` makes it."""

    def __init__(self, settings: SMAC, epochs: int, seed: int) -> None:
        self._history = library("smac.runhistory")
        self._epochs = epochs
        with undisturbed():
            self._facade = _facade(settings, seed_of_32_bits(seed))

    def ask(self) -> Proposal:
        """See `Optimizer.ask`."""
        with undisturbed():
            self._asked: Any = self._facade.ask()
        return Proposal(code_of(self._asked.config), self._epochs)

    def tell(self, trial: Trial, /) -> None:
        """See `Optimizer.tell`."""
        with undisturbed():
            loss = 1 - trial.validation_accuracy
            value = self._history.TrialValue(cost=loss, time=trial.seconds)
            self._facade.tell(self._asked, value, save=False)


def _facade(settings: SMAC, seed: int) -> Any:
    """The facade of SMAC3 that is nearest to SMAC 0.x.

    It models the costs without a transformation and maximizes the expected improvement.
    """
    from ..config_space import configuration_space  # needs ConfigSpace

    # A facade writes into its folder only when it is made, so the folder can go afterwards.
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
    """Make the maximizer start its local searches in a fixed order.

    SMAC3 takes the starting points from a set. The order of a set depends on Python's hashes, which
    differ between processes, and would make the proposals differ too.
    """
    local = maximizer._local_search
    starts = local._get_initial_points
    local._get_initial_points = lambda *given: sorted(
        starts(*given), key=lambda start: start.get_array().tolist()
    )
    return maximizer


def _forest(num_trees: int, space: ConfigurationSpace, seed: int) -> Any:
    """The facade's own forest, without two of its settings that only cost time."""
    return library("smac.model.random_forest.random_forest").RandomForest(
        space,
        n_trees=num_trees,
        max_depth=20,
        max_leaf_nodes=None,  # with a bound, scikit-learn allocates that many nodes at once
        n_jobs=1,
        seed=seed,
    )
