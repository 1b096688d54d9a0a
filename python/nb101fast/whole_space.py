"""All cells of an index at once: the best, those within bounds, their ranks, Pareto fronts.

A column is a metric of the index, at one budget, stage and repeat, or a property of the cells'
structure. `Index` has these queries as methods.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _core, search_space
from .codes import NUM_CELLS, Codes, cell_codes, is_scalar

if TYPE_CHECKING:
    from .index import FixedRepeat, Index, Stage

Doubles: TypeAlias = npt.NDArray[np.float64]
Ids: TypeAlias = npt.NDArray[np.int32]
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
COLUMNS: tuple[str, ...] = (*_core.METRICS, *STRUCTURE)


class WholeSpace:
    """The cells of an index; their metrics are of one budget, stage and repeat.

    Every argument is checked before anything is read.
    """

    def __init__(
        self,
        index: Index,
        epochs: int = 108,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> None:
        self.index = index
        self.epochs, self.stage, self.repeat = epochs, stage, repeat

    def values(self, name: str, rows: npt.NDArray[np.int64] | None = None) -> Doubles:
        """A metric or structural property by row of `Index.cells`, or of some rows: float64.

        Values are those of `Index.query`: a run's exactly, a mean rounded to float32; NaN without
        a run.
        """
        self._check(name)
        if rows is None:
            rows = np.arange(len(self.index))
        if name in STRUCTURE:
            return STRUCTURE[name](cell_codes()[self._ids(rows)]).astype(np.float64)
        place = self.index._place(name, self.epochs, self.stage)
        if self.repeat == "mean":
            return self.index._file.mean_values(*place, rows)
        return self.index._file.run_values(*place, int(self.repeat), rows)

    def top_k(self, name: str, k: int) -> Ids:
        """As `Index.top_k`."""
        self._check(name)
        self._check_count(k, len(self.index), "this index has so many cells")
        values = self.values(name)
        rows = np.flatnonzero(~np.isnan(values))
        self._check_count(k, len(rows), f"so many cells have a {name}")
        kth = np.partition(values[rows], len(rows) - k)[len(rows) - k]
        rows = rows[values[rows] >= kth]
        best = rows[np.argsort(-values[rows], kind="stable")]
        return self._ids(best[:k])

    def where(self, bounds: Mapping[str, Bounds]) -> Ids:
        """As `Index.where`."""
        if not bounds:
            raise ValueError(f"no bounds; one or more of {_listed(COLUMNS)} are allowed")
        self._check(*bounds)
        limits = {name: _checked_bounds(name, pair) for name, pair in bounds.items()}
        inside = np.ones(len(self.index), np.bool_)
        for name, (low, high) in limits.items():
            values = self.values(name)
            inside &= (values >= low) & (values <= high)
        return self._ids(np.flatnonzero(inside))

    def ranks(self, name: str) -> Ids:
        """As `Index.ranks`."""
        values = self.values(name)
        rows = np.flatnonzero(~np.isnan(values))
        order = rows[np.argsort(-values[rows], kind="stable")]
        places = np.arange(len(order))
        places[1:][values[order[1:]] == values[order[:-1]]] = 0
        ranks = np.full(NUM_CELLS, -1, np.int32)
        ranks[self.index.cells[order]] = np.maximum.accumulate(places) + 1
        return ranks

    def pareto(self, maximize: Sequence[str], minimize: Sequence[str]) -> Ids:
        """As `Index.pareto`."""
        self._check_objectives(maximize, minimize)
        points = self._points(maximize, minimize, np.arange(len(self.index)))
        return self._ids(_core.pareto_front(points))

    def hypervolume(
        self,
        maximize: Sequence[str],
        minimize: Sequence[str],
        reference: Mapping[str, float],
        cells: npt.ArrayLike | None,
    ) -> float:
        """As `Index.hypervolume`."""
        self._check_objectives(maximize, minimize)
        corner = _checked_reference(reference, [*maximize, *minimize])
        rows = np.arange(len(self.index)) if cells is None else self._rows_of(cells)
        signs = [-1.0] * len(maximize) + [1.0] * len(minimize)
        return _core.hypervolume(self._points(maximize, minimize, rows), corner * signs)

    def _ids(self, rows: npt.NDArray[Any]) -> Ids:
        ids: Ids = self.index.cells[rows]
        return ids

    def _points(
        self, maximize: Sequence[str], minimize: Sequence[str], rows: npt.NDArray[np.int64]
    ) -> Doubles:
        """(len(rows), objectives), less being better."""
        points = np.empty((len(rows), len(maximize) + len(minimize)))
        for number, name in enumerate(maximize):
            points[:, number] = -self.values(name, rows)
        for number, name in enumerate(minimize, len(maximize)):
            points[:, number] = self.values(name, rows)
        return points

    def _rows_of(self, cells: npt.ArrayLike) -> npt.NDArray[np.int64]:
        ids = np.asarray(cells)
        if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
            raise ValueError(
                f"cells of shape {ids.shape} and dtype {ids.dtype}; cell ids (N,) are allowed"
            )
        outside = (ids < -1) | (ids >= NUM_CELLS)
        if outside.any():
            position = int(np.argmax(outside))
            raise ValueError(
                f"cell id {ids[position]} at position {position}; -1 to {NUM_CELLS - 1} are allowed"
            )
        rows = self.index._file.rows_of(ids.astype(np.int32))
        return rows[rows >= 0]

    # ---------------------------------------------------------------- arguments

    def _check(self, *names: str) -> None:
        for name in names:
            if name not in COLUMNS:
                raise ValueError(f"{name!r} is no column; {_listed(COLUMNS)} are allowed")
            if name not in STRUCTURE:
                self.index._place(name, self.epochs, self.stage)
                self.index._check_fixed(self.repeat, self.epochs)

    @staticmethod
    def _check_count(k: int, most: int, why: str) -> None:
        is_number = is_scalar(k) and not isinstance(k, bool)
        if not is_number or not 1 <= k <= most:
            raise ValueError(f"k={k!r}; 1 to {most} are allowed: {why}")

    def _check_objectives(self, maximize: Sequence[str], minimize: Sequence[str]) -> None:
        for what, names in (("maximize", maximize), ("minimize", minimize)):
            if isinstance(names, str):
                raise TypeError(f"{what} is one string; a sequence of them is allowed")
        if not maximize and not minimize:
            raise ValueError(f"no objectives; one or more of {_listed(COLUMNS)} are allowed")
        self._check(*maximize, *minimize)
        name, times = Counter([*maximize, *minimize]).most_common(1)[0]
        if times > 1:
            raise ValueError(f"objective {name!r} is there {times} times; once is allowed")


def _checked_bounds(name: str, pair: Bounds) -> tuple[float, float]:
    """Both ends as numbers, infinite where open."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"{name}={pair!r}; (low, high) is allowed, None for an open end")
    low = -math.inf if pair[0] is None else pair[0]
    high = math.inf if pair[1] is None else pair[1]
    if not low <= high:  # or a NaN
        raise ValueError(f"{name}={pair!r}; low <= high is allowed, None for an open end")
    return low, high


def _checked_reference(reference: Mapping[str, float], names: Sequence[str]) -> Doubles:
    if not isinstance(reference, Mapping) or set(reference) != set(names):
        raise ValueError(f"reference={reference!r}; a value for each of {_listed(names)} is wanted")
    for name in names:
        if not math.isfinite(reference[name]):
            raise ValueError(f"reference {reference[name]} of {name!r}; a finite one is allowed")
    return np.array([reference[name] for name in names], np.float64)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
