"""BOHB (Falkner et al., 2018): Hyperband's brackets, filled from HpBandSter's density model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import _core
from ..adapters.parameters import code_of, values_of
from .libraries import library, seed_of_32_bits, undisturbed
from .optimizer import Evaluation
from .settings import Settings, bracket_budgets, check_brackets, check_count, check_number
from .simulated_training import SimulatedTraining


@dataclass(frozen=True)
class BOHB(Settings):
    """Hyperband that proposes by density ratio (Falkner et al., 2018).

    Two kernel densities, of the good and the bad configurations at the greatest budget with enough
    of them, of bandwidth `min_bandwidth` or more; of `num_samples` drawn like the good ones, the
    one of the best ratio is proposed, and at random every 1 / `random_fraction`-th.
    `bandwidth_factor` is for numbers, of which encoding A has none.

    Example:
        >>> search.run(search.BOHB(num_samples=64), index, runs=1, budget_seconds=1e6)
    """

    name = "bohb"
    title = "BOHB"
    libraries = ("hpbandster", "ConfigSpace")
    random_fraction: float = 0.0
    num_samples: int = 4
    min_bandwidth: float = 0.3
    bandwidth_factor: float = 3.0
    eta: int = 3
    min_epochs: int = 4

    def __post_init__(self) -> None:
        check_number("random_fraction", self.random_fraction, 0, 1)
        check_count("num_samples", self.num_samples, 1, 1_000_000)
        check_number("min_bandwidth", self.min_bandwidth, 0, 1)
        check_number("bandwidth_factor", self.bandwidth_factor, 0, 1_000_000)
        check_brackets(self.eta, self.min_epochs)

    def budgets(self, epochs: int) -> tuple[int, ...]:
        """As of `Hyperband`."""
        return bracket_budgets(self.eta, self.min_epochs, epochs)

    def __call__(self, training: SimulatedTraining, seed: int) -> BOHBOptimizer:
        """As of `Settings`.

        Raises:
            ImportError: there is no HpBandSter.
        """
        return BOHBOptimizer(self, self.budgets(training.epochs[-1]), seed)


class BOHBOptimizer:
    """One run of BOHB, asked and told; `BOHB` makes it."""

    def __init__(self, settings: BOHB, epochs: tuple[int, ...], seed: int) -> None:
        from ..adapters.config_space import configuration_space

        generators = library("hpbandster.optimizers.config_generators.bohb")
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

    def ask(self) -> tuple[int, int]:
        """As of `Optimizer`."""
        epochs = self._epochs[self._brackets.budget]
        if self._brackets.needs_code:
            with undisturbed(), self._draws.used():
                values, _ = self._model.get_config(epochs)
            self._brackets.start(code_of(values))
        return self._brackets.code, epochs

    def tell(self, evaluation: Evaluation) -> None:
        """As of `Optimizer`; of what was asked for last."""
        job = SimpleNamespace(
            kwargs={"budget": evaluation.epochs, "config": values_of(evaluation.code)},
            result={"loss": 1 - evaluation.validation_accuracy},
            exception=None,
        )
        with undisturbed(), self._draws.used():
            self._model.new_result(job)
        self._brackets.tell(evaluation.validation_accuracy)


class _OwnDraws:
    """NumPy's global generator in a state of one's own, for code that knows no other."""

    def __init__(self, seed: int) -> None:
        self._state: dict[str, Any] = np.random.RandomState(seed).get_state(legacy=False)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Draw from this state; the global one is put back afterwards."""
        outside = np.random.get_state(legacy=False)
        np.random.set_state(self._state)
        try:
            yield
        finally:
            self._state = np.random.get_state(legacy=False)
            np.random.set_state(outside)
