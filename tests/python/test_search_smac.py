"""The compiled SMAC predicts, searches and trains again as SMAC3 does."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import _core, search, search_space
from nb101fast.locations import BUILT_IN
from nb101fast.search.libraries import library, undisturbed
from reference.libraries import needs
from reference.optimizers import PlainTraining, Sampler, Trial
from reference.smac import Smac, expected_improvement, values_of
from reference.statistics import kolmogorov_smirnov_bound, kolmogorov_smirnov_distance

Codes = npt.NDArray[np.uint32]
Doubles = npt.NDArray[np.float64]
DATA = Path(__file__).parents[1] / "data" / "search"
NUM_EDGES = 21
FEW_TREES = search.SMAC(num_trees=3, random_fraction=0, max_evaluations=3)

needs_smac = needs("smac")


class History(NamedTuple):
    codes: Codes
    costs: Doubles


def made_up(size: int, costs: str = "different") -> History:
    """Random configurations whose costs depend on edges and labels, with some invalid ones."""
    codes = search_space.sample(size, how="all", seed=size)
    noise = np.random.default_rng(size).random(size)
    signal = 0.06 + 0.1 * (codes >> 5 & 1) + 0.05 * (codes >> 21 & 3 == 1)
    signal -= 0.02 * (codes >> 21 & 3 == 2)
    drawn: dict[str, Doubles] = {
        "different": np.where(codes & 7 == 7, 1.0, signal + 0.02 * noise),
        "many ties": signal.round(1),
        "mostly invalid": np.where(noise < 0.1, signal, 1.0),
        "all invalid": np.ones(size),
        "noise": noise,
    }
    return History(codes, drawn[costs])


def recorded(settings: search.Settings, budget_seconds: float) -> History:
    """The proposals of a run on the built-in index, invalid ones included."""
    training = search.SimulatedTraining(nb101fast.open(BUILT_IN))
    run = training.start(budget_seconds, seed=0)
    optimizer = settings(training, 3)
    codes, costs = [], []
    while (trial := run.evaluate(*optimizer.ask())) is not None:
        optimizer.tell(trial)
        codes.append(trial.code)
        costs.append(1 - trial.validation_accuracy)
    return History(np.array(codes, np.uint32), np.array(costs))


# ---------------------------------------------------------------- against a plain one


def accuracy_of(code: int, noise: float) -> float:
    """A made-up accuracy; a third of all configurations count as invalid."""
    values = values_of(code)
    if values[3] + values[7] + values[22] == 0:
        return 0.0
    return 0.9 + 0.02 * values[0] - 0.01 * values[21] + 0.005 * values[25] + 0.01 * noise


def check_against_plain(
    settings: search.SMAC, count: int, accuracy: Callable[[int, float], float], *, decimals: int
) -> None:
    """Ask and tell both, with accuracies that depend on the code and on noise."""
    index = nb101fast.open(BUILT_IN)
    plain = Smac(
        Sampler("all"),
        PlainTraining(index, [108]),
        5,
        num_trees=settings.num_trees,
        random_fraction=settings.random_fraction,
        max_evaluations=settings.max_evaluations,
    )
    ours = settings(search.SimulatedTraining(index), 5)
    noise = np.random.default_rng(1).random(count).round(decimals)
    for number in range(count):
        code, _ = plain.ask()
        assert ours.ask()[0] == code, number
        found = accuracy(code, noise[number])
        plain.tell(Trial(code, -1, 108, -1, found, 0.0))
        ours.tell(search.Trial(code, -1, 108, -1, found, 0.0))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "count"),
    [
        (search.SMAC(), 30),
        (FEW_TREES, 30),
        (search.SMAC(num_trees=1, random_fraction=0.8, max_evaluations=5), 90),
        pytest.param(search.SMAC(), 60, marks=pytest.mark.release),
        pytest.param(FEW_TREES, 60, marks=pytest.mark.release),
    ],
)
def test_proposals_are_those_of_a_plain_smac(settings: search.SMAC, count: int) -> None:
    """The noise is rounded, so that some costs are equal."""
    check_against_plain(settings, count, accuracy_of, decimals=1)


def test_challengers_race_as_those_of_a_plain_smac() -> None:
    """Some of them fall behind the incumbent in the middle of a round."""
    settings = search.SMAC(random_fraction=1, max_evaluations=9)
    check_against_plain(
        settings, 3000, lambda code, noise: 0.9 + 0.01 * (code & 1) + 0.1 * noise, decimals=9
    )


def test_known_configurations_are_passed_over() -> None:
    settings = search.SMAC(random_fraction=1)
    training = search.SimulatedTraining(nb101fast.open(BUILT_IN))

    def tell(optimizer: search.Optimizer, code: int) -> None:
        optimizer.tell(search.Trial(code, -1, 108, -1, 0.5, 0.0))

    one, other = settings(training, 5), settings(training, 5)
    codes = []
    for _ in range(4):
        codes.append(int(one.ask()[0]))  # type: ignore[arg-type]
        tell(one, codes[-1])
    assert other.ask()[0] == codes[0]
    for code in codes[:3]:  # the second and the third would be drawn next
        tell(other, code)
    assert other.ask()[0] == codes[3]


# ---------------------------------------------------------------- expected improvement


@needs_smac
@pytest.mark.filterwarnings("ignore")
def test_expected_improvement_is_smac3s() -> None:
    rng = np.random.default_rng(2)
    means = np.concatenate([rng.random(2000), np.full(50, 0.06), [0.06 + 1e-9, 1.0]])
    variances = np.concatenate(
        [10.0 ** rng.uniform(-12, 0, 2000), 10.0 ** rng.uniform(-30, 0, 50), [0.0, 0.0]]
    )
    best = 0.06

    class Given:
        """A model that predicts the given numbers, with SMAC3's least variance."""

        def predict_marginalized(self, x: Any) -> tuple[Doubles, Doubles]:
            return means[:, None], np.maximum(variances, 1e-10)[:, None]

    improvement = library("smac.acquisition.function.expected_improvement").EI()
    with undisturbed():
        improvement.update(model=Given(), eta=best)
        theirs = improvement._compute(np.zeros((len(means), 26))).ravel()
    ours = _core.smac_expected_improvement(means, variances, best)
    assert np.abs(ours - theirs).max() < 1e-12
    assert (theirs > 1e-6).sum() > 400
    assert np.array_equal(ours > 1e-300, theirs > 1e-300)  # below, the last bits decide
    plain = [expected_improvement(m, v, best) for m, v in zip(means, variances, strict=True)]
    assert np.abs(ours - plain).max() < 1e-15


