"""The optimizers of this package and their settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from .. import _core, search_space
from .compiled import CompiledOptimizer
from .optimizer import Optimizer
from .simulated_training import SimulatedTraining

Factory: TypeAlias = Callable[[SimulatedTraining, int], Optimizer]
_SAMPLINGS, _MUTATIONS = search_space.SAMPLINGS, search_space.MUTATIONS


@dataclass(frozen=True)
class Settings:
    """One optimizer with its settings; a factory of runs: `settings(training, seed)`."""

    name: ClassVar[str]
    title: ClassVar[str]
    libraries: ClassVar[tuple[str, ...]] = ()  # whose versions decide its proposals

    def budgets(self, epochs: int) -> tuple[int, ...]:
        """The epochs that it trains for, the final ones being given."""
        return (epochs,)

    def __call__(self, training: SimulatedTraining, seed: int) -> Optimizer:
        """An optimizer of one run. The same seed gives the same proposals."""
        raise NotImplementedError


@dataclass(frozen=True)
class CompiledSettings(Settings):
    """Of an optimizer of this package, many runs of which are computed in step."""

    def compiled(self) -> Any:
        """As the core takes them."""
        raise NotImplementedError

    def __call__(self, training: SimulatedTraining, seed: int) -> Optimizer:
        """As of `Settings`."""
        return CompiledOptimizer(self.compiled(), training, seed)


@dataclass(frozen=True)
class RandomSearch(CompiledSettings):
    """Every configuration for itself."""

    name = "rs"
    title = "Random search"
    sampling: str = "all"

    def __post_init__(self) -> None:
        check_choice("sampling", self.sampling, _SAMPLINGS)

    def compiled(self) -> Any:
        """As the core takes them."""
        return _core.RandomSearchSettings(_SAMPLINGS.index(self.sampling))


@dataclass(frozen=True)
class Evolution(CompiledSettings):
    """Regularized evolution (Real et al., 2019): of a tournament the best has a child, and the
    oldest of the population dies.

    With replacement, one member can be drawn several times for one tournament.
    """

    name = "re"
    title = "Regularized evolution"
    population: int = 100
    tournament: int = 10
    with_replacement: bool = False
    mutation: str = "parameter"
    sampling: str = "all"
    _is_regularized: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_choice("mutation", self.mutation, _MUTATIONS)
        check_choice("sampling", self.sampling, _SAMPLINGS)
        check_count("population", self.population, 1, 1_000_000)
        most = 1_000_000 if self.with_replacement else self.population
        check_count("tournament", self.tournament, 1, most)
        if self.mutation != "parameter" and self.sampling == "all":
            raise ValueError(
                f"mutation={self.mutation!r} with sampling='all'; it needs valid parents: "
                "'raw', 'raw-9' and 'cells' are allowed"
            )

    def compiled(self) -> Any:
        """As the core takes them."""
        return _core.EvolutionSettings(
            self._is_regularized,
            self.population,
            self.tournament,
            self.with_replacement,
            _MUTATIONS.index(self.mutation),
            _SAMPLINGS.index(self.sampling),
        )


@dataclass(frozen=True)
class NonRegularizedEvolution(Evolution):
    """Evolution in which the worst of the tournament dies, however young."""

    name = "nre"
    title = "Non-regularized evolution"
    _is_regularized: ClassVar[bool] = False


@dataclass(frozen=True)
class LocalSearch(CompiledSettings):
    """Steepest ascent over single changes, started anew at each optimum (White et al., 2021).

    Each other cell that one change of the raw code leads to is trained once, in random order.
    """

    name = "ls"
    title = "Local search"
    sampling: str = "all"

    def __post_init__(self) -> None:
        check_choice("sampling", self.sampling, _SAMPLINGS)

    def compiled(self) -> Any:
        """As the core takes them."""
        return _core.LocalSearchSettings(_SAMPLINGS.index(self.sampling))


@dataclass(frozen=True)
class Hyperband(CompiledSettings):
    """Hyperband (Li et al., 2018), its brackets in the order of HpBandSter."""

    name = "hb"
    title = "Hyperband"
    eta: int = 3
    min_epochs: int = 4
    sampling: str = "all"

    def __post_init__(self) -> None:
        check_choice("sampling", self.sampling, _SAMPLINGS)
        check_brackets(self.eta, self.min_epochs)

    def budgets(self, epochs: int) -> tuple[int, ...]:
        """From the final one downwards, one in eta, to no less than `min_epochs`."""
        return bracket_budgets(self.eta, self.min_epochs, epochs)

    def compiled(self) -> Any:
        """As the core takes them."""
        return _core.HyperbandSettings(self.eta, _SAMPLINGS.index(self.sampling))


@dataclass(frozen=True)
class Reinforce(CompiledSettings):
    """REINFORCE (Williams, 1992): independent categoricals, logits from 0, a moving baseline.

    As in `nas_benchmarks`, it learns nothing from an invalid configuration.
    """

    name = "rl"
    title = "REINFORCE"
    learning_rate: float = 0.5
    baseline_decay: float = 0.9

    def __post_init__(self) -> None:
        check_number("learning_rate", self.learning_rate, 0, 100)
        check_number("baseline_decay", self.baseline_decay, 0, 0.999999)

    def compiled(self) -> Any:
        """As the core takes them."""
        return _core.ReinforceSettings(self.learning_rate, self.baseline_decay)


def bracket_budgets(eta: int, min_epochs: int, epochs: int) -> tuple[int, ...]:
    """The epochs of Hyperband's budgets, ascending."""
    budgets = [epochs]
    while budgets[0] % eta == 0 and budgets[0] // eta >= min_epochs:
        budgets.insert(0, budgets[0] // eta)
    return tuple(budgets)


def check_choice(argument: str, value: str, allowed: tuple[str, ...]) -> None:
    """ValueError unless a value is among those allowed."""
    if value not in allowed:
        raise ValueError(f"{argument}={value!r}; {', '.join(map(repr, allowed))} are allowed")


def check_count(argument: str, value: int, least: int, most: int) -> None:
    """ValueError unless an int lies within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{argument}={value!r}; {least} to {most} are allowed")


def check_number(argument: str, value: float, least: float, most: float) -> None:
    """ValueError unless a number lies within bounds."""
    if isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{argument}={value!r}; {least} to {most} are allowed")


def check_brackets(eta: int, min_epochs: int) -> None:
    """ValueError for brackets that can't be."""
    check_count("eta", eta, 2, 100)
    check_count("min_epochs", min_epochs, 1, 1_000_000)
