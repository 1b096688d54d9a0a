"""Turn official hashes into ids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast

from .conftest import NUM_CODES
from .floors.compiled import PlainProbing
from .race import Race
from .report import Target

FLOOR_NS = 20.0  # a random access to a hash table of this size, as published with the project
NUM_DICT_KEYS = 1 << 17


def random_keys(
    rng: np.random.Generator, count: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Draw hashes from those of all cells; return them and their ids."""
    ids = rng.integers(0, nb101fast.NUM_CELLS, count)
    return nb101fast.cell_hashes()[ids], ids


@pytest.mark.informational
def test_find(race: Race, full_index: nb101fast.Index, rng: np.random.Generator) -> None:
    keys, ids = random_keys(rng, NUM_CODES)
    found = race.alone(
        lambda: full_index.find(keys),
        "hashes to ids",
        items=len(keys),
        stated_floor=FLOOR_NS,
        target=Target(must=1.5, aim=1.0),
    )
    assert np.array_equal(found, ids)


@pytest.mark.gate
def test_find_against_probing(
    race: Race,
    full_index: nb101fast.Index,
    plain_probing: PlainProbing,
    rng: np.random.Generator,
    ids_out: npt.NDArray[np.int32],
) -> None:
    keys, ids = random_keys(rng, NUM_CODES)
    found, plain_found = race.against(
        lambda: plain_probing.find(keys, ids_out),
        lambda: full_index.find(keys),
        "hashes to ids, against linear probing",
        items=len(keys),
    )
    assert np.array_equal(found, ids)
    assert np.array_equal(plain_found, ids)


@pytest.mark.informational
def test_find_unknown(race: Race, full_index: nb101fast.Index, rng: np.random.Generator) -> None:
    keys = rng.integers(0, 256, (NUM_CODES, 16), np.uint8)
    found = race.alone(
        lambda: full_index.find(keys), "unknown hashes to -1", items=len(keys), rounds=20
    )
    assert (found == -1).all()


@pytest.mark.informational
def test_find_against_dict(
    race: Race, full_index: nb101fast.Index, rng: np.random.Generator
) -> None:
    by_hash = {row.tobytes(): cell_id for cell_id, row in enumerate(nb101fast.cell_hashes())}
    keys, ids = random_keys(rng, NUM_DICT_KEYS)
    key_bytes = [row.tobytes() for row in keys]
    found, dict_found = race.against(
        lambda: [by_hash[key] for key in key_bytes],
        lambda: full_index.find(keys),
        "hashes to ids, against a Python dict of bytes",
        items=len(keys),
        rounds=20,
    )
    assert np.array_equal(found, ids)
    assert dict_found == ids.tolist()


@pytest.mark.gate
def test_ids_of_hashes(
    race: Race,
    plain_probing: PlainProbing,
    rng: np.random.Generator,
    ids_out: npt.NDArray[np.int32],
) -> None:
    keys, ids = random_keys(rng, NUM_CODES)
    found, plain_found = race.against(
        lambda: plain_probing.find(keys, ids_out),
        lambda: nb101fast.ids_of_hashes(keys),
        "hashes to ids of the space, against linear probing",
        items=len(keys),
    )
    assert np.array_equal(found, ids)
    assert np.array_equal(plain_found, ids)


@pytest.mark.informational
def test_one_hash(race: Race, rng: np.random.Generator) -> None:
    keys, ids = random_keys(rng, 1000)
    texts = [key.tobytes().hex() for key in keys]
    found = race.alone(
        lambda: [nb101fast.ids_of_hashes([text]).item() for text in texts],
        "one hash to its id",
        items=len(texts),
        target=Target(must=20_000, aim=5000),
    )
    assert found == ids.tolist()


@pytest.mark.informational
def test_cell_of_a_hash(race: Race, rng: np.random.Generator) -> None:
    keys, ids = random_keys(rng, 1000)
    texts = [key.tobytes().hex() for key in keys]
    cells = race.alone(
        lambda: [nb101fast.Cell.from_hash(text) for text in texts],
        "Cell.from_hash",
        items=len(texts),
        target=Target(must=20_000, aim=10_000),
    )
    assert [cell.id for cell in cells] == ids.tolist()
