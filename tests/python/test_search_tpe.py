"""The compiled TPE learns what Hyperopt learns and proposes what Hyperopt proposes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import _core, search, search_space
from nb101fast.locations import BUILT_IN
from reference import library_proposals
from reference.libraries import needs
from reference.optimizers import tpe_density
from reference.statistics import (
    chi_square_deviations,
    kolmogorov_smirnov_bound,
    kolmogorov_smirnov_distance,
)

Codes = npt.NDArray[np.uint32]
Doubles = npt.NDArray[np.float64]
NUM_EDGES, NUM_PARAMETERS = 21, 26
LIBRARY_REGRETS = Path(__file__).parents[1] / "data" / "search" / "hyperopt-tpe.json"

needs_hyperopt = needs("hyperopt")


class History(NamedTuple):
    codes: Codes
    losses: Doubles


def values_of(codes: Codes) -> npt.NDArray[np.int64]:
    """The values of the 26 parameters: the bits of the edges, then the labels."""
    whole = np.asarray(codes, np.int64)
    edges = [whole >> bit & 1 for bit in range(NUM_EDGES)]
    labels = [whole >> NUM_EDGES + 2 * vertex & 3 for vertex in range(5)]
    return np.stack(edges + labels)


def num_values(parameter: int) -> int:
    return 2 if parameter < NUM_EDGES else 3


def made_up(size: int, losses: str = "different") -> History:
    """Random configurations with losses of which some, most or all are equal."""
    rng = np.random.default_rng(size)
    drawn: dict[str, Doubles] = {
        "different": rng.random(size),
        "many ties": rng.integers(0, 3 + size // 20, size) / 64,
        "mostly invalid": np.where(rng.random(size) < 0.1, rng.random(size), 1.0),
        "all invalid": np.ones(size),
        "falling": np.linspace(1, 0, size),
        "rising": np.linspace(0, 1, size),
    }
    return History(search_space.sample(size, how="all", seed=size), drawn[losses])


def recorded(settings: search.Settings, budget_seconds: float) -> History:
    """The proposals of a run on the built-in index, invalid ones included."""
    training = search.SimulatedTraining(nb101fast.open(BUILT_IN))
    run = training.start(budget_seconds, seed=0)
    optimizer = settings(training, 3)
    codes, losses = [], []
    while (trial := run.evaluate(*optimizer.ask())) is not None:
        optimizer.tell(trial)
        codes.append(trial.code)
        losses.append(1 - trial.validation_accuracy)
    return History(np.array(codes, np.uint32), np.array(losses))


def densities(settings: search.TPE, history: History) -> tuple[Doubles, Doubles]:
    return _core.tpe_densities(settings.compiled(), *history)


def told(settings: search.TPE, history: History, seed: int = 0) -> search.Optimizer:
    """An optimizer that has seen a history."""
    optimizer = settings(search.SimulatedTraining(nb101fast.open(BUILT_IN)), seed)
    for code, loss in zip(history.codes.tolist(), history.losses.tolist(), strict=True):
        optimizer.tell(search.Trial(code, -1, 108, -1, 1 - loss, 0.0))
    return optimizer


def proposals(settings: search.TPE, history: History, count: int) -> Codes:
    """Codes proposed after a history, each independently of the others."""
    optimizer = told(settings, history)
    return np.array([optimizer.ask()[0] for _ in range(count)], np.uint32)


SIZES = (1, 2, 5, 20, 24, 25, 26, 27, 28, 49, 50, 51, 52, 53, 63, 64, 65, 66, 100, 1000, 5000)
MADE_UP = [
    *[(size, "different") for size in SIZES],
    *product((30, 300), ("many ties", "mostly invalid", "all invalid", "falling", "rising")),
]


# ---------------------------------------------------------------- what it learns


@pytest.mark.slow
@needs_hyperopt
@pytest.mark.parametrize(("size", "losses"), MADE_UP)
def test_densities_are_hyperopts(size: int, losses: str) -> None:
    from reference.hyperopt_model import Model, Told

    history = made_up(size, losses)
    told = Told(history.codes.tolist(), history.losses.tolist())
    for gamma in (0.25, 1.0, 100.0):
        settings = search.TPE(gamma=gamma)
        expected = Model(settings, told).densities()
        for ours, theirs in zip(densities(settings, history), expected, strict=True):
            assert np.abs(ours - theirs).max() < 1e-12


@pytest.mark.slow
@needs_hyperopt
def test_densities_of_a_recorded_run_are_hyperopts() -> None:
    from reference.hyperopt_model import Model, Told

    history = recorded(search.HyperoptTPE(), 200)
    assert len(history.codes) > 60
    assert (history.losses == 1).sum() > 10
    for size in range(21, len(history.codes), 8):
        part = History(history.codes[:size], history.losses[:size])
        expected = Model(search.TPE(), Told(part.codes.tolist(), part.losses.tolist())).densities()
        for ours, theirs in zip(densities(search.TPE(), part), expected, strict=True):
            assert np.abs(ours - theirs).max() < 1e-12


@pytest.mark.parametrize(("size", "losses"), MADE_UP)
def test_densities_are_those_of_plain_sums(size: int, losses: str) -> None:
    history = made_up(size, losses)
    num_below = min(math.ceil(0.25 * math.sqrt(size)), 25)
    is_below = np.argsort(np.argsort(history.losses, kind="stable")) < num_below
    values = values_of(history.codes)
    for part, density in zip((is_below, ~is_below), densities(search.TPE(), history), strict=True):
        for parameter in range(NUM_PARAMETERS):
            expected = tpe_density(values[parameter, part].tolist(), num_values(parameter))
            found = density[parameter, : num_values(parameter)]
            assert np.abs(found - expected).max() < 1e-12
        assert (density[:NUM_EDGES, 2] == 0).all()


def test_a_run_of_many_configurations_keeps_its_precision() -> None:
    history = made_up(200_000)
    _, above = densities(search.TPE(), history)
    is_above = np.argsort(np.argsort(history.losses)) >= 25
    ones = values_of(history.codes)[:NUM_EDGES, is_above]
    count = ones.shape[1]
    weights = np.concatenate([np.linspace(1 / count, 1, count - 25), np.ones(25)])
    expected = [math.fsum(weights[row == 1]) + 1 for row in ones]
    total = math.fsum(weights) + 2
    assert np.abs(above[:NUM_EDGES, 1] - np.array(expected) / total).max() < 1e-12


# ---------------------------------------------------------------- what it proposes


def deviations(ours: Codes, theirs: Codes) -> Doubles:
    """How far two samples differ in each parameter, in standard deviations of the statistic."""
    found = []
    for parameter, (a, b) in enumerate(zip(values_of(ours), values_of(theirs), strict=True)):
        counts = np.array([np.bincount(each, minlength=num_values(parameter)) for each in (a, b)])
        counts = counts[:, counts.sum(axis=0) > 0]
        expected = counts.sum(axis=0) / 2
        degrees = counts.shape[1] - 1
        statistic = ((counts - expected) ** 2 / expected).sum()
        found.append((statistic - degrees) / math.sqrt(2 * degrees) if degrees else 0.0)
    return np.array(found)


# The settings of each case of the committed proposals, and the budget of the run before them.
PROPOSED: dict[str, tuple[search.TPE, float]] = {
    "a short run": (search.TPE(), 60.0),
    "a long run": (search.TPE(), 300.0),
    "a short run, two candidates": (search.TPE(num_candidates=2, gamma=1.0), 60.0),
    "a long run, two candidates": (search.TPE(num_candidates=2, gamma=1.0), 300.0),
}


@pytest.mark.parametrize("case", PROPOSED)
def test_proposals_are_distributed_as_hyperopts(case: str) -> None:
    settings, budget_seconds = PROPOSED[case]
    history = recorded(search.TPE(), budget_seconds)
    theirs = library_proposals.proposals("hyperopt-tpe", case, history.codes)
    ours = proposals(settings, history, 2000)
    assert np.abs(deviations(ours, theirs)).max() < 8  # 8 in 26: a probability of 0.1 %
    assert deviations(ours, theirs).mean() < 1


def probabilities_of_best(below: Sequence[float], above: Sequence[float], n: int) -> Doubles:
    """The distribution of the best of n candidates, by all sequences of candidates."""
    scores = [math.log(b) - math.log(a) for b, a in zip(below, above, strict=True)]
    found = np.zeros(len(below))
    for candidates in product(range(len(below)), repeat=n):
        probability = math.prod(below[value] for value in candidates)
        found[max(candidates, key=lambda value: scores[value])] += probability  # the first of equal
    return found


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [20, 26, 60, 400])
def test_the_best_candidate_is_distributed_as_that_of_all_sequences(n: int, size: int) -> None:
    settings, history = search.TPE(num_candidates=n), made_up(size)
    drawn = values_of(proposals(settings, history, 20_000))
    below, above = densities(settings, history)
    for parameter in range(NUM_PARAMETERS):
        k = num_values(parameter)
        expected = probabilities_of_best(
            below[parameter, :k].tolist(), above[parameter, :k].tolist(), n
        )
        counts = np.bincount(drawn[parameter], minlength=k)
        assert abs(chi_square_deviations(counts, expected / expected.sum())) < 12


def test_of_equal_scores_the_first_candidate_counts() -> None:
    """The densities of the first label are the same below and above, so all its scores are 0."""
    labels = [0, *[0] * 7, *[1] * 3, *[2] * 3]
    history = History(
        np.array(labels, np.uint32) << np.uint32(NUM_EDGES), np.arange(len(labels)) / 16
    )
    settings = search.TPE(num_startup=1, num_candidates=3)
    for density in densities(settings, history):
        assert density[NUM_EDGES].tolist() == [0.5, 0.25, 0.25]
    counts = np.bincount(values_of(proposals(settings, history, 20_000))[NUM_EDGES])
    assert abs(chi_square_deviations(counts, np.array([0.5, 0.25, 0.25]))) < 5


def test_the_first_proposals_are_drawn_uniformly() -> None:
    """Up to `num_startup` results, and not one more."""
    settings, history = search.TPE(num_startup=40), made_up(39)
    assert (values_of(proposals(settings, history, 1000)).mean(axis=1)[:NUM_EDGES] > 0.44).all()
    for count, is_at_random in ((39, True), (40, False)):
        drawn = proposals(settings, made_up(count), 10_000)
        sampled = search_space.sample(10_000, how="all", seed=1)
        assert (np.abs(deviations(drawn, sampled)).max() < 8) == is_at_random


@needs_hyperopt
def test_a_result_that_is_no_number_is_ignored_as_by_hyperopt() -> None:
    from reference.hyperopt_model import Model, Told

    settings, history = search.TPE(), made_up(50)
    with_nan = History(
        np.insert(history.codes, 25, 32).astype(np.uint32), np.insert(history.losses, 25, math.nan)
    )
    without, with_it = (
        Model(settings, Told(codes.tolist(), losses.tolist())).densities()
        for codes, losses in (history, with_nan)
    )
    assert np.array_equal(without, with_it)
    expected = proposals(settings, history, 20).tolist()
    assert proposals(settings, with_nan, 20).tolist() == expected


def test_there_must_be_a_loss_for_each_code() -> None:
    with pytest.raises(ValueError, match="losses of 3 elements are not allowed; use one for each"):
        _core.tpe_densities(search.TPE().compiled(), made_up(2).codes, np.zeros(3))


# ---------------------------------------------------------------- whole runs


@pytest.mark.slow
def test_runs_end_where_hyperopts_end(full_index: nb101fast.Index) -> None:
    """500 runs have the regrets of 60 runs of the library, and as many valid and invalid proposals.

    At this budget, the regrets of random search are not yet beyond the bound (their distance is
    0.20), but its numbers of proposals are. Evolution is beyond the bound in all three.
    """
    made: dict[str, Any] = json.loads(LIBRARY_REGRETS.read_text())
    bound = kolmogorov_smirnov_bound(len(made["final_regret"]), 500)
    distances = {}
    for name in ("tpe", "rs", "re"):
        done = search.run(name, full_index, runs=500, budget_seconds=made["budget_seconds"], seed=1)
        distances[name] = [
            kolmogorov_smirnov_distance(np.array(made[column], float), getattr(done, column))
            for column in ("final_regret", "num_evaluations", "num_invalid")
        ]
    assert max(distances["tpe"]) < bound
    assert min(distances["rs"][1:]) > bound
    assert min(distances["re"]) > bound
