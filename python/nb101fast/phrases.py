"""Phrases of messages: a count with its noun, the values that are allowed, unknown names."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun, of which `many` is the plural; by default it ends with an s.

    Example:
        >>> counted(1, "run"), counted(1092, "run"), counted(0, "vertex", "vertices")
        ('1 run', '1,092 runs', '0 vertices')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def alternatives(values: Iterable[object]) -> str:
    """The values in one phrase: 1, 2 or 3.

    Example:
        >>> alternatives(["a", "b", "c"])
        "'a', 'b' or 'c'"
    """
    *others, last = map(repr, values)
    return f"{', '.join(others)} or {last}" if others else last


def shown(value: object) -> str:
    """A value as messages show it: its `repr`, shortened. A huge integer is told by its length.

    Example:
        >>> shown("cell"), shown(1 << 20_000)
        ("'cell'", '<an integer of 20,001 bits>')
    """
    try:
        return reprlib.repr(value)
    except ValueError:  # Python does not convert integers of over 4,300 digits.
        bits = value.bit_length() if isinstance(value, int) else 0
        return f"<an integer of {counted(bits, 'bit')}>" if bits else object.__repr__(value)


def with_nearest(names: Iterable[str], known: Iterable[str]) -> str:
    """Unknown names in one phrase, each with the known name that is most like it.

    Example:
        >>> with_nearest(["hasch", "x"], ["hash", "id"])
        "'hasch' (is it 'hash'?), 'x'"
    """
    import difflib  # It would slow down every import.

    words = tuple(known)
    told = []
    for name in names:
        near = difflib.get_close_matches(name, words, n=1, cutoff=0.5)
        shown = reprlib.repr(name)
        told.append(f"{shown} (is it {near[0]!r}?)" if near else shown)
    return ", ".join(told)
