"""Tables with a row for each cell, whatever holds them: the cells, and their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from . import _core
from ._core import FormatError
from .arrays import Doubles
from .ids import Ids, cell_ids
from .reader import IndexReader
from .table_rows import TableRows, digests_of

_KEYS = {"hash": "hash", "id": "cell_id", "cell_id": "cell_id", "code": "graph", "graph": "graph"}
_KEYS_IN_WORDS = "hash, id or code"


def checked_names(source: str, names: Iterable[str]) -> dict[str, str]:
    """The columns of a table of cells, by the name that the package has for them.

    That is their own name, except for the column that names the cells.

    Args:
        source: the name of the table, for errors.
        names: the names of its columns.

    Raises:
        FormatError: no column or several name the cells, no column has values, a name is there
            twice, or a name is not allowed.
    """
    listed = list(names)
    keys = [name for name in listed if name in _KEYS]
    values = [name for name in listed if name not in _KEYS]
    if not keys:
        raise FormatError(f"{source}: no column names the cells: add {_KEYS_IN_WORDS}")
    if len(keys) > 1:
        raise FormatError(
            f"{source}: the columns {' and '.join(map(repr, keys))} all name the cells; keep one"
        )
    if not values:
        raise FormatError(f"{source}: no column of values stands beside {keys[0]!r}: add one")
    for name in values:
        check_name(source, name)
        if listed.count(name) > 1:
            raise FormatError(f"{source}: the column {name!r} is there twice; give it once")
    return {_KEYS[keys[0]]: keys[0], **{name: name for name in values}}


def check_name(source: str, name: str) -> None:
    """Raise FormatError unless an own column may have the name."""
    try:
        _core.check_label(name, "", "")
    except ValueError as error:
        raise FormatError(f"{source}: a column can't be attached: {error}") from None


class CellRows(TableRows):
    """Some rows of a table of cells, with the names that `checked_names` gives."""

    def ids(self, reader: IndexReader) -> Ids:
        """The cells of the rows: int32 (N,); -1 for a hash that the index lacks, or a code that is
        outside the search space.

        Raises:
            FormatError: a row has no key, or a number that can't be an id or a code.
        """
        if "hash" in self.columns:
            texts = self.texts("hash")
            empty = np.array([not text for text in texts.different])
            self.check("hash", ~empty[texts.positions], _no_key)
            return reader.file.find(digests_of(texts.different))[texts.positions]
        name = "cell_id" if "cell_id" in self.columns else "graph"
        numbers = self.integers(name)
        self.check(name, ~np.isnan(numbers), _no_key)
        if name == "cell_id":
            return numbers.astype(np.int32)
        ids: Ids = cell_ids(numbers.astype(np.uint32))
        return ids

    def values(self) -> dict[str, Doubles]:
        """The columns of values, by name.

        Raises:
            FormatError: a value is no number.
        """
        names = [name for name in self.columns if name not in _KEYS.values()]
        return {name: self.numbers(name) for name in names}


def _no_key(row: int) -> str:
    return f"nothing names the cell; give its {_KEYS_IN_WORDS}"


def rows_of_objects(source: str, by_hash: object, name: str | None) -> CellRows:
    """The rows of an object of JSON by hash, with a number or an object of numbers for each.

    Args:
        source: the name of the file, for errors.
        by_hash: the object.
        name: of the column, if there is a number for each.

    Raises:
        FormatError: the object has another form, or no name is given for its numbers.
    """
    if not isinstance(by_hash, dict) or not by_hash:
        raise FormatError(
            f"{source}: the file holds no object by hash; use "
            '{"HASH": 1.5, ...} or {"HASH": {"NAME": 1.5, ...}, ...}'
        )
    hashes: Sequence[str] = [*by_hash]
    are_objects = [isinstance(each, dict) for each in by_hash.values()]
    if any(are_objects):
        if not all(are_objects):
            other = hashes[are_objects.index(False)]
            raise FormatError(f"{source}: {other!r} has no object of numbers, as others have")
        keys = dict.fromkeys(key for each in by_hash.values() for key in each)
        columns = {key: [each.get(key) for each in by_hash.values()] for key in keys}
    elif name is None:
        raise FormatError(
            f"{source}: the column of its numbers has no name; give name=NAME, or an object of "
            "numbers by name for each hash"
        )
    else:
        columns = {name: [*by_hash.values()]}
    names = checked_names(source, ["hash", *columns])
    return CellRows({"hash": hashes, **columns}, names, lambda row: f"{source}: {hashes[row]!r}")
