"""The file of an optimizer's runs: a Parquet table of trainings, whose metadata hold the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from .._core import FormatError
from ..checks import check_type
from ..content_digest import ContentDigest
from ..extras import import_extra
from ..parquet_file import check_digest, open_parquet, write_table
from ..schema import Record, parse

if TYPE_CHECKING:
    import pyarrow

Columns: TypeAlias = dict[str, npt.NDArray[Any]]
Facts: TypeAlias = dict[str, Any]
Types: TypeAlias = Mapping[str, "np.dtype[Any]"]


class _Part(Protocol):
    """Consecutive runs."""

    @property
    def first_run(self) -> int: ...
    def __len__(self) -> int: ...


Part = TypeVar("Part", bound=_Part)

OF_EACH_RUN = ("num_evaluations", "num_invalid", "seconds")  # facts that are lists


@dataclass(frozen=True)
class RunFile:
    """A kind of such files.

    Attributes:
        contents: what the files hold, in the plural.
        writer: the function that writes them.
        facts: what the metadata hold, `first_run` and the lists `OF_EACH_RUN` among them.
        types: the types of the columns that are read, by the metadata. `run` is one of them.
    """

    contents: str
    writer: str
    facts: Record
    types: Callable[[Facts], Types]

    @property
    def _metadata(self) -> bytes:
        return f"nb101fast.{self.contents}".encode()

    def table(self, columns: Columns, facts: Facts) -> pyarrow.Table:
        """The rows and the metadata as a pyarrow.Table."""
        table = import_extra("pyarrow", extra="arrow").table(columns)
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
        facts = parse(f"{name}: its metadata", metadata[self._metadata], self.facts)
        types = self.types(facts)
        if not {*types} <= {*table.column_names}:
            raise self._other_contents(name)
        columns = {column: table[column].to_numpy() for column in types}
        _check_columns(name, columns, types, facts)
        check_digest(path, file, self._digest_of(table))
        return columns, facts

    def _other_contents(self, name: str) -> FormatError:
        return FormatError(
            f"{name} is not a Parquet file of {self.contents}; use one that {self.writer} wrote"
        )

    def _digest_of(self, table: pyarrow.Table) -> ContentDigest:
        """The digest of everything that a table holds."""
        digest = ContentDigest(table.schema.metadata[self._metadata])
        digest.update(*(column.to_numpy() for column in table.columns))
        return digest


def consecutive(
    parts: Sequence[Part], kind: type[Part], facts_of: Callable[[Part], Facts]
) -> list[Part]:
    """The parts, if the runs of each of them follow those of the part before it.

    Args:
        parts: the parts.
        kind: their class.
        facts_of: what must be equal in all parts.

    Raises:
        TypeError: a part is something else.
        ValueError: there are no parts, or one does not follow the part before it.
    """
    parts = list(parts)
    if not parts:
        raise ValueError("no parts: give at least one")
    for part in parts:
        check_type("parts", part, kind, use=kind.__name__)
    first, facts, number = parts[0], facts_of(parts[0]), parts[0].first_run
    for part in parts:
        if facts_of(part) != facts or part.first_run != number:
            raise ValueError(
                f"{part!r} from run {part.first_run} cannot follow {first!r}; use the same "
                f"optimizer, index and settings, and continue at run {number}"
            )
        number += len(part)
    return parts


def _check_columns(name: str, columns: Columns, types: Types, facts: Facts) -> None:
    """Raise FormatError unless the columns have their types and fit the runs of the metadata."""
    for column, values in columns.items():
        if values.dtype != types[column]:
            raise FormatError(
                f"{name}: column {column} of type {values.dtype} is not allowed; use "
                f"{types[column]} without nulls"
            )
    counts = {fact: len(facts[fact]) for fact in OF_EACH_RUN}
    if len(set(counts.values())) > 1:
        raise FormatError(f"{name}: its metadata has values of {counts} runs; give as many of each")
    run = columns["run"].astype(np.int64) - facts["first_run"]
    is_in_order = not len(run) or (run[0] >= 0 and run[-1] < counts["seconds"])
    if not is_in_order or (run[1:] < run[:-1]).any():
        raise FormatError(
            f"{name}: column run is not ascending from {facts['first_run']}, with at most "
            f"{counts['seconds']} runs; write the file again"
        )
