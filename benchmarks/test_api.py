"""The drop-in for `nasbench.api`: make a spec and query it, as optimizers do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import api, inception, search_space
from nb101fast.codes import Codes

from .race import Race
from .report import Target

OFFICIAL_NS = 133e3  # one query of the official code takes 133 to 185 us, depending on the machine
TARGET = Target(must=12e3 / OFFICIAL_NS, aim=5e3 / OFFICIAL_NS)
NUM_SPECS = 1000

Spec = tuple[list[list[int]], list[str]]


@pytest.fixture
def specs(raw_codes: Codes) -> list[Spec]:
    """Matrices as nested lists, and operation names, as users write them."""
    matrices, labels = nb101fast.decode(raw_codes[:NUM_SPECS])
    return [
        (matrix.tolist(), ["input", *(nb101fast.OPS[label] for label in row), "output"])
        for matrix, row in zip(matrices, labels, strict=True)
    ]


@pytest.fixture
def array_specs(specs: list[Spec]) -> list[tuple[Any, list[str]]]:
    """The same specs with matrices as arrays, as search code keeps them."""
    return [(np.array(matrix), ops) for matrix, ops in specs]


@pytest.fixture
def nasbench(full_path: Path) -> api.NASBench:
    return api.NASBench(full_path, seed=1)


def query_each(nasbench: api.NASBench, specs: list[Any]) -> list[dict[str, Any]]:
    return [nasbench.query(api.ModelSpec(matrix, ops)) for matrix, ops in specs]


def assert_are_runs(index: nb101fast.Index, codes: Codes, answers: list[dict[str, Any]]) -> None:
    """Assert that each answer is one of the cell's repeats."""
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


# ---------------------------------------------------------------- loops over the whole table


@pytest.fixture
def table(four_budgets: nb101fast.Index) -> api.NASBench:
    """Nothing of its dictionaries has been read."""
    return api.NASBench(four_budgets.path, seed=1)


def plain_runs(hashes: list[str]) -> dict[str, dict[int, list[dict[str, float]]]]:
    """What the official code holds of some cells: plain dictionaries."""
    names = [f"{stage}_{metric}" for stage in ("halfway", "final") for metric in nb101fast.METRICS]
    return {
        digest: {
            epochs: [dict.fromkeys(names, repeat / 3) for repeat in range(3)]
            for epochs in (4, 12, 36, 108)
        }
        for digest in hashes
    }


@pytest.mark.informational
def test_all_hashes(race: Race, four_budgets: nb101fast.Index, table: api.NASBench) -> None:
    plain = dict.fromkeys(table.hash_iterator())
    hashes, official = race.against(
        lambda: list(plain.keys()),
        lambda: list(table.hash_iterator()),
        "list(hash_iterator()), after the first time",
        items=len(plain),
        target=Target(must=2, aim=1),
        rounds=20,
    )
    assert hashes == official
    assert len(set(hashes)) == len(four_budgets)


@pytest.mark.informational
def test_all_hashes_for_the_first_time(race: Race, four_budgets: nb101fast.Index) -> None:
    """The floor makes the same strings by cutting them out of one, in the order of the file."""
    digits = "".join(api.NASBench(four_budgets.path).hash_iterator())
    hashes, cut = race.against(
        lambda: [digits[at : at + 32] for at in range(0, len(digits), 32)],
        lambda: list(api.NASBench(four_budgets.path).hash_iterator()),
        "list(hash_iterator()) of a new NASBench",
        items=len(four_budgets),
        target=Target(must=1.5, aim=1.1),
        rounds=10,
    )
    assert hashes == cut == sorted(hashes)


@pytest.mark.informational
def test_all_fixed_statistics(race: Race, four_budgets: nb101fast.Index) -> None:
    """A new table each time. The floor makes the same objects with Python's own means."""
    matrix, ops = np.array(inception.MATRIX, np.int8), list(inception.OPS)
    hashes = list(api.NASBench(four_budgets.path).hash_iterator())

    def made_by_python() -> list[dict[str, Any]]:
        entries = {
            digest: {
                "module_adjacency": matrix.copy(),
                "module_operations": ops.copy(),
                "trainable_parameters": 2694282,
            }
            for digest in hashes
        }
        return list(entries.values())

    entries, floor = race.against(
        made_by_python,
        lambda: list(api.NASBench(four_budgets.path).fixed_statistics.values()),
        "list(fixed_statistics.values()) of a new NASBench",
        items=len(hashes),
        target=Target(must=2, aim=1),
        rounds=5,
    )
    assert len(entries) == len(floor) == len(four_budgets)
    num_vertices = search_space.num_vertices(nb101fast.cell_codes()[four_budgets.cells])
    assert Counter(len(entry["module_operations"]) for entry in entries) == Counter(
        num_vertices.tolist()
    )


@pytest.mark.informational
def test_computed_statistics(race: Race, table: api.NASBench) -> None:
    """Each round asks for cells that were not asked for before."""
    hashes = list(table.hash_iterator())
    official = plain_runs(hashes[:NUM_SPECS])
    parts = (hashes[i : i + NUM_SPECS] for i in range(0, len(hashes), NUM_SPECS))
    asked: list[str] = []

    def ask_for_others() -> list[float]:
        asked[:] = next(parts)
        return [
            table.computed_statistics[digest][108][2]["final_test_accuracy"] for digest in asked
        ]

    given = race.against(
        lambda: [official[digest][108][2]["final_test_accuracy"] for digest in official],
        ask_for_others,
        "computed_statistics[h][108][2][...], for the first time",
        items=NUM_SPECS,
        rounds=100,
    )[0]
    computed = [table.get_metrics_from_hash(digest)[1] for digest in asked]
    assert given == [runs[108][2]["final_test_accuracy"] for runs in computed]


@pytest.mark.informational
def test_computed_statistics_again(race: Race, table: api.NASBench) -> None:
    hashes = list(table.hash_iterator())[:NUM_SPECS]
    official = plain_runs(hashes)
    race.against(
        lambda: [official[digest][108][2]["final_test_accuracy"] for digest in hashes],
        lambda: [
            table.computed_statistics[digest][108][2]["final_test_accuracy"] for digest in hashes
        ],
        "the same again",
        items=NUM_SPECS,
        rounds=50,
    )
