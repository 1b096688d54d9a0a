"""A cell as users write it: a module hash, `id:NUMBER`, a code, or JSON."""

from __future__ import annotations

from typing import Literal

from .cell import Cell
from .ids import NUM_CELLS

Form = Literal["hash", "id", "code", "graph"]

FORMS = (
    "a module hash of 32 hex digits, id:NUMBER for a cell id, code:NUMBER for a code, or JSON with "
    "matrix and ops"
)
_HASH_DIGITS = 32


def form_of_text(text: str) -> Form:
    """How a text names a cell.

    A number alone is a code. A number that could be a cell id too is refused, because most people
    who write it mean the id; `code:NUMBER` is always a code.

    Raises:
        ValueError: the text has none of the forms, or it could mean an id.
    """
    if text.startswith("{"):
        return "graph"
    prefix, colon, number = text.rpartition(":")
    if prefix == "id" and _is_number(number):
        return "id"
    if prefix == "code" and _is_number(number):
        return "code"
    if not colon and len(text) == _HASH_DIGITS:
        return "hash"
    if not colon and _is_number(text):
        if int(text) < NUM_CELLS:
            raise ValueError(
                f"{text} may be a cell id or a code; did you mean id:{text}? The code is "
                f"code:{text}"
            )
        return "code"
    raise ValueError(f"{text!r} names no cell; use {FORMS}")


def cell_of_text(text: str) -> Cell:
    """The cell that a text names.

    A hash or an id means the official representative of the cell. A code or a graph is pruned, and
    its vertex order is kept.

    Raises:
        ValueError: the text names no cell.
        FormatError: the JSON is not a matrix and operations.
        IndexError: there is no such id.
        OutOfDomainError: there is no such hash, or the graph has more than 7 vertices.

    Example:
        >>> cell_of_text("id:50").hash
        '3407944b22d4b1d0cccbd8e070424ce4'
    """
    form = form_of_text(text)
    if form == "graph":
        return Cell.from_json(text)
    if form == "hash":
        return Cell.from_hash(text)
    number = int(text.rpartition(":")[2])
    return Cell.from_id(number) if form == "id" else Cell.from_code(number)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
