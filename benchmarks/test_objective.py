"""One code at a time, as a loop of an optimizer in Python asks for it; and many ids at once.

Each benchmark has a loop of its own, because the interpreter specializes a loop for what it calls.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import nb101fast
from nb101fast.codes import Codes
from nb101fast.measurement import Repeat

from .conftest import NUM_CODES
from .floors.compiled import PlainLoops
from .race import Race
from .report import Target

NUM_CALLS = 1000
FLOOR_NS, MUST_NS, AIM_NS = 25, 50, 28
FLOOR_IN_LENS = 1.8  # a METH_FASTCALL function takes as long as this many calls of len


def call_objective(function: Callable[[int], float], codes: list[int]) -> None:
    for code in codes:
        function(code)


def call_floor(function: Callable[[int], float], codes: list[int]) -> None:
    for code in codes:
        function(code)


def call_len(codes: list[str]) -> None:
    for code in codes:
        len(code)


def ints(codes: Codes) -> list[int]:
    numbers: list[int] = codes[:NUM_CALLS].tolist()
    return numbers


@pytest.mark.gate
def test_scalar(
    race: Race, full_index: nb101fast.Index, fastcall: Callable[[int], float], raw_codes: Codes
) -> None:
    objective = full_index.objective()
    codes = ints(raw_codes)
    race.against(
        lambda: call_floor(fastcall, codes),
        lambda: call_objective(objective, codes),
        "f(int), against METH_FASTCALL",
        items=len(codes),
        target=Target(must=MUST_NS / FLOOR_NS, aim=AIM_NS / FLOOR_NS),
        rounds=1000,
    )
    assert [objective(code) for code in codes] == objective(raw_codes[:NUM_CALLS]).tolist()


@pytest.mark.gate
def test_scalar_against_len(race: Race, full_index: nb101fast.Index, raw_codes: Codes) -> None:
    objective = full_index.objective()
    codes = ints(raw_codes)
    texts = [str(code) for code in codes]
    scale = FLOOR_IN_LENS / FLOOR_NS
    race.against(
        lambda: call_len(texts),
        lambda: call_objective(objective, codes),
        "f(int), against len(x)",
        items=len(codes),
        target=Target(must=MUST_NS * scale, aim=AIM_NS * scale),
        rounds=1000,
    )
    assert [objective(code) for code in codes] == objective(raw_codes[:NUM_CALLS]).tolist()


@pytest.mark.informational
def test_one_code_by_array(race: Race, full_index: nb101fast.Index, raw_codes: Codes) -> None:
    """Measure arrays of one code, to see what a call takes apart from its codes."""
    objective = full_index.objective()
    arrays = list(raw_codes[:NUM_CALLS, np.newaxis])
    values = race.alone(
        lambda: [objective(array) for array in arrays],
        "f(array of one code)",
        items=len(arrays),
    )
    assert [value.item() for value in values] == objective(raw_codes[:NUM_CALLS]).tolist()


@pytest.mark.gate
@pytest.mark.parametrize("repeat", [0, "mean"])
def test_by_id(
    race: Race, plain_loops: PlainLoops, full_index: nb101fast.Index, repeat: Repeat
) -> None:
    """Ids in random order, against one plain gather, which checks nothing."""
    objective = full_index.objective(repeat=repeat)
    table = objective(nb101fast.cell_codes())
    ids = np.random.default_rng(3).integers(0, nb101fast.NUM_CELLS, NUM_CODES, np.int32)
    out, plain_out = np.zeros((2, NUM_CODES), np.float32)
    values, plain_values = race.against(
        lambda: plain_loops.gather(table, ids, plain_out),
        lambda: objective.by_id(ids, out=out),
        f"ids to one metric, repeat {repeat}, against a gather",
        items=NUM_CODES,
        target=Target(must=1.5, aim=1.2),
    )
    assert np.array_equal(values, plain_values)


@pytest.mark.informational
def test_random_by_id(race: Race, full_index: nb101fast.Index) -> None:
    objective = full_index.objective(repeat="random", seed=1)
    ids = np.random.default_rng(3).integers(0, nb101fast.NUM_CELLS, NUM_CODES, np.int32)
    out = np.zeros(NUM_CODES, np.float32)
    values = race.alone(
        lambda: objective.by_id(ids, out=out).copy(), "ids to a random repeat", items=NUM_CODES
    )
    columns = [full_index.objective(repeat=repeat).by_id(ids) for repeat in range(3)]
    assert np.any([values == column for column in columns], axis=0).all()
