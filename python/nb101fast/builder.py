"""Gathers runs and writes an index file. Everything that makes an index uses this."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import _core
from ._core import FormatError
from .checks import checked_threads
from .file_names import core_name
from .findings import Findings, joined, sentences
from .ids import NUM_CELLS
from .inputs import Meter, Source, read_input, read_table
from .own_column import OwnColumn, as_stored
from .progress import Phases
from .provenance import Marks, checked_training, parse_provenance
from .reader import IndexReader
from .runs import Runs

UPDATE_RULE = "a new run takes the place of the old one of its cell, epochs and repeat"


@dataclass(frozen=True)
class CompileReport:
    """What `compile` read, and the index that it wrote.

    Attributes:
        output: the index file.
        num_bytes: its size.
        records: how many records were read.
        cells, runs: how many the index has.
        missing_runs: how many runs are missing from cells that have fewer runs than other cells.
        replaced_runs: how many runs of an updated index were replaced by new ones.
        repeated_runs: how many runs equal an earlier one of their cell and budget in every value.
        denominator: that of accuracies which are stored as counts; None if none are.
        official_order: whether the records are in the order of the official files.
        wide_columns: the columns that need a wider type than the official files.
        findings: the unusual and the missing values.
        own_columns: the names of the own columns, which come from the inputs and from the index
            that is updated.
        sources: the files and tables that were read.
        seconds: how long it took.
    """

    output: str
    num_bytes: int
    records: int
    cells: int
    runs: int
    missing_runs: int
    replaced_runs: int
    repeated_runs: int
    denominator: int | None
    official_order: bool
    wide_columns: tuple[str, ...]
    findings: Findings
    own_columns: tuple[str, ...]
    sources: tuple[Source, ...]
    seconds: float

    @property
    def missing_cells(self) -> int:
        """How many of the 423,624 cells have no run at all."""
        return NUM_CELLS - self.cells


class IndexBuilder:
    """Gathers runs with `add_*`, and writes the index with `finish`.

    Args:
        base: an index whose runs are kept, unless a new run replaces them. It is verified at level
            "sections" first.
        threads: how many threads parse and assemble; None for one on each processor.

    Attributes:
        table: the core's table of the runs so far. A parser may append runs to it directly.

    Example:
        >>> builder = IndexBuilder()
        >>> builder.add_file("nasbench_full.tfrecord")
        >>> builder.finish("nasbench_full.nb101").cells  # 423624 with the official file
    """

    def __init__(self, base: IndexReader | None = None, *, threads: int | None = None) -> None:
        if base:
            base.verify("sections")
        self.table = _core.RunTable()
        self._base, self._threads = base, checked_threads(threads)
        self._sources: list[Source] = []
        self._marks = Marks()
        self._own: dict[str, OwnColumn] = {}  # of the inputs
        self._work = threading.Lock()  # held by the call that is at work
        self._is_broken = False
        self._began = time.monotonic()
        self._created = _time_of_creation()

    def reserve(self, runs: int) -> None:
        """Reserve memory for about so many runs."""
        self.table.reserve(runs)

    def add_file(self, path: str, meter: Meter | None = None) -> Source:
        """Add the runs of a file of any format that `compile` reads.

        Raises:
            FormatError: the file is damaged; the message says which record and which byte.
        """
        with self._at_work():
            source = read_input(self.table, path, self._threads, meter or Meter(0, Phases()))
            self.add_source(source)
        return source

    def add_table(self, frame: Any) -> Source:
        """Add the runs of a DataFrame or an Arrow table, as `compile` reads them.

        Raises:
            FormatError: columns are missing or unknown, or a value is wrong.
            ImportError: pyarrow is not installed.
        """
        with self._at_work():
            source = read_table(self.table, frame)
            self.add_source(source)
        return source

    def add_source(self, source: Source) -> None:
        """Add the name of a file whose runs are already in `table`."""
        self._sources.append(source)
        self._marks |= source.marks
        for name, column in source.own_columns.items():
            known = self._own.get(name)
            self._own[name] = known.joined(column, name, source.name) if known else column

    def add_runs(self, runs: Runs) -> None:
        """Add runs that are in memory.

        Raises:
            OutOfDomainError: a code is outside the search space.
            TypeError, ValueError: an array has another shape than the others, or its numbers do not
                fit the types that `Runs` names.
        """
        arrays = runs.arrays()
        with self._at_work():
            self.table.append(*arrays)

    def add_index(self, reader: IndexReader) -> None:
        """Add every run of an index, in the order of its records, without its own columns.

        Raises:
            FormatError: a checksum is wrong, or sections disagree about which runs there are.
        """
        reader.verify("sections")
        with self._at_work():
            self.table.append_index(reader.file)
            self._marks |= Marks.of(reader.provenance)

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        """Let one call change or read the table at a time, and none after one that failed.

        Raises:
            RuntimeError: another thread, or what a handler of signals interrupted, is at work; or
                an earlier call has left a part of its input in the table.
        """
        if not self._work.acquire(blocking=False):
            raise RuntimeError(
                "another call of this builder has not ended; use it from one thread at a time"
            )
        before = len(self.table)
        try:
            if self._is_broken:
                raise RuntimeError(
                    "an earlier call of this builder failed within its input; begin with a new one"
                )
            yield
        except BaseException:
            self._is_broken = self._is_broken or len(self.table) != before
            raise
        finally:
            self._work.release()

    def finish(
        self,
        output: str | os.PathLike[str],
        *,
        strict: bool = False,
        denominator: int | None = None,
        synthetic: bool = False,
        training: Mapping[str, Any] | None = None,
        further: Mapping[str, Any] | None = None,
    ) -> CompileReport:
        """Write the index. An old file is replaced only when the new one is complete and on disk.

        Args:
            output: the index file.
            strict, denominator, synthetic, training: as in `compile`.
            further: entries of the provenance, beside those that each index has.

        Raises:
            FormatError: with `strict`, the runs have unusual values, or missing or repeated runs.
        """
        with self._at_work():
            return self._finish(output, strict, denominator, synthetic, training, further)

    def _finish(
        self,
        output: str | os.PathLike[str],
        strict: bool,
        denominator: int | None,
        synthetic: bool,
        training: Mapping[str, Any] | None,
        further: Mapping[str, Any] | None,
    ) -> CompileReport:
        target = core_name(output)
        base = self._base.file if self._base else None
        assembly = _core.IndexAssembly(self.table, base, self._threads)
        findings, summary = Findings(**self.table.findings), assembly.summary
        if strict:
            self._refuse(findings, summary)
        trained = checked_training(training)
        own = Marks(synthetic, (trained,) if trained else ())
        provenance = self._provenance(findings, own, further)
        if self._base:
            provenance = _updated(self._base, provenance, summary)
        text = json.dumps(provenance)
        parse_provenance(f"{os.fspath(output)}: provenance", text.encode())  # it can be read back
        own_columns, cells = self._own_columns(), assembly.cells
        stored = [as_stored(name, c.label, c.at(cells)) for name, c in own_columns.items()]
        written = assembly.write(target, text, denominator or 0, stored)
        return CompileReport(
            output=os.fspath(output),
            records=sum(source.records for source in self._sources),
            findings=findings,
            sources=tuple(self._sources),
            seconds=time.monotonic() - self._began,
            denominator=written.pop("denominator") or None,
            own_columns=tuple(own_columns),
            **written,
            **summary,
        )

    def _provenance(
        self, findings: Findings, own: Marks, further: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """The provenance of the runs that were added. Their marks are `own` and their sources'."""
        return {
            "tool": "nb101fast",
            "version": _core.__version__,
            "created": self._created,
            "sources": [facts for source in self._sources for facts in source.facts()],
            "findings": findings.told(),
            **(self._marks | own).entries(),
            **(further or {}),
        }

    def _own_columns(self) -> dict[str, OwnColumn]:
        """The own columns of the base, with the values of the inputs where these have some."""
        if self._base is None:
            return self._own
        columns = {name: self._base.own_column(name) for name in self._base.own_columns}
        for name, column in self._own.items():
            known = columns.get(name)
            if known and known.label.unit != column.label.unit:
                raise FormatError(
                    f"own column {name!r} has the unit {column.label.unit!r} in an input, but "
                    f"{known.label.unit!r} in the index that is updated; convert one of them"
                )
            columns[name] = known.updated(column) if known else column
        return columns

    def _refuse(self, findings: Findings, summary: Mapping[str, Any]) -> None:
        """Raise FormatError if there is anything that a strict compilation refuses."""
        faults = [*sentences(findings.told(), len(self.table))]
        for name in ("missing_runs", "repeated_runs"):
            if summary[name]:
                faults.append(f"{name.replace('_', ' ')}: {summary[name]:,}")
        if faults:
            names = ", ".join(source.name for source in self._sources)
            raise FormatError(
                f"{names}: a strict compilation refuses {'; '.join(faults)}; correct the inputs, "
                "or compile without strict=True"
            )


def _time_of_creation() -> str:
    """The present time, or the time that `$SOURCE_DATE_EPOCH` sets."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        seconds = int(fixed) if fixed else time.time()
        created = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            f"$SOURCE_DATE_EPOCH={fixed!r} is not allowed; use seconds since 1970"
        ) from None
    return created.isoformat(timespec="seconds")


def _updated(
    base: IndexReader, provenance: dict[str, Any], summary: Mapping[str, Any]
) -> dict[str, Any]:
    """The provenance of an updated index, which includes that of the index before."""
    before = base.provenance
    update = {
        "of": os.path.basename(base.path),
        "created": before.get("created"),
        "rule": UPDATE_RULE,
        "kept_runs": base.num_runs - summary["replaced_runs"],
        "replaced_runs": summary["replaced_runs"],
        "added_runs": summary["runs"] - base.num_runs,
    }
    return {
        **provenance,
        "findings": joined(before, provenance),
        "sources": before.get("sources", []) + provenance["sources"],
        **(Marks.of(before) | Marks.of(provenance)).entries(),
        "update": update,
    }
