"""The runs of one optimizer: what it found, what that took, and the file of both."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import IO, TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from .. import figure_file
from .._core import visible
from ..arrays import Doubles
from ..checks import check_type
from ..phrases import counted
from .limits import Limits
from .observations import Observations, checked_evaluations
from .run_file import OF_ALL_RUNS, OF_EACH_RUN, Columns, Facts, RunFile

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.figure import Figure

_Runs = TypeVar("_Runs", bound="OptimizerRuns")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class OptimizerRuns(ABC):
    """The runs of one optimizer: what `Trajectories` and `Fronts` have in common.

    Attributes:
        optimizer: the optimizer's name.
        preset: the name of the protocol.
        index: the `repr` of the index.
        seed: the seed of all runs.
        first_run: the number of the first run; the others follow it.
        budget_seconds: the simulated time that each run could spend; None means any time.
        max_evaluations: how many trainings each run could end; None means any number.
        epochs: the final budget, at which test accuracies are reported.
        incumbents: the trainings that were better than those before them in their run.
        num_evaluations: int64 (runs,), how many trainings ended.
        num_invalid: int64 (runs,), how many proposed configurations were invalid.
        seconds: float64 (runs,), the simulated time at which the last training ended.
    """

    _file: ClassVar[RunFile]

    optimizer: str
    preset: str
    index: str
    seed: int
    first_run: int
    budget_seconds: float | None
    max_evaluations: int | None
    epochs: int
    incumbents: Observations
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

    @abstractmethod
    def regret_of_incumbents(self) -> Doubles:
        """The regret after each row of `incumbents`: float64."""

    def regret_at(self, seconds: npt.ArrayLike) -> Doubles:
        """Regret at points of the simulated time: float64 (runs, len(seconds)).

        It is test regret for trajectories, and hypervolume regret for fronts. The regret of a run
        is a step function. It changes when the training of a new incumbent ends, it is NaN before
        the first training has ended, and beyond the budget it stays at the final regret.

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
        """Regret after numbers of ended trainings: float64 (runs, len(evaluations)).

        See `regret_at`, of which it is the counterpart for a budget in evaluations.

        Args:
            evaluations: integers of shape (N,), or one integer.

        Raises:
            TypeError: `evaluations` are not integers.
            ValueError: they have another shape.

        Example:
            >>> fronts = search.find_fronts("rs", index, runs=2, budget_seconds=1e5)
            >>> fronts.regret_after([10, 100])
        """
        return self.incumbents.values_at(
            self.regret_of_incumbents(), "evaluations", checked_evaluations(evaluations)
        )

    @property
    def final_regret(self) -> Doubles:
        """Regret of each run at its end, as `regret_at` gives it: float64 (runs,).

        It is NaN for a run in which no training ended.
        """
        return self.regret_at([np.inf])[:, 0]

    def __repr__(self) -> str:
        regret = self.final_regret
        known = regret[~np.isnan(regret)]
        mean = f"{known.mean():.5f}" if len(known) else "unknown"
        return (
            f"<{type(self).__name__} of {self.optimizer} ({self.preset}){self._aim()}: "
            f"{counted(len(self), 'run')} of {self.limits}, mean final regret {mean}>"
        )

    def _aim(self) -> str:
        """What `repr` says of the objectives; nothing if the accuracy is the only one."""
        return ""

    @abstractmethod
    def plot(self) -> Figure:
        """Draw the runs as a matplotlib figure."""

    def _repr_html_(self) -> str:
        return f"<p>{escape(visible(repr(self)))}</p>{self._picture()}"

    def _picture(self) -> str:
        """The figure as HTML; empty where matplotlib is missing."""
        try:
            return figure_file.as_html(figure_file.render(self.plot(), "png"), repr(self))
        except ImportError:
            return ""

    # ---------------------------------------------------------------- parts

    @classmethod
    def joined(cls: type[_Runs], parts: Sequence[_Runs]) -> _Runs:
        """Join consecutive runs of one optimizer.

        Raises:
            TypeError: a part is something else.
            ValueError: there are no parts, they differ in more than their runs, or the runs of a
                part do not follow those of the part before it.

        Example:
            >>> from nb101fast import search
            >>> parts = [search.run("rs", index, runs=10, first_run=first, budget_seconds=1e4)
            ...          for first in (0, 10)]
            >>> len(search.Trajectories.joined(parts))
            20
        """
        parts = list(parts)
        _check_parts(parts, cls)
        of_runs: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in OF_EACH_RUN
        }
        incumbents = Observations.joined([part.incumbents for part in parts])
        return replace(parts[0], incumbents=incumbents, **of_runs, **cls._joined_rows(parts))

    @classmethod
    @abstractmethod
    def _joined_rows(cls: type[_Runs], parts: Sequence[_Runs]) -> dict[str, Any]:
        """Other attributes of the subclass with a row for each incumbent, joined over all parts."""

    @property
    def facts_of_all_runs(self) -> Facts:
        """What is equal in all runs, and so in all parts that can be joined, as JSON has it."""
        return {name: getattr(self, name) for name in OF_ALL_RUNS}

    # ---------------------------------------------------------------- as a file

    @abstractmethod
    def to_arrow(self) -> pyarrow.Table:
        """The runs as a pyarrow.Table, whose schema has the facts as metadata."""

    def _table(self, rows: Observations, more: Columns) -> pyarrow.Table:
        """The table of these trainings, with more columns."""
        columns: Columns = {"run": rows.run + np.int32(self.first_run)}
        of_runs = {name: getattr(self, name).tolist() for name in OF_EACH_RUN}
        facts = {**self.facts_of_all_runs, "first_run": self.first_run, **of_runs}
        return self._file.table({**columns, **rows.columns(), **more}, facts)

    def to_parquet(self, target: str | os.PathLike[str] | IO[bytes]) -> None:
        """Write `to_arrow()` to a Parquet file, whole or not at all; `from_parquet` reads it.

        Args:
            target: the file's name, or an open binary file.

        Raises:
            ImportError: pyarrow is missing.
            OSError: the file cannot be written.

        Example:
            >>> from nb101fast import search
            >>> search.run("re", index, runs=10, budget_seconds=1e6).to_parquet("re.parquet")
        """
        self._file.write(self.to_arrow(), target)

    @classmethod
    def from_parquet(cls: type[_Runs], path: str | os.PathLike[str]) -> _Runs:
        """Read a file that `to_parquet` wrote.

        Raises:
            ImportError: pyarrow is missing.
            OSError: the file cannot be read.
            FormatError: the file is damaged, it holds something else, or a value in it is not
                allowed.
        """
        columns, facts = cls._file.read(path)
        return cls(
            **{name: facts[name] for name in (*OF_ALL_RUNS, "first_run")},
            num_evaluations=np.array(facts["num_evaluations"], np.int64),
            num_invalid=np.array(facts["num_invalid"], np.int64),
            seconds=np.array(facts["seconds"], np.float64),
            **cls._of_file(os.fspath(path), columns, facts),
        )

    @classmethod
    @abstractmethod
    def _of_file(cls, name: str, columns: Columns, facts: Facts) -> dict[str, Any]:
        """The other attributes, from what the file of this name holds."""


def _check_parts(parts: Sequence[OptimizerRuns], kind: type[OptimizerRuns]) -> None:
    """Raise unless the runs of each part follow those of the part before it."""
    if not parts:
        raise ValueError("no parts: give at least one")
    for part in parts:
        check_type("parts", part, kind, use=kind.__name__)
    first, number = parts[0], parts[0].first_run
    facts = first.facts_of_all_runs
    for part in parts:
        if part.facts_of_all_runs != facts or part.first_run != number:
            raise ValueError(
                f"{part!r} from run {part.first_run} cannot follow {first!r}; use the same "
                f"optimizer, index and settings, and continue at run {number}"
            )
        number += len(part)
