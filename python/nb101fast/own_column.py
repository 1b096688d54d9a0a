"""Own columns: values that users measured themselves, one for each cell, beside the metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import FormatError
from .schema import MapOf, Record, Text, parse

Doubles: TypeAlias = npt.NDArray[np.float64]
Ids: TypeAlias = npt.NDArray[np.int32]


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
        """The column with the values and the label of a new one where that has some."""
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


def narrowest(values: Doubles) -> npt.NDArray[np.floating[Any]]:
    """The values as float32 if it holds all of them exactly, else as they are.

    Example:
        >>> narrowest(np.array([0.5, np.nan])).dtype, narrowest(np.array([0.1])).dtype
        (dtype('float32'), dtype('float64'))
    """
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    return narrow if np.array_equal(narrow, values, equal_nan=True) else values
