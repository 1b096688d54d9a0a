"""search_space.mutate: the exact distribution of each rule, and the same children everywhere."""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import OutOfDomainError, search_space
from nb101fast.codes import Codes
from nb101fast.inception import MATRIX, OPS
from nb101fast.search_space import Mutation
from reference import randomness
from reference.cells import decode, is_valid, is_valid_code
from reference.statistics import chi_square_deviations
from test_search_space_sampling import MATRIX_MASK, MOST_DEVIATIONS, at_every_simd_level, seed_word

INDEPENDENT: list[Mutation] = ["notebook", "naszilla", "naslib"]
RATED: list[tuple[Mutation, float]] = [
    *((how, 1.0) for how in INDEPENDENT),
    *(("notebook", rate) for rate in (0.3, 2.5, 5.0)),
]
REDRAWN: list[Mutation] = [*INDEPENDENT, "pruned"]
RULES: list[Mutation] = ["parameter", *REDRAWN]

INCEPTION = int(nb101fast.encode(MATRIX, OPS))
DIRECT = 1 << 5  # input to output, five dead vertices
# 0 -> 1 -> 6, and dead vertices: 2 and 3 hang on the input, 4 and 5 lead to the output.
HALF_DEAD = sum(1 << bit for bit in (0, 10, 1, 2, 11, 19, 20)) | 1 << 21 | 2 << 23 | 1 << 29
PARENTS = [INCEPTION, HALF_DEAD]


def children_of(parent: int, how: Mutation, n: int, seed: int = 1, rate: float = 1) -> Codes:
    return search_space.mutate(np.full(n, parent, np.uint32), how=how, rate=rate, seed=seed)


def labels_of(codes: Codes) -> npt.NDArray[np.uint32]:
    return codes[:, np.newaxis] >> np.arange(21, 31, 2, dtype=np.uint32) & np.uint32(3)


@functools.cache
def edge_counts() -> npt.NDArray[np.uint8]:
    """How many edges each of the 2^21 matrices has."""
    counts = np.zeros(1, np.uint8)
    for _ in range(21):
        counts = np.concatenate([counts, counts + 1])
    return counts


def assert_distribution(codes: Codes, probabilities: dict[int, float]) -> None:
    outcomes = np.sort(np.array(list(probabilities), np.uint32))
    places = np.searchsorted(outcomes, codes).clip(max=len(outcomes) - 1)
    assert np.array_equal(outcomes[places], codes), "a child that can't be"
    counts = np.bincount(places, minlength=len(outcomes))
    expected = np.array([probabilities[int(outcome)] for outcome in outcomes])
    assert abs(chi_square_deviations(counts, expected)) < MOST_DEVIATIONS


@pytest.mark.parametrize("parent", [*PARENTS, DIRECT, 0, MATRIX_MASK])
def test_parameter(parent: int) -> None:
    """Each of 26 parameters has probability 1/26, then each of its other values has the same."""
    probabilities = {
        child: 1 / 26 if i < 21 else 1 / 52
        for i, child in enumerate(randomness.single_changes(parent))
    }
    assert len(probabilities) == 31
    assert_distribution(children_of(parent, "parameter", 500_000), probabilities)


@pytest.mark.parametrize("parent", PARENTS)
@pytest.mark.parametrize(("how", "rate"), RATED)
def test_independent_edges(how: Mutation, rate: float, parent: int) -> None:
    """Of all 2^21 matrices: the product of the edges' probabilities, where valid, in parts of 1."""
    flip = rate * float(randomness.CHANCES[how][0])
    matrices = np.arange(1 << 21, dtype=np.uint32)
    flips = edge_counts()[matrices ^ np.uint32(parent & MATRIX_MASK)]
    of_flips = np.array([flip**number * (1 - flip) ** (21 - number) for number in range(22)])
    probabilities = of_flips[flips] * nb101fast.is_valid(matrices)
    probabilities /= probabilities.sum()
    children = children_of(parent, how, 3_000_000, rate=rate)
    counts = np.bincount(children & MATRIX_MASK, minlength=1 << 21)
    assert abs(chi_square_deviations(counts, probabilities)) < MOST_DEVIATIONS


