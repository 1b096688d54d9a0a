"""BOHB (Falkner et al., 2018): the brackets of Hyperband, filled by HpBandSter's density model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import _core
from ..checks import check_count, check_number
from ..named_parameters import code_of, values_of
from .libraries import library, seed_of_32_bits, undisturbed
from .optimizer import Proposal, Trial
from .settings import Settings, bracket_budgets, check_brackets
from .simulated_training import SimulatedTraining


@dataclass(frozen=True)
class BOHB(Settings):
    """BOHB (Falkner et al., 2018): Hyperband with proposals from a density model.

    The model has two kernel densities, one of the good and one of the bad configurations, at the
    greatest budget that has enough of them. Some samples are drawn from the density of the good
    ones, and the sample with the best ratio of both densities is proposed.

    Args:
        random_fraction: the share of proposals that are drawn at random instead.
        num_samples: how many samples are drawn for a proposal.
        min_bandwidth: the smallest bandwidth of a density.
        bandwidth_factor: widens the bandwidth of continuous parameters. Encoding A has none, so it
            changes nothing here.
        eta, min_epochs: see `Hyperband`.

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
        """See `Hyperband`."""
        return bracket_budgets(self.eta, self.min_epochs, epochs)

    def __call__(self, training: SimulatedTraining, seed: int) -> BOHBOptimizer:
        """See `Settings`.

        Raises:
            ImportError: HpBandSter is missing.
        """
        return BOHBOptimizer(self, self.budgets(training.epochs[-1]), seed)


class BOHBOptimizer:
    """One run of BOHB; calling `BOHB` makes it."""

    def __init__(self, settings: BOHB, epochs: tuple[int, ...], seed: int) -> None:
        from ..config_space import configuration_space  # needs ConfigSpace

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
