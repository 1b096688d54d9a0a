"""Every metric of cells that are given by code, by id or by hash; columns as values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import Cell, FormatError, Index, OutOfDomainError
from nb101fast.measurement import EVALUATION_METRICS, Measurement
from reference.runs import METRICS, STAGES
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]
EVERY_METRIC = (*EVALUATION_METRICS, "total_time", "trainable_parameters", "graph")


@pytest.fixture(scope="module")
def index(small_sample: Sample) -> Index:
    return nb101fast.open(small_sample[0])


@pytest.fixture(scope="module")
def without_runs(index: Index) -> int:
    """The id of a cell that the index lacks."""
    return int(np.setdiff1d(np.arange(99), index.cells)[0])


def same(a: Any, b: Any) -> bool:
    """Equal bit for bit."""
    return np.asarray(a).tobytes() == np.asarray(b).tobytes()


# -------------------------------------------------------------------- three ways to name cells


@pytest.mark.parametrize("repeat", [0, 2, "mean", "all"])
def test_codes_ids_and_hashes_give_the_same(index: Index, repeat: Any) -> None:
    ids = index.cells
    codes = nb101fast.cell_codes()[ids]
    hashes = [Cell.from_id(number).hash for number in ids.tolist()]
    expected = index.query(codes, repeat=repeat)
    assert same(index.query(ids=ids, repeat=repeat), expected)
    assert same(index.query(hashes=hashes, repeat=repeat), expected)
    assert same(index.query(hashes=nb101fast.cell_hashes()[ids], repeat=repeat), expected)
    for place in (0, 7, 35):
        one = index.query(int(codes[place]), repeat=repeat)
        row = dict(zip(METRICS, expected[place].tolist(), strict=True)) if repeat != "all" else None
        ways: list[dict[str, Any]] = [
            {"codes": codes[place]},
            {"codes": Cell.from_id(int(ids[place]))},
            {"ids": int(ids[place])},
            {"ids": ids[place]},
            {"hashes": hashes[place]},
        ]
        for way in ways:
            answer: Any = index.query(**way, repeat=repeat)
            assert list(answer) == list(METRICS)
            assert all(same(answer[metric], one[metric]) for metric in METRICS)
            if row:
                assert all(same(answer[metric], row[metric]) for metric in METRICS)


def test_the_best_cells_by_id(index: Index) -> None:
    best = index.top_k("test_accuracy", 5)
    values = index.query(ids=best)["test_accuracy"]
    assert (np.diff(values) <= 0).all()
    assert values[0] == np.nanmax(index.column("test_accuracy", repeat="mean"))


def test_all_repeats(index: Index) -> None:
    for epochs, repeats in zip(index.epochs, index.repeats, strict=True):
        for stage in STAGES:
            place: dict[str, Any] = {"epochs": epochs, "stage": stage}
            table = index.query(ids=index.cells, repeat="all", **place)
            assert table.shape == (len(index), repeats)
            for repeat in range(repeats):
                one = index.query(ids=index.cells, repeat=repeat, **place)
                assert same(np.ascontiguousarray(table[:, repeat]), one)
            of_one: Any = index.query(ids=index.cells[0], repeat="all", **place)
            assert all(of_one[metric].shape == (repeats,) for metric in METRICS)
            assert all(same(of_one[metric], table[metric][0]) for metric in METRICS)


def test_cells_without_runs(index: Index, without_runs: int) -> None:
    assert all(np.isnan(value) for value in index.query(ids=without_runs).values())
    assert np.isnan(index.query(ids=np.array([without_runs], np.int32))["test_accuracy"]).all()
    assert np.isnan(index.query(ids=without_runs, repeat="all")["test_accuracy"]).all()
    assert np.isnan(index.query(ids=without_runs, repeat="random")["test_accuracy"])
    assert np.isnan(index.query(np.zeros(2, np.uint32))["test_accuracy"]).all()
    unknown = index.query(hashes=["0" * 32, Cell.from_id(without_runs).hash])
    assert np.isnan(unknown["test_accuracy"]).all()
    with pytest.raises(OutOfDomainError):
        index.query(hashes="0" * 32)


def test_exactly_one_way_is_needed(index: Index) -> None:
    query: Any = index.query
    with pytest.raises(TypeError, match="no cells given; use exactly one of codes, ids= and hashe"):
        query()
    with pytest.raises(TypeError, match="codes and ids given; use exactly one of codes, ids= and"):
        query(32, ids=4)
    with pytest.raises(TypeError, match="ids and hashes given; use exactly one"):
        query(ids=4, hashes="0" * 32)
    for ids in (423624, -1, np.array([0, 423624], np.int32)):
        with pytest.raises(IndexError, match="423623"):
            query(ids=ids)


def test_the_three_ways_of_to_json(index: Index) -> None:
    ids = index.cells[:3]
    text = index.to_json(ids=ids)
    assert text.count("\n") == 2
    assert index.to_json(nb101fast.cell_codes()[ids]) == text
    assert index.to_json(hashes=nb101fast.cell_hashes()[ids]) == text
    assert "\n".join(index.to_json(ids=number) for number in ids.tolist()) == text
    assert index.to_json(ids=ids[:0]) == ""
    with pytest.raises(OutOfDomainError, match="the cell at position 1 is outside the search sp"):
        index.to_json(np.array([32, 0], np.uint32))


# -------------------------------------------------------------------- random repeats


def test_random_repeats_are_runs_of_the_cell(index: Index) -> None:
    ids = np.repeat(index.cells, 20)
    table = index.query(ids=ids, repeat="random", seed=1)
    every = index.query(ids=ids, repeat="all")
    counts = index.run_counts(epochs=108)
    drawn = set()
    for row, runs in zip(table, every, strict=True):
        matches = [r for r, run in enumerate(runs) if same(row, run)]
        assert matches, "all metrics are of one run"
        drawn.add(matches[0])
    assert drawn == set(range(counts.max()))
    without = np.isnan(table["test_accuracy"])
    assert (without == np.repeat(counts == 0, 20)).all()


def test_a_seed_fixes_the_draws(index: Index) -> None:
    ids = np.repeat(index.cells, 9)
    first = index.query(ids=ids, repeat="random", seed=5)
    assert same(index.query(ids=ids, repeat="random", seed=5), first)
    generator = np.random.default_rng(5)
    assert same(index.query(ids=ids, repeat="random", seed=generator), first)
    assert not same(index.query(ids=ids, repeat="random", seed=generator), first)
    assert not same(index.query(ids=ids, repeat="random", seed=6), first)
    unseeded = [index.query(ids=ids, repeat="random").tobytes() for _ in range(2)]
    assert unseeded[0] != unseeded[1]


# -------------------------------------------------------------------- columns


@pytest.mark.parametrize("metric", EVERY_METRIC)
def test_columns_are_values(index: Index, metric: str) -> None:
    for epochs, repeats in zip(index.epochs, index.repeats, strict=True):
        counts = index.run_counts(epochs=epochs)
        for stage in STAGES:
            for repeat in range(repeats):
                place: dict[str, Any] = {"epochs": epochs, "stage": stage, "repeat": repeat}
                stored = index.column(metric, **place, stored=True)
                column = index.column(metric, **place)
                present = counts > repeat
                assert column.shape == (len(index),)
                assert np.isnan(column[~present]).all()
                if stored.dtype == np.uint16:
                    assert column.dtype == np.float32
                    expected = stored[present].astype(np.float32) / np.float32(index.denominator)
                elif stored.dtype.kind in "iu" and not present.all():
                    assert column.dtype == np.float64
                    expected = stored[present].astype(np.float64)
                else:
                    assert column.dtype == stored.dtype
                    expected = stored[present]
                assert same(column[present], expected)
                if metric in METRICS:
                    values = index.query(ids=index.cells, **place)[metric]
                    assert same(column.astype(np.float64), values)
            f = index.objective(metric, epochs=epochs, stage=stage)
            means = index.column(metric, epochs=epochs, stage=stage, repeat="mean")
            assert means.dtype == np.float32
            assert same(means, f(nb101fast.cell_codes()[index.cells]))


def test_a_stored_column_is_a_view(index: Index) -> None:
    stored = index.column("test_accuracy", epochs=36, stored=True)
    assert stored.dtype == np.uint16
    assert not stored.flags.writeable
    assert index.column("test_accuracy", epochs=36).flags.writeable, "values are the caller's"
    with pytest.raises(ValueError, match="repeat='mean' is not allowed; use 0 to 1"):
        index.column("test_accuracy", epochs=36, repeat="mean", stored=True)
    with pytest.raises(ValueError, match="repeat='all' is not allowed; use 0 to 1 or 'mean'"):
        index.column("test_accuracy", epochs=36, repeat="all")  # type: ignore[arg-type]


# -------------------------------------------------------------------- measurements


def test_a_measurement_is_checked_once_and_frozen() -> None:
    make: Any = Measurement
    budgets = ((4, 1), (108, 3))
    measurement = Measurement("test_accuracy", "final", 108, 2, budgets)
    assert (measurement.budget, measurement.num_repeats) == (1, 3)
    assert measurement.of("training_time").metric == "training_time"
    with pytest.raises(AttributeError):
        measurement.metric = "total_time"  # type: ignore[misc]
    faults: list[tuple[tuple[Any, ...], str]] = [
        (("acc", "final", 108, 0), "metric='acc' is not allowed; use 'train_accuracy', "),
        (("graph", "end", 108, 0), "stage='end' is not allowed; use 'start', 'halfway' or 'final'"),
        (("graph", "final", 12, 0), "epochs=12 is not in this index; use 4 or 108"),
        (("graph", "final", True, 0), "epochs=True is not in this index"),
        (
            ("graph", "final", 4, 1),
            "repeat=1 is not allowed; use 0 to 0, 'mean', 'random' or",
        ),
        (("graph", "final", 4, True), "repeat=True is not allowed"),
        (("graph", "final", 4, "median"), "repeat='median' is not allowed"),
    ]
    for arguments, message in faults:
        with pytest.raises(ValueError, match=re.escape(message)):
            make(*arguments, budgets)


# -------------------------------------------------------------------- what is no index


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x.tfrecord", "a TFRecord file"),
        ("x.tfrecord.gz", "a gzip file"),
        ("x.parquet", "a Parquet file"),
        ("x.jsonl", "a JSON file"),
    ],
)
def test_what_must_be_compiled_first(index: Index, tmp_path: Path, name: str, kind: str) -> None:
    nb101fast.export(index, tmp_path / name, unmarked=True)
    message = (
        f"{tmp_path / name}: this is {kind}, not an index; compile it first: "
        f"`nb101fast compile {name} -o x.nb101`, or in Python "
        f"nb101fast.compile({name!r}, 'x.nb101')"
    )
    with pytest.raises(FormatError, match=re.escape(message)):
        nb101fast.open(tmp_path / name)
