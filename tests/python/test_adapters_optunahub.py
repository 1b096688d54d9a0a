"""The OptunaHub problem on the built-in index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nb101fast
from nb101fast.locations import BUILT_IN
from nb101fast.named_parameters import ENCODINGS, Encoding, values_of
from reference.libraries import import_or_skip

optuna = import_or_skip("optuna")
optunahub = import_or_skip("optunahub")

from nb101fast.adapters.optuna_objective import Objective, distributions  # noqa: E402
from nb101fast.adapters.optunahub_problem import Problem  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.ERROR)
DIGITS = nb101fast.open(BUILT_IN)
FIRST_CELL = 32  # input to output
OF_11_EDGES = FIRST_CELL | 0x3FF << 6  # the same, and ten edges that the input does not reach


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_study_equals_that_of_the_objective(encoding: Encoding) -> None:
    problem = Problem(DIGITS, encoding=encoding, seed=4)
    assert isinstance(problem, optunahub.benchmarks.BaseProblem)
    assert problem.search_space == distributions(encoding)
    assert problem.directions == [optuna.study.StudyDirection.MAXIMIZE]
    trials = []
    for objective in (problem, Objective(DIGITS, encoding=encoding, seed=4)):
        sampler = optuna.samplers.RandomSampler(seed=1)
        study = optuna.create_study(directions=problem.directions, sampler=sampler)
        study.optimize(objective, n_trials=100)
        trials.append([(trial.params, trial.value) for trial in study.trials])
    assert trials[0] == trials[1]
    assert any(value > 0 for _, value in trials[0])


def test_evaluate() -> None:
    problem = Problem(DIGITS, epochs=12)
    runs = {DIGITS.query(FIRST_CELL, epochs=12, repeat=r)["validation_accuracy"] for r in range(3)}
    values = {problem.evaluate(values_of(FIRST_CELL)) for _ in range(50)}
    assert values == runs
    assert problem.evaluate(values_of(0)) == 0.0
    assert problem.evaluate(values_of(OF_11_EDGES)) == 0.0
    assert Problem(DIGITS, epochs=12, validity="official").evaluate(values_of(OF_11_EDGES)) in runs
    with pytest.raises(ValueError, match="edge_0=2 is not allowed; use 0 or 1"):
        problem.evaluate(values_of(FIRST_CELL) | {"edge_0": 2})


def test_without_epochs_the_highest_budget_of_the_index_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "fifty.nb101"
    nb101fast.synthetic.write_index(path, codes=nb101fast.cell_codes()[:5], epochs=(7, 50))
    index = nb101fast.open(path)
    runs = index.query(FIRST_CELL, epochs=50, repeat="all")["validation_accuracy"]
    assert Problem(index).evaluate(values_of(FIRST_CELL)) in runs
    assert Objective(index)(optuna.trial.FixedTrial(values_of(FIRST_CELL))) in runs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoding": "path"}, "encoding='path' is not allowed; use 'A', 'B' or 'C'"),
        ({"epochs": 5}, "epochs=5"),
        ({"validity": "raw"}, "validity='raw' is not allowed; use 'raw-9' or 'official'"),
    ],
)
def test_arguments_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Problem(DIGITS, **arguments)