@pytest.mark.parametrize("parent", PARENTS)
@pytest.mark.parametrize(("how", "rate"), RATED)
def test_independent_labels(how: Mutation, rate: float, parent: int) -> None:
    """Of all 3^5 labelings: the product of the labels' probabilities, whatever the matrix."""
    change = rate * float(randomness.CHANCES[how][1])
    probabilities = {}
    for labels in randomness.LABELINGS:
        changed = sum(a != b for a, b in zip(labels, decode(parent).labels, strict=True))
        probability = (change / 2) ** changed * (1 - change) ** (5 - changed)
        if probability:
            probabilities[randomness.labelled(0, labels)] = probability
    children = children_of(parent, how, 1_000_000, rate=rate)
    assert_distribution(children & ~np.uint32(MATRIX_MASK), probabilities)


@pytest.mark.parametrize("how", INDEPENDENT)
def test_edges_and_labels_are_independent(how: Mutation) -> None:
    children = children_of(INCEPTION, how, 1_000_000)
    same_edges = (children & MATRIX_MASK) == (INCEPTION & MATRIX_MASK)
    same_labels = (children & ~np.uint32(MATRIX_MASK)) == (INCEPTION & ~MATRIX_MASK)
    joint = np.bincount(2 * same_edges + same_labels, minlength=4)
    p, q = same_edges.mean(), same_labels.mean()
    assert 0.05 < p < 0.6
    assert 0.1 < q < 0.5
    expected = np.array([(1 - p) * (1 - q), (1 - p) * q, p * (1 - q), p * q])
    assert abs(chi_square_deviations(joint, expected)) < MOST_DEVIATIONS


@pytest.mark.parametrize("parent", [*PARENTS, 1 << 0 | 1 << 10, DIRECT | 1 << 0])
def test_pruned(parent: int) -> None:
    """All neighbours, as naszilla and NASLib define them, have equal probability."""
    neighbourhood = [
        child for child in randomness.changes_that_count(parent) if is_valid(decode(child))
    ]
    probabilities = dict.fromkeys(neighbourhood, 1 / len(neighbourhood))
    assert_distribution(children_of(parent, "pruned", 200_000), probabilities)


@pytest.mark.parametrize("dead", [0, 1 << 6, 1 << 6 | 1 << 11 | 2 << 23])
def test_pruned_without_a_neighbour(dead: int) -> None:
    assert search_space.mutate(DIRECT | dead, how="pruned", seed=1) == DIRECT | dead


@pytest.mark.parametrize("how", RULES)
def test_as_the_twin(how: Mutation) -> None:
    sampler = "all" if how == "parameter" else "raw"
    parents = np.concatenate(
        [
            search_space.sample(60, how=sampler, seed=11),
            search_space.sample(60, how="cells", seed=12),
            np.array([DIRECT, INCEPTION, HALF_DEAD], np.uint32),
        ]
    )
    word = seed_word(13)
    chances = randomness.CHANCES.get(how, randomness.CHANCES["notebook"])
    changes = randomness.IndependentChanges(*chances)
    twins = {
        "parameter": randomness.mutate_parameter,
        "pruned": randomness.mutate_pruned,
    }
    for item, (parent, child) in enumerate(
        zip(parents.tolist(), search_space.mutate(parents, how=how, seed=13).tolist(), strict=True)
    ):
        if twin := twins.get(how):
            assert child == twin(parent, word, item)
        else:
            assert child == randomness.mutate_independently(parent, changes, word, item)


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.7, 5.0])
def test_other_rates_as_the_twin(rate: float) -> None:
    parents = search_space.sample(100, how="raw", seed=11)
    word = seed_word(13)
    chances = (Fraction(rate) * chance for chance in randomness.CHANCES["notebook"])
    changes = randomness.IndependentChanges(*chances)
    children = search_space.mutate(parents, how="notebook", rate=rate, seed=13)
    for item, (parent, child) in enumerate(zip(parents.tolist(), children.tolist(), strict=True)):
        assert child == randomness.mutate_independently(parent, changes, word, item)
    assert (children == parents).all() == (rate == 0)


