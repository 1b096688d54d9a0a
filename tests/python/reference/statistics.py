"""A test of whether counts agree with probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def chi_square_deviations(
    counts: npt.NDArray[np.integer], probabilities: npt.NDArray[np.float64]
) -> float:
    """How many standard deviations Pearson's statistic is from its mean under the probabilities.

    Outcomes that are expected fewer than 5 times count as one. An outcome of probability 0 must not
    have happened.
    """
    assert counts.shape == probabilities.shape
    assert abs(probabilities.sum() - 1) < 1e-9
    assert not counts[probabilities == 0].any()
    expected = probabilities * counts.sum()
    rare = expected < 5
    expected = np.append(expected[~rare], expected[rare].sum())
    observed = np.append(counts[~rare], counts[rare].sum())
    observed, expected = observed[expected > 0], expected[expected > 0]
    degrees = len(expected) - 1
    if degrees == 0:  # the one outcome that can be is the one that was
        return 0.0
    statistic = ((observed - expected) ** 2 / expected).sum()
    return float((statistic - degrees) / np.sqrt(2 * degrees))


def kolmogorov_smirnov_bound(n: int, m: int) -> float:
    """The distance of two samples of n and m numbers that is exceeded with a probability of 1 %."""
    return float(np.sqrt(-np.log(0.01 / 2) / 2 * (n + m) / (n * m)))


def kolmogorov_smirnov_distance(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """The greatest difference between the distribution functions of two samples."""
    points = np.concatenate([a, b])
    shares = [np.searchsorted(np.sort(each), points, side="right") / len(each) for each in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max())
