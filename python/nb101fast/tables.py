"""An index as Arrow, pandas, polars and Parquet tables; and the runs of a Parquet file back.

A table has one of two forms.

"stored": a row for each of `Index.cells`, the columns as they lie in the file, not copied.

- `cell_id` int32; `hash`, 16 bytes; `parameters` uint32, the official representative's.
- `runs_E` uint16: how many runs the cell has at E epochs.
- `STAGE_METRIC_E_R` of repeat R at E epochs: of the five metrics with a value at each stage, as
  `final_test_accuracy_108_0`; and `total_time_E_R`, `trainable_parameters_E_R`, `graph_E_R` (the
  code of the stored graph). uint16 columns are counts of the denominator, which their field's
  metadata and the schema's have; all others are values. Null where the cell has no such run.
- A column of one constant is not in the file and takes memory, once for all such columns that are
  equal.

"runs": a row for each run in the order of the index's records, every value exact. It is the form of
a Parquet file.

- `cell_id` int32; `hash`, text (a dictionary); `graph` uint32, the code of the stored graph;
  `epochs` uint32; `repeat` uint16; `trainable_parameters` int32; `total_time` double.
- `STAGE_METRIC` double: `start_`, `halfway_` and `final_` with `current_epoch`, `training_time`,
  `train_accuracy`, `validation_accuracy`, `test_accuracy`.

The schema's metadata: `nb101fast.form`, `nb101fast.form_version`, `nb101fast.denominator` (empty
without counts), and `nb101fast.provenance`, the index's, in JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _core
from .cell import bytes_of_hash
from .codes import Codes, cell_hashes, cell_ids, cell_parameters, decode
from .extras import needs

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from .index import Index

FormatError = _core.FormatError

Form = Literal["stored", "runs"]
Epochs: TypeAlias = int | Sequence[int] | None
Integers = npt.NDArray[np.int64]

FORMS = ("stored", "runs")
FORM_VERSION = 1
EVALUATION_FIELDS = (  # of one stage, in the order of RunTable.append's values
    "current_epoch",
    "training_time",
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
)
VALUE_COLUMNS = tuple(f"{stage}_{field}" for stage in _core.STAGES for field in EVALUATION_FIELDS)
_RUN_METRICS = ("total_time", "trainable_parameters", "graph")  # without stages
_ROWS_AT_ONCE = 1 << 18  # some 40 MB as doubles; a row group
_INTEGER_COLUMNS = {  # with the values that are allowed
    "graph": (0, (1 << 32) - 1),
    "epochs": (1, (1 << 32) - 1),
    "trainable_parameters": (-(1 << 31), (1 << 31) - 1),
}
_REQUIRED_COLUMNS = (*_INTEGER_COLUMNS, *VALUE_COLUMNS, "total_time")
_CHECKED_COLUMNS = ("cell_id", "hash")  # where they are there


# ---------------------------------------------------------------- an index as a table


def to_arrow(index: Index, *, form: Form = "stored", epochs: Epochs = None) -> pyarrow.Table:
    """The index as a pyarrow.Table of one of the two forms, as the module says.

    Args:
        form: "stored" maps the file's columns; "runs" copies, 170 bytes a run.
        epochs: of these budgets alone; None for all.

    Raises:
        ImportError: there is no pyarrow.
        FormatError: the index is damaged.
    """
    arrow = import_library("pyarrow")
    budgets = _budgets(index, epochs)
    if form == "stored":
        return _StoredColumns(arrow, index).table(budgets)
    if form != "runs":
        raise ValueError(f"form={form!r}; {', '.join(map(repr, FORMS))} are allowed")
    schema = _runs_schema(arrow, index)
    batch = _runs_batch(arrow, index, schema, _record_places(index, budgets))
    return arrow.Table.from_batches([batch], schema)


def to_pandas(index: Index, *, form: Form = "stored", epochs: Epochs = None) -> pandas.DataFrame:
    """As `to_arrow`, as a pandas.DataFrame; stored columns without nulls are still not copied."""
    import_library("pandas")  # pyarrow would say less of it
    return to_arrow(index, form=form, epochs=epochs).to_pandas(split_blocks=True)


def to_polars(index: Index, *, form: Form = "stored", epochs: Epochs = None) -> polars.DataFrame:
    """As `to_arrow`, as a polars.DataFrame; stored columns of numbers are still not copied."""
    table = to_arrow(index, form=form, epochs=epochs)
    frame: polars.DataFrame = import_library("polars").from_arrow(table)
    return frame


def to_parquet(index: Index, path: str | os.PathLike[str], *, epochs: Epochs = None) -> None:
    """Write the runs to a Parquet file, in row groups; it is there whole or not at all.

    `compile` takes it back: the same columns, graphs and order of records.

    Args:
        path: the file, which may not be the index itself.
        epochs: of these budgets alone; None for all.

    Raises:
        ImportError: there is no pyarrow.
        FormatError: the index is damaged.
    """
    from .index import checked_name

    arrow, parquet = import_library("pyarrow"), import_library("pyarrow.parquet")
    target = checked_name(path)
    if os.path.exists(target) and os.path.samefile(target, index.path):
        raise ValueError(f"path {target!r} is the index itself")
    places = _record_places(index, _budgets(index, epochs))
    schema = _runs_schema(arrow, index)
    file = _core.AtomicFile(target)
    with parquet.ParquetWriter(_Sink(file), schema, compression="zstd") as writer:
        for begin in range(0, places.shape[1], _ROWS_AT_ONCE):
            part = places[:, begin : begin + _ROWS_AT_ONCE]
            writer.write_batch(_runs_batch(arrow, index, schema, part), part.shape[1])
    file.commit()


class _Sink(io.RawIOBase):
    """An AtomicFile as pyarrow writes to it."""

    def __init__(self, file: _core.AtomicFile) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._file.write(bytes(data))
        return len(data)


def write_table(table: pyarrow.Table, path: str | os.PathLike[str]) -> None:
    """Write a pyarrow.Table as a Parquet file; it is there whole or not at all."""
    from .index import checked_name

    file = _core.AtomicFile(checked_name(path))
    import_library("pyarrow.parquet").write_table(table, _Sink(file), compression="zstd")
    file.commit()


def import_library(name: str) -> Any:
    """A library of the extra `arrow`, or ImportError that says how to get it."""
    package = name.partition(".")[0]
    with needs(package, extra="arrow" if package == "pyarrow" else None):
        return importlib.import_module(name)


def _budgets(index: Index, epochs: Epochs) -> list[int]:
    """Positions among the index's budgets, ascending; ValueError for one that it lacks."""
    chosen = index.epochs if epochs is None else np.atleast_1d(np.asarray(epochs)).tolist()
    return sorted({index._budget(number) for number in chosen})