# ---------------------------------------------------------------- the forest

NUM_QUERIES = 150
NUM_OURS, NUM_THEIRS = 200, 100  # forests; those of SMAC3 take a hundred times as long


class Predictions(NamedTuple):
    """By forest and query."""

    means: Doubles
    variances: Doubles


def queries_of(history: History) -> Codes:
    """Known and unknown configurations."""
    known = history.codes[: NUM_QUERIES // 2]
    others = search_space.sample(NUM_QUERIES - len(known), how="all", seed=77)
    return np.concatenate([known, others])


def our_predictions(history: History, num_trees: int = 5) -> Predictions:
    rows = [
        _core.smac_predictions(*history, queries_of(history), num_trees, seed)
        for seed in range(NUM_OURS)
    ]
    means, variances = np.moveaxis(np.array(rows), 1, 0)
    return Predictions(means, np.maximum(variances, 1e-10))


def their_predictions(
    history: History, seeds: Sequence[int] = range(NUM_THEIRS), **changes: Any
) -> Predictions:
    from reference.smac3_model import predictions

    queries = queries_of(history).tolist()
    codes = history.codes.tolist()
    made = predictions(codes, history.costs, queries, num_trees=5, seeds=seeds, **changes)
    return Predictions(*made)


def disagreement(a: Predictions, b: Predictions) -> float:
    """How far two sets of forests differ: about 1 if both are of the same kind.

    For each query, the averages of the mean, its square, the variance and its logarithm over the
    forests are compared in standard errors. The result is the root mean square over the queries,
    of that of the four which differs most.
    """

    def statistics(made: Predictions) -> list[Doubles]:
        return [made.means, made.means**2, made.variances, np.log(made.variances)]

    found = []
    for x, y in zip(statistics(a), statistics(b), strict=True):
        error = np.sqrt(x.var(axis=0) / len(x) + y.var(axis=0) / len(y))
        difference = x.mean(axis=0) - y.mean(axis=0)
        varies = error > 1e-12
        assert np.abs(difference[~varies]).max(initial=0) < 1e-12
        if varies.any():
            found.append(math.sqrt(((difference[varies] / error[varies]) ** 2).mean()))
    return max(found, default=0.0)


# Forests of the same kind disagree by 0.8 to 1.3; see the test of other forests.
BOUND = 1.4

HISTORIES = [
    made_up(1),
    made_up(5),
    made_up(40),
    made_up(300),
    made_up(300, "many ties"),
    made_up(300, "mostly invalid"),
    made_up(100, "noise"),
    made_up(100, "all invalid"),
]


@pytest.mark.slow
@needs_smac
@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: str(len(history.codes)))
def test_forests_predict_what_smac3s_do(history: History) -> None:
    assert disagreement(our_predictions(history), their_predictions(history)) < BOUND


@needs_smac
@pytest.mark.slow
def test_forests_predict_what_smac3s_do_after_a_run() -> None:
    history = recorded(search.SMAC(), 300)
    assert len(history.codes) > 100
    assert disagreement(our_predictions(history), their_predictions(history)) < BOUND


@needs_smac
@pytest.mark.slow
def test_forests_predict_what_smac3s_do_after_5000_evaluations() -> None:
    history = made_up(5000)
    seeds = range(60)
    assert disagreement(our_predictions(history), their_predictions(history, seeds)) < BOUND


