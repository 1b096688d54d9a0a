"""The whole space: counts, representatives, hashes and parameters by cell id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from reference.cells import (
    canonical,
    decode,
    encode,
    module_hash,
    prune,
    trainable_parameters,
)
from reference.enumeration import walk
from test_reference import CELLS_BY_VERTICES, FIRST_CELL, INCEPTION_LIKE, SHA256_OF_HASHES

BEST_HASH = "02e5a0247bbdcf2860b7e96f74961594"


def first_ids() -> dict[int, int]:
    """Return the first cell id of each number of vertices; for 8, the number of cells."""
    counts = [0, *CELLS_BY_VERTICES.values()]
    return dict(zip(range(2, 9), np.cumsum(counts).tolist(), strict=True))


def all_matrices() -> npt.NDArray[np.uint32]:
    return np.arange(2**21, dtype=np.uint32)


def hex_hashes() -> list[str]:
    text = nb101fast.cell_hashes().tobytes().hex()
    return [text[place : place + 32] for place in range(0, len(text), 32)]


def test_num_cells() -> None:
    assert nb101fast.NUM_CELLS == 423_624
    assert len(nb101fast.cell_codes()) == 423_624


def test_codes_are_the_representatives(representative_codes: npt.NDArray[np.uint32]) -> None:
    assert np.array_equal(nb101fast.cell_codes(), representative_codes)


@pytest.mark.parametrize("vertices", [5, pytest.param(6, marks=pytest.mark.release)])
def test_first_codes_are_the_official_walk(vertices: int) -> None:
    expected = [encode(graph) for graph in walk(vertices)]
    assert nb101fast.cell_codes()[: len(expected)].tolist() == expected
    assert len(expected) == first_ids()[vertices + 1]


def test_ids_of_the_codes() -> None:
    ids = nb101fast.cell_ids(nb101fast.cell_codes())
    assert np.array_equal(ids, np.arange(nb101fast.NUM_CELLS))


@pytest.mark.parametrize("vertices", range(2, 8))
def test_cells_by_vertices(vertices: int) -> None:
    matrices, _ = nb101fast.decode(nb101fast.cell_codes())
    # In a pruned cell each vertex but output has an edge out.
    sizes = matrices.any(axis=2).sum(axis=1) + 1
    ids = np.flatnonzero(sizes == vertices)
    assert len(ids) == CELLS_BY_VERTICES[vertices]
    assert ids.tolist() == list(range(first_ids()[vertices], first_ids()[vertices + 1]))


def test_representatives_are_canonical(rng: np.random.Generator) -> None:
    for code in rng.choice(nb101fast.cell_codes(), 3000).tolist():
        pruned = prune(decode(code))
        assert pruned is not None
        assert canonical(pruned) == pruned


@pytest.mark.parametrize(
    ("table", "dtype", "shape"),
    [
        (nb101fast.cell_codes, np.uint32, (423_624,)),
        (nb101fast.cell_hashes, np.uint8, (423_624, 16)),
        (nb101fast.cell_parameters, np.uint32, (423_624,)),
    ],
)
def test_tables_are_read_only_views(
    table: Callable[[], npt.NDArray[Any]], dtype: type, shape: tuple[int, ...]
) -> None:
    values = table()
    assert values.dtype == np.dtype(dtype)
    assert values.shape == shape
    assert not values.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        values.setflags(write=True)
    assert np.shares_memory(values, table())


def test_hashes() -> None:
    hashes = hex_hashes()
    assert len(set(hashes)) == 423_624
    text = "".join(f"{digest}\n" for digest in sorted(hashes))
    assert hashlib.sha256(text.encode()).hexdigest() == SHA256_OF_HASHES


def test_hashes_and_parameters_by_id(rng: np.random.Generator) -> None:
    codes, hashes = nb101fast.cell_codes(), nb101fast.cell_hashes()
    parameters = nb101fast.cell_parameters()
    for cell_id in [*range(100), *rng.integers(0, 423_624, 3000).tolist()]:
        graph = decode(int(codes[cell_id]))
        assert hashes[cell_id].tobytes().hex() == module_hash(graph)
        assert parameters[cell_id] == trainable_parameters(graph)


@pytest.mark.parametrize(
    ("code", "digest", "parameters"),
    [
        (encode(FIRST_CELL), "00005c142e6f48ac74fdcf73e3439874", 8_555_530),
        (encode(INCEPTION_LIKE), "28cfc7874f6d200472e1a9dcd8650aa0", 2_694_282),
    ],
)
def test_golden_cells(code: int, digest: str, parameters: int) -> None:
    cell_id = nb101fast.cell_ids(code)
    assert nb101fast.cell_hashes()[cell_id].tobytes().hex() == digest
    assert nb101fast.cell_parameters()[cell_id] == parameters


def test_best_cell() -> None:
    wanted = np.frombuffer(bytes.fromhex(BEST_HASH), np.uint8)
    (cell_id,) = np.flatnonzero((nb101fast.cell_hashes() == wanted).all(axis=1))
    assert nb101fast.cell_parameters()[cell_id] == 32_426_634
    assert module_hash(decode(int(nb101fast.cell_codes()[cell_id]))) == BEST_HASH


def test_parameters() -> None:
    parameters = nb101fast.cell_parameters()
    assert (parameters.min(), parameters.max()) == (227_274, 49_979_274)
    assert parameters.sum(dtype=np.int64) == 3_583_758_170_075


def test_parameters_of_real_cells(real_parameters: dict[str, int]) -> None:
    ids = {digest: cell_id for cell_id, digest in enumerate(hex_hashes())}
    parameters = nb101fast.cell_parameters().tolist()
    assert len(real_parameters) == 20_001
    found = {digest: parameters[ids[digest]] for digest in real_parameters}
    assert found == real_parameters


def test_raw_matrices_by_vertices_kept() -> None:
    ids = nb101fast.cell_ids(all_matrices(), threads=2)
    assert np.count_nonzero(ids >= 0) == 1_538_083
    assert np.count_nonzero(ids >= first_ids()[7]) == 4793


def test_raw_matrices_valid_in_both_meanings() -> None:
    codes = all_matrices()
    official = nb101fast.is_valid(codes, validity="official")
    raw_9 = nb101fast.is_valid(codes, validity="raw-9")
    assert np.array_equal(official, nb101fast.cell_ids(codes) >= 0)
    assert np.count_nonzero(official) == 1_538_083
    assert np.count_nonzero(raw_9) == 573_494
    edges = np.unpackbits(codes.view(np.uint8).reshape(-1, 4), axis=1).sum(axis=1)
    assert np.array_equal(raw_9, official & (edges <= 9))


def test_validity_does_not_depend_on_labels(rng: np.random.Generator) -> None:
    codes = all_matrices()
    for vertex in range(5):
        codes |= rng.integers(0, 3, 2**21, np.uint32) << np.uint32(21 + 2 * vertex)
    ids = nb101fast.cell_ids(codes)
    assert np.array_equal(ids >= 0, nb101fast.is_valid(all_matrices()))