def _metadata(index: Index, form: Form) -> dict[str, str]:
    return {
        "nb101fast.form": form,
        "nb101fast.form_version": str(FORM_VERSION),
        "nb101fast.denominator": str(index.denominator or ""),
        "nb101fast.provenance": json.dumps(index.provenance),
    }


# ---------------------------------------------------------------- columns as stored


class _StoredColumns:
    """Arrow arrays over the mapped file, which they keep mapped."""

    def __init__(self, arrow: Any, index: Index) -> None:
        self._arrow, self._index = arrow, index
        self._constants: dict[tuple[str, bytes], Any] = {}
        self._columns: list[tuple[Any, Any]] = []  # field, array

    def table(self, budgets: list[int]) -> Any:
        index, hash_type = self._index, self._arrow.binary(16)
        cells, hashes = index.cells, index._file.hashes()
        self._add("cell_id", cells)
        buffers = [None, self._arrow.py_buffer(hashes)]
        digests = self._arrow.Array.from_buffers(hash_type, len(hashes), buffers)
        self._columns.append((self._arrow.field("hash", hash_type, nullable=False), digests))
        known = cells.clip(0, _core.NUM_CELLS - 1)  # ids of an unverified file may be anything
        self._add("parameters", cell_parameters()[known])
        for budget in budgets:
            self._add_budget(budget)
        fields, arrays = zip(*self._columns, strict=True)
        schema = self._arrow.schema(fields, _metadata(index, "stored"))
        return self._arrow.Table.from_arrays(list(arrays), schema=schema)

    def _add_budget(self, budget: int) -> None:
        epochs, counts = self._index.epochs[budget], self._index._file.run_counts(budget)
        self._add(f"runs_{epochs}", counts)
        for repeat in range(self._index.repeats[budget]):
            absent = counts <= repeat
            place = {"epochs": str(epochs), "repeat": str(repeat)}
            for metric in _core.METRICS:
                stages = _core.STAGES if metric in EVALUATION_FIELDS else [""]
                for stage in stages:
                    name = "_".join(filter(None, [stage, metric, str(epochs), str(repeat)]))
                    values = self._stored(metric, stage, budget, repeat)
                    self._add(name, values, absent, {"metric": metric, "stage": stage, **place})

    def _stored(self, metric: str, stage: str, budget: int, repeat: int) -> npt.NDArray[Any]:
        number = _core.STAGES.index(stage) if stage else 0
        return self._index._file.column(_core.METRICS.index(metric), number, budget, repeat)

    def _add(
        self,
        name: str,
        values: npt.NDArray[Any],
        absent: npt.NDArray[np.bool_] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        """A column of numbers, null where absent."""
        validity = None
        if absent is not None and absent.any():
            validity = self._arrow.py_buffer(np.packbits(~absent, bitorder="little"))
        if metadata and values.dtype == np.uint16 and self._index.denominator:
            metadata = {**metadata, "denominator": str(self._index.denominator)}
        kind = self._arrow.from_numpy_dtype(values.dtype)
        buffers = [validity, self._buffer(values)]
        array = self._arrow.Array.from_buffers(kind, len(values), buffers)
        field = self._arrow.field(name, kind, nullable=absent is not None, metadata=metadata)
        self._columns.append((field, array))

    def _buffer(self, values: npt.NDArray[Any]) -> Any:
        if values.strides != (0,):
            return self._arrow.py_buffer(values)
        key = values.dtype.str, values[:1].tobytes()
        if key not in self._constants:
            self._constants[key] = self._arrow.py_buffer(np.ascontiguousarray(values))
        return self._constants[key]


# ---------------------------------------------------------------- a row for each run


def _record_places(index: Index, budgets: list[int]) -> Integers:
    """Row, budget and repeat of each record of these budgets, in order: int64 (3, N)."""
    file, num_budgets = index._file, len(index.epochs)
    by_budget = [file.run_counts(budget) for budget in range(num_budgets)]
    counts = np.stack(by_budget, axis=1).astype(np.int64).reshape(-1)  # row * num_budgets + budget
    records = file.order().astype(np.int64)
    if not len(records):
        words = np.ascontiguousarray(file.hashes()).view(">u8")
        by_hash = np.lexsort((words[:, 1], words[:, 0]))
        records = (by_hash[:, np.newaxis] * num_budgets + np.arange(num_budgets)).reshape(-1)
        records = np.repeat(records, counts[records])
    seen = np.bincount(records, minlength=len(counts))
    if len(seen) != len(counts) or (seen != counts).any():
        raise FormatError(f"{index.path}: the order of its records names a run that isn't there")
    repeats = np.empty_like(records)
    grouped = np.argsort(records, kind="stable")
    repeats[grouped] = np.arange(len(records)) - np.repeat(np.cumsum(counts) - counts, counts)
    places = np.stack([records // num_budgets, records % num_budgets, repeats])
    return places[:, np.isin(places[1], budgets)]


def _runs_schema(arrow: Any, index: Index) -> Any:
    columns = {
        "cell_id": arrow.int32(),
        "hash": arrow.dictionary(arrow.int32(), arrow.string()),
        "graph": arrow.uint32(),
        "epochs": arrow.uint32(),
        "repeat": arrow.uint16(),
        "trainable_parameters": arrow.int32(),
        "total_time": arrow.float64(),
        **dict.fromkeys(VALUE_COLUMNS, arrow.float64()),
    }
    fields = [arrow.field(name, kind, nullable=False) for name, kind in columns.items()]
    return arrow.schema(fields, _metadata(index, "runs"))


def _runs_batch(arrow: Any, index: Index, schema: Any, places: Integers) -> Any:
    """The record batch of some records."""
    rows, budgets, repeats = places
    gather = _Gatherer(index, places)
    columns: dict[str, Any] = {
        "cell_id": index.cells[rows],
        "hash": _hash_texts(arrow, index, rows),
        "epochs": np.array(index.epochs, np.uint32)[budgets],
        "repeat": repeats.astype(np.uint16),
        "total_time": gather.values("total_time"),
        "graph": gather.values("graph").astype(np.uint32),
        "trainable_parameters": gather.values("trainable_parameters").astype(np.int32),
    }
    for stage in _core.STAGES:
        for field in EVALUATION_FIELDS:
            columns[f"{stage}_{field}"] = gather.values(field, stage)
    arrays = [arrow.array(columns[field.name], field.type) for field in schema]
    return arrow.RecordBatch.from_arrays(arrays, schema=schema)


class _Gatherer:
    """Values of records as doubles, exact."""

    def __init__(self, index: Index, places: Integers) -> None:
        self._file, self._size = index._file, places.shape[1]
        rows, budgets, repeats = places
        most = max(index.repeats)
        keys = budgets * most + repeats
        self._groups = [
            (*divmod(key, most), chosen := np.flatnonzero(keys == key), rows[chosen])
            for key in np.unique(keys).tolist()
        ]

    def values(self, metric: str, stage: str = "final") -> npt.NDArray[np.float64]:
        place = _core.METRICS.index(metric), _core.STAGES.index(stage)
        result = np.empty(self._size)
        for budget, repeat, chosen, rows in self._groups:
            result[chosen] = self._file.run_values(*place, budget, repeat, rows)
        return result


def _hash_texts(arrow: Any, index: Index, rows: Integers) -> Any:
    """Hex hashes of rows, a dictionary of those that occur."""
    unique, positions = np.unique(rows, return_inverse=True)
    text = index._file.hashes()[unique].tobytes().hex().encode()
    ends = arrow.py_buffer(np.arange(len(unique) + 1, dtype=np.int32) * 32)
    texts = arrow.StringArray.from_buffers(len(unique), ends, arrow.py_buffer(text))
    return arrow.DictionaryArray.from_arrays(positions.astype(np.int32), texts)


# ---------------------------------------------------------------- Parquet back in


def read_parquet(table: _core.RunTable, path: str) -> int:
    """Append the runs of a Parquet file of the form "runs" to a table; how many there were.

    Read a batch at a time. Needed are `graph`, `epochs`, `trainable_parameters`, `total_time` and
    the fifteen of a stage and a metric; `cell_id` and `hash`, where there, must be the graph's.
    The r-th row of a cell and budget is its repeat r, whatever a column `repeat` says. All other
    columns are passed over. Integers may be of any width, floats too.

    Raises:
        FormatError: a missing column, a wrong type or value, a null, a graph outside the search
            space or not pruned, another graph's hash, no row at all: which file, row (from 0) and
            column. The table then has a part of the rows.
        ImportError: there is no pyarrow.
    """
    arrow, parquet = import_library("pyarrow"), import_library("pyarrow.parquet")
    count = 0
    with open(path, "rb") as file, _arrow_errors(arrow, path):
        reader = parquet.ParquetFile(file)
        names = _checked_columns(arrow, path, reader.schema_arrow)
        for batch in reader.iter_batches(_ROWS_AT_ONCE, columns=names):
            if batch.num_rows:
                table.append(*_RunsRead(arrow, path, count, batch).arrays())
            count += batch.num_rows
    if not count:
        raise FormatError(f"{path}: it has no rows: a run is needed")
    return count


def parquet_provenance(path: str) -> dict[str, Any]:
    """The provenance of the index that a Parquet file was written from; empty where unknown.

    Raises:
        FormatError: not a Parquet file.
        ImportError: there is no pyarrow.
    """
    arrow, parquet = import_library("pyarrow"), import_library("pyarrow.parquet")
    with open(path, "rb") as file, _arrow_errors(arrow, path):
        metadata = parquet.ParquetFile(file).schema_arrow.metadata or {}
    try:
        provenance = json.loads(metadata.get(b"nb101fast.provenance", b"{}"))
    except ValueError:
        return {}
    return provenance if isinstance(provenance, dict) else {}


@contextlib.contextmanager
def _arrow_errors(arrow: Any, path: str) -> Iterator[None]:
    """What pyarrow says of a damaged file, as FormatError."""
    try:
        yield
    except (arrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the system, not of the contents
        raise FormatError(f"{path}: not a sound Parquet file: {error}") from error


def _checked_columns(arrow: Any, path: str, schema: Any) -> list[str]:
    """The columns to read, of the right types."""
    version = (schema.metadata or {}).get(b"nb101fast.form_version", b"%d" % FORM_VERSION)
    if version != b"%d" % FORM_VERSION:
        raise FormatError(f"{path}: form version {version.decode()!r}; {FORM_VERSION} is allowed")
    names = [*_REQUIRED_COLUMNS, *(name for name in _CHECKED_COLUMNS if name in schema.names)]
    for name in names:
        if (times := schema.names.count(name)) != 1:
            raise FormatError(f"{path}: {times or 'no'} columns {name!r}; one is needed")
        kind, allowed = schema.field(name).type, _allowed_types(name)
        if not _is_of(arrow, kind, allowed):
            raise FormatError(f"{path}: column {name!r} is of type {kind}; {allowed} is allowed")
    return names


def _allowed_types(name: str) -> str:
    if name == "hash":
        return "text"
    return "an integer" if name in _INTEGER_COLUMNS or name == "cell_id" else "a float"


def _is_of(arrow: Any, kind: Any, allowed: str) -> bool:
    types = arrow.types
    if allowed == "an integer":
        return bool(types.is_integer(kind))
    if allowed == "a float":
        return bool(types.is_floating(kind))
    text = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(text) or types.is_large_string(text))


@dataclass(frozen=True)
class _RunsRead:
    """A batch of rows from a file, to be checked."""

    arrow: Any
    path: str
    first_row: int
    batch: Any

    def arrays(self) -> tuple[Any, ...]:
        """As RunTable.append takes them."""
        codes = self._integers("graph").astype(np.uint32)
        self._check_graphs(codes)
        return (
            codes,
            self._integers("epochs").astype(np.uint32),
            np.stack([self._floats(name) for name in VALUE_COLUMNS], axis=1),
            self._integers("trainable_parameters").astype(np.int32),
            self._floats("total_time"),
        )

    def _column(self, name: str) -> Any:
        column = self.batch.column(self.batch.schema.names.index(name))
        if column.null_count:
            absent = column.is_null().to_numpy(zero_copy_only=False)
            self._check(name, ~absent, lambda row: "null; a value is needed")
        return column

    def _integers(self, name: str) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = self._column(name).to_numpy(zero_copy_only=False)
        low, high = _INTEGER_COLUMNS[name]
        fits = (values >= low) & (values <= high)
        self._check(name, fits, lambda row: f"{values[row]}; {low} to {high} are allowed")
        return values

    def _floats(self, name: str) -> npt.NDArray[np.float64]:
        values: npt.NDArray[Any] = self._column(name).to_numpy(zero_copy_only=False)
        return values.astype(np.float64)

    def _check_graphs(self, codes: Codes) -> None:
        ids = cell_ids(codes)
        self._check("graph", ids >= 0, lambda row: f"code {codes[row]} is outside the search space")
        pruned = _are_pruned(codes)
        self._check("graph", pruned, lambda row: f"code {codes[row]} is of a graph not pruned")
        names = self.batch.schema.names
        if "cell_id" in names:
            given = self._column("cell_id").to_numpy(zero_copy_only=False)
            self._check(
                "cell_id",
                given == ids,
                lambda row: f"{given[row]}; that of its graph is {ids[row]}",
            )
        if "hash" in names:
            self._check_hashes(ids)

    def _check_hashes(self, ids: npt.NDArray[np.int32]) -> None:
        encoded = self._column("hash").cast(self.arrow.large_string()).dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        digests = np.frombuffer(b"".join(map(_digest, texts)), np.uint8).reshape(-1, 16)
        positions = encoded.indices.to_numpy(zero_copy_only=False)
        expected = cell_hashes()[ids]

        def tell(row: int) -> str:
            own = expected[row].tobytes().hex()
            return f"{texts[positions[row]]!r}; that of its graph is {own!r}"

        self._check("hash", (digests[positions] == expected).all(axis=1), tell)

    def _check(self, name: str, sound: npt.NDArray[np.bool_], tell: Any) -> None:
        """FormatError for the first row that is not sound."""
        if sound.all():
            return
        row = int(np.argmin(sound))
        raise FormatError(f"{self.path}: row {self.first_row + row}: column {name!r}: {tell(row)}")


def _digest(text: str) -> bytes:
    try:
        return bytes_of_hash(text)
    except ValueError:
        return bytes(16)  # no cell has it


def _are_pruned(codes: Codes) -> npt.NDArray[np.bool_]:
    """Whether cells of the space are packed as pruned graphs: the interior in use stands first."""
    matrices, labels = decode(codes)
    entered: npt.NDArray[np.bool_] = np.asarray(matrices.any(axis=1))[:, 1:6]
    left: npt.NDArray[np.bool_] = np.asarray(matrices.any(axis=2))[:, 1:6]
    # Edges go upwards: where each vertex is entered and left, input and output are joined to it.
    faults = np.concatenate(
        [
            entered != left,
            ~entered[:, :-1] & entered[:, 1:],  # a gap
            ~entered & (labels != 0),
        ],
        axis=1,
    )
    return np.asarray(~faults.any(axis=1))
