"""An index as Arrow, pandas, polars and Parquet tables; docs/tables.md shows each form.

"runs", the default form: a row for each run, in the order of the records. Every value is exact.

- `cell_id` int32; `hash`, text of 32 hexadecimal digits.
- `matrix`, `operations`: the stored, pruned graph as text, "011 001 000" and
  "input conv3x3-bn-relu output".
- `trainable_parameters` int32; `epochs` uint32; `repeat` uint16.
- `final_`, `halfway_` and `start_` with `current_epoch`, `training_time`, `train_accuracy`,
  `validation_accuracy` and `test_accuracy`: doubles.
- `total_time`, a double; `graph` uint32, the code of the stored graph.
- `synthetic`, "true", only if values were made up; `dataset`, the names of the data sets of the
  training, only if the provenance names some.
- the own columns of the index, doubles, by their own names; each run has the value of its cell.

"stored": a row for each cell in `Index.cells`. The columns are those of the file, without a copy.

- `cell_id` int32; `hash`, 16 bytes; `parameters` uint32, of the official representative.
- `runs_E` uint16: how many runs the cell has at E epochs.
- `STAGE_METRIC_E_R`: a value of repeat R at E epochs, such as `final_test_accuracy_108_0`, for each
  metric that has a value at each stage. An accuracy of type uint16 is a count, which is divided by
  the denominator in the metadata of the field and of the schema. All other columns hold values.
- `total_time_E_R`, `trainable_parameters_E_R` and `graph_E_R`: the values that a run has once.
  Times that the file holds as ticks are copied, as float64, because Arrow has no integer of 40
  bits. In all columns of runs, a value is null if the cell has no such run.
- `record_E_R` uint32: the run's position among the records. The column is present only if the
  records are not in the official order.
- `own_NAME`, float32 or float64, for each own column; NaN where a cell has no value.
- The index file does not store a column that has one value for all cells. In the table, equal
  columns of this kind share their memory.

The schema has the metadata `nb101fast.form`, `nb101fast.form_version`, `nb101fast.denominator`
(empty if no column holds counts) and `nb101fast.provenance`, the index's provenance in JSON. If
the index has own columns, `nb101fast.own_columns` has their units and descriptions in JSON, and so
have the fields of these columns.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import _core
from .arrow_columns import array_of, array_of_texts
from .checks import check_choice
from .content_digest import ContentDigest
from .extras import import_extra
from .file_names import checked_name
from .ids import cell_parameters
from .measurement import EVALUATION_METRICS, STAGES, STORED_METRICS
from .parquet_file import add_digest, parquet_writer, write_table
from .provenance import Marks
from .reader import IndexReader
from .run_columns import (
    VALUE_COLUMNS,
    Epochs,
    Integers,
    budgets_of,
    own_columns_at,
    record_places,
    run_columns,
    runs_at,
)
from .texts import Texts
from .whole_file import WholeFile

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

Form = Literal["runs", "stored"]

FORMS = ("runs", "stored")
FORM_VERSION = 1
# Keys of the metadata.
PROVENANCE = b"nb101fast.provenance"
OWN_COLUMNS = b"nb101fast.own_columns"
OWN_PREFIX = "own_"  # of the names of own columns in the form "stored"
ROWS_AT_ONCE = 1 << 18  # A row group of this many runs takes about 40 MB of doubles.


def to_arrow(reader: IndexReader, *, form: Form = "runs", epochs: Epochs = None) -> pyarrow.Table:
    """The index as a pyarrow.Table. Arguments and errors as in `Index.to_arrow`."""
    arrow = import_extra("pyarrow", extra="arrow")
    check_choice("form", form, FORMS)
    reader.verify("sections")
    if form == "stored":
        return _StoredColumns(arrow, reader).table(budgets_of(reader, epochs))
    schema = _runs_schema(arrow, reader)
    batch = _runs_batch(arrow, reader, schema, record_places(reader, epochs))
    return arrow.Table.from_batches([batch], schema)


def to_pandas(
    reader: IndexReader, *, form: Form = "runs", epochs: Epochs = None
) -> pandas.DataFrame:
    """The index as a pandas.DataFrame. Arguments and errors as in `Index.to_pandas`."""
    import_extra("pandas", extra=None)  # pyarrow's own error would not say what to install.
    return to_arrow(reader, form=form, epochs=epochs).to_pandas(split_blocks=True)


def to_polars(
    reader: IndexReader, *, form: Form = "runs", epochs: Epochs = None
) -> polars.DataFrame:
    """The index as a polars.DataFrame. Arguments and errors as in `Index.to_polars`."""
    table = to_arrow(reader, form=form, epochs=epochs)
    frame: polars.DataFrame = import_extra("polars", extra=None).from_arrow(table)
    return frame


def to_parquet(
    reader: IndexReader,
    path: str | os.PathLike[str],
    *,
    form: Form = "runs",
    epochs: Epochs = None,
) -> None:
    """Write the index to a Parquet file. Arguments and errors as in `Index.to_parquet`."""
    arrow = import_extra("pyarrow", extra="arrow")
    check_choice("form", form, FORMS)
    target = checked_name(path)
    if os.path.exists(target) and os.path.samefile(target, reader.path):
        raise ValueError(f"path {target!r} is the index itself; use another name")
    reader.verify("sections")
    places = record_places(reader, epochs)
    parts = [places[:, at : at + ROWS_AT_ONCE] for at in range(0, places.shape[1], ROWS_AT_ONCE)]
    digest = ContentDigest(_provenance_text(reader))
    if form == "stored":
        for part in parts:
            digest.update(*_contents(reader, part))
        write_table(to_arrow(reader, form=form, epochs=epochs), target, digest)
        return
    schema = _runs_schema(arrow, reader)
    with WholeFile(target) as file, parquet_writer(file, schema) as writer:
        for part in parts:
            writer.write_batch(_runs_batch(arrow, reader, schema, part), part.shape[1])
            digest.update(*_contents(reader, part))
        add_digest(writer, digest)


def _contents(reader: IndexReader, places: Integers) -> list[npt.NDArray[Any]]:
    """What the digest of a file covers."""
    return [*runs_at(reader, places).arrays(), *own_columns_at(reader, places[0]).values()]


def _metadata(reader: IndexReader, form: Form) -> dict[str | bytes, str | bytes]:
    labels = {name: asdict(label) for name, label in reader.own_columns.items()}
    return {
        "nb101fast.form": form,
        "nb101fast.form_version": str(FORM_VERSION),
        "nb101fast.denominator": str(reader.denominator or ""),
        PROVENANCE: _provenance_text(reader),
        **({OWN_COLUMNS: json.dumps(labels)} if labels else {}),
    }


def _provenance_text(reader: IndexReader) -> bytes:
    return json.dumps(reader.provenance).encode()


# ---------------------------------------------------------------- columns as stored


class _StoredColumns:
    """Arrow arrays that use the memory of the mapped file. They keep the file mapped."""

    def __init__(self, arrow: Any, reader: IndexReader) -> None:
        self._arrow, self._reader = arrow, reader
        self._constants: dict[tuple[str, bytes], Any] = {}
        self._columns: list[tuple[Any, Any]] = []  # field, array

    def table(self, budgets: list[int]) -> Any:
        reader, hash_type = self._reader, self._arrow.binary(16)
        cells, hashes = reader.cells, reader.file.hashes()
        self._add("cell_id", cells)
        buffers = [None, self._arrow.py_buffer(hashes)]
        digests = self._arrow.Array.from_buffers(hash_type, len(hashes), buffers)
        self._columns.append((self._arrow.field("hash", hash_type, nullable=False), digests))
        self._add("parameters", cell_parameters()[cells])
        places = record_places(reader) if len(reader.file.order()) else None
        for budget in budgets:
            self._add_budget(budget, places)
        for name, label in reader.own_columns.items():
            measurement = reader.measurement(name, epochs=None, stage="final", repeat=0)
            values = reader.stored_column(measurement)
            self._add(f"{OWN_PREFIX}{name}", values, metadata=asdict(label))
        fields, arrays = zip(*self._columns, strict=True)
        schema = self._arrow.schema(fields, _metadata(reader, "stored"))
        return self._arrow.Table.from_arrays(list(arrays), schema=schema)

    def _add_budget(self, budget: int, places: Integers | None) -> None:
        epochs, counts = self._reader.epochs[budget], self._reader.file.run_counts(budget)
        self._add(f"runs_{epochs}", counts)
        for repeat in range(self._reader.repeats[budget]):
            absent = counts <= repeat
            place = {"epochs": str(epochs), "repeat": str(repeat)}
            for metric in STORED_METRICS:
                stages = STAGES if metric in EVALUATION_METRICS else [""]
                for stage in stages:
                    name = "_".join(filter(None, [stage, metric, str(epochs), str(repeat)]))
                    values = self._stored(metric, stage, budget, repeat)
                    self._add(name, values, absent, {"metric": metric, "stage": stage, **place})
            if places is not None:
                chosen = np.flatnonzero((places[1] == budget) & (places[2] == repeat))
                positions = np.zeros(len(counts), np.uint32)
                positions[places[0, chosen]] = chosen
                self._add(f"record_{epochs}_{repeat}", positions, absent, place)

    def _stored(self, metric: str, stage: str, budget: int, repeat: int) -> npt.NDArray[Any]:
        series = self._reader.file.series(
            _core.Metric[metric], _core.Stage[stage or "final"], budget
        )
        values = series.column(repeat)
        if values.dtype.names:  # These are ticks.
            return series.run_values(repeat, np.arange(len(values)))
        return values

    def _add(
        self,
        name: str,
        values: npt.NDArray[Any],
        absent: npt.NDArray[np.bool_] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        """Add a column of numbers, which are null where `absent` is true."""
        validity = None
        if absent is not None and absent.any():
            validity = self._arrow.py_buffer(np.packbits(~absent, bitorder="little"))
        if metadata and values.dtype == np.uint16 and self._reader.denominator:
            metadata = {**metadata, "denominator": str(self._reader.denominator)}
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


def _runs_schema(arrow: Any, reader: IndexReader) -> Any:
    text = arrow.dictionary(arrow.int32(), arrow.string())
    columns = {
        "cell_id": arrow.int32(),
        "hash": text,
        "matrix": text,
        "operations": text,
        "trainable_parameters": arrow.int32(),
        "epochs": arrow.uint32(),
        "repeat": arrow.uint16(),
        **dict.fromkeys(VALUE_COLUMNS, arrow.float64()),
        "total_time": arrow.float64(),
        "graph": arrow.uint32(),
    }
    columns |= dict.fromkeys(Marks.of(reader.provenance).in_words(), text)
    fields = [arrow.field(name, kind, nullable=False) for name, kind in columns.items()]
    fields += [
        arrow.field(name, arrow.float64(), nullable=False, metadata=asdict(label))
        for name, label in reader.own_columns.items()
    ]
    return arrow.schema(fields, _metadata(reader, "runs"))


def _runs_batch(arrow: Any, reader: IndexReader, schema: Any, places: Integers) -> Any:
    """The record batch of the runs at these places."""
    arrays = []
    columns = run_columns(reader, places) | own_columns_at(reader, places[0])
    for name, column in columns.items():
        if isinstance(column, Texts):
            texts = array_of_texts(column.different)
            arrays.append(arrow.DictionaryArray.from_arrays(array_of(column.positions), texts))
        else:
            arrays.append(array_of(column).cast(schema.field(name).type))
    return arrow.RecordBatch.from_arrays(arrays, schema=schema)
