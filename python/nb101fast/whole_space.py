"""Questions about all cells of an index at once: the best, bounds, ranks and Pareto fronts.

A column is a metric of the index, at one budget, stage and repeat; or an own column; or a property
of the cells' structure. `Index` has these queries as methods.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _core, search_space
from .arrays import Doubles
from .cell import Cell
from .checks import check_choice, check_type
from .codes import Codes
from .ids import NUM_CELLS, Ids, ManyIds, as_ids, cell_codes
from .measurement import STORED_METRICS, FixedRepeat, Measurement, Stage
from .phrases import alternatives, counted
from .reader import IndexReader, Rows

Bounds: TypeAlias = tuple[float | None, float | None]

STRUCTURE: dict[str, Callable[[Codes], npt.NDArray[Any]]] = {
    "parameters": search_space.parameters,
    "flops": search_space.flops,
    "macs": search_space.macs,
    "depth": search_space.depth,
    "width": search_space.width,
    "num_vertices": search_space.num_vertices,
    "num_edges": search_space.num_edges,
}
COLUMNS: tuple[str, ...] = (*STORED_METRICS, *STRUCTURE)
# What "best" means for a column. Of the others, such as the depth, neither end is better.
GREATER_IS_BETTER = ("train_accuracy", "validation_accuracy", "test_accuracy")
LESS_IS_BETTER = (
    "training_time",
    "total_time",
    "trainable_parameters",
    "parameters",
    "flops",
    "macs",
)


class WholeSpace:
    """The cells of an index, with their metrics at one budget, stage and repeat.

    Without epochs, the budget is the highest. Every argument is checked before any value is read.

    Attributes:
        columns: the names of all columns: `COLUMNS`, and those of the index's own columns.
    """

    def __init__(
        self,
        reader: IndexReader,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> None:
        self.reader = reader
        self.epochs = reader.epochs[-1] if epochs is None else epochs
        self.stage, self.repeat = stage, repeat
        self.columns = (*COLUMNS, *reader.own_columns)

    def values(self, name: str, rows: Rows | None = None) -> Doubles:
        """The values of a column by row, of all rows or of some: float64.

        They are the values that `Index.query` gives, NaN for a cell without that run.
        """
        self._check(name)
        if rows is None:
            rows = np.arange(len(self.reader))
        if name in STRUCTURE:
            return STRUCTURE[name](cell_codes()[self._ids(rows)]).astype(np.float64)
        return self.reader.values(self._measurement(name), rows)

    def top_k(self, name: str, k: int) -> Ids:
        """What `Index.top_k` returns."""
        self._check(name)
        self._check_count(k, len(self.reader), f"the index has {counted(len(self.reader), 'cell')}")
        values = self.values(name)
        rows = np.flatnonzero(~np.isnan(values))
        if not len(rows):
            raise ValueError(f"no cell has a {name} there; use another column, budget or repeat")
        self._check_count(k, len(rows), f"{counted(len(rows), 'cell')} with a {name}")
        kth = np.partition(values[rows], len(rows) - k)[len(rows) - k]
        rows = rows[values[rows] >= kth]
        best = rows[np.argsort(-values[rows], kind="stable")]
        return self._ids(best[:k])

    def where(self, bounds: Mapping[str, Bounds]) -> Ids:
        """What `Index.where` returns."""
        if not bounds:
            raise ValueError(f"no bounds; give one or more of {alternatives(self.columns)}")
        return self._ids(np.flatnonzero(self._inside(self._checked_limits(bounds))))

    def best(self, name: str, bounds: Mapping[str, Bounds]) -> Cell:
        """What `Index.best` returns."""
        check_choice("metric", name, (*GREATER_IS_BETTER, *LESS_IS_BETTER))
        if not isinstance(bounds, Mapping):
            raise TypeError(f"where={bounds!r} is not allowed; use (low, high) by name of a column")
        self._check(name)
        limits = self._checked_limits(bounds)
        values = self.values(name)
        rows = np.flatnonzero(self._inside(limits) & ~np.isnan(values))
        if not len(rows):
            within = f" is within {dict(bounds)!r} and" if bounds else ""
            raise ValueError(
                f"no cell of the index{within} has a {name} at {self.epochs} epochs; use "
                f"{'other bounds' if bounds else 'another metric or budget'}"
            )
        find = np.argmax if name in GREATER_IS_BETTER else np.argmin  # the first of equal cells
        return Cell.from_id(self._ids(rows)[find(values[rows])])

    def _inside(self, limits: Mapping[str, tuple[float, float]]) -> npt.NDArray[np.bool_]:
        """By row, whether the cell is within all limits."""
        inside = np.ones(len(self.reader), np.bool_)
        for name, (low, high) in limits.items():
            values = self.values(name)
            inside &= (values >= low) & (values <= high)
        return inside

    def ranks(self, name: str) -> npt.NDArray[np.int32]:
        """What `Index.ranks` returns."""
        values = self.values(name)
        rows = np.flatnonzero(~np.isnan(values))
        order = rows[np.argsort(-values[rows], kind="stable")]
        places = np.arange(len(order))
        places[1:][values[order[1:]] == values[order[:-1]]] = 0
        ranks = np.full(NUM_CELLS, -1, np.int32)
        ranks[self.reader.cells[order]] = np.maximum.accumulate(places) + 1
        return ranks

    def pareto(self, maximize: Sequence[str], minimize: Sequence[str]) -> Ids:
        """What `Index.pareto` returns."""
        return self._ids(_core.pareto_front(self.points(maximize, minimize)))

    def hypervolume(
        self,
        maximize: Sequence[str],
        minimize: Sequence[str],
        reference: Mapping[str, float],
        ids: ManyIds | None,
    ) -> float:
        """What `Index.hypervolume` returns."""
        points = self.points(maximize, minimize, None if ids is None else self._rows_of(ids))
        corner = checked_reference(reference, [*maximize, *minimize])
        return _core.hypervolume(points, corner * signs_of(maximize, minimize))

    def points(
        self, maximize: Sequence[str], minimize: Sequence[str], rows: Rows | None = None
    ) -> Doubles:
        """The objectives by row, of all rows or of some: float64 (rows, objectives).

        The maximized objectives come first, and each of them is multiplied by -1, so that less is
        better in every column. The value of a cell without that run is NaN.

        Raises:
            TypeError: the names are one string.
            ValueError: there is no objective, one is given twice, or a name is no column.
        """
        self._check_objectives(maximize, minimize)
        columns = [self.values(name, rows) for name in (*maximize, *minimize)]
        return np.stack(columns, axis=1) * signs_of(maximize, minimize)

    def _ids(self, rows: npt.NDArray[Any]) -> Ids:
        ids: Ids = self.reader.cells[rows]
        return ids

    def _rows_of(self, ids: ManyIds) -> Rows:
        rows = self.reader.rows_of(as_ids(ids, least=-1))
        return rows[rows >= 0]

    # ---------------------------------------------------------------- arguments

    def _checked_limits(self, bounds: Mapping[str, Bounds]) -> dict[str, tuple[float, float]]:
        self._check(*bounds)
        return {name: _checked_bounds(name, pair) for name, pair in bounds.items()}

    def _measurement(self, name: str) -> Measurement:
        return self.reader.measurement(
            name, epochs=self.epochs, stage=self.stage, repeat=self.repeat
        )

    def _check(self, *names: str) -> None:
        for name in names:
            if name not in self.columns:
                raise ValueError(f"{name!r} is not a column; use {alternatives(self.columns)}")
            if name not in STRUCTURE:
                self._measurement(name)

    @staticmethod
    def _check_count(k: int, most: int, why: str) -> None:
        is_array = isinstance(k, np.ndarray) and not k.ndim and k.dtype.kind in "iu"
        is_number = is_array or isinstance(k, (int, np.integer))
        if isinstance(k, bool) or not is_number or not 1 <= k <= most:
            raise ValueError(f"k={k!r} is not allowed; use 1 to {most}: {why}")

    def _check_objectives(self, maximize: Sequence[str], minimize: Sequence[str]) -> None:
        for what, names in (("maximize", maximize), ("minimize", minimize)):
            if isinstance(names, str):
                raise TypeError(f"{what} is one string; use a list of strings")
            check_type(what, names, Collection, use="a list of strings")
        if not maximize and not minimize:
            raise ValueError(f"no objectives; give one or more of {alternatives(self.columns)}")
        self._check(*maximize, *minimize)
        name, times = Counter([*maximize, *minimize]).most_common(1)[0]
        if times > 1:
            raise ValueError(f"objective {name!r} is given {times} times; give it once")


def _checked_bounds(name: str, pair: Bounds) -> tuple[float, float]:
    """Both ends as numbers; an open end is infinite."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(
            f"{name}={pair!r} is not allowed; use (low, high), with None for an open end"
        )
    try:
        low = -math.inf if pair[0] is None else float(pair[0])
        high = math.inf if pair[1] is None else float(pair[1])
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"{name}={pair!r} is not allowed; use two numbers that a double holds, or None for an "
            "open end"
        ) from None
    if not low <= high:  # So a NaN is refused too.
        raise ValueError(
            f"{name}={pair!r} is not allowed; use low <= high, with None for an open end"
        )
    return low, high


def signs_of(maximize: Sequence[str], minimize: Sequence[str]) -> Doubles:
    """What each objective is multiplied by, so that less is better: float64 (objectives,)."""
    return np.array([-1.0] * len(maximize) + [1.0] * len(minimize))


def checked_reference(reference: Mapping[str, float], names: Sequence[str]) -> Doubles:
    """The reference point as an array: float64 (names,).

    Raises:
        ValueError: a name has no value, a value has no name, or a value is not finite.
    """
    if not isinstance(reference, Mapping) or set(reference) != set(names):
        listed = ", ".join(map(repr, names))
        raise ValueError(
            f"reference={reference!r} is not allowed; give a value for each of {listed}"
        )
    for name in names:
        if not math.isfinite(reference[name]):
            raise ValueError(
                f"reference {reference[name]} of {name!r} is not allowed; use a finite number"
            )
    return np.array([reference[name] for name in names], np.float64)
