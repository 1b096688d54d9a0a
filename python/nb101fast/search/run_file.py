"""The file of an optimizer's runs: a Parquet table of trainings, whose metadata hold the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .._core import FormatError
from ..arrow_columns import array_of, values_of
from ..content_digest import ContentDigest
from ..extras import import_extra
from ..parquet_file import check_digest, open_parquet, write_table
from ..phrases import counted
from ..schema import Integer, Kind, ListOf, Nullable, Number, Record, Text, parse
from .observations import COLUMN_TYPES, COLUMNS, Observations
from .run_numbers import LARGEST_SEED

if TYPE_CHECKING:
    import pyarrow

Columns: TypeAlias = dict[str, npt.NDArray[Any]]
Facts: TypeAlias = dict[str, Any]
Types: TypeAlias = Mapping[str, "np.dtype[Any]"]

OF_ALL_RUNS: dict[str, Kind] = {  # facts that are equal in all runs
    "optimizer": Text(),
    "preset": Text(),
    "index": Text(),
    "seed": Integer(-LARGEST_SEED, LARGEST_SEED),
    "budget_seconds": Nullable(Number(0)),
    "max_evaluations": Nullable(Integer(1)),
    "epochs": Integer(1, (1 << 31) - 1),
}
OF_EACH_RUN: dict[str, Kind] = {  # facts that are lists
    "num_evaluations": ListOf(Integer()),
    "num_invalid": ListOf(Integer()),
    "seconds": ListOf(Number(0)),
}
_COMMON_TYPES = COLUMN_TYPES | {"run": np.dtype(np.int32)}


@dataclass(frozen=True)
class RunFile:
    """A kind of such files.

    Attributes:
        contents: what the files hold, in the plural.
        writer: the function that writes them.
        facts: what the metadata hold beside `first_run`, `OF_ALL_RUNS` and `OF_EACH_RUN`.
        types: the types of the columns that are read beside `run` and those of `Observations`, by
            the metadata.
    """

    contents: str
    writer: str
    facts: Mapping[str, Kind]
    types: Callable[[Facts], Types]

    @property
    def _metadata(self) -> bytes:
        return f"nb101fast.{self.contents}".encode()

    def table(self, columns: Columns, facts: Facts) -> pyarrow.Table:
        """The rows and the metadata as a pyarrow.Table."""
        arrow = import_extra("pyarrow", extra="arrow")
        table = arrow.table({name: array_of(values) for name, values in columns.items()})
        return table.replace_schema_metadata({self._metadata: json.dumps(facts).encode()})

    def write(self, table: pyarrow.Table, target: str | os.PathLike[str] | IO[bytes]) -> None:
        """Write such a table to a file, whole or not at all."""
        write_table(table, target, self._digest_of(table))

    def read(self, path: str | os.PathLike[str]) -> tuple[Columns, Facts]:
        """Read a file: its columns and its metadata.

        Raises:
            ImportError: pyarrow is missing.
            OSError: the file cannot be read.
            FormatError: the file is damaged, it holds something else, or a value in it is not
                allowed.
        """
        name = os.fspath(path)
        with open_parquet(path) as file:
            table = file.read()
        metadata = table.schema.metadata or {}
        if self._metadata not in metadata:
            raise self._other_contents(name)
        known = {"first_run": Integer(), **OF_ALL_RUNS, **self.facts, **OF_EACH_RUN}
        facts = parse(f"{name}: its metadata", metadata[self._metadata], Record(known))
        types = {**_COMMON_TYPES, **self.types(facts)}
        if not {*types} <= {*table.column_names}:
            raise self._other_contents(name)
        columns = {column: values_of(table[column]) for column in types}
        _check_types(name, table, columns, types)
        _check_rows(name, columns, facts)
        check_digest(path, file, self._digest_of(table))
        return columns, facts

    def _other_contents(self, name: str) -> FormatError:
        return FormatError(
            f"{name} is not a Parquet file of {self.contents}; use one that {self.writer} wrote"
        )

    def _digest_of(self, table: pyarrow.Table) -> ContentDigest:
        """The digest of everything that a table holds."""
        digest = ContentDigest(table.schema.metadata[self._metadata])
        digest.update(*map(values_of, table.columns))
        return digest


def observations_of(
    columns: Columns, facts: Facts, rows: npt.NDArray[Any] | slice = slice(None)
) -> Observations:
    """The trainings that these rows of a file are."""
    some = {name: columns[name][rows] for name in COLUMNS}
    runs = columns["run"][rows] - facts["first_run"]
    return Observations.of_rows(runs, some, len(facts["seconds"]))


def _check_types(name: str, table: pyarrow.Table, columns: Columns, types: Types) -> None:
    """Raise FormatError unless the columns of a table have their types and no nulls."""
    for column, kind in types.items():
        stored = table[column]
        if stored.null_count or columns[column].dtype != kind:
            nulls = f" with {counted(stored.null_count, 'null')}" if stored.null_count else ""
            raise FormatError(
                f"{name}: column {column} of type {stored.type}{nulls} is not allowed; use {kind} "
                "without nulls"
            )


def _check_rows(name: str, columns: Columns, facts: Facts) -> None:
    """Raise FormatError unless the rows are in order and fit the runs of the metadata."""
    counts = {fact: len(facts[fact]) for fact in OF_EACH_RUN}
    if len(set(counts.values())) > 1:
        raise FormatError(f"{name}: its metadata has values of {counts} runs; give as many of each")
    run = columns["run"].astype(np.int64) - facts["first_run"]
    is_in_order = not len(run) or (run[0] >= 0 and run[-1] < counts["seconds"])
    if not is_in_order or (run[1:] < run[:-1]).any():
        raise FormatError(
            f"{name}: column run is not ascending from {facts['first_run']}, with at most "
            f"{counted(counts['seconds'], 'run')}; write the file again"
        )
    for column in ("seconds", "evaluation"):
        values = columns[column]
        falls = ~(values[1:] >= values[:-1]) & (run[1:] == run[:-1])
        if falls.any() or not np.isfinite(values).all():
            raise FormatError(
                f"{name}: column {column} is not ascending in each run; write the file again"
            )
