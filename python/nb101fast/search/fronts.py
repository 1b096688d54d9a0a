"""The fronts that the runs of an optimizer find, and how their hypervolume grows over time."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _core, plotting
from .._core import FormatError, visible
from ..checks import check_count
from ..schema import Integer, ListOf, Nullable, Number, Record, Text
from .objectives import Objectives
from .observations import COLUMN_TYPES, COLUMNS, Doubles, Observations
from .run_file import OF_EACH_RUN, Facts, RunFile, Types, consecutive
from .simulated_training import Limits

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.figure import Figure

_OF_ALL_RUNS = (  # equal in all parts that can be joined
    "optimizer",
    "preset",
    "index",
    "seed",
    "budget_seconds",
    "max_evaluations",
    "epochs",
    "best_hypervolume",
)
_POINTS = ("reference", "ideal", "exact_front")  # facts that are points
_ANY_NUMBER = Number(-math.inf, math.inf)


def _types(facts: Facts) -> Types:
    doubles = np.dtype(np.float64)
    names = (*facts["maximize"], *facts["minimize"])
    of_points = {f"{kind}_{name}": doubles for kind in ("told", "mean") for name in names}
    return COLUMN_TYPES | of_points | {"run": np.dtype(np.int32), "hypervolume": doubles}


_FILE = RunFile(
    "fronts",
    "Fronts.to_parquet",
    Record(
        {
            "optimizer": Text(),
            "preset": Text(),
            "index": Text(),
            "seed": Integer(-(1 << 256), 1 << 256),
            "budget_seconds": Nullable(Number(0)),
            "max_evaluations": Nullable(Integer(1)),
            "epochs": Integer(1, (1 << 31) - 1),
            "best_hypervolume": _ANY_NUMBER,
            "maximize": ListOf(Text()),
            "minimize": ListOf(Text()),
            "reference": ListOf(_ANY_NUMBER),
            "ideal": ListOf(_ANY_NUMBER),
            "exact_front": ListOf(ListOf(_ANY_NUMBER)),
            "first_run": Integer(),
            "num_evaluations": ListOf(Integer()),
            "num_invalid": ListOf(Integer()),
            "seconds": ListOf(Number(0)),
        }
    ),
    _types,
)


@dataclass(frozen=True, eq=False)
class Fronts:
    """The fronts of one optimizer's runs; `search.find_fronts` makes them.

    A training joins the front of its run if no training of the front is at least as good in every
    objective, as they were told to the optimizer. The hypervolume is that of the reported values of
    the front's cells: their means. It is a share of the box between the reference point and the
    ideal point.

    Attributes:
        optimizer, preset, index, seed, first_run, budget_seconds, max_evaluations, epochs: as in
            `Trajectories`.
        objectives: what is optimized.
        reference: float64 (objectives,), the point up to which the hypervolume is measured.
        ideal: float64 (objectives,), the best value of each objective.
        exact_front: float64 (N, objectives), the points of the problem's exact front.
        best_hypervolume: the hypervolume of the exact front.
        incumbents: the trainings that joined the front of their run.
        told: float64 (rows, objectives), what the optimizer was told of each of them.
        means: float64 (rows, objectives), what is reported of each: the means of its cell.
        hypervolume: float64 (rows,), that of the front after each of them.
        num_evaluations, num_invalid, seconds: as in `Trajectories`.
    """

    optimizer: str
    preset: str
    index: str
    seed: int
    first_run: int
    budget_seconds: float | None
    max_evaluations: int | None
    epochs: int
    objectives: Objectives
    reference: Doubles
    ideal: Doubles
    exact_front: Doubles
    best_hypervolume: float
    incumbents: Observations
    told: Doubles
    means: Doubles
    hypervolume: Doubles
    num_evaluations: npt.NDArray[np.int64]
    num_invalid: npt.NDArray[np.int64]
    seconds: Doubles

    def __len__(self) -> int:
        """The number of runs."""
        return self.incumbents.num_runs

    @property
    def limits(self) -> Limits:
        """What each run could spend."""
        return Limits(self.budget_seconds, self.max_evaluations)

    @property
    def final_regret(self) -> Doubles:
        """Hypervolume regret of each run's last front: float64 (runs,).

        It is NaN for a run in which no training ended.
        """
        return self.regret_at([np.inf])[:, 0]

    def regret_at(self, seconds: npt.ArrayLike) -> Doubles:
        """Hypervolume regret at points of the simulated time: float64 (runs, len(seconds)).

        It is `best_hypervolume` minus the hypervolume of the front: a step function, NaN before the
        first training has ended. It can grow a little, because a training that was lucky takes the
        place of one whose cell has better means.

        Args:
            seconds: numbers of shape (N,), or one number.

        Raises:
            ValueError: `seconds` has another shape or contains NaN.

        Example:
            >>> fronts = search.find_fronts("rs", index, runs=2, budget_seconds=1e5)
            >>> fronts.regret_at([1e2, 1e3])
        """
        return self.incumbents.values_at(self.regret_of_incumbents(), "seconds", seconds)

    def regret_after(self, evaluations: npt.ArrayLike) -> Doubles:
        """Hypervolume regret after numbers of ended trainings, as `regret_at` gives it.

        Example:
            >>> fronts = search.find_fronts("rs", index, runs=2, budget_seconds=1e5)
            >>> fronts.regret_after([10, 100])
        """
        return self.incumbents.values_at(self.regret_of_incumbents(), "evaluations", evaluations)

    def regret_of_incumbents(self) -> Doubles:
        """The hypervolume regret after each row of `incumbents`: float64."""
        return self.best_hypervolume - self.hypervolume

    def rows_of_front(self, run: int, *, seconds: float = math.inf) -> npt.NDArray[np.int64]:
        """The rows of `incumbents` that are the front of a run: int64 (N,), ascending.

        Args:
            run: the position of the run, from 0.
            seconds: the simulated time; the default is the end of the run.

        Raises:
            ValueError: there is no such run.

        Example:
            >>> fronts = search.find_fronts("rs", index, runs=2, budget_seconds=1e5)
            >>> rows = fronts.rows_of_front(0)
            >>> fronts.incumbents.cell_id[rows], fronts.means[rows]
        """
        check_count("run", run, 0, len(self) - 1)
        start, stop = self.incumbents.starts[run : run + 2]
        ended = np.searchsorted(self.incumbents.seconds[start:stop], seconds, side="right")
        points = self.told[start : start + ended] * self.objectives.signs
        rows: npt.NDArray[np.int64] = start + _core.pareto_front(np.ascontiguousarray(points))
        return rows

    def __repr__(self) -> str:
        regret = self.final_regret
        known = regret[~np.isnan(regret)]
        mean = f"{known.mean():.5f}" if len(known) else "unknown"
        return (
            f"<Fronts of {self.optimizer} ({self.preset}) in {', '.join(self.objectives.names)}: "
            f"{len(self):,} runs of {self.limits}, mean final regret {mean}>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(visible(repr(self)))}</p>{self._picture()}"

    def _picture(self) -> str:
        """The figure as HTML; empty where matplotlib is missing."""
        try:
            return plotting.as_html(self.plot(), repr(self))
        except ImportError:
            return ""

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
        rows = self.incumbents
        columns: dict[str, npt.NDArray[Any]] = {"run": rows.run + np.int32(self.first_run)}
        columns |= rows.columns()
        for kind, values in (("told", self.told), ("mean", self.means)):
            for number, name in enumerate(self.objectives.names):
                columns[f"{kind}_{name}"] = values[:, number]
        columns["hypervolume"] = self.hypervolume
        columns["hypervolume_regret"] = self.regret_of_incumbents()
        return _FILE.table(columns, self._facts())

    def to_parquet(self, target: str | os.PathLike[str] | IO[bytes]) -> None:
        """Write `to_arrow()` to a Parquet file, whole or not at all; `from_parquet` reads it.

        Args:
            target: the file's name, or an open binary file.

        Raises:
            ImportError: pyarrow is missing.
            OSError: the file cannot be written.

        Example:
            >>> fronts = search.find_fronts("rs", index, runs=2, budget_seconds=1e5)
            >>> fronts.to_parquet("nsga2.parquet")
        """
        _FILE.write(self.to_arrow(), target)

    @classmethod
    def from_parquet(cls, path: str | os.PathLike[str]) -> Fronts:
        """Read a file that `to_parquet` wrote.

        Raises:
            ImportError: pyarrow is missing.
            OSError: the file cannot be read.
            FormatError: the file is damaged, it holds something else, or a value in it is not
                allowed.
        """
        columns, facts = _FILE.read(path)
        objectives = Objectives(tuple(facts["maximize"]), tuple(facts["minimize"]))
        _check_points(os.fspath(path), objectives, facts)
        rows = {column: columns[column] for column in COLUMNS}

        def points(kind: str) -> Doubles:
            return np.stack([columns[f"{kind}_{name}"] for name in objectives.names], axis=1)

        return cls(
            **{fact: facts[fact] for fact in (*_OF_ALL_RUNS, "first_run")},
            reference=np.array(facts["reference"], np.float64),
            ideal=np.array(facts["ideal"], np.float64),
            exact_front=np.array(facts["exact_front"], np.float64),
            objectives=objectives,
            incumbents=Observations.of_rows(
                columns["run"] - facts["first_run"], rows, len(facts["seconds"])
            ),
            told=points("told"),
            means=points("mean"),
            hypervolume=columns["hypervolume"],
            num_evaluations=np.array(facts["num_evaluations"], np.int64),
            num_invalid=np.array(facts["num_invalid"], np.int64),
            seconds=np.array(facts["seconds"], np.float64),
        )

    @classmethod
    def joined(cls, parts: Sequence[Fronts]) -> Fronts:
        """Join consecutive runs of one optimizer.

        Raises:
            TypeError: a part is something else.
            ValueError: there are no parts, they differ in more than their runs, or the runs of a
                part do not follow those of the part before it.

        Example:
            >>> runs = {"runs": 2, "budget_seconds": 1e5}
            >>> parts = [search.find_fronts("rs", index, first_run=n, **runs) for n in (0, 2)]
            >>> len(Fronts.joined(parts))
            4
        """
        parts = consecutive(parts, Fronts, _kind_of)
        first = parts[0]
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("told", "means", "hypervolume", *OF_EACH_RUN)
        }
        incumbents = Observations.joined([part.incumbents for part in parts])
        return replace(first, incumbents=incumbents, **joined)

    def _facts(self) -> Facts:
        runs = {name: getattr(self, name).tolist() for name in OF_EACH_RUN}
        return _kind_of(self) | {"first_run": self.first_run} | runs


def _kind_of(part: Fronts) -> Facts:
    """What must be equal in parts that are joined."""
    kind = {name: getattr(part, name) for name in _OF_ALL_RUNS}
    kind |= {name: getattr(part, name).tolist() for name in _POINTS}
    return kind | {
        "maximize": list(part.objectives.maximize),
        "minimize": list(part.objectives.minimize),
    }


def _check_points(name: str, objectives: Objectives, facts: Facts) -> None:
    """Raise FormatError unless each point of the metadata has a value for each objective."""
    points = (facts["reference"], facts["ideal"], *facts["exact_front"])
    count = len(objectives.names)
    if not count or not facts["exact_front"] or {len(point) for point in points} != {count}:
        raise FormatError(
            f"{name}: its metadata has {count} objectives and points of other lengths; write the "
            "file again"
        )
