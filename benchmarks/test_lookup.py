"""Turn 2^20 codes into cell ids, and into the values of one metric."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast.codes import Codes

from .conftest import NUM_CODES
from .floors.compiled import PlainLoops
from .race import Race
from .report import Target

TARGET = Target(must=1.25, aim=0.7)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """Return the name that the codes have in the table of results."""
    name = request.node.callspec.params["codes"]
    return {"raw_codes": "raw codes", "cell_codes": "cells' codes"}[name]


@pytest.mark.gate
def test_tables_are_the_published_ones(plain_loops: PlainLoops) -> None:
    assert (plain_loops.num_slots, plain_loops.num_permutations) == (450_808, 228)


@pytest.mark.gate
def test_cell_ids(
    race: Race, plain_loops: PlainLoops, codes: Codes, kind: str, ids_out: npt.NDArray[np.int32]
) -> None:
    out = np.zeros_like(ids_out)
    ids, plain_ids = race.against(
        lambda: plain_loops.cell_ids(codes, ids_out),
        lambda: nb101fast.cell_ids(codes, out=out),
        f"{kind} to ids",
        items=len(codes),
        target=TARGET,
    )
    assert np.array_equal(ids, plain_ids)
    assert ids.min() >= 0


@pytest.mark.informational
def test_cell_ids_in_a_new_array(race: Race, plain_loops: PlainLoops, raw_codes: Codes) -> None:
    """Measure a call without `out`, which also takes the memory for a new array."""
    ids, plain_ids = race.against(
        lambda: plain_loops.cell_ids(raw_codes, np.empty(NUM_CODES, np.int32)),
        lambda: nb101fast.cell_ids(raw_codes),
        "raw codes to ids, both in a new array",
        items=len(raw_codes),
    )
    assert np.array_equal(ids, plain_ids)


@pytest.mark.gate
def test_one_metric(
    race: Race, plain_loops: PlainLoops, full_index: nb101fast.Index, codes: Codes, kind: str
) -> None:
    objective = full_index.objective("validation_accuracy", repeat=0)
    column = full_index.column("validation_accuracy", repeat=0, stored=True)
    denominator = full_index.denominator
    assert denominator
    out, plain_out = np.zeros((2, len(codes)), np.float32)
    values, plain_values = race.against(
        lambda: plain_loops.metric(column, denominator, codes, plain_out),
        lambda: objective(codes, out=out),
        f"{kind} to one metric",
        items=len(codes),
        target=TARGET,
    )
    assert np.array_equal(values, plain_values)
    assert not np.isnan(values).any()


@pytest.mark.gate
def test_mean_metric(
    race: Race, plain_loops: PlainLoops, full_index: nb101fast.Index, raw_codes: Codes
) -> None:
    """Measure the default objective, which gives a mean. The floor reads one repeat."""
    objective = full_index.objective("validation_accuracy")
    columns = [full_index.column("validation_accuracy", repeat=r, stored=True) for r in range(3)]
    denominator = full_index.denominator
    assert denominator
    out, plain_out = np.zeros((2, len(raw_codes)), np.float32)
    values, _ = race.against(
        lambda: plain_loops.metric(columns[0], denominator, raw_codes, plain_out),
        lambda: objective(raw_codes, out=out),
        "raw codes to a metric's mean",
        items=len(raw_codes),
        target=TARGET,
    )
    runs = np.stack(columns).astype(np.float32) / np.float32(denominator)
    means = runs.mean(axis=0, dtype=np.float64).astype(np.float32)
    np.testing.assert_allclose(values, means[nb101fast.cell_ids(raw_codes)], rtol=1e-7)
