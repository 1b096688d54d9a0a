"""The official dictionaries `fixed_statistics` and `computed_statistics`.

Both are instances of `dict`. A value is read from the index when it is first asked for. Then it
belongs to the dictionary, so a user's changes to it are kept. Before that, the storage of the
dictionary holds `UNREAD` in its place. Python code never sees this object. C code that reads the
storage directly, as some JSON writers do, finds an object that it can't write, and raises an error.
Give such code a plain dictionary: `statistics.copy()`.
"""

from __future__ import annotations

import copy
import gc
from collections.abc import Iterable, Iterator, KeysView, ValuesView
from contextlib import contextmanager
from functools import cached_property
from itertools import repeat
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from .. import _core
from ..index import Index
from ..phrases import counted

__all__ = ["ComputedStatistics", "FixedStatistics", "OfficialIndex", "RunsByEpochs"]

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Unread:
    """Stands in a dictionary's storage for a value that has not been read."""

    def __repr__(self) -> str:
        return "UNREAD"

    def __reduce__(self) -> str:
        return "UNREAD"


UNREAD: Any = _Unread()


class OfficialIndex:
    """An index as the official API shows it. It is shared by a benchmark and its dictionaries.

    Attributes:
        index: the open index.
        reader: gives the rows of the index as official dictionaries.
        budgets: the position of each budget, by its epochs.
        is_as_compiled: whether the dictionaries still have the values of the file. This is so
            until a user gets an entry, which can be changed.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self.reader = _core.official_reader(index.reader.file)
        self.budgets = {epochs: budget for budget, epochs in enumerate(index.epochs)}
        self.is_as_compiled = True
        self._unread_runs: dict[int, dict[int, Any]] = {}  # The keys are sets of budgets.

    @cached_property
    def rows(self) -> npt.NDArray[np.int32]:
        """All rows, in the compiled file's order."""
        return self.reader.rows()

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """The place of each row in the compiled file's order."""
        places = np.empty(len(self.rows), np.int64)
        places[self.rows] = np.arange(len(self.rows))
        return places

    @cached_property
    def hashes(self) -> list[str]:
        """All hashes, in the compiled file's order."""
        return self.reader.hashes_of_rows(self.rows)

    def computed(self, row: int) -> RunsByEpochs:
        """The computed statistics of a row. None of the values is read yet."""
        budgets = self.reader.budget_set(row)
        unread = self._unread_runs.get(budgets)
        if unread is None:
            present = [epochs for epochs, budget in self.budgets.items() if budgets >> budget & 1]
            unread = self._unread_runs[budgets] = dict.fromkeys(present, UNREAD)
        runs = RunsByEpochs(unread)
        runs.source, runs.row = self, row
        self.reader.hide(runs)
        return runs

    def __reduce__(self) -> tuple[Any, ...]:
        return OfficialIndex, (self.index,), {"is_as_compiled": self.is_as_compiled}


class ReadWhenAsked(dict[Key, Value]):
    """A dictionary that has all its keys, and reads each value when it is first asked for."""

    __slots__ = ()

    def _read(self, key: Key) -> Value:
        raise NotImplementedError

    def _read_all(self) -> None:
        for key, value in dict.items(self):
            if value is UNREAD:
                dict.__setitem__(self, key, self._read(key))

    def __getitem__(self, key: Key) -> Value:
        value = dict.__getitem__(self, key)
        if value is UNREAD:
            value = self._read(key)
            dict.__setitem__(self, key, value)
        return value

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


class RunsByEpochs(ReadWhenAsked[int, list[dict[str, float]]]):
    """The computed statistics of one cell: the values of each repeat, by epochs.

    It pickles, copies and prints as the plain dictionary.
    """

    __slots__ = ("row", "source")

    source: OfficialIndex
    row: int

    def __getitem__(self, key: int) -> list[dict[str, float]]:
        runs = dict.__getitem__(self, key)
        if runs is UNREAD:
            runs = self._read(key)
            dict.__setitem__(self, key, runs)
            self.source.reader.hide(self)
        return runs

    def _read(self, key: int) -> list[dict[str, float]]:
        return self.source.reader.computed(self.row, self.source.budgets[key])


class Statistics(ReadWhenAsked[str, Value]):
    """A dictionary with an entry for each module hash of the index, in the order of the file.

    As long as single cells are asked for, the storage holds only those, and a loop over the keys is
    one over the index's hashes. A loop over the values makes a list of them, because it takes less
    time than the storage of as many keys. The storage gets all keys when pairs of keys and values
    are asked for, or when a value is set or removed.
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
        value = dict.get(self, key, UNREAD)
        if value is UNREAD:
            value = self._read(key)
            dict.__setitem__(self, key, value)
        return cast(Value, value)

    def _read(self, key: str) -> Value:
        source = self._source
        row = source.reader.row_of_hash(key)
        if row < 0 or (self._has_all_keys and not dict.__contains__(self, key)):
            raise KeyError(key)
        source.is_as_compiled = False
        return self._entry(row) if self._list is None else self._list[source.places[row]]

    def _read_all(self) -> None:
        self._source.is_as_compiled = False
        if self._has_all_keys:
            super()._read_all()
        else:
            self._fill(self._read_list())

    def _read_list(self) -> list[Value]:
        """Return all values in the file's order."""
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
        if not self._has_all_keys:
            self._fill(repeat(UNREAD) if self._list is None else self._list)

    def _fill(self, values: Iterable[Value]) -> None:
        """Store all keys in the file's order. A value that was not read before is one of these."""
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
        if self._list is not None or key not in self:
            self._read_keys()
        dict.__setitem__(self, key, value)

    def __delitem__(self, key: str) -> None:
        self._source.is_as_compiled = False
        self._read_keys()
        dict.__delitem__(self, key)

    def clear(self) -> None:
        self._source.is_as_compiled = False
        self._has_all_keys = True
        self._list = None
        dict.clear(self)

    def update(self, *others: Any, **entries: Value) -> None:
        self._source.is_as_compiled = False
        self._read_keys()
        dict.update(self, *others, **entries)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {counted(len(self), 'module')} by hash>"

    def __reduce__(self) -> Any:
        # The pickle holds the index's path and the entries that were read. A copy reads the others.
        if self._list is not None:
            self._read_keys()
        stored = dict(iter(dict.items(self)))
        return type(self), (self._source,), (stored, self._has_all_keys)

    def __setstate__(self, state: tuple[dict[str, Any], bool]) -> None:
        dict.clear(self)
        dict.update(self, state[0])
        self._has_all_keys = state[1]


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


class FixedStatistics(Statistics[dict[str, Any]]):
    """The adjacency matrix, operations and trainable parameters, by module hash."""

    __slots__ = ()

    def _entry(self, row: int) -> dict[str, Any]:
        return self._source.reader.fixed(row)

    def _entries(self, rows: npt.NDArray[np.int32]) -> list[dict[str, Any]]:
        return self._source.reader.fixed_of_rows(rows)


class ComputedStatistics(Statistics[RunsByEpochs]):
    """The values of all runs by epochs, by module hash."""

    __slots__ = ()

    def _entry(self, row: int) -> RunsByEpochs:
        return self._source.computed(row)


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