@pytest.mark.slow
@needs_smac
@pytest.mark.parametrize(
    "changes",
    [
        {"min_samples_leaf": 2},
        {"min_samples_leaf": 4},
        {"bootstrapping": False},
        {"ratio_features": 1.0},
        {"ratio_features": 0.7},
        {"max_depth": 5},
        {"min_impurity_decrease": 1e-4},
    ],
    ids=str,
)
def test_forests_of_other_settings_predict_something_else(changes: dict[str, Any]) -> None:
    """The comparison of forests is sharp enough to tell each of them from SMAC3's."""
    history = made_up(300)
    assert disagreement(our_predictions(history), their_predictions(history, **changes)) > BOUND


@pytest.mark.slow
@needs_smac
def test_forests_with_random_thresholds_predict_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trees = pytest.importorskip("sklearn.tree")
    module = library("smac.model.random_forest.random_forest")
    history = made_up(300)
    monkeypatch.setattr(module, "DecisionTreeRegressor", trees.ExtraTreeRegressor)
    assert disagreement(our_predictions(history), their_predictions(history)) > BOUND


def test_codes_and_costs_of_different_number() -> None:
    message = r"codes has 2 items and costs 3; use the same number of both, from 1 to 1,048,576"
    with pytest.raises(ValueError, match=message):
        _core.smac_predictions(made_up(2).codes, np.zeros(3), made_up(2).codes, 5, 0)


# ---------------------------------------------------------------- proposals


def proposals(settings: search.SMAC, history: History, count: int) -> Codes:
    """Codes proposed after a history, each by an optimizer of its own."""
    training = search.SimulatedTraining(nb101fast.open(BUILT_IN))
    found = []
    for seed in range(count):
        optimizer = settings(training, seed)
        for code, cost in zip(history.codes.tolist(), history.costs.tolist(), strict=True):
            optimizer.tell(search.Trial(code, -1, 108, -1, 1 - cost, 0.0))
        found.append(optimizer.ask()[0])
    return np.array(found, np.uint32)


def deviations(ours: Codes, theirs: Codes) -> Doubles:
    """How far two samples differ in each parameter: chi-square in its standard deviations."""
    values = [np.array([values_of(code) for code in each.tolist()]).T for each in (ours, theirs)]
    found = []
    for a, b in zip(*values, strict=True):
        counts = np.array([np.bincount(each, minlength=3) for each in (a, b)])
        counts = counts[:, counts.sum(axis=0) > 0]
        expected = counts.sum(axis=0) * counts.sum(axis=1, keepdims=True) / counts.sum()
        degrees = counts.shape[1] - 1
        statistic = ((counts - expected) ** 2 / expected).sum()
        found.append((statistic - degrees) / math.sqrt(2 * degrees) if degrees else 0.0)
    return np.array(found)


@pytest.mark.parametrize("number", [0, 1])
def test_proposals_are_distributed_as_smac3s(number: int) -> None:
    given = json.loads((DATA / "smac3-proposals.json").read_text())[number]
    history = History(np.array(given["codes"], np.uint32), np.array(given["costs"]))
    theirs = np.array(given["proposals"], np.uint32)
    ours = proposals(search.SMAC(random_fraction=0), history, 2000)
    found = deviations(ours, theirs)
    assert np.abs(found).max() < 8  # 8 in 26: a probability of 0.1 %
    assert found.mean() < 1
    at_random = search_space.sample(2000, how="all", seed=1)
    assert deviations(at_random, theirs).max() > 12


def test_random_proposals_have_their_share() -> None:
    """Those of the model agree in the first edge."""
    codes = search_space.sample(400, how="all", seed=3)
    history = History(codes, np.where(codes & 1, 0.1, 0.9))
    for fraction, low, high in ((0.0, 0.95, 1.0), (0.33, 0.78, 0.89), (1.0, 0.44, 0.56)):
        drawn = proposals(search.SMAC(random_fraction=fraction), history, 500)
        assert low <= (drawn & 1).mean() <= high


def test_no_configuration_is_proposed_twice() -> None:
    history = recorded(search.SMAC(random_fraction=0), 300)
    assert len(np.unique(history.codes)) == len(history.codes)


# ---------------------------------------------------------------- whole runs


@pytest.mark.slow
@pytest.mark.parametrize("runs", [20, pytest.param(200, marks=pytest.mark.release)])
def test_runs_end_where_smac3s_end(full_index: nb101fast.Index, runs: int) -> None:
    """Compiled runs have the regrets of 20 runs of SMAC3, and as many valid and invalid proposals.

    The regrets of 20 runs can't tell SMAC from evolution at this budget, but the numbers of
    proposals can. They also tell it from random search. Runs of these two take little time, so they
    are more.
    """
    made = json.loads((DATA / "smac3.json").read_text())

    def excess(name: str, runs: int) -> list[float]:
        """How far the distance of each column is above the bound of this number of runs."""
        done = search.run(
            name, full_index, runs=runs, budget_seconds=made["budget_seconds"], seed=1
        )
        bound = kolmogorov_smirnov_bound(runs, len(made["final_regret"]))
        return [
            kolmogorov_smirnov_distance(np.array(made[column], float), getattr(done, column))
            - bound
            for column in ("final_regret", "num_evaluations", "num_invalid")
        ]

    assert max(excess("smac", runs)) < 0
    assert min(excess("rs", 200)) > 0
    assert min(excess("re", 200)[1:]) > 0
