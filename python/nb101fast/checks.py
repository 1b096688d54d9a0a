"""Checks of simple arguments: a choice among names, a count, a number within bounds.

Every error says what was given, that it is not allowed, and what is.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable
from numbers import Real
from typing import SupportsIndex

from ._core import MAX_THREADS
from .phrases import alternatives, shown


def check_choice(argument: str, value: object, allowed: Iterable[object]) -> None:
    """Raise ValueError unless the value is one of those allowed.

    Example:
        >>> check_choice("record", "all", ("incumbents", "everything"))
        Traceback (most recent call last):
        ValueError: record='all' is not allowed; use 'incumbents' or 'everything'
    """
    allowed = tuple(allowed)
    if value not in allowed:
        raise ValueError(f"{argument}={value!r} is not allowed; use {alternatives(allowed)}")


def check_type(argument: str, value: object, kind: type, *, use: str) -> None:
    """Raise TypeError unless the value is an object of a class.

    Example:
        >>> check_type("index", None, Index, use="an open Index")
        Traceback (most recent call last):
        TypeError: index=None is not allowed; use an open Index
    """
    if not isinstance(value, kind):
        raise TypeError(f"{argument}={shown(value)} is not allowed; use {use}")


def check_count(argument: str, value: object, least: int, most: int) -> None:
    """Raise ValueError unless the value is an int from `least` to `most`; a bool is refused."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(
            f"{argument}={shown(value)} is not allowed; use an integer from {least} to {most}"
        )


def checked_integer(argument: str, value: SupportsIndex) -> int:
    """The value as an int. An integer of NumPy is taken too, and a bool is refused.

    Raises:
        TypeError: it is no integer.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{argument}={shown(value)} is not allowed; use an integer")
    return operator.index(value)


def checked_threads(threads: SupportsIndex | None) -> int:
    """How many threads work: the number that was given, or one for each processor.

    Raises:
        TypeError: it is no integer.
        ValueError: it is not from 1 to `MAX_THREADS`.
    """
    if threads is None:
        return os.cpu_count() or 1
    number = checked_integer("threads", threads)
    check_count("threads", number, 1, MAX_THREADS)
    return number


def check_number(argument: str, value: float, least: float, most: float) -> None:
    """Raise ValueError unless the value is a number from `least` to `most`; a bool is refused."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise ValueError(
            f"{argument}={value!r} is not allowed; use a number from {least} to {most}"
        )
