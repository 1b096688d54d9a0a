"""Cells learn the digits as well as expected: neither worse nor better.

Known to fail it: no momentum or 0.99; epsilon 1e-3; gradients of another sign, or summed over the
batch; a learning rate ten times more or less, constant, rising, or at its end halfway or only half;
moving statistics that stand still, keep 0.997, mix deviation and variance, or normalise training
batches; gamma and beta not trained; kernels three times too large; images not cropped at random.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from nb101train.config import DIGITS
from nb101train.datasets import Dataset
from nb101train.resident import ResidentDataset
from nb101train.run import CellTrainer

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


def accuracies(digits: Dataset) -> Iterator[list[float]]:
    """Test accuracies of a cell and repeat, after each of the budgets."""
    data = ResidentDataset(digits)
    for matrix, ops in CELLS:
        cell = CellTrainer(matrix, ops, DIGITS, data)
        for repeat in range(REPEATS):
            runs = [cell.run(epochs, repeat) for epochs in EXPECTED]
            yield [run.evaluations[2].test_accuracy for run in runs]


@pytest.mark.slow
def test_cells_learn_the_digits(digits: Dataset) -> None:
    means = np.mean(list(accuracies(digits)), axis=0)
    for mean, (expected, margin) in zip(means, EXPECTED.values(), strict=True):
        assert mean == pytest.approx(expected, abs=margin)
