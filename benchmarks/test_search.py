"""Compute 500 runs of each optimizer, as in the paper, or 50 if only the answers are checked.

The floor is the time that the official code needs for the queries of these runs alone.
"""

from __future__ import annotations

import numpy as np
import pytest

import nb101fast
from nb101fast import search

from .race import Race
from .report import Target
from .test_api import OFFICIAL_NS

BUDGET_SECONDS = 1e7
MUST_SECONDS, AIM_SECONDS = 5, {"re": 0.5, "rs": 0.3, "rl": 0.8}
ROUNDS = 3


@pytest.mark.informational
@pytest.mark.parametrize("name", ["rs", "re", "nre", "ls", "rl"])
def test_all_runs_of_an_optimizer(race: Race, full_index: nb101fast.Index, name: str) -> None:
    runs = 500 if race.is_timed else 50

    def work() -> search.Trajectories:
        return search.run(name, full_index, runs=runs, budget_seconds=BUDGET_SECONDS)

    queries = int(work().num_evaluations.sum())
    official_seconds = queries * OFFICIAL_NS / 1e9
    target = None
    if name in AIM_SECONDS:
        target = Target(MUST_SECONDS / official_seconds, AIM_SECONDS[name] / official_seconds)
    done = race.alone(
        work,
        f"{runs} runs of {name}, an evaluation",
        items=queries,
        stated_floor=OFFICIAL_NS,
        target=target,
        rounds=ROUNDS,
    )
    some = np.random.default_rng(1).integers(0, len(done.incumbents), 1000)
    steps = done.incumbents
    seen = full_index.query(steps.code[some], repeat=0)["validation_accuracy"]
    drawn = steps.repeat[some] == 0
    assert drawn.sum() > 200
    assert np.array_equal(seen[drawn], steps.validation_accuracy[some][drawn])
    assert (done.seconds <= BUDGET_SECONDS).all()
    best = full_index.top_k("test_accuracy", 1)
    tests = full_index.query(ids=best, repeat="all")["test_accuracy"]
    assert tests.shape == (1, 3)
    assert done.best_test_accuracy == pytest.approx(tests.mean(), abs=1e-7)
    assert (done.final_regret >= 0).all()