@pytest.mark.parametrize(
    ("how", "children"),
    [
        ("parameter", [1211679767, 1077462071, 1077462047]),
        ("notebook", [3204101, 1348060246, 1076415575]),
        ("naszilla", [1345897495, 1347994647, 1076415575]),
        ("naslib", [271639557, 22660182, 1076415575]),
        ("pruned", [3720215, 1111016471, 1085850647]),
    ],
)
def test_the_same_children_for_ever(how: Mutation, children: list[int]) -> None:
    mutated = at_every_simd_level(lambda: children_of(INCEPTION, how, 3, seed=2019))
    assert mutated.tolist() == children


@pytest.mark.parametrize("how", RULES)
def test_a_child_depends_on_its_place_alone(how: Mutation) -> None:
    parents = search_space.sample(5000, how="raw", seed=14)
    children = at_every_simd_level(lambda: search_space.mutate(parents, how=how, seed=15))
    for n in (0, 1, 1023, 1024, 1025, 4999):
        assert np.array_equal(search_space.mutate(parents[:n], how=how, seed=15), children[:n])
    others = search_space.sample(5000, how="raw", seed=16)
    others[2500] = parents[2500]
    assert search_space.mutate(others, how=how, seed=15)[2500] == children[2500]


@pytest.mark.parametrize("how", REDRAWN)
def test_children_are_cells(how: Mutation) -> None:
    for sampler in ("raw", "cells"):
        parents = search_space.sample(100_000, how=sampler, seed=17)
        children = search_space.mutate(parents, how=how, seed=18)
        assert nb101fast.is_valid(children).all()
        assert children.dtype == np.uint32


def test_pruned_changes_one_thing() -> None:
    parents = search_space.sample(100_000, how="raw", seed=19)
    children = search_space.mutate(parents, how="pruned", seed=20)
    distances = search_space.edit_distance(parents, children)
    assert set(distances) <= {0, 1}
    still = parents[distances == 0]
    assert (nb101fast.cell_ids(still) == 0).all()
    assert 0 < len(still) < 2000


def test_one_code() -> None:
    for how in RULES:
        child = search_space.mutate(INCEPTION, how=how, seed=3)
        assert isinstance(child, int)
        assert child == children_of(INCEPTION, how, 1, seed=3)[0]
        assert search_space.mutate(np.uint32(INCEPTION), how=how, seed=3) == child


@pytest.mark.parametrize("how", RULES)
@pytest.mark.parametrize("fault", [1 << 31, 3 << 21, 3 << 29])
def test_faulty_parent(how: Mutation, fault: int) -> None:
    parents = search_space.sample(10, seed=1)
    parents[[4, 7]] |= np.uint32(fault)
    with pytest.raises(OutOfDomainError, match=rf"code {parents[4]} at position 4 .*label 3"):
        search_space.mutate(parents, how=how, seed=1)


@pytest.mark.parametrize("how", REDRAWN)
@pytest.mark.parametrize("invalid", [0, MATRIX_MASK])
def test_invalid_parent(how: Mutation, invalid: int) -> None:
    assert not is_valid_code(invalid)
    parents = search_space.sample(10, seed=1)
    parents[[2, 9]] = invalid
    with pytest.raises(OutOfDomainError, match=rf"code {invalid} at position 2 .*outside"):
        search_space.mutate(parents, how=how, seed=1)


def test_bad_arguments() -> None:
    mutate: Any = search_space.mutate
    with pytest.raises(ValueError, match="how='paper' is not allowed; use 'parameter', 'notebook'"):
        mutate(0, how="paper")
    for rate in (-0.1, 5.1, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"rate=.* is not allowed; use a number from 0 to 5"):
            mutate(INCEPTION, how="notebook", rate=rate)
    with pytest.raises(ValueError, match=r"rate=0\.5 is not allowed with how='pruned'; use how='n"):
        mutate(INCEPTION, how="pruned", rate=0.5)
    with pytest.raises(ValueError, match="code -1 does not fit 32 bits"):
        mutate(-1)
    with pytest.raises(TypeError, match="float64"):
        mutate(np.zeros(3))
    with pytest.raises(TypeError, match="can't be a str"):
        mutate(["1", 2])
