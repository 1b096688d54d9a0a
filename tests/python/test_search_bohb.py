"""The compiled BOHB learns what HpBandSter learns and proposes what HpBandSter proposes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import _core, search, search_space
from nb101fast.locations import BUILT_IN
from nb101fast.named_parameters import code_of, values_of
from nb101fast.search.libraries import library, undisturbed
from reference import library_proposals
from reference.libraries import needs
from reference.statistics import kolmogorov_smirnov_bound, kolmogorov_smirnov_distance

Codes = npt.NDArray[np.uint32]
Doubles = npt.NDArray[np.float64]
NUM_EDGES, NUM_PARAMETERS = 21, 26
NUM_NEEDED = 2 * (NUM_PARAMETERS + 1)  # a model has more good and more bad ones than parameters
LIBRARY_REGRETS = Path(__file__).parents[1] / "data" / "search" / "hpbandster-bohb.json"
PAPER = search.BOHB()
SCRIPTS = search.BOHB(num_samples=64, random_fraction=0.33)

needs_hpbandster = needs("hpbandster")


class History(NamedTuple):
    """Results in the order in which they were told; a budget is a position."""

    codes: Codes
    budgets: npt.NDArray[np.uint32]
    accuracies: Doubles

    def part(self, start: int, stop: int) -> History:
        rows = slice(start, stop)
        return History(self.codes[rows], self.budgets[rows], self.accuracies[rows])


def random_codes(size: int, seed: int = 0) -> Codes:
    return search_space.sample(size, how="all", seed=seed)


def made_up(accuracies: npt.ArrayLike, *, budget: int = 0, seed: int = 0) -> History:
    """Random configurations with these accuracies at one budget."""
    given = np.array(accuracies, np.float64)
    return History(random_codes(given.size, seed), np.full(given.size, budget, np.uint32), given)


def different(size: int, seed: int = 0) -> Doubles:
    return np.random.default_rng(seed).random(size)


def joined(*parts: History) -> History:
    return History(
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.budgets for part in parts]),
        np.concatenate([part.accuracies for part in parts]),
    )


def with_codes(history: History, change: Callable[[Codes], Codes]) -> History:
    return history._replace(codes=change(history.codes.copy()).astype(np.uint32))


def without_first_edge_and_pooling(codes: Codes) -> Codes:
    """All configurations agree in an edge and in a label, and one label lacks a value."""
    codes = codes & ~np.uint32(1) & ~np.uint32(3 << 21)
    return np.where(codes >> 23 & 3 == 2, codes & ~np.uint32(3 << 23), codes)


def good_ones_agree(codes: Codes) -> Codes:
    """The first 40 configurations, the best, have the first edge and pooling at the end."""
    codes[:40] = codes[:40] & ~np.uint32(3 << 29) | np.uint32(1 | 2 << 29)
    return codes


def bad_ones_agree(codes: Codes) -> Codes:
    codes[40:] |= np.uint32(1)
    return codes


RANKED = np.linspace(0.95, 0.05, 120)
MADE_UP: dict[str, History] = {
    "too few": made_up(different(NUM_NEEDED - 1)),
    "just enough": made_up(different(NUM_NEEDED)),
    "one more": made_up(different(NUM_NEEDED + 1)),
    **{str(size): made_up(different(size)) for size in (100, 179, 180, 181, 187, 199, 207, 400)},
    "many ties": made_up(np.round(different(300) * 8) / 8),
    "mostly invalid": made_up(np.where(different(300) < 0.1, different(300, 1), 0.0)),
    "all invalid": made_up(np.zeros(200)),
    "one configuration": with_codes(made_up(different(80)), lambda codes: codes * 0 + codes[0]),
    "no numbers": made_up([math.nan, math.inf, -math.inf, *different(70), math.nan]),
    "rising": made_up(np.linspace(0, 1, 100)),
    "falling": made_up(np.linspace(1, 0, 100)),
    "all agree in a parameter": with_codes(made_up(RANKED), without_first_edge_and_pooling),
    "good ones agree": with_codes(made_up(RANKED), good_ones_agree),
    "bad ones agree": with_codes(made_up(RANKED), bad_ones_agree),
    "a greater budget with too few": joined(
        made_up(different(90)), made_up(different(53, 1), budget=1, seed=1)
    ),
    "a greater budget with enough": joined(
        made_up(different(90)), made_up(different(54, 1), budget=1, seed=1)
    ),
    "a lower budget later": joined(
        made_up(different(60), budget=1),
        made_up(different(60, 1), seed=1),
        made_up(different(3, 2), budget=1, seed=2),
    ),
    "budgets in turns": History(
        random_codes(400), np.tile(np.array([0, 0, 2, 0, 1], np.uint32), 80), different(400)
    ),
}


def ours(history: History, min_bandwidth: float = PAPER.min_bandwidth) -> _core.DensityRatio:
    model = _core.DensityRatio(min_bandwidth)
    model.tell(*history)
    return model


class Library:
    """The model of HpBandSter.

    HpBandSter sorts the losses by NumPy's quicksort, whose order of equal losses depends on the
    processor. Here the earlier of equal ones comes first.
    """

    def __init__(self, history: History, settings: search.BOHB = PAPER) -> None:
        """Tell it a history. Only the last result of each budget makes a model, to save time."""
        from nb101fast.config_space import configuration_space

        generators = library("hpbandster.optimizers.config_generators.bohb")
        argsort = np.argsort
        with (
            undisturbed(),
            mock.patch.object(np, "argsort", lambda losses: argsort(losses, kind="stable")),
        ):
            self._space = configuration_space("A", seed=0)
            self.model = generators.BOHB(
                configspace=self._space,
                num_samples=settings.num_samples,
                random_fraction=settings.random_fraction,
                min_bandwidth=settings.min_bandwidth,
            )
            last = {budget: number for number, budget in enumerate(history.budgets.tolist())}
            for number, (code, budget, accuracy) in enumerate(zip(*history, strict=True)):
                self._tell(int(code), int(budget), float(accuracy), number == last[budget])

    def _tell(self, code: int, budget: int, accuracy: float, update_model: bool) -> None:
        job = SimpleNamespace(
            kwargs={"budget": budget, "config": values_of(code)},
            result={"loss": 1 - accuracy},
            exception=None,
        )
        self.model.new_result(job, update_model)

    @property
    def budget(self) -> int | None:
        return max(self.model.kde_models, default=None)

    @property
    def both(self) -> list[Any]:
        models = self.model.kde_models[self.budget]
        return [models["good"], models["bad"]]

    def bandwidths(self) -> list[Doubles]:
        """In our order of the parameters."""
        names = [f"edge_{i}" for i in range(NUM_EDGES)] + [f"op_node_{i}" for i in range(5)]
        places = [list(self._space.keys()).index(name) for name in names]
        return [density.bw[places] for density in self.both]

    def densities(self, codes: Codes) -> list[Doubles]:
        from ConfigSpace import Configuration

        rows = [Configuration(self._space, values_of(code)).get_array() for code in codes.tolist()]
        with undisturbed():
            return [density.pdf(np.array(rows)) for density in self.both]

    def propose(self, count: int) -> Codes:
        state = np.random.get_state()
        np.random.seed(1)
        with undisturbed():
            proposed = [code_of(self.model.get_config(0)[0]) for _ in range(count)]
        np.random.set_state(state)
        return np.array(proposed, np.uint32)


@pytest.fixture(scope="module")
def recorded() -> History:
    """A run of the library on the built-in index, invalid configurations included."""
    settings = search.HpBandSterBOHB()
    training = search.SimulatedTraining(nb101fast.open(BUILT_IN), epochs=settings.budgets(108))
    run = training.start(1e6, seed=0)
    optimizer = settings(training, 3)
    results = []
    for _ in range(600):
        trial = run.evaluate(*optimizer.ask())
        assert trial is not None
        optimizer.tell(trial)
        results.append((trial.code, training.epochs.index(trial.epochs), trial.validation_accuracy))
    codes, budgets, accuracies = zip(*results, strict=True)
    return History(np.array(codes, np.uint32), np.array(budgets, np.uint32), np.array(accuracies))


# ---------------------------------------------------------------- what it learns


def check_model(
    model: _core.DensityRatio, theirs: Library, history: History, num_asked: int = 100
) -> None:
    assert model.budget == theirs.budget
    if model.budget is None:
        return
    for found, expected in zip(model.bandwidths(), theirs.bandwidths(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)
    num_told = num_asked // 10
    asked = np.concatenate([random_codes(num_asked - num_told, seed=7), history.codes[:num_told]])
    for found, expected in zip(model.densities(asked), theirs.densities(asked), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)


@needs_hpbandster
@pytest.mark.parametrize("num_asked", [100, pytest.param(1000, marks=pytest.mark.release)])
@pytest.mark.parametrize("name", MADE_UP)
def test_densities_are_hpbandsters(name: str, num_asked: int) -> None:
    history = MADE_UP[name]
    check_model(ours(history), Library(history), history, num_asked)


@needs_hpbandster
@pytest.mark.parametrize("min_bandwidth", [0.0, 0.001, 0.5, 1.0])
@pytest.mark.parametrize("name", ["just enough", "good ones agree", "all agree in a parameter"])
def test_densities_have_a_least_bandwidth(min_bandwidth: float, name: str) -> None:
    settings = search.BOHB(min_bandwidth=min_bandwidth)
    check_model(ours(MADE_UP[name], min_bandwidth), Library(MADE_UP[name], settings), MADE_UP[name])


@needs_hpbandster
@pytest.mark.slow
@pytest.mark.parametrize("size", [1500, pytest.param(5000, marks=pytest.mark.release)])
def test_densities_of_many_configurations_are_hpbandsters(size: int) -> None:
    history = made_up(different(size))
    check_model(ours(history), Library(history), history, 200)


@needs_hpbandster
@pytest.mark.slow
def test_densities_of_a_recorded_run_are_hpbandsters(recorded: History) -> None:
    assert (recorded.accuracies == 0).sum() > 50
    budgets = set()
    for size in (100, 150, 250, 400, 600):
        part = recorded.part(0, size)
        model = ours(part)
        check_model(model, Library(part), part, 200)
        budgets.add(model.budget)
    assert len(budgets) > 2


def test_a_model_is_the_same_if_it_is_asked_meanwhile() -> None:
    history = joined(made_up(different(90)), made_up(different(80, 1), budget=1, seed=1))
    model, asked = _core.DensityRatio(0.3), random_codes(50, seed=7)
    for number in range(len(history.codes)):
        model.tell(*history.part(number, number + 1))
        if model.budget is not None:
            model.densities(asked)
            model.propose(num_samples=2, count=1, seed=0)
    for found, expected in zip(model.densities(asked), ours(history).densities(asked), strict=True):
        assert found.tolist() == expected.tolist()


def test_bad_input() -> None:
    model, code = _core.DensityRatio(0.3), random_codes(1)
    with pytest.raises(
        ValueError, match=r"^budgets of 1 and accuracies of 2 elements are not allow"
    ):
        model.tell(code, np.zeros(1, np.uint32), np.zeros(2))
    with pytest.raises(ValueError, match=r"^budget 20 is not allowed; use 0 to 19$"):
        model.tell(code, np.full(1, 20, np.uint32), np.zeros(1))
    for ask in (
        model.bandwidths,
        partial(model.densities, code),
        partial(model.propose, num_samples=1, count=1, seed=0),
    ):
        with pytest.raises(
            ValueError, match=r"^no budget has 54 configurations, which a model nee"
        ):
            ask()


# ---------------------------------------------------------------- what it proposes


def parameters_of(codes: Codes) -> npt.NDArray[np.int64]:
    """The values of the 26 parameters: the bits of the edges, then the labels."""
    whole = np.asarray(codes, np.int64)
    edges = [whole >> bit & 1 for bit in range(NUM_EDGES)]
    return np.stack(edges + [whole >> NUM_EDGES + 2 * vertex & 3 for vertex in range(5)])


def deviations(a: Codes, b: Codes) -> Doubles:
    """How far two samples differ in each parameter, in standard deviations of the statistic."""
    found = []
    for rows in zip(parameters_of(a), parameters_of(b), strict=True):
        counts = np.array([np.bincount(row, minlength=3) for row in rows])
        counts = counts[:, counts.sum(axis=0) > 0]
        shares = counts.sum(axis=1, keepdims=True) / counts.sum()
        expected = shares * counts.sum(axis=0)
        degrees = counts.shape[1] - 1
        statistic = ((counts - expected) ** 2 / expected).sum()
        found.append((statistic - degrees) / math.sqrt(2 * degrees) if degrees else 0.0)
    return np.array(found)


def proposals(settings: search.BOHB, history: History, count: int) -> Codes:
    """Proposals of the compiled model; what it leaves to chance is drawn as HpBandSter draws it."""
    at_random = random_codes(count, seed=5)
    is_random = np.random.default_rng(5).random(count) < settings.random_fraction
    made = ours(history, settings.min_bandwidth).propose(settings.num_samples, count, seed=1)
    made = [code if code is not None else at_random[i] for i, code in enumerate(made)]
    return np.where(is_random, at_random, np.array(made, np.uint32))


# The settings and the history of each case of the committed proposals.
PROPOSED: dict[str, tuple[search.BOHB, str]] = {
    "400": (PAPER, "400"),
    "good ones agree": (PAPER, "good ones agree"),
    "bad ones agree": (PAPER, "bad ones agree"),
    "all agree in a parameter": (PAPER, "all agree in a parameter"),
    "one configuration": (PAPER, "one configuration"),
    "400, scripts": (SCRIPTS, "400"),
    "mostly invalid": (search.BOHB(num_samples=1, min_bandwidth=0.0), "mostly invalid"),
}


@pytest.mark.parametrize("case", PROPOSED)
def test_proposals_are_distributed_as_hpbandsters(case: str) -> None:
    settings, name = PROPOSED[case]
    history = MADE_UP[name]
    theirs = library_proposals.proposals("hpbandster-bohb", case, history.codes)
    check_distribution(settings, history, theirs)


@needs_hpbandster
@pytest.mark.slow
def test_proposals_after_a_recorded_run_are_distributed_as_hpbandsters(recorded: History) -> None:
    """Ours, which take little time, are more, so that the test is nearly as sharp as 1,000 each."""
    check_distribution(PAPER, recorded, Library(recorded).propose(500), count=6000)


def check_distribution(
    settings: search.BOHB, history: History, theirs: Codes, count: int = 2000
) -> None:
    made = proposals(settings, history, count)
    assert np.abs(deviations(made, theirs)).max() < 8  # 8 in 26: a probability of 0.1 %
    assert deviations(made, theirs).mean() < 1
    # The ratios show whether the best sample was taken, which single parameters hardly do.
    ranks = [log_ratios(history, codes) for codes in (made, theirs)]
    assert kolmogorov_smirnov_distance(*ranks) < kolmogorov_smirnov_bound(count, len(theirs))


def log_ratios(history: History, codes: Codes) -> Doubles:
    """Infinite densities are made finite, so that undefined ratios have a place too."""
    good, bad = (np.minimum(density, 1e100) for density in ours(history).densities(codes))
    return np.log(np.maximum(bad, 1e-32)) - np.log(np.maximum(good, 1e-32))


# ---------------------------------------------------------------- whole runs


@pytest.mark.slow
def test_runs_end_where_hpbandsters_end(full_index: nb101fast.Index) -> None:
    """500 runs have the regrets of 120 runs of the library, and its numbers of proposals.

    Random search, Hyperband and evolution are beyond the bound in all three.
    """
    made: dict[str, Any] = json.loads(LIBRARY_REGRETS.read_text())
    bound = kolmogorov_smirnov_bound(len(made["final_regret"]), 500)
    distances = {}
    for name in ("bohb", "rs", "re", "hb"):
        done = search.run(name, full_index, runs=500, budget_seconds=made["budget_seconds"], seed=1)
        distances[name] = [
            kolmogorov_smirnov_distance(np.array(made[column], float), getattr(done, column))
            for column in ("final_regret", "num_evaluations", "num_invalid")
        ]
    assert max(distances.pop("bohb")) < bound
    assert min(map(min, distances.values())) > bound
