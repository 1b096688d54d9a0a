"""Cells learn the digits as well as expected: neither worse nor better.

Known to fail it: no momentum or 0.99; epsilon 1e-3; gradients of another sign, or summed over the
batch; a learning rate ten times more or less, constant, rising, or at its end halfway or only half;
moving statistics that stand still, keep 0.997, mix deviation and variance, or normalise training
batches; gamma and beta not trained; kernels three times too large; images not cropped at random.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nb101fast import encode
from nb101train.crew import Crew
from nb101train.record import read_results
from nb101train.request import Request
from nb101train.shard import Shard
from nb101train.sweep import sweep
from reference.libraries import needs

pytestmark = needs("tensorflow")

CELLS = (
    ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ("input", "conv3x3-bn-relu", "output")),
    (
        [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
        ("input", "conv1x1-bn-relu", "maxpool3x3", "output"),
    ),
    (
        [[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]],
        ("input", "conv3x3-bn-relu", "conv1x1-bn-relu", "output"),
    ),
)
REPEATS = 3
# Mean test accuracy of the nine runs on one machine, and three of its standard deviations.
EXPECTED = {4: (0.57, 0.07), 12: (0.89, 0.03)}


@pytest.mark.slow
def test_cells_learn_the_digits(tmp_path: Path) -> None:
    codes = np.array([encode(matrix, ops) for matrix, ops in CELLS], np.uint32)
    request = Request(codes, epochs=tuple(EXPECTED), repeats=REPEATS)
    # One thread is faster than two, which share little work in networks so small.
    sweep(tmp_path, request, Crew(threads=1, device="cpu"))
    runs = list(read_results(Shard().results_in(tmp_path)))
    assert len(runs) == len(CELLS) * len(EXPECTED) * REPEATS
    for budget, (expected, margin) in EXPECTED.items():
        found = [run.evaluations[2].test_accuracy for run in runs if run.epochs == budget]
        assert np.mean(found) == pytest.approx(expected, abs=margin)
