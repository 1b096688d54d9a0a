"""Some rows of a table, whatever holds it: its columns as numbers and texts, and their faults."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from ._core import FormatError
from .arrays import Doubles
from .hashes import HASH_BYTES, bytes_of_hash
from .ids import NUM_CELLS
from .texts import Texts

Flags: TypeAlias = npt.NDArray[np.bool_]
# A column of numbers, texts or any values. A missing value is NaN, "" or None.
Column: TypeAlias = npt.NDArray[Any] | Texts | Sequence[Any]
# Checks the names of a table's columns. It takes the name of the file and its columns' names, and
# returns for each column that the package knows the name that the file has for it.
NamesCheck: TypeAlias = Callable[[str, Sequence[str]], Mapping[str, str]]

_NOT_EXACT = "is not allowed; use a number that a double holds"

# The columns of integers, with their least and greatest value.
INTEGERS = {
    "graph": (0, (1 << 32) - 1),
    "cell_id": (0, NUM_CELLS - 1),
    "epochs": (1, (1 << 32) - 1),
    "trainable_parameters": (-(1 << 31), (1 << 31) - 1),
}
_MOST_EXACT = 1 << 53  # All integers up to this one are doubles.


@dataclass(frozen=True)
class TableRows:
    """Some rows of a table. Every error names the row and the column.

    Attributes:
        columns: all of one length, by the package's name.
        names: the table's own name of each column.
        place: what an error calls the row at a position.
    """

    columns: Mapping[str, Column]
    names: Mapping[str, str]
    place: Callable[[int], str]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def listed(self, name: str) -> Sequence[Any]:
        """The values of a column as they were read; none if the table lacks the column."""
        column = self.columns.get(name, ())
        if isinstance(column, np.ndarray):
            values: list[Any] = column.tolist()
            return values
        return column.to_list() if isinstance(column, Texts) else column

    def numbers(self, name: str) -> Doubles:
        """A column as doubles, NaN where there is no value."""
        if name not in self.columns:
            return np.full(len(self), np.nan)
        column = self.columns[name]
        if isinstance(column, np.ndarray):
            if column.dtype.kind in "iu":
                is_exact = (column <= _MOST_EXACT) & (column >= -_MOST_EXACT)
                self.check(name, is_exact, lambda row: f"{column[row]} {_NOT_EXACT}")
            return column.astype(np.float64)
        values = self.listed(name)
        if {*map(type, values)} == {str} and "_" not in "".join(values):
            try:  # This is several times as fast as to look at each value.
                return np.array([float(value or "nan") for value in values], np.float64)
            except ValueError:
                pass  # One of them is at fault.
        return np.array(
            [self._number(name, row, value) for row, value in enumerate(values)], np.float64
        )

    def _number(self, name: str, row: int, value: Any) -> float:
        if value is None or (isinstance(value, str) and not value.strip()):
            return math.nan
        is_exact = type(value) is not int or abs(value) <= _MOST_EXACT
        is_plain = type(value) is not str or "_" not in value  # which Python allows in numbers
        if type(value) in (int, float, str) and is_exact and is_plain:
            try:
                return float(value)
            except ValueError:
                pass
        self.refuse(name, row, f"{shown(value)} {_NOT_EXACT}")

    def integers(self, name: str) -> Doubles:
        """A column of `INTEGERS` as doubles, NaN where there is no value."""
        values = self.numbers(name)
        low, high = INTEGERS[name]
        fits = (values >= low) & (values <= high) & (values == np.floor(values))
        self.check(
            name,
            fits | np.isnan(values),
            lambda row: f"{values[row]:.17g} is not allowed; use an integer from {low} to {high}",
        )
        return values

    def texts(self, name: str) -> Texts:
        """A column as texts, "" where there is no value. Lists are written as Python does."""
        column = self.columns.get(name)
        if isinstance(column, Texts):
            return column
        if column is None:
            return Texts.of([""] * len(self))
        if isinstance(column, np.ndarray) and not np.isnan(column.astype(np.float64)).all():
            self.refuse(name, 0, f"the column has numbers ({column[0]}); read it as texts")
        if isinstance(column, np.ndarray):
            return Texts.of([""] * len(column))
        return Texts.of(["" if value is None else str(value).strip() for value in column])

    # ---------------------------------------------------------------- faults

    def check(self, name: str, sound: Flags, tell: Callable[[int], str]) -> None:
        """Raise FormatError for the first row that is not sound."""
        if not sound.all():
            row = int(np.argmin(sound))
            self.refuse(name, row, tell(row))

    def refuse(self, name: str, row: int, what: str) -> NoReturn:
        """Raise FormatError for the value of a row."""
        raise FormatError(f"{self.place(row)}: column {self.names[name]!r}: {what}")


def shown(value: Any) -> str:
    """A value in an error, which is cut if it is long."""
    return reprlib.repr(value)


def digests_of(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Official hashes as uint8 (N, 16). A text that is no hash becomes zeros, which no cell has."""
    digests = b"".join(map(_digest, texts))
    return np.frombuffer(digests, np.uint8).reshape(-1, HASH_BYTES)


def _digest(text: str) -> bytes:
    try:
        return bytes_of_hash(text)
    except ValueError:
        return bytes(HASH_BYTES)
