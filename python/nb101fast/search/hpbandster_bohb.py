"""BOHB by the library HpBandSter, which the compiled BOHB is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import _core
from ..named_parameters import code_of, values_of
from .libraries import library, seed_of_32_bits, undisturbed
from .optimizer import Proposal, Trial
from .settings import BOHB, Settings
from .simulated_training import SimulatedTraining


@dataclass(frozen=True)
class HpBandSterBOHB(Settings):
    """The BOHB of the library HpBandSter. `search.BOHB` makes proposals of the same distribution.

    Args:
        settings: the settings of `search.BOHB`.

    Example:
        >>> from nb101fast import search
        >>> settings = search.HpBandSterBOHB(search.BOHB(num_samples=64))
        >>> search.run(settings, index, runs=1, budget_seconds=1e4)
    """

    name = "hpbandster-bohb"
    title = "BOHB by HpBandSter"
    libraries = ("hpbandster", "ConfigSpace")
    settings: BOHB = field(default_factory=BOHB)

    def budgets(self, epochs: int) -> tuple[int, ...]:
        """See `Hyperband`."""
        return self.settings.budgets(epochs)

    def __call__(self, training: SimulatedTraining, seed: int) -> HpBandSterOptimizer:
        """See `Settings`.

        Raises:
            ImportError: HpBandSter is missing.
        """
        return HpBandSterOptimizer(self.settings, self.budgets(training.epochs[-1]), seed)


class HpBandSterOptimizer:
    """One run of HpBandSter's BOHB; calling `HpBandSterBOHB` makes it."""

    def __init__(self, settings: BOHB, epochs: tuple[int, ...], seed: int) -> None:
        generators = library("hpbandster.optimizers.config_generators.bohb")
        from ..config_space import configuration_space  # HpBandSter needs ConfigSpace.

        self._epochs = epochs
        self._brackets = _core.Brackets(len(epochs), settings.eta)
        self._draws = _OwnDraws(seed_of_32_bits(seed))
        with undisturbed():
            self._model = generators.BOHB(
                configspace=configuration_space("A", seed=seed_of_32_bits(seed)),
                num_samples=settings.num_samples,
                random_fraction=settings.random_fraction,
                min_bandwidth=settings.min_bandwidth,
                bandwidth_factor=settings.bandwidth_factor,
            )

    def ask(self) -> Proposal:
        """See `Optimizer.ask`."""
        epochs = self._epochs[self._brackets.budget]
        if self._brackets.needs_code:
            with undisturbed(), self._draws.used():
                values, _ = self._model.get_config(epochs)
            self._brackets.start(code_of(values))
        return Proposal(self._brackets.code, epochs)

    def tell(self, trial: Trial, /) -> None:
        """See `Optimizer.tell`."""
        job = SimpleNamespace(
            kwargs={"budget": trial.epochs, "config": values_of(trial.code)},
            result={"loss": 1 - trial.validation_accuracy},
            exception=None,
        )
        with undisturbed(), self._draws.used():
            self._model.new_result(job)
        self._brackets.tell(trial.validation_accuracy)


class _OwnDraws:
    """A separate state of NumPy's global generator, for HpBandSter, which draws from no other."""

    def __init__(self, seed: int) -> None:
        self._state: dict[str, Any] = np.random.RandomState(seed).get_state(legacy=False)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let the global generator draw from this state; afterwards restore its own state."""
        outside = np.random.get_state(legacy=False)
        np.random.set_state(self._state)
        try:
            yield
        finally:
            self._state = np.random.get_state(legacy=False)
            np.random.set_state(outside)
