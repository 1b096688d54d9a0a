"""The keys and the values of a dictionary of statistics."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, ValuesView
from typing import TYPE_CHECKING, Any

from .read_when_asked import Value

if TYPE_CHECKING:
    from .statistics import Statistics


class Hashes(KeysView[str]):
    """The keys of a dictionary of statistics. They follow later changes of the dictionary."""

    __slots__ = ()

    _mapping: Statistics[Any]

    def __iter__(self) -> Iterator[str]:
        return iter(self._mapping)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._mapping)

    def __repr__(self) -> str:
        return f"<keys of {self._mapping!r}>"


class Values(ValuesView[Value]):
    """The values of a dictionary of statistics. They follow later changes of the dictionary."""

    __slots__ = ()

    _mapping: Statistics[Value]

    def __iter__(self) -> Iterator[Value]:
        return iter(self._mapping.all_values())

    def __reversed__(self) -> Iterator[Value]:
        values: list[Value] = self._mapping.all_values()
        return reversed(values)

    def __contains__(self, value: object) -> bool:
        return value in self._mapping.all_values()

    def __repr__(self) -> str:
        return f"<values of {self._mapping!r}>"
