"""A dictionary that reads each value when it is first asked for.

A value that was read belongs to the dictionary, so a user's changes to it are kept. Before that,
the storage of the dictionary holds `UNREAD` in its place. Python code never sees this object. C
code that reads the storage directly, as some JSON writers do, finds an object that it can't write,
and raises an error. Give such code a plain dictionary: `dictionary.copy()`.

Several threads may read one dictionary: all of them get the same value.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Unread:
    """Stands in a dictionary's storage for a value that has not been read."""

    def __repr__(self) -> str:
        return "UNREAD"

    def __reduce__(self) -> str:
        return "UNREAD"


UNREAD: Any = _Unread()

# Whoever reads a value for the first time, or stores keys, holds this lock. All dictionaries share
# it, because the entries of one table are hundreds of thousands of dictionaries. No process is
# forked while a thread holds it, because that thread is not in the new process, which would wait.
READING = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=READING.acquire,
        after_in_parent=READING.release,
        after_in_child=READING.release,
    )


class ReadWhenAsked(dict[Key, Value]):
    """A dictionary that has all its keys, and reads each value when it is first asked for."""

    __slots__ = ()

    def _read(self, key: Key) -> Value:
        """The value of a key that has not been read. Each subclass says how."""
        raise NotImplementedError

    def _read_once(self, key: Key) -> Value:
        """Read the value of a key and store it, unless another thread has just done that."""
        READING.acquire()  # In a `with`, it would take twice as long.
        try:
            value: Value = dict.get(self, key, UNREAD)
            if value is UNREAD:
                value = self._read(key)
                dict.__setitem__(self, key, value)
            return value
        finally:
            READING.release()

    def _read_all(self) -> None:
        with READING:
            for key, value in dict.items(self):
                if value is UNREAD:
                    dict.__setitem__(self, key, self._read(key))

    def __getitem__(self, key: Key) -> Value:
        value = dict.__getitem__(self, key)
        return self._read_once(key) if value is UNREAD else value

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: Any, *default: Any) -> Any:
        if default and key not in self:
            return dict.pop(self, key, *default)
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[Key, Value]:
        for key in reversed(self):
            return key, self.pop(key)
        return dict.popitem(self)

    def __iter__(self) -> Iterator[Key]:
        # Because this method exists, `dict(self)` and `{**self}` do not copy the storage.
        return dict.__iter__(self)

    def values(self) -> Any:
        self._read_all()
        return dict.values(self)

    def items(self) -> Any:
        self._read_all()
        return dict.items(self)

    def copy(self) -> dict[Key, Value]:
        """A plain dictionary with the same values."""
        return dict(self.items())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: Any) -> Any:
        return other | self.copy() if isinstance(other, dict) else NotImplemented

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    def __eq__(self, other: object) -> bool:
        return self.copy() == (other.copy() if isinstance(other, ReadWhenAsked) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __repr__(self) -> str:
        return repr(self.copy())

    def __reduce__(self) -> Any:
        return dict, (self.copy(),)
