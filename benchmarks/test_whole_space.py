"""Ask for the best cells, bounds, ranks and Pareto fronts of a whole index.

The floor is the time of one official query for each cell.
"""

from __future__ import annotations

import numpy as np
import pytest

import nb101fast

from .race import Race
from .report import Target
from .test_api import OFFICIAL_NS

OFFICIAL_SECONDS = nb101fast.NUM_CELLS * OFFICIAL_NS / 1e9
TARGET = Target(must=2 / OFFICIAL_SECONDS, aim=0.2 / OFFICIAL_SECONDS)
ROUNDS = 20


@pytest.mark.informational
def test_front_of_three_objectives(race: Race, full_index: nb101fast.Index) -> None:
    front = race.alone(
        full_index.pareto,
        "a front of 3 objectives, a cell",
        items=nb101fast.NUM_CELLS,
        stated_floor=OFFICIAL_NS,
        target=TARGET,
        rounds=ROUNDS,
    )
    codes = nb101fast.cell_codes()
    accuracy, seconds = (
        full_index.objective(metric)(codes) for metric in ("test_accuracy", "training_time")
    )
    parameters = nb101fast.cell_parameters()
    for cell in [*front[:20], *np.random.default_rng(1).integers(0, len(codes), 200)]:
        no_worse = (
            (accuracy >= accuracy[cell])
            & (seconds <= seconds[cell])
            & (parameters <= parameters[cell])
        )
        better = (
            (accuracy > accuracy[cell])
            | (seconds < seconds[cell])
            | (parameters < parameters[cell])
        )
        assert (no_worse & better).any() == (cell not in front)


@pytest.mark.informational
def test_front_of_four_objectives(race: Race, full_index: nb101fast.Index) -> None:
    maximize = ["test_accuracy", "validation_accuracy"]
    front = race.alone(
        lambda: full_index.pareto(maximize),
        "a front of 4 objectives, a cell",
        items=nb101fast.NUM_CELLS,
        stated_floor=OFFICIAL_NS,
        rounds=ROUNDS,
    )
    assert len(front) > len(full_index.pareto())


@pytest.mark.informational
def test_hypervolume(race: Race, full_index: nb101fast.Index) -> None:
    reference = {"test_accuracy": 0.9, "training_time": 5000, "parameters": 5e7}
    volume = race.alone(
        lambda: full_index.hypervolume(reference=reference),
        "a hypervolume of 3 objectives",
        rounds=ROUNDS,
    )
    front = full_index.pareto()
    of_front = full_index.hypervolume(reference=reference, ids=front)
    assert volume == pytest.approx(of_front, rel=1e-12)
    assert volume > 0


@pytest.mark.informational
def test_top_k(race: Race, full_index: nb101fast.Index) -> None:
    top = race.alone(
        lambda: full_index.top_k("validation_accuracy", 100), "top 100 of all cells", rounds=ROUNDS
    )
    values = full_index.objective()(nb101fast.cell_codes())
    assert np.array_equal(top, np.argsort(-values, kind="stable")[:100])


@pytest.mark.informational
def test_where(race: Race, full_index: nb101fast.Index) -> None:
    found = race.alone(
        lambda: full_index.where(validation_accuracy=(0.91, None), parameters=(None, 2e7)),
        "cells within two bounds",
        rounds=ROUNDS,
    )
    values = full_index.objective()(nb101fast.cell_codes())
    inside = (values >= 0.91) & (nb101fast.cell_parameters() <= 2e7)
    assert np.array_equal(found, np.flatnonzero(inside))
    assert len(found)


@pytest.mark.informational
def test_ranks(race: Race, full_index: nb101fast.Index) -> None:
    ranks = race.alone(
        lambda: full_index.ranks("test_accuracy"), "ranks of all cells", rounds=ROUNDS
    )
    values = full_index.objective("test_accuracy")(nb101fast.cell_codes())
    descending = -np.sort(-values)
    assert np.array_equal(descending[ranks - 1], values)


@pytest.mark.informational
def test_tables(race: Race, full_index: nb101fast.Index) -> None:
    tables = race.alone(full_index.tables, "tables for a graph, four metrics", rounds=ROUNDS)
    assert len(tables) == 2 + len(nb101fast.METRICS)
