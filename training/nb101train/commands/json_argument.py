"""Arguments of the command line that are JSON."""

from __future__ import annotations

from typing import Any

from nb101fast import FormatError
from nb101fast.schema import Kind, parse


def parsed_argument(name: str, text: bytes, kind: Kind) -> dict[str, Any]:
    """The value of an argument, or of the file that it names.

    Raises:
        ValueError: it is not JSON, or not of this kind. So the command is at fault, not the data.
    """
    try:
        values: dict[str, Any] = parse(name, text, kind)
    except FormatError as error:
        raise ValueError(str(error)) from None
    return values
