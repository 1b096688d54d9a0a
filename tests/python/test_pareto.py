"""Pareto fronts against comparing every pair, hypervolumes against inclusion and exclusion."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nb101fast
from nb101fast import Index, _core
from reference import pareto as plain
from reference.columns import column_of
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]
Doubles = npt.NDArray[np.float64]
OBJECTIVES = [
    (["test_accuracy"], []),
    ([], ["training_time"]),
    (["test_accuracy"], ["training_time"]),
    (["test_accuracy", "validation_accuracy"], []),
    (["test_accuracy"], ["training_time", "parameters"]),
    (["train_accuracy", "test_accuracy"], ["total_time", "parameters"]),
    (["parameters", "validation_accuracy"], ["train_accuracy", "total_time", "test_accuracy"]),
]


@pytest.fixture(scope="module")
def synthetic_index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    path = tmp_path_factory.mktemp("synthetic") / "synthetic.nb101"
    cells = nb101fast.cell_codes()[::100]
    nb101fast.synthetic.write_index(path, codes=cells, epochs=(108,), repeats=2)
    return nb101fast.open(path)


def points_of(
    sample: Sample, index: Index, maximize: list[str], minimize: list[str], **place: Any
) -> list[list[float]]:
    """Return the point of each cell, in which less is better."""
    columns = [-column_of(sample[1], index.cells, name, **place) for name in maximize]
    columns += [column_of(sample[1], index.cells, name, **place) for name in minimize]
    points: list[list[float]] = np.transpose(columns).tolist()
    return points


def coordinates(objectives: int, most: int) -> st.SearchStrategy[list[tuple[float, ...]]]:
    """Points of few values, so that many are equal, some of them no number."""
    value = st.integers(0, 3).map(float) | st.sampled_from([0.5, 1e300, -1e300, np.nan, np.inf])
    return st.lists(st.tuples(*[value] * objectives), max_size=most)


# -------------------------------------------------------------------- fronts


@pytest.mark.parametrize(("maximize", "minimize"), OBJECTIVES)
@pytest.mark.parametrize("repeat", ["mean", 0])
@pytest.mark.parametrize("epochs", [4, 108])
def test_front_of_a_sample(
    index: Index,
    small_sample: Sample,
    maximize: list[str],
    minimize: list[str],
    epochs: int,
    repeat: Any,
) -> None:
    points = points_of(small_sample, index, maximize, minimize, epochs=epochs, repeat=repeat)
    found = index.pareto(maximize, minimize, epochs=epochs, repeat=repeat)
    assert found.dtype == np.int32
    assert found.tolist() == index.cells[plain.front(points)].tolist()


def test_default_objectives(index: Index) -> None:
    asked = index.pareto(("test_accuracy",), ("training_time", "parameters"))
    assert np.array_equal(index.pareto(), asked)
    assert len(asked)


@pytest.mark.parametrize("stage", ["start", "halfway"])
def test_front_at_a_stage(index: Index, small_sample: Sample, stage: Any) -> None:
    """At the start all training times are 0."""
    names = ["test_accuracy"], ["training_time", "parameters"]
    points = points_of(small_sample, index, *names, epochs=36, stage=stage)
    found = index.pareto(*names, epochs=36, stage=stage)
    assert found.tolist() == index.cells[plain.front(points)].tolist()


@pytest.mark.parametrize(("maximize", "minimize"), OBJECTIVES)
def test_front_of_thousands(
    synthetic_index: Index, maximize: list[str], minimize: list[str]
) -> None:
    """The judge compares all cells with each cell."""
    cells = synthetic_index.cells
    columns = [-value_by_cell(synthetic_index, name) for name in maximize]
    columns += [value_by_cell(synthetic_index, name) for name in minimize]
    points = np.transpose(columns)
    is_dominated = [((points <= p).all(axis=1) & (points < p).any(axis=1)).any() for p in points]
    found = synthetic_index.pareto(maximize, minimize)
    assert found.tolist() == cells[~np.array(is_dominated)].tolist()
    assert 1 <= len(found) < len(cells)


def value_by_cell(index: Index, name: str) -> Doubles:
    if name == "parameters":
        return nb101fast.cell_parameters()[index.cells].astype(float)
    return index.objective(name)(nb101fast.cell_codes()[index.cells]).astype(float)


@given(data=st.data(), objectives=st.integers(1, 5))
def test_front_of_any_points(data: st.DataObject, objectives: int) -> None:
    points = data.draw(coordinates(objectives, 150))
    array = np.array(points, float).reshape(-1, objectives)
    assert _core.pareto_front(array).tolist() == plain.front(points)


@given(points=coordinates(3, 40), times=st.integers(2, 5))
def test_equal_points_stay_together(points: list[tuple[float, ...]], times: int) -> None:
    front = _core.pareto_front(np.array(points * times, float).reshape(-1, 3)).tolist()
    expected = [i + n * len(points) for n in range(times) for i in plain.front(points)]
    assert front == expected


@pytest.mark.parametrize("objectives", [1, 2, 3, 4, 7])
def test_front_of_many_points_with_ties(rng: np.random.Generator, objectives: int) -> None:
    """Of whole numbers that are nowhere more, one is less if their sum is less."""
    points = rng.integers(0, 12, (3000, objectives)).astype(float)
    columns, sums = points.T.copy(), points.sum(axis=1)
    is_dominated = [((columns <= p[:, None]).all(axis=0) & (sums < p.sum())).any() for p in points]
    assert _core.pareto_front(points).tolist() == np.flatnonzero(~np.array(is_dominated)).tolist()


def test_everything_is_on_a_sphere_that_bulges(rng: np.random.Generator) -> None:
    normal = np.abs(rng.normal(size=(20_000, 3)))
    points = -normal / np.linalg.norm(normal, axis=1, keepdims=True)
    assert len(_core.pareto_front(points)) == len(points)


# -------------------------------------------------------------------- hypervolume


@given(data=st.data(), objectives=st.integers(1, 5))
def test_volume_by_inclusion_and_exclusion(data: st.DataObject, objectives: int) -> None:
    """The points are whole numbers, so that products and sums are exact."""
    value = st.integers(-9, 9)
    points = data.draw(st.lists(st.tuples(*[value] * objectives), max_size=7))
    reference = data.draw(st.tuples(*[value] * objectives))
    array = np.array(points, float).reshape(-1, objectives)
    volume = _core.hypervolume(array, np.array(reference, float))
    assert volume == plain.volume_of_union(points, reference)


@given(data=st.data(), objectives=st.integers(1, 4))
def test_volume_by_unit_cubes(data: st.DataObject, objectives: int) -> None:
    value = st.integers(0, 5)
    points = data.draw(st.lists(st.tuples(*[value] * objectives), max_size=60))
    array = np.array(points, float).reshape(-1, objectives)
    volume = _core.hypervolume(array, np.full(objectives, 4.0))
    assert volume == plain.volume_of_cubes(points, [4] * objectives)


@given(points=coordinates(3, 30))
def test_volume_is_that_of_the_front(points: list[tuple[float, ...]]) -> None:
    array = np.array(points, float).reshape(-1, 3)
    array[array == -1e300] = -1
    corner = np.array([2.0, 4.0, 3.0])
    front = array[_core.pareto_front(array)]
    assert _core.hypervolume(array, corner) == _core.hypervolume(front, corner)


def test_volume_of_random_points_by_sampling(rng: np.random.Generator) -> None:
    points, corner = rng.random((50, 3)), np.ones(3)
    drawn = rng.random((100_000, 3))
    covered = np.zeros(len(drawn), bool)
    for point in points:
        covered |= (point <= drawn).all(axis=1)
    assert _core.hypervolume(points, corner) == pytest.approx(covered.mean(), abs=0.008)


@pytest.mark.parametrize(("maximize", "minimize"), OBJECTIVES)
def test_volume_of_a_sample(
    index: Index, small_sample: Sample, maximize: list[str], minimize: list[str]
) -> None:
    points = points_of(small_sample, index, maximize, minimize, epochs=108)
    worst = np.nanquantile(np.array(points), 0.7, axis=0)
    signs = [-1] * len(maximize) + [1] * len(minimize)
    reference = dict(zip([*maximize, *minimize], (worst * signs).tolist(), strict=True))
    on_front = [points[i] for i in plain.front(points)]
    expected = plain.volume_of_union(on_front, worst.tolist())
    volume = index.hypervolume(maximize, minimize, reference=reference)
    assert volume == pytest.approx(expected, rel=1e-9)
    assert index.hypervolume(
        maximize, minimize, reference=reference, ids=index.pareto(maximize, minimize)
    ) == pytest.approx(volume, rel=1e-12)


def test_volume_of_some_cells(index: Index) -> None:
    two = index.cells[3:5]
    absent = int(np.setdiff1d(np.arange(100), index.cells)[0])
    cases: list[tuple[Any, float]] = [
        ([], 0),
        ([-1, absent], 0),
        *(
            (cells, 1e9 - nb101fast.cell_parameters()[two].min())
            for cells in (
                two,
                two.tolist(),
                np.array([-1, *two, absent, *two], np.int32),
            )
        ),
    ]
    for cells, expected in cases:
        reference = {"parameters": 1e9}
        volume = index.hypervolume([], ["parameters"], reference=reference, ids=cells)
        assert volume == expected


# -------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("maximize", "minimize", "message"),
    [
        ([], [], "no objectives; give one or more of 'train_accuracy', "),
        (["test_accuracy"], ["speed"], "'speed' is not a column; use 'train_accuracy', "),
        (
            ["test_accuracy"],
            ["test_accuracy"],
            "objective 'test_accuracy' is given 2 times; give it once",
        ),
        (["parameters"] * 3, [], "objective 'parameters' is given 3 times; give it once"),
    ],
)
def test_objectives_that_are_refused(
    index: Index, maximize: list[str], minimize: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        index.pareto(maximize, minimize)
    with pytest.raises(ValueError, match=re.escape(message)):
        index.hypervolume(maximize, minimize, reference={})


def test_one_string_is_no_sequence(index: Index) -> None:
    with pytest.raises(TypeError, match="maximize is one string; use a list of strings"):
        index.pareto("test_accuracy", ["parameters"])
    with pytest.raises(TypeError, match="minimize is one string; use a list of strings"):
        index.pareto(["test_accuracy"], "parameters")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ({}, "reference={} is not allowed; give a value for each of 'test_accuracy', 'parameters'"),
        ({"test_accuracy": 0.5}, "give a value for each of 'test_accuracy', 'parameters'"),
        (
            {"test_accuracy": 0, "parameters": 1, "flops": 2},
            "'flops': 2} is not allowed; give a value for each of",
        ),
        ((0.5, 1e7), "reference=(0.5, 10000000.0) is not allowed; give a value for each of "),
        (
            {"test_accuracy": np.nan, "parameters": 1},
            "reference nan of 'test_accuracy' is not allowed; use a finite number",
        ),
        (
            {"test_accuracy": 0.5, "parameters": np.inf},
            "reference inf of 'parameters' is not allowed; use a finite number",
        ),
    ],
)
def test_references_that_are_refused(index: Index, reference: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        index.hypervolume(["test_accuracy"], ["parameters"], reference=reference)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([1, nb101fast.NUM_CELLS], "IndexError: cell id 423624 at position 1 does not exist; use "),
        ([-2], "IndexError: cell id -2 at position 0 does not exist; use -1 to 423623"),
        ([0.5], "TypeError: an id can't be a float"),
        ([[1]], "TypeError: an id can't be a list"),
        (["a"], "TypeError: an id can't be a str"),
        (np.array([1, 2]), "TypeError: ids have dtype int64, but a cell id is int32"),
        (np.array([[1]], np.int32), "ValueError: ids have shape (1, 1)"),
    ],
)
def test_cells_that_are_refused(index: Index, cells: Any, message: str) -> None:
    with pytest.raises((IndexError, TypeError, ValueError)) as caught:
        index.hypervolume([], ["parameters"], reference={"parameters": 1}, ids=cells)
    assert f"{caught.type.__name__}: {caught.value}".startswith(message)
