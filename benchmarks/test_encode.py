"""Turn 2^20 raw matrices and their labels into cell ids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast.codes import Codes

from .floors.compiled import PlainLoops
from .race import Race
from .report import Target


@pytest.mark.gate
def test_matrices_to_ids(
    race: Race, plain_loops: PlainLoops, raw_codes: Codes, ids_out: npt.NDArray[np.int32]
) -> None:
    """Measure `encode` and `cell_ids`, which check every element. The floor checks none."""
    matrices, labels = nb101fast.decode(raw_codes)
    out = np.zeros_like(ids_out)
    ids, plain_ids = race.against(
        lambda: plain_loops.matrix_ids(matrices, labels, ids_out),
        lambda: nb101fast.cell_ids(nb101fast.encode(matrices, labels), out=out),
        "raw matrices to ids",
        items=len(raw_codes),
        target=Target(must=0.7, aim=0.3),
        rounds=60,
    )
    assert np.array_equal(ids, plain_ids)
    assert ids.min() >= 0


@pytest.mark.gate
def test_seven_label_columns_to_ids(
    race: Race, plain_loops: PlainLoops, raw_codes: Codes, ids_out: npt.NDArray[np.int32]
) -> None:
    """Give labels for all seven vertices, with -1 for the input and -2 for the output."""
    matrices, labels = nb101fast.decode(raw_codes)
    all_labels = np.empty((len(labels), 7), np.int8)
    all_labels[:, 0], all_labels[:, 1:6], all_labels[:, 6] = -1, labels, -2
    out = np.zeros_like(ids_out)
    ids, plain_ids = race.against(
        lambda: plain_loops.matrix_ids(matrices, labels, ids_out),
        lambda: nb101fast.cell_ids(nb101fast.encode(matrices, all_labels), out=out),
        "raw matrices and int8 labels of 7 vertices to ids",
        items=len(raw_codes),
        rounds=20,
    )
    assert np.array_equal(ids, plain_ids)
