"""What the official dictionaries `fixed_statistics` and `computed_statistics` have in common."""

from __future__ import annotations

import copy
import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ..phrases import counted
from .official_index import OfficialIndex
from .read_when_asked import READING, UNREAD, ReadWhenAsked, Value
from .statistics_views import Hashes, Values


class Statistics(ReadWhenAsked[str, Value]):
    """A dictionary with an entry for each module hash of the index, in the order of the file.

    As long as only single entries are asked for, the storage holds only those, and a loop over the
    keys reads the hashes of the index. A loop over the values makes a list of the values, which
    takes less time than to store as many keys. All keys are stored when `items` is called, when a
    key is added or removed, or when a value is set after such a list was made.
    """

    __slots__ = ("_has_all_keys", "_list", "_source")

    def __init__(self, source: OfficialIndex) -> None:
        super().__init__()
        self._source = source
        self._has_all_keys = False
        self._list: list[Value] | None = None  # all values, in the file's order
        if source.reader.num_rows:
            # The storage must not be empty, or C code takes the dictionary for an empty one.
            dict.__setitem__(self, source.reader.hash_of_row(0), UNREAD)

    def _entry(self, row: int) -> Value:
        """A new entry of a row of the index."""
        raise NotImplementedError

    def _entries(self, rows: npt.NDArray[np.int32]) -> list[Value]:
        """New entries of many rows."""
        return list(map(self._entry, rows.tolist()))

    def copy_of(self, key: str) -> Value:
        """A copy of the entry of a hash, which may be changed. An unread entry stays unread.

        Raises:
            KeyError: there is no such hash.
        """
        stored: Any = dict.get(self, key, UNREAD)
        if stored is UNREAD and self._list is not None:
            stored = self[key]
        if stored is not UNREAD:
            return cast(Value, copy.deepcopy(stored))
        row = self._source.reader.row_of_hash(key)
        if key not in self or row < 0:  # In a damaged index, a row's hash may not be found.
            raise KeyError(key)
        return self._entry(row)

    def __getitem__(self, key: str) -> Value:
        value: Value = dict.get(self, key, UNREAD)
        return self._read_once(key) if value is UNREAD else value

    def _read(self, key: str) -> Value:
        source = self._source
        row = source.reader.row_of_hash(key)
        if row < 0 or (self._has_all_keys and not dict.__contains__(self, key)):
            raise KeyError(key)
        source.is_as_compiled = False
        return self._entry(row) if self._list is None else self._list[source.places[row]]

    def _read_all(self) -> None:
        self._source.is_as_compiled = False
        with READING:
            if self._has_all_keys:
                super()._read_all()
            else:
                self._fill(self._read_list())

    def _read_list(self) -> list[Value]:
        """Return all values in the file's order. The lock is held."""
        if self._list is None:
            source = self._source
            source.is_as_compiled = False
            with _no_collection():
                values = self._entries(source.rows)
            for key, value in self._stored():
                values[source.places[source.reader.row_of_hash(key)]] = value
            self._list = values
        return self._list

    def _stored(self) -> list[tuple[str, Value]]:
        return [(key, value) for key, value in dict.items(self) if value is not UNREAD]

    def _read_keys(self) -> None:
        with READING:
            if not self._has_all_keys:
                self._fill(repeat(UNREAD) if self._list is None else self._list)

    def _fill(self, values: Iterable[Value]) -> None:
        """Store all keys, in the file's order, with these values. Entries that were read stay."""
        stored = self._stored()
        dict.clear(self)
        dict.update(self, zip(self._source.hashes, values, strict=False))
        dict.update(self, stored)
        self._has_all_keys = True
        self._list = None

    def values(self) -> Any:
        return Values(self)

    def all_values(self) -> Any:
        """All values in the order of the keys, as they are now: a list or a view."""
        with READING:
            return super().values() if self._has_all_keys else self._read_list()

    def __contains__(self, key: object) -> bool:
        if dict.__contains__(self, key):
            return True
        return not self._has_all_keys and self._source.reader.row_of_hash(key) >= 0

    def __len__(self) -> int:
        return dict.__len__(self) if self._has_all_keys else self._source.reader.num_rows

    def __iter__(self) -> Iterator[str]:
        return dict.__iter__(self) if self._has_all_keys else iter(self._source.hashes)

    def __reversed__(self) -> Iterator[str]:
        return dict.__reversed__(self) if self._has_all_keys else reversed(self._source.hashes)

    def keys(self) -> Any:
        return Hashes(self)

    def __setitem__(self, key: str, value: Value) -> None:
        self._source.is_as_compiled = False
        with READING:
            if self._list is not None or key not in self:
                self._read_keys()
            dict.__setitem__(self, key, value)

    def __delitem__(self, key: str) -> None:
        self._source.is_as_compiled = False
        with READING:
            self._read_keys()
            dict.__delitem__(self, key)

    def clear(self) -> None:
        self._source.is_as_compiled = False
        with READING:
            self._has_all_keys = True
            self._list = None
            dict.clear(self)

    def update(self, *others: Any, **entries: Value) -> None:
        self._source.is_as_compiled = False
        with READING:
            self._read_keys()
            dict.update(self, *others, **entries)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {counted(len(self), 'module')} by hash>"

    def __reduce__(self) -> Any:
        # The pickle holds the index's path and the entries that were read. A copy reads the others.
        with READING:
            if self._list is not None:
                self._read_keys()
            stored = dict(iter(dict.items(self)))
        return type(self), (self._source,), (stored, self._has_all_keys)

    def __setstate__(self, state: tuple[dict[str, Any], bool]) -> None:
        dict.clear(self)
        dict.update(self, state[0])
        self._has_all_keys = state[1]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Stop garbage collection within the block; it would search all entries again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
