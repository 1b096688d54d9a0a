"""An index file, open to be read: its facts, and the values of its cells by row."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from . import _core, shown_table
from ._core import FormatError, visible
from .arrays import Doubles
from .checks import check_choice, checked_integer
from .file_names import core_name
from .findings import Findings, stated_count
from .formats import FORMAT_NAMES, format_of
from .ids import NUM_CELLS, Ids
from .measurement import Measurement, QueryRepeat, check_epochs
from .own_column import Label, OwnColumn
from .provenance import Marks, parse_provenance

Verify = Literal["header", "sections", "full"]
VERIFY_LEVELS = tuple(_core.Verify.__members__)

Rows = npt.NDArray[np.int64]


class IndexReader:
    """An index file that is mapped into memory.

    A row is a cell that the file has; rows are in the order of `cells`. A reader pickles by its
    path, may be used after a fork, and by many threads at once.

    Args:
        path: the file.
        verify: "header", "sections" or "full", as `nb101fast.open` says.

    Attributes:
        path: the absolute path of the file.
        file: the compiled core's object.
        epochs: the budgets, ascending.
        repeats: for each budget, the greatest number of runs that a cell has.
        own_columns: the labels of the own columns, by name.

    Raises:
        FormatError: the file is not a sound index.
        FileNotFoundError: there is no such file.
    """

    def __init__(self, path: str | os.PathLike[str], *, verify: Verify = "header") -> None:
        check_choice("verify", verify, VERIFY_LEVELS)
        self.path = os.path.abspath(os.fspath(path))
        self.file = _open_file(self.path)
        self._verified: Verify = "header"
        self.budgets = tuple(self.file.budgets)
        self.epochs: tuple[int, ...] = tuple(epochs for epochs, _ in self.budgets)
        self.repeats: tuple[int, ...] = tuple(repeats for _, repeats in self.budgets)
        self.own_columns = {
            name: Label(unit, description) for name, unit, description in self.file.labels
        }
        self._cells: Ids | None = None
        self.verify(verify)

    def __len__(self) -> int:
        """The number of cells in the file."""
        return self.file.num_cells

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)

    def verify(self, level: Verify) -> None:
        """Make the checks of a level, unless this reader has made them already.

        Whoever writes values of an index into another file calls it with "sections" first, so
        that damage does not get a valid checksum.

        Raises:
            FormatError: the file is not a sound index.
        """
        if VERIFY_LEVELS.index(level) <= VERIFY_LEVELS.index(self._verified):
            return
        self.file.verify(_core.Verify[level])
        if level == "full":
            self._check_findings()
        self._verified = level

    def _check_findings(self) -> None:
        """Check that the provenance counts as many unusual values as the runs have."""
        provenance = self.provenance
        for name, (count, first) in Findings(**self.file.findings).told().items():
            if count > (stated := stated_count(provenance, name)):
                raise FormatError(
                    f"{self._provenance_place}: its findings state {stated} {name}, but the runs "
                    f"have {count}, first {first}"
                )

    @property
    def _provenance_place(self) -> str:
        """What stands before the words of an error about the provenance."""
        offset = next(at for name, _, at, _ in self.sections if "provenance" in name)
        return f"{self.path}: byte {offset}: section provenance"

    # ---------------------------------------------------------------- what the file holds

    @property
    def cells(self) -> Ids:
        """The ids of the cells in the file, ascending: read-only int32 (C,).

        Raises:
            FormatError: the file is damaged.
        """
        if self._cells is None and self.file.is_complete:
            # An array over bytes stays read-only: nobody can make it writable again.
            self._cells = np.frombuffer(np.arange(NUM_CELLS, dtype=np.int32).tobytes(), np.int32)
        elif self._cells is None:
            self._cells = self._checked_cells()
        return self._cells

    def _checked_cells(self) -> Ids:
        """The ids of the file, checked: a wrong one would be a position outside other arrays."""
        cells = self.file.cells()
        if cells[0] < 0 or cells[-1] >= NUM_CELLS or (cells[1:] <= cells[:-1]).any():
            raise FormatError(
                f"{self.path}: section cells: the ids are not in ascending order within 0 to "
                f"{NUM_CELLS - 1}"
            )
        return cells

    @property
    def denominator(self) -> int | None:
        """The number by which stored counts are divided to give accuracies; None without counts."""
        return self.file.denominator or None

    @property
    def num_runs(self) -> int:
        """How many training runs the file holds."""
        return self.file.num_runs

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the contents come from: sources with their SHA-256, tool, time, and findings.

        Raises:
            FormatError: the provenance is not JSON, or a field is of a wrong type.
        """
        return parse_provenance(self._provenance_place, self.file.provenance)

    @property
    def is_synthetic(self) -> bool:
        """Whether the values were made up for load tests."""
        return bool(self.provenance.get("synthetic"))

    @property
    def sections(self) -> list[tuple[str, np.dtype[Any], int, int]]:
        """Description, dtype, offset and bytes of each section.

        A section with offset 0 is not in the file, because all its values are equal.
        """
        return self.file.sections

    def num_repeats(self, epochs: int) -> int:
        """The greatest number of runs that a cell has at a budget.

        Raises:
            ValueError: the file does not have this budget.
        """
        return self.repeats[self._budget_number(epochs)]

    def run_counts(self, epochs: int | None = None) -> npt.NDArray[np.uint16]:
        """How many runs each cell has at a budget, or at the highest, by row: uint16 (C,).

        Raises:
            ValueError: the file does not have this budget.
        """
        budget = self.epochs[-1] if epochs is None else epochs
        return self.file.run_counts(self._budget_number(budget))

    def _budget_number(self, epochs: int) -> int:
        """The place of a budget among those of the file."""
        check_epochs(epochs, self.budgets)
        return self.epochs.index(epochs)

    # ---------------------------------------------------------------- values

    def measurement(
        self,
        metric: str,
        *,
        epochs: int | None,
        stage: str,
        repeat: QueryRepeat,
        words: Sequence[str] = ("mean",),
    ) -> Measurement:
        """The checked measurement; `words` are the repeats that are allowed in addition to numbers.

        If the epochs are None, they are the highest budget.

        Raises:
            ValueError: an argument is not allowed.
        """
        budget = self.epochs[-1] if epochs is None else epochs
        own = tuple(self.own_columns)
        return Measurement(metric, stage, budget, repeat, self.budgets, words, own)

    def rows_of(self, ids: Ids) -> Rows:
        """The row of each cell id: int64 (N,), -1 where the file has no such cell."""
        return self.file.rows_of(ids)

    def values(self, measurement: Measurement, rows: Rows | None = None) -> Doubles:
        """Values by row: float64 (N,); NaN for a row of -1 and for a cell without that run.

        Args:
            measurement: its repeat is a number or "mean".
            rows: int64 (N,); None for all rows.
        """
        if rows is None:
            rows = np.arange(len(self))
        if measurement.repeat == "mean":
            return self._series(measurement).mean_values(rows)
        return self._series(measurement).run_values(int(measurement.repeat), rows)

    def stored_column(self, measurement: Measurement) -> npt.NDArray[Any]:
        """The values of one repeat as the file has them, by row: a read-only view.

        An own column has the same values for every repeat and for the mean.
        """
        repeat = 0 if measurement.is_own else int(measurement.repeat)
        return self._series(measurement).column(repeat)

    def own_column(self, name: str) -> OwnColumn:
        """The values of an own column, with their label."""
        stored = self.file.own_series(self._own_number(name)).column(0)
        return OwnColumn(self.own_columns[name], self.cells, stored.astype(np.float64))

    def _series(self, measurement: Measurement) -> _core.Series:
        """The values of all runs, as the core has them."""
        if measurement.is_own:
            return self.file.own_series(self._own_number(measurement.metric))
        metric, stage = _core.Metric[measurement.metric], _core.Stage[measurement.stage]
        return self.file.series(metric, stage, measurement.budget)

    def _own_number(self, name: str) -> int:
        return [*self.own_columns].index(name)

    def column(self, measurement: Measurement) -> npt.NDArray[Any]:
        """The values of all cells by row, of one repeat or of the mean, in the narrowest type.

        Returns:
            float32 (C,) for the mean of a metric and for accuracies that are stored as counts, and
            float64 for times that are stored as ticks. All other values have the stored type; but
            integers are float64 if some cells have no such run. The value of a cell without the run
            is NaN.
        """
        values = self.values(measurement)
        if measurement.repeat == "mean" and not measurement.is_own:
            return values.astype(np.float32)
        stored = self.stored_column(measurement).dtype
        if stored.names:  # These are ticks.
            return values
        if stored == np.uint16:  # These are counts.
            return values.astype(np.float32)
        if stored.kind in "iu" and np.isnan(values).any():
            return values
        return values.astype(stored)

    def objective(self, measurement: Measurement, seed: int | None = None) -> _core.Objective:
        """A callable bound to a measurement of one repeat, of the mean, or of a random repeat.

        Args:
            measurement: what the callable gives.
            seed: the seed of the draws, if the repeat is random. None takes another one each time.
        """
        kind, number = _kind_and_number(measurement.repeat, seed)
        runs = (
            f" at {measurement.epochs} epochs, {measurement.stage}, repeat {measurement.repeat!r}"
        )
        text = (
            f"<Objective {measurement.metric}{'' if measurement.is_own else runs} "
            f"of {visible(os.path.basename(self.path))}>"
        )
        # A copy draws its own numbers, so the pickle does not hold the seed.
        recipe = (_bind, (self, measurement))
        html = functools.partial(_as_html, self, measurement)
        return self._series(measurement).objective(kind, number, recipe, text, html)


