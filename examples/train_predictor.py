"""A ridge regression that predicts the accuracy of a cell from its encoding.

    python examples/train_predictor.py [INDEX]

Without INDEX, `nb101fast.open()` decides; if nothing else is set up, it opens the built-in index of
91 cells.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

import nb101fast
from nb101fast.adapters.predictor_data import Examples, predictor_data
from nb101fast.search_space import Encoding

ENCODINGS: tuple[Encoding, ...] = ("A", "B", "C", "one-hot", "path")
PENALTY = 1.0
TRAIN_SHARE, MOST_TRAIN, MOST_TEST = 0.6, 1000, 10_000

Numbers = npt.NDArray[np.float64]


def fit(examples: Examples) -> Numbers:
    """The weights of the columns, followed by the constant."""
    columns = with_constant(examples)
    targets = examples.targets.astype(np.float64)
    penalty = PENALTY * np.eye(columns.shape[1])
    penalty[-1, -1] = 0  # the constant is not penalized
    weights = np.linalg.solve(columns.T @ columns + penalty, columns.T @ targets)
    return weights.astype(np.float64)


def with_constant(examples: Examples) -> Numbers:
    return np.column_stack([examples.features, np.ones(len(examples))]).astype(np.float64)


def rank_correlation(x: Numbers, y: Numbers) -> float:
    """Spearman's correlation."""
    ranks = np.array([np.unique(values, return_inverse=True)[1] for values in (x, y)])
    return float(np.corrcoef(ranks)[0, 1])


def main() -> None:
    index = nb101fast.open(*sys.argv[1:2])
    num_train = min(MOST_TRAIN, int(TRAIN_SHARE * len(index)))
    num_test = min(MOST_TEST, len(index) - num_train)
    print(index)
    for encoding in ENCODINGS:
        data = predictor_data(index, encoding, num_train=num_train, num_test=num_test, seed=0)
        predicted = with_constant(data.test) @ fit(data.train)
        correlation = rank_correlation(predicted, data.test.targets.astype(np.float64))
        print(f"{encoding:8} {num_train} to train on, {num_test} to test: rho {correlation:.3f}")


if __name__ == "__main__":
    main()
