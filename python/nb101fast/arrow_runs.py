"""The runs of an Arrow table or DataFrame, of either form that `nb101fast.tables` gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import FormatError
from .arrays import Doubles
from .content_digest import ContentDigest
from .extras import import_extra
from .hashes import hashes_of_cells
from .ids import NUM_CELLS, cell_ids
from .measurement import STAGED_METRICS
from .own_column import OwnColumn, parse_labels
from .phrases import alternatives
from .provenance import Marks, parse_provenance
from .run_columns import Integers, official_places
from .run_rows import RunRows, are_pruned, checked_names
from .runs import Runs
from .table_rows import Column, NamesCheck, TableRows
from .tables import FORM_VERSION, FORMS, OWN_COLUMNS, OWN_PREFIX, PROVENANCE, ROWS_AT_ONCE
from .texts import Texts

_BUDGET_COLUMN = re.compile(r"runs_([1-9][0-9]{0,9})")
_STEM = re.compile(r"(_[0-9]+)+$")  # what names of columns end with: _E or _E_R
_LIMITS = {  # of the columns of integers in the form "stored"
    "cell_id": (0, NUM_CELLS - 1),
    "runs": (0, _core.MAX_REPEATS),
    "graph": (0, (1 << 32) - 1),
    "record": (0, (1 << 32) - 1),
    "trainable_parameters": (-(1 << 31), (1 << 31) - 1),
}
_PANDAS_INDEX = "__index_level_"  # Arrow's name for an index of pandas that has no name


def as_arrow(value: Any) -> Any:
    """A DataFrame or another table as a pyarrow.Table.

    Raises:
        ImportError: pyarrow is not installed.
        ValueError: Arrow has no types for the values, such as those of a column of mixed types.
    """
    arrow = import_extra("pyarrow", extra="arrow")
    try:
        return arrow.table(_with_lists(value))
    except (arrow.ArrowException, TypeError, ValueError) as error:
        raise ValueError(f"{name_of(value)} can't be read as a table: {error}") from error


def _with_lists(frame: Any) -> Any:
    """A table of pandas with lists in place of matrices of NumPy, which Arrow does not take."""
    if not hasattr(frame, "assign") or "matrix" not in frame:
        return frame
    rows = [each.tolist() if isinstance(each, np.ndarray) else each for each in frame["matrix"]]
    return frame.assign(matrix=rows)


def name_of(table: object) -> str:
    """What errors and the provenance call a table that has no file, such as "pandas.DataFrame"."""
    kind = type(table)
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


class ArrowRuns:
    """The runs of a table that comes in batches. The metadata of its schema say which form it has.

    A table without metadata is taken for the form "runs", whose columns docs/own_results.md
    describes.

    Args:
        source: the name of the table, for errors.
        schema: the schema of the table.

    Attributes:
        provenance: that of the index from which the table was made; empty if it is unknown.
        marks: what the provenance and the rows that were read say of the values.
        names: the columns to read; None for all.
        own_columns: the own columns of the runs that were read, by name.

    Raises:
        FormatError: the form is unknown, or columns are missing, unknown or there twice.
    """

    def __init__(self, source: str, schema: Any) -> None:
        self._source, self._schema = source, schema
        metadata = schema.metadata or {}
        self._metadata = metadata.get(PROVENANCE, b"")
        self.provenance = parse_provenance(f"{source}: its provenance", self._metadata or b"{}")
        self.marks = Marks.of(self.provenance)
        self._is_stored = _form_of(source, metadata) == "stored"
        labels = parse_labels(f"{source}: its own columns", metadata.get(OWN_COLUMNS, b"{}"))
        # A program may have left out some columns since.
        own = [OWN_PREFIX + name if self._is_stored else name for name in labels]
        self._labels = {n: labels[n] for n, o in zip(labels, own, strict=True) if o in schema.names}
        self.own_columns: dict[str, OwnColumn] = {}
        self._own_names: dict[str, str] = {}
        self.names: list[str] | None = None
        if not self._is_stored:
            columns = [name for name in _names_of(schema) if name not in self._labels]
            self._own_names = checked_names(source, columns)
            self.names = [*self._own_names.values(), *self._labels]

    def append_to(self, table: _core.RunTable, batches: Iterable[Any]) -> ContentDigest:
        """Append the runs of all batches to a table of the core; return the digest of the contents.

        Raises:
            FormatError: a type or a value is wrong, or there are no runs. The message names the
                row (counted from 0) and the column. The table then holds a part of the rows.
        """
        digest = ContentDigest(self._metadata)
        parts = []
        for runs, own in self._stored(batches) if self._is_stored else self._rows(batches):
            table.append(*runs.arrays())
            digest.update(*runs.arrays(), *own)
            parts.append((cell_ids(runs.codes), *own))
        if not parts:
            raise FormatError(f"{self._source}: no runs: give at least one")
        ids, *columns = map(np.concatenate, zip(*parts, strict=True))
        for (name, label), values in zip(self._labels.items(), columns, strict=True):
            where = f"{self._source}: own column {name!r}"
            self.own_columns[name] = OwnColumn.of_runs(label, ids, values, where)
        return digest

    def _rows(self, batches: Iterable[Any]) -> Iterator[tuple[Runs, list[Doubles]]]:
        """Some runs at a time, and the values of the own columns for each."""
        names = {**self._own_names, **{name: name for name in self._labels}}
        for part in _rows_of_batches(self._source, names, batches):
            rows = RunRows(part.columns, part.names, part.place)
            self.marks |= rows.marks()
            yield rows.runs(), [rows.numbers(name) for name in self._labels]

    def _stored(self, batches: Iterable[Any]) -> Iterator[tuple[Runs, list[Doubles]]]:
        """The runs of the form "stored", in the order of the records."""
        arrow = import_extra("pyarrow", extra="arrow")
        columns = _StoredRead(self._source, arrow.Table.from_batches(batches, self._schema))
        places = columns.places()
        for begin in range(0, places.shape[1], ROWS_AT_ONCE):
            part = places[:, begin : begin + ROWS_AT_ONCE]
            own = [columns.numbers(OWN_PREFIX + name, part[0]) for name in self._labels]
            yield columns.runs(part), [values.astype(np.float64) for values in own]


def rows_of_batches(
    source: str, schema: Any, batches: Iterable[Any], check: NamesCheck
) -> Iterator[TableRows]:
    """The rows of a table of Arrow that comes in batches.

    Args:
        source: the name of the table, for errors.
        schema: the schema of the table.
        batches: its record batches.
        check: checks the names of its columns.

    Raises:
        FormatError: what `check` raises.
    """
    return _rows_of_batches(source, check(source, _names_of(schema)), batches)


def _rows_of_batches(
    source: str, names: Mapping[str, str], batches: Iterable[Any]
) -> Iterator[TableRows]:
    first = 0
    for batch in batches:
        if batch.num_rows:
            own_names = batch.schema.names
            columns = {
                name: _column(batch.column(own_names.index(own))) for name, own in names.items()
            }
            yield TableRows(columns, names, _place(source, first))
        first += batch.num_rows


def _place(source: str, first: int) -> Callable[[int], str]:
    return lambda row: f"{source}: row {first + row}"


def _names_of(schema: Any) -> list[str]:
    return [name for name in schema.names if not name.startswith(_PANDAS_INDEX)]


def _form_of(source: str, metadata: dict[bytes, bytes]) -> str:
    version = metadata.get(b"nb101fast.form_version", b"%d" % FORM_VERSION)
    if version != b"%d" % FORM_VERSION:
        raise FormatError(
            f"{source}: form version {version.decode('utf-8', 'replace')!r} is not supported; "
            f"write the file again with this version of nb101fast, whose form is {FORM_VERSION}"
        )
    form = metadata.get(b"nb101fast.form", b"runs").decode("utf-8", "replace")
    if form not in FORMS:
        raise FormatError(f"{source}: form {form!r} is not allowed; use {alternatives(FORMS)}")
    return str(form)


def _column(array: Any) -> Column:
    """A column of Arrow as `RunRows` takes it."""
    arrow = import_extra("pyarrow", extra="arrow")
    types, kind = arrow.types, array.type
    if types.is_integer(kind) or types.is_floating(kind):
        numbers: npt.NDArray[Any] = array.to_numpy(zero_copy_only=False)
        return numbers
    text = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_string(text) or types.is_large_string(text) or types.is_string_view(text):
        return _texts(arrow, array)
    values: list[Any] = array.to_pylist()
    return values


def _texts(arrow: Any, array: Any) -> Texts:
    if not arrow.types.is_dictionary(array.type):
        array = array.cast(arrow.large_string()).dictionary_encode()
    different = [(text or "").strip() for text in array.dictionary.to_pylist()]
    positions = array.indices.cast(arrow.int32()).fill_null(len(different))
    return Texts([*different, ""], positions.to_numpy(zero_copy_only=False))


class _StoredRead:
    """The columns of a table of the form "stored", which are checked as they are read."""

    def __init__(self, path: str, stored: Any) -> None:
        self._path, self._stored = path, stored
        self._names = stored.schema.names
        matches = [_BUDGET_COLUMN.fullmatch(name) for name in stored.schema.names]
        self._epochs = sorted(int(match[1]) for match in matches if match)
        self._ids = self.numbers("cell_id")
        if len(np.unique(self._ids)) != len(self._ids):
            raise FormatError(f"{path}: column 'cell_id' has a cell twice; give each cell one row")

    def places(self) -> Integers:
        """Row, budget and repeat of each record, in order."""
        if not self._epochs:
            raise FormatError(
                f"{self._path}: no column 'runs_E' with the runs at E epochs: add at least one"
            )
        counts = np.stack([self.numbers(f"runs_{epochs}") for epochs in self._epochs], axis=1)
        places = official_places(
            hashes_of_cells(self._ids.astype(np.int32)), counts.astype(np.int64)
        )
        first = f"record_{self._epochs[0]}_0"
        if first not in self._names:
            return places
        positions = self._gathered("record", places)
        return places[:, np.argsort(positions, kind="stable")]

    def runs(self, places: Integers) -> Runs:
        """The runs at these places, once their graphs are checked."""
        graphs = self._gathered("graph", places).astype(np.uint32)
        if (cell_ids(graphs) != self._ids[places[0]]).any() or not are_pruned(graphs).all():
            raise FormatError(
                f"{self._path}: a code in a column 'graph_E_R' is not a pruned graph of its cell"
            )
        return Runs(
            graphs,
            np.array(self._epochs, np.uint32)[places[1]],
            np.stack([self._gathered(name, places) for name in STAGED_METRICS], axis=1),
            self._gathered("trainable_parameters", places).astype(np.int32),
            self._gathered("total_time", places),
        )

    def _gathered(self, name: str, places: Integers) -> npt.NDArray[np.float64]:
        """The values that the runs at these places have in the columns `name_E_R`, as doubles."""
        rows, budgets, repeats = places
        values = np.empty(places.shape[1])
        for budget, repeat in np.unique(places[1:], axis=1).T.tolist():
            chosen = np.flatnonzero((budgets == budget) & (repeats == repeat))
            column = self.numbers(f"{name}_{self._epochs[budget]}_{repeat}", rows[chosen])
            values[chosen] = column
        return values

    def numbers(self, name: str, rows: Any = slice(None)) -> npt.NDArray[Any]:
        """The values of rows, which must not be null. Counts are turned into accuracies."""
        if (times := self._names.count(name)) != 1:
            raise FormatError(f"{self._path}: {times or 'no'} columns {name!r}; give exactly one")
        column = self._stored.column(name).combine_chunks()
        types = import_extra("pyarrow", extra="arrow").types
        if not types.is_integer(column.type) and not types.is_floating(column.type):
            raise FormatError(f"{self._path}: column {name!r} has type {column.type}; use numbers")
        places = np.arange(len(column))[rows]
        present = column.is_valid().to_numpy(zero_copy_only=False)
        self._check(name, present[rows], "is null; give a value", places)
        filled = column.fill_null(0).to_numpy(zero_copy_only=False)
        values: npt.NDArray[Any] = filled[rows]
        if limits := _LIMITS.get(_STEM.sub("", name)):
            low, high = limits
            is_whole = (values >= low) & (values <= high) & (values == np.floor(values))
            self._check(name, is_whole, f"is not an integer from {low} to {high}", places)
        metadata = self._stored.schema.field(name).metadata or {}
        if (denominator := metadata.get(b"denominator")) is None:
            return values
        return values.astype(np.float32) / np.float32(self._checked_denominator(name, denominator))

    def _checked_denominator(self, name: str, text: bytes) -> int:
        number = int(text) if re.fullmatch(rb"[0-9]{1,5}", text) else 0
        if not 1 <= number <= _core.MAX_DENOMINATOR:
            raise FormatError(
                f"{self._path}: column {name!r}: the denominator {text!r} is not allowed; use 1 to "
                f"{_core.MAX_DENOMINATOR}"
            )
        return number

    def _check(
        self, name: str, sound: npt.NDArray[np.bool_], fault: str, rows: Integers | None = None
    ) -> None:
        """Raise FormatError unless all values are sound, which are those of all rows or of some."""
        if not sound.all():
            places = np.arange(len(sound)) if rows is None else rows
            row = int(places[~sound].min())
            raise FormatError(f"{self._path}: column {name!r}: row {row} {fault}")
