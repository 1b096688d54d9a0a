"""Own columns: values that users measured themselves, one for each cell, beside the metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import FormatError
from .arrays import Doubles, in_single_precision
from .ids import Ids
from .schema import MapOf, Record, Text, parse


@dataclass(frozen=True)
class Label:
    """What belongs to the name of an own column.

    Attributes:
        unit: such as "ms"; at most 32 bytes of UTF-8, empty for plain numbers.
        description: a line that says what was measured; at most 160 bytes of UTF-8.
    """

    unit: str = ""
    description: str = ""


@dataclass(frozen=True, eq=False)
class OwnColumn:
    """The values of some cells, with their label.

    Attributes:
        label: the unit and the description.
        ids: int32 (N,), the ids of cells, ascending, each once.
        values: float64 (N,), NaN where a cell has no value.
    """

    label: Label
    ids: Ids
    values: Doubles

    @staticmethod
    def of_runs(label: Label, ids: Ids, values: Doubles, where: str) -> OwnColumn:
        """The column of a table with a row for each run, where each run has the value of its cell.

        Args:
            label: the unit and the description.
            ids: int32 (N,), the cells of the runs.
            values: float64 (N,), NaN where there is no value.
            where: the table and the column, for errors.

        Raises:
            FormatError: two runs of a cell have different values.
        """
        order = np.argsort(ids, kind="stable")
        ids, values = ids[order], values[order]
        is_first = np.append(True, ids[1:] != ids[:-1])
        first = values[np.maximum.accumulate(np.where(is_first, np.arange(len(ids)), 0))]
        if (wrong := ~((values == first) | (np.isnan(values) & np.isnan(first)))).any():
            at = int(np.argmax(wrong))
            raise FormatError(
                f"{where} has two values for cell {ids[at]}: {first[at]} and {values[at]}; give one"
            )
        return OwnColumn(label, ids[is_first], values[is_first])

    def at(self, ids: Ids) -> Doubles:
        """The values of other cells: float64; NaN where a cell has none.

        Args:
            ids: int32 (M,), in any order.
        """
        places = np.searchsorted(self.ids, ids).clip(max=len(self.ids) - 1)
        return np.where(self.ids[places] == ids, self.values[places], np.nan)

    def updated(self, new: OwnColumn) -> OwnColumn:
        """This column with the label of a new one, and with its values where it has values."""
        ids = np.union1d(self.ids, new.ids)
        values = new.at(ids)
        return OwnColumn(new.label, ids, np.where(np.isnan(values), self.at(ids), values))

    def joined(self, other: OwnColumn, name: str, source: str) -> OwnColumn:
        """The values of both columns.

        Args:
            other: the other column.
            name: of both columns, for errors.
            source: where the other column stands, for errors.

        Raises:
            FormatError: they have different units, or different values of one cell.
        """
        if self.label.unit != other.label.unit:
            raise FormatError(
                f"{source}: own column {name!r} has the unit {other.label.unit!r}, but that of an "
                f"input before has {self.label.unit!r}; convert one of them"
            )
        both = np.intersect1d(self.ids, other.ids)
        here, there = self.at(both), other.at(both)
        if (wrong := ~(np.isnan(here) | np.isnan(there) | (here == there))).any():
            at = int(np.argmax(wrong))
            raise FormatError(
                f"{source}: own column {name!r} has two values for cell {both[at]}: {there[at]} "
                f"here, and {here[at]} in an input before; leave out one of them"
            )
        return replace(self.updated(other), label=self.label)


_LABELS = MapOf(Record({"unit": Text(), "description": Text()}))


def parse_labels(source: str, data: bytes) -> dict[str, Label]:
    """The labels in the metadata of a table, by name.

    Raises:
        FormatError: the bytes are not JSON, or hold something else than labels.
    """
    labels = {name: Label(**texts) for name, texts in parse(source, data, _LABELS).items()}
    for name, label in labels.items():
        try:
            _core.check_label(name, label.unit, label.description)
        except ValueError as error:
            raise FormatError(f"{source}: {error}") from None
    return labels


def as_stored(
    name: str, label: Label, values: Doubles
) -> tuple[str, str, str, npt.NDArray[np.floating[Any]]]:
    """A column as the core writes it: its name, unit and description, and its values.

    Args:
        name: of the column.
        label: the unit and the description.
        values: float64 (C,), the value of each cell of the index, by row.

    Returns:
        The values are float32 if it holds all of them exactly, else float64.

    Example:
        >>> as_stored("latency", Label("ms"), np.array([0.5, np.nan]))
        ('latency', 'ms', '', array([0.5, nan], dtype=float32))
    """
    narrow = in_single_precision(values)
    is_exact = np.array_equal(narrow, values, equal_nan=True)
    return name, label.unit, label.description, narrow if is_exact else values
