"""The optimizers of this package and their settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from .. import _core, search_space
from ..checks import check_choice, check_count, check_number
from .compiled import CompiledOptimizer
from .multi_objective_training import MultiObjectiveTraining
from .optimizer import CodeOptimizer, Optimizer
from .simulated_training import SimulatedTraining

Factory: TypeAlias = Callable[[SimulatedTraining, int], Optimizer | CodeOptimizer]
_SAMPLINGS, _MUTATIONS = search_space.SAMPLINGS, search_space.MUTATIONS


@dataclass(frozen=True)
class Settings:
    """An optimizer with its settings. Calling it with a training and a seed starts one run."""

    name: ClassVar[str]
    title: ClassVar[str]
    libraries: ClassVar[tuple[str, ...]] = ()  # their versions decide the proposals too
    runs_at_once: ClassVar[int] = 1  # what one process computes between two reports of progress

    def budgets(self, epochs: int) -> tuple[int, ...]:
        """The budgets that the optimizer trains at, ascending, if `epochs` is the final one."""
        return (epochs,)

    def __call__(self, training: SimulatedTraining, seed: int) -> Optimizer:
        """An optimizer for one run. The same seed gives the same proposals."""
        raise NotImplementedError


@dataclass(frozen=True)
class CompiledSettings(Settings):
    """An optimizer of the compiled core, which computes many runs at once."""

    runs_at_once = 64  # they take about a second or less, in the paper's protocol

    def compiled(self) -> _core.SearchSettings:
        """The settings as an object of the core."""
        raise NotImplementedError

    def compiled_for(self, training: SimulatedTraining) -> _core.SearchSettings:
        """The settings as an object of the core, for a problem that they may depend on."""
        return self.compiled()

    def __call__(self, training: SimulatedTraining, seed: int) -> Optimizer:
        """See `Settings`."""
        return CompiledOptimizer(self.compiled_for(training), training, seed)


@dataclass(frozen=True)
class RandomSearch(CompiledSettings):
    """Random search: each configuration is drawn independently of all others.

    Args:
        sampling: the name of a sampler of `search_space.sample`, but not "vertices:N".
    """

    name = "rs"
    title = "Random search"
    sampling: str = "all"

    def __post_init__(self) -> None:
        check_choice("sampling", self.sampling, _SAMPLINGS)

    def compiled(self) -> _core.SearchSettings:
        """See `CompiledSettings`."""
        return _core.random_search_settings(sampling=_SAMPLINGS[self.sampling])


@dataclass(frozen=True)
class Evolution(CompiledSettings):
    """Regularized evolution (Real et al., 2019).

    At each step, some members of the population are drawn for a tournament. The best of them is
    mutated, and its child takes the place of the oldest member.

    Args:
        population: how many members the population has.
        tournament: how many members take part in a tournament.
        with_replacement: whether one member can be drawn several times for the same tournament.
        mutation: a rule's name, see `search_space.mutate`.
        mutation_rate: the rate of the mutation "notebook", from 0 to 5. The other rules have none.
        sampling: the sampler of the first population, see `search_space.sample`.
    """

    name = "re"
    title = "Regularized evolution"
    population: int = 100
    tournament: int = 10
    with_replacement: bool = False
    mutation: str = "parameter"
    mutation_rate: float = 1.0
    sampling: str = "all"
    _is_regularized: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_choice("mutation", self.mutation, _MUTATIONS)
        search_space.check_rate("mutation_rate", self.mutation_rate, "mutation", self.mutation)
        check_choice("sampling", self.sampling, _SAMPLINGS)
        check_count("population", self.population, 1, 1_000_000)
        most = 1_000_000 if self.with_replacement else self.population
        check_count("tournament", self.tournament, 1, most)
        if self.mutation != "parameter" and self.sampling == "all":
            raise ValueError(
                f"mutation={self.mutation!r} needs valid parents, but sampling='all' draws invalid "
                "ones too; use sampling='raw', 'raw-9' or 'cells'"
            )

    def compiled(self) -> _core.SearchSettings:
        """See `CompiledSettings`."""
        return _core.evolution_settings(
            is_regularized=self._is_regularized,
            population=self.population,
            tournament=self.tournament,
            with_replacement=self.with_replacement,
            mutation=_MUTATIONS[self.mutation],
            mutation_rate=self.mutation_rate,
            sampling=_SAMPLINGS[self.sampling],
        )


@dataclass(frozen=True)
class NonRegularizedEvolution(Evolution):
    """Evolution in which the child takes the place of the worst member of the tournament."""

    name = "nre"
    title = "Non-regularized evolution"
    _is_regularized: ClassVar[bool] = False


@dataclass(frozen=True)
class LocalSearch(CompiledSettings):
    """Steepest ascent by single changes (White et al., 2021); it restarts at each optimum.

    All cells that one change of the current code leads to are trained once, in random order.

    Args:
        sampling: the sampler of the starting points, see `search_space.sample`.
    """

    name = "ls"
    title = "Local search"
    sampling: str = "all"

    def __post_init__(self) -> None:
        check_choice("sampling", self.sampling, _SAMPLINGS)

    def compiled(self) -> _core.SearchSettings:
        """See `CompiledSettings`."""
        return _core.local_search_settings(sampling=_SAMPLINGS[self.sampling])


@dataclass(frozen=True)
class Hyperband(CompiledSettings):
    """Hyperband (Li et al., 2018), with the brackets in the order of HpBandSter.

    Args:
        eta: of `eta` configurations, one is trained at the next budget, `eta` times as long.
        min_epochs: the smallest budget has at least so many epochs.
        sampling: the name of a sampler of `search_space.sample`, but not "vertices:N".
    """

    name = "hb"
    title = "Hyperband"
    eta: int = 3
    min_epochs: int = 4
    sampling: str = "all"

    def __post_init__(self) -> None:
        check_choice("sampling", self.sampling, _SAMPLINGS)
        check_brackets(self.eta, self.min_epochs)

    def budgets(self, epochs: int) -> tuple[int, ...]:
        """The final budget, and its quotients by `eta` down to `min_epochs`, ascending."""
        return bracket_budgets(self.eta, self.min_epochs, epochs)

    def compiled(self) -> _core.SearchSettings:
        """See `CompiledSettings`."""
        return _core.hyperband_settings(eta=self.eta, sampling=_SAMPLINGS[self.sampling])


@dataclass(frozen=True)
class Reinforce(CompiledSettings):
    """REINFORCE (Williams, 1992) over independent categorical distributions.

    The logits start at 0. As in `nas_benchmarks`, invalid configurations teach it nothing.

    Args:
        learning_rate: the step size of the logits.
        baseline_decay: the weight of the past in the moving average that is the baseline.
    """

    name = "rl"
    title = "REINFORCE"
    learning_rate: float = 0.5
    baseline_decay: float = 0.9

    def __post_init__(self) -> None:
        check_number("learning_rate", self.learning_rate, 0, 100)
        check_number("baseline_decay", self.baseline_decay, 0, 0.999999)

    def compiled(self) -> _core.SearchSettings:
        """See `CompiledSettings`."""
        return _core.reinforce_settings(
            learning_rate=self.learning_rate, baseline_decay=self.baseline_decay
        )


@dataclass(frozen=True)
class TPE(CompiledSettings):
    """TPE, the tree-structured Parzen estimator (Bergstra et al., 2011), as in Hyperopt.

    The first configurations are drawn at random. After that, the best `gamma * sqrt(n)` of the n
    configurations so far, at most 25, count as good. For each parameter, some candidates are drawn
    from the distribution of the good ones, and the most promising candidate is taken. The default
    settings are Hyperopt's own.

    Args:
        num_startup: how many random configurations come first.
        num_candidates: how many candidates are drawn for each parameter.
        gamma: decides how many configurations count as good.
    """

    name = "tpe"
    title = "TPE"
    num_startup: int = 20
    num_candidates: int = 24
    gamma: float = 0.25

    def __post_init__(self) -> None:
        check_count("num_startup", self.num_startup, 1, 1_000_000)
        check_count("num_candidates", self.num_candidates, 1, 1_000_000)
        check_number("gamma", self.gamma, 0, 100)

    def compiled(self) -> _core.SearchSettings:
        """See `CompiledSettings`."""
        return _core.tpe_settings(
            num_startup=self.num_startup, num_candidates=self.num_candidates, gamma=self.gamma
        )


@dataclass(frozen=True)
class BOHB(CompiledSettings):
    """BOHB (Falkner et al., 2018), Hyperband with proposals from a density model, as in HpBandSter.

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
    """

    name = "bohb"
    title = "BOHB"
    runs_at_once = 8
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

    def compiled(self) -> _core.SearchSettings:
        """See `CompiledSettings`."""
        return _core.bohb_settings(
            eta=self.eta,
            random_fraction=self.random_fraction,
            num_samples=self.num_samples,
            min_bandwidth=self.min_bandwidth,
        )


@dataclass(frozen=True)
class SMAC(CompiledSettings):
    """SMAC, Bayesian optimization with a random forest (Hutter et al., 2011), as in SMAC3 2.4.

    The forest predicts the cost of a configuration, which is 1 - validation accuracy. The next
    configuration is the one that is expected to improve most on the best one, or a random one. The
    forest is trained again after each evaluation.

    Args:
        num_trees: the size of the forest.
        random_fraction: the share of proposals that are drawn at random.
        max_evaluations: how often one configuration is trained at most. A configuration that
            challenges the best is trained more than once.
    """

    name = "smac"
    title = "SMAC"
    runs_at_once = 1  # takes 20 s
    num_trees: int = 5
    random_fraction: float = 0.33
    max_evaluations: int = 1

    def __post_init__(self) -> None:
        check_count("num_trees", self.num_trees, 1, 10_000)
        check_number("random_fraction", self.random_fraction, 0, 1)
        check_count("max_evaluations", self.max_evaluations, 1, 10_000)

    def compiled(self) -> _core.SearchSettings:
        """See `CompiledSettings`."""
        return _core.smac_settings(
            num_trees=self.num_trees,
            random_fraction=self.random_fraction,
            max_evaluations=self.max_evaluations,
        )


@dataclass(frozen=True)
class NSGA2(CompiledSettings):
    """NSGA-II, evolution with several objectives (Deb et al., 2002); see `search.find_fronts`.

    The better of two random members becomes a parent: the one of the lower front, or the less
    crowded one of the same front. Two parents are crossed, each parameter coming from either of
    them with the same probability, and one parameter of the child changes. A child that is in the
    population already is drawn again. When there are as many children as members, the best of both
    are the next population.

    Args:
        population: how many members the population has.
        crossover_rate: the share of children that have two parents.
        sampling: the sampler of the first population, see `search_space.sample`.
    """

    name = "nsga2"
    title = "NSGA-II"
    population: int = 100
    crossover_rate: float = 0.9
    sampling: str = "all"

    def __post_init__(self) -> None:
        check_count("population", self.population, 1, 10_000)
        check_number("crossover_rate", self.crossover_rate, 0, 1)
        check_choice("sampling", self.sampling, _SAMPLINGS)

    def compiled_for(self, training: SimulatedTraining) -> _core.SearchSettings:
        """See `CompiledSettings`. The training must have several objectives."""
        if not isinstance(training, MultiObjectiveTraining):
            raise ValueError(
                f"optimizer {self.name!r} needs several objectives; use search.find_fronts, or "
                "`nb101fast experiment --objectives`"
            )
        return _core.nsga2_settings(
            values=training.values,
            population=self.population,
            crossover_rate=self.crossover_rate,
            sampling=_SAMPLINGS[self.sampling],
        )


def title_of(name: str, optimizer: Settings | Factory | None) -> str:
    """What a legend calls an optimizer: its title; or its name, if the user has given it one.

    Args:
        name: what the user calls the optimizer.
        optimizer: its settings, or None if they are unknown.
    """
    if isinstance(optimizer, Settings) and optimizer.name == name:
        return optimizer.title
    return name


def bracket_budgets(eta: int, min_epochs: int, epochs: int) -> tuple[int, ...]:
    """The budgets of Hyperband's brackets, ascending."""
    budgets = [epochs]
    while budgets[0] % eta == 0 and budgets[0] // eta >= min_epochs:
        budgets.insert(0, budgets[0] // eta)
    return tuple(budgets)


def check_brackets(eta: int, min_epochs: int) -> None:
    """Raise ValueError for settings that no bracket can have."""
    check_count("eta", eta, 2, 100)
    check_count("min_epochs", min_epochs, 1, 1_000_000)
