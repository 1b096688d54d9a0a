"""Schemas: what each kind allows, and what the errors say."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest

from nb101fast import FormatError
from nb101fast.schema import (
    Anything,
    Choice,
    Flag,
    Integer,
    Kind,
    ListOf,
    MapOf,
    Nullable,
    Number,
    Record,
    Row,
    Text,
    parse,
)
from reference.hostile_json import DEEP, NESTED

POINT = Record({"x": Number()}, {"name": Text()})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Integer(1, 3), "3", 3),
        (Number(), "-1.5", -1.5),
        (Number(), "2", 2),
        (Number(0, math.inf), "Infinity", math.inf),
        (Flag(), "false", False),
        (Text(), '"\\u00e9"', "é"),
        (Choice((1, "a")), "1", 1),
        (Nullable(Integer()), "null", None),
        (Anything(), '[{"a": null}]', [{"a": None}]),
        (ListOf(Integer(), 1), "[1, 2]", [1, 2]),
        (Row((Integer(), Text())), '[1, "a"]', [1, "a"]),
        (MapOf(Flag()), '{"a": true}', {"a": True}),
        (POINT, '{"x": 1, "name": "a"}', {"x": 1, "name": "a"}),
        (Record({}, is_open=True), '{"y": []}', {"y": []}),
    ],
)
def test_what_a_kind_allows_is_returned(kind: Kind, text: str, value: Any) -> None:
    assert parse("a.json", text.encode(), kind) == value


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        (Integer(1, 3), "4", "4 is not allowed; use an integer from 1 to 3"),
        (Integer(1, 3), "1.0", "1.0 is not allowed; use an integer"),
        (Integer(0, 1), "true", "True is not allowed; use an integer"),
        (Number(), "NaN", "nan is not allowed; use a number"),
        (Number(), "Infinity", "inf is not allowed; use a number"),
        (Number(0), "1" + 400 * "0", "is not allowed; use a number from 0 to"),
        (Number(0, 1), '"1"', "'1' is not allowed; use a number from 0 to 1"),
        (Number(0, 1), "false", "False is not allowed; use a number from 0 to 1"),
        (Flag(), "1", "1 is not allowed; use true or false"),
        (Text(), "[]", r"\[\] is not allowed; use a text"),
        (Text(), '"\\ud800"', "use a text without lone surrogates"),
        (Choice(("a", "b")), "[]", r"\[\] is not allowed; use 'a' or 'b'"),
        (Choice((1, 2)), "true", "True is not allowed; use 1 or 2"),
        (ListOf(Integer(), 1), "[]", "a list of 0 is not allowed; use at least 1"),
        (ListOf(Integer(), 0, 1), "[1, 2]", "a list of 2 is not allowed; use at most 1"),
        (ListOf(POINT), '[{"x": 1}, {"x": "a"}]', r"\[1\]\.x: 'a' is not allowed; use a number"),
        (Row((Integer(),)), "[1, 2]", r"\[1, 2\] is not allowed; use a list of 1"),
        (MapOf(Integer()), '{"a\\u001b": "b"}', r"a\\x1b: 'b' is not allowed; use an integer"),
        (POINT, '{"name": "a"}', "the key 'x' is missing; add it"),
        (POINT, '{"x": 1, "y": 2}', "the key 'y' is not allowed; use 'x' or 'name'"),
        (POINT, "3", "3 is not allowed; use an object"),
        (POINT, "{", "not JSON"),
        (Anything(), DEEP, "nested too deep; use at most 50 levels"),
        (Anything(), NESTED, "nested too deep; use at most 50 levels"),
        pytest.param(
            *(Anything(), "1" + 5000 * "0", "not JSON: Exceeds the limit"),
            marks=pytest.mark.skipif(
                not hasattr(sys, "get_int_max_str_digits"),
                reason="before 3.10.7, Python reads numbers of any length",
            ),
        ),
    ],
)
def test_anything_else_is_refused(kind: Kind, text: str, error: str) -> None:
    with pytest.raises(FormatError, match=rf"^a\.json: .*{error}"):
        parse("a.json", text.encode(), kind)


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(FormatError, match=r"a\\x1b\.json: not JSON: 'utf-8' codec can't decode"):
        parse("a\x1b.json", b'"\xff"', Text())


def test_a_long_value_is_shortened() -> None:
    with pytest.raises(FormatError) as caught:
        parse("a.json", b'"' + 9999 * b"a" + b'"', Integer())
    assert len(str(caught.value)) < 200


def test_fifty_levels_are_allowed() -> None:
    assert parse("a.json", b"[" * 50 + b"]" * 50, Anything())
