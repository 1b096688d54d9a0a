"""The fronts that the runs of an optimizer find, and how their hypervolume grows over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _core
from .._core import FormatError
from ..arrays import Doubles
from ..checks import check_count, check_number
from ..phrases import counted
from ..schema import ListOf, Number, Text
from .objectives import Objectives
from .optimizer_runs import OptimizerRuns
from .run_file import Columns, Facts, RunFile, Types, observations_of

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.figure import Figure

_POINTS = ("reference", "ideal", "exact_front")  # facts that are points
_ANY_NUMBER = Number(-math.inf, math.inf)


def _types(facts: Facts) -> Types:
    names = (*facts["maximize"], *facts["minimize"])
    columns = [f"{kind}_{name}" for kind in ("told", "mean") for name in names]
    return dict.fromkeys((*columns, "hypervolume"), np.dtype(np.float64))


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Fronts(OptimizerRuns):
    """The fronts of one optimizer's runs; `search.find_fronts` makes them.

    They have the attributes and methods of `OptimizerRuns`, too.

    A training joins the front of its run if no training of the front is at least as good in every
    objective, as they were told to the optimizer. The hypervolume is that of the reported values of
    the front's cells: their means. It is a share of the box between the reference point and the
    ideal point.

    Attributes:
        objectives: what is optimized.
        reference: float64 (objectives,), the point up to which the hypervolume is measured.
        ideal: float64 (objectives,), the best value of each objective.
        exact_front: float64 (N, objectives), the points of the problem's exact front.
        best_hypervolume: the hypervolume of the exact front.
        incumbents: the trainings that joined the front of their run.
        told: float64 (rows, objectives), what the optimizer was told of each of them.
        means: float64 (rows, objectives), what is reported of each: the means of its cell.
        hypervolume: float64 (rows,), that of the front after each of them.
    """

    _file = RunFile(
        "fronts",
        "Fronts.to_parquet",
        {
            "best_hypervolume": _ANY_NUMBER,
            "maximize": ListOf(Text()),
            "minimize": ListOf(Text()),
            "reference": ListOf(_ANY_NUMBER),
            "ideal": ListOf(_ANY_NUMBER),
            "exact_front": ListOf(ListOf(_ANY_NUMBER)),
        },
        _types,
    )

    objectives: Objectives
    reference: Doubles
    ideal: Doubles
    exact_front: Doubles
    best_hypervolume: float
    told: Doubles
    means: Doubles
    hypervolume: Doubles

    def regret_of_incumbents(self) -> Doubles:
        """The hypervolume regret after each row of `incumbents`: float64.

        It is `best_hypervolume` minus the hypervolume of the front. It can grow a little, because a
        training that was lucky takes the place of one whose cell has better means.
        """
        return self.best_hypervolume - self.hypervolume

    def rows_of_front(self, run: int, *, seconds: float = math.inf) -> npt.NDArray[np.int64]:
        """The rows of `incumbents` that are the front of a run: int64 (N,), ascending.

        Args:
            run: the position of the run, from 0.
            seconds: the simulated time; the default is the end of the run.

        Raises:
            ValueError: there is no such run, or `seconds` is no number from 0.

        Example:
            >>> fronts = search.find_fronts("rs", index, runs=2, budget_seconds=1e5)
            >>> rows = fronts.rows_of_front(0)
            >>> fronts.incumbents.cell_id[rows], fronts.means[rows]
        """
        check_count("run", run, 0, len(self) - 1)
        check_number("seconds", seconds, 0, math.inf)
        start, stop = self.incumbents.starts[run : run + 2]
        ended = np.searchsorted(self.incumbents.seconds[start:stop], seconds, side="right")
        points = self.told[start : start + ended] * self.objectives.signs
        rows: npt.NDArray[np.int64] = start + _core.pareto_front(np.ascontiguousarray(points))
        return rows

    def _aim(self) -> str:
        return f" in {', '.join(self.objectives.names)}"

    def plot(self) -> Figure:
        """Draw the runs, as `search.plot_fronts` does for several optimizers.

        Returns:
            A matplotlib figure, which may be changed. A notebook shows it.

        Raises:
            ImportError: matplotlib is missing.

        Example:
            >>> fronts = search.find_fronts("rs", index, runs=2, budget_seconds=1e5)
            >>> fronts.plot().savefig("fronts.png")
        """
        from .front_figure import plot_fronts

        return plot_fronts([self])

    # ---------------------------------------------------------------- as a file

    def to_arrow(self) -> pyarrow.Table:
        """The fronts as a pyarrow.Table, with a row for each training that joined a front.

        The columns are `run`, those of trajectories, `told_NAME` and `mean_NAME` of each objective,
        `hypervolume` and `hypervolume_regret`. The metadata of the schema holds everything else.

        Raises:
            ImportError: pyarrow is missing.
        """
        columns: Columns = {}
        for kind, values in (("told", self.told), ("mean", self.means)):
            for number, name in enumerate(self.objectives.names):
                columns[f"{kind}_{name}"] = values[:, number]
        columns["hypervolume"] = self.hypervolume
        columns["hypervolume_regret"] = self.regret_of_incumbents()
        return self._table(self.incumbents, columns)

    @property
    def facts_of_all_runs(self) -> Facts:
        """See `OptimizerRuns`."""
        return super().facts_of_all_runs | {
            "best_hypervolume": self.best_hypervolume,
            **{name: getattr(self, name).tolist() for name in _POINTS},
            "maximize": list(self.objectives.maximize),
            "minimize": list(self.objectives.minimize),
        }

    @classmethod
    def _joined_rows(cls, parts: Sequence[Fronts]) -> dict[str, Any]:
        return {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("told", "means", "hypervolume")
        }

    @classmethod
    def _of_file(cls, name: str, columns: Columns, facts: Facts) -> dict[str, Any]:
        objectives = Objectives(tuple(facts["maximize"]), tuple(facts["minimize"]))
        _check_points(name, objectives, facts)

        def by_row(kind: str) -> Doubles:
            return np.stack([columns[f"{kind}_{name}"] for name in objectives.names], axis=1)

        return {
            "objectives": objectives,
            "best_hypervolume": float(facts["best_hypervolume"]),
            **{point: np.array(facts[point], np.float64) for point in _POINTS},
            "incumbents": observations_of(columns, facts),
            "told": by_row("told"),
            "means": by_row("mean"),
            "hypervolume": columns["hypervolume"],
        }


def _check_points(name: str, objectives: Objectives, facts: Facts) -> None:
    """Raise FormatError unless each point of the metadata has a value for each objective."""
    points = (facts["reference"], facts["ideal"], *facts["exact_front"])
    count = len(objectives.names)
    if not count or not facts["exact_front"] or {len(point) for point in points} != {count}:
        raise FormatError(
            f"{name}: its metadata has {counted(count, 'objective')} and points of other "
            "lengths; write the file again"
        )
