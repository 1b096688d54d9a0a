"""Mean regret, its confidence bands and the summary against plain sums over the runs."""

from __future__ import annotations

import csv
import json
import math
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nb101fast
from nb101fast import search
from nb101fast.experiment import mean_regret, run_experiment, summarize
from nb101fast.experiment.summary_table import as_markdown
from nb101fast.locations import BUILT_IN
from nb101fast.search import Observations, Trajectories
from nb101fast.search.mean_regret import confidence_band

Run = list[tuple[float, float]]  # when a training ended, and the test accuracy of its cell


def trajectories_of(runs: list[Run], optimizer: str = "xy", best: float = 1.0) -> Trajectories:
    rows = [row for each in runs for row in each]
    zeros = np.zeros(len(rows), np.int32)
    incumbents = Observations(
        starts=np.cumsum([0, *map(len, runs)], dtype=np.int64),
        seconds=np.array([seconds for seconds, _ in rows]),
        validation_accuracy=np.zeros(len(rows)),
        test_accuracy=np.array([accuracy for _, accuracy in rows]),
        code=zeros.astype(np.uint32),
        cell_id=zeros,
        epochs=zeros,
        repeat=zeros,
        evaluation=np.concatenate([np.arange(1, len(each) + 1) for each in runs]).astype(np.int64),
    )
    return Trajectories(
        optimizer=optimizer,
        preset="paper",
        index="made up",
        seed=0,
        first_run=0,
        budget_seconds=100.0,
        max_evaluations=None,
        epochs=108,
        best_test_accuracy=best,
        best_validation_accuracy=best,
        incumbents=incumbents,
        evaluations=None,
        num_evaluations=np.array([3 * len(each) for each in runs]),
        num_invalid=np.array([len(each) for each in runs]),
        seconds=np.full(len(runs), 99.0),
    )


def regret_of(run: Run, seconds: float) -> float:
    """The value of a run's step function, computed plainly."""
    value = math.nan
    for when, accuracy in run:
        if when <= seconds:
            value = 1.0 - accuracy
    return value


