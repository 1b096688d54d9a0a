"""The values that a file of JSON or JSON lines holds, with the line of each in errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

from ._core import FormatError


def documents(path: str, file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """The value of each line, with the place that errors name before it.

    A file that is not JSON lines is one value.

    Raises:
        FormatError: the text is not JSON, a key of an object occurs twice, a number is NaN or
            infinite, or lists are nested too deep.
    """
    is_first = True
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        where = f"{path}: line {number}"
        try:
            document = _parsed(where, line)
        except json.JSONDecodeError as error:
            if not is_first:
                raise FormatError(f"{where}: not JSON: {error}") from None
            yield path, parse_whole(path, b"\n" * (number - 1) + line + file.read())
            return
        yield where, document
        is_first = False


def parse_whole(path: str, data: bytes) -> Any:
    """The value that a file of JSON holds.

    Raises:
        FormatError: as `documents` raises it.
    """
    try:
        return _parsed(path, data)
    except json.JSONDecodeError as error:
        raise FormatError(f"{path}: not JSON: {error}") from None


def _parsed(where: str, data: bytes) -> Any:
    """Parse a value.

    Raises:
        JSONDecodeError: the text breaks the syntax of JSON.
        FormatError: a key occurs twice, a number is NaN or infinite, or lists are nested too deep.
    """
    try:
        return json.loads(data, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where}: not JSON: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {max(keys, key=keys.count)!r} occurs twice; give it once")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f'{name} is not a number in JSON; use the text "{name}"')
