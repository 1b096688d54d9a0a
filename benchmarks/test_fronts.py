"""Search with several objectives: NSGA-II of the core, and evaluations through pymoo's problem."""

from __future__ import annotations

import numpy as np
import pytest

import nb101fast
from nb101fast import search

from .race import Race
from .report import Target

RUNS, BUDGET_SECONDS = 100, 1e6
EVALUATIONS = 1_000_000
ROUNDS = 3


@pytest.mark.informational
def test_all_runs_of_nsga2(race: Race, full_index: nb101fast.Index) -> None:
    done = race.alone(
        lambda: search.find_fronts("nsga2", full_index, runs=RUNS, budget_seconds=BUDGET_SECONDS),
        f"{RUNS} runs of nsga2, all of it",
        target=Target(must=5e9, aim=1e9),
        rounds=ROUNDS,
    )
    exact = full_index.pareto(["test_accuracy"], ["parameters"])
    points = full_index.query(ids=exact)["test_accuracy"]
    assert set(done.exact_front[:, 0].tolist()) == set(points.tolist())
    assert (done.seconds <= BUDGET_SECONDS).all()
    assert (done.final_regret > 0).all()
    assert done.final_regret.mean() < done.regret_at([1e5]).mean()


@pytest.mark.informational
def test_evaluations_of_pymoo(race: Race, full_index: nb101fast.Index) -> None:
    pytest.importorskip("pymoo")
    from nb101fast.adapters.pymoo_problem import Problem

    problem = Problem(full_index)
    rng = np.random.default_rng(1)
    rows = rng.integers(problem.xu + 1, size=(EVALUATIONS, problem.n_var))
    values, violations = race.alone(
        lambda: problem.evaluate(rows),
        "an evaluation of pymoo's problem",
        items=EVALUATIONS,
        target=Target(must=2000, aim=500),
        rounds=ROUNDS,
    )
    valid = np.flatnonzero(violations[:, 0] == 0)[:1000]
    metrics = full_index.query(ids=problem.ids(rows[valid]))
    assert np.array_equal(-values[valid, 0], metrics["test_accuracy"])
