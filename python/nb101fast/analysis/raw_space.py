"""The raw configurations of the search space: how many of them are the same cell."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from .. import _core
from ..codes import LABEL_BITS, LOW_LABEL_BITS, MATRIX_BITS
from ..ids import NUM_CELLS

NUM_RAW = 2**MATRIX_BITS * 3**5
MOST_RAW_EDGES = 9  # of a valid configuration, in the meaning "raw-9"


@cache  # It depends on no index.
def count_raw(*, most_edges: int = MATRIX_BITS) -> npt.NDArray[np.int64]:
    """How many of the 2^21 * 3^5 raw configurations are each cell, by id.

    The counts are a read-only int64 (423624,). Only valid configurations are counted. Labels of
    dead vertices make configurations differ too.

    The core finds a cell in two steps: the matrix gives a placement, and the labels give a rank
    within the placement. So this counts the matrices of each placement, and adds the count to the
    cell of each labelling.

    Args:
        most_edges: count only matrices with so many edges or fewer before pruning.
    """
    placement_of_matrix, placements, ranks = _core.look_up_tables()
    if most_edges < MATRIX_BITS:
        placement_of_matrix = placement_of_matrix[_edges_of_matrices() <= most_edges]
    matrices = np.bincount(placement_of_matrix, minlength=len(placements))
    first_ids, row_starts = placements.T
    used = np.flatnonzero((first_ids >= 0) & (matrices > 0))
    labelings = np.arange(1 << LABEL_BITS)
    # Label 3 has both bits set. A labelling without it has no lower bit set together with the
    # higher bit of the same label, which the shift moves onto the lower one's place.
    labelings = labelings[labelings & (labelings >> 1) & LOW_LABEL_BITS == 0]
    ids = first_ids[used, None] + ranks[row_starts[used, None] + labelings]
    weights = np.repeat(matrices[used], len(labelings))
    # bincount sums in double, which is exact for whole numbers below 2^53.
    counts = np.bincount(ids.reshape(-1), weights, NUM_CELLS).astype(np.int64)
    counts.setflags(write=False)
    return counts


def _edges_of_matrices() -> npt.NDArray[np.uint8]:
    """How many edges each of the 2^21 matrices has: each further bit doubles the list."""
    edges = np.zeros(1, np.uint8)
    for _ in range(MATRIX_BITS):
        edges = np.concatenate([edges, edges + np.uint8(1)])
    return edges