ACCURACIES = st.integers(0, 64).map(lambda number: number / 64)  # sums of these are exact
RUNS = st.lists(
    st.lists(st.tuples(st.integers(1, 99).map(float), ACCURACIES), max_size=6).map(
        lambda run: sorted(dict(run).items())
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(RUNS)
def test_mean_regret(runs: list[Run]) -> None:
    mean = mean_regret(trajectories_of(runs))
    begun = [run for run in runs if run]
    if not begun:
        assert len(mean.spent) == len(mean.regret) == 0
        return
    first = max(run[0][0] for run in begun)
    times = sorted({seconds for run in begun for seconds, _ in run if seconds >= first})
    assert mean.spent.tolist() == times
    expected = [statistics.fmean(regret_of(run, seconds) for run in begun) for seconds in times]
    np.testing.assert_allclose(mean.regret, expected, rtol=0, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(RUNS, st.integers(0, 64).map(lambda number: number / 64 + 1 / 128))
def test_first_below(runs: list[Run], level: float) -> None:
    mean = mean_regret(trajectories_of(runs))
    pairs = zip(mean.spent.tolist(), mean.regret.tolist(), strict=True)
    assert mean.first_below(level) == next((when for when, value in pairs if value < level), None)


def test_mean_of_real_runs() -> None:
    index = nb101fast.open(BUILT_IN)
    trajectories = search.run("re", index, runs=50, budget_seconds=500)
    mean = mean_regret(trajectories)
    expected = trajectories.regret_at(mean.spent).mean(axis=0)
    np.testing.assert_allclose(mean.regret, expected, rtol=0, atol=1e-12)
    assert (
        mean.spent[0] == trajectories.incumbents.seconds[trajectories.incumbents.starts[:-1]].max()
    )


def test_band_is_that_of_the_mean(rng: np.random.Generator) -> None:
    """For normal values the band is close to the mean plus and minus 1.96 standard errors."""
    values = rng.normal(5.0, 2.0, (400, 3)) * [1.0, 10.0, 0.1]
    low, high = confidence_band(values)
    error = values.std(axis=0) / 20
    np.testing.assert_allclose(low, values.mean(axis=0) - 1.96 * error, atol=0.3 * error.max())
    np.testing.assert_allclose((high - low) / error, 2 * 1.96, rtol=0.1)
    np.testing.assert_allclose((high + low) / 2, values.mean(axis=0), atol=0.3 * error.max())


def test_band_of_equal_runs_and_of_a_single_run() -> None:
    low, high = confidence_band(np.full((5, 2), 0.25))
    np.testing.assert_allclose([low, high], 0.25, rtol=1e-12)
    low, high = confidence_band(np.full((1, 2), 0.25))
    assert np.isnan([low, high]).all()


RANDOM: list[Run] = [[(10, 0.5), (90, 0.75)], [(20, 0.25)], [(5, 0.5)], []]
OTHER: list[Run] = [[(4, 0.25), (25, 0.875)], [(10, 0.5), (50, 0.75)], [(30, 0.75)]]


def test_summary() -> None:
    runs = {"rs": trajectories_of(RANDOM, "rs"), "xy": trajectories_of(OTHER)}
    random, other = summarize(runs)
    assert (random.runs, random.runs_without_training) == (4, 1)
    assert random.mean_final_regret == pytest.approx(0.5)
    assert random.median_final_regret == pytest.approx(0.5)
    assert (random.quartile_low, random.quartile_high) == pytest.approx((0.375, 0.625))
    assert random.mean_evaluations == pytest.approx(3.0)
    assert random.invalid_share == pytest.approx(0.25)
    assert (random.seconds_to_rs, random.speedup_over_rs) == (None, None)
    assert (other.runs, other.runs_without_training) == (3, 0)
    assert other.mean_final_regret == pytest.approx((0.125 + 0.25 + 0.25) / 3)
    assert other.seconds_to_rs == 30.0  # (0.125 + 0.5 + 0.25) / 3 < 0.5; no mean before
    assert other.speedup_over_rs == pytest.approx(100 / 30)
    assert random.mean_low is not None
    assert random.mean_high is not None
    assert 0.25 <= random.mean_low < 0.5 < random.mean_high <= 0.75


def test_summary_never_below() -> None:
    runs = {"rs": trajectories_of(OTHER, "rs"), "xy": trajectories_of(RANDOM)}
    assert summarize(runs)[1].seconds_to_rs is None
    assert as_markdown(summarize(runs)).splitlines()[-1].split("|")[-3:-1] == [
        "          never ",
        "            - ",
    ]


def test_summary_over_evaluations() -> None:
    runs = {"rs": trajectories_of(RANDOM, "rs"), "xy": trajectories_of(OTHER)}
    runs = {
        name: replace(each, budget_seconds=None, max_evaluations=20) for name, each in runs.items()
    }
    random, other = summarize(runs)
    assert random.mean_final_regret == pytest.approx(0.5)
    assert (random.seconds_to_rs, random.evaluations_to_rs) == (None, None)
    # After one evaluation, the mean is (0.75 + 0.5 + 0.25) / 3 = 0.5, after two (0.125 + ..) / 3.
    assert (other.seconds_to_rs, other.evaluations_to_rs) == (None, 2)
    assert other.speedup_over_rs == 10
    assert " 2 evaluations |" in as_markdown([random, other])


def test_summary_of_validation_regret() -> None:
    runs = {"rs": trajectories_of(RANDOM, "rs")}
    [row] = summarize(runs, regret="validation")
    assert row.mean_final_regret == 1.0  # the validation accuracies are 0
    assert mean_regret(runs["rs"], regret="validation").regret.tolist() == [1.0, 1.0]
    unit: Any = "hours"
    with pytest.raises(ValueError, match="unit='hours' is not allowed; use 'seconds' or 'evalua"):
        mean_regret(runs["rs"], unit=unit)


def test_summary_without_any_training() -> None:
    [row] = summarize({"rs": trajectories_of([[], []], "rs")})
    assert (row.runs_without_training, row.mean_final_regret, row.mean_low) == (2, None, None)
    assert as_markdown([row]).splitlines()[-1].count(" - |") == 6


def test_summary_without_random_search() -> None:
    rows = summarize({"xy": trajectories_of(OTHER)})
    assert rows[0].seconds_to_rs is None
    assert "RS" not in as_markdown(rows)


def test_files_and_table_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("nb101fast.experiment.experiment.figures", lambda *_, **__: {})
    index = nb101fast.open(BUILT_IN)
    report = run_experiment(
        index, tmp_path, optimizers=["rs", "hb"], runs=30, budget_seconds=10, workers=1
    )
    contents = json.loads((tmp_path / "summary.json").read_text())
    assert contents["experiment"] == json.loads((tmp_path / "experiment.json").read_text())
    with (tmp_path / "summary.csv").open(newline="") as file:
        from_csv = list(csv.DictReader(file))
    table = [line.split("|")[1:-1] for line in report.markdown().splitlines() if "|" in line]
    for row, of_csv, of_table in zip(contents["optimizers"], from_csv, table[2:], strict=True):
        assert row == vars(report.summaries[0 if row["optimizer"] == "rs" else 1])
        assert {name: value or None for name, value in of_csv.items()} == {
            name: None if value is None else str(value) for name, value in row.items()
        }
        assert [of_table[0].strip(), of_table[1].strip()] == [row["optimizer"], "30"]
        assert float(of_table[2]) == round(row["mean_final_regret"], 5)
    without = contents["optimizers"][0]["runs_without_training"]
    assert f"In {without} runs of rs no training ended within the budget" in report.markdown()
    assert 0 < without < 30
