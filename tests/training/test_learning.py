"""Cells learn the digits as well as expected: neither worse nor better.

Known to fail it: no momentum or 0.99; epsilon 1e-3; gradients of another sign, or summed over the
batch; a learning rate ten times more or less, constant, rising, or at its end halfway or only half;
moving statistics that stand still, keep 0.997, mix deviation and variance, or normalise training
batches; gamma and beta not trained; kernels three times too large; images not cropped at random.
"""

from __future__ import annotations

import numpy as np
import pytest

from nb101fast import encode
from nb101train.config import DIGITS
from nb101train.record import RunResult, parse_payload
from nb101train.work import RunRecord, cell_work, units_of
from nb101train.worker import TrainingWorker, WorkerSettings
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
def test_cells_learn_the_digits() -> None:
    worker = TrainingWorker(WorkerSettings("digits", DIGITS, device="cpu"))
    runs: list[RunResult] = []
    for matrix, ops in CELLS:
        for outcome in worker.train(
            cell_work(encode(matrix, ops), units_of(tuple(EXPECTED), REPEATS))
        ):
            assert isinstance(outcome, RunRecord)
            runs.append(parse_payload(outcome.payload))
    assert len(runs) == len(CELLS) * len(EXPECTED) * REPEATS
    for budget, (expected, margin) in EXPECTED.items():
        found = [run.evaluations[2].test_accuracy for run in runs if run.epochs == budget]
        assert np.mean(found) == pytest.approx(expected, abs=margin)
