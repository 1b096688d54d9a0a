"""Optimizers that learn a model: one proposal against the library, and whole runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

import nb101fast
from nb101fast import search
from nb101fast.codes import as_code

from .race import Race
from .report import Target

Trials = list[search.Trial]

SMAC = search.SMAC(random_fraction=0)  # a random proposal needs no model
NANOSECONDS = 1e9


def steps_of(
    settings: search.Settings, index: nb101fast.Index, evaluations: int
) -> Callable[[], list[float]]:
    """Make so many evaluations; return a function that makes 65 more, which are four brackets.

    It returns the accuracies that were observed. The evaluations include invalid ones.
    """
    training = search.training_for(settings, index)
    run = training.start(1e9, seed=0)
    optimizer = settings(training, 0)

    def step() -> float:
        trial = run.evaluate(*optimizer.ask())
        assert trial is not None
        optimizer.tell(trial)
        return trial.validation_accuracy

    for _ in range(evaluations):
        step()
    return lambda: [step() for _ in range(65)]


@pytest.mark.informational
@pytest.mark.skipif(
    importlib.util.find_spec("hpbandster") is None, reason="hpbandster is not installed"
)
@pytest.mark.parametrize(
    ("preset", "target"),
    [
        ("paper", Target(must=60 / 4000, aim=15 / 4000)),
        ("scripts", Target(must=600 / 22_000, aim=150 / 22_000)),
    ],
)
def test_a_proposal_of_bohb(
    race: Race, four_budgets: nb101fast.Index, preset: str, target: Target
) -> None:
    optimizers = search.PRESETS[preset].optimizers
    evaluations = 1000 if race.is_timed else 150  # which HpBandSter needs seconds for
    ours, theirs = (
        steps_of(optimizers[name], four_budgets, evaluations)
        for name in ("bohb", "hpbandster-bohb")
    )
    accuracies = race.against(
        theirs,
        ours,
        f"a proposal of BOHB after 1,000, {preset}",
        items=65,
        target=target,
        rounds=3,
    )
    at_random = steps_of(search.Hyperband(), four_budgets, 0)
    chance = np.mean([at_random() for _ in range(20)])
    assert min(map(np.mean, accuracies)) > chance + 0.1


def proposing(
    settings: search.Settings, index: nb101fast.Index, count: int, codes: list[int] | None = None
) -> tuple[list[int], Callable[[], list[int]]]:
    """Tell an optimizer so many random results.

    The results are those of the codes, or of what the optimizer proposes. Returns these codes, and
    a function that asks for 20 proposals.
    """
    optimizer = settings(search.training_for(settings, index), 0)
    known = []
    for number, accuracy in enumerate(np.random.default_rng(2).random(count).tolist()):
        proposed = as_code(optimizer.ask()[0])
        known.append(proposed if codes is None else codes[number])
        optimizer.tell(search.Trial(known[-1], -1, 108, -1, accuracy, 0.0))
    return known, lambda: [as_code(optimizer.ask()[0]) for _ in range(20)]


@pytest.mark.informational
@pytest.mark.skipif(
    importlib.util.find_spec("hyperopt") is None, reason="hyperopt is not installed"
)
def test_a_proposal_of_tpe(race: Race, four_budgets: nb101fast.Index) -> None:
    count = 1000 if race.is_timed else 100  # which Hyperopt needs seconds for
    settings = search.TPE(num_startup=count)  # Hyperopt draws random configurations fast
    codes, library = proposing(search.HyperoptTPE(settings), four_budgets, count)
    _, compiled = proposing(settings, four_budgets, count, codes)
    ours, theirs = race.against(
        library,
        compiled,
        "a proposal of TPE after 1,000",
        items=20,
        target=Target(must=20 / 50_000, aim=4 / 50_000),
        rounds=3,
    )
    # The best value of a parameter is nearly always among the 24 candidates.
    differing = [(a ^ b).bit_count() for a, b in zip(ours, theirs, strict=True)]
    assert np.mean(differing) < 2  # of 31 bits


@pytest.mark.informational
@pytest.mark.parametrize(
    ("name", "index_name", "must_seconds", "aim_seconds", "num_checked"),
    [("tpe", "full_index", 180, 30, 64), ("bohb", "four_budgets", 900, 200, 12)],
)
def test_whole_runs(
    race: Race,
    request: pytest.FixtureRequest,
    name: str,
    index_name: str,
    must_seconds: float,
    aim_seconds: float,
    num_checked: int,
) -> None:
    """The targets are the seconds of 500 runs.

    If only the answers are checked, there are as many runs as show that random search is worse by
    three standard errors.
    """
    index: nb101fast.Index = request.getfixturevalue(index_name)
    runs = 32 if race.is_timed else num_checked

    def work() -> search.Trajectories:
        return search.run(name, index, runs=runs, budget_seconds=1e7)

    done = race.alone(
        work,
        f"a run of 1e7 s of {name}",
        items=runs,
        target=Target(must_seconds / 500 * NANOSECONDS, aim_seconds / 500 * NANOSECONDS),
        rounds=1,
    )
    assert (done.seconds <= 1e7).all()
    at_random = search.run("rs", index, runs=runs, budget_seconds=1e7)
    assert done.final_regret.mean() < at_random.final_regret.mean()


@cache
def history(settings: search.Settings, index: nb101fast.Index, size: int) -> Trials:
    """The first trainings of a run, invalid ones included."""
    training = search.training_for(settings, index)
    run = training.start(1e9, seed=0)
    optimizer = settings(training, 0)
    trials: Trials = []
    while len(trials) < size:
        trial = run.evaluate(*optimizer.ask())
        assert trial is not None
        optimizer.tell(trial)
        trials.append(trial)
    return trials


def told(settings: search.Settings, index: nb101fast.Index, trials: Trials) -> search.Optimizer:
    """An optimizer that knows the trials."""
    optimizer = settings(search.training_for(settings, index), 0)
    for trial in trials:
        optimizer.tell(trial)
    return optimizer


def smac3_told(index: nb101fast.Index, trials: Trials) -> search.Optimizer:
    """SMAC3 with the trials in its history; it is told only its own first configuration."""
    from nb101fast.config_space import configuration_of

    settings = search.SMAC3(SMAC)
    optimizer = settings(search.training_for(settings, index), 0)
    optimizer.ask()
    optimizer.tell(trials[0])
    facade = optimizer._facade
    for trial in trials:
        configuration = configuration_of(trial.code, facade.scenario.configspace)
        facade.runhistory.add(configuration, 1 - trial.validation_accuracy, seed=0)
    return optimizer


@pytest.mark.informational
@pytest.mark.skipif(importlib.util.find_spec("smac") is None, reason="smac is not installed")
def test_a_proposal_of_smac_after_300(race: Race, full_index: nb101fast.Index) -> None:
    trials = history(SMAC, full_index, 300)
    rounds = 3 if race.is_timed else 1
    ours = told(SMAC, full_index, trials)
    theirs = [smac3_told(full_index, trials) for _ in range(rounds)]
    found, expected = race.against(
        lambda: theirs.pop().ask(),
        ours.ask,
        "SMAC, a proposal after 300 evaluations",
        items=1,
        target=Target(3 / 520, 1 / 520),  # SMAC3 takes 520 ms, the must is 3 ms and the aim 1 ms
        rounds=rounds,
    )
    known = {trial.code for trial in trials}
    assert found[0] not in known
    assert expected[0] not in known


@pytest.mark.informational
def test_a_proposal_of_smac_after_3000(race: Race, full_index: nb101fast.Index) -> None:
    trials = history(SMAC, full_index, 3000 if race.is_timed else 600)
    ours = told(SMAC, full_index, trials)
    code, epochs = race.alone(
        ours.ask,
        "SMAC, a proposal after 3,000 evaluations",
        target=Target(12e6, 4e6),
        rounds=20,
    )
    assert code not in {trial.code for trial in trials}
    assert epochs == 108
