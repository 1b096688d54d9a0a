"""Optimizers as type checkers see them. Nothing runs this file."""

from __future__ import annotations

from typing import assert_type

import numpy as np
import numpy.typing as npt

from nb101fast import Index, search


def fronts(index: Index) -> None:
    found = search.find_fronts("nsga2", index, runs=10, budget_seconds=1e6)
    assert_type(found, search.Fronts)
    assert_type(found.final_regret, npt.NDArray[np.float64])
    assert_type(found.rows_of_front(0), npt.NDArray[np.int64])


def trajectories(index: Index) -> None:
    found = search.run("re", index, runs=10, budget_seconds=1e6, seed=0)
    assert_type(found.final_regret, npt.NDArray[np.float64])
    assert_type(found.regret_at([1e3, 1e4]), npt.NDArray[np.float64])
