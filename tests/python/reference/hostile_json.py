"""JSON that differs in one place from what a file may hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from nb101fast import FormatError

DEEP = "[" * 100_000 + "]" * 100_000
NESTED = "[" * 400 + "]" * 400  # shallow enough for the parser

# As JSON, each in place of every value.
VALUES = (
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "NaN",
    "-1e-300",
    "1000000000",
    "1" + 30 * "0",
    "1" + 5000 * "0",
    '"\\u001b[31m\\u202e$x$"',
    '"\\ud800"',
    "[]",
    "{}",
    "[null]",
    '{"\\u001b": 1}',
    NESTED,
    DEEP,
)
TEXTS = (b"", b"\xff\xfe", b"{", b"[]", b"null", b"1", b'{"a": "\xc3"}', DEEP.encode())


def broken(document: dict[str, Any]) -> Iterator[bytes]:
    """The document with one of its values replaced, removed or added, and texts of other kinds."""
    yield from TEXTS
    for place in _places(document):
        for value in VALUES:
            yield _changed(document, place, value)
        if isinstance(place[-1], str):
            yield _changed(document, place, None)
    yield json.dumps({**document, "more\x1b": 1}).encode()


def refusals(read: Callable[[bytes], object], document: dict[str, Any]) -> list[str]:
    """Read all broken forms of a document; returns the texts of the FormatErrors."""
    found = []
    for text in broken(document):
        try:
            read(text)
        except FormatError as error:
            found.append(str(error))
    return found


def _places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if before:
        yield before
    inner = value.items() if isinstance(value, dict) else enumerate(value[:1])
    for key, child in inner:
        if isinstance(child, (dict, list)):
            yield from _places(child, (*before, key))
        else:
            yield (*before, key)


def _changed(document: Any, place: tuple[Any, ...], value: str | None) -> bytes:
    """The document with another value, in JSON, at a place; None removes it."""
    copy = json.loads(json.dumps(document))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    if value is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = "HERE"
    return json.dumps(copy).replace('"HERE"', value or "").encode()
