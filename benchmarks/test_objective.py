"""One code at a time, as an optimizer's loop in Python asks.

The loops are alike but not shared: the interpreter specializes each for what it calls.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import nb101fast
from nb101fast.codes import Codes

from .race import Race
from .report import Target

NUM_CALLS = 1000
FLOOR_NS, MUST_NS, AIM_NS = 25, 50, 28
FLOOR_IN_LENS = 1.8  # a METH_FASTCALL function costs so many calls of len


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
    """Arrays of one code: what the array's way costs before its first code."""
    objective = full_index.objective()
    arrays = list(raw_codes[:NUM_CALLS, np.newaxis])
    values = race.alone(
        lambda: [objective(array) for array in arrays],
        "f(array of one code)",
        items=len(arrays),
    )
    assert [value.item() for value in values] == objective(raw_codes[:NUM_CALLS]).tolist()
