"""Checks of simple arguments: what they refuse, and how they say it."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from nb101fast.checks import check_choice, check_count, check_number
from nb101fast.phrases import alternatives, counted


def test_what_is_allowed_passes() -> None:
    check_choice("form", "svg", ("png", "svg"))
    for count in (1, 5, 10):
        check_count("runs", count, 1, 10)
    for number in (0, 0.5, 1):
        check_number("share", number, 0, 1)


@pytest.mark.parametrize(
    ("value", "allowed", "message"),
    [
        ("pdf", ("png",), "form='pdf' is not allowed; use 'png'"),
        ("pdf", ("png", "svg"), "form='pdf' is not allowed; use 'png' or 'svg'"),
        (3, {"a": 1, "b": 2, "c": 3}, "form=3 is not allowed; use 'a', 'b' or 'c'"),
    ],
)
def test_choices_that_are_refused(value: object, allowed: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_choice("form", value, allowed)


@pytest.mark.parametrize("value", [0, 11, -1, 2.0, "2", True, None])
def test_counts_that_are_refused(value: object) -> None:
    message = f"runs={value!r} is not allowed; use an integer from 1 to 10"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_count("runs", value, 1, 10)


@pytest.mark.parametrize("value", [-0.1, 1.5, math.nan, math.inf, True])
def test_numbers_that_are_refused(value: float) -> None:
    message = f"share={value!r} is not allowed; use a number from 0 to 1"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_number("share", value, 0, 1)


def test_alternatives() -> None:
    assert alternatives([1]) == "1"
    assert alternatives((1, 2)) == "1 or 2"
    assert alternatives(iter("abc")) == "'a', 'b' or 'c'"


def test_a_count_of_one_has_a_singular_noun() -> None:
    assert [counted(n, "run") for n in (0, 1, 1092)] == ["0 runs", "1 run", "1,092 runs"]
    assert [counted(n, "vertex", "vertices") for n in (1, 2)] == ["1 vertex", "2 vertices"]


def test_huge_integers_are_told_by_their_length() -> None:
    with pytest.raises(ValueError, match=r"^runs=<an integer of 20,001 bits> is not allowed; use"):
        check_count("runs", 1 << 20_000, 1, 10)
