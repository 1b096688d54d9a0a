"""A race: the values in the file are those of the runs, and wrong files are refused."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import FormatError, Index, search
from nb101fast.explorer.race import parse_race
from nb101fast.locations import BUILT_IN

INDEX = nb101fast.open(BUILT_IN)


def runs_of(optimizer: str, **changes: Any) -> search.Trajectories:
    options: dict[str, Any] = {"runs": 5, "budget_seconds": 300}
    return search.run(optimizer, INDEX, **options | changes)


def race_of(folder: Path, trajectories: Any, **options: Any) -> dict[str, Any]:
    search.write_race(trajectories, INDEX, folder / "race.json", **options)
    return parse_race("race.json", (folder / "race.json").read_bytes())


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return race_of(tmp_path_factory.mktemp("race"), [runs_of("rs"), runs_of("hb")], runs=2)


@pytest.mark.parametrize("regret", ["test", "validation"])
def test_values_are_those_of_the_trajectories(
    tmp_path: Path, regret: search.trajectories.Regret
) -> None:
    runs = [runs_of("rs", first_run=3), runs_of("re", first_run=3)]
    race = race_of(tmp_path, runs, regret=regret, runs=2)
    assert race["index"] == {"name": BUILT_IN.name, "synthetic": False}
    assert (race["clock"], race["most"], race["regret"]) == ("seconds", 300, regret)
    assert [each["label"] for each in race["optimizers"]] == [
        "Random search",
        "Regularized evolution",
    ]
    for each, told in zip(runs, race["optimizers"], strict=True):
        expected = each.regret_at(np.array(told["spent"]) * (1 + 1e-6), regret=regret)
        np.testing.assert_allclose(told["middle"], expected.mean(axis=0), rtol=1e-6)
        assert all(np.array(told["band"]["low"]) <= told["middle"])
        assert all(np.array(told["band"]["high"]) >= told["middle"])
        assert [run["number"] for run in told["runs"]] == [3, 4]
        for run, start in zip(told["runs"], each.incumbents.starts[:-1], strict=False):
            rows = slice(start, start + len(run["spent"]))
            assert run["codes"] == each.incumbents.code[rows].tolist()
            np.testing.assert_allclose(run["spent"], each.incumbents.seconds[rows], rtol=1e-6)
            regrets = race["best_accuracy"] - np.array(run["accuracies"])
            expected = each.regret_of_incumbents(regret)[rows]
            np.testing.assert_allclose(regrets, expected, rtol=0, atol=1e-6)


def test_runs_that_are_limited_by_evaluations_are_on_a_clock_of_evaluations(tmp_path: Path) -> None:
    runs = runs_of("rs", budget_seconds=None, max_evaluations=50)
    race = race_of(tmp_path, [runs])
    assert (race["clock"], race["most"]) == ("evaluations", 50)
    spent = [evaluation for run in race["optimizers"][0]["runs"] for evaluation in run["spent"]]
    assert spent == runs.incumbents.evaluation.tolist()


def test_a_single_run_has_no_band_and_a_dictionary_gives_the_names(tmp_path: Path) -> None:
    race = race_of(tmp_path, {"$mine\x1b": runs_of("rs", runs=1)})
    assert race["optimizers"][0]["band"] is None
    assert race["optimizers"][0]["label"] == "$mine\\x1b"


def test_the_notebooks_preset_shows_accuracies(tmp_path: Path) -> None:
    race = race_of(tmp_path, [runs_of("rs", preset="notebook")])
    assert race["shows"] == "accuracy"
    assert race["optimizers"][0]["middle"][-1] > 0.5


def test_runs_on_another_index_are_refused(tmp_path: Path, index: Index) -> None:
    with pytest.raises(ValueError, match="use the index on which they ran"):
        search.write_race([runs_of("rs")], index, tmp_path / "race.json")
    assert not list(tmp_path.iterdir())


def test_runs_without_a_training_are_refused(tmp_path: Path) -> None:
    runs = runs_of("rs", runs=1, budget_seconds=2.3)
    with pytest.raises(ValueError, match="no training ended in any run; use runs with a greater"):
        search.write_race([runs], INDEX, tmp_path / "race.json")


def test_fronts_are_refused(tmp_path: Path) -> None:
    fronts: Any = search.find_fronts("rs", INDEX, runs=2, budget_seconds=100)
    with pytest.raises(TypeError, match=re.escape("is not allowed; use Trajectories")):
        search.write_race([fronts], INDEX, tmp_path / "race.json")


def shortened(race: Any) -> None:
    race["optimizers"][1]["runs"][0]["codes"].pop()


def unsorted(race: Any) -> None:
    race["optimizers"][0]["spent"][:2] = [2.0, 1.0]


def without_band(race: Any) -> None:
    race["optimizers"][0]["band"]["low"] = []


def with_faulty_code(race: Any) -> None:
    race["optimizers"][0]["runs"][0]["codes"][0] = 1 << 31


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (shortened, "race.json: optimizers[1].runs[0].codes: a list of"),
        (unsorted, "race.json: optimizers[0].spent: the numbers do not ascend; sort them"),
        (without_band, "race.json: optimizers[0].band.low: a list of 0 is not allowed; use 400"),
        (with_faulty_code, "race.json: optimizers[0].runs[0].codes[0]: 2147483648 is not allowed"),
    ],
)
def test_a_wrong_race_is_refused(
    race: dict[str, Any], change: Callable[[Any], None], fault: str
) -> None:
    wrong = copy.deepcopy(race)
    change(wrong)
    with pytest.raises(FormatError, match=re.escape(fault)):
        parse_race("race.json", json.dumps(wrong).encode())
