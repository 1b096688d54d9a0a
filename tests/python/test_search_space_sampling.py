"""search_space.sample: exact distributions, and the same codes everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import _core, search_space
from reference import randomness
from reference.statistics import chi_square_deviations

MATRIX_MASK = (1 << 21) - 1
MOST_DEVIATIONS = 4.5
LABELS = (np.arange(243)[:, np.newaxis] // 3 ** np.arange(4, -1, -1) % 3).astype(np.uint32)
LABEL_BITS = (LABELS << np.arange(21, 31, 2, dtype=np.uint32)).sum(axis=1, dtype=np.uint32)
HOWS = ["cells", "raw", "raw-9", "all", *(f"vertices:{n}" for n in range(2, 8))]


def matrices_of(how: str) -> npt.NDArray[np.uint32]:
    matrices: npt.NDArray[np.uint32] = np.arange(1 << 21, dtype=np.uint32)
    if how == "all":
        return matrices
    is_valid = nb101fast.is_valid(matrices, validity="official" if how == "raw" else "raw-9")
    return np.compress(is_valid, matrices)


def seed_word(seed: int) -> int:
    return int(np.random.default_rng(seed).integers(1 << 64, dtype=np.uint64))


def uniform(size: int) -> npt.NDArray[np.float64]:
    return np.full(size, 1 / size)


def at_every_simd_level(compute: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """What a function computes: the same with each instruction set that the processor has."""
    before = _core.active_simd()
    try:
        levels = {_core.force_simd(level) for level in _core.Simd}
        results = []
        for level in levels:
            _core.force_simd(level)
            results.append(compute())
    finally:
        _core.force_simd(before)
    for result in results:
        assert np.array_equal(result, results[0])
    return results[0]


def test_random_words_are_split_mix() -> None:
    """The first outputs from 1234567, as the generator's other implementations give them."""
    words = [randomness.random_word(1234567, place) for place in range(3)]
    assert words == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_the_statistic_sees_what_is_wrong() -> None:
    counts = np.full(100, 1000)
    assert abs(chi_square_deviations(counts, uniform(100))) > MOST_DEVIATIONS  # too good
    draws = np.random.default_rng(1).integers(0, 100, 100_000)
    counts = np.bincount(draws, minlength=100)
    assert abs(chi_square_deviations(counts, uniform(100))) < MOST_DEVIATIONS
    counts[:10] += 100
    assert chi_square_deviations(counts, uniform(100)) > MOST_DEVIATIONS


def test_cells_are_uniform() -> None:
    codes = search_space.sample(3_000_000, how="cells", seed=1)
    ids = nb101fast.cell_ids(codes)
    assert np.array_equal(codes, nb101fast.cell_codes()[ids])
    counts = np.bincount(ids, minlength=nb101fast.NUM_CELLS)
    assert abs(chi_square_deviations(counts, uniform(nb101fast.NUM_CELLS))) < MOST_DEVIATIONS


@pytest.mark.parametrize("vertices", range(2, 8))
def test_cells_of_some_vertices_are_uniform(vertices: int) -> None:
    codes = search_space.sample(3_000_000, how=f"vertices:{vertices}", seed=vertices)
    ids = nb101fast.cell_ids(codes)
    assert np.array_equal(codes, nb101fast.cell_codes()[ids])
    of_cells = search_space.num_vertices(nb101fast.cell_codes())
    cells = np.flatnonzero(of_cells == vertices)
    counts = np.bincount(ids, minlength=nb101fast.NUM_CELLS)
    assert counts[cells].sum() == len(codes)
    if vertices > 2:
        deviations = chi_square_deviations(counts[cells], uniform(len(cells)))
        assert abs(deviations) < MOST_DEVIATIONS


@pytest.mark.parametrize("how", ["raw", "raw-9", "all"])
def test_raw_configurations_are_uniform(how: str) -> None:
    codes = search_space.sample(12_000_000, how=how, seed=2)
    counts = np.bincount(codes & MATRIX_MASK, minlength=1 << 21)
    matrices = matrices_of(how)
    assert counts[matrices].sum() == len(codes)
    assert abs(chi_square_deviations(counts[matrices], uniform(len(matrices)))) < MOST_DEVIATIONS


