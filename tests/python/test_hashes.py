"""Official hashes to cell ids over the whole space, without an index."""

from __future__ import annotations

import multiprocessing
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Cell, OutOfDomainError
from nb101fast.hashes import hashes_of_cells
from reference.cells import graph_of, module_hash

NUM_CELLS = nb101fast.NUM_CELLS
Bytes = npt.NDArray[np.uint8]


def test_every_hash_leads_to_its_cell() -> None:
    ids = nb101fast.ids_of_hashes(nb101fast.cell_hashes())
    assert ids.dtype == np.dtype("int32")
    assert np.array_equal(ids, np.arange(NUM_CELLS))


@pytest.mark.parametrize("count", [0, 1, 1000, 200_000])
def test_hashes_of_some_cells(rng: np.random.Generator, count: int) -> None:
    ids = rng.integers(0, NUM_CELLS, count, np.int32)
    assert np.array_equal(hashes_of_cells(ids), nb101fast.cell_hashes()[ids])


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_any_order_and_threads(rng: np.random.Generator, threads: int) -> None:
    order = rng.permutation(NUM_CELLS)
    ids = nb101fast.ids_of_hashes(nb101fast.cell_hashes()[order], threads=threads)
    assert np.array_equal(ids, order)


def test_strings() -> None:
    hashes = nb101fast.cell_hashes()[::1000]
    texts = [row.tobytes().hex() for row in hashes]
    expected = np.arange(0, NUM_CELLS, 1000)
    kinds: list[Any] = [texts, tuple(texts), np.array(texts), [text.upper() for text in texts]]
    for given in kinds:
        assert np.array_equal(nb101fast.ids_of_hashes(given), expected)
    assert nb101fast.ids_of_hashes(texts[:0]).shape == (0,)
    assert nb101fast.ids_of_hashes(hashes[:0]).shape == (0,)


def test_foreign_hashes(rng: np.random.Generator) -> None:
    foreign = rng.integers(0, 256, (100_000, 16), np.uint8)
    assert (nb101fast.ids_of_hashes(foreign) == -1).all()
    extremes = np.array([[0] * 16, [255] * 16], np.uint8)
    assert nb101fast.ids_of_hashes(extremes).tolist() == [-1, -1]


@pytest.mark.parametrize("byte", range(16))
def test_near_hashes(rng: np.random.Generator, byte: int) -> None:
    """Hashes that differ from a cell's in one bit."""
    near = nb101fast.cell_hashes()[rng.integers(0, NUM_CELLS, 20_000)]
    near[:, byte] ^= np.uint8(1) << rng.integers(0, 8, len(near), np.uint8)
    assert (nb101fast.ids_of_hashes(near) == -1).all()


def test_known_among_unknown(rng: np.random.Generator) -> None:
    ids = rng.integers(0, NUM_CELLS, 1000)
    hashes = nb101fast.cell_hashes()[ids]
    hashes[::3, 7] ^= 1
    ids[::3] = -1
    assert np.array_equal(nb101fast.ids_of_hashes(hashes), ids)


def test_hashes_of_cells_outside_the_space() -> None:
    ten_edges = graph_of(np.triu(np.ones((5, 5), int), 1), [0, 1, 2])
    assert nb101fast.ids_of_hashes([module_hash(ten_edges)]).tolist() == [-1]
    with pytest.raises(OutOfDomainError, match=module_hash(ten_edges)):
        Cell.from_hash(module_hash(ten_edges))


def test_wrong_hashes() -> None:
    ids_of_hashes: Any = nb101fast.ids_of_hashes
    with pytest.raises(TypeError, match=f"hashes='{'0' * 32}' is one string; give a list"):
        ids_of_hashes("0" * 32)
    for wrong in (np.zeros((2, 15), np.uint8), np.zeros(16, np.uint8), np.zeros((2, 16))):
        with pytest.raises(ValueError, match=re.escape(f"shape {wrong.shape}")):
            ids_of_hashes(wrong)
    for text in ("0" * 31, "g" * 32, "00 " * 11):
        with pytest.raises(ValueError, match=re.escape(f"module hash {text!r} is not allowed")):
            ids_of_hashes(["0" * 32, text])
    with pytest.raises(ValueError, match="threads=0 is not allowed; use 1 to 4096"):
        ids_of_hashes(["0" * 32], threads=0)


def find_every_hash(_: int) -> bool:
    ids = nb101fast.ids_of_hashes(nb101fast.cell_hashes())
    return bool(np.array_equal(ids, np.arange(NUM_CELLS)))


def test_many_threads_at_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(find_every_hash, range(8)))


@pytest.mark.slow
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_other_processes(method: str) -> None:
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert all(pool.map(find_every_hash, range(2)))
