"""NB101-digits: its shards, its index, and whether it is fit for search."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast.locations import BUILT_IN
from nb101train import load_dataset
from nb101train.config import DIGITS
from nb101train.record import parse_payload
from nb101train.shard_runs import read_records

FOLDER = Path(__file__).resolve().parents[2] / "training" / "nb101_digits"
SHARD = FOLDER / "shard-00000-of-00001.tfrecord"
REPEATS = 3


@pytest.fixture(scope="module")
def index() -> nb101fast.Index:
    return nb101fast.open(BUILT_IN, verify="full")


def test_each_run_is_there_once() -> None:
    runs = [parse_payload(payload) for _, payload in read_records(SHARD)]
    made = {(run.module_hash, run.epochs, run.repeat) for run in runs}
    assert len(runs) == len(made) == 91 * 4 * REPEATS
    assert {run.seed for run in runs} == {run.seed for run in runs if run.attempts == 1}


def test_the_index_is_compiled_from_the_shard(index: nb101fast.Index, tmp_path: Path) -> None:
    report = nb101fast.compile(SHARD, tmp_path / "again.nb101", denominator=400)
    assert (report.cells, report.runs, report.missing_runs) == (91, 1092, 0)
    again = nb101fast.open(report.output)
    for metric in nb101fast.METRICS:
        for epochs in index.epochs:
            for repeat in range(REPEATS):
                column = index.column(metric, epochs=epochs, repeat=repeat, stored=True)
                same = again.column(metric, epochs=epochs, repeat=repeat, stored=True)
                assert np.array_equal(column, same)


def test_the_plan_names_the_digits_and_their_settings(index: nb101fast.Index) -> None:
    plan = json.loads((FOLDER / "sweep.json").read_text())
    assert plan["fingerprint"] == load_dataset("digits").fingerprint
    made_with = index.provenance["training"][0]["config"]
    assert made_with == plan["config"]
    assert made_with == {name: value for name, value in vars(DIGITS).items() if name != "epochs"}


def test_cells_learn_at_each_budget_and_differ(index: nb101fast.Index) -> None:
    """A data set for search needs both; the figures are those of docs/training.md."""
    codes = nb101fast.cell_codes()[index.cells]
    medians, deviations = [], []
    for epochs in index.epochs:
        accuracy = index.objective("test_accuracy", epochs=epochs)(codes)
        medians.append(float(np.median(accuracy)))
        repeats = [
            index.objective("test_accuracy", epochs=epochs, repeat=repeat)(codes)
            for repeat in range(REPEATS)
        ]
        deviations.append(float(accuracy.std() / np.std(repeats, axis=0).mean()))
    assert medians == sorted(medians)
    assert medians[0] > 0.4
    assert medians[-1] > 0.95
    assert min(deviations) > 2  # cells differ more than the repeats of a cell
