"""The blackbox for Syne Tune on the built-in index."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast.locations import BUILT_IN
from nb101fast.named_parameters import ENCODINGS, Encoding, code_of, values_of
from reference.libraries import import_or_skip

import_or_skip("syne_tune")

from syne_tune import StoppingCriterion, Tuner  # noqa: E402
from syne_tune.backend.simulator_backend.simulator_callback import (  # noqa: E402
    SimulatorCallback,
)
from syne_tune.blackbox_repository import UserBlackboxBackend  # noqa: E402
from syne_tune.optimizer.baselines import ASHA  # noqa: E402

from nb101fast.adapters.syne_tune import Blackbox  # noqa: E402

DIGITS = nb101fast.open(BUILT_IN)
FIRST_CELL = 32  # input to output
CONFIGURATION = values_of(FIRST_CELL)


def test_all_fidelities_are_those_of_one_run_each() -> None:
    blackbox = Blackbox(DIGITS, minimize=["training_time", "parameters"])
    names = ["validation_accuracy", "training_time", "parameters", "elapsed_time"]
    assert blackbox.objectives_names == names
    assert blackbox.fidelity_values.tolist() == [4, 12, 36, 108]
    seen = set()
    for seed in range(20):
        table = blackbox(CONFIGURATION, seed=seed)
        for row, epochs in zip(table, (4, 12, 36, 108), strict=True):
            runs = DIGITS.query(FIRST_CELL, epochs=epochs, repeat="all")
            pairs = zip(runs["validation_accuracy"], runs["training_time"], strict=True)
            assert tuple(row[:2]) in list(pairs)
            assert row[2] == nb101fast.cell_parameters()[0]
            one = blackbox(CONFIGURATION, fidelity={"epochs": epochs}, seed=seed)
            assert one == dict(zip(names, row, strict=True))
        assert table[:, 3] == pytest.approx(np.cumsum(table[:, 1]))
        seen.add(table[-1, 0])
    assert len(seen) == 3
    assert np.array_equal(blackbox(CONFIGURATION), blackbox(CONFIGURATION, seed=0))


def test_an_invalid_configuration_is_worst_and_takes_no_time() -> None:
    blackbox = Blackbox(DIGITS, minimize=["training_time"], epochs=[12, 108])
    table = blackbox(values_of(0))
    for row, epochs in zip(table, (12, 108), strict=True):
        means = DIGITS.query(ids=DIGITS.cells, epochs=epochs)
        worst = [means["validation_accuracy"].min(), means["training_time"].max(), 0]
        assert row == pytest.approx(worst)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_has_a_space_to_sample_from(encoding: Encoding) -> None:
    space = Blackbox(DIGITS, encoding=encoding).configuration_space
    code_of({name: domain.sample() for name, domain in space.items()})


def test_a_tuner_stops_trials_early_on_the_simulated_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path))
    logging.getLogger().setLevel(logging.ERROR)
    # B draws the most valid cells. Invalid ones tie, and ASHA never stops a trial for a tie.
    blackbox = Blackbox(DIGITS, encoding="B")
    tuner = Tuner(
        trial_backend=UserBlackboxBackend(
            blackbox=blackbox, elapsed_time_attr="elapsed_time", tuner_sleep_time=0.1
        ),
        scheduler=ASHA(
            blackbox.configuration_space,
            metric="validation_accuracy",
            do_minimize=False,
            time_attr="epochs",
            grace_period=4,
            max_t=108,
            random_seed=1,
        ),
        # The simulated clock adds the time that decisions take, so it must not end the test.
        stop_criterion=StoppingCriterion(max_num_trials_finished=60),
        n_workers=2,
        sleep_time=0,
        callbacks=[SimulatorCallback()],
        save_tuner=False,
    )
    tuner.run()
    results: Any = tuner.tuning_status.trial_rows.values()
    last_epochs = [int(row["epochs"]) for row in results if "epochs" in row]
    assert {4, 108} <= set(last_epochs) <= {4, 12, 36, 108}
    assert len(last_epochs) >= 60
    best = max(row["validation_accuracy"] for row in results if "epochs" in row)
    assert best > 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoding": "path"}, "encoding='path' is not allowed"),
        ({"epochs": [5]}, r"epochs=5 are needed"),
        ({"maximize": ["accuracy"]}, "'accuracy' is not a column"),
        ({"validity": "raw"}, "validity='raw' is not allowed"),
    ],
)
def test_arguments_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Blackbox(DIGITS, **arguments)
