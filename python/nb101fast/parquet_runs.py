"""The runs of a Parquet file of either form that `nb101fast.tables` writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import FormatError
from .checks import alternatives
from .codes import NUM_CELLS, Codes, bytes_of_hash, cell_hashes, cell_ids, decode
from .content_digest import ContentDigest
from .extras import import_extra
from .measurement import EVALUATION_METRICS, STAGES
from .parquet_file import check_digest, open_parquet
from .provenance import parse_provenance
from .run_columns import Integers, official_places
from .runs import Runs
from .tables import FORM_VERSION, FORMS, PROVENANCE

_ROWS_AT_ONCE = 1 << 18
_VALUES = tuple(f"{stage}_{metric}" for stage in STAGES for metric in EVALUATION_METRICS)
_INTEGER_COLUMNS = {  # their least and greatest value
    "graph": (0, (1 << 32) - 1),
    "epochs": (1, (1 << 32) - 1),
    "trainable_parameters": (-(1 << 31), (1 << 31) - 1),
}
_REQUIRED_COLUMNS = (*_INTEGER_COLUMNS, *_VALUES, "total_time")
_CHECKED_COLUMNS = ("cell_id", "hash")  # They must fit the graph, if they are there.
_BUDGET_COLUMN = re.compile(r"runs_([1-9][0-9]{0,9})")


def read_parquet(table: _core.RunTable, path: str) -> int:
    """Append the runs of a Parquet file to a table.

    The metadata says which form the file has; a file without metadata is taken for the form
    "runs". Such a file must have the columns `graph`, `epochs`, `trainable_parameters`,
    `total_time`, and one column for each stage and metric. If it has `cell_id` or `hash`, they
    must be those of the graph. All other columns are ignored. The r-th row of a cell and budget
    becomes its repeat r; the column `repeat` is ignored too. Integers and floats may have any
    width.

    Returns:
        How many runs the file has.

    Raises:
        FormatError: a column is missing, a type or a value is wrong, a graph is outside the search
            space or not pruned, or the file has no runs. The message names the file, the row
            (counted from 0) and the column. The table then holds a part of the rows.
        ImportError: pyarrow is not installed.
    """
    with open_parquet(path) as reader:
        metadata = reader.schema_arrow.metadata or {}
        digest = ContentDigest(metadata.get(PROVENANCE, b""))
        if _form_of(path, metadata) == "stored":
            batches = _stored_runs(path, reader.read())
        else:
            batches = _rows_as_runs(path, reader)
        count = 0
        for runs in batches:
            table.append(*runs.arrays())
            digest.update(*runs.arrays())
            count += len(runs.codes)
        check_digest(path, reader, digest)
    if not count:
        raise FormatError(f"{path}: no runs: give at least one")
    return count


def _form_of(path: str, metadata: dict[bytes, bytes]) -> str:
    version = metadata.get(b"nb101fast.form_version", b"%d" % FORM_VERSION)
    if version != b"%d" % FORM_VERSION:
        raise FormatError(
            f"{path}: form version {version.decode('utf-8', 'replace')!r} is not supported; "
            f"write the file again with this version of nb101fast, whose form is {FORM_VERSION}"
        )
    form = metadata.get(b"nb101fast.form", b"runs").decode("utf-8", "replace")
    if form not in FORMS:
        raise FormatError(f"{path}: form {form!r} is not allowed; use {alternatives(FORMS)}")
    return str(form)


def parquet_provenance(path: str) -> dict[str, Any]:
    """The provenance of the index that a Parquet file was written from; empty if it is unknown.

    Raises:
        FormatError: the file is not a Parquet file, or its provenance is damaged.
        ImportError: pyarrow is not installed.
    """
    with open_parquet(path) as reader:
        metadata = reader.schema_arrow.metadata or {}
    return parse_provenance(f"{path}: its provenance", metadata.get(PROVENANCE, b"{}"))


# ---------------------------------------------------------------- the form "stored"


def _stored_runs(path: str, stored: Any) -> Iterator[Runs]:
    """The runs of a table of the form "stored", in the order of the records."""
    columns = _StoredRead(path, stored)
    places = columns.places()
    for begin in range(0, places.shape[1], _ROWS_AT_ONCE):
        yield columns.runs(places[:, begin : begin + _ROWS_AT_ONCE])


class _StoredRead:
    """The columns of a file of the form "stored", which are checked as they are read."""

    def __init__(self, path: str, stored: Any) -> None:
        self._path, self._stored = path, stored
        self._names = stored.schema.names
        matches = [_BUDGET_COLUMN.fullmatch(name) for name in stored.schema.names]
        self._epochs = sorted(int(match[1]) for match in matches if match)
        self._ids = self._numbers("cell_id")
        sound = (self._ids >= 0) & (self._ids < NUM_CELLS)
        self._check("cell_id", sound, f"is no cell id; use 0 to {NUM_CELLS - 1}")
        if len(np.unique(self._ids)) != len(self._ids):
            raise FormatError(f"{path}: column 'cell_id' has a cell twice; give each cell one row")

    def places(self) -> Integers:
        """Row, budget and repeat of each record, in order."""
        if not self._epochs:
            raise FormatError(
                f"{self._path}: no column 'runs_E' with the runs at E epochs: add at least one"
            )
        counts = np.stack([self._numbers(f"runs_{epochs}") for epochs in self._epochs], axis=1)
        places = official_places(cell_hashes()[self._ids.astype(int)], counts.astype(np.int64))
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
            np.stack([self._gathered(name, places) for name in _VALUES], axis=1),
            self._gathered("trainable_parameters", places).astype(np.int32),
            self._gathered("total_time", places),
        )

    def _gathered(self, name: str, places: Integers) -> npt.NDArray[np.float64]:
        """The values that the runs at these places have in the columns `name_E_R`, as doubles."""
        rows, budgets, repeats = places
        values = np.empty(places.shape[1])
        for budget, repeat in np.unique(places[1:], axis=1).T.tolist():
            chosen = np.flatnonzero((budgets == budget) & (repeats == repeat))
            column = self._numbers(f"{name}_{self._epochs[budget]}_{repeat}", rows[chosen])
            values[chosen] = column
        return values

    def _numbers(self, name: str, rows: Any = slice(None)) -> npt.NDArray[Any]:
        """The values of rows, which must not be null. Counts are turned into accuracies."""
        if (times := self._names.count(name)) != 1:
            raise FormatError(f"{self._path}: {times or 'no'} columns {name!r}; give exactly one")
        column = self._stored.column(name).combine_chunks()
        present = column.is_valid().to_numpy(zero_copy_only=False)
        self._check(name, present[rows], "is null; give a value")
        filled = column.fill_null(0).to_numpy(zero_copy_only=False)
        values: npt.NDArray[Any] = filled[rows]
        denominator = (self._stored.schema.field(name).metadata or {}).get(b"denominator")
        if denominator is None:
            return values
        return values.astype(np.float32) / np.float32(denominator)

    def _check(self, name: str, sound: npt.NDArray[np.bool_], fault: str) -> None:
        if not sound.all():
            row = int(np.argmin(sound))
            raise FormatError(f"{self._path}: column {name!r}: value {row} {fault}")


# ---------------------------------------------------------------- the form "runs"


def _rows_as_runs(path: str, reader: Any) -> Iterator[Runs]:
    """The runs of a file of the form "runs", a batch of rows at a time."""
    arrow = import_extra("pyarrow", extra="arrow")
    names = _checked_columns(arrow, path, reader.schema_arrow)
    count = 0
    for batch in reader.iter_batches(_ROWS_AT_ONCE, columns=names):
        if batch.num_rows:
            yield _RunsRead(arrow, path, count, batch).runs()
        count += batch.num_rows


def _checked_columns(arrow: Any, path: str, schema: Any) -> list[str]:
    """The columns to read, of the right types."""
    names = [*_REQUIRED_COLUMNS, *(name for name in _CHECKED_COLUMNS if name in schema.names)]
    for name in names:
        if (times := schema.names.count(name)) != 1:
            raise FormatError(f"{path}: {times or 'no'} columns {name!r}; give exactly one")
        kind, allowed = schema.field(name).type, _allowed_types(name)
        if not _is_of(arrow, kind, allowed):
            raise FormatError(
                f"{path}: column {name!r} is of type {kind}, which is not allowed; use {allowed}"
            )
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
    """A batch of rows that was read from a file and is not yet checked."""

    arrow: Any
    path: str
    first_row: int
    batch: Any

    def runs(self) -> Runs:
        """The runs of the rows, once every value is checked."""
        codes = self._integers("graph").astype(np.uint32)
        self._check_graphs(codes)
        return Runs(
            codes,
            self._integers("epochs").astype(np.uint32),
            np.stack([self._floats(name) for name in _VALUES], axis=1),
            self._integers("trainable_parameters").astype(np.int32),
            self._floats("total_time"),
        )

    def _column(self, name: str) -> Any:
        column = self.batch.column(self.batch.schema.names.index(name))
        if column.null_count:
            absent = column.is_null().to_numpy(zero_copy_only=False)
            self._check(name, ~absent, lambda row: "null is not allowed; give a value")
        return column

    def _integers(self, name: str) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = self._column(name).to_numpy(zero_copy_only=False)
        low, high = _INTEGER_COLUMNS[name]
        fits = (values >= low) & (values <= high)
        self._check(name, fits, lambda row: f"{values[row]} is not allowed; use {low} to {high}")
        return values

    def _floats(self, name: str) -> npt.NDArray[np.float64]:
        values: npt.NDArray[Any] = self._column(name).to_numpy(zero_copy_only=False)
        return values.astype(np.float64)

    def _check_graphs(self, codes: Codes) -> None:
        ids = cell_ids(codes)
        self._check("graph", ids >= 0, lambda row: f"code {codes[row]} is outside the search space")
        pruned = are_pruned(codes)
        self._check(
            "graph",
            pruned,
            lambda row: f"code {codes[row]} is not pruned; prune it first",
        )
        names = self.batch.schema.names
        if "cell_id" in names:
            given = self._column("cell_id").to_numpy(zero_copy_only=False)
            self._check(
                "cell_id",
                given == ids,
                lambda row: f"{given[row]} is not the id of its graph, {ids[row]}",
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
            return f"{texts[positions[row]]!r} is not the hash of its graph, {own!r}"

        self._check("hash", (digests[positions] == expected).all(axis=1), tell)

    def _check(self, name: str, sound: npt.NDArray[np.bool_], tell: Any) -> None:
        """Raise FormatError for the first row that is not sound."""
        if sound.all():
            return
        row = int(np.argmin(sound))
        raise FormatError(f"{self.path}: row {self.first_row + row}: column {name!r}: {tell(row)}")


def _digest(text: str) -> bytes:
    try:
        return bytes_of_hash(text)
    except ValueError:
        return bytes(16)  # No cell has the hash of all zeros.


def are_pruned(codes: Codes) -> npt.NDArray[np.bool_]:
    """Whether each code is packed as a pruned graph: bool (N,).

    In a pruned graph, the interior vertices that are used come first. The other interior vertices
    have no edges and the operation 0.
    """
    matrices, labels = decode(codes)
    entered: npt.NDArray[np.bool_] = np.asarray(matrices.any(axis=1))[:, 1:6]
    left: npt.NDArray[np.bool_] = np.asarray(matrices.any(axis=2))[:, 1:6]
    # Edges go from lower to higher vertices. So a vertex with edges in and out lies on a path from
    # input to output if this holds for all vertices.
    faults = np.concatenate(
        [
            entered != left,
            ~entered[:, :-1] & entered[:, 1:],  # an unused vertex before a used one
            ~entered & (labels != 0),
        ],
        axis=1,
    )
    return np.asarray(~faults.any(axis=1))
