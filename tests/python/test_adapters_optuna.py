"""Studies of Optuna on the built-in index."""

from __future__ import annotations

from typing import Any

import pytest

import nb101fast
from nb101fast.locations import BUILT_IN
from nb101fast.named_parameters import ENCODINGS, Encoding, values_of
from reference.libraries import import_or_skip

optuna = import_or_skip("optuna")

from nb101fast.adapters.optuna_objective import Objective, distributions  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.ERROR)
DIGITS = nb101fast.open(BUILT_IN)
OF_11_EDGES = 32 | 0x3FF << 6  # input to output, and ten edges that the input does not reach


def study_of(objective: Any, trials: int, **arguments: Any) -> Any:
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=trials, **arguments)
    return study


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_values_and_attributes_are_those_of_the_index(encoding: Encoding) -> None:
    objective = Objective(DIGITS, encoding=encoding, epochs=36, seed=2)
    study = study_of(objective, 150)
    seconds, repeats = 0.0, set()
    for trial in study.trials:
        attributes = trial.user_attrs
        if attributes["cell_id"] < 0:
            assert attributes == {"cell_id": -1}
            assert trial.value == 0.0
            continue
        cell = nb101fast.Cell.from_id(attributes["cell_id"])
        run = DIGITS.query(cell, epochs=36, repeat=attributes["repeat"])
        assert trial.value == run["validation_accuracy"]
        assert attributes["seconds"] == run["training_time"]
        assert attributes["hash"] == cell.hash
        assert attributes["test_accuracy"] == DIGITS.objective("test_accuracy", epochs=36)(cell)
        seconds += attributes["seconds"]
        repeats.add(attributes["repeat"])
    assert repeats == {0, 1, 2}
    assert objective.seconds == pytest.approx(seconds, rel=1e-12)


def test_the_seed_decides_the_repeats() -> None:
    def values(seed: int) -> list[float | None]:
        return [trial.value for trial in study_of(Objective(DIGITS, seed=seed), 150).trials]

    assert values(5) == values(5) != values(6)


def test_the_trial_suggests_the_cell() -> None:
    cell = nb101fast.Cell.from_id(60)
    for encoding in ENCODINGS:
        trial = optuna.trial.FixedTrial(values_of(cell.code, encoding))
        Objective(DIGITS, encoding=encoding)(trial)
        assert trial.user_attrs["cell_id"] == 60


def test_validity() -> None:
    trial = optuna.trial.FixedTrial(values_of(OF_11_EDGES))
    assert Objective(DIGITS)(trial) == 0.0
    assert Objective(DIGITS, validity="official")(trial) > 0.0
    assert trial.user_attrs["cell_id"] == 0


def test_an_invalid_trial_may_be_pruned() -> None:
    trial = optuna.trial.FixedTrial(values_of(0))
    assert Objective(DIGITS)(trial) == 0.0
    with pytest.raises(optuna.TrialPruned, match="code 0 is invalid"):
        Objective(DIGITS, invalid="prune")(trial)
    study = study_of(Objective(DIGITS, invalid="prune"), 60)
    for trial in study.trials:
        pruned = trial.state == optuna.trial.TrialState.PRUNED
        assert pruned == (trial.user_attrs["cell_id"] == -1)
    assert {trial.user_attrs["cell_id"] == -1 for trial in study.trials} == {True, False}


def test_the_study_stops_at_its_budget() -> None:
    objective = Objective(DIGITS, budget_seconds=100, seed=3)
    trials = study_of(objective, 2000, callbacks=[objective.stop_at_budget]).trials
    assert len(trials) < 2000
    assert trials[-1].state == optuna.trial.TrialState.PRUNED
    assert trials[-1].user_attrs == {}
    assert all(trial.state == optuna.trial.TrialState.COMPLETE for trial in trials[:-1])
    longest = max(
        DIGITS.query(nb101fast.Cell.from_id(int(i)), repeat=r)["training_time"]
        for i in DIGITS.cells
        for r in range(3)
    )
    assert 100 - longest < objective.seconds <= 100


def test_distributions() -> None:
    found = distributions("C")
    assert found["num_edges"] == optuna.distributions.IntDistribution(0, 9)
    assert found["edge_20"] == optuna.distributions.FloatDistribution(0.0, 1.0)
    assert distributions("B")["edge_8"] == optuna.distributions.CategoricalDistribution(range(21))
    names = ("conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3")
    assert distributions()["op_node_4"] == optuna.distributions.CategoricalDistribution(names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoding": "path"}, "encoding='path' is not allowed; use 'A', 'B' or 'C'"),
        ({"epochs": 5}, "epochs=5"),
        ({"validity": "raw"}, "validity='raw' is not allowed; use 'raw-9' or 'official'"),
        ({"invalid": "skip"}, "invalid='skip' is not allowed; use 'zero' or 'prune'"),
        ({"budget_seconds": -1}, "budget_seconds=-1"),
    ],
)
def test_arguments_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Objective(DIGITS, **arguments)
