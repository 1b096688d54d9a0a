"""The runs of an optimizer: how their regret falls over simulated time."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import plotting
from .._core import visible
from ..checks import check_choice
from ..schema import Flag, Integer, ListOf, Nullable, Number, Record, Text
from .observations import COLUMN_TYPES, COLUMNS, Doubles, Observations
from .run_file import OF_EACH_RUN, Facts, RunFile, consecutive
from .simulated_training import Limits

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.figure import Figure

Regret: TypeAlias = Literal["test", "validation"]
REGRETS: tuple[Regret, ...] = ("test", "validation")

_OF_ALL_RUNS = (  # equal in all parts that can be joined
    "optimizer",
    "preset",
    "index",
    "seed",
    "budget_seconds",
    "max_evaluations",
    "epochs",
    "best_test_accuracy",
    "best_validation_accuracy",
)
_ANY_NUMBER = Number(-math.inf, math.inf)
_FACTS = Record(
    {
        "optimizer": Text(),
        "preset": Text(),
        "index": Text(),
        "seed": Integer(-(1 << 256), 1 << 256),
        "budget_seconds": Nullable(Number(0)),
        "max_evaluations": Nullable(Integer(1)),
        "epochs": Integer(1, (1 << 31) - 1),
        "best_test_accuracy": _ANY_NUMBER,
        "best_validation_accuracy": _ANY_NUMBER,
        "first_run": Integer(),
        "has_evaluations": Flag(),
        "num_evaluations": ListOf(Integer()),
        "num_invalid": ListOf(Integer()),
        "seconds": ListOf(Number(0)),
    }
)
_FILE = RunFile(
    "trajectories",
    "Trajectories.to_parquet",
    _FACTS,
    lambda _: COLUMN_TYPES | {"run": np.dtype(np.int32), "is_incumbent": np.dtype(np.bool_)},
)


@dataclass(frozen=True, eq=False)
class Trajectories:
    """The runs of one optimizer; `search.run` makes them.

    Attributes:
        optimizer: the optimizer's name.
        preset: the name of the protocol.
        index: the `repr` of the index.
        seed: the seed of all runs.
        first_run: the number of the first run; the others follow it.
        budget_seconds: the simulated time that each run could spend; None means any time.
        max_evaluations: how many trainings each run could end; None means any number.
        epochs: the final budget, at which test accuracies are reported.
        best_test_accuracy: the highest mean test accuracy of a cell of the problem.
        best_validation_accuracy: the highest mean validation accuracy of such a cell.
        incumbents: the trainings that were better than all before them in their run.
        evaluations: all trainings, if they were recorded; otherwise None.
        num_evaluations: int64 (runs,), how many trainings ended.
        num_invalid: int64 (runs,), how many proposed configurations were invalid.
        seconds: float64 (runs,), the simulated time at which the last training ended.
    """

    optimizer: str
    preset: str
    index: str
    seed: int
    first_run: int
    budget_seconds: float | None
    max_evaluations: int | None
    epochs: int
    best_test_accuracy: float
    best_validation_accuracy: float
    incumbents: Observations
    evaluations: Observations | None
    num_evaluations: npt.NDArray[np.int64]
    num_invalid: npt.NDArray[np.int64]
    seconds: Doubles

    def __len__(self) -> int:
        """The number of runs."""
        return self.incumbents.num_runs

    @property
    def final_regret(self) -> Doubles:
        """Test regret of each run's last incumbent: float64 (runs,).

        It is NaN for a run in which no training ended.
        """
        return self.regret_at([np.inf])[:, 0]

    @property
    def final_validation_regret(self) -> Doubles:
        """Validation regret of each run's last incumbent: float64 (runs,), as `final_regret`."""
        return self.regret_at([np.inf], regret="validation")[:, 0]

    @property
    def limits(self) -> Limits:
        """What each run could spend."""
        return Limits(self.budget_seconds, self.max_evaluations)

    def regret_at(self, seconds: npt.ArrayLike, *, regret: Regret = "test") -> Doubles:
        """Regret at points of the simulated time: float64 (runs, len(seconds)).

        The regret of a run is a step function. It changes when the training of a new incumbent
        ends, it is NaN before the first training has ended, and beyond the budget it stays at the
        final regret.

        Args:
            seconds: numbers of shape (N,), or one number.
            regret: "test" is `best_test_accuracy` minus the test accuracy that is reported for the
                incumbent. "validation" is `best_validation_accuracy` minus the validation accuracy
                that the optimizer was told for the incumbent. One training can be better than the
                best mean, so it can be negative.

        Raises:
            ValueError: `seconds` has another shape or contains NaN, or there is no such regret.

        Source: the validation regret is that of `nas_benchmarks`.

        Example:
            >>> trajectories.regret_at([1e5, 1e6])
        """
        return self.incumbents.values_at(self.regret_of_incumbents(regret), "seconds", seconds)

    def regret_after(self, evaluations: npt.ArrayLike, *, regret: Regret = "test") -> Doubles:
        """Regret after numbers of ended trainings: float64 (runs, len(evaluations)).

        See `regret_at`, of which it is the counterpart for a budget in evaluations.

        Example:
            >>> trajectories.regret_after([10, 100, 1000], regret="validation")
        """
        return self.incumbents.values_at(
            self.regret_of_incumbents(regret), "evaluations", evaluations
        )

    def regret_of_incumbents(self, regret: Regret = "test") -> Doubles:
        """The regret of each row of `incumbents`: float64. See `regret_at`."""
        check_choice("regret", regret, REGRETS)
        if regret == "test":
            return self.best_test_accuracy - self.incumbents.test_accuracy
        return self.best_validation_accuracy - self.incumbents.validation_accuracy

    def __repr__(self) -> str:
        regret = self.final_regret
        known = regret[~np.isnan(regret)]
        mean = f"{known.mean():.5f}" if len(known) else "unknown"
        return (
            f"<Trajectories of {self.optimizer} ({self.preset}): {len(self):,} runs of "
            f"{self.limits}, mean final regret {mean}>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(visible(repr(self)))}</p>{self._picture()}"

    def _picture(self) -> str:
        """The figure as HTML; empty where matplotlib is missing."""
        try:
            return plotting.as_html(self.plot(), repr(self))
        except ImportError:
            return ""

    def plot(self, *, regret: Regret = "test") -> Figure:
        """Draw the regret of the runs, as `search.plot_regret` does for several optimizers.

        Args:
            regret: "test" or "validation", see `regret_at`.

        Returns:
            A matplotlib figure, which may be changed. A notebook shows it.

        Raises:
            ImportError: matplotlib is missing.

        Example:
            >>> trajectories.plot().savefig("regret.png")
        """
        from .regret_figure import plot_regret

        return plot_regret([self], regret=regret)

    # ---------------------------------------------------------------- as a file

    def to_arrow(self) -> pyarrow.Table:
        """The trajectories as a pyarrow.Table.

        It has a row for each training if all were recorded, otherwise a row for each incumbent.
        The columns are `run`, `seconds`, `validation_accuracy`, `test_accuracy`, `code`, `cell_id`,
        `epochs`, `repeat`, `evaluation`, `test_regret` (of the run's incumbent after this training)
        and `is_incumbent`. The metadata of the schema holds everything else.

        Raises:
            ImportError: pyarrow is missing.
        """
        rows = self.incumbents if self.evaluations is None else self.evaluations
        is_incumbent = rows.is_incumbent
        last = np.maximum.accumulate(np.where(is_incumbent, np.arange(len(rows)), 0))
        columns: dict[str, npt.NDArray[Any]] = {"run": rows.run + np.int32(self.first_run)}
        columns |= rows.columns()
        columns["test_regret"] = self.best_test_accuracy - rows.test_accuracy[last]
        columns["is_incumbent"] = is_incumbent
        return _FILE.table(columns, self._facts())

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
        _FILE.write(self.to_arrow(), target)

    @classmethod
    def from_parquet(cls, path: str | os.PathLike[str]) -> Trajectories:
        """Read a file that `to_parquet` wrote.

        Raises:
            ImportError: pyarrow is missing.
            OSError: the file cannot be read.
            FormatError: the file is damaged, it holds something else, or a value in it is not
                allowed.
        """
        columns, facts = _FILE.read(path)
        num_runs = len(facts["seconds"])

        def chosen(rows: npt.NDArray[Any] | slice) -> Observations:
            some = {column: columns[column][rows] for column in COLUMNS}
            return Observations.of_rows(columns["run"][rows] - facts["first_run"], some, num_runs)

        return cls(
            **{fact: facts[fact] for fact in (*_OF_ALL_RUNS, "first_run")},
            incumbents=chosen(columns["is_incumbent"]),
            evaluations=chosen(slice(None)) if facts["has_evaluations"] else None,
            num_evaluations=np.array(facts["num_evaluations"], np.int64),
            num_invalid=np.array(facts["num_invalid"], np.int64),
            seconds=np.array(facts["seconds"], np.float64),
        )

    def _facts(self) -> Facts:
        runs = {name: getattr(self, name).tolist() for name in OF_EACH_RUN}
        return _kind_of(self) | {"first_run": self.first_run} | runs


def _kind_of(part: Trajectories) -> Facts:
    """Return what must be equal in parts that are joined."""
    kind = {name: getattr(part, name) for name in _OF_ALL_RUNS}
    return kind | {"has_evaluations": part.evaluations is not None}


def join(parts: Sequence[Trajectories]) -> Trajectories:
    """Join consecutive runs of one optimizer.

    Raises:
        TypeError: a part is something else.
        ValueError: there are no parts, they differ in more than their runs, or the runs of a part
            do not follow those of the part before it.

    Example:
        >>> from nb101fast import search
        >>> search.join([search.run("rs", index, runs=10, first_run=first, budget_seconds=1e6)
        ...              for first in (0, 10)])
    """
    parts = consecutive(parts, Trajectories, _kind_of)
    first = parts[0]
    evaluations = [part.evaluations for part in parts if part.evaluations is not None]
    return Trajectories(
        **{name: getattr(first, name) for name in (*_OF_ALL_RUNS, "first_run")},
        incumbents=Observations.joined([part.incumbents for part in parts]),
        evaluations=Observations.joined(evaluations) if evaluations else None,
        num_evaluations=np.concatenate([part.num_evaluations for part in parts]),
        num_invalid=np.concatenate([part.num_invalid for part in parts]),
        seconds=np.concatenate([part.seconds for part in parts]),
    )