def _bind(reader: IndexReader, measurement: Measurement) -> _core.Objective:
    """Make an objective from its pickle."""
    return reader.objective(measurement)


def _as_html(reader: IndexReader, measurement: Measurement) -> str:
    """What a notebook shows of an objective."""
    runs = {
        "epochs": str(measurement.epochs),
        "stage": measurement.stage,
        "repeat": str(measurement.repeat),
    }
    own = reader.own_columns.get(measurement.metric)
    return shown_table.as_html(
        {
            "metric": measurement.metric,
            **({"unit": own.unit, "description": own.description} if own else runs),
            "file": reader.path,
            "values": Marks.of(reader.provenance).phrase(),
        }
    )


def _kind_and_number(repeat: QueryRepeat, seed: int | None) -> tuple[_core.RepeatKind, int]:
    """How a repeat is chosen, and its number or the seed of the draws."""
    word = None if seed is None else checked_integer("seed", seed) % (1 << 64)
    if repeat == "random":
        if word is None:
            word = int.from_bytes(os.urandom(8), "little")
        return _core.RepeatKind.random, word
    if repeat == "mean":
        return _core.RepeatKind.mean, 0
    return _core.RepeatKind.one, int(repeat)


def _open_file(path: str) -> _core.IndexFile:
    try:
        return _core.IndexFile(core_name(path))
    except FormatError as error:
        kind = format_of(path)
        if kind in (None, "index"):
            raise
        target = os.path.basename(path).partition(".")[0] + ".nb101"
        raise FormatError(
            f"{path}: this is {FORMAT_NAMES[kind]}, not an index; compile it first: "
            f"`nb101fast compile {os.path.basename(path)} -o {target}`, or in Python "
            f"nb101fast.compile({os.path.basename(path)!r}, {target!r})"
        ) from error
