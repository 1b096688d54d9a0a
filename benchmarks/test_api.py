"""The drop-in for `nasbench.api`: a spec made and queried, as optimizers written for it do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import api
from nb101fast.codes import Codes

from .race import Race
from .report import Target

OFFICIAL_NS = 133e3  # of the official code, 133 to 185 us by machine
TARGET = Target(must=12e3 / OFFICIAL_NS, aim=5e3 / OFFICIAL_NS)
NUM_SPECS = 1000

Spec = tuple[list[list[int]], list[str]]


@pytest.fixture
def specs(raw_codes: Codes) -> list[Spec]:
    """Nested lists and operation names, as users write them."""
    matrices, labels = nb101fast.decode(raw_codes[:NUM_SPECS])
    return [
        (matrix.tolist(), ["input", *(nb101fast.OPS[label] for label in row), "output"])
        for matrix, row in zip(matrices, labels, strict=True)
    ]


@pytest.fixture
def array_specs(specs: list[Spec]) -> list[tuple[Any, list[str]]]:
    """The same with arrays for matrices, as search code keeps them."""
    return [(np.array(matrix), ops) for matrix, ops in specs]


@pytest.fixture
def nasbench(full_path: Path) -> api.NASBench:
    return api.NASBench(full_path, seed=1)


def query_each(nasbench: api.NASBench, specs: list[Any]) -> list[dict[str, Any]]:
    return [nasbench.query(api.ModelSpec(matrix, ops)) for matrix, ops in specs]


def assert_are_runs(index: nb101fast.Index, codes: Codes, answers: list[dict[str, Any]]) -> None:
    """Each answer is one of the cell's repeats."""
    given = np.array([answer["validation_accuracy"] for answer in answers])
    runs = [index.query(codes, repeat=r)["validation_accuracy"] for r in range(3)]
    assert (given == runs).any(axis=0).all()


@pytest.mark.informational
@pytest.mark.parametrize("kind", ["specs", "array_specs"])
def test_query(
    race: Race,
    request: pytest.FixtureRequest,
    nasbench: api.NASBench,
    full_index: nb101fast.Index,
    raw_codes: Codes,
    kind: str,
) -> None:
    specs = request.getfixturevalue(kind)
    answers = race.alone(
        lambda: query_each(nasbench, specs),
        f"query(ModelSpec(...)) of {'lists' if kind == 'specs' else 'arrays'}",
        items=len(specs),
        stated_floor=OFFICIAL_NS,
        target=TARGET,
        rounds=50,
    )
    assert_are_runs(full_index, raw_codes[:NUM_SPECS], answers)
