"""Depth, width, counts, MACs and distances, against networkx and the layers one by one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nb101fast
from nb101fast import OutOfDomainError, search_space
from nb101fast.codes import Codes
from reference import shapes
from reference.cells import decode, edges_of, prune
from test_search_space_sampling import MATRIX_MASK, at_every_simd_level

FIRST_OF_SEVEN = 64_542
TRAITS: list[Callable[[Any], Any]] = [
    search_space.depth,
    search_space.width,
    search_space.num_vertices,
    search_space.num_edges,
    search_space.parameters,
    search_space.macs,
    search_space.flops,
]

cell_ids = st.integers(0, nb101fast.NUM_CELLS - 1)


@cache
def shape_of(matrix: int) -> tuple[int, int, int, int]:
    pruned = prune(decode(matrix))
    assert pruned is not None
    wide = shapes.width(pruned)
    assert wide == shapes.parallel_edges(pruned)
    edges = len(edges_of(pruned.matrix))
    return len(pruned.matrix), edges, shapes.depth(pruned), wide


def measured(codes: Codes) -> npt.NDArray[np.int32]:
    functions = (
        search_space.num_vertices,
        search_space.num_edges,
        search_space.depth,
        search_space.width,
    )
    return np.stack([function(codes) for function in functions], axis=1)


def assert_shapes(codes: Codes) -> None:
    expected = [shape_of(code) for code in (codes & MATRIX_MASK).tolist()]
    assert np.array_equal(measured(codes), expected)


def test_shapes_of_all_cells_of_six_vertices_and_fewer() -> None:
    assert_shapes(nb101fast.cell_codes()[:FIRST_OF_SEVEN])


def test_shapes_of_samples() -> None:
    assert_shapes(search_space.sample(200, how="cells", seed=1))
    assert_shapes(search_space.sample(200, how="raw", seed=2))


def test_shapes_of_the_space() -> None:
    codes = nb101fast.cell_codes()
    vertices, edges, depth, width = measured(codes).T
    assert np.bincount(vertices)[2:].tolist() == [1, 6, 84, 2441, 62_010, 359_082]
    assert (edges.min(), edges.max()) == (1, 9)
    assert np.bincount(depth)[1:].tolist() == [1, 68, 9699, 88_965, 184_923, 139_968]
    assert np.bincount(width)[1:].tolist() == [364, 14_103, 129_595, 256_465, 23_007, 90]


def test_a_chain_and_a_fan() -> None:
    chain = sum(1 << bit for bit in (0, 6, 11, 15, 18, 20))
    assert (search_space.depth(chain), search_space.width(chain)) == (6, 1)
    fan = sum(1 << bit for bit in (0, 1, 2, 3, 5, 10, 14, 17, 19))
    assert (search_space.depth(fan), search_space.width(fan)) == (2, 5)


def test_parameters() -> None:
    codes = search_space.sample(10_000, how="raw", seed=3)
    expected = nb101fast.cell_parameters()[nb101fast.cell_ids(codes)]
    assert np.array_equal(search_space.parameters(codes), expected)


def test_macs_of_every_layer() -> None:
    codes = search_space.sample(1000, seed=4)
    for code, count in zip(codes.tolist(), search_space.macs(codes).tolist(), strict=True):
        graph = decode(code)
        assert count == shapes.macs(graph)
        # The same layers have the known number of parameters.
        assert shapes.parameters(graph) == search_space.parameters(code)


def test_macs_of_the_space() -> None:
    macs = search_space.macs(nb101fast.cell_codes())
    assert (macs.min(), macs.max()) == (37_098_496, 7_335_187_456)
    assert macs.sum() == 528_400_488_854_912
    # Input to output: projections alone, by hand.
    stem, dense = 32 * 32 * 27 * 128, 512 * 10
    first_stack = 32 * 32 * 3 * 128**2
    other_stacks = 16 * 16 * (128 * 256 + 2 * 256**2) + 8 * 8 * (256 * 512 + 2 * 512**2)
    expected = stem + first_stack + other_stacks + dense
    assert search_space.macs(1 << 5) == expected == 137_761_792
    assert np.array_equal(search_space.flops(nb101fast.cell_codes()), 2 * macs)


@pytest.mark.parametrize("trait", TRAITS)
def test_outside_the_space(trait: Callable[[Any], Any]) -> None:
    outside = np.array([0, MATRIX_MASK, 1 << 31 | 1 << 5, 3 << 21 | 1 << 5], np.uint32)
    codes = np.concatenate([outside, search_space.sample(5000, seed=5), outside])
    values = trait(codes)
    is_outside = nb101fast.cell_ids(codes) < 0
    assert (values[is_outside] == -1).all()
    assert (values[~is_outside] > 0).all()
    assert [trait(int(code)) for code in outside] == [-1] * 4


@pytest.mark.parametrize("trait", TRAITS)
def test_one_code_and_none(trait: Callable[[Any], Any]) -> None:
    for code in search_space.sample(5, how="raw", seed=6):
        value = trait(int(code))
        assert type(value) is int
        assert value == trait(code) == trait(np.array([code]))[0]
    assert trait(np.empty(0, np.uint32)).shape == (0,)
    with pytest.raises(ValueError, match="does not fit 32 bits"):
        trait(1 << 32)
    with pytest.raises(TypeError, match="float64"):
        trait(np.zeros(3))


def test_dtypes() -> None:
    codes = nb101fast.cell_codes()[:3]
    dtypes = [str(trait(codes).dtype) for trait in TRAITS]
    assert dtypes == ["int32"] * 5 + ["int64"] * 2


def test_raw_distances() -> None:
    codes = search_space.sample(2000, how="all", seed=7)
    others = search_space.sample(2000, how="all", seed=8)
    distances = at_every_simd_level(lambda: search_space.edit_distance(codes, others))
    pairs = zip(codes.tolist(), others.tolist(), strict=True)
    assert distances.tolist() == [shapes.raw_distance(decode(a), decode(b)) for a, b in pairs]
    assert distances.dtype == np.int32


def test_cell_distances() -> None:
    codes = np.concatenate([search_space.sample(60, seed=9), search_space.sample(60, how="raw")])
    others = np.concatenate([search_space.sample(60, how="raw", seed=10), codes[:60]])
    distances = at_every_simd_level(lambda: search_space.edit_distance(codes, others, how="cell"))
    pairs = zip(codes.tolist(), others.tolist(), strict=True)
    assert distances.tolist() == [shapes.cell_distance(decode(a), decode(b)) for a, b in pairs]


@given(cell_ids, cell_ids, cell_ids)
def test_cell_distance_is_a_metric(first: int, second: int, third: int) -> None:
    a, b, c = nb101fast.cell_codes()[[first, second, third]].tolist()

    def distance(x: int, y: int) -> int:
        return search_space.edit_distance(x, y, how="cell")

    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, c) <= distance(a, b) + distance(b, c)
    assert distance(a, b) <= search_space.edit_distance(a, b)


def test_one_change_away() -> None:
    """One change of a live edge or label that kills no vertex leads to a cell one away."""
    parents = search_space.sample(2000, how="vertices:7", seed=13)
    children = search_space.mutate(parents, how="pruned", seed=14)
    same_size = search_space.num_vertices(children) == 7
    distances = search_space.edit_distance(parents, children, how="cell")
    assert (distances[same_size] <= 1).all()
    assert same_size.sum() > 1000


def test_distances_broadcast_and_faults() -> None:
    codes = search_space.sample(10, seed=15)
    one = int(codes[3])
    hows: list[search_space.Distance] = ["raw", "cell"]
    for how in hows:
        distances = search_space.edit_distance(codes, np.full(10, one, np.uint32), how=how)
        assert np.array_equal(search_space.edit_distance(codes, one, how=how), distances)
        assert np.array_equal(search_space.edit_distance(one, codes, how=how), distances)
        assert distances[3] == 0
        assert type(search_space.edit_distance(one, int(codes[0]), how=how)) is int
        with pytest.raises(ValueError, match=r"\(10,\) and others \(9,\)"):
            search_space.edit_distance(codes, codes[:9], how=how)
    outside = codes.copy()
    outside[[2, 5]] = 0, 3 << 21
    distances = search_space.edit_distance(outside, codes, how="cell")
    assert np.flatnonzero(distances < 0).tolist() == [2, 5]
    with pytest.raises(OutOfDomainError, match=f"code {3 << 21} at position 5 .*label 3"):
        search_space.edit_distance(codes, outside)
    edit_distance: Any = search_space.edit_distance
    with pytest.raises(ValueError, match="how='graph' is not allowed; use 'raw' or 'cell'"):
        edit_distance(0, 0, how="graph")