@pytest.mark.parametrize("how", ["raw", "raw-9", "all"])
def test_labels_are_uniform_and_independent_of_the_matrix(how: str) -> None:
    codes = search_space.sample(4_000_000, how=how, seed=3)
    labelings = np.searchsorted(np.sort(LABEL_BITS), codes & ~np.uint32(MATRIX_MASK))
    assert np.array_equal(np.sort(LABEL_BITS)[labelings], codes & ~np.uint32(MATRIX_MASK))
    matrices = matrices_of(how)
    groups = 1 + np.arange(len(matrices)) * 8 // len(matrices)  # eighths of the valid matrices
    group_of_matrix = np.zeros(1 << 21, np.int64)
    group_of_matrix[matrices] = groups
    group_sizes = np.bincount(groups)[1:]
    joint = (group_of_matrix[codes & MATRIX_MASK] - 1) * 243 + labelings
    counts = np.bincount(joint, minlength=8 * 243)
    probabilities = np.repeat(group_sizes / len(matrices) / 243, 243)
    assert abs(chi_square_deviations(counts, probabilities)) < MOST_DEVIATIONS


def test_valid_ones_are_valid() -> None:
    codes = search_space.sample(100_000, how="raw-9", seed=4)
    assert nb101fast.is_valid(codes, validity="raw-9").all()
    codes = search_space.sample(100_000, how="raw", seed=4)
    assert nb101fast.is_valid(codes).all()
    share = nb101fast.is_valid(codes, validity="raw-9").mean()
    assert 0.3 < share < 0.45  # 573,494 / 1,538,083
    codes = search_space.sample(100_000, how="all", seed=4)
    assert 0.7 < nb101fast.is_valid(codes).mean() < 0.77  # 1,538,083 / 2^21


def test_as_the_twin() -> None:
    cells = nb101fast.cell_codes().tolist()
    some = {"cells": cells, "vertices:5": cells[91:2532]}
    matrices = {how: matrices_of(how).tolist() for how in ("raw", "raw-9", "all")}
    for seed in range(5):
        word = seed_word(seed)
        for how, codes in some.items():
            expected = randomness.sample_of(codes, word, 200)
            assert search_space.sample(200, how=how, seed=seed).tolist() == expected
        for how, masks in matrices.items():
            expected = randomness.sample_labelled(masks, word, 200)
            assert search_space.sample(200, how=how, seed=seed).tolist() == expected


@pytest.mark.parametrize(
    ("how", "codes"),
    [
        ("cells", [205294913, 347376267, 212507651]),
        ("raw", [77389168, 138828897, 818131479]),
        ("raw-9", [1390062850, 1229213910, 545411434]),
        ("all", [624821526, 172419895, 1218713465]),
        ("vertices:4", [2114659, 16481, 8405059]),
    ],
)
def test_the_same_codes_for_ever(how: str, codes: list[int]) -> None:
    drawn = at_every_simd_level(lambda: search_space.sample(3, how=how, seed=2019))
    assert drawn.tolist() == codes


@pytest.mark.parametrize("how", HOWS)
def test_more_codes_begin_with_the_same(how: str) -> None:
    more = search_space.sample(5000, how=how, seed=5)
    for n in (0, 1, 1023, 4999):
        assert np.array_equal(search_space.sample(n, how=how, seed=5), more[:n])
    assert more.dtype == np.uint32


def test_seeds() -> None:
    def drawn(seed: search_space.Seed) -> list[int]:
        return list(search_space.sample(20, seed=seed))

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    assert drawn(None) != drawn(None)
    generator = np.random.default_rng(7)
    assert drawn(generator) == drawn(7)
    after_one = np.random.default_rng(7)
    after_one.integers(1 << 64, dtype=np.uint64)
    assert generator.bit_generator.state == after_one.bit_generator.state
    assert drawn(generator) != drawn(7)


@pytest.mark.parametrize("how", ["", "cell", "vertices:1", "vertices:8", "vertices:", "RAW"])
def test_unknown_sampler(how: str) -> None:
    with pytest.raises(ValueError, match=rf"how='{how}' is not allowed; use .*'raw-9'"):
        search_space.sample(1, how=how)


def test_bad_numbers() -> None:
    with pytest.raises(ValueError, match="n=-1 is not allowed; use an integer from 0"):
        search_space.sample(-1)
    with pytest.raises(TypeError, match="integer"):
        search_space.sample(1.5)  # type: ignore[arg-type]
    with pytest.raises(MemoryError):
        search_space.sample(1 << 60)
