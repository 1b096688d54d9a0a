"""The best cells, those within bounds and ranks, against sorting and counting in plain Python."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Index, search_space
from nb101fast.phrases import alternatives
from nb101fast.whole_space import (
    COLUMNS,
    GREATER_IS_BETTER,
    LESS_IS_BETTER,
    STRUCTURE,
    WholeSpace,
)
from reference.columns import column_of
from reference.runs import STAGES
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]
Doubles = npt.NDArray[np.float64]
NAMES = ("validation_accuracy", "training_time", "total_time", "parameters")
PLACES = list(product((4, 36, 108), STAGES, ("mean", 0, 1)))


@pytest.fixture(scope="module")
def synthetic_index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index of 10,591 cells with one run each, so that many accuracies are equal."""
    path = tmp_path_factory.mktemp("synthetic") / "synthetic.nb101"
    cells = nb101fast.cell_codes()[::40]
    nb101fast.synthetic.write_index(path, codes=cells, epochs=(108,), repeats=1)
    return nb101fast.open(path)


@pytest.fixture(params=PLACES, ids=lambda place: "-".join(map(str, place)))
def place(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(zip(("epochs", "stage", "repeat"), request.param, strict=True))


def best_first(cells: npt.NDArray[np.int32], values: Doubles) -> list[int]:
    """Ids of the cells with a value: descending, equals by id."""
    pairs = [(-value, int(cell)) for cell, value in zip(cells, values, strict=True)]
    return [cell for value, cell in sorted(pair for pair in pairs if pair[0] == pair[0])]


# -------------------------------------------------------------------- columns


@pytest.mark.parametrize("name", NAMES)
def test_values(index: Index, small_sample: Sample, place: dict[str, Any], name: str) -> None:
    expected = column_of(small_sample[1], index.cells, name, **place)
    values = WholeSpace(index.reader, **place).values(name)
    assert values.dtype == np.float64
    assert np.array_equal(values, expected, equal_nan=True)


def test_a_run_is_exact(index: Index, small_sample: Sample) -> None:
    """The value of one run is exact: total times are doubles that a float32 cannot hold."""
    values = WholeSpace(index.reader, repeat=0).values("total_time")
    assert (values != values.astype(np.float32))[~np.isnan(values)].all()


@pytest.mark.parametrize("name", STRUCTURE)
def test_structure_is_that_of_the_search_space(index: Index, name: str) -> None:
    expected = getattr(search_space, name)(nb101fast.cell_codes()[index.cells])
    values = WholeSpace(index.reader).values(name)
    assert values.dtype == np.float64
    assert values.tolist() == expected.tolist()
    assert len(np.unique(values)) > 1


# -------------------------------------------------------------------- top_k


@pytest.mark.parametrize("name", NAMES)
def test_top_k(index: Index, small_sample: Sample, place: dict[str, Any], name: str) -> None:
    expected = best_first(index.cells, column_of(small_sample[1], index.cells, name, **place))
    for k in {1, 2, len(expected) // 2, len(expected)}:
        top = index.top_k(name, k, **place)
        assert top.dtype == np.int32
        assert top.tolist() == expected[:k]


@pytest.mark.parametrize("name", ["test_accuracy", "training_time", "current_epoch"])
def test_top_k_of_many_equals(synthetic_index: Index, name: str) -> None:
    values = WholeSpace(synthetic_index.reader).values(name)
    assert name == "training_time" or len(np.unique(values)) < len(values) / 4
    expected = best_first(synthetic_index.cells, values)
    for k in (1, 2, 10, 99, 5000, len(synthetic_index)):
        assert synthetic_index.top_k(name, k).tolist() == expected[:k]


def test_top_k_agrees_with_the_objective(synthetic_index: Index) -> None:
    codes = nb101fast.cell_codes()[synthetic_index.top_k("validation_accuracy", 100)]
    values = synthetic_index.objective("validation_accuracy")(codes)
    assert (np.diff(values) <= 0).all()
    everything = synthetic_index.objective("validation_accuracy")(nb101fast.cell_codes())
    assert values[0] == np.nanmax(everything)


@pytest.mark.parametrize("k", [0, -1, 37, 2**70, 1.0, "3", None, True])
def test_top_k_refuses_k(index: Index, k: Any) -> None:
    message = f"k={k!r} is not allowed; use 1 to 36: the index has 36 cells"
    with pytest.raises(ValueError, match=re.escape(message)):
        index.top_k("parameters", k)


def test_top_k_of_more_cells_than_have_a_run(index: Index, small_sample: Sample) -> None:
    present = {r.module_hash for r in small_sample[1] if r.epochs == 108}
    assert len(index.top_k("test_accuracy", len(present))) == len(present) < len(index)
    message = f"use 1 to {len(present)}: {len(present)} cells with a test_accuracy"
    with pytest.raises(ValueError, match=message):
        index.top_k("test_accuracy", len(present) + 1)


def test_objectives_are_a_list(index: Index) -> None:
    names: Any = (name for name in ["test_accuracy"])
    with pytest.raises(TypeError, match=r"maximize=<generator .*; use a list of strings"):
        index.pareto(maximize=names, minimize=[])


def test_top_k_takes_numpy_integers(index: Index) -> None:
    integers: list[Any] = [np.int64(3), np.uint8(3), np.array(3)]
    for k in integers:
        assert np.array_equal(index.top_k("parameters", k), index.top_k("parameters", 3))


# -------------------------------------------------------------------- best


@pytest.mark.parametrize("name", [*GREATER_IS_BETTER, *LESS_IS_BETTER])
def test_the_best_cell_has_the_highest_accuracy_or_the_least_cost(
    index: Index, small_sample: Sample, place: dict[str, Any], name: str
) -> None:
    values = WholeSpace(index.reader, **place).values(name)
    if name in LESS_IS_BETTER:
        values = -values
    assert index.best(name, **place).id == best_first(index.cells, values)[0]


@pytest.mark.parametrize("name", ["test_accuracy", "training_time"])
def test_the_best_cell_within_bounds(index: Index, name: str) -> None:
    most = index.best(name).trainable_parameters - 1
    bounds: dict[str, Any] = {"parameters": (None, most), "depth": (3, None)}
    ids = index.where(**bounds)
    values = WholeSpace(index.reader).values(name, index.reader.rows_of(ids))
    expected = ids[np.nanargmax(values) if name == "test_accuracy" else np.nanargmin(values)]
    assert index.best(name, where=bounds).id == expected
    assert expected != index.best(name).id


def test_of_equal_cells_the_one_with_the_lowest_id_is_best(synthetic_index: Index) -> None:
    accuracies = synthetic_index.column("test_accuracy")
    level = float(np.sort(accuracies)[len(accuracies) // 2])
    equal = synthetic_index.cells[accuracies == np.float32(level)]
    assert len(equal) > 1
    best = synthetic_index.best("test_accuracy", where={"test_accuracy": (None, level)})
    assert best.id == equal[0]


@pytest.mark.parametrize(
    ("name", "where", "message"),
    [
        ("depth", None, "metric='depth' is not allowed; use 'train_accuracy', "),
        ("test_accuracy", {"depths": (1, 2)}, "'depths' is not a column"),
        ("test_accuracy", [1], "where=[1] is not allowed; use (low, high) by name of a column"),
        (
            "test_accuracy",
            {"parameters": (0, 1)},
            "no cell of the index is within {'parameters': (0, 1)} and has a test_accuracy at 108 "
            "epochs; use other bounds",
        ),
    ],
)
def test_best_refuses(index: Index, name: str, where: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        index.best(name, where=where)


# -------------------------------------------------------------------- where


def test_where(index: Index, small_sample: Sample, place: dict[str, Any]) -> None:
    accuracies = column_of(small_sample[1], index.cells, "test_accuracy", **place)
    parameters = column_of(small_sample[1], index.cells, "parameters", **place)
    low, high = np.nanquantile(accuracies, [0.2, 0.9]).tolist()
    most = float(np.median(parameters))
    expected = [
        int(cell)
        for cell, accuracy, count in zip(index.cells, accuracies, parameters, strict=True)
        if low <= accuracy <= high and count <= most
    ]
    found = index.where(test_accuracy=(low, high), parameters=(None, most), **place)
    assert found.dtype == np.int32
    assert found.tolist() == expected


def test_bounds_are_inclusive_and_open_where_none(index: Index) -> None:
    counts = nb101fast.cell_parameters()[index.cells]
    count = float(np.median(counts[:35]))
    cases: list[tuple[Any, npt.NDArray[np.bool_]]] = [
        ((count, count), counts == count),
        ((count, None), counts >= count),
        ((None, count), counts <= count),
        ([None, None], counts > 0),
        ((-np.inf, np.int64(count)), counts <= count),
    ]
    for bounds, inside in cases:
        assert index.where(parameters=bounds).tolist() == index.cells[inside].tolist()
    assert (counts == count).any()


def test_no_run_is_within_no_bounds(index: Index, small_sample: Sample) -> None:
    present = {r.module_hash for r in small_sample[1] if r.epochs == 108}
    found = index.where(test_accuracy=(None, None))
    assert {nb101fast.Cell.from_id(cell).hash for cell in found} == present
    assert len(found) < len(index)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({}, "no bounds; give one or more of 'train_accuracy', "),
        ({"accuracy": (0, 1)}, "'accuracy' is not a column; use 'train_accuracy', "),
        (
            {"parameters": 5},
            "parameters=5 is not allowed; use (low, high), with None for an open end",
        ),
        ({"parameters": (1, 2, 3)}, "parameters=(1, 2, 3) is not allowed; use (low, high)"),
        ({"parameters": "ab"}, "parameters='ab' is not allowed; use (low, high)"),
        ({"parameters": (2, 1)}, "parameters=(2, 1) is not allowed; use low <= high"),
        ({"parameters": (None, np.nan)}, "parameters=(None, nan) is not allowed; use low <= high"),
        ({"parameters": (np.nan, None)}, "parameters=(nan, None) is not allowed; use low <= high"),
    ],
)
def test_where_refuses(index: Index, bounds: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        index.where(**bounds)


# -------------------------------------------------------------------- ranks


@pytest.mark.parametrize("name", NAMES)
def test_ranks(index: Index, small_sample: Sample, place: dict[str, Any], name: str) -> None:
    values = column_of(small_sample[1], index.cells, name, **place)
    ranks = index.ranks(name, **place)
    assert ranks.dtype == np.int32
    assert ranks.shape == (nb101fast.NUM_CELLS,)
    expected = [-1 if value != value else 1 + int((values > value).sum()) for value in values]
    assert ranks[index.cells].tolist() == expected
    assert (np.delete(ranks, index.cells) == -1).all()


def test_ranks_of_equals_and_of_the_best(synthetic_index: Index) -> None:
    values = WholeSpace(synthetic_index.reader).values("test_accuracy")
    ranks = synthetic_index.ranks("test_accuracy")[synthetic_index.cells]
    for value in np.unique(values)[::100]:
        assert (ranks[values == value] == 1 + (values > value).sum()).all()
    best = synthetic_index.top_k("test_accuracy", 50)
    assert (np.diff(synthetic_index.ranks("test_accuracy")[best]) >= 0).all()
    assert (synthetic_index.ranks("current_epoch")[synthetic_index.cells] == 1).all()


# -------------------------------------------------------------------- what all refuse

QUERIES = {
    "top_k": lambda index, name, **place: index.top_k(name, 1, **place),
    "where": lambda index, name, **place: index.where(**{name: (0, 1)}, **place),
    "ranks": lambda index, name, **place: index.ranks(name, **place),
    "pareto": lambda index, name, **place: index.pareto([name], [], **place),
    "hypervolume": lambda index, name, **place: index.hypervolume(
        [], [name], reference={name: 1}, **place
    ),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("accuracy", {}, f"'accuracy' is not a column; use {alternatives(COLUMNS)}"),
        ("test_accuracy", {"epochs": 12}, "epochs=12 is not in this index; use 4, 36 or 108"),
        (
            "test_accuracy",
            {"stage": "last"},
            "stage='last' is not allowed; use 'start', 'halfway' or 'final'",
        ),
        ("test_accuracy", {"repeat": 3}, "repeat=3 is not allowed; use 0 to 2 or 'mean'"),
        ("test_accuracy", {"repeat": -1}, "repeat=-1 is not allowed; use 0 to 2 or 'mean'"),
        (
            "test_accuracy",
            {"repeat": "random"},
            "repeat='random' is not allowed; use 0 to 2 or 'mean'",
        ),
        ("test_accuracy", {"repeat": True}, "repeat=True is not allowed; use 0 to 2 or 'mean'"),
    ],
)
def test_refusals(index: Index, query: Any, name: str, place: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        query(index, name, **place)


def test_structure_needs_no_budget_of_the_index(tmp_path: Path) -> None:
    path = tmp_path / "four.nb101"
    nb101fast.synthetic.write_index(path, codes=nb101fast.cell_codes()[:50], epochs=(4,))
    index = nb101fast.open(path)
    assert len(index.top_k("parameters", 5, epochs=108)) == 5
    with pytest.raises(ValueError, match="epochs=108 is not in this index; use 4"):
        index.top_k("test_accuracy", 5, epochs=108)
